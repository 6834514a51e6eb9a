"""What the commands show on the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pandas as pd
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

from ._files import FILES, Outputs
from ._run import RFMRun, verdict

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


def show_run(console: Console, run: RFMRun) -> None:
    """Show the data report, the verdict of the proof, and the segments."""
    show_heading(console, "Data")
    console.print(str(run.report))
    show_heading(console, "Proof")
    for sentence in verdict(run.segmenter):
        console.print(sentence)
    show_heading(console, "Segments (medians of recency, frequency and monetary value)")
    rules_beside = console.width >= WIDE
    show_segments(console, run, with_rules=rules_beside)
    if not rules_beside:
        show_heading(console, "Rules")
        table = plain_table(console, show_header=False)
        table.add_column("Segment")
        table.add_column("Rule", overflow="fold")
        for name, rule in run.segmenter.rules_.describe().items():
            table.add_row(name, rule)
        console.print(table)


def show_segments(console: Console, run: RFMRun, *, with_rules: bool) -> None:
    """Show sizes, medians and shares of revenue, one segment a line."""
    found = run.segmenter.segments_
    table = plain_table(console)
    table.add_column("Segment", overflow="fold", min_width=11)
    columns = {"Customers": [f"{n:,.0f}" for n in found["n"]]}
    if console.width >= USUAL:
        width = 16 if console.width >= WIDE else 8
        ascii_only = console.options.ascii_only
        columns[""] = share_bars(found["share"], width, ascii_only=ascii_only)
    columns |= {
        "Share": number_texts(found["share"], ".1%"),
        "Days": number_texts(found["median_recency"], ",.0f"),
        "Orders": number_texts(found["median_frequency"], ",.0f"),
        "Money": number_texts(found["median_monetary"], ",.2f"),
        "Revenue": number_texts(found["revenue_share"], ".1%"),
    }
    rules = run.segmenter.rules_.describe().values() if with_rules else None
    fill_table(table, found["name"], columns, rules)
    console.print(table)


def fill_table(
    table: Table,
    names: Iterable[str],
    columns: Mapping[str, Iterable[str]],
    rules: Iterable[str] | None,
) -> None:
    """Add one row per segment: name, figures, and the rule if there is room for it.

    The column without a title is that of the bars.
    """
    for title in columns:
        is_bar = title == ""
        table.add_column(
            title,
            justify="left" if is_bar else "right",
            style="cyan" if is_bar else "",
            no_wrap=True,
        )
    cells = [names, *columns.values()]
    if rules is not None:
        table.add_column("Rule", overflow="fold")
        cells.append(rules)
    for row in zip(*cells, strict=True):
        table.add_row(*row)


def plain_table(console: Console, *, show_header: bool = True) -> Table:
    """Return a table without lines."""
    return Table(
        box=None,
        header_style="dim",
        padding=(0, 2 if console.width >= USUAL else 1, 0, 0),
        pad_edge=False,
        show_header=show_header,
    )


def number_texts(values: Iterable[float], form: str) -> list[str]:
    """Return numbers as text, missing ones as a dash."""
    return ["-" if pd.isna(value) else format(value, form) for value in values]


def bar(share: float, width: int, *, ascii_only: bool) -> str:
    """Return a bar of `share` of the width, to an eighth of a character."""
    if ascii_only:
        return "#" * round(share * width)
    whole, eighths = divmod(round(share * width * 8), 8)
    return ("█" * whole + _EIGHTHS[eighths]).rstrip()


def share_bars(shares: pd.Series[float], width: int, *, ascii_only: bool) -> list[str]:
    """Return a bar for every share; the largest one has the full width."""
    relative = (shares / shares.max()).fillna(0)
    return [bar(share, width, ascii_only=ascii_only) for share in relative]


def show_types(console: Console, shares: pd.DataFrame) -> None:
    """Show where the known types of customer are found."""
    show_heading(console, "Where the known types of customer are found (% of the type)")
    table = plain_table(console)
    table.add_column("Segment", overflow="fold", min_width=11)
    for name in shares:
        table.add_column(str(name).replace(" ", "\n"), justify="right", overflow="fold")
    best = shares.max().to_list()
    for segment, row in shares.iterrows():
        cells = [
            _percent(share, is_best=share == top)
            for share, top in zip(row, best, strict=True)
        ]
        table.add_row(str(segment), *cells)
    console.print(table)


def _percent(share: float, *, is_best: bool) -> Text:
    if not share:
        return Text("-", "dim")
    return Text(f"{100 * share:.0f}", "bold" if is_best else "")


def show_files(
    console: Console, outputs: Outputs, contents: Mapping[str, str] = FILES
) -> None:
    """List what was written, and what was not and why."""
    show_heading(console, "Files")
    table = plain_table(console, show_header=False)
    table.add_column("File", overflow="fold")
    table.add_column("Content", style="dim", overflow="fold")
    for path in outputs.written:
        table.add_row(str(path), contents[path.name])
    console.print(table)


def show_skipped(console: Console, outputs: Outputs) -> None:
    """Say which files are not there, and what brings them."""
    for reason in dict.fromkeys(outputs.skipped.values()):
        names = [name for name, why in outputs.skipped.items() if why == reason]
        console.print(f"Not written: {', '.join(names)}. {reason}")


def show_outputs(
    outputs: Outputs, *, quiet: bool, contents: Mapping[str, str] = FILES
) -> None:
    """Show which files were written, and which were not."""
    show_files(make_console(quiet=quiet), outputs, contents)
    # A file that is not there is worth a word even to those who asked for quiet.
    show_skipped(make_console(stderr=quiet), outputs)


def show_next(console: Console, command: list[str]) -> None:
    """Suggest a command, broken into lines as a shell reads them."""
    show_heading(console, "Next")
    console.print(" \\\n    ".join(command), soft_wrap=True)
    console.print()
