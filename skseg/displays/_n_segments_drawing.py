"""The parts of the picture that NSegmentsDisplay draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import ObjectArray

from ._drawing import BLUE, GREY, ORANGE, size_in_inches
from ._effect_map_drawing import cut_text

# Names, and which value is chosen.
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
_ENOUGH = 0.8
# Width of a panel, and the least one, and what is left and above of it, in inches.
_PANEL, _NARROW, _LEFT, _ABOVE = 2.8, 1.6, 0.68, 0.72
_TITLE_SIZE = 9.0
_CHARACTER = 0.55
_MOST_ACROSS = 3
_MOST_TICKS = 12


def figure_size(n_panels: int) -> tuple[float, float]:
    """Return width and height of a new figure with so many panels."""
    across = min(max(n_panels, 1), _MOST_ACROSS)
    down = -(-max(n_panels, 1) // _MOST_ACROSS)
    return 1.0 + (_PANEL + _LEFT) * across, 1.0 + 2.5 * down


def draw_panels(
    ax: Any, frame: pd.DataFrame, n_segments: int
) -> tuple[ObjectArray, float]:
    """Draw a panel for each criterion; return them, and where the title may begin."""
    ax.set_axis_off()
    criteria = list(dict.fromkeys(frame["criterion"]))
    width, height = size_in_inches(ax)
    across = min(max(int((width + _LEFT) / (_NARROW + _LEFT)), 1), _MOST_ACROSS)
    across = min(across, len(criteria))
    down = -(-len(criteria) // across)
    left, above = _LEFT / width, _ABOVE / height
    # At least half of a place is for the panel itself.
    left, above = min(left, 0.5 / across), min(above, 0.5 / down)
    size = (1 - left * (across - 1)) / across, (1 - above * (down - 1)) / down
    panels = []
    for i, criterion in enumerate(criteria):
        row, column = divmod(i, across)
        x, y = column * (size[0] + left), 1 - size[1] - row * (size[1] + above)
        panel = ax.inset_axes([x, y, *size])
        points = frame[frame["criterion"] == criterion]
        _draw_panel(panel, str(criterion), points, n_segments)
        title, why = _title(str(criterion), points)
        room = int(72 * width * size[0] / (_CHARACTER * _TITLE_SIZE))
        title = title + why if len(title + why) <= room else cut_text(title, room)
        panel.set_title(title, loc="left", fontsize=_TITLE_SIZE, parse_math=False)
        if row == down - 1 or i + across >= len(criteria):
            panel.set_xlabel("Number of segments (dashed: verdict)", fontsize=8.5)
        panels.append(panel)
    return np.array(panels, dtype=object), 22.0


def _draw_panel(
    panel: Any, criterion: str, points: pd.DataFrame, n_segments: int
) -> None:
    k, value = points["k"].to_numpy(), points["value"].to_numpy()
    line = {"color": BLUE, "linewidth": 1.6, "marker": "o", "markersize": 4.5}
    if points["error"].notna().any():
        panel.errorbar(k, value, points["error"], capsize=2.5, zorder=3, **line)
    else:
        panel.plot(k, value, zorder=3, **line)
    if criterion == "elbow":
        ends = [0, -1]
        panel.plot(k[ends], value[ends], color=GREY, linewidth=0.9, zorder=1)
    if criterion == "prediction_strength":
        panel.axhline(_ENOUGH, color=GREY, linewidth=0.9, zorder=1)
    panel.axvline(n_segments, color="#444444", linewidth=1.1, linestyle="--", zorder=2)
    is_choice = points["is_choice"].to_numpy()
    panel.plot(
        k[is_choice],
        value[is_choice],
        color=ORANGE,
        marker="o",
        markersize=10.0,
        markeredgecolor="black",
        linestyle="none",
        zorder=4,
    )
    low, high = min(k.min(), n_segments), k.max()
    panel.set_xlim(low - 0.5, high + 0.5)
    panel.margins(y=0.12)
    if high - low <= _MOST_TICKS:
        panel.set_xticks(np.arange(low, high + 1))
    else:
        panel.xaxis.get_major_locator().set_params(integer=True)
    panel.tick_params(labelsize=8.0)
    panel.yaxis.set_major_formatter("{x:,.6g}")
    panel.spines[["top", "right"]].set_visible(False)


def _title(criterion: str, points: pd.DataFrame) -> tuple[str, str]:
    """Return the name of a criterion with what it chooses, and why."""
    name, why = _TITLES.get(criterion, (criterion, ""))
    chosen = points["k"][points["is_choice"]].to_list()
    choice = f": {chosen[0]}" if chosen else ""
    return f"{name}{choice}", f" ({why})" if why else ""
