"""The outcome that a fit has seen, known again among the columns of other rows."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray
from skseg.exceptions import SksegError

from ._hashes import canonical, splitmix64
from ._vector import read_vector

# Name of the attribute in which a fitted model keeps it: two plain texts.
ATTRIBUTE = "_seen_outcome"


class SeenOutcome(NamedTuple):
    """Name and digest of an outcome, each an empty text where it is not known."""

    name: str
    digest: str


def note_outcome(y: Any) -> tuple[str, str]:
    """Return name and digest of the outcome that a fit gets, as plain texts.

    A fit that takes an outcome in a form of its own, such as several columns, has none.
    Of a table that is not in memory, the outcome is known by its name.
    """
    if isinstance(y, str):
        # A column of a table that is not in memory.
        return (y, "")
    name = getattr(y, "name", None)
    try:
        with warnings.catch_warnings():
            # The fit itself warns of what it reads.
            warnings.simplefilter("ignore")
            values = _numbers(y)
    except (SksegError, ValueError, TypeError):
        return (str(name) if isinstance(name, str) else "", "")
    return (str(name) if isinstance(name, str) else "", digest_of(values))


def seen_outcome(model: Any) -> SeenOutcome | None:
    """Return the outcome that a fitted model has seen, None if there was none."""
    note = getattr(model, ATTRIBUTE, None)
    return None if note is None else SeenOutcome(*note)


def _numbers(y: Any) -> FloatArray:
    """Return numbers as they are, and labels as their places in sorted order."""
    vector = read_vector(None, "y", y)
    if not vector.column.is_text():
        return vector.numbers()
    labels = vector.labels()
    levels = {text: i for i, text in enumerate(sorted({*labels.tolist()} - {None}))}
    return np.array([levels.get(text, np.nan) for text in labels])


def digest_of(values: FloatArray, counts: IntArray | None = None) -> str:
    """Return a text that is the same for the same numbers in any order.

    It is the number of values, and the sum of their hashes modulo 2**64. With `counts`
    each value stands for as many equal ones.
    """
    bits = np.ascontiguousarray(canonical(values)).view(np.uint64)
    hashes = splitmix64(bits)
    if counts is None:
        return f"{len(bits)}:{int(hashes.sum(dtype=np.uint64)):016x}"
    total = (hashes * counts.astype(np.uint64)).sum(dtype=np.uint64)
    return f"{int(counts.sum())}:{int(total):016x}"
