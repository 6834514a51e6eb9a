"""Segments in which two groups differ, found on some rows and tested on others."""

from ._box import BoxSegmentFinder
from ._combine import CombinedFindings, combine_findings
from ._decision import DecisionThresholds
from ._groups import GroupStratifiedKFold, with_group
from ._information_value import InformationValue, information_value
from ._iv import IVSegmentFinder
from ._l1 import L1SegmentFinder
from ._tlearner import TLearnerSegmentFinder

__all__ = [
    "BoxSegmentFinder",
    "CombinedFindings",
    "DecisionThresholds",
    "GroupStratifiedKFold",
    "IVSegmentFinder",
    "InformationValue",
    "L1SegmentFinder",
    "TLearnerSegmentFinder",
    "combine_findings",
    "information_value",
    "with_group",
]
