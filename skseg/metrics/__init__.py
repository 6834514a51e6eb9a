"""Scores of segments, and scorers for a search."""

from ._scorer import make_segment_scorer
from ._silhouette import silhouette_samples, silhouette_score
from ._stability import prediction_strength, stability_score

__all__ = [
    "make_segment_scorer",
    "prediction_strength",
    "silhouette_samples",
    "silhouette_score",
    "stability_score",
]
