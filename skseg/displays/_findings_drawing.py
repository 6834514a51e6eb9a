"""The parts of the picture that FindingsDisplay draws."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from skseg._finders._table import DECISIONS

from ._drawing import BLUE, GREY, ORANGE, PURPLE, size_in_inches

# Told apart by their shapes as well.
STYLES = dict(
    zip(
        DECISIONS,
        [(BLUE, "o"), (ORANGE, "s"), (PURPLE, "D"), (GREY, "v")],
        strict=True,
    )
)
_WIDTH = 9.0
_TEXT_SIZE = 9.0
_MOST_LINES = 3
# Of the legend, in points.
LEGEND_HEIGHT = 18.0
# Width of a character of matplotlib's default font and height of a line, in units of
# the font size.
_CHARACTER = 0.6
_LINE = 1.25
# In inches: what is beside the axes of a figure of their own, and around them; and the
# height of a row besides its text.
_BESIDE, _AROUND = 0.3, 1.25
_BAR_HEIGHT = 0.3
_ELLIPSIS = " \N{HORIZONTAL ELLIPSIS}"


def figure_size(rules: Iterable[str]) -> tuple[float, float]:
    """Return width and height of a new figure for such findings."""
    texts = list(rules)
    if not texts:
        return 7.0, 2.0
    columns = _columns(_WIDTH - _BESIDE, _TEXT_SIZE)
    n_lines = max(_n_lines(text, columns) for text in texts)
    row = _BAR_HEIGHT + n_lines * _LINE * _TEXT_SIZE / 72
    return _WIDTH, _AROUND + row * len(texts)


def draw_findings(ax: Any, frame: pd.DataFrame, groups: tuple[Any, Any]) -> None:
    """Draw one finding below the other."""
    n = len(frame)
    width, height = _size(ax)
    row = 72 * height / n
    size = min(max(0.7 * row / (2 * _LINE), 4.0), _TEXT_SIZE)
    n_lines = int((row - 0.7 * 72 * _BAR_HEIGHT) / (_LINE * size))
    n_lines = min(max(n_lines, 1), _MOST_LINES)
    columns = _columns(width, size)
    low, high = _limits(frame)
    ax.set_xlim(low, high)
    ax.set_ylim(n - 0.5, -0.5)
    ax.axvline(0.0, color="#555555", linewidth=1.0, zorder=1)
    for i, finding in enumerate(frame.itertuples()):
        if i:
            ax.axhline(i - 0.5, color="#E4E4E4", linewidth=0.8, zorder=0)
        text = _cut(str(finding.rule), columns, n_lines)
        used = (text.count("\n") + 1) * _LINE * size
        _write(ax, i, text, _numbers_text(finding.share, finding.p_adj), size)
        # In the middle of what the text leaves of the row.
        place = i - 0.5 + min((used + 4 + row) / (2 * row), 0.85)
        _draw_interval(ax, place, finding, min(6.5, max(0.25 * row, 3.0)))
    _dress(ax, groups)
    _add_legend(ax, [d for d in DECISIONS if (frame["decision"] == d).any()])


def _draw_interval(ax: Any, place: float, finding: Any, marker: float) -> None:
    """Draw an interval and the effect in it; an arrow where there is no bound."""
    colour, shape = STYLES[finding.decision]
    low, high = finding.ci_low, finding.ci_high
    if not np.isnan([low, high]).any():
        ends = np.clip([low, high], *ax.get_xlim())
        ax.plot(ends, [place] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
        for end, at, open_end in zip((low, high), ends, "<>", strict=True):
            is_open = np.isinf(end)
            ax.plot(
                at,
                place,
                color=colour,
                marker=open_end if is_open else "|",
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
    for side, said in ((0.0, text), (1.0, numbers)):
        ax.annotate(
            said,
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


def _dress(ax: Any, groups: tuple[Any, Any]) -> None:
    """Set what is around the rows."""
    a, b = groups
    hints = [f"\N{LEFTWARDS ARROW} {b} better"] if b is not None else []
    hints += [f"{a} better \N{RIGHTWARDS ARROW}"] if a is not None else []
    sides = f":  {'   |   '.join(hints)}" if hints else ""
    ax.set_xlabel(f"Effect in points{sides}", parse_math=False)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)


def _add_legend(ax: Any, decisions: list[str]) -> None:
    """Explain the decisions, below the title."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=STYLES[decision][0],
            marker=STYLES[decision][1],
            linewidth=2.2,
            label=decision,
        )
        for decision in decisions
    ]
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.3,
        borderpad=0.0,
        columnspacing=1.4,
        fontsize=_TEXT_SIZE,
        ncols=len(handles),
        frameon=False,
    )


def _size(ax: Any) -> tuple[float, float]:
    """Return width and height of the axes in inches, after the layout."""
    if len(ax.figure.axes) == 1 and ax.figure.get_layout_engine() is not None:
        width, height = ax.figure.get_size_inches()
        return width - _BESIDE, max(height - _AROUND, 0.5)
    return size_in_inches(ax)


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
    return f"{share:.1f} %" if share >= 0.1 or share == 0 else "< 0.1 %"


def _p_text(p_adj: float) -> str:
    if np.isnan(p_adj):
        return "not tested"
    return f"p = {p_adj:.3f}" if p_adj >= 0.001 else "p < 0.001"


def _columns(width: float, size: float) -> int:
    """Return the characters of a rule that fit beside the numbers."""
    fitting = 72 * width / (_CHARACTER * size)
    return max(int(fitting) - len("25.4 % of rows,  not tested") - 2, 8)


def _n_lines(text: str, columns: int) -> int:
    return min(len(textwrap.wrap(text, columns)) or 1, _MOST_LINES)


def _cut(text: str, columns: int, n_lines: int) -> str:
    """Break a text into lines; what is left over is cut off."""
    wrapped = textwrap.wrap(text, columns, max_lines=n_lines, placeholder=_ELLIPSIS)
    return "\n".join(wrapped)
