"""The base of all finders: they search some rows for segments, and test on others."""

from __future__ import annotations

from abc import abstractmethod
from copy import copy
from dataclasses import replace
from inspect import cleandoc
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from skseg._core._base import DocumentationLinkMixin
from skseg._core._coding import Coding
from skseg._core._column_errors import column_errors_as_data_errors
from skseg._core._fitted_state import reads_state
from skseg._core._fitted_tables import FittedTable
from skseg._core._nested_params import NestedParamsMixin, RecordParam
from skseg._core._outcome import read_outcome
from skseg._core._searches import warn_of_counts_in_folds
from skseg._core._validation import (
    check_choice,
    check_int,
    check_size,
    read_columns,
)
from skseg._search.effects._inference import holm
from skseg._search.effects.boxes import ScoredBox, max_t
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidParameterError
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import conjunction

from ._adjustment._balance import group_balance, warn_of_imbalance
from ._adjustment._doubly_robust import NOWHERE, Region
from ._adjustment._nuisance_models import check_nuisance_estimators
from ._coding import learn_coding, warn_of_unlisted
from ._decisions._cross_fitted_effects import (
    cross_fitted_effects,
    p_of_largest,
    refits_without_folds,
    simultaneous_level,
)
from ._decisions._decision import DecisionThresholds, check_thresholds
from ._decisions._export import FindingsExport
from ._decisions._searched_ties import warn_of_tie
from ._decisions._table import Measured, findings_table, named_findings, ranking
from ._decisions._units import Units
from ._encoding import FindingsEncoderMixin, encoding_of_findings
from ._policy._decided_policy import FindingEvidence, PolicyRule
from ._policy._mixin import PolicyMixin
from ._policy._valued_rows import SearchedRows
from ._rows._compared_rows import ComparedRows, Evidence
from ._rows._honest_split import honest_split
from ._rows._study import StudyDesign, read_study
from ._rows._with_group import split_outcome
from ._search import Search

ASSIGNMENTS = ["randomized", "observational"]
INFERENCES = ["honest", "maxt", "none"]

_LEVEL = 0.95  # of the confidence intervals
_MAX_CELLS = 64
# Max-T searches all boxes once for every replicate.
_MAX_CELLS_OF_MAX_T = 16

FinderClass = TypeVar("FinderClass", bound="type[SegmentFinder]")


