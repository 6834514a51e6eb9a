"""Names and legend of RuleMapDisplay: groups of segments that hold together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, IntArray
from skseg.rules._reserved_names import OUTSIDE

from ._canvas import (
    ELLIPSIS,
    LEAST_SIZE,
    TEXT_SIZE,
    add_legend,
    cut_text,
    fit_text,
    text_height,
    text_width,
    wrap_text,
)
from ._rule_map_bands import Band, BandAxis
from ._style import VERMILION, count_text, palette

ONE_BAND = BandAxis("", (Band(0, "", None, 0.0, 1.0, "interval"),), 0.0, 1.0, ())

DARK = "#333333"
_DEFAULT = "#DDDDDD"
_OVERLAP = VERMILION
_OVERLAP_HATCHES = ("///", "\\\\\\", "xxx", "...", "---")
_OUTSIDE = {"facecolor": "white", "edgecolor": "#BBBBBB", "hatch": ".."}
_GAP = {"facecolor": "white", "edgecolor": "#AAAAAA", "hatch": "////"}


@dataclass(frozen=True)
class RuleMap:
    """The groups of segments that hold in the rectangles of a map."""

    x: BandAxis
    y: BandAxis
    holds: BoolArray
    names: tuple[str, ...]
    default: str | None
    n: npt.NDArray[Any] | None

    @cached_property
    def _distinct(self) -> tuple[BoolArray, IntArray]:
        flat = self.holds.reshape(-1, self.holds.shape[-1])
        rows, inverse = np.unique(flat, axis=0, return_inverse=True)
        return rows, inverse.reshape(self.holds.shape[:-1])

    @property
    def keys(self) -> IntArray:
        """Position in `groups` of each rectangle."""
        return self._distinct[1]

    @cached_property
    def groups(self) -> list[tuple[str, ...]]:
        """The sets of segments that hold together somewhere."""
        return [
            tuple(name for name, held in zip(self.names, row, strict=True) if held)
            for row in self._distinct[0]
        ]

    def order(self) -> list[int]:
        """Return the keys: segments in their order, then overlaps, then the gap."""

        def rank(key: int) -> tuple[bool, bool, list[int]]:
            group = self.groups[key]
            return not group, len(group) > 1, [self.names.index(name) for name in group]

        return sorted(range(len(self.groups)), key=rank)

    @cached_property
    def overlaps(self) -> list[int]:
        """The keys where two or more segments hold."""
        return [key for key in self.order() if len(self.groups[key]) > 1]

    @property
    def crowded_overlaps(self) -> list[int]:
        """The overlaps that share a style, where there are too many for one each."""
        if len(self.overlaps) <= len(_OVERLAP_HATCHES):
            return []
        return self.overlaps[len(_OVERLAP_HATCHES) - 1 :]

    @cached_property
    def styles(self) -> list[dict[str, Any]]:
        """Fill of each group."""
        colours = dict(zip(self.names, palette(len(self.names)), strict=True))
        if self.default is not None:
            colours[self.default] = _DEFAULT
        styles = []
        for key, group in enumerate(self.groups):
            if group == (OUTSIDE,):
                styles.append(dict(_OUTSIDE))
            elif len(group) == 1:
                styles.append({"facecolor": colours[group[0]], "edgecolor": "none"})
            elif group:
                rank = min(self.overlaps.index(key), len(_OVERLAP_HATCHES) - 1)
                hatch = _OVERLAP_HATCHES[rank]
                style = {"facecolor": _OVERLAP, "edgecolor": DARK, "hatch": hatch}
                styles.append(style)
            else:
                styles.append(dict(_GAP))
        return styles

    def label(self, key: int) -> str:
        """Return the name of a group, without its number of rows."""
        group = self.groups[key]
        if len(group) == 1:
            return group[0]
        return f"overlap: {' + '.join(group)}" if group else "no rule"

    def count(self, *keys: int) -> str:
        """Return the number of rows of groups, if they were counted."""
        if self.n is None:
            return ""
        return f"n = {count_text(float(self.n[np.isin(self.keys, keys)].sum()))}"


Rectangle = tuple[float, float, float, float]

Entry = tuple[Any, str]

# A smaller name in the map is written in the legend instead.
_LEAST_NAME_SIZE = 6.0
# Width of a label of the legend, and the height of its lines in units of the font size.
_LABEL_WIDTH = 130.0
_LEGEND_LINE = 2.0
_MOST_LINES = 4


def write_name(ax: Any, picture: RuleMap, key: int) -> bool:
    """Write a segment's name into its largest rectangle, if it fits; tell whether."""
    rectangle = largest_rectangle(picture.keys == key, picture.x, picture.y)
    # A hatch would make the name hard to read.
    if "hatch" in picture.styles[key] or rectangle is None:
        return False
    left, right, low, high = rectangle
    (x0, y0), (x1, y1) = ax.transData.transform([(left, low), (right, high)])
    width, height = (0.88 * 72 * size / ax.figure.dpi for size in (x1 - x0, y1 - y0))
    count, label = picture.count(key), picture.label(key)
    text, size = fit_text(ax, label, width, height - (11.5 if count else 0.0))
    is_cut = text.endswith(ELLIPSIS) and not label.endswith(ELLIPSIS)
    if is_cut or not text or size < _LEAST_NAME_SIZE:
        return False
    if text_width(ax, count, size) > width or text_height(text, size) > height:
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


