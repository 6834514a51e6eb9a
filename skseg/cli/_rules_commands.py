"""The commands about files of rules."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skseg._files import Edited

from ._data_source import (
    DataSource,
    check_to_table,
    source_options,
    to_table_options,
)
from ._file_format import FileFormat
from ._options import FOLDER, SOURCE, format_options, output_options, quiet_option
from ._wording import input_errors

if TYPE_CHECKING:
    from ._rules_apply import RulesRun
    from ._rules_file import RulesFile


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
@source_options("data")
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
@click.option(
    "--rows-as",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Kind of the file of all rows: rows.csv or rows.parquet.",
)
@format_options
@to_table_options
@output_options
def apply(
    file: Path,
    data: DataSource,
    out: Path | None,
    outcome: str | None,
    weight: str | None,
    id_column: str | None,
    refit: bool,
    rows_as: str,
    memory_limit: str | None,
    to_table: str | None,
    overwrite: bool,
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
    missing values. DATA may also be a pattern of CSV or Parquet files in quotes, or the
    rows are in a --table of a --database: those and large files stay where they are,
    and segments are assigned there.
    """
    from ._outputs import RULES_FILES, check_folder, write_files
    from ._rules_file import read_rules_file
    from ._screens import show_outputs, show_rules_run
    from ._terminal import make_console, show_heading
    from ._writers import rules_writers

    check_to_table(data, to_table, overwrite=overwrite)
    if out is not None and data.database is not None and id_column is None:
        raise click.UsageError("Give --id: rows of a database have no numbers.")
    console = make_console(quiet=quiet)
    with input_errors():
        if out is not None:
            sources = (file, *data.files)
            check_folder(out, *sources, contents=RULES_FILES, edited=edited)
        source = read_rules_file(file, refit=refit)
        _show_notes(source.notes)
        if source.had_outcome and outcome is None:
            _show_notes([_WITHOUT_OUTCOME])
    outputs = None
    roles = {"outcome": outcome, "weight": weight, "id_column": id_column}
    target = {"to_table": to_table, "overwrite": overwrite}
    with input_errors(), ExitStack() as stack:
        if data.in_memory:
            run = _run_in_memory(source, data, file_format, roles, quiet=quiet)
        else:
            run = _run_where_rows_are(
                stack, source, data, file_format, roles, target, memory_limit, quiet
            )
        if out is not None:
            writers = rules_writers(
                run,
                dialect=dialect,
                plots=plots,
                spreadsheet_safe=spreadsheet_safe,
                rows_as=rows_as,
            )
            outputs = write_files(writers, out, contents=RULES_FILES, edited=edited)
    show_rules_run(console, run)
    if outputs is None:
        if to_table is None:
            show_heading(console, "Nothing is written without --out FOLDER.")
    else:
        show_outputs(outputs, quiet=quiet)


def _run_in_memory(
    source: RulesFile,
    data: DataSource,
    file_format: FileFormat,
    roles: dict[str, str | None],
    *,
    quiet: bool,
) -> RulesRun:
    from ._rules_apply import apply_rules, read_rows
    from ._terminal import reading, working

    with reading(data.file, quiet=quiet) as opened:
        rows = read_rows(source, data.file, file_format, opened=opened, **roles)
    with working("Segmenting", quiet=quiet):
        return apply_rules(source, rows, **roles)


def _run_where_rows_are(
    stack: ExitStack,
    source: RulesFile,
    data: DataSource,
    file_format: FileFormat,
    roles: Mapping[str, Any],
    target: Mapping[str, Any],
    memory_limit: str | None,
    quiet: bool,
) -> RulesRun:
    """Apply rules to rows that stay open until the stack is closed."""
    from skseg.tables._table_header import WantedColumns

    from ._rules_apply import needed_columns
    from ._rules_stored import apply_where_rows_are
    from ._stored_rows import stored_rows
    from ._terminal import working

    wanted = WantedColumns(
        list(dict.fromkeys(needed_columns(source, **roles))),
        list(source.optional_columns),
    )
    is_writable = target["to_table"] is not None
    opened = stored_rows(
        data, wanted, file_format, memory_limit=memory_limit, writable=is_writable
    )
    with working("Segmenting", quiet=quiet):
        rows = stack.enter_context(opened)
        return apply_where_rows_are(source, rows, **roles, **target)


_WITHOUT_OUTCOME = (
    "The strategy was fitted with an outcome, by which segments are merged and "
    "scored. Give --outcome to fit it as before."
)


def _show_notes(notes: Iterable[str]) -> None:
    """Say what has no effect, also to those who asked for quiet."""
    for note in notes:
        click.echo(f"Warning: {note}", err=True)
