"""What writes each file that a run leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import skseg
from skseg.exceptions import MissingExtraError
from skseg.rules import RuleSet
from skseg.rules._language._names import column_text
from skseg.rules._reserved_names import OUTSIDE

from ._rfm_run import RFMRun
from ._rules_apply import NO_SEGMENT, RESULT_COLUMNS, RulesRun

Writers = dict[str, Callable[[Path], object]]


def rfm_writers(run: RFMRun, *, dialect: str = "duckdb", plots: bool = True) -> Writers:
    """Return what writes the segments of orders, by name of the file."""
    rules, segmenter = run.segmenter.rules_, run.segmenter

    def write_customers(path: Path) -> None:
        # Whole numbers of days are floats only because they may be missing.
        days = dict.fromkeys(("recency", "tenure"), "Int64")
        run.customers.astype(days).to_csv(path, index=False)

    def write_segments(path: Path) -> None:
        table = segmenter.segments_.copy()
        table["description"] = list(rules.describe().values())
        table.to_csv(path, index=False)

    def write_query(path: Path) -> None:
        day = f"the same day ({run.report.as_of} when the rules were learned)."
        columns = ", ".join(map(column_text, rules.columns))
        comment = [
            f"The table customers has one row per customer, with {columns}",
            f"as of {day}",
        ]
        case = rules.to_sql(dialect, alias="segment")
        _write_text(path, _query(dialect, comment, [case]))

    def draw_heatmap(path: Path) -> None:
        from skseg.displays import RFMHeatmapDisplay

        _save_picture(RFMHeatmapDisplay.from_estimator(segmenter, run.X), path)

    writers: Writers = {
        "customers.csv": write_customers,
        "segments.csv": write_segments,
        "rules.json": _rules_writer(rules),
        "segments.sql": write_query,
    }
    if plots:
        writers["sizes.png"] = _sizes_writer(segmenter.segments_, {})
        writers["heatmap.png"] = draw_heatmap
    return writers


def rules_writers(
    run: RulesRun, *, dialect: str = "duckdb", plots: bool = True
) -> Writers:
    """Return what writes the segments of applied rules, by name of the file."""
    segmenter = run.segmenter

    def write_rows(path: Path) -> None:
        run.rows.to_csv(path, index=False)

    def write_query(path: Path) -> None:
        code, name = RESULT_COLUMNS
        cases = [
            run.rules.to_sql(dialect, output="code", alias=code),
            run.rules.to_sql(dialect, alias=name),
        ]
        _write_text(path, _query(dialect, _columns_comment(run.rules), cases))

    def draw_flow(path: Path) -> None:
        from skseg.displays import SegmentFlowDisplay

        _save_picture(SegmentFlowDisplay.from_estimator(segmenter), path)

    writers: Writers = {"rows.csv": write_rows}
    if segmenter is None:
        writers["rules.json"] = _rules_writer(run.rules)
    else:
        # The strategy is worth having without its column of SQL.
        sql = dialect if _can_write_sql(run.rules, dialect) else None
        writers["strategy.csv"] = lambda path: segmenter.to_csv(path, dialect=sql)
        writers["strategy.json"] = lambda path: segmenter.to_json(path, dialect=sql)
    writers["rules.sql"] = write_query
    if plots:
        writers["sizes.png"] = _sizes_writer(run.table, run.outside)
        if segmenter is not None:
            writers["flow.png"] = draw_flow
    return writers


def _can_write_sql(rules: RuleSet, dialect: str) -> bool:
    try:
        rules.to_sql(dialect)
    except MissingExtraError:
        return False
    return True


def _query(dialect: str, comment: list[str], cases: list[str]) -> str:
    """Return a query that gives the rows of a table of customers their segments."""
    head = [f"Written by skseg {skseg.__version__} for {dialect}.", *comment]
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