def largest_rectangle(cells: BoolArray, x: BandAxis, y: BandAxis) -> Rectangle | None:
    """Return left, right, bottom and top of the largest rectangle of true cells.

    A part of an axis counts by its length, relative to the axis.
    """
    best, best_area = None, 0.0
    for first, left, _ in _spans(x):
        column = np.ones(cells.shape[1], dtype=bool)
        for last in range(first, len(x.bands)):
            if last > first and x.spans[last - 1, 1] != x.spans[last, 0]:
                break
            column &= cells[last]
            if not column.any():
                break
            right = float(x.spans[last, 1])
            for low, high in _true_runs(column, y):
                area = (right - left) * (high - low)
                if area > best_area:
                    best, best_area = (left, right, low, high), area
    return best


def _spans(axis: BandAxis) -> Iterator[tuple[int, float, float]]:
    for number, (start, stop) in enumerate(axis.spans):
        yield number, float(start), float(stop)


def _true_runs(column: BoolArray, axis: BandAxis) -> Iterator[tuple[float, float]]:
    """Yield the begin and the end of each run of touching true bands."""
    begin: float | None = None
    end = 0.0
    for number, start, stop in _spans(axis):
        if begin is not None and (not column[number] or start != end):
            yield begin, end
            begin = None
        if column[number]:
            begin = start if begin is None else begin
            end = stop
    if begin is not None:
        yield begin, end


def set_legend(
    ax: Any, picture: RuleMap, keys: Sequence[int], star: Sequence[Entry]
) -> None:
    """Draw the legend of the groups with these keys beside the map, and of the star."""
    from matplotlib.patches import Patch

    if (legend := ax.get_legend()) is not None:
        legend.remove()
    entries = [
        (Patch(**{"linewidth": 0.5, **picture.styles[key]}), text)
        for key, text in _legend_texts(ax, picture, keys)
    ]
    if not entries and not star:
        return
    height = 72 * ax.figure.bbox.height / ax.figure.dpi / _LEGEND_LINE
    # Overlaps, gaps and the example are never left out.
    fixed = [entry for entry in entries if entry[0].get_hatch()]
    for handle, text in star:
        lines = (cut_text(ax, line, _LABEL_WIDTH) for line in text.split("\n"))
        fixed.append((handle, "\n".join(lines)))
    names = [entry for entry in entries if not entry[0].get_hatch()]
    n_lines = height / LEAST_SIZE - sum(map(_n_lines, fixed)) - 3
    entries = [*_first(names, n_lines), *fixed]
    size = min(TEXT_SIZE, max(LEAST_SIZE, height / sum(map(_n_lines, entries))))
    handles, labels = zip(*entries, strict=True)
    add_legend(
        ax,
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        handleheight=1.4,
        frameon=False,
        fontsize=size,
    )


def _n_lines(entry: Entry) -> int:
    return entry[1].count("\n") + 1


def _first(entries: Sequence[Entry], n_lines: float) -> list[Entry]:
    """Return the entries that fit into `n_lines`, and one that counts the others."""
    from matplotlib.patches import Patch

    total_lines = np.cumsum([_n_lines(entry) for entry in entries])
    n_more = int((total_lines > n_lines).sum())
    if n_more == 0:
        return list(entries)
    blank = Patch(facecolor="none", edgecolor="none")
    return [*entries[: len(entries) - n_more], (blank, f"and {n_more} more")]


def _legend_texts(
    ax: Any, picture: RuleMap, keys: Sequence[int]
) -> list[tuple[int, str]]:
    """Return keys and their labels; overlaps that are too many share one."""
    crowded = picture.crowded_overlaps
    labels = [
        (key, picture.label(key), picture.count(key))
        for key in keys
        if key not in crowded
    ]
    if crowded:
        label = f"overlap: {len(crowded)} other combinations"
        place = sum(bool(picture.groups[key]) for key, *_ in labels)
        labels.insert(place, (crowded[0], label, picture.count(*crowded)))
    return [(key, _legend_text(ax, label, count)) for key, label, count in labels]


def _legend_text(ax: Any, label: str, count: str) -> str:
    number = f"({count})".replace(" ", "\N{NO-BREAK SPACE}") if count else ""
    text = wrap_text(ax, f"{label} {number}", _LABEL_WIDTH)
    if text.count("\n") < _MOST_LINES:
        return text
    cut = wrap_text(ax, label, _LABEL_WIDTH, max_lines=_MOST_LINES - 1)
    return f"{cut}\n{number}".rstrip()
