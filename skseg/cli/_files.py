"""The files that a run leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import skseg
from skseg.displays import RFMHeatmapDisplay, SegmentSizesDisplay
from skseg.exceptions import InvalidDataError, MissingExtraError

from ._run import DIMENSIONS, RFMRun

ORDERS = "orders.csv"
RULES = "rules.json"
STRATEGY = "strategy.json"
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


def check_folder(
    folder: Path, *sources: Path, names: Iterable[str] | None = None
) -> None:
    """Refuse a folder in which files of somebody else would be replaced.

    Parameters
    ----------
    folder : Path
        Where a run is to write. It need not exist.
    *sources : Path
        The files that the run reads.
    names : iterable of str, default=None
        What it writes. None: the files of segmented orders, the orders among them if
        none are read.

    Raises
    ------
    ValueError
        If the folder holds a file of ours and nothing shows that skseg wrote it, or if
        a source itself would be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidDataError(f"{folder} is no folder.")
    if names is None:
        names = [name for name in FILES if name != ORDERS or not sources]
    paths = [folder / name for name in names]
    targets = {path.resolve() for path in paths}
    for source in sources:
        if source.resolve() in targets:
            raise InvalidDataError(
                f"{source} would be replaced. Choose another folder."
            )
    taken = [path.name for path in paths if path.exists()]
    if taken and not _is_ours(folder):
        raise InvalidDataError(
            f"{folder} holds {', '.join(taken)}, which skseg has not written. Choose "
            "another folder."
        )


def _is_ours(folder: Path) -> bool:
    return any(
        (folder / name).is_file() and marker in (folder / name).read_bytes()[:100]
        for name, marker in ((RULES, b'"skseg.rules"'), (STRATEGY, b'"skseg.strategy"'))
    )


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
    bound = {name: partial(write, run) for name, write in writers.items()}
    return write_files(bound, folder, names=FILES.keys() - {ORDERS})


def write_files(
    writers: Mapping[str, Callable[[Path], None]],
    folder: Path,
    *,
    names: Iterable[str],
) -> Outputs:
    """Write files, except those for which an extra is not installed.

    Parameters
    ----------
    writers : mapping of str to callable
        Name -> what writes the file to a path.
    folder : Path
        Where to write; made if it does not exist.
    names : iterable of str
        The files of an earlier run that go.

    Returns
    -------
    Outputs
        The files written and skipped.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A picture or query of earlier segments must not stand beside new ones.
    for name in names:
        (folder / name).unlink(missing_ok=True)
    outputs = Outputs()
    for name, write in writers.items():
        try:
            write(folder / name)
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
    save_picture(SegmentSizesDisplay.from_estimator(run.segmenter), path)


def _draw_heatmap(run: RFMRun, path: Path) -> None:
    save_picture(RFMHeatmapDisplay.from_estimator(run.segmenter, run.X), path)


def save_picture(display: Any, path: Path) -> None:
    """Save the figure of a display that is drawn, and close it."""
    import matplotlib.pyplot as plt

    display.figure_.savefig(path, dpi=150)
    plt.close(display.figure_)
