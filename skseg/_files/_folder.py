"""The files of one run in a folder, where files of other people may be."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from ._changes import Changes, Edited, find_changes
from ._manifest import write_manifest
from ._switch import RUN, settle, switch
from ._sync import sync_file, sync_folder
from ._workspace import (
    Workspace,
    clear_leftovers,
    errors_about,
    open_workspace,
    private_workspace,
)


def check_folder(
    folder: Path,
    names: Collection[str],
    *,
    sources: Iterable[Path] = (),
    edited: Edited = "refuse",
) -> None:
    """Raise if files with these `names` could not be written to a folder.

    What killed runs have left in it is cleared. The folder need not exist; whether it
    can be made is tried out, at a hidden place.

    Raises OSError if the folder cannot be written to, and InvalidDataError if a file
    would be lost, as `find_changes` does.
    """
    place = _nearest_folder(folder)
    missing = [part for part in folder.parts[len(place.parts) :] if part != ".."]
    with errors_about(os.fspath(folder)), private_workspace(place) as workspace:
        workspace.new.joinpath(*missing).mkdir(parents=True, exist_ok=True)
    if missing:
        return
    with suppress(OSError):
        # There the run that made the folder had its workspace.
        clear_leftovers(folder.parent)
    # While another run switches files, their names are links.
    with _open_run(folder):
        find_changes(folder, names, sources=sources, edited=edited)


def _nearest_folder(folder: Path) -> Path:
    """Return a folder, or the nearest of its parents that exists."""
    for path in (folder, *folder.parents):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if path.is_symlink():
                raise FileNotFoundError(
                    errno.ENOENT, "A link that leads nowhere", os.fspath(path)
                ) from None
            continue
        if not stat.S_ISDIR(mode):
            raise NotADirectoryError(
                errno.ENOTDIR, "A file, not a folder", os.fspath(path)
            )
        return path
    raise FileNotFoundError(errno.ENOENT, "There is no such folder", os.fspath(folder))


def write_folder(
    folder: Path, prepare: Callable[[Path], object], *, edited: Edited = "refuse"
) -> Changes:
    """Write files to a folder: all of them, or none.

    `prepare` writes the files of the run to the folder that it is given. They replace
    those of the run before, also under other names; what became of these is returned.
    Of runs at the same time the last one wins, with all its files.

    Raises OSError and InvalidDataError as `check_folder` does; all files are then as
    they were.
    """
    parents = _make_parents(folder)
    try:
        place = folder if folder.is_dir() else folder.parent
        with errors_about(os.fspath(folder)), private_workspace(place) as workspace:
            prepare(workspace.new)
            names = sorted(os.listdir(workspace.new))
            write_manifest(workspace.new, names)
            for path in workspace.new.iterdir():
                sync_file(path)
            sync_folder(workspace.new)
            return _put_in_place(workspace.new, folder, names, edited)
    except BaseException:
        for parent in reversed(parents):
            with suppress(OSError):
                parent.rmdir()
        raise


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders that a folder is in, and return those that are new."""
    parents = []
    for parent in reversed(folder.parents):
        with suppress(FileExistsError):
            if not parent.exists():
                parent.mkdir()
                parents.append(parent)
    return parents


def _put_in_place(
    new: Path, folder: Path, names: Collection[str], edited: Edited
) -> Changes:
    if not os.path.lexists(folder):
        try:
            new.rename(folder)
        except OSError:
            # Another run may have made the folder since.
            if not folder.is_dir():
                raise
        else:
            with suppress(OSError):
                sync_folder(folder.parent)
            return Changes((), (), {})
    with _open_run(folder) as workspace:
        changes = find_changes(folder, names, edited=edited)
        new.rename(workspace.new)
        switch(folder, workspace, changes)
        return changes


def _open_run(folder: Path) -> Workspace:
    """Return the workspace in which files are switched; nobody else has it meanwhile.

    A switch that was killed is finished or undone.
    """
    workspace = open_workspace(folder / RUN)
    try:
        settle(folder, workspace)
        workspace.clear()
    except BaseException:
        workspace.__exit__(None, None, None)
        raise
    return workspace
