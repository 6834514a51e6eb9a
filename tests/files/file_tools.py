"""Runs that are killed or fail in the middle, and what they leave."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from skseg import _files

Contents = Mapping[str, str]

OLD = {"customers.csv": "old\n", "rules.json": "{}\n", "segments.csv": "gone\n"}
NEW = {"customers.csv": "new\n", "rules.json": "[]\n", "flow.png": "picture\n"}
OWN = {"notes.txt": "mine\n", "rows.csv": "mine as well\n"}


def put(folder: Path, contents: Contents, **options: Any) -> _files.Changes:
    """Write files to a folder as a run does."""

    def prepare(staging: Path) -> None:
        for name, text in contents.items():
            (staging / name).write_text(text, encoding="utf-8")

    return _files.write_folder(folder, prepare, **options)


def read(folder: Path) -> dict[str, str]:
    """Return what somebody who opens the files of a folder reads."""
    if not folder.is_dir():
        return {}
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".")
    }


def edit(path: Path, text: str = "edited\n") -> None:
    """Write to a file as people do."""
    path.write_text(text, encoding="utf-8")


def names_in(folder: Path) -> set[str]:
    """Return all names in a folder."""
    return set(os.listdir(folder))


def leftovers(folder: Path) -> set[str]:
    """Return the names of links and hidden files in a folder, but the manifest."""
    return {
        path.name
        for path in folder.iterdir()
        if path.is_symlink() or path.name.startswith(".")
    } - {_files.MANIFEST}


_CHANGES = {
    *["os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir"],
    *["os.chmod", "os.truncate"],
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kill() -> None:
    """End this process as nothing can prevent."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    """Interrupt as Ctrl-C does."""
    raise KeyboardInterrupt


def run_ended_at(
    number: int, run: Callable[[], object], end: Callable[[], None] = kill
) -> bool:
    """Run something in another process, and end it before it changes the disk.

    `number` counts the changes from 0. Returns whether there were as many.
    """
    count = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event in _CHANGES or (event == "open" and arguments[2] & _WRITING):
            count += 1
            if count == number + 1:
                end()

    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(watch)
            run()
        finally:
            os._exit(count > number)
    _, status = os.waitpid(child, 0)
    return status != 0


CALLS = [
    *["open", "mkdir", "rename", "replace", "link", "symlink", "unlink", "rmdir"],
    *["fsync", "listdir", "chmod", "scandir"],
]


@contextmanager
def failing_call(number: int, name: str) -> Iterator[list[int]]:
    """Let one of the calls to a function of `os` fail since the disk is full."""
    call, count = getattr(os, name), [0]

    def fail(*arguments: Any, **options: Any) -> Any:
        count[0] += 1
        if count[0] == number + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, name, fail)
        yield count


def without_links(patch: pytest.MonkeyPatch) -> None:
    """Let the file system have neither symbolic nor hard links, as FAT."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    patch.setattr(os, "symlink", refuse)
    patch.setattr(os, "link", refuse)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Do without the rights of root, if they are there."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
