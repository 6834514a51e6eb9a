"""Lexicographic comparison of arrays, which several searches share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from skseg._typing import BoolArray, FloatArray


def smallest(keys: Sequence[FloatArray]) -> int:
    """Return the first position at which the keys are lexicographically smallest."""
    positions = np.arange(len(keys[0]))
    for key in keys:
        values = key[positions]
        positions = positions[values == values.min()]
        if len(positions) == 1:
            break
    return int(positions[0])


def comes_before(keys: Iterable[FloatArray], others: Iterable[FloatArray]) -> BoolArray:
    """Tell where `keys` are lexicographically smaller than `others`."""
    pairs = list(zip(keys, others, strict=True))
    smaller = np.zeros_like(pairs[0][0], dtype=bool)
    for key, other in reversed(pairs):
        smaller = (key < other) | ((key == other) & smaller)
    return smaller
