"""Segments over time: the same codes after a refit, and who moved where."""

from ._matching import SegmentMatching, match_segments
from ._transitions import transition_matrix

__all__ = ["SegmentMatching", "match_segments", "transition_matrix"]
