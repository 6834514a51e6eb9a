"""Drawing of FeatureHeatmapDisplay: cells, means and names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skseg._typing import FloatArray

from ._canvas import (
    LEAST_SIZE,
    LINE,
    NOTE_SIZE,
    TEXT_SIZE,
    axes_size,
    cut_text,
    draw_grid,
    fit_text,
    fitting_size,
    room_left,
    settle,
)
from ._style import MINUS, number_texts

# Below and above the mean of all: light enough for black text in every cell.
_COLOURS = ("#E8915A", "#F7F7F7", "#6FB1DC")
_EMPTY = "#E6E6E6"
_TOP = 2.0  # standard deviations
_LEAST_MEAN_SIZE = 4.5
# Smaller names of features are turned upright instead.
_LEAST_HORIZONTAL_SIZE = 6.5
# Width of names of segments, and height of names of features, where there is room.
_NAME_WIDTH, _NAME_HEIGHT = 137.0, 130.0


def figure_size(n_features: int, n_segments: int) -> tuple[float, float]:
    """Return the width and height in inches of a new figure."""
    width = min(max(2.9 + 0.75 * n_features, 7.0), 18.0)
    names = 1.2 if n_features > 8 else 0.5
    return width, min(max(1.6 + names + 0.42 * n_segments, 3.0), 16.0)


def draw_heatmap(
    ax: Any,
    means: FloatArray,
    scores: FloatArray,
    segments: Sequence[tuple[str, int]],
    features: Sequence[tuple[str, float]],
) -> None:
    """Colour the cells by their scores, and write means and names."""
    _colour_cells(ax, scores)
    _write_segments(ax, segments)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(
        "Feature, and share of its variance between segments", fontsize=NOTE_SIZE
    )
    settle(ax)
    _write_features(ax, features, axes_size(ax)[0] / len(features))
    settle(ax)
    _write_means(ax, means)


def _colour_cells(ax: Any, scores: FloatArray) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("skseg", _COLOURS)
    # A cell without a mean lets the background through.
    ax.set_facecolor(_EMPTY)
    image = ax.imshow(
        np.ma.masked_invalid(scores), colours, aspect="auto", vmin=-_TOP, vmax=_TOP
    )
    draw_grid(ax, *scores.shape[::-1], color="white", linewidth=1.2)
    bar = ax.figure.colorbar(image, ax=ax, aspect=24, pad=0.02, extend="both")
    bar.set_ticks([-_TOP, 0.0, _TOP], labels=[f"{MINUS}2 sd", "mean", "+2 sd"])
    bar.ax.tick_params(labelsize=NOTE_SIZE)


def _write_means(ax: Any, means: FloatArray) -> None:
    # Down a column all numbers have the same decimals.
    texts = [*np.array([number_texts(column) for column in means.T]).T.ravel()]
    width, height = axes_size(ax)
    size = min(
        fitting_size(ax, texts, 0.9 * width / means.shape[1]),
        height / means.shape[0] / 1.4,
    )
    if size < _LEAST_MEAN_SIZE:
        return
    for (i, j), text in zip(np.ndindex(means.shape), texts, strict=True):
        ax.text(j, i, text, ha="center", va="center", fontsize=size)


def _write_segments(ax: Any, segments: Sequence[tuple[str, int]]) -> None:
    # The names of features below will take a part of the height.
    height = 0.8 * axes_size(ax)[1] / len(segments)
    size = min(max(0.8 * height, LEAST_SIZE), TEXT_SIZE)
    is_high = height > 2 * LINE * size
    room = room_left(ax, _NAME_WIDTH)
    texts = []
    for name, n in segments:
        short = cut_text(ax, name, room, size)
        texts.append(f"{short}\n{n:,} rows" if is_high else short)
    ax.set_yticks(range(len(texts)), texts, fontsize=size, parse_math=False)


def _write_features(
    ax: Any, features: Sequence[tuple[str, float]], width: float
) -> None:
    """Write names and shares, upright if the cells are narrow."""
    # Words end at underscores, too.
    fitted = [
        fit_text(ax, name.replace("_", "_ "), 0.94 * width, 36.0)
        for name, _ in features
    ]
    size = min(size for _, size in fitted)
    names, rotation = [text.replace("_ ", "_") for text, _ in fitted], 0
    if size < _LEAST_HORIZONTAL_SIZE:
        size = min(max(width / (2 * LINE), LEAST_SIZE), TEXT_SIZE)
        room = min(_NAME_HEIGHT, 0.3 * axes_size(ax)[1])
        names, rotation = [cut_text(ax, name, room, size) for name, _ in features], 90
    texts = [
        f"{name}\n{share:.0%}" for name, (_, share) in zip(names, features, strict=True)
    ]
    ax.set_xticks(
        range(len(texts)), texts, fontsize=size, rotation=rotation, parse_math=False
    )
