"""RuleMapDisplay: which rule holds where, in the plane of two columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import check_sample_weight
from skseg.exceptions import InvalidParameterError, MissingColumnError
from skseg.rules import Columns, Gap, Overlap, RuleSet, is_missing_value
from skseg.rules._language._dates import is_date_value, moment_text
from skseg.rules._language._thresholds import format_number
from skseg.rules._proof._domain import Domain, as_schema, domain_of_kind
from skseg.rules._reserved_names import OUTSIDE

from ._canvas import TITLE_PAD
from ._display import Display
from ._rule_map_bands import (
    BandAxis,
    band_axis,
    column_axis,
    count_rows,
    place_of,
    segments_by_rectangle,
)
from ._rule_map_drawing import draw_rule_map
from ._rule_map_labels import ONE_BAND, RuleMap
from ._style import count_text

_OWNER = "RuleMapDisplay"


@dataclass(kw_only=True, eq=False, repr=False)
class RuleMapDisplay(Display):
    """Map of the rules: which of them holds where, all columns but one or two fixed.

    Use `from_rules` or `from_finding` to make one.

    Parameters
    ----------
    axes : sequence of BandAxis
        The one or two columns that are shown, each with the bands into which the
        thresholds of the rules cut it, as `from_rules` makes them.
    segment_names : sequence of str
        Names of the segments, and "outside" where there is a universe.
    holds : array-like of bool of shape (n_bands, [n_bands,] n_segments)
        Segments that hold in each rectangle, that is, in each band or pair of bands.
    default : str, default=None
        Name of the segment of the rows for which no rule holds.
    at : mapping of str to float, str or None, default=None
        The values at which the other columns are fixed; None is missing.
    n : array-like of shape (n_bands, [n_bands]), default=None
        Number of rows in each rectangle, or sum of their weights.
    n_rows : float, default=None
        Number of all rows, in and outside of the picture.
    witness : mapping of str to (float, float or str or None), default=None
        Column -> place and value of a row to mark.
    quantiles : mapping of str to mapping of float to float, default=None
        Column -> level -> value that replaces a quantile of the rules.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    skseg.rules.RuleSet.verify : Proves that rules do not overlap and leave no gap.

    Notes
    -----
    The picture is exact: the rules cannot tell the points of a rectangle apart, so they
    are evaluated at one of them. Single values, as in ``x == 3``, are drawn as thin
    lines, and missing values in a band of their own after the others. Rows outside of
    the universe of the rules are dotted.

    Examples
    --------
    >>> from skseg.displays import RuleMapDisplay
    >>> from skseg.rules import RuleSet
    >>> rules = RuleSet({"VIP": "aov >= 120", "Core": "aov >= 40"}, default="Small")
    >>> display = RuleMapDisplay.from_rules(rules, ["aov"])
    >>> display.frame()
               aov        rules
    0   [-inf, 40)     (Small,)
    1    [40, 120)      (Core,)
    2   [120, inf]  (VIP, Core)
    3      missing     (Small,)
    """

    axes: Sequence[BandAxis]
    segment_names: Sequence[str]
    holds: npt.ArrayLike
    default: str | None = None
    at: Mapping[str, Any] | None = None
    n: npt.ArrayLike | None = None
    n_rows: float | None = None
    witness: Mapping[str, tuple[float, Any]] | None = None
    quantiles: Mapping[str, Mapping[float, float]] | None = None

    @classmethod
    def from_rules(
        cls,
        rules: RuleSet,
        columns: Sequence[str],
        *,
        at: Mapping[str, Any] | None = None,
        X: Any = None,
        sample_weight: Any = None,
        schema: Mapping[str, Any] | None = None,
        ax: Any = None,
        title: str | None = None,
    ) -> RuleMapDisplay:
        """Draw a rule set in the plane of two columns, or along a single one.

        Parameters
        ----------
        rules : RuleSet
            The rules, without open quantiles.
        columns : sequence of str of length 1 or 2
            The horizontal and the vertical column, of numbers or text.
        at : mapping of str to float, str or None, default=None
            The values at which to fix the other columns of the rules; None is missing.
        X : frame, mapping or array of shape (n_rows, n_columns), default=None
            Rows to count. A row counts if the rules cannot tell its other columns from
            `at`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        schema : mapping of str to (Domain or dict), default=None
            Possible values of a column, as in ``RuleSet.verify``; others are not shown.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        RuleMapDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the rules have open quantiles or no such columns, or `at` lacks one.
        RuleError
            If a value in `at` or `X` is not of the kind that the rules compare.
        MissingExtraError
            If matplotlib is not installed.
        """
        display = cls._make(rules, columns, at, X, sample_weight, schema)
        return display.plot(ax=ax, title=title)

    @classmethod
    def from_finding(
        cls,
        rules: RuleSet,
        finding: Overlap | Gap,
        *,
        columns: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        ax: Any = None,
        title: str | None = None,
    ) -> RuleMapDisplay:
        """Draw the surroundings of an overlap or a gap that a proof has found.

        Parameters
        ----------
        rules : RuleSet
            The rules that were verified. Quantiles that are open in them have the
            values of the finding.
        finding : Overlap or Gap
            One of the findings of ``rules.verify()``. Its witness is marked, and the
            columns not shown are fixed there.
        columns : sequence of str of length 1 or 2, default=None
            The horizontal and the vertical column. None: the first two that the
            finding is about, or others of the rules if it is about fewer.
        schema : mapping of str to (Domain or dict), default=None
            The schema given to ``rules.verify``.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        RuleMapDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the finding is not one of these rules.
        MissingExtraError
            If matplotlib is not installed.

        Examples
        --------
        >>> from skseg.displays import RuleMapDisplay
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"VIP": "aov >= 120", "Free": "plan == 'free'"})
        >>> overlap = rules.verify().overlaps[0]
        >>> display = RuleMapDisplay.from_finding(rules, overlap)
        >>> display.frame().head(3)
                  aov            plan    rules
        0  [-inf, 120)        {'free'}  (Free,)
        1  [-inf, 120)  any other text       ()
        2  [-inf, 120)         missing       ()
        """
        if not isinstance(finding, Overlap | Gap):
            rule = "an Overlap or a Gap of rules.verify()"
            raise InvalidParameterError(_OWNER, "finding", rule, finding)
        if isinstance(rules, RuleSet) and not rules.is_resolved:
            rules = rules.with_quantiles(finding.quantiles)
        _check_rules(rules)
        if columns is None:
            columns = list(dict.fromkeys([*finding.box, *rules.columns]))[:2]
        row = finding.witness
        if absent := [name for name in rules.columns if name not in row]:
            rule = f"of the same rules: it does not tell {', '.join(map(repr, absent))}"
            raise InvalidParameterError(_OWNER, "finding", rule, finding)
        display = cls._make(rules, columns, row, None, None, schema, mark=True)
        display.quantiles = finding.quantiles
        if title is None:
            title = "Where no rule holds"
            if isinstance(finding, Overlap):
                title = "Where {!r} and {!r} overlap".format(*finding.names)
            elif rules.default is not None:
                title = f"Where the default {rules.default!r} holds"
        return display.plot(ax=ax, title=title)

    @classmethod
    def _make(
        cls,
        rules: RuleSet,
        columns: Sequence[str],
        at: Mapping[str, Any] | None,
        X: Any,
        sample_weight: Any,
        schema: Mapping[str, Any] | None,
        *,
        mark: bool = False,
    ) -> RuleMapDisplay:
        _check_rules(rules)
        columns = _check_columns(columns, rules)
        row = _check_at(at, columns, rules)
        domains = {
            n: domain_of_kind(as_schema(schema).get(n, Domain()), rules.kinds[n])
            for n in rules.columns
        }
        cells = {n: column_axis(rules, n, domains[n], _OWNER) for n in rules.columns}
        data = None if X is None else Columns(X, _OWNER)
        if data is not None:
            data.require(list(rules.columns))
        axes = [band_axis(cells[n], domains[n], data, _OWNER) for n in columns]
        display = cls(
            axes=axes,
            segment_names=(
                *rules.names,
                *([] if rules.universe is None else [OUTSIDE]),
            ),
            holds=segments_by_rectangle(rules, axes, row),
            default=rules.default,
            at={n: row[n] for n in rules.columns if n not in columns},
        )
        if data is not None:
            weight = check_sample_weight(sample_weight, data.n_rows)
            display.n = count_rows(data, cells, axes, row, weight)
            display.n_rows = data.n_rows if weight is None else float(weight.sum())
        if mark and at is not None:
            display.witness = {
                axis.name: (
                    place_of(at[axis.name], axis, cells[axis.name], _OWNER),
                    at[axis.name],
                )
                for axis in axes
            }
        return display

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_rectangles, n_columns + 1 or 2)
            One row per rectangle: the values of each column in words, as in the
            findings of ``RuleSet.verify``; ``rules``, the names of those that hold;
            and, where rows were counted, ``n``.
        """
        holds = np.asarray(self.holds)
        places = np.indices(holds.shape[:-1]).reshape(len(self.axes), -1)
        words = [
            [axis.bands[i].text for i in index]
            for axis, index in zip(self.axes, places, strict=True)
        ]
        frame = pd.DataFrame(dict(enumerate(words)))
        names = self.segment_names
        rules = [
            tuple(name for name, held in zip(names, row, strict=True) if held)
            for row in holds.reshape(-1, holds.shape[-1])
        ]
        frame[len(words)] = pd.Series(rules, dtype=object)
        columns = [axis.name for axis in self.axes] + ["rules"]
        if self.n is not None:
            frame[len(words) + 1] = np.asarray(self.n).ravel()
            columns.append("n")
        # A column of the data may have the name "rules" or "n" as well.
        return frame.set_axis(columns, axis=1)

    def _figure_size(self) -> tuple[float, float]:
        return 9.0, 2.8 if len(self.axes) == 1 else 5.6

    def _title(self) -> str:
        return "Rules by " + " and ".join(axis.name for axis in self.axes)

    def _draw(self, ax: Any) -> float:
        holds = np.asarray(self.holds)
        counts = None if self.n is None else np.asarray(self.n)
        is_strip = len(self.axes) == 1
        if is_strip:
            holds = holds[:, None]
            counts = None if counts is None else counts[:, None]
        picture = RuleMap(
            x=self.axes[0],
            y=ONE_BAND if is_strip else self.axes[1],
            holds=holds,
            names=tuple(self.segment_names),
            default=self.default,
            n=counts,
        )
        star = [place for place, _ in (self.witness or {}).values()]
        draw_rule_map(ax, picture, self._notes(), star, self._witness_text())
        return TITLE_PAD

    def _notes(self) -> list[str]:
        """Return notes on the values and rows that the picture leaves out."""
        notes = []
        for name, levels in (self.quantiles or {}).items():
            for level, value in levels.items():
                text = _value_text(value)
                notes.append(f"with q({format_number(level)}) of {name} = {text}")
        if self.at:
            fixed = (f"{name} = {_value_text(v)}" for name, v in self.at.items())
            notes.append(f"at {', '.join(fixed)}")
        if self.n is not None and self.n_rows is not None:
            shown = float(np.sum(self.n))
            if shown < self.n_rows:
                notes.append(
                    f"n counts {count_text(shown)} of {count_text(self.n_rows)} rows; "
                    "the others are not in this plane"
                )
        return notes

    def _witness_text(self) -> str:
        shown = {name: value for name, (_, value) in (self.witness or {}).items()}
        lines = (f"{name} = {_value_text(value)}" for name, value in shown.items())
        return "\n".join(["example:", *lines])


