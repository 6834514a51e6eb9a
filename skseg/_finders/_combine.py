"""The findings of several finders as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skseg._core._validation import check_int, is_number
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, RuleSet

from ._base import SegmentFinder
from ._decision import DecisionThresholds
from ._export import FindingsExport
from ._table import named_findings, ranking


class _TableAndRules(NamedTuple):
    table: pd.DataFrame
    rules: RuleSet


class CombinedFindings(FindingsExport, _TableAndRules):
    """Result of `combine_findings`: a pair of the table and the rules.

    Parameters
    ----------
    table : DataFrame
        One row per finding, the best first: the columns of ``segments_`` of the
        finders, and method, which names the finder.
    rules : RuleSet
        The findings as rules, in the same order.

    Examples
    --------
    >>> from skseg import BoxSegmentFinder, combine_findings
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(10_000, random_state=0)
    >>> X = leads.drop(columns=["seller", "converted", "revenue"])
    >>> y, group = leads["converted"], leads["seller"]
    >>> finder = BoxSegmentFinder(random_state=0).fit(X, y, group=group)
    >>> combined = combine_findings([finder])
    >>> len(combined.table) == len(combined.rules)
    True
    """

    __slots__ = ()

    def _findings(self) -> tuple[pd.DataFrame, RuleSet, Any]:
        return self.table, self.rules, self.table["method"]


def combine_findings(
    finders: Sequence[Any],
    X: Any = None,
    *,
    max_findings: int = 10,
    max_overlap: float = 0.8,
) -> CombinedFindings:
    """Merge the findings of several finders: each once, the best first.

    Parameters
    ----------
    finders : sequence of fitted segment finders
        All fitted to the same columns and groups.
    X : frame or array of shape (n_rows, n_columns), default=None
        Rows by which findings are compared. None: only equal rules are one finding.
    max_findings : int, default=10
        Most findings.
    max_overlap : float, default=0.8
        Of two findings that share more of their rows, as a part of the rows in any of
        both, only the better one is kept; in (0, 1].

    Returns
    -------
    CombinedFindings
        The table, and the rules.

    Raises
    ------
    ValueError
        If there are no finders, one is no finder, or groups differ.

    Notes
    -----
    Each finder adjusts its p-values for its own findings. Here they are multiplied by
    the number of finders (Bonferroni), so that alpha holds for all findings together;
    what is above it then can only be a pilot.

    Examples
    --------
    >>> from skseg import BoxSegmentFinder, L1SegmentFinder, combine_findings
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads.drop(columns=["seller", "converted", "revenue"])
    >>> y, group = leads["converted"], leads["seller"]
    >>> finders = [BoxSegmentFinder(random_state=0), L1SegmentFinder(random_state=0)]
    >>> combined = combine_findings([f.fit(X, y, group=group) for f in finders], X)
    >>> combined.table["method"].iloc[0]
    'Box'
    """
    check_int("combine_findings", "max_findings", max_findings, 1, 1000)
    if not _is_share(max_overlap):
        rule = "a number in (0, 1]"
        raise InvalidParameterError(
            "combine_findings", "max_overlap", rule, max_overlap
        )
    _check_finders(finders)
    exported = [finder._findings() for finder in finders]
    tables = [table.assign(method=method) for table, _, method in exported]
    table = pd.concat(tables, ignore_index=True)
    rules = [rule for _, named, _ in exported for rule in named.rules.values()]
    alpha = min((f.thresholds or DecisionThresholds()).alpha for f in finders)
    table["p_adj"] = np.minimum(table["p_adj"] * len(finders), 1.0)
    is_unsure = (table["decision"] == "Implement") & ~(table["p_adj"] <= alpha)
    table.loc[is_unsure, "decision"] = "Pilot"
    order = _distinct(rules, ranking(table).tolist(), X, max_overlap)[:max_findings]
    numbers = table.drop(columns=["code", "name", "rule"])
    return CombinedFindings(*named_findings(numbers, rules, order))


def _is_share(value: object) -> bool:
    return is_number(value) and 0 < float(value) <= 1


def _check_finders(finders: Sequence[Any]) -> None:
    is_list = isinstance(finders, Sequence) and len(finders) > 0
    if not is_list or not all(isinstance(f, SegmentFinder) for f in finders):
        raise InvalidDataError(
            "combine_findings takes a list of fitted segment finders. Got "
            f"{finders!r} instead."
        )
    for finder in finders:
        check_is_fitted(finder)
    pairs = {finder.groups_ for finder in finders}
    if len(pairs) > 1:
        raise InvalidDataError(
            "combine_findings takes finders that compare the same groups. Got "
            f"{sorted(map(str, pairs))}."
        )


def _distinct(
    rules: Sequence[Rule], order: Sequence[int], X: Any, max_overlap: float
) -> list[int]:
    """Return the numbers of rules that are none of those before."""
    columns = None if X is None else Columns(X, "combine_findings")
    chosen: list[int] = []
    members: list[Any] = []
    for k in order:
        if any(rules[k] == rules[other] for other in chosen):
            continue
        if columns is not None:
            inside = rules[k].evaluate(columns)
            if any(_share(inside, other) > max_overlap for other in members):
                continue
            members.append(inside)
        chosen.append(k)
    return chosen


def _share(one: Any, other: Any) -> float:
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0
