"""Ids as they are written in a file."""

from __future__ import annotations

from operator import eq
from typing import Any

import numpy as np
import pandas as pd


def as_integers_if_lossless(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return ids as integers if Python writes each of them alike, else as they are.

    The integers are int64, or Int64 where ids are missing.
    """
    codes, distinct = pd.factorize(texts)
    written = list(distinct)
    if not all(isinstance(text, str) for text in written):
        return texts
    try:
        integers = [int(text) for text in written]
        numbers = np.array(integers, dtype=np.int64)
    except (ValueError, OverflowError):
        return texts
    if not integers or not all(map(eq, map(str, integers), written)):
        return texts
    missing = codes == -1
    values = numbers[codes]
    if not missing.any():
        return pd.Series(values, texts.index, name=texts.name)
    nullable = pd.arrays.IntegerArray(values, missing)
    return pd.Series(nullable, texts.index, name=texts.name)


def cell_text(value: Any) -> str:
    """Return a value of a cell as a CSV file would have it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
