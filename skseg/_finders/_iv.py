"""IVSegmentFinder: the bins of the columns of largest information value, together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from skseg._core._coding import even_cells
from skseg._core._validation import (
    check_choice,
    check_int,
    is_number,
)
from skseg._search.effects._iv import (
    ZERO_CELLS,
    WoeTable,
    bands,
    count_bins,
    descending,
    telling_sets,
    woe_table,
)
from skseg._search.effects.boxes import CodedAxis, ScoredBox
from skseg._search.effects.boxes._sets import cell_sets
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidParameterError

from ._base import SegmentFinder
from ._decision import DecisionThresholds
from ._search import Conditions, Search

# Columns that are combined, and sets of bins of each, for either sign of the net WOE.
_MOST_COLUMNS = 8
_MOST_SETS = 4


class IVSegmentFinder(SegmentFinder):
    """Find segments by the information value (IV) of the columns.

    Every column is cut into a few bins. Their weights of evidence (WOE) tell how much
    more frequent the event is among the rows of a bin; net of the other group's, where
    there are two. The bins that tell most, of the columns of largest (net) IV, are
    combined. All that was looked at is there to be read: ``iv_`` and ``iv_table_``.

    Parameters
    ----------
    zero_cells : str, default="all"
        What becomes of bins without events, or without non-events, whose WOE is
        infinite. ``"all"``: all counts are increased by 0.5. See `information_value`
        for ``"ignore"``, ``"replace_0.99"``, ``"replace_0.9"`` and ``"replace_1"``.
    max_bins : int, default=8
        Most bins of a column, in [2, 64], besides one for missing values: neighbouring
        cells, merged to about even sizes. Up to six texts are a bin each, always.
    event_above : float, default=None
        Outcomes above are the event. None: above their mean, so that of 0 / 1 it is 1.
        Only WOE and IV are about the event; effects and tests of the findings are about
        the outcome itself.
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
        How groups came about. ``"randomized"``: by chance, as in a trial.
        ``"observational"``: depending on the columns; effects are then doubly robust
        (AIPW), by models of group and outcome that are fitted out of fold. WOE and IV
        stay as counted.
    inference : {"honest", "maxt", "none"}, default="honest"
        How findings are tested. ``"honest"``: on rows that the search has not seen,
        with Holm's adjustment. ``"maxt"``: all rows are searched and tested, against
        the largest effect of any box under random signs; for up to two conditions.
        ``"none"``: not at all, so that nothing can be implemented.
    test_size : float, default=0.5
        Share of the rows that honest inference keeps for the test.
    n_replicates : int, default=199
        Number of random signs of ``"maxt"``.
    compare : label or tuple of two labels, default=None
        The groups A and B, or the group A to be compared with all others. None: the two
        that there are, in sorted order.
    thresholds : DecisionThresholds, default=None
        What decisions ask for. None: the historical ones.
    random_state : int, RandomState instance or None, default=None
        Seed of the division of the rows, and of all else that is random.
    n_jobs : int, default=None
        Number of models to fit at once for ``assignment="observational"``.

    Attributes
    ----------
    iv_ : DataFrame
        One row per column of `X` that varies, the largest value first: column, iv, band
        and rank. With groups, net_iv and net_iv_scaled in place of iv. Like
        ``iv_table_`` of the rows that were searched; NaN if these, or a group of them,
        are all events or all non-events.
    iv_table_ : DataFrame
        One row per bin: column, bin (its rule), n, events, nonevents, woe and
        contribution. With groups, n, events, nonevents and woe of A and of B each, then
        net_woe and contribution (to net_iv).
    event_above_ : float
        What outcomes of the event exceed.
    segments_ : DataFrame
        One row per finding, the best first. Feature_1, Range_1 to Feature_3, Range_3:
        its conditions. Pct_Train_% and Pct_Test_%: share of the rows. Success_Train_%,
        Success_Test_% and their difference Success_Diff_%: success rate of Best_Group
        there (of a numeric outcome: its mean, in per cent of the overall one). Method.
        Effect_pp, CI_low, CI_high: effect of A over B in points, with its 95 %
        interval, on the rows of the test. P_adj: adjusted p-value. N_A, N_B: rows of
        the groups. Decision: "Implement", "Pilot", "Hold" or "Skip".
    rules_ : RuleSet
        The findings as rules. They may overlap, and leave rows out.
    groups_ : tuple or None
        The labels of A and B; None without groups.
    balance_ : DataFrame
        How much the groups differ in every column, if there are groups.
    overlap_ : Balance
        How well groups can be told apart, for ``assignment="observational"``.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    information_value : The tables alone, with bins of your own.
    BoxSegmentFinder : Compares all boxes; the strongest of the finders.

    Notes
    -----
    `information_value` says how WOE, IV and their net versions [1]_ are computed, and
    what band means. Of the eight columns that rank first, sets of bins (neighbouring
    ones, any of up to six texts) are candidates if being in them, against being
    outside, has a large (net) IV. The best four of either sign of the (net) WOE are put
    together with those of the same sign of other columns, and the boxes of largest
    effect in terms of its error are the findings.

    IV looks at one column at a time. A segment of two conditions is found by the traces
    that it leaves in each of them; where there are none, as in an exclusive or, it is
    found by luck at best. Many texts are put in the order of their outcomes before they
    are binned, which makes the IV of their columns somewhat too large.

    References
    ----------
    .. [1] K. Larsen (2010), Net lift models. Slides of the talk at Predictive Analytics
       World; as implemented by the same author in the R package Information.

    Examples
    --------
    >>> from skseg import IVSegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads.drop(columns=["seller", "converted", "revenue"])
    >>> finder = IVSegmentFinder(random_state=0)
    >>> finder = finder.fit(X, leads["converted"], group=leads["seller"])
    >>> finder.iv_["column"].tolist()[:3]
    ['channel', 'basket_value', 'income']
    >>> "channel" in str(finder.rules_["Segment 1"])
    True
    """

    _method: ClassVar[str] = "IV"

    def __init__(
        self,
        *,
        zero_cells: str = "all",
        max_bins: int = 8,
        event_above: float | None = None,
        max_features: int = 3,
        max_findings: int = 10,
        min_size: float | None = 0.01,
        max_cells: int = 32,
        assignment: str = "randomized",
        inference: str = "honest",
        test_size: float = 0.5,
        n_replicates: int = 199,
        compare: Any = None,
        thresholds: DecisionThresholds | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            max_features=max_features,
            max_findings=max_findings,
            min_size=min_size,
            max_cells=max_cells,
            assignment=assignment,
            inference=inference,
            test_size=test_size,
            n_replicates=n_replicates,
            compare=compare,
            thresholds=thresholds,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        self.zero_cells = zero_cells
        self.max_bins = max_bins
        self.event_above = event_above

    def _boxes(self, search: Search) -> list[ScoredBox]:
        owner = type(self).__name__
        check_choice(owner, "zero_cells", self.zero_cells, ZERO_CELLS)
        check_int(owner, "max_bins", self.max_bins, 2, 64)
        rows = search.rows
        self.event_above_ = self._event_above(search)
        side = (rows.y > self.event_above_).astype(np.uint8)
        if rows.in_a is not None:
            side += np.where(rows.in_a, 0, 2).astype(np.uint8)
        n_groups = 1 if rows.in_a is None else 2
        binned = []
        for i, axis in enumerate(search.axes):
            per_cell = count_bins(
                search.codes[i], side, axis.n_cells, n_groups, rows.weight
            )
            binned.append(_merged(i, axis, per_cell, self.max_bins, self.zero_cells))
        self.iv_, self.iv_table_ = iv_frames(
            [
                (search.coding.columns[one.column].name, one.rules(search), one.table)
                for one in binned
            ]
        )
        return search.best(_candidates(search, binned, self.zero_cells))

    def _event_above(self, search: Search) -> float:
        if self.event_above is None:
            return float(np.average(search.rows.y, weights=search.rows.weight))
        if not is_number(self.event_above):
            owner, rule = type(self).__name__, "None or a number"
            raise InvalidParameterError(owner, "event_above", rule, self.event_above)
        return float(self.event_above)


@dataclass(frozen=True, slots=True, eq=False)
class _Binned:
    """A column in bins: its number, the bin of every cell, and what the bins tell."""

    column: int
    bin_of: IntArray
    axis: CodedAxis
    table: WoeTable

    def rules(self, search: Search) -> list[str]:
        """Return what it takes to be in each of the bins."""
        column = search.coding.columns[self.column]
        return [
            str(column.rule((self.bin_of == i).tolist()))
            for i in range(self.axis.n_cells)
        ]


def _merged(
    column: int, axis: CodedAxis, counts: FloatArray, max_bins: int, zero_cells: str
) -> _Binned:
    """Return the bins of a column: its cells, or neighbouring ones together."""
    bin_of = np.arange(axis.n_cells)
    if not axis.nominal:
        n_known = axis.n_cells - (axis.missing is not None)
        ends = even_cells(counts[:n_known].sum(axis=(1, 2)), max_bins)
        bin_of[:n_known] = np.searchsorted(ends, np.arange(n_known))
        bin_of[n_known:] = len(ends) + 1
    n_bins = int(bin_of[-1]) + 1
    missing = None if axis.missing is None else n_bins - 1
    found = np.zeros((n_bins, *counts.shape[1:]))
    np.add.at(found, bin_of, counts)
    bins = CodedAxis(n_bins, missing, axis.nominal)
    return _Binned(column, bin_of, bins, woe_table(found, zero_cells))


def _candidates(
    search: Search, binned: Sequence[_Binned], zero_cells: str
) -> Iterator[Conditions]:
    """Yield what is largest of every few columns together, for either sign."""
    strength = np.array([one.table.scaled for one in binned])
    first = [i for i in descending(strength) if not np.isnan(strength[i])]
    known = [binned[i] for i in sorted(first[:_MOST_COLUMNS])]
    weight = search.rows.weight
    score = weight * search.score
    codes = {one.column: one.bin_of[search.codes[one.column]] for one in known}
    for sign in (1, -1):
        sets = {
            one.column: telling_sets(
                one.table.counts, cell_sets(one.axis), sign, search.min_size, zero_cells
            )[:_MOST_SETS]
            for one in known
        }
        for size in range(1, search.max_features + 1):
            for some in combinations(known, size):
                place = np.ravel_multi_index(
                    [codes[one.column] for one in some],
                    [one.axis.n_cells for one in some],
                )
                n, total = (
                    _inside(place, values, [sets[one.column] for one in some])
                    for values in (weight, score)
                )
                if (best := _largest(n, total, search.min_size)) is not None:
                    yield {
                        one.column: tuple(sets[one.column][i][one.bin_of].tolist())
                        for one, i in zip(some, best, strict=True)
                    }


def _inside(
    place: IntArray, values: FloatArray, sets: Sequence[BoolArray]
) -> FloatArray:
    """Return the sum of the values in each combination of the sets."""
    shape = [one.shape[1] for one in sets]
    sums = np.bincount(place, values, int(np.prod(shape))).reshape(shape)
    for one in sets:
        # The first axis is used up, its sets become the last one.
        sums = np.tensordot(sums, one, axes=(0, 1))
    return sums


def _largest(
    n: FloatArray, total: FloatArray, min_size: float
) -> tuple[int, ...] | None:
    """Return where the effect is largest in terms of its error, if anywhere."""
    legal = (n >= min_size) & (n > 0)
    if not legal.any():
        return None
    squares = np.where(legal, total**2 / np.where(legal, n, 1.0), -1.0)
    # The first of those that rounding alone tells apart.
    best = np.argmax(squares >= squares.max() * (1 - 1e-9))
    return tuple(int(i) for i in np.unravel_index(best, squares.shape))


def iv_frames(
    columns: Sequence[tuple[str, list[str], WoeTable]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row per column and one row per bin, the largest value first.

    Parameters
    ----------
    columns : sequence of (str, list of str, WoeTable)
        Their names, bins and tables.
    """
    strength = np.array([float(table.scaled) for _, _, table in columns])
    order = descending(strength)
    ordered = [columns[i] for i in order]
    values = {"iv": [float(table.iv) for _, _, table in ordered]}
    if ordered and ordered[0][2].woe.shape[-1] > 1:
        values = {"net_iv": values["iv"], "net_iv_scaled": strength[order].tolist()}
    per_column: dict[str, Any] = {"column": [name for name, _, _ in ordered], **values}
    per_column["band"] = bands(strength[order])
    per_column["rank"] = np.arange(1, len(ordered) + 1)
    if not ordered:
        return pd.DataFrame(per_column), pd.DataFrame({"column": [], "bin": []})
    per_bin = [
        pd.DataFrame({"column": name, "bin": bins, **table.columns()})
        for name, bins, table in ordered
    ]
    return pd.DataFrame(per_column), pd.concat(per_bin, ignore_index=True)
