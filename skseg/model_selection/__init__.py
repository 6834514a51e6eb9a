"""Choosing the number of segments, their settings, and the algorithm."""

from ._compare import compare_segmenters
from ._eps import select_eps
from ._eps_selection import EpsSelection

__all__ = ["EpsSelection", "compare_segmenters", "select_eps"]
