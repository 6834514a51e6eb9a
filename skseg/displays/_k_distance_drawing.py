"""The parts of the picture that KDistanceDisplay draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray

from ._clusters_drawing import segment_style

_LEGEND_SIZE = 8.5
_STYLES = ("solid", "dashed")
_N_HUES = 6
# Distances beyond so many times the largest knee, and those of nearly all rows, are
# of a few rows far from all others.
_TOP, _NEARLY_ALL = 2.0, 0.99
# Up to so many times what is usual the axis is not cut off.
_MUCH = 3.0


def draw_curves(
    ax: Any,
    frame: pd.DataFrame,
    min_samples: Sequence[int],
    knees: FloatArray,
    core_shares: FloatArray,
) -> None:
    """Draw a curve and its knee for every number of neighbours."""
    for i, (number, knee, share) in enumerate(
        zip(min_samples, knees, core_shares, strict=True)
    ):
        points = frame[frame["min_samples"] == number]
        colour = segment_style(i)[0]
        label = f"min_samples {number}: " + (
            f"knee at {knee:.3g}, {share:.0%} core rows"
            if not np.isnan(knee)
            else "no knee"
        )
        ax.plot(
            100 * points["share"],
            points["distance"],
            color=colour,
            linestyle=_STYLES[i // _N_HUES % len(_STYLES)],
            linewidth=1.8,
            label=label,
            zorder=3,
        )
        if np.isnan(knee):
            continue
        ax.plot(
            [0.0, 100 * share],
            [knee, knee],
            color=colour,
            linewidth=0.9,
            linestyle=":",
            zorder=2,
        )
        ax.plot(
            100 * share,
            knee,
            color=colour,
            marker="o",
            markersize=8.0,
            markeredgecolor="white",
            zorder=4,
        )
    ax.legend(fontsize=_LEGEND_SIZE, loc="upper left", framealpha=0.85)
    ax.set_xlim(0.0, 101.0)
    ax.set_xlabel("Share of the rows, by distance (%)")
    ax.set_ylabel(_limit(ax, frame, knees))
    ax.spines[["top", "right"]].set_visible(False)


def _limit(ax: Any, frame: pd.DataFrame, knees: FloatArray) -> str:
    """End the axis where a few rows alone are beyond; return what it is called."""
    label = "Distance to the row number min_samples"
    largest = frame["distance"].max()
    usual = frame["distance"][frame["share"] <= _NEARLY_ALL].max()
    known = knees[~np.isnan(knees)]
    top = 1.05 * np.nanmax([_TOP * known.max(initial=0.0), usual])
    if largest <= _MUCH * top:
        ax.set_ylim(0.0, 1.05 * largest if largest > 0 else 1.0)
        return label
    ax.set_ylim(0.0, top)
    return f"{label}\n(cut off: up to {largest:.3g})"
