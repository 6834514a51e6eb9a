"""What the commands show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ._rules_check import PROVED, Check, check_sentences, headline
from ._terminal import (
    USUAL,
    WIDE,
    make_console,
    number_texts,
    plain_table,
    share_bars,
    show_heading,
    show_segment_table,
    show_wrapped,
)

if TYPE_CHECKING:
    # A check of rules shows its verdict without what the other commands compute with.
    import pandas as pd

    from skseg._rfm import RFMSegmenter

    from ._outputs import Outputs
    from ._rfm_run import RFMRun
    from ._rules_apply import RulesRun


def show_rfm_run(console: Console, run: RFMRun) -> None:
    """Show the data report, the verdict of the proof, and the segments."""
    show_heading(console, "Data")
    console.print(str(run.report))
    for note in run.notes:
        show_wrapped(console, note)
    show_heading(console, "Proof")
    for sentence in rfm_verdict(run.segmenter):
        console.print(sentence)
    show_heading(console, "Segments (medians of recency, frequency and monetary value)")
    segments = run.segmenter.segments_
    figures = {"Customers": [f"{n:,.0f}" for n in segments["n"]]}
    if console.width >= USUAL:
        width = 16 if console.width >= WIDE else 8
        figures[""] = share_bars(console, segments["share"], width)
    figures |= {
        "Share": number_texts(segments["share"], ".1%"),
        "Days": number_texts(segments["median_recency"], ",.0f"),
        "Orders": number_texts(segments["median_frequency"], ",.0f"),
        "Money": number_texts(segments["median_monetary"], ",.2f"),
        "Revenue": number_texts(segments["revenue_share"], ".1%"),
    }
    rules = run.segmenter.rules_.describe().values()
    show_segment_table(console, segments["name"], figures, rules)


def rfm_verdict(segmenter: RFMSegmenter) -> list[str]:
    """Return the outcome of the proof, in sentences."""
    proof, n_segments = segmenter.rules_.verify(), len(segmenter.rules_)
    partition = (
        f"The {n_segments} segments are mutually exclusive and collectively "
        "exhaustive: every possible customer, missing values included, is in exactly "
        "one."
    )
    sentences = [partition if proof.is_mece else str(proof)]
    if n_overlaps := segmenter.mece_report_.n_overlaps:
        pairs = "pair overlaps" if n_overlaps == 1 else "pairs overlap"
        sentences.append(
            f"In the map {segmenter.segments!r} {n_overlaps} {pairs}; the first "
            "segment that fits counts."
        )
    if segmenter.unreachable_segments_:
        names = ", ".join(segmenter.unreachable_segments_)
        sentences.append(f"No customer can be in: {names}.")
    table = segmenter.score_table_
    for name, ties in table[table["collapsed"]].groupby("dimension", sort=False):
        scores = ", ".join(map(str, sorted(ties["score"])))
        sentences.append(f"Ties in {name} leave nobody with the score {scores}.")
    return sentences


def show_types(console: Console, shares: pd.DataFrame) -> None:
    """Show which segments the known types of customer are in."""
    show_heading(console, "Where the known types of customer are (% of the type)")
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


def show_check(console: Console, check: Check) -> None:
    """Show what was checked, the verdict, and the evidence."""
    show_wrapped(console, headline(check.file))
    style = "bold green" if check.verdict == PROVED else "bold red"
    for sentence in check_sentences(check):
        show_wrapped(console, sentence, style)
        # The verdict alone is in colour.
        style = ""


def show_rules_run(console: Console, run: RulesRun) -> None:
    """Show the verdict of the proof, and the segments."""
    show_heading(console, "Proof")
    for sentence in rules_verdict(run):
        show_wrapped(console, sentence)
    for sentence in run.unseen:
        show_wrapped(console, f"Warning: {sentence}", "bold red")
    within = "" if run.rules.universe is None else ", shares of those in the universe"
    show_heading(console, f"Segments of {run.n_rows:,} rows{within}")
    table = run.table
    figures = {"Rows": [_size_text(n) for n in table["n"]]}
    if console.width >= USUAL:
        figures[""] = share_bars(console, table["share"], 16)
    figures["Share"] = number_texts(table["share"], ".1%")
    if "outcome" in table:
        figures["Outcome"] = number_texts(table["outcome"], ",.4g")
    if "score" in table:
        figures["Score"] = number_texts(table["score"], ".2f")
    outside = {name: _size_text(n) for name, n in run.outside.items()}
    show_segment_table(console, table["name"], figures, table["rule"], outside)


def rules_verdict(run: RulesRun) -> list[str]:
    """Return the outcome of the proof, in sentences."""
    report, n_segments = run.report, len(run.rules)
    if run.segmenter is None and not report.is_mece:
        order = "The first rule that holds counts; rows without one have no segment."
        return [str(report), order]
    within = "" if run.rules.universe is None else " of the universe"
    partition = (
        f"The {n_segments} segments are mutually exclusive and collectively "
        f"exhaustive: every possible row{within}, missing values included, is in "
        "exactly one."
    )
    sentences = [partition]
    if n_pairs := report.n_overlaps:
        pairs = "pair of rules overlaps" if n_pairs == 1 else "pairs of rules overlap"
        sentences.append(
            f"As written {n_pairs} {pairs}; the first rule that holds counts, as "
            "declared."
        )
    if run.rules.default is not None:
        sentences.append(f"{run.rules.default!r} takes the rows that no rule takes.")
    return sentences


def _size_text(n: float) -> str:
    return f"{n:,.6g}" if n % 1 else f"{n:,.0f}"


def show_outputs(outputs: Outputs, *, quiet: bool) -> None:
    """List the files that were written, and those that were not and why.

    Also to those who asked for quiet, say what spreadsheets would run.
    """
    from skseg._core._csv_files import formulas_sentence

    console = make_console(quiet=quiet)
    show_heading(console, "Files")
    table = plain_table(console, show_header=False)
    table.add_column("File", overflow="fold")
    table.add_column("Content", style="dim", overflow="fold")
    for path in outputs.written:
        table.add_row(str(path), outputs.contents[path.name])
    console.print(table)
    if outputs.removed:
        show_wrapped(console, f"Removed: {', '.join(outputs.removed)} of another run.")
    for name, aside in outputs.kept.items():
        show_wrapped(console, f"Kept: {name}, which was edited, as {aside}.")
    # A file that is not there is worth a word even to those who asked for quiet.
    console = make_console(stderr=quiet)
    for reason in dict.fromkeys(outputs.skipped.values()):
        names = [name for name, why in outputs.skipped.items() if why == reason]
        console.print(f"Not written: {', '.join(names)}. {reason}")
    errors = make_console(stderr=True)
    for name, counts in outputs.formulas.items():
        show_wrapped(
            errors,
            f"Warning: {name}: {formulas_sentence(counts)} --spreadsheet-safe puts an "
            "apostrophe before them.",
        )


def show_next(console: Console, command: list[str]) -> None:
    """Suggest a command, broken into lines as a shell reads them."""
    show_heading(console, "Next")
    console.print(" \\\n    ".join(command), soft_wrap=True)
    console.print()
