"""Functions with the signatures of other libraries, for code that moves to skseg."""

from __future__ import annotations

import math
import numbers
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from skseg._core._validation import check_int
from skseg._core._vector import read_vector
from skseg._search.cuts import optimal_cuts
from skseg._typing import FloatArray
from skseg.exceptions import InfeasibleError, InvalidDataError, InvalidParameterError

__all__ = ["find_optimal_bins"]

OWNER = "find_optimal_bins"


def _two_to_the(bin_index: int) -> float:
    return int(2**bin_index)


def _three_to_the(bin_index: int) -> float:
    return int(3**bin_index)


def find_optimal_bins(
    propensities: npt.ArrayLike,
    predictions: npt.ArrayLike,
    n_bins: int = 10,
    cost_fn: Callable[[int], float] = _two_to_the,
    revenue_fn: Callable[[int], float] = _three_to_the,
    penalty_factor: float = 0,
    min_samples: int = 10,
    global_search: bool = True,
) -> tuple[int, FloatArray, float]:
    """Cut propensities into the bins of largest total revenue minus cost.

    For users of the package smart-segment [1]_: the same arguments in the same order,
    the same defaults, the same three results. Two of the arguments have no effect,
    `penalty_factor` and `global_search`. `OptimalRevenueBinner` is the estimator, with
    tiers that may stay unused, weights and more.

    Parameters
    ----------
    propensities : array-like of shape (n_rows,)
        Scores in [0, 1], in any order. Only their order and their ties matter.
    predictions : array-like of shape (n_rows,)
        What customers did (not what a model says): 1 if converted, else 0. Other finite
        numbers, such as conversions expected, are added up in the same way.
    n_bins : int, default=10
        Largest number of bins.
    cost_fn, revenue_fn : callable, default=2**i, 3**i
        Cost per customer and revenue per conversion, in money, of bin
        ``i = 0, 1, ...``, the lowest propensities first. Called once a bin.
    penalty_factor : float, default=0
        No effect: an exact search needs no penalty to leave local optima. A value above
        0 gives a warning that says so; a negative one is an error.
    min_samples : int, default=10
        Smallest number of rows in every bin.
    global_search : bool, default=True
        No effect: the optimum is always the global one. False gives a warning that says
        so.

    Returns
    -------
    n_bins : int
        Number of bins used.
    cutoffs : ndarray of float64 of shape (n_bins + 1,)
        0, the thresholds, and 1. The bin of a customer is
        ``numpy.searchsorted(cutoffs[1:-1], propensity)``, or that of ``pandas.cut(...,
        cutoffs, include_lowest=True)``: a threshold belongs to the bin below.
    revenue : float
        Sum over all bins of ``revenue_fn(i) * conversions - cost_fn(i) * rows``. No
        division into at most `n_bins` bins of `min_samples` rows makes more.

    Raises
    ------
    InvalidDataError
        If lengths differ, a propensity is missing or outside of [0, 1], an outcome is
        missing or infinite, or a function returns what cannot be added up.
    InfeasibleError
        If there are fewer than `min_samples` rows.
    InvalidParameterError
        If another parameter breaks its rule.

    Warns
    -----
    UserWarning
        If `penalty_factor` or `global_search`, which have no effect, is not left at its
        default.

    Notes
    -----
    A dynamic program finds the optimum, see `OptimalRevenueBinner`. Values are equal
    that differ by less than 1e-12, for every bin, of all conversions at the largest
    revenue and all rows at the lowest cost; of equal ones, the fewest bins are taken.

    What differs from version 0.1.7 of smart-segment, on purpose:

    - The optimum is exact, and the same in every run. There, a random search without a
      seed gives other cutoffs, and another revenue, each time.
    - Every row counts once. There, the search also tries cutoffs out of order, whose
      bins overlap, and counts their rows several times; sorting the best of these
      cutoffs then gives other bins.
    - Every row counts: there, propensities of 1 are in no bin.
    - `cutoffs` are distinct and `n_bins` is their number minus one. There, the last
      cutoff, 1, comes twice, and the empty bin between counts as one.
    - Every bin has `min_samples` rows. There, bins are merged only after the search,
      at the revenue and cost of lower bins than were searched for, and the lowest bin
      may stay too small.
    - Too few rows for `min_samples` are an error. There, it is one bin.
    - More bins than rows are no error: fewer get used. There, the result is
      ``(0, None, -inf)``. A single bin can be asked for, too; there, it is an error.
    - Bins are the intervals (a, b] of `pandas.cut`. There, they are [a, b) when revenue
      is counted; thresholds here lie between two propensities, where both agree.
    - `penalty_factor` does not change `revenue`. There, it is the factor of a penalty
      on the differences between the conversion rates of neighbouring bins.
    - ``global_search=False`` is exact as well. There, a search by gradients stays at
      the quantiles where it starts.
    - Missing values, and propensities outside of [0, 1], are errors. There, such
      propensities drop out, and a missing outcome makes `revenue` NaN.

    References
    ----------
    .. [1] S. Agrawal, smart-segment, version 0.1.7,
       https://github.com/astronights/smart-segment

    Examples
    --------
    A letter costs 1, a visit 5 and brings in twice as much:

    >>> from skseg.compat import find_optimal_bins
    >>> propensities = [0.1, 0.2, 0.3, 0.6, 0.8, 0.9]
    >>> converted = [0, 0, 0, 1, 1, 1]
    >>> n_bins, cutoffs, revenue = find_optimal_bins(
    ...     propensities,
    ...     converted,
    ...     n_bins=2,
    ...     revenue_fn=lambda i: [10, 20][i],
    ...     cost_fn=lambda i: [1, 5][i],
    ...     min_samples=1,
    ... )
    >>> n_bins, cutoffs, revenue
    (2, array([0.  , 0.45, 1.  ]), 42.0)
    """
    scores, outcome = _read_rows(propensities, predictions)
    n_bins = check_int(OWNER, "n_bins", n_bins, 1, sys.maxsize)
    min_samples = check_int(OWNER, "min_samples", min_samples, 0, sys.maxsize)
    if len(scores) < min_samples:
        rule = f"at most the number of rows, {len(scores):,}"
        raise InfeasibleError(
            _sentence("min_samples", rule, f"{min_samples:,}"),
            owner=OWNER,
            name="min_samples",
            rule=rule,
            value=min_samples,
            advice="Lower it, or give more rows.",
        )
    _warn_without_effect(penalty_factor, global_search)
    n_bins = min(n_bins, len(scores) // max(min_samples, 1))
    cost = _values_of_bins("cost_fn", cost_fn, n_bins, len(scores))
    n_conversions = max(1.0, float(np.abs(outcome).sum()))
    revenue = _values_of_bins("revenue_fn", revenue_fn, n_bins, n_conversions)
    n_bins = _n_bins_that_can_pay(revenue, cost, outcome)
    cuts = optimal_cuts(
        scores,
        outcome,
        revenue=revenue[:n_bins],
        cost=cost[:n_bins],
        mode="prefix",
        min_size=min_samples,
    )
    return len(cuts.tiers), np.array([0.0, *cuts.cut_points, 1.0]), cuts.value


def _read_rows(
    propensities: npt.ArrayLike, predictions: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    scores = _read_numbers("propensities", propensities)
    outcome = _read_numbers("predictions", predictions)
    if len(scores) != len(outcome):
        raise _invalid(
            "predictions",
            "one outcome a propensity",
            f"{len(outcome):,} outcomes and {len(scores):,} propensities",
            advice="Align them.",
        )
    if not len(scores):
        raise _invalid("propensities", "at least one", "none", advice="Give some rows.")
    for name, values, is_valid, rule in (
        ("propensities", scores, (scores >= 0) & (scores <= 1), "numbers in [0, 1]"),
        ("predictions", outcome, np.isfinite(outcome), "finite numbers"),
    ):
        if not is_valid.all():
            row = int(np.argmin(is_valid))
            raise _invalid(
                name,
                rule,
                f"{values[row]} at row {row}",
                value=float(values[row]),
                row=row,
                advice="Leave such rows out, or say what they count as.",
            )
    return scores, outcome


def _read_numbers(name: str, values: npt.ArrayLike) -> FloatArray:
    return read_vector(OWNER, name, values).numbers()


def _values_of_bins(
    name: str, function: Callable[[int], float], n_bins: int, amount: float
) -> FloatArray:
    """Return the function's value for every bin; `amount` times it must be finite."""
    if not callable(function):
        raise InvalidParameterError(
            OWNER, name, "a function of the bin", function, advice="Try lambda i: 30."
        )
    values = [math.nan] * n_bins
    for i in range(n_bins):
        returned = function(i)
        with suppress(TypeError, ValueError, OverflowError):
            values[i] = float(returned)
        # Four such amounts, so that neither sums nor their differences overflow.
        if not math.isfinite(4.0 * values[i] * amount):
            raise _invalid(
                name,
                "a function that returns a number, finite when added up over rows",
                f"{returned!r:.40} for bin {i}",
                value=returned,
                advice="Change it, or lower n_bins.",
            )
    return np.array(values)


def _n_bins_that_can_pay(
    revenue: FloatArray, cost: FloatArray, outcome: FloatArray
) -> int:
    """Return the number of bins without the last ones that never beat those below.

    Their revenue would only coarsen what counts as equal.
    """
    profits = [revenue * rate - cost for rate in (outcome.min(), outcome.max())]
    n_bins = len(revenue)
    while n_bins > 1 and all(
        profit[n_bins - 1] <= profit[n_bins - 2] for profit in profits
    ):
        n_bins -= 1
    return n_bins


def _warn_without_effect(penalty_factor: object, global_search: object) -> None:
    is_number = isinstance(penalty_factor, numbers.Real)
    if not is_number or not 0 <= penalty_factor < math.inf:  # type: ignore[operator]
        rule = "a finite number of at least 0"
        raise InvalidParameterError(OWNER, "penalty_factor", rule, penalty_factor)
    if not isinstance(global_search, bool | np.bool_):
        raise InvalidParameterError(
            OWNER, "global_search", "True or False", global_search
        )
    for is_changed, name, default in (
        (penalty_factor != 0, "penalty_factor", "0"),
        (not global_search, "global_search", "True"),
    ):
        if is_changed:
            warnings.warn(
                f"The {name!r} parameter of {OWNER} has no effect: the optimum is "
                f"exact whatever it is. Leave it at {default}.",
                UserWarning,
                stacklevel=3,
            )


def _invalid(
    name: str,
    rule: str,
    text: str,
    *,
    advice: str,
    value: object = None,
    row: int | None = None,
) -> InvalidDataError:
    return InvalidDataError(
        _sentence(name, rule, text),
        owner=OWNER,
        name=name,
        rule=rule,
        value=value,
        row=row,
        advice=advice,
    )


def _sentence(name: str, rule: str, text: str) -> str:
    return f"The {name!r} parameter of {OWNER} must be {rule}. Got {text}."
