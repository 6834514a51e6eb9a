"""compare_segmenters: sizes, distances, stability and time in one table."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from skseg._clusters import InductiveSegmenter
from skseg._core._numeric_rows import numeric_rows
from skseg._core._rows import native_rows
from skseg._core._validation import check_int
from skseg._search.clusters._segment_sizes import segment_sizes
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError
from skseg.metrics._distances import DISTANCE_SCORES, distance_score, without_noise
from skseg.metrics._predictions import as_codes
from skseg.metrics._stability import MOST_REPLICATES, stability_score

OWNER = "compare_segmenters"
ADVICE = "Pass as 'space' a transformer that encodes, imputes and scales."


def compare_segmenters(
    segmenters: Mapping[str, Any],
    X: Any,
    *,
    space: Any = None,
    n_replicates: int = 10,
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
    space : transformer, default=None
        Where distances are measured, such as ``StandardScaler()`` or a
        ``ColumnTransformer``; a clone is fitted on `X` once. None: `X` itself, which
        must then be finite numbers, and the column with the largest unit dominates.
    n_replicates : int, default=10
        Number of pairs of samples for the stability, at two fits a pair; 0: no
        stability.
    random_state : int, RandomState or None, default=None
        Seed of the samples, which are the same for all segmenters, and of estimated
        silhouettes.
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
        - ``stability``: `stability_score`, with noise as one more segment; clusterers
          without `predict`, such as DBSCAN, are wrapped in `InductiveSegmenter`;
        - ``fit_seconds``: wall time of the fit on all rows, in seconds.

    Raises
    ------
    ValueError
        If a parameter is wrong, the rows are not finite numbers in `space`, or a
        segmenter fails; the message names it.

    See Also
    --------
    skseg.metrics.stability_score : Computes the stability.
    skseg.metrics.make_segment_scorer : The same measures in a search.

    Notes
    -----
    No single column decides. Distances favour round segments of similar size, which
    K-Means looks for: density clusters of irregular shape have low silhouettes and may
    still be right. Scores leave out noise, which favours segmenters that label much of
    it, so read them beside ``noise_share``. Few segments are more easily stable than
    many.

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
    # One seed, so that all segmenters get the same samples.
    seed = int(check_random_state(random_state).randint(2**31))
    rows = []
    for name, segmenter in segmenters.items():
        try:
            codes, seconds = _fitted(segmenter, X)
            stability = _stability(segmenter, X, n_replicates, seed, n_jobs)
        except Exception as error:
            raise InvalidDataError(
                f"Segmenter {name!r} of {OWNER} failed: {error}",
                owner=OWNER,
                name="segmenters",
                value=name,
            ) from error
        measures = _measures(points, codes, seed)
        rows.append(measures | {"stability": stability, "fit_seconds": seconds})
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


def _fitted(segmenter: Any, X: Any) -> tuple[IntArray, float]:
    """Return the codes by a clone, and the seconds that its fit takes."""
    model = clone(segmenter)
    start = time.perf_counter()
    if hasattr(model, "fit_predict"):
        codes = model.fit_predict(X)
    else:
        codes = model.fit(X).predict(X)
    seconds = time.perf_counter() - start
    return as_codes(OWNER, segmenter, codes), seconds


def _stability(
    segmenter: Any, X: Any, n_replicates: int, seed: int, n_jobs: int | None
) -> float:
    if n_replicates == 0:
        return math.nan
    return stability_score(
        _with_predict(segmenter),
        X,
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
