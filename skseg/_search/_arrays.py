"""What the searches share about arrays: their types, and comparison key by key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from skseg._typing import BoolArray, FloatArray


def smallest(keys: Sequence[FloatArray]) -> int:
    """Return where the keys are smallest: the first key first, then the first place."""
    left = np.arange(len(keys[0]))
    for key in keys:
        some = key[left]
        left = left[some == some.min()]
        if len(left) == 1:
            break
    return int(left[0])


def comes_before(keys: Iterable[FloatArray], others: Iterable[FloatArray]) -> BoolArray:
    """Tell where `keys` are smaller than `others`, the first key first."""
    pairs = list(zip(keys, others, strict=True))
    smaller = np.zeros_like(pairs[0][0], dtype=bool)
    for key, other in reversed(pairs):
        smaller = (key < other) | ((key == other) & smaller)
    return smaller
