"""What the commands share: options, and errors of the library as messages."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from skseg.exceptions import MissingExtraError

FOLDER = click.Path(file_okay=False, path_type=Path)
SOURCE = click.Path(exists=True, dir_okay=False, path_type=Path)


class InputError(click.ClickException):
    """What the user gave cannot be used."""

    exit_code = 2


@contextmanager
def errors_as_messages(translate: Callable[[str], str]) -> Iterator[None]:
    """Turn what the library objects to into a message in the words of the user."""
    try:
        yield
    except (ValueError, OSError, MissingExtraError) as error:
        raise InputError(translate(str(error))) from error


def _separator(context: click.Context, parameter: click.Parameter, value: str) -> str:
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1:
        raise click.BadParameter("it must be a single character, or 'tab'.")
    return value


def _encoding(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        codecs.lookup(value)
    except LookupError:
        raise click.BadParameter(
            f"{value!r} is no encoding, such as latin-1."
        ) from None
    return value


def _decorated(
    command: Callable[..., Any], *decorators: Callable[..., Any]
) -> Callable[..., Any]:
    # The option named first is the one shown first.
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def format_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about the format of a CSV file that is read."""
    return _decorated(
        command,
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
    )


def quiet_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option to show nothing."""
    return _decorated(
        command,
        click.option("-q", "--quiet", is_flag=True, help="Show nothing but errors."),
    )


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about what is written and shown."""
    return _decorated(
        command,
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
    )
