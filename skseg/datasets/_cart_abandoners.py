"""Users who abandoned a cart, with the probability that they buy after all."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._core._validation import check_int
from skseg._typing import FloatArray

from ._common import DAY, check_number, class_of, expit, read_day, read_generator


class _Category(NamedTuple):
    """Share and effects of the main category of a cart."""

    share: float
    price: float  # median price of an item
    margin: float  # added to the log-odds of the profitability
    lift: float  # added to the log-odds of a conversion


CATEGORIES = {
    "fashion": _Category(0.36, 35.0, 0.2, 0.0),
    "home": _Category(0.26, 45.0, 0.0, -0.1),
    "electronics": _Category(0.22, 90.0, -0.6, -0.3),
    "beauty": _Category(0.145, 18.0, 0.4, 0.2),
    "gift cards": _Category(0.015, 40.0, 0.0, 1.0),
}

WINDOW = 60  # days
# Chosen so that a third of the carts are at most 7 days old: few carts stay the last
# one of their user for long.
MEAN_AGE = 18.0  # days, before truncation to the window
HALF_LIFE = 7.0  # days

MEDIAN_AOV = 60.0
HOT_ENGAGEMENT, HOT_AOV = 0.6, 80.0


@overload
def make_cart_abandoners(
    n_customers: int = 10_000,
    *,
    never_ordered: float = 0.15,
    as_of: Any = "2025-01-01",
    random_state: Any = None,
    return_truth: Literal[False] = False,
) -> pd.DataFrame: ...


@overload
def make_cart_abandoners(
    n_customers: int = 10_000,
    *,
    never_ordered: float = 0.15,
    as_of: Any = "2025-01-01",
    random_state: Any = None,
    return_truth: Literal[True],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...


def make_cart_abandoners(
    n_customers: int = 10_000,
    *,
    never_ordered: float = 0.15,
    as_of: Any = "2025-01-01",
    random_state: Any = None,
    return_truth: bool = False,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    r"""Generate users who abandoned a cart, with known probabilities of conversion.

    Each row is a user at the start of the `as_of` day: the last cart that the user
    abandoned in the 60 days before, features of the user, and whether the user bought
    in the following 14 days. So a segmentation can be compared with the probability
    that the outcome was drawn from.

    Parameters
    ----------
    n_customers : int, default=10_000
        Number of users, at least 1.
    never_ordered : float, default=0.15
        Probability that a user has never ordered and so has no average order value, in
        [0, 1]. With 0 there are no missing values.
    as_of : str, date, datetime or pandas.Timestamp, default="2025-01-01"
        The day at whose start the features are taken.
    random_state : int, numpy.random.Generator, RandomState or None, default=None
        Seed of the random numbers; the same int gives the same users.
    return_truth : bool, default=False
        Whether to return the probabilities of a conversion as well.

    Returns
    -------
    users : pandas.DataFrame of shape (n_customers, 12)
        One row per user, with the columns:

        - user_id : int64, from 1 on;
        - abandoned_at : datetime64[us], when the cart was abandoned, to the second;
        - days_since_abandon : float64, days from then to `as_of`, in [0, 60]; at most 7
          for a third of the users;
        - aov : float64, average value of the past orders, in currency with 2 decimals,
          log-normal with the median 60; NaN for users who never ordered;
        - engagement : float64 with 3 decimals, in [0, 1], a score of the sessions;
        - profitability : float64 with 3 decimals, in [0, 1], a score of the margin,
          correlated with aov;
        - cart_value : float64, in currency with 2 decimals;
        - cart_items : int64, number of items in the cart, at least 1;
        - sessions_last_30d : int64, number of sessions in the last 30 days, including
          the one in which the cart was abandoned;
        - premium : bool, whether the user is a member of the premium programme;
        - category : text, the main category of the cart: fashion (36 %), home (26 %),
          electronics (22 %), beauty (14.5 %) or gift cards (1.5 %);
        - converted : int64, 1 if the user bought within 14 days from `as_of`, else 0.
    truth : pandas.DataFrame of shape (n_customers, 2)
        The columns user_id and conversion_probability, float64 with 6 decimals. Only
        if `return_truth`.

    Raises
    ------
    InvalidParameterError
        If `n_customers` is not a positive int, `never_ordered` not a number in [0, 1],
        `as_of` not a date, or `random_state` not a seed.

    Notes
    -----
    The log-odds of the probability :math:`p` of a conversion are

    .. math::

        \log \frac{p}{1 - p} = -3.4 &+ 1.5 \cdot \mathrm{engagement}
            + 0.3 \cdot \log_2(\mathrm{aov} / 60) - 0.4 \cdot \mathrm{new} \\
            &+ 0.4 \cdot \mathrm{premium}
            - 0.2 \cdot \log_2(\mathrm{cart\_value} / 100) + \mathrm{lift} \\
            &+ \mathrm{fresh} \cdot (1 + 1.6 \cdot \mathrm{hot}),

    where

    - fresh is :math:`2^{-\mathrm{days\_since\_abandon} / 7}`: it halves every 7 days;
    - hot is 1 for users of engagement >= 0.6 and aov >= 80, else 0: the interaction
      that a good segmentation finds;
    - new is 1 for users who never ordered, else 0; their term of aov is 0, and they
      are not hot;
    - lift is 0 for fashion, -0.1 for home, -0.3 for electronics, 0.2 for beauty and 1
      for gift cards.

    Profitability, cart_items and sessions_last_30d have no effect of their own, but are
    correlated with columns that have.

    With the default `never_ordered`, some 12 % of all users convert: 50 % of the hot
    ones within 7 days of the abandonment, 13 % of the others within 7 days, and 4.5 %
    of those with an engagement below 0.3 beyond 30 days.

    Users who never ordered are nested: with the same seed, a higher `never_ordered`
    only adds to them, and changes nothing about the other users.

    Examples
    --------
    >>> from skseg.datasets import make_cart_abandoners
    >>> users, truth = make_cart_abandoners(random_state=0, return_truth=True)
    >>> recent = users["days_since_abandon"] <= 7
    >>> hot = (users["engagement"] >= 0.6) & (users["aov"] >= 80)
    >>> print(f"{users['converted'].mean():.3f}")
    0.118
    >>> print(f"{users['converted'][recent & hot].mean():.3f}")
    0.538
    >>> print(f"{truth['conversion_probability'][recent & hot].mean():.3f}")
    0.502
    """
    owner = "make_cart_abandoners"
    check_int(owner, "n_customers", n_customers, 1, 2**31)
    check_number(owner, "never_ordered", never_ordered, 0, 1)
    day = read_day(owner, as_of)
    rng = read_generator(owner, random_state)
    users, lift = _draw_users(rng, n_customers, never_ordered, day)
    probability = _conversion_probability(users, lift)
    users["converted"] = (rng.random(n_customers) < probability).astype(np.int64)
    if not return_truth:
        return users
    truth = {"user_id": users["user_id"], "conversion_probability": probability}
    return users, pd.DataFrame(truth)


def _draw_users(
    rng: np.random.Generator, n: int, never_ordered: float, as_of: np.datetime64
) -> tuple[pd.DataFrame, FloatArray]:
    """Draw all columns but the outcome, and the lift of each user's category.

    Every float is rounded or a quotient of integers: the last bits of exp and log
    differ between platforms, but the frame must not.
    """
    categories = CATEGORIES.values()
    code = class_of(rng.random(n), [category.share for category in categories])
    price, margin, lift = (
        np.array([getattr(category, name) for category in categories])[code]
        for name in ("price", "margin", "lift")
    )
    age = _draw_ages(rng, n)
    spending = rng.standard_normal(n)  # shared by aov, profitability and cart
    activity = rng.gamma(1.2, 4.0, n)  # mean number of sessions

    sessions = rng.poisson(activity) + (age <= 30 * DAY)
    depth = rng.standard_gamma(sessions + 0.5)
    items = 1 + rng.poisson(1.2, n)
    value = items * price * np.exp(0.4 * spending + 0.3 * rng.standard_normal(n))
    margin += 0.8 * spending + 0.8 * rng.standard_normal(n)
    premium = rng.random(n) < expit(-2.4 + 0.6 * spending + 0.1 * activity)
    aov = np.round(MEDIAN_AOV * np.exp(0.6 * spending), 2)
    aov[rng.random(n) < never_ordered] = np.nan
    users = pd.DataFrame(
        {
            "user_id": np.arange(1, n + 1, dtype=np.int64),
            "abandoned_at": as_of - age.astype("timedelta64[s]"),
            "days_since_abandon": age / DAY,
            "aov": aov,
            "engagement": np.round(1 - np.exp(-depth / 7), 3),
            "profitability": np.round(expit(margin), 3),
            "cart_value": np.round(value, 2),
            "cart_items": items.astype(np.int64),
            "sessions_last_30d": sessions.astype(np.int64),
            "premium": premium,
            "category": np.array(list(CATEGORIES), dtype=object)[code],
        }
    )
    return users, lift


def _draw_ages(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Draw the seconds since the abandonment: exponential, truncated to the window."""
    within_window = -np.expm1(-WINDOW / MEAN_AGE)
    days: FloatArray = -MEAN_AGE * np.log1p(-within_window * rng.random(n))
    return np.rint(days * DAY).astype(np.int64)


def _conversion_probability(users: pd.DataFrame, lift: FloatArray) -> FloatArray:
    age, aov, engagement, cart_value = (
        users[name].to_numpy()
        for name in ("days_since_abandon", "aov", "engagement", "cart_value")
    )
    new = np.isnan(aov)
    hot = (engagement >= HOT_ENGAGEMENT) & (aov >= HOT_AOV)
    fresh = np.exp2(-age / HALF_LIFE)
    log_odds = (
        -3.4
        + 1.5 * engagement
        + np.where(new, -0.4, 0.3 * np.log2(aov / MEDIAN_AOV))
        + 0.4 * users["premium"].to_numpy()
        - 0.2 * np.log2(cart_value / 100)
        + lift
        + fresh * (1 + 1.6 * hot)
    )
    # Rounded, so that the outcome is the same on every platform.
    return np.round(expit(log_odds), 6)
