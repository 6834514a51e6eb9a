"""Commands and methods that write, killed in a process of their own at any instant."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from skseg import MECERuleSegmenter
from skseg._files import MANIFEST
from tests.cli.cli_tools import skseg_command

SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
# Contents by name, as a digest.
Contents = Mapping[str, str]
Run = Callable[[Path], int]


@dataclass(frozen=True)
class Job:
    """What writes to a folder, in three versions with different contents.

    Each version returns its exit status. `makes_folder` is whether it makes the folder.
    """

    name: str
    versions: Sequence[Run]
    makes_folder: bool = True


# --- What is killed ----------------------------------------------------------------


def make_jobs(inputs: Path, *, n_customers: int = 40) -> list[Job]:
    """Return every command and method that writes, with input files of its own."""
    orders_options = ["--customer", "id", "--date", "day", "--amount", "paid"]
    orders_options += ["--as-of", "2025-01-01", "--no-plots"]
    rfm, demo, forms = [], [], {"definition": [], "rule set": [], "strategy": []}
    segmenters = []
    for version in range(3):
        draw = random.Random(version)
        orders = pd.DataFrame(
            {
                "id": [f"{version}-{i:05d}" for i in range(n_customers)],
                "day": [f"2024-{1 + i % 12:02d}-15" for i in range(n_customers)],
                "paid": [draw.randint(1, 500) for _ in range(n_customers)],
            }
        )
        rows = inputs / f"orders-{version}.csv"
        orders.to_csv(rows, index=False)
        rfm.append(_command("rfm", rows, *orders_options))
        size = ["--customers", n_customers + version, "--no-plots"]
        demo.append(_command("demo", *size))
        rules = {"Low": f"paid < {100 + version}"}
        segmenter = MECERuleSegmenter(rules, default="Rest").fit(orders[["paid"]])
        segmenters.append(segmenter)
        texts = {
            "definition": json.dumps({"rules": rules, "default": "Rest"}),
            "rule set": segmenter.rules_.to_json(),
            "strategy": segmenter.to_json(),
        }
        for form, text in texts.items():
            file = inputs / f"{form.replace(' ', '-')}-{version}.json"
            file.write_text(str(text), encoding="utf-8")
            apply = ["rules", "apply", file, rows, "--id", "id", "--no-plots"]
            forms[form].append(_command(*apply))
    # What takes time to import is there before a process is forked.
    warm_up = ["rules", "apply", inputs / "strategy-0.json", rows, "--no-plots"]
    skseg_command(*warm_up, "--out", inputs / "warm-up")
    skseg_command("rfm", rows, *orders_options, "--out", inputs / "warm-up-rfm")
    applied = [Job(f"rules apply, {form}", runs) for form, runs in forms.items()]
    return [Job("rfm", rfm), Job("demo", demo), *applied, *_methods(segmenters)]


def _command(*arguments: object) -> Run:
    def run(folder: Path) -> int:
        from skseg.cli import main

        sys.argv = ["skseg", *map(str, arguments), "--out", str(folder)]
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run


def _methods(segmenters: Sequence[MECERuleSegmenter]) -> Iterator[Job]:
    def method(write: Callable[[Path], object]) -> Run:
        def run(folder: Path) -> int:
            try:
                write(folder)
            except OSError:
                return 1
            return 0

        return run

    to_json = [method(lambda f, s=s: s.to_json(f / "a.json")) for s in segmenters]
    to_csv = [method(lambda f, s=s: s.to_csv(f / "a.csv")) for s in segmenters]
    yield Job("MECERuleSegmenter.to_json", to_json, makes_folder=False)
    yield Job("MECERuleSegmenter.to_csv", to_csv, makes_folder=False)


# --- How it ends -------------------------------------------------------------------

_FILE_EVENTS = {"open", "fsync", "shutil.rmtree"}
_FILE_EVENTS |= {
    f"os.{name}"
    for name in ["mkdir", "rename", "remove", "rmdir", "symlink", "link", "chmod"]
}
_FILE_EVENTS |= {"os.listdir", "os.scandir", "os.chown"}


@dataclass
class Trap:
    """Acts before one of the calls that concern files below `base`, counted from 0."""

    base: Path
    number: int
    action: Callable[[], None]
    count: int = 0
    # Is told of the first call, if given: the number of a pipe.
    started: int | None = None

    def set(self) -> None:
        """Watch all calls of this process from now on."""
        fsync = os.fsync

        def watched_fsync(descriptor: int) -> None:
            self._step()
            fsync(descriptor)

        os.fsync = watched_fsync
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FILE_EVENTS and any(map(self._is_below, arguments[:2])):
            self._step()

    def _is_below(self, argument: Any) -> bool:
        if not isinstance(argument, (str, os.PathLike)):
            return False
        return os.fspath(argument).startswith(str(self.base))

    def _step(self) -> None:
        self.count += 1
        if self.count == 1 and self.started is not None:
            os.write(self.started, b"!")
        if self.count == self.number + 1:
            self.action()


def fail_full() -> None:
    """Fail as on a disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@dataclass(frozen=True)
