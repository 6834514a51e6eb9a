"""Explained variance of an outcome by segments, adjusted for their number."""

from __future__ import annotations

import numpy as np

from skseg._core._magnitudes import to_unit_scale
from skseg._core._sums import group_sums
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError


def adjusted_explained_variance(
    owner: str, codes: IntArray, outcome: FloatArray
) -> float:
    """Return adjusted R squared of an outcome by segments of the same rows, or raise.

    Its expectation for segments that have nothing to do with the outcome is 0, however
    many they are; that of plain R squared rises with their number. There are fewer
    segments than rows.
    """
    if outcome.min() == outcome.max():
        raise InvalidDataError(
            f"{owner} explains the variance of an outcome, which must differ between "
            f"the held-out rows. Got {outcome[0]} in all {len(outcome)} of them.",
            owner=owner,
            name="y",
            rule="different between the held-out rows",
            value=float(outcome[0]),
            advice="Use folds with some of each outcome: "
            "cv=StratifiedKFold(shuffle=True).",
        )
    # The share is that in any unit, and in this one no square overflows.
    outcome = to_unit_scale(outcome)
    deviations = to_unit_scale(outcome - outcome.mean())
    _, groups, n = np.unique(codes, return_inverse=True, return_counts=True)
    means = group_sums(groups, deviations, len(n)) / n
    within = float(((deviations - means[groups]) ** 2).sum()) / (len(codes) - len(n))
    total = float(((deviations - deviations.mean()) ** 2).sum()) / (len(codes) - 1)
    return 1.0 - within / total
