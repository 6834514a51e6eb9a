"""The files that a run leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from skseg import _files
from skseg._files import Edited
from skseg.exceptions import MissingExtraError

from ._termination import clean_termination
from ._wording import input_errors
from ._writers import Writers

# Name -> content, as the commands show it.
RFM_FILES = {
    "customers.csv": "every customer with scores and segment",
    "segments.csv": "the table of segments",
    "rules.json": "the rules, for skseg.rules.RuleSet.from_json",
    "segments.sql": "the rules as a query for your database",
    "sizes.png": "the sizes of the segments",
    "heatmap.png": "the customers by recency and frequency",
}
DEMO_FILES = {
    "orders.csv": "the generated orders",
    "report.html": "the report, to open in a browser",
    **RFM_FILES,
}
RULES_FILES = {
    "rows.csv": "every row with its segment",
    "rows.parquet": "every row with its segment",
    "strategy.csv": "the table of segments, the best first",
    "strategy.json": "the segments to edit, check and apply again",
    "rules.json": "the rules with numbers for quantiles, to check and apply again",
    "rules.sql": "the rules as a query for your database",
    "sizes.png": "the sizes of the segments",
    "flow.png": "how the rules became segments",
}


def check_folder(
    folder: Path,
    *sources: Path,
    contents: Mapping[str, str],
    edited: Edited = "refuse",
) -> None:
    """Raise if a run could not write to a folder, or a file would be lost by it.

    The names in `contents` are those of the files that the run may write to `folder`,
    which need not exist. `edited` says what becomes of files that skseg has written and
    somebody has edited.
    """
    with input_errors(), _write_errors(folder), clean_termination():
        _files.check_folder(folder, list(contents), sources=sources, edited=edited)


@dataclass(frozen=True)
class Outputs:
    """The files written, and those skipped with the extra that each needs.

    `contents` describes every file that such a run may write. `removed` are files of
    the run before, and `kept` has the new name of those that were edited. `formulas`
    has the number of cells that spreadsheets would run, by file and column.
    """

    contents: Mapping[str, str]
    written: list[Path]
    skipped: Mapping[str, str]
    removed: Sequence[str]
    kept: Mapping[str, str]
    formulas: Mapping[str, Mapping[str, int]]


def write_files(
    writers: Writers,
    folder: Path,
    *,
    contents: Mapping[str, str],
    edited: Edited = "refuse",
) -> Outputs:
    """Write files all at once, except those for which an extra is not installed.

    `contents` names all files that such a run may write. Those of an earlier run go,
    since a picture or query of earlier segments must not stand beside new ones.
    """
    written, skipped, formulas = [], {}, {}

    def prepare(staging: Path) -> None:
        for name, write in writers.items():
            try:
                counts = write(staging / name)
            except MissingExtraError as error:
                skipped[name] = str(error)
            else:
                written.append(folder / name)
                if isinstance(counts, dict) and counts:
                    formulas[name] = counts

    with input_errors(), _write_errors(folder), clean_termination():
        changes = _files.write_folder(folder, prepare, edited=edited)
    return Outputs(contents, written, skipped, changes.removed, changes.kept, formulas)


@contextmanager
def _write_errors(folder: Path) -> Iterator[None]:
    """Turn what the system objects to into a message for the user, and status 1."""
    try:
        yield
    except OSError as error:
        place = "" if error.filename in (None, str(folder)) else f" ({error.filename})"
        reason = f"{error.strerror or error}{place}"
        raise click.ClickException(f"Cannot write to {folder}: {reason}.") from error
