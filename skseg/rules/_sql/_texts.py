"""Columns of text as SQL, for the queries of aggregates."""

from __future__ import annotations

from collections.abc import Mapping

from skseg.rules._language._conditions import comparison

from ._dialects import find_dialect
from ._writer import Writer


def column_text_sql(
    name: str, dialect: str, types: Mapping[str, str] | None = None
) -> str:
    """Return the SQL of a column as text that is told apart byte by byte.

    It is the operand that rules over the column are written with.
    """
    engine = find_dialect(dialect)
    # The comparison tells the writer that the column holds text.
    writer = Writer(engine, [comparison(name, "==", "a")], types=types)
    return engine.write(writer.operand(name), pretty=False)
