"""The parts of the picture that FeatureHeatmapDisplay draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skseg._typing import FloatArray

from ._clusters_drawing import longest, number_texts
from ._drawing import fit_text, size_in_inches
from ._effect_map_drawing import cut_text, room_left

# Below and above the mean of all: light enough for black text in every cell.
_COLOURS = ("#E8915A", "#F7F7F7", "#6FB1DC")
_EMPTY = "#E6E6E6"
_TOP = 2.0  # standard deviations
_CHARACTER = 0.58
_LINE = 1.25
_TEXT_SIZE = 9.0
_LEAST_SIZE = 4.5
# Below, names of features are turned upright.
_LEAST_ACROSS = 6.5
# Width of names at the left where there is room, in inches.
_LEFT = 1.9
# What layout leaves of the height of the axes above names, about.
_DOWN = 0.78


def figure_size(
    n_features: int, n_segments: int, features: Sequence[str]
) -> tuple[float, float]:
    """Return width and height of a new figure with so many cells."""
    width = min(max(2.9 + 0.75 * n_features, 7.0), 18.0)
    names = 0.062 * min(longest([*map(str, features)]), 24) if n_features > 8 else 0.5
    return width, min(max(1.6 + names + 0.42 * n_segments, 3.0), 16.0)


def draw_cells(
    ax: Any,
    means: FloatArray,
    scores: FloatArray,
    segments: Sequence[tuple[str, int]],
    features: Sequence[tuple[str, float]],
) -> None:
    """Colour the cells by their scores, and write means into them."""
    from matplotlib.colors import LinearSegmentedColormap

    # Before the colour bar takes its part.
    width, height = _cell_size(ax, scores.shape)
    colours = LinearSegmentedColormap.from_list("skseg", _COLOURS)
    # What has no mean lets the background through.
    ax.set_facecolor(_EMPTY)
    image = ax.imshow(
        np.ma.masked_invalid(scores), colours, aspect="auto", vmin=-_TOP, vmax=_TOP
    )
    for places, lines in ((scores.shape[1], ax.axvline), (scores.shape[0], ax.axhline)):
        for place in range(1, places):
            lines(place - 0.5, color="white", linewidth=1.2)
    bar = ax.figure.colorbar(image, ax=ax, aspect=24, pad=0.02, extend="both")
    bar.set_ticks([-_TOP, 0.0, _TOP], labels=["\N{MINUS SIGN}2 sd", "mean", "+2 sd"])
    bar.ax.tick_params(labelsize=8.5)
    _write_means(ax, means, width, height)
    _write_segments(ax, segments, height)
    _write_features(ax, features, width)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _cell_size(ax: Any, shape: tuple[int, ...]) -> tuple[float, float]:
    """Return width and height of a cell beside names and colour bar, in points."""
    width, height = size_in_inches(ax)
    if ax.figure.get_layout_engine() is None:
        across = 0.72 * width
    else:
        # Margins that it has for now go, and names and colour bar come.
        across = min(max(1.29 * width - 0.9 - _LEFT, 0.6 * width), 1.1 * width)
    return 72 * across / shape[1], 72 * _DOWN * height / shape[0]


def _write_means(ax: Any, means: FloatArray, width: float, height: float) -> None:
    # Down a column all numbers have the same decimals.
    texts = [*np.array([number_texts(column) for column in means.T]).T.ravel()]
    size = min(width / (_CHARACTER * (longest(texts) + 1)), height / 1.4, _TEXT_SIZE)
    if size < _LEAST_SIZE:
        return
    for (i, j), text in zip(np.ndindex(means.shape), texts, strict=True):
        ax.text(j, i, text, ha="center", va="center", fontsize=size)


def _write_segments(
    ax: Any, segments: Sequence[tuple[str, int]], height: float
) -> None:
    size = min(max(0.8 * height, 4.0), _TEXT_SIZE)
    columns = int(72 * room_left(ax, _LEFT) / (_CHARACTER * size))
    texts = []
    for name, n in segments:
        is_high = height > 2 * _LINE * size
        name = cut_text(name, columns)
        texts.append(f"{name}\n{n:,} rows" if is_high else name)
    ax.set_yticks(range(len(texts)), texts, fontsize=size, parse_math=False)


def _write_features(
    ax: Any, features: Sequence[tuple[str, float]], width: float
) -> None:
    """Write names and shares, upright if the cells are narrow."""
    shares = [f"{share:.0%}" for _, share in features]
    # Words end at underscores, too.
    fitted = [
        fit_text(name.replace("_", "_ "), 0.94 * width / 72, 0.5)
        for name, _ in features
    ]
    size = min(size for _, size in fitted)
    if size < _LEAST_ACROSS:
        size = min(max(width / (2 * _LINE), 4.0), _TEXT_SIZE)
        names = [cut_text(name) for name, _ in features]
        rotation = 90
    else:
        names, rotation = [text.replace("_ ", "_") for text, _ in fitted], 0
    texts = [f"{name}\n{share}" for name, share in zip(names, shares, strict=True)]
    ax.set_xticks(
        range(len(texts)), texts, fontsize=size, rotation=rotation, parse_math=False
    )
    ax.set_xlabel("Feature, and share of its variance between segments", fontsize=8.5)
