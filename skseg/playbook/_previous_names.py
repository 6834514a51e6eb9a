"""Earlier names of segments, which are kept where they are still true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidParameterError


def read_previous(owner: str, previous: Any) -> dict[int, str]:
    """Return code -> earlier name, or raise."""
    if previous is None:
        return {}
    if isinstance(previous, pd.DataFrame) and {"code", "name"} <= {*previous.columns}:
        pairs = zip(previous["code"].tolist(), previous["name"].tolist(), strict=True)
        previous = dict(pairs)
    rule = "a mapping of codes to names, the result of name_segments, or None"
    if not isinstance(previous, Mapping):
        raise InvalidParameterError(owner, "previous", rule, previous)
    for code, name in previous.items():
        is_code = isinstance(code, int | np.integer) and not isinstance(code, bool)
        if not is_code or not isinstance(name, str):
            raise InvalidParameterError(owner, "previous", rule, {code: name})
    return {int(code): name for code, name in previous.items()}


def traits_still_true(
    name: str, segment: int, words: Sequence[str], margins: FloatArray
) -> tuple[int, ...]:
    """Return the traits of an earlier name that a segment has, and no other has all of.

    Empty if the name says anything else, or is no longer true of this segment alone.
    """
    inside = f", {name.casefold()}, "
    places = [i for i, text in enumerate(words) if f", {text.casefold()}, " in inside]
    length = sum(len(words[i]) + 2 for i in places) - 2
    # Otherwise the name has words that are no trait, such as a number.
    if not places or length != len(name):
        return ()
    has_all: BoolArray = np.all(margins[:, places] > 0, axis=1)
    is_true = bool(has_all[segment]) and int(has_all.sum()) == 1
    return tuple(places) if is_true else ()
