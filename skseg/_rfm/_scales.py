"""Numbers of scores and cut points: from the parameters to scored dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from skseg._core._validation import check_choice, check_int
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError

from ._dimensions import OWNER, SCORES, Closed, Dimension
from ._segment_maps import N_SCORES

# Where the cut points of a dimension are learned.
LEARNED = "quantile"

# The cut points of columns, given their numbers of scores and the side of a cut point.
Learner = Callable[[Mapping[str, int], Closed], Mapping[str, FloatArray]]


def n_scores_by_dimension(n_scores: Any) -> Mapping[str, Any]:
    """Return dimension -> number of scores, checked in `fitted_dimensions`."""
    if isinstance(n_scores, Mapping):
        return {**dict.fromkeys(SCORES, N_SCORES), **n_scores}
    return dict.fromkeys(SCORES, n_scores)


def cut_points_by_dimension(cut_points: Any) -> Mapping[str, Any]:
    """Return dimension -> cut points or "quantile", checked in `fitted_dimensions`."""
    if isinstance(cut_points, Mapping):
        return {**dict.fromkeys(SCORES, LEARNED), **cut_points}
    return dict.fromkeys(SCORES, cut_points)


def fitted_dimensions(
    column_of: Mapping[str, str],
    learn: Learner,
    n_scores: Any,
    cut_points: Any,
    closed: Any,
) -> list[Dimension]:
    """Return the dimensions with their cut points, business ones and learned ones.

    `learn` is called once, for all columns whose cut points are learned.
    """
    check_choice(OWNER, "closed", closed, ("right", "left"))
    for parameter, value in (("n_scores", n_scores), ("cut_points", cut_points)):
        if isinstance(value, Mapping) and not value.keys() <= SCORES.keys():
            rule = f"a mapping with keys among {list(SCORES)}"
            raise InvalidParameterError(OWNER, parameter, rule, dict(value))
    if not isinstance(cut_points, Mapping) and not _is_learned(cut_points):
        rule = "'quantile' or a mapping of dimensions to cut points"
        raise InvalidParameterError(OWNER, "cut_points", rule, cut_points)
    n_of, cuts_of = n_scores_by_dimension(n_scores), cut_points_by_dimension(cut_points)
    business: dict[str, FloatArray] = {}
    n_learned: dict[str, int] = {}
    for name, column in column_of.items():
        if cuts_of[name] is None or _is_learned(cuts_of[name]):
            n_learned[column] = check_int(OWNER, "n_scores", n_of[name], 2, 10)
        else:
            business[column] = _business_cut_points(name, cuts_of[name])
    cuts = {**business, **(learn(n_learned, closed) if n_learned else {})}
    return [
        # Adding 0.0 turns -0.0 into 0.0, and copies what belongs to the caller.
        Dimension(name, column, cuts[column] + 0.0, closed)
        for name, column in column_of.items()
    ]


def _is_learned(cut_points: Any) -> bool:
    return isinstance(cut_points, str) and cut_points == LEARNED


def _business_cut_points(name: str, cut_points: Any) -> FloatArray:
    try:
        cuts = np.asarray(cut_points, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        cuts = np.empty(0)
    is_list = cuts.ndim == 1 and 1 <= len(cuts) <= 9
    if not is_list or not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        rule = f"1 to 9 finite cut points in rising order for {name!r}"
        raise InvalidParameterError(OWNER, "cut_points", rule, cut_points)
    return cuts
