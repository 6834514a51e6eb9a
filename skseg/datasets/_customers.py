"""Customers of a shop, mixed of segments that are known."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import (
    check_choice,
    check_int,
    is_number,
)
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidParameterError

from ._common import read_generator

Floats = FloatArray
Ints = npt.NDArray[np.int64]
Structure = Literal["clusters", "none"]

SEGMENTS = {
    "Bargain hunters": 0.25,
    "Loyal families": 0.21,
    "Young explorers": 0.20,
    "Big spenders": 0.12,
    "Dormant": 0.22,
}
EVERYONE = "Everyone"


class _Numeric(NamedTuple):
    """The law of a numeric column, on the scale where it is normal."""

    low: float
    high: float  # infinite: the scale is the log, else it is the log-odds
    decimals: int
    deviation: float  # within a segment
    medians: tuple[float, float, float, float, float]  # of the segments
    activity: float = 0.0  # loadings of what a customer's columns share
    wealth: float = 0.0


# Nothing in a row contradicts another column: who is here has been a customer for a
# year or longer, and has ordered once and visited once within it, or more often.
NUMERIC = {
    "age": _Numeric(18, 90, 0, 0.5, (44, 41, 27, 52, 47)),
    "income": _Numeric(
        *(0, np.inf, -2, 0.4, (34_000, 56_000, 31_000, 110_000, 45_000)), wealth=0.5
    ),
    "household_size": _Numeric(1, 8, 0, 0.7, (2.2, 4.0, 1.6, 2.2, 2.2)),
    "sessions_12m": _Numeric(1, np.inf, 0, 0.8, (60, 45, 100, 28, 7), activity=0.5),
    "pages_per_session": _Numeric(1, np.inf, 1, 0.5, (9, 5, 8, 4, 3), activity=0.3),
    "email_open_rate": _Numeric(
        *(0, 1, 2, 0.9, (0.45, 0.35, 0.15, 0.3, 0.05)), activity=0.4
    ),
    "days_since_visit": _Numeric(0, 365, 0, 1.0, (6, 8, 4, 12, 110), activity=-0.5),
    "tenure_months": _Numeric(12, 120, 0, 0.8, (30, 48, 16, 44, 36)),
    "orders": _Numeric(1, np.inf, 0, 0.7, (8, 15, 3, 9, 2.5), activity=0.5),
    "aov": _Numeric(0, np.inf, 2, 0.45, (32, 75, 45, 240, 55), wealth=0.6),
    "discount_share": _Numeric(
        *(0, 1, 2, 0.9, (0.7, 0.25, 0.35, 0.05, 0.4)), wealth=-0.4
    ),
    "return_rate": _Numeric(0, 1, 2, 0.9, (0.06, 0.08, 0.25, 0.12, 0.08)),
}
# Shares of the values of a text, in each of the segments.
TEXTS = {
    "region": {
        "north": (0.35, 0.30, 0.20, 0.25, 0.30),
        "east": (0.30, 0.25, 0.20, 0.15, 0.25),
        "south": (0.20, 0.30, 0.25, 0.25, 0.25),
        "west": (0.15, 0.15, 0.35, 0.35, 0.20),
    },
    "device": {
        "mobile": (0.55, 0.45, 0.85, 0.30, 0.45),
        "desktop": (0.35, 0.35, 0.10, 0.60, 0.45),
        "tablet": (0.10, 0.20, 0.05, 0.10, 0.10),
    },
}
MEMBERS = (0.35, 0.80, 0.15, 0.60, 0.10)
CAN_MISS = ("income", "household_size", "email_open_rate")
COLUMNS = [
    *("customer_id", "age", "income", "region", "household_size", "sessions_12m"),
    *("pages_per_session", "device", "email_open_rate", "days_since_visit"),
    *("loyalty_member", "tenure_months", "orders", "aov", "discount_share"),
    "return_rate",
]


@overload
def make_customers(
    n_customers: int = 10_000,
    *,
    structure: Structure = "clusters",
    missing: float = 0.1,
    outliers: float = 0.01,
    random_state: Any = None,
    return_truth: Literal[False] = False,
) -> pd.DataFrame: ...


@overload
def make_customers(
    n_customers: int = 10_000,
    *,
    structure: Structure = "clusters",
    missing: float = 0.1,
    outliers: float = 0.01,
    random_state: Any = None,
    return_truth: Literal[True],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...


def make_customers(
    n_customers: int = 10_000,
    *,
    structure: Structure = "clusters",
    missing: float = 0.1,
    outliers: float = 0.01,
    random_state: Any = None,
    return_truth: bool = False,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    r"""Generate customers of a shop, of five known segments or of none.

    One row per customer, with what is known of the person, the visits, the answers to
    e-mails and the orders. What a clusterer finds can so be compared with the segments
    that the customers were drawn from; and whether it finds some where there are none.

    Parameters
    ----------
    n_customers : int, default=10_000
        Number of customers, at least 1.
    structure : {"clusters", "none"}, default="clusters"
        Whether customers come from five segments, or all from one population of the
        same means, spreads and correlations.
    missing : float, default=0.1
        Probability that a value of income, household_size or email_open_rate is
        missing, each on its own, in [0, 1].
    outliers : float, default=0.01
        Probability that a customer has an absurd value, in [0, 1].
    random_state : int, numpy.random.Generator, RandomState or None, default=None
        Seed of the random numbers; the same int gives the same customers.
    return_truth : bool, default=False
        Whether to return the segments and the outliers as well.

    Returns
    -------
    customers : pandas.DataFrame of shape (n_customers, 16)
        One row per customer, with the columns:

        - customer_id : int64, from 1 on;
        - age : int64, in years, in [18, 90];
        - income : float64, a year, in currency, to the hundred; may be missing;
        - region : text, north, east, south or west;
        - household_size : float64, number of persons, in [1, 8]; may be missing;
        - sessions_12m : int64, number of sessions in the last 12 months, at least 1;
        - pages_per_session : float64 with 1 decimal, at least 1;
        - device : text, mobile, desktop or tablet;
        - email_open_rate : float64 with 2 decimals, share of the e-mails that were
          opened, in [0, 1]; may be missing;
        - days_since_visit : int64, in [0, 365];
        - loyalty_member : bool, whether the customer is in the loyalty programme;
        - tenure_months : int64, months since the first order, in [12, 120];
        - orders : int64, number of orders so far, at least 1;
        - aov : float64 with 2 decimals, average order value, in currency;
        - discount_share : float64 with 2 decimals, share of the orders that had a
          discount, in [0, 1];
        - return_rate : float64 with 2 decimals, share of the items that were sent
          back, in [0, 1].
    truth : pandas.DataFrame of shape (n_customers, 3)
        Only if `return_truth`. The columns customer_id, segment (text: the name of the
        segment, or "Everyone" without `structure`) and is_outlier (bool).

    Raises
    ------
    ValueError
        If a parameter is not as described.

    Notes
    -----
    The segments, their shares, and the medians of some columns within them, where
    Visit is days_since_visit:

    =============== ===== === ======= ========= ======== ===== ====== ===== ========
    Segment         Share Age Income  Household Sessions Visit Orders AOV   Discount
    =============== ===== === ======= ========= ======== ===== ====== ===== ========
    Bargain hunters 25 %  44  34,000  2         60       6 d   8      32    70 %
    Loyal families  21 %  41  56,000  4         45       8 d   15     75    25 %
    Young explorers 20 %  27  31,000  2         100      4 d   3      45    35 %
    Big spenders    12 %  52  110,000 2         28       12 d  9      240   5 %
    Dormant         22 %  47  45,000  2         7        110 d 2-3    55    40 %
    =============== ===== === ======= ========= ======== ===== ====== ===== ========

    On a scale of its own every numeric column is normal within a segment, and of the
    same deviation in all of them: the log-odds of the place in the range where there is
    one, such as that of the days or of the shares, else the log of what is above the
    least value. There

    .. math:: z_j = m_{sj} + \sigma_j \left( a_j A + w_j W
        + \sqrt{1 - a_j^2 - w_j^2} \, \varepsilon_j \right)

    for a customer of segment :math:`s`, where :math:`A`, an activity, and :math:`W`, a
    wealth, are shared by all columns of the customer, and all three of :math:`A, W,
    \varepsilon_j` are standard normal. Active customers have more sessions, pages,
    opened e-mails and orders, and a visit that is not long ago. Wealthy ones have more
    income, a larger order value, and fewer discounts. Texts and membership depend on
    the segment alone.

    Segments overlap. Of 10,000 customers K-Means with the right number finds them with
    an adjusted Rand index of 0.9, from the standardized numeric columns with the skewed
    ones as logs (see the example); with 4 segments it is 0.8, and with the
    default outliers left in some 0.75. The mean silhouette is low even so, 0.26, as
    each column has noise of its own.

    Without `structure`, :math:`m_s` makes way for a normal vector that has the mean and
    the covariance of the :math:`m_s`. Numeric columns then are a single cloud, skewed
    in units of money and time as before. Region, device and membership keep their
    shares, and are independent of all else.

    An outlier has one of four absurd values, with even odds: an age of 999, which
    stands for an unknown one; 50,000 sessions more, of a robot; 5,000 orders more, of
    tests of the shop; an order value times 100, in the wrong unit.

    Missing values and outliers are nested: with the same seed, a higher probability
    only adds to them, and changes nothing else. `structure` changes neither of them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.metrics import adjusted_rand_score
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skseg.datasets import make_customers
    >>> customers, truth = make_customers(
    ...     2000, missing=0, outliers=0, random_state=0, return_truth=True
    ... )
    >>> X = customers.drop(columns="customer_id").select_dtypes("number")
    >>> skewed = [
    ...     *("income", "sessions_12m", "pages_per_session", "days_since_visit"),
    ...     *("tenure_months", "orders", "aov"),
    ... ]
    >>> X[skewed] = np.log1p(X[skewed])
    >>> kmeans = KMeans(5, n_init=4, random_state=0)
    >>> codes = kmeans.fit_predict(StandardScaler().fit_transform(X))
    >>> print(f"{adjusted_rand_score(truth['segment'], codes):.2f}")
    0.91
    """
    owner = "make_customers"
    check_int(owner, "n_customers", n_customers, 1, 2**31)
    check_choice(owner, "structure", structure, ["clusters", "none"])
    for name, share in (("missing", missing), ("outliers", outliers)):
        if not is_number(share) or not 0 <= share <= 1:
            raise InvalidParameterError(owner, name, "a number in [0, 1]", share)
    has_segments = structure == "clusters"
    rng = read_generator(owner, random_state)
    segment = _draw_segments(rng, n_customers)
    # Drawn in either case, as what is drawn after them must be the same.
    blur = rng.standard_normal((n_customers, len(SEGMENTS)))
    centres = _centres()[segment] if has_segments else _blurred_centres(blur)
    columns = _numeric_columns(centres + _deviations(rng, n_customers))
    columns |= _draw_texts(rng, n_customers, segment if has_segments else None)
    _forget(rng, columns, missing)
    is_outlier = _spoil(rng, columns, outliers)
    columns["customer_id"] = np.arange(1, n_customers + 1, dtype=np.int64)
    customers = pd.DataFrame({name: columns[name] for name in COLUMNS})
    if not return_truth:
        return customers
    names = np.array([*SEGMENTS] if has_segments else [EVERYONE], dtype=object)
    truth = {
        "customer_id": customers["customer_id"],
        "segment": names[segment if has_segments else np.zeros_like(segment)],
        "is_outlier": is_outlier,
    }
    return customers, pd.DataFrame(truth)


def _draw_segments(rng: np.random.Generator, n: int) -> Ints:
    upper = np.cumsum(list(SEGMENTS.values()))
    # The sum of the shares may be below 1 by its last bit.
    return np.searchsorted(upper[:-1], rng.random(n), side="right").astype(np.int64)


def _centres() -> Floats:
    """Return the medians of the segments, on the scales where columns are normal."""
    centres = []
    for law in NUMERIC.values():
        medians = np.array(law.medians, dtype=np.float64)
        above = medians - law.low
        is_open = np.isinf(law.high)
        centres.append(np.log(above if is_open else above / (law.high - medians)))
    return np.array(centres).T


def _blurred_centres(blur: Floats) -> Floats:
    """Turn standard normals into a normal vector of the moments of the centres."""
    shares, centres = np.array(list(SEGMENTS.values())), _centres()
    mean = shares @ centres
    blurred: Floats = mean + (blur * np.sqrt(shares)) @ (centres - mean)
    return blurred


def _deviations(rng: np.random.Generator, n: int) -> Floats:
    """Draw how far customers are from their centres."""
    laws = NUMERIC.values()
    activity, wealth, deviation = (
        np.array([getattr(law, name) for law in laws])
        for name in ("activity", "wealth", "deviation")
    )
    shared = rng.standard_normal((2, n, 1))
    own = np.sqrt(1 - activity**2 - wealth**2) * rng.standard_normal((n, len(laws)))
    drawn: Floats = deviation * (shared[0] * activity + shared[1] * wealth + own)
    return drawn


def _numeric_columns(place: Floats) -> dict[str, npt.NDArray[Any]]:
    """Read the values off the scales where they are normal.

    They are rounded, as the last bits of exp and log differ between platforms, and the
    frame must not.
    """
    columns: dict[str, npt.NDArray[Any]] = {}
    for (name, law), z in zip(NUMERIC.items(), place.T, strict=True):
        is_open = np.isinf(law.high)
        above = np.exp(z) if is_open else (law.high - law.low) / (1 + np.exp(-z))
        values = np.round(law.low + above, law.decimals)
        is_whole = law.decimals == 0 and name not in CAN_MISS
        columns[name] = values.astype(np.int64) if is_whole else values
    return columns


def _draw_texts(
    rng: np.random.Generator, n: int, segment: Ints | None
) -> dict[str, npt.NDArray[Any]]:
    """Draw the other columns, by the shares of each segment or those of all."""
    average = np.array(list(SEGMENTS.values()))
    # Of shape (n_customers or 1, n_segments).
    weights = average[None] if segment is None else np.eye(len(SEGMENTS))[segment]
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, shares in TEXTS.items():
        upper = weights @ np.cumsum(list(shares.values()), axis=0).T
        code = (rng.random((n, 1)) >= upper[:, :-1]).sum(axis=1)
        columns[name] = np.array(list(shares), dtype=object)[code]
    columns["loyalty_member"] = rng.random(n) < weights @ np.array(MEMBERS)
    return columns


def _forget(
    rng: np.random.Generator, columns: dict[str, npt.NDArray[Any]], share: float
) -> None:
    for name in CAN_MISS:
        columns[name][rng.random(len(columns[name])) < share] = np.nan


def _spoil(
    rng: np.random.Generator, columns: dict[str, npt.NDArray[Any]], share: float
) -> BoolArray:
    """Put an absurd value into some rows; return which."""
    n = len(columns["age"])
    is_outlier = rng.random(n) < share
    kind = np.where(is_outlier, rng.integers(0, 4, n), -1)
    columns["age"][kind == 0] = 999
    columns["sessions_12m"][kind == 1] += 50_000
    columns["orders"][kind == 2] += 5_000
    columns["aov"][kind == 3] = np.round(100 * columns["aov"][kind == 3])
    return is_outlier
