"""IVSegmentFinder: bins of the columns of the largest information values, combined."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from skseg._core._fitted_tables import FittedTable
from skseg._core._validation import check_choice, check_int, is_number
from skseg._search.effects._iv import ZERO_CELLS
from skseg._search.effects.boxes import ScoredBox
from skseg.exceptions import InvalidParameterError

from ._base import SegmentFinder, with_shared_sections
from ._decisions._decision import DecisionThresholds
from ._iv._bins import ColumnIV, binned_columns, candidates, iv_frames
from ._search import Search


@with_shared_sections
class IVSegmentFinder(SegmentFinder):
    """Find segments by the information value (IV) of the columns.

    Every column is cut into a few bins. The weight of evidence (WOE) of a bin tells how
    much more frequent the event is there; with two groups, net of the other group's.
    The bins that tell most, in the columns of the largest (net) IV, are combined.
    ``iv_`` and ``iv_table_`` show all columns and bins.

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
        Outcomes above this threshold are the event. None: above their mean, so that 1
        is the event of a 0 / 1 outcome. Only WOE and IV are about the event; effects
        and tests of the findings are about the outcome itself.
    {shared parameters}

    Attributes
    ----------
    iv_ : DataFrame
        One row per column of `X` that varies, the largest value first: column, iv, band
        and rank. With groups, net_iv and net_iv_scaled in place of iv. Both tables are
        about the rows that were searched; values are NaN if these, or a group of them,
        are all events or all non-events.
    iv_table_ : DataFrame
        One row per bin: column, bin (its rule), n, events, nonevents, woe and
        contribution. With groups, n, events, nonevents and woe of A and of B each, then
        net_woe and contribution (to net_iv).
    event_above_ : float
        The threshold that outcomes of the event exceed.
    {shared attributes}

    See Also
    --------
    information_value : The tables alone, with bins of your own.
    BoxSegmentFinder : Compares all boxes; the strongest of the finders.

    Notes
    -----
    `information_value` says how WOE, IV and their net versions [1]_ are computed, and
    what band means. In the eight columns that rank first, sets of bins (neighbouring
    ones, any of up to six texts) are ranked by the (net) IV of being inside against
    being outside. The best four for either sign of the (net) WOE are combined with
    those of the same sign in other columns, and the boxes of the largest effects in
    standard errors are the findings. WOE and IV are as counted, whatever `assignment`
    says.

    IV looks at one column at a time. A segment of two conditions is found by the traces
    that it leaves in each of them; where there are none, as in an exclusive or, it is
    found by luck at best. Columns of many texts are ordered by outcome before they are
    binned, which makes their IV somewhat too large.

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

    iv_ = FittedTable()
    iv_table_ = FittedTable()

    _method = "IV"

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
        super().__init__(
            max_features=max_features,
            max_findings=max_findings,
            min_size=min_size,
            max_cells=max_cells,
            assignment=assignment,
            inference=inference,
            test_size=test_size,
            n_replicates=n_replicates,
            treatment=treatment,
            reference=reference,
            propensity_estimator=propensity_estimator,
            outcome_estimator=outcome_estimator,
            thresholds=thresholds,
            pos_label=pos_label,
            encode=encode,
            cv=cv,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        self.zero_cells = zero_cells
        self.max_bins = max_bins
        self.event_above = event_above

    def _boxes(self, search: Search) -> list[ScoredBox]:
        owner = type(self).__name__
        check_choice(owner, "zero_cells", self.zero_cells, ZERO_CELLS)
        check_int(owner, "max_bins", self.max_bins, 2, 64)
        self.event_above_ = self._event_above(search)
        event = search.rows.y > self.event_above_
        binned = binned_columns(search, event, self.max_bins, self.zero_cells)
        names = [search.coding.columns[column.column].name for column in binned]
        self.iv_, self.iv_table_ = iv_frames(
            [
                ColumnIV(name, column.rules(search), column.table)
                for name, column in zip(names, binned, strict=True)
            ]
        )
        return search.best(candidates(search, binned, self.zero_cells))

    def _event_above(self, search: Search) -> float:
        if self.event_above is None:
            return float(np.average(search.rows.y, weights=search.rows.weight))
        if is_number(self.event_above):
            with suppress(OverflowError):
                return float(self.event_above)
        owner, rule = type(self).__name__, "None or a number of the range of float64"
        raise InvalidParameterError(owner, "event_above", rule, self.event_above)
