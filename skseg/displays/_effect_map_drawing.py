"""Drawing of EffectMapDisplay: cells, outline, names and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import BoolArray, FloatArray

from ._canvas import (
    LEAST_SIZE,
    LINE,
    NOTE_SIZE,
    TEXT_SIZE,
    TITLE_PAD,
    axes_size,
    cut_text,
    draw_grid,
    fit_text,
    fitting_size,
    legend_above,
    room_left,
    settle,
    wrap_text,
)
from ._style import BLUE, MINUS, VERMILION, count_text

# Means of fewer rows of a group are marked as uncertain.
FEW = 30
# From B better over no effect to A better; colour-blind readers tell them apart.
_COLOURS = (VERMILION, "#F2B48A", "#FAFAFA", "#8FC1E3", BLUE)
_EMPTY = "#E6E6E6"
_HATCH: dict[str, Any] = {
    "facecolor": "none",
    "edgecolor": "#C0C0C0",
    "hatch": "///",
    "linewidth": 0.0,
}
# Smaller numbers are left out.
_LEAST_NUMBER_SIZE = 4.5
# Smaller names of cells are turned upright instead.
_LEAST_HORIZONTAL_SIZE = 7.0
# Width of names at the left, and height of those below, where there is room.
_NAME_WIDTH, _NAME_HEIGHT = 100.0, 130.0


def draw_map(
    ax: Any,
    frame: pd.DataFrame,
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    scale: str,
    rule: str,
    *,
    has_groups: bool,
) -> float:
    """Draw cells, outline and names; return where the title may begin, in points."""
    shape = (len(cells[0]), len(cells[1]))
    n_a, n_b, effect = (
        frame[name].to_numpy().reshape(shape) for name in ("n_A", "n_B", "effect")
    )
    inside = frame["is_inside"].to_numpy().reshape(shape)
    is_few = np.minimum(n_a, n_b) < FEW
    rgb = _draw_cells(ax, effect, is_few, scale)
    if inside.any():
        _outline(ax, inside)
    _label_rows(ax, columns, cells)
    settle(ax)
    pad = _write_notes(ax, _notes(is_few, inside, rule, has_groups))
    _label_columns(ax, columns[0], cells[0])
    settle(ax)
    n = n_a + n_b if has_groups else n_a
    _write_cells(ax, effect, n, rgb, is_few)
    return pad


def _draw_cells(
    ax: Any, effect: FloatArray, is_few: BoolArray, scale: str
) -> FloatArray:
    """Colour the cells; return their colours."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.patches import Rectangle

    is_known = np.isfinite(effect)
    certain = is_known & ~is_few
    top = np.abs(effect[certain if certain.any() else is_known]).max(initial=0.0)
    top = top if top > 0 else 1.0
    colours = ScalarMappable(
        Normalize(-top, top), LinearSegmentedColormap.from_list("skseg", _COLOURS)
    )
    rgba = colours.to_rgba(np.where(is_known, effect, 0.0))
    rgb: FloatArray = np.asarray(rgba)[..., :3]
    rgb[is_few] = 1 - 0.35 * (1 - rgb[is_few])
    rgb[~is_known] = np.array([int(_EMPTY[1:3], 16)] * 3) / 255
    ax.imshow(rgb.transpose(1, 0, 2), origin="lower", aspect="auto")
    for i, j in np.argwhere(is_few & is_known):
        ax.add_patch(Rectangle((i - 0.5, j - 0.5), 1, 1, **_HATCH))
    draw_grid(ax, *effect.shape, color="white", linewidth=1.2)
    bar = ax.figure.colorbar(colours, ax=ax, aspect=24, pad=0.02, format="{x:+.4g}")
    label = wrap_text(ax, scale, axes_size(ax)[1], 10.0, max_lines=3)
    bar.set_label(label, parse_math=False)
    return rgb


def _write_cells(
    ax: Any, effect: FloatArray, n: FloatArray, rgb: FloatArray, is_few: BoolArray
) -> None:
    from matplotlib.patheffects import withStroke

    width, height = np.array(axes_size(ax)) / effect.shape
    decimals = _decimals(effect)
    effects = [_effect_text(value, decimals) for value in effect.ravel()]
    counts = [f"n = {count_text(value)}" for value in n.ravel()]
    size = min(fitting_size(ax, effects, 0.92 * width, 10.0), 0.6 * height)
    small = min(fitting_size(ax, counts, 0.92 * width, 0.85 * size), 0.3 * height)
    if size < _LEAST_NUMBER_SIZE:
        return
    # Approximate luminance of sRGB.
    is_dark = (rgb**2.2 @ np.array([0.2126, 0.7152, 0.0722])).ravel() < 0.25
    halo = [withStroke(linewidth=2.5, foreground="white")]
    lines = [(effects, size, 0.0)]
    if small >= _LEAST_NUMBER_SIZE:
        lines = [(effects, size, 0.65 * size), (counts, small, -0.8 * small)]
    for texts, points, up in lines:
        for (i, j), text, dark in zip(
            np.ndindex(effect.shape), texts, is_dark, strict=True
        ):
            ax.annotate(
                text,
                (i, j),
                (0, up),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=points,
                color="white" if dark else "black",
                path_effects=halo if is_few[i, j] else None,
            )


