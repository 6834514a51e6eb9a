"""Pictures of segments, as scikit-learn's Display classes: they need matplotlib."""

from ._heatmap_display import RFMHeatmapDisplay
from ._sizes_display import SegmentSizesDisplay

__all__ = ["RFMHeatmapDisplay", "SegmentSizesDisplay"]
