"""Locks that the operating system frees when their process ends, however it ends."""

from __future__ import annotations

import errno
import sys

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
# Some network file systems have no locks: there runs are not told apart.
_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; return whether nobody else had done so."""
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        if error.errno not in _WITHOUT_LOCKS:
            raise
    return True
