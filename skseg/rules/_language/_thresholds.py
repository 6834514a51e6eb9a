"""Thresholds: numbers, dates, quantiles, and the largest or smallest of several."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg.exceptions import RuleError, representation

from ._booleans import Boolean
from ._dates import Date, as_date, is_date_value


def check_name(name: object, subject: str, *, allow_empty: bool = False) -> str:
    """Return `name` if every engine can hold it as text, else raise.

    `subject` begins the message: "A column name".
    """
    if not isinstance(name, str):
        raise RuleError(
            f"{subject} must be a str. Got {representation(name)} instead.",
            rule="a str",
            value=name,
        )
    if not name and not allow_empty:
        raise RuleError(f"{subject} must not be empty.", rule="not empty", value=name)
    if "\0" in name:
        raise RuleError(
            f"{subject} must not contain the NUL character, which databases cannot "
            f"store. Got {name!r}.",
            rule="without NUL",
            value=name,
        )
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise RuleError(
            f"{subject} must not contain lone surrogates, which no encoding can write. "
            f"Got {name!r}; decode the text properly first.",
            rule="without lone surrogates",
            value=name,
        ) from None
    return str(name)


def check_number(value: Any) -> float:
    """Return `value` as the float64 equal to it, else raise."""
    # numpy registers durations as integers.
    if not isinstance(value, numbers.Real) or isinstance(value, np.timedelta64):
        raise RuleError(
            f"A threshold must be a number. Got {value!r} instead.",
            rule="a number",
            value=value,
        )
    try:
        number = float(value)
    except OverflowError:
        raise RuleError(
            "The number is beyond float64, in which rules compare: it may have 308 "
            "digits at most.",
            rule="a float64",
            value=value,
        ) from None
    if math.isnan(number):
        raise RuleError(
            "NaN is not a threshold: nothing compares with it.",
            rule="a number",
            value=value,
            advice="Use missing(column) to ask for missing values.",
        )
    if number != value:
        raise RuleError(
            f"The number {value!r} is not a float64, in which rules compare; the "
            f"nearest one is {format_number(number)}.",
            rule="a float64",
            value=value,
        )
    # -0.0 and 0.0 compare equal; one spelling keeps equal rules equal as text.
    return number + 0.0


def format_number(number: float) -> str:
    """Return the shortest text that reads back as the same float64."""
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    if number.is_integer() and abs(number) < 1e16:
        return str(int(number))
    return repr(number)


@dataclass(frozen=True, slots=True)
class Quantile:
    """The quantile of level `p` of the compared column, resolved at fit."""

    p: float

    def __post_init__(self) -> None:
        if not isinstance(self.p, numbers.Real) or not 0 <= self.p <= 1:
            raise RuleError(
                f"The level of q(p) must be in [0, 1]. Got {representation(self.p)}.",
                owner="q",
                name="p",
                rule="in [0, 1]",
                value=self.p,
            )
        object.__setattr__(self, "p", float(self.p) + 0.0)

    def __str__(self) -> str:
        return f"q({format_number(self.p)})"

    def _no_order(self, other: object) -> bool:
        raise TypeError(
            "A quantile has no value before fit, so max() and min() cannot order it. "
            "Use skseg.rules.maximum(...) and skseg.rules.minimum(...), or write the "
            "rule as text: 'aov >= max(q(0.75), 120)'."
        )

    __lt__ = __le__ = __gt__ = __ge__ = _no_order


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or the smallest of several thresholds: a bounded quantile.

    `function` is ``"max"`` or ``"min"``.
    """

    function: str
    args: tuple[float | Quantile | Extreme, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(threshold_text(a) for a in self.args)})"


Threshold = float | Date | Boolean | Quantile | Extreme


def as_threshold(value: Any) -> Threshold:
    """Return `value` as a threshold, checked."""
    if isinstance(value, Quantile | Extreme):
        return value
    return as_date(value) if is_date_value(value) else check_number(value)


def extreme(function: str, args: tuple[Any, ...]) -> Extreme:
    """Build ``max(...)`` or ``min(...)`` from at least two thresholds."""
    if len(args) < 2:
        raise RuleError(
            f"{function}(...) needs at least two thresholds.",
            owner=function,
            rule="at least two thresholds",
            value=args,
        )
    thresholds: list[float | Quantile | Extreme] = []
    for threshold in map(as_threshold, args):
        if isinstance(threshold, Date | Boolean):
            raise RuleError(
                f"{function}(...) takes numbers and quantiles. Got {threshold}.",
                owner=function,
                rule="numbers and quantiles",
                value=threshold,
                advice="Compare with the date that is meant.",
            )
        thresholds.append(threshold)
    return Extreme(function, tuple(thresholds))


def threshold_text(threshold: Threshold) -> str:
    """Return a threshold as text of the rule language."""
    if isinstance(threshold, float):
        return format_number(threshold)
    return str(threshold)


def resolve_threshold(
    threshold: float | Quantile | Extreme, quantile: Callable[[float], float]
) -> float:
    """Return the number that `threshold` stands for, given the column's quantiles."""
    if isinstance(threshold, float):
        return threshold
    if isinstance(threshold, Quantile):
        return quantile(threshold.p)
    pick = max if threshold.function == "max" else min
    return pick(resolve_threshold(arg, quantile) for arg in threshold.args)


def q(p: float) -> Quantile:
    """Return the threshold "quantile of level `p`", resolved at fit.

    The quantile is the inverse of the empirical distribution function: the smallest
    observed value with at least a share `p` of the weight at or below it, missing
    values left out. It is always a value of the data, and does not change when
    every row is repeated.

    Parameters
    ----------
    p : float
        Level in [0, 1].

    Returns
    -------
    Quantile
        A threshold for comparisons with a column.

    Raises
    ------
    RuleError
        If `p` lies outside [0, 1].

    Notes
    -----
    Definition 1 of Hyndman & Fan, "Sample Quantiles in Statistical Packages",
    The American Statistician 50(4), 1996.

    Examples
    --------
    >>> from skseg.rules import col, q
    >>> print(col("aov") >= q(0.75))
    aov >= q(0.75)
    """
    return Quantile(p)


def maximum(*thresholds: float | Quantile | Extreme) -> Extreme:
    """Return the largest of several thresholds, "a quantile, but at least 120".

    Parameters
    ----------
    *thresholds : float, q(p), maximum(...) or minimum(...)
        At least two.

    Returns
    -------
    Extreme
        A threshold for comparisons with a column.

    Raises
    ------
    RuleError
        If there are fewer than two thresholds, or one is not a threshold.

    Examples
    --------
    >>> from skseg.rules import col, maximum, q
    >>> print(col("aov") >= maximum(q(0.75), 120))
    aov >= max(q(0.75), 120)
    """
    return extreme("max", thresholds)


def minimum(*thresholds: float | Quantile | Extreme) -> Extreme:
    """Return the smallest of several thresholds, "a quantile, but at most 500".

    Parameters
    ----------
    *thresholds : float, q(p), maximum(...) or minimum(...)
        At least two.

    Returns
    -------
    Extreme
        A threshold for comparisons with a column.

    Raises
    ------
    RuleError
        If there are fewer than two thresholds, or one is not a threshold.

    Examples
    --------
    >>> from skseg.rules import col, minimum, q
    >>> print(col("aov") >= minimum(q(0.75), 500))
    aov >= min(q(0.75), 500)
    """
    return extreme("min", thresholds)
