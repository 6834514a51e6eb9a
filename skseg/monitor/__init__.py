"""Segments over time: the same codes after a refit, and who moved where."""

__all__: list[str] = []
