"""NSegmentsDisplay: how many segments by each criterion, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import ObjectArray
from skseg.exceptions import InvalidParameterError, MissingColumnError

from ._drawing import open_axes
from ._effect_map_drawing import wrap_title
from ._n_segments_drawing import draw_panels, figure_size

_OWNER = "NSegmentsDisplay"
_NEEDED = ("table", "choices", "n_segments", "has_structure")
# What is drawn in place of the distance to a chord: the curve itself.
_INERTIA = "inertia"


class NSegmentsDisplay:
    """Curves of the criteria over the number of segments, each with its choice.

    Use `from_selection` to make one.

    Parameters
    ----------
    table : DataFrame
        One row per number of segments: k, inertia and a column for each criterion of
        `choices`; ``gap_se`` for errors of ``gap``.
    choices : mapping of str to int
        Number of segments that each criterion chooses; a panel each, in this order.
    n_segments : int
        The verdict; 1 without structure.
    has_structure : bool
        Whether there is any cluster structure.
    p_value : float, default=None
        Of the test of structure, if known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that hold the panels.
    axes_ : ndarray of matplotlib Axes of shape (n_criteria,)
        The panels.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    skseg.model_selection.select_n_segments : Computes the criteria and the verdict.
    SilhouetteDisplay : The widths of single rows, for one number of segments.

    Notes
    -----
    A filled mark is the choice of a criterion, a dashed line the verdict. The panel of
    the elbow shows the inertia, with the straight line below which it is farthest at
    the choice. Every criterion but the gap and the prediction strength always chooses
    two segments or more, so their agreement is no sign of structure.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.displays import NSegmentsDisplay
    >>> from skseg.model_selection import select_n_segments
    >>> X, _ = make_blobs(120, centers=3, cluster_std=0.5, random_state=3)
    >>> found = select_n_segments(
    ...     X, k=[2, 3, 4], criteria=["silhouette"], random_state=0
    ... )
    >>> display = NSegmentsDisplay.from_selection(found)
    >>> display.frame()[["criterion", "k", "is_choice"]]
        criterion  k  is_choice
    0  silhouette  2      False
    1  silhouette  3       True
    2  silhouette  4      False
    """

    ax_: Any
    axes_: ObjectArray
    figure_: Any

    def __init__(
        self,
        *,
        table: pd.DataFrame,
        choices: Mapping[str, int],
        n_segments: int,
        has_structure: bool,
        p_value: float | None = None,
    ) -> None:
        self.table = table
        self.choices = choices
        self.n_segments = n_segments
        self.has_structure = has_structure
        self.p_value = p_value

    @classmethod
    def from_selection(
        cls, selection: Any, *, ax: Any = None, title: str | None = None
    ) -> NSegmentsDisplay:
        """Draw what a selection of the number of segments has looked at.

        Parameters
        ----------
        selection : NSegmentsSelection
            What `select_n_segments` gives.
        ax : matplotlib Axes, default=None
            Axes within which the panels are drawn; they themselves get invisible. None:
            those of a new figure, as large as the panels need.
        title : str, default=None
            Title. None: the verdict; an empty one for no title.

        Returns
        -------
        NSegmentsDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If it is no such selection.
        MissingExtraError
            If matplotlib is not installed.
        """
        if not all(hasattr(selection, name) for name in _NEEDED):
            rule = f"an NSegmentsSelection, with {', '.join(map(repr, _NEEDED))}"
            raise InvalidParameterError(_OWNER, "selection", rule, selection)
        needed = ["k", *(_column(name) for name in selection.choices)]
        columns = list(selection.table)
        if absent := [name for name in needed if name not in columns]:
            raise MissingColumnError(_OWNER, absent, columns)
        display = cls(
            table=selection.table,
            choices=selection.choices,
            n_segments=selection.n_segments,
            has_structure=selection.has_structure,
            p_value=getattr(selection, "p_value", None),
        )
        return display.plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_points, 5)
            One row per point of a curve, with the columns criterion, k, value (of the
            elbow the inertia), error (standard error; NaN if there is none) and
            is_choice. Numbers of segments of which a criterion says nothing are left
            out.
        """
        parts = []
        for criterion, choice in self.choices.items():
            error = self.table.get(f"{criterion}_se", np.nan)
            part = pd.DataFrame(
                {
                    "criterion": pd.Series(criterion, self.table.index, dtype=object),
                    "k": self.table["k"],
                    "value": self.table[_column(criterion)].astype(np.float64),
                    "error": error,
                    "is_choice": self.table["k"] == choice,
                }
            )
            parts.append(part[part["value"].notna()])
        return pd.concat(parts, ignore_index=True)

    def plot(self, ax: Any = None, *, title: str | None = None) -> NSegmentsDisplay:
        """Draw a panel for every criterion.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes within which the panels are drawn; they themselves get invisible. None:
            those of a new figure, as large as the panels need.
        title : str, default=None
            Title. None: the verdict; an empty one for no title.

        Returns
        -------
        NSegmentsDisplay
            The display itself.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        ax = open_axes(ax, figure_size(len(self.choices)))
        if title is None:
            title = wrap_title(ax, self._verdict())
        self.axes_, pad = draw_panels(ax, self.frame(), self.n_segments)
        ax.set_title(title, loc="left", fontweight="bold", pad=pad, parse_math=False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _verdict(self) -> str:
        if not self.has_structure:
            found = "No cluster structure"
        else:
            noun = "segment" if self.n_segments == 1 else "segments"
            found = f"{self.n_segments} {noun}; cluster structure"
        return found if self.p_value is None else f"{found} (p = {self.p_value:.2g})"


def _column(criterion: str) -> str:
    return _INERTIA if criterion == "elbow" else criterion
