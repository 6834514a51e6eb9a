"""Segments in numbers: who they are, and which differences are more than chance."""

from ._items import profile_items
from ._profile import SegmentProfile
from ._profile_segments import profile_segments

__all__ = ["SegmentProfile", "profile_items", "profile_segments"]
