"""Functions with the signatures of other libraries, for code that moves to skseg."""

from ._revenue._find_optimal_bins import find_optimal_bins

__all__ = ["find_optimal_bins"]
