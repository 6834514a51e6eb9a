"""From order lines to one row per customer, where the lines are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from skseg._rfm._calendar import EPOCH, as_of_day
from skseg._rfm._float_decimals import MAX_UNITS
from skseg._rfm._lines import check_defects
from skseg._rfm._money import CENTS, advice_to_round
from skseg._rfm._table_options import Options
from skseg._rfm._table_report import RFMTableReport
from skseg.engines import Table
from skseg.exceptions import InvalidDataError

from ._conditions import Conditions
from ._dates import Days, read_days
from ._ids import IdSQL, placeholder_texts, read_ids
from ._money import Money, read_money
from ._number_column import Measures, NumberColumn
from ._numbers import NOISE, power
from ._source import OTHER, TEXT, Source


class Customers(NamedTuple):
    """The table of customers in the engine, and what the account says of the lines."""

    relation: Any
    as_of: dt.date
    excluded: dict[str, int]
    n_rows: int
    placeholders: dict[str, dict[str, int]]
    report: RFMTableReport | None


class _Account(NamedTuple):
    """What one query says of all lines."""

    last_day: int
    measures: list[Measures]
    has_placeholders: list[bool]


def read_customers(table: Table, options: Options, *, with_report: bool) -> Customers:
    """Return the customers of a table of transactions, or raise."""
    source = Source(table, options)
    conditions = Conditions(source)
    _check_ids(source)
    ids = [read_ids(source, options.customer_id, "customer", conditions)]
    if options.order_id is not None and options.order_id != options.date:
        ids.append(read_ids(source, options.order_id, "order id", conditions))
    days = read_days(source, conditions)
    last_day = None
    if not (isinstance(options.as_of, str) and options.as_of == "latest"):
        last_day = as_of_day(options.as_of, days.zone, options.owner)
        is_late = days.after(last_day)
        conditions.add(
            "date after as_of", is_late, options.date, is_fine=f"NOT ({is_late})"
        )
    columns = [
        NumberColumn(source, name, conditions) for name in options.amount_columns
    ]
    account = _read_account(source, conditions, ids, days, columns)
    check_defects(conditions, options)
    money = read_money(source, columns, account.measures, conditions)
    _check_sums(source, conditions, ids[0], money)
    as_of = account.last_day if last_day is None else last_day
    orders = ids[1].key if len(ids) == 2 else None
    if options.order_id == options.date:
        orders = days.plain
    sql = _table_sql(source, conditions, ids[0], orders, days, money, as_of)
    placeholders = {
        column.placeholder_kind: placeholder_texts(source, column, conditions)
        for column, has_any in zip(ids, account.has_placeholders, strict=True)
        if has_any
    }
    day = dt.date.fromordinal(EPOCH + as_of)
    report = None
    if with_report:
        n_rounded = _n_rounded(source, conditions, money)
        report = _report(source, conditions, sql, day, money, n_rounded, placeholders)
    return Customers(
        table.relation(sql.customers),
        day,
        conditions.counts,
        conditions.n_rows,
        placeholders,
        report,
    )


def _check_ids(source: Source) -> None:
    for name in (source.options.customer_id, source.options.order_id):
        type_name = "" if name is None else source.table.types[name].upper()
        is_bytes = "BLOB" in type_name or "BYTEA" in type_name or "BINARY" in type_name
        if name is None or not (is_bytes and source.kinds[name] == OTHER):
            continue
        raise InvalidDataError(
            "The ids of customers and orders must be texts or numbers. The column "
            f"{name!r} is of the type {source.table.types[name]}.",
            owner=source.options.owner,
            rule="texts or numbers",
            column=name,
            advice="Convert them in a view of the table.",
        )


def _read_account(
    source: Source,
    conditions: Conditions,
    ids: Sequence[IdSQL],
    days: Days,
    columns: Sequence[NumberColumn],
) -> _Account:
    """Count the rows by their first defect, and measure the amounts, in one query."""
    moment, latest = days.latest()
    inner = [f"{conditions.quick_code} AS skseg_defect", f"{moment} AS skseg_day"]
    integer = source.functions.integer
    outer = [
        "skseg_defect",
        f"CAST(COUNT(*) AS {integer}) AS skseg_n",
        f"CAST({latest} AS {source.functions.double}) AS skseg_last",
    ]
    for i, column in enumerate(columns):
        size, code = column.measures
        inner += [f"{size} AS skseg_size{i}", f"{code} AS skseg_code{i}"]
        outer.append(f"MAX(skseg_size{i}) AS skseg_size{i}")
        outer.append(f"CAST(MAX(skseg_code{i}) AS {integer}) AS skseg_code{i}")
        rest = f"MAX(skseg_code{i} % {NOISE})"
        outer.append(f"CAST({rest} AS {integer}) AS skseg_decimals{i}")
    for i, column_ids in enumerate(ids):
        inner.append(f"{column_ids.suspicion or '0'} AS skseg_none{i}")
        outer.append(f"CAST(MAX(skseg_none{i}) AS {integer}) AS skseg_none{i}")
    lines = f"SELECT {', '.join(inner)} {source.from_clause}"
    rows = source.fetch(
        f"SELECT {', '.join(outer)} FROM ({lines}) AS skseg_lines GROUP BY skseg_defect"
    )
    codes = [int(code) for code in rows["skseg_defect"]]
    counts = dict(zip(codes, map(int, rows["skseg_n"]), strict=True))
    if not counts:
        raise InvalidDataError(
            f"{source.options.owner} needs at least one transaction. Got 0 rows.",
            owner=source.options.owner,
            name="transactions",
        )
    conditions.count(counts)
    if 0 not in counts:
        return _Account(0, [], [False] * len(ids))
    usable = codes.index(0)
    return _Account(
        int(rows["skseg_last"][usable]),
        [
            Measures(
                float(rows[f"skseg_size{i}"][usable]),
                int(rows[f"skseg_code{i}"][usable]),
                int(rows[f"skseg_decimals{i}"][usable]),
            )
            for i in range(len(columns))
        ],
        [rows[f"skseg_none{i}"][usable] > 1 for i in range(len(ids))],
    )


def _check_sums(
    source: Source, conditions: Conditions, customer: IdSQL, money: Money
) -> None:
    """Raise where a customer's amounts add up to more than float64 holds exactly."""
    if money.largest * conditions.n_usable < MAX_UNITS:
        return
    total = money.largest
    if total < MAX_UNITS:
        # Not the net sum, as in memory.
        double = source.functions.double
        sums = (
            f"SELECT SUM(ABS(CAST({money.units} AS {double}))) AS skseg_total "
            f"{source.from_clause} {conditions.where} GROUP BY {customer.key}"
        )
        row = source.fetch(
            f"SELECT MAX(skseg_total) AS skseg_total FROM ({sums}) AS skseg_sums"
        )
        total = float(row["skseg_total"][0])
    if total < MAX_UNITS:
        return
    advice, remedy = advice_to_round(total / 10.0**money.decimals, CENTS)
    raise InvalidDataError(
        "The amounts of one customer add up to 2**53 minor units or more, which "
        f"cannot be summed exactly with {money.decimals} decimals.",
        owner=source.options.owner,
        name="decimals",
        value=money.decimals,
        advice=advice,
        remedy=remedy,
    )


