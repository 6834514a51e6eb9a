"""Standard output and error that may be closed, cut off or full."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Exit status of a command that did its work, but could not show it.
NOT_SHOWN = 3


class _LastingOutput(io.FileIO):
    """A stream that takes what it cannot pass on, and keeps the first error."""

    def __init__(self, descriptor: int | None) -> None:
        self.error: OSError | None = None
        self.is_closed = descriptor is None
        if descriptor is None:
            # Takes the place of the closed descriptor, which a file would get else.
            descriptor = os.open(os.devnull, os.O_WRONLY)
        super().__init__(descriptor, "w", closefd=False)

    def write(self, data: Any) -> int:
        if self.is_closed:
            self.error = OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self.error is None:
            try:
                return super().write(data)
            except OSError as error:
                self.error = error
        return len(data)


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Let a command end its work, whatever becomes of what it shows.

    Where that is closed, cut off (by ``| head``) or full, the exit status is 3 in place
    of 0.
    """
    output = _replace("stdout")
    _replace("stderr")
    try:
        yield
    except SystemExit as end:
        sys.stdout.flush()
        if output is None or output.error is None or end.code:
            raise
        if output.error.errno not in (errno.EPIPE, errno.EBADF):
            reason = output.error.strerror
            sys.stderr.write(f"Error: Cannot write to standard output: {reason}\n")
        raise SystemExit(NOT_SHOWN) from None


def _replace(name: str) -> _LastingOutput | None:
    """Replace a standard stream by a lasting one, unless it has been replaced."""
    stream = getattr(sys, name)
    if stream is not getattr(sys, f"__{name}__"):
        # A segment's name may hold what the terminal cannot show.
        stream.reconfigure(errors="replace")
        return None
    output = _LastingOutput(None if stream is None else stream.fileno())
    encoding = "utf-8" if stream is None else stream.encoding
    is_by_line = stream is not None and stream.line_buffering
    text = io.TextIOWrapper(
        io.BufferedWriter(output), encoding, "replace", line_buffering=is_by_line
    )
    setattr(sys, name, text)
    return output
