"""Scores of segments, and scorers for a search."""

from ._bounds_report import BoundsReport
from ._findings_scorer import make_findings_scorer
from ._profit_scorer import make_profit_scorer
from ._scorer import make_segment_scorer
from ._silhouette import silhouette_samples, silhouette_score
from ._size_scorers import largest_share, n_segments, noise_share, smallest_share
from ._stability import prediction_strength, stability_score
from ._tier_profit import tier_profit, tier_spend

__all__ = [
    "BoundsReport",
    "largest_share",
    "make_findings_scorer",
    "make_profit_scorer",
    "make_segment_scorer",
    "n_segments",
    "noise_share",
    "prediction_strength",
    "silhouette_samples",
    "silhouette_score",
    "smallest_share",
    "stability_score",
    "tier_profit",
    "tier_spend",
]
