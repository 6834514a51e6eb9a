"""The commands about files of rules."""

from __future__ import annotations

from pathlib import Path

import click

from ._data_file import read_data
from ._files import check_folder
from ._options import (
    FOLDER,
    SOURCE,
    errors_as_messages,
    format_options,
    output_options,
    quiet_option,
)
from ._rules_file import read_rules_file
from ._rules_outputs import RULES_FILES, write_rules_outputs
from ._rules_report import PROVED, as_json, check
from ._rules_run import RulesRun, apply_rules, needed_columns
from ._rules_screen import show_applied, show_finding
from ._screen import make_console, reading, show_heading, show_outputs, working


@click.group(
    epilog="FILE is YAML or JSON: a definition written by hand, whose keys are "
    "parameters of MECERuleSegmenter (rules, default, universe, params, min_size, "
    "max_size, ...); or what RuleSet.to_json or MECERuleSegmenter.to_json wrote.",
)
def rules() -> None:
    """Prove the rules of a file, and apply them to data."""


def _as_it_is(message: str) -> str:
    return message


@rules.command(
    name="check",
    epilog="Exit status: 0 if the rules are proved, as declared, 1 if they are refuted "
    "or it cannot be decided, 2 if the file or an option cannot be used.",
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
def check_command(file: Path, max_findings: int, with_json: bool, quiet: bool) -> None:
    """Prove that the rules in FILE overlap nowhere and miss nobody.

    The proof is about all rows that could ever come, so it needs no data. Overlaps are
    no failure where the file says "on_overlap: first", nor gaps where it names a
    default.
    """
    with errors_as_messages(_as_it_is):
        source = read_rules_file(file)
        with working("Proving", quiet=quiet or with_json):
            finding = check(source, max_findings=max_findings)
    if with_json:
        click.echo(as_json(finding))
    else:
        show_finding(make_console(quiet=quiet), finding)
    if finding.verdict != PROVED:
        raise click.exceptions.Exit(1)


@rules.command(
    name="apply",
    epilog="Exit status: 0 if all went well, 1 if a file could not be written, 2 if an "
    "option, a file or the data in it cannot be used.",
)
@click.argument("file", type=SOURCE)
@click.argument("data", type=SOURCE)
@click.option(
    "--out", type=FOLDER, help="Folder to write to. Without it nothing is written."
)
@click.option("--outcome", help="Column of an outcome, such as 0 / 1 or revenue.")
@click.option("--weight", help="Column that says how many customers a row stands for.")
@click.option("--id", "id_column", help="Column of ids. Without it rows are numbered.")
@format_options
@output_options
def apply_command(
    file: Path,
    data: Path,
    out: Path | None,
    outcome: str | None,
    weight: str | None,
    id_column: str | None,
    sep: str,
    encoding: str,
    dialect: str,
    plots: bool,
    quiet: bool,
) -> None:
    """Segment the rows of DATA, a CSV file, by the rules in FILE.

    A definition is fitted: its quantiles, sizes and scores are those of DATA. A rule
    set takes its quantiles from DATA, and a strategy is applied as it is.

    DATA may be compressed (.gz, .bz2, .xz, .zip). Columns that are compared with text,
    and ids, are kept as they are written, leading zeros included; empty cells are
    missing values.
    """
    console = make_console(quiet=quiet)
    with errors_as_messages(_as_it_is):
        if out is not None:
            check_folder(out, file, data, names=RULES_FILES)
        source = read_rules_file(file)
        roles = {"outcome": outcome, "weight": weight, "id_column": id_column}
        wanted = needed_columns(source, **roles)
        with reading(data, quiet=quiet) as opened:
            table = read_data(data, wanted, sep=sep, encoding=encoding, file=opened)
        with working("Segmenting", quiet=quiet):
            run = apply_rules(source, table, **roles)
    show_applied(console, run)
    if out is None:
        show_heading(console, "Nothing is written without --out FOLDER.")
    else:
        _write(run, out, dialect=dialect, plots=plots, quiet=quiet)


def _write(
    run: RulesRun, folder: Path, *, dialect: str, plots: bool, quiet: bool
) -> None:
    try:
        with errors_as_messages(_as_it_is):
            outputs = write_rules_outputs(run, folder, dialect=dialect, plots=plots)
    except click.ClickException as error:
        if isinstance(error.__cause__, OSError):
            message = f"Cannot write to {folder}: {error.__cause__}"
            raise click.ClickException(message) from error
        raise
    show_outputs(outputs, quiet=quiet, contents=RULES_FILES)
