"""Width of text without a font engine: an upper bound for common sans-serif fonts."""

from __future__ import annotations

import unicodedata
from functools import cache

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
# Advance widths in em of DejaVu Sans, the widest of the fonts that browsers fall back
# to; a label that fits in it fits in Arial, Helvetica, Roboto and Segoe UI as well.
_WIDTHS = {
    0.30: "iljI'J",
    0.42: " frt.,:;|!-/\\()[]",
    0.55: '"cszksvxyLz_*^`?',
    0.84: "w<>=+#~\N{MINUS SIGN}&OQDGHNU",
    1.00: "mMW%@\N{EM DASH}\N{HORIZONTAL ELLIPSIS}",
}
_EM = {letter: em for em, letters in _WIDTHS.items() for letter in letters}
_LIGATURE_OF_A_SENTENCE = "\ufdfd"
# Accents and variation selectors. Other combining marks count as letters: without a
# font for their script a browser draws each of them as a box.
_MARKS = frozenset(map(chr, [*range(0x300, 0x370), *range(0xFE00, 0xFE10)]))


def text_width(text: str, size: float) -> float:
    """Return an upper bound of the width of a text in a font of some size."""
    return size * sum(map(_em, text))


def plain_text(value: object) -> str:
    """Return a text of one line that XML can hold.

    Characters that XML forbids become U+FFFD. Marks that turn the direction of text
    are left out, since they would also turn what stands beside the label.
    """
    letters = (_plain(letter) for letter in str(value))
    return " ".join("".join(letters).split())


def shortened(text: str, width: float, size: float) -> str:
    """Return a text that is not wider than a width, with an ellipsis if it is cut."""
    if text_width(text, size) <= width:
        return text
    room = width - text_width(ELLIPSIS, size)
    end, used = 0, 0.0
    while end < len(text) and used + size * _em(text[end]) <= room:
        used += size * _em(text[end])
        end += 1
    return text[:end].rstrip() + ELLIPSIS


@cache
def _em(letter: str) -> float:
    if letter in _EM:
        return _EM[letter]
    if letter == _LIGATURE_OF_A_SENTENCE:
        return 12.0
    category = unicodedata.category(letter)
    if category == "Cf" or letter in _MARKS:
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF" or category in {"So", "Cn", "Co"}:
        return 1.4
    if letter < "\u024f":
        return 0.8 if letter.isupper() else 0.65
    return 1.1


def _plain(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter in "\t\n\r" or category in {"Zl", "Zp"}:
        return " "
    if unicodedata.bidirectional(letter) in _TURNS:
        return ""
    is_forbidden = category in {"Cc", "Cs"} or letter in "\ufffe\uffff"
    return "\N{REPLACEMENT CHARACTER}" if is_forbidden else letter


_TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
