"""Blocks of CSV records, proved to be regular or made so, with the line of each record.

The module csv says what a record is. pandas, which is faster, reads the cells, and sees
only text in which it has no choice: blocks of which every record is proved to have the
fields of the header, and records that the module csv has read and written again.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError

from ._csv_layout import SEPARATORS, CSVLayout, quoting_error
from ._csv_records import (
    MisplacedTextError,
    UnclosedQuoteError,
    is_blank,
    length_of_lines,
    number_of_line_ends,
    read_records,
)
from ._table_header import OWNER
from ._unicode_text import UnicodeText

QUOTE = ord('"')


class Block(NamedTuple):
    """Records in UTF-8 that pandas reads as they are meant, and the line of each.

    `lines` is the line of the first record if every record is a line.
    """

    data: bytes
    sep: str
    n_rows: int
    positions: list[int]
    width: int
    lines: int | IntArray

    def line(self, row: int) -> int:
        """Return the line in which a record, counted from 0, begins."""
        return self.lines + row if isinstance(self.lines, int) else int(self.lines[row])

    def texts(self) -> pd.DataFrame:
        """Return the cells; empty ones are missing, and nothing else is."""
        frame = pd.read_csv(
            io.BytesIO(self.data),
            sep=self.sep,
            encoding="utf-8",
            header=None,
            names=range(self.width),
            usecols=self.positions,
            index_col=False,
            skip_blank_lines=False,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
            engine="c",
        )
        return frame[self.positions]


class BlockScan:
    """What proves that records have the fields of the header, block by block."""

    def __init__(self, file_name: str, layout: CSVLayout, positions: list[int]) -> None:
        self._file_name = file_name
        self._layout = layout
        self._positions = positions
        self._n_fields = len(layout.header)
        self._end = layout.line_end.encode()
        # In a single column an empty line is a row, and pandas takes blanks for text.
        self._can_be_plain = (
            layout.sep in SEPARATORS and self._n_fields > 1 and self._end != b""
        )
        self._record = layout.sep.encode() * (self._n_fields - 1) + self._end
        structure = layout.sep.encode() + b'\r\n"'
        self._ordinary = bytes(set(range(256)) - set(structure))
        self._ends_field = np.isin(np.arange(256), list(structure))

    def blocks(self, text: UnicodeText) -> Iterator[Block]:
        """Yield the records in blocks, and drop what has been read."""
        while text.pending or text.read_more():
            block, n_bytes, n_lines = self._plain_block(text) or self._parsed_block(
                text
            )
            text.drop(n_bytes, n_lines)
            if block.n_rows:
                yield block
            text.read_more()

    def _plain_block(self, text: UnicodeText) -> tuple[Block, int, int] | None:
        """Return records as they are, their bytes and lines; None without a proof."""
        data = text.pending
        # pandas takes a byte order mark at the beginning for none of the text.
        if not self._can_be_plain or data.startswith(codecs.BOM_UTF8):
            return None
        if text.is_at_end and not data.endswith(self._end):
            data += self._end
        quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == QUOTE)
        n_bytes = self._end_of_records(data, quotes, is_whole=text.is_at_end)
        data, quotes = data[:n_bytes], quotes[quotes < n_bytes]
        if not n_bytes or not self._enclose_fields(quotes, data):
            return None
        structure = data.translate(None, self._ordinary)
        if len(quotes):
            structure = _outside_of_quotes(structure)
        n_rows = len(structure) // len(self._record)
        if structure != self._record * n_rows:
            return None
        if len(quotes) and number_of_line_ends(data) != n_rows:
            return None
        sep, width = self._layout.sep, self._n_fields
        block = Block(data, sep, n_rows, self._positions, width, text.line)
        return block, min(n_bytes, len(text.pending)), n_rows

    def _end_of_records(self, data: bytes, quotes: IntArray, *, is_whole: bool) -> int:
        """Return where the last line ends that seems to end a record, or 0."""
        # The end of the data may be in the middle of a line end.
        stop = len(data) if is_whole or self._end != b"\r" else len(data) - 1
        n_bytes = self._after_line(data, stop)
        n_quotes = np.searchsorted(quotes, n_bytes)
        if n_quotes % 2:
            return self._after_line(data, int(quotes[n_quotes - 1]))
        return n_bytes

    def _after_line(self, data: bytes, stop: int) -> int:
        position = data.rfind(self._end, 0, stop)
        return 0 if position < 0 else position + len(self._end)

    def _enclose_fields(self, quotes: IntArray, data: bytes) -> bool:
        """Tell whether quotes are the first and last character of fields, or doubled.

        Between the closing and the opening quote of a doubled one there is nothing.
        """
        if len(quotes) % 2:
            return False
        content = np.frombuffer(data, np.uint8)
        before, after = quotes[::2] - 1, quotes[1::2] + 1
        if len(quotes) and before[0] < 0:
            before = before[1:]
        ends = self._ends_field
        return bool(ends[content[before]].all() and ends[content[after]].all())

    def _parsed_block(self, text: UnicodeText) -> tuple[Block, int, int]:
        """Return records that the module csv has read, their bytes and lines."""
        data = text.pending
        if not text.is_at_end:
            data = data[: max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1]
        content = data.decode()
        stream = io.StringIO()
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        lines = []
        n_bytes = len(data)
        try:
            for line, record in self._records(content, text.line):
                writer.writerow([record[position] for position in self._positions])
                lines.append(line)
        except (UnclosedQuoteError, MisplacedTextError) as error:
            if text.is_at_end or isinstance(error, MisplacedTextError):
                raise quoting_error(error, self._file_name) from None
            n_characters = length_of_lines(content, error.line - text.line)
            n_bytes = len(content[:n_characters].encode())
        rows = stream.getvalue().encode()
        width = len(self._positions)
        block = Block(rows, ",", len(lines), list(range(width)), width, np.array(lines))
        return block, n_bytes, number_of_line_ends(data[:n_bytes])

    def _records(self, content: str, line: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows with their lines, or raise where fields are not complete."""
        for start, _, record in read_records(content, self._layout.sep, line):
            cells = record
            if is_blank(record):
                if self._n_fields > 1:
                    continue
                cells = [""]
            if len(cells) != self._n_fields:
                raise self._wrong_width(start, cells)
            yield start, cells

    def _wrong_width(self, line: int, cells: list[str]) -> InvalidDataError:
        n, n_names = len(cells), self._n_fields
        if n < n_names:
            advice = (
                "Fill it up with separators, or put the field in quotes in which the "
                "line breaks."
            )
        elif not any(cells[n_names:]):
            advice = (
                "If every line ends in a separator, end the header in as many, too."
            )
        else:
            advice = "A field that holds the separator must be in quotes."
            if n_names == 1:
                advice = f"If this is the header, delete everything above it. {advice}"
        return InvalidDataError(
            f"{self._file_name}, line {line}: The row has {_fields(n)}, the header "
            f"{n_names}.",
            owner=OWNER,
            advice=advice,
        )


def _outside_of_quotes(structure: bytes) -> bytes:
    """Return the separators and line ends that are in no quotes."""
    characters = np.frombuffer(structure, np.uint8)
    is_quote = characters == QUOTE
    is_inside = np.cumsum(is_quote, dtype=np.uint8) & 1
    outside: bytes = characters[~is_quote & (is_inside == 0)].tobytes()
    return outside


def _fields(n: int) -> str:
    return f"{n} field" if n == 1 else f"{n} fields"
