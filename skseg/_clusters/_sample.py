"""A sample of the rows of a table that is the same in every engine."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._aggregates._numbers import integer_sql
from skseg._core._table_columns import quoted_sql
from skseg._core._validation import check_int
from skseg._typing import ObjectArray
from skseg.engines import Table, open_table
from skseg.engines._database import DatabaseTable
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError
from skseg.rules import is_missing_value
from skseg.rules._frames import read_frame

OWNER = "sample_rows"
# Hashes are compared by their first digits, as numbers below 16 to their power.
_N_DIGITS = 13
_ID_RULE = "whole numbers or text, different for every row and never missing"
_ADVICE = "Cast it to one of these in a view, the same in every engine."
_MD5 = {
    "sqlite": "skseg_md5('{seed}:' || {text})",
    "postgres": "MD5('{seed}:' || {text}) COLLATE \"C\"",
    "mysql": "MD5(CONCAT('{seed}:', {text}))",
    "spark": "MD5(CONCAT('{seed}:', {text}))",
    "duckdb": "MD5('{seed}:' || {text})",
}


def sample_rows(
    X: Any,
    id_column: str,
    *,
    n_rows: int = 200_000,
    columns: Sequence[str] | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return a random sample of customers that is the same wherever they are.

    The customers are those with the smallest hashes of their ids, in the order of the
    hashes. So the sample depends on the ids alone: it is the same in memory and in
    every engine, in whatever order the rows lie and on however many machines. Tomorrow
    it is the same again, but for customers that have come or gone; a smaller sample is
    the beginning of a larger one.

    Parameters
    ----------
    X : table that is not in memory, or frame
        What `skseg.engines.open_table` takes: files, a relation of DuckDB, a DataFrame
        of Spark, a table of a database. Or pandas, polars, pyarrow or whatever narwhals
        reads.
    id_column : str
        Column of ids: whole numbers or text, different for every row.
    n_rows : int, default=200_000
        Number of rows of the sample; all rows if there are fewer.
    columns : sequence of str, default=None
        Columns of the sample. None: all of them.
    random_state : int, default=0
        Another number gives another sample.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The sample in pandas, with the ids as its index. Decimals are floats.

    Raises
    ------
    InvalidDataError
        If ids are missing, not unique among the sample, or neither whole numbers nor
        text; or the engine has no MD5.
    InvalidParameterError
        If a parameter breaks its rule.
    MissingColumnError
        If `X` lacks a column.

    See Also
    --------
    RuleSurrogate : Rules for the clusters of a sample, for all customers.

    Notes
    -----
    The hash is MD5 of the seed, a colon and the id in decimal digits or as UTF-8, such
    as ``0:C123``. The customers are counted first; then the rows with small hashes, a
    few more than `n_rows`, are read and sorted, so that the table is scanned twice. The
    sample is simple and random, without replacement, as far as MD5 has nothing to do
    with what customers do.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import sample_rows
    >>> X = pd.DataFrame({"customer_id": range(1000), "aov": range(1000)})
    >>> sample_rows(X, "customer_id", n_rows=3).index.tolist()
    [502, 750, 209]
    """
    n_rows = check_int(OWNER, "n_rows", n_rows, 1, sys.maxsize)
    seed = check_int(OWNER, "random_state", random_state, 0, 2**63 - 1)
    if not isinstance(id_column, str):
        raise InvalidParameterError(OWNER, "id_column", "a name", id_column)
    if isinstance(columns, str):
        rule = "names of columns"
        raise InvalidParameterError(
            OWNER, "columns", rule, columns, advice=f"Write a list: [{columns!r}]."
        )
    table = open_table(X)
    if table is None:
        return _in_memory(X, id_column, n_rows, columns, seed)
    names = list(table.types) if columns is None else list(columns)
    table.require(OWNER, [id_column, *names])
    _check_type(table, id_column)
    return _in_table(table, id_column, n_rows, names, seed)


def _in_memory(
    X: Any, id_column: str, n_rows: int, columns: Sequence[str] | None, seed: int
) -> pd.DataFrame:
    frame = read_frame(X, OWNER, "X")
    if frame is None:
        rule = "a frame, or a table that is not in memory"
        raise InvalidParameterError(OWNER, "X", rule, X)
    names = list(frame.columns) if columns is None else list(columns)
    absent = [name for name in [id_column, *names] if name not in frame.columns]
    if absent:
        raise MissingColumnError(OWNER, absent, list(frame.columns))
    ids = frame.get_column(id_column).to_list()
    for row, value in enumerate(ids):
        is_id = isinstance(value, str | int | np.integer) and not isinstance(
            value, bool
        )
        if is_missing_value(value) or not is_id:
            raise _id_error(id_column, value, row)
    hashes = [
        hashlib.md5(f"{seed}:{value}".encode(), usedforsecurity=False).hexdigest()
        for value in ids
    ]
    order = np.argsort(np.array(hashes, dtype=object), kind="stable")[:n_rows]
    kept = [name for name in names if name != id_column]
    sample = {
        name: frame.get_column(name).to_numpy()[order] for name in [id_column, *kept]
    }
    return _as_frame(sample, id_column, kept, ids=[ids[row] for row in order])