class Ending:
    """How a process ended: its status, negative for a signal, and the calls seen."""

    status: int
    n_calls: int


@dataclass
class Child:
    """A run in a process of its own."""

    pid: int
    _counts: int
    _starts: int

    def wait_for_start(self) -> None:
        """Wait until the run first touches its folder, or has ended."""
        os.read(self._starts, 1)

    def kill(self, number: int) -> None:
        """Send a signal, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> Ending:
        """Wait for the end."""
        _, status = os.waitpid(self.pid, 0)
        text = os.read(self._counts, 20)
        os.close(self._counts)
        os.close(self._starts)
        return Ending(os.waitstatus_to_exitcode(status), int(text or b"-1"))


def start(
    run: Run, folder: Path, *, number: int = -1, action: Callable[[], None] = fail_full
) -> Child:
    """Start a run; it acts before its call of a number that concerns the files."""
    counts, write_count = os.pipe()
    starts, write_start = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_count)
        os.close(write_start)
        return Child(pid, counts, starts)
    status = 99
    try:
        trap = Trap(folder.parent, number, action, started=write_start)
        with Path(os.devnull).open("w", encoding="utf-8") as quiet:
            # In place of what pytest has put there.
            sys.stdout = sys.stderr = quiet
            trap.set()
            status = run(folder)
        os.write(write_count, str(trap.count).encode())
    finally:
        os._exit(status)


def killed_before_call(run: Run, folder: Path, number: int, kill: int) -> Ending:
    """Let a run send itself a signal before one of its calls."""
    child = start(run, folder, number=number, action=lambda: os.kill(os.getpid(), kill))
    return child.wait()


def killed_after(run: Run, folder: Path, seconds: float, kill: int) -> Ending:
    """Send a signal some time after a run has begun to touch its folder."""
    child = start(run, folder)
    child.wait_for_start()
    time.sleep(seconds)
    child.kill(kill)
    return child.wait()


# --- What is left ------------------------------------------------------------------


def read(folder: Path) -> Contents:
    """Return what somebody who opens the files of a folder reads."""
    if not folder.is_dir():
        return {}
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".")
    }


def leftovers(folder: Path) -> set[str]:
    """Return hidden files and links in a folder and beside it, but the manifest."""
    places = [folder.parent, *([folder] if folder.is_dir() else [])]
    return {
        path.name
        for place in places
        for path in place.iterdir()
        if path.name.startswith(".") or path.is_symlink()
    } - {MANIFEST}


@dataclass
class Case:
    """A job with the folder that it writes to, in a known state before each run.

    `old` is the version of which the results stand there; None if there are none.
    """

    job: Job
    place: Path
    old: int | None = 0
    _results: dict[int, Contents] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep the state before, and the results of each version."""
        shutil.rmtree(self.place, ignore_errors=True)
        self._before.mkdir(parents=True)
        if not self.job.makes_folder:
            (self._before / "out").mkdir()
        if self.old is not None:
            self._run_whole(self.old, self._before / "out")
        for version in range(len(self.job.versions)):
            self._run_whole(version, self.reset())
            self._results[version] = read(self.folder)
        self.before = read(self._before / "out")

    @property
    def _before(self) -> Path:
        return self.place / "before"

    @property
    def folder(self) -> Path:
        """The folder that is written to."""
        return self.place / "run" / "out"

    def _run_whole(self, version: int, folder: Path) -> None:
        ending = start(self.job.versions[version], folder).wait()
        if ending.status:
            raise RuntimeError(f"{self.job.name} ends with status {ending.status}")

    def reset(self) -> Path:
        """Bring the folder to the state before, and return it."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        shutil.copytree(self._before, self.folder.parent)
        return self.folder

    def n_calls(self) -> int:
        """Return how many calls concern files in a run of the second version."""
        return start(self.job.versions[1], self.reset()).wait().n_calls

    def result(self, version: int) -> Contents:
        """Return what a version writes."""
        return self._results[version]

    def state(self, *versions: int) -> str:
        """Return "old", "new", or what is there that is neither."""
        present = read(self.folder)
        if present == self.before:
            return "old"
        if any(present == self.result(version) for version in versions):
            return "new"
        return f"mixture of {sorted(present)}"

    def next_run(self, version: int = 1) -> str:
        """Run once more, and return what is wrong after it: nothing, it is hoped."""
        ending = start(self.job.versions[version], self.folder).wait()
        if ending.status:
            return f"the next run ends with status {ending.status}"
        if read(self.folder) != self.result(version):
            return "the next run gives a mixture"
        if names := leftovers(self.folder):
            return f"the next run leaves {sorted(names)}"
        return ""


@dataclass
class Tally:
    """How runs of one kind ended."""

    n_runs: int = 0
    n_old: int = 0
    n_new: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, state: str, fault: str, place: object) -> None:
        """Count one run; `place` says where it was ended."""
        self.n_runs += 1
        self.n_old += state == "old"
        self.n_new += state == "new"
        faults = [text for text in (state, fault) if text not in ("old", "new", "")]
        self.faults += [f"{place}: {text}" for text in faults]


def kill_at_random(
    case: Case, n_runs: int, seed: int, *, kills: Sequence[int] = SIGNALS
) -> Tally:
    """Kill the second version, half of the times before a random call, half by time.

    The signals take turns.
    """
    draw, tally, run = random.Random(seed), Tally(), case.job.versions[1]
    start_time = time.perf_counter()
    n_calls = case.n_calls()
    seconds = time.perf_counter() - start_time
    for number in range(n_runs):
        case.reset()
        kill = kills[number // 2 % len(kills)]
        if number % 2:
            place: Any = draw.randrange(n_calls)
            killed_before_call(run, case.folder, place, kill)
        else:
            place = draw.uniform(0, seconds)
            killed_after(run, case.folder, place, kill)
        state = case.state(1)
        tally.add(state, case.next_run(), f"signal {kill} at {place}")
    return tally


def fail_at_calls(case: Case, numbers: Sequence[int]) -> Tally:
    """Let calls fail for want of room, one in each run."""
    run, tally = case.job.versions[1], Tally()
    for number in numbers:
        case.reset()
        status = start(run, case.folder, number=number).wait().status
        state = case.state(1)
        # What succeeds has written everything, and what fails nothing.
        fault = {"old": "success without results", "new": ""}.get(state, "")
        if status not in (0, 1):
            fault = f"status {status}"
        elif status:
            fault = ""
        tally.add(state, fault or case.next_run(), number)
    return tally


def run_pairs(case: Case, n_pairs: int, seed: int, *, kill: int | None = None) -> Tally:
    """Start two versions at once, and kill the first if a signal is given."""
    draw, tally = random.Random(seed), Tally()
    for number in range(n_pairs):
        case.reset()
        one, other = (start(case.job.versions[v], case.folder) for v in (1, 2))
        if kill is not None:
            one.wait_for_start()
            time.sleep(draw.uniform(0, 0.1))
            one.kill(kill)
        statuses = [child.wait().status for child in (one, other)]
        state = case.state(1, 2)
        fault = "" if statuses[1] in (0, 1, 2) else f"statuses {statuses}"
        if statuses == [0, 0] and state == "old":
            fault = "two successes without results"
        tally.add(state, fault or case.next_run(), number)
    return tally
