"""OptimalRevenueBinner: the most profitable tiers of a menu, by score."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, indexable

from skseg._core._base import SegmenterMixin
from skseg._core._column_errors import column_errors_as_data_errors
from skseg._core._cross_fitting import cross_fitted_codes, fold_models
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._fitted_state import reads_state
from skseg._core._fitted_tables import FittedTable
from skseg._core._outcome import OutcomeCoding
from skseg._core._rows import native_rows, take_rows
from skseg._core._searches import warn_of_counts_in_folds
from skseg._core._strategy import StrategyMixin
from skseg._core._validation import check_int, check_sample_weight, read_columns
from skseg._search.cuts import path_of_rows, relevant_cells, threshold_between
from skseg._search.cuts._bootstrap import score_bins
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.engines import Table, open_table
from skseg.exceptions import InfeasibleError, InvalidDataError

from ._bootstrap import RevenueBootstrap
from ._customers import Customers, expected_customers, observed_customers
from ._encoding import (
    OF_OUTCOMES,
    check_encoding,
    codebook,
    decoded,
    read_encoded,
    segment_values,
)
from ._labels import label_array
from ._menu import OWNER, Menu, check_budgets, check_money, read_menu
from ._optimum import cut_options, find_optimum
from ._order import share_of_order_loss
from ._resampler import make_resampler
from ._row_revenue import check_revenue_as_in_fit, read_row_revenue
from ._score_column import score_column
from ._settings import Settings, check_rates, read_bounds, read_settings
from ._table_cells import Relevance
from ._table_customers import read_table_customers
from ._tiers import count, profit_table, tier_rules

# With fewer rows a fold, models differ by chance more than by what they have not seen.
_ROWS_A_FOLD = 10


class OptimalRevenueBinner(
    StrategyMixin, SegmenterMixin, SegmentEncoderMixin, BaseEstimator
):
    """Cut customers by score into the tiers of largest total profit, exactly.

    A menu of tiers, each dearer and more effective than the one below, is spread over
    the customers in order of their score. The cut points, and the tiers to use at all,
    are those of the largest revenue minus cost. The result is the optimum, with a
    proof, not an approximation.

    Parameters
    ----------
    n_bins : int, default=None
        Number of tiers on the menu, in [1, 1000]. None: as many as `revenue`,
        `response`, `cost`, `fixed_cost` or `segment_names` list, 5 if none is a list.
    revenue : float, array-like of shape (n_bins,) or callable, default=1.0
        Revenue per conversion, in currency. A function is called with the index of
        every tier, 0 for the lowest.
    cost : float, array-like of shape (n_bins,) or callable, default=None
        Cost per customer in a tier, in currency. None, for illustration: 0 for the
        lowest tier, and for tier i the cost at which it pays from a conversion rate of
        2 i / `n_bins` times the overall one.
    response : float, array-like of shape (n_bins,) or callable, default=None
        Factor by which a tier multiplies the conversions that the outcome shows. None:
        1, but if `revenue` is the same for all tiers and `cost` is None, for
        illustration, 1 to 2 in even steps.
    fixed_cost : float, array-like of shape (n_bins,) or callable, default=0.0
        Cost of a tier that is used, whatever the number of customers, in currency.
    mode : {"subset", "prefix", "exact"}, default="subset"
        Whether any tier may stay unused, only the highest ones may, or none.
    min_size, max_size : int or float, default=0.01, None
        Bounds of every tier that is used: an int is a number of customers (sum of
        weights), a float a share in (0, 1) of those with a score. None: no bound.
    budget : float, default=None
        Largest cost of all tiers together, fixed costs included, in currency; 0 or
        more, unless a cost is negative. None: no limit.
    budget_per_customer : float, default=None
        The same per customer of `fit`, those without a score included, so that it means
        the same for a campaign of any size, and in the folds of a search. At most one
        of the two budgets may be given. None: no limit.
    monotonic : {"ascending", "descending"} or None, default=None
        Whether conversion rates have to rise, or fall, from tier to tier.
    min_rate_diff : float, default=0.0
        Smallest difference of the rates of neighbouring tiers, in [0, 1].
    response_model : {"observed", "score", "isotonic", "logistic"}, default="observed"
        Expected conversions of a customer: the outcome; the score itself; or a monotone
        or logistic function of the score, which is better for unseen customers if there
        are only some hundreds in `fit`.
    score_column : int or str, default=None
        Position or name of the column with the score. None: the only column, the last
        one of an array or of two probabilities that add up to 1, as ``predict_proba``
        returns them; a frame of several other columns needs a name.
    encode : {"ordinal", "onehot", "scores", "rate", "woe", "value"}, \
            default="ordinal"
        Columns that `transform` returns: the code, as a column of segment names under
        ``set_output``; one indicator column per segment; the score itself; the
        conversion rate; the weight of evidence; the profit per customer without fixed
        costs.
    cv : int, splitter or iterable of (train, test), default=5
        The folds of `fit_transform`, which cross-fits the training rows. An int is a
        number of shuffled folds, of ten rows or more: fewer rows are treated as new
        ones, as the models of the folds would have other tiers.
    pos_label : int, float, bool or str, default=None
        Outcome that counts as 1, the other one as 0. None: numbers are taken as such,
        and of two labels the second one in sorted order counts as 1, as it does for
        scikit-learn's classifiers.
    segment_names : sequence of str of length n_bins, default=None
        Names of the tiers. None: "Tier 0", "Tier 1", ...
    missing_tier : int, default=0
        Position of the tier whose treatment customers without a score get. They are a
        segment of their own, to which bounds of sizes and rates do not apply.
    compute_path : bool, default=True
        Whether to compute ``value_path_``, which for millions of customers takes
        several times as long as the optimum itself.

    Attributes
    ----------
    cut_points_ : ndarray of float of shape (n_tiers_used - 1,)
        Scores between the tiers, ascending, each in the middle of the scores of two
        customers. A customer at a cut point is in the lower tier.
    tiers_ : ndarray of int of shape (n_segments,)
        Positions on the menu of the tiers used, ascending, and last `missing_tier` for
        the customers without a score.
    segments_ : DataFrame
        One row per segment: code, name, rule, n, share, tier, low and high (scores
        above `low` up to `high`), conversions, rate, revenue, cost, fixed_cost, spend
        (both costs), profit, profit_per_customer. Conversions are those of the response
        model; if that is not "observed", ``observed_rate`` is added.
    menu_ : DataFrame
        One row per tier: tier, name, revenue, response, cost, fixed_cost, and
        ``pays_from_rate``, the conversion rate from which it is better than the tier
        below.
    value_ : float
        Profit of all segments.
    upper_bound_, gap_ : float
        Proved upper bound of the profit of any tiers, and its difference from
        ``value_``: 0.0 if the tiers are optimal.
    order_loss_ : float
        Profit that tiers in order of the score lose against the best tier for each
        tenth of the customers, as a share of the latter; 0 where the conversion rate
        rises with the score. Fixed costs, bounds and the budget are left out.
    value_path_ : ndarray of float of shape (n_bins,)
        Largest profit with 1, 2, ... tiers used; NaN if that is infeasible. Only if
        `compute_path`.
    rules_ : RuleSet
        The tiers used and, last, the segment "No score".
    classes_ : ndarray of shape (2,)
        The labels of the outcome, sorted. Only if it has labels.
    labels_ : ndarray of int of shape (n_rows,)
        Segment codes of the training rows. Absent after a fit to a table that is not in
        memory, whose rows `label` assigns.
    segment_names_ : ndarray of str
        Names; a code is a position here.
    min_size_, max_size_ : float
        The bounds in customers, 0 and inf for none.
    budget_ : float
        The largest cost of all tiers for the customers of `fit`, in currency; inf for
        none.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    PropensityBinner : Tiers from features, on out-of-fold propensities.
    compat.find_optimal_bins : A function with the signature of smart-segment.

    Notes
    -----
    A tier i with N customers and Y conversions makes ``revenue_i * response_i * Y -
    cost_i * N - fixed_cost_i``. The sum over tiers is maximised over all ordered cuts
    at distinct scores, by a dynamic program [1]_ that is pruned by bounds. A budget is
    handled by Lagrangian relaxation [2]_, whose bound is ``upper_bound_``.

    A budget is kept for the customers of `fit`. Cut points are fitted thresholds, so
    what other customers cost depends on their scores: `spend` tells. Of as many
    customers with scores of the same distribution it is the same up to chance, and of
    twice as many twice as much, fixed costs apart. To keep a budget exactly for a
    campaign, fit to the scores of its customers with ``response_model="score"``, which
    needs no outcomes.

    Customers may have a `revenue` of their own in `fit`, such as the value of a basket:
    a conversion then makes this revenue, times that of the tier. Cut points are those
    of the largest profit, exactly; ``conversions`` and ``rate`` are conversions still,
    ``revenue`` and all profits are in currency. ``pays_from_rate`` and the default
    costs are then in terms of revenue per customer. Constraints on rates are not
    available.

    ``value_`` is the profit of the rows in `fit`. Scores of a model that has seen the
    outcomes of these rows promise far too much: use `PropensityBinner`, or scores of
    rows that the model has not seen.

    `fit_transform` returns the training rows by models that have not seen their
    outcomes, as `TargetEncoder` does. That matters most for the encodings "rate", "woe"
    and "value", which are functions of the outcome. A budget and fixed costs are those
    of all customers, and the models of the folds have their share of them.

    The certificate holds for tiers in order of the score. ``order_loss_`` says what
    this order costs: where the rate falls as the score rises, no cut points help.

    Of a table that is not in memory, its engine counts the customers of each score and
    outcome, and these are fetched, up to 30 million. Of 2 million customers and more
    with outcomes 0 / 1, and neither budget nor constraints on rates, it counts 65,536
    cells of scores instead, and only the scores of those cells are fetched in which an
    upper bound of the profit allows a cut: three scans, or more if such cells are
    divided anew. The fit to them is that to the rows, to the last bit, where outcomes,
    revenues and weights are whole numbers; other sums, and the expected conversions of
    a response model, are rounded in another order, so that profits may differ by 1e-12
    of theirs. For more than 131,072 rows, and of cells, ``order_loss_`` and `bootstrap`
    are of other groups of neighbouring scores than in memory.

    Only the order of the scores and their ties matter, except for the response models
    "score" and "logistic". If outcomes are 0 or 1 and the rates of two neighbouring
    tiers are free, the cut between them is where the conversion rate passes
    ``pays_from_rate``, as it is in cost-sensitive classification [3]_.

    References
    ----------
    .. [1] R. Bellman (1961), On the approximation of curves by line segments using
       dynamic programming. Communications of the ACM 4 (6), 284.
    .. [2] H. Everett (1963), Generalized Lagrange multiplier method for solving
       problems of optimum allocation of resources. Operations Research 11 (3), 399-417.
    .. [3] C. Elkan (2001), The foundations of cost-sensitive learning. Proceedings of
       the 17th International Joint Conference on Artificial Intelligence, 973-978.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg import OptimalRevenueBinner
    >>> rng = np.random.default_rng(0)
    >>> score = rng.beta(2, 5, 1000)
    >>> converted = rng.random(1000) < score
    >>> binner = OptimalRevenueBinner(
    ...     3, revenue=30, response=[1, 1.5, 1.8], cost=[0, 4, 9],
    ...     segment_names=["None", "E-mail", "Call"],
    ... )
    >>> binner.fit(score.reshape(-1, 1), converted).segments_[["name", "n", "profit"]]
           name      n  profit
    0      None  643.0  3450.0
    1    E-mail  300.0  3930.0
    2      Call   57.0  1539.0
    3  No score    0.0     0.0
    >>> binner.gap_
    0.0
    >>> print(binner.rules_["Call"])
    x0 > 0.546...
    """

    menu_ = FittedTable()

    _encodings = ("ordinal", "onehot", "scores", *OF_OUTCOMES)

    def __init__(
        self,
        n_bins: int | None = None,
        *,
        revenue: float | Sequence[float] | Callable[[int], float] = 1.0,
        cost: float | Sequence[float] | Callable[[int], float] | None = None,
        response: float | Sequence[float] | Callable[[int], float] | None = None,
        fixed_cost: float | Sequence[float] | Callable[[int], float] = 0.0,
        mode: str = "subset",
        min_size: float | None = 0.01,
        max_size: float | None = None,
        budget: float | None = None,
        budget_per_customer: float | None = None,
        monotonic: str | None = None,
        min_rate_diff: float = 0.0,
        response_model: str = "observed",
        score_column: int | str | None = None,
        encode: str = "ordinal",
        cv: Any = 5,
        pos_label: Any = None,
        segment_names: Sequence[str] | None = None,
        missing_tier: int = 0,
        compute_path: bool = True,
    ) -> None:
        self.n_bins = n_bins
        self.revenue = revenue
        self.cost = cost
        self.response = response
        self.fixed_cost = fixed_cost
        self.mode = mode
        self.min_size = min_size
        self.max_size = max_size
        self.budget = budget
        self.budget_per_customer = budget_per_customer
        self.monotonic = monotonic
        self.min_rate_diff = min_rate_diff
        self.response_model = response_model
        self.score_column = score_column
        self.encode = encode
        self.cv = cv
        self.pos_label = pos_label
        self.segment_names = segment_names
        self.missing_tier = missing_tier
        self.compute_path = compute_path

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, revenue: Any = None
    ) -> Self:
        """Find the most profitable tiers.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns), or table not in memory
            One row per customer, or per group of equal customers with their number in
            `sample_weight`; the score is in `score_column`. Scores are any numbers,
            higher for better customers, NaN for customers without one. A table that is
            not in memory, such as files or a relation (see `skseg.engines`), has the
            outcome too.
        y : array-like of shape (n_rows,) or str, default=None
            Conversions: 0 / 1, or any finite number, such as the rate of a group, or
            two labels, of which `pos_label` counts as 1. It is optional for
            ``response_model="score"`` alone. Of a table it is the name of a column.
        sample_weight : array-like of shape (n_rows,) or str, default=None
            Weight 3 counts as the row three times. Of a table it is the name of a
            column of whole numbers.
        revenue : array-like of shape (n_rows,) or str, default=None
            Revenue of each customer per conversion, in currency, by which that of the
            tiers is multiplied; finite. None: 1 for all. Of a table it is the name of a
            column.

        Returns
        -------
        OptimalRevenueBinner
            The fitted binner.

        Raises
        ------
        InvalidParameterError, InvalidDataError
            If a parameter or a column breaks its rule.
        InfeasibleError
            If no tiers meet the constraints; its ``advice`` is the smallest change that
            helps, and its ``remedy`` the parameters to set.

        Warns
        -----
        UserWarning
            If one tier is the best for everyone, whatever the scores; if
            ``order_loss_`` exceeds 0.01, and what chance explains; or if bounds are
            numbers of customers in a search, whose folds have fewer.
        """
        self._check_encode()
        settings, has_outcome = read_settings(self), y is not None
        check_rates(settings, has_revenue=revenue is not None)
        table = open_table(X)
        if table is not None:
            arguments = table, y, sample_weight, revenue
            try:
                self._fit_table(settings, arguments, self._relevance(settings))
            except InfeasibleError:
                # All scores are needed to say what is feasible.
                self._fit_table(settings, arguments, None)
            return self
        columns = read_columns(self, X, reset=True)
        weight = check_sample_weight(sample_weight, columns.n_rows, OWNER)
        column = score_column(self, columns)
        with column_errors_as_data_errors("score_column"):
            scores = columns.numbers(column)
        row_revenue = read_row_revenue(OWNER, revenue, columns.n_rows)
        observed, coding = observed_customers(
            scores, y, weight, row_revenue, self.response_model, self.pos_label
        )
        self.labels_ = self._fit_customers(
            settings, column, observed, coding, has_outcome
        )
        return self

    def _fit_table(
        self,
        settings: Settings,
        arguments: tuple[Table, Any, Any, Any],
        relevance: Relevance | None,
    ) -> None:
        """Fit to the customers of a table that is not in memory."""
        read = read_table_customers(self, *arguments, relevance=relevance)
        self.n_features_in_ = len(read.names)
        self.feature_names_in_ = np.array(read.names, dtype=object)
        has_outcome = arguments[1] is not None
        self._fit_customers(
            settings, read.column, read.customers, read.coding, has_outcome
        )

    def _fit_customers(
        self,
        settings: Settings,
        column: str,
        observed: Customers,
        coding: OutcomeCoding,
        has_outcome: bool,
    ) -> IntArray:
        """Fit to customers whose scores are in a column; return their segments."""
        model = self.response_model
        customers = expected_customers(observed, model)
        scored, weight, row_revenue = (
            customers.scored,
            observed.weight,
            observed.revenue,
        )
        menu = self._menu_for(customers, settings.n_bins)
        rows, bounds = scored.rows(), read_bounds(self, scored.n)
        warn_of_counts_in_folds(
            OWNER, scored.n, min_size=self.min_size, max_size=self.max_size
        )
        optimum = find_optimum(rows, customers, menu, settings, bounds)
        cuts, cut_points = optimum.cuts, np.array(optimum.cuts.cut_points)
        tiers = np.array([*cuts.tiers, settings.missing_tier], dtype=np.intp)
        rules = tier_rules(column, settings.names, cuts.tiers, cuts.cut_points)
        labels = rules.assign({column: observed.scores})
        # The search has added them up by score, in the order of the rows.
        totals = count(labels, len(rules), customers.conversions, weight, row_revenue)
        segments = profit_table(rules, menu, tiers, cut_points, totals)
        if model != "observed" and has_outcome:
            counted = count(labels, len(rules), observed.conversions, weight)
            with np.errstate(invalid="ignore"):
                segments["observed_rate"] = counted.conversions / counted.n
        check_encoding(self.encode, observed.are_shares)
        if self.compute_path:
            self.value_path_ = path_of_rows(rows, **optimum.options)
            self.value_path_ += optimum.unscored_profit
        bins = score_bins(rows, cut_points)
        self.order_loss_ = share_of_order_loss(observed, bins, menu, model)
        self._resampler = make_resampler(
            observed, bins, cut_points, model, menu, settings.missing_tier
        )
        self._menu, self._options = menu, optimum.options
        self._score_range, self._column = scored.score_range, column
        self._encoding = SegmentEncoding.of_rules(self.encode, rules)
        self._values = segment_values(self.encode, segments, menu, totals.amounts)
        self._tiers, self._cut_points = tiers, cut_points
        self._coding = coding
        if coding.classes is not None:
            self.classes_ = label_array(coding.classes)
        self.min_size_, self.max_size_ = bounds
        self.budget_ = settings.total_budget(customers.n)
        self._has_revenue = row_revenue is not None
        self.menu_ = menu.table(settings.names)
        self.cut_points_, self.tiers_ = cut_points.copy(), tiers.copy()
        self.rules_, self.segments_ = rules, segments
        self.value_, self.gap_ = cuts.value + optimum.unscored_profit, cuts.gap
        self.upper_bound_ = cuts.upper_bound + optimum.unscored_profit
        return labels

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
            Positions in ``segment_names_`` and ``tiers_``; the last one for rows
            without a score.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        return self.rules_.assign(read_columns(self, X, reset=False))

    @reads_state
    def inverse_transform(self, X: Any) -> FloatArray:
        """Return the middle score of the segments that `transform` has encoded.

        Parameters
        ----------
        X : frame or array-like of shape (n_rows, 1) or (n_rows, n_segments)
            Result of `transform`.

        Returns
        -------
        ndarray of float of shape (n_rows, 1)
            Middle between the bounds of the segment; the outer bounds are the lowest
            and the highest score in `fit`. NaN for rows without a score. Segments with
            the same code, such as two of the same rate, get the mean of their middles.
            With ``encode="scores"`` it is the score itself.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            If a row is the code of no segment.
        """
        encoding = self._encoding
        encoded = read_encoded(X, encoding)
        if encoding.encode == "scores":
            return encoded
        bounds = [
            self._score_range[0],
            *self._cut_points.tolist(),
            self._score_range[1],
        ]
        inner = [threshold_between(*pair) for pair in pairwise(bounds)]
        middles = np.array([*inner, np.nan])
        table = codebook(encoding, self._values)
        return decoded(encoded, table, middles)[:, np.newaxis]

    @reads_state
    def evaluate(
        self, X: Any, y: Any, sample_weight: Any = None, revenue: Any = None
    ) -> pd.DataFrame:
        """Return the segment table of other customers and their outcomes.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            Conversions, as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        revenue : array-like of shape (n_rows,), default=None
            Revenue of each customer, given if and only if it was in `fit`.

        Returns
        -------
        DataFrame
            Columns of ``segments_``, to compare promised with realised profits. A fixed
            cost is paid for tiers with at least one of the customers.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            If the columns are not those of `fit`, or outcomes are unknown.
        """
        codes = self.predict(X)
        if y is None:
            raise InvalidDataError(
                f"evaluate and score of {OWNER} need the outcome y.",
                owner=OWNER,
                name="y",
                rule="given",
            )
        outcome = self._coding.numbers(OWNER, y, len(codes))
        weight = check_sample_weight(sample_weight, len(codes), OWNER)
        row_revenue = read_row_revenue(OWNER, revenue, len(codes))
        check_revenue_as_in_fit(OWNER, row_revenue, has_revenue=self._has_revenue)
        totals = count(codes, len(self.rules_), outcome, weight, row_revenue)
        return profit_table(
            self.rules_, self._menu, self._tiers, self._cut_points, totals
        )

    @reads_state
    def spend(self, X: Any, sample_weight: Any = None) -> pd.DataFrame:
        """Return what the tiers cost for other customers, whose outcome is not known.

        A budget holds for the customers of `fit` alone. Compare the sum of the column
        ``spend`` with the budget of a campaign before it starts.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        DataFrame
            One row per segment: code, name, n, share, tier, cost, fixed_cost, spend
            (both costs, in currency) and spend_per_customer. A fixed cost is paid for
            tiers with at least one of the customers.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            If the columns are not those of `fit`.

        Examples
        --------
        >>> import numpy as np
        >>> from skseg import OptimalRevenueBinner
        >>> rng = np.random.default_rng(0)
        >>> score = rng.beta(2, 5, 1000)
        >>> converted = rng.random(1000) < score
        >>> binner = OptimalRevenueBinner(
        ...     2, revenue=[30, 45], cost=[0, 4], budget_per_customer=0.5
        ... ).fit(score[:, None], converted)
        >>> binner.budget_
        500.0
        >>> campaign = rng.beta(2, 5, 5000)[:, None]
        >>> binner.spend(campaign)[["name", "n", "spend"]]
               name       n   spend
        0    Tier 0  4309.0     0.0
        1    Tier 1   691.0  2764.0
        2  No score     0.0     0.0

        That is more than 5,000 times 0.5, as the scores are others.
        """
        codes = self.predict(X)
        weight = check_sample_weight(sample_weight, len(codes), OWNER)
        totals = count(codes, len(self.rules_), np.zeros(len(codes)), weight)
        table = profit_table(
            self.rules_, self._menu, self._tiers, self._cut_points, totals
        )[["code", "name", "n", "share", "tier", "cost", "fixed_cost", "spend"]]
        with np.errstate(invalid="ignore"):
            return table.assign(spend_per_customer=table["spend"] / table["n"])

    @reads_state
    def score(
        self, X: Any, y: Any, sample_weight: Any = None, revenue: Any = None
    ) -> float:
        """Return the profit per customer on other customers, in currency.

        It is the profit by the menu of this binner, so it compares bounds, modes,
        response models and scores, as `GridSearchCV` does, but never menus: among
        guesses of responses and costs, the most optimistic one has the highest score.
        `skseg.metrics.make_profit_scorer` measures all candidates by one menu.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            Conversions, as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        revenue : array-like of shape (n_rows,), default=None
            Revenue of each customer, given if and only if it was in `fit`.

        Returns
        -------
        float
            Sum of the profits of `evaluate` over the number of customers.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            As in `evaluate`.
        """
        table = self.evaluate(X, y, sample_weight, revenue)
        n = table["n"].sum()
        if n == 0:
            raise InvalidDataError(
                f"score of {OWNER} is a profit per customer, and there are none: no "
                "rows, or none with a weight above 0.",
                owner=OWNER,
                name="X",
                rule="at least one row with a weight above 0",
            )
        return float(math.fsum(table["profit"]) / n)

    @reads_state
    def bootstrap(
        self,
        n_replicates: int = 1000,
        *,
        random_state: Any = None,
    ) -> RevenueBootstrap:
        """Return the bootstrap distribution of cut points and profits.

        For every replicate as many customers as in `fit` are drawn from these with
        replacement, and the optimum is found anew.

        Parameters
        ----------
        n_replicates : int, default=1000
            Number of draws.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws.

        Returns
        -------
        RevenueBootstrap
            Cut points and profits of all replicates, and ``frame()`` for intervals.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            If `n_replicates` is not positive, or weights in `fit` were not whole
            numbers of customers.

        Notes
        -----
        The bootstrap is Efron's [1]_. The binner keeps sums over about a thousand bins
        of neighbouring scores, which are small around its cut points, and replicates
        are cut between bins: at all distinct scores if there are no more than that.
        The sums of a replicate are drawn from the multinomial distribution that drawing
        customers one by one leads to. Each replicate is then solved exactly, which
        takes about a millisecond, and up to a hundred if a budget or rates bind.
        Outcomes in [0, 1] count as shares of customers who convert; for others, mean
        and variance of sums are preserved.

        References
        ----------
        .. [1] B. Efron, R. J. Tibshirani (1993), An Introduction to the Bootstrap.
           Chapman & Hall.

        Examples
        --------
        >>> import numpy as np
        >>> from skseg import OptimalRevenueBinner
        >>> rng = np.random.default_rng(0)
        >>> score = rng.beta(2, 5, 1000)
        >>> converted = rng.random(1000) < score
        >>> binner = OptimalRevenueBinner(2, revenue=[30, 45], cost=[0, 4])
        >>> fitted = binner.fit(score.reshape(-1, 1), converted)
        >>> fitted.bootstrap(200, random_state=0).frame().round(2)
            kind             name  estimate   ci_low  ci_high
        0    cut  Tier 0 | Tier 1      0.32     0.19     0.36
        1   tier           Tier 0   3450.00  1020.00  4110.00
        2   tier           Tier 1   5412.00  4247.00  8581.00
        3  total            Total   8862.00  7897.00  9991.00
        """
        n_replicates = check_int(OWNER, "n_replicates", n_replicates, 1, 10**9)
        if self._resampler is None:
            raise InvalidDataError(
                f"bootstrap of {OWNER} draws customers, so sample_weight has to be "
                "numbers of customers. Got fractions in fit.",
                owner=OWNER,
                name="sample_weight",
                rule="numbers of customers",
            )
        if self._resampler.has_revenue and self._resampler.is_calibrated:
            raise InvalidDataError(
                f"bootstrap of {OWNER} cannot calibrate conversions anew where rows "
                "have a revenue of their own.",
                owner=OWNER,
                name="revenue",
                rule="None in fit, for a calibrated response model",
                advice="Fit with response_model='observed'.",
            )
        if not self._resampler.has_variance:
            raise InvalidDataError(
                f"bootstrap of {OWNER} needs the variance of the outcome, whose sum of "
                "squares is too large or too small for float64.",
                owner=OWNER,
                name="y",
                rule="of a sum of squares that float64 holds",
                advice="Choose another unit for y in fit.",
            )
        seed = check_random_state(random_state).randint(2**31)
        return self._resampler.bootstrap(
            self._options,
            self.segments_,
            n_replicates,
            np.random.default_rng(seed),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.response_model != "score"
        return tags

    def _features(self, X: Any) -> FloatArray:
        if self._values is not None:
            values: FloatArray = self._values[self.predict(X)]
            return values[:, np.newaxis]
        columns = read_columns(self, X, reset=False)
        return np.asarray(columns.numbers(self._column)[:, np.newaxis])

    def _feature_names(self) -> list[str]:
        return [self._column if self._values is None else self._encoding.encode]

    def _training_codes(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> IntArray | None:
        if self.response_model == "score" or self._has_few_rows():
            return None
        outcome = self._coding.numbers(OWNER, y, len(self.labels_))
        return cross_fitted_codes(self, X, outcome, outcome, fit_params, self.cv)

    def _training_features(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> FloatArray | None:
        if self._values is None or y is None or self._has_few_rows():
            return None
        outcome = self._coding.numbers(OWNER, y, len(self.labels_))
        features = np.empty((len(outcome), 1))
        (rows,) = indexable(native_rows(OWNER, X))
        models = fold_models(self, rows, outcome, outcome, fit_params, self.cv)
        for model, test in models:
            features[test] = model._features(take_rows(rows, test))
        return features

    def _relevance(self, settings: Settings) -> Relevance | None:
        """Return which cells of scores an optimum may cut at; None if it is unknown."""
        is_bounded = (self.budget, self.budget_per_customer) != (None, None)
        if is_bounded or settings.rates or self.response_model != "observed":
            return None

        def relevance(customers: Customers, n: FloatArray, y: FloatArray) -> BoolArray:
            menu = self._menu_for(customers, settings.n_bins)
            bounds = read_bounds(self, customers.scored.n)
            options = cut_options(customers, menu, settings, bounds)
            return relevant_cells(n, y, **options)

        return relevance

    def _menu_for(self, customers: Customers, n_bins: int) -> Menu:
        """Return the menu for these customers, or raise."""
        rate = customers.scored.total_amount / customers.scored.n
        menu = read_menu(self, n_bins, rate, float(customers.amounts.min()))
        check_budgets(
            menu, budget=self.budget, budget_per_customer=self.budget_per_customer
        )
        check_money(menu, customers.n, customers.total_absolute_amount)
        return menu

    def _has_few_rows(self) -> bool:
        """Tell whether folds are too small to be cross-fitted."""
        if not isinstance(self.cv, numbers.Integral):
            return False
        return int(self.cv) > 1 and len(self.labels_) < _ROWS_A_FOLD * int(self.cv)

    def _prepare_for_fold(self, fitted: OptimalRevenueBinner, share: float) -> None:
        """Set the menu of the fit to all rows, and this share of what all may cost."""
        menu = fitted._menu
        self.n_bins = len(menu.cost)
        self.revenue, self.response = menu.revenue.tolist(), menu.response.tolist()
        self.cost, self.fixed_cost = (
            menu.cost.tolist(),
            (menu.fixed_cost * share).tolist(),
        )
        if self.budget is not None:
            self.budget = float(self.budget) * share
        # Outcomes are numbers by now.
        self.pos_label, self.compute_path = None, False
