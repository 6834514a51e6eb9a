"""rfm_table of tables that are not in memory: the same as in memory, in every engine."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import RFMTableReport, rfm_table
from skseg.datasets import make_orders
from skseg.engines import open_table
from skseg.exceptions import InvalidDataError, MissingColumnError, SksegError
from tests.engines.connections import every_engine, make_table
from tests.examples import few_examples

DAY = dt.date(2024, 3, 1)
COLUMNS = {"customer_id": "customer", "date": "date", "amount": "amount"}
AS_OF = "2024-12-31"
# Sorted by name, as they come from a folder.
KINDS_OF_ERROR = ("name", "column", "rule")


def fetched(table: Any) -> pd.DataFrame:
    """Return what an engine's object holds, as a frame in memory."""
    opened = open_table(table)
    assert opened is not None
    arrays = opened.fetch(f"SELECT * FROM {opened.source}")
    return pd.DataFrame({name: list(values) for name, values in arrays.items()})


def in_memory(columns: pa.Table) -> Any:
    """Return the lines in the types of Arrow, as a frame of pandas."""
    return columns.to_pandas(types_mapper=pd.ArrowDtype)


def outcome(
    transactions: Any, **options: Any
) -> tuple[Any, RFMTableReport] | SksegError:
    """Return the table and its report, or the error."""
    options = {**COLUMNS, "as_of": AS_OF, **options}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return rfm_table(transactions, return_report=True, **options)
    except SksegError as error:
        return error


def sorted_rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows by id; NULL and NaN are None, floats are written bit by bit."""
    rows = [
        tuple(_plain(value) for value in row)
        for row in table.itertuples(index=False, name=None)
    ]
    return sorted(rows, key=lambda row: str(row[0]))


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, str | bytes | dt.date | Decimal):
        return value
    return float(value).hex()


def facts(error: SksegError) -> Mapping[str, Any]:
    """Return what an error says that does not depend on the order of the rows."""
    listed: Any = error.value
    kinds = None
    if isinstance(listed, tuple) and listed and hasattr(listed[0], "kind"):
        kinds = [
            (d.kind, d.n_rows, d.column, [r.parameters for r in d.remedies])
            for d in listed
        ]
    return {
        "type": type(error),
        "owner": error.owner,
        "name": error.name,
        "kinds": kinds,
        "remedy": error.remedy,
    }


def assert_same(engine: str, columns: pa.Table, frame: Any = None, **options: Any) -> Any:
    """Compare an engine with memory, and return what it gives."""
    table = make_table(engine, columns)
    actual = outcome(table, **options)
    # SQLite and MariaDB do not hold all values, and have no types of their own.
    lines = fetched(table) if engine in ("sqlite", "mariadb") else in_memory(columns)
    expected = outcome(lines if frame is None else frame, **options)
    if isinstance(expected, SksegError) or isinstance(actual, SksegError):
        assert isinstance(expected, SksegError), actual
        assert isinstance(actual, SksegError), expected
        assert facts(actual) == facts(expected), f"{actual}\n\n{expected}"
        return actual
    assert actual[1] == expected[1]
    rows = fetched(actual[0])
    memory = expected[0]
    assert list(rows.columns) == list(memory.columns)
    assert sorted_rows(rows) == sorted_rows(memory)
    return actual


def lines(**columns: Any) -> pa.Table:
    """Return generated order lines, some of their columns replaced."""
    orders = make_orders(60, random_state=0)
    text = orders["customer_id"].astype(str)
    usual = {
        "customer": "C" + text,
        "order": orders["order_id"],
        "date": orders["date"].astype("datetime64[us]"),
        "amount": orders["amount"],
    }
    return pa.table({**usual, **columns})


# ------------------------------------------------------------------ every engine


@every_engine
@pytest.mark.parametrize("order_id", [None, "order", "date"])
def test_a_table_of_clean_lines_is_that_of_memory(
    engine: str, order_id: str | None
) -> None:
    table, report = assert_same(engine, lines(), order_id=order_id)
    assert report.n_rows == report.n_used > 0
    assert type(table) is not pd.DataFrame


def defective() -> pa.Table:
    """Return lines with every defect, some with two of them."""
    rows: list[tuple[Any, ...]] = [
        ("Ann", "1", "2024-03-01", "2.50"),
        ("Ann", "1", "2024-03-05", "-0.50"),
        ("Ann", "2", "2024-03-09", "7"),
        ("ann", "2", "2024-03-02", "1.25"),
        ("Ann ", "3", "2024-03-02", "-1.25"),
        ("\u00c4nn", "4", "2024-03-02", "0"),
        ("Bob", "5", "2024-02-29T23:59:59", "3"),
        ("Bob", "5", "2024-02-28", "-3"),
        (None, "6", "2024-03-01", "1"),
        ("", "6", "2024-03-01", "1"),
        (" \t\u00a0", "6", None, "1"),
        ("Cy", None, "2024-03-01", "1"),
        ("Cy", " ", "2024-03-01", "1"),
        ("Cy", "7", None, "1"),
        ("Cy", "7", "31.12.2024", "1"),
        ("Cy", "7", "2024-02-30", "ten"),
        ("Cy", "7", "2025-01-01", "1"),
        ("Cy", "7", "2024-03-01", None),
        ("Cy", "7", "2024-03-01", "ten"),
        ("Cy", "7", "2024-03-01", "inf"),
        ("Cy", "8", "2024-03-01", "(4.00)"),
        ("NULL", "9", "2024-03-01", "1"),
        (" n/a ", "nan", "2024-03-01", "2"),
        ("n/a", "undefined", "2024-03-01", "2"),
    ]
    names = ("customer", "order", "date", "amount")
    return pa.table(
        {
            name: pa.array([row[i] for row in rows], pa.string())
            for i, name in enumerate(names)
        }
    )


@every_engine
@pytest.mark.parametrize(
    "invalid",
    [
        "raise",
        "exclude",
        {"missing customer": "exclude", "unparsable date": "exclude"},
        {"placeholder customer": "raise"},
        {
            **dict.fromkeys(
                [
                    *("missing customer", "missing order id", "missing date"),
                    *("unparsable date", "date after as_of", "missing amount"),
                    *("unparsable amount", "non-finite amount"),
                ],
                "exclude",
            ),
            "placeholder customer": "exclude",
            "placeholder order id": "keep",
        },
    ],
    ids=["raise", "exclude", "some", "placeholders refused", "placeholders excluded"],
)
def test_every_defect_is_counted_as_in_memory(engine: str, invalid: Any) -> None:
    assert_same(engine, defective(), order_id="order", invalid=invalid)
