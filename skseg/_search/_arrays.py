"""Lexicographic comparison of arrays, which several searches share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skseg._typing import FloatArray


def smallest(keys: Sequence[FloatArray]) -> int:
    """Return the first position at which the keys are lexicographically smallest."""
    positions = np.arange(len(keys[0]))
    for key in keys:
        values = key[positions]
        positions = positions[values == values.min()]
        if len(positions) == 1:
            break
    return int(positions[0])