class _TableSQL(NamedTuple):
    """The query of the table, and that of its counts."""

    customers: str
    counts: str


def _table_sql(
    source: Source,
    conditions: Conditions,
    customer: IdSQL,
    order: str | None,
    days: Days,
    money: Money,
    as_of: int,
) -> _TableSQL:
    functions = source.functions
    integer, double = functions.integer, functions.double
    shown = functions.shown if source.kinds[customer.name] == TEXT else None
    column = source.column(customer.name)
    line = [
        f"{customer.key} AS skseg_id",
        f"{days.unconverted} AS skseg_day",
        f"{money.units} AS skseg_units",
    ]
    if shown is not None:
        line.append(f"{column} AS skseg_shown")
    if order is not None:
        line.append(f"{order} AS skseg_order")
    lines = f"SELECT {', '.join(line)} {source.from_clause} {conditions.where}"
    passed_on = "" if shown is None else f", {shown('skseg_shown')} AS skseg_shown"
    # An order is a purchase unless its net amount is negative, or zero with a return.
    if order is None:
        orders = lines
        is_purchase = "skseg_units >= 0"
    else:
        total = f"CAST(SUM(skseg_units) AS {integer})"
        orders = (
            f"SELECT skseg_id{passed_on}, MIN(skseg_day) AS skseg_day, {total} AS "
            "skseg_units, MIN(skseg_units) AS skseg_least FROM skseg_lines "
            "GROUP BY skseg_id, skseg_order"
        )
        is_purchase = "skseg_units > 0 OR (skseg_units = 0 AND skseg_least >= 0)"
    purchase_day = f"CASE WHEN {is_purchase} THEN skseg_day END"
    customers = (
        f"SELECT skseg_id{passed_on}, CAST(SUM(skseg_units) AS {integer}) AS "
        f"skseg_units, COUNT({purchase_day}) AS skseg_frequency, COUNT(*) AS "
        f"skseg_n, MIN({purchase_day}) AS skseg_first, MAX({purchase_day}) AS "
        "skseg_last FROM skseg_orders GROUP BY skseg_id"
    )
    parts = [*source.with_clause]
    if order is not None:
        parts.append(f"skseg_lines AS ({lines})")
    parts += [f"skseg_orders AS ({orders})", f"skseg_customers AS ({customers})"]
    with_clause = f"WITH {', '.join(parts)} "
    monetary = f"CAST(skseg_units AS {double}) / {power(source, money.decimals)}"
    frequency = f"CAST(skseg_frequency AS {double})"
    gaps = f"CAST(skseg_frequency - 1 AS {double})"
    first, last = days.of("skseg_first"), days.of("skseg_last")
    columns = {
        column: "skseg_id" if shown is None else "skseg_shown",
        "recency": f"CAST({as_of} - {last} AS {double})",
        "frequency": f"CAST(skseg_frequency AS {integer})",
        "monetary": monetary,
        "tenure": f"CAST({as_of} - {first} AS {double})",
        "average_order_value": (
            f"CASE WHEN skseg_frequency > 0 THEN ({monetary}) / {frequency} END"
        ),
        "mean_gap": (
            "CASE WHEN skseg_frequency > 1 THEN "
            f"CAST({last} - {first} AS {double}) / {gaps} END"
        ),
    }
    listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    counted = ", ".join(
        f"CAST({sql} AS {integer}) AS skseg_{name}"
        for name, sql in {
            "customers": "COUNT(*)",
            "orders": "SUM(skseg_n)",
            "purchases": "SUM(skseg_frequency)",
            "without": "SUM(CASE WHEN skseg_frequency = 0 THEN 1 ELSE 0 END)",
        }.items()
    )
    return _TableSQL(
        f"{with_clause}SELECT {listed} FROM skseg_customers",
        f"{with_clause}SELECT {counted} FROM skseg_customers",
    )


