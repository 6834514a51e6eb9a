"""Columns of Parquet files, in the types that they are stored in."""

from __future__ import annotations

from typing import Any

import pandas as pd

from skseg.exceptions import InvalidDataError, MissingExtraError

from ._file_source import FileSource
from ._table_header import WantedColumns

# Types of text; older writers, such as those of Hive, leave out that it is text.
_TEXT_TYPES = ("large_string", "string_view", "binary", "large_binary", "binary_view")


def read_parquet_columns(source: FileSource, wanted: WantedColumns) -> pd.DataFrame:
    """Return the named columns of a Parquet file.

    Text is text as in other files; every other type is Arrow's, so that integers stay
    integers where values are missing. Raises ValueError if a column is missing, or not
    the only one of its name.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise MissingExtraError("Reading Parquet files", "cli") from None
    with source.open() as stream:
        try:
            stored: Any = pq.ParquetFile(stream)
            names = list(wanted.positions(stored.schema_arrow.names, source.name))
            table = stored.read(columns=names).select(names)
        except pa.ArrowException as error:
            raise InvalidDataError(
                f"{source.name} cannot be read as Parquet: {str(error).rstrip('.')}."
            ) from error
    for position, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if str(kind) in _TEXT_TYPES:
            kind = pa.string()
        if kind != field.type:
            try:
                column = table.column(position).cast(kind)
            except pa.ArrowInvalid as error:
                raise InvalidDataError(
                    f"{source.name}: The column {field.name!r} holds bytes that are no "
                    "text in UTF-8.",
                    column=field.name,
                ) from error
            table = table.set_column(position, field.name, column)

    def in_pandas(kind: Any) -> pd.ArrowDtype | None:
        return None if pa.types.is_string(kind) else pd.ArrowDtype(kind)

    frame: pd.DataFrame = table.to_pandas(types_mapper=in_pandas, ignore_metadata=True)
    return frame
