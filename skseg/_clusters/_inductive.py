"""InductiveSegmenter: any clusterer, with segments for new customers as well."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import BaseEstimator, ClusterMixin, MetaEstimatorMixin
from sklearn.cluster import KMeans
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import has_fit_parameter

from skseg._core._base import DocumentationLinkMixin
from skseg._core._caller import caller_level
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._explained import explained_outcome, group_means
from skseg._core._fitted_state import reads_state
from skseg._core._fitted_tables import FittedTable
from skseg._core._foreign import params_of, tags_of
from skseg._core._numeric_rows import (
    ENCODE,
    check_no_text,
    check_no_times,
    named_fault,
)
from skseg._core._outcome import read_optional_outcome
from skseg._core._owned import owned, owned_clone, owned_values
from skseg._core._sums import group_sums
from skseg._core._validation import (
    check_choice,
    check_sample_weight,
    read_rows,
    validate_rows,
)
from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules._reserved_names import NOISE

from ._assign import (
    WAYS,
    Assigner,
    CoreAssigner,
    distances,
    make_assigner,
    resolve_assign,
)
from ._fitted_clusters import cluster_means, known_clusters, read_labels

OWNER = "InductiveSegmenter"
# Border rows of DBSCAN and copies of a row may lose their label; more of them are worth
# a warning.
_LEAST_AGREEMENT = 0.95


class InductiveSegmenter(
    SegmentEncoderMixin,
    DocumentationLinkMixin,
    ClusterMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Segment by any clusterer, so that new customers get a segment as well.

    DBSCAN, HDBSCAN, OPTICS, agglomerative and spectral clustering assign clusters to
    the training rows only. Inside this estimator every clusterer has ``predict``, and
    so a place in a `Pipeline` and in one `GridSearchCV` over clusterers and their
    settings. Clusterers with a ``predict`` of their own keep it.

    Parameters
    ----------
    clusterer : clusterer, default=None
        Finds the segments: a clusterer of scikit-learn, a mixture model, or any object,
        of whatever library, whose ``fit`` leaves ``labels_`` or which has ``predict``.
        None:
        `KMeans` with 4 clusters, 10 starts and ``random_state=0``.
    assign : {"auto", "native", "core", "nearest", "row", "centroid"}, default="auto"
        How `predict` assigns a row.

        - ``"native"``: by the clusterer's own ``predict``.
        - ``"core"``: to the segment of the nearest core sample within eps, else to
          noise. For DBSCAN.
        - ``"nearest"``: to the segment of the nearest training row, noise included;
          beyond the reach of its cluster to noise. For HDBSCAN and OPTICS.
        - ``"row"``: to the segment of the nearest training row that is in one, however
          far, never to noise. For agglomerative and spectral clustering.
        - ``"centroid"``: to the segment with the nearest mean, never to noise. Needs no
          training rows later, and may give them other segments than the clusterer.
        - ``"auto"``: in the first way that applies to the fitted clusterer, so that
          training rows keep their segment. ``"native"`` if it has ``predict``, for
          single rows too; ``"core"`` if it has core samples and eps; ``"nearest"`` if
          it is HDBSCAN or OPTICS, or labels training rows as noise; else ``"row"``.
    segment_names : sequence of str, default=None
        Names in the order of the codes. None: "Segment 0", "Segment 1", ...
    encode : {"distances", "onehot", "ordinal"}, default="distances"
        What `transform` gives.

        - ``"distances"``: the Euclidean distance to the mean of every segment, in the
          units of `X`. If there is no segment, a column of ones, called "Noise".
        - ``"onehot"``: one column per segment, 1 for that of the row and 0 elsewhere.
          The last is that of noise, if rows can be noise.
        - ``"ordinal"``: one column of codes; with ``set_output`` one of categories, the
          names of the segments.

    Attributes
    ----------
    clusterer_ : clusterer
        The fitted clusterer.
    assign_ : {"native", "core", "nearest", "row", "centroid"}
        How `predict` assigns rows.
    labels_ : ndarray of int of shape (n_rows,)
        Segment codes of the training rows by the clusterer; -1 is noise. If it has no
        ``labels_``, as mixture models have none, they are its predictions.
    agreement_ : float
        Share of the training rows for which `predict` returns ``labels_``. A value
        below 1 shows how much of the clusters the way of assigning misses; below 0.95
        `fit` warns.
    segment_names_ : ndarray of str
        Names by code. Where rows may be noise, the last name is "Noise", which is also
        at position -1.
    segments_ : DataFrame
        One row per segment, noise last: code, name, rule (None, as clusters have no
        rule; `RuleSurrogate` finds some), n (weight of the training rows that the
        clusterer labels so, which are those of ``labels_``), share, and agreement (the
        share of these rows for which `predict` returns the same). If `fit` had an
        outcome, outcome is its mean over the rows that `predict` gives the segment.
    centers_ : ndarray of float of shape (n_segments, n_features)
        Mean of the rows of each segment, noise left out. For a cluster without training
        rows it is the clusterer's centre.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    RuleSurrogate : Clusters as rules, which can be written as a strategy.
    skseg.metrics.make_segment_scorer : The scorer for a search over clusterers.
    sklearn.cluster : The clusterers.

    Notes
    -----
    ``"core"`` applies the definition of DBSCAN [1]_ to a new row: it belongs to a
    cluster if a core sample of the cluster is within eps, boundary included, by the
    clusterer's own metric and search. Core samples and noise among the training rows
    keep their labels. A border row with core samples of several clusters within eps
    goes to the nearest one, among equally near ones to the lower code; DBSCAN assigns
    it to the cluster that it found first.

    ``"nearest"`` uses the clusterer's metric. The reach of a cluster is the largest
    distance of a member to its nearest other member, where copies of a row count as
    one: the least reach at which every member, left out, would be assigned to the
    cluster again (the nearest-neighbour description of a class [2]_, at the bound where
    no member is rejected). Training rows keep their labels; if copies of a row have
    different labels, they get the lowest code among these.

    ``"row"`` is ``"nearest"`` without a reach, and without the rows that are noise: the
    nearest-neighbour rule, of which training rows keep their labels.

    ``"centroid"`` divides the space by straight lines between Euclidean means. Where
    clusters are not round this is a poor approximation; ``agreement_`` shows how poor.

    Neighbours are searched on all cores, or on as many as the ``n_jobs`` of the
    clusterer says, and with scikit-learn's own rounding where this may decide. A
    million rows take seconds; `RuleSurrogate` predicts them in a tenth of one, nearly
    alike.

    Columns must be finite numbers, as distances are computed from them. Encode, impute
    and scale in a pipeline before this estimator, not in a pipeline as `clusterer`:
    means and distances are in the units of the columns that arrive here.

    If all rows are noise there are no segments: `predict` returns -1, and no error is
    raised, so that a search can go on past such settings.

    `score` needs an outcome. A search without one must name its scorer, such as one of
    `make_segment_scorer`. The score of `KMeans`, the negative inertia, improves with
    every further cluster, on held-out rows as well, and says nothing about other
    clusterers.

    Rows of weight 3 count three times in ``n``, means and agreement. The weights are
    passed to ``fit(X, sample_weight=...)`` of the clusterer, which must accept them.

    References
    ----------
    .. [1] M. Ester, H.-P. Kriegel, J. Sander and X. Xu (1996), A density-based
       algorithm for discovering clusters in large spatial databases with noise. KDD-96,
       226-231.
    .. [2] D. M. J. Tax (2001), One-class classification. Doctoral thesis, Delft
       University of Technology, chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cluster import DBSCAN
    >>> from skseg import InductiveSegmenter
    >>> X = np.array([[1, 1], [1, 2], [2, 1], [8, 8], [8, 9], [9, 8], [5, 40]])
    >>> segmenter = InductiveSegmenter(DBSCAN(eps=2, min_samples=3)).fit(X)
    >>> segmenter.segments_
       code       name  rule  n     share  agreement
    0     0  Segment 0  None  3  0.428571        1.0
    1     1  Segment 1  None  3  0.428571        1.0
    2    -1      Noise  None  1  0.142857        1.0
    >>> codes = segmenter.predict([[2, 2], [9, 9], [5, 5]])
    >>> segmenter.segment_names_[codes].tolist()
    ['Segment 0', 'Segment 1', 'Noise']
    """

    segments_ = FittedTable()

    _encodings = ("distances", "onehot", "ordinal")

    def __init__(
        self,
        clusterer: Any = None,
        *,
        assign: str = "auto",
        segment_names: Sequence[str] | None = None,
        encode: str = "distances",
    ) -> None:
        self.clusterer = clusterer
        self.assign = assign
        self.segment_names = segment_names
        self.encode = encode

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the clusterer, and prepare the assignment of new rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            One row per customer, at least two; finite numbers. Sparse matrices need a
            clusterer that takes them.
        y : array-like of shape (n_rows,), default=None
            An outcome, which the clusterer does not see: its means are in
            ``segments_``, for `score`. Labels of two classes count as 0 and 1; more
            classes, or several columns, are left alone.
        **fit_params : dict
            Further arguments of the clusterer's ``fit``, such as ``sample_weight``;
            with metadata routing those that it requests.

        Returns
        -------
        InductiveSegmenter
            The fitted segmenter.

        Raises
        ------
        ValueError
            If a parameter is wrong, `X` is not finite, or the clusterer does not take
            the weights that are passed.
        """
        clusterer = self._checked_clusterer()
        X = owned(self._rows(X, reset=True))
        params, weight = self._checked_params(clusterer, fit_params, X.shape[0])
        fitted = owned_clone(clusterer)
        fitted.fit(X, **params)
        labels = read_labels(OWNER, fitted, X, params)
        cluster_labels = known_clusters(fitted, labels)
        codes = np.where(labels < 0, -1, np.searchsorted(cluster_labels, labels))
        centers = cluster_means(fitted, cluster_labels, X, codes, weight)
        way = resolve_assign(OWNER, self.assign, fitted, params, X, labels)
        assigner = make_assigner(
            OWNER, way, fitted, params, X, codes, cluster_labels, centers
        )
        n_segments = len(cluster_labels)
        may_be_noise = way in {"core", "nearest"} or bool((codes < 0).any())
        names = self._names(n_segments, may_be_noise)
        predicted = _predicted(assigner, fitted, X, codes)
        agreement = float(np.average(predicted == codes, weights=weight))
        if agreement < _LEAST_AGREEMENT:
            _warn_of_agreement(way, agreement)
        table = _segment_table(names, codes, predicted, weight)
        outcome, self._outcome_coding = read_optional_outcome(OWNER, y, X.shape[0])
        if outcome is not None:
            weights = np.ones(len(outcome)) if weight is None else weight
            places = predicted % len(names)
            table["outcome"] = group_means(places, len(names), outcome, weights)
        self.agreement_ = agreement
        self.segments_ = table
        self._encoding = SegmentEncoding.of_names(
            self._encode(n_segments),
            _possible(names, n_segments, way).tolist(),
            n_segments,
        )
        self.segment_names_ = names
        self._centers, self.centers_ = centers, centers.copy()
        self.assign_ = way
        self._assigner = assigner
        self.labels_ = codes
        self.clusterer_ = fitted
        return self

    @reads_state
    def predict(self, X: Any) -> IntArray:
        """Return the segment code of every row.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Positions in ``segment_names_``; -1 is noise.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the columns are not those of `fit`, or not finite.
        """
        rows = self._rows(X, reset=False)
        if not rows.shape[0]:
            return np.empty(0, dtype=np.intp)
        return self._assigner.codes(rows)

    @reads_state
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return how much of the variance of an outcome the segments explain.

        It is R squared, if each row is predicted the mean outcome that its segment had
        in the training rows; noise is a segment here, so that leaving rows out is no
        advantage. Clusterers of all kinds may be compared, on the same rows, and with
        segmenters of other kinds, whose `score` with an outcome is explained variance
        as well.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            The outcome, as in `fit`. Without one nothing makes the scores of different
            clusterers comparable: name a scorer.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        float
            At most 1. 0 is no better than one segment for all, and below 0 is worse.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If there is no outcome here, or was none in `fit`, or it has other labels.
        """
        if y is None:
            raise InvalidDataError(
                f"score of {OWNER} needs an outcome y, whose variance the segments "
                "explain. Without one, clusterers have no score in common.",
                owner=OWNER,
                name="y",
                rule="an outcome a row",
                advice="Pass y, or name a scorer in the search: "
                "scoring=make_segment_scorer().",
            )
        codes = self.predict(X)
        if self._outcome_coding.classes is None:
            outcome, _ = read_optional_outcome(OWNER, y, len(codes))
        else:
            everyone = np.ones(len(codes), dtype=bool)
            outcome = self._outcome_coding.numbers(OWNER, y, everyone)
        if outcome is None:
            raise InvalidDataError(
                f"score of {OWNER} needs an outcome of numbers, or of two classes.",
                owner=OWNER,
                name="y",
                rule="numbers, or labels of two classes",
                advice="Pass y == label to score one class.",
            )
        places = codes % len(self.segment_names_)
        return explained_outcome(OWNER, self.segments_, places, outcome, sample_weight)

    def _features(self, X: Any) -> FloatArray:
        return distances(self._rows(X, reset=False), self._centers)

    def _feature_names(self) -> list[str]:
        prefix = type(self).__name__.lower()
        return [f"{prefix}{code}" for code in range(len(self._centers))]

    def _encode(self, n_segments: int) -> str:
        """Return what `transform` gives: noise, where there is no distance to give."""
        if self.encode == "distances" and not n_segments:
            return "onehot"
        return self.encode

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed.

        Returns
        -------
        MetadataRouter
            Routes from `fit` to ``fit`` of the clusterer.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        # scikit-learn 1.6 prints the owner by str, so it is passed by name.
        router = MetadataRouter(owner=type(self).__name__)
        return router.add(clusterer=self._clusterer(), method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        inner, tags = tags_of(self._clusterer()), super().__sklearn_tags__()
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.positive_only = inner.input_tags.positive_only
        tags.non_deterministic = inner.non_deterministic
        return tags

    def _clusterer(self) -> Any:
        """Return the clusterer, or the default for None."""
        if self.clusterer is not None:
            return self.clusterer
        default = KMeans(n_clusters=4, n_init=10, random_state=0)
        if get_config()["enable_metadata_routing"]:
            # Users can set requests only on a clusterer that they pass.
            default.set_fit_request(sample_weight=True)
        return default

    def _checked_clusterer(self) -> Any:
        clusterer = self._clusterer()
        if isinstance(clusterer, type) or not hasattr(clusterer, "fit"):
            raise InvalidParameterError(OWNER, "clusterer", "a clusterer", clusterer)
        settings = params_of(clusterer).values()
        if any(isinstance(s, str) and s.startswith("precomputed") for s in settings):
            rule = (
                "one that takes rows, as new rows have no precomputed distances to the "
                "clusters"
            )
            raise InvalidParameterError(OWNER, "clusterer", rule, clusterer)
        check_choice(OWNER, "assign", self.assign, WAYS)
        self._check_encode()
        return clusterer

    def _rows(self, X: Any, *, reset: bool) -> Any:
        rows = read_rows(self, X, reset=reset)
        check_no_times(OWNER, rows)
        check_no_text(
            OWNER,
            rows,
            f"{ENCODE} RuleSurrogate takes clusterers of text, such as KModes.",
        )
        try:
            return validate_rows(
                self,
                rows,
                reset=reset,
                # Clusterers refuse it themselves, and not all that take it have the
                # tag.
                accept_sparse="csr",
                # A single customer cannot be segmented.
                ensure_min_samples=2 if reset else 0,
            )
        except ValueError as error:
            raise named_fault(OWNER, rows, error) from None

    def _checked_params(
        self, clusterer: Any, fit_params: dict[str, Any], n_rows: int
    ) -> tuple[dict[str, Any], FloatArray | None]:
        """Return the arguments of the clusterer's fit, and the weights among them."""
        params = owned_values(fit_params)
        if get_config()["enable_metadata_routing"]:
            params = dict(process_routing(self, "fit", **params).clusterer.fit)
        weight = check_sample_weight(params.get("sample_weight"), n_rows, OWNER)
        if weight is not None and not has_fit_parameter(clusterer, "sample_weight"):
            rule = "one whose fit takes sample_weight, as weights are passed"
            raise InvalidParameterError(OWNER, "clusterer", rule, clusterer)
        if weight is not None:
            # The clusterer need not read the container in which they came.
            params = {**params, "sample_weight": weight}
        return params, weight

    def _names(self, n_segments: int, may_be_noise: bool) -> ObjectArray:
        last = [NOISE] if may_be_noise else []
        names = self.segment_names
        if names is None:
            names = [f"Segment {code}" for code in range(n_segments)]
        is_list = isinstance(names, Iterable) and not isinstance(names, str)
        listed = list(names) if is_list else []
        is_text = all(isinstance(name, str) for name in listed)
        n_different = len({*listed, *last}) - len(last) if is_text else 0
        if not is_list or not len(listed) == n_different == n_segments:
            rule = f"None or {n_segments} different names, one a segment"
            rule += f", besides {NOISE!r}" if last else ""
            raise InvalidParameterError(OWNER, "segment_names", rule, names)
        return np.array([*listed, *last], dtype=object)


def _segment_table(
    names: ObjectArray, codes: IntArray, predicted: IntArray, weight: FloatArray | None
) -> pd.DataFrame:
    """Return one row per name; noise is the last one, if rows may be noise."""
    # Noise, the code -1, is the last row.
    places = codes % len(names)
    sizes = group_sums(places, weight, len(names))
    agreeing = predicted == codes
    weights = None if weight is None else weight[agreeing]
    with np.errstate(invalid="ignore"):
        agreement = group_sums(places[agreeing], weights, len(names)) / sizes
    return pd.DataFrame(
        {
            "code": [*range(len(names) - (names[-1] == NOISE)), -1][: len(names)],
            "name": list(names),
            "rule": [None] * len(names),
            "n": sizes,
            "share": sizes / sizes.sum(),
            "agreement": agreement,
        }
    )


def _possible(names: ObjectArray, n_segments: int, way: str) -> ObjectArray:
    """Return the names of the segments that new rows can be in."""
    is_always_in_one = n_segments > 0 and way in {"row", "centroid"}
    return names[:n_segments] if is_always_in_one else names


def _predicted(assigner: Assigner, clusterer: Any, X: Any, codes: IntArray) -> IntArray:
    """Return the codes that the assigner gives the training rows."""
    rows = np.arange(X.shape[0])
    if isinstance(assigner, CoreAssigner):
        # Core samples are their own nearest ones. Searching the neighbours of all rows
        # would cost as much as DBSCAN itself.
        rows = np.delete(rows, clusterer.core_sample_indices_)
    predicted = codes.copy()
    if len(rows):
        predicted[rows] = assigner.codes(X[rows])
    return predicted


def _warn_of_agreement(way: str, agreement: float) -> None:
    warnings.warn(
        f"predict of {OWNER} returns the clusterer's segment for {agreement:.1%} of "
        f"the training rows, as it assigns by {way!r}. segments_ counts the segments "
        "of the clusterer, and its column agreement says which of them differ. With "
        "assign='row' training rows keep their segments, except for copies.",
        UserWarning,
        stacklevel=caller_level(),
    )
