"""What the displays share: colours, axes, and texts that fit their place."""

from __future__ import annotations

import textwrap
from typing import Any

from skseg.exceptions import MissingExtraError

# From the palette of Okabe and Ito, which colour-blind readers tell apart; blue and
# orange differ in lightness as well, so they do in print.
BLUE = "#0072B2"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
PURPLE = "#CC79A7"
GREY = "#999999"

# Width of a character of matplotlib's default font, in units of its size.
_CHARACTER = 0.58
_LINE = 1.25
_POINTS_PER_INCH = 72


def open_axes(ax: Any, figsize: tuple[float, float]) -> Any:
    """Return `ax`, or the axes of a new figure."""
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError:
        raise MissingExtraError("Drawing", "plot") from None
    if ax is not None:
        return ax
    return plt.subplots(figsize=figsize, layout="constrained")[1]


def count_text(count: float) -> str:
    """Return a number of customers, which weights may have made fractional."""
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"


def size_in_inches(ax: Any) -> tuple[float, float]:
    """Return the width and height of the axes, as they are before the layout."""
    box = ax.get_window_extent()
    return box.width / ax.figure.dpi, box.height / ax.figure.dpi


def fit_text(text: str, width: float, height: float) -> tuple[str, float]:
    """Break `text` into lines that fit a box in inches; return it and its font size.

    What does not fit even in the smallest size is cut off with an ellipsis.
    """
    for size in (9.0, 8.0, 7.0, 6.0, 5.0):
        columns = int(width * _POINTS_PER_INCH / (_CHARACTER * size))
        lines = int(height * _POINTS_PER_INCH / (_LINE * size))
        wrapped = textwrap.wrap(text, max(columns, 1), break_long_words=False)
        if len(wrapped) <= lines and max(map(len, wrapped), default=0) <= columns:
            return "\n".join(wrapped), size
    cut = textwrap.wrap(
        text,
        max(columns, 1),
        max_lines=max(lines, 1),
        placeholder="\N{HORIZONTAL ELLIPSIS}",
    )
    return "\n".join(cut), size


def palette(n: int) -> list[str]:
    """Return `n` colours, light enough for black text; they repeat after 18."""
    hues = (SKY_BLUE, ORANGE, GREEN, PURPLE, YELLOW, BLUE)
    # The share of white: another round takes a lighter, then a stronger tint.
    tints = (0.35, 0.7, 0.1)
    return [
        _tint(hues[i % len(hues)], tints[i // len(hues) % len(tints)]) for i in range(n)
    ]


def _tint(colour: str, white: float) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 * white + p * (1 - white)):02X}" for p in parts)
