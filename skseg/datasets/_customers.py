"""Customers of a shop, drawn from a mixture of known segments."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import check_choice, check_int
from skseg._typing import BoolArray, FloatArray, IntArray

from ._common import check_number, class_of, read_generator

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
    """Distribution of a numeric column, which is normal on a scale of its own.

    The scale is the log of the value less `low`, or the log-odds of its place in the
    range if `high` is finite.
    """

    low: float
    high: float
    decimals: int
    deviation: float  # within a segment
    medians: tuple[float, float, float, float, float]  # one per segment
    activity: float = 0.0  # loadings of the factors that the columns share
    wealth: float = 0.0


# Columns are consistent: all customers have been customers for at least a year, have
# ordered at least once, and have visited the shop at least once within the year.
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
# Shares of the values of a text column, one per segment.
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
    r"""Generate customers of a shop, from five known segments or from none.

    Each row is a customer, with columns about the person, visits, e-mails and orders.
    So the clusters of a clusterer can be compared with the segments that the customers
    were drawn from, and it can be seen whether it finds clusters where there are none.

    Parameters
    ----------
    n_customers : int, default=10_000
        Number of customers, at least 1.
    structure : {"clusters", "none"}, default="clusters"
        Whether customers come from five segments, or all from one population with the
        same means, variances and correlations.
    missing : float, default=0.1
        Probability that a value of income, household_size or email_open_rate is
        missing, independently for each, in [0, 1].
    outliers : float, default=0.01
        Probability that a customer has an absurd value in some column, in [0, 1].
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
        segment, or "Everyone" if there are none) and is_outlier (bool).

    Raises
    ------
    InvalidParameterError
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

    On a scale of its own, every numeric column is normal within a segment, with the
    same standard deviation in all segments. The scale is the log-odds of the place in
    the range if there is one, as for days and shares, else the log of the value less
    the least value. On this scale,

    .. math:: z_j = m_{sj} + \sigma_j \left( a_j A + w_j W
        + \sqrt{1 - a_j^2 - w_j^2} \, \varepsilon_j \right)

    for a customer of segment :math:`s`. The factors activity :math:`A` and wealth
    :math:`W` are shared by all columns of the customer; :math:`A, W` and
    :math:`\varepsilon_j` are standard normal. Active customers have more sessions,
    pages, opened e-mails and orders, and a more recent visit. Wealthy ones have a
    larger income and order value, and fewer discounts. Texts and membership depend on
    the segment alone.

    Segments overlap. On 10,000 customers, K-Means with five clusters has an adjusted
    Rand index of 0.9, given the standardized numeric columns with logs of the skewed
    ones (see the example). With four clusters it is 0.8, and with the default outliers
    some 0.75. The mean silhouette is only 0.26 even so, since every column has noise of
    its own.

    If there are no segments, :math:`m_s` is replaced by a normal vector with the mean
    and the covariance of the :math:`m_s`. The numeric columns are then a single cloud,
    skewed as before. Region, device and membership keep their shares, and are
    independent of everything else.

    An outlier has one of four absurd values with equal probability: an age of 999,
    which stands for an unknown one; 50,000 additional sessions, as of a robot; 5,000
    additional orders, as of tests of the shop; an order value times 100, as in the
    wrong unit.

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
    check_number(owner, "missing", missing, 0, 1)
    check_number(owner, "outliers", outliers, 0, 1)
    has_segments = structure == "clusters"
    rng = read_generator(owner, random_state)
    segment = class_of(rng.random(n_customers), SEGMENTS.values())
    # Drawn in either case, so that all later draws are the same.
    normals = rng.standard_normal((n_customers, len(SEGMENTS)))
    centres = _centres()[segment] if has_segments else _normal_centres(normals)
    columns = _numeric_columns(centres + _deviations(rng, n_customers))
    columns |= _draw_texts(rng, n_customers, segment if has_segments else None)
    _add_missing_values(rng, columns, missing)
    is_outlier = _add_outliers(rng, columns, outliers)
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


def _centres() -> FloatArray:
    """Return the medians of the segments, on the scales where columns are normal."""
    centres = []
    for numeric in NUMERIC.values():
        medians = np.array(numeric.medians, dtype=np.float64)
        above = medians - numeric.low
        is_open = np.isinf(numeric.high)
        centres.append(np.log(above if is_open else above / (numeric.high - medians)))
    return np.array(centres).T


def _normal_centres(normals: FloatArray) -> FloatArray:
    """Return normal vectors with the mean and the covariance of the centres."""
    shares, centres = np.array(list(SEGMENTS.values())), _centres()
    mean = shares @ centres
    drawn: FloatArray = mean + (normals * np.sqrt(shares)) @ (centres - mean)
    return drawn


def _deviations(rng: np.random.Generator, n: int) -> FloatArray:
    """Draw the deviations of customers from their centres."""
    numerics = NUMERIC.values()
    activity, wealth, deviation = (
        np.array([getattr(numeric, name) for numeric in numerics])
        for name in ("activity", "wealth", "deviation")
    )
    factors = rng.standard_normal((2, n, 1))
    noise = rng.standard_normal((n, len(numerics)))
    noise *= np.sqrt(1 - activity**2 - wealth**2)
    drawn: FloatArray = deviation * (
        factors[0] * activity + factors[1] * wealth + noise
    )
    return drawn


def _numeric_columns(scaled: FloatArray) -> dict[str, npt.NDArray[Any]]:
    """Return the values of the columns, given on the scales where they are normal.

    They are rounded, since the last bits of exp and log differ between platforms.
    """
    columns: dict[str, npt.NDArray[Any]] = {}
    for (name, numeric), z in zip(NUMERIC.items(), scaled.T, strict=True):
        low, high = numeric.low, numeric.high
        above = np.exp(z) if np.isinf(high) else (high - low) / (1 + np.exp(-z))
        values = np.round(low + above, numeric.decimals)
        is_whole = numeric.decimals == 0 and name not in CAN_MISS
        columns[name] = values.astype(np.int64) if is_whole else values
    return columns


def _draw_texts(
    rng: np.random.Generator, n: int, segment: IntArray | None
) -> dict[str, npt.NDArray[Any]]:
    """Draw texts and membership, by the shares of each segment or the average ones."""
    average = np.array(list(SEGMENTS.values()))
    # The shape is (n_customers or 1, n_segments).
    weights = average[None] if segment is None else np.eye(len(SEGMENTS))[segment]
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, shares in TEXTS.items():
        upper = weights @ np.cumsum(list(shares.values()), axis=0).T
        code = (rng.random((n, 1)) >= upper[:, :-1]).sum(axis=1)
        columns[name] = np.array(list(shares), dtype=object)[code]
    columns["loyalty_member"] = rng.random(n) < weights @ np.array(MEMBERS)
    return columns


def _add_missing_values(
    rng: np.random.Generator, columns: dict[str, npt.NDArray[Any]], share: float
) -> None:
    for name in CAN_MISS:
        columns[name][rng.random(len(columns[name])) < share] = np.nan


def _add_outliers(
    rng: np.random.Generator, columns: dict[str, npt.NDArray[Any]], share: float
) -> BoolArray:
    """Put absurd values into some rows, and tell which rows these are."""
    n = len(columns["age"])
    is_outlier = rng.random(n) < share
    kind = np.where(is_outlier, rng.integers(0, 4, n), -1)
    columns["age"][kind == 0] = 999
    columns["sessions_12m"][kind == 1] += 50_000
    columns["orders"][kind == 2] += 5_000
    columns["aov"][kind == 3] = np.round(100 * columns["aov"][kind == 3])
    return is_outlier
