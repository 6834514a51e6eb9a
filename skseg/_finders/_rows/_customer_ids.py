"""The ids that tell which rows belong to the same customer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._vector import read_vector
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, representation

from ._labels import can_be_label, labels_of_one_text


def read_customers(owner: str, cluster: Any, n_rows: int) -> IntArray:
    """Return the customer of each row as a number from 0 on, or raise.

    Ids are labels of any kind: texts, whole numbers, dates. Numbers are in the order of
    the ids where these have one, so that they do not depend on the order of the rows.
    """
    vector = read_vector(owner, "cluster", cluster, n_rows)
    ids = vector.labels()
    if ids.dtype.kind == "O":
        _check_known(owner, ids)
    try:
        codes, distinct = pd.factorize(ids)
        is_mixed = distinct.dtype.kind == "O" and len(set(map(type, distinct))) > 1
        same = labels_of_one_text(distinct) if is_mixed else None
    except (TypeError, ValueError):
        row = next(i for i, value in enumerate(ids) if not can_be_label(value))
        raise InvalidDataError(
            f"cluster of {owner} must be texts, numbers or dates. Got "
            f"{representation(ids[row])} at row {row}.",
            owner=owner,
            name="cluster",
            rule="texts, numbers or dates",
            value=ids[row],
            row=row,
        ) from None
    if same is not None:
        raise _mixed_ids(owner, *same)
    try:
        order = np.argsort(distinct, kind="stable")
    except TypeError:  # ids without an order, such as members of an Enum
        order = np.argsort(distinct.astype(str), kind="stable")
    place = np.empty(len(distinct), dtype=np.intp)
    place[order] = np.arange(len(distinct))
    return place[codes]


def repeated_customers(cluster: IntArray, weight: FloatArray) -> IntArray | None:
    """Return the customers of the rows; None if all that count have one row each.

    Weights other than one are repetitions of a row, and so of its customer.
    """
    counted = weight > 0
    has_one_row = np.bincount(cluster[counted]).max(initial=0) <= 1
    return None if has_one_row and (weight[counted] == 1).all() else cluster


def _check_known(owner: str, ids: npt.NDArray[Any]) -> None:
    is_absent = np.array([value is None for value in ids], dtype=bool)
    if not is_absent.any():
        return
    row = int(is_absent.argmax())
    raise InvalidDataError(
        f"cluster of {owner} must be known: it is the customer of each row. Got a "
        f"missing id at row {row}, {np.count_nonzero(is_absent)} in all.",
        owner=owner,
        name="cluster",
        rule="known ids",
        value=None,
        row=row,
        advice="Leave such rows out, or give each of them an id of its own if they are "
        "different customers.",
    )


def _mixed_ids(owner: str, first: Any, second: Any) -> InvalidDataError:
    return InvalidDataError(
        f"cluster of {owner} must be ids of one kind. Got {first!r} "
        f"({type(first).__name__}) and {second!r} ({type(second).__name__}), "
        "which may be the same customer.",
        owner=owner,
        name="cluster",
        rule="ids of one kind",
        value=(first, second),
        advice="Convert the ids, as by [str(id) for id in cluster].",
    )
