"""What a fit can know of the search that it is part of."""

from __future__ import annotations

import numbers
import sys
import warnings
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from ._caller import caller_level

# scikit-learn fits the candidates of searches and the models of folds here.
_FOLDS = "sklearn.model_selection._validation"
# It fits the best candidate to all rows here.
_SEARCHES = "sklearn.model_selection._search"
_warned: set[tuple[str, str]] = set()


def warn_of_counts_in_folds(owner: str, n_rows: float, **bounds: object) -> None:
    """Warn, once a process, if a bound in a search or cross-validation counts rows.

    Folds have fewer rows than the fit on all of them, so that the same number is
    another share.
    """
    counts = {
        name: bound
        for name, bound in bounds.items()
        if isinstance(bound, numbers.Integral) and int(bound) > 1
    }
    if not counts or not _is_fit_of_fold():
        return
    for name, bound in counts.items():
        if (owner, name) in _warned:
            continue
        _warned.add((owner, name))
        share = int(bound) / n_rows
        warnings.warn(
            f"{name}={bound} of {owner} is a number of rows. In a search or a "
            f"cross-validation it is another share of the rows of a fold, here "
            f"{share:.3g}, than of all rows: choose a share, such as "
            f"{name}={share:.2g}, which means the same for both.",
            UserWarning,
            stacklevel=caller_level(),
        )


class Tie(NamedTuple):
    """The candidates of a search, all of which have the same score in every fold."""

    search: Any
    n_candidates: int
    score: float


def tie_of_candidates() -> Tie | None:
    """Return the tie, if this is the fit to all rows that ends a search with one."""
    for frame in _callers():
        module = frame.f_globals.get("__name__")
        if module == _FOLDS:
            return None
        names = frame.f_locals
        if module == _SEARCHES and {"self", "results"} <= names.keys():
            return _tie(names["self"], names["results"], names.get("refit_metric"))
    return None


def _tie(search: Any, results: Mapping[str, Any], metric: str | None) -> Tie | None:
    """Return the tie of all candidates of a search, by its table of results."""
    folds = [
        np.asarray(scores, dtype=np.float64)
        for name, scores in results.items()
        if name.startswith("split") and name.endswith(f"_test_{metric}")
    ]
    if not folds or len(folds[0]) < 2:
        return None
    if not all((scores == scores[0]).all() for scores in folds):
        return None
    return Tie(search, len(folds[0]), float(np.mean([scores[0] for scores in folds])))


def _is_fit_of_fold() -> bool:
    return any(frame.f_globals.get("__name__") == _FOLDS for frame in _callers())


def _callers() -> Iterator[FrameType]:
    """Yield the frames of the functions that lead here, the innermost first."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back
