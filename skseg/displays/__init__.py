"""Pictures of segments, as scikit-learn's Display classes: they need matplotlib."""

from ._binning_comparison import BinningComparisonDisplay
from ._boxes import SegmentBoxDisplay
from ._composition import CompositionDisplay
from ._effect_map import EffectMapDisplay
from ._feature_heatmap import FeatureHeatmapDisplay
from ._findings import FindingsDisplay
from ._flow import SegmentFlowDisplay
from ._heatmap import RFMHeatmapDisplay
from ._information_value import InformationValueDisplay
from ._k_distance import KDistanceDisplay
from ._n_segments import NSegmentsDisplay
from ._projection import SegmentProjectionDisplay
from ._radar import SegmentRadarDisplay
from ._revenue_curve import RevenueCurveDisplay
from ._revenue_tiers import RevenueTiersDisplay
from ._rule_map import RuleMapDisplay
from ._silhouette import SilhouetteDisplay
from ._sizes import SegmentSizesDisplay

__all__ = [
    "BinningComparisonDisplay",
    "CompositionDisplay",
    "EffectMapDisplay",
    "FeatureHeatmapDisplay",
    "FindingsDisplay",
    "InformationValueDisplay",
    "KDistanceDisplay",
    "NSegmentsDisplay",
    "RFMHeatmapDisplay",
    "RevenueCurveDisplay",
    "RevenueTiersDisplay",
    "RuleMapDisplay",
    "SegmentBoxDisplay",
    "SegmentFlowDisplay",
    "SegmentProjectionDisplay",
    "SegmentRadarDisplay",
    "SegmentSizesDisplay",
    "SilhouetteDisplay",
]
