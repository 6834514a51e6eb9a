"""compare_segmenters: sizes, distances, stability and time in one table."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from skseg._clusters import InductiveSegmenter
from skseg._core._cross_fitting import shuffled_splits
from skseg._core._folds import Splits
from skseg._core._numeric_rows import numeric_rows
from skseg._core._rows import native_rows
from skseg._core._validation import check_int
from skseg._search.clusters._segment_sizes import segment_sizes
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError
from skseg.metrics._distances import DISTANCE_SCORES, distance_score, without_noise
from skseg.metrics._explained_variance import (
    adjusted_explained_variance,
    read_varying_outcome,
)
from skseg.metrics._predictions import as_codes, predicted_codes
from skseg.metrics._stability import MOST_REPLICATES, Rows, stability_score

OWNER = "compare_segmenters"
ADVICE = "Pass as 'space' a transformer that encodes, imputes and scales."


def compare_segmenters(
    segmenters: Mapping[str, Any],
    X: Any,
    y: Any = None,
    *,
    space: Any = None,
    n_replicates: int = 10,
    cv: Any = 5,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Fit segmenters on the same rows, and compare them by the same measures.

    All distances are measured in one space, whatever each segmenter does to the rows
    before it clusters them: measures from different spaces cannot be compared.

    Parameters
    ----------
    segmenters : mapping from str to estimator
        Clusterers, mixtures, segmenters, or pipelines that end in one, by name. The
        names are the row labels of the table. Only clones are fitted.
    X : frame or array of shape (n_rows, n_columns)
        Rows, passed to every segmenter unchanged.
    y : array-like of shape (n_rows,), default=None
        Outcome, passed to every ``fit``: 0 / 1, other numbers, or labels of two
        classes. With it the table has ``explained_variance``.
    space : transformer, default=None
        Where distances are measured, such as ``StandardScaler()`` or a
        ``ColumnTransformer``; a clone is fitted on `X` once. None: `X` itself, which
        must then be finite numbers, and the column with the largest unit dominates.
    n_replicates : int, default=10
        Number of pairs of samples for the stability, at two fits a pair; 0: no
        stability.
    cv : int, splitter or iterable of (train, test), default=5
        The folds of the explained variance, which are the same for all segmenters; test
        folds have to be a partition of the rows. An int is the number of folds, which
        are shuffled and have about the same share of each class of `y`.
    random_state : int, RandomState or None, default=None
        Seed of the samples, which are the same for all segmenters, of the folds, and of
        estimated silhouettes.
    n_jobs : int, default=None
        Number of replicates at once, as joblib counts. The segmenters are fitted one
        after the other, so that their times can be compared.

    Returns
    -------
    DataFrame
        One row per segmenter, in the order of `segmenters`. The columns:

        - ``n_segments``: number of segments that have rows, without noise;
        - ``silhouette``, ``calinski_harabasz``, ``davies_bouldin``: scores of the rows
          in segments (for the last one, small is good); NaN with fewer than two
          segments, or if no segment has two rows;
        - ``noise_share``, ``largest_share``, ``smallest_share``: shares of all rows;
          the last two are NaN if all rows are noise;
        - ``explained_variance``, only with `y`: the share of its variance that lies
          between segments, adjusted for their number, out of sample: clones are fitted
          without the rows of a fold, and this is the mean of what
          ``make_segment_scorer("explained_variance")`` gives for these; NaN if a fold
          has as many segments as rows;
        - ``stability``: `stability_score`, with noise as one more segment; clusterers
          without `predict`, such as DBSCAN, are wrapped in `InductiveSegmenter`;
        - ``fit_seconds``: wall time of the fit on all rows, in seconds.

    Raises
    ------
    ValueError
        If a parameter is wrong, the rows are not finite numbers in `space`, outcomes
        are unknown or all the same in a fold, or a segmenter fails; the message names
        it.

    See Also
    --------
    skseg.metrics.stability_score : Computes the stability.
    skseg.metrics.make_segment_scorer : The same measures in a search.

    Notes
    -----
    No single column decides. Distances favour round segments of similar size, which
    K-Means looks for: density clusters of irregular shape have low silhouettes and may
    still be right. Scores leave out noise, which favours segmenters that label much of
    it, so read them beside ``noise_share``. The explained variance counts noise as one
    more segment, so all segmenters are judged by the same rows; it is the only column
    that says whether segments matter for what customers do. Few segments are more
    easily stable than many.

    Examples
    --------
    >>> from sklearn.cluster import DBSCAN, KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.model_selection import compare_segmenters
    >>> X, _ = make_blobs(300, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
    >>> table = compare_segmenters(
    ...     {
    ...         "3 means": KMeans(3, random_state=0),
    ...         "6 means": KMeans(6, random_state=0),
    ...         "density": DBSCAN(eps=1),
    ...     },
    ...     X,
    ...     random_state=0,
    ... )
    >>> columns = ["n_segments", "silhouette", "noise_share", "smallest_share"]
    >>> print(table[columns].round(2).to_string(index_names=False))
             n_segments  silhouette  noise_share  smallest_share
    3 means           3        0.79         0.00            0.33
    6 means           6        0.33         0.00            0.13
    density           3        0.79         0.01            0.33
    """
    if not isinstance(segmenters, Mapping) or not segmenters:
        rule = "a mapping from names to estimators, with at least one"
        raise InvalidParameterError(OWNER, "segmenters", rule, segmenters)
    check_int(OWNER, "n_replicates", n_replicates, 0, MOST_REPLICATES)
    X = native_rows(OWNER, X)
    points = _points(space, X)
    # One seed, so that all segmenters get the same samples and folds.
    seed = int(check_random_state(random_state).randint(2**31))
    data = Rows(X, y)
    outcome, splits = None, []
    if y is not None:
        outcome = read_varying_outcome(OWNER, y, len(points))
        splits = _splits(cv, points, outcome, seed)
    rows = []
    for name, segmenter in segmenters.items():
        explained: dict[str, float] = {}
        try:
            codes, seconds = _fitted(segmenter, data)
            with _quiet_if_wrapped(segmenter):
                if outcome is not None:
                    share = _explained(segmenter, data, outcome, splits)
                    explained["explained_variance"] = share
                stability = _stability(segmenter, data, n_replicates, seed, n_jobs)
        except Exception as error:
            raise InvalidDataError(
                f"Segmenter {name!r} of {OWNER} failed: {error}",
                owner=OWNER,
                name="segmenters",
                value=name,
            ) from error
        rows.append(
            {
                **_measures(points, codes, seed),
                **explained,
                "stability": stability,
                "fit_seconds": seconds,
            }
        )
    index = pd.Index(list(segmenters), name="segmenter")
    return pd.DataFrame(rows, index=index)


