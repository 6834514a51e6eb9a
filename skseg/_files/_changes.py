"""What a run may replace in a folder: what skseg has written and nobody has edited."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from skseg.exceptions import InvalidDataError

from ._manifest import digest, read_manifest
from ._sync import is_protected

# What becomes of files that were edited since skseg wrote them.
Edited = Literal["refuse", "keep", "discard"]


@dataclass(frozen=True)
class Changes:
    """What becomes of the files of an earlier run.

    `removed` are those that the new run does not write; `kept` has the new name of each
    file that was edited and is set aside.
    """

    replaced: tuple[str, ...]
    removed: tuple[str, ...]
    kept: Mapping[str, str]


def find_changes(
    folder: Path,
    names: Collection[str],
    *,
    sources: Iterable[Path] = (),
    edited: Edited = "refuse",
) -> Changes:
    """Return what files with these `names` would change in a folder.

    Raises InvalidDataError if a file would be lost: one of the `sources`, one that
    skseg has not written, and, unless that is allowed, one that was edited since.
    """
    listed = read_manifest(folder)
    present = sorted(n for n in {*names, *listed} if os.path.lexists(folder / n))
    _check_sources(folder, present, sources)
    _check_foreign(folder, [n for n in present if n not in listed])
    _check_foreign(folder, [n for n in present if not _is_file(folder / n)])
    for name in present:
        if is_protected(folder / name):
            path = os.fspath(folder / name)
            raise PermissionError(errno.EACCES, "The file must not be replaced", path)
    changed = [n for n in present if digest(folder / n) != listed[n]]
    if edited == "refuse":
        _check_unedited(folder, changed)
    return Changes(
        replaced=tuple(n for n in present if n in names),
        removed=tuple(n for n in present if n not in names),
        kept=_names_aside(folder, changed) if edited == "keep" else {},
    )


def _check_sources(folder: Path, names: Iterable[str], sources: Iterable[Path]) -> None:
    paths = [folder / name for name in names if (folder / name).exists()]
    for source in sources:
        if source.exists() and any(path.samefile(source) for path in paths):
            raise InvalidDataError(
                f"{source} would be replaced.", advice="Choose another folder."
            )


def _is_file(path: Path) -> bool:
    """Return whether a path is a regular file, and no link to one."""
    return stat.S_ISREG(path.lstat().st_mode)


def _check_foreign(folder: Path, names: list[str]) -> None:
    if names:
        raise InvalidDataError(
            f"{folder} holds {', '.join(names)}, which skseg has not written.",
            advice=f"Choose another folder, or move {_pronoun(names)} elsewhere.",
        )


def _check_unedited(folder: Path, names: list[str]) -> None:
    if names:
        since = f"edited since skseg wrote {_pronoun(names)}"
        raise InvalidDataError(
            f"{folder} holds {', '.join(names)}, {since}.",
            remedy={"edited": "keep"},
            advice=f"Choose another folder, or move {_pronoun(names)} elsewhere.",
        )


def _pronoun(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _names_aside(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return a name that is free for each file, such as strategy.edited-1.json."""
    aside = {}
    for name in names:
        path, number = Path(name), 1
        while os.path.lexists(
            folder / (candidate := f"{path.stem}.edited-{number}{path.suffix}")
        ):
            number += 1
        aside[name] = candidate
    return aside
