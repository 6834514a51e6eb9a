"""Pictures of segments, as scikit-learn's Display classes: they need matplotlib."""

from ._flow import SegmentFlowDisplay
from ._heatmap import RFMHeatmapDisplay
from ._rule_map import RuleMapDisplay
from ._sizes import SegmentSizesDisplay

__all__ = [
    "RFMHeatmapDisplay",
    "RuleMapDisplay",
    "SegmentFlowDisplay",
    "SegmentSizesDisplay",
]
