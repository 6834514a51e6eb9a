"""Texts of polars and Arrow as codes, without a Python object for each row.

Texts are numbered by a hash of 64 bits, which takes a fraction of the time of a hash
table of texts, and each is then compared with the text of its number.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._typing import IntArray

from ._series import to_array
from ._text_hashes import BLOCK, TextHashes, hashes_of_texts

# Longer texts, such as reviews, become Python objects: a loop of Python reads texts of
# Arrow, with a turn for every 8 bytes of the longest one.
_MOST_BYTES = 256


def text_codes(series: nw.Series[Any]) -> tuple[IntArray, nw.Series[Any]] | None:
    """Return the code of each text, and the distinct texts in order of appearance.

    The code of a missing value is -1. None stands for a series that holds no texts, or
    whose library keeps them as Python objects.
    """
    texts = _engine_texts(series)
    if texts is None:
        return None
    if not texts.null_count():
        return _codes_without_missing(texts)
    rows = np.flatnonzero(~texts.is_null().to_numpy())
    codes = np.full(len(texts), -1, dtype=np.intp)
    codes[rows], distinct = _codes_without_missing(texts[rows])
    return codes, distinct


def distinct_values(series: nw.Series[Any]) -> tuple[IntArray, NDArray[Any]]:
    """Return the position of each row's value among the distinct values, and these.

    Missing values are one of them, unlike those of `text_codes`.
    """
    numbered = text_codes(series)
    if numbered is None:
        return pd.factorize(to_array(series), use_na_sentinel=False)
    codes, texts = numbered
    values = np.array([*texts.to_list(), None], dtype=object)
    is_missing = codes < 0
    if not is_missing.any():
        return codes, values[:-1]
    codes[is_missing] = len(texts)
    return codes, values


def _engine_texts(series: nw.Series[Any]) -> nw.Series[Any] | None:
    """Return texts, or categories that are texts, as a series of polars or Arrow."""
    if series.implementation.is_polars():
        is_text = series.dtype in (nw.String, nw.Categorical, nw.Enum)
        return series if is_text else None
    array: Any = series.to_native()
    if series.implementation.is_pandas():
        if not _is_arrow_backed(array.dtype):
            return None
        array = array.array.__arrow_array__()
    elif not series.implementation.is_pyarrow():
        return None
    import pyarrow as pa

    is_categories = pa.types.is_dictionary(array.type)
    kind = array.type.value_type if is_categories else array.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return None
    if not isinstance(array, pa.ChunkedArray):
        array = pa.chunked_array([array])
    texts: nw.Series[Any] = nw.from_native(array, series_only=True)
    return texts.alias(series.name)


def _is_arrow_backed(dtype: Any) -> bool:
    """Tell whether pandas keeps a column of this type in an array of Arrow."""
    if isinstance(dtype, pd.StringDtype):
        return dtype.storage.startswith("pyarrow")
    return isinstance(dtype, pd.ArrowDtype)


def _codes_without_missing(
    texts: nw.Series[Any],
) -> tuple[IntArray, nw.Series[Any]]:
    if texts.dtype in (nw.Categorical, nw.Enum):
        codes, distinct = _numbered(_category_keys(texts), texts)
        # A dictionary of Arrow may hold a text twice, and a missing value.
        numbered = text_codes(distinct.cast(nw.String))
        assert numbered is not None
        return numbered[0][codes], numbered[1]
    hashes = _hashes(texts)
    if hashes is not None:
        codes, distinct = _numbered(hashes.hashes, texts)
        if hashes.are_unique or _are_texts_of(codes, distinct, texts):
            return codes, distinct
    # Two texts share a hash, or some are very long.
    return _codes_of_objects(texts)


def _hashes(texts: nw.Series[Any]) -> TextHashes | None:
    """Return a hash of each text, or None if there are very long ones."""
    native: Any = texts.to_native()
    if texts.implementation.is_polars():
        return TextHashes(native.hash().to_numpy(), are_unique=False)
    return hashes_of_texts(native, _MOST_BYTES)


def _are_texts_of(
    codes: IntArray, distinct: nw.Series[Any], texts: nw.Series[Any]
) -> bool:
    """Tell whether each row has the text of its code."""
    blocks = (slice(i, i + BLOCK) for i in range(0, len(codes), BLOCK))
    return all((distinct[codes[rows]] == texts[rows]).all() for rows in blocks)


def _codes_of_objects(texts: nw.Series[Any]) -> tuple[IntArray, nw.Series[Any]]:
    codes, values = pd.factorize(texts.to_numpy())
    distinct = nw.new_series(
        texts.name, values.tolist(), nw.String, backend=texts.implementation
    )
    return codes, distinct


def _numbered(
    keys: NDArray[Any], texts: nw.Series[Any]
) -> tuple[IntArray, nw.Series[Any]]:
    """Number equal keys, and return the first text of each."""
    codes, distinct_keys = pd.factorize(keys)
    first = np.empty(len(distinct_keys), dtype=np.int64)
    # Backwards, so that the first row is the last one written.
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return codes, texts[first]


def _category_keys(texts: nw.Series[Any]) -> NDArray[Any]:
    """Return the integers that stand for the categories."""
    native: Any = texts.to_native()
    if texts.implementation.is_polars():
        keys: NDArray[Any] = native.to_physical().to_numpy()
        return keys
    chunks = native.unify_dictionaries().chunks
    return np.concatenate([chunk.indices.to_numpy() for chunk in chunks])
