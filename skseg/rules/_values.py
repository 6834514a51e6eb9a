"""Single values: which are missing, and the float64 that stands for a number."""

from __future__ import annotations

import math
import numbers
from decimal import Decimal
from typing import Any, TypeGuard

import numpy as np

# numpy's flags are not registered as real numbers.
NUMBER_TYPES = (numbers.Real, Decimal, np.bool_)
# Words for true and false, in lower case.
TRUTH_WORDS = {"true": True, "false": False}
# Texts that stand for true and false in lower case: the words, and 1 and 0 as whole
# numbers and as floats are written.
TRUTH_TEXTS = {
    **TRUTH_WORDS,
    **dict.fromkeys(("1", "1.0"), True),
    **dict.fromkeys(("0", "0.0", "-0.0"), False),
}


def is_missing_value(value: Any) -> bool:
    """Tell whether a single value is missing: None, NaN, NaT or pandas' NA.

    Parameters
    ----------
    value : object
        Any value that a column can hold.

    Returns
    -------
    bool
        Whether rules treat the value as missing.

    Examples
    --------
    >>> from skseg.rules import is_missing_value
    >>> [is_missing_value(value) for value in (None, float("nan"), "", 0)]
    [True, True, False, False]
    """
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, Decimal):
        # A signalling NaN refuses to be compared.
        return value.is_nan()
    try:
        return bool(value != value)
    except TypeError:
        # pandas.NA answers comparisons with NA, which has no truth value.
        return True
    except ValueError:
        # An array of several values has no truth value either; it is not missing.
        return False


def is_number(value: Any) -> TypeGuard[float]:
    """Tell whether a value is a real number of Python or numpy."""
    # numpy registers durations as integers.
    return isinstance(value, NUMBER_TYPES) and not isinstance(value, np.timedelta64)


def truth_value(value: Any) -> bool | None:
    """Return whether a value stands for true, None if it is neither true nor false."""
    if isinstance(value, str):
        return TRUTH_TEXTS.get(value.lower())
    return bool(value) if is_number(value) and value in (0, 1) else None


def to_float64(number: Any) -> float:
    """Return the float64 nearest to a number, as IEEE 754 rounds it."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
