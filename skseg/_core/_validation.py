"""Reading what users pass: frames and arrays, weights, parameters."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeGuard

import narwhals as nw
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import column_or_1d, validate_data

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a real number, which True and False are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_int(owner: str, name: str, value: object, low: int, high: int) -> int:
    """Return `value` as an int if it lies in [low, high], else raise."""
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_int or not low <= value <= high:  # type: ignore[operator]
        raise InvalidParameterError(owner, name, f"an int in [{low}, {high}]", value)
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_choice(owner: str, name: str, value: object, choices: Sequence[str]) -> None:
    """Raise if `value` is not one of the `choices`."""
    if not isinstance(value, str) or value not in choices:
        rule = " or ".join(map(repr, choices))
        raise InvalidParameterError(owner, name, rule, value)


def check_size(owner: str, name: str, value: object, total: float) -> float | None:
    """Return a bound of sizes in rows: a count, or a share of the `total`; or raise."""
    if value is None:
        return None
    if is_number(value):
        is_count = isinstance(value, numbers.Integral)
        if is_count and float(value) >= 1:
            return float(value)
        if not is_count and 0 < float(value) < 1:
            # As the decimal number that it prints as: 0.07 of 100 rows are 7.
            return float(Fraction(repr(float(value))) * Fraction(total))
    rule = "None, an int in [1, inf) or a float in (0, 1)"
    raise InvalidParameterError(owner, name, rule, value)


def check_outcome(owner: str, y: Any, needed: BoolArray | int) -> FloatArray:
    """Return an outcome as float64, finite where `needed`, or raise.

    `needed` is a mask of the rows, or their number if all of them need an outcome.
    """
    values = column_or_1d(y, warn=True)
    n_rows = needed if isinstance(needed, int) else len(needed)
    if len(values) != n_rows:
        raise InvalidDataError(
            f"y must have one outcome a row of X. Got {len(values)} outcomes and "
            f"{n_rows} rows.",
            owner=owner,
            name="y",
            rule="one outcome a row of X",
            value=len(values),
        )
    try:
        outcome: FloatArray = values.astype(np.float64)
    except (TypeError, ValueError):
        raise InvalidDataError(
            f"The outcome y of {owner} must be numbers, such as 0 / 1 or revenue. Got "
            f"{values.dtype} values such as {values[0]!r}.",
            owner=owner,
            name="y",
            rule="numbers, such as 0 / 1 or revenue",
            value=values[0],
        ) from None
    if values.dtype.kind in "biu":
        return outcome
    is_invalid = ~np.isfinite(outcome)
    if not isinstance(needed, int):
        is_invalid &= needed
    if is_invalid.any():
        row = int(np.argmax(is_invalid))
        raise InvalidDataError(
            f"The outcome y of {owner} must be known and finite. Got {outcome[row]} at "
            f"row {row}.",
            owner=owner,
            name="y",
            rule="known and finite",
            value=float(outcome[row]),
            row=row,
            advice="Leave such rows out, or say what they count as.",
        )
    return outcome


def positional_names(n_columns: int) -> list[str]:
    """Return the names x0, x1, ... of the columns of an array."""
    return [f"x{i}" for i in range(n_columns)]


def read_columns(
    estimator: BaseEstimator, X: Any, *, reset: bool, min_features: int = 1
) -> Columns:
    """Return the columns of `X` under the names that `estimator` knows them by.

    Sets or checks ``n_features_in_`` and ``feature_names_in_`` as scikit-learn does.
    The columns of a frame are converted one by one, when they are read.
    """
    owner = type(estimator).__name__
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        array = validate_data(
            estimator,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_all_finite=False,
            ensure_min_features=min_features,
        )
        names = _known_names(estimator)
        values = {name: array[:, i] for i, name in enumerate(names)}
        return Columns(values, owner)
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    n_rows, n_columns = frame.shape
    for count, least, what in ((n_rows, 1, "row"), (n_columns, min_features, "column")):
        if count < least:
            raise InvalidDataError(
                f"{owner} needs a frame with at least {least} {what}(s). Got shape "
                f"{frame.shape}.",
                owner=owner,
                name="X",
                rule=f"a frame with at least {least} {what}(s)",
                value=frame.shape,
            )
    names = _known_names(estimator)
    if list(frame.columns) != names:
        frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    return Columns(frame, owner)


def _known_names(estimator: Any) -> list[str]:
    known = getattr(estimator, "feature_names_in_", None)
    if known is None:
        return positional_names(estimator.n_features_in_)
    return [str(name) for name in known]


def check_sample_weight(
    sample_weight: Any, n_rows: int, owner: str | None = None
) -> FloatArray | None:
    """Return the weights as float64, or None for none; raise on bad ones."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_rows,):
        raise InvalidDataError(
            f"sample_weight must have shape ({n_rows},), one weight a row. Got shape "
            f"{weight.shape} instead.",
            owner=owner,
            name="sample_weight",
            rule=f"of shape ({n_rows},), one weight a row",
            value=weight.shape,
        )
    is_valid = np.isfinite(weight) & (weight >= 0)
    if not is_valid.all():
        row = int(np.argmin(is_valid))
        raise InvalidDataError(
            f"sample_weight must be finite and not negative. Got {weight[row]} at row "
            f"{row}.",
            owner=owner,
            name="sample_weight",
            rule="finite and not negative",
            value=float(weight[row]),
            row=row,
        )
    if not weight.any():
        raise InvalidDataError(
            "sample_weight must not be zero for every row.",
            owner=owner,
            name="sample_weight",
            rule="above 0 for some row",
            value=0.0,
        )
    return weight
