"""Signals that end a process, after what it has begun to write is cleared."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# A terminal that is closed sends SIGHUP, which Windows does not have.
_SIGNALS = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class _Terminated(BaseException):
    """The process is asked to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def clean_termination() -> Iterator[None]:
    """Let a signal end the block as Ctrl-C does, and the process after it.

    Signals that somebody handles or ignores, as ``nohup`` does, are left alone.
    """
    is_main = threading.current_thread() is threading.main_thread()
    numbers = [
        number
        for number in _SIGNALS
        if is_main and signal.getsignal(number) == signal.SIG_DFL
    ]
    try:
        for number in numbers:
            signal.signal(number, _terminate)
        try:
            yield
        finally:
            for number in numbers:
                signal.signal(number, signal.SIG_DFL)
    except _Terminated as end:
        # Whoever waits for the process learns what ended it.
        signal.signal(end.number, signal.SIG_DFL)
        os.kill(os.getpid(), end.number)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated(number)
