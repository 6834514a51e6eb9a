"""Columns of a table that is not in memory: numbers, flags or texts, and their SQL."""

from __future__ import annotations

from skseg.engines import Table

from ._features import unreadable

# Types of texts and of numbers that sqlglot does not count among them. A type that it
# does not know is one that users have made: a list of texts.
_TEXTS = frozenset(["ENUM", "ENUM8", "ENUM16", "UUID", "USERDEFINED"])
_NUMBERS = frozenset(["BIGNUM", "YEAR"])
_TIMES = frozenset(["TIME", "TIMETZ", "INTERVAL"])
_KINDS = {
    **dict.fromkeys(("float64", "float32", "integer", "decimal"), "number"),
    "boolean": "flag",
    "text": "text",
}
_OF_SQLITE = {"text": "text", "integer": "number", "real": "number"}


def column_kind(table: Table, name: str) -> str:
    """Return "number", "flag" or "text", or raise for a column of another type.

    MariaDB and SQLite have no flags: their booleans are the numbers 0 and 1.
    """
    if table.dialect == "sqlite":
        return _kind_in_sqlite(table, name)
    # sqlglot is an extra, so it is imported where it is used.
    from skseg.rules._sql._dialects import find_dialect

    written = table.types[name]
    known = find_dialect(table.dialect).known_types
    stored = None if known is None else known.storage_of(written)
    storage: str = stored or _other_storage(table, written)
    if storage in _KINDS:
        return _KINDS[storage]
    if storage == "other":
        raise unreadable(name, written, "Make columns of its parts in a view")
    raise unreadable(name, written, "Make it a number of days in a view")


def _other_storage(table: Table, written: str) -> str:
    """Return how a type is stored that rules need not know."""
    from skseg.rules._sql._trees import exp, sqlglot

    try:
        kind = exp.DataType.build(written, dialect=table.dialect).this
    except (sqlglot.errors.SqlglotError, ValueError):
        return "text"
    word = getattr(kind, "name", str(kind))
    if kind in exp.DataType.TEXT_TYPES or word in _TEXTS:
        return "text"
    if kind in exp.DataType.NUMERIC_TYPES or word in _NUMBERS:
        return "decimal"
    is_time = kind in exp.DataType.TEMPORAL_TYPES or word in _TIMES
    return "timestamp" if is_time else "other"


def _kind_in_sqlite(table: Table, name: str) -> str:
    """Return the kind of the values, as declared types bind nothing in SQLite."""
    sql = f"SELECT DISTINCT TYPEOF({column_sql(table, name)}) AS kind "
    kinds = {*table.fetch(f"{sql} FROM {table.source}")["kind"].tolist()} - {"null"}
    known = {_OF_SQLITE.get(kind, "other") for kind in kinds} or {"number"}
    if known <= {"text"} or known <= {"number"}:
        return known.pop()
    listed = " and ".join(sorted(kinds))
    raise unreadable(name, listed, "Cast it to one type in a view")


def column_sql(table: Table, name: str) -> str:
    """Return the quoted name of a column."""
    from skseg.rules._sql._dialects import find_dialect
    from skseg.rules._sql._trees import column_tree

    return find_dialect(table.dialect).write(column_tree(name), pretty=False)


def flag_sql(table: Table, name: str) -> str:
    """Return 1 for true and 0 for false."""
    column = column_sql(table, name)
    return f"CASE WHEN {column} THEN 1 WHEN NOT {column} THEN 0 END"


def text_sql(table: Table, name: str) -> tuple[str, str]:
    """Return a text as what tells it from all others, and as it is fetched.

    Collations take texts of other bytes for the same.
    """
    from skseg.rules._sql._dialects import find_dialect
    from skseg.rules._sql._texts import column_text_sql
    from skseg.rules._sql._trees import column_tree, varchar

    text = find_dialect(table.dialect).write(varchar(column_tree(name)), pretty=False)
    return column_text_sql(name, table.dialect, table.types), text


def double_sql(table: Table, number: str) -> str:
    """Return SQL of a number as a double."""
    from skseg.rules._sql._dialects import find_dialect
    from skseg.rules._sql._trees import double, exp

    return find_dialect(table.dialect).write(double(exp.Var(this=number)), pretty=False)
