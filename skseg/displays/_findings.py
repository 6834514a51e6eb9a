"""FindingsDisplay: the effects of findings, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._finders._decisions._decision import DECISIONS
from skseg._finders._decisions._units import UNITS
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError
from skseg.rules import RuleSet

from ._canvas import TITLE_PAD, write_message
from ._display import Display
from ._findings_drawing import draw_findings, figure_size
from ._reading import numbers_of, read_table

_OWNER = "FindingsDisplay"
_NUMBERS = ("effect", "ci_low", "ci_high", "p_adj", "share")


@dataclass(kw_only=True, eq=False, repr=False)
class FindingsDisplay(Display):
    """Forest plot: the effect in every finding, with its interval, the best on top.

    Colours tell the decisions. Above every interval are the rule of the finding, the
    share of rows that meet it, and the adjusted p-value. Use `from_estimator` or
    `from_table` to make one.

    Parameters
    ----------
    rules : sequence of str of length n_findings
        What the rows of each finding have in common, from the top.
    effect : array-like of shape (n_findings,)
        Effect of A over B, in the `unit`; NaN for none.
    ci_low, ci_high : array-like of shape (n_findings,)
        Ends of its interval; infinite where there is no bound, NaN for no interval.
    p_adj : array-like of shape (n_findings,)
        Adjusted p-value; NaN for findings that are not tested.
    share : array-like of shape (n_findings,)
        Share of the rows, in [0, 1].
    decision : sequence of {"Implement", "Pilot", "Hold", "Skip"}
        What to do about each finding.
    groups : tuple of two labels, default=None
        A and B, of which either is None if it is not known. None: neither is.
    unit : {"points", "outcome", "profit"}, default="points"
        What effects are measured in: percentage points of a rate, units of the
        outcome, or the profit per customer in the currency of its value.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    EffectMapDisplay : The effect around a finding.

    Examples
    --------
    >>> from skseg import BoxSegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> from skseg.displays import FindingsDisplay
    >>> leads = make_seller_groups(20_000, pattern="xor", random_state=0)
    >>> X = leads[["engagement", "days_since_contact"]]
    >>> finder = BoxSegmentFinder(random_state=0)
    >>> finder = finder.fit(X, leads["converted"], group=leads["seller"])
    >>> display = FindingsDisplay.from_estimator(finder)
    >>> display.frame()["decision"].tolist()
    ['Implement', 'Implement', 'Implement', 'Implement']
    """

    rules: Sequence[str]
    effect: npt.ArrayLike
    ci_low: npt.ArrayLike
    ci_high: npt.ArrayLike
    p_adj: npt.ArrayLike
    share: npt.ArrayLike
    decision: Sequence[str]
    groups: tuple[Any, Any] | None = None
    unit: str = "points"

    @classmethod
    def from_estimator(
        cls, finder: Any, *, ax: Any = None, title: str | None = None
    ) -> FindingsDisplay:
        """Draw the findings of a fitted finder.

        Parameters
        ----------
        finder : estimator
            A fitted segment finder, such as `BoxSegmentFinder`.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        FindingsDisplay
            The display, drawn. If there are no findings, the picture says so.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If the estimator is no segment finder.
        MissingExtraError
            If matplotlib is not installed.
        """
        finder = as_fitted(finder)
        needed = ("segments_", "rules_", "groups_")
        if absent := [name for name in needed if not hasattr(finder, name)]:
            rule = f"a segment finder, with {', '.join(map(repr, absent))}"
            raise InvalidParameterError(_OWNER, "finder", rule, finder)
        numbers = _read_findings(finder.segments_, finder.rules_)
        numbers["groups"] = finder.groups_ or ("segment", "rest")
        return cls(**numbers).plot(ax=ax, title=title)

    @classmethod
    def from_table(
        cls, table: Any, rules: Any = None, *, ax: Any = None, title: str | None = None
    ) -> FindingsDisplay:
        """Draw findings given as a table.

        Parameters
        ----------
        table : frame of shape (n_findings, n_columns)
            The best finding first, with the columns ``effect``, ``ci_low``,
            ``ci_high``, ``p_adj``, ``share`` and ``decision``, as ``segments_`` of the
            finders and the table of `combine_findings` have them. ``group_a`` and
            ``group_b``, or else ``best_group``, tell the groups, and ``unit`` what
            effects are measured in; without it they are in points.
        rules : RuleSet or sequence, default=None
            One rule, or text, per finding. None: the column ``rule``.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        FindingsDisplay
            The display, drawn. If there are no findings, the picture says so.

        Raises
        ------
        ValueError
            If a column is missing, a decision or a unit is unknown, units differ, or
            rules are not one per finding.
        MissingExtraError
            If matplotlib is not installed.
        """
        return cls(**_read_findings(table, rules)).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_findings, 7)
            One row per finding, from the top, with the columns rule, effect, ci_low,
            ci_high (in the `unit`), p_adj, share (of the rows) and decision.
        """
        numbers = {
            name: np.asarray(getattr(self, name), dtype=np.float64) for name in _NUMBERS
        }
        return pd.DataFrame(
            {
                "rule": pd.Series(list(self.rules), dtype=object),
                **numbers,
                "decision": pd.Series(list(self.decision), dtype=object),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        return figure_size(self.rules)

    def _title(self) -> str:
        a, b = self.groups or (None, None)
        is_known = a is not None and b is not None
        compared = f"{a} over {b}" if is_known else "one group over the other"
        return f"Effect of {compared}, by finding"

    def _draw(self, ax: Any) -> float:
        frame = self.frame()
        if frame.empty:
            write_message(ax, "No findings.")
            return TITLE_PAD
        groups = self.groups or (None, None)
        return draw_findings(ax, frame, groups, UNITS[self.unit])


def _read_findings(table: Any, rules: Any) -> dict[str, Any]:
    """Return the parameters of the display, or raise."""
    needed = [*_NUMBERS, "decision", *(["rule"] if rules is None else [])]
    frame = read_table(_OWNER, "table", table, needed)
    decisions = frame.get_column("decision").to_list()
    for decision in decisions:
        if decision not in DECISIONS:
            rule = f"one of {', '.join(map(repr, DECISIONS))} in 'decision'"
            raise InvalidParameterError(_OWNER, "table", rule, decision)
    numbers = {name: numbers_of(frame, name) for name in _NUMBERS}
    return {
        **numbers,
        "rules": _rule_texts(
            frame.get_column("rule").to_list() if rules is None else rules, len(frame)
        ),
        "decision": decisions,
        "groups": _groups(frame, numbers["effect"]),
        "unit": _unit(frame),
    }


def _rule_texts(rules: Any, n_findings: int) -> list[str]:
    """Return one text per finding, or raise."""
    if isinstance(rules, RuleSet):
        rules = rules.rules
    if isinstance(rules, Mapping):
        rules = rules.values()
    texts = None if isinstance(rules, str) else [str(rule) for rule in rules]
    if texts is None or len(texts) != n_findings:
        rule = f"one rule per finding, of which there are {n_findings}"
        raise InvalidParameterError(_OWNER, "rules", rule, texts or rules)
    return texts


def _groups(table: nw.DataFrame[Any], effect: FloatArray) -> tuple[Any, Any]:
    """Return the labels of A and B; None for one that is not known."""
    if {"group_a", "group_b"} <= {*table.columns} and len(table):
        first, second = (table.get_column(f"group_{x}").to_list()[0] for x in "ab")
        return first, second
    if "best_group" not in table.columns:
        return None, None
    labels = table.get_column("best_group").to_list()
    a, b = (
        next((label for label, wins in zip(labels, is_best, strict=True) if wins), None)
        for is_best in (effect >= 0, effect < 0)
    )
    return a, b


def _unit(table: nw.DataFrame[Any]) -> str:
    """Return what the effects of a table are measured in, or raise."""
    units = {}
    if "unit" in table.columns:
        units = dict.fromkeys(table.get_column("unit").to_list())
    if len(units) > 1 or not {*units} <= {*UNITS}:
        rule = f"one of {', '.join(map(repr, UNITS))} in all rows of 'unit'"
        raise InvalidParameterError(_OWNER, "table", rule, [*units])
    return next(iter(units), "points")
