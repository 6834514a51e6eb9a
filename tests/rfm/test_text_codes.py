"""Texts of every container get the codes that Python's own comparison gives."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skseg import customer_features, rfm_table
from skseg._rfm import _text_codes
from skseg._rfm._series import plain_series
from skseg._rfm._text_codes import distinct_values, text_codes
from skseg._rfm._text_hashes import TextHashes, hashes_of_texts

from .frames import values_of

Texts = Sequence[str | None]
PADDED = "\u2003NULL\x1f"
TEXTS: dict[str, Texts] = {
    "ids": ["C123456", "C000007", "C123456", "C999999", "C000007"],
    "one": ["a"],
    "empty": ["", "a", "", " "],
    "all empty": ["", "", ""],
    "missing": [None, "b", None, "a", "b"],
    "all missing": [None, None],
    "NUL bytes": ["a", "a\0", "a\0\0", "\0", "", "a", "\0a", "a\0"],
    "lengths": ["x" * n for n in (*range(20), *range(20))],
    "7 to 9 bytes": ["1234567", "12345678", "123456789", "12345670", "1234567 "],
    "one letter differs": ["0123456789abcdef", "0123456789abcdeg", "1123456789abcdef"],
    "scripts": [
        "\u00e4",
        "a",
        "z",
        "\uffe0",
        "\U0001f600",
        "\u00e4",
        "A\u0308",
        "\u00c4",
    ],
    "long": ["a" * 300, "b" * 300, "a" * 300, "b"],
    "placeholders": [
        "NULL",
        " n/a ",
        PADDED,
        "(blan\u212a)",
        "nan",
        "Nancy",
        "N0",
        "-",
    ],
    "uuids": [f"{n:032x}-{n % 7}" for n in (5, 2, 5, 16**31, 2)],
}
DICTIONARY = pa.dictionary(pa.int32(), pa.string())


def _chunks(texts: Texts, kind: Any) -> pa.ChunkedArray:
    """Return an array in three parts, the second of which is empty and sliced."""
    array = pa.array(["before", *texts, "behind"], pa.string()).cast(kind)
    middle = 1 + len(texts) // 2
    parts = [array.slice(1, middle - 1), array.slice(2, 0)]
    return pa.chunked_array([*parts, array.slice(middle, len(texts) + 1 - middle)])


def _twice_in_dictionary(texts: Texts) -> pa.ChunkedArray:
    """Return an array whose dictionary holds each text twice, and a missing value."""
    known = list(dict.fromkeys(text for text in texts if text is not None))
    dictionary = pa.array([*known, None, *known], pa.string())
    places = [
        len(known) if text is None else known.index(text) + (row % 2) * (len(known) + 1)
        for row, text in enumerate(texts)
    ]
    array = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), dictionary)
    return pa.chunked_array([array])


def _two_dictionaries(texts: Texts) -> pa.ChunkedArray:
    middle = len(texts) // 2
    parts = [pa.array(part, pa.string()) for part in (texts[:middle], texts[middle:])]
    return pa.chunked_array([part.dictionary_encode() for part in parts], DICTIONARY)


def _enum(texts: Texts) -> pl.Series:
    categories = sorted({text for text in texts if text is not None}, reverse=True)
    return pl.Series(texts, dtype=pl.Enum(["unused", *categories]))


def _categorical_of_string_cache(texts: Texts) -> pl.Series:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # later versions have none
        with pl.StringCache():
            pl.Series(["x", *reversed([text or "z" for text in texts])]).cast(
                pl.Categorical
            )
            return pl.Series(texts, dtype=pl.String).cast(pl.Categorical)


def _polars_chunks(texts: Texts) -> pl.Series:
    middle = len(texts) // 2
    first = pl.Series(["before", *texts[:middle]], dtype=pl.String)[1:]
    return first.append(pl.Series(texts[middle:], dtype=pl.String))


def _pandas(kind: Any) -> Callable[[Texts], pd.Series]:
    return lambda texts: pd.Series(texts, dtype=kind)


CONTAINERS: dict[str, Callable[[Texts], Any]] = {
    "polars": lambda texts: pl.Series(texts, dtype=pl.String),
    "polars in chunks": _polars_chunks,
    "polars Categorical": lambda t: pl.Series(t, dtype=pl.String).cast(pl.Categorical),
    "polars Categorical of the string cache": _categorical_of_string_cache,
    "polars Enum": _enum,
    "string": lambda texts: _chunks(texts, pa.string()),
    "large_string": lambda texts: _chunks(texts, pa.large_string()),
    "dictionary": _two_dictionaries,
    "dictionary with repetitions": _twice_in_dictionary,
    "pandas with Arrow": _pandas(pd.StringDtype("pyarrow")),
    "pandas ArrowDtype": _pandas(pd.ArrowDtype(pa.string())),
    "pandas ArrowDtype large": _pandas(pd.ArrowDtype(pa.large_string())),
    "pandas ArrowDtype dictionary": lambda texts: pd.Series(
        pd.arrays.ArrowExtensionArray(_two_dictionaries(texts))
    ),
}


def _series(container: str, texts: Texts) -> nw.Series[Any]:
    native = CONTAINERS[container](texts)
    series: nw.Series[Any] = nw.from_native(native, series_only=True)
    return series.alias("text")


@pytest.mark.parametrize("texts", TEXTS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_codes_are_those_of_python_objects(container: str, texts: str) -> None:
    distinct = list(dict.fromkeys(t for t in TEXTS[texts] if t is not None))
    wanted = [-1 if t is None else distinct.index(t) for t in TEXTS[texts]]
    numbered = text_codes(_series(container, TEXTS[texts]))
    assert numbered is not None
    codes, values = numbered
    assert codes.tolist() == wanted
    assert values.to_list() == distinct
    assert codes.dtype == np.intp


@pytest.mark.parametrize("container", CONTAINERS)
def test_missing_texts_are_a_value_where_they_are_asked_for(container: str) -> None:
    texts = TEXTS["missing"]
    rows, values = distinct_values(_series(container, texts))
    assert [values[row] for row in rows] == list(texts)


@pytest.mark.parametrize("container", ["polars", "string"])
def test_texts_that_share_a_hash_are_told_apart(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hashes(texts: nw.Series[Any]) -> TextHashes:
        return TextHashes(np.zeros(len(texts), np.uint64), are_unique=False)

    monkeypatch.setattr(_text_codes, "_hashes", hashes)
    numbered = text_codes(_series(container, ["b", "a", None, "b"]))
    assert numbered is not None
    assert numbered[0].tolist() == [0, 1, -1, 0]
    assert numbered[1].to_list() == ["b", "a"]


def test_hashes_do_not_depend_on_blocks_and_chunks() -> None:
    texts = [f"{'x' * (n % 23)}{n % 50}" for n in range(200)]
    whole = hashes_of_texts(pa.chunked_array([pa.array(texts)]), 256)
    parts = hashes_of_texts(_chunks(texts, pa.large_string()), 256, block=7)
    assert whole is not None
    assert parts is not None
    np.testing.assert_array_equal(whole.hashes, parts.hashes)


@pytest.mark.parametrize("letters", ["\0a", "ab"])
def test_hashes_of_texts_up_to_seven_bytes_are_unique(letters: str) -> None:
    texts = [
        "".join(text) for n in range(8) for text in itertools.product(letters, repeat=n)
    ]
    hashes = hashes_of_texts(pa.chunked_array([pa.array(texts)]), 256)
    assert hashes is not None
    assert hashes.are_unique
    assert len(set(hashes.hashes.tolist())) == len(texts)


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([1, 2]),
        pl.Series([b"a", b"b"]),
        pa.chunked_array([[1, 2]]),
        pa.chunked_array([pa.array([1, 2]).dictionary_encode()]),
        pd.Series(["a", "b"], dtype=object),
        pd.Series(["a", "b"], dtype="category"),
        pd.Series(["a", "b"], dtype=pd.StringDtype("python")),
        pd.Series([1, 2], dtype=pd.ArrowDtype(pa.int64())),
    ],
    ids=lambda values: (
        f"{type(values).__module__.split('.')[0]} {values.dtype}"
        if hasattr(values, "dtype")
        else str(values.type)
    ),
)
def test_what_is_no_text_of_polars_or_arrow_is_left_to_others(values: Any) -> None:
    assert text_codes(nw.from_native(values, series_only=True)) is None


def _lines(container: str, ids: Texts) -> Any:
    """Return lines whose customers, orders, products and dates are texts."""
    n = len(ids)
    columns: dict[str, Texts] = {
        "customer": list(ids),
        "order": [text and f"{text}-{row // 2}" for row, text in enumerate(ids)],
        "product": list(reversed(ids)),
        "date": [f"2024-03-{1 + row % 28:02}" for row in range(n)],
        "amount": [f"{row % 5}.50" for row in range(n)],
    }
    if container == "python":
        return pd.DataFrame(columns, dtype=object)
    series = {name: CONTAINERS[container](texts) for name, texts in columns.items()}
    if container.startswith("polars"):
        return pl.DataFrame(series)
    return pd.DataFrame(series) if container.startswith("pandas") else pa.table(series)


@pytest.mark.parametrize(
    "texts", ["ids", "missing", "7 to 9 bytes", "scripts", "placeholders"]
)
@pytest.mark.parametrize("container", CONTAINERS)
def test_tables_are_those_of_python_objects(container: str, texts: str) -> None:
    names = {name: name for name in ("date", "amount")}
    options: dict[str, Any] = {
        **names,
        "customer_id": "customer",
        "order_id": "order",
        "as_of": dt.date(2024, 12, 31),
        "invalid": {
            "missing customer": "exclude",
            "missing order id": "exclude",
            "placeholder customer": "keep",
            "placeholder order id": "exclude",
        },
        "return_report": True,
    }
    lines, objects = (_lines(kind, TEXTS[texts]) for kind in (container, "python"))
    features = functools.partial(customer_features, product="product")
    functions: list[Any] = [rfm_table, features]
    for function in functions:
        wanted, wanted_report = function(objects, **options)
        table, report = function(lines, **options)
        assert report == wanted_report
        for column in wanted.columns:
            values = [None if v != v else v for v in values_of(table, column)]
            assert values == [None if v != v else v for v in values_of(wanted, column)]


@pytest.mark.parametrize("container", CONTAINERS)
def test_plain_series_keeps_texts_numbered(container: str) -> None:
    frame = nw.from_native(_lines(container, TEXTS["ids"]), eager_only=True)
    assert text_codes(plain_series(frame, "customer")) is not None


def test_views_of_arrow_are_texts() -> None:
    string_view = getattr(pa, "string_view", None)
    if string_view is None:
        pytest.skip("this version of pyarrow has no views of texts")
    views = pa.table({"text": pa.array(["b", None, "a", "b"], string_view())})
    numbered = text_codes(plain_series(nw.from_native(views, eager_only=True), "text"))
    assert numbered is not None
    assert numbered[0].tolist() == [0, -1, 1, 0]
