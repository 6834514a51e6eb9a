"""The parts of the picture that EffectMapDisplay draws."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._typing import BoolArray, FloatArray

from ._drawing import count_text, fit_text, size_in_inches

# Rows of a group below which a mean is not worth much.
FEW = 30
# B better, no effect, A better: apart for colour-blind readers.
_COLOURS = ("#D55E00", "#F2B48A", "#FAFAFA", "#8FC1E3", "#0072B2")
_EMPTY = "#E6E6E6"
_HATCH: dict[str, Any] = {
    "facecolor": "none",
    "edgecolor": "#C0C0C0",
    "hatch": "///",
    "linewidth": 0.0,
}
_TEXT_SIZE = 9.0
_NOTE_SIZE = 8.5
_CHARACTER = 0.58
# Below, a text is left out.
_LEAST_SIZE = 4.5
# What layout leaves of the axes beside names and colour bar, about.
_ACROSS, _DOWN = 0.8, 0.85
# Below, names of cells are turned upright.
_LEAST_ACROSS = 7.0
# Width of names at the left where there is room, in inches.
_LEFT = 1.4


def figure_size(n_1: int, n_2: int, n_columns: int) -> tuple[float, float]:
    """Return width and height of a new figure with so many cells."""
    if not n_columns:
        return 7.0, 2.0
    return min(max(3.4 + 0.85 * n_1, 7.5), 16.0), min(max(2.0 + 0.5 * n_2, 2.9), 14.0)


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
    n = n_a + n_b if has_groups else n_a
    is_few = np.minimum(n_a, n_b) < FEW
    _draw_cells(ax, effect, n, is_few, scale)
    if inside.any():
        _outline(ax, inside)
    _label(ax, columns, cells)
    notes = _notes(is_few, inside, rule, has_groups)
    return _write_notes(ax, notes)


def _draw_cells(
    ax: Any, effect: FloatArray, n: FloatArray, is_few: BoolArray, scale: str
) -> None:
    """Colour the cells, and write effect and number of rows into them."""
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
    rgb = np.asarray(colours.to_rgba(np.where(is_known, effect, 0.0)))[..., :3]
    rgb[is_few] = 1 - 0.35 * (1 - rgb[is_few])
    rgb[~is_known] = np.array([int(_EMPTY[1:3], 16)] * 3) / 255
    ax.imshow(rgb.transpose(1, 0, 2), origin="lower", aspect="auto")
    for i, j in np.argwhere(is_few & is_known):
        ax.add_patch(Rectangle((i - 0.5, j - 0.5), 1, 1, **_HATCH))
    for places, lines in ((effect.shape[0], ax.axvline), (effect.shape[1], ax.axhline)):
        for place in range(1, places):
            lines(place - 0.5, color="white", linewidth=1.2)
    ax.figure.colorbar(
        colours,
        ax=ax,
        aspect=24,
        pad=0.02,
        format="{x:+.4g}",
    ).set_label(_scale_text(ax, scale), parse_math=False)
    _write_cells(ax, effect, n, rgb, is_few)


def _scale_text(ax: Any, scale: str) -> str:
    """Break the name of the colours into lines no longer than the axes are high."""
    columns = int(72 * size_in_inches(ax)[1] / (_CHARACTER * 10))
    return textwrap.fill(
        scale, max(columns, 12), max_lines=3, placeholder=" \N{HORIZONTAL ELLIPSIS}"
    )


def _write_cells(
    ax: Any, effect: FloatArray, n: FloatArray, rgb: FloatArray, is_few: BoolArray
) -> None:
    from matplotlib.patheffects import withStroke

    width, height = (
        72 * share * inches / count
        for share, inches, count in zip(
            (_ACROSS, _DOWN), size_in_inches(ax), effect.shape, strict=True
        )
    )
    said = np.array([_effect_text(value) for value in effect.ravel()])
    counts = np.array([f"n = {count_text(value)}" for value in n.ravel()])
    size = _fitting(said, width, 0.8 * height)
    small = min(_fitting(counts, width, 0.4 * height), 0.85 * size)
    if size < _LEAST_SIZE:
        return
    # The luminance of sRGB, about.
    is_dark = (rgb**2.2 @ np.array([0.2126, 0.7152, 0.0722])).ravel() < 0.25
    halo = [withStroke(linewidth=2.5, foreground="white")]
    lines = [(said, size, 0.0)]
    if small >= _LEAST_SIZE:
        lines = [(said, size, 0.65 * size), (counts, small, -0.8 * small)]
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


def _fitting(texts: npt.NDArray[np.str_], width: float, height: float) -> float:
    """Return the size in which all texts fit into a cell, in points."""
    longest = max(map(len, texts))
    return min(0.92 * width / (_CHARACTER * longest), height / 1.3, _TEXT_SIZE + 1)


def _effect_text(effect: float) -> str:
    if np.isnan(effect):
        return "\N{EN DASH}"
    return f"{effect:+.1f}".replace("-", "\N{MINUS SIGN}")


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


def _label(ax: Any, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Write the names of columns and cells."""
    width = _ACROSS * size_in_inches(ax)[0] / len(cells[0])
    fitted = [fit_text(str(cell), 0.94 * width, 0.6) for cell in cells[0]]
    size = min(size for _, size in fitted)
    texts, rotation = [text for text, _ in fitted], 0
    if size < _LEAST_ACROSS:
        texts, rotation = [cut_text(str(cell)) for cell in cells[0]], 90
        size = min(max(72 * width / 1.3, 4.0), _TEXT_SIZE)
    ax.set_xticks(
        range(len(texts)), texts, fontsize=size, rotation=rotation, parse_math=False
    )
    ax.set_xlabel(columns[0], parse_math=False)
    if len(columns) == 1:
        ax.set_yticks([])
    else:
        height = _DOWN * size_in_inches(ax)[1] / len(cells[1])
        room = room_left(ax, _LEFT)
        fitted = [fit_text(str(cell), room, 0.94 * height) for cell in cells[1]]
        ax.set_yticks(
            range(len(fitted)),
            [text for text, _ in fitted],
            fontsize=min(size for _, size in fitted),
            parse_math=False,
        )
        ax.set_ylabel(columns[1], parse_math=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def room_left(ax: Any, wanted: float) -> float:
    """Return the width in inches that names may take beside the axes.

    Without a layout engine nothing makes room for them.
    """
    if ax.figure.get_layout_engine() is not None:
        return wanted
    # The name of the scale is there, too.
    left = ax.get_window_extent().x0 / ax.figure.dpi - 0.3
    return float(min(max(left, 0.4), wanted))


def wrap_title(ax: Any, title: str) -> str:
    """Break a title into lines that are no longer than the axes are wide."""
    width = size_in_inches(ax)[0]
    if ax.figure.get_layout_engine() is not None:
        width *= 1.2
    return textwrap.fill(title, max(int(72 * width / (0.62 * 12)), 20))


def cut_text(text: str, n_characters: int = 24) -> str:
    """Return a text that is cut off with an ellipsis if it is long."""
    if len(text) <= n_characters:
        return text
    return text[: n_characters - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _notes(
    is_few: BoolArray, inside: BoolArray, rule: str, has_groups: bool
) -> list[tuple[str, dict[str, Any]]]:
    """Return what outline and hatches mean, and how they look."""
    notes: list[tuple[str, dict[str, Any]]] = []
    if inside.any():
        look = {"facecolor": "none", "edgecolor": "black", "linewidth": 2.0}
        notes.append((rule or "the finding", look))
    if is_few.any():
        what = "rows of a group" if has_groups else "rows"
        notes.append((f"fewer than {FEW} {what}", _HATCH))
    return notes


def _write_notes(ax: Any, notes: Sequence[tuple[str, dict[str, Any]]]) -> float:
    """Write the notes above the axes; return their height in points."""
    from matplotlib.patches import Patch

    if not notes:
        return 6.0
    width = 72 * _ACROSS * size_in_inches(ax)[0]
    columns = max(int(width / (_CHARACTER * _NOTE_SIZE)) - 5, 12)
    texts = [
        textwrap.fill(
            text, columns, max_lines=2, placeholder=" \N{HORIZONTAL ELLIPSIS}"
        )
        for text, _ in notes
    ]
    legend = ax.legend(
        handles=[
            Patch(**look, label=text)
            for text, (_, look) in zip(texts, notes, strict=True)
        ],
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.3,
        borderpad=0.0,
        labelspacing=0.35,
        handlelength=1.6,
        fontsize=_NOTE_SIZE,
        frameon=False,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    n_lines = sum(text.count("\n") + 1 for text in texts)
    return 6.0 + 1.5 * _NOTE_SIZE * n_lines
