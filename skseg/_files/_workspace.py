"""Hidden folders in which files are prepared, locked while their process lives."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ._lock import try_lock

_LOCK = "lock"
# Workspaces that others wait for are held for milliseconds: who holds one for longer,
# in seconds, has been stopped.
_PATIENCE = 10.0
_PRIVATE = re.compile(r"\.skseg-[0-9a-f]{12}")


@dataclass
class Workspace:
    """A locked folder, which is removed in the end.

    `is_kept` leaves it to the next run, which finds it unlocked.
    """

    path: Path
    descriptor: int
    is_kept: bool = False

    @property
    def new(self) -> Path:
        """The folder of the files that are prepared."""
        return self.path / "new"

    def __enter__(self) -> Workspace:
        """Hold the lock."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the folder, the lock last: what is in it is then known to be ours."""
        try:
            if not self.is_kept:
                with suppress(OSError):
                    self.clear()
                    (self.path / _LOCK).unlink()
        finally:
            os.close(self.descriptor)
            with suppress(OSError):
                self.path.rmdir()

    def clear(self) -> None:
        """Remove what is in the folder, but the lock."""
        for path in self.path.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()


@contextmanager
def errors_about(path: str) -> Iterator[None]:
    """Let errors name a path that the caller knows, in place of a workspace."""
    try:
        yield
    except OSError as error:
        if ".skseg-" in str(error.filename):
            error.filename, error.filename2 = path, None
        raise


def private_workspace(folder: Path) -> Workspace:
    """Return a workspace of our own in a folder, and clear those of killed runs."""
    clear_leftovers(folder)
    workspace = open_workspace(folder / f".skseg-{secrets.token_hex(6)}")
    try:
        workspace.new.mkdir()
    except BaseException:
        workspace.__exit__(None, None, None)
        raise
    return workspace


def clear_leftovers(folder: Path) -> None:
    """Remove the workspaces whose processes were killed."""
    names = [name for name in os.listdir(folder) if _PRIVATE.fullmatch(name)]
    for name in names:
        # One that is locked, or of another user, is left alone.
        with suppress(OSError), open_workspace(folder / name, patience=0):
            pass


def open_workspace(path: Path, *, patience: float = _PATIENCE) -> Workspace:
    """Return the workspace at a path, which is made if need be.

    Raises BlockingIOError if another process holds it for longer than `patience`, in
    seconds, and FileExistsError if it is somebody else's.
    """
    end = time.monotonic() + patience
    while True:
        with suppress(FileExistsError):
            path.mkdir(0o700)
        try:
            descriptor = _open_lock(path)
        except BaseException:
            # It is removed only if it is empty, as where the disk is full.
            with suppress(OSError):
                path.rmdir()
            raise
        if descriptor is not None and _lock_or_close(path / _LOCK, descriptor):
            return Workspace(path, descriptor)
        if time.monotonic() > end:
            reason = "Another run is writing there; wait for it to end, or end it"
            raise BlockingIOError(errno.EAGAIN, reason, os.fspath(path))
        time.sleep(0.01)


def _open_lock(path: Path) -> int | None:
    """Open the file that is locked; None if the folder is being removed."""
    try:
        if not path.is_symlink() and _is_ours(os.listdir(path)):
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            return os.open(path / _LOCK, flags, 0o600)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        pass
    reason = f"It holds {path.name}, a name that skseg needs and has not written"
    raise FileExistsError(errno.EEXIST, reason, os.fspath(path))


def _is_ours(names: list[str]) -> bool:
    return _LOCK in names or not names


def _lock_or_close(lock: Path, descriptor: int) -> bool:
    """Lock an open file, and return whether it still stands at its path.

    Its process may have removed it between our opening and locking it.
    """
    is_ours = False
    try:
        with suppress(FileNotFoundError):
            is_ours = try_lock(descriptor) and os.path.samestat(
                lock.stat(), os.fstat(descriptor)
            )
    finally:
        if not is_ours:
            os.close(descriptor)
    return is_ours
