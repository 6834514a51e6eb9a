"""Stages of customers, from how long they are usually quiet between purchases."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skseg._typing import FloatArray, IntArray

STAGES = ("new", "active", "cooling", "lapsed")


class Lifecycle(NamedTuple):
    """The position of each customer's stage, -1 for none, and the gaps behind it."""

    stage: IntArray
    expected_gap: FloatArray
    typical_gap: float


def lifecycle(
    rfm: dict[str, NDArray[np.generic]],
    typical_gap: float | None,
    limits: tuple[float, float],
) -> Lifecycle:
    """Return the stages of customers; without any gap to go by, nobody has one."""
    recency, tenure = rfm["recency"].astype(float), rfm["tenure"].astype(float)
    frequency = rfm["frequency"].astype(float)
    if typical_gap is None:
        gaps = rfm["mean_gap"][frequency > 1].astype(float)
        typical_gap = float(np.median(gaps)) if len(gaps) else np.nan
    # One gap of the typical length beside the customer's own: a single short gap must
    # not make a customer lapsed within days, and one purchase has no gap at all.
    expected = (tenure - recency + typical_gap) / np.maximum(frequency, 1)
    cooling, lapsed = limits
    stage = np.select(
        [
            np.isnan(expected),
            tenure <= typical_gap,
            recency <= cooling * expected,
            recency <= lapsed * expected,
        ],
        [-1, 0, 1, 2],
        3,
    )
    return Lifecycle(stage, expected, typical_gap)
