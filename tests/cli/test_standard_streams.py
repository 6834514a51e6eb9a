"""Standard output and error that are closed, cut off or full: the results stand."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.cli import main
from skseg.cli._outputs import DEMO_FILES, RFM_FILES
from tests.cli.cli_tools import (
    DAY,
    GAP,
    LOW,
    TINY,
    names_in,
    skseg_command,
    write,
    write_csv,
)

# Runs some commands first, which import what takes time, and then each command in a
# process of its own.
RUN_COMMANDS = """
import json, os, sys, tempfile
from click.testing import CliRunner
from skseg.cli import main
from skseg.cli._app import app

def breaks(descriptor, name, kind):
    if kind == "closed":
        os.close(descriptor)
        setattr(sys, name, None)
        setattr(sys, f"__{name}__", None)
    elif kind == "cut":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, descriptor)
    elif kind == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), descriptor)

def run(output, error, arguments):
    breaks(1, "stdout", output)
    breaks(2, "stderr", error)
    sys.argv = ["skseg", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        return 99
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()

first, jobs = json.load(sys.stdin)
for arguments in first:
    assert not CliRunner().invoke(app, arguments).exit_code
results = []
for output, error, env, arguments in jobs:
    with tempfile.TemporaryFile() as shown, tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(shown.fileno(), 1)
            os.dup2(said.fileno(), 2)
            os.environ.update(env)
            os._exit(run(output, error, arguments))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (shown, said):
            file.seek(0)
            texts.append(file.read().decode())
        results.append((status, *texts))
print(json.dumps(results))
"""
OUTPUTS = ["closed", "cut", *(["full"] if Path("/dev/full").exists() else [])]
NO_SPACE = "Error: Cannot write to standard output: No space left on device\n"

FILES = {
    "rfm": RFM_FILES.keys() - {"sizes.png", "heatmap.png"},
    "quiet": RFM_FILES.keys() - {"sizes.png", "heatmap.png"},
    "demo": DEMO_FILES.keys() - {"sizes.png", "heatmap.png"},
    "apply": {"rows.csv", "strategy.csv", "strategy.json", "rules.sql"},
    "bars": {"rows.csv", "strategy.csv", "strategy.json", "rules.sql"},
}
SPEAKS_ON_OUTPUT = ["rfm", "apply", "demo", "proved", "json", "help", "version"]
SPEAKS_ON_OUTPUT += ["rfm help", "demo help", "rules help", "check help", "apply help"]
# Command -> exit status.
FAILS = {"refuted": 1, "broken": 2, "unknown": 2}
if version("click").startswith("8.1."):
    # There a group without a command shows its help, which is no failure.
    SPEAKS_ON_OUTPUT += ["nothing", "rules"]
else:
    FAILS |= {"nothing": 2, "rules": 2}
IS_QUIET = ["quiet", "check quiet"]
COMMANDS = [*SPEAKS_ON_OUTPUT, *FAILS, *IS_QUIET, "note", "bars"]


class Outcome(NamedTuple):
    """Exit status, output and errors of a command."""

    status: int
    output: str
    error: str


Outcomes = Mapping[tuple[str, str, str], Outcome]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streams")


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> Outcomes:
    """Return the outcome of each command with each bad output, error, or both."""
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
        # Shows progress on standard error, as on a terminal.
        "bars": ["rules", "apply", proved, carts, no_plots],
        "demo": ["demo", "--customers", 10, no_plots],
        "proved": ["rules", "check", proved],
        "json": ["rules", "check", proved, "--json"],
        "check quiet": ["rules", "check", proved, "--quiet"],
        "refuted": ["rules", "check", refuted],
        "broken": ["rules", "check", broken],
        "note": ["rules", "apply", _strategy(folder), carts, no_plots, "--quiet"],
        "unknown": ["rfm", "--as-off", DAY],
        "nothing": [],
        "rules": ["rules"],
        "help": ["--help"],
        "version": ["--version"],
        "rfm help": ["rfm", "-h"],
        "demo help": ["demo", "-h"],
        "rules help": ["rules", "-h"],
        "check help": ["rules", "check", "-h"],
        "apply help": ["rules", "apply", "-h"],
    }
    assert commands.keys() == set(COMMANDS)
    breaks = [("open", "open"), *((output, "open") for output in OUTPUTS)]
    breaks += [("open", error) for error in OUTPUTS]
    breaks += [(output, output) for output in OUTPUTS]
    cases = [(name, *kinds) for name in commands for kinds in breaks]
    jobs = []
    for name, output, error in cases:
        out = ["--out", _out(folder, name, output, error)] if name in FILES else []
        env = {"FORCE_COLOR": "1"} if name == "bars" else {}
        jobs.append((output, error, env, list(map(str, [*commands[name], *out]))))
    first = [
        list(map(str, [*commands[name], "--out", folder / f"first-{name}"]))
        for name in ("rfm", "apply")
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN_COMMANDS],
        input=json.dumps([first, jobs]),
        capture_output=True,
        text=True,
        check=True,
    )
    results = [Outcome(*result) for result in json.loads(done.stdout)]
    return dict(zip(cases, results, strict=True))


def _strategy(folder: Path) -> Path:
    """Write a strategy with an edit that has no effect, of which a command warns."""
    carts = pd.DataFrame({"aov": [50.0, 200.0]})
    segmenter = MECERuleSegmenter({"Low": "aov < 100"}, default="Rest").fit(carts)
    content = json.loads(segmenter.to_json(dialect=None) or "")
    content["segments"][0]["description"] = "edited"
    return write(folder / "edited.json", json.dumps(content))


def _out(folder: Path, *case: str) -> Path:
    return folder / "-".join(case)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", SPEAKS_ON_OUTPUT)
def test_what_went_well_but_was_not_shown_has_a_status_of_its_own(
    outcomes: Outcomes, name: str, output: str
) -> None:
    error = NO_SPACE if output == "full" else ""
    assert outcomes[name, output, "open"] == (3, "", error)
    assert outcomes[name, output, output] == (3, "", "")


@pytest.mark.parametrize("error", ["open", *OUTPUTS])
@pytest.mark.parametrize("name", SPEAKS_ON_OUTPUT)
def test_a_broken_standard_error_is_no_loss_to_commands_without_errors(
    outcomes: Outcomes, name: str, error: str
) -> None:
    status, output, errors = outcomes[name, "open", error]
    assert (status, errors) == (0, "")
    assert output
    # Paths of the files written are those of the case.
    if name not in FILES:
        assert output == outcomes[name, "open", "open"].output


@pytest.mark.parametrize("error", OUTPUTS)
def test_a_warning_that_cannot_be_shown_is_no_success(
    outcomes: Outcomes, error: str
) -> None:
    status, output, errors = outcomes["note", "open", "open"]
    assert (status, output) == (0, "")
    assert errors.startswith("Warning: ")
    assert outcomes["note", "open", error] == (3, "", "")
    assert outcomes["note", error, "open"] == (0, "", errors)


@pytest.mark.parametrize("error", OUTPUTS)
def test_progress_on_a_broken_standard_error_stops_nothing(
    outcomes: Outcomes, error: str
) -> None:
    whole = outcomes["bars", "open", "open"]
    assert whole.status == 0
    assert "Segmenting" in whole.error
    status, output, errors = outcomes["bars", "open", error]
    assert (status, errors) == (3, "")
    assert output


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", ["rfm", "apply", "demo", "bars"])
def test_files_are_complete_though_nothing_can_be_shown(
    outcomes: Outcomes, folder: Path, name: str, output: str
) -> None:
    assert outcomes["quiet", output, "open"] == (0, "", "")
    whole = _out(folder, name, "open", "open")
    assert names_in(whole) == FILES[name]
    for kinds in [(output, "open"), ("open", output), (output, output)]:
        shown = _out(folder, name, *kinds)
        assert names_in(shown) == FILES[name]
        for file in FILES[name]:
            assert (shown / file).read_bytes() == (whole / file).read_bytes()


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", IS_QUIET)
def test_nothing_is_lost_where_nothing_was_to_be_shown(
    outcomes: Outcomes, folder: Path, name: str, output: str
) -> None:
    for kinds in [(output, "open"), ("open", output), (output, output)]:
        assert outcomes[name, *kinds] == (0, "", "")
    rows = (_out(folder, "apply", output, "open") / "rows.csv").read_bytes()
    assert rows == b"row,segment_code,segment\n1,0,Low\n2,1,Rest\n"


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", FAILS)
def test_refutations_and_errors_keep_their_status(
    outcomes: Outcomes, name: str, output: str
) -> None:
    whole = outcomes[name, "open", "open"]
    assert whole.status == FAILS[name]
    assert whole.output if name == "refuted" else whole.error
    assert outcomes[name, output, "open"] == whole._replace(output="")
    assert outcomes[name, "open", output] == whole._replace(error="")
    assert outcomes[name, output, output] == (FAILS[name], "", "")


def test_an_error_names_its_file(outcomes: Outcomes) -> None:
    assert outcomes["broken", "open", "open"].error.startswith("Error: broken.yaml: ")


@pytest.fixture
def proved(tmp_path: Path) -> Path:
    return write(tmp_path / "proved.yaml", "rules: {Größe: aov < 1}\ndefault: Übrige\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16"])
def test_any_terminal_shows_what_it_can_and_json_keeps_all(
    proved: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    def shown(*options: str) -> str:
        arguments = ["skseg", "rules", "check", *options, str(proved)]
        monkeypatch.setattr(sys, "argv", arguments)
        terminal = io.TextIOWrapper(io.BytesIO(), encoding)
        with (
            contextlib.redirect_stdout(terminal),
            pytest.raises(SystemExit) as end,
        ):
            main()
        assert end.value.code == 0
        terminal.seek(0)
        return terminal.read()

    assert "Übrige".encode(encoding, "replace").decode(encoding) in shown()
    assert json.loads(shown("--json"))["default"] == "Übrige"


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.parametrize(
    ("redirection", "status"),
    [
        ("<&- >&- 2>&-", 3),
        ("1</dev/null", 3),
        ("<&- 2>&-", 0),
        ("| exit 0; exit ${PIPESTATUS[0]}", None),
    ],
)
def test_shells_break_streams_in_many_ways(
    proved: Path, redirection: str, status: int | None
) -> None:
    program = f"{shlex.quote(sys.executable)} -c 'from skseg.cli import main; main()'"
    done = subprocess.run(
        ["bash", "-c", f"{program} rules check {proved} {redirection}"],
        # What a container sets.
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert done.returncode in ((0, 3) if status is None else (status,))


def test_a_slow_reader_who_does_not_block_gets_everything(proved: Path) -> None:
    fcntl = pytest.importorskip("fcntl", reason="the system has no fcntl")
    program = "from skseg.cli import main; main()"
    rules = {f"Segment {i}": f"aov > {i} and aov <= {i + 2}" for i in range(220)}
    path = write(proved.parent / "many.json", json.dumps({"rules": rules}))
    arguments = ["rules", "check", "--json", "--max-findings", "1000", str(path)]
    whole = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, check=False
    )
    assert len(whole.stdout) > 2**16
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    time.sleep(0.5)
    with os.fdopen(reader, "rb") as file:
        shown = file.read()
    _, errors = process.communicate()
    assert (process.returncode, errors) == (whole.returncode, b"")
    assert shown == whole.stdout


def test_streams_that_a_program_has_replaced_are_left_alone(
    proved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["skseg", "rules", "check", str(proved)])
    with (
        contextlib.redirect_stdout(io.StringIO()) as output,
        contextlib.redirect_stderr(io.StringIO()) as errors,
        pytest.raises(SystemExit) as end,
    ):
        main()
    assert (end.value.code, errors.getvalue()) == (0, "")
    assert "Übrige" in output.getvalue()


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (KeyboardInterrupt(), 130, "Aborted!\n"),
        (ZeroDivisionError("a fault"), 70, "ZeroDivisionError: a fault\n"),
        (MemoryError(), 70, "MemoryError\n"),
    ],
    ids=["interrupt", "fault", "memory"],
)
def test_only_a_verdict_is_status_1_of_a_check(
    proved: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    text: str,
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("skseg.cli._rules_check.check_rules", fails)
    result = skseg_command("rules", "check", proved)
    assert result.exit_code == status
    assert result.stderr.endswith(text)
