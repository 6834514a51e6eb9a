"""Records of CSV text as the module csv reads them, each with its line."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager

# The line in which a record begins, the line after it, and its fields.
Record = tuple[int, int, list[str]]
# The most that every platform can count.
_LONGEST_FIELD = 2**31 - 1


class UnclosedQuoteError(Exception):
    """The text ends within quotes.

    Parameters
    ----------
    line : int
        Line in which the record with the opening quote begins.
    """

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class MisplacedTextError(Exception):
    """Text stands between a closing quote and the next separator.

    Parameters
    ----------
    line : int
        Line of the text.
    """

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def is_blank(record: list[str]) -> bool:
    """Tell whether a record is that of a line with nothing but space."""
    return not record or (len(record) == 1 and record[0].isspace())


def read_records(text: str, sep: str, line: int = 1) -> Generator[Record, None, None]:
    """Yield records with the line in which each begins, and the line after it.

    The first line is `line`. Raises UnclosedQuoteError or MisplacedTextError where text
    in quotes does not end as it must.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sep, strict=True)
    start = line
    with _long_fields():
        try:
            for record in reader:
                after = start + reader.line_num
                yield line, after, record
                line = after
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise UnclosedQuoteError(line) from None
            raise MisplacedTextError(start + reader.line_num - 1) from None


def length_of_lines(text: str, n_lines: int) -> int:
    """Return how many characters the first lines have, their ends included."""
    lines = io.StringIO(text, newline="")
    return sum(len(next(lines, "")) for _ in range(n_lines))


def number_of_line_ends(data: bytes) -> int:
    r"""Return how often a line ends, with \n, \r\n or \r."""
    n_ends = data.count(b"\n")
    if b"\r" in data:
        n_ends += data.count(b"\r") - data.count(b"\r\n")
    return n_ends


class _FieldLimit:
    """The limit of the module csv, which all threads share."""

    lock = threading.Lock()
    n_readers = 0
    usual = 0


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be as long as they are, while anybody reads."""
    with _FieldLimit.lock:
        if not _FieldLimit.n_readers:
            _FieldLimit.usual = csv.field_size_limit(_LONGEST_FIELD)
        _FieldLimit.n_readers += 1
    try:
        yield
    finally:
        with _FieldLimit.lock:
            _FieldLimit.n_readers -= 1
            if not _FieldLimit.n_readers:
                csv.field_size_limit(_FieldLimit.usual)
