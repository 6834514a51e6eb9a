"""Names of segments in place of their codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, did_you_mean
from skseg.rules._reserved_names import NOISE, OUTSIDE

from ._vector import Vector

_NOISE_NAMES = (NOISE, OUTSIDE)


def texts_or_none(vector: Vector) -> list[str] | None:
    """Return labels that are names of segments, None if none of them is a text."""
    labels = vector.labels()
    if labels.dtype.kind != "O" or not any(isinstance(v, str) for v in labels):
        return None
    for row, label in enumerate(labels):
        if not isinstance(label, str):
            raise InvalidDataError(
                f"{vector.subject} must be all codes or all names of segments. Got "
                f"{label!r} at row {row}.",
                owner=vector.owner,
                name=vector.name,
                rule="all codes or all names of segments",
                value=label,
                row=row,
            )
    return [str(label) for label in labels]


def names_that_occur(*labels: list[str]) -> dict[int, str]:
    """Return names by code, sorted; those of noise have the code -1 and come last."""
    used = sorted({text for texts in labels for text in texts})
    names = dict(enumerate(name for name in used if name not in _NOISE_NAMES))
    noise = [name for name in _NOISE_NAMES if name in used]
    return {**names, -1: noise[0]} if noise else names


def codes_of_names(
    vector: Vector, texts: list[str], names: Mapping[int, Any]
) -> IntArray:
    """Return the code of every name; raise for one that no segment has."""
    code_of = {name: code for code, name in names.items()}
    # Names may lack that of noise, as those by code 0, 1, ... do.
    code_of = dict.fromkeys(_NOISE_NAMES, -1) | code_of
    if unknown := {text for text in texts if text not in code_of}:
        row = next(i for i, text in enumerate(texts) if text in unknown)
        raise InvalidDataError(
            f"{vector.subject} must be names of segments: "
            f"{', '.join(map(repr, names.values()))}. Got {texts[row]!r} at row {row}."
            f"{did_you_mean(texts[row], map(str, names.values()))}",
            owner=vector.owner,
            name=vector.name,
            rule="names of segments",
            value=texts[row],
            row=row,
        )
    return np.array([code_of[text] for text in texts], dtype=np.intp)