class SegmentFinder(
    DocumentationLinkMixin,
    FindingsExport,
    FindingsEncoderMixin,
    PolicyMixin,
    NestedParamsMixin,
    BaseEstimator,
):
    """Base of the finders: segments in which two groups differ, searched and tested.

    A finder searches one part of the rows for boxes, which are conditions on up to
    three columns, and tests on the other part whether the groups differ there. What the
    finders have in common is here: parameters, inference, decisions, ``predict`` and
    the exports. A subclass says in ``_boxes`` which boxes are worth a test.

    Parameters
    ----------
    max_features : int, default=3
        Most conditions of a finding, in [1, 3].
    max_findings : int, default=10
        Most findings.
    min_size : int or float, default=0.01
        Least size of a finding in the rows that are searched: an int is a number of
        rows (sum of weights), a float a share in (0, 1). None: one row.
    max_cells : int, default=32
        Most cells that a column is coded to before the search, in [2, 64]. Conditions
        are sets of neighbouring cells; missing values are a cell of their own. For
        ``inference="maxt"`` at most 16.
    assignment : {"randomized", "observational"}, default="randomized"
        How rows came to their groups. ``"randomized"``: by chance, as in a trial.
        ``"observational"``: depending on the columns; effects are then doubly robust,
        by models of group and outcome that are fitted out of fold, and about the region
        in which both groups have customers; see Notes.
    inference : {"honest", "maxt", "none"}, default="honest"
        How findings are tested. ``"honest"``: on rows that the search has not seen,
        with Holm's adjustment. ``"maxt"``: all rows are searched and tested, by max-T:
        against the largest effect of any box under random labels of the groups, or
        random signs; for up to two conditions. ``"none"``: not at all, so that nothing
        can be recommended.
    test_size : float, default=0.5
        Share of the rows that honest inference keeps for the test, in (0, 1).
    n_replicates : int, default=199
        Number of random replicates of ``"maxt"``, in [19, 100000].
    treatment : label, default=None
        The group A, whose effect over B is reported. None: the other one of two groups,
        or all groups but the `reference`.
    reference : label, default=None
        The group B. None: the other one of two groups, or all groups but the
        `treatment`. Where both are None, there must be two: the one whose label means
        no treatment, such as 0, False, "no" or "control", is B, else the second one in
        sorted order.
    propensity_estimator : classifier, default=None
        Model of the group for ``assignment="observational"``, with ``predict_proba``.
        None: linear models and boosted trees, combined by cross-validation.
    outcome_estimator : classifier or regressor, default=None
        Model of the outcome in each group for ``assignment="observational"``: a
        classifier for a 0 / 1 outcome, a regressor for any other. None: linear models
        and boosted trees, combined by cross-validation.
    thresholds : DecisionThresholds, default=None
        What decisions ask for. None: the defaults of `DecisionThresholds`.
        ``thresholds__alpha`` and the like set one of them, as in a search.
    pos_label : label, default=None
        Outcome that counts as 1, where outcomes are labels. None: the second one in
        sorted order, as scikit-learn's classifiers do.
    encode : {"membership", "onehot", "ordinal"}, default="membership"
        What `transform` gives. ``"membership"``: a column of 0 and 1 per finding;
        a row may be in several, or in none. ``"onehot"``: a column per finding that
        can be the first to hold for a row, and "outside" for rows in none.
        ``"ordinal"``: one column, the code of the first finding that holds, -1 for
        none. Where nothing was found, the only column is "outside", or all are -1.
    cv : int, splitter or iterable of (train, test), default=5
        Folds of `fit_transform`, which cross-fits the training rows; see Notes.
    random_state : int, RandomState instance or None, default=None
        Seed of the split of the rows, and of all else that is random.
    n_jobs : int, default=None
        Number of models to fit at once for ``assignment="observational"``, and of
        processes that search pairs of columns, in `BoxSegmentFinder` and for
        ``inference="maxt"``.
    verbose : bool, default=False
        Whether to print how far the search of pairs of columns is, which takes minutes
        for hundreds of columns.

    Attributes
    ----------
    segments_ : DataFrame
        One row per finding, the best first: code, name and rule; n and share of all
        rows compared; best_group, the group that does better; group_a and group_b, the
        labels of A, the treatment, and of B, the reference; effect of A over B with
        ci_low and ci_high, its 95 % interval, that of all boxes at once for ``"maxt"``.
        Their unit is "points", percentage points of a 0 / 1 outcome; "outcome", units
        of any other; or "profit" per customer, if ``thresholds`` have a ``value``. Then
        lift, the effect on the outcome in per cent of the mean outcome of B, NaN where
        this is near 0 since values of both signs cancel; break_even, the effect that
        pays for the treatment, NaN without a ``value``; p_value (NaN unless honest) and
        p_adj, adjusted for the number of findings or boxes; n_a and n_b, the rows of
        each group, and effective_n_a and effective_n_b, the rows that say as much
        without weights; rate_a and rate_b, their mean outcomes, whose rate_unit is
        "points" or "outcome"; decision ("Implement", "Pilot", "Hold" or "Skip"); gap,
        by how much the effect in the rows searched exceeds the one reported. These are
        about the rows of the test, or about all rows if none are kept for it. Then
        share_train and share_test; success_train, success_test and their difference
        success_diff: the mean outcome of the better group in the rows searched and
        tested, in the rate_unit.
    rules_ : RuleSet
        The findings as rules. They may overlap, and leave rows out. Their universe is
        the region of overlap, if rows were left outside of it: no rule holds there.
    classes_ : ndarray of shape (2,)
        The labels of the outcome in sorted order, if it had labels.
    groups_ : tuple or None
        The labels of A, the treatment, and of B, the reference; None without groups.
    balance_ : DataFrame
        How much the groups differ in each column, if there are groups: column, chi2,
        dof, v (Cramer's V), p and p_adj (Holm).
    policy_table_ : DataFrame
        What it brings to send everybody to A or to B, to follow `predict` ("findings"),
        and to send each row to the group that does better by a model of its own effect
        ("model", a T-learner): policy, and its value with ci_low and ci_high, the 95 %
        interval; gain over the better one of the first two, with gain_low and
        gain_high; share_a and share_b, the shares of the rows in each group. Values are
        means of a row in units of the outcome, or in currency where ``thresholds`` have
        a ``value``. No row has a part in the decision about itself; see Notes. Without
        groups values are by how much the mean outcome of the rows in findings that do
        better, or of as many rows that a model of the outcome puts first, exceeds that
        of all.
    overlap_ : GroupOverlap
        How well the columns tell the groups apart, for ``assignment="observational"``;
        its ``region`` is the one that findings are about, and its ``models`` are those
        of group and outcome.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    BoxSegmentFinder : Compares all boxes; the strongest of the finders.
    DecisionThresholds : What decisions ask for.
    GroupOverlap : The record in ``overlap_``.

    Notes
    -----
    `fit_transform` gives the training rows of what follows in a pipeline. The findings
    were chosen by the outcomes of these rows, so it fits one more finder without each
    fold and gives the rows of the fold its findings. One that shares more than half of
    all rows in either with a finding of ``segments_`` counts as this finding; others
    count for nothing.

    The policies in ``policy_table_`` are decided anew for each of five folds of the
    rows of the test, by the other four; search and model have seen none of them. Where
    no rows are kept for a test, each fold is searched for by the others. So the
    decisions are close to those of `predict`, and not always the same.

    For ``inference="maxt"`` five more searches are made, each without a fifth of the
    rows. The effect in a fifth is that of the finding made without it that shares more
    than half of the rows in either; where there is none, the effect is that of chance,
    0 or the break-even. Their mean is the effect of a finding, kept within its
    interval.

    For ``assignment="observational"``, rows where one of the groups has hardly anyone
    are left out: a tree of the columns sets aside those whose propensity is below 0.05
    or above 0.95, or a tenth of the share of a smaller group [1]_, [2]_. A warning
    names the region. Propensities that are still beyond these limits count as if they
    were at them; ``overlap_.n_bounded`` is their number. In each finding the
    predictions of the models are then moved to fit its rows (targeted maximum
    likelihood [3]_), so that no rate leaves 0 to 100 %. Group and outcome are predicted
    by regressions on ranks and on their products, and by boosted trees, for each group
    and for both together, with the weights of the least out-of-fold loss [4]_. An
    estimator of your own gets numbers, with missing ones at the median and a column
    that says so, and one column per level of a text. No model makes up for columns that
    are not there, and with fewer than some thousand rows none sees confounding of
    complicated shape as it is.

    A rule lists at most 300 texts of a column. If it has more than six, those of fewer
    than 5 of the rows searched share a cell with all unseen ones, unless they hold
    less than 1 % of the rows: then no finding takes unseen ones. A column in which
    every text is rare, as an e-mail address is, is in no rule; a warning names it.

    ``_boxes`` gets the rows to search: ``search.axes`` has the number of cells of each
    column, ``search.codes`` the cell of each row, and ``search.score`` a score whose
    mean over a segment estimates the effect there. It returns boxes, which
    ``search.best`` makes of conditions, dicts from the number of a column to one flag
    per cell; it keeps those of the largest effects that explain something new.

    References
    ----------
    .. [1] R. K. Crump, V. J. Hotz, G. W. Imbens, O. A. Mitnik (2009), Dealing with
       limited overlap in estimation of average treatment effects. Biometrika 96 (1),
       187-199.
    .. [2] P. Traskin, D. S. Small (2011), Defining the study population for an
       observational study to ensure sufficient overlap: a tree approach. Statistics in
       Biosciences 3 (1), 94-118.
    .. [3] M. J. van der Laan, D. Rubin (2006), Targeted maximum likelihood learning.
       International Journal of Biostatistics 2 (1), article 11.
    .. [4] A. Ahrens, C. B. Hansen, M. E. Schaffer, T. Wiemann (2025), Model averaging
       and double machine learning. Journal of Applied Econometrics 40 (3), 249-269.

    Examples
    --------
    A finder whose segments are the single cells of the columns:

    >>> from skseg import SegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> class CellFinder(SegmentFinder):
    ...     def _boxes(self, search):
    ...         return search.best(
    ...             {column: tuple(i == cell for i in range(axis.n_cells))}
    ...             for column, axis in enumerate(search.axes)
    ...             for cell in range(axis.n_cells)
    ...         )
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads[["channel", "device", "newsletter"]]
    >>> finder = CellFinder(random_state=0)
    >>> finder = finder.fit(X, leads["converted"], group=leads["seller"])
    >>> finder.segments_["rule"].tolist()
    ["channel in ['partner']", "channel in ['email']"]
    """

    # A class that says so gets group and customers wherever routing is on.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {
        "group": True,
        "cluster": True,
    }
    __metadata_request__score: ClassVar[dict[str, bool]] = {
        "group": True,
        "cluster": True,
    }

    segments_ = FittedTable()
    balance_ = FittedTable()

    _nested_params: ClassVar[dict[str, Any]] = {
        "thresholds": RecordParam(DecisionThresholds)
    }

    # What the historical table calls the finder; None: the name of the class.
    _method: ClassVar[str | None] = None

    @abstractmethod
    def _boxes(self, search: Search) -> list[ScoredBox]:
        """Return the boxes that look best, the best first."""

    def __init__(
        self,
        *,
        max_features: int = 3,
        max_findings: int = 10,
        min_size: float | None = 0.01,
        max_cells: int = 32,
        assignment: str = "randomized",
        inference: str = "honest",
        test_size: float = 0.5,
        n_replicates: int = 199,
        treatment: Any = None,
        reference: Any = None,
        propensity_estimator: Any = None,
        outcome_estimator: Any = None,
        thresholds: DecisionThresholds | None = None,
        pos_label: Any = None,
        encode: str = "membership",
        cv: Any = 5,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.max_features = max_features
        self.max_findings = max_findings
        self.min_size = min_size
        self.max_cells = max_cells
        self.assignment = assignment
        self.inference = inference
        self.test_size = test_size
        self.n_replicates = n_replicates
        self.treatment = treatment
        self.reference = reference
        self.propensity_estimator = propensity_estimator
        self.outcome_estimator = outcome_estimator
        self.thresholds = thresholds
        self.pos_label = pos_label
        self.encode = encode
        self.cv = cv
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any,
        group: Any = None,
        sample_weight: Any = None,
        cluster: Any = None,
    ) -> Self:
        """Find segments, and test them.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns of any kind, missing values included.
        y : array-like of shape (n_rows,)
            Outcome: 0 / 1, numbers such as revenue, or one of two labels such as "yes"
            and "no"; or what `with_group` gives.
        group : array-like of shape (n_rows,), default=None
            Which group every row belongs to. None: each segment is compared with all
            other rows.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        cluster : array-like of shape (n_rows,), default=None
            The customer whom every row is about, where customers have several rows.

        Returns
        -------
        SegmentFinder
            The fitted finder.

        Raises
        ------
        InvalidParameterError
            If a parameter is wrong.
        InvalidDataError
            If a column, the outcome, the group or the weight is wrong.
        """
        with column_errors_as_data_errors():
            columns = read_columns(self, X, reset=True)
            self._fit(columns, y, group, sample_weight, cluster)
        warn_of_tie(type(self))
        return self

    def _fit(
        self, columns: Columns, y: Any, group: Any, sample_weight: Any, cluster: Any
    ) -> None:
        """Search the columns, test what is there, and keep it."""
        thresholds = self._check_parameters()
        random = check_random_state(self.random_state)
        design = StudyDesign.of(self, thresholds.economics)
        owner = type(self).__name__
        values, labels, cluster = split_outcome(y, group, cluster)
        outcome, coding = read_outcome(owner, values, columns.n_rows, self.pos_label)
        study = read_study(
            owner,
            columns,
            outcome,
            group=labels,
            sample_weight=sample_weight,
            cluster=cluster,
            design=design,
            are_copies_noticed=True,
        )
        rows, groups = study.rows, study.groups
        train_rows, test_rows = self._split(columns, rows, random)
        searched = np.flatnonzero(train_rows.weight)
        search = self._search(columns.take(searched), train_rows.take(searched), random)
        balance = self._balance(search)
        region = None if study.overlap is None else study.overlap.region
        boxes = [] if region == NOWHERE else self._boxes(search)
        rules = [_rule(search.coding, box) for box in boxes]
        members = _members(rules, columns)
        test = None if test_rows is None else test_rows.evidence(members, _LEVEL)
        measured = self._measured(search, boxes, train_rows, members, test)
        table = findings_table(
            measured,
            groups or ("segment", "rest"),
            units=Units.of(rows),
            thresholds=thresholds,
        )
        order = ranking(table).tolist()
        self.segments_, self.rules_ = named_findings(table, rules, order, region)
        self._encoding = encoding_of_findings(self.encode, self.rules_)
        self.groups_ = groups
        self._outcome_coding = coding
        if coding.classes is not None:
            self.classes_ = coding.classes.copy()
        if balance is not None:
            self.balance_ = balance
        if study.overlap is not None:
            self.overlap_ = study.overlap
        design = design.of_groups(groups).seeded(random)
        self._design = design._replace(region=Region(region))
        self._alpha = thresholds.alpha
        self._pilot_alpha = max(thresholds.alpha, thresholds.pilot_alpha)
        evidence = measured.train if test is None else test
        self._set_policy(
            PolicyRule.of(thresholds, has_reference=study.has_reference),
            SearchedRows(
                columns,
                rows,
                search,
                test_rows,
                members[:, order],
                FindingEvidence.of(evidence, measured.p_adj).take(order),
                measured.refits,
            ),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags

    @reads_state
    def _findings(self) -> tuple[pd.DataFrame, RuleSet, str]:
        method = self._method or type(self).__name__
        return self.segments_, self.rules_, method

    def _check_parameters(self) -> DecisionThresholds:
        """Raise if a parameter is wrong; return the thresholds of decisions."""
        owner = type(self).__name__
        check_int(owner, "max_features", self.max_features, 1, 3)
        check_int(owner, "max_findings", self.max_findings, 1, 1000)
        check_int(owner, "max_cells", self.max_cells, 2, _MAX_CELLS)
        check_int(owner, "n_replicates", self.n_replicates, 19, 100_000)
        check_choice(owner, "assignment", self.assignment, ASSIGNMENTS)
        check_nuisance_estimators(
            owner, self.propensity_estimator, self.outcome_estimator
        )
        check_choice(owner, "inference", self.inference, INFERENCES)
        self._check_encode()
        if not isinstance(self.verbose, bool | np.bool_):
            raise InvalidParameterError(owner, "verbose", "a bool", self.verbose)
        if not (isinstance(self.test_size, float) and 0 < self.test_size < 1):
            rule = "a float in (0, 1)"
            raise InvalidParameterError(owner, "test_size", rule, self.test_size)
        if self.inference == "maxt" and self.max_features > 2:
            raise InvalidParameterError(
                owner,
                "max_features",
                "1 or 2 with inference='maxt', which searches boxes of up to two "
                "columns",
                self.max_features,
                advice="Choose max_features=2, or inference='honest'.",
            )
        if self.thresholds is None:
            return DecisionThresholds()
        if not isinstance(self.thresholds, DecisionThresholds):
            rule = "None or DecisionThresholds"
            raise InvalidParameterError(owner, "thresholds", rule, self.thresholds)
        check_thresholds(owner, self.thresholds)
        return self.thresholds

    def _split(
        self, columns: Columns, rows: ComparedRows, random: Any
    ) -> tuple[ComparedRows, ComparedRows | None]:
        """Return the rows with their weights in the search, and in the test."""
        if self.inference != "honest":
            return rows, None
        seed = random.randint(2**31)
        searched, tested = honest_split(columns, rows, self.test_size, seed)
        return replace(rows, weight=searched), replace(rows, weight=tested)

    def _search(self, columns: Columns, rows: ComparedRows, random: Any) -> Search:
        """Return the rows as cells, with a score for each."""
        is_max_t = self.inference == "maxt"
        score, total = rows.search_score(), float(rows.weight.sum())
        coding = learn_coding(
            columns,
            columns.names,
            max_cells=min(self.max_cells, _MAX_CELLS_OF_MAX_T)
            if is_max_t
            else self.max_cells,
            # Cells must not depend on the signs that max-T flips.
            score=np.abs(score) if is_max_t else score,
            weight=rows.weight,
        )
        owner = type(self).__name__
        warn_of_unlisted(owner, coding.unlisted)
        min_size = check_size(owner, "min_size", self.min_size, total)
        warn_of_counts_in_folds(owner, total, min_size=self.min_size)
        return Search(
            coding=coding,
            codes=coding.codes(columns),
            axes=coding.axes,
            rows=rows,
            score=score,
            spread=float(np.sqrt(np.average(score**2, weights=rows.weight))),
            max_features=self.max_features,
            max_findings=self.max_findings,
            min_size=min_size or 1.0,
            random_state=random.randint(2**31),
        )

    def _balance(self, search: Search) -> pd.DataFrame | None:
        """Return the balance of the groups; warn if it is too uneven for a trial."""
        if search.rows.in_a is None or not search.axes:
            return None
        balance = group_balance(search)
        if self.assignment == "randomized":
            warn_of_imbalance(type(self).__name__, balance)
        return balance

    def _measured(
        self,
        search: Search,
        boxes: list[ScoredBox],
        searched: ComparedRows,
        members: BoolArray,
        test: Evidence | None,
    ) -> Measured:
        """Return what is known of the boxes, of which `members` are the rows."""
        if self.inference != "maxt" or not boxes:
            train = searched.evidence(members, _LEVEL, is_exact=test is None)
            unknown = np.full(len(boxes), np.nan)
            p_adj = unknown if test is None else holm(test.estimate.p_value)
            return Measured(train, test, p_adj)
        largest = self._largest_by_chance(search)
        train = searched.evidence(members, simultaneous_level(largest))
        # A search may leave attributes, such as trees, which are those of a fold then.
        refits = refits_without_folds(search, copy(self)._boxes, largest)
        effect = cross_fitted_effects(search, boxes, refits)
        # What the interval rules out is no estimate.
        effect = np.clip(effect, train.estimate.low, train.estimate.high)
        return Measured(train, None, p_of_largest(boxes, largest), effect, refits)

    def _largest_by_chance(self, search: Search) -> FloatArray:
        """Return the largest z of all boxes, and of its replicates without effects."""
        return max_t(
            search.codes,
            search.axes,
            search.score,
            search.weight,
            n_replicates=self.n_replicates,
            rng=np.random.default_rng(search.random_state),
            min_size=search.min_size,
            max_columns=self.max_features,
            cluster=search.rows.cluster,
            exchange=search.rows.exchange(),
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )


def with_shared_sections(finder: FinderClass) -> FinderClass:
    """Fill in what the docstring of a finder shares with the base of all finders.

    ``{shared parameters}`` and ``{shared attributes}``, each in a line of its own,
    become the sections of `SegmentFinder`, so that they are written once.
    """
    if finder.__doc__ and SegmentFinder.__doc__:  # python -OO has none
        base, doc = cleandoc(SegmentFinder.__doc__), cleandoc(finder.__doc__)
        for section in ("Parameters", "Attributes"):
            _, _, after = base.partition(f"{section}\n----------\n")
            shared, _, _ = after.partition("\n\n")
            doc = doc.replace(f"{{shared {section.lower()}}}", shared)
        finder.__doc__ = doc
    return finder


def _rule(coding: Coding, box: ScoredBox) -> Rule:
    """Return a box in terms of the columns."""
    return conjunction([coding.columns[i].rule(cells) for i, cells in box.cells])


def _members(rules: list[Rule], columns: Columns) -> BoolArray:
    """Return which rows are in which finding."""
    return RuleSet({str(i): rule for i, rule in enumerate(rules)}).membership(columns)
