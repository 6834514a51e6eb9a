"""The files that a run leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import skseg
from skseg.displays import RFMHeatmapDisplay, SegmentSizesDisplay
from skseg.rules import MissingExtraError

from ._run import DIMENSIONS, RFMRun

ORDERS = "orders.csv"
RULES = "rules.json"
FILES = {
    ORDERS: "the generated orders",
    "customers.csv": "every customer with scores and segment",
    "segments.csv": "the table of segments",
    RULES: "the rules, for skseg.rules.RuleSet.from_json",
    "segments.sql": "the rules as a query for your database",
    "sizes.png": "the sizes of the segments",
    "heatmap.png": "the customers by recency and frequency",
}


@dataclass
class Outputs:
    """The files written, and those skipped with the reason."""

    written: list[Path] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def check_folder(folder: Path, source: Path | None = None) -> None:
    """Refuse a folder in which files of somebody else would be replaced.

    Parameters
    ----------
    folder : Path
        Where a run is to write. It need not exist.
    source : Path, default=None
        The file of orders that the run reads. None: it writes one.

    Raises
    ------
    ValueError
        If the folder holds a file of ours and nothing shows that skseg wrote it, or if
        the orders themselves would be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is no folder.")
    names = [name for name in FILES if name != ORDERS or source is None]
    paths = [folder / name for name in names]
    if source is not None and source.resolve() in {path.resolve() for path in paths}:
        raise ValueError(f"{source} would be replaced. Choose another folder.")
    taken = [path.name for path in paths if path.exists()]
    if taken and not _is_ours(folder / RULES):
        raise ValueError(
            f"{folder} holds {', '.join(taken)}, which skseg has not written. Choose "
            "another folder."
        )


def _is_ours(rules: Path) -> bool:
    return rules.is_file() and b'"skseg.rules"' in rules.read_bytes()[:100]


def write_outputs(
    run: RFMRun, folder: Path, *, dialect: str = "duckdb", plots: bool = True
) -> Outputs:
    """Write tables, rules, query and pictures.

    Parameters
    ----------
    run : RFMRun
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
    writers: dict[str, Callable[[RFMRun, Path], None]] = {
        "customers.csv": _write_customers,
        "segments.csv": _write_segments,
        RULES: _write_rules,
        "segments.sql": partial(_write_query, dialect=dialect),
    }
    if plots:
        writers |= {"sizes.png": _draw_sizes, "heatmap.png": _draw_heatmap}
    folder.mkdir(parents=True, exist_ok=True)
    # A picture or query of earlier segments must not stand beside new ones.
    for name in FILES.keys() - {ORDERS}:
        (folder / name).unlink(missing_ok=True)
    outputs = Outputs()
    for name, write in writers.items():
        try:
            write(run, folder / name)
        except MissingExtraError as error:
            outputs.skipped[name] = str(error)
        else:
            outputs.written.append(folder / name)
    return outputs


def segment_query(run: RFMRun, dialect: str) -> str:
    """Return a query that gives the rows of a table of customers their segments."""
    case = run.segmenter.rules_.to_sql(dialect, alias="segment")
    return f"""\
-- Written by skseg {skseg.__version__} for {dialect}. The table customers has one row
-- per customer, with the columns {", ".join(DIMENSIONS)} as of the same day
-- ({run.report.as_of} when the rules were learned).
SELECT
  *,
  {case}
FROM customers;
"""


def _write_customers(run: RFMRun, path: Path) -> None:
    # Recency is a whole number of days, but a float where it may be missing.
    run.customers.astype({"recency": "Int64"}).to_csv(path, index=False)


def _write_segments(run: RFMRun, path: Path) -> None:
    table = run.segmenter.segments_.copy()
    table["description"] = list(run.segmenter.rules_.describe().values())
    table.to_csv(path, index=False)


def _write_rules(run: RFMRun, path: Path) -> None:
    path.write_text(run.segmenter.rules_.to_json() + "\n", encoding="utf-8")


def _write_query(run: RFMRun, path: Path, *, dialect: str) -> None:
    path.write_text(segment_query(run, dialect), encoding="utf-8")


def _draw_sizes(run: RFMRun, path: Path) -> None:
    _save(SegmentSizesDisplay.from_estimator(run.segmenter), path)


def _draw_heatmap(run: RFMRun, path: Path) -> None:
    _save(RFMHeatmapDisplay.from_estimator(run.segmenter, run.X), path)


def _save(display: SegmentSizesDisplay | RFMHeatmapDisplay, path: Path) -> None:
    import matplotlib.pyplot as plt

    display.figure_.savefig(path, dpi=150)
    plt.close(display.figure_)
