"""Numbers whose sums are finite, so that totals and variances are."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

# Beyond these, products of sums of squares leave the range of float64.
_LEAST_SQUARES, _MOST_SQUARES = 1e-250, 1e250
# Of the largest weight.
_LEAST_WEIGHT = 1e-100


def check_finite_sum(
    owner: str | None, name: str, values: FloatArray, weight: FloatArray | None = None
) -> None:
    """Raise if the sum of the absolute values, times their weights, is not finite."""
    with np.errstate(over="ignore"):
        sizes = np.abs(values) if weight is None else np.abs(values) * weight
        total = sizes.sum()
    if not np.isfinite(total):
        weighted = "" if weight is None else " times sample_weight"
        raise _magnitude_error(
            owner, name, values, f"of a finite sum of absolute values{weighted}"
        )


def check_finite_squares(
    owner: str | None, name: str, values: FloatArray, weight: FloatArray | None = None
) -> None:
    """Raise if variances of the values would overflow, or be taken for zero."""
    counts = np.ones(1) if weight is None else weight
    with np.errstate(over="ignore", under="ignore"):
        total = float((values**2 * counts).sum())
    has_squares = bool(((values != 0) & (counts > 0)).any())
    if has_squares and not are_finite_squares(total):
        span = f"{_LEAST_SQUARES:g} to {_MOST_SQUARES:g}"
        rule = f"of a sum of squares from {span}, or all 0"
        raise _magnitude_error(owner, name, values, rule)


def check_comparable_weights(owner: str | None, weight: FloatArray) -> None:
    """Raise if squares would overflow, or if a sum of small weights is next to nothing.

    Means divide by such sums.
    """
    check_finite_squares(owner, "sample_weight", weight)
    small = (weight > 0) & (weight < _LEAST_WEIGHT * weight.max())
    if small.any():
        row = int(np.argmax(small))
        rule = f"0 or at least {_LEAST_WEIGHT:g} of the largest weight"
        raise InvalidDataError(
            f"sample_weight of {owner} must be {rule}, {weight.max():g}. Got "
            f"{weight[row]:g} at row {row}.",
            owner=owner,
            name="sample_weight",
            rule=rule,
            value=float(weight[row]),
            row=row,
            advice="Leave out rows that weigh next to nothing.",
        )


def are_finite_squares(total: float) -> bool:
    """Tell whether a sum of squares is far from the ends of float64."""
    return _LEAST_SQUARES <= total <= _MOST_SQUARES


def to_unit_scale(values: FloatArray) -> FloatArray:
    """Return the values times the power of two that brings the largest below 1.

    It rounds nothing, but for values so small beside the largest that they vanish.
    """
    exponent = np.frexp(np.abs(values).max(initial=0.0))[1]
    return np.asarray(np.ldexp(values, -exponent))


def _magnitude_error(
    owner: str | None, name: str, values: FloatArray, rule: str
) -> InvalidDataError:
    row = int(np.argmax(np.abs(values)))
    subject = name if owner is None else f"{name} of {owner}"
    largest = abs(float(values[row]))
    factor = f"1e{round(-np.log10(largest))}"
    return InvalidDataError(
        f"{subject} must be {rule}. Got {len(values)} values, the largest of them "
        f"{values[row]} at row {row}.",
        owner=owner,
        name=name,
        rule=rule,
        value=float(values[row]),
        row=row,
        advice=f"Choose another unit: {name} * {factor}.",
    )
