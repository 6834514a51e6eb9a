"""Two assignments of customers, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._names_of_segments import (
    codes_of_names,
    names_that_occur,
    texts_or_none,
)
from skseg._core._vector import Vector, read_vector
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError

from ._customers import comparable_customers


class Assignments(NamedTuple):
    """Codes of the same customers in two assignments; each is in one at least."""

    first: IntArray  # undefined for customers who are not in the assignment
    second: IntArray
    in_first: BoolArray
    in_second: BoolArray
    customers: pd.Index[Any] | None  # None: both are arrays in the same order
    names: dict[int, str] | None = None  # names by code, where the labels are names


def read_assignments(
    owner: str,
    first: Any,
    second: Any,
    names: tuple[str, str],
    segment_names: Mapping[int, str] | None = None,
    *,
    may_be_names: bool = False,
) -> Assignments:
    """Return two assignments side by side, or raise.

    Two pandas Series are matched by their index, anything else by position. Labels may
    be names of segments if `may_be_names`: those in `segment_names`, or any if it is
    None.
    """
    first, second = map(_column_of_frame, (first, second))
    vectors = [
        _read(owner, name, labels)
        for name, labels in zip(names, (first, second), strict=True)
    ]
    named, codes = segment_names, []
    texts = [texts_or_none(vector) if may_be_names else None for vector in vectors]
    if segment_names is None and None not in texts:
        named = names_that_occur(*(t for t in texts if t is not None))
    for vector, labels in zip(vectors, texts, strict=True):
        if labels is None or named is None:
            codes.append(_codes(vector, is_named=labels is not None))
        else:
            codes.append(codes_of_names(vector, labels, named))
    found_names = None if texts == [None, None] or named is None else dict(named)
    if not (isinstance(first, pd.Series) and isinstance(second, pd.Series)):
        if len(codes[0]) != len(codes[1]):
            raise InvalidDataError(
                f"The {names[0]!r} and {names[1]!r} of {owner} must be of the same "
                f"customers, in the same order. Got {len(codes[0])} and "
                f"{len(codes[1])}.",
                owner=owner,
                name=names[1],
                rule=f"of the same customers as {names[0]!r}, in the same order",
                value=len(codes[1]),
                advice="Pass two pandas Series with customers as their index if they "
                "are not the same.",
            )
        everyone = np.ones(len(codes[0]), dtype=bool)
        return Assignments(codes[0], codes[1], everyone, everyone, None, found_names)
    indexes = comparable_customers(owner, names, [first.index, second.index])
    customers = indexes[0].union(indexes[1], sort=False)
    places = [index.get_indexer(customers) for index in indexes]
    # The place of absent customers is -1: they get the last code, if there is any.
    aligned = [
        values[place] if len(values) else np.zeros(len(place), dtype=np.intp)
        for values, place in zip(codes, places, strict=True)
    ]
    present = [place >= 0 for place in places]
    return Assignments(
        aligned[0], aligned[1], present[0], present[1], customers, found_names
    )


def _column_of_frame(labels: Any) -> Any:
    """Return the column of a frame of pandas that has one, with its index."""
    is_column = isinstance(labels, pd.DataFrame) and labels.shape[1] == 1
    return labels.iloc[:, 0] if is_column else labels


def check_codes(owner: str, name: str, values: Any) -> IntArray:
    """Return codes of segments, or raise."""
    return _codes(_read(owner, name, values), is_named=False)


def _read(owner: str, name: str, labels: Any) -> Vector:
    if hasattr(labels, "fit"):
        rule = "the codes of segments, one a customer"
        raise InvalidDataError(
            f"The {name!r} of {owner} must be {rule}. Got an estimator, "
            f"{type(labels).__name__}.",
            owner=owner,
            name=name,
            rule=rule,
            value=labels,
            advice="Pass its labels_, or what its predict returns.",
        )
    return read_vector(owner, name, labels, title=f"The {name!r}")


def _codes(vector: Vector, *, is_named: bool) -> IntArray:
    """Return whole numbers from -1 on, or raise."""
    rule = "whole numbers from 0 on, and -1 for noise"
    advice = None
    try:
        codes = vector.codes()
    except InvalidDataError as error:
        value, row, advice = _plain(error.value), error.row, error.advice
        fault = f"{vector.dtype} values such as {value!r}"
    else:
        if codes.min(initial=0) >= -1:
            return codes
        row = int(codes.argmin())
        value = int(codes[row])
        fault = f"{value}"
    if is_named:
        advice = "Names beside codes need segment_names."
    if isinstance(value, str) and not is_named:
        advice = "Pass codes, such as labels_."
    raise InvalidDataError(
        f"{vector.subject} must be codes of segments: {rule}. Got {fault}.",
        owner=vector.owner,
        name=vector.name,
        rule=rule,
        value=value,
        row=row,
        advice=advice,
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def used_codes(codes: IntArray) -> IntArray:
    """Return the distinct codes in ascending order, with noise last."""
    used = np.unique(codes)
    return np.append(used[used >= 0], used[used < 0])


def contingency_table(
    first: IntArray,
    second: IntArray,
    rows: IntArray,
    columns: IntArray,
    weight: FloatArray | None = None,
) -> npt.NDArray[Any]:
    """Return the number of customers, or their weight, by pair of codes."""
    place = pd.Index(rows).get_indexer(pd.Index(first)) * len(columns)
    place += pd.Index(columns).get_indexer(pd.Index(second))
    counts = np.bincount(place, weight, minlength=len(rows) * len(columns))
    return counts.reshape(len(rows), len(columns))
