"""Files of a folder that change all at once, beside files of other people.

No system call replaces several files. What can change in one step is a link, so for
the length of the switch every name leads through one link, ``current``::

    folder/customers.csv -> .skseg-run/current/customers.csv
    folder/rules.json    -> .skseg-run/current/rules.json
    folder/.skseg-run/current -> old         (in one rename) -> new

Whenever the process is killed, reading the names gives all old files or all new ones:
the names become links while ``current`` leads to the old files, and become files again
after it leads to the new ones. The folder itself stays what it is, which may be a mount
point or somebody's current folder, and files of other people are not touched. A name
without an old file (without a new one) leads nowhere before (after) the step.

Where links cannot be made, as on FAT, the new files are renamed one by one after a mark
says that they are complete. A kill in between leaves a mixture until the next run,
which finishes what was begun.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from ._changes import Changes
from ._manifest import MANIFEST
from ._sync import copy_access, sync_file, sync_folder
from ._workspace import Workspace

RUN = ".skseg-run"
_CURRENT, _OLD, _REMOVED = "current", "old", "removed"
_WITHOUT_LINKS = {
    *[errno.EPERM, errno.EACCES, errno.EINVAL],
    *[errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP],
}


def switch(folder: Path, workspace: Workspace, changes: Changes) -> None:
    """Put the new files of a workspace into its folder, and take away the old ones.

    The workspace is ``.skseg-run`` in `folder`. An error leaves the old files, unless
    it comes after the step that puts all new files in place.
    """
    run, new = workspace.path, workspace.new
    old = [*changes.replaced, *changes.removed]
    if (folder / MANIFEST).exists():
        old.append(MANIFEST)
    for name, aside in changes.kept.items():
        _link_or_copy(folder / name, new / aside)
    for name in set(old) & set(os.listdir(new)):
        copy_access(folder / name, new / name)
    try:
        if _can_link(run):
            _lead_through_link(folder, run, old)
        else:
            _mark_complete(run, changes.removed)
    finally:
        settle(folder, workspace)


def settle(folder: Path, workspace: Workspace) -> None:
    """Finish a switch that has taken its step, and undo one that has not.

    Where that fails, the workspace is left to the next run.
    """
    workspace.is_kept = True
    for is_last in (False, True):
        try:
            _settle(folder, workspace.path)
        except OSError:
            # Once more, since another program may have a file open for a moment. Where
            # links lead to the new files, these can be read in any case.
            if is_last and not _leads_to_new(workspace.path):
                raise
        else:
            workspace.is_kept = False
            return


def _settle(folder: Path, run: Path) -> None:
    if (run / _REMOVED).exists():
        for name in os.listdir(run / _REMOVED):
            (folder / name).unlink(missing_ok=True)
        for name in os.listdir(run / "new"):
            (run / "new" / name).replace(folder / name)
    elif (run / _CURRENT).is_symlink():
        complete = run / ("new" if _leads_to_new(run) else _OLD)
        for name in os.listdir(folder):
            if not _is_switch_link(folder / name):
                continue
            if (complete / name).exists():
                (complete / name).replace(folder / name)
            else:
                (folder / name).unlink()
    sync_folder(folder)


def _leads_to_new(run: Path) -> bool:
    current = run / _CURRENT
    return current.is_symlink() and os.readlink(current) == "new"


def _can_link(run: Path) -> bool:
    try:
        (run / _CURRENT).symlink_to(_OLD, target_is_directory=True)
    except OSError as error:
        # Others, such as a full disk, are no matter of links.
        if error.errno not in _WITHOUT_LINKS:
            raise
        return False
    return True


def _lead_through_link(folder: Path, run: Path, old: Collection[str]) -> None:
    """Make every name a link that leads to the old files, then to the new ones."""
    (run / _OLD).mkdir()
    for name in old:
        _link_or_copy(folder / name, run / _OLD / name)
    for path in (run / _OLD, run / "new", run):
        # Who may read the folder may read through the link.
        copy_access(folder, path)
        sync_folder(path)
    for name in old:
        (run / "link").symlink_to(_switch_link(name))
        (run / "link").replace(folder / name)
    for name in set(os.listdir(run / "new")).difference(old):
        # Unlike a rename, this fails if somebody has made a file of this name.
        (folder / name).symlink_to(_switch_link(name))
    sync_folder(folder)
    (run / "next").symlink_to("new", target_is_directory=True)
    (run / "next").replace(run / _CURRENT)
    with suppress(OSError):
        sync_folder(run)


def _mark_complete(run: Path, removed: Iterable[str]) -> None:
    """Say that the new files are complete, and which old ones have to go."""
    part = run / "part"
    part.mkdir()
    for name in removed:
        (part / name).touch()
    sync_folder(part)
    sync_folder(run / "new")
    part.replace(run / _REMOVED)


def _switch_link(name: str) -> str:
    return f"{RUN}/{_CURRENT}/{name}"


def _is_switch_link(path: Path) -> bool:
    return path.is_symlink() and os.readlink(path) == _switch_link(path.name)


def _link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or a second copy where it can have but one."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
        sync_file(target)
