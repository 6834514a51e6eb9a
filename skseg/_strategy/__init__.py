"""Segments as a strategy: a table to act on, and JSON to edit and read back."""

from ._json import Strategy
from ._mixin import StrategyMixin

__all__ = ["Strategy", "StrategyMixin"]
