"""Choosing the algorithm, its settings, and the number of segments."""

from ._binning_comparison import BinningComparison
from ._compare import compare_segmenters
from ._compare_binnings import compare_binnings
from ._eps import select_eps
from ._eps_selection import EpsSelection
from ._n_segments import NSegmentsSelection, select_n_segments

__all__ = [
    "BinningComparison",
    "EpsSelection",
    "NSegmentsSelection",
    "compare_binnings",
    "compare_segmenters",
    "select_eps",
    "select_n_segments",
]
