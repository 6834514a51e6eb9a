"""A file is written whole, to where its path leads, with the rights that it had."""

from __future__ import annotations

import gzip
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skseg import _files
from skseg.exceptions import InvalidParameterError
from tests.files.file_tools import as_nobody, edit, names_in


def write(path: Any, text: str = "new\n") -> None:
    _files.write_text(path, text, owner="Model.to_json")


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize(
    "name", ["a.json", "lock", "new", ".skseg-run", "ümlaut", "x" * 255, "a b\nc"]
)
def test_files_of_any_name_are_written(tmp_path: Path, name: str, kind: Any) -> None:
    for text in ("one\n", "", "two\r\nthree\n"):
        write(kind(tmp_path / name), text)
        assert (tmp_path / name).read_bytes() == text.encode()
        assert names_in(tmp_path) == {name}


def test_a_bare_name_is_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write("a.json")
    assert names_in(tmp_path) == {"a.json"}


def test_a_new_file_has_the_usual_rights_and_a_replaced_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "a.json", tmp_path / "b.json"
    edit(other)
    write(path)
    assert path.stat().st_mode == other.stat().st_mode
    path.chmod(0o640)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    target, link = tmp_path / "real" / "a.json", tmp_path / "links" / "b.json"
    edit(target)
    link.symlink_to("../real/a.json")
    write(link)
    assert link.is_symlink()
    assert target.read_text() == "new\n"
    assert names_in(tmp_path / "real") == {"a.json"}
    assert names_in(tmp_path / "links") == {"b.json"}


def test_the_old_file_of_an_open_reader_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    edit(path, "old\n")
    with path.open() as reader:
        write(path)
        assert reader.read() == "old\n"


def test_what_is_no_regular_file_is_written_to_directly(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs pipes")
    pipe, texts = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: texts.append(pipe.read_text()))
    reader.start()
    write(pipe)
    reader.join()
    assert texts == ["new\n"]
    write("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_standard_output_is_not_replaced(capfd: pytest.CaptureFixture[str]) -> None:
    if not Path("/dev/stdout").exists():
        pytest.skip("needs /dev/stdout")
    write("/dev/stdout")
    assert capfd.readouterr().out == "new\n"


def test_endings_of_compressed_files_work_in_the_staged_file(tmp_path: Path) -> None:
    with _files.replacing(tmp_path / "a.csv.gz", owner="x") as staged:
        assert staged.name == "a.csv.gz"
        pd.DataFrame({"x": [1]}).to_csv(staged, index=False)
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == b"x\n1\n"


@pytest.mark.parametrize(
    "path",
    ["", " ", "a\0b", "\0", "\ud800.json", 7, 1.5, True, b"a.json", []],
    ids=ascii,
)
def test_what_is_no_path_is_refused(path: object) -> None:
    with pytest.raises(InvalidParameterError) as info:
        write(path)
    assert str(info.value) == (
        "The 'path' parameter of Model.to_json must be the path of a file, as a str or "
        f"path-like. Got {path!r} instead. Without one, Model.to_json returns the text."
    )


def test_what_cannot_be_written_is_an_error_about_the_path(tmp_path: Path) -> None:
    edit(tmp_path / "file")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "deep").symlink_to("no/where")
    (tmp_path / "loop").symlink_to("loop")
    before = names_in(tmp_path)
    for name, kind in {
        "": IsADirectoryError,
        "file/": IsADirectoryError,
        "new/": IsADirectoryError,
        "file/a.json": OSError,
        "no/a.json": FileNotFoundError,
        "link": FileNotFoundError,
        "deep": FileNotFoundError,
        "loop": OSError,
        "x" * 256: OSError,
    }.items():
        path = f"{tmp_path}/{name}"
        with pytest.raises(kind) as info:
            write(path)
        assert info.value.filename == path
        assert names_in(tmp_path) == before


def test_read_only_files_and_folders_stay(readable: Path) -> None:
    with as_nobody(), pytest.raises(PermissionError) as info:
        write(readable / "a.json")
    assert info.value.filename == str(readable / "a.json")
    readable.chmod(0o777)
    edit(readable / "a.json", "old\n")
    (readable / "a.json").chmod(0o444)
    with as_nobody(), pytest.raises(PermissionError) as info:
        write(readable / "a.json")
    assert (readable / "a.json").read_text() == "old\n"


def test_an_error_of_the_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    edit(path, "old\n")
    frame = pd.DataFrame({"x": [1]})
    for options in ({"sep": "too long"}, {"encoding": "ascii", "index_label": "ü"}):
        with (
            pytest.raises((TypeError, UnicodeEncodeError)),
            _files.replacing(path, owner="x") as staged,
        ):
            frame.to_csv(staged, **options)
        assert path.read_text() == "old\n"
        assert names_in(tmp_path) == {"a.csv"}


def test_of_many_writers_one_wins_whole(tmp_path: Path) -> None:
    texts = [str(number) * 100_000 for number in range(8)]
    path = tmp_path / "a.json"
    threads = [threading.Thread(target=write, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert names_in(tmp_path) == {"a.json"}
