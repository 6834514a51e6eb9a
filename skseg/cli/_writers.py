"""What writes each file that a run leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

import skseg
from skseg._core._csv_files import (
    RULE_COLUMNS,
    frame_to_write,
    write_csv,
    write_rows,
)
from skseg.exceptions import MissingExtraError
from skseg.rules import RuleSet
from skseg.rules._language._names import column_text
from skseg.rules._reserved_names import OUTSIDE

from ._rfm_run import RFMRun
from ._rules_apply import NO_SEGMENT, RESULT_COLUMNS, RulesRun

Writers = dict[str, Callable[[Path], object]]

_SQLITE_COMMENT = [
    "Empty text is a missing value, as in a table imported from a csv file. Numbers",
    "may be text with a decimal point (1234.5), dates are text: 2024-12-25 18:00.",
    'What is none of its kind stops the query with the words "malformed JSON".',
]


def csv_writer(
    make_frame: Callable[[], pd.DataFrame],
    *,
    spreadsheet_safe: bool,
    trusted: Collection[str] = (),
) -> Callable[[Path], dict[str, int]]:
    """Return what writes a frame as CSV.

    It returns the number of cells that spreadsheets would run, by column, but those
    that are `trusted`.
    """

    def write(path: Path) -> dict[str, int]:
        frame, counts = frame_to_write(
            make_frame(), spreadsheet_safe=spreadsheet_safe, trusted=trusted
        )
        write_csv(frame, path)
        return counts

    return write


def rfm_writers(
    run: RFMRun,
    *,
    dialect: str = "duckdb",
    plots: bool = True,
    spreadsheet_safe: bool = False,
) -> Writers:
    """Return what writes the segments of orders, by name of the file."""
    rules, segmenter = run.segmenter.rules_, run.segmenter
    csv = partial(csv_writer, spreadsheet_safe=spreadsheet_safe)

    def customers() -> pd.DataFrame:
        # Whole numbers of days are floats only because they may be missing.
        days = dict.fromkeys(("recency", "tenure"), "Int64")
        return run.customers.astype(days)

    def segments() -> pd.DataFrame:
        table: pd.DataFrame = segmenter.segments_.copy()
        table["description"] = list(rules.describe().values())
        return table

    def write_query(path: Path) -> None:
        day = f"the same day ({run.report.as_of} when the rules were learned)."
        columns = ", ".join(map(column_text, rules.columns))
        comment = [
            f"The table customers has one row per customer, with {columns}",
            f"as of {day}",
        ]
        case = _case(rules, dialect, alias="segment")
        _write_text(path, _query(dialect, comment, [case]))

    def draw_heatmap(path: Path) -> None:
        from skseg.displays import RFMHeatmapDisplay

        _save_picture(RFMHeatmapDisplay.from_estimator(segmenter, run.X), path)

    writers: Writers = {
        "customers.csv": csv(customers),
        "segments.csv": csv(segments, trusted=RULE_COLUMNS),
        "rules.json": _rules_writer(rules),
        "segments.sql": write_query,
    }
    if plots:
        writers["sizes.png"] = _sizes_writer(segmenter.segments_, {})
        writers["heatmap.png"] = draw_heatmap
    return writers


def report_writer(run: RFMRun, *, title: str) -> Callable[[Path], None]:
    """Return what writes the report of segmented customers."""

    def write(path: Path) -> None:
        from skseg.playbook import Playbook
        from skseg.profile import profile_segments
        from skseg.report import SegmentReport

        profile = profile_segments(run.segmenter, run.X, value="monetary")
        names = set(map(str, run.segmenter.segment_names_))
        # The playbook that ships knows the names of the grid.
        knows_names = "Champions" in names
        plan = Playbook.load("rfm" if knows_names else "traits").recommend(profile)
        _write_text(path, SegmentReport(profile, plan=plan, title=title).html())

    return write


def rules_writers(
    run: RulesRun,
    *,
    dialect: str = "duckdb",
    plots: bool = True,
    spreadsheet_safe: bool = False,
    rows_as: str = "csv",
) -> Writers:
    """Return what writes the segments of applied rules, by name of the file."""
    segmenter = run.segmenter
    csv = partial(csv_writer, spreadsheet_safe=spreadsheet_safe)

    def write_query(path: Path) -> None:
        code, name = RESULT_COLUMNS
        cases = [
            _case(run.rules, dialect, alias=code, output="code"),
            _case(run.rules, dialect, alias=name),
        ]
        _write_text(path, _query(dialect, _columns_comment(run.rules), cases))

    def draw_flow(path: Path) -> None:
        from skseg.displays import SegmentFlowDisplay

        _save_picture(SegmentFlowDisplay.from_estimator(segmenter), path)

    writers: Writers = {}
    if rows_as == "parquet":
        writers["rows.parquet"] = partial(_write_parquet, run.row_blocks)
    else:
        writers["rows.csv"] = partial(
            _write_csv_blocks, run.row_blocks, spreadsheet_safe
        )
    if segmenter is None:
        writers["rules.json"] = _rules_writer(run.rules)
    else:
        # The strategy is worth having without its column of SQL.
        can_write_sql = _can_write_sql(run.rules, dialect)
        sql: dict[str, Any] = (
            _sql_options(dialect) if can_write_sql else {"dialect": None}
        )
        writers["strategy.csv"] = csv(
            lambda: segmenter.to_strategy(**sql), trusted=RULE_COLUMNS
        )
        writers["strategy.json"] = lambda path: segmenter.to_json(path, **sql)
    writers["rules.sql"] = write_query
    if plots:
        writers["sizes.png"] = _sizes_writer(run.table, run.outside)
        if segmenter is not None:
            writers["flow.png"] = draw_flow
    return writers


def _write_csv_blocks(
    read_blocks: Callable[[], Iterable[pd.DataFrame]],
    spreadsheet_safe: bool,
    path: Path,
) -> dict[str, int]:
    """Write frames one below the other; return the cells that would be run."""
    counts: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, block in enumerate(read_blocks()):
            frame, cells = frame_to_write(block, spreadsheet_safe=spreadsheet_safe)
            counts.update(cells)
            write_rows(frame, file, header=number == 0)
    return dict(counts)


def _write_parquet(
    read_blocks: Callable[[], Iterable[pd.DataFrame]], path: Path
) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise MissingExtraError("Writing Parquet files", "cli") from None
    with ExitStack() as stack:
        writer = None
        for block in read_blocks():
            schema = None if writer is None else writer.schema
            table = pa.Table.from_pandas(block, schema, preserve_index=False)
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(path, table.schema))
            writer.write_table(table)


def _can_write_sql(rules: RuleSet, dialect: str) -> bool:
    try:
        rules.to_sql(dialect)
    except MissingExtraError:
        return False
    return True


def _case(rules: RuleSet, dialect: str, *, alias: str, output: str = "name") -> str:
    return rules.to_sql(output=output, alias=alias, **_sql_options(dialect))


def _sql_options(dialect: str) -> dict[str, Any]:
    # SQLite imports the empty fields of a csv file as empty text.
    return {"dialect": dialect, "empty_is_missing": dialect == "sqlite"}


def _query(dialect: str, comment: list[str], cases: list[str]) -> str:
    """Return a query that gives the rows of a table of customers their segments."""
    head = [f"Written by skseg {skseg.__version__} for {dialect}.", *comment]
    if dialect == "sqlite":
        head += _SQLITE_COMMENT
    columns = ",\n".join(f"  {column}" for column in ["*", *cases])
    comments = "\n".join(f"-- {line}" for line in head)
    return f"{comments}\nSELECT\n{columns}\nFROM customers;\n"


def _columns_comment(rules: RuleSet) -> list[str]:
    columns = ", ".join(map(column_text, rules.columns))
    texts = [column_text(name) for name, kind in rules.kinds.items() if kind == "text"]
    comment = [
        f"The table customers has one row per customer, with the columns {columns}."
    ]
    if texts:
        comment.append(f"Text, leading zeros included: {', '.join(texts)}.")
    return comment


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _rules_writer(rules: RuleSet) -> Callable[[Path], None]:
    return lambda path: _write_text(path, rules.to_json() + "\n")


def _sizes_writer(
    table: pd.DataFrame, outside: Mapping[str, float]
) -> Callable[[Path], None]:
    def draw(path: Path) -> None:
        from skseg.displays import SegmentSizesDisplay

        # Rows of the universe in no segment are a part of all, as in the table.
        gap = [outside[NO_SEGMENT]] if NO_SEGMENT in outside else []
        display = SegmentSizesDisplay(
            codes=[*table["code"], *[-1 for _ in gap]],
            segment_names=[*table["name"], *[NO_SEGMENT for _ in gap]],
            n=[*table["n"], *gap],
            n_outside=outside.get(OUTSIDE),
        )
        _save_picture(display.plot(), path)

    return draw


def _save_picture(display: Any, path: Path) -> None:
    """Save the figure of a display that is drawn, and close it."""
    import matplotlib.pyplot as plt

    display.figure_.savefig(path, dpi=150)
    plt.close(display.figure_)
