"""Standard output that is closed, cut off or full: the results stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from skseg.cli._outputs import RFM_FILES
from tests.cli.cli_tools import GAP, LOW, TINY, write, write_csv

# Imports what takes time once, and runs each command in a process of its own.
RUN_COMMANDS = """
import json, os, sys, tempfile
import pandas
from skseg import MECERuleSegmenter, rfm_table
from skseg.cli import main

def run(output, arguments):
    if output == "closed":
        os.close(1)
        sys.stdout = sys.__stdout__ = None
    elif output == "cut":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, 1)
    elif output == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    sys.argv = ["skseg", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    finally:
        sys.stderr.flush()

results = []
for output, arguments in json.load(sys.stdin):
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            os.dup2(errors.fileno(), 2)
            os._exit(run(output, arguments))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        errors.seek(0)
        results.append((status, errors.read().decode()))
print(json.dumps(results))
"""
OUTPUTS = ["closed", "cut", *(["full"] if Path("/dev/full").exists() else [])]
NO_SPACE = "Error: Cannot write to standard output: No space left on device\n"


class Outcome(NamedTuple):
    """Exit status and errors of a command."""

    status: int
    error: str


Outcomes = dict[tuple[str, str], Outcome]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streams")


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> Outcomes:
    """Return the outcome of each command with each bad output."""
    if not hasattr(os, "fork"):
        pytest.skip("the system has no fork")
    orders = write_csv(folder / "orders.csv", ["id,when,paid", "7,2024-12-01,1"])
    carts = write_csv(folder / "carts.csv", ["aov", "50", "200"])
    proved = write(folder / "proved.yaml", LOW)
    refuted = write(folder / "refuted.yaml", GAP)
    broken = write(folder / "broken.yaml", "rules: 3\n")
    no_plots = "--no-plots"
    commands = {
        "rfm": ["rfm", orders, *TINY, no_plots],
        "quiet": ["rfm", orders, *TINY, no_plots, "--quiet"],
        "apply": ["rules", "apply", proved, carts, no_plots],
        "proved": ["rules", "check", proved],
        "json": ["rules", "check", proved, "--json"],
        "refuted": ["rules", "check", refuted],
        "broken": ["rules", "check", broken],
        "help": ["--help"],
    }
    cases = [(name, output) for name in commands for output in OUTPUTS]
    jobs = []
    for name, output in cases:
        writes = name in ("rfm", "quiet", "apply")
        out = ["--out", folder / f"{name}-{output}"] if writes else []
        jobs.append((output, list(map(str, [*commands[name], *out]))))
    done = subprocess.run(
        [sys.executable, "-c", RUN_COMMANDS],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
    )
    results = [Outcome(*result) for result in json.loads(done.stdout)]
    return dict(zip(cases, results, strict=True))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", ["rfm", "apply", "proved", "json", "help"])
def test_what_went_well_but_was_not_shown_has_a_status_of_its_own(
    outcomes: Outcomes, name: str, output: str
) -> None:
    error = NO_SPACE if output == "full" else ""
    assert outcomes[name, output] == (3, error)


@pytest.mark.parametrize("output", OUTPUTS)
def test_files_are_complete_though_nothing_can_be_shown(
    outcomes: Outcomes, folder: Path, output: str
) -> None:
    assert outcomes["quiet", output] == (0, "")
    quiet, shown = folder / f"quiet-{output}", folder / f"rfm-{output}"
    names = {path.name for path in shown.iterdir()}
    assert names == RFM_FILES.keys() - {"sizes.png", "heatmap.png"}
    for name in names:
        assert (shown / name).read_bytes() == (quiet / name).read_bytes()
    rows = (folder / f"apply-{output}" / "rows.csv").read_text(encoding="utf-8")
    assert rows == "row,segment_code,segment\n1,0,Low\n2,1,Rest\n"


@pytest.mark.parametrize("output", OUTPUTS)
def test_refutations_and_errors_keep_their_status(
    outcomes: Outcomes, output: str
) -> None:
    assert outcomes["refuted", output] == (1, "")
    status, error = outcomes["broken", output]
    assert status == 2
    assert error.startswith("Error: broken.yaml: ")
