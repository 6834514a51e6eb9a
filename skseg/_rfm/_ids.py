"""Ids of customers and orders, numbered, and texts that stand for a missing id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._typing import BoolArray, IntArray
from skseg.exceptions import InvalidDataError

from ._defects import Defects
from ._series import to_array
from ._table_options import Options
from ._text_codes import text_codes

# The subject of errors about values that cannot be told apart.
_SUBJECT = "The ids of customers and orders"
# Rows handled at a time, where a loop spares a second array of full length.
BLOCK = 1 << 16
# What databases, spreadsheets and programs write for a missing value, in lower case.
PLACEHOLDER_TEXTS = frozenset(
    [
        *("null", "<null>", "(null)", "#null!", "\\n", "nil", "none", "undefined"),
        *("na", "<na>", "n/a", "n.a.", "#na", "#n/a", "nan", "-nan", "nat"),
        *("1.#qnan", "-1.#ind", "missing", "(blank)", "(empty)", "-", "--", "?"),
    ]
)
# What is between the first and the last letter or digit of such a text, or nothing.
_CORES = sorted({re.sub(r"^[^0-9a-z]+|[^0-9a-z]+$", "", t) for t in PLACEHOLDER_TEXTS})
# Finds all texts that are blank or placeholders, in every dialect of regular
# expressions, and few others. Only Python knows the spaces and cases of all scripts.
_SUSPECT = (
    rf"(?i)^[^0-9a-z]*(?:{'|'.join(map(re.escape, _CORES))})[^0-9a-z]*$|[^\x00-\x7f]"
)


class Ids(NamedTuple):
    """The ids of rows, and the distinct ones, where they had to be told apart.

    `placeholder_of` has the positions, among the distinct ids, of texts that usually
    stand for a missing id.
    """

    series: nw.Series[Any]
    codes: IntArray | None = None
    distinct: nw.Series[Any] | NDArray[Any] | None = None
    placeholder_of: Mapping[int, str] = MappingProxyType({})

    def take(self, rows: IntArray) -> Ids:
        """Return the ids of some rows."""
        codes = None if self.codes is None else self.codes[rows]
        return self._replace(series=self.series[rows], codes=codes)

    def placeholders(self) -> dict[str, int]:
        """Return the texts that usually stand for a missing id -> number of rows."""
        if self.codes is None or not self.placeholder_of:
            return {}
        n_rows = np.bincount(self.codes, minlength=max(self.placeholder_of) + 1)
        texts = self.placeholder_of.items()
        return {text: int(n_rows[i]) for i, text in texts if n_rows[i]}


def read_ids(
    series: nw.Series[Any], noun: str, options: Options, defects: Defects
) -> Ids:
    """Return the ids; rows without one, or with a placeholder for it, are defects."""
    missing: BoolArray
    if series.dtype not in (nw.String, nw.Categorical, nw.Enum, nw.Object):
        is_null = series.is_null()
        if series.dtype.is_float():
            is_null = is_null | series.is_nan().fill_null(True)
        missing = is_null.to_numpy().astype(bool, copy=False)
        defects.add(f"missing {noun}", missing, series)
        return Ids(series)
    codes, distinct = text_codes(series) or factorize_series(series, defects.owner)
    suspects = _suspects(distinct)
    # The last position is for missing values, whose code is -1.
    blank = [*(i for i, text in suspects.items() if is_blank(text)), -1]
    defects.add(f"missing {noun}", _has_code(codes, blank, len(distinct)), series)
    placeholder_of = {i: str(t) for i, t in suspects.items() if _is_placeholder(t)}
    kind = f"placeholder {noun}"
    if placeholder_of and options.action(kind) in ("exclude", "raise"):
        positions = [*placeholder_of]
        defects.add(kind, _has_code(codes, positions, len(distinct)), series)
    return Ids(series, codes, distinct, placeholder_of)


def _suspects(distinct: nw.Series[Any] | NDArray[Any]) -> dict[int, Any]:
    """Return positions and values among which are all blank ids and placeholders."""
    if not isinstance(distinct, nw.Series):
        return dict(enumerate(distinct))
    positions = np.flatnonzero(distinct.str.contains(_SUSPECT).to_numpy())
    texts = distinct[positions].to_list()
    return dict(zip(positions.tolist(), texts, strict=True))


def _has_code(codes: IntArray, wanted: Sequence[int], n_distinct: int) -> BoolArray:
    is_wanted = np.zeros(n_distinct + 1, dtype=bool)
    is_wanted[wanted] = True
    return is_wanted[codes]


def factorize_series(
    series: nw.Series[Any], owner: str, subject: str = _SUBJECT
) -> tuple[IntArray, NDArray[Any]]:
    """Return codes and distinct values; those of missing values are -1 and none."""
    numbered = text_codes(series)
    if numbered is not None:
        codes, texts = numbered
        return codes, np.array(texts.to_list(), dtype=object)
    # pandas numbers the values of its series without a Python object for each.
    is_pandas = series.implementation.is_pandas()
    values = series.to_native() if is_pandas else to_array(series)
    codes, distinct = factorize(values, owner, subject)
    return codes, np.asarray(distinct)


def factorize(ids: Any, owner: str, subject: str = _SUBJECT) -> tuple[IntArray, Any]:
    """Return codes and distinct ids, or raise for ids that have no hash."""
    try:
        return pd.factorize(ids)
    except TypeError:
        example = np.asarray(ids, dtype=object)[0]
        raise InvalidDataError(
            f"{subject} must be texts or numbers. Got {example!r}.",
            owner=owner,
            rule="texts or numbers",
            value=example,
            advice="Convert them, for example by frame[column].astype(str).",
        ) from None


def is_blank(value: Any) -> bool:
    """Tell whether a value is a text that identifies nobody."""
    return isinstance(value, str) and not value.strip()


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() in PLACEHOLDER_TEXTS


def number_ids(
    ids: Ids | NDArray[np.int64], *, ordered: bool, owner: str = "rfm_table"
) -> tuple[IntArray, int]:
    """Give each distinct id a number from 0 on, in sorted order if `ordered`."""
    if isinstance(ids, Ids) and ids.codes is not None and ids.distinct is not None:
        return _number_codes(ids.codes, ids.distinct, ordered=ordered, owner=owner)
    array: Any = ids
    if isinstance(ids, Ids):
        is_pandas = ids.series.implementation.is_pandas()
        is_native = is_pandas and not ids.series.dtype.is_integer()
        array = ids.series.to_native() if is_native else to_array(ids.series)
    if isinstance(array, np.ndarray) and array.dtype.kind in "iu":
        low, high = int(array.min()), int(array.max())
        if high - low < 4 * len(array) and high <= np.iinfo(np.int64).max:
            return _number_integers(array.astype(np.int64, copy=False) - low)
    codes, distinct = factorize(array, owner)
    return _number_codes(codes, np.asarray(distinct), ordered=ordered, owner=owner)


def _number_codes(
    codes: IntArray,
    distinct: nw.Series[Any] | NDArray[Any],
    *,
    ordered: bool,
    owner: str,
) -> tuple[IntArray, int]:
    """Number the distinct values that occur."""
    occurs = np.zeros(len(distinct), dtype=bool)
    occurs[codes] = True
    positions = np.flatnonzero(occurs)
    if ordered:
        positions = positions[_sorted_order(distinct[positions], owner)]
    elif len(positions) == len(distinct):
        return codes, len(distinct)
    rank = np.empty(len(distinct), dtype=np.intp)
    rank[positions] = np.arange(len(positions))
    _relabel(codes, rank)
    return codes, len(positions)


def _number_integers(offsets: NDArray[np.int64]) -> tuple[IntArray, int]:
    """Rank integers by a table instead of hashing them, which is far less work."""
    seen = np.zeros(int(offsets.max()) + 1, dtype=bool)
    seen[offsets] = True
    rank = np.cumsum(seen, dtype=np.intp) - 1
    _relabel(offsets, rank)
    return offsets, int(rank[-1]) + 1


def _relabel(codes: IntArray, rank: IntArray) -> None:
    """Replace the codes in place, which spares the memory of a second array."""
    for start in range(0, len(codes), BLOCK):
        part = codes[start : start + BLOCK]
        part[:] = rank[part]


def _sorted_order(ids: nw.Series[Any] | NDArray[Any], owner: str) -> IntArray:
    """Return the positions that sort the ids; refuse ids of mixed kinds."""
    if isinstance(ids, nw.Series):
        # By the bytes of UTF-8, which is the order of Python's characters.
        rows = ids.alias("id").to_frame().with_row_index("row")
        return rows.sort("id")["row"].to_numpy().astype(np.intp)
    if ids.dtype != object:
        return np.argsort(ids)
    values = ids.tolist()
    # 7 and '7' would be two customers.
    examples = {isinstance(value, str): value for value in values}
    if len(examples) == 2:
        raise InvalidDataError(
            "The customer ids mix text and other values, such as "
            f"{examples[True]!r} and {examples[False]!r}.",
            owner=owner,
            name="customer_id",
            advice="Give them one type, for example by frame[column].astype(str).",
        )
    # Python sorts its own objects in a third of the time that numpy takes.
    return np.array(sorted(range(len(values)), key=values.__getitem__))
