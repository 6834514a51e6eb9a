"""Choosing the number of segments, their settings, and the algorithm."""

__all__: list[str] = []
