"""MECERuleSegmenter and what it is made of."""

from ._segmenter import MECERuleSegmenter

__all__ = ["MECERuleSegmenter"]
