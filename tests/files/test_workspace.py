"""Workspaces: those of living processes are respected, those of killed ones cleared."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from skseg import _files
from skseg._files import _lock
from skseg._files._workspace import open_workspace, private_workspace
from tests.files.file_tools import NEW, OLD, edit, leftovers, names_in, put, read

pytestmark = pytest.mark.pure

# A run that puts its number into every file, and says when it begins.
RUN = """
import sys
from pathlib import Path
from skseg import _files

def prepare(staging):
    for name in ("customers.csv", "rules.json", sys.argv[2] + ".csv"):
        (staging / name).write_text(sys.argv[2])

for _ in range(5):
    _files.check_folder(Path(sys.argv[1]), ["customers.csv", "rules.json"])
    _files.write_folder(Path(sys.argv[1]), prepare)
"""


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "existing"])
def test_of_many_runs_one_wins_whole(tmp_path: Path, is_new: bool) -> None:
    out = tmp_path / "out"
    if not is_new:
        put(out, OLD)
    runs = [
        subprocess.Popen([sys.executable, "-c", RUN, str(out), str(number)])
        for number in range(4)
    ]
    assert [run.wait() for run in runs] == [0] * len(runs)
    (winner,) = set(read(out).values())
    assert read(out).keys() == {"customers.csv", "rules.json", f"{winner}.csv"}
    assert leftovers(out) == set()
    assert names_in(tmp_path) == {"out"}


def test_a_run_waits_for_the_switch_of_another(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    workspace = open_workspace(tmp_path / ".skseg-run")
    run = threading.Thread(target=put, args=(tmp_path, NEW))
    run.start()
    time.sleep(0.2)
    assert read(tmp_path) == OLD
    with workspace:
        pass
    run.join()
    assert read(tmp_path) == NEW
    assert leftovers(tmp_path) == set()


def test_a_run_that_stands_still_is_not_waited_for_without_end(tmp_path: Path) -> None:
    path = tmp_path / ".skseg-run"
    with (
        open_workspace(path),
        pytest.raises(BlockingIOError, match="Another run is writing there"),
    ):
        open_workspace(path, patience=0.05)
    with open_workspace(path, patience=0):
        pass
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling"])
@pytest.mark.parametrize("name", [".skseg-run", ".skseg-0123456789ab"])
def test_what_has_a_name_of_ours_but_is_somebody_elses_stays(
    tmp_path: Path, name: str, kind: str
) -> None:
    out, path = tmp_path / "out", tmp_path / "out" / name
    put(out, OLD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    edit(elsewhere / "notes.txt")
    if kind == "file":
        edit(path)
    elif kind == "folder":
        path.mkdir()
        edit(path / "notes.txt")
    else:
        path.symlink_to(elsewhere if kind == "link" else "nowhere")
    if name == ".skseg-run":
        with pytest.raises(FileExistsError, match=r"It holds \.skseg-run, a name"):
            put(out, NEW)
        assert read(out) == OLD
    else:
        put(out, NEW)
        assert read(out) == NEW
    assert leftovers(out) == {name}
    assert names_in(elsewhere) == {"notes.txt"}
    assert kind != "folder" or names_in(path) == {"notes.txt"}


def test_a_workspace_in_use_is_not_cleared(tmp_path: Path) -> None:
    with private_workspace(tmp_path) as workspace:
        edit(workspace.new / "a")
        with private_workspace(tmp_path) as other:
            assert names_in(tmp_path) == {workspace.path.name, other.path.name}
        assert names_in(workspace.new) == {"a"}
    assert names_in(tmp_path) == set()


def test_workspaces_of_killed_runs_are_cleared_where_they_were(tmp_path: Path) -> None:
    # A run that is killed as it makes its workspace, and one later.
    (tmp_path / ".skseg-000000000000").mkdir()
    (tmp_path / ".skseg-111111111111" / "new").mkdir(parents=True)
    edit(tmp_path / ".skseg-111111111111" / "lock")
    edit(tmp_path / ".skseg-111111111111" / "new" / "rules.json")
    put(tmp_path / "out", NEW)
    assert names_in(tmp_path) == {"out"}
    (tmp_path / ".skseg-000000000000").mkdir()
    _files.check_folder(tmp_path / "out", list(NEW))
    assert names_in(tmp_path) == {"out"}


def test_a_file_system_without_locks_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter([errno.ENOLCK, errno.ENOTSUP] + [errno.ENOSYS] * 100)

    def fail(descriptor: int) -> None:
        number = next(numbers)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(_lock, "_lock", fail)
    put(tmp_path, OLD)
    put(tmp_path, NEW)
    assert read(tmp_path) == NEW


def test_other_errors_of_locks_are_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(_lock, "_lock", fail)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        put(tmp_path, NEW)
    assert read(tmp_path) == {}
