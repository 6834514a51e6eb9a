"""Drawing of RFMHeatmapDisplay: cells, outlines of segments and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from skseg._typing import ObjectArray

from ._canvas import LEAST_SIZE, axes_size, draw_grid, fit_text, fitting_size, settle
from ._style import SKY_BLUE

_OUTLINE = {
    "color": "#333333",
    "linewidth": 1.8,
    "solid_capstyle": "projecting",
    "zorder": 5,
}
_HATCH = {
    "facecolor": "white",
    "edgecolor": "#BBBBBB",
    "hatch": "///",
    "linewidth": 0.0,
    "zorder": 4,  # above the texts of the cells
}
NO_VALUE = "no value"


def draw_cells(
    ax: Any, counts: npt.NDArray[Any], texts: Sequence[str], has_names: bool
) -> None:
    """Colour the cells, and write `texts` into them."""
    from matplotlib.colors import LinearSegmentedColormap

    # Light enough for black text in every cell.
    colours = LinearSegmentedColormap.from_list("skseg", ["white", SKY_BLUE])
    top = max(float(counts.max(initial=0)), 1.0)
    ax.imshow(counts.T, cmap=colours, origin="lower", aspect="auto", vmin=0, vmax=top)
    ax.tick_params(length=0)
    draw_grid(ax, *counts.shape, color="#DDDDDD", linewidth=0.8)
    settle(ax)
    width, height = axes_size(ax)
    fitting = fitting_size(ax, texts, 0.9 * width / counts.shape[0], 10.0)
    size = max(min(fitting, 0.3 * height / counts.shape[1]), LEAST_SIZE)
    # Names of segments stand at the top of their cells.
    shift = -0.2 if has_names else 0.0
    for text, (r, f) in zip(texts, np.ndindex(counts.shape), strict=True):
        ax.text(r, f + shift, text, ha="center", va="center", fontsize=size)


def hatch_collapsed(ax: Any, cut_points: Mapping[str, Any]) -> None:
    """Cover the scores that no value gets."""
    for name, span in (("recency", ax.axvspan), ("frequency", ax.axhspan)):
        # Which values are equal to a cut point makes no difference.
        for place, text in enumerate(interval_texts(name, cut_points[name], "right")):
            if text == NO_VALUE:
                span(place - 0.5, place + 0.5, **_HATCH)


def draw_regions(ax: Any, regions: ObjectArray) -> None:
    """Outline the regions, and name each in its upper left cell."""
    n_r, n_f = regions.shape
    for r, f in np.ndindex(n_r, n_f):
        if r + 1 < n_r and regions[r, f] != regions[r + 1, f]:
            ax.plot([r + 0.5] * 2, [f - 0.5, f + 0.5], **_OUTLINE)
        if f + 1 < n_f and regions[r, f] != regions[r, f + 1]:
            ax.plot([r - 0.5, r + 0.5], [f + 0.5] * 2, **_OUTLINE)
    width, height = (
        size / n for size, n in zip(axes_size(ax), regions.shape, strict=True)
    )
    for name, r, f, span in named_runs(regions):
        text, size = fit_text(ax, name, 0.84 * span * width, 0.5 * height)
        ax.annotate(
            text,
            (r - 0.5, f + 0.5),
            (4, -4),
            textcoords="offset points",
            ha="left",
            va="top",
            fontsize=size,
            fontweight="bold",
            linespacing=1.1,
            parse_math=False,
        )


def named_runs(regions: ObjectArray) -> Iterator[tuple[str, int, int, int]]:
    """Yield the name of each connected region, a cell, and how many cells it spans.

    The cell is the leftmost one of the top row; cells are counted from it to the right,
    as far as the region goes on.
    """
    for name in dict.fromkeys(regions.ravel()):
        if name is None:
            continue
        parts, n_parts = ndimage.label(regions == name)
        for part in range(1, n_parts + 1):
            r, f = np.nonzero(parts == part)
            in_top_row = np.sort(r[f == f.max()])
            is_next = np.cumprod(np.diff(in_top_row) == 1)
            yield str(name), int(in_top_row[0]), int(f.max()), 1 + int(is_next.sum())


def interval_texts(name: str, cuts: npt.ArrayLike, closed: str) -> list[str]:
    """Return the values that scores 1, 2, ... of a dimension stand for."""
    edges = np.asarray(cuts, dtype=np.float64)
    is_right = closed == "right"
    texts = [f"{'up to' if is_right else 'below'} {_number(edges[0])}"]
    for low, high in pairwise(edges):
        # Days and purchases are whole numbers.
        first, last = (low + 1, high) if is_right else (low, high - 1)
        if low == high:
            texts.append(NO_VALUE)
        elif low + 1 == high:
            texts.append(f"exactly {_number(last)}")
        elif low.is_integer() and high.is_integer():
            texts.append(f"{_number(first)} to {_number(last)}")
        else:
            texts.append(f"{_number(low)} to {_number(high)}")
    texts.append(f"{'over' if is_right else 'from'} {_number(edges[-1])}")
    return texts[::-1] if name == "recency" else texts


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def label_axes(
    ax: Any,
    n_r: int,
    n_f: int,
    cut_points: Mapping[str, Any] | None,
    closed: str,
    notes: Sequence[str],
) -> None:
    """Write what the scores mean, and notes below."""
    r_labels = [f"R = {score}" for score in range(1, n_r + 1)]
    f_labels = [f"F = {score}" for score in range(1, n_f + 1)]
    r_title, f_title = "Recency", "Frequency"
    if cut_points is not None:
        r_texts = interval_texts("recency", cut_points["recency"], closed)
        f_texts = interval_texts("frequency", cut_points["frequency"], closed)
        r_labels = [f"{s}\n{t}" for s, t in zip(r_labels, r_texts, strict=True)]
        f_labels = [f"{s}\n{t}" for s, t in zip(f_labels, f_texts, strict=True)]
        r_title += ": days since the last purchase"
        f_title += ": number of purchases"
    size = fitting_size(ax, r_labels, 0.9 * axes_size(ax)[0] / n_r, 10.0)
    ax.set_xticks(range(n_r), r_labels, fontsize=max(size, LEAST_SIZE))
    ax.set_yticks(range(n_f), f_labels)
    ax.set_xlabel("\n".join([r_title, *notes]), parse_math=False)
    ax.set_ylabel(f_title)
