"""Reading two assignments of customers: their codes, side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import column_or_1d

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError


class Assignments(NamedTuple):
    """Codes of the same customers at two times, and where there are any.

    Attributes
    ----------
    first, second : ndarray of int of shape (n_customers,)
        Codes; what stands where there is none means nothing.
    in_first, in_second : ndarray of bool of shape (n_customers,)
        Whether the customer has a code there; every one has at least one.
    customers : Index or None
        Who they are; None if both are arrays, in the same order.
    """

    first: IntArray
    second: IntArray
    in_first: BoolArray
    in_second: BoolArray
    customers: pd.Index[Any] | None


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
                f"{len(codes[1])}. Pass two pandas Series with customers as their "
                "index if they are not the same."
            )
        everyone = np.ones(len(codes[0]), dtype=bool)
        return Assignments(codes[0], codes[1], everyone, everyone, None)
    for name, series in zip(names, (first, second), strict=True):
        check_customers(owner, name, series.index)
    customers = first.index.union(second.index, sort=False)
    places = [series.index.get_indexer(customers) for series in (first, second)]
    # Who is absent is at place -1, so the last code stands there, if there is any.
    spread = [
        own[place] if len(own) else np.zeros(len(place), dtype=np.intp)
        for own, place in zip(codes, places, strict=True)
    ]
    return Assignments(spread[0], spread[1], places[0] >= 0, places[1] >= 0, customers)


def check_codes(owner: str, name: str, values: Any) -> IntArray:
    """Return codes of segments, or raise."""
    codes = np.asarray(column_or_1d(values))
    if not len(codes):
        return codes.astype(np.intp)
    got = ""
    if codes.dtype.kind not in "iu":
        got = f"{codes.dtype} values such as {codes.tolist()[0]!r}"
    elif codes.min() < -1:
        got = f"{codes.min()}"
    if got:
        raise InvalidDataError(
            f"The {name!r} of {owner} must be codes of segments: whole numbers from 0 "
            f"on, and -1 for noise. Got {got}."
        )
    return codes.astype(np.intp)


def check_customers(owner: str, name: str, customers: pd.Index[Any]) -> None:
    """Raise if a customer is there twice, or unknown."""
    for is_wrong, what in (
        (customers.duplicated(), "once"),
        (customers.isna(), "known"),
    ):
        if is_wrong.any():
            raise InvalidDataError(
                f"The index of {name!r} of {owner} must be customers, each of them "
                f"{what}. Got {customers[is_wrong][0]!r}."
            )


def used_codes(codes: IntArray) -> IntArray:
    """Return the codes in ascending order, each once, and noise last."""
    used = np.unique(codes)
    return np.append(used[used >= 0], used[used < 0])


def crossed(
    first: IntArray,
    second: IntArray,
    rows: IntArray,
    columns: IntArray,
    weight: FloatArray | None = None,
) -> npt.NDArray[Any]:
    """Return how many customers, or what weight, have each pair of these codes."""
    place = pd.Index(rows).get_indexer(pd.Index(first)) * len(columns)
    place += pd.Index(columns).get_indexer(pd.Index(second))
    counts = np.bincount(place, weight, minlength=len(rows) * len(columns))
    return counts.reshape(len(rows), len(columns))
