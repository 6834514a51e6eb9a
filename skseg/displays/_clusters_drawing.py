"""What the pictures of clusters share: colours of segments, numbers, empty pictures."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY_BLUE

# Of the palette of Okabe and Ito what is dark enough for marks; neighbours differ most.
_HUES = (BLUE, ORANGE, GREEN, PURPLE, "#D55E00", SKY_BLUE)
_MARKERS = ("o", "s", "^", "D", "v", "P")
NOISE_COLOUR = GREY
_ELLIPSIS = " \N{HORIZONTAL ELLIPSIS}"


def segment_style(code: int) -> tuple[str, str]:
    """Return colour and marker of a segment; another round takes another marker."""
    if code < 0:
        return NOISE_COLOUR, "x"
    n_rounds = code // len(_HUES)
    return _HUES[code % len(_HUES)], _MARKERS[n_rounds % len(_MARKERS)]


def wrap_name(name: str, columns: int = 24, max_lines: int = 2) -> str:
    """Break a name of a segment into lines, and cut off what is too long."""
    return textwrap.fill(name, columns, max_lines=max_lines, placeholder=_ELLIPSIS)


def number_texts(values: FloatArray) -> list[str]:
    """Return numbers with the same decimals, the largest with about three digits."""
    known = np.abs(values[np.isfinite(values)])
    top = float(known.max(initial=0.0))
    if top and not 1e-3 <= top < 1e7:
        texts = [f"{value:.1e}" for value in values]
    else:
        digits = 0 if top == 0 else int(np.floor(np.log10(top)))
        decimals = max(2 - digits if digits >= 0 else 1 - digits, 0)
        texts = [f"{value:,.{decimals}f}" for value in values]
    return [
        "\N{EN DASH}" if text == "nan" else text.replace("-", "\N{MINUS SIGN}")
        for text in texts
    ]


def signed_text(value: float) -> str:
    """Return a number of two decimals, with a minus sign only if it is seen."""
    text = f"{value:.2f}".replace("-0.00", "0.00")
    return text.replace("-", "\N{MINUS SIGN}")


def noise_text(n_noise: int, n_rows: int) -> str:
    """Return what a title says about noise; nothing without any."""
    if not n_noise:
        return ""
    return f"noise left out: {n_noise:,} of {n_rows:,} rows"


def quantile_positions(n: int, most: int) -> IntArray:
    """Return at most so many of the positions 0, ..., n - 1, with both ends."""
    if n <= most:
        return np.arange(n)
    return np.round(np.linspace(0, n - 1, most)).astype(np.intp)


def longest(texts: Sequence[str]) -> int:
    """Return the number of characters of the longest line."""
    return max((len(line) for text in texts for line in text.split("\n")), default=0)
