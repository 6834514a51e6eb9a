"""The command itself: light to start, and clear about what is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import skseg
from skseg._rfm._segment_maps import SEGMENT_MAPS
from skseg.cli import main
from skseg.cli._options import MAP_NAMES
from skseg.rules import RuleSet
from tests.cli.cli_tools import OVERLAP, skseg_command, write
from tests.modules import forget_modules

HELP_IN_A_PROCESS = """
import sys
from skseg.cli import main

for arguments in (["--version"], ["-h"], ["rfm", "-h"], ["rules", "apply", "-h"]):
    sys.argv = ["skseg", *arguments]
    try:
        main()
    except SystemExit as end:
        assert end.code == 0, arguments
print("Loaded:", *{name.partition(".")[0] for name in sys.modules})
"""


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=Path(skseg.__file__).parents[1],
        capture_output=True,
        check=False,
        text=True,
    )


def test_help_and_version_load_no_library_that_takes_long() -> None:
    done = run_python(HELP_IN_A_PROCESS)
    assert done.stderr == ""
    assert f"skseg, version {skseg.__version__}\n" in done.stdout
    assert "Segment the customers in ORDERS" in done.stdout
    loaded = set(done.stdout.partition("Loaded:")[2].split())
    assert {"click", "skseg"} <= loaded
    assert not loaded & {"matplotlib", "narwhals", "pandas", "scipy", "sklearn"}


def test_the_choices_are_the_maps_that_orders_have_the_scores_for() -> None:
    scores = {"R", "F", "M"}
    assert list(MAP_NAMES) == [
        name
        for name, segment_map in SEGMENT_MAPS.items()
        if set(RuleSet(segment_map.rules).columns) <= scores
    ]


def test_version() -> None:
    assert skseg_command("--version").stdout == f"skseg, version {skseg.__version__}\n"


@pytest.mark.parametrize("name", ["click", "rich.console"])
def test_without_the_extra_the_command_says_how_to_get_it(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path / "r.yaml", OVERLAP)
    monkeypatch.setattr(sys, "argv", ["skseg", "rules", "check", str(path)])
    forget_modules(monkeypatch, "skseg.cli.")
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit, match=r'pip install "skseg\[cli\]"') as end:
        main()
    # Status 1 would mean that the rules are refuted.
    assert end.value.code == 2
    assert capsys.readouterr().err == f"{end.value}\n"


def test_a_module_that_is_missing_for_another_reason_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_modules(monkeypatch, "skseg.cli._app")
    monkeypatch.setitem(sys.modules, "skseg.cli._rules_commands", None)
    with pytest.raises(ModuleNotFoundError, match="_rules_commands"):
        main()
