"""Columns of texts as SQL, for queries that group by them."""

from __future__ import annotations

from collections.abc import Mapping

from skseg.rules._language._conditions import comparison

from ._dialects import find_dialect
from ._writer import Writer


def column_text_sql(
    name: str, dialect: str, types: Mapping[str, str] | None = None
) -> str:
    """Return the SQL of a column as texts that compare byte by byte.

    It is the operand that rules over the column are written with.
    """
    # The comparison tells the writer that the column holds text.
    writer = Writer(find_dialect(dialect), [comparison(name, "==", "a")], types=types)
    return writer.dialect.write(writer.operand(name), pretty=False)
