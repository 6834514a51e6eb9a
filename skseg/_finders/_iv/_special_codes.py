"""Special codes: values that stand for something else than a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from skseg._core._validation import is_number
from skseg.exceptions import InvalidParameterError

# Name of a code -> its values.
SpecialCodes = dict[str, tuple[Any, ...]]


def read_special(owner: str, special: Any) -> SpecialCodes:
    """Return the values of each special code, or raise."""
    if special is None:
        return {}
    rule = "None or a dict from name to a value, or to a list of values"
    if not isinstance(special, Mapping):
        raise InvalidParameterError(owner, "special", rule, special)
    codes: SpecialCodes = {}
    for name, spec in special.items():
        values = tuple(spec) if isinstance(spec, list | tuple | np.ndarray) else (spec,)
        if not (isinstance(name, str) and values and all(map(_is_value, values))):
            raise InvalidParameterError(
                owner,
                "special",
                f"{rule}: finite numbers or texts",
                special,
                advice="Missing values have a bin of their own, without a code.",
            )
        codes[name] = tuple(v if isinstance(v, str) else float(v) for v in values)
    flat = [value for values in codes.values() for value in values]
    twice = [value for value in dict.fromkeys(flat) if flat.count(value) > 1]
    if twice:
        rule = f"a dict in which every value has one name, unlike {twice[0]!r}"
        raise InvalidParameterError(owner, "special", rule, special)
    return codes


def numbers_of(codes: SpecialCodes) -> dict[str, list[float]]:
    """Return the numbers among the values of each code that has any."""
    numbers = {
        name: [value for value in values if not isinstance(value, str)]
        for name, values in codes.items()
    }
    return {name: values for name, values in numbers.items() if values}


def texts_of(codes: SpecialCodes) -> dict[str, list[str]]:
    """Return the texts among the values of each code that has any."""
    texts = {
        name: [value for value in values if isinstance(value, str)]
        for name, values in codes.items()
    }
    return {name: values for name, values in texts.items() if values}


def _is_value(value: Any) -> bool:
    return isinstance(value, str) or (is_number(value) and math.isfinite(value))
