"""The two groups that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._vector import read_vector
from skseg._typing import BoolArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, representation
from skseg.rules import is_missing_value


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The labels of A and B, and the rows of each; rows in neither do not count."""

    labels: tuple[Any, Any]
    in_a: BoolArray
    in_b: BoolArray


def read_groups(owner: str, group: Any, compare: Any, n_rows: int) -> Groups:
    """Return the two groups to compare, or raise.

    `compare` is a pair of labels, one label to compare with all others, or None for the
    two labels that there are.
    """
    labels = read_vector(owner, "group", group).labels().astype(object)
    if len(labels) != n_rows:
        raise InvalidDataError(
            f"group must have one label a row of X. Got {len(labels)} labels and "
            f"{n_rows} rows.",
            owner=owner,
            name="group",
            rule=f"of length {n_rows}",
            value=len(labels),
        )
    is_absent = np.array([is_missing_value(label) for label in labels], dtype=bool)
    if is_absent.any():
        row = int(is_absent.argmax())
        raise InvalidDataError(
            f"group of {owner} must be known. Got a missing label at row {row}.",
            owner=owner,
            name="group",
            value=labels[row],
            row=row,
            advice="Leave such rows out, or give them a label.",
        )
    pair = _pair(owner, compare, _distinct(owner, labels))
    in_a = _equal(labels, pair[0])
    in_b = ~in_a if pair[1] is None else _equal(labels, pair[1])
    named = (pair[0], f"not {pair[0]}") if pair[1] is None else pair
    return Groups(named, in_a, in_b)


def _equal(labels: npt.NDArray[Any], label: Any) -> BoolArray:
    # numpy would compare a tuple with the labels by position.
    return np.fromiter((label == other for other in labels), bool, len(labels))


def _distinct(owner: str, labels: npt.NDArray[Any]) -> list[Any]:
    """Return the different labels in order, or raise if any two may mean the same."""
    try:
        # 1 and True are equal, and would be one label in a set; 1 and 1.0 are one.
        keys = {(isinstance(label, bool), label): None for label in labels}
        distinct = [label for _, label in keys]
        texts = [_label_text(label) for label in distinct]
    except (TypeError, ValueError):
        row = next(i for i, v in enumerate(labels) if not _can_be_label(v))
        raise InvalidDataError(
            f"group of {owner} must be texts, numbers, flags or dates. Got "
            f"{representation(labels[row])} at row {row}.",
            owner=owner,
            name="group",
            rule="texts, numbers, flags or dates",
            value=labels[row],
            row=row,
        ) from None
    by_text: dict[str, Any] = {}
    for text, label in zip(texts, distinct, strict=True):
        first = by_text.setdefault(text, label)
        if first is not label:
            raise _mixed_labels(owner, first, label)
    try:
        return sorted(distinct, key=lambda label: (str(type(label)), label))
    except TypeError:  # types without an order, such as members of an Enum
        return sorted(distinct, key=str)


def _label_text(label: Any) -> str:
    """Return a label as text, with flags as 0 and 1, and whole floats without a dot."""
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if is_whole or isinstance(label, bool) else label)


def _can_be_label(value: Any) -> bool:
    try:
        # Lists have no hash; Python does not print integers of 5000 digits.
        hash(value), str(value)
    except (TypeError, ValueError):
        return False
    return True


def _mixed_labels(owner: str, first: Any, second: Any) -> InvalidDataError:
    return InvalidDataError(
        f"group of {owner} must be labels of one kind. Got {first!r} "
        f"({type(first).__name__}) and {second!r} ({type(second).__name__}), which may "
        "be the same group.",
        owner=owner,
        name="group",
        rule="labels of one kind",
        value=(first, second),
        advice="Convert the labels, so that every group has one.",
    )


def _pair(owner: str, compare: Any, distinct: list[Any]) -> tuple[Any, Any]:
    """Return two labels; the second is None for all others."""
    if compare is None:
        if len(distinct) != 2:
            raise InvalidDataError(
                f"{owner} compares two groups. Got {len(distinct)}: {distinct!r}.",
                owner=owner,
                name="group",
                rule="labels of two groups",
                value=distinct,
                advice="Name two of them, or one to compare with all others, in the "
                "parameter 'compare'.",
            )
        return distinct[0], distinct[1]
    pair = compare if isinstance(compare, tuple | list) else (compare,)
    can_be_labels = all(map(_can_be_label, pair))
    if len(pair) not in {1, 2} or not can_be_labels or len({*pair}) != len(pair):
        rule = "None, a label or two different ones"
        raise _wrong_compare(owner, rule, compare, distinct)
    absent = [label for label in pair if label not in distinct]
    if absent or (len(pair) == 1 and len(distinct) < 2):
        rule = "labels of groups that have rows"
        raise _wrong_compare(owner, rule, compare, distinct)
    return pair[0], pair[1] if len(pair) == 2 else None


def _wrong_compare(
    owner: str, rule: str, compare: Any, distinct: list[Any]
) -> InvalidParameterError:
    advice = f"The labels are {distinct!r}."
    return InvalidParameterError(owner, "compare", rule, compare, advice=advice)
