"""The commands about files of rules."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from skseg._files import Edited

from ._file_format import FileFormat
from ._options import FOLDER, SOURCE, format_options, output_options, quiet_option
from ._wording import input_errors


@click.group(
    epilog="FILE is YAML or JSON: a definition written by hand, whose keys are "
    "parameters of MECERuleSegmenter (rules, default, universe, params, min_size, "
    "max_size, ...); or what RuleSet.to_json or MECERuleSegmenter.to_json wrote.",
)
def rules() -> None:
    """Prove the rules of a file, and apply them to data."""


@rules.command(
    epilog="Exit status: 0 if the rules are proved, as declared, 1 if they are refuted "
    "or it cannot be decided, 2 if the file or an option cannot be used, 3 if they are "
    "proved, which could not be shown.",
)
@click.argument("file", type=SOURCE)
@click.option(
    "--max-findings",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="How many overlaps and gaps to show.",
)
@click.option(
    "--json", "with_json", is_flag=True, help="Write a report as JSON, even if quiet."
)
@quiet_option
def check(file: Path, max_findings: int, with_json: bool, quiet: bool) -> None:
    """Prove that the rules in FILE overlap nowhere and miss nobody.

    The proof is about all rows that could ever come, so it needs no data. Overlaps are
    no failure where the file says "on_overlap: first", nor gaps where it names a
    default.
    """
    from ._rules_check import PROVED, check_json, check_rules
    from ._rules_file import read_rules_file
    from ._screens import show_check
    from ._terminal import make_console, working

    with input_errors():
        source = read_rules_file(file)
        _show_notes(source.notes)
        with working("Proving", quiet=quiet or with_json):
            result = check_rules(source, max_findings=max_findings)
    if with_json:
        click.echo(check_json(result, sys.stdout.encoding or "utf-8"))
    else:
        show_check(make_console(quiet=quiet), result)
    if result.verdict != PROVED:
        raise click.exceptions.Exit(1)


@rules.command(
    epilog="Exit status: 0 if all went well, 1 if a file could not be written or the "
    "rules are refuted, 2 if an option, a file or the data in it cannot be used, 3 if "
    "all went well but could not be shown.",
)
@click.argument("file", type=SOURCE)
@click.argument("data", type=SOURCE)
@click.option(
    "--out", type=FOLDER, help="Folder to write to. Without it nothing is written."
)
@click.option("--outcome", help="Column of an outcome, such as 0 / 1 or revenue.")
@click.option("--weight", help="Column that says how many customers a row stands for.")
@click.option("--id", "id_column", help="Column of ids. Without it rows are numbered.")
@click.option(
    "--refit",
    is_flag=True,
    help="Fit a strategy again on DATA: thresholds, sizes and scores.",
)
@format_options
@output_options
def apply(
    file: Path,
    data: Path,
    out: Path | None,
    outcome: str | None,
    weight: str | None,
    id_column: str | None,
    refit: bool,
    file_format: FileFormat,
    dialect: str,
    plots: bool,
    spreadsheet_safe: bool,
    edited: Edited,
    quiet: bool,
) -> None:
    """Segment the rows of DATA, a file of customers, by the rules in FILE.

    A definition is fitted: its quantiles, sizes and scores are those of DATA. A rule
    set takes its quantiles from DATA. The rules of a strategy are applied as they are,
    and its figures are counted anew; with --refit it is fitted again.

    DATA is CSV, which may be compressed (.gz, .bz2, .xz, .zip), Parquet or Excel
    (.xlsx). In CSV, columns that are compared with text,
    and ids, are kept as they are written, leading zeros included; empty fields are
    missing values.
    """
    from ._outputs import RULES_FILES, check_folder, write_files
    from ._rules_apply import apply_rules, read_rows
    from ._rules_file import read_rules_file
    from ._screens import show_outputs, show_rules_run
    from ._terminal import make_console, reading, show_heading, working
    from ._writers import rules_writers

    console = make_console(quiet=quiet)
    with input_errors():
        if out is not None:
            check_folder(out, file, data, contents=RULES_FILES, edited=edited)
        source = read_rules_file(file, refit=refit)
        _show_notes(source.notes)
        if source.had_outcome and outcome is None:
            _show_notes([_WITHOUT_OUTCOME])
        roles = {"outcome": outcome, "weight": weight, "id_column": id_column}
        with reading(data, quiet=quiet) as opened:
            rows = read_rows(source, data, file_format, opened=opened, **roles)
        with working("Segmenting", quiet=quiet):
            run = apply_rules(source, rows, **roles)
    outputs = None
    if out is not None:
        with input_errors():
            writers = rules_writers(
                run, dialect=dialect, plots=plots, spreadsheet_safe=spreadsheet_safe
            )
            outputs = write_files(writers, out, contents=RULES_FILES, edited=edited)
    show_rules_run(console, run)
    if outputs is None:
        show_heading(console, "Nothing is written without --out FOLDER.")
    else:
        show_outputs(outputs, quiet=quiet)


_WITHOUT_OUTCOME = (
    "The strategy was fitted with an outcome, by which segments are merged and "
    "scored. Give --outcome to fit it as before."
)


def _show_notes(notes: Iterable[str]) -> None:
    """Say what has no effect, also to those who asked for quiet."""
    for note in notes:
        click.echo(f"Warning: {note}", err=True)
