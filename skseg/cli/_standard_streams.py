"""Standard output and error that may be closed, cut off or full."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Exit status of a command that did its work, but could not show it.
NOT_SHOWN = 3

# The reader has gone, or there never was one: nobody waits for a word about it.
_NOBODY_READS = (errno.EPIPE, errno.EBADF)


class _LastingOutput(io.RawIOBase):
    """A stream that takes what it cannot pass on to `raw`, and keeps the first error.

    `raw` is None where the stream has been closed from the start.
    """

    def __init__(self, raw: io.RawIOBase | None) -> None:
        super().__init__()
        self._raw = raw
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw is not None and self._raw.isatty()

    def fileno(self) -> int:
        return super().fileno() if self._raw is None else self._raw.fileno()

    def write(self, data: Any) -> int:
        if self._raw is None:
            self.error = OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self.error is None:
            try:
                return self._passed_on(self._raw, data)
            except OSError as error:
                self.error = error
        return len(data)

    @staticmethod
    def _passed_on(raw: Any, data: Any) -> int:
        """Return how many bytes `raw` took; wait for a slow reader if need be."""
        n_bytes: int | None = raw.write(data)
        while n_bytes is None:
            select.select([], [raw], [])
            n_bytes = raw.write(data)
        return n_bytes


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Let a command end its work, whatever becomes of what it shows.

    Where that was closed, cut off (by ``| head``) or full, the exit status is 3 in
    place of 0.
    """
    _take_low_descriptors()
    output, errors = _replace("stdout"), _replace("stderr")
    try:
        yield
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        lost = [stream.error for stream in (output, errors) if stream and stream.error]
        if end.code or not lost:
            raise
        if output is not None and lost[0] is output.error:
            _tell(lost[0])
        raise SystemExit(NOT_SHOWN) from None


def _tell(error: OSError) -> None:
    if error.errno not in _NOBODY_READS:
        sys.stderr.write(f"Error: Cannot write to standard output: {error.strerror}\n")
        sys.stderr.flush()


def _take_low_descriptors() -> None:
    """Open the null device in place of every standard stream that is closed.

    Else a file of results would get its descriptor, to which libraries write messages.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _replace(name: str) -> _LastingOutput | None:
    """Replace a standard stream by a lasting one, unless it has been replaced."""
    stream = getattr(sys, name)
    if stream is not getattr(sys, f"__{name}__"):
        if isinstance(stream, io.TextIOWrapper):
            # A segment's name may hold what the terminal cannot show.
            stream.reconfigure(errors="replace")
        return None
    raw, encoding, is_by_line = None, "utf-8", False
    if stream is not None:
        # With PYTHONUNBUFFERED there is no buffer around the raw stream.
        raw = getattr(stream.buffer, "raw", stream.buffer)
        encoding = stream.encoding
        is_by_line = stream.line_buffering or stream.write_through
    output = _LastingOutput(raw)
    text = io.TextIOWrapper(
        io.BufferedWriter(output), encoding, "replace", line_buffering=is_by_line
    )
    setattr(sys, name, text)
    return output
