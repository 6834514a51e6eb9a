"""Folders and files are whole at any instant of a kill, and the next run works."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from skseg import _files
from tests.files.file_tools import (
    CALLS,
    NEW,
    OLD,
    OWN,
    failing_call,
    interrupt,
    leftovers,
    put,
    read,
    run_ended_at,
    without_links,
)

pytestmark = pytest.mark.pure

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


def folders(
    tmp_path: Path, before: dict[str, str], own: dict[str, str]
) -> Iterator[Path]:
    """Give folders in the same state, one for each kill."""
    for number in itertools.count():
        folder = tmp_path / str(number) / "out"
        folder.parent.mkdir()
        if own:
            folder.mkdir()
            (folder / "sub").mkdir()
            for name, text in own.items():
                (folder / name).write_text(text, encoding="utf-8")
        if before:
            put(folder, before)
        yield folder


@needs_fork
@pytest.mark.parametrize("own", [{}, OWN], ids=["alone", "beside other files"])
@pytest.mark.parametrize("before", [{}, OLD], ids=["first", "second"])
def test_a_kill_at_any_instant_leaves_all_old_files_or_all_new_ones(
    tmp_path: Path, before: dict[str, str], own: dict[str, str]
) -> None:
    seen = set()
    for number, folder in enumerate(folders(tmp_path, before, own)):
        was_ended = run_ended_at(number, partial(put, folder, NEW))
        result = read(folder)
        assert result in ({**before, **own}, {**NEW, **own}), number
        seen.add(result == {**NEW, **own})
        _files.check_folder(folder, list(NEW))
        put(folder, NEW)
        assert read(folder) == {**NEW, **own}
        assert leftovers(folder) == set()
        assert leftovers(folder.parent) == set()
        if not was_ended:
            break
    assert seen == {False, True}
    assert number > 10


@needs_fork
def test_a_kill_while_a_kill_is_mended_is_mended_too(tmp_path: Path) -> None:
    sources = folders(tmp_path, OLD, OWN)
    for first in itertools.count(0, 7):
        for second in itertools.count(0, 4):
            folder = next(sources)
            is_last = not run_ended_at(first, partial(put, folder, NEW))
            before = read(folder)
            was_ended = run_ended_at(
                second, partial(_files.check_folder, folder, list(NEW))
            )
            assert read(folder) == before
            if not was_ended:
                break
        assert leftovers(folder) == set()
        put(folder, OLD)
        assert read(folder) == {**OLD, **OWN}
        if is_last:
            break


@needs_fork
def test_without_links_the_next_run_finishes_or_undoes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch)
    seen = set()
    for number, folder in enumerate(folders(tmp_path, OLD, OWN)):
        was_ended = run_ended_at(number, partial(put, folder, NEW))
        # There is no promise before the next run, but for files of other people.
        assert read(folder).items() >= OWN.items()
        _files.check_folder(folder, list(NEW))
        result = read(folder)
        assert result in ({**OLD, **OWN}, {**NEW, **OWN}), number
        seen.add(result == {**NEW, **OWN})
        assert leftovers(folder) == set()
        if not was_ended:
            break
    assert seen == {False, True}


@needs_fork
@pytest.mark.parametrize("before", [{}, OLD], ids=["first", "second"])
def test_an_interruption_leaves_old_or_new_files_and_nothing_else(
    tmp_path: Path, before: dict[str, str]
) -> None:
    n_leftovers = 0
    for number, folder in enumerate(folders(tmp_path, before, OWN)):
        was_ended = run_ended_at(number, partial(put, folder, NEW), interrupt)
        assert read(folder) in ({**before, **OWN}, {**NEW, **OWN}), number
        n_leftovers += bool(leftovers(folder))
        put(folder, NEW)
        assert leftovers(folder) == set()
        if not was_ended:
            break
    # Only an interruption of the tidying itself leaves some to the next run.
    assert n_leftovers < number / 2


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("before", [{}, OLD], ids=["first", "second"])
def test_a_call_that_fails_leaves_the_old_files_or_is_no_error(
    tmp_path: Path, before: dict[str, str], name: str
) -> None:
    for number, folder in enumerate(folders(tmp_path, before, OWN)):
        try:
            with failing_call(number, name) as count:
                put(folder, NEW)
        except OSError:
            assert read(folder) == {**before, **OWN}, number
        else:
            assert read(folder) == {**NEW, **OWN}, number
        # What cannot be removed is left to the next run.
        if name not in ("unlink", "rmdir", "scandir", "listdir", "open"):
            assert leftovers(folder) == set(), number
        put(folder, NEW)
        assert leftovers(folder) == set(), number
        if count[0] <= number:
            break


@needs_fork
@pytest.mark.parametrize("before", [None, "old\n"], ids=["new", "replaced"])
def test_a_file_is_old_or_new_at_any_instant_of_a_kill(
    tmp_path: Path, before: str | None
) -> None:
    for number in itertools.count():
        path = tmp_path / str(number) / "strategy.json"
        path.parent.mkdir()
        if before is not None:
            path.write_text(before, encoding="utf-8")
        was_ended = run_ended_at(
            number, partial(_files.write_text, path, "new\n", owner="to_json")
        )
        result = path.read_text(encoding="utf-8") if path.exists() else None
        assert result in (before, "new\n")
        _files.write_text(path.with_name("other"), "", owner="to_json")
        assert {path.name for path in path.parent.iterdir()} <= {path.name, "other"}
        if not was_ended:
            break
    assert number > 5


@pytest.mark.parametrize("name", CALLS)
def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "strategy.json"
    for number in itertools.count():
        path.write_text("old\n", encoding="utf-8")
        try:
            with failing_call(number, name) as count:
                _files.write_text(path, "new\n", owner="to_json")
        except OSError:
            assert path.read_text(encoding="utf-8") == "old\n"
        else:
            assert path.read_text(encoding="utf-8") == "new\n"
        _files.write_text(path, "", owner="to_json")
        assert os.listdir(tmp_path) == [path.name]
        if count[0] <= number:
            break
