"""Conditions on a transformed column as conditions on the column itself."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule, col
from skseg.rules._language._conditions import (
    Leaf,
    Membership,
    Missing,
    disjunction,
)

from ._float_cuts import float_cuts
from ._monotone import LARGEST, domain


class Inverse:
    """Translates conditions on what a fitted transformer returns to its input.

    It maps each column by a rising function; both are called ``x0``, ``x1``, ...
    """

    def __init__(self, step: Any, conditions: Iterable[Leaf]) -> None:
        self._low, high = domain(step)
        self._is_bounded = self._low > -LARGEST
        keys = list(
            dict.fromkeys(
                (leaf.column, number)
                for leaf in conditions
                for threshold in _thresholds(leaf)
                for number in (_number_before(threshold), threshold)
            )
        )
        values = np.array([number for _, number in keys], dtype=np.float64)
        places = np.array([position(name) for name, _ in keys], dtype=np.intp)
        function = _ColumnFunction(step, places, step.n_features_in_)
        cuts = float_cuts(function, values, self._low, high)
        self._cuts = dict(zip(keys, cuts, strict=True))

    def __call__(self, leaf: Leaf) -> Rule:
        """Return the condition on the column before the transformer."""
        if isinstance(leaf, Missing):
            if not self._is_bounded:
                return leaf
            # Numbers below the domain have no image, as negative ones no logarithm.
            return leaf | (col(leaf.column) < self._low)
        if isinstance(leaf, Membership):
            if isinstance(leaf.values[0], str):
                return leaf
            return disjunction(self._equal(leaf.column, v) for v in leaf.values)
        if isinstance(leaf.threshold, str):
            return leaf
        return self._compared(leaf.column, leaf.operator, leaf.threshold)

    def _compared(self, name: str, operator: str, number: Any) -> Rule:
        if operator == "==":
            return self._equal(name, number)
        if operator == "!=":
            return ~self._equal(name, number)
        is_inclusive = operator in ("<=", ">")
        cuts = self._cuts[name, number if is_inclusive else _number_before(number)]
        rule = _at_most(name, cuts) if operator in ("<=", "<") else _above(name, cuts)
        return rule & (col(name) >= self._low) if self._is_bounded else rule

    def _equal(self, name: str, number: Any) -> Rule:
        return self._compared(name, "<=", number) & self._compared(name, ">=", number)


def _at_most(name: str, cuts: Sequence[float]) -> Rule:
    """Return the condition that numbers are mapped to a value or below it."""
    return disjunction([_up_to(name, cuts[0]), *_intervals(name, cuts[1:])])


def _above(name: str, cuts: Sequence[float]) -> Rule:
    """Return the condition that numbers are mapped above a value."""
    return disjunction([*_intervals(name, cuts[:-1]), _beyond(name, cuts[-1])])


def _intervals(name: str, cuts: Sequence[float]) -> list[Rule]:
    """Return the intervals from the first to the second cut, from the third on, ..."""
    return [
        _beyond(name, low) & _up_to(name, high)
        for low, high in zip(cuts[::2], cuts[1::2], strict=True)
    ]


def _up_to(name: str, cut: float) -> Rule:
    return col(name) < -math.inf if math.isnan(cut) else col(name) <= cut


def _beyond(name: str, cut: float) -> Rule:
    return col(name) >= -math.inf if math.isnan(cut) else col(name) > cut


class _ColumnFunction:
    """A transformer as a function of one number in each of several columns."""

    def __init__(self, step: Any, places: IntArray, n_columns: int) -> None:
        self._step = step
        self._places = places
        self._n_columns = n_columns

    def __call__(self, numbers: FloatArray) -> FloatArray:
        """Return the images of numbers of shape (..., n_places), each in its column."""
        n_rows = numbers.size
        rows, places = np.arange(n_rows), np.resize(self._places, n_rows)
        # Every transformer has an image of 1.
        X = np.ones((n_rows, self._n_columns))
        X[rows, places] = numbers.ravel()
        try:
            images = self._transformed(X)[rows, places]
        except ValueError:
            images = np.array(
                [self._image(X[[row]], places[row]) for row in rows.tolist()]
            )
        return images.reshape(numbers.shape)

    def _image(self, X: FloatArray, place: int) -> float:
        try:
            return float(self._transformed(X)[0, place])
        except ValueError:
            # The transformer refuses a number whose image is infinite.
            return math.copysign(math.inf, X[0, place])

    def _transformed(self, X: FloatArray) -> FloatArray:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # scikit-learn warns that arrays have no column names; others of overflow.
            warnings.simplefilter("ignore")
            return np.asarray(self._step.transform(X), dtype=np.float64)


def _number_before(number: float) -> float:
    return math.nextafter(number, -math.inf)


def position(name: str) -> int:
    """Return the position of a column that is called ``x0``, ``x1``, ..."""
    return int(name.removeprefix("x"))


def _thresholds(leaf: Leaf) -> Sequence[float]:
    """Return the numbers with which a condition compares its column."""
    if isinstance(leaf, Missing):
        return ()
    values = leaf.values if isinstance(leaf, Membership) else (leaf.threshold,)
    return [value for value in values if isinstance(value, float)]
