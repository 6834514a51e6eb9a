"""The scores by distances, under their names; noise has no part in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from skseg._typing import FloatArray, IntArray

from ._silhouette import silhouette_score

DISTANCE_SCORES = ("silhouette", "calinski_harabasz", "davies_bouldin")


def without_noise(X: FloatArray, codes: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the rows that are in a segment, and their segments."""
    inside = codes >= 0
    return (X, codes) if inside.all() else (X[inside], codes[inside])


def distance_score(
    name: str, X: FloatArray, codes: IntArray, random_state: Any
) -> float:
    """Return one of the `DISTANCE_SCORES` of rows without noise.

    Parameters
    ----------
    name : str
        Which one.
    X : ndarray of float64 of shape (n_rows, n_dimensions)
        Finite.
    codes : ndarray of int of shape (n_rows,)
        From 0 on; at least 2 segments, and fewer than rows.
    random_state : int, RandomState or None
        For a silhouette that is estimated.

    Returns
    -------
    float
        As it is published: of Davies-Bouldin small is good.
    """
    if name == "silhouette":
        return silhouette_score(X, codes, random_state=random_state)
    score: Callable[[FloatArray, IntArray], float] = {
        "calinski_harabasz": calinski_harabasz_score,
        "davies_bouldin": davies_bouldin_score,
    }[name]
    return float(score(X, codes))
