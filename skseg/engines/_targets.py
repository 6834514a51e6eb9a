"""Where the result of a query is written, if it is not handed on."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from skseg._files import replacing
from skseg.exceptions import InvalidParameterError

from ._table import Target

FORMATS = {".parquet": "FORMAT parquet", ".csv": "FORMAT csv, HEADER"}


def is_path(to: Target) -> bool:
    """Return whether a target is a file or folder, and not the name of a table."""
    if not isinstance(to, str):
        return True
    # A name in quotes may hold slashes.
    return "/" in to.replace('"', "`").split("`")[0] or extension(to) in FORMATS


def extension(to: Target) -> str:
    """Return the end of a path, as ".parquet"."""
    return os.path.splitext(os.fspath(to))[1].lower()


def existing_target(to: Target) -> InvalidParameterError:
    """Return the error for a target that would be overwritten."""
    return InvalidParameterError(
        "label",
        "to",
        "a file or table that does not exist yet",
        os.fspath(to),
        advice="Pass overwrite=True to replace it.",
    )


def unwritable(owner: str, rule: str, to: Target) -> InvalidParameterError:
    """Return the error for a target that an engine does not write."""
    return InvalidParameterError(
        "label",
        "to",
        f"{rule}, which is what {owner} is written to",
        os.fspath(to),
        advice="Without a target the result is returned, to be written by its library.",
    )


def write_file(
    run: Callable[[str], Any], sql: str, to: Target, *, overwrite: bool
) -> None:
    """Write the result of a query of DuckDB to a file, wholly or not at all.

    Parameters
    ----------
    run : callable
        Runs a statement of DuckDB.
    sql : str
        The query.
    to : str or pathlib.Path
        The file, whose name ends in ".parquet" or ".csv".
    overwrite : bool
        Whether it may exist.
    """
    if (ending := extension(to)) not in FORMATS:
        raise unwritable("DuckDB", "a path that ends in '.parquet' or '.csv'", to)
    if os.path.exists(to) and not overwrite:
        raise existing_target(to)
    with replacing(to, owner="label") as staged:
        path = sql_text(os.fspath(staged))
        run(f"COPY (\n{sql}\n) TO {path} ({FORMATS[ending]})")


def sql_text(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"
