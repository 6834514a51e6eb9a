"""Reading what users pass: frames and arrays, weights, parameters."""

from __future__ import annotations

import numbers
import sys
import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeGuard

import narwhals as nw
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_array,
    validate_data,
)

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns
from skseg.rules._frames import read_frame

from ._caller import caller_level
from ._magnitudes import check_finite_sum
from ._numeric_rows import check_no_times, named_text
from ._vector import read_vector


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
    count_rule = "an int in [1, inf)"
    if is_number(value):
        is_count = isinstance(value, numbers.Integral)
        if is_count and 1 <= value <= sys.float_info.max:
            return float(value)
        if is_count and value > 1:
            # Sizes are sums of weights, which are float64.
            count_rule = f"an int in [1, {sys.float_info.max}]"
        if not is_count and 0 < value < 1:
            # As the decimal number that it prints as: 0.07 of 100 rows are 7.
            return float(Fraction(repr(float(value))) * Fraction(total))
    rule = f"None, {count_rule} or a float in (0, 1)"
    raise InvalidParameterError(owner, name, rule, value)


def check_outcome(owner: str, y: Any, needed: BoolArray | int) -> FloatArray:
    """Return an outcome as a new array of float64, finite where `needed`, or raise.

    `needed` is a mask of the rows, or their number if all of them need an outcome.
    """
    if y is None:
        raise InvalidDataError(
            f"{owner} requires y to be passed, but the target y is None.",
            owner=owner,
            name="y",
        )
    vector = read_vector(owner, "y", y, title="The outcome y")
    n_rows = needed if isinstance(needed, int) else len(needed)
    if len(vector) != n_rows:
        raise InvalidDataError(
            f"y must have one outcome a row of X. Got {len(vector)} outcomes and "
            f"{n_rows} rows.",
            owner=owner,
            name="y",
            rule="one outcome a row of X",
            value=len(vector),
        )
    outcome = vector.numbers("numbers, such as 0 / 1 or revenue").copy()
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


def are_positions(names: Sequence[str]) -> bool:
    """Tell whether names count the columns, as those of a frame of an array do."""
    counted = list(map(str, range(len(names))))
    return list(names) in (counted, positional_names(len(names)))


def read_columns(
    estimator: BaseEstimator, X: Any, *, reset: bool, min_features: int = 1
) -> Columns:
    """Return the columns of `X` under the names that `estimator` knows them by.

    With `reset`, sets ``n_features_in_``, and ``feature_names_in_`` if `X` is a frame.
    Otherwise a frame may have no rows, more columns than that of ``fit``, fewer, and in
    any order: rules find theirs by name, and miss those that are absent. Arrays are
    read by position and must be as wide as in ``fit``. The columns of a frame are
    converted one by one, when they are read.
    """
    owner = type(estimator).__name__
    frame = read_frame(X, owner)
    if frame is None:
        check_no_times(owner, X)
        try:
            array = validate_rows(
                estimator,
                X,
                reset=reset,
                dtype=np.float64,
                ensure_all_finite=False,
                ensure_min_samples=int(reset),
                ensure_min_features=min_features,
            )
        except ValueError as error:
            raise named_text(owner, X, error) from None
        names = _known_names(estimator)
        values = {name: array[:, i] for i, name in enumerate(names)}
        return Columns(values, owner)
    _check_shape(owner, frame.shape, int(reset), min_features if reset else 1)
    if reset:
        _remember_names(estimator, frame)
    elif not hasattr(estimator, "feature_names_in_"):
        frame = _named_by_position(estimator, frame)
    return Columns(frame, owner)


def validate_rows(
    estimator: BaseEstimator, X: Any, *, reset: bool, **options: Any
) -> Any:
    """Return `X` as `validate_data` does; a fitted estimator is not asked for its tags.

    These may depend on parameters, which may have changed since the fit.
    """
    try:
        # A longdouble beyond float64 is infinite, which is refused where it matters.
        with np.errstate(over="ignore"):
            if reset:
                return validate_data(estimator, X, reset=True, **options)
            _check_feature_names(estimator, X, reset=False)
            rows = check_array(X, input_name="X", estimator=estimator, **options)
    except OverflowError:
        owner, rule = type(estimator).__name__, "numbers of the range of float64"
        raise InvalidDataError(
            f"X of {owner} must hold {rule}. Got an integer or a fraction beyond it.",
            owner=owner,
            name="X",
            rule=rule,
            advice="Choose another unit, or leave such rows out.",
        ) from None
    _check_n_features(estimator, rows, reset=False)
    return rows


