"""Customers in memory, one a row, as an `RFMSegmenter` learns from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._caller import caller_level
from skseg._core._explained import group_means
from skseg._core._outcome import read_optional_outcome
from skseg._core._validation import check_sample_weight, read_columns
from skseg._typing import FloatArray, IntArray
from skseg.rules import RuleSet
from skseg.rules._unseen import warn_of_unseen_values

from ._dimension_columns import DimensionColumns, warn_of_doubtful_positions
from ._dimensions import OWNER, Closed, Dimension, quantile_cut_points
from ._segment_table import rfm_segment_table


class RowCustomers:
    """Customers in memory, with their weights and outcomes.

    Parameters
    ----------
    segmenter : RFMSegmenter
        The segmenter, which gets the names of the columns.
    X, y, sample_weight : object
        As in `RFMSegmenter.fit`.

    Attributes
    ----------
    labels : ndarray of int of shape (n_rows,)
        Segment codes of the rows, once they are assigned.
    """

    labels: IntArray

    def __init__(self, segmenter: Any, X: Any, y: Any, sample_weight: Any) -> None:
        self._columns = read_columns(segmenter, X, reset=True, min_features=2)
        self.names: Sequence[str] = self._columns.names
        n_rows = self._columns.n_rows
        self._weight = check_sample_weight(sample_weight, n_rows, OWNER)
        self._outcome, self.coding = read_optional_outcome(
            OWNER, y, n_rows, segmenter.pos_label
        )

    def cut_points(
        self, n_scores: Mapping[str, int], closed: Closed
    ) -> dict[str, FloatArray]:
        """Return the learned cut points of columns with so many scores."""
        return {
            column: quantile_cut_points(
                column, self._columns.numbers(column), n, self._weight, closed
            )
            for column, n in n_scores.items()
        }

    def check_positions(self, taken: DimensionColumns) -> None:
        """Warn where columns do not look like what their positions say."""
        warn_of_doubtful_positions(taken, self._columns)

    def assign(self, rules: RuleSet) -> None:
        """Set the segments of the rows; warn of texts that no row holds."""
        self.labels = rules.assign(self._columns)
        unseen = rules.unseen_values(self._columns)
        warn_of_unseen_values(unseen, self._columns, caller_level())

    def tables(
        self, rules: RuleSet, dimensions: Sequence[Dimension]
    ) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        """Return the table of segments, and that of the scores of each dimension."""
        weight, columns, labels = self._weight, self._columns, self.labels
        segments = rfm_segment_table(rules, labels, dimensions, columns, weight)
        if self._outcome is not None:
            counts = np.ones(columns.n_rows) if weight is None else weight
            segments["outcome"] = group_means(
                labels, len(segments), self._outcome, counts
            )
        scores = [
            d.table(d.sizes(columns.numbers(d.column), weight)) for d in dimensions
        ]
        return segments, scores