def _points(space: Any, X: Any) -> FloatArray:
    """Return the rows in the space where distances are measured, or raise."""
    if space is not None:
        if isinstance(space, type) or not hasattr(space, "fit_transform"):
            raise InvalidParameterError(OWNER, "space", "None or a transformer", space)
        X = clone(space).fit_transform(X)
    try:
        return numeric_rows(OWNER, X, advice=ADVICE)
    except SksegError:
        raise
    except (ValueError, TypeError) as error:
        raise InvalidDataError(
            f"{OWNER} measures distances, which takes finite numbers, not sparse, in "
            f"every column: {error}",
            owner=OWNER,
            name="X",
            rule="finite numbers in every column of a dense array",
            advice=ADVICE,
        ) from error


def _splits(cv: Any, rows: FloatArray, outcome: FloatArray, seed: int) -> Splits:
    """Return the folds, or raise."""
    return shuffled_splits(OWNER, cv, rows, outcome, random_state=seed)


def _fitted(segmenter: Any, data: Rows) -> tuple[IntArray, float]:
    """Return the codes by a clone, and the seconds that its fit takes."""
    model = clone(segmenter)
    arguments = data if data.y is not None else data[:1]
    start = time.perf_counter()
    if hasattr(model, "fit_predict"):
        codes = model.fit_predict(*arguments)
    else:
        codes = model.fit(*arguments).predict(data.X)
    seconds = time.perf_counter() - start
    return as_codes(OWNER, segmenter, codes), seconds


def _explained(
    segmenter: Any, data: Rows, outcome: FloatArray, splits: Splits
) -> float:
    """Return the adjusted explained variance of held-out rows, as the mean of folds."""
    scores, inductive = [], _with_predict(segmenter)
    for train, test in splits:
        model = data.take(train).fitted(inductive)
        codes = predicted_codes(OWNER, model, data.take(test).X)
        is_known = len(np.unique(codes)) < len(codes)
        scores.append(
            adjusted_explained_variance(OWNER, codes, outcome[test])
            if is_known
            else math.nan
        )
    return float(np.mean(scores))


def _stability(
    segmenter: Any, data: Rows, n_replicates: int, seed: int, n_jobs: int | None
) -> float:
    if n_replicates == 0:
        return math.nan
    return stability_score(
        _with_predict(segmenter),
        *data,
        n_replicates=n_replicates,
        random_state=seed,
        n_jobs=n_jobs,
    )


def _with_predict(segmenter: Any) -> Any:
    """Return `segmenter`, with its clusterer wrapped if that cannot predict."""
    if hasattr(segmenter, "predict"):
        return segmenter
    if isinstance(segmenter, Pipeline):
        name, last = segmenter.steps[-1]
        return clone(segmenter).set_params(**{name: _with_predict(last)})
    return InductiveSegmenter(segmenter)


@contextmanager
def _quiet_if_wrapped(segmenter: Any) -> Iterator[None]:
    """Leave out what `InductiveSegmenter` says of a user who has not chosen it."""
    with warnings.catch_warnings():
        if not hasattr(segmenter, "predict"):
            message = "predict of InductiveSegmenter"
            warnings.filterwarnings("ignore", message, UserWarning)
        yield


def _measures(points: FloatArray, codes: IntArray, seed: int) -> dict[str, Any]:
    """Return the measures of an assignment by sizes and by distances."""
    sizes = segment_sizes(codes)
    rows, inside = without_noise(points, codes)
    distances = {
        name: distance_score(name, rows, inside, seed)
        if sizes.has_distances
        else math.nan
        for name in DISTANCE_SCORES
    }
    return {
        "n_segments": sizes.n_segments,
        **distances,
        "noise_share": sizes.noise_share,
        "largest_share": sizes.largest_share,
        "smallest_share": sizes.smallest_share,
    }
