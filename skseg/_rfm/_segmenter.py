"""RFMSegmenter: recency, frequency and monetary scores as named, proved segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skseg._core._base import SegmenterMixin
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._explained import explained_outcome, explained_ranks
from skseg._core._fitted_state import reads_state
from skseg._core._fitted_tables import FittedTable
from skseg._core._nested_params import MappingParam, NestedParamsMixin
from skseg._core._strategy import StrategyMixin
from skseg._core._validation import check_sample_weight, read_columns
from skseg._typing import FloatArray, IntArray
from skseg.engines import open_table
from skseg.exceptions import InvalidDataError
from skseg.rules import MECEReport, Rule, RuleSet

from ._dimension_columns import dimension_columns
from ._dimensions import OWNER, SCORES, Dimension
from ._row_customers import RowCustomers
from ._scales import cut_points_by_dimension, fitted_dimensions, n_scores_by_dimension
from ._segment_maps import read_segment_map
from ._segment_rules import segments_of_map, segments_of_scores
from ._table_customers import TableCustomers


class RFMSegmenter(
    NestedParamsMixin, StrategyMixin, SegmenterMixin, SegmentEncoderMixin, BaseEstimator
):
    """Score customers by recency, frequency and monetary value, and name the segments.

    Each dimension gets a score, 1 (worst) to `n_scores` (best): one plus the number of
    cut points below the value, counted from the other end for recency. Cut points are
    quantiles of the training customers or given. A map names the segments by rules over
    the scores; it is proved to be a partition, and translated into rules in days,
    orders and currency, which are what `predict` evaluates.

    Parameters
    ----------
    segments : {"grid", "seed", "seed-premium", "putler", "r-rfm"}, mapping or None, \
default="grid"
        The segment map. ``"grid"`` is the usual picture of ten rectangles in the plane
        of R and F. ``"seed"`` has Top customers, At risk, New customers, Dormant and
        Others; ``"seed-premium"`` splits from its Others those with ``premium == 1``.
        ``"putler"`` and ``"r-rfm"`` are the published tables of score ranges. A mapping
        of names to rules over ``R``, ``F``, ``M`` and other columns of `X` is a map of
        your own: ``{"Top": "R >= 4 and F >= {f}", ...}``; its rules are also parameters
        of their own, ``segments__Top``. None: scores alone. Then each combination of
        scores is a segment, named ``"R5 F4 M3"``, best first.
    n_scores : int or mapping, default=5
        Number of scores of a dimension with learned cut points, 2 to 10; a mapping has
        the keys ``"recency"``, ``"frequency"``, ``"monetary"``, which are also
        parameters of their own: ``n_scores__recency``. The maps that ship are written
        on 5 and defined on 3 to 10; see Notes.
    cut_points : "quantile" or mapping, default="quantile"
        Where the cut points come from. A mapping gives business cut points for some
        or all dimensions, ``{"recency": [30, 90, 180, 365]}``; the other ones, and
        those with ``"quantile"``, are learned. Each is also a parameter of its own:
        ``cut_points__recency``.
    closed : {"right", "left"}, default="right"
        Side of a value that equals a cut point: below it, as in ``(30, 90]``, or above
        it, as in ``[30, 90)``, which published tables such as those of the R package
        rfm mean. Learned cut points give the customers of `fit` the same scores on
        either side.
    params : mapping of str to value, default=None
        Values of the named parameters ``{f}`` in the rules of your map. Each is also a
        parameter of its own, ``params__f``, so that `GridSearchCV` can search it.
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
    recency, frequency, monetary : str or int, default="recency", "frequency", \
