"""Drawing of SegmentRadarDisplay: rings, spokes, outlines and labels."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

import numpy as np

from skseg._typing import FloatArray

from ._canvas import (
    LINE,
    NOTE_SIZE,
    TEXT_SIZE,
    axes_size,
    cut_text,
    legend_above,
    settle,
    wrap_text,
)
from ._style import segment_style

_DASHES = ("-", "--", ":", "-.", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 3)))
# Radius of the lowest rank, so that low ranks do not meet in one point.
_HOLE = 0.12
_RINGS = (0.0, 0.25, 0.5, 0.75, 1.0)
_LABEL_WIDTH = 105.0
_GAP = 8.0  # between the outer ring and its labels
# A letter is beside its corner; two letters are a line of text apart. All in points.
_LETTER_OFFSET = 6.0
_LETTER_GAP = LINE * TEXT_SIZE
_LETTER_SIDES = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def draw_radar(
    ax: Any,
    ranks: FloatArray,
    codes: Sequence[int],
    names: Sequence[str],
    features: Sequence[str],
) -> float:
    """Draw the chart; return the height at which the title may begin."""
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(features)) / len(features)
    _open_square(ax)
    letters = [_letter(i) for i in range(len(names))]
    lines = _outlines(ax, ranks, codes, angles)
    width = axes_size(ax)[0] - 40.0
    labels = [
        cut_text(ax, f"{letter}  {name}", width, NOTE_SIZE)
        for letter, name in zip(letters, names, strict=True)
    ]
    pad = legend_above(ax, lines, labels)
    settle(ax)
    _scale(ax)
    _rings(ax, angles)
    _write_features(ax, angles, features)
    _write_letters(ax, ranks, codes, angles, letters)
    return pad


def _letter(place: int) -> str:
    n_rounds, place = divmod(place, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(n_rounds) if n_rounds else "")


def _open_square(ax: Any) -> None:
    ax.set(xticks=[], yticks=[], xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
    ax.spines[:].set_visible(False)


def _scale(ax: Any) -> None:
    """Set limits so that one unit is the radius, with room for labels around it."""
    width, height = axes_size(ax)
    label = min(_LABEL_WIDTH, 0.27 * width)
    radius = min(width / 2 - label - _GAP, height / 2 - 2.6 * LINE * TEXT_SIZE)
    radius = max(radius, 10.0)
    ax.set_xlim(-width / 2 / radius, width / 2 / radius)
    ax.set_ylim(-height / 2 / radius, height / 2 / radius)


def _place(rank: Any, angle: Any) -> tuple[Any, Any]:
    radius = _HOLE + (1.0 - _HOLE) * rank
    return radius * np.cos(angle), radius * np.sin(angle)


def _rings(ax: Any, angles: FloatArray) -> None:
    turn = np.linspace(0.0, 2 * np.pi, 181)
    for rank in _RINGS:
        is_middle = rank == 0.5
        look = {"color": "#555555" if is_middle else "#CCCCCC", "zorder": 1}
        ax.plot(*_place(rank, turn), linewidth=1.3 if is_middle else 0.7, **look)
    for angle in angles:
        ends = np.array([0.0, 1.0])
        ax.plot(*_place(ends, angle), color="#DDDDDD", linewidth=0.7, zorder=0)
    # Between two spokes, where no outline has a corner.
    between = angles[0] - np.pi / len(angles)
    for rank in (0.0, 0.5, 1.0):
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
        ax.text(
            *_place(rank, between),
            f"{rank:.0%}",
            ha="center",
            va="center",
            fontsize=7.0,
            color="#444444",
            bbox=box,
            zorder=1.5,
        )


def _outlines(
    ax: Any, ranks: FloatArray, codes: Sequence[int], angles: FloatArray
) -> list[Any]:
    """Draw the outlines of the segments; an unknown rank interrupts them."""
    closed = np.r_[angles, angles[:1]]
    lines = []
    for i, (row, code) in enumerate(zip(ranks, codes, strict=True)):
        colour, marker = segment_style(code)
        (line,) = ax.plot(
            *_place(np.r_[row, row[:1]], closed),
            color=colour,
            linestyle=_DASHES[i % len(_DASHES)],
            linewidth=1.8,
            marker=marker,
            markersize=4.0,
            zorder=3,
        )
        lines.append(line)
    return lines


def _write_features(ax: Any, angles: FloatArray, features: Sequence[str]) -> None:
    """Write the features around the outer ring, where they cannot leave the axes."""
    width = axes_size(ax)[0]
    scale = width / (ax.get_xlim()[1] - ax.get_xlim()[0])
    for angle, feature in zip(angles, features, strict=True):
        x, y = np.cos(angle), np.sin(angle)
        side = 0 if abs(x) < 0.15 else int(np.sign(x))
        start = abs(x) * scale + _GAP
        room = width / 2 - start if side else 0.55 * width
        text = wrap_text(
            ax, feature.replace("_", "_ "), max(room, 20.0), TEXT_SIZE, max_lines=2
        ).replace("_ ", "_")
        ax.annotate(
            text,
            (x, y),
            (side * _GAP, np.sign(round(y, 6)) * (_GAP if not side else 3.0)),
            textcoords="offset points",
            ha={0: "center", 1: "left", -1: "right"}[side],
            va="center" if abs(y) < 0.15 else "bottom" if y > 0 else "top",
            fontsize=TEXT_SIZE,
            parse_math=False,
        )


def _write_letters(
    ax: Any,
    ranks: FloatArray,
    codes: Sequence[int],
    angles: FloatArray,
    letters: Sequence[str],
) -> None:
    """Write the letter of each segment at its corner furthest from other segments."""
    scale = axes_size(ax)[0] / (ax.get_xlim()[1] - ax.get_xlim()[0])
    known = np.nan_to_num(ranks, nan=-9.0)
    written: list[FloatArray] = []
    for i, (row, code) in enumerate(zip(ranks, codes, strict=True)):
        if np.isnan(row).all():
            continue
        others = np.delete(known, i, axis=0)
        distance = np.abs(others - row).min(axis=0, initial=2.0)
        # Further out there is more room. Unknown ranks have no corner.
        order = np.argsort(-(distance + 0.3 * row), kind="stable")
        order = order[~np.isnan(row[order])]
        corners = np.stack(_place(row[order], angles[order]), axis=1)
        corner, offset = _free_place(scale * corners, written)
        written.append(scale * corners[corner] + offset)
        ax.annotate(
            letters[i],
            corners[corner],
            offset,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=TEXT_SIZE,
            fontweight="bold",
            color=segment_style(code)[0],
            zorder=4,
        )


def _free_place(
    corners: FloatArray, written: Sequence[FloatArray]
) -> tuple[int, FloatArray]:
    """Return the corner and the offset, in points, of a letter that meets no other.

    Corners come in the order of preference. Where every place is taken, the place
    furthest from the letters already written is returned.
    """
    best = (-1.0, 0, np.zeros(2))
    for place, corner in enumerate(corners):
        # The sides of a corner on which its spoke does not run come first.
        side = 1.0 if corner[0] <= 0 else -1.0
        for x, y in _LETTER_SIDES:
            offset = _LETTER_OFFSET * np.array([side * x, y])
            gaps = [np.abs(corner + offset - other).max() for other in written]
            gap = min(gaps, default=np.inf)
            if gap >= _LETTER_GAP:
                return place, offset
            if gap > best[0]:
                best = (gap, place, offset)
    return best[1], best[2]
