"""Options that commands share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import reduce, wraps
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from ._file_format import THOUSANDS_MARKS, FileFormat

Command = Callable[..., Any]


class _Folder(click.Path):
    """A folder to write to; whether that is possible is checked by `check_folder`."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Refuse what would be the current folder by accident."""
        if isinstance(value, str) and not value.strip():
            self.fail("It is empty. Name a folder; '.' is the current one.", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder()
SOURCE = click.Path(exists=True, dir_okay=False, path_type=Path)

# What follows is written out, since the library takes pandas to import, which --help
# must not wait for. First the segment maps that need nothing but the scores that orders
# give.
MAP_NAMES = ("grid", "seed", "putler", "r-rfm")
DIMENSIONS = ("recency", "frequency", "monetary")
MAX_DECIMALS = 12
DIALECTS = (
    *("duckdb", "sqlite", "postgres", "mysql", "spark"),
    *("databricks", "bigquery", "snowflake", "redshift", "tsql"),
)
# Kind of invalid row -> what can be done with it.
_USE = ("raise", "exclude")
_USE_OF_PLACEHOLDERS = ("warn", "keep", "exclude", "raise")
INVALID_KINDS = {
    "missing customer": _USE,
    "missing order id": _USE,
    "missing date": _USE,
    "unparsable date": _USE,
    "date after as_of": _USE,
    "missing amount": _USE,
    "unparsable amount": _USE,
    "non-finite amount": _USE,
    "placeholder customer": _USE_OF_PLACEHOLDERS,
    "placeholder order id": _USE_OF_PLACEHOLDERS,
}


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


def read_decimals(
    context: click.Context, parameter: click.Parameter, value: str
) -> int | str:
    """Return a number of decimals, or "auto"."""
    if value == "auto":
        return value
    decimals: int = click.IntRange(0, MAX_DECIMALS)(value, parameter, context)
    return decimals


def option_of_kind(kind: str) -> str:
    """Return a kind of invalid row as people write it in a shell."""
    return kind.replace(" ", "-").replace("_", "-")


def read_invalid(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> str | dict[str, str]:
    """Return what to do with invalid rows: with all of them, or by their kind."""
    kinds = {option_of_kind(kind): kind for kind in INVALID_KINDS}
    actions: dict[str, str] = {}
    usual = None
    for value in values:
        name, equals, action = value.rpartition("=")
        if not equals:
            if usual is not None:
                raise click.BadParameter(f"{usual!r} and {value!r} are about all rows.")
            click.Choice(_USE)(value, parameter, context)
            usual = value
            continue
        # Kinds are written as in the messages, too.
        name = option_of_kind(name.strip().replace("--as-of", "as-of"))
        kind = kinds[click.Choice(list(kinds))(name, parameter, context)]
        if kind in actions:
            raise click.BadParameter(f"{name!r} is given twice.")
        actions[kind] = click.Choice(INVALID_KINDS[kind])(action, parameter, context)
    if not actions:
        return usual or "raise"
    if usual is None:
        return actions
    usable = (kind for kind, uses in INVALID_KINDS.items() if uses == _USE)
    return {**dict.fromkeys(usable, usual), **actions}


def read_cut_points(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, list[float]]:
    """Return the cut points of the dimensions that are named."""
    cut_points: dict[str, list[float]] = {}
    for value in values:
        name, equals, numbers = value.partition("=")
        if not equals:
            raise click.BadParameter(
                f"{value!r} is not of the form recency=30,90,180,365."
            )
        click.Choice(DIMENSIONS)(name, parameter, context)
        if name in cut_points:
            raise click.BadParameter(f"{name!r} is given twice.")
        cut_points[name] = [
            click.FLOAT(number.strip(), parameter, context)
            for number in numbers.split(",")
        ]
    return cut_points


def name_or_file(
    names: Sequence[str],
) -> Callable[[click.Context, click.Parameter, str | None], str | Path | None]:
    """Return what reads the name of something that ships, or the path of a file."""

    def read(
        context: click.Context, parameter: click.Parameter, value: str | None
    ) -> str | Path | None:
        if value is None or value in names:
            return value
        path = Path(value)
        if not path.is_file():
            listed = ", ".join(map(repr, names))
            raise click.BadParameter(f"{value!r} is not one of {listed}, nor a file.")
        return path

    return read


def _separator(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1 or value in '"\r\n':
        raise click.BadParameter("It must be a single character, or 'tab'.")
    return value


def _thousands(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    # Spreadsheets write spaces that do not break a line.
    value = "space" if value in (" ", "\xa0", "\u202f") else value
    click.Choice(THOUSANDS_MARKS)(value, parameter, context)
    if value == context.params.get("decimal"):
        other = "," if value == "." else "."
        raise click.BadParameter(
            f"It must differ from --decimal. Give --decimal {other} as well."
        )
    # The curly apostrophe is read as the straight one.
    return {"space": " ", "\u2019": "'"}.get(value, value)


quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Show nothing but errors."
)

_SEGMENTS_OPTIONS = [
    click.option(
        "--segments",
        callback=name_or_file(MAP_NAMES),
        metavar=f"[{'|'.join(MAP_NAMES)}|FILE]",
        default="grid",
        show_default=True,
        help="The segment map, or a YAML or JSON file with one of your own: rules over "
        "R, F and M, and params, on_overlap or default where they need it.",
    ),
    click.option(
        "--n-scores",
        type=click.IntRange(2, 10),
        default=5,
        show_default=True,
        help="Number of scores of every dimension.",
    ),
    click.option(
        "--cut-points",
        multiple=True,
        callback=read_cut_points,
        metavar="DIMENSION=NUMBERS",
        help="Cut points of your own for recency, frequency or monetary, such as "
        "recency=30,90,180,365. May be given once for each.",
    ),
]

_FORMAT_OPTIONS = [
    click.option(
        "--sep",
        callback=_separator,
        help="The character between the fields of a CSV file, or 'tab'. Without it, "
        "the one of , ; tab | with which the header has the columns.",
    ),
    click.option(
        "--encoding",
        help="Encoding of a CSV file, such as cp1252. Without it, UTF-8 or what the "
        "file's first bytes say.",
    ),
    click.option(
        "--sheet",
        help="Sheet of an Excel file, by name or number. Without it, the only one that "
        "has the columns.",
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        default=".",
        show_default=True,
        is_eager=True,
        help="Decimal mark of numbers that are text.",
    ),
    click.option(
        "--thousands",
        metavar=f"[{'|'.join(THOUSANDS_MARKS)}]",
        callback=_thousands,
        help="Mark between groups of digits of numbers that are text.",
    ),
    click.option(
        "--date-format",
        help="Format of dates that are no ISO 8601, such as %d.%m.%Y for 31.12.2024 or "
        "%m/%d/%Y for 12/31/2024; 'excel' for the serial dates of spreadsheets.",
    ),
]

_OUTPUT_OPTIONS = [
    click.option(
        "--dialect",
        type=click.Choice(DIALECTS),
        default="duckdb",
        show_default=True,
        help="SQL dialect of the query.",
    ),
    click.option(
        "--plots/--no-plots", default=True, help="Whether to draw the pictures."
    ),
    click.option(
        "--spreadsheet-safe",
        is_flag=True,
        help="In CSV files, put an apostrophe before text that a spreadsheet would run "
        "as a formula. Ids with it are no longer those of your data.",
    ),
    click.option(
        "--edited",
        type=click.Choice(["refuse", "keep", "discard"]),
        default="refuse",
        show_default=True,
        help="What to do with files of an earlier run that somebody has edited: end "
        "the run before anything is written, keep them under another name, or discard "
        "them.",
    ),
    quiet_option,
]


def segments_options(command: Command) -> Command:
    """Add the options about scores and segments."""
    return _decorated(command, _SEGMENTS_OPTIONS)


def format_options(command: Command) -> Command:
    """Add the options about a file that is read; the command gets a `file_format`."""

    @wraps(command)
    def with_format(**options: Any) -> Any:
        names = [field.name for field in fields(FileFormat) if field.name in options]
        file_format = FileFormat(**{name: options.pop(name) for name in names})
        return command(**options, file_format=file_format)

    return _decorated(with_format, _FORMAT_OPTIONS)


def output_options(command: Command) -> Command:
    """Add the options about what is written and shown."""
    return _decorated(command, _OUTPUT_OPTIONS)


def _decorated(
    command: Command, options: Sequence[Callable[[Command], Command]]
) -> Command:
    # The last decorator to be applied is shown first.
    return reduce(lambda decorated, add: add(decorated), reversed(options), command)
