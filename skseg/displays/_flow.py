"""SegmentFlowDisplay: how rules became segments of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._core._validation import is_number
from skseg.exceptions import InvalidParameterError
from skseg.rules import RuleSet
from skseg.rules._reserved_names import OUTSIDE

from ._display import Display
from ._flow_drawing import draw_flow
from ._reading import read_table

_OWNER = "SegmentFlowDisplay"
_COLUMNS = ["rule", "segment", "n"]


@dataclass(kw_only=True, eq=False, repr=False)
class SegmentFlowDisplay(Display):
    """Flow from all customers over the rules to the segments, as bars and bands.

    A rule whose customers were split fans out; rules that were merged join. Use
    `from_estimator` or `from_lineage` to make one.

    Parameters
    ----------
    rules : sequence of str of length n_flows
        Name of the rule that each flow comes from, or "outside" for customers outside
        of the audience that the rules divide up.
    segments : sequence of str of length n_flows
        Name of the segment that it goes to, or "outside".
    n : array-like of shape (n_flows,)
        Number of customers in it, or sum of their weights.
    min_size, max_size : float, default=None
        Bounds that the segments should keep, in customers. None: no bound.
    default : str, default=None
        Name among `rules` of the default, which is no rule, if there is one.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    SegmentSizesDisplay : How large the segments are, and what they are worth.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg.displays import SegmentFlowDisplay
    >>> lineage = pd.DataFrame(
    ...     {
    ...         "rule": ["Loyal", "Loyal", "New", "Lapsed"],
    ...         "segment": ["Loyal, young", "Loyal, old", "Rest", "Rest"],
    ...         "n": [400, 300, 200, 100],
    ...     }
    ... )
    >>> display = SegmentFlowDisplay.from_lineage(lineage, max_size=350)
    >>> display.frame()
         rule       segment    n  share  segment_n  in_bounds
    0   Loyal  Loyal, young  400    0.4        400      False
    1   Loyal    Loyal, old  300    0.3        300       True
    2     New          Rest  200    0.2        300       True
    3  Lapsed          Rest  100    0.1        300       True
    """

    rules: Sequence[str]
    segments: Sequence[str]
    n: npt.ArrayLike
    min_size: float | None = None
    max_size: float | None = None
    default: str | None = None

    @classmethod
    def from_estimator(
        cls, segmenter: Any, *, ax: Any = None, title: str | None = None
    ) -> SegmentFlowDisplay:
        """Draw how a fitted segmenter split and merged the rules that it was given.

        Parameters
        ----------
        segmenter : estimator
            A fitted segmenter with ``lineage_``, a frame as in `from_lineage`, and
            ``min_size_`` and ``max_size_``, floats or None.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentFlowDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the segmenter does not tell where its segments come from.
        MissingExtraError
            If matplotlib is not installed.
        """
        segmenter = as_fitted(segmenter)
        if not hasattr(segmenter, "lineage_"):
            rule = "a segmenter with 'lineage_'"
            raise InvalidParameterError(_OWNER, "segmenter", rule, segmenter)
        if segmenter.lineage_.empty:
            raise InvalidParameterError(
                _OWNER,
                "segmenter",
                "a segmenter whose rows have been counted since it was edited",
                segmenter,
                advice="Call its recount(X), or fit it again.",
            )
        return cls.from_lineage(
            segmenter.lineage_,
            min_size=segmenter.min_size_,
            max_size=segmenter.max_size_,
            default=_default_of(segmenter),
            ax=ax,
            title=title,
        )

    @classmethod
    def from_lineage(
        cls,
        lineage: Any,
        *,
        min_size: float | None = None,
        max_size: float | None = None,
        default: str | None = None,
        ax: Any = None,
        title: str | None = None,
    ) -> SegmentFlowDisplay:
        """Draw flows given as a table.

        Parameters
        ----------
        lineage : frame of shape (n_flows, n_columns)
            With the columns ``rule``, ``segment`` and ``n``: how many customers came
            from which rule to which segment. Rows of the same two names add up.
        min_size, max_size : float, default=None
            Bounds that the segments should keep, in customers. None: no bound.
        default : str, default=None
            Name among the rules of the default, which is no rule, if there is one.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentFlowDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a column is missing, a number negative or not finite, or the bounds are
            crossed.
        MissingExtraError
            If matplotlib is not installed.
        """
        _check_bounds(min_size, max_size)
        flows = _check_lineage(lineage)
        display = cls(
            rules=flows["rule"].to_list(),
            segments=flows["segment"].to_list(),
            n=flows["n"].to_numpy(),
            min_size=min_size,
            max_size=max_size,
            default=default,
        )
        return display.plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_flows, 6)
            One row per flow, with the columns rule, segment, n, share, segment_n, the
            size of the segment, and in_bounds, whether it keeps the bounds. Shares are
            of the customers who are not outside; "outside", which is no segment, has
            none, and always keeps the bounds.
        """
        frame = pd.DataFrame(
            {
                "rule": list(self.rules),
                "segment": list(self.segments),
                "n": np.asarray(self.n),
            }
        )
        is_outside = frame["segment"] == OUTSIDE
        n_inside = frame["n"].where(~is_outside)
        total = n_inside.sum()
        frame["share"] = n_inside / total if total else 0.0 * n_inside
        sizes = frame.groupby("segment", sort=False)["n"].transform("sum")
        frame["segment_n"] = sizes
        low = 0.0 if self.min_size is None else self.min_size
        high = np.inf if self.max_size is None else self.max_size
        frame["in_bounds"] = sizes.between(low, high) | is_outside
        return frame

    def _figure_size(self) -> tuple[float, float]:
        n_bars = max(len(set(self.rules)), len(set(self.segments)))
        return 10.5, max(4.0, 1.2 + 0.34 * n_bars)

    def _title(self) -> str:
        rules = {*self.rules} - {OUTSIDE, self.default}
        segments = {*self.segments} - {OUTSIDE}
        default = " and the default" if self.default in self.rules else ""
        return (
            f"From {_counted(rules, 'rule')}{default} to "
            f"{_counted(segments, 'segment')}"
        )

    def _draw(self, ax: Any) -> float:
        return draw_flow(ax, self.frame(), self._bounds_text())

    def _bounds_text(self) -> str:
        low, high = (
            None if bound is None else f"{bound:,.10g}"
            for bound in (self.min_size, self.max_size)
        )
        if low and high:
            return f"not within {low} to {high}"
        return f"below {low}" if low else f"above {high}" if high else ""