def _n_rounded(source: Source, conditions: Conditions, money: Money) -> int:
    if money.is_rounded is None:
        return 0
    count = f"SUM(CASE WHEN {money.is_rounded} THEN 1 ELSE 0 END)"
    row = source.select(
        f"CAST({count} AS {source.functions.integer}) AS skseg_n", conditions.where
    )
    return int(row["skseg_n"][0])


def _report(
    source: Source,
    conditions: Conditions,
    sql: _TableSQL,
    as_of: dt.date,
    money: Money,
    n_rounded: int,
    placeholders: dict[str, dict[str, int]],
) -> RFMTableReport:
    """Count orders and customers, which takes the table once more."""
    row = source.table.fetch(sql.counts)
    counts = {name: int(values[0]) for name, values in row.items()}
    return RFMTableReport(
        as_of=as_of,
        n_rows=conditions.n_rows,
        n_used=conditions.n_usable,
        n_customers=counts["skseg_customers"],
        n_orders=counts["skseg_orders"],
        n_purchases=counts["skseg_purchases"],
        n_cancelled_orders=counts["skseg_orders"] - counts["skseg_purchases"],
        n_customers_without_purchase=counts["skseg_without"],
        decimals=money.decimals,
        n_rounded=n_rounded,
        excluded=conditions.counts,
        placeholder_customers=placeholders.get("placeholder customer", {}),
        placeholder_orders=placeholders.get("placeholder order id", {}),
    )
