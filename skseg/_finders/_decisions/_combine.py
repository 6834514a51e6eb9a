"""The findings of several finders as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._core._validation import check_int, is_number
from skseg._finders._base import SegmentFinder
from skseg._html import html_table
from skseg._typing import BoolArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, RuleSet

from ._export import FindingsExport
from ._table import named_findings, ranking

_OWNER = "combine_findings"


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
    >>> X = leads[["channel", "basket_value", "device"]]
    >>> y, group = leads["converted"], leads["seller"]
    >>> finder = BoxSegmentFinder(random_state=0).fit(X, y, group=group)
    >>> combined = combine_findings([finder])
    >>> len(combined.table) == len(combined.rules)
    True
    """

    __slots__ = ()

    def _findings(self) -> tuple[pd.DataFrame, RuleSet, Any]:
        return self.table, self.rules, self.table["method"]

    def _repr_html_(self) -> str:
        head = ["name", "rule", "share", "best group", "effect", "unit"]
        rows = [
            (
                row["name"],
                row["rule"],
                f"{row['share']:.1%}",
                row["best_group"],
                _effect_text(row),
                row["unit"],
                f"{row['p_adj']:.2g}",
                row["decision"],
                row["method"],
            )
            for row in self.table.to_dict("records")
        ]
        head += ["p_adj", "decision", "method"]
        return html_table(head, rows, f"{len(rows)} findings.")


def combine_findings(
    finders: Sequence[Any],
    X: Any = None,
    *,
    max_findings: int = 10,
    max_overlap: float = 0.8,
) -> CombinedFindings:
    """Merge the findings of several finders, without repetitions, the best first.

    Parameters
    ----------
    finders : sequence of fitted segment finders
        All fitted to the same columns and groups.
    X : frame or array of shape (n_rows, n_columns), default=None
        Rows in which findings are compared. None: only equal rules are repetitions.
    max_findings : int, default=10
        Most findings.
    max_overlap : float, default=0.8
        Largest Jaccard index of two findings, in (0, 1]: of two that share more of the
        rows in either of them, the worse one is left out.

    Returns
    -------
    CombinedFindings
        The table and the rules, which can be exported as those of a finder.

    Raises
    ------
    InvalidParameterError
        If `max_findings` or `max_overlap` is out of its range.
    InvalidDataError
        If there are no finders, one is no finder, or groups or profits differ.
    NotFittedError
        If a finder is not fitted.

    Notes
    -----
    Each finder adjusts its p-values for its own findings. Here they are multiplied by
    the number of finders (Bonferroni), so that alpha holds for all findings together.
    An Implement whose p-value is then above ``alpha`` becomes a Pilot, and what is
    above ``pilot_alpha`` a Hold.

    Examples
    --------
    >>> from skseg import BoxSegmentFinder, L1SegmentFinder, combine_findings
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads[["channel", "basket_value", "device"]]
    >>> y, group = leads["converted"], leads["seller"]
    >>> finders = [BoxSegmentFinder(random_state=0), L1SegmentFinder(random_state=0)]
    >>> combined = combine_findings([f.fit(X, y, group=group) for f in finders], X)
    >>> combined.table["method"].iloc[0]
    'Box'
    """
    check_int(_OWNER, "max_findings", max_findings, 1, 1000)
    if not (is_number(max_overlap) and 0 < float(max_overlap) <= 1):
        rule = "a number in (0, 1]"
        raise InvalidParameterError(_OWNER, "max_overlap", rule, max_overlap)
    finders = _fitted_finders(finders)
    exported = [finder._findings() for finder in finders]
    tables = [table.assign(method=method) for table, _, method in exported]
    table = pd.concat(tables, ignore_index=True)
    rules = [rule for _, named, _ in exported for rule in named.rules.values()]
    table["p_adj"] = np.minimum(table["p_adj"] * len(finders), 1.0)
    levels = [("Implement", "_alpha", "Pilot"), ("Pilot", "_pilot_alpha", "Hold")]
    for name, level, instead in levels:
        alpha = min(getattr(finder, level) for finder in finders)
        is_unsure = (table["decision"] == name) & ~(table["p_adj"] <= alpha)
        table.loc[is_unsure, "decision"] = instead
    order = _distinct(rules, ranking(table).tolist(), X, max_overlap)[:max_findings]
    numbers = table.drop(columns=["code", "name", "rule"])
    return CombinedFindings(*named_findings(numbers, rules, order))


def _effect_text(row: dict[Any, Any]) -> str:
    """Return the effect of a finding and its interval, amounts with four digits."""
    digits = ".1f" if row["unit"] == "points" else ".4g"
    effect, low, high = (row[name] for name in ("effect", "ci_low", "ci_high"))
    return f"{effect:{digits}} ({low:{digits}} to {high:{digits}})"


def _fitted_finders(finders: Sequence[Any]) -> list[Any]:
    """Return the finders as they were fitted, or raise."""
    is_list = isinstance(finders, Sequence) and len(finders) > 0
    if not is_list or not all(isinstance(f, SegmentFinder) for f in finders):
        raise InvalidDataError(
            f"{_OWNER} takes a list of fitted segment finders. Got {finders!r} "
            "instead.",
            owner=_OWNER,
            name="finders",
            rule="a list of fitted segment finders",
            value=finders,
        )
    models = [as_fitted(finder) for finder in finders]
    pairs = {finder.groups_ for finder in models}
    if len(pairs) > 1:
        raise InvalidDataError(
            f"{_OWNER} takes finders that compare the same groups. Got "
            f"{sorted(map(str, pairs))}.",
            owner=_OWNER,
            name="finders",
            rule="finders that compare the same groups",
            value=pairs,
            advice="Name the same 'treatment' and 'reference' in each.",
        )
    profits = {finder._design.economics for finder in models}
    if len(profits) > 1:
        raise InvalidDataError(
            f"{_OWNER} takes finders with the same value and cost, since p-values are "
            "about the profit.",
            owner=_OWNER,
            name="finders",
            rule="finders with the same value and cost",
            value=profits,
            advice="Set thresholds__value and thresholds__cost of each alike.",
        )
    return models


def _distinct(
    rules: Sequence[Rule], order: Sequence[int], X: Any, max_overlap: float
) -> list[int]:
    """Return the positions of rules that repeat none before them in the order."""
    columns = None if X is None else Columns(X, _OWNER)
    chosen: list[int] = []
    members: list[BoolArray] = []
    for k in order:
        if any(rules[k] == rules[earlier] for earlier in chosen):
            continue
        if columns is not None:
            inside = rules[k].evaluate(columns)
            if any(_jaccard(inside, earlier) > max_overlap for earlier in members):
                continue
            members.append(inside)
        chosen.append(k)
    return chosen


def _jaccard(a: BoolArray, b: BoolArray) -> float:
    """Return the Jaccard index of two sets of rows; 1 if both are empty."""
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0
