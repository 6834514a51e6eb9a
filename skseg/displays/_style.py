"""Colours, and numbers in words, as the displays show them."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray

# From the palette of Okabe and Ito, which colour-blind readers tell apart; blue and
# orange differ in lightness as well, so they do in print.
BLUE = "#0072B2"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
PURPLE = "#CC79A7"
VERMILION = "#D55E00"
GREY = "#999999"
# Dark enough for lines and marks; neighbours differ most.
HUES = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY_BLUE)
_MARKERS = ("o", "s", "^", "D", "v", "P")

MINUS = "\N{MINUS SIGN}"


# Numbers


def count_text(count: float) -> str:
    """Return a number of customers, which weights may have made fractional."""
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"


def money_text(amount: float) -> str:
    """Return an amount with as many decimals as its size asks for."""
    size = abs(amount)
    if size >= 1000:
        return f"{amount:,.0f}"
    if size >= 0.1 or size == 0:
        return f"{amount:.2f}"
    return f"{amount:.2g}"


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
        "\N{EN DASH}" if text == "nan" else text.replace("-", MINUS) for text in texts
    ]


def signed_text(value: float) -> str:
    """Return a number of two decimals, with a minus sign only if it is seen."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", MINUS)


# Colours


def segment_style(code: int) -> tuple[str, str]:
    """Return colour and marker of a segment; another round takes another marker."""
    if code < 0:
        return GREY, "x"
    n_rounds = code // len(HUES)
    return HUES[code % len(HUES)], _MARKERS[n_rounds % len(_MARKERS)]


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