def _in_table(
    table: Table, id_column: str, n_rows: int, names: list[str], seed: int
) -> pd.DataFrame:
    column = quoted_sql(table, id_column)
    counts = table.fetch(
        f"SELECT {integer_sql(table, 'COUNT(*)')} AS n, "
        f"{integer_sql(table, f'COUNT({column})')} AS n_known FROM {table.source}"
    )
    n, n_known = int(counts["n"][0]), int(counts["n_known"][0])
    if n_known < n:
        raise _id_error(id_column, f"{n - n_known:,} missing ids", None)
    kept = [name for name in names if name != id_column]
    digits = _threshold(n_rows, n)
    md5 = _md5_sql(table, column, seed)
    where = "" if digits is None else f" WHERE {md5} < '{digits}'"
    listed = [f"{column} AS skseg_id", f"{md5} AS skseg_md5"]
    listed += [f"{quoted_sql(table, c)} AS skseg_{i}" for i, c in enumerate(kept)]
    answer = table.fetch(f"SELECT {', '.join(listed)} FROM {table.source}{where}")
    order = np.argsort(answer["skseg_md5"].astype(object), kind="stable")[:n_rows]
    sample = {id_column: answer["skseg_id"][order]}
    sample |= {c: answer[f"skseg_{i}"][order] for i, c in enumerate(kept)}
    return _as_frame(sample, id_column, kept, ids=sample[id_column].tolist())


def _threshold(n_rows: int, n: int) -> str | None:
    """Return digits below which the hashes of the sample are; None for all rows.

    More rows than the sample has are below, unless chance deviates by eight sigma.
    """
    share = (n_rows + 8 * math.sqrt(n_rows) + 64) / max(n, 1)
    if share >= 1:
        return None
    return f"{math.ceil(share * 16**_N_DIGITS):0{_N_DIGITS}x}"


def _md5_sql(table: Table, column: str, seed: int) -> str:
    """Return SQL of the hash of an id, in small hexadecimal digits."""
    kind = "CHAR" if table.dialect == "mysql" else "STRING"
    kind = kind if table.dialect in ("mysql", "spark") else "TEXT"
    is_unhashed = table.dialect == "sqlite" and not isinstance(table, DatabaseTable)
    if table.dialect not in _MD5 or is_unhashed:
        raise InvalidDataError(
            f"{OWNER} needs MD5, which this table of {table.dialect} has not.",
            owner=OWNER,
            name="X",
            rule="an engine with MD5",
            value=table.dialect,
            advice="Pass its sqlite3 connection to skseg.engines.sql_table."
            if is_unhashed
            else "Read it by another engine, such as DuckDB.",
        )
    return _MD5[table.dialect].format(seed=seed, text=f"CAST({column} AS {kind})")


def _check_type(table: Table, id_column: str) -> None:
    """Raise for ids of other types, of which engines write different texts."""
    from skseg.rules._sql._dialects import find_dialect

    written = table.types[id_column]
    known = find_dialect(table.dialect).known_types
    storage = None if known is None else known.storage_of(written)
    if storage not in (None, "integer", "text"):
        raise _id_error(id_column, written, None)


def _as_frame(
    sample: dict[str, Any], id_column: str, names: list[str], ids: list[Any]
) -> pd.DataFrame:
    """Return the sample with its ids as the index, or raise if they are not unique."""
    index = pd.Index(ids, name=id_column)
    if index.has_duplicates:
        twice = index[index.duplicated()].tolist()[0]
        raise _id_error(id_column, f"{twice!r} in several rows", None)
    return pd.DataFrame({name: _plain(sample[name]) for name in names}, index=index)


def _plain(values: Any) -> Any:
    """Return numbers that engines hand out as objects as floats."""
    if values.dtype != object:
        return values
    known = [value for value in values.tolist() if not is_missing_value(value)]
    is_number = all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        for value in known
    )
    if not known or not is_number:
        return values
    numbers: ObjectArray = np.array(
        [np.nan if is_missing_value(v) else float(v) for v in values.tolist()]
    )
    return numbers


def _id_error(id_column: str, value: Any, row: int | None) -> InvalidDataError:
    place = "" if row is None else f" at row {row}"
    content = value if row is None else repr(value)
    return InvalidDataError(
        f"Column {id_column!r} of {OWNER} must hold {_ID_RULE}. Got {content}{place}.",
        owner=OWNER,
        name="id_column",
        rule=_ID_RULE,
        value=value,
        column=id_column,
        row=row,
        advice=_ADVICE,
    )
