"""What the commands about rules show on the terminal."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.text import Text

from ._rules_report import PROVED, Finding, headline, sentences
from ._rules_run import RulesRun, verdict
from ._screen import (
    USUAL,
    WIDE,
    fill_table,
    number_texts,
    plain_table,
    share_bars,
    show_heading,
)


def show_finding(console: Console, finding: Finding) -> None:
    """Show what was checked, the verdict, and what speaks for or against it."""
    show_wrapped(console, headline(finding.file))
    good = finding.verdict == PROVED
    for number, sentence in enumerate(sentences(finding)):
        style = ("bold green" if good else "bold red") if number == 0 else ""
        show_wrapped(console, sentence, style)


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


def show_applied(console: Console, run: RulesRun) -> None:
    """Show the verdict of the proof, and the segments."""
    show_heading(console, "Proof")
    for sentence in verdict(run):
        show_wrapped(console, sentence)
    rules_beside = console.width >= WIDE
    within = "" if run.rules.universe is None else ", shares of those in the universe"
    show_heading(console, f"Segments of {len(run.rows):,} rows{within}")
    _show_segments(console, run, with_rules=rules_beside)
    if not rules_beside:
        show_heading(console, "Rules")
        table = plain_table(console, show_header=False)
        table.add_column("Segment", overflow="fold")
        table.add_column("Rule", overflow="fold")
        for name, rule in zip(run.table["name"], run.table["rule"], strict=True):
            table.add_row(name, rule)
        console.print(table)


def _show_segments(console: Console, run: RulesRun, *, with_rules: bool) -> None:
    found = run.table
    table = plain_table(console)
    table.add_column("Segment", overflow="fold", min_width=11)
    columns = {"Rows": [_size_text(n) for n in found["n"]]}
    if console.width >= USUAL:
        ascii_only = console.options.ascii_only
        columns[""] = share_bars(found["share"], 16, ascii_only=ascii_only)
    columns["Share"] = number_texts(found["share"], ".1%")
    if "outcome" in found:
        columns["Outcome"] = number_texts(found["outcome"], ",.4g")
    if "score" in found:
        title = "Score" if run.is_fitted_here else "Score as fitted"
        columns[title] = number_texts(found["score"], ".2f")
    fill_table(table, found["name"], columns, found["rule"] if with_rules else None)
    for name, n in run.outside.items():
        table.add_row(name, _size_text(n))
    console.print(table)


def _size_text(n: float) -> str:
    return f"{n:,.6g}" if n % 1 else f"{n:,.0f}"
