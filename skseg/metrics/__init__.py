"""How good segments are: scores, and scorers for a search."""

__all__: list[str] = []
