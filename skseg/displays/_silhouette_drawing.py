"""The parts of the picture that SilhouetteDisplay draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._typing import FloatArray

from ._clusters_drawing import longest, segment_style, signed_text
from ._drawing import size_in_inches
from ._effect_map_drawing import cut_text, room_left

_LABEL_SIZE = 9.0
_CHARACTER = 0.58
# Width of names where there is room, in inches.
_LEFT = 2.2
# What layout leaves of the height of the axes, about.
_SHRINKAGE = 0.85


def figure_size(n_segments: int) -> tuple[float, float]:
    """Return width and height of a new figure with so many segments."""
    return 8.0, min(max(2.0 + 0.55 * n_segments, 4.0), 14.0)


def draw_knives(
    ax: Any,
    frame: pd.DataFrame,
    widths: Sequence[npt.ArrayLike],
    silhouette: float,
) -> None:
    """Draw one segment below the other, as high as it has rows, and their mean."""
    gap = 0.02 * frame["n"].sum()
    low, high, end = 0.0, 0.0, gap
    places, labels = [], []
    columns = (frame[name].tolist() for name in ("code", "name", "n", "mean"))
    for code, name, n, mean, own in zip(*columns, widths, strict=True):
        if not n:
            continue
        place = np.asarray(own, dtype=np.float64)
        # A row is a stripe, so that even one of them is seen.
        edges = np.linspace(end, end + n, len(place) + 1)
        colour = segment_style(code)[0]
        ax.stairs(place, edges, orientation="horizontal", fill=True, color=colour)
        low, high = min(low, place.min()), max(high, place.max())
        places.append(end + n / 2)
        labels.append((str(name), f"{n:,}", signed_text(mean)))
        end += n + gap
    ax.set_ylim(end, 0.0)
    ax.set_xlim(1.08 * low, min(1.08 * high, 1.0) if high > 0 else -0.1 * low or 1.0)
    _write_labels(ax, places, labels)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.axvline(silhouette, color="black", linewidth=1.2, linestyle="--")
    ax.set_xlabel("Silhouette width (below 0: nearer to another segment)")
    ax.spines[["top", "right", "left"]].set_visible(False)


def _write_labels(
    ax: Any, places: Sequence[float], labels: Sequence[tuple[str, str, str]]
) -> None:
    """Write names and numbers beside the knives, in places of their own."""
    points = _SHRINKAGE * 72 * size_in_inches(ax)[1]
    size = min(max(points / len(labels) / 2.7, 4.0), _LABEL_SIZE)
    room = int(72 * room_left(ax, _LEFT) / (_CHARACTER * size))
    numbers = [f"{n} rows, mean {mean}" for _, n, mean in labels]
    if longest(numbers) > room:
        numbers = [mean for _, _, mean in labels]
    texts = [
        f"{cut_text(name, room)}\n{second}"
        for (name, _, _), second in zip(labels, numbers, strict=True)
    ]
    least = 2.6 * size / points * ax.get_ylim()[0]
    spread = spread_out(np.array(places), least, ax.get_ylim()[0])
    ax.set_yticks(spread, texts, fontsize=size, parse_math=False)
    ax.tick_params(axis="y", length=0)


def spread_out(places: FloatArray, least: float, end: float) -> FloatArray:
    """Move ascending places so that they are `least` apart, within [0, end]."""
    steps = least * np.arange(len(places))
    # Downwards where places are too close, then upwards from the end.
    moved = np.maximum.accumulate(np.maximum(places - steps, least / 2)) + steps
    spread: FloatArray = np.minimum(moved, end - least / 2 - steps[::-1])
    return spread
