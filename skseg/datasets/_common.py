"""Checks of parameters and draws of classes, which several generators share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np

from skseg._core._validation import is_number
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidParameterError

DAY = 86_400  # seconds


def check_number(owner: str, name: str, value: object, low: float, high: float) -> None:
    """Raise if `value` is not a number in [low, high]."""
    if not is_number(value) or not low <= value <= high:
        rule = f"a number in [{low}, {high}]"
        raise InvalidParameterError(owner, name, rule, value)


def read_day(owner: str, as_of: Any) -> np.datetime64:
    """Return the start of the day that `as_of` names or lies in."""
    try:
        moment = dt.datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        day = dt.date(moment.year, moment.month, moment.day)
    except (AttributeError, TypeError, ValueError) as error:
        rule = "a date, or an ISO 8601 text such as '2025-01-01'"
        raise InvalidParameterError(owner, "as_of", rule, as_of) from error
    return np.datetime64(day, "us")


def read_generator(owner: str, random_state: Any) -> np.random.Generator:
    """Return a generator seeded by `random_state`, or `random_state` if it is one."""
    if isinstance(random_state, np.random.RandomState):
        random_state = random_state.randint(2**31)
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        rule = "an int >= 0, a numpy.random.Generator, a RandomState or None"
        raise InvalidParameterError(
            owner, "random_state", rule, random_state
        ) from error


def class_of(quantiles: FloatArray, shares: Iterable[float]) -> IntArray:
    """Return the class of each quantile in [0, 1), classes having these shares."""
    upper = np.cumsum(list(shares))
    # By rounding, the sum of the shares may be below 1.
    return np.searchsorted(upper[:-1], quantiles, side="right")


def expit(log_odds: FloatArray) -> FloatArray:
    """Return the probabilities of log-odds."""
    return 1 / (1 + np.exp(-log_odds))
