"""The canvas of the displays: axes, titles, legends, and texts that fit their place.

Texts are measured by matplotlib and drawn literally: a name with two dollar signs is a
name, not a formula. Lengths are in points, that is 1/72 inch.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from skseg.exceptions import MissingExtraError

TEXT_SIZE = 9.0
NOTE_SIZE = 8.5
LEAST_SIZE = 4.0
LINE = 1.25  # height of a line, in units of the font size
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
TITLE_PAD = 6.0
_MARGIN = 3.0  # around a picture without a layout engine
_MOST_TITLE_LINES = 5
_POINTS_PER_INCH = 72
# The characters that textwrap breaks lines at: a no-break space is none of them.
_SPACES = re.compile(r"[ \t\n\x0b\x0c\r]+")


# Axes


def open_axes(ax: Any, figsize: tuple[float, float]) -> Any:
    """Return `ax`, or the axes of a new figure of a size in inches."""
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError:
        raise MissingExtraError("Drawing", "plot") from None
    if ax is not None:
        return ax
    return plt.subplots(figsize=figsize, layout="constrained")[1]


def has_layout(ax: Any) -> bool:
    """Tell whether a layout engine makes room for what is around the axes."""
    return ax.figure.get_layout_engine() is not None


def settle(ax: Any) -> None:
    """Place the axes as they will be in the picture, so that their size is known.

    Axes without a layout engine are narrowed, as they are by a colour bar, where texts
    around them would leave the figure.
    """
    if has_layout(ax):
        figure = ax.get_figure(root=True)
        figure.get_layout_engine().execute(figure)
        return
    figure, outer = ax.figure.bbox, ax.get_tightbbox(for_layout_only=True)
    margin = _MARGIN * ax.figure.dpi / _POINTS_PER_INCH
    left, below = (max(margin - edge, 0.0) for edge in (outer.x0, outer.y0))
    right = max(outer.x1 + margin - figure.x1, 0.0)
    above = max(outer.y1 + margin - figure.y1, 0.0)
    if max(left, right, below, above) < 1.0:
        return
    box = ax.get_position()
    width = max(box.width - (left + right) / figure.width, 0.3 * box.width)
    height = max(box.height - (below + above) / figure.height, 0.3 * box.height)
    bottom = box.y0 + below / figure.height
    beside = _axes_beside(ax)
    _move(ax, (box.x0 + left / figure.width, bottom, width, height))
    for other in beside:
        place = other.get_position(original=True)
        _move(other, (place.x0, bottom, place.width, height))


def _axes_beside(ax: Any) -> list[Any]:
    """Return the axes in the same place of a grid, such as that of a colour bar."""
    spec = ax.get_subplotspec()
    if spec is None:
        return []
    whole = spec.get_topmost_subplotspec()
    return [
        other
        for other in ax.figure.axes
        if other is not ax
        and other.get_subplotspec() is not None
        and other.get_subplotspec().get_topmost_subplotspec() == whole
        and other.get_position(original=True).x0 > ax.get_position().x0
    ]


def _move(ax: Any, place: tuple[float, float, float, float]) -> None:
    ax.set_position(place)
    # Axes that are moved by hand would be left out of what ``savefig`` shows.
    ax.set_in_layout(True)


def axes_size(ax: Any) -> tuple[float, float]:
    """Return the width and height of the axes."""
    box = ax.get_window_extent()
    scale = _POINTS_PER_INCH / ax.figure.dpi
    return box.width * scale, box.height * scale


def room_left(ax: Any, wanted: float) -> float:
    """Return the width, at most `wanted`, that names may take beside the axes.

    Without a layout engine it is mostly taken from that of the axes.
    """
    if has_layout(ax):
        return wanted
    margin = ax.get_window_extent().x0 * _POINTS_PER_INCH / ax.figure.dpi
    return float(min(max(margin - 8.0, 0.3 * axes_size(ax)[0]), wanted))


# Texts


@lru_cache(maxsize=4)
def _probe(dpi: float) -> Any:
    """Return a text on a figure of its own, to measure with."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(dpi=dpi)
    FigureCanvasAgg(figure)
    return figure.text(0.0, 0.0, "", parse_math=False)


@lru_cache(maxsize=8192)
def _word_width(
    word: str, size: float, weight: str, dpi: float, family: tuple[str, ...]
) -> float:
    probe = _probe(dpi)
    probe.set(text=word, fontsize=size, fontweight=weight, fontfamily=list(family))
    return float(probe.get_window_extent().width * _POINTS_PER_INCH / dpi)


def text_width(ax: Any, text: str, size: float, weight: str = "normal") -> float:
    """Return the width of the widest line of a text."""
    from matplotlib import rcParams

    family = tuple(rcParams["font.family"])
    with warnings.catch_warnings():
        # A character that the font lacks is told once, when it is drawn.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        # A letter on both sides, since a space alone has no extent.
        space, bare = (
            _word_width(probe, size, weight, ax.figure.dpi, family)
            for probe in ("n n", "nn")
        )
        return max(
            sum(
                _word_width(word, size, weight, ax.figure.dpi, family) if word else 0.0
                for word in line.split(" ")
            )
            + line.count(" ") * (space - bare)
            for line in text.split("\n")
        )


def text_height(text: str, size: float) -> float:
    """Return the height of all lines of a text."""
    return LINE * size * (text.count("\n") + 1)


def fitting_size(
    ax: Any, texts: Sequence[str], width: float, size: float = TEXT_SIZE
) -> float:
    """Return the largest font size, at most `size`, in which all texts fit."""
    widest = max((text_width(ax, text, size) for text in texts), default=0.0)
    return size * min(1.0, width / widest) if widest else size


