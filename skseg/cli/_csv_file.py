"""CSV files as text, with the line of every row."""

from __future__ import annotations

import csv
import io
import itertools
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import pandas as pd

from skseg.exceptions import InvalidDataError

from ._file_source import FileSource
from ._table_header import WantedColumns

CHUNK = 200_000  # rows
# Bytes among which the header is looked for.
HEAD = 1 << 20
SEPARATORS = [",", ";", "\t", "|"]
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# The line before the header by which a file tells Excel its separator.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)', re.IGNORECASE)


@dataclass(frozen=True)
class CSVLayout:
    """Encoding, separator and header of a CSV file, and the lines before the header."""

    encoding: str
    sep: str
    n_skipped: int
    header: list[str]


def read_csv_texts(
    source: FileSource,
    wanted: WantedColumns,
    layout: CSVLayout,
    file: IO[bytes] | None = None,
) -> pd.DataFrame:
    """Return the named columns as text; empty fields are missing, and nothing else is.

    Raises ValueError if a column is missing, or not the only one of its name.
    """
    advice = "Is the separator another one? Give it as --sep."
    is_single = len(layout.header) == 1
    positions = wanted.positions(
        layout.header, source.name, advice if is_single else None
    )
    options: dict[str, Any] = {
        "sep": layout.sep,
        "encoding": layout.encoding,
        # The columns are called by their positions, since pandas renames those that
        # stand twice and those without a name.
        "header": 0,
        "names": range(len(layout.header)),
        "skiprows": layout.n_skipped,
        # In a file of one column an empty line is a missing value.
        "skip_blank_lines": not is_single,
        "dtype": str,
        "keep_default_na": False,
        "na_values": [""],
        "index_col": False,
        "engine": "c" if layout.sep.isascii() else "python",
    }
    with source.open(file) as stream, warnings.catch_warnings():
        # A row with more fields than the header, such as for an amount of 1,234.50,
        # would be cut off in silence.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        with pd.read_csv(stream, chunksize=CHUNK, **options) as chunks:
            columns = list(positions.values())
            texts = pd.concat([chunk[columns] for chunk in chunks], ignore_index=True)
    if is_single:
        texts = texts.where(~texts[0].str.fullmatch(r"\s+", na=False))
    return texts.set_axis(list(positions), axis=1)


def find_layout(
    source: FileSource,
    wanted: WantedColumns,
    *,
    sep: str | None,
    encoding: str | None,
    decimal: str,
) -> CSVLayout:
    """Return the layout of a CSV file.

    Without `sep` the separator is that with which the header has the columns that are
    needed, or else the most.
    """
    with source.open() as stream:
        first = stream.read(HEAD)
    marks = _BYTE_ORDER_MARKS.items()
    marked = next((name for mark, name in marks if first.startswith(mark)), None)
    encoding = marked or encoding or "utf-8"
    if b"\0" in first and not encoding.startswith(("utf-16", "utf-32")):
        raise InvalidDataError(
            f"{source.name} cannot be read as CSV: it holds bytes of zero, and so is "
            f"no text in {encoding}.",
            advice="If it is text in UTF-16, give --encoding utf-16-le.",
        )
    text = io.TextIOWrapper(io.BytesIO(first), encoding, "replace", newline="").read()
    separator_line = _SEPARATOR_LINE.match(text)
    if separator_line is not None:
        sep = sep or separator_line[1]
    # Where decimals have a comma, a file of one column is not separated by commas.
    candidates = sorted(SEPARATORS, key=decimal.__eq__) if sep is None else [sep]
    layouts = [
        CSVLayout(encoding, candidate, *_header(text, candidate, separator_line))
        for candidate in candidates
    ]
    if not layouts[0].header:
        raise pd.errors.EmptyDataError("No columns to parse from file")
    fitting = (layout for layout in layouts if wanted.are_in(layout.header))
    return next(fitting, max(layouts, key=lambda layout: len(layout.header)))


def _header(
    text: str, sep: str, separator_line: re.Match[str] | None
) -> tuple[int, list[str]]:
    """Return the number of lines before the header, and the header."""
    records = _records(io.StringIO(text, newline=""), sep, skips_blank_lines=True)
    first = 0 if separator_line is None else 1
    line, header = next(itertools.islice(records, first, None), (1, []))
    return line - 1, header


def line_of_row(source: FileSource, layout: CSVLayout, row: int) -> int:
    """Return the line in which a row, counted from 0, begins."""
    with source.open() as stream:
        text = io.TextIOWrapper(stream, encoding=layout.encoding, newline="")
        for _ in range(layout.n_skipped):
            text.readline()
        records = _records(text, layout.sep, skips_blank_lines=len(layout.header) > 1)
        # The first record is the header.
        line = next(itertools.islice(records, row + 1, None))[0] + layout.n_skipped
        # The stream is closed by what opened it.
        text.detach()
    return line


def _records(
    text: IO[str], sep: str, *, skips_blank_lines: bool
) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a CSV file, each with the line in which it begins."""
    reader, line = csv.reader(text, delimiter=sep), 1
    with _long_fields():
        for record in reader:
            # A value may run over several lines, and blank lines are no rows.
            is_blank = not record or (len(record) == 1 and record[0].isspace())
            if not (is_blank and skips_blank_lines):
                yield line, record
            line = reader.line_num + 1


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be as long as pandas lets them be."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def advice_on_encoding(error: UnicodeDecodeError) -> str:
    """Return which encoding may be meant, with the character that it would give."""
    byte = error.object[error.start : error.start + 1]
    encoding = "cp1252"
    try:
        character = byte.decode(encoding)
    except UnicodeDecodeError:
        encoding, character = "latin-1", ""
    shown = f", in which the byte 0x{byte.hex()} is {character!r}" if character else ""
    return (
        f"It seems to have another encoding, such as {encoding}{shown}: give "
        f"--encoding {encoding}."
    )
