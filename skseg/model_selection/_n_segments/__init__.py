"""Choosing the number of segments, or finding that there are none."""

from ._result import NSegmentsSelection
from ._select import select_n_segments

__all__ = ["NSegmentsSelection", "select_n_segments"]
