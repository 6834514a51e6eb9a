"""Columns that have no distances as they stand: which, why, and what to put before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg.exceptions import SksegError
from skseg.rules import Columns
from skseg.rules._frames import read_frame

# Longer lists of columns are not written out.
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class MixedColumns:
    """Columns of text and of numbers, and how many values are no finite numbers."""

    texts: Sequence[str]
    numbers: Sequence[str]
    missing: Mapping[str, int]  # columns of numbers with missing values
    infinite: Mapping[str, int]
    positions: Mapping[str, int] | None  # of the columns of an array, else None

    @classmethod
    def of(cls, X: Any, owner: str) -> MixedColumns | None:
        """Read the columns of a frame or a two-dimensional array; None for others."""
        frame = read_frame(X, owner)
        try:
            values = np.asarray(X) if frame is None else None
            if values is not None and values.ndim != 2:
                return None
            columns = Columns(values if frame is None else frame, owner)
            return cls.of_columns(columns, is_array=frame is None)
        except (SksegError, ValueError, TypeError):
            # Whatever is wrong with these columns, it is no missing value.
            return None

    @classmethod
    def of_columns(cls, columns: Columns, *, is_array: bool) -> MixedColumns:
        """Read the columns; those of an array are named by position in the recipe."""
        texts = [name for name in columns.names if columns.is_text(name)]
        numbers = [name for name in columns.names if name not in set(texts)]
        missing = {name: int(columns.missing(name).sum()) for name in numbers}
        infinite = {
            name: int(np.isinf(columns.numbers(name)).sum()) for name in numbers
        }
        positions = {name: j for j, name in enumerate(columns.names)}
        return cls(
            texts,
            numbers,
            {name: count for name, count in missing.items() if count},
            {name: count for name, count in infinite.items() if count},
            positions if is_array else None,
        )

    @property
    def first(self) -> str | None:
        """The first column with a fault; None if all hold finite numbers."""
        return next(iter([*self.texts, *self.missing, *self.infinite]), None)

    def faults(self) -> str:
        """Return a sentence for each kind of fault."""
        sentences = []
        if len(self.texts) == 1:
            sentences.append(f"Column {self.texts[0]!r} holds text.")
        elif self.texts:
            sentences.append(f"Columns {listed(self.texts)} hold text.")
        for kind, counts in (("missing", self.missing), ("infinite", self.infinite)):
            if counts:
                noun = "Column" if len(counts) == 1 else "Columns"
                verb = "has" if len(counts) == 1 else "have"
                rows = ", ".join(str(n) for n in list(counts.values())[:_MOST_NAMES])
                sentences.append(
                    f"{noun} {listed(list(counts))} {verb} {kind} values ({rows})."
                )
        return " ".join(sentences)

    def recipe(self) -> str:
        """Return the transformers to put before, as one line of Python."""
        scale = (
            "make_pipeline(SimpleImputer(), StandardScaler())"
            if self.missing or self.infinite
            else "StandardScaler()"
        )
        if not self.texts:
            return scale
        encode = "OneHotEncoder(sparse_output=False)"
        parts = [f"({encode}, {self._written(self.texts, 'texts')})"]
        if self.numbers:
            parts.insert(0, f"({scale}, {self._written(self.numbers, 'numbers')})")
        return f"make_column_transformer({', '.join(parts)})"

    def _written(self, names: Sequence[str], variable: str) -> str:
        """Return a list of columns as Python, or the name of a variable if long."""
        if len(names) > _MOST_NAMES:
            return variable
        if self.positions is not None:
            return repr([self.positions[name] for name in names])
        return repr(list(names))


def listed(names: Sequence[str]) -> str:
    """Return names of columns in a sentence, the first few if there are many."""
    more = len(names) - _MOST_NAMES
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
