"""The segment of each customer, by the customer's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skseg._core._vector import read_vector
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import is_missing_value
from skseg.rules._frames import read_frame

from ._segmentation import Segmentation, names_by_code, segmentation_of_labels

OWNER = "profile_items"
_RULE = (
    "a pandas.Series indexed by customer id, a mapping of ids to codes, a pair (ids, "
    "codes), or a frame of the customer ids and one column of codes"
)


class CustomerCodes(NamedTuple):
    """The segments, and the ids of the customers in the order of their places."""

    ids: pd.Index[Any]
    segmentation: Segmentation

    def customers_of(self, ids: Any) -> IntArray:
        """Return the position of the customer of each id, -1 for unknown ones."""
        return np.asarray(self.ids.get_indexer(pd.Index(ids)), dtype=np.intp)


def read_customer_codes(
    codes: Any, customer_id: str, segment_names: Any
) -> CustomerCodes:
    """Return the customers and their segments, or raise."""
    ids, labels = _ids_and_labels(codes, customer_id)
    names = names_by_code(segment_names, OWNER)
    vector = read_vector(OWNER, "codes", labels, title="The 'codes'")
    known = read_vector(OWNER, "codes", ids, len(vector), title="The ids of 'codes'")
    values = known.labels()
    missing = [row for row, value in enumerate(values) if is_missing_value(value)]
    if not len(values) or missing:
        given = "no customer" if not missing else f"none in row {missing[0]}"
        raise InvalidDataError(
            f"The 'codes' of {OWNER} need the id of every customer. Got {given}.",
            owner=OWNER,
            name="codes",
            row=missing[0] if missing else None,
        )
    index = pd.Index(values)
    if index.has_duplicates:
        row = int(index.duplicated().argmax())
        twice = index.tolist()[row]
        raise InvalidDataError(
            f"The 'codes' of {OWNER} must have one code per customer. The id "
            f"{twice!r} occurs again in row {row}.",
            owner=OWNER,
            name="codes",
            rule="one code per customer",
            value=twice,
            row=row,
        )
    return CustomerCodes(index, segmentation_of_labels(vector, names, labels))


def _ids_and_labels(codes: Any, customer_id: str) -> tuple[Any, Any]:
    index = getattr(codes, "index", None)
    if isinstance(index, pd.MultiIndex):
        advice = f"Its index has {index.nlevels} levels: keep the customer id alone."
        raise InvalidParameterError(OWNER, "codes", _RULE, codes, advice=advice)
    if isinstance(codes, pd.Series):
        return codes.index, codes
    if isinstance(codes, Mapping):
        return list(codes), list(codes.values())
    if isinstance(codes, tuple) and len(codes) == 2:
        return codes
    frame = None if isinstance(codes, np.ndarray | list | tuple) else _frame(codes)
    if frame is None:
        raise InvalidParameterError(OWNER, "codes", _RULE, codes)
    others = [name for name in frame.columns if name != customer_id]
    if len(others) != 1 or (
        len(others) == len(frame.columns) and not isinstance(codes, pd.DataFrame)
    ):
        raise InvalidParameterError(
            OWNER,
            "codes",
            _RULE,
            codes,
            advice=f"Its columns are {', '.join(map(repr, frame.columns))}: keep "
            f"{customer_id!r} and the one of the codes.",
        )
    labels = frame.get_column(others[0]).to_native()
    if len(others) == len(frame.columns):
        return codes.index, labels
    return frame.get_column(customer_id), labels


def _frame(codes: Any) -> Any:
    return read_frame(codes, OWNER, "codes")
