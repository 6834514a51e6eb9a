"""Agreement of two assignments of the same rows."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray, IntArray


def contingency_table(first: IntArray, second: IntArray) -> FloatArray:
    """Return the number of rows with each pair of codes, which count from 0 on."""
    shape = int(first.max(initial=-1)) + 1, int(second.max(initial=-1)) + 1
    counts = np.bincount(first * shape[1] + second, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)


def prediction_strength(codes: IntArray, predicted: IntArray) -> float:
    """Return the smallest share of pairs within a cluster that are predicted together.

    `codes` are clusters that were fitted to these rows, `predicted` those that were
    fitted to other rows and predicted for these, both from 0 on. The strength is 1 if
    no cluster has two rows. R. Tibshirani and G. Walther (2005), Cluster Validation by
    Prediction Strength, Journal of Computational and Graphical Statistics 14 (3),
    511-528.
    """
    counts = contingency_table(codes, predicted)
    sizes = counts.sum(axis=1)
    n_together = (counts * (counts - 1)).sum(axis=1)
    has_pairs = sizes > 1
    if not has_pairs.any():
        return 1.0
    n_pairs = sizes[has_pairs] * (sizes[has_pairs] - 1)
    return float((n_together[has_pairs] / n_pairs).min())
