"""Options that commands share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import reduce, wraps
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from ._file_format import FileFormat

Command = TypeVar("Command", bound=Callable[..., Any])

FOLDER = click.Path(file_okay=False, path_type=Path)
SOURCE = click.Path(exists=True, dir_okay=False, path_type=Path)

# The segment maps that need nothing but the scores that orders give. They are written
# out, since the maps themselves take pandas to import, which --help must not wait for.
MAP_NAMES = ("grid", "seed", "putler", "r-rfm")


def check_day(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Accept an ISO date and "latest"."""
    if value != "latest":
        try:
            dt.datetime.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(
                f"{value!r} is neither an ISO date, such as 2024-12-31, nor 'latest'."
            ) from None
    return value


def check_time_zone(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Accept the name of a time zone that this machine knows."""
    if value is not None:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise click.BadParameter(
                f"{value!r} is no time zone, such as Europe/Berlin."
            ) from None
    return value


def _separator(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1 or value in '"\r\n':
        raise click.BadParameter("It must be a single character, or 'tab'.")
    return value


def _encoding(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    try:
        # Python has codecs from text to text and from bytes to bytes, too.
        "".encode(value)
        return value
    except LookupError:
        raise click.BadParameter(f"{value!r} is no encoding, such as cp1252.") from None


def _thousands(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    value = {"space": " "}.get(value, value)
    if len(value) != 1 or value.isalnum() or value in "+-":
        raise click.BadParameter("It must be a single character, or 'space'.")
    if value == context.params.get("decimal"):
        raise click.BadParameter("It must differ from --decimal.")
    return value


segments_option = click.option(
    "--segments",
    type=click.Choice(MAP_NAMES),
    default="grid",
    show_default=True,
    help="The segment map.",
)

quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Show nothing but errors."
)

_FORMAT_OPTIONS = [
    click.option(
        "--sep",
        callback=_separator,
        help="The character between the fields of a CSV file, or 'tab'. Without it, "
        "the one of , ; tab | with which the header has the columns.",
    ),
    click.option(
        "--encoding",
        callback=_encoding,
        help="Encoding of a CSV file, such as cp1252. Without it, UTF-8 or what the "
        "file's first bytes say.",
    ),
    click.option(
        "--sheet",
        help="Sheet of an Excel file. Without it, the only one that has the columns.",
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        default=".",
        show_default=True,
        is_eager=True,
        help="The decimal mark of numbers.",
    ),
    click.option(
        "--thousands",
        callback=_thousands,
        help="The character between groups of three digits, or 'space'.",
    ),
]

_OUTPUT_OPTIONS = [
    click.option(
        "--dialect",
        type=click.Choice(["duckdb", "sqlite"]),
        default="duckdb",
        show_default=True,
        help="SQL dialect of the query.",
    ),
    click.option(
        "--plots/--no-plots", default=True, help="Whether to draw the pictures."
    ),
    quiet_option,
]


def format_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about a file that is read; the command gets a `file_format`."""

    @wraps(command)
    def with_format(**options: Any) -> Any:
        names = [field.name for field in fields(FileFormat) if field.name in options]
        form = FileFormat(**{name: options.pop(name) for name in names})
        return command(**options, file_format=form)

    return _decorated(with_format, _FORMAT_OPTIONS)


def output_options(command: Command) -> Command:
    """Add the options about what is written and shown."""
    return _decorated(command, _OUTPUT_OPTIONS)


def _decorated(
    command: Command, options: Sequence[Callable[[Command], Command]]
) -> Command:
    # The last decorator to be applied is shown first.
    return reduce(lambda decorated, add: add(decorated), reversed(options), command)
