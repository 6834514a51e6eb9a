"""Bins of a score by any estimator: binners, discretizers, clusterers, rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.metrics._profit_scorer import FittedTiers, tiers_of

OWNER = "compare_binnings"
# Name of the only column that estimators see, so that rules can be about it.
COLUMN = "score"
# An estimator that gives more different values than this has transformed the score
# instead of cutting it, as one has that gives more than half as many as there are
# scores. The second limit decides among few scores, where up to 100 values are bins.
_MOST_BINS, _FEW_BINS = 1000, 100


@dataclass(frozen=True)
class FittedBins:
    """Bins in order of score, or those of a method that has chosen their tiers.

    `code` gives the bin of every score, 0 for the lowest bin.
    """

    code: Callable[[FloatArray], IntArray]
    n_bins: int
    own: FittedTiers | None = None


def bins_between(cut_points: FloatArray) -> FittedBins:
    """Return the bins between cut points, at which a score is in the lower bin."""
    return FittedBins(
        lambda scores: np.searchsorted(cut_points, scores), len(cut_points) + 1
    )


def bins_of_estimator(
    name: str, estimator: Any, scores: FloatArray, y: FloatArray
) -> FittedBins:
    """Return the bins of a clone that is fitted to scores and outcomes, or raise."""
    model = clone(estimator, safe=False)
    model.fit(_rows(scores), y)
    binner = tiers_of(model)
    if binner is not None:
        n_bins = len(np.unique(model.predict(_rows(scores))))
        return FittedBins(lambda new: model.predict(_rows(new)), n_bins, binner)
    different, places = np.unique(_labels(name, model, scores), return_inverse=True)
    most = min(_MOST_BINS, max(_FEW_BINS, len(np.unique(scores)) / 2))
    if len(different) > most:
        raise _no_bins(name, f"{len(different):,} different values")
    means = np.bincount(places, scores) / np.bincount(places)
    # Labels of bins need not rise with the score, as those of clusters do not.
    rank = np.argsort(np.argsort(means, kind="stable"))
    order = np.argsort(scores, kind="stable")

    def code(new: FloatArray) -> IntArray:
        labels = _labels(name, model, new)
        nearest = np.searchsorted(different, labels).clip(0, len(different) - 1)
        codes = rank[nearest]
        is_new = different[nearest] != labels
        if is_new.any():
            # No training row has such a label: that of the next score counts.
            above = np.searchsorted(scores[order], new[is_new]).clip(0, len(scores) - 1)
            codes[is_new] = rank[places[order[above]]]
        return np.asarray(codes, dtype=np.intp)

    return FittedBins(code, len(different))


def _rows(scores: FloatArray) -> pd.DataFrame:
    return pd.DataFrame({COLUMN: scores})


def _labels(name: str, model: Any, scores: FloatArray) -> npt.NDArray[Any]:
    """Return the label of the bin of every score, by `predict` or `transform`."""
    method = next((m for m in ("predict", "transform") if hasattr(model, m)), None)
    if method is None:
        raise _no_bins(name, f"{type(model).__name__} without predict and transform")
    result: Any = getattr(model, method)(_rows(scores))
    # A one-hot encoding may be sparse.
    dense = getattr(result, "toarray", lambda: result)()
    labels = np.asarray(dense)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2:
        is_flag = np.isin(labels, [0, 1]).all() and (labels.sum(axis=1) == 1).all()
        if not is_flag:
            raise _no_bins(name, f"{labels.shape[1]} columns that are not one-hot")
        labels = labels.argmax(axis=1)
    return labels


def _no_bins(name: str, fact: str) -> InvalidDataError:
    rule = "a method that gives every score a bin, as one column or one-hot"
    return InvalidDataError(
        f"{name!r} must be {rule}. Got {fact}.",
        owner=OWNER,
        name="methods",
        rule=rule,
        value=name,
    )
