"""MECERuleSegmenter: business rules, proved to be a partition, of bounded size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from skseg._core._base import SegmenterMixin
from skseg._core._cross_fitting import cross_fitted_codes
from skseg._core._encoding import SegmentEncoderMixin
from skseg._core._explained import explained_outcome
from skseg._core._fitted_state import reads_state, updates_state
from skseg._core._fitted_tables import FittedTable, fitted_columns
from skseg._core._nested_params import MappingParam, NestedParamsMixin
from skseg._core._outcome import read_optional_outcome
from skseg._core._searches import warn_of_counts_in_folds
from skseg._core._segment_words import describe
from skseg._core._strategy_table import check_playbook
from skseg._core._validation import (
    check_sample_weight,
    check_size,
    read_columns,
)
from skseg._search._bounds import size_bounds
from skseg._typing import FloatArray, IntArray
from skseg.engines import Table, open_table
from skseg.exceptions import InfeasibleError, InvalidDataError
from skseg.rules import Columns, Domain, MECEReport, Rule, RuleSet
from skseg.rules._proof._domain import as_schema

from ._cut_points import CutPoint, cut_point_table, cut_points
from ._division import NoLegalSizesError
from ._merge_report import merge_report, warn_of_large_loss
from ._resizing import columns_to_cut, proved_again, sized_segments
from ._row_customers import RowCustomers
from ._rules import OWNER, partition, require_covered, require_covered_table
from ._sizing import SizedSegment
from ._strategy import RuleStrategyMixin
from ._table import (
    check_score_weights,
    lineage_table,
    mece_table,
    no_outcome_error,
    origins,
)
from ._table_customers import TableCustomers
from ._training_rows import TrainingRows
from ._validity import encoding_of, narrowed, resolved_rules
from ._written_rules import WrittenRulesMixin


class MECERuleSegmenter(
    NestedParamsMixin,
    WrittenRulesMixin,
    RuleStrategyMixin,
    SegmenterMixin,
    SegmentEncoderMixin,
    BaseEstimator,
):
    """Segment by business rules that are proved to be a partition, of bounded size.

    Rules are conditions over the columns, with thresholds that are numbers, quantiles
    of the training rows, or both: ``max(q(0.75), 120)`` is a quantile, but at least
    120. Before anything else they are proved mutually exclusive and collectively
    exhaustive, for all possible rows and not only for those at hand; what is wrong is
    shown with a customer who proves it. Then rules with too many rows are split and
    rules with too few are merged, and the outcome is proved again.

    Parameters
    ----------
    rules : mapping of str to (str or Rule), or RuleSet, default=None
        Segment name -> rule, in order. Text may hold named parameters: ``"aov >=
        {aov_min}"``. A `RuleSet`, such as the ``rules_`` of another segmenter, brings
        its default and its universe along; its noise is outside of the universe, so
        that it keeps the code -1. None: the tiers High (top 20 %), Medium, Low (bottom
        20 %) and Unknown (missing) of the first column.
    params : mapping of str to value, default=None
        Values of the named parameters: numbers, text, ``q(p)`` and its like, or lists
        after ``in``. Each is a parameter of the estimator too, ``params__aov_min``,
        so that `GridSearchCV` can search it.
    default : str, default=None
        Segment of the rows for which no rule holds. Naming it declares that the rules
        are not meant to cover everyone. Where they do, there is no such segment.
    on_overlap : {"raise", "first"}, default="raise"
        What to do where rules overlap. ``"first"``: the first rule that holds counts,
        and the later ones are rewritten so that they no longer overlap it.
    on_gap : {"raise", "default"}, default="raise"
        What to do where rules leave a gap and no `default` is named. ``"default"``: the
        rows in it form the segment "Others".
    universe : str or Rule, default=None
        The audience to segment. Rows for which this rule does not hold get the code -1
        and the name "outside"; they are counted, and have no part in thresholds,
        sizes and scores. Its own quantiles are those of all rows.
    min_size, max_size : int or float, default=None
        Bounds of every segment's size in the training rows of the universe: an int is
        a number of rows (sum of weights), a float a share in (0, 1); use shares in a
        search, whose folds have fewer rows than the refit. None: no bound. A
        default that no training row falls in is left as it is.
    split_on : sequence of str, default=None
        The columns by which segments may be split, the preferred ones first. None: the
        columns that the rules compare with numbers.
    oversize : {"raise", "allow"}, default="raise"
        What to do with a segment that is too large and cannot be split legally.
        ``"allow"`` keeps it and flags it in ``segments_``.
    schema : mapping of str to (Domain or dict), default=None
        What is known of the columns, such as ``{"aov": {"low": 0, "missing":
        False}}``. The proof relies on it.
    on_invalid : {"raise", "outside"}, default="raise"
        What to do with rows that break the schema. ``"raise"``: a row that belongs to
        no segment for it is refused, the other ones are in the segment whose rule holds
        for them. ``"outside"``: all of them are outside of the universe, whatever the
        rules say, so that a batch goes on and no such row counts.
    score_weights : mapping of str to float, default=None
        Dimensions of the overall score of a segment, with their weights:
        ``"outcome"`` (mean of `y`), ``"size"`` (share of the rows), or a column (its
        mean). A negative weight says that less is better. None: outcome and size
        alike; without `y` size alone.
    playbook : mapping of str to str, default=None
        Segment, or business rule that it comes from, -> action; shown in the strategy.
    encode : {"onehot", "ordinal"}, default="onehot"
        What `transform` gives: a column of 0 and 1 for each segment that rows can be
        in, "outside" included, or one column of segment codes.
    pos_label : label, default=None
        The outcome that counts as 1, if outcomes are labels. None: the second one in
        sorted order, as scikit-learn's classifiers do.
    cv : int, splitter or iterable of (train, test), default=5
        The folds of `fit_transform`, which cross-fits the training rows where merging
        has looked at their outcomes. An int: that many shuffled folds.

    Attributes
    ----------
    rules_ : RuleSet
        The segments, resolved and proved: mutually exclusive and, within the universe,
        collectively exhaustive.
    segments_ : DataFrame
        One row per segment: code, name, rule, n (weight), share (of the universe),
        description (English), outcome (mean of `y`, if given), the mean of every scored
        column, ``score_...`` of every dimension from 0 to 1, score (overall), rank,
        merged_from and split_from (names of business rules), oversize.
    segment_names_ : ndarray of str
        Names; a code is a position here. With a universe, or where invalid rows are
        outside, the last one is "outside", so that the code -1 finds it as well.
    labels_ : ndarray of int of shape (n_rows,)
        Segment codes of the training rows, -1 outside of the universe. Absent where
        these are a table that is not in memory.
    cut_points_ : DataFrame
        One row per threshold with a quantile in it: column, threshold as written, value
        and decided_by, which part of it that was and what the others were.
    lineage_ : DataFrame
        Number of rows by business rule and segment: the columns rule, segment and n;
        the rows outside of the universe come last.
    mece_report_ : MECEReport
        The proof about the resolved rules as written, without `on_overlap`, `default`.
    merge_report_ : MergeReport or None
        What merging costs: ``score_before`` and ``score_after``, the shares of the
        variance of `y` that the rules and the segments explain in the training rows,
        and ``losses``, what each merged segment loses. None without `y`, where nothing
        was merged, or where an edited strategy has made it untrue.
    min_size_, max_size_ : float or None
        The bounds, in rows.
    n_outside_ : int or float
        Number, or weight, of the training rows outside of the universe.
    classes_ : ndarray of shape (2,)
        The labels of the outcome, where it had labels.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    skseg.rules.RuleSet : What ``rules_`` can do.

    Notes
    -----
    A segment that is too large is split by guillotine cuts between values of its
    columns. The search backtracks, so that it finds a legal division wherever one
    exists (within its limit of steps). Segments that are too small are merged, the
    default like any other, such that as little as possible of the outcome's variance
    between segments is lost (without `y`: of the columns' standardised variance).

    Any two segments may be merged, whether their union is one plain conjunction or
    takes an ``or``. Of up to 12, all groupings are compared; a grouping into plain
    conjunctions is preferred where it keeps 99.95 % of what the best one explains. More
    segments are merged one after the other, then regrouped with the nearest ones.
    A grid of more than 8 rules, over up to three columns, stays readable: only
    neighbours are merged, optimally, into plain conjunctions.

    A rule that is too large is cut anyway. So, with `y`, a small one may get a slice of
    it, "VIP + (Core / aov 80-90)", where that explains 5 % more than merging whole
    parts. Where nothing gives legal sizes, rules are pooled before they are split.

    With ``on_invalid="outside"`` the universe of ``rules_`` is that of the parameter
    and the conditions of the schema, so that SQL and JSON leave the same rows out. No
    rule can ask whether a number is whole: of a column of whole numbers fractions are
    outside if the schema allows it at most 100 values, or if no segment takes them.

    A table that is not in memory is fitted by aggregates: exact quantiles, sizes and
    means of segments, and, where sizes have to be mended, the distinct values of the
    columns of `split_on` and of the outcome with their counts; more than 5,000,000 of
    these are refused. `y` and `sample_weight`, of whole numbers, are then names of
    columns. The fit is that of the rows in memory without ``labels_``, which `label`
    writes where the rows are. Only the scores of ``merge_report_``, and which of two
    merges counts as better, if they lose the same, may differ by a relative 1e-12.

    Merging warns where less than half of the explained outcome is left, unless chance
    may be the reason: the loss of R squared times the number of rows is at most 10 for
    each rule that is merged away.

    Examples
    --------
    >>> from skseg import MECERuleSegmenter
    >>> from skseg.datasets import make_cart_abandoners
    >>> X = make_cart_abandoners(5000, random_state=0)
    >>> segmenter = MECERuleSegmenter(
    ...     {
    ...         "VIP": "aov >= max(q(0.75), {aov_min})",
    ...         "Core": "40 <= aov < max(q(0.75), {aov_min})",
    ...         "Small": "aov < 40",
    ...     },
    ...     params={"aov_min": 90},
    ...     default="New",
    ...     universe="days_since_abandon <= 7",
    ...     min_size=200,
    ...     max_size=600,
    ... )
    >>> segmenter.fit(X, X["converted"]).segments_[["name", "n"]].shape[1]
    2
    >>> segmenter.rules_.verify().is_mece
    True
    """

    cut_points_ = FittedTable()
    lineage_ = FittedTable()

    _nested_params = dict.fromkeys(
        ["rules", "params", "schema", "score_weights", "playbook"], MappingParam()
    )

    def __init__(
        self,
        rules: Mapping[str, str | Rule] | RuleSet | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        default: str | None = None,
        on_overlap: str = "raise",
        on_gap: str = "raise",
        universe: str | Rule | None = None,
        min_size: float | None = None,
        max_size: float | None = None,
        split_on: Sequence[str] | None = None,
        oversize: str = "raise",
        schema: Mapping[str, Any] | None = None,
        on_invalid: str = "raise",
        score_weights: Mapping[str, float] | None = None,
        playbook: Mapping[str, str] | None = None,
        encode: str = "onehot",
        pos_label: Any = None,
        cv: Any = 5,
    ) -> None:
        self.rules = rules
        self.params = params
        self.default = default
        self.on_overlap = on_overlap
        self.on_gap = on_gap
        self.universe = universe
        self.min_size = min_size
        self.max_size = max_size
        self.split_on = split_on
        self.oversize = oversize
        self.schema = schema
        self.on_invalid = on_invalid
        self.score_weights = score_weights
        self.playbook = playbook
        self.encode = encode
        self.pos_label = pos_label
        self.cv = cv

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Resolve the rules, prove them, and bring the segments to size.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            One row per customer. pandas, polars, pyarrow or whatever narwhals reads;
            columns of an array are called ``x0``, ``x1``, ...
            Or a table that is not in memory, as `skseg.engines.open_table` takes it;
            see the notes.
        y : array-like of shape (n_rows,), default=None
            An outcome: numbers, such as revenue or 0 / 1 for conversion, or two labels;
            it must be known within the universe. It decides which segments are merged,
            how they are scored, and what `score` measures. Labels of more than two
            classes and several columns, which a later step of a pipeline may predict,
            are no outcome and have no effect.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        MECERuleSegmenter
            The fitted segmenter.

        Raises
        ------
        ValueError
            If a parameter or column is wrong, or the rules overlap or leave gaps
            without a declaration of what to do.
        InfeasibleError
            If no splitting and merging gives legal sizes; the message says why, and
            names the nearest bounds where they follow from the numbers of rows.
        """
        self._check_parameters()
        self._check_encode()
        table = open_table(X)
        customers = (
            RowCustomers(self, X, y, sample_weight)
            if table is None
            else TableCustomers(self, X, table, y, sample_weight)
        )
        schema = as_schema(self.schema)
        base, universe, report, points = self._proved(customers, schema)
        coding = customers.assign(base, schema)
        score_weights = check_score_weights(
            self.score_weights,
            customers.names,
            has_outcome=customers.has_outcome,
            y=y,
        )
        min_size, max_size = self._checked_bounds(base, customers.of_rules)
        segments = self._sized(base, customers, min_size, max_size)
        rules, proof = proved_again(base, segments, schema)
        if schema:
            if self.on_invalid == "outside":
                names = customers.names
                base, rules = narrowed(base, rules, universe, schema, names)
            # Rows that break the schema reach what the proof by it rules out.
            proof = rules.verify()
        check_playbook(OWNER, self.playbook, [*rules.names, *base.names])
        rule_codes, rows = customers.of_segments(base, rules)
        descriptions = describe(rules, schema)
        segment_table = mece_table(rules, rows, score_weights, descriptions)
        merges = None
        if merged := [s.name for s in segments if len(s.rules) > 1]:
            outcomes = customers.outcomes_of_segments(base, rules)
            merges = merge_report(merged, rules, *outcomes)
        warn_of_large_loss(merges, segments, rows, self.min_size)
        playbook = self.playbook
        self._schema = schema
        self._playbook = None if playbook is None else dict(playbook)
        self._parameters = self._parameters_of_fit()
        self._business_rules, self._cut_points = base, points
        self._outcome_coding = coding
        if coding.classes is not None:
            self.classes_ = coding.classes
        self._encoding = encoding_of(self.encode, rules, proof)
        self.cut_points_ = cut_point_table(points)
        self.rules_, self.mece_report_, self.merge_report_ = rules, report, merges
        if table is None:
            self.labels_ = rows.codes
        self.min_size_, self.max_size_ = min_size, max_size
        self.n_outside_ = rows.size_of(~rows.inside)
        self.segments_ = segment_table.join(origins(rules, segments))
        self.lineage_ = lineage_table(base, rule_codes, rules, rows)
        return self

    @updates_state
    def recount(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Count the figures of the segments anew, and leave their rules as they are.

        For the segments of a month ago on the customers of today, and for a strategy
        that was edited: sizes, outcomes, scores and flows are those of the rows given.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `predict`.
        y : array-like of shape (n_rows,), default=None
            The outcome, as in `fit`. None: the segments have no outcome.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        MECERuleSegmenter
            The segmenter itself, with new ``segments_``, ``lineage_``, ``labels_``,
            ``n_outside_``, ``merge_report_``, ``min_size_`` and ``max_size_``. Scores
            are missing where the ``score_weights`` of `fit` name an outcome or a column
            that is not given. What breaks the bounds of the sizes is not mended: above
            ``max_size_`` it is flagged as oversize. Where columns of business rules are
            missing that the segments do not need, flows begin at the segments.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            As in `predict`, or if the outcome or a weight is wrong.

        Examples
        --------
        >>> from skseg import MECERuleSegmenter
        >>> segmenter = MECERuleSegmenter({"VIP": "x0 >= 80"}, default="Rest")
        >>> segmenter.fit([[20.0], [50.0], [200.0]]).segments_["n"].tolist()
        [1, 2]
        >>> segmenter.recount([[90.0], [120.0], [200.0]]).segments_["n"].tolist()
        [3, 0]
        """
        columns = X if isinstance(X, Columns) else read_columns(self, X, reset=False)
        codes = self.rules_.assign(columns)
        require_covered(codes, self.rules_, columns, self._schema)
        weight = check_sample_weight(sample_weight, len(codes), OWNER)
        outcome = self._outcome(y, codes)
        rows = TrainingRows(columns, codes, weight, outcome)
        score_weights = self._parameters["score_weights"]
        if score_weights is None:
            has_outcome = outcome is not None
            score_weights = check_score_weights(None, [], has_outcome=has_outcome)
        segments = self.segments_
        table = mece_table(
            self.rules_, rows, score_weights, list(segments["description"])
        )
        total = rows.size_of(rows.inside)
        min_size, max_size = (
            check_size(OWNER, name, self._parameters[name], total)
            for name in ("min_size", "max_size")
        )
        origin = segments[["merged_from", "split_from"]]
        high = np.inf
        if max_size:
            high = size_bounds(0.0, max_size, rows.counts[rows.inside]).high
        is_oversize = (table["n"] > high).tolist()
        base = self._business_rules
        if not {*base.columns} <= {*columns.names}:
            # Merged rules may need fewer columns than the rules that they come from.
            base = self.rules_
        rule_codes = base.assign(columns)
        require_covered(rule_codes, base, columns, self._schema)
        pairs = zip(self.rules_.names, origin["merged_from"], strict=True)
        merged = [name for name, rules in pairs if rules and {*rules} <= {*base.names}]
        self.merge_report_ = merge_report(merged, self.rules_, rule_codes, rows)
        self.segments_ = table.join(origin.assign(oversize=is_oversize))
        self.lineage_ = lineage_table(base, rule_codes, self.rules_, rows)
        self.labels_ = codes
        self.min_size_, self.max_size_ = min_size, max_size
        self.n_outside_ = rows.size_of(~rows.inside)
        return self

    @reads_state
    def predict(self, X: Any) -> IntArray:
        """Return the segment code of every row.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Positions in ``segment_names_``; -1 outside of the universe, and for rows
            that break the schema if these are outside.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the columns are not those of `fit`, or a row that breaks the schema
            belongs to no segment.
        """
        columns = read_columns(self, X, reset=False)
        codes = self.rules_.assign(columns)
        require_covered(codes, self.rules_, columns, self._schema)
        return codes

    def _check_covered(self, table: Table) -> None:
        require_covered_table(table, self.rules_, self._schema)

    @reads_state
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of the outcome's variance that segments explain, R squared.

        Each row is predicted the mean outcome that its segment had in the training
        rows. On new rows this measures how well thresholds and sizes tell customers
        apart; `GridSearchCV` maximises it. It compares rules, thresholds and sizes
        within one universe: in another one other rows count.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`. Rows outside of the universe are left out.
        y : array-like of shape (n_rows,)
            The outcome, as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        float
            At most 1; 0 is no better than the overall mean.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If it was fitted without an outcome, or no row lies in the universe.
        """
        codes = self.predict(X)
        if not (codes >= 0).any():
            universe = self.rules_.universe
            within = (
                "" if universe is None else f" in the universe, which is {universe}"
            )
            raise InvalidDataError(
                f"There is no row{within}, so there is nothing to score.",
                owner=OWNER,
                name="X",
            )
        outcome = self._outcome(y, codes)
        if outcome is None:
            raise no_outcome_error(f"score of {OWNER} compares outcomes", y)
        table = fitted_columns(self, "segments_", ["n", "outcome"])
        return explained_outcome(OWNER, table, codes, outcome, sample_weight)

    def _outcome(self, y: Any, codes: IntArray) -> FloatArray | None:
        """Return an outcome as the numbers of `fit`, None where there are none."""
        if y is None or self._outcome_coding.classes is None:
            pos_label = self._parameters["pos_label"]
            return read_optional_outcome(OWNER, y, codes >= 0, pos_label)[0]
        return self._outcome_coding.numbers(OWNER, y, codes >= 0)

    def _training_codes(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> IntArray | None:
        if self.merge_report_ is None:
            # The outcome has decided nothing.
            return None
        outcome = self._outcome(y, self.labels_)
        assert outcome is not None
        # Outside of the universe outcomes may be missing.
        known = np.where(self.labels_ >= 0, outcome, 0.0)
        # A fold may lack one of two labels, while numbers are outcomes in any case.
        of_numbers = copy(self)
        of_numbers.pos_label = None
        return cross_fitted_codes(of_numbers, X, known, known, fit_params, self.cv)

    def _proved(
        self,
        customers: RowCustomers | TableCustomers,
        schema: Mapping[str, Domain],
    ) -> tuple[RuleSet, Rule | None, MECEReport, list[CutPoint]]:
        """Return the business rules as a partition, with numbers for quantiles.

        Then come the universe as it was written, the proof and the cut points.
        """
        template, default = self._template(customers.names)
        resolved, universe, of_all, inside = resolved_rules(
            template,
            customers.names,
            customers.quantiles_of,
            schema if self.on_invalid == "outside" else {},
        )
        # What the schema lists and no row holds is no mistake.
        as_written = RuleSet(resolved.rules, universe=universe)
        customers.warn_of_unseen_values(as_written)
        report = resolved.verify(schema)
        base = partition(
            resolved,
            report,
            customers.counts_by_rules,
            default=default,
            on_overlap=self.on_overlap,
            schema=schema,
        )
        return base, universe, report, cut_points(template, of_all, inside)

    def _checked_bounds(
        self, base: RuleSet, rows: TrainingRows
    ) -> tuple[float | None, float | None]:
        """Return the bounds in rows of the universe."""
        total = float(rows.counts[rows.inside].sum())
        if not total:
            raise InvalidDataError(
                f"No row lies in the universe, which is {base.universe}.",
                owner=OWNER,
                name="universe",
                value=base.universe,
                advice="Widen it.",
            )
        warn_of_counts_in_folds(
            OWNER, total, min_size=self.min_size, max_size=self.max_size
        )
        min_size = check_size(OWNER, "min_size", self.min_size, total)
        max_size = check_size(OWNER, "max_size", self.max_size, total)
        if (min_size or 0.0) > (max_size or np.inf):
            raise InfeasibleError(
                f"min_size must not exceed max_size. Got {self.min_size!r} and "
                f"{self.max_size!r} instead.",
                owner=OWNER,
                name="min_size",
                rule="at most max_size",
                value=self.min_size,
            )
        return min_size, max_size

    def _sized(
        self,
        base: RuleSet,
        customers: RowCustomers | TableCustomers,
        min_size: float | None,
        max_size: float | None,
    ) -> list[SizedSegment]:
        cut_columns = columns_to_cut(self.split_on, base, customers.names)
        rows, cut_columns = customers.to_size(base, cut_columns, min_size, max_size)
        try:
            return sized_segments(
                base,
                rows,
                cut_columns,
                min_size=min_size or 0.0,
                max_size=max_size or np.inf,
                allow_oversize=self.oversize == "allow",
                schema=self.schema,
            )
        except NoLegalSizesError as error:
            raise InfeasibleError(
                f"The segments cannot be brought to min_size={self.min_size!r} and "
                f"max_size={self.max_size!r}. {error}",
                owner=OWNER,
                name=error.bound,
                rule="met by every segment",
                value=getattr(self, error.bound),
            ) from None
