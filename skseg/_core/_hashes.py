"""Hashes of numbers: what tells equal values, or draws rows, whatever their order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray

Hashes = npt.NDArray[np.uint64]

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def canonical(values: FloatArray) -> FloatArray:
    """Return the values with one form of zero and one of NaN, which have many bits."""
    return np.where(np.isnan(values), np.nan, values + 0.0)


def splitmix64(hashes: Hashes) -> Hashes:
    """Return the next numbers of the generator splitmix64, whose states are hashes."""
    z = hashes + _GOLDEN_GAMMA
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