def read_rows(estimator: BaseEstimator, X: Any, *, reset: bool) -> Any:
    """Return the rows for an estimator inside `estimator`, which checks them itself.

    A frame of new rows gets the columns of ``fit`` in the order of ``fit``. What is no
    frame comes back as it is.

    Raises
    ------
    MissingColumnError
        If a frame lacks columns that ``fit`` has seen.
    """
    owner = type(estimator).__name__
    frame = read_frame(X, owner)
    if frame is None:
        if reset:
            validate_data(estimator, X, skip_check_array=True)
        return X
    _check_shape(owner, frame.shape, int(reset), 1)
    if reset:
        _remember_names(estimator, frame)
    elif not hasattr(estimator, "feature_names_in_"):
        return X
    elif frame.columns != (names := _known_names(estimator)):
        Columns(frame, owner).require(names)
        frame = frame.select(names)
    # scikit-learn reads no names from a table of pyarrow.
    is_arrow = frame.implementation.is_pyarrow()
    return frame.to_pandas() if is_arrow else frame.to_native()


def _check_shape(
    owner: str, shape: tuple[int, int], min_rows: int, min_features: int
) -> None:
    """Raise if a frame is too small; of new rows there may be none."""
    least_shape = (min_rows, min_features)
    for count, least, what in zip(shape, least_shape, ("row", "column"), strict=True):
        if count < least:
            raise InvalidDataError(
                f"{owner} needs a frame with at least {least} {what}(s). Got shape "
                f"{shape}.",
                owner=owner,
                name="X",
                rule=f"a frame with at least {least} {what}(s)",
                value=shape,
            )


def _remember_names(estimator: Any, frame: nw.DataFrame[Any]) -> None:
    """Set the fitted attributes by which scikit-learn knows the columns of a frame."""
    estimator.n_features_in_ = frame.shape[1]
    estimator.feature_names_in_ = np.array(frame.columns, dtype=object)


def _named_by_position(estimator: Any, frame: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Return a frame under the names of an array, as ``fit`` has seen one; or raise."""
    owner = type(estimator).__name__
    if frame.shape[1] != estimator.n_features_in_:
        raise InvalidDataError(
            f"X has {frame.shape[1]} features, but {owner} is expecting "
            f"{estimator.n_features_in_} features as input.",
            owner=owner,
            name="X",
            rule=f"an array or frame of {estimator.n_features_in_} columns",
            value=frame.shape[1],
        )
    if not are_positions(frame.columns):
        warnings.warn(
            f"X has feature names, but {owner} was fitted without feature names. Its "
            "columns are read by position.",
            UserWarning,
            stacklevel=caller_level(),
        )
    names = positional_names(frame.shape[1])
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _known_names(estimator: Any) -> list[str]:
    known = getattr(estimator, "feature_names_in_", None)
    if known is None:
        return positional_names(estimator.n_features_in_)
    return list(known)


def check_sample_weight(
    sample_weight: Any, n_rows: int, owner: str | None = None
) -> FloatArray | None:
    """Return the weights as a new array of float64, None for none; or raise."""
    if sample_weight is None:
        return None
    vector = read_vector(owner, "sample_weight", sample_weight)
    if len(vector) != n_rows:
        raise InvalidDataError(
            f"sample_weight must have shape ({n_rows},), one weight a row. Got shape "
            f"({len(vector)},) instead.",
            owner=owner,
            name="sample_weight",
            rule=f"of shape ({n_rows},), one weight a row",
            value=(len(vector),),
        )
    weight = vector.numbers().copy()
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
    check_finite_sum(owner, "sample_weight", weight)
    return weight
