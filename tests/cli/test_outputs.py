"""Folders that commands write to: nothing is lost in them, and nothing is mixed."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skseg._files import MANIFEST
from skseg.cli._outputs import DEMO_FILES, RFM_FILES, RULES_FILES
from skseg.cli._termination import clean_termination
from tests.cli.cli_tools import FAST, LOW, TINY, names_in, skseg_command, write

RFM_TABLES = RFM_FILES.keys() - {"sizes.png", "heatmap.png"}


@pytest.fixture
def out(tiny: Path, tmp_path: Path) -> Path:
    """Give a folder with the files of ``skseg rfm``."""
    folder = tmp_path / "out"
    result = skseg_command("rfm", tiny, *TINY, *FAST, "--out", folder)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def apply(odd: Path, tmp_path: Path) -> list[object]:
    """Give the command that applies rules, up to its folder."""
    return ["rules", "apply", write(tmp_path / "r.yaml", LOW), odd, *FAST, "--out"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def text_of(*arguments: object, status: int) -> str:
    result = skseg_command(*arguments)
    assert result.exit_code == status, result.output
    return " ".join(f"{result.stdout} {result.stderr}".split())


# A write that fails


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), Exception()])
@pytest.mark.parametrize("name", ["customers.csv", "segments.csv", "rules.json"])
def test_a_write_that_fails_leaves_what_was_there(
    out: Path,
    tiny: Path,
    name: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, opening = contents(out), Path.open

    def fail(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = opening(path, mode, *arguments, **options)
        if path.name == name and "w" in mode:
            file.write("half")
            file.close()
            raise error
        return file

    command = ["rfm", tiny, *TINY, *FAST, "--out", out]
    monkeypatch.setattr(Path, "open", fail)
    result = skseg_command(*command)
    if isinstance(error, OSError):
        assert result.exit_code == 1
        assert f"Cannot write to {out}: No space left." in result.stderr
    assert result.exit_code != 0
    assert contents(out) == before
    monkeypatch.undo()
    assert skseg_command(*command).exit_code == 0
    assert contents(out) == before


# Signals are as a terminal sets them: under nohup, or behind a shell's "&", the tests
# would hand on that they are ignored, and commands leave such signals alone.
SLOW = """
import signal, sys, time
from skseg.cli import _writers, main

