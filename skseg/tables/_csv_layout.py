"""Separator and header of a CSV file, told from its first lines."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing, suppress
from itertools import islice
from typing import Any, NamedTuple

from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._advice import Advice, Parameter, Part, Settings
from ._csv_records import (
    MisplacedTextError,
    Record,
    UnclosedQuoteError,
    is_blank,
    length_of_lines,
    read_records,
)
from ._table_header import N_LIKELY, OWNER, WantedColumns

SEPARATORS = (",", ";", "\t", "|")
# The line before the header by which a file tells Excel its separator.
_SEPARATOR_LINE = re.compile(
    r'(?P<mark>"?)sep=(?P<sep>[^\r\n])(?P=mark)(?:\r\n|\r|\n)', re.IGNORECASE
)


class CSVLayout(NamedTuple):
    """Separator and header of a CSV file.

    `n_lines` and `n_characters` are those of the text up to the end of the header.
    """

    sep: str
    header: list[str]
    n_lines: int
    n_characters: int
    line_end: str


def check_sep(sep: Any) -> None:
    """Accept None and a single character that can stand between fields, or raise."""
    if sep is None:
        return
    is_text = isinstance(sep, str) and len(sep) == 1 and not _is_surrogate(sep)
    if not is_text or sep in '"\r\n\0':
        rule = "None or a single character, and neither a quote nor a line end"
        raise InvalidParameterError(OWNER, "sep", rule, sep)


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def find_layout(
    text: str,
    wanted: WantedColumns,
    file_name: str,
    *,
    sep: str | None,
    decimal: str,
    is_whole: bool,
) -> CSVLayout | None:
    """Return the layout of a file that begins with the text, None if it needs more.

    Without `sep` the separator is that with which the header has the columns that are
    needed, or else the most.
    """
    line = _SEPARATOR_LINE.match(text)
    if line is not None and sep is None:
        sep = line["sep"]
        if sep == '"':
            raise _unreadable(file_name, 1, "a quote cannot separate fields")
    # Where decimals have a comma, a file of one column is not separated by commas.
    candidates = sorted(SEPARATORS, key=decimal.__eq__) if sep is None else [sep]
    layouts: list[CSVLayout] = []
    problems: list[Exception] = []
    for candidate in candidates:
        try:
            layout = _layout(text, candidate, 0 if line is None else 1)
        except (UnclosedQuoteError, MisplacedTextError) as error:
            problems.append(error)
            continue
        if not is_whole and (not layout.header or layout.n_characters == len(text)):
            return None
        layouts.append(layout)
    if not layouts:
        if not is_whole and any(isinstance(e, UnclosedQuoteError) for e in problems):
            return None
        raise quoting_error(problems[0], file_name)
    if not layouts[0].header:
        raise InvalidDataError(f"{file_name} is empty: it has no header.", owner=OWNER)
    return _chosen(layouts, wanted, file_name)


def _layout(text: str, sep: str, n_above: int) -> CSVLayout:
    """Return the layout with a separator; `n_above` lines stand above the header."""
    body = text[length_of_lines(text, n_above) :]
    with closing(read_records(body, sep)) as records:
        rows = ((end, row) for _, end, row in records if not is_blank(row))
        end, header = next(rows, (1, []))
    n_lines = n_above + end - 1
    n_characters = length_of_lines(text, n_lines)
    ending = re.search(r"(\r\n|\r|\n)?$(?!\n)", text[:n_characters])
    line_end = ending[0] if ending else ""
    return CSVLayout(sep, header, n_lines, n_characters, line_end)


def _chosen(
    layouts: list[CSVLayout], wanted: WantedColumns, file_name: str
) -> CSVLayout:
    fitting = [layout for layout in layouts if wanted.are_in(layout.header)]
    if not fitting:
        return max(layouts, key=lambda layout: len(layout.header))
    candidates = [layout for layout in fitting if len(layout.header) > 1]
    # A name in quotes is cut through by a separator that is a character of it.
    uncut = [layout for layout in candidates if '"' not in "".join(layout.header)]
    candidates = uncut or candidates
    if len(candidates) > 1:
        ways: list[Part] = ["Give "]
        for layout in candidates:
            ways += [Settings({"sep": layout.sep}), " or "]
        raise InvalidDataError(
            f"{file_name} has a header that can be separated in several ways: "
            f"{', or '.join(str(layout.header) for layout in candidates)}.",
            owner=OWNER,
            name="sep",
            advice=Advice(*ways[:-1], "."),
        )
    return (candidates or fitting)[0]


def advice_on_missing(
    text: str, layout: CSVLayout, wanted: WantedColumns
) -> str | None:
    """Return what to do where a header lacks columns."""
    for sep in dict.fromkeys((layout.sep, *SEPARATORS)):
        with closing(_readable_records(text, sep)) as records:
            rows = ((line, row) for line, _, row in islice(records, N_LIKELY))
            advice = wanted.advice_on_header(rows, "line")
        if advice is not None:
            return advice
    if len(layout.header) > 1:
        return None
    question = "Is the separator another one? Give it as "
    return Advice(question, Parameter("sep"), ".")


def _readable_records(text: str, sep: str) -> Generator[Record, None, None]:
    """Yield the records up to the first that cannot be read."""
    with suppress(UnclosedQuoteError, MisplacedTextError):
        yield from read_records(text, sep)


def quoting_error(error: Exception, file_name: str) -> InvalidDataError:
    """Return an error about quotes in words."""
    if isinstance(error, UnclosedQuoteError):
        return _unreadable(
            file_name,
            error.line,
            "the quote of a field that begins in this row is never closed",
            "Close it, or double it and put the field in quotes if it is a character "
            "of the text.",
        )
    line = error.line if isinstance(error, MisplacedTextError) else 1
    return _unreadable(
        file_name,
        line,
        "text follows the closing quote of a field",
        "Double the quotes that are characters of the text in a field in quotes.",
    )


def _unreadable(
    file_name: str, line: int, reason: str, advice: str | None = None
) -> InvalidDataError:
    return InvalidDataError(
        f"{file_name}, line {line}: This cannot be read as CSV: {reason}.",
        owner=OWNER,
        advice=advice,
    )
