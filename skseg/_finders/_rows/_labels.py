"""Labels of groups and ids of customers: whether two of them may mean the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def label_text(label: Any) -> str:
    """Return a label as text, with flags as 0 and 1, and whole floats without a dot."""
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if is_whole or isinstance(label, bool) else label)


def can_be_label(value: Any) -> bool:
    """Tell whether a value can be a label: it has a hash and a text."""
    try:
        # Lists have no hash; Python does not print integers of 5000 digits.
        hash(value), str(value)
    except (TypeError, ValueError):
        return False
    return True


def labels_of_one_text(distinct: Iterable[Any]) -> tuple[Any, Any] | None:
    """Return two different labels with the same text, such as 7 and "7", or None."""
    by_text: dict[str, Any] = {}
    for label in distinct:
        first = by_text.setdefault(label_text(label), label)
        if first is not label:
            return first, label
    return None
