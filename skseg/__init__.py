"""Customer segmentation estimators that behave like scikit-learn's own."""

from . import datasets, metrics, model_selection, monitor, rules
from ._clusters import InductiveSegmenter, RuleSurrogate, raw_rules
from ._finders import (
    BoxSegmentFinder,
    CombinedFindings,
    GroupStratifiedKFold,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    combine_findings,
    with_group,
)
from ._finders._information_value import InformationValue, information_value
from ._mece import MECERuleSegmenter
from ._revenue import OptimalRevenueBinner, RevenueBootstrap
from ._revenue._find_optimal_bins import find_optimal_bins
from ._revenue._propensity import PropensityBinner
from ._rfm._segmenter import RFMSegmenter
from ._rfm._table import RFMTableReport, rfm_table

__version__ = "0.1.0.dev0"

__all__ = [
    "BoxSegmentFinder",
    "CombinedFindings",
    "GroupStratifiedKFold",
    "IVSegmentFinder",
    "InductiveSegmenter",
    "InformationValue",
    "L1SegmentFinder",
    "MECERuleSegmenter",
    "OptimalRevenueBinner",
    "PropensityBinner",
    "RFMSegmenter",
    "RFMTableReport",
    "RevenueBootstrap",
    "RuleSurrogate",
    "TLearnerSegmentFinder",
    "combine_findings",
    "datasets",
    "find_optimal_bins",
    "information_value",
    "metrics",
    "model_selection",
    "monitor",
    "raw_rules",
    "rfm_table",
    "rules",
    "with_group",
]
