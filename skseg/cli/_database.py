"""Tables of databases that a URL names."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from skseg.engines import Table, sql_table
from skseg.engines._duckdb import duckdb_connection
from skseg.engines._sql_table import no_table
from skseg.exceptions import InvalidDataError

# Driver's module -> what installs it.
_PACKAGES = {
    "sqlalchemy": "sqlalchemy",
    "psycopg": "'psycopg[binary]'",
    "pymysql": "pymysql",
}
# Databases whose usual driver is none that is known.
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}


@contextmanager
def database_table(url: str, name: str, *, writable: bool = False) -> Iterator[Table]:
    """Give a table of a database, whose connection is closed at the end.

    Raises ValueError if there is no such database or table, or what opens it is not
    installed. Messages never hold a password.
    """
    scheme, _, rest = url.partition("://")
    if not rest:
        raise InvalidDataError(
            "--database must be a URL, such as sqlite:///shop.db or "
            "postgresql+psycopg://user@host/shop. It has no '://'."
        )
    if scheme in ("sqlite", "duckdb"):
        path = Path(rest.removeprefix("/"))
        if not path.is_file():
            raise InvalidDataError(f"--database names the file {path}, which is none.")
        connect = _sqlite if scheme == "sqlite" else _duckdb
        with closing(connect(path, writable=writable)) as connection:
            if scheme == "duckdb":
                _require_table(connection, name)
            yield sql_table(connection, prefix_of(url) + name)
        return
    engine = _sqlalchemy_engine(url, scheme)
    try:
        yield sql_table(engine, name)
    finally:
        engine.dispose()


def _sqlite(path: Path, *, writable: bool) -> sqlite3.Connection:
    mode = "rw" if writable else "ro"
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True)
        connection.execute("SELECT COUNT(*) FROM sqlite_master")
    except sqlite3.Error as error:
        raise _cannot_open(str(path), error) from error
    return connection


def prefix_of(url: str) -> str:
    """Return what stands before the names of a database's tables, mostly nothing."""
    scheme, _, path = url.partition("://")
    if scheme != "duckdb":
        return ""
    alias = Path(path).stem.replace('"', '""')
    # Names that DuckDB has for databases of its own.
    is_taken = alias.lower() in ("memory", "system", "temp")
    return f'"{alias}{"_file" if is_taken else ""}".'


def _duckdb(path: Path, *, writable: bool) -> Any:
    """Attach a file to a database in memory, which takes the views of queries."""
    connection = duckdb_connection("Reading a database of DuckDB")
    import duckdb

    alias = prefix_of(f"duckdb://{path}").removesuffix(".")
    mode = "" if writable else " (READ_ONLY)"
    file = str(path).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{file}' AS {alias}{mode}")
    except duckdb.Error as error:
        connection.close()
        raise _cannot_open(str(path), error) from error
    return connection


def _require_table(connection: Any, name: str) -> None:
    """Raise for a table that is absent, with those of the file that is attached."""
    kinds = ("table", "view")
    sql = " UNION ALL ".join(
        f"SELECT {kind}_name FROM duckdb_{kind}s() WHERE NOT internal" for kind in kinds
    )
    tables = [table for (table,) in connection.sql(sql).fetchall()]
    is_plain = "." not in name and '"' not in name
    if is_plain and name.lower() not in map(str.lower, tables):
        raise no_table(name, sorted(tables))


def _sqlalchemy_engine(url: str, scheme: str) -> Any:
    if scheme in _DRIVERS:
        raise InvalidDataError(
            f"--database must name the driver: {_DRIVERS[scheme]}://..."
        )
    try:
        import sqlalchemy
    except ModuleNotFoundError:
        raise _not_installed("sqlalchemy") from None
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect():
            return engine
    except ModuleNotFoundError as error:
        raise _not_installed(error.name or "") from None
    except sqlalchemy.exc.NoSuchModuleError:
        raise InvalidDataError(
            f"--database must be a URL of sqlite, duckdb, postgresql+psycopg or "
            f"mysql+pymysql. Got {scheme!r}."
        ) from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise _cannot_open(_without_password(url), error) from None


def _not_installed(module: str) -> InvalidDataError:
    package = _PACKAGES.get(module, module)
    return InvalidDataError(
        f"--database needs the package {module}, which is not installed.",
        advice=f"Install it: pip install {package}.",
    )


def _without_password(url: str) -> str:
    return re.sub(r"(://[^:/@]*):.*@", r"\1@", url)


def _cannot_open(database: str, error: Exception) -> InvalidDataError:
    reason = str(error).strip().partition("\n")[0].rstrip(".")
    return InvalidDataError(f"Cannot open the database {database}: {reason}.")
