"""Folders of results beside files of other people."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from skseg import _files
from skseg._files import MANIFEST, _folder, _switch
from skseg._files._workspace import open_workspace
from skseg.exceptions import InvalidDataError
from tests.files.file_tools import (
    NEW,
    OLD,
    OWN,
    as_nobody,
    edit,
    failing_call,
    leftovers,
    names_in,
    put,
    read,
    without_links,
)

pytestmark = pytest.mark.pure


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Give a folder with results."""
    folder = tmp_path / "out"
    put(folder, OLD)
    return folder


@pytest.fixture(params=["links", "no links"])
def any_out(
    request: pytest.FixtureRequest, out: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give a folder with results on each kind of file system."""
    if request.param == "no links":
        without_links(monkeypatch)
    return out


def identity(path: Path) -> tuple[int, ...]:
    """Return what changes when a file or a folder is replaced, or written to."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_mode


def test_results_take_the_place_of_those_before_and_nothing_else_does(
    any_out: Path,
) -> None:
    out = any_out
    for name, text in OWN.items():
        edit(out / name, text)
    (out / "sub").mkdir()
    edit(out / "sub" / "rules.json")
    own = [out / name for name in (*OWN, "sub", "sub/rules.json")]
    before = [identity(path) for path in own]
    changes = put(out, NEW)
    assert changes.replaced == ("customers.csv", "rules.json")
    assert changes.removed == ("segments.csv",)
    assert read(out) == {**NEW, **OWN}
    assert leftovers(out) == set()
    assert [identity(path) for path in own] == before


def test_a_folder_stays_the_folder_that_it_is(any_out: Path) -> None:
    any_out.chmod(0o750)
    before = any_out.stat()
    put(any_out, NEW)
    after = any_out.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_results_may_be_written_to_the_current_folder(
    any_out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(any_out)
    _files.check_folder(Path(), list(NEW))
    put(Path(), NEW)
    assert read(Path()) == NEW
    assert leftovers(any_out) == set()


def test_a_link_to_a_folder_is_followed(out: Path) -> None:
    link = out.with_name("link")
    link.symlink_to(out.name)
    _files.check_folder(link, list(NEW))
    put(link, NEW)
    assert link.is_symlink()
    assert read(out) == NEW
    assert names_in(out.parent) == {"out", "link"}


@pytest.mark.parametrize("name", ["a", "a/b/c", "ümlaut 用户", "a/../b"])
def test_folders_are_made_and_looked_for_in_advance(tmp_path: Path, name: str) -> None:
    _files.check_folder(tmp_path / name, list(NEW))
    assert names_in(tmp_path) == set()
    if ".." not in name:
        assert put(tmp_path / name, NEW) == _files.Changes((), (), {})
        assert read(tmp_path / name) == NEW


def test_a_run_that_fails_takes_the_folders_with_it(tmp_path: Path) -> None:
    def fail(staging: Path) -> None:
        edit(staging / "rules.json")
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        _files.write_folder(tmp_path / "a" / "b", fail)
    assert names_in(tmp_path) == set()


def test_an_empty_folder_may_be_written_to(tmp_path: Path) -> None:
    _files.check_folder(tmp_path, list(NEW))
    put(tmp_path, NEW)
    assert read(tmp_path) == NEW


def test_files_keep_their_permissions(any_out: Path) -> None:
    (any_out / "customers.csv").chmod(0o600)
    put(any_out, NEW)
    assert stat.S_IMODE((any_out / "customers.csv").stat().st_mode) == 0o600


def test_a_folder_that_another_run_makes_in_the_last_moment_is_no_obstacle(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As seen before the other run made it.
    seen = os.path.lexists
    monkeypatch.setattr(os.path, "lexists", lambda path: path != out and seen(path))
    put(out, NEW)
    assert read(out) == NEW
    assert leftovers(out) == set()


def test_a_rename_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    with failing_call(0, "rename"), pytest.raises(OSError, match="No space left"):
        put(tmp_path / "out", NEW)
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_folders_are_synced_where_that_is_possible(
    out: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    if number == errno.EINVAL:
        put(out, NEW)
        assert read(out) == NEW
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            put(out, NEW)
        assert read(out) == OLD
    monkeypatch.delattr(os, "O_DIRECTORY")
    put(out, NEW)
    assert read(out) == NEW


# Files of other people, and edits


def make_file(path: Path) -> None:
    edit(path, "by hand\n")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    edit(path.parent / "elsewhere", OLD.get(path.name, "by hand\n"))
    path.symlink_to("elsewhere")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


MAKERS = [make_file, make_folder, make_link, make_dangling_link]


def refused(folder: Path, contents: dict[str, str]) -> str:
    """Return what check and run say, which is the same, and leaves all as it was."""
    before, links = read(folder), names_in(folder)
    with pytest.raises(InvalidDataError) as check:
        _files.check_folder(folder, list(contents))
    with pytest.raises(InvalidDataError) as run:
        put(folder, contents)
    assert str(check.value) == str(run.value)
    assert (read(folder), names_in(folder)) == (before, links)
    return str(run.value).replace(str(folder), "OUT")


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_what_skseg_has_not_written_is_never_replaced(
    out: Path, make: Callable[[Path], None]
) -> None:
    make(out / "flow.png")
    assert refused(out, NEW) == (
        "OUT holds flow.png, which skseg has not written. Choose another folder, or "
        "move it elsewhere."
    )
    # As it is advised.
    (out / "flow.png").rename(out.with_name("flow.png"))
    put(out, NEW)
    assert read(out).items() >= NEW.items()


@pytest.mark.parametrize("name", ["rules.json", "segments.csv"])
@pytest.mark.parametrize("make", MAKERS[1:], ids=lambda make: make.__name__)
def test_what_has_come_in_place_of_a_result_is_never_replaced(
    out: Path, make: Callable[[Path], None], name: str
) -> None:
    (out / name).unlink()
    make(out / name)
    assert f"OUT holds {name}, which skseg has not written." in refused(out, NEW)


@pytest.mark.parametrize(
    "contents", [{}, {"rules.json": '{"format": "skseg.rules"}'}, OLD]
)
def test_a_folder_without_a_manifest_holds_files_of_somebody_else(
    tmp_path: Path, contents: dict[str, str]
) -> None:
    for name, text in contents.items():
        edit(tmp_path / name, text)
    taken = sorted(contents.keys() & NEW.keys())
    if taken:
        assert refused(tmp_path, NEW).startswith(f"OUT holds {', '.join(taken)}, ")
    else:
        put(tmp_path, NEW)


@pytest.mark.parametrize("name", ["rules.json", "segments.csv"])
def test_edits_are_refused_kept_or_discarded(any_out: Path, name: str) -> None:
    out = any_out
    edit(out / name)
    assert refused(out, NEW) == (
        f"OUT holds {name}, edited since skseg wrote it. Choose another folder, or "
        "move it elsewhere."
    )
    aside = name.replace(".", ".edited-1.")
    _files.check_folder(out, list(NEW), edited="keep")
    assert put(out, NEW, edited="keep").kept == {name: aside}
    assert read(out) == {**NEW, aside: "edited\n"}
    # What was kept is somebody's file, which has its name for good.
    edit(out / "rules.json", "edited again\n")
    put(out, NEW, edited="keep")
    kept = "rules.edited-2.json" if name == "rules.json" else "rules.edited-1.json"
    assert read(out) == {**NEW, aside: "edited\n", kept: "edited again\n"}
    edit(out / "rules.json")
    put(out, NEW, edited="discard")
    assert read(out) == {**NEW, aside: "edited\n", kept: "edited again\n"}
    assert leftovers(out) == set()


def test_several_edits_are_named(out: Path) -> None:
    edit(out / "rules.json")
    edit(out / "customers.csv")
    assert refused(out, NEW) == (
        "OUT holds customers.csv, rules.json, edited since skseg wrote them. Choose "
        "another folder, or move them elsewhere."
    )


def test_an_edit_while_a_run_computes_is_seen(out: Path) -> None:
    def prepare(staging: Path) -> None:
        edit(staging / "rules.json", "new\n")
        edit(out / "rules.json", "edited meanwhile\n")

    with pytest.raises(InvalidDataError, match="edited since"):
        _files.write_folder(out, prepare)
    assert read(out) == {**OLD, "rules.json": "edited meanwhile\n"}


def test_a_file_that_appears_in_the_last_moment_is_not_replaced(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = _switch._lead_through_link

    def begin_late(folder: Path, *arguments: object) -> None:
        edit(folder / "flow.png", "by hand\n")
        begin(folder, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(_switch, "_lead_through_link", begin_late)
    with pytest.raises(FileExistsError):
        put(out, NEW)
    assert read(out) == {**OLD, "flow.png": "by hand\n"}
    assert leftovers(out) == set()


def test_files_that_were_deleted_or_touched_are_no_edits(any_out: Path) -> None:
    (any_out / "rules.json").unlink()
    os.utime(any_out / "customers.csv", (0, 0))
    put(any_out, NEW)
    assert read(any_out) == NEW


@pytest.mark.parametrize("name", ["customers.csv", "segments.csv"])
def test_sources_are_never_replaced_or_removed(out: Path, name: str) -> None:
    link = out.with_name("link.csv")
    link.symlink_to(out / name)
    for source in (out / name, link, out / "." / name, out / ".." / "out" / name):
        with pytest.raises(InvalidDataError) as info:
            _files.check_folder(out, list(NEW), sources=[source])
        assert str(info.value) == f"{source} would be replaced. Choose another folder."
    _files.check_folder(out, list(NEW), sources=[out.with_name("o.csv"), Path("-")])


# The manifest


GOOD = '{"format": "skseg.manifest", "version": 1, "files": {}}'
DIGEST = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        "\udcff",
        *[GOOD.replace("1", version) for version in ["2", "1.0", "true", '"1"']],
        GOOD.replace("skseg.", ""),
        GOOD.replace("{}", "[]"),
        GOOD.replace("{}", '{"a": 1}'),
        GOOD.replace("{}", '{"a": "0"}'),
        GOOD.replace('"version": 1, ', ""),
        GOOD.replace("{}", "{}, " + '"more": 1'),
        *[
            GOOD.replace("{}", json.dumps({name: DIGEST}))
            for name in [
                *["", ".", "..", "../notes.txt", "a/b", "/etc/passwd", "a\\b", "a\0b"],
                *[MANIFEST, ".skseg-run"],
            ]
        ],
    ],
    ids=lambda text: ascii(text)[:60],
)
def test_a_manifest_that_skseg_cannot_have_written_is_refused(
    out: Path, text: str
) -> None:
    (out / MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
    message = refused(out, NEW)
    assert message == (
        f"OUT/{MANIFEST} cannot be read as the list of what skseg has written. Choose "
        "another folder, or move what is in this one."
    )


def test_a_manifest_that_is_a_folder_is_refused(out: Path) -> None:
    (out / MANIFEST).unlink()
    (out / MANIFEST).mkdir()
    assert "cannot be read as the list" in refused(out, NEW)


@pytest.mark.parametrize("target", ["nowhere", "../manifest.json"])
def test_a_manifest_that_is_a_link_is_refused(out: Path, target: str) -> None:
    (out / MANIFEST).rename(out.parent / "manifest.json")
    (out / MANIFEST).symlink_to(target)
    assert "cannot be read as the list" in refused(out, NEW)
    assert (out / MANIFEST).is_symlink()


def test_a_folder_is_checked_while_nobody_else_switches_its_files(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_changes(folder: Path, *args: object, **options: object) -> None:
        with pytest.raises(BlockingIOError):
            open_workspace(folder / _switch.RUN, patience=0)

    monkeypatch.setattr(_folder, "find_changes", find_changes)
    _files.check_folder(out, list(NEW))
    assert leftovers(out) == set()


def test_the_manifest_is_the_same_for_the_same_files(out: Path) -> None:
    before = (out / MANIFEST).read_bytes()
    put(out, NEW)
    assert json.loads((out / MANIFEST).read_text())["files"].keys() == NEW.keys()
    put(out, OLD)
    assert (out / MANIFEST).read_bytes() == before


# Folders that cannot be written to


def cannot_write(folder: Path, place: Path) -> OSError:
    """Return why a folder cannot be written to; nothing is left at its place."""
    before = names_in(place)
    with pytest.raises(OSError, match=r"^\[Errno") as check:
        _files.check_folder(folder, list(NEW))
    with pytest.raises(OSError, match=r"^\[Errno"):
        put(folder, NEW)
    assert names_in(place) == before
    return check.value


def test_a_folder_under_a_file_is_refused_in_advance(tmp_path: Path) -> None:
    edit(tmp_path / "file")
    for name in ("file", "file/out", "file/a/b"):
        error = cannot_write(tmp_path / name, tmp_path)
        assert isinstance(error, NotADirectoryError)
        assert error.filename == str(tmp_path / "file")
        assert error.strerror == "A file, not a folder"


def test_dangling_links_and_loops_are_refused_in_advance(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("link", "link/out"):
        error = cannot_write(tmp_path / name, tmp_path)
        assert error.strerror == "A link that leads nowhere"
        assert error.filename == str(tmp_path / "link")
    (tmp_path / "loop").symlink_to("loop")
    assert "symbolic links" in str(cannot_write(tmp_path / "loop" / "out", tmp_path))


@pytest.mark.parametrize("name", ["x" * 256, "a/" + "x" * 256, "é" * 200 + "/a"])
def test_names_that_are_too_long_are_refused_in_advance(
    tmp_path: Path, name: str
) -> None:
    error = cannot_write(tmp_path / name, tmp_path)
    assert error.strerror == "File name too long"
    assert error.filename == str(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_what_the_system_refuses_is_found_in_advance() -> None:
    assert cannot_write(Path("/proc/out"), Path("/etc")).filename == "/proc/out"


def test_folders_and_files_that_are_read_only(readable: Path) -> None:
    with as_nobody():
        assert isinstance(cannot_write(readable, readable), PermissionError)
        assert isinstance(cannot_write(readable / "sub", readable), PermissionError)
    readable.chmod(0o777)
    put(readable, OLD)
    (readable / "rules.json").chmod(0o444)
    with as_nobody():
        error = cannot_write(readable, readable)
    assert error.strerror == "The file must not be replaced"
