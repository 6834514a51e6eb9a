"""Tables of fitted models: kept as arrays, and made frames when somebody asks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

_Array = npt.NDArray[Any]


@dataclass(frozen=True)
class StoredColumn:
    """The values of a column of a frame, and the type that the column had."""

    name: Any
    values: _Array
    dtype: str

    @classmethod
    def of(cls, series: pd.Series[Any]) -> StoredColumn:
        dtype = series.dtype
        # Types of numpy go by themselves; what pandas adds, such as text, by its name.
        is_plain = isinstance(dtype, np.dtype)
        if is_plain:
            values = series.to_numpy(copy=True)
        else:
            # pandas has a type of its own for what is missing, and reads None as that.
            values = series.to_numpy(object, na_value=None)  # type: ignore[call-overload]
        return cls(series.name, values, "" if is_plain else str(dtype))

    def array(self) -> Any:
        """Return a new array, of which pandas makes a column of the same type."""
        if not self.dtype and self.values.dtype != object:
            return self.values.copy()
        # Of plain objects pandas would guess the type anew.
        return pd.Series(self.values.copy(), dtype=self.dtype or object).array


@dataclass(frozen=True)
class StoredTable:
    """A frame as arrays, which every format for storing models can take.

    Formats without pickle cannot take frames, whose parts are compiled.
    """

    columns: tuple[StoredColumn, ...]
    index: StoredColumn | None
    title: Any = None  # the name of the row of column names

    @classmethod
    def of(cls, frame: pd.DataFrame) -> StoredTable:
        """Return a copy of a frame with one row of names and at most one index."""
        is_counted = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
        return cls(
            tuple(StoredColumn.of(column) for _, column in frame.items()),
            None if is_counted else StoredColumn.of(frame.index.to_series()),
            frame.columns.name,
        )

    def frame(self, names: Collection[str] | None = None) -> pd.DataFrame:
        """Return the table, or its columns with these names, as the caller's frame."""
        columns = [c for c in self.columns if names is None or c.name in names]
        frame = pd.DataFrame({i: column.array() for i, column in enumerate(columns)})
        frame.columns = pd.Index([c.name for c in columns], name=self.title)
        if self.index is not None:
            frame.index = pd.Index(self.index.array(), name=self.index.name)
        return frame


def fitted_columns(model: object, table: str, names: Collection[str]) -> pd.DataFrame:
    """Return some columns of a table of a model, as far as it has them.

    Making all of them takes longer than a prediction for a few thousand rows.
    """
    stored: StoredTable = vars(model)[table]
    return stored.frame(names)


class FittedTable:
    """Descriptor of a fitted attribute that is a frame; see `StoredTable`.

    Whoever reads the attribute gets a frame of their own, so that changing it leaves
    the model as it is.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, model: None, owner: type) -> FittedTable: ...
    @overload
    def __get__(self, model: object, owner: type) -> pd.DataFrame: ...
    def __get__(self, model: object | None, owner: type) -> FittedTable | pd.DataFrame:
        if model is None:
            return self
        try:
            stored = vars(model)[self._name]
        except KeyError:
            raise AttributeError(
                f"{type(model).__name__!r} object has no attribute {self._name!r}",
                name=self._name,
                obj=model,
            ) from None
        table: pd.DataFrame = stored.frame()
        return table

    def __set__(self, model: object, table: pd.DataFrame) -> None:
        vars(model)[self._name] = StoredTable.of(table)

    def __delete__(self, model: object) -> None:
        del vars(model)[self._name]
