"""Widths, colours, progress and bars."""

from __future__ import annotations

from pathlib import Path

import pytest

from skseg.cli._terminal import bar
from tests.cli.cli_tools import TINY, skseg_command


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_output_is_plain_and_fits_the_width(tmp_path: Path, columns: int) -> None:
    arguments = ["demo", "--out", "out", "--customers", 60, "--no-plots"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        text = skseg_command(*arguments, columns=columns).stdout
    assert "\x1b" not in text
    tables = text.partition("\nNext\n")[0]
    assert max(map(len, tables.splitlines())) <= columns
    # Numbers are never cut off; names of segments stay on one line where they can.
    assert " Orders " in text
    assert " Revenue" in text
    assert "\nPotential loyalists " in text or columns < 80
    assert ("\nRules\n" in text) == (columns <= 80)
    assert "frequency is above" in text


def test_terminals_get_colour_and_progress(tiny: Path, tmp_path: Path) -> None:
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm"}
    arguments = ["rfm", tiny, *TINY, "--out", tmp_path, "--no-plots"]
    result = skseg_command(*arguments, **terminal)
    assert "\x1b[" in result.stdout
    assert "Reading tiny.csv" in result.stderr
    assert "Segmenting the customers" in result.stderr
    assert skseg_command(*arguments, "-q", **terminal).output == ""


def test_pipes_have_80_columns_without_further_notice(tmp_path: Path) -> None:
    arguments = ["demo", "--out", tmp_path, "--customers", 20, "--no-plots"]
    result = skseg_command(*arguments, columns=None, charset="ascii")
    assert result.exit_code == 0, result.output
    body = result.stdout.partition("\nFiles\n")[0]
    assert max(map(len, body.splitlines())) == 80
    assert "##" in body


def test_bars_are_as_long_as_the_share() -> None:
    assert [bar(s, 8, ascii_only=False) for s in (0, 0.5, 1)] == [
        "",
        "████",
        "████████",
    ]
    assert bar(1 / 16, 8, ascii_only=False) == "▌"
    assert bar(0.5, 8, ascii_only=True) == "####"
