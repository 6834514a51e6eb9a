"""The files that applied rules leave behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import skseg
from skseg.displays import SegmentFlowDisplay, SegmentSizesDisplay
from skseg.exceptions import MissingExtraError
from skseg.rules._language._text import column_text

from ._files import RULES, STRATEGY, Outputs, save_picture, write_files
from ._rules_run import FOUND, RulesRun

ROWS = "segments.csv"
QUERY = "rules.sql"
RULES_FILES = {
    ROWS: "every row with its segment",
    "strategy.csv": "the table of segments, the best first",
    STRATEGY: "the segments to edit, check and apply again",
    RULES: "the rules with numbers for quantiles, to check and apply again",
    QUERY: "the rules as a query for your database",
    "sizes.png": "the sizes of the segments",
    "flow.png": "how the rules became segments",
}


def write_rules_outputs(
    run: RulesRun, folder: Path, *, dialect: str = "duckdb", plots: bool = True
) -> Outputs:
    """Write tables, rules, query and pictures.

    Parameters
    ----------
    run : RulesRun
        What was computed.
    folder : Path
        Where to write; made if it does not exist. Files of an earlier run go.
    dialect : {"duckdb", "sqlite"}, default="duckdb"
        The SQL dialect of the query.
    plots : bool, default=True
        Whether to draw the pictures.

    Returns
    -------
    Outputs
        The files written, and those skipped because an extra is not installed.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    with_sql = _dialect_at_hand(run, dialect)
    writers: dict[str, Callable[[RulesRun, Path], None]] = {ROWS: _write_rows}
    if run.segmenter is None:
        writers[RULES] = _write_rules
    else:
        writers["strategy.csv"] = partial(_write_table, dialect=with_sql)
        writers[STRATEGY] = partial(_write_strategy, dialect=with_sql)
    writers[QUERY] = partial(_write_query, dialect=dialect)
    if plots:
        writers["sizes.png"] = _draw_sizes
        if run.is_fitted_here:
            writers["flow.png"] = _draw_flow
    bound = {name: partial(write, run) for name, write in writers.items()}
    return write_files(bound, folder, names=RULES_FILES)


def _dialect_at_hand(run: RulesRun, dialect: str) -> str | None:
    # The strategy is worth having without its column of SQL.
    try:
        run.rules.to_sql(dialect)
    except MissingExtraError:
        return None
    return dialect


def rules_query(run: RulesRun, dialect: str) -> str:
    """Return a query that gives the rows of a table of customers their segments."""
    code, name = FOUND
    kinds = run.rules.kinds.items()
    texts = [column_text(column) for column, kind in kinds if kind == "text"]
    said = ", ".join(column_text(column) for column in run.rules.columns)
    comment = [
        f"Written by skseg {skseg.__version__} for {dialect}.",
        f"The table customers has one row per customer, with the columns {said}.",
    ]
    if texts:
        comment.append(f"Text, leading zeros included: {', '.join(texts)}.")
    head = "\n".join(f"-- {line}" for line in comment)
    return f"""\
{head}
SELECT
  *,
  {run.rules.to_sql(dialect, output="code", alias=code)},
  {run.rules.to_sql(dialect, alias=name)}
FROM customers;
"""


def _write_rows(run: RulesRun, path: Path) -> None:
    run.rows.to_csv(path, index=False)


def _write_rules(run: RulesRun, path: Path) -> None:
    path.write_text(run.rules.to_json() + "\n", encoding="utf-8")


def _write_table(run: RulesRun, path: Path, *, dialect: str | None) -> None:
    assert run.segmenter is not None
    run.segmenter.to_csv(path, dialect=dialect)


def _write_strategy(run: RulesRun, path: Path, *, dialect: str | None) -> None:
    assert run.segmenter is not None
    run.segmenter.to_json(path, dialect=dialect)


def _write_query(run: RulesRun, path: Path, *, dialect: str) -> None:
    path.write_text(rules_query(run, dialect), encoding="utf-8")


def _draw_sizes(run: RulesRun, path: Path) -> None:
    table = run.table
    display = SegmentSizesDisplay(
        codes=table["code"], names=list(table["name"]), n=table["n"]
    )
    save_picture(display.plot(), path)


def _draw_flow(run: RulesRun, path: Path) -> None:
    save_picture(SegmentFlowDisplay.from_estimator(run.segmenter), path)