def _counted(names: set[Any], noun: str) -> str:
    n = len(names)
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _default_of(segmenter: Any) -> str | None:
    """Return the name of the default among the rules that a segmenter was given."""
    rules: RuleSet | None = getattr(segmenter, "_business_rules", None)
    return None if rules is None else rules.default


def _check_bounds(min_size: float | None, max_size: float | None) -> None:
    for name, bound in (("min_size", min_size), ("max_size", max_size)):
        if bound is None:
            continue
        if not is_number(bound) or not 0 <= bound < np.inf:
            raise InvalidParameterError(_OWNER, name, "None or in [0, inf)", bound)
    if min_size is not None and max_size is not None and max_size < min_size:
        rule = f"at least min_size, {min_size}"
        raise InvalidParameterError(_OWNER, "max_size", rule, max_size)


def _check_lineage(lineage: Any) -> pd.DataFrame:
    """Return the flows between each rule and segment, in order of appearance."""
    table = read_table(_OWNER, "lineage", lineage, _COLUMNS)
    flows = pd.DataFrame({name: table.get_column(name).to_list() for name in _COLUMNS})
    if flows.empty:
        raise InvalidParameterError(_OWNER, "lineage", "of at least one flow", lineage)
    sizes = pd.to_numeric(flows["n"], errors="coerce")
    bad = ~(np.isfinite(sizes.to_numpy(dtype=np.float64)) & (sizes >= 0))
    if bad.any():
        rule = "a frame whose 'n' is finite and not negative"
        raise InvalidParameterError(_OWNER, "lineage", rule, flows["n"][bad].iloc[0])
    for name in ("rule", "segment"):
        flows[name] = flows[name].astype(str)
    flows["n"] = sizes
    return flows.groupby(["rule", "segment"], sort=False)["n"].sum().reset_index()
