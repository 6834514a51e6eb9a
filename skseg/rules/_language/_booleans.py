"""Booleans: what stands for true and false, in rules and in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg.rules._values import TRUTH_WORDS


@dataclass(frozen=True, slots=True, repr=False)
class Boolean:
    """``True`` or ``False`` in a rule, which is no number there: ``True`` is not 1."""

    value: bool

    def __repr__(self) -> str:
        return repr(self.value)


def is_boolean(value: object) -> bool:
    """Tell whether a value is a boolean of Python, numpy or a rule."""
    return isinstance(value, bool | np.bool_ | Boolean)


def as_boolean(value: Any) -> Boolean:
    """Return a boolean of Python, numpy or a rule as that of a rule."""
    return value if isinstance(value, Boolean) else Boolean(bool(value))


def is_truth_word(name: str) -> bool:
    """Tell whether a name without quotes says true or false, in any case."""
    return name.lower() in TRUTH_WORDS
