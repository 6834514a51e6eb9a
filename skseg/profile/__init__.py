"""Segments in numbers: who they are, and which differences are more than chance."""

from ._profile import SegmentProfile
from ._profile_segments import profile_segments

__all__ = ["SegmentProfile", "profile_segments"]
