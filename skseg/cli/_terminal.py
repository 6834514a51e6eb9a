"""A terminal: its console, progress, tables and bars."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

# With less room than this the rules stand below the table of segments.
WIDE = 130
USUAL = 80
_EIGHTHS = " ▏▎▍▌▋▊▉"


def make_console(*, quiet: bool = False, stderr: bool = False) -> Console:
    """Return a console that takes names and numbers as they are."""
    console = Console(
        quiet=quiet, stderr=stderr, markup=False, emoji=False, highlight=False
    )
    if not console.is_terminal and "COLUMNS" not in os.environ:
        # Else it would be the width of the terminal that a pipe happens to start in.
        console.width = 80
    return console


@contextmanager
def reading(path: Path, *, quiet: bool) -> Iterator[IO[bytes]]:
    """Open `path`; on a terminal, show a bar that follows the bytes read."""
    console = make_console(stderr=True)
    if quiet or not console.is_terminal:
        with path.open("rb") as file:
            yield file
        return
    progress = Progress(
        TextColumn("Reading {task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with progress, progress.open(path, "rb", description=path.name) as file:
        yield file


@contextmanager
def working(text: str, *, quiet: bool) -> Iterator[None]:
    """On a terminal, show `text` and that work goes on."""
    console = make_console(stderr=True)
    if quiet or not console.is_terminal:
        yield
    else:
        with console.status(text):
            yield


def show_heading(console: Console, text: str) -> None:
    """Set off the next part."""
    console.print()
    console.print(Text(text, "bold"))


def show_wrapped(console: Console, text: str, style: str = "") -> None:
    """Show text; lines that are too long go on under their indentation."""
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.fill(
            line,
            console.width,
            subsequent_indent=indent + "  " if indent else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        console.print(Text(wrapped, style), soft_wrap=True)


def plain_table(console: Console, *, show_header: bool = True) -> Table:
    """Return a table without lines."""
    return Table(
        box=None,
        header_style="dim",
        padding=(0, 2 if console.width >= USUAL else 1, 0, 0),
        pad_edge=False,
        show_header=show_header,
    )


def show_segment_table(
    console: Console,
    names: Iterable[str],
    figures: Mapping[str, Iterable[str]],
    rules: Iterable[str],
    more_rows: Mapping[str, str] | None = None,
) -> None:
    """Show one row per segment: name, figures, and the rule beside them or below.

    `figures` maps the title of a column, which is empty for bars, to its texts.
    `more_rows` maps names of rows that are no segments to their first figure.
    """
    rules_beside = console.width >= WIDE
    table = plain_table(console)
    table.add_column("Segment", overflow="fold", min_width=11)
    for title in figures:
        is_bar = title == ""
        table.add_column(
            title,
            justify="left" if is_bar else "right",
            style="cyan" if is_bar else "",
            no_wrap=True,
        )
    names, rules = list(names), list(rules)
    cells = [names, *figures.values()]
    if rules_beside:
        table.add_column("Rule", overflow="fold")
        cells.append(rules)
    for row in zip(*cells, strict=True):
        table.add_row(*row)
    for name, figure in (more_rows or {}).items():
        table.add_row(name, figure)
    console.print(table)
    if not rules_beside:
        show_heading(console, "Rules")
        below = plain_table(console, show_header=False)
        below.add_column("Segment", overflow="fold")
        below.add_column("Rule", overflow="fold")
        for name, rule in zip(names, rules, strict=True):
            below.add_row(name, rule)
        console.print(below)


def number_texts(values: Iterable[float], form: str) -> list[str]:
    """Return numbers as text, missing ones as a dash."""
    return ["-" if value != value else format(value, form) for value in values]


def bar(share: float, width: int, *, ascii_only: bool) -> str:
    """Return a bar of `share` of the width, to an eighth of a character."""
    if ascii_only:
        return "#" * round(share * width)
    whole, eighths = divmod(round(share * width * 8), 8)
    return ("█" * whole + _EIGHTHS[eighths]).rstrip()


def share_bars(console: Console, shares: pd.Series[float], width: int) -> list[str]:
    """Return a bar for every share; the largest one has the full width."""
    relative = (shares / shares.max()).fillna(0)
    ascii_only = console.options.ascii_only
    return [bar(share, width, ascii_only=ascii_only) for share in relative]
