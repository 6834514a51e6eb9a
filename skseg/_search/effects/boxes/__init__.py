"""Exhaustive search for the boxes of cells in which a score differs from zero."""

from ._cover import cover
from ._flips import max_t
from ._scan import all_triples, scan
from ._sets import Axis, Box

__all__ = ["Axis", "Box", "all_triples", "cover", "max_t", "scan"]
