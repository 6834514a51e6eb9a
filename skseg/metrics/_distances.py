"""Scores by distances under their names, for rows that are in a segment."""

from __future__ import annotations

from typing import Any

from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from skseg._typing import FloatArray, IntArray

from ._silhouette import silhouette_score

DISTANCE_SCORES = ("silhouette", "calinski_harabasz", "davies_bouldin")


def without_noise(X: FloatArray, codes: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the rows that are in a segment, and their codes."""
    inside = codes >= 0
    return (X, codes) if inside.all() else (X[inside], codes[inside])


def distance_score(
    name: str, X: FloatArray, codes: IntArray, random_state: Any
) -> float:
    """Return one of the `DISTANCE_SCORES` as published; small Davies-Bouldin is good.

    There are at least 2 segments, and more rows than segments. `random_state` draws the
    references where a silhouette is estimated.
    """
    if name == "silhouette":
        return silhouette_score(X, codes, random_state=random_state)
    if name == "calinski_harabasz":
        return float(calinski_harabasz_score(X, codes))
    return float(davies_bouldin_score(X, codes))
