"""Drawing of FindingsDisplay: points, intervals, rules and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._finders._decisions._decision import DECISIONS

from ._canvas import (
    LEAST_SIZE,
    LINE,
    TEXT_SIZE,
    axes_size,
    legend_above,
    settle,
    text_height,
    text_width,
    wrap_text,
)
from ._style import BLUE, GREY, ORANGE, PURPLE

# Told apart by their shapes as well.
STYLES = dict(
    zip(
        DECISIONS,
        [(BLUE, "o"), (ORANGE, "s"), (PURPLE, "D"), (GREY, "v")],
        strict=True,
    )
)
_WIDTH = 9.0
_MOST_LINES = 3
# What is around the axes of a new figure, in inches, and the height that an interval
# takes of a row.
_AROUND = 1.25
_INTERVAL_HEIGHT = 21.6
# Characters of a rule in a line of a new figure, about: its height is set before there
# is anything to measure with.
_USUAL_CHARACTERS = 80


def figure_size(rules: Sequence[str]) -> tuple[float, float]:
    """Return the width and height in inches of a new figure."""
    if not len(rules):
        return 7.0, 2.0
    longest = max(len(str(rule)) for rule in rules)
    n_lines = min(1 + longest // _USUAL_CHARACTERS, _MOST_LINES)
    row = _INTERVAL_HEIGHT + n_lines * LINE * TEXT_SIZE
    return _WIDTH, _AROUND + row * len(rules) / 72


def draw_findings(
    ax: Any, frame: pd.DataFrame, groups: tuple[Any, Any], unit: str
) -> float:
    """Draw one finding below the other; return where the title begins."""
    n = len(frame)
    ax.set_xlim(*_limits(frame))
    ax.set_ylim(n - 0.5, -0.5)
    ax.axvline(0.0, color="#555555", linewidth=1.0, zorder=1)
    _dress(ax, groups, unit)
    pad = _draw_legend(ax, [d for d in DECISIONS if (frame["decision"] == d).any()])
    settle(ax)
    width, height = axes_size(ax)
    row = height / n
    size = min(max(0.7 * row / (2 * LINE), LEAST_SIZE), TEXT_SIZE)
    n_lines = int((row - 0.7 * _INTERVAL_HEIGHT) / (LINE * size))
    n_lines = min(max(n_lines, 1), _MOST_LINES)
    for i, finding in enumerate(frame.itertuples()):
        if i:
            ax.axhline(i - 0.5, color="#E4E4E4", linewidth=0.8, zorder=0)
        numbers = _numbers_text(finding.share, finding.p_adj)
        room = max(width - text_width(ax, numbers, size) - 16.0, 0.2 * width)
        rule = wrap_text(ax, str(finding.rule), room, size, max_lines=n_lines)
        _write(ax, i, rule, numbers, size)
        # In the middle of what the text leaves of the row.
        share = (text_height(rule, size) + 4 + row) / (2 * row)
        marker_size = min(6.5, max(0.25 * row, 3.0))
        _draw_interval(ax, i - 0.5 + min(share, 0.85), finding, marker_size)
    return pad


def _draw_interval(ax: Any, place: float, finding: Any, marker: float) -> None:
    """Draw an interval and the effect in it; an arrow where there is no bound."""
    colour, shape = STYLES[finding.decision]
    low, high = finding.ci_low, finding.ci_high
    if not np.isnan([low, high]).any():
        ends = np.clip([low, high], *ax.get_xlim())
        ax.plot(ends, [place] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
        for end, place_x, arrow in zip((low, high), ends, "<>", strict=True):
            is_open = np.isinf(end)
            ax.plot(
                place_x,
                place,
                color=colour,
                marker=arrow if is_open else "|",
                markersize=marker,
                markeredgewidth=1.0 if is_open else 2.0,
                clip_on=False,
            )
    if np.isfinite(finding.effect):
        ax.plot(
            finding.effect,
            place,
            color=colour,
            marker=shape,
            markersize=marker + 1.0,
            markeredgecolor="white",
            markeredgewidth=0.8,
            zorder=3,
        )


def _write(ax: Any, i: int, text: str, numbers: str, size: float) -> None:
    """Write the rule to the left of the top of a row, and its numbers to the right."""
    for side, line in ((0.0, text), (1.0, numbers)):
        ax.annotate(
            line,
            (side, i - 0.5),
            (2 if side == 0 else -2, -3),
            xycoords=ax.get_yaxis_transform(),
            textcoords="offset points",
            ha="left" if side == 0 else "right",
            va="top",
            fontsize=size,
            linespacing=1.1,
            color="black" if side == 0 else "#444444",
            parse_math=False,
            # The line of no effect is behind it.
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            zorder=4,
        )


def _dress(ax: Any, groups: tuple[Any, Any], unit: str) -> None:
    """Set what is around the rows."""
    a, b = groups
    hints = [f"\N{LEFTWARDS ARROW} {b} better"] if b is not None else []
    hints += [f"{a} better \N{RIGHTWARDS ARROW}"] if a is not None else []
    sides = f":  {'   |   '.join(hints)}" if hints else ""
    ax.set_xlabel(f"Effect in {unit}{sides}", parse_math=False)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)


def _draw_legend(ax: Any, decisions: list[str]) -> float:
    """Explain the decisions, below the title; return where that begins."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=STYLES[d][0], marker=STYLES[d][1], linewidth=2.2)
        for d in decisions
    ]
    return legend_above(ax, handles, decisions)


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the scale, with room for arrows."""
    values = frame[["effect", "ci_low", "ci_high"]].to_numpy().ravel()
    known = np.append(values[np.isfinite(values)], 0.0)
    low, high = float(known.min()), float(known.max())
    room = 0.06 * (high - low) if high > low else 1.0
    return low - room, high + room


def _numbers_text(share: Any, p_adj: Any) -> str:
    rows = "" if np.isnan(share) else f"{_share_text(share)} of rows"
    return ",  ".join(filter(None, [rows, _p_text(p_adj)]))


def _share_text(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 or share == 0 else "< 0.1 %"


def _p_text(p_adj: float) -> str:
    if np.isnan(p_adj):
        return "not tested"
    return f"p = {p_adj:.3f}" if p_adj >= 0.001 else "p < 0.001"
