"""Customers of two sellers, one of whom sells better in planted segments."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import pandas as pd

from skseg._core._validation import check_choice, check_int
from skseg._typing import FloatArray, ObjectArray
from skseg.rules import RuleSet

from ._common import check_number, class_of, expit, read_generator

Pattern = Literal["conjunction", "triple", "bands", "xor", "none"]
Assignment = Literal["randomized", "observational"]

A_BETTER, B_BETTER = "A better", "B better"

# Planted rules by pattern; the truth is where they hold.
PLANTED: dict[str, dict[str, str]] = {
    "conjunction": {
        A_BETTER: "channel in ['email', 'partner'] and basket_value >= 50",
    },
    "triple": {
        A_BETTER: "device == 'mobile' and tenure_months < 24 and visits_30d >= 2",
    },
    "bands": {
        A_BETTER: "30 <= age < 50 and 40 <= basket_value < 100",
    },
    "xor": {
        f"{A_BETTER}, low": "engagement < 0.5 and days_since_contact < 45",
        f"{A_BETTER}, high": "engagement >= 0.5 and days_since_contact >= 45",
        f"{B_BETTER}, low": "engagement < 0.5 and days_since_contact >= 45",
        f"{B_BETTER}, high": "engagement >= 0.5 and days_since_contact < 45",
    },
    "none": {},
}


class _Category(NamedTuple):
    """A value of a categorical column: its share, and its part of the score."""

    share: float
    score: float


REGIONS = {
    "north": _Category(0.3, 0.0),
    "east": _Category(0.25, 0.2),
    "south": _Category(0.25, 0.0),
    "west": _Category(0.2, -0.2),
}
CHANNELS = {
    "ads": _Category(0.3, -0.4),
    "email": _Category(0.2, 0.0),
    "organic": _Category(0.2, 0.3),
    "partner": _Category(0.2, 0.0),
    "phone": _Category(0.1, 0.6),
}
DEVICES = {
    "mobile": _Category(0.6, 0.0),
    "desktop": _Category(0.3, 0.0),
    "tablet": _Category(0.1, 0.0),
}
N_CITIES = 40

MIN_BASE, MAX_BASE, CONSTANT_BASE = 0.2, 0.6, 0.35
# Half of the effect is added to the base or taken off it, which must stay positive.
MAX_EFFECT = 2 * MIN_BASE
MEDIAN_BASKET = 60.0


@overload
def make_seller_groups(
    n_rows: int = 10_000,
    *,
    pattern: Pattern = "conjunction",
    effect: float = 0.15,
    assignment: Assignment = "randomized",
    prognostic: bool = True,
    n_noise: int = 4,
    random_state: Any = None,
    return_truth: Literal[False] = False,
) -> pd.DataFrame: ...


@overload
def make_seller_groups(
    n_rows: int = 10_000,
    *,
    pattern: Pattern = "conjunction",
    effect: float = 0.15,
    assignment: Assignment = "randomized",
    prognostic: bool = True,
    n_noise: int = 4,
    random_state: Any = None,
    return_truth: Literal[True],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...


def make_seller_groups(
    n_rows: int = 10_000,
    *,
    pattern: Pattern = "conjunction",
    effect: float = 0.15,
    assignment: Assignment = "randomized",
    prognostic: bool = True,
    n_noise: int = 4,
    random_state: Any = None,
    return_truth: bool = False,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    r"""Generate customers of two sellers, one of whom sells better in planted segments.

    Each row holds what is known of a customer beforehand, which of the sellers A and B
    took care of the customer, and the outcome. Rules say where A sells better than B,
    so that the segments that an algorithm finds can be compared with the truth.

    Parameters
    ----------
    n_rows : int, default=10_000
        Number of customers, at least 1.
    pattern : {"conjunction", "triple", "bands", "xor", "none"}, default="conjunction"
        Where the sellers differ: in a segment of two columns, of three columns, or of
        intervals of two numeric columns; in the four quadrants of two numeric columns,
        A being better in two of them and B in the others; or nowhere.
    effect : float, default=0.15
        How much more likely the better seller is to convert a customer of a planted
        segment, in [0, 0.4]: 0.15 are 15 points.
    assignment : {"randomized", "observational"}, default="randomized"
        How customers come to sellers: by a fair coin, or such that A gets more of those
        who are likely to convert anyway.
    prognostic : bool, default=True
        Whether the chance of a conversion depends on the customer, apart from the
        seller.
    n_noise : int, default=4
        Number of columns that are independent of all else, at least 0.
    random_state : int, numpy.random.Generator, RandomState or None, default=None
        Seed of the random numbers; the same int gives the same customers.
    return_truth : bool, default=False
        Whether to return the probabilities and the planted segments as well.

    Returns
    -------
    customers : pandas.DataFrame of shape (n_rows, 19 + n_noise)
        One row per customer, with the columns:

        - tenure_months : int64, exponential with the mean 24;
        - age : int64, uniform from 18 to 79;
        - income : float64, log-normal with the median 42,000, to the hundred; missing
          for 15 %;
        - basket_value : float64, log-normal with the median 60, in currency with 2
          decimals;
        - visits_30d : int64, zero for 15 % of the customers, long-tailed;
        - past_orders : int64, zero for 41 % of the customers, long-tailed;
        - discount_share : float64 with 2 decimals, in [0, 1], zero for half;
        - satisfaction : float64 with 1 decimal, in [1, 10]; missing for the 30 % who
          did not answer;
        - days_since_contact : int64, uniform from 0 to 89;
        - engagement : float64 with 3 decimals, uniform in [0, 1);
        - newsletter : bool, true for 40 %;
        - is_business : bool, true for 15 %;
        - region, channel, device : text, of 4, 5 and 3 values;
        - city : text, of 40 values, the largest some 40 times as frequent as the
          smallest;
        - noise_1, noise_2, ... : float64 with 3 decimals, standard normal;
        - seller : text, "A" or "B";
        - converted : int64, 1 if the customer bought, else 0;
        - revenue : float64, in currency with 2 decimals; 0 where converted is 0.
    truth : pandas.DataFrame of shape (n_rows, 5)
        Only if `return_truth`. The columns probability_a and probability_b (of a
        conversion with either seller), effect (the first minus the second), propensity
        (the probability of seller A) and segment (int64, the position of the planted
        rule that holds, -1 where none does). The rules are a dict of names to texts in
        ``truth.attrs["rules"]``, which `skseg.rules.RuleSet` reads.

    Raises
    ------
    InvalidParameterError
        If a parameter is not as described.

    Notes
    -----
    The planted rules, and their shares:

    - conjunction: ``channel in ['email', 'partner'] and basket_value >= 50``, 25 %;
    - triple: ``device == 'mobile' and tenure_months < 24 and visits_30d >= 2``, 26 %;
    - bands: ``30 <= age < 50 and 40 <= basket_value < 100``, 18 %;
    - xor: A is better where engagement is below 0.5 and days_since_contact below 45,
      or neither is; B is better in the other two quadrants. Each has 25 %. As the
      columns are independent of all else and cut at their medians, the effect averages
      to 0 over everything that does not depend on both of them.

    With the base probability :math:`b` a conversion has the probability
    :math:`b + \tau / 2` with A and :math:`b - \tau / 2` with B, where :math:`\tau` is
    `effect` where A is better, minus `effect` where B is, else 0. So the effect is the
    same for all customers of a segment, and who ignores the seller cannot see the
    segment. The base is 0.35, or if `prognostic`

    .. math:: b = 0.2 + 0.4 \cdot \operatorname{expit}(1.5 \, s - 0.5),

    which never needs to be clipped, with the prognostic score

    .. math::
        s = 0.5 \cdot \log_2(1 + \mathrm{past\_orders}) - 0.5
          + 0.3 \cdot (\mathrm{satisfaction} - 7)
          - 0.6 \cdot (\mathrm{discount\_share} > 0)
          + 0.5 \cdot \mathrm{newsletter} + 0.6 \cdot \mathrm{engagement}
          + \mathrm{lift},

    where an unknown satisfaction counts as 7, and lift is 0.2 in the east and -0.2 in
    the west, and -0.4 for ads, 0.3 for organic and 0.6 for phone. The confounded
    propensity of seller A is :math:`0.2 + 0.6 \cdot \operatorname{expit}(1.5 \, s)`,
    whether `prognostic` or not.

    The revenue of a conversion is log-normal with the median basket_value if
    `prognostic`, else 60, and the scale 0.5. Sellers differ in it by conversions alone:
    its expected difference is :math:`\tau` times 1.133 times that median.

    With the same seed, the columns of a customer are the same whatever `pattern`,
    `effect`, `assignment`, `prognostic` and `n_noise`.

    Examples
    --------
    >>> from skseg.datasets import make_seller_groups
    >>> customers, truth = make_seller_groups(random_state=0, return_truth=True)
    >>> truth.attrs["rules"]
    {'A better': "channel in ['email', 'partner'] and basket_value >= 50"}
    >>> planted = truth["segment"] == 0
    >>> rates = customers.groupby([planted, "seller"])["converted"].mean()
    >>> print(rates.unstack().round(2).to_string())
    seller      A     B
    segment
    False    0.38  0.38
    True     0.45  0.30
    """
    owner = "make_seller_groups"
    check_int(owner, "n_rows", n_rows, 1, 2**31)
    check_int(owner, "n_noise", n_noise, 0, 1000)
    check_choice(owner, "pattern", pattern, list(PLANTED))
    check_choice(owner, "assignment", assignment, ["randomized", "observational"])
    check_number(owner, "effect", effect, 0, MAX_EFFECT)
    rng = read_generator(owner, random_state)
    customers, score = _draw_customers(rng, n_rows)
    uniform = rng.random((2, n_rows))
    deviation = rng.standard_normal(n_rows)
    for i in range(1, n_noise + 1):
        customers[f"noise_{i}"] = np.round(rng.standard_normal(n_rows), 3)
    truth = _truth(customers, score, pattern, effect, assignment, prognostic)

    in_a = uniform[0] < truth["propensity"].to_numpy()
    chance = np.where(in_a, truth["probability_a"], truth["probability_b"])
    converted = uniform[1] < chance
    median = customers["basket_value"].to_numpy() if prognostic else MEDIAN_BASKET
    revenue = np.round(median * np.exp(0.5 * deviation), 2)
    customers["seller"] = np.where(in_a, "A", "B").astype(object)
    customers["converted"] = converted.astype(np.int64)
    customers["revenue"] = np.where(converted, revenue, 0.0)
    return (customers, truth) if return_truth else customers


def _draw_customers(
    rng: np.random.Generator, n: int
) -> tuple[pd.DataFrame, FloatArray]:
    """Draw what is known of the customers beforehand, and their prognostic score.

    Floats are rounded, here and below, since the last bits of exp and log differ
    between platforms.
    """
    spending = rng.standard_normal(n)  # shared by income and basket_value
    loyalty = rng.gamma(1.5, 1.0, n)  # shared by visits and past orders
    income = 42_000 * np.exp(0.3 * spending + 0.3 * rng.standard_normal(n))
    basket = 0.6 * (0.6 * spending + 0.8 * rng.standard_normal(n))
    discount = rng.beta(1.5, 3.0, n) * (rng.random(n) < 0.5)
    satisfaction = np.clip(7 + 1.5 * rng.standard_normal(n), 1, 10)
    region, region_score = _draw_category(rng, REGIONS, n)
    channel, channel_score = _draw_category(rng, CHANNELS, n)
    device, _ = _draw_category(rng, DEVICES, n)
    frequency = 1 / np.arange(1, N_CITIES + 1)
    cities = {
        f"city_{i:02}": _Category(share, 0.0)
        for i, share in enumerate(frequency / frequency.sum(), start=1)
    }
    customers = pd.DataFrame(
        {
            "tenure_months": np.floor(rng.exponential(24.0, n)).astype(np.int64),
            "age": rng.integers(18, 80, n),
            "income": _with_missing(rng, np.round(income, -2), 0.15),
            "basket_value": np.round(MEDIAN_BASKET * np.exp(basket), 2),
            "visits_30d": rng.poisson(2.5 * loyalty),
            "past_orders": rng.poisson(0.8 * loyalty),
            "discount_share": np.round(discount, 2),
            "satisfaction": _with_missing(rng, np.round(satisfaction, 1), 0.3),
            "days_since_contact": rng.integers(0, 90, n),
            "engagement": rng.integers(0, 1000, n) / 1000,
            "newsletter": rng.random(n) < 0.4,
            "is_business": rng.random(n) < 0.15,
            "region": region,
            "channel": channel,
            "device": device,
            "city": _draw_category(rng, cities, n)[0],
        }
    )
    score = (
        0.5 * np.log2(1 + customers["past_orders"].to_numpy())
        - 0.5
        + 0.3 * (customers["satisfaction"].fillna(7.0).to_numpy() - 7)
        - 0.6 * (customers["discount_share"].to_numpy() > 0)
        + 0.5 * customers["newsletter"].to_numpy()
        + 0.6 * customers["engagement"].to_numpy()
        + region_score
        + channel_score
    )
    return customers, score


def _draw_category(
    rng: np.random.Generator, categories: dict[str, _Category], n: int
) -> tuple[ObjectArray, FloatArray]:
    """Draw values of a categorical column, and their parts of the score."""
    shares = [category.share for category in categories.values()]
    code = class_of(rng.random(n), shares)
    scores = np.array([category.score for category in categories.values()])
    return np.array(list(categories), dtype=object)[code], scores[code]


def _with_missing(
    rng: np.random.Generator, values: FloatArray, share: float
) -> FloatArray:
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _truth(
    customers: pd.DataFrame,
    score: FloatArray,
    pattern: str,
    effect: float,
    assignment: str,
    prognostic: bool,
) -> pd.DataFrame:
    """Return the probabilities of outcome and seller, customer by customer."""
    rules = PLANTED[pattern]
    segment = RuleSet(rules).assign(customers).astype(np.int64)
    # The last entry is for the code -1, where no planted rule holds.
    signs = [1.0 if name.startswith(A_BETTER) else -1.0 for name in rules]
    difference = effect * np.array([*signs, 0.0])[segment]
    base, propensity = np.full((2, len(score)), [[CONSTANT_BASE], [0.5]])
    if prognostic:
        share = np.round(expit(1.5 * score - 0.5), 9)
        base = MIN_BASE + (MAX_BASE - MIN_BASE) * share
    if assignment == "observational":
        propensity = 0.2 + 0.6 * np.round(expit(1.5 * score), 9)
    base = np.round(base, 6)
    truth = pd.DataFrame(
        {
            "probability_a": base + difference / 2,
            "probability_b": base - difference / 2,
            "effect": difference,
            "propensity": np.round(propensity, 6),
            "segment": segment,
        }
    )
    truth.attrs["rules"] = dict(rules)
    return truth
