"""What users pass to profile_segments: features, value, outcome and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._column_errors import column_errors_as_data_errors
from skseg._core._outcome import read_outcome
from skseg._core._validation import check_outcome
from skseg._core._vector import read_vector
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError
from skseg.rules import Columns
from skseg.rules._array_column import ArrayColumn

from ._features import Feature, read_feature
from ._segmentation import OWNER

# A protected column of more numbers is no column of groups.
_MOST_GROUPS = 100


def name_of(role: str, source: Any) -> str | None:
    """Return the name of the value or outcome: that of its column, else its role."""
    if source is None:
        return None
    return str(source) if isinstance(source, str) else role


def column_names(parameter: str, names: Any) -> list[str]:
    """Return the names of columns that a parameter lists, or raise."""
    rule = "different names of columns"
    is_list = isinstance(names, Sequence | np.ndarray | pd.Index)
    if isinstance(names, str) or not is_list:
        advice = f"Write a list: [{names!r}]." if isinstance(names, str) else None
        raise InvalidParameterError(OWNER, parameter, rule, names, advice=advice)
    texts = [str(name) for name in names]
    if len({*texts}) < len(texts):
        raise InvalidParameterError(OWNER, parameter, rule, names)
    return texts


def named_column(columns: Columns, parameter: str, name: str) -> Feature:
    """Return the column that a parameter names, or raise."""
    if name not in columns.names:
        raise MissingColumnError(
            OWNER,
            [name],
            columns.names,
            advice=f"The parameter {parameter!r} names it.",
        )
    return read_feature(columns, name)


def read_features(
    columns: Columns, names: Any, value: Any, outcome: Any, protected: Sequence[str]
) -> list[Feature]:
    """Return the features, in the order of the columns, arrays last."""
    arrays = {
        role: source
        for role, source in (("value", value), ("outcome", outcome))
        if source is not None and not isinstance(source, str)
    }
    for role in arrays:
        if role in columns.names:
            raise InvalidDataError(
                f"X of {OWNER} has a column {role!r}, which is also the name of the "
                f"array that was passed as {role}.",
                owner=OWNER,
                name=role,
                column=role,
                advice=f"Rename the column, or name a column of X: {role}={role!r}.",
            )
    if names is None:
        listed = [name for name in columns.names if name not in protected]
    else:
        listed = column_names("features", names)
    known = [named_column(columns, "features", n) for n in listed if n not in arrays]
    if names is not None:
        arrays = {role: source for role, source in arrays.items() if role in listed}
    added = Columns(
        {role: _plain(columns, role, source) for role, source in arrays.items()}, OWNER
    )
    return known + [read_feature(added, role) for role in arrays]


def _plain(columns: Columns, name: str, values: Any) -> Any:
    """Return one value a row as a column, or raise."""
    vector = read_vector(OWNER, name, values, columns.n_rows, title=f"The {name!r}")
    column = vector.column
    return column.values if isinstance(column, ArrayColumn) else column.series


def read_value(columns: Columns, value: Any) -> FloatArray | None:
    """Return what each customer is worth, None without a value; or raise."""
    if value is None:
        return None
    if isinstance(value, str):
        named_column(columns, "value", value)
        with column_errors_as_data_errors("value"):
            amounts = columns.numbers(value)
    else:
        vector = read_vector(OWNER, "value", value, columns.n_rows, title="The 'value'")
        amounts = vector.numbers()
    is_wrong = ~np.isfinite(amounts)
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise InvalidDataError(
            f"The 'value' of {OWNER} must be known and finite. Got {amounts[row]} at "
            f"row {row}.",
            owner=OWNER,
            name="value",
            rule="known and finite",
            value=float(amounts[row]),
            row=row,
            column=value if isinstance(value, str) else None,
            advice="Say what such customers are worth, as by fillna(0), or leave them "
            "out.",
        )
    return amounts


def read_outcomes(columns: Columns, outcome: Any) -> FloatArray | None:
    """Return the outcome of each customer, None without one; or raise."""
    if outcome is None:
        return None
    if not isinstance(outcome, str):
        return read_outcome(OWNER, outcome, columns.n_rows)[0]
    feature = named_column(columns, "outcome", outcome)
    if feature.kind == "number":
        return check_outcome(OWNER, columns.numbers(outcome), columns.n_rows)
    assert feature.places is not None
    labels = np.array([*feature.levels, None], dtype=object)[feature.places]
    if feature.levels == ("False", "True"):
        return check_outcome(OWNER, feature.numbers, columns.n_rows)
    return read_outcome(OWNER, labels, columns.n_rows)[0]


def as_groups(feature: Feature) -> Feature:
    """Return the groups of a protected column; numbers are groups by their value."""
    if feature.kind == "level":
        return feature
    values = feature.numbers
    distinct, places = np.unique(values, return_inverse=True)
    n_known = int((~np.isnan(distinct)).sum())
    levels = tuple(f"{number:.15g}" for number in distinct[:n_known])
    if len(levels) > _MOST_GROUPS:
        raise too_many_groups_error(feature.name, len(levels))
    places = np.where(places < n_known, places, -1)
    return Feature(feature.name, None, places, levels)


def too_many_groups_error(name: str, n_groups: int) -> InvalidDataError:
    """Return the error of a protected column of `n_groups` numbers, or more."""
    rule = f"a column of at most {_MOST_GROUPS} groups"
    return InvalidDataError(
        f"Column {name!r} of X must be {rule} to be protected. Got {n_groups} "
        "different numbers.",
        owner=OWNER,
        name="protected",
        rule=rule,
        value=n_groups,
        column=name,
        advice="Make it intervals first, as by "
        f"pandas.cut(X[{name!r}], 5).astype(str).",
    )


def no_rows_error() -> InvalidDataError:
    """Return the error of rows of which there is none."""
    return InvalidDataError(
        f"{OWNER} needs at least one row.",
        owner=OWNER,
        name="X",
        rule="at least one row",
        value=0,
    )
