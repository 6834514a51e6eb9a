"""The parts of the picture that InformationValueDisplay draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from skseg._search.effects._iv import BANDS

from ._drawing import BLUE, GREY, ORANGE, SKY_BLUE, size_in_inches
from ._effect_map_drawing import cut_text, room_left

# Where the bands of N. Siddiqi (2006) begin.
STARTS = (0.0, 0.02, 0.1, 0.3, 0.5)
_COLOURS = dict(zip(BANDS, [GREY, "#A6D2EE", SKY_BLUE, BLUE, ORANGE], strict=True))
_TEXT_SIZE = 9.0
_BAND_SIZE = 8.0
_CHARACTER = 0.58
# Width of names where there is room, in inches.
_LEFT = 2.2
# Of the names of bands, in points.
BANDS_HEIGHT = 14.0
# What layout leaves of the width of the axes beside names, about.
_SHRINKAGE = 0.75


def figure_size(n_bars: int) -> tuple[float, float]:
    """Return width and height of a new figure with so many bars."""
    return (8.0, 1.4 + 0.3 * n_bars) if n_bars else (7.0, 2.0)


def draw_bars(ax: Any, frame: pd.DataFrame, scale: str) -> None:
    """Draw one bar below the other, and the bands behind them."""
    from matplotlib.patheffects import withStroke

    n = len(frame)
    width, height = (72 * inches for inches in size_in_inches(ax))
    size = min(max(0.7 * height / (n + 1), 4.0), _TEXT_SIZE)
    values = frame["iv"].fillna(0.0).to_numpy()
    colours = [_COLOURS.get(band, GREY) for band in frame["band"]]
    bars = ax.barh(np.arange(n), values, 0.7, color=colours, zorder=2)
    texts = ["unknown" if np.isnan(iv) else _value_text(iv) for iv in frame["iv"]]
    halo = [withStroke(linewidth=3.0, foreground="white")]
    ax.bar_label(bars, texts, padding=3, fontsize=size, zorder=3, path_effects=halo)
    # Room for such a label.
    room = min(_CHARACTER * size * max(map(len, texts)) / (_SHRINKAGE * width), 0.4)
    low, high = min(values.min(), 0.0), max(values.max(), 1.2 * STARTS[1])
    ax.set_xlim(low / (1 - room), low + (high - low) / (1 - room - 0.02))
    longest = int(72 * room_left(ax, _LEFT) / (_CHARACTER * size))
    names = [cut_text(str(name), longest) for name in frame["column"]]
    ax.set_yticks(np.arange(n), names, fontsize=size, parse_math=False)
    ax.set_ylim(n - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    starts = ", ".join(f"{start:g}" for start in STARTS[1:])
    with_starts = f"{scale} (bands begin at {starts})"
    is_wide = width > _CHARACTER * 10 * len(with_starts)
    ax.set_xlabel(with_starts if is_wide else scale)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.axvline(0.0, color="black", linewidth=0.8, zorder=3)
    _draw_bands(ax, _SHRINKAGE * width)


def _draw_bands(ax: Any, width: float) -> None:
    """Mark where bands begin, and name those that have room for it, in points."""
    low, high = ax.get_xlim()
    shown = [i for i, start in enumerate(STARTS) if start < high]
    for i in shown[1:]:
        ax.axvline(STARTS[i], color="#BBBBBB", linewidth=0.9, linestyle="--", zorder=1)
    end = high
    # From the right: there bands are wide.
    for i in reversed(shown):
        needed = _CHARACTER * _BAND_SIZE * len(BANDS[i]) + 4
        if (end - STARTS[i]) / (high - low) * width < needed and end < high:
            continue
        end = STARTS[i]
        ax.annotate(
            BANDS[i],
            (STARTS[i], 1.0),
            (1, 3),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            va="bottom",
            fontsize=_BAND_SIZE,
            color="#555555",
        )


def _value_text(iv: float) -> str:
    return f"{iv:.3f}" if abs(iv) >= 0.001 or iv == 0 else f"{iv:.1g}"
