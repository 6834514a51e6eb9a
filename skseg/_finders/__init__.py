"""Segments in which two groups differ, found on some rows and tested on others."""

from ._adjustment._group_overlap import GroupOverlap
from ._base import SegmentFinder
from ._box import BoxSegmentFinder
from ._decisions._combine import CombinedFindings, combine_findings
from ._decisions._decision import DecisionThresholds
from ._iv._information_value import InformationValue, information_value
from ._iv_finder import IVSegmentFinder
from ._l1 import L1SegmentFinder
from ._rows._group_folds import GroupStratifiedKFold
from ._rows._with_group import with_group
from ._tlearner import TLearnerSegmentFinder

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
