"""Labels of silhouettes: every container and type that holds the same segments."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.cluster import DBSCAN

from skseg import InductiveSegmenter
from skseg.exceptions import InvalidDataError
from skseg.metrics import silhouette_samples, silhouette_score

X = [[0.0], [1.0], [5.0], [7.0], [99.0]]
CODES = [0, 0, 1, 1, -1]
WIDTHS = silhouette_samples(X[:4], CODES[:4])
ARROW = pa.array(CODES)
NOISY: dict[str, Any] = {
    "list": CODES,
    "tuple": tuple(CODES),
    "object": np.array(CODES, dtype=object),
    "object of numpy": np.array([np.int8(c) for c in CODES], dtype=object),
    "object of floats": np.array([float(c) for c in CODES], dtype=object),
    "object of both": np.array([0, 0.0, 1, np.int64(1), -1.0], dtype=object),
    "Decimal": [Decimal(c) for c in CODES],
    "Fraction": [Fraction(c) for c in CODES],
    **{name: np.array(CODES, dtype=name) for name in ("i1", "i2", "i4", "i8")},
    **{name: np.array(CODES, dtype=name) for name in ("f2", "f4", "f8", ">i4", ">f8")},
    "Series": pd.Series(CODES, index=list("vwxyz")),
    "Series object": pd.Series(CODES, dtype=object),
    "Series Int64": pd.Series(CODES, dtype="Int64"),
    "Series Int8": pd.Series(CODES, dtype="Int8"),
    "Series Float64": pd.Series(CODES, dtype="Float64"),
    "Series arrow": pd.Series(CODES, dtype="int64[pyarrow]"),
    "Series arrow float": pd.Series(CODES, dtype="double[pyarrow]"),
    "Series category": pd.Series(CODES).astype("category"),
    "Series sparse": pd.Series(CODES).astype(pd.SparseDtype("int64")),
    "Categorical": pd.Categorical(CODES),
    "Index": pd.Index(CODES),
    "IntegerArray": pd.array(CODES, dtype="Int64"),
    "polars": pl.Series(CODES),
    "polars Int128": pl.Series(CODES, dtype=pl.Int128),
    "polars Float32": pl.Series(CODES, dtype=pl.Float32),
    "polars Decimal": pl.Series([Decimal(c) for c in CODES]),
    "arrow": ARROW,
    "arrow int8": ARROW.cast(pa.int8()),
    "arrow dictionary": ARROW.dictionary_encode(),
    "arrow chunked": pa.chunked_array([ARROW[:2], ARROW[2:]]),
    "arrow decimal": ARROW.cast(pa.decimal128(20, 0)),
    "names": ["loyal", "loyal", "new", "new", "Noise"],
    "names outside": ["loyal", "loyal", "new", "new", "outside"],
    "object names": np.array(["b", "b", "a", "a", "Noise"], dtype=object),
    "numpy names": np.array(["b", "b", "a", "a", "Noise"]),
    "category names": pd.Series(["b", "b", "a", "a", "Noise"], dtype="category"),
    "string names": pd.Series(["b", "b", "a", "a", "Noise"], dtype="string"),
    "arrow names": pa.array(["b", "b", "a", "a", "Noise"]),
    "arrow dictionary names": pa.array(
        ["b", "b", "a", "a", "Noise"]
    ).dictionary_encode(),
    "polars names": pl.Series(["b", "b", "a", "a", "Noise"]),
    "polars Categorical": pl.Series(
        ["b", "b", "a", "a", "Noise"], dtype=pl.Categorical
    ),
    "polars Enum": pl.Series(
        ["b", "b", "a", "a", "Noise"], dtype=pl.Enum(["Noise", "b", "a"])
    ),
}
PLAIN: dict[str, Any] = {
    **{name: np.array([3, 3, 7, 7], dtype=name) for name in ("u1", "u2", "u4", "u8")},
    "large u8": np.array([2**64 - 1, 2**64 - 1, 2**64 - 2, 2**64 - 2], dtype="u8"),
    "large Int64": pd.Series([2**60, 2**60, 2**60 + 1, 2**60 + 1], dtype="Int64"),
    "UInt8": pd.Series([3, 3, 7, 7], dtype="UInt8"),
    "arrow uint16": pa.array([3, 3, 7, 7], pa.uint16()),
    "bool": np.array([True, True, False, False]),
    "object bool": np.array([True, True, False, False], dtype=object),
    "boolean": pd.Series([True, True, False, False], dtype="boolean"),
    "halves": [0.5, 0.5, 1.5, 1.5],
    "noise is a name": ["noise", "noise", "NOISE", "NOISE"],
    "empty name": ["", "", " ", " "],
    "dates": [dt.date(2024, 1, 1)] * 2 + [dt.date(2024, 1, 2)] * 2,
    "datetime64": np.array(["2024-01-01"] * 2 + ["2024-01-02"] * 2, dtype="M8[D]"),
    "tuples": pd.Series([("a", 1)] * 2 + [("a", 2)] * 2),
}
UNKNOWN: dict[str, tuple[Any, int]] = {
    "NaN": ([0, 0, np.nan, 1], 2),
    "infinity": ([0, 0, 1, np.inf], 3),
    "object NaN": (np.array([0, 0, 1, np.nan], dtype=object), 3),
    "object None": (np.array([0, None, 1, 1], dtype=object), 1),
    "object NA": (np.array([0, 0, pd.NA, 1], dtype=object), 2),
    "object infinity": (np.array([0, 0, 1, -np.inf], dtype=object), 3),
    "names None": (["a", "a", None, "b"], 2),
    "names NaN": (np.array(["a", np.nan, "b", "b"], dtype=object), 1),
    "Int64 NA": (pd.Series([0, 0, pd.NA, 1], dtype="Int64"), 2),
    "Int64 arrow NA": (pd.Series([0, 0, pd.NA, 1], dtype="int64[pyarrow]"), 2),
    "boolean NA": (pd.Series([True, False, pd.NA, True], dtype="boolean"), 2),
    "Float64 NA": (pd.Series([0, 0, pd.NA, 1], dtype="Float64"), 2),
    "category NaN": (pd.Series(["a", "a", None, "b"], dtype="category"), 2),
    "string NA": (pd.Series(["a", "a", None, "b"], dtype="string"), 2),
    "polars null": (pl.Series([0, 0, None, 1]), 2),
    "polars NaN": (pl.Series([0.0, 0.0, float("nan"), 1.0]), 2),
    "arrow null": (pa.array([0, 0, None, 1]), 2),
    "arrow dictionary null": (pa.array([0, 0, None, 1]).dictionary_encode(), 2),
    "NaT": (np.array(["2024-01-01", "NaT", "2024-01-02", "NaT"], dtype="M8[D]"), 1),
    "numbers and texts": (np.array([0, 0, "1", 1], dtype=object), 2),
    "texts and numbers": (np.array(["a", "a", "b", -1], dtype=object), 3),
    "numbers and flags": (np.array([0, 0, True, True], dtype=object), 2),
}


@pytest.mark.parametrize("labels", NOISY.values(), ids=NOISY)
def test_noise_is_noise_in_every_type(labels: Any) -> None:
    assert round(silhouette_score(X, labels), 3) == 0.72
    widths = silhouette_samples(X, labels)
    np.testing.assert_array_equal(widths, [*WIDTHS, np.nan])


@pytest.mark.parametrize("labels", PLAIN.values(), ids=PLAIN)
def test_all_other_labels_are_segments(labels: Any) -> None:
    np.testing.assert_array_equal(silhouette_samples(X[:4], labels), WIDTHS)
    assert silhouette_score(X[:4], labels) == pytest.approx(WIDTHS.mean())


@pytest.mark.parametrize(("labels", "row"), UNKNOWN.values(), ids=UNKNOWN)
def test_labels_that_are_missing_or_mixed_are_refused(labels: Any, row: int) -> None:
    for function in (silhouette_score, silhouette_samples):
        with pytest.raises(InvalidDataError, match="must be known, and all") as caught:
            function(X[:4], labels)
        assert (caught.value.name, caught.value.row) == ("labels", row)


@pytest.mark.parametrize("as_labels", [list, np.array, pl.Series, pa.array])
def test_the_text_of_minus_one_is_refused(as_labels: Any) -> None:
    texts = [str(code) for code in CODES]
    with pytest.raises(InvalidDataError, match="noise or a name") as caught:
        silhouette_score(X, as_labels(texts))
    assert "labels.astype(int)" in str(caught.value)
    labels = np.asarray(texts)
    assert round(silhouette_score(X, labels.astype(int)), 3) == 0.72
    labels[-1] = "far"
    assert silhouette_score(X, labels) < 0.72


def test_fewer_labels_than_rows_are_counted() -> None:
    for function in (silhouette_score, silhouette_samples):
        with pytest.raises(InvalidDataError, match="Got 4 values and 5 rows"):
            function(X, CODES[:4])


def test_names_of_a_segmenter_are_its_codes() -> None:
    random = np.random.default_rng(0)
    rows = np.vstack([random.normal(size=(40, 2)), random.normal(9, 1, (40, 2))])
    segmenter = InductiveSegmenter(DBSCAN(eps=0.8)).fit(rows)
    assert (segmenter.labels_ < 0).any()
    names = segmenter.segment_names_[segmenter.labels_]
    assert silhouette_score(rows, names) == silhouette_score(rows, segmenter.labels_)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array(CODES, dtype=float).astype(str), "'-1.0', which may be noise"),
        (["a", "a", "b", "b", "nan"], "'nan', which may be missing"),
        (["a", "a", "b", "b", "<NA>"], "'<NA>', which may be missing"),
        (np.array(["b", "b", "a", "a", "Noise"]).astype(bytes), "Decode them"),
        (pa.array([b"b", b"b", b"a", b"a", b"Noise"]), "Decode them"),
        (pd.Series([[code] for code in CODES]), r"Got \[0\] at row 0"),
        (pl.Series([{"code": code} for code in CODES]), "at row 0"),
    ],
    ids=["-1.0", "nan", "NA", "bytes", "arrow binary", "lists", "structs"],
)
def test_labels_that_hide_noise_or_missing_ones_are_refused(
    labels: Any, message: str
) -> None:
    with pytest.raises(InvalidDataError, match=message):
        silhouette_score(X, labels)


def test_the_text_of_float_codes_is_converted_as_advised() -> None:
    texts = np.array(CODES, dtype=float).astype(str)
    with pytest.raises(InvalidDataError, match=r"as labels.astype\(float\)"):
        silhouette_score(X, texts)
    assert round(silhouette_score(X, texts.astype(float)), 3) == 0.72
    names = pd.Series(["b", "b", "a", "a", "Noise"]).str.encode("utf-8")
    assert round(silhouette_score(X, names.str.decode("utf-8")), 3) == 0.72
