"""NSegmentsDisplay: how many segments by each criterion, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import ObjectArray
from skseg.exceptions import InvalidParameterError, MissingColumnError

from ._canvas import NOTE_SIZE, TEXT_SIZE, axes_size, cut_text, settle, text_width
from ._display import Display
from ._style import BLUE, GREY, ORANGE

_OWNER = "NSegmentsDisplay"
_NEEDED = ("table", "choices", "n_segments", "has_structure")
# Title of a panel, and which value a criterion chooses.
_TITLES = {
    "elbow": ("Elbow of the inertia", ""),
    "silhouette": ("Silhouette", "largest"),
    "calinski_harabasz": ("Calinski-Harabasz", "largest"),
    "davies_bouldin": ("Davies-Bouldin", "smallest"),
    "gap": ("Gap", "first within 1 SE"),
    "prediction_strength": (
        "Prediction strength",
        "last \N{GREATER-THAN OR EQUAL TO} 0.8",
    ),
}
_LABEL = "Number of segments (dashed: verdict)"
_STRONG = 0.8
# The least width of a panel, and the room left of and above it, in points.
_NARROW, _LEFT, _ABOVE = 115.0, 49.0, 52.0
_MOST_ACROSS = 3
_MOST_TICKS = 12


@dataclass(kw_only=True, eq=False, repr=False)
class NSegmentsDisplay(Display):
    """Curves of the criteria over the number of segments, each with its choice.

    Use `from_selection` to make one.

    Parameters
    ----------
    table : DataFrame
        One row per number of segments: n_segments, inertia and a column for each
        criterion of `choices`; ``gap_se`` for errors of ``gap``.
    choices : mapping of str to int
        Number of segments that each criterion chooses; a panel each, in this order.
    n_segments : int
        The verdict; 1 without structure.
    has_structure : bool
        Whether there is any cluster structure.
    p_value : float, default=None
        Of the test of structure; None if it is not known.

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
    >>> selection = select_n_segments(
    ...     X, n_segments=[2, 3, 4], criteria=["silhouette"], random_state=0
    ... )
    >>> display = NSegmentsDisplay.from_selection(selection)
    >>> display.frame()[["criterion", "n_segments", "is_choice"]]
        criterion  n_segments  is_choice
    0  silhouette           2      False
    1  silhouette           3       True
    2  silhouette           4      False
    """

    axes_: ObjectArray = field(init=False)
    table: pd.DataFrame
    choices: Mapping[str, int]
    n_segments: int
    has_structure: bool
    p_value: float | None = None

    @classmethod
    def from_selection(
        cls, selection: Any, *, ax: Any = None, title: str | None = None
    ) -> NSegmentsDisplay:
        """Draw what a selection of the number of segments has looked at.

        Parameters
        ----------
        selection : NSegmentsSelection
            What `select_n_segments` gives.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

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
        needed = ["n_segments", *(_column(name) for name in selection.choices)]
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
            One row per point of a curve, with the columns criterion, n_segments, value
            (for the elbow, the inertia), error (standard error; NaN if there is none)
            and is_choice. Numbers of segments without a value are left out.
        """
        parts = []
        for criterion, choice in self.choices.items():
            error = self.table.get(f"{criterion}_se", np.nan)
            part = pd.DataFrame(
                {
                    "criterion": pd.Series(criterion, self.table.index, dtype=object),
                    "n_segments": self.table["n_segments"],
                    "value": self.table[_column(criterion)].astype(np.float64),
                    "error": error,
                    "is_choice": self.table["n_segments"] == choice,
                }
            )
            parts.append(part[part["value"].notna()])
        return pd.concat(parts, ignore_index=True)

    def _figure_size(self) -> tuple[float, float]:
        across = min(max(len(self.choices), 1), _MOST_ACROSS)
        down = -(-max(len(self.choices), 1) // _MOST_ACROSS)
        return 1.0 + 3.5 * across, 1.0 + 2.5 * down

    def _title(self) -> str:
        if not self.has_structure:
            verdict = "No cluster structure"
        else:
            noun = "segment" if self.n_segments == 1 else "segments"
            verdict = f"{self.n_segments} {noun}; cluster structure"
        if self.p_value is None:
            return verdict
        return f"{verdict} (p = {self.p_value:.2g})"

    def _draw(self, ax: Any) -> float:
        ax.set_axis_off()
        settle(ax)
        frame = self.frame()
        criteria = [str(name) for name in dict.fromkeys(frame["criterion"])]
        places = _places(ax, len(criteria))
        panels = [ax.inset_axes(place) for place in places]
        width = axes_size(ax)[0] * places[0][2]
        for panel, criterion in zip(panels, criteria, strict=True):
            points = frame[frame["criterion"] == criterion]
            _draw_panel(panel, criterion, points, self.n_segments)
            choices = points["n_segments"][points["is_choice"]]
            title = _panel_title(panel, criterion, choices, width)
            panel.set_title(title, loc="left", fontsize=TEXT_SIZE, parse_math=False)
        # The lowest ones of all columns.
        for panel in panels[-len({x for x, *_ in places}) :]:
            panel.set_xlabel(_LABEL, fontsize=NOTE_SIZE)
        self.axes_ = np.array(panels, dtype=object)
        return 22.0  # above the titles of the panels


def _column(criterion: str) -> str:
    """Return the column to draw: the elbow is seen in the inertia itself."""
    return "inertia" if criterion == "elbow" else criterion


def _places(ax: Any, n_panels: int) -> list[tuple[float, float, float, float]]:
    """Return left, bottom, width and height of the panels, as shares of the axes."""
    width, height = axes_size(ax)
    across = min(max(int((width + _LEFT) / (_NARROW + _LEFT)), 1), _MOST_ACROSS)
    across = min(across, n_panels)
    down = -(-n_panels // across)
    # At least half of a place is for the panel itself.
    left, above = min(_LEFT / width, 0.5 / across), min(_ABOVE / height, 0.5 / down)
    size = (1 - left * (across - 1)) / across, (1 - above * (down - 1)) / down
    places = []
    for i in range(n_panels):
        row, column = divmod(i, across)
        x, y = column * (size[0] + left), 1 - size[1] - row * (size[1] + above)
        places.append((x, y, *size))
    return places


def _draw_panel(
    panel: Any, criterion: str, points: pd.DataFrame, n_segments: int
) -> None:
    """Draw a criterion, its choice, and the verdict."""
    x, value = points["n_segments"].to_numpy(), points["value"].to_numpy()
    line = {"color": BLUE, "linewidth": 1.6, "marker": "o", "markersize": 4.5}
    if points["error"].notna().any():
        panel.errorbar(x, value, points["error"], capsize=2.5, zorder=3, **line)
    else:
        panel.plot(x, value, zorder=3, **line)
    if criterion == "elbow":
        ends = [0, -1]
        panel.plot(x[ends], value[ends], color=GREY, linewidth=0.9, zorder=1)
    if criterion == "prediction_strength":
        panel.axhline(_STRONG, color=GREY, linewidth=0.9, zorder=1)
    panel.axvline(n_segments, color="#444444", linewidth=1.1, linestyle="--", zorder=2)
    is_choice = points["is_choice"].to_numpy()
    panel.plot(
        x[is_choice],
        value[is_choice],
        color=ORANGE,
        marker="o",
        markersize=10.0,
        markeredgecolor="black",
        linestyle="none",
        zorder=4,
    )
    low, high = min(x.min(), n_segments), x.max()
    panel.set_xlim(low - 0.5, high + 0.5)
    panel.margins(y=0.12)
    if high - low <= _MOST_TICKS:
        panel.set_xticks(np.arange(low, high + 1))
    else:
        panel.xaxis.get_major_locator().set_params(integer=True)
    panel.tick_params(labelsize=8.0)
    panel.yaxis.set_major_formatter("{x:,.6g}")
    panel.spines[["top", "right"]].set_visible(False)


def _panel_title(
    panel: Any, criterion: str, choices: Iterable[int], width: float
) -> str:
    """Return the name of a criterion with its choice, and its rule if that fits."""
    name, rule = _TITLES.get(criterion, (criterion, ""))
    title = "".join([name, *(f": {choice}" for choice in choices)])
    with_rule = f"{title} ({rule})" if rule else title
    if text_width(panel, with_rule, TEXT_SIZE) <= width:
        return with_rule
    return cut_text(panel, title, width, TEXT_SIZE)
