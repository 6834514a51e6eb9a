"""The criteria: scores of a clustering, and the number that each criterion chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from skseg._search.clusters._gap import first_within_one_error
from skseg._typing import FloatArray, IntArray
from skseg.metrics._distances import distance_score

from ._strength import ENOUGH

# More rows would tell silhouettes apart that differ by less than 0.001.
_MOST_ROWS = 100_000


def label_score(name: str, rows: FloatArray, labels: IntArray, seed: int) -> float:
    """Return a score of one clustering of all rows into two clusters or more."""
    if name == "silhouette" and len(rows) > _MOST_ROWS:
        drawn = np.random.default_rng(seed).choice(len(rows), _MOST_ROWS, replace=False)
        # The sample may miss very small clusters.
        if np.bincount(labels[drawn], minlength=labels.max() + 1).all():
            rows, labels = rows[drawn], labels[drawn]
    return distance_score(name, rows, labels, seed)


def elbow(ks: FloatArray, inertia: FloatArray) -> FloatArray:
    """Return how far the curve is below its chord, with both axes scaled to [0, 1].

    V. Satopaa, J. Albrecht, D. Irwin and B. Raghavan (2011), Finding a "kneedle" in a
    haystack, ICDCS Workshops, 166-171.
    """
    x = (ks - ks[0]) / max(ks[-1] - ks[0], 1)
    fall = inertia[0] - inertia[-1]
    y = (inertia - inertia[-1]) / fall if fall > 0 else 1 - x
    return np.asarray(1 - x - y)


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
    """Return the number of segments that a criterion chooses from the table."""
    return int(table["n_segments"].iloc[CHOICES[criterion](table)])
