"""Prediction strength for every number of clusters, on halves of the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skseg._search.clusters._agreement import prediction_strength
from skseg._typing import FloatArray

from ._path import start_path

N_SPLITS = 5
# Tibshirani and Walther recommend 0.8 to 0.9.
ENOUGH = 0.8


def strengths(
    rows: FloatArray, ks: Sequence[int], rng: np.random.Generator
) -> FloatArray:
    """Return the prediction strength for every k, the mean over random halves.

    `ks` ascend from 1 to at most half the number of rows.
    """
    per_half = []
    for _ in range(N_SPLITS):
        shuffled = rows[rng.permutation(len(rows))]
        samples = shuffled[: len(rows) // 2], shuffled[len(rows) // 2 :]
        paths = [start_path(half, ks[-1], rng) for half in samples]
        for half, counterpart in ((0, 1), (1, 0)):
            per_half.append(
                [
                    prediction_strength(
                        paths[half][k].labels_.astype(np.intp),
                        paths[counterpart][k].predict(samples[half]).astype(np.intp),
                    )
                    if k > 1
                    else 1.0
                    for k in ks
                ]
            )
    return np.asarray(np.mean(per_half, axis=0))
