"""Clusterers that assign new rows, whatever they are."""

from ._segmenter import InductiveSegmenter

__all__ = ["InductiveSegmenter"]
