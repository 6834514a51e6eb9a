"""CSV files as text, read in one pass, with the line of every row."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import IO, NamedTuple

import pandas as pd

from ._csv_blocks import Block, BlockScan
from ._csv_layout import CSVLayout, advice_on_missing, find_layout
from ._table_header import WantedColumns
from ._unicode_text import UnicodeText

# Bytes among which the header is looked for first.
HEAD = 1 << 20


class CSVTable(NamedTuple):
    """The texts of columns, and the blocks that know the lines of their rows."""

    texts: pd.DataFrame
    blocks: list[Block]
    starts: list[int]

    def place(self, row: int) -> str:
        """Return the line in which a row, counted from 0, begins."""
        number = bisect.bisect_right(self.starts, row) - 1
        return f"line {self.blocks[number].line(row - self.starts[number])}"


def read_csv_texts(
    stream: IO[bytes],
    file_name: str,
    wanted: WantedColumns,
    *,
    sep: str | None,
    encoding: str | None,
    decimal: str,
) -> CSVTable:
    """Read columns as text.

    Raises ValueError if a column is missing, or not the only one of its name, or a row
    has not the fields of the header.
    """
    names, scanned = csv_blocks(
        stream, file_name, wanted, sep=sep, encoding=encoding, decimal=decimal
    )
    blocks, frames, starts, n_rows = [], [], [], 0
    for block in scanned:
        frames.append(block.texts().set_axis(names, axis=1))
        blocks.append(block._replace(data=b""))
        starts.append(n_rows)
        n_rows += block.n_rows
    if not frames:
        empty = pd.DataFrame(columns=pd.Index(names), dtype=object)
        return CSVTable(empty, [], [])
    return CSVTable(pd.concat(frames, ignore_index=True), blocks, starts)


def csv_blocks(
    stream: IO[bytes],
    file_name: str,
    wanted: WantedColumns,
    *,
    sep: str | None,
    encoding: str | None,
    decimal: str,
) -> tuple[list[str], Iterator[Block]]:
    """Return the names of the columns, and blocks of rows, which are read in turn."""
    text = UnicodeText(stream, encoding, file_name)
    layout, head = _read_layout(text, wanted, file_name, sep=sep, decimal=decimal)
    advice = None
    if not wanted.are_in(layout.header):
        advice = advice_on_missing(head, layout, wanted)
    positions = wanted.positions(layout.header, file_name, advice)
    scan = BlockScan(file_name, layout, list(positions.values()))
    return list(positions), scan.blocks(text)


def _read_layout(
    text: UnicodeText,
    wanted: WantedColumns,
    file_name: str,
    *,
    sep: str | None,
    decimal: str,
) -> tuple[CSVLayout, str]:
    """Return the layout, and the text that it was found in; drop the header."""
    size = HEAD
    while True:
        while len(text.pending) < size and text.read_more():
            pass
        head = text.pending[:size].decode("utf-8", "ignore")
        is_whole = text.is_at_end and len(text.pending) <= size
        layout = find_layout(
            head, wanted, file_name, sep=sep, decimal=decimal, is_whole=is_whole
        )
        if layout is not None:
            break
        size *= 4
    text.drop(len(head[: layout.n_characters].encode()), layout.n_lines)
    return layout, head
