"""Exhaustive search for the boxes of cells in which a score differs from zero."""

from ._cover import cover
from ._max_t import max_t
from ._sets import CodedAxis, ScoredBox

__all__ = ["CodedAxis", "ScoredBox", "cover", "max_t"]
