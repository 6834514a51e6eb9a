"""Choosing the number of segments, their settings, and the algorithm."""

from ._compare import compare_segmenters

__all__ = ["compare_segmenters"]
