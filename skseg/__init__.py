"""Customer segmentation estimators that behave like scikit-learn's own."""

from . import datasets, rules
from ._mece import MECERuleSegmenter
from ._rfm import RFMSegmenter
from ._rfm_table import RFMTableReport, rfm_table

__version__ = "0.1.0.dev0"

__all__ = [
    "MECERuleSegmenter",
    "RFMSegmenter",
    "RFMTableReport",
    "datasets",
    "rfm_table",
    "rules",
]