for name in ("SIGTERM", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

def wait(*arguments, **options):
    print("writing", flush=True)
    time.sleep(60)

_writers._save_picture = wait
sys.argv[0] = "skseg"
main()
"""


@pytest.mark.parametrize("kind", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_signals_clear_what_was_begun(out: Path, tiny: Path, kind: str) -> None:
    number = getattr(signal, kind, None)
    if number is None or os.name == "nt":
        pytest.skip(f"needs {kind}")
    before = contents(out)
    command = [sys.executable, "-c", SLOW, "rfm", tiny, *TINY, "--out", out]
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    # Ctrl-C has a status of its own, the others end the process as they do elsewhere.
    assert process.returncode == (130 if kind == "SIGINT" else -number)
    assert b"Traceback" not in errors
    assert contents(out) == before


def test_signals_that_somebody_handles_are_left_alone() -> None:
    for handler in (signal.SIG_IGN, lambda *_: None):
        before = signal.signal(signal.SIGTERM, handler)
        try:
            with clean_termination():
                assert signal.getsignal(signal.SIGTERM) is handler
            assert signal.getsignal(signal.SIGTERM) is handler
        finally:
            signal.signal(signal.SIGTERM, before)


def test_a_signal_ends_the_process_after_the_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[tuple[int, int]] = []
    steps = []
    if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        pytest.skip("SIGTERM is handled here")
    with clean_termination():
        try:
            signal.raise_signal(signal.SIGTERM)
            time.sleep(5)
        finally:
            steps.append("cleared")
            monkeypatch.setattr(os, "kill", lambda *args: ended.append(args))
    assert steps == ["cleared"]
    assert ended == [(os.getpid(), signal.SIGTERM)]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


# People's own files, and their edits


def test_rules_made_by_hand_are_not_lost(apply: list[object], tmp_path: Path) -> None:
    out = tmp_path / "own"
    out.mkdir()
    write(out / "rules.json", '{"format": "skseg.rules", "by": "hand"}')
    write(out / "segments.csv", "mine")
    before = contents(out)
    assert text_of(*apply, out, status=2) == (
        f"Error: {out} holds rules.json, which skseg has not written. Choose another "
        "folder, or move it elsewhere."
    )
    assert contents(out) == before
    # Choosing another folder, and moving the file, do what the message says.
    assert text_of(*apply, tmp_path / "other", status=0) == ""
    (out / "rules.json").rename(tmp_path / "rules.json")
    assert text_of(*apply, out, status=0) == ""
    assert contents(out)["segments.csv"] == b"mine"


def test_an_edited_action_does_not_vanish(apply: list[object], tmp_path: Path) -> None:
    out = tmp_path / "applied"
    assert text_of(*apply, out, status=0) == ""
    strategy = json.loads((out / "strategy.json").read_text(encoding="utf-8"))
    strategy["segments"][0]["action"] = "call them"
    write(out / "strategy.json", json.dumps(strategy))
    before = contents(out)
    assert text_of(*apply, out, status=2) == (
        f"Error: {out} holds strategy.json, edited since skseg wrote it. --edited keep "
        "keeps what was edited under another name, and --edited discard drops it."
    )
    assert contents(out) == before
    assert text_of(*apply, out, "--edited", "keep", status=0) == ""
    after = contents(out)
    assert after["strategy.edited-1.json"] == before["strategy.json"]
    assert b"call them" not in after["strategy.json"]
    # The edits that were kept can be applied.
    apply[2] = out / "strategy.edited-1.json"
    assert text_of(*apply, out, status=0) == ""
    assert b"call them" in contents(out)["strategy.csv"]
    write(out / "strategy.json", "{}")
    assert text_of(*apply, out, "--edited", "discard", status=0) == ""
    assert b"call them" in contents(out)["strategy.json"]
    assert names_in(out) == {*after, "strategy.edited-1.json"} - {MANIFEST}


def test_files_of_another_kind_of_run_do_not_stay(
    out: Path, apply: list[object], tiny: Path
) -> None:
    shown = [part for part in apply if part != "--quiet"]
    text = text_of(*shown, out, status=0)
    assert f"Removed: {', '.join(sorted(RFM_TABLES))} of another run." in text
    assert names_in(out) == RULES_FILES.keys() - {
        *("rules.json", "rows.parquet", "sizes.png", "flow.png")
    }
    write(out / "strategy.csv", "edited")
    command = ["rfm", tiny, *TINY, "--no-plots", "--out", out]
    assert "holds strategy.csv, edited since skseg" in text_of(*command, status=2)
    text = text_of(*command, "--edited", "keep", status=0)
    assert "Kept: strategy.csv, which was edited, as strategy.edited-1.csv." in text
    assert names_in(out) == RFM_TABLES | {"strategy.edited-1.csv"}


def test_pictures_of_other_people_do_not_hinder_a_run_that_draws_them_elsewhere(
    out: Path, tiny: Path
) -> None:
    write(out / "flow.png", "mine")
    assert text_of("rfm", tiny, *TINY, *FAST, "--out", out, status=0) == ""
    assert (out / "flow.png").read_text() == "mine"


def test_files_that_are_read_are_not_replaced(
    out: Path, odd: Path, tmp_path: Path, tiny: Path
) -> None:
    rules = out / "rules.json"
    # It would be removed, since applying it again writes no file of this name.
    data = out / "customers.csv"
    for command in (
        ["rules", "apply", rules, odd],
        ["rules", "apply", write(tmp_path / "r.yaml", LOW), data],
        ["rfm", data, *TINY],
        ["rfm", tiny, *TINY, "--segments", rules],
    ):
        before = contents(out)
        assert "would be replaced. Choose another folder." in text_of(
            *command, "--out", out, status=2
        )
        assert contents(out) == before


def test_an_edit_while_a_run_computes_is_found_in_the_end(
    out: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from skseg.cli import _rfm_run

    run_rfm = _rfm_run.run_rfm

    def run_and_edit(*arguments: Any, **options: Any) -> Any:
        write(out / "segments.csv", "edited")
        return run_rfm(*arguments, **options)

    monkeypatch.setattr(_rfm_run, "run_rfm", run_and_edit)
    text = text_of("rfm", tiny, *TINY, *FAST, "--out", out, status=2)
    assert "holds segments.csv, edited since skseg wrote it." in text
    assert contents(out)["segments.csv"] == b"edited"


# Folders that cannot be written to


@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_an_empty_name_is_no_folder(value: str) -> None:
    for command in (["demo"], ["rfm", __file__, *TINY]):
        text = text_of(*command, "--out", value, status=2)
        assert text.endswith("It is empty. Name a folder; '.' is the current one.")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file", "A file, not a folder."),
        ("file/a/b", "A file, not a folder (DIR/file)."),
        ("link", "A link that leads nowhere."),
        ("link/a", "A link that leads nowhere (DIR/link)."),
        ("x" * 256, "File name too long."),
        ("a/" + "x" * 256, "File name too long."),
    ],
    ids=["file", "under a file", "link", "under a link", "long", "a long one to make"],
)
def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_read(
    odd: Path, tmp_path: Path, name: str, reason: str
) -> None:
    write(tmp_path / "file", "")
    (tmp_path / "link").symlink_to("nowhere")
    broken = write(tmp_path / "broken", "neither orders nor rules: {")
    before = names_in(tmp_path)
    for command in (
        ["demo"],
        ["rfm", broken, *TINY],
        ["rules", "apply", broken, odd],
    ):
        text = text_of(*command, "--out", tmp_path / name, status=1)
        reason = reason.replace("DIR", str(tmp_path))
        assert text == f"Error: Cannot write to {tmp_path / name}: {reason}"
    assert names_in(tmp_path) == before


def test_the_manifest_lists_every_file_with_its_hash(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    text_of("demo", "--customers", 50, "--out", out, *FAST, status=0)
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["files"].keys() == names_in(out)
    assert names_in(out) == DEMO_FILES.keys() - {"sizes.png", "heatmap.png"}
    assert len(pd.read_csv(out / "orders.csv")) > 0
