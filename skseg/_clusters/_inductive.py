"""InductiveSegmenter: any clusterer, with segments that new customers get, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.cluster import KMeans
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import (
    check_is_fitted,
    has_fit_parameter,
    validate_data,
)

from skseg._core._base import DocumentationLinkMixin
from skseg._core._validation import check_choice, check_sample_weight
from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.exceptions import InvalidParameterError
from skseg.rules._reserved_names import NOISE

from ._assign import WAYS, CoreAssigner, distances, make_assigner, resolve_assign
from ._fitted_clusters import cluster_means, known_clusters, read_labels

OWNER = "InductiveSegmenter"


class InductiveSegmenter(
    DocumentationLinkMixin,
    ClusterMixin,
    MetaEstimatorMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Segment by any clusterer, so that new customers get a segment, too.

    DBSCAN, HDBSCAN, OPTICS, agglomerative and spectral clustering tell of the training
    rows alone which cluster they are in. Here every clusterer has ``predict``, and with
    it a place in a `Pipeline` and in one `GridSearchCV` over clusterers and their
    settings. Those that predict by themselves keep their own way.

    Parameters
    ----------
    clusterer : clusterer, default=None
        What finds the segments: a clusterer of scikit-learn, a mixture model, or
        whatever has ``fit`` and leaves ``labels_`` or has ``predict``. None: `KMeans`
        with 4 clusters, 10 starts and ``random_state=0``.
    assign : {"auto", "native", "core", "nearest", "centroid"}, default="auto"
        How rows get their segment in `predict`.

        - ``"native"``: by the clusterer's own ``predict``.
        - ``"core"``: that of the nearest core sample within eps, else noise. For
          DBSCAN.
        - ``"nearest"``: that of the nearest training row, noise included; noise beyond
          the reach of its cluster. For HDBSCAN and OPTICS.
        - ``"centroid"``: that of the nearest mean; never noise. For agglomerative and
          spectral clustering.
        - ``"auto"``: the first that fits, decided after the clusterer is fitted.
          ``"native"`` where it has ``predict``; ``"core"`` where it has core samples
          and eps; ``"nearest"`` where it is HDBSCAN or OPTICS, or has left training
          rows to noise; else ``"centroid"``.
    segment_names : sequence of str, default=None
        Names in place of "Segment 0", "Segment 1", ..., in the order of the codes.

    Attributes
    ----------
    clusterer_ : clusterer
        The fitted clusterer.
    assign_ : {"native", "core", "nearest", "centroid"}
        How `predict` assigns rows.
    labels_ : ndarray of int of shape (n_rows,)
        Segment codes that the clusterer has found for the training rows; -1 is noise.
        Of a clusterer without ``labels_``, such as a mixture model, its predictions.
    agreement_ : float
        Share of the training rows for which `predict` gives ``labels_``. Below 1 it
        says how much of the clusters the way of assigning misses.
    segment_names_ : ndarray of str
        Names; a code is a position here. Where rows may be noise the last one is
        "Noise", so that the code -1 finds it as well.
    segments_ : DataFrame
        One row per segment, noise last: code, name, rule (None, as clusters have no
        rule; `RuleSurrogate` finds some), n (weight) and share.
    centers_ : ndarray of float of shape (n_segments, n_features)
        Means of the rows of each segment; noise has none. A cluster of `clusterer`
        without training rows has the centre that `clusterer` gives it.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    skseg.metrics.make_segment_scorer : The scorer that a search over clusterers needs.
    sklearn.cluster : The clusterers.

    Notes
    -----
    ``"core"`` is the definition of DBSCAN [1]_ applied to a new row: it belongs to a
    cluster if one of its core samples is within eps, the boundary included, by the
    clusterer's own metric and search. Core samples and noise of the training rows keep
    what DBSCAN gave. A border row with core samples of several clusters within eps goes
    to the nearest one, of equally near ones to the lower code, where DBSCAN gives it to
    the cluster that it has found first.

    ``"nearest"`` measures by the clusterer's metric. The reach of a cluster is the
    largest distance of a member to its nearest fellow member, copies of a row counting
    as one: the least reach by which each member would be let in again, were it left
    out and came as new (the nearest-neighbour description of a class [2]_, with the
    bound of no rejected member). Training rows keep what the clusterer gave; where it
    gave copies of a row different labels, they get the lowest code among these.

    ``"centroid"`` cuts by straight lines between Euclidean means. Where clusters are
    no blobs it is a poor likeness; ``agreement_`` shows how poor.

    Columns must be finite numbers, as distances are measured between them. Encode,
    impute and scale in a pipeline before this estimator, not in one as `clusterer`, as
    means and distances are in the units of the columns that arrive here.

    Where all rows are noise there are no segments: `predict` gives -1, `transform` no
    columns. No error is raised, so that a search may pass through such settings.

    There is no ``score``, so a search has to name its scorer, such as one of
    `make_segment_scorer`. KMeans' own score, the negative inertia, gets the better the
    more clusters there are, on held-out rows as well, and of other clusterers it knows
    nothing.

    Rows of weight 3 count three times in ``n``, means and agreement. The weights reach
    the clusterer as ``fit(X, sample_weight=...)``; not every clusterer takes them.

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
       code       name  rule  n     share
    0     0  Segment 0  None  3  0.428571
    1     1  Segment 1  None  3  0.428571
    2    -1      Noise  None  1  0.142857
    >>> codes = segmenter.predict([[2, 2], [9, 9], [5, 5]])
    >>> segmenter.segment_names_[codes].tolist()
    ['Segment 0', 'Segment 1', 'Noise']
    """

    def __init__(
        self,
        clusterer: Any = None,
        *,
        assign: str = "auto",
        segment_names: Sequence[str] | None = None,
    ) -> None:
        self.clusterer = clusterer
        self.assign = assign
        self.segment_names = segment_names

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the clusterer, and what assigns new rows to its clusters.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            One row per customer, two at least; finite numbers. Sparse if `clusterer`
            takes that.
        y : Ignored
            Present for the API of scikit-learn.
        **fit_params : dict
            Further arguments of the clusterer's ``fit``, such as ``sample_weight``;
            with metadata routing those that it asks for.

        Returns
        -------
        InductiveSegmenter
            The fitted segmenter.

        Raises
        ------
        ValueError
            If a parameter is wrong, `X` is not finite, or weights are given that
            `clusterer` cannot take.
        """
        clusterer = self._checked_clusterer()
        X = self._rows(X, reset=True)
        params, weight = self._checked_params(clusterer, fit_params, X.shape[0])
        self.clusterer_ = clone(clusterer).fit(X, **params)
        labels = read_labels(OWNER, self.clusterer_, X)
        known = known_clusters(self.clusterer_, labels)
        codes = np.where(labels < 0, -1, np.searchsorted(known, labels))
        self.labels_ = codes
        self.centers_ = cluster_means(self.clusterer_, known, X, codes, weight)
        way = resolve_assign(OWNER, self.assign, self.clusterer_, labels)
        self.assign_ = way
        self._assigner = make_assigner(
            OWNER, way, self.clusterer_, X, codes, known, self.centers_
        )
        may_be_noise = way in {"core", "nearest"} or bool((codes < 0).any())
        self.segment_names_ = self._names(len(known), may_be_noise)
        self.segments_ = self._table(weight)
        self.agreement_ = self._agreement(X, weight)
        return self

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
        check_is_fitted(self)
        return self._assigner.codes(self._rows(X, reset=False))

    def transform(self, X: Any) -> FloatArray:
        """Return the distance of every row to the mean of every segment.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows, n_segments)
            Euclidean distances to ``centers_``, in the units of `X`; ``set_output``
            gives a frame. The nearest mean is the segment of `predict` only with
            ``"centroid"``.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the columns are not those of `fit`, or not finite.
        """
        check_is_fitted(self)
        return distances(self._rows(X, reset=False), self.centers_)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what metadata is asked for, by whom.

        Returns
        -------
        MetadataRouter
            Of `fit`: to ``fit`` of the clusterer.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        # scikit-learn 1.6 prints the owner as it is, so it is given by name.
        router = MetadataRouter(owner=type(self).__name__)
        return router.add(clusterer=self._clusterer(), method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        inner, tags = get_tags(self._clusterer()), super().__sklearn_tags__()
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.positive_only = inner.input_tags.positive_only
        tags.non_deterministic = inner.non_deterministic
        return tags

    @property
    def _n_features_out(self) -> int:
        return len(self.centers_)

    def _clusterer(self) -> Any:
        """Return the clusterer, where None stands for the default one."""
        if self.clusterer is not None:
            return self.clusterer
        default = KMeans(n_clusters=4, n_init=10, random_state=0)
        if get_config()["enable_metadata_routing"]:
            # Users can only say of what they pass what metadata it asks for.
            default.set_fit_request(sample_weight=True)
        return default

    def _checked_clusterer(self) -> Any:
        clusterer = self._clusterer()
        if isinstance(clusterer, type) or not hasattr(clusterer, "fit"):
            raise InvalidParameterError(OWNER, "clusterer", "a clusterer", clusterer)
        settings = clusterer.get_params().values()
        if any(isinstance(s, str) and s.startswith("precomputed") for s in settings):
            rule = (
                "one that takes rows, as new rows have no precomputed distances to the "
                "clusters"
            )
            raise InvalidParameterError(OWNER, "clusterer", rule, clusterer)
        check_choice(OWNER, "assign", self.assign, WAYS)
        return clusterer

    def _rows(self, X: Any, *, reset: bool) -> Any:
        return validate_data(
            self,
            X,
            reset=reset,
            # Clusterers refuse it themselves; not all that take it say so in tags.
            accept_sparse="csr",
            # One customer alone is no segmentation.
            ensure_min_samples=2 if reset else 1,
        )

    def _checked_params(
        self, clusterer: Any, fit_params: dict[str, Any], n_rows: int
    ) -> tuple[dict[str, Any], FloatArray | None]:
        """Return what the clusterer's fit gets, and the weights among it."""
        if get_config()["enable_metadata_routing"]:
            params = dict(
                process_routing(self, "fit", **fit_params)["clusterer"]["fit"]
            )
        else:
            params = fit_params
        weight = check_sample_weight(params.get("sample_weight"), n_rows)
        if weight is not None and not has_fit_parameter(clusterer, "sample_weight"):
            rule = "one whose fit takes sample_weight, as weights are given"
            raise InvalidParameterError(OWNER, "clusterer", rule, clusterer)
        return params, weight

    def _names(self, n_segments: int, may_be_noise: bool) -> ObjectArray:
        last = [NOISE] if may_be_noise else []
        names = self.segment_names
        if names is None:
            names = [f"Segment {code}" for code in range(n_segments)]
        is_list = isinstance(names, Iterable) and not isinstance(names, str)
        given = list(names) if is_list else []
        is_text = all(isinstance(name, str) for name in given)
        n_different = len({*given, *last}) - len(last) if is_text else 0
        if not is_list or not len(given) == n_different == n_segments:
            rule = f"None or {n_segments} different names, one a segment"
            rule += f", besides {NOISE!r}" if last else ""
            raise InvalidParameterError(OWNER, "segment_names", rule, names)
        return np.array([*given, *last], dtype=object)

    def _table(self, weight: FloatArray | None) -> pd.DataFrame:
        n_names, n_segments = len(self.segment_names_), len(self.centers_)
        positions = np.where(self.labels_ < 0, n_segments, self.labels_)
        sizes = np.bincount(positions, weight, minlength=n_names)
        return pd.DataFrame(
            {
                "code": [*range(n_segments), -1][:n_names],
                "name": list(self.segment_names_),
                "rule": [None] * n_names,
                "n": sizes,
                "share": sizes / sizes.sum(),
            }
        )

    def _agreement(self, X: Any, weight: FloatArray | None) -> float:
        rows = np.arange(X.shape[0])
        if isinstance(self._assigner, CoreAssigner):
            # Core samples are their own nearest ones; to search the neighbours of all
            # rows would cost as much as DBSCAN itself.
            rows = np.delete(rows, self.clusterer_.core_sample_indices_)
        agrees = np.ones(X.shape[0], dtype=bool)
        if len(rows):
            agrees[rows] = self._assigner.codes(X[rows]) == self.labels_[rows]
        return float(np.average(agrees, weights=weight))