def _value_text(value: Any) -> str:
    if is_missing_value(value):
        return "missing"
    if isinstance(value, str):
        return repr(value)
    return moment_text(value) if is_date_value(value) else format_number(float(value))


def _check_rules(rules: RuleSet) -> None:
    if not isinstance(rules, RuleSet):
        raise InvalidParameterError(_OWNER, "rules", "a RuleSet", rules)
    if not rules.is_resolved:
        rule = "without open quantiles: take rules.resolve(X)"
        raise InvalidParameterError(_OWNER, "rules", rule, rules)
    if not rules.columns:
        raise InvalidParameterError(_OWNER, "rules", "about at least one column", rules)


def _check_columns(columns: Sequence[str], rules: RuleSet) -> list[str]:
    names = [] if isinstance(columns, str) else list(columns)
    if len(names) not in (1, 2) or len(set(names)) < len(names):
        rule = "a sequence of one or two different columns"
        raise InvalidParameterError(_OWNER, "columns", rule, columns)
    if absent := [name for name in names if name not in rules.columns]:
        raise MissingColumnError(_OWNER, absent, rules.columns)
    return names


def _check_at(
    at: Mapping[str, Any] | None, columns: Sequence[str], rules: RuleSet
) -> dict[str, Any]:
    """Return the values of the other columns of the rules."""
    if not isinstance(at, Mapping | None):
        raise InvalidParameterError(_OWNER, "at", "a mapping of columns to values", at)
    fixed = [name for name in rules.columns if name not in columns]
    if absent := [name for name in fixed if name not in (at or {})]:
        wanted = ", ".join(map(repr, absent))
        rule = f"a mapping with a value, None for missing, for {wanted}"
        raise InvalidParameterError(_OWNER, "at", rule, at)
    return {name: (at or {})[name] for name in fixed}
