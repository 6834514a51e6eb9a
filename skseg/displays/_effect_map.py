"""EffectMapDisplay: where in the plane of two columns the groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._core._validation import check_int, read_columns
from skseg._finders._base import SegmentFinder
from skseg._finders._decisions._units import UNITS
from skseg.exceptions import InvalidParameterError

from ._canvas import TITLE_PAD, write_message
from ._display import Display
from ._effect_map_cells import conditions, map_numbers, read_rows
from ._effect_map_drawing import draw_map

_OWNER = "EffectMapDisplay"
_MOST_COLUMNS = 2
_LEAST_CELLS, _MOST_CELLS = 4, 64


@dataclass(kw_only=True, eq=False, repr=False)
class EffectMapDisplay(Display):
    """Heat map of the effect over the cells of two columns, with a finding outlined.

    It shows whether the effect ends where the finding does. Use `from_estimator` to
    make one.

    Parameters
    ----------
    columns : sequence of str of length 1 or 2
        The columns, the first from left to right. Empty if there is nothing to show.
    cells : sequence of two sequences of str, of length n_1 and n_2
        Labels of the cells of each column; ``["all"]`` in place of a second column.
    n_a, n_b : array-like of shape (n_1, n_2)
        Rows of the groups, or the sums of their weights.
    mean_a, mean_b : array-like of shape (n_1, n_2)
        Their mean outcomes, in the `unit`; NaN without rows.
    is_inside : array-like of bool of shape (n_1, n_2)
        Which cells belong to the finding.
    groups : tuple of two labels, default=None
        Labels of A and B. None: A is a cell, B are all other rows.
    rule : str, default=""
        Rule of the finding.
    unit : {"points", "outcome", "profit"}, default="points"
        What outcomes and effects are measured in: percentage points of a rate, units
        of the outcome, or the profit per customer in the currency of its value.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    FindingsDisplay : All findings, with their intervals.

    Notes
    -----
    Effects are those observed, unlike those that a finder tests: they include the rows
    that were searched for the finding, and are not adjusted for how groups came about.
    Cells with fewer than 30 rows of a group are hatched and pale, and do not count for
    the scale of the colours.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skseg import BoxSegmentFinder
    >>> from skseg.displays import EffectMapDisplay
    >>> X = pd.DataFrame({"plan": ["free", "pro"] * 400, "age": [25, 25, 40, 40] * 200})
    >>> group = np.tile(np.repeat(["A", "B"], 4), 100)
    >>> bought = ((X["plan"] == "pro") & (group == "A")).astype(int)
    >>> finder = BoxSegmentFinder(inference="none").fit(X, bought, group=group)
    >>> display = EffectMapDisplay.from_estimator(
    ...     finder, X, bought, group, columns=["plan", "age"]
    ... )
    >>> display.frame()[["cell_1", "cell_2", "n_A", "n_B", "effect", "is_inside"]]
      cell_1 cell_2    n_A    n_B  effect  is_inside
    0    pro     25  100.0  100.0   100.0       True
    1    pro     40  100.0  100.0   100.0       True
    2   free     25  100.0  100.0     0.0      False
    3   free     40  100.0  100.0     0.0      False
    """

    columns: Sequence[str]
    cells: Sequence[Sequence[str]]
    n_a: npt.ArrayLike
    n_b: npt.ArrayLike
    mean_a: npt.ArrayLike
    mean_b: npt.ArrayLike
    is_inside: npt.ArrayLike
    groups: tuple[Any, Any] | None = None
    rule: str = ""
    unit: str = "points"

    @classmethod
    def from_estimator(
        cls,
        finder: Any,
        X: Any,
        y: Any,
        group: Any = None,
        *,
        columns: Sequence[str] | None = None,
        finding: int = 0,
        max_cells: int = 8,
        sample_weight: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> EffectMapDisplay:
        """Draw the effect around a finding of a fitted finder.

        Parameters
        ----------
        finder : estimator
            A fitted segment finder, such as `BoxSegmentFinder`.
        X : frame or array of shape (n_rows, n_columns)
            Rows, with columns as in ``fit``: those of the training, or others.
        y : array-like of shape (n_rows,)
            Their outcomes, or the result of `with_group`.
        group : array-like of shape (n_rows,), default=None
            Group of every row; given if and only if it was in ``fit``.
        columns : sequence of str of length 1 or 2, default=None
            The columns of the map. None: the first two of the finding, or its only one,
            for a map of a single row. If the finding has conditions on none of them,
            nothing is outlined.
        finding : int, default=0
            Position of the finding in ``segments_``.
        max_cells : int, default=8
            Most cells of a column, in [4, 64], that of missing values included. Cells
            of numbers are about even in size and end where the finding does. The most
            frequent levels of a text have a cell each, the rest share one.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        EffectMapDisplay
            The display, drawn. If there are no findings, and no columns are given, the
            picture says so.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If a parameter, column, outcome or group is wrong; the message says which.
        MissingExtraError
            If matplotlib is not installed.

        Notes
        -----
        All rows are in the map, whatever the conditions of the finding on a third
        column. To see those alone that meet them, pass ``X``, ``y`` and ``group`` of
        these rows.
        """
        if not isinstance(finder, SegmentFinder):
            raise InvalidParameterError(_OWNER, "finder", "a segment finder", finder)
        finder = as_fitted(finder)
        max_cells = check_int(_OWNER, "max_cells", max_cells, _LEAST_CELLS, _MOST_CELLS)
        last = max(len(finder.segments_) - 1, 0)
        finding = check_int(_OWNER, "finding", finding, 0, last)
        shown = conditions(finder, finding)
        names = list(shown)[:_MOST_COLUMNS] if columns is None else _names(columns)
        data = read_columns(finder, X, reset=False)
        data.require(names)
        data, rows = read_rows(_OWNER, finder, data, y, group, sample_weight)
        numbers = (
            map_numbers(data, rows, names, shown, max_cells) if names else _nothing()
        )
        rule = ""
        if shown:
            rule = str(finder.rules_[finder.segments_["name"].iloc[finding]])
        display = cls(**numbers, groups=finder.groups_, rule=rule)
        return display.plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_cells, 8)
            One row per cell, with the columns cell_1 and cell_2 (of the first and the
            second column), n_A, n_B, mean_A, mean_B, effect (both in the `unit`) and
            is_inside. Without groups A is the cell, and B are all other rows.
        """
        pairs = list(product(*self.cells))
        numbers = {
            name: np.asarray(values, dtype=np.float64).ravel()
            for name, values in (
                ("n_A", self.n_a),
                ("n_B", self.n_b),
                ("mean_A", self.mean_a),
                ("mean_B", self.mean_b),
            )
        }
        return pd.DataFrame(
            {
                "cell_1": pd.Series([label for label, _ in pairs], dtype=object),
                "cell_2": pd.Series([label for _, label in pairs], dtype=object),
                **numbers,
                "effect": numbers["mean_A"] - numbers["mean_B"],
                "is_inside": np.asarray(self.is_inside, dtype=bool).ravel(),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        if not self.columns:
            return 7.0, 2.0
        n_1, n_2 = np.shape(self.n_a)
        return min(max(3.4 + 0.85 * n_1, 7.5), 16.0), min(max(2.0 + 0.5 * n_2, 2.9), 14)

    def _title(self) -> str:
        by = f" by {' and '.join(map(str, self.columns))}" if self.columns else ""
        return f"Effect of {self._compared}{by}"

    @property
    def _compared(self) -> str:
        a, b = self.groups or ("a cell", "all other rows")
        return f"{a} over {b}"

    def _draw(self, ax: Any) -> float:
        if not self.columns:
            write_message(ax, "No findings.")
            return TITLE_PAD
        return draw_map(
            ax,
            self.frame(),
            list(map(str, self.columns)),
            [list(map(str, labels)) for labels in self.cells],
            f"Effect of {self._compared}, {UNITS[self.unit]}",
            self.rule,
            has_groups=self.groups is not None,
        )


def _names(columns: Any) -> list[str]:
    """Return the names of one or two columns, or raise."""
    is_list = isinstance(columns, Sequence) and not isinstance(columns, str)
    names = [str(name) for name in columns] if is_list else []
    if not 0 < len(names) <= _MOST_COLUMNS or len({*names}) < len(names):
        rule = "None, or the names of one or two columns"
        raise InvalidParameterError(_OWNER, "columns", rule, columns)
    return names


def _nothing() -> dict[str, Any]:
    """Return the parameters of a map without cells."""
    names = ("n_a", "n_b", "mean_a", "mean_b", "is_inside")
    return {
        "columns": [],
        "cells": [[], []],
        **{name: np.zeros((0, 0)) for name in names},
    }
