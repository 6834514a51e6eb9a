"""Two assignments of customers, side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import column_or_1d

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError


class Assignments(NamedTuple):
    """Codes of the same customers in two assignments; each is in one at least."""

    first: IntArray  # undefined for customers who are not in the assignment
    second: IntArray
    in_first: BoolArray
    in_second: BoolArray
    customers: pd.Index[Any] | None  # None: both are arrays in the same order


def read_assignments(
    owner: str, first: Any, second: Any, names: tuple[str, str]
) -> Assignments:
    """Return two assignments side by side, or raise.

    Two pandas Series are matched by their index, anything else by position.
    """
    codes = [
        check_codes(owner, name, values)
        for name, values in zip(names, (first, second), strict=True)
    ]
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
        all_customers = np.ones(len(codes[0]), dtype=bool)
        return Assignments(codes[0], codes[1], all_customers, all_customers, None)
    for name, series in zip(names, (first, second), strict=True):
        check_customers(owner, name, series.index)
    customers = first.index.union(second.index, sort=False)
    places = [series.index.get_indexer(customers) for series in (first, second)]
    # The place of absent customers is -1: they get the last code, if there is any.
    aligned = [
        values[place] if len(values) else np.zeros(len(place), dtype=np.intp)
        for values, place in zip(codes, places, strict=True)
    ]
    present = [place >= 0 for place in places]
    return Assignments(aligned[0], aligned[1], present[0], present[1], customers)


def check_codes(owner: str, name: str, values: Any) -> IntArray:
    """Return codes of segments, or raise."""
    codes = np.asarray(column_or_1d(values))
    if not len(codes):
        return codes.astype(np.intp)
    fault = ""
    if codes.dtype.kind not in "iu":
        fault = f"{codes.dtype} values such as {codes.tolist()[0]!r}"
    elif codes.min() < -1:
        fault = f"{codes.min()}"
    if fault:
        raise InvalidDataError(
            f"The {name!r} of {owner} must be codes of segments: whole numbers from 0 "
            f"on, and -1 for noise. Got {fault}.",
            owner=owner,
            name=name,
            rule="whole numbers from 0 on, and -1 for noise",
            value=codes.min() if codes.dtype.kind in "iu" else codes.tolist()[0],
        )
    return codes.astype(np.intp)


def check_customers(owner: str, name: str, customers: pd.Index[Any]) -> None:
    """Raise if a customer is listed twice, or missing."""
    for is_wrong, what in (
        (customers.duplicated(), "once"),
        (customers.isna(), "known"),
    ):
        if is_wrong.any():
            raise InvalidDataError(
                f"The index of {name!r} of {owner} must be customers, each of them "
                f"{what}. Got {customers[is_wrong][0]!r}.",
                owner=owner,
                name=name,
                rule=f"customers, each of them {what}",
                value=customers[is_wrong][0],
                row=int(np.argmax(is_wrong)),
            )


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
