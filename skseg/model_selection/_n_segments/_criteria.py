"""The criteria: what each reads, and which k it chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from skseg._search.clusters._gap import first_within_one_error
from skseg._typing import FloatArray, IntArray
from skseg.metrics import silhouette_score

from ._strength import ENOUGH

# More rows would tell silhouettes apart that differ by less than 0.001.
_MOST_ROWS = 100_000


def _silhouette(rows: FloatArray, labels: IntArray, seed: int) -> float:
    if len(rows) > _MOST_ROWS:
        some = np.random.default_rng(seed).choice(len(rows), _MOST_ROWS, replace=False)
        # Very small clusters may have no row among them.
        if np.bincount(labels[some], minlength=labels.max() + 1).all():
            rows, labels = rows[some], labels[some]
    return float(silhouette_score(rows, labels, random_state=seed))


def _calinski_harabasz(rows: FloatArray, labels: IntArray, seed: int) -> float:
    return float(calinski_harabasz_score(rows, labels))


def _davies_bouldin(rows: FloatArray, labels: IntArray, seed: int) -> float:
    return float(davies_bouldin_score(rows, labels))


# Those that look at one clustering of all rows, which must have two clusters or more.
OF_LABELS: Mapping[str, Callable[[FloatArray, IntArray, int], float]] = {
    "silhouette": _silhouette,
    "calinski_harabasz": _calinski_harabasz,
    "davies_bouldin": _davies_bouldin,
}


def elbow(ks: FloatArray, inertia: FloatArray) -> FloatArray:
    """Return how far the curve is below its chord, as shares of both its ranges.

    V. Satopaa, J. Albrecht, D. Irwin and B. Raghavan (2011), Finding a "kneedle" in a
    haystack, ICDCS Workshops, 166-171.
    """
    along = (ks - ks[0]) / max(ks[-1] - ks[0], 1)
    fall = inertia[0] - inertia[-1]
    height = (inertia - inertia[-1]) / fall if fall > 0 else 1 - along
    return np.asarray(1 - along - height)


def _last_strong(table: pd.DataFrame) -> int:
    return int(np.flatnonzero(table["prediction_strength"] >= ENOUGH)[-1])


CHOICES: Mapping[str, Callable[[pd.DataFrame], int]] = {
    "elbow": lambda table: int(np.nanargmax(table["elbow"])),
    "silhouette": lambda table: int(np.nanargmax(table["silhouette"])),
    "calinski_harabasz": lambda table: int(np.nanargmax(table["calinski_harabasz"])),
    "davies_bouldin": lambda table: int(np.nanargmin(table["davies_bouldin"])),
    "gap": lambda table: first_within_one_error(
        table["gap"].to_numpy(), table["gap_se"].to_numpy()
    ),
    "prediction_strength": _last_strong,
}


def chosen(table: pd.DataFrame, criterion: str) -> int:
    """Return the k that a criterion chooses from the table."""
    return int(table["k"].iloc[CHOICES[criterion](table)])
