"""One HTML file that shows segments to people who do not program."""

from ._report import SegmentReport

__all__ = ["SegmentReport"]
