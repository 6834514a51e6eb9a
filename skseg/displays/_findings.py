"""FindingsDisplay: the effects of findings, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skseg.exceptions import InvalidParameterError

from ._drawing import open_axes
from ._effect_map_drawing import wrap_title
from ._findings_drawing import LEGEND_HEIGHT, draw_findings, figure_size
from ._findings_reading import read_findings
from ._revenue_curve_drawing import write_message

_OWNER = "FindingsDisplay"


class FindingsDisplay:
    """Forest plot: the effect in every finding, with its interval, the best on top.

    Colours tell the decisions. Above every interval are the rule of the finding, the
    share of rows that meet it, and the adjusted p-value. Use `from_estimator` or
    `from_table` to make one.

    Parameters
    ----------
    rules : sequence of str of length n_findings
        What the rows of each finding have in common, from the top.
    effect : array-like of shape (n_findings,)
        Effect of A over B, in points; NaN for none.
    ci_low, ci_high : array-like of shape (n_findings,)
        Ends of its interval; infinite where there is no bound, NaN for no interval.
    p_adj : array-like of shape (n_findings,)
        Adjusted p-value; NaN for findings that are not tested.
    share : array-like of shape (n_findings,)
        Share of the rows, in per cent.
    decision : sequence of {"Implement", "Pilot", "Hold", "Skip"}
        What to do about each finding.
    groups : tuple of two labels, default=None
        A and B, of which either is None if it is not known. None: neither is.

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

    ax_: Any
    figure_: Any

    def __init__(
        self,
        *,
        rules: Sequence[str],
        effect: npt.ArrayLike,
        ci_low: npt.ArrayLike,
        ci_high: npt.ArrayLike,
        p_adj: npt.ArrayLike,
        share: npt.ArrayLike,
        decision: Sequence[str],
        groups: tuple[Any, Any] | None = None,
    ) -> None:
        self.rules = rules
        self.effect = effect
        self.ci_low = ci_low
        self.ci_high = ci_high
        self.p_adj = p_adj
        self.share = share
        self.decision = decision
        self.groups = groups

    @classmethod
    def from_estimator(
        cls, finder: Any, *, ax: Any = None, title: str | None = None
    ) -> FindingsDisplay:
        """Draw the findings of a fitted finder.

        Parameters
        ----------
        finder : estimator
            A fitted segment finder, such as `BoxSegmentFinder`.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as high as the findings need.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

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
        check_is_fitted(finder)
        needed = ("segments_", "rules_", "groups_")
        if absent := [name for name in needed if not hasattr(finder, name)]:
            rule = f"a segment finder, with {', '.join(map(repr, absent))}"
            raise InvalidParameterError(_OWNER, "finder", rule, finder)
        numbers = read_findings(_OWNER, finder.segments_, finder.rules_)
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
            The best finding first, with the columns ``Effect_pp``, ``CI_low``,
            ``CI_high``, ``P_adj``, ``Pct_Train_%`` and ``Decision``, as ``segments_``
            of the finders and the table of `combine_findings` have them. Shares are
            from ``Pct_Test_%`` where it is there and known. ``Best_Group``, if it is
            there, tells the groups.
        rules : RuleSet or sequence, default=None
            One rule, or text, per finding. None: ``Range_1`` to ``Range_3``.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as high as the findings need.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

        Returns
        -------
        FindingsDisplay
            The display, drawn. If there are no findings, the picture says so.

        Raises
        ------
        ValueError
            If a column is missing, a decision is unknown, or rules are not one per
            finding.
        MissingExtraError
            If matplotlib is not installed.
        """
        return cls(**read_findings(_OWNER, table, rules)).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_findings, 7)
            One row per finding, from the top, with the columns rule, effect, ci_low,
            ci_high (in points), p_adj, share (per cent of the rows) and decision.
        """
        numbers = {
            name: np.asarray(getattr(self, name), dtype=np.float64)
            for name in ("effect", "ci_low", "ci_high", "p_adj", "share")
        }
        return pd.DataFrame(
            {
                "rule": pd.Series(list(self.rules), dtype=object),
                **numbers,
                "decision": pd.Series(list(self.decision), dtype=object),
            }
        )

    def plot(self, ax: Any = None, *, title: str | None = None) -> FindingsDisplay:
        """Draw the findings.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as high as the findings need.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

        Returns
        -------
        FindingsDisplay
            The display itself.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        frame = self.frame()
        ax = open_axes(ax, figure_size(frame["rule"]))
        a, b = self.groups or (None, None)
        if title is None:
            known = a is not None and b is not None
            compared = f"{a} over {b}" if known else "one group over the other"
            title = wrap_title(ax, f"Effect of {compared}, by finding")
        pad = 6.0 if frame.empty else 6.0 + LEGEND_HEIGHT
        ax.set_title(title, loc="left", fontweight="bold", pad=pad, parse_math=False)
        if frame.empty:
            write_message(ax, "No findings.")
        else:
            draw_findings(ax, frame, (a, b))
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
