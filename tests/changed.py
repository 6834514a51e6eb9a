"""Print the tests of what has changed since a commit, for ``make quick``.

``python tests/changed.py [COMMIT]`` prints changed files of the package, whose doctests
are tests as well, and the folder of tests of every room that they are in.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def changed_files(commit: str) -> list[Path]:
    """Return the Python files that differ from a commit, new ones included."""
    commands = [
        ["git", "diff", "--name-only", "--diff-filter=d", commit],
        ["git", "ls-files", "--others", "--exclude-standard"],
    ]
    names = {
        name
        for command in commands
        for name in subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.splitlines()
    }
    return sorted(Path(name) for name in names if name.endswith(".py"))


def tests_of(file: Path) -> Iterator[Path]:
    """Yield what to run for a file: itself, and the closest folder of its tests."""
    if file.parts[0] == "skseg":
        yield file
        folder = Path("tests", *(part.lstrip("_") for part in file.parts[1:-1]))
        while not (ROOT / folder).is_dir():
            folder = folder.parent
        # Without a folder of its own, the names and the front door are at stake.
        yield folder if folder != Path("tests") else folder / "test_api.py"
    elif file.parts[0] == "tests" and file.name.startswith("test_"):
        yield file


if __name__ == "__main__":
    files = changed_files(*sys.argv[1:2] or ["HEAD"])
    tests = {str(test) for file in files for test in tests_of(file)}
    # Tests come before modules: pytest would import a module that it collects first on
    # its own, beside the one that the tests import.
    sys.stdout.write(" ".join(sorted(tests, reverse=True)))
