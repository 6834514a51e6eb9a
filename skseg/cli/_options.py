"""Options that commands share."""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

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


def _separator(context: click.Context, parameter: click.Parameter, value: str) -> str:
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1:
        raise click.BadParameter("It must be a single character, or 'tab'.")
    return value


def _encoding(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        codecs.lookup(value)
    except LookupError:
        raise click.BadParameter(
            f"{value!r} is no encoding, such as latin-1."
        ) from None
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
        default=",",
        show_default=True,
        callback=_separator,
        help="The character between fields, or 'tab'.",
    ),
    click.option(
        "--encoding",
        default="utf-8",
        show_default=True,
        callback=_encoding,
        help="Encoding of the file.",
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


def format_options(command: Command) -> Command:
    """Add the options about the format of a CSV file that is read."""
    return _decorated(command, _FORMAT_OPTIONS)


def output_options(command: Command) -> Command:
    """Add the options about what is written and shown."""
    return _decorated(command, _OUTPUT_OPTIONS)


def _decorated(
    command: Command, options: Sequence[Callable[[Command], Command]]
) -> Command:
    # The last decorator to be applied is shown first.
    return reduce(lambda decorated, add: add(decorated), reversed(options), command)
