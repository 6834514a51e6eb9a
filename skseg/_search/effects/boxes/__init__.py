"""Exhaustive search for the boxes of cells in which a score differs from zero."""

from ._cover import cover
from ._exchange import Exchange
from ._max_t import max_t
from ._sets import CodedAxis, ScoredBox

__all__ = ["CodedAxis", "Exchange", "ScoredBox", "cover", "max_t"]
