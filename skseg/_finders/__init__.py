"""Segments in which two groups differ, found on some rows and tested on others."""

from ._base import SegmentFinder
from ._box import BoxSegmentFinder
from ._combine import CombinedFindings, combine_findings
from ._decision import DecisionThresholds
from ._group_folds import GroupStratifiedKFold
from ._group_overlap import GroupOverlap
from ._information_value import InformationValue, information_value
from ._iv import IVSegmentFinder
from ._l1 import L1SegmentFinder
from ._tlearner import TLearnerSegmentFinder
from ._with_group import with_group

__all__ = [
    "BoxSegmentFinder",
    "CombinedFindings",
    "DecisionThresholds",
    "GroupOverlap",
    "GroupStratifiedKFold",
    "IVSegmentFinder",
    "InformationValue",
    "L1SegmentFinder",
    "SegmentFinder",
    "TLearnerSegmentFinder",
    "combine_findings",
    "information_value",
    "with_group",
]