"monetary"
        The columns: names, or positions as whole numbers, from 0 on or negative from
        the end. Where `X` is an array, or a frame of one, the default names stand for
        the first, second and third column; the third may be absent if the map does
        without M. ``monetary=None`` leaves M out. What was taken by position is in
        ``taken_by_position_`` and over the columns of ``segments_``.
    pos_label : label, default=None
        The label that counts as 1 where the outcome holds two labels, such as "yes" and
        "no". None: the second one in sorted order, as with scikit-learn's classifiers.
    encode : {"scores", "onehot", "ordinal"}, default="scores"
        What `transform` gives: the scores R, F and M, a column of 0 and 1 for each
        segment that customers can be in, or one column of segment codes. Only the last
        two tell maps apart: a search over `segments` needs one of them.

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
    columns_ : dict of str to str
        Dimension -> the column that holds it; the first one of an array is ``"x0"``.
    taken_by_position_ : dict of str to int
        Dimension -> position, counted from 0, of the columns that were taken by their
        position: by a whole number, or because `X` has no names. Empty if all were
        taken by name.
    cut_points_ : dict of str to ndarray
        Dimension -> ascending cut points, in its units.
    score_table_ : DataFrame
        One row per dimension and score: the interval of values from ``low`` to
        ``high``, the side on which it is ``closed``, the number of customers and their
        share, and whether the score is ``collapsed``: ties have made two cut points
        equal, and no value gets it.
    mece_report_ : MECEReport
        The proof about the map, over all combinations of scores and before
        `on_overlap` and `default` are applied: its overlaps, gaps and unreachable
        segments.
    unreachable_segments_ : tuple of str
        Segments that no customer can get, by the map or by collapsed scores.
    classes_ : ndarray of shape (2,)
        The two labels of the outcome, sorted; only where it had labels.
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
    _nested_params: ClassVar[Mapping[str, Any]] = {
        "segments": MappingParam(),
        "n_scores": MappingParam(tuple(SCORES), n_scores_by_dimension),
        "cut_points": MappingParam(tuple(SCORES), cut_points_by_dimension),
        "params": MappingParam(),
    }

    def __init__(
        self,
        segments: str | Mapping[str, str | Rule] | None = "grid",
        n_scores: int | Mapping[str, int] = 5,
        *,
        cut_points: str | Mapping[str, Any] = "quantile",
        closed: str = "right",
        params: Mapping[str, Any] | None = None,
        on_overlap: str | None = None,
        default: str | None = None,
        unknown: str = "Unknown",
        recency: str | int = "recency",
        frequency: str | int = "frequency",
        monetary: str | int | None = "monetary",
        pos_label: Any = None,
        encode: str = "scores",
    ) -> None:
        self.segments = segments
        self.n_scores = n_scores
        self.cut_points = cut_points
        self.closed = closed
        self.params = params
        self.on_overlap = on_overlap
        self.default = default
        self.unknown = unknown
        self.recency = recency
        self.frequency = frequency
        self.monetary = monetary
        self.pos_label = pos_label
        self.encode = encode

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> RFMSegmenter:
        """Learn the cut points and prove the segments.

        Parameters
        ----------
        X : frame or array of shape (n_customers, n_columns)
            One row per customer. Recency in days since the last purchase, frequency in
            purchases, monetary in currency. pandas, polars, pyarrow or whatever
            narwhals reads; further columns are left alone unless the map uses them.
            Or a table that is not in memory, as `skseg.engines.open_table` takes it:
            the same fit without ``labels_``, which `label` writes where the rows are;
            `y` and `sample_weight`, of whole numbers, are then names of columns.
        y : array-like of shape (n_customers,), default=None
            An outcome: numbers, such as revenue or 0 / 1 for conversion, or two labels,
            of which `pos_label` counts as 1. It changes no segment: ``segments_`` gets
            its means, and `score` measures how much of it the segments explain. Labels
            of more or fewer classes, and several columns, which a later step of a
            pipeline may predict, have no effect.
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
        table = open_table(X)
        customers = (
            RowCustomers(self, X, y, sample_weight)
            if table is None
            else TableCustomers(self, table, y, sample_weight)
        )
        taken = dimension_columns(self.get_params(deep=False), customers.names)
        dimensions = fitted_dimensions(
            taken.names,
            customers.cut_points,
            self.n_scores,
            self.cut_points,
            self.closed,
        )
        customers.check_positions(taken)
        rules, report = self._segments_of(dimensions, customers.names)
        customers.assign(rules)
        segments, scores = customers.tables(rules, dimensions)
        segments.columns.name = taken.note
        if customers.labels is not None:
            self.labels_ = customers.labels
        if customers.coding.classes is not None:
            self.classes_ = customers.coding.classes
        self.rules_, self.mece_report_ = rules, report
        # Missing values alone reach the default, and they always do.
        self.unreachable_segments_ = rules.verify().unreachable or ()
        self._encoding = SegmentEncoding.of_rules(
            self.encode, rules, self.unreachable_segments_
        )
        self._outcome_coding, self._dimensions = customers.coding, dimensions
        self._has_map = self.segments is not None
        self.columns_, self.taken_by_position_ = taken.names, taken.positions
        self.cut_points_ = {d.name: d.cut_points.copy() for d in dimensions}
        self.segments_ = segments
        self.score_table_ = pd.concat(scores, ignore_index=True)
        return self

    def _segments_of(
        self, dimensions: Sequence[Dimension], columns: Sequence[str]
    ) -> tuple[RuleSet, MECEReport]:
        """Return the segments in the units of the data, and the proof over scores."""
        segment_map = read_segment_map(
            self.segments, self.on_overlap, self.default, self.params
        )
        if segment_map is None:
            return segments_of_scores(dimensions, self.unknown)
        return segments_of_map(segment_map, dimensions, columns, self.unknown)

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
        the mean of the dimensions.

        Compare candidates on the same rows, as `GridSearchCV` does, and only with or
        only without `y`. With `y` maps, numbers of scores, cut points, columns, and
        segmenters of other kinds may be compared, whose score is explained variance as
        well. Without `y` the candidates must read the same columns, and more segments
        explain more: ``segments=None`` wins over any map, and ten scores over five.

        Parameters
        ----------
        X : frame or array of shape (n_customers, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_customers,), default=None
            The outcome, as in `fit`; labels are those of `fit`.
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
            If there is an outcome here and there was none in ``fit``, it has other
            labels, or no two customers differ in any dimension.

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
            outcome = self._outcome_coding.numbers(OWNER, y, len(codes))
            return explained_outcome(
                OWNER, self.segments_, codes, outcome, sample_weight
            )
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
