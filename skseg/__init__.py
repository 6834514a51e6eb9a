"""Customer segmentation estimators that behave like scikit-learn's own."""

from . import datasets, rules
from ._find_optimal_bins import find_optimal_bins
from ._mece import MECERuleSegmenter
from ._propensity import PropensityBinner
from ._revenue import OptimalRevenueBinner, RevenueBootstrap
from ._rfm import RFMSegmenter
from ._rfm_table import RFMTableReport, rfm_table

__version__ = "0.1.0.dev0"

__all__ = [
    "MECERuleSegmenter",
    "OptimalRevenueBinner",
    "PropensityBinner",
    "RFMSegmenter",
    "RFMTableReport",
    "RevenueBootstrap",
    "datasets",
    "find_optimal_bins",
    "rfm_table",
    "rules",
]
