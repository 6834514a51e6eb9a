"""RFMSegmenter: recency, frequency and monetary scores as named, proved segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skseg._core._base import SegmenterMixin
from skseg._core._caller import caller_level
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._explained import explained_outcome, explained_ranks, group_means
from skseg._core._fitted_state import reads_state
from skseg._core._fitted_tables import FittedTable
from skseg._core._validation import (
    are_positions,
    check_choice,
    check_int,
    check_outcome,
    check_sample_weight,
    read_columns,
)
from skseg._core._vector import read_vector
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
)
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._unseen import warn_of_unseen_values

from ._dimensions import SCORES, Dimension, quantile_cut_points, translated
from ._map_proof import OWNER, disjoint_rules
from ._segment_maps import N_SCORES, SEGMENT_MAPS, SegmentMap
from ._segment_table import rfm_segment_table


class RFMSegmenter(SegmenterMixin, SegmentEncoderMixin, BaseEstimator):
    """Score customers by recency, frequency and monetary value, and name the segments.

    Each dimension gets a score, 1 (worst) to `n_scores` (best): one plus the number of
    cut points below the value, counted from the other end for recency. Cut points are
    quantiles of the training customers or given. A map names the segments by rules over
    the scores; it is proved to be a partition, and translated into rules in days,
    orders and currency, which are what `predict` evaluates.

    Parameters
    ----------
    segments : {"grid", "seed", "seed-premium", "putler", "r-rfm"} or mapping, \
