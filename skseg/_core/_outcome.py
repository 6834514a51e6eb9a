"""Outcomes as numbers: given as numbers, or as one of two labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg._typing import BoolArray, FloatArray, ObjectArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, representation
from skseg.rules import is_missing_value

from ._validation import check_outcome
from ._vector import Vector, read_vector

_FLAGS: ObjectArray = np.array([False, True], dtype=object)


@dataclass(frozen=True)
class OutcomeCoding:
    """How outcomes become numbers.

    `classes` are the two labels in sorted order, of which `positive` counts as 1 and
    the other one as 0; None for outcomes that are numbers already.
    """

    classes: ObjectArray | None = None
    positive: Any = None

    def numbers(self, owner: str, y: Any, needed: BoolArray | int) -> FloatArray:
        """Return outcomes as a new array of float64, finite where `needed`, or raise.

        `needed` is a mask of the rows, or their number if all of them need an outcome.
        """
        if self.classes is None or self.positive is True:
            return check_outcome(owner, y, needed)
        labels = _labels(owner, y, needed)
        strangers = {*labels.tolist()} - {None, *self.classes}
        if strangers:
            row = next(row for row, label in enumerate(labels) if label in strangers)
            rule = f"one of the labels of fit, {_listed(self.classes)}"
            raise InvalidDataError(
                f"The outcome y of {owner} must be {rule}. Got "
                f"{representation(labels[row])} at row {row}.",
                owner=owner,
                name="y",
                rule=rule,
                value=labels[row],
                row=row,
            )
        return _flags(labels, self.positive)


def read_outcome(
    owner: str, y: Any, needed: BoolArray | int, pos_label: Any = None
) -> tuple[FloatArray, OutcomeCoding]:
    """Return outcomes as new float64, finite where `needed`, and how they were coded.

    Numbers stay numbers unless `pos_label` says which of two counts as 1. Labels are
    text, categories other than 0 and 1, or True and False. As with scikit-learn's
    classifiers, the second one in sorted order counts as 1 where `pos_label` is None.

    Raises
    ------
    InvalidDataError
        If an outcome is missing where it is needed, or labels are not two.
    InvalidParameterError
        If `pos_label` is none of the labels.
    """
    kind = None if y is None else kind_of_labels(owner, y)
    if kind == "flags" and pos_label in (None, True):
        return check_outcome(owner, y, needed), OutcomeCoding(_FLAGS, True)
    if y is None or (kind is None and pos_label is None):
        return check_outcome(owner, y, needed), OutcomeCoding()
    labels = _labels(owner, y, needed)
    classes = _sorted({*labels.tolist()} - {None})
    if len(classes) > 2 or (len(classes) < 2 and pos_label is None):
        raise _not_two_error(owner, classes)
    if pos_label is not None and pos_label not in classes:
        rule = f"one of the outcomes, {_listed(classes)}"
        raise InvalidParameterError(owner, "pos_label", rule, pos_label)
    positive = classes[-1] if pos_label is None else pos_label
    array = np.empty(len(classes), dtype=object)
    array[:] = classes
    coding = OutcomeCoding(_FLAGS if kind == "flags" else array, positive)
    return _flags(labels, positive), coding


def read_optional_outcome(
    owner: str, y: Any, needed: BoolArray | int, pos_label: Any = None
) -> tuple[FloatArray | None, OutcomeCoding]:
    """Return outcomes as `read_outcome` does, None where there is no number a row.

    For segmenters that can do without: None, several columns, and labels of more than
    two classes, which a later step of a pipeline may predict, have no effect on them.
    """
    if y is None:
        return None, OutcomeCoding()
    try:
        kind = kind_of_labels(owner, y)
    except InvalidDataError:
        return None, OutcomeCoding()  # several columns
    if kind == "names" and pos_label is None:
        labels = {*_labels(owner, y, needed).tolist()} - {None}
        if len(labels) != 2:
            return None, OutcomeCoding()
    return read_outcome(owner, y, needed, pos_label)


def kind_of_labels(owner: str, y: Any) -> str | None:
    """Return whether outcomes are "names" or "flags", True and False; None for numbers.

    Categories are names: classes 1, 2 and 3 are no amounts. Those of 0 and 1 alone
    need no coding.

    Raises
    ------
    InvalidDataError
        If there is not one outcome a row.
    """
    dtype = getattr(y, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiu" and np.ndim(y) == 1:
        # The usual case, which takes no reading.
        return None
    vector = read_vector(owner, "y", y, title="The outcome y")
    if _are_flags(vector):
        return "flags"
    is_named = vector.column.is_text() or _is_of_other_classes(vector)
    return "names" if is_named else None


def _are_flags(vector: Vector) -> bool:
    if "bool" in str(vector.dtype).lower():
        return True
    if getattr(vector.dtype, "kind", "") != "O":
        return False
    values = vector.labels().tolist()
    return any(isinstance(value, bool) for value in values) and all(
        isinstance(value, bool) or is_missing_value(value) for value in values
    )


def _is_of_other_classes(vector: Vector) -> bool:
    """Return whether outcomes are categories, and others than 0 and 1."""
    if not vector.is_categorical:
        return False
    classes = {*vector.labels().tolist()} - {None}
    return not classes <= {0, 1}


def _flags(labels: ObjectArray, positive: Any) -> FloatArray:
    """Return 1 for the positive label, 0 for the other one, NaN for None."""
    flags = np.asarray(labels == positive, dtype=np.float64)
    flags[labels == None] = np.nan  # noqa: E711, compares element by element
    return flags


def _labels(owner: str, y: Any, needed: BoolArray | int) -> ObjectArray:
    """Return the labels of rows, None for a missing one that is not needed."""
    n_rows = needed if isinstance(needed, int) else len(needed)
    vector = read_vector(owner, "y", y, title="The outcome y")
    if len(vector) != n_rows:
        check_outcome(owner, np.zeros(len(vector)), n_rows)
    labels = vector.labels().astype(object)
    is_missing = np.array([is_missing_value(v) for v in labels], dtype=bool)
    labels[is_missing] = None
    if not isinstance(needed, int):
        is_missing &= needed
    if is_missing.any():
        row = int(is_missing.argmax())
        raise InvalidDataError(
            f"The outcome y of {owner} must be known. Got a missing label at row "
            f"{row}.",
            owner=owner,
            name="y",
            rule="known",
            row=row,
            advice="Leave such rows out, or say what they count as.",
        )
    return labels


def _not_two_error(owner: str, classes: list[Any]) -> InvalidDataError:
    n_classes, example = len(classes), representation(classes[0])
    advice = (
        f"Compare one with the rest, as by y == {example}, or pass a number for each."
        if n_classes > 2
        else f"Say by pos_label what counts as 1: pos_label={example}, if it is this."
    )
    rule = "numbers, or labels of two classes"
    return InvalidDataError(
        f"The outcome y of {owner} must be {rule}. Got {n_classes} class"
        f"{'es' if n_classes > 1 else ''}: {_listed(classes)}.",
        owner=owner,
        name="y",
        rule=rule,
        value=n_classes,
        advice=advice,
    )


def _sorted(labels: set[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError:
        # Labels of different types, such as 1 and "no", have no order of their own.
        return sorted(labels, key=lambda label: (type(label).__name__, repr(label)))


def _listed(classes: Any, most: int = 5) -> str:
    names = [representation(label) for label in classes]
    rest = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join(names[:most] + rest)
