"""One file, replaced as a whole."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from skseg.exceptions import InvalidParameterError

from ._sync import copy_access, is_protected, sync_file, sync_folder
from ._workspace import errors_about, private_workspace


def write_text(path: Any, text: str, *, owner: str) -> None:
    """Write text as UTF-8 to a file: all of it, or nothing.

    `owner` is the method that was called with the `path`, for its errors, which are
    those of `replacing`.
    """
    with replacing(path, owner=owner) as staged:
        # Lines end alike on every system.
        staged.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def replacing(path: Any, *, owner: str) -> Iterator[Path]:
    """Give a path to write to, which takes the place of a file when all is written.

    The staged file has the name of the target, in another folder. The permissions of
    the file that it replaces are kept, and a link is written through. What is no
    regular file, such as a pipe or a terminal, is written to directly.

    Raises InvalidParameterError if `path` is none, and OSError, about the target, if it
    cannot be written.
    """
    target = _target(path, owner)
    if _is_stream(target):
        yield target
        return
    with errors_about(os.fspath(path)), private_workspace(target.parent) as workspace:
        staged = workspace.new / target.name
        yield staged
        if target.exists():
            copy_access(target, staged)
        sync_file(staged)
        sync_folder(workspace.new)
        staged.replace(target)
        # The file is complete: an error now would say the opposite.
        with suppress(OSError):
            sync_folder(target.parent)


def _target(path: Any, owner: str) -> Path:
    """Return the file that is meant, links followed, if it can be replaced."""
    try:
        text = os.fspath(path)
    except TypeError:
        text = ""
    if not isinstance(text, str) or not text.strip() or not _can_be_named(text):
        advice = f"Without one, {owner} returns the text."
        rule = "the path of a file, as a str or path-like"
        raise InvalidParameterError(owner, "path", rule, path, advice=advice)
    if _is_of_the_system(text):
        return Path(text)
    target = Path(os.path.realpath(text))
    if target.is_dir() or text.endswith(("/", os.sep)):
        raise IsADirectoryError(errno.EISDIR, "A folder is no file", text)
    if os.path.islink(text) and not target.exists():
        raise FileNotFoundError(errno.ENOENT, "A link that leads to no file", text)
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", text)
    if target.exists() and is_protected(target):
        raise PermissionError(errno.EACCES, "The file must not be written", text)
    return target


def _can_be_named(path: str) -> bool:
    """Return whether the system has a way to write a path, as it has not for a NUL."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def _is_of_the_system(path: str) -> bool:
    """Return whether a path such as /dev/stdout names what is open already."""
    parent = os.path.dirname(os.path.abspath(path))
    return parent in ("/dev", "/dev/fd") or parent.startswith("/proc/")


def _is_stream(target: Path) -> bool:
    if _is_of_the_system(os.fspath(target)):
        return True
    return target.exists() and not stat.S_ISREG(target.stat().st_mode)
