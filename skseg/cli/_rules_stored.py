"""Rules of a file applied to rows where they are."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._aggregates import check_weights, number_sql, require_numbers
from skseg._core._table_quantiles import table_quantiles
from skseg._core._table_unseen import unseen_sentences_of_table
from skseg._mece import MECERuleSegmenter
from skseg.engines import Table, open_table
from skseg.exceptions import InvalidDataError
from skseg.rules import MECEReport, RuleSet
from skseg.rules._quantile import wanted_levels
from skseg.rules._reserved_names import OUTSIDE

from ._rules_apply import NO_SEGMENT, RESULT_COLUMNS, ROW, RulesRun
from ._rules_file import DEFINITION, RULE_SET, RulesFile
from ._stored_rows import StoredRows, column_sql
from ._wording import key_terms, worded

# Rows that are in memory at a time.
N_ROWS = 1_000_000


def apply_where_rows_are(
    file: RulesFile,
    rows: StoredRows,
    *,
    outcome: str | None = None,
    weight: str | None = None,
    id_column: str | None = None,
    to_table: str | None = None,
    overwrite: bool = False,
) -> RulesRun:
    """Apply the rules of a file to rows that are not in memory; see `apply_rules`.

    The segments are assigned by the engine that has the rows. Definitions are fitted
    there, and quantiles of rule sets are those of all rows; strategies are not fitted,
    so that none of their figures changes.
    """
    table = rows.typed(_kinds(file, rows, outcome, weight, id_column))
    try:
        fitted_on = rows.typed(_kinds(file, rows, outcome, weight, None))
        model, rules, report = model_of(file, fitted_on, outcome, weight)
        as_written = file.rules if file.form == DEFINITION else rules
        unseen = unseen_sentences_of_table(as_written, table)
        code, name = RESULT_COLUMNS
        coded = model.label(table, code, output="code")
        if to_table is not None:
            model.label(coded, name, to=rows.target(to_table), overwrite=overwrite)
        labelled = _opened(model.label(coded, name))
    except ValueError as error:
        raise InvalidDataError(worded(error, key_terms(file.path.name))) from error
    n_rows, sizes, outcomes = _sizes(labelled, rows.name, outcome, weight)
    segments, outside = _segments(rules, sizes, outcomes)
    segmenter = None
    if file.form == DEFINITION:
        assert isinstance(model, MECERuleSegmenter)
        segmenter = model
        segments["n"] = segmenter.segments_["n"]
        scores = segmenter.segments_["score"]
        segments.insert(list(segments).index("rule"), "score", scores)
    return RulesRun(
        file,
        rules,
        report,
        _blocks(labelled, id_column),
        n_rows,
        segments,
        outside,
        segmenter,
        unseen,
    )


def _kinds(
    file: RulesFile,
    rows: StoredRows,
    outcome: str | None,
    weight: str | None,
    id_column: str | None,
) -> dict[str, str | None]:
    optional = {n: k for n, k in file.optional_columns.items() if n in rows.names}
    kinds: dict[str, str | None] = {**file.columns, **optional}
    kinds |= {n: "number" for n in (outcome, weight) if n is not None}
    if id_column is not None:
        kinds.setdefault(id_column, "id")
    return kinds


def model_of(
    file: RulesFile, table: Table, outcome: str | None, weight: str | None
) -> tuple[RuleSet | MECERuleSegmenter, RuleSet, MECEReport]:
    """Return what labels the rows, its rules and their proof."""
    if file.form == RULE_SET:
        rules = file.rules
        if not rules.is_resolved:
            require_numbers(table, file.path.name, wanted_levels(rules._all_rules))
            check_weights(table, file.path.name, weight)
            rules = rules._resolved(table_quantiles(table, weight))[0]
        return rules, rules, rules.verify()
    if file.form == DEFINITION:
        segmenter = MECERuleSegmenter(**file.parameters)
        with warnings.catch_warnings():
            # The screen shows these sentences for every form of file.
            warnings.filterwarnings("ignore", "No row of column")
            segmenter.fit(table, outcome, sample_weight=weight)
    else:
        segmenter = file.strategy()
    return segmenter, segmenter.rules_, segmenter.mece_report_


def _sizes(
    table: Table, name: str, outcome: str | None, weight: str | None
) -> tuple[int, dict[str | None, float], dict[str | None, float]]:
    """Return the number of rows, and size and mean outcome by name of segment."""
    count = "1.0" if weight is None else _checked_number(table, name, weight, "weight")
    total = f"CAST({count} AS {_double(table)})"
    y = "0.0" if outcome is None else _checked_number(table, name, outcome, "outcome")
    segment = RESULT_COLUMNS[1]
    answer = table.fetch(
        f"SELECT {segment} AS segment, COUNT(*) AS n_rows, SUM({total}) AS n, "
        f"SUM(({y}) * {total}) AS outcome FROM {table.source} GROUP BY {segment}"
    )
    names = answer["segment"].tolist()
    n = [float(value) for value in answer["n"]]
    sums = [float(value) for value in answer["outcome"]]
    sizes = dict(zip(names, n, strict=True))
    n_rows = int(sum(answer["n_rows"]))
    if outcome is None:
        return n_rows, sizes, {}
    known = zip(names, sums, strict=True)
    return n_rows, sizes, {k: v / sizes[k] if sizes[k] else np.nan for k, v in known}


def _double(table: Table) -> str:
    return {"postgres": "DOUBLE PRECISION", "sqlite": "REAL"}.get(
        table.dialect, "DOUBLE"
    )


def _checked_number(table: Table, name: str, column: str, role: str) -> str:
    """Return the SQL of a column of finite numbers, or raise."""
    number = number_sql(table, column)
    largest = "1.7976931348623157E308"
    bad = [f"NOT ({number.present}) OR ABS({number.value}) > {largest}"]
    if role == "weight":
        bad.append(f"{number.value} < 0")
    counts = ", ".join(
        f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS n{place}"
        for place, condition in enumerate(bad)
    )
    answer = table.fetch(f"SELECT {counts} FROM {table.source}")
    if n := int(answer["n0"][0] or 0):
        raise InvalidDataError(
            f"{name}: The column {column!r} must hold a finite number in every row. "
            f"It does not in {n:,}.",
            column=column,
        )
    if len(bad) > 1 and (n := int(answer["n1"][0] or 0)):
        raise InvalidDataError(
            f"{name}: The weight in column {column!r} is negative in {n:,} rows.",
            column=column,
        )
    return str(number.value)


def _segments(
    rules: RuleSet,
    sizes: dict[str | None, float],
    outcomes: dict[str | None, float],
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the table of segments, and the sizes of what is in none."""
    n = np.array([sizes.get(name, 0.0) for name in rules.names])
    without = sizes.get(None, 0.0)
    inside = n.sum() + without
    table = pd.DataFrame(
        {
            "code": list(rules.codes),
            "name": list(rules.names),
            "n": n,
            "share": n / inside if inside else np.nan,
        }
    )
    if outcomes:
        table["outcome"] = [outcomes.get(name, np.nan) for name in rules.names]
    table["rule"] = list(rules.texts().values())
    outside = {}
    if rules.universe is not None:
        outside[OUTSIDE] = sizes.get(OUTSIDE, 0.0)
    if None in sizes:
        outside[NO_SEGMENT] = without
    return table, outside


def _blocks(
    table: Table, id_column: str | None
) -> Callable[[], Iterator[pd.DataFrame]]:
    """Return what reads id or number, code and segment of every row."""
    code, name = RESULT_COLUMNS

    def read() -> Iterator[pd.DataFrame]:
        ids = f"row_number() OVER () AS {ROW}"
        if id_column is not None:
            ids = column_sql(table, id_column)
        sql = f"SELECT {ids}, {code}, {name} FROM {table.source}"
        if table.dialect != "duckdb":
            yield pd.DataFrame(table.fetch(sql))
            return
        relation = table.relation(sql)
        # Its name before DuckDB 1.4.
        is_old = not hasattr(relation, "to_arrow_reader")
        read_blocks = (
            relation.fetch_arrow_reader if is_old else relation.to_arrow_reader
        )
        for block in read_blocks(N_ROWS):
            yield block.to_pandas()

    return read


def _opened(X: Any) -> Table:
    table = open_table(X)
    assert table is not None
    return table
