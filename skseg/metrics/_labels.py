"""Labels of segments, as codes or names in any container, for silhouettes."""

from __future__ import annotations

import math
import numbers
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._vector import read_vector
from skseg._typing import BoolArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import is_missing_value
from skseg.rules._reserved_names import NOISE, OUTSIDE

_RULE = "known, and all numbers or all texts"
_AS_CODES = "Pass codes as whole numbers, as labels.{}, or give the segment a name."
_AS_MISSING = "Leave such rows out, or give them a label."
# What becomes of noise and of missing labels when they are converted to text.
_AMBIGUOUS_TEXTS = {
    "-1": ("noise", _AS_CODES.format("astype(int)")),
    "-1.0": ("noise", _AS_CODES.format("astype(float)")),
    **dict.fromkeys(("nan", "<NA>", "NaT"), ("missing", _AS_MISSING)),
}
# Labels that would hide noise: b"Noise" is no text, and [-1] no number.
_REFUSED_TYPES = (bytes, list, dict, set)


def read_labels(owner: str, labels: Any, n_rows: int) -> IntArray:
    """Return codes from 0 on in the order of the labels, -1 for noise; or raise.

    Noise is the number -1, of whatever type, and the names that segmenters give it.
    """
    vector = read_vector(owner, "labels", labels, n_rows, title="The labels")
    # The values of a float column are looked at as an array, others one by one.
    is_float = getattr(vector.dtype, "kind", None) == "f"
    values = vector.numbers() if is_float else vector.labels()
    if values.dtype.kind not in "biu":
        _check_kinds(owner, values)
    try:
        used, codes = np.unique(values, return_inverse=True)
    except TypeError:
        raise _wrong_label(owner, values[0], None) from None
    is_noise = _is_noise(owner, used)
    code_of = np.where(is_noise, -1, np.cumsum(~is_noise) - 1)
    return np.asarray(code_of[codes], dtype=np.intp)


def _check_kinds(owner: str, values: npt.NDArray[Any]) -> None:
    """Raise unless all labels are known and of one kind."""
    if values.dtype.kind == "f":
        is_known = np.isfinite(values)
        if not is_known.all():
            row = int(np.argmin(is_known))
            raise _wrong_label(owner, float(values[row]), row)
        return
    kinds = [_kind(value) for value in values]
    if None in kinds or len(set(kinds)) > 1:
        wrong = None if None in kinds else next(k for k in kinds if k != kinds[0])
        row = kinds.index(wrong)
        raise _wrong_label(owner, values[row], row)


def _kind(value: Any) -> str | None:
    """Return what a label is, None for one that is missing, infinite or refused."""
    if is_missing_value(value) or isinstance(value, _REFUSED_TYPES):
        return None
    if isinstance(value, bool | str):
        return type(value).__name__
    if isinstance(value, numbers.Real | Decimal):
        return "number" if math.isfinite(value) else None
    return type(value).__name__


def _is_noise(owner: str, used: npt.NDArray[Any]) -> BoolArray:
    """Tell which of the different labels stand for noise."""
    if used.dtype.kind != "O" or not isinstance(used[0], str):
        return np.asarray(used == -1, dtype=bool)
    for text, (meaning, advice) in _AMBIGUOUS_TEXTS.items():
        if text in used.tolist():
            raise InvalidDataError(
                f"The labels of {owner} have the text {text!r}, which may be {meaning} "
                "or a name.",
                owner=owner,
                name="labels",
                rule="codes as whole numbers, or names",
                value=text,
                advice=advice,
            )
    return np.isin(used.astype(str), [NOISE, OUTSIDE])


def _wrong_label(owner: str, value: Any, row: int | None) -> InvalidDataError:
    place = "" if row is None else f" at row {row}"
    advice = _AS_MISSING
    if isinstance(value, bytes):
        advice = "Decode them, as by labels.str.decode('utf-8')."
    return InvalidDataError(
        f"The labels of {owner} must be {_RULE}. Got {value!r}{place}.",
        owner=owner,
        name="labels",
        rule=_RULE,
        value=value,
        row=row,
        advice=advice,
    )