default="grid"
        The segment map. ``"grid"`` is the usual picture of ten rectangles in the plane
        of R and F. ``"seed"`` has Top customers, At risk, New customers, Dormant and
        Others; ``"seed-premium"`` splits from its Others those with ``premium == 1``.
        ``"putler"`` and ``"r-rfm"`` are the published tables of score ranges. A mapping
        of names to rules over ``R``, ``F``, ``M`` and other columns of `X` is a map
        of your own: ``{"Top": "R >= 4 and F >= 4", ...}``.
    n_scores : int or mapping, default=5
        Number of scores of a dimension with learned cut points, 2 to 10; a mapping has
        the keys ``"recency"``, ``"frequency"``, ``"monetary"``. The maps that ship are
        written on 5 and defined on 3 to 10; see Notes.
    cut_points : "quantile" or mapping, default="quantile"
        Where the cut points come from. A mapping gives business cut points for some
        or all dimensions, ``{"recency": [30, 90, 180, 365]}``; the other ones are
        learned. A value equal to a cut point lies below it.
    on_overlap : {"raise", "first"}, default=None
        What to do where the rules of the map overlap. ``"first"``: the first rule that
        holds counts. None: what the shipped map declares; ``"raise"`` for a map of your
        own.
    default : str, default=None
        Segment of the customers for whom no rule of your map holds. None: a map with
        gaps is an error. The maps that ship declare their own.
    unknown : str, default="Unknown"
        Segment of the customers that cannot be decided because a value is missing, such
        as the recency of a customer without a purchase.
    recency, frequency, monetary : str, default="recency", "frequency", "monetary"
        Names of the columns. In an array they are the first, second and third column,
        as long as the names are the default ones; the third may be absent if the map
        does without M. ``monetary=None`` leaves M out.
    encode : {"scores", "onehot", "ordinal"}, default="scores"
        What `transform` gives: the scores R, F and M, a column of 0 and 1 for each
        segment that customers can be in, or one column of segment codes.

    Attributes
    ----------
    rules_ : RuleSet
        The segments in the units of the data: mutually exclusive, and exhaustive with
        the segment of missing values as the default.
    segments_ : DataFrame
        One row per segment: code, name, rule, n (weight), share, median of each
        dimension (of an even number of customers, the mean of the middle two), share of
        revenue (of all amounts that are finite; NaN unless these add up to more than
        0) and outcome (mean of `y`, if given).
    segment_names_ : ndarray of str
        Names; a code is a position here.
    labels_ : ndarray of int of shape (n_rows,)
        Segment codes of the training rows.
    cut_points_ : dict of str to ndarray
        Dimension -> ascending cut points, in its units.
    score_table_ : DataFrame
        One row per dimension and score: the interval ``(above, up_to]`` of values, the
        number of customers and their share, and whether the score is ``collapsed``:
        ties have made two cut points equal, and no value gets it.
    mece_report_ : MECEReport
        The proof about the map, over all combinations of scores and before
        `on_overlap` and `default` are applied: its overlaps, gaps and unreachable
        segments.
    unreachable_segments_ : tuple of str
        Segments that no customer can get, by the map or by collapsed scores.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    rfm_table : Makes the customer table from transactions.

    Notes
    -----
    Missing values get no score. A customer whose known values decide belongs to the
    decided segment, every other one to the segment `unknown`.

    On other numbers of scores than five a map that ships keeps its names and rules:
    each score stands for the one out of five in whose fifth of the customers the middle
    of its own share lies. Of ten scores 1 and 2 stand for 1, 3 and 4 for 2, and so on;
    three scores stand for 1, 3 and 5. Four scores stand for 1, 3, 4, 5 in ``"grid"``,
    1, 2, 3, 5 in ``"r-rfm"``, and 1, 2, 4, 5 in the other maps, which leaves the fewest
    segments empty. A segment for which no score is left does not exist: Promising
    (R = 4) in the grid with three scores of recency.

    RFM scoring goes back to A. M. Hughes, "Strategic Database Marketing" (1994). Equal
    values get equal scores here: ranking with ties broken by row order, a common
    idiom, moves customers between segments when the rows are shuffled.

    Examples
    --------
    >>> from skseg import RFMSegmenter, rfm_table
    >>> from skseg.datasets import make_orders
    >>> orders = make_orders(500, random_state=0)
    >>> customers = rfm_table(orders, customer_id="customer_id", date="date",
    ...                       amount="amount", order_id="order_id", as_of="2025-01-01")
    >>> segmenter = RFMSegmenter().fit(customers)
    >>> segmenter.predict(customers).shape
    (500,)
    >>> print(segmenter.rules_["Champions"])
    recency <= 18 and frequency > 5
    >>> segmenter.rules_.verify().is_mece
    True
    """

    score_table_ = FittedTable()

    _encodings = ("scores", "onehot", "ordinal")

    def __init__(
        self,
        segments: str | Mapping[str, str | Rule] = "grid",
        n_scores: int | Mapping[str, int] = 5,
        *,
        cut_points: str | Mapping[str, Any] = "quantile",
        on_overlap: str | None = None,
        default: str | None = None,
        unknown: str = "Unknown",
        recency: str = "recency",
        frequency: str = "frequency",
        monetary: str | None = "monetary",
        encode: str = "scores",
    ) -> None:
        self.segments = segments
        self.n_scores = n_scores
        self.cut_points = cut_points
        self.on_overlap = on_overlap
        self.default = default
        self.unknown = unknown
        self.recency = recency
        self.frequency = frequency
        self.monetary = monetary
        self.encode = encode

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> RFMSegmenter:
        """Learn the cut points and prove the segments.

        Parameters
        ----------
        X : frame or array of shape (n_customers, n_columns)
            One row per customer. Recency in days since the last purchase, frequency in
            purchases, monetary in currency. pandas, polars, pyarrow or whatever
            narwhals reads; further columns are left alone unless the map uses them.
        y : array-like of shape (n_customers,), default=None
            An outcome, such as 0 / 1 for conversion, or revenue. It changes no segment:
            ``segments_`` gets its means, and `score` measures how much of it the
            segments explain. Text and several columns, which a later step of a pipeline
            may predict, are no outcome and have no effect.
        sample_weight : array-like of shape (n_customers,), default=None
            Weight 3 counts as the customer three times.

        Returns
        -------
        RFMSegmenter
            The fitted segmenter.

        Raises
        ------
        ValueError
            If a parameter or column is wrong, the outcome is missing somewhere, or the
            map overlaps or leaves gaps without a declared `on_overlap` or `default`.
        """
        self._check_encode()
        columns = read_columns(self, X, reset=True, min_features=2)
        weight = check_sample_weight(sample_weight, columns.n_rows, OWNER)
        segment_map = self._segment_map()
        dimensions = self._fit_dimensions(columns, weight)
        score_rules, report = disjoint_rules(segment_map, dimensions, columns.names)
        scales = {d.score: d for d in dimensions}
        rules = RuleSet(
            {name: translated(rule, scales) for name, rule in score_rules.items()},
            default=self._unknown_name(score_rules),
        ).simplify()
        labels = rules.assign(columns)
        warn_of_unseen_values(rules.unseen_values(columns), columns, caller_level())
        table = rfm_segment_table(rules, labels, dimensions, columns, weight)
        if _is_outcome(y):
            outcome = check_outcome(OWNER, y, columns.n_rows)
            counts = np.ones(columns.n_rows) if weight is None else weight
            table["outcome"] = group_means(labels, len(table), outcome, counts)
        self.rules_, self.mece_report_, self.labels_ = rules, report, labels
        # Missing values alone reach the default, and they always do.
        self.unreachable_segments_ = rules.verify().unreachable or ()
        self._encoding = SegmentEncoding.of_rules(
            self.encode, rules, self.unreachable_segments_
        )
        self._dimensions = dimensions
        self.cut_points_ = {d.name: d.cut_points.copy() for d in dimensions}
        self.segments_ = table
        self.score_table_ = pd.concat(
            [d.table(columns.numbers(d.column), weight) for d in dimensions],
            ignore_index=True,
        )
        return self

    @reads_state
    def predict(self, X: Any) -> IntArray:
        """Return the segment code of every customer.

        Parameters
        ----------
        X : frame or array of shape (n_customers, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of int of shape (n_customers,)
            Positions in ``segment_names_``.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        return self.rules_.assign(read_columns(self, X, reset=False))

    @reads_state
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return how much segments explain: of the outcome, or of R, F and M.

        With `y` it is the share of the variance of the outcome, R squared, if each row
        is predicted the mean outcome that its segment had in the training rows. Without
        `y` it is the share of the variance of the customers' ranks by recency,
        frequency and monetary value that lies between segments of the rows given, as
        the mean of the dimensions. Both compare maps, numbers of scores and cut points
        on the same rows, as `GridSearchCV` does.

        Parameters
        ----------
        X : frame or array of shape (n_customers, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_customers,), default=None
            The outcome, as in `fit`.
        sample_weight : array-like of shape (n_customers,), default=None
            Weight 3 counts as the customer three times.

        Returns
        -------
        float
            At most 1. 0 is no better than one segment for all; only an outcome can be
            explained worse.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If there is an outcome here and there was none of numbers in ``fit``, or no
            two customers differ in any dimension.

        Examples
        --------
        >>> from sklearn.model_selection import GridSearchCV
        >>> from skseg import RFMSegmenter, rfm_table
        >>> from skseg.datasets import make_orders
        >>> customers = rfm_table(
        ...     make_orders(500, random_state=0), customer_id="customer_id",
        ...     date="date", amount="amount", order_id="order_id", as_of="2025-01-01",
        ... )
        >>> search = GridSearchCV(RFMSegmenter(), {"n_scores": [3, 4, 5, 6]})
        >>> search.fit(customers).best_params_
        {'n_scores': 5}
        """
        columns = read_columns(self, X, reset=False)
        codes = self.rules_.assign(columns)
        if y is not None:
            return explained_outcome(OWNER, self.segments_, codes, y, sample_weight)
        weight = check_sample_weight(sample_weight, len(codes), OWNER)
        shares = [
            explained_ranks(codes, columns.numbers(d.column), weight)
            for d in self._dimensions
        ]
        if np.isnan(shares).all():
            raise InvalidDataError(
                "No two customers differ in a dimension, so there is nothing to score.",
                owner=OWNER,
                name="X",
                rule="with customers who differ",
            )
        return float(np.nanmean(shares))

    def _space_columns(self) -> list[str]:
        # Those of all maps alike, so that maps can be compared.
        return [dimension.column for dimension in self._dimensions]

    @reads_state
    def scores(self, X: Any) -> pd.DataFrame:
        """Return the scores R, F and M as whole numbers in a pandas frame.

        Parameters
        ----------
        X : frame or array of shape (n_customers, n_columns)
            Columns as in `fit`.

        Returns
        -------
        DataFrame of Int64 of shape (n_customers, n_dimensions)
            Columns ``R``, ``F`` and ``M``, from 1 (worst) to the number of scores
            (best), ``<NA>`` where the value is missing. The index is that of `X` where
            it has one.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        columns = read_columns(self, X, reset=False)
        frame = pd.DataFrame(
            {d.score: d.scores(columns.numbers(d.column)) for d in self._dimensions}
        ).astype("Int64")
        return frame.set_axis(X.index) if isinstance(X, pd.DataFrame) else frame

    def _features(self, X: Any) -> FloatArray:
        columns = read_columns(self, X, reset=False)
        return np.column_stack(
            [d.scores(columns.numbers(d.column)) for d in self._dimensions]
        )

    def _feature_names(self) -> list[str]:
        return [d.score for d in self._dimensions]

    def _segment_map(self) -> SegmentMap:
        if self.on_overlap is not None:
            check_choice(OWNER, "on_overlap", self.on_overlap, ["raise", "first"])
        if isinstance(self.segments, Mapping) and self.segments:
            return SegmentMap(self.segments, self.on_overlap or "raise", self.default)
        name = self.segments if isinstance(self.segments, str) else None
        if name not in SEGMENT_MAPS:
            rule = f"one of {sorted(SEGMENT_MAPS)} or a mapping of names to rules"
            raise InvalidParameterError(OWNER, "segments", rule, self.segments)
        shipped = SEGMENT_MAPS[name]
        return replace(
            shipped,
            on_overlap=self.on_overlap or shipped.on_overlap,
            default=shipped.default if self.default is None else self.default,
            name=name,
        )

    def _fit_dimensions(
        self, columns: Columns, weight: FloatArray | None
    ) -> list[Dimension]:
        self._check_dimension_keys()
        return [
            self._fit_dimension(name, column, columns.numbers(column), weight)
            for name, column in self._dimension_columns(columns).items()
        ]

    def _check_dimension_keys(self) -> None:
        for parameter in ("n_scores", "cut_points"):
            value = getattr(self, parameter)
            if isinstance(value, Mapping) and not value.keys() <= SCORES.keys():
                rule = f"a mapping with keys among {list(SCORES)}"
                raise InvalidParameterError(OWNER, parameter, rule, dict(value))
        if not isinstance(self.cut_points, Mapping) and self.cut_points != "quantile":
            rule = "'quantile' or a mapping of dimensions to cut points"
            raise InvalidParameterError(OWNER, "cut_points", rule, self.cut_points)

    def _dimension_columns(self, columns: Columns) -> dict[str, str]:
        """Return dimension -> column; an array has them in the order R, F, M."""
        has_positions = are_positions(columns.names)
        column_of: dict[str, str] = {}
        for position, name in enumerate(SCORES):
            column = getattr(self, name)
            if column is None and name == "monetary":
                continue
            if has_positions and column == name:
                if position < len(columns.names):
                    column_of[name] = columns.names[position]
                continue
            if not isinstance(column, str):
                rule = "the name of a column"
                raise InvalidParameterError(OWNER, name, rule, column)
            if column not in columns.names:
                advice = f"Name it with the parameter {name}=..."
                raise MissingColumnError(OWNER, [column], columns.names, advice=advice)
            column_of[name] = column
        return column_of

    def _fit_dimension(
        self, name: str, column: str, values: FloatArray, weight: FloatArray | None
    ) -> Dimension:
        business = None
        if isinstance(self.cut_points, Mapping):
            business = self.cut_points.get(name)
        if business is None:
            n_scores = self.n_scores
            if isinstance(n_scores, Mapping):
                n_scores = n_scores.get(name, N_SCORES)
            n_scores = check_int(OWNER, "n_scores", n_scores, 2, 10)
            cut_points = quantile_cut_points(column, values, n_scores, weight)
        else:
            cut_points = np.asarray(business, dtype=np.float64)
            is_list = cut_points.ndim == 1 and 1 <= len(cut_points) <= 9
            is_finite = np.isfinite(cut_points).all()
            if not is_list or not is_finite or (np.diff(cut_points) <= 0).any():
                rule = f"1 to 9 finite cut points in rising order for {name!r}"
                raise InvalidParameterError(OWNER, "cut_points", rule, business)
        # Adding 0.0 turns -0.0 into 0.0, and copies what belongs to the caller.
        return Dimension(name, column, cut_points + 0.0)

    def _unknown_name(self, rules: Mapping[str, Rule]) -> str:
        if not isinstance(self.unknown, str) or self.unknown in rules:
            rule = "a str that is no name of another segment"
            raise InvalidParameterError(OWNER, "unknown", rule, self.unknown)
        return self.unknown


def _is_outcome(y: Any) -> bool:
    """Tell whether `y` is one column, and not of text."""
    if y is None:
        return False
    try:
        outcome = read_vector(OWNER, "y", y)
    except InvalidDataError:
        return False  # several columns
    return not outcome.column.is_text()
