"""What has to reach the disk before a rename, and what a new file has from the old."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def sync_file(path: Path) -> None:
    """Bring the content of a file to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system has a way to do so."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def is_protected(path: Path) -> bool:
    """Return whether a file must not be written to.

    The rename that replaces it would not ask.
    """
    as_effective = os.access in os.supports_effective_ids
    return not os.access(path, os.R_OK | os.W_OK, effective_ids=as_effective)


def copy_access(source: Path, target: Path) -> None:
    """Give a file or folder the permissions of another, and its owner if allowed."""
    status = source.stat()
    for owner in ((status.st_uid, -1), (-1, status.st_gid)):
        with suppress(OSError, AttributeError):
            os.chown(target, *owner)
    mode = stat.S_IMODE(status.st_mode)
    # Some file systems have one mode for all files, and refuse to set any.
    if mode != stat.S_IMODE(target.stat().st_mode):
        target.chmod(mode)
