"""Change the code at random, once at a time, and count what the tests notice.

``python -m tests.mutation [PATH ...] [--n 20] [--seed 0]`` draws `n` changes from every
room of the package, or from the given files and folders. A change is tried on the tests
that reach its line: those beside the module, and the examples in its docstrings. What
no test can notice stands with its reason in ``equivalent.csv``, one line changed into
another or into anything (``*``), and is not counted.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.changed import ROOT, tests_of
from tests.mutation.changes import Change, changes_of

EQUIVALENT = Path(__file__).with_name("equivalent.csv")
LEAST_NOTICED = 0.95
# Of a run of the tests that reach a line; most changes are noticed within seconds.
TIMEOUT = 300


def modules_of(paths: Sequence[str]) -> dict[str, list[Path]]:
    """Return the modules of each room, those of the given files and folders alone."""
    chosen = [ROOT / path for path in paths] or [ROOT / "skseg"]
    rooms: dict[str, list[Path]] = {}
    for path in chosen:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            relative = file.relative_to(ROOT)
            parts = relative.parts[1:-1]
            room = "/".join(parts[:2]) or relative.stem
            rooms.setdefault(room, []).append(relative)
    return rooms


def sample(modules: Iterable[Path], n: int, seed: int) -> list[Change]:
    """Return `n` of the changes of some modules, each as likely as any other."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        equivalent = {tuple(row[:4]) for row in csv.reader(file)}
    changes = [change for file in modules for change in changes_of(file, ROOT)]
    changes = [change for change in changes if equivalent.isdisjoint(change.keys)]
    return random.Random(seed).sample(changes, min(n, len(changes)))


class Tree:
    """A copy of the checkout in which one change at a time is tried."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split("\0")
        for name in names:
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)

    def pytest(self, *arguments: str, timeout: float | None = None) -> int | None:
        """Run tests on the copy; return the exit status, or None after `timeout`."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            # A changed module may have the size and the second of the one before.
            "PYTHONDONTWRITEBYTECODE": "1",
            # The same examples in every run: a change is noticed, or it is not.
            "CI": "true",
        }
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                *arguments,
            ],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return None

    def notices(self, change: Change, tests: Sequence[str]) -> bool:
        """Tell whether a test fails, or does not end, with the change."""
        file = self.folder / change.file
        source = file.read_bytes()
        names = self.folder / "tests-of-change.txt"
        names.write_text("\n".join(tests), encoding="utf-8")
        file.write_bytes(change.apply(source))
        try:
            return self.pytest("-x", f"@{names}", timeout=TIMEOUT) != 0
        finally:
            file.write_bytes(source)


class Reached:
    """Which tests reach which line: the record of a run with coverage."""

    def __init__(self, tree: Tree, modules: Iterable[Path]) -> None:
        from coverage import CoverageData

        # Tests come before modules, as in tests/changed.py.
        chosen = {str(test) for file in modules for test in tests_of(file)}
        tests = sorted(chosen, reverse=True)
        status = tree.pytest("--cov", "--cov-context=test", "--cov-report=", *tests)
        if status != 0:
            raise SystemExit(f"The tests fail as they are: {' '.join(tests)}")
        self.folder = tree.folder
        self.tests = tests
        self.data: Any = CoverageData(str(tree.folder / ".coverage"))
        self.data.read()

    def tests_of(self, change: Change) -> list[str]:
        """Return the tests that reach the line of a change."""
        contexts = self.data.contexts_by_lineno(str(self.folder / change.file))
        names = {name.rpartition("|")[0] for name in contexts.get(change.line, [])}
        # A line that runs on import, or goes on from the one above, reaches them all.
        return sorted(names - {""}, reverse=True) or self.tests


def noticed(
    changes: Sequence[Change], reached: Reached, trees: SimpleQueue[Tree], n_jobs: int
) -> list[bool]:
    """Tell of each change whether a test notices it."""

    def is_noticed(change: Change) -> bool:
        tree = trees.get()
        try:
            return tree.notices(change, reached.tests_of(change))
        finally:
            trees.put(tree)

    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(is_noticed, changes))


def main() -> None:
    """Print the rooms with their counts, and the changes that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", metavar="PATH")
    parser.add_argument("--n", type=int, default=20, help="changes of each room")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    n_changes = n_noticed = 0
    with tempfile.TemporaryDirectory() as folder:
        trees: SimpleQueue[Tree] = SimpleQueue()
        copies = [Tree(Path(folder) / f"{i}") for i in range(options.jobs)]
        for copy in copies:
            trees.put(copy)
        for room, modules in modules_of(options.paths).items():
            start = time.monotonic()
            if not (changes := sample(modules, options.n, options.seed)):
                continue
            reached = Reached(copies[0], {change.file for change in changes})
            answers = noticed(changes, reached, trees, options.jobs)
            n_changes, n_noticed = n_changes + len(changes), n_noticed + sum(answers)
            seconds = time.monotonic() - start
            print(f"{room}: {sum(answers)} of {len(changes)} in {seconds:.0f} s")
            for change, is_noticed in zip(changes, answers, strict=True):
                if not is_noticed:
                    print(change)
            sys.stdout.flush()
    print(f"all: {n_noticed} of {n_changes}")
    if n_noticed < LEAST_NOTICED * n_changes:
        raise SystemExit(f"Fewer than {LEAST_NOTICED:.0%} of the changes are noticed.")


if __name__ == "__main__":
    main()
