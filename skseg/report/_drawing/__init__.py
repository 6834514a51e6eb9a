"""Drawing of SVG: text that fits without a font engine, readable scales, markup."""

from ._scale import Scale, ticks
from ._svg import Drawing, coordinate
from ._text import plain_text, shortened, text_width

__all__ = [
    "Drawing",
    "Scale",
    "coordinate",
    "plain_text",
    "shortened",
    "text_width",
    "ticks",
]
