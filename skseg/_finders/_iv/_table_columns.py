"""Columns of a table that is not in memory, as few rows that have the same bins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from skseg._core._aggregates import (
    group_counts,
    literal_sql,
    number_sql,
    quantiles,
    require_numbers,
)
from skseg._core._steps import interval_tests, step_sql
from skseg._core._table_columns import (
    first_value,
    known_number_sql,
    text_sql,
    texts_of,
)
from skseg._typing import FloatArray, IntArray
from skseg.engines import Table
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns

from ._column_iv import ColumnRows, IVSettings
from ._special_codes import numbers_of
from ._user_bins import read_edges

# Distinct values of a column that are fetched at most where each of them is a bin.
MAX_LEVELS = 1_000_000


class CountedRows(NamedTuple):
    """The rows of a table that are counted.

    `kind` is SQL of what `count_bins` calls the group and event of a row, and `where` a
    condition; `sample_weight` is a column or None.
    """

    table: Table
    kind: str
    where: str
    sample_weight: str | None

    def counts(self, key: str, value: str) -> dict[str, Any]:
        """Return number, smallest and largest value of rows by key and kind."""
        return group_counts(
            self.table,
            {"skseg_key": key, "skseg_kind": self.kind},
            aggregates={"low": f"MIN({value})", "high": f"MAX({value})"},
            where=self.where,
            sample_weight=self.sample_weight,
        )


def column_rows(
    owner: str, rows: CountedRows, name: str, settings: IVSettings
) -> ColumnRows:
    """Return few weighted rows that have the bins and counts of a column, or raise."""
    table, spec = rows.table, settings.bins_of.get(name)
    if isinstance(first_value(table, name), str):
        return _levels(owner, rows, name, text_sql(table, name))
    require_numbers(table, owner, [name])
    if isinstance(spec, str) and spec == "levels":
        return _levels(owner, rows, name, known_number_sql(table, name))
    special = [n for numbers in numbers_of(settings.special).values() for n in numbers]
    if spec is None:
        return _quantile_rows(owner, rows, name, settings.max_bins, special)
    edges = read_edges(name, spec).tolist()
    return _few_rows(owner, name, _Ladder(rows, name, [*edges, *special]))


def _levels(owner: str, rows: CountedRows, name: str, value: str) -> ColumnRows:
    """Return one row for every value and kind."""
    groups = group_counts(
        rows.table,
        {"skseg_key": value, "skseg_kind": rows.kind},
        where=rows.where,
        sample_weight=rows.sample_weight,
        limit=MAX_LEVELS + 1,
    )
    if len(groups["n"]) > MAX_LEVELS:
        raise InvalidDataError(
            f"{owner} makes a bin of every value of column {name!r}, which has more "
            f"than {MAX_LEVELS:,}.",
            owner=owner,
            name="X",
            rule=f"at most {MAX_LEVELS:,} values, each of them a bin",
            column=name,
            advice="Leave the column out, or derive one of few values from it.",
        )
    values = groups["skseg_key"]
    if values.dtype.kind == "O":
        values = texts_of(values)
    return ColumnRows(
        Columns({name: values}, owner),
        groups["skseg_kind"].astype(np.uint8),
        groups["n"].astype(np.float64),
    )


def _quantile_rows(
    owner: str, rows: CountedRows, name: str, max_bins: int, special: list[float]
) -> ColumnRows:
    """Return rows with the bins at quantiles of a column of numbers.

    Each edge lies between a quantile and the next larger value. So values between
    neighbouring quantiles can be replaced by the smallest of them, unless there are
    only a few values: these are told apart, as each of them is a bin.
    """
    value, _ = number_sql(rows.table, name)
    others = [f"{value} <> {literal_sql(rows.table, code)}" for code in special]
    levels = [Fraction(i, max_bins) for i in range(1, max_bins)]
    keys = quantiles(
        rows.table,
        name,
        levels,
        where=" AND ".join([f"({rows.where})", *others]),
        sample_weight=rows.sample_weight,
    )
    ladder = _Ladder(rows, name, [*keys[~np.isnan(keys)].tolist(), *special])
    while ladder.n_values - len(special) <= max_bins and not ladder.is_complete:
        ladder = _Ladder(rows, name, [*ladder.keys, *ladder.ends])
    return _few_rows(owner, name, ladder)


class _Ladder:
    """Counts of rows at ascending key values, and between neighbouring ones.

    `low` and `high` are the smallest and the largest value of each step, NaN for the
    missing ones.
    """

    def __init__(self, rows: CountedRows, name: str, keys: Iterable[float]) -> None:
        # Adding 0.0 takes the sign off zero.
        self.keys = sorted({key + 0.0 for key in keys})
        value, present = number_sql(rows.table, name)
        step = _ladder_sql(rows.table, value, self.keys)
        key = f"CASE WHEN {present} THEN {step} ELSE -1 END"
        known = f"CASE WHEN {present} THEN {value} END"
        groups = rows.counts(key, known)
        self.steps: IntArray = groups["skseg_key"].astype(np.intp) + 1
        self.kind = groups["skseg_kind"].astype(np.uint8)
        self.n = groups["n"].astype(np.float64)
        low, high = (groups[end].astype(np.float64) + 0.0 for end in ("low", "high"))
        n_steps, present = 2 * len(self.keys) + 2, self.steps > 0
        self.low, self.high = np.full(n_steps, np.inf), np.full(n_steps, -np.inf)
        np.minimum.at(self.low, self.steps[present], low[present])
        np.maximum.at(self.high, self.steps[present], high[present])
        self.low[0] = self.high[0] = np.nan

    @property
    def values(self) -> FloatArray:
        """The value that stands for those of each row."""
        return np.asarray(self.low[self.steps])

    @property
    def n_values(self) -> int:
        """The number of steps that have values."""
        return int((self.low <= self.high).sum())

    @property
    def is_complete(self) -> bool:
        """Whether every step has a single value."""
        return not (self.low < self.high).any()

    @property
    def ends(self) -> list[float]:
        """The smallest and the largest value of each step that has several."""
        several = self.low < self.high
        return [*self.low[several].tolist(), *self.high[several].tolist()]


def _few_rows(owner: str, name: str, ladder: _Ladder) -> ColumnRows:
    return ColumnRows(Columns({name: ladder.values}, owner), ladder.kind, ladder.n)


def _ladder_sql(table: Table, value: str, keys: Sequence[float]) -> str:
    """Return SQL of the step of a value: 2 i below key i, and 2 i + 1 at this key."""
    tests = interval_tests(table, value, zip(keys, keys, strict=True))
    return step_sql(tests, str)