def _decimals(effect: FloatArray) -> int:
    """Return with how many decimals effects differ: one, more for small amounts."""
    top = np.abs(effect[np.isfinite(effect)]).max(initial=0.0)
    return int(np.clip(2 - np.ceil(np.log10(top)), 1, 6)) if top > 0 else 1


def _effect_text(effect: float, decimals: int) -> str:
    if np.isnan(effect):
        return "\N{EN DASH}"
    return f"{effect:+.{decimals}f}".replace("-", MINUS)


def _outline(ax: Any, inside: BoolArray) -> None:
    """Draw the border of the cells of the finding."""
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import Normal, withStroke

    padded = np.pad(inside, 1)
    lines = []
    for i, j in np.argwhere(padded[1:] != padded[:-1]):
        lines.append([(i - 0.5, j - 1.5), (i - 0.5, j - 0.5)])
    for i, j in np.argwhere(padded[:, 1:] != padded[:, :-1]):
        lines.append([(i - 1.5, j - 0.5), (i - 0.5, j - 0.5)])
    ax.add_collection(
        LineCollection(
            lines,
            colors="black",
            linewidths=2.6,
            capstyle="projecting",
            clip_on=False,
            zorder=5,
            path_effects=[withStroke(linewidth=5.0, foreground="white"), Normal()],
        ),
        autolim=False,
    )


def _label_columns(ax: Any, column: str, cells: Sequence[str]) -> None:
    """Write the names of the cells from left to right, upright if they are narrow."""
    width = axes_size(ax)[0] / len(cells)
    fitted = [fit_text(ax, cell, 0.94 * width, 43.0) for cell in cells]
    size = min(size for _, size in fitted)
    texts, rotation = [text for text, _ in fitted], 0
    if size < _LEAST_HORIZONTAL_SIZE:
        size = min(max(width / LINE, LEAST_SIZE), TEXT_SIZE)
        room = min(_NAME_HEIGHT, 0.3 * axes_size(ax)[1])
        texts, rotation = [cut_text(ax, cell, room, size) for cell in cells], 90
    ax.set_xticks(
        range(len(texts)), texts, fontsize=size, rotation=rotation, parse_math=False
    )
    ax.set_xlabel(cut_text(ax, column, axes_size(ax)[0], 10.0), parse_math=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _label_rows(
    ax: Any, columns: Sequence[str], cells: Sequence[Sequence[str]]
) -> None:
    """Write the names of the cells from below, if there is a second column."""
    if len(columns) == 1:
        ax.set_yticks([])
        return
    # The names of the first column will take a part of the height.
    length = 0.85 * axes_size(ax)[1]
    width = room_left(ax, _NAME_WIDTH + 16.0) - 16.0
    height = 0.94 * length / len(cells[1])
    fitted = [fit_text(ax, cell, width, height) for cell in cells[1]]
    ax.set_yticks(
        range(len(fitted)),
        [text for text, _ in fitted],
        fontsize=min(size for _, size in fitted),
        parse_math=False,
    )
    ax.set_ylabel(cut_text(ax, columns[1], length, 10.0), parse_math=False)


def _notes(
    is_few: BoolArray, inside: BoolArray, rule: str, has_groups: bool
) -> list[tuple[str, dict[str, Any]]]:
    """Return the meaning of the outline and of the hatches, and their looks."""
    notes: list[tuple[str, dict[str, Any]]] = []
    if inside.any():
        look = {"facecolor": "none", "edgecolor": "black", "linewidth": 2.0}
        notes.append((rule or "the finding", look))
    if is_few.any():
        unit = "rows of a group" if has_groups else "rows"
        notes.append((f"fewer than {FEW} {unit}", _HATCH))
    return notes


def _write_notes(ax: Any, notes: Sequence[tuple[str, dict[str, Any]]]) -> float:
    """Write the notes above the axes; return their height in points."""
    from matplotlib.patches import Patch

    if not notes:
        return TITLE_PAD
    width = axes_size(ax)[0] - 30.0
    texts = [wrap_text(ax, text, width, NOTE_SIZE, max_lines=2) for text, _ in notes]
    return legend_above(ax, [Patch(**look) for _, look in notes], texts)
