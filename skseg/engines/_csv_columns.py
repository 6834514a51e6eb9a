"""CSV files for DuckDB, whose columns have the type that all of their values have."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from typing import Any

from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError

from ._duckdb import quoted
from ._targets import sql_text

OWNER = "scan_files"
SEPARATORS = (",", ";", "\t", "|")
KINDS = {
    "number": "DOUBLE",
    "text": "VARCHAR",
    "date": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "id": None,
}
# How all values of a column are written that is of a type; the first that fits. More
# digits than these would be lost, as would leading zeros and the sign of -0.
INTEGER = "0|-?[1-9][0-9]{0,17}"
PATTERNS = {
    "BIGINT": INTEGER,
    "DOUBLE": r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?"
    r"|(?i:nan|-?inf|-?infinity)",
    "BOOLEAN": "(?i)true|false",
    "DATE": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "TIMESTAMP": "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?",
}


def csv_relation(
    connection: Any,
    files: Sequence[str],
    columns: Mapping[str, str | None],
    sep: str | None,
) -> Any:
    """Return the relation of CSV files.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The connection.
    files : sequence of str
        Their paths, at least one.
    columns : mapping of str to str
        What columns hold, as in `scan_files`.
    sep : str or None
        The character between fields.
    """
    names = csv_header(files[0], sep)
    sep = _separator(files[0], sep)
    for path in files[1:]:
        if (header := _header(path, sep)) != names:
            raise InvalidDataError(
                f"CSV files of one table must have the same header. {files[0]} has "
                f"{names}, and {path} has {header}.",
                owner=OWNER,
                name="path",
                rule="files with the same header",
                value=path,
                advice="Pass a pattern of the files that belong together.",
            )
    _check_kinds(columns, names)
    types = {name: KINDS.get(columns.get(name) or "") for name in names}
    as_text = _reading(files, sep, dict.fromkeys(names, "VARCHAR"))
    unknown = [name for name in names if types[name] is None]
    ids = [name for name in unknown if columns.get(name) == "id"]
    types |= _types_of_values(connection, as_text, unknown, ids)
    return connection.sql(f"SELECT * FROM {_reading(files, sep, types)}")


def csv_header(path: str, sep: str | None) -> list[str]:
    """Return the names of the columns of a CSV file; `sep` as in `csv_relation`."""
    return _header(path, _separator(path, sep))


def _reading(files: Sequence[str], sep: str, types: Mapping[str, str | None]) -> str:
    """Return what stands behind FROM to read the files."""
    listed = ", ".join(map(sql_text, files))
    columns = ", ".join(
        f"{sql_text(name)}: {sql_text(str(kind))}" for name, kind in types.items()
    )
    # All that DuckDB would guess from a sample is said.
    return (
        f"read_csv([{listed}], columns = {{{columns}}}, auto_detect = false, "
        f"header = true, delim = {sql_text(sep)}, quote = '\"', escape = '\"', "
        "nullstr = '')"
    )


def _types_of_values(
    connection: Any, source: str, names: Sequence[str], ids: Sequence[str]
) -> dict[str, str]:
    """Return the type that all values of a column are written as, by one reading."""
    tests = [
        (name, kind, _is_written_as(name, kind))
        for name in names
        for kind in (["BIGINT"] if name in ids else PATTERNS)
    ]
    if not tests:
        return {}
    # The tests are NULL where the column has no value.
    (row,) = connection.execute(
        f"SELECT {', '.join(test for _, _, test in tests)} FROM {source}"
    ).fetchall()
    types = dict.fromkeys(names, "VARCHAR")
    for (name, kind, _), fits in zip(tests, row, strict=True):
        if fits and types[name] == "VARCHAR":
            types[name] = kind
    return types


def _is_written_as(name: str, kind: str) -> str:
    column, pattern = quoted(name), sql_text(PATTERNS[kind])
    test = f"regexp_full_match({column}, {pattern})"
    if kind in ("DATE", "TIMESTAMP"):
        # There is no 30 February.
        test += f" AND TRY_CAST({column} AS {kind}) IS NOT NULL"
    return f"bool_and({test}) FILTER ({column} IS NOT NULL)"


def _separator(path: str, sep: str | None) -> str:
    if sep is not None:
        if not isinstance(sep, str) or len(sep) != 1 or sep in '"\r\n\0':
            rule = "one character, no quote and no line break"
            raise InvalidParameterError(OWNER, "sep", rule, sep)
        return sep
    line = _first_line(path)
    candidates = [sep for sep in SEPARATORS if sep in line]
    if len(candidates) > 1:
        raise InvalidDataError(
            f"The header of {path} can be separated in several ways: {line!r}.",
            owner=OWNER,
            name="sep",
            value=line,
            advice=f"Say which one is meant: sep={candidates[0]!r} or "
            f"sep={candidates[1]!r}.",
        )
    # A file of one column has none.
    return candidates[0] if candidates else SEPARATORS[0]


def _first_line(path: str) -> str:
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            return str(file.readline()).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidDataError(
            f"{path} must be encoded as UTF-8.",
            owner=OWNER,
            name="path",
            value=path,
            advice="Convert it, or read it with read_table(path, encoding=...).",
        ) from error


def _header(path: str, sep: str) -> list[str]:
    """Return the names of the columns, which must differ."""
    try:
        (names,) = csv.reader([_first_line(path)], delimiter=sep, strict=True)
    except csv.Error as error:
        raise unreadable_file(path, "a name in quotes goes on in line 2") from error
    if not names:
        raise unreadable_file(path, "it has no header")
    folded = [name.casefold() for name in names]
    for name in names:
        if not name or folded.count(name.casefold()) > 1:
            problem = (
                f"several columns called {name!r}" if name else "a nameless column"
            )
            raise InvalidDataError(
                f"The header of {path} has {problem}.",
                owner=OWNER,
                name="path",
                value=path,
                column=name,
                advice="Give each column a name of its own; capitals do not tell "
                "columns apart in DuckDB.",
            )
    return names


def unreadable_file(path: str, problem: str) -> InvalidDataError:
    """Return the error for files that are not what their name says."""
    return InvalidDataError(
        f"{path} cannot be read: {problem}.", owner=OWNER, name="path", value=path
    )


def _check_kinds(columns: Mapping[str, str | None], names: Sequence[str]) -> None:
    if absent := [name for name in columns if name not in names]:
        raise MissingColumnError(OWNER, absent, list(names))
    for kind in columns.values():
        if kind is not None and kind not in KINDS:
            rule = f"a mapping of columns to None, {', '.join(map(repr, KINDS))}"
            raise InvalidParameterError(OWNER, "columns", rule, kind)