def cut_text(
    ax: Any,
    text: str,
    width: float,
    size: float = TEXT_SIZE,
    *,
    weight: str = "normal",
    ending: str = "",
) -> str:
    """Return one line of text and its `ending`, cut off between them if it is long."""
    text = " ".join(_SPACES.split(text)).strip(" ")
    if text_width(ax, text + ending, size, weight) <= width:
        return text + ending
    low, high = 0, min(len(text), 1000)
    while low < high:
        middle = (low + high + 1) // 2
        candidate = text[:middle].rstrip() + ELLIPSIS + ending
        if text_width(ax, candidate, size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return text[: max(low, 1)].rstrip() + ELLIPSIS + ending


def wrap_text(
    ax: Any,
    text: str,
    width: float,
    size: float = TEXT_SIZE,
    *,
    max_lines: int | None = None,
    weight: str = "normal",
) -> str:
    """Break a text into lines that fit; what is beyond `max_lines` is cut off.

    A word that is wider than a line is broken where it has to be.
    """
    lines = [""]
    words = [word for word in _SPACES.split(text) if word]
    while words and (max_lines is None or len(lines) <= max_lines):
        word = words.pop(0)
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if text_width(ax, longer, size, weight) <= width:
            lines[-1] = longer
        elif lines[-1]:
            lines.append("")
            words.insert(0, word)
        else:
            head = cut_text(ax, word, width, size, weight=weight)[:-1] or word
            lines[-1] = head
            if head != word:
                lines.append("")
                words.insert(0, word[len(head) :])
    if max_lines is None or (len(lines) <= max_lines and not words):
        return "\n".join(lines)
    last = " ".join([*lines[max_lines - 1 :], *words])
    last = cut_text(ax, last, width, size, weight=weight)
    return "\n".join([*lines[: max_lines - 1], last])


def fit_text(
    ax: Any, text: str, width: float, height: float, size: float = TEXT_SIZE
) -> tuple[str, float]:
    """Break a text into lines that fit a box; return it and its font size.

    Words stay whole. What does not fit even in the smallest size is cut off.
    """
    words = _SPACES.split(text)
    for points in (size - shrinkage for shrinkage in (0.0, 1.0, 2.0, 3.0, 4.0)):
        max_lines = max(int(height / (LINE * points)), 1)
        if all(text_width(ax, word, points) <= width for word in words):
            wrapped = wrap_text(ax, text, width, points)
            if wrapped.count("\n") < max_lines:
                return wrapped, points
    return wrap_text(ax, text, width, points, max_lines=max_lines), points


def write_title(ax: Any, title: str, pad: float = TITLE_PAD) -> None:
    """Write the title, in lines that end where the figure or the next axes begin."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    spec = ax.get_subplotspec()
    box = ax.get_window_extent()
    end = ax.figure.bbox.x1
    if spec is not None and not spec.get_topmost_subplotspec().is_last_col():
        end = box.x1
    width = (end - box.x0) * _POINTS_PER_INCH / ax.figure.dpi - 4.0
    size = FontProperties(size=rcParams["axes.titlesize"]).get_size_in_points()
    lines = [
        line
        for paragraph in title.split("\n")[:_MOST_TITLE_LINES]
        for line in wrap_text(
            *(ax, paragraph, width, size), max_lines=_MOST_TITLE_LINES, weight="bold"
        ).split("\n")
    ]
    text = "\n".join(lines[:_MOST_TITLE_LINES])
    ax.set_title(text, loc="left", fontweight="bold", pad=pad, parse_math=False)


def draw_grid(ax: Any, n_across: int, n_up: int, **look: Any) -> None:
    """Draw lines between the cells of a heat map."""
    for n, draw_line in ((n_across, ax.axvline), (n_up, ax.axhline)):
        for place in range(1, n):
            draw_line(place - 0.5, **look)


def write_message(ax: Any, text: str) -> None:
    """Write what is to be said in place of a picture."""
    ax.set_axis_off()
    text = wrap_text(ax, text, 0.9 * axes_size(ax)[0], 10.0)
    center = {"ha": "center", "va": "center", "transform": ax.transAxes}
    ax.text(0.5, 0.5, text, fontsize=10.0, parse_math=False, **center)


def add_legend(
    ax: Any, handles: Sequence[Any], labels: Sequence[str], **look: Any
) -> Any:
    """Draw a legend whose labels are literal, even those that begin with "_"."""
    legend = ax.legend(handles, [f"{i}" for i in range(len(labels))], **look)
    for text, label in zip(legend.get_texts(), labels, strict=True):
        text.set(text=label, parse_math=False)
    return legend


def legend_above(ax: Any, handles: Sequence[Any], labels: Sequence[str]) -> float:
    """Draw a legend of one column above the axes, or of one row if it fits there.

    Return the height at which the title may begin.
    """
    width = axes_size(ax)[0]
    in_one_row = sum(text_width(ax, label, NOTE_SIZE) + 45.0 for label in labels)
    is_row = in_one_row <= width and not any("\n" in label for label in labels)
    add_legend(
        ax,
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.3,
        borderpad=0.0,
        labelspacing=0.35,
        columnspacing=1.4,
        handlelength=1.6,
        fontsize=NOTE_SIZE,
        frameon=False,
        ncols=len(handles) if is_row else 1,
    )
    n_lines = 1 if is_row else sum(label.count("\n") + 1 for label in labels)
    return TITLE_PAD + 1.5 * NOTE_SIZE * n_lines
