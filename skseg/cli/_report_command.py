"""The command that writes a report."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._data_source import DataSource, source_options
from ._file_format import FileFormat
from ._options import SOURCE, format_options, name_or_file, quiet_option
from ._wording import InputError, input_errors

if TYPE_CHECKING:
    from skseg.tables._data_file import DataFile

    from ._stored_rows import StoredRows

PLAYBOOKS = ("rfm", "traits")
_RESULT = click.Path(dir_okay=False, path_type=Path)
# By what the beginning of a file tells that skseg has written it.
_REPORT, _PROFILE = b'name="generator" content="skseg"', b'"skseg.SegmentProfile"'
_BEGINNING = 2000


@click.command(
    epilog="Exit status: 0 if all went well, 1 if a file could not be written or the "
    "rules are refuted, 2 if an option, a file or the data in it cannot be used, 3 if "
    "all went well but could not be shown.",
)
@click.argument("model", type=SOURCE)
@source_options("data")
@click.option(
    "--out",
    type=_RESULT,
    required=True,
    help="The report to write. Another report is replaced, any other file is not.",
)
@click.option("--value", help="Column of what a customer is worth, such as revenue.")
@click.option("--outcome", help="Column of an outcome, such as 0 / 1 for a sale.")
@click.option(
    "--protected",
    multiple=True,
    metavar="COLUMN",
    help="Column of groups whose share in each segment is shown, such as gender. May "
    "be given several times.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="COLUMN",
    help="Column to leave out, such as an id. May be given several times.",
)
@click.option(
    "--rows",
    type=click.Choice(["training", "fresh"]),
    default="training",
    show_default=True,
    help="Whether the segments were made from these customers, or from other ones.",
)
@click.option(
    "--min-count",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="What fewer customers share is not shown.",
)
@click.option(
    "--playbook",
    callback=name_or_file(PLAYBOOKS),
    metavar=f"[{'|'.join(PLAYBOOKS)}|FILE]",
    help="What to do with each segment: a playbook that skseg has, or a YAML or JSON "
    "file with one of your own.",
)
@click.option(
    "--previous",
    type=SOURCE,
    help="The profile of an earlier time, from --profile-out, to show growth.",
)
@click.option(
    "--profile-out",
    type=_RESULT,
    help="Also write the numbers of the report to this JSON file.",
)
@click.option("--title", help="Title of the report.")
@click.option("--unit", default="", help="Unit of the value, such as EUR.")
@format_options
@quiet_option
def report(
    model: Path,
    data: DataSource,
    out: Path,
    profile_out: Path | None,
    playbook: str | Path | None,
    previous: Path | None,
    title: str | None,
    unit: str,
    memory_limit: str | None,
    file_format: FileFormat,
    quiet: bool,
    **options: Any,
) -> None:
    """Write a report of the customers in DATA, by the segments in MODEL.

    MODEL is what --out of other commands holds (rules.json, strategy.json), what
    to_json of rules or of a segmenter wrote, or a definition written by hand. DATA is
    CSV, which may be compressed, Parquet or Excel (.xlsx), with one row per customer;
    all of its columns are compared, those that hold nothing but numbers as numbers.
    It may also be a pattern of CSV or Parquet files in quotes, or a --table of a
    --database, which stay where they are, as large files do. The report is one HTML
    file, which opens without network.
    """
    from skseg.report import SegmentReport

    from ._report_run import (
        profile_file,
        read_customers,
        read_playbook,
        read_profile,
        stored_customers,
    )
    from ._rules_file import read_rules_file
    from ._terminal import make_console, reading, working

    named = (model, *data.files, previous, playbook)
    sources = [path for path in named if path is not None]
    with input_errors():
        _check_result(out, sources, _REPORT, "report")
        if profile_out is not None:
            _check_result(profile_out, [*sources, out], _PROFILE, "profile")
        rules = read_rules_file(model)
        book = None if playbook is None else read_playbook(playbook)
        earlier = None if previous is None else read_profile(previous)
        with ExitStack() as stack:
            customers: DataFile | StoredRows
            if data.in_memory:
                with reading(data.file, quiet=quiet) as opened:
                    customers = read_customers(data.file, file_format, opened=opened)
            else:
                customers = stack.enter_context(
                    stored_customers(data, file_format, memory_limit)
                )
            stack.enter_context(working("Comparing the segments", quiet=quiet))
            profile = profile_file(rules, customers, **options)
            n_rows = customers.n_rows
            page = SegmentReport(
                profile,
                plan=None if book is None else book.recommend(profile),
                previous=earlier,
                title=title,
                unit=unit,
            )
            html = page.html()
    written = [_written(out, html)]
    if profile_out is not None:
        written.append(_written(profile_out, f"{profile.to_json()}\n"))
    console = make_console(quiet=quiet)
    console.print(
        f"{len(profile.segments_)} segments of {n_rows:,} customers, "
        f"compared in {len(profile.features_)} columns."
    )
    for line in written:
        console.print(line, soft_wrap=True)


def _check_result(path: Path, sources: list[Any], mark: bytes, noun: str) -> None:
    """Raise if a file to write is one of those that are read, or somebody else's."""
    for source in sources:
        same = isinstance(source, Path) and source.exists() and path.exists()
        if path == source or (same and path.samefile(source)):
            raise InputError(f"{path} is read by this command. Name another file.")
    if not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} of {path.name} does not exist.")
    if not path.exists():
        return
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    if beginning.strip() and mark not in beginning:
        raise InputError(
            f"{path} exists, and is no {noun} of skseg. Name another file, or remove "
            "it."
        )


def _written(path: Path, text: str) -> str:
    """Write a file, and return the line that says so."""
    from skseg._files import write_text

    try:
        write_text(path, text, owner="skseg report")
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(f"Cannot write {path}: {reason}.") from error
    return f"Written: {path} ({len(text.encode()) / 1000:,.0f} kB)"
