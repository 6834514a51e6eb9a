"""Names of segments, in their rectangles or in the legend of RuleMapDisplay."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skseg._typing import BoolArray

from ._drawing import fit_text
from ._rule_map_bands import BandAxis
from ._rule_map_groups import RuleMap

Box = tuple[float, float, float, float]

# The smallest fonts of names in the map and in the legend, and the height of a line of
# the legend in units of its font size.
_SMALLEST, _LEAST = 6.0, 4.0
_LEGEND_LINE = 2.0


def write_name(ax: Any, picture: RuleMap, key: int) -> bool:
    """Write a segment's name into its largest rectangle, if it fits; tell whether."""
    box = largest_rectangle(picture.keys == key, picture.x, picture.y)
    # A hatch would make the name hard to read.
    if "hatch" in picture.styles[key] or box is None:
        return False
    left, right, low, high = box
    (x0, y0), (x1, y1) = ax.transData.transform([(left, low), (right, high)])
    width, height = (0.88 * size / ax.figure.dpi for size in (x1 - x0, y1 - y0))
    count = picture.count(key)
    room = height - (0.16 if count else 0.0)
    text, size = fit_text(picture.label(key), width, room)
    cut = "\N{HORIZONTAL ELLIPSIS}" in text
    if cut or not text or size < _SMALLEST or 0.6 * size / 72 * len(count) > width:
        return False
    ax.text(
        (left + right) / 2,
        (low + high) / 2,
        "\n".join(filter(None, [text, count])),
        ha="center",
        va="center",
        fontsize=size,
        linespacing=1.15,
        parse_math=False,
        zorder=7,
    )
    return True


def largest_rectangle(here: BoolArray, x: BandAxis, y: BandAxis) -> Box | None:
    """Return left, right, bottom and top of the largest rectangle of true cells.

    A part of an axis counts by its length, relative to the axis.
    """
    best, best_area = None, 0.0
    for first, left, _ in _ends(x):
        column = np.ones(here.shape[1], dtype=bool)
        for last in range(first, len(x.bands)):
            if last > first and x.spans[last - 1, 1] != x.spans[last, 0]:
                break
            column &= here[last]
            if not column.any():
                break
            right = float(x.spans[last, 1])
            for low, high in _true_runs(column, y):
                area = (right - left) * (high - low)
                if area > best_area:
                    best, best_area = (left, right, low, high), area
    return best


def _ends(axis: BandAxis) -> Iterator[tuple[int, float, float]]:
    for number, (start, stop) in enumerate(axis.spans):
        yield number, float(start), float(stop)


def _true_runs(column: BoolArray, axis: BandAxis) -> Iterator[tuple[float, float]]:
    """Yield where each run of touching bands in `column` begins and ends."""
    begin: float | None = None
    end = 0.0
    for number, start, stop in _ends(axis):
        if begin is not None and (not column[number] or start != end):
            yield begin, end
            begin = None
        if column[number]:
            begin = start if begin is None else begin
            end = stop
    if begin is not None:
        yield begin, end


def set_legend(
    ax: Any, picture: RuleMap, keys: Sequence[int], handles: Sequence[Any]
) -> None:
    from matplotlib.patches import Patch

    if (legend := ax.get_legend()) is not None:
        legend.remove()
    patches = [
        Patch(label=text, **{"linewidth": 0.5, **picture.styles[key]})
        for key, text in _legend_texts(picture, keys)
    ]
    if not patches and not handles:
        return
    height = 72 * ax.figure.get_size_inches()[1] / _LEGEND_LINE
    # Overlaps, gaps and the example are not among what may be left out.
    kept = [*filter(Patch.get_hatch, patches), *handles]
    names = [patch for patch in patches if not patch.get_hatch()]
    left = height / _LEAST - sum(map(_n_lines, kept)) - 3
    entries = [*_first(names, left), *kept]
    room = height / sum(map(_n_lines, entries))
    legend = ax.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        handleheight=1.4,
        frameon=False,
        fontsize=min(9.0, max(_LEAST, room)),
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _n_lines(handle: Any) -> int:
    return str(handle.get_label()).count("\n") + 1


def _first(patches: Sequence[Any], n_lines: float) -> list[Any]:
    """Return the patches that fit so many lines, and one that counts the others."""
    from matplotlib.patches import Patch

    ends = np.cumsum([_n_lines(patch) for patch in patches])
    n_left = int((ends > n_lines).sum())
    if n_left == 0:
        return list(patches)
    rest = Patch(facecolor="none", edgecolor="none", label=f"and {n_left} more")
    return [*patches[: len(patches) - n_left], rest]


def _legend_texts(picture: RuleMap, keys: Sequence[int]) -> list[tuple[int, str]]:
    """Return keys and what the legend says of them, few lines for many overlaps."""
    others = picture.others
    labels = [
        (key, picture.label(key), picture.count(key))
        for key in keys
        if key not in others
    ]
    if others:
        label = f"overlap: {len(others)} other combinations"
        place = sum(bool(picture.groups[key]) for key, *_ in labels)
        labels.insert(place, (others[0], label, picture.count(*others)))
    return [
        (key, textwrap.fill(f"{label} ({_unbroken(count)})" if count else label, 26))
        for key, label, count in labels
    ]


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")
