"""Rows that cannot be used, as conditions in SQL, and their counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from skseg._rfm._defects import Defect, Remedy, to_explain

from ._source import Source


def _no_remedies() -> Sequence[Remedy]:
    return ()


class _Condition(NamedTuple):
    kind: str
    sql: str
    column: str
    remedies: Callable[[], Sequence[Remedy]]
    is_fine: str | None


class Conditions:
    """The conditions of rows that cannot be used; each row counts under the first.

    Rows without a defect have the code 0, others that of their condition, from 1 on.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._conditions: list[_Condition] = []
        self._n_by_code: dict[int, int] = {}

    def add(
        self,
        kind: str,
        sql: str,
        column: str,
        remedies: Callable[[], Sequence[Remedy]] = _no_remedies,
        *,
        is_fine: str | None = None,
    ) -> None:
        """Add a condition, which is never NULL.

        Where `is_fine` is true, which is cheaper to tell, the condition is not.
        """
        condition = _Condition(kind, sql, column, remedies, is_fine)
        self._conditions.append(condition)

    @property
    def code(self) -> str:
        """The code of the first defect, in SQL."""
        if not self._conditions:
            return "0"
        whens = " ".join(
            f"WHEN {condition.sql} THEN {i}"
            for i, condition in enumerate(self._conditions, start=1)
        )
        return f"CASE {whens} ELSE 0 END"

    @property
    def quick_code(self) -> str:
        """The same code, where most rows are told to be fine by the cheap tests.

        It is not for WHERE, where DuckDB may answer such tests from the statistics of a
        file, which know nothing of NaN.
        """
        tests = [condition.is_fine for condition in self._conditions]
        if not tests or None in tests:
            return self.code
        is_fine = " AND ".join(dict.fromkeys(map(str, tests)))
        return self.code.replace("CASE ", f"CASE WHEN {is_fine} THEN 0 ", 1)

    @property
    def where(self) -> str:
        """The clause that keeps the usable rows; empty where all of them are."""
        return f"WHERE {self.code} = 0" if self.counts else ""

    def and_usable(self, condition: str) -> str:
        """Return a condition, and that the row is usable so far.

        Engines may take the two sides of AND in any order, and the condition may fail
        in rows that are not usable.
        """
        if not self._conditions:
            return condition
        return (
            f"CASE WHEN {self.code} <> 0 THEN 0 WHEN {condition} THEN 1 ELSE 0 END = 1"
        )

    def count(self, n_by_code: dict[int, int]) -> None:
        """Take over the numbers of rows by code."""
        self._n_by_code = n_by_code

    @property
    def n_rows(self) -> int:
        """Number of rows, usable or not."""
        return sum(self._n_by_code.values())

    @property
    def n_usable(self) -> int:
        """Number of rows without a defect."""
        return self._n_by_code.get(0, 0)

    @property
    def counts(self) -> dict[str, int]:
        """Kind of defect -> number of rows."""
        counts: dict[str, int] = {}
        for code, condition in enumerate(self._conditions, start=1):
            if n_rows := self._n_by_code.get(code, 0):
                counts[condition.kind] = counts.get(condition.kind, 0) + n_rows
        return counts

    def explained(self, wanted: str, action: Callable[[str], str]) -> list[Defect]:
        """Return the defects on which that action is wanted, with their remedies."""
        conditions = [
            (code, condition)
            for code, condition in enumerate(self._conditions, start=1)
            if action(condition.kind) == wanted
        ]
        if not any(self._n_by_code.get(code) for code, _ in conditions):
            return []
        return to_explain(self._defects(conditions))

    def _defects(self, conditions: Sequence[tuple[int, _Condition]]) -> list[Defect]:
        """Fetch an example of each, and the numbers of those that are second ones."""
        functions = self._source.functions
        terms = []
        for code, condition in conditions:
            column = self._source.column(condition.column)
            rows = f"{self.code} = {code}"
            if not self._n_by_code.get(code):
                rows = condition.sql
            count = f"SUM(CASE WHEN {condition.sql} THEN 1 ELSE 0 END)"
            text = f"CAST({column} AS {functions.text})"
            example = f"MIN(CASE WHEN {rows} THEN {text} END)"
            terms.append(f"CAST({count} AS {functions.integer}) AS skseg_n{code}")
            terms.append(f"{example} AS skseg_value{code}")
        row = self._source.select(", ".join(terms))
        defects = []
        for code, condition in conditions:
            n_first = self._n_by_code.get(code, 0)
            n_rows = n_first or int(row[f"skseg_n{code}"][0])
            if not n_rows:
                continue
            value = None
            if not condition.kind.startswith("missing"):
                value = str(row[f"skseg_value{code}"][0])
            defects.append(
                Defect(
                    condition.kind,
                    n_rows,
                    None,
                    value,
                    condition.column,
                    tuple(condition.remedies()),
                    is_second=not n_first,
                )
            )
        return defects
