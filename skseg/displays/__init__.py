"""Pictures of segments, as scikit-learn's Display classes: they need matplotlib."""

from ._heatmap import RFMHeatmapDisplay
from ._sizes import SegmentSizesDisplay

__all__ = ["RFMHeatmapDisplay", "SegmentSizesDisplay"]
