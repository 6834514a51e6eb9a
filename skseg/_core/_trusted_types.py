"""The types of fitted models, for formats that read only types which are trusted."""

from __future__ import annotations

_TYPES = (
    "datetime.datetime",
    "scipy.sparse._csr.csr_matrix",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.cluster._bisect_k_means._BisectingTree",
    "sklearn.cluster._kmeans._kmeans_single_lloyd",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.BrayCurtisDistance64",
    "sklearn.metrics._dist_metrics.CanberraDistance64",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.MahalanobisDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.metrics._dist_metrics.SEuclideanDistance64",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
    "skseg._clusters._assign.CentroidAssigner",
    "skseg._clusters._assign.CoreAssigner",
    "skseg._clusters._assign.NativeAssigner",
    "skseg._clusters._assign.NearestAssigner",
    "skseg._clusters._inductive.InductiveSegmenter",
    "skseg._clusters._nearest_tree.NearestTree",
    "skseg._clusters._surrogate.RuleSurrogate",
    "skseg._core._encoding.SegmentEncoding",
    "skseg._core._fitted_tables.StoredColumn",
    "skseg._core._fitted_tables.StoredTable",
    "skseg._core._outcome.OutcomeCoding",
    "skseg._finders._adjustment._doubly_robust.Region",
    "skseg._finders._adjustment._group_overlap.GroupOverlap",
    "skseg._finders._adjustment._nuisance.ModelWeight",
    "skseg._finders._box.BoxSegmentFinder",
    "skseg._finders._decisions._decision.DecisionThresholds",
    "skseg._finders._iv_finder.IVSegmentFinder",
    "skseg._finders._l1.L1SegmentFinder",
    "skseg._finders._policy._decided_policy.Policy",
    "skseg._finders._rows._economics.Economics",
    "skseg._finders._rows._study.StudyDesign",
    "skseg._finders._tlearner.TLearnerSegmentFinder",
    "skseg._mece._cut_points.CutPoint",
    "skseg._mece._merge_report.MergeReport",
    "skseg._mece._segmenter.MECERuleSegmenter",
    "skseg._revenue._binner.OptimalRevenueBinner",
    "skseg._revenue._labels.OutcomeClasses",
    "skseg._revenue._menu.Menu",
    "skseg._revenue._propensity.PropensityBinner",
    "skseg._revenue._resampler.Resampler",
    "skseg._rfm._dimensions.Dimension",
    "skseg._rfm._segmenter.RFMSegmenter",
    "skseg._search.cuts._bootstrap.ScoreBins",
    "skseg._search.cuts._problem.Rates",
    "skseg.metrics._findings_scorer.FindingsScorer",
    "skseg.metrics._profit_scorer.ProfitScorer",
    "skseg.metrics._scorer.SegmentScorer",
    "skseg.metrics._size_scorers.largest_share",
    "skseg.metrics._size_scorers.n_segments",
    "skseg.metrics._size_scorers.noise_share",
    "skseg.metrics._size_scorers.smallest_share",
    "skseg.rules._language._booleans.Boolean",
    "skseg.rules._language._conditions.And",
    "skseg.rules._language._conditions.Comparison",
    "skseg.rules._language._conditions.Membership",
    "skseg.rules._language._conditions.Missing",
    "skseg.rules._language._conditions.Not",
    "skseg.rules._language._conditions.Or",
    "skseg.rules._language._dates.Date",
    "skseg.rules._language._thresholds.Extreme",
    "skseg.rules._language._thresholds.Quantile",
    "skseg.rules._proof._domain.Domain",
    "skseg.rules._proof._report.Gap",
    "skseg.rules._proof._report.MECEReport",
    "skseg.rules._proof._report.Overlap",
    "skseg.rules._ruleset.RuleSet",
)


def trusted_types() -> list[str]:
    """Return the names of the types to trust where models are read without pickle.

    skops, and mlflow by default, read no type of another package unless its name is
    passed. These are the types that fitted models of this package are made of: its own,
    those of its scorers, and what skops does not trust by itself of the clusterers,
    classifiers, distances and folds of scikit-learn that they often hold.

    Returns
    -------
    list of str
        Full names in sorted order, a new list each time. Estimators of other packages
        and functions of yours, such as a `revenue` that is a function, have types of
        their own: ``skops.io.get_untrusted_types`` names them.

    See Also
    --------
    skseg.rules.RuleSet.to_json : Stores the rules alone, for any other program.

    Notes
    -----
    No type in the list runs code of the file. The trees of scikit-learn, which some
    clusterers and `TLearnerSegmentFinder` hold, are compiled and do not check what they
    are given: a file that was made for it can crash the process. Where files come from
    people whom you do not trust, leave out the names that begin with ``sklearn.``, and
    the models that hold such trees are refused.

    Examples
    --------
    A model in a pipeline is stored by ``skops.io.dump(pipeline, path)``, and read by
    ``skops.io.load(path, trusted=skseg.trusted_types())``. mlflow takes the names where
    it stores a model: ``mlflow.sklearn.save_model(pipeline, path,
    skops_trusted_types=skseg.trusted_types())``.

    >>> import skseg
    >>> [name for name in skseg.trusted_types() if name.endswith("Segmenter")][-1]
    'skseg._rfm._segmenter.RFMSegmenter'
    """
    return list(_TYPES)
