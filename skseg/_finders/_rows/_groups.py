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

from ._labels import can_be_label, label_text, labels_of_one_text

# Labels that name what customers get without a treatment, in small letters.
_REFERENCES = {
    "0", "false", "no", "n", "off", "none", "control", "ctrl", "untreated", "placebo",
    "holdout", "hold-out", "baseline", "reference", "default",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The labels of A and B, and the rows of each; rows in neither do not count.

    A is the treatment, B the reference.
    """

    labels: tuple[Any, Any]
    in_a: BoolArray
    in_b: BoolArray
    has_reference: bool  # whether B was named, or has a label that means no treatment


def read_groups(
    owner: str, group: Any, treatment: Any, reference: Any, n_rows: int
) -> Groups:
    """Return the two groups to compare, or raise.

    `treatment` and `reference` are labels. Where one is None, it is the other label of
    two, or all other labels of more. Where both are None, there must be two labels: the
    one that means no treatment, such as 0 or "control", is the reference, else the
    second one in sorted order.
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
    distinct = _distinct(owner, labels)
    _check_named(owner, treatment, reference, distinct)
    is_pair_named = treatment is not None and reference is not None
    if len(distinct) == 2 or (len(distinct) > 2 and is_pair_named):
        pair = _pair(treatment, reference, distinct)
        in_a, in_b = (_equal(labels, label) for label in pair)
    elif len(distinct) > 2 and treatment is not None:
        pair, in_a = (treatment, f"not {treatment}"), _equal(labels, treatment)
        in_b = ~in_a
    elif len(distinct) > 2 and reference is not None:
        pair, in_b = (f"not {reference}", reference), _equal(labels, reference)
        in_a = ~in_b
    else:
        raise InvalidDataError(
            f"{owner} compares two groups. Got {len(distinct)}: {distinct!r}.",
            owner=owner,
            name="group",
            rule="labels of two groups",
            value=distinct,
            advice="Pass rows of two groups at least. Of more, name two in the "
            "parameters 'treatment' and 'reference', or one, to compare it with all "
            "others.",
        )
    has_reference = reference is not None or _means_no_treatment(pair[1])
    return Groups(pair, in_a, in_b, has_reference)


def _pair(treatment: Any, reference: Any, distinct: list[Any]) -> tuple[Any, Any]:
    """Return the labels of A and B, where those that are not named are known."""
    if treatment is not None and reference is not None:
        return treatment, reference
    first, second = distinct
    if treatment is not None:
        return treatment, second if treatment == first else first
    is_first_reference = _means_no_treatment(first) and not _means_no_treatment(second)
    if is_first_reference if reference is None else reference == first:
        return second, first
    return first, second


def _means_no_treatment(label: Any) -> bool:
    """Tell whether a label means no treatment, such as 0, False or "No e-mail"."""
    text = label_text(label).strip().casefold()
    return text in _REFERENCES or text.startswith(("no ", "no-", "no_", "without "))


def _equal(labels: npt.NDArray[Any], label: Any) -> BoolArray:
    # numpy would compare a tuple with the labels by position.
    return np.fromiter((label == other for other in labels), bool, len(labels))


def _distinct(owner: str, labels: npt.NDArray[Any]) -> list[Any]:
    """Return the different labels in order, or raise if any two may mean the same."""
    try:
        # 1 and True are equal, and would be one label in a set; 1 and 1.0 are one.
        keys = {(isinstance(label, bool), label): None for label in labels}
        distinct = [label for _, label in keys]
        same = labels_of_one_text(distinct)
    except (TypeError, ValueError):
        row = next(i for i, v in enumerate(labels) if not can_be_label(v))
        raise InvalidDataError(
            f"group of {owner} must be texts, numbers, flags or dates. Got "
            f"{representation(labels[row])} at row {row}.",
            owner=owner,
            name="group",
            rule="texts, numbers, flags or dates",
            value=labels[row],
            row=row,
        ) from None
    if same is not None:
        raise _mixed_labels(owner, *same)
    try:
        return sorted(distinct, key=lambda label: (str(type(label)), label))
    except TypeError:  # types without an order, such as members of an Enum
        return sorted(distinct, key=str)


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


def _check_named(
    owner: str, treatment: Any, reference: Any, distinct: list[Any]
) -> None:
    """Raise unless the labels that were named are different ones of the data."""
    for name, label in (("treatment", treatment), ("reference", reference)):
        if label is None or (can_be_label(label) and label in distinct):
            continue
        rule = "None or the label of a group that has rows"
        advice = f"The labels are {distinct!r}."
        raise InvalidParameterError(owner, name, rule, label, advice=advice)
    if treatment is not None and treatment == reference:
        rule = "None or another label than 'treatment'"
        raise InvalidParameterError(owner, "reference", rule, reference)
