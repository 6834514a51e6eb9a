"""Ids as they are written in a file."""

from __future__ import annotations

from operator import eq
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

MOST_EXACT_INTEGER = 2**53  # among floats


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


def without_zero_decimals(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """Return floats or decimals as integers if they are all whole, else as they are.

    Integers with missing values become floats in many programs, and decimals with
    zeros behind the mark in databases: 17850.0 is the customer 17850.
    """
    # As Python's numbers: floats of 16 bits are compared with no large ones.
    values = np.array(
        [v.item() if isinstance(v, np.generic) else v for v in numbers.to_list()],
        dtype=object,
    )
    missing = pd.isna(values)
    written = values[~missing].tolist()
    # Larger floats may have come from several integers.
    limit = MOST_EXACT_INTEGER if is_float_dtype(numbers) else np.iinfo(np.int64).max
    if not all(abs(value) <= limit and value % 1 == 0 for value in written):
        return numbers
    integers = np.zeros(len(values), dtype=np.int64)
    integers[~missing] = [int(value) for value in written]
    nullable = pd.arrays.IntegerArray(integers, missing)
    return pd.Series(nullable, numbers.index, name=numbers.name)


def cell_text(value: Any) -> str:
    """Return a value of a cell as a CSV file would have it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
