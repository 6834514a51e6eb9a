"""What the tests of the command line share: commands run in this process, and texts."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from skseg._files import MANIFEST
from skseg.cli._app import app
from tests.modules import forget_modules

DAY = "2025-01-01"
COLUMNS = {
    "customer_id": "customer_id",
    "order_id": "order_id",
    "date": "date",
    "amount": "amount",
}
OPTIONS = ["--customer", "customer_id", "--order", "order_id", "--date", "date"]
OPTIONS += ["--amount", "amount", "--as-of", DAY]
TINY = ["--customer", "id", "--date", "when", "--amount", "paid", "--as-of", DAY]
FAST = ["--no-plots", "--quiet"]

OVERLAP = "rules:\n  Low: aov <= 40\n  High: aov >= 40\n"
GAP = "rules:\n  Low: aov < 40\n  High: aov >= 40\n"
LOW = "rules: {Low: aov < 100}\ndefault: Rest\n"


def skseg_command(
    *arguments: object,
    columns: int | None = 80,
    charset: str = "utf-8",
    **env: str,
) -> Result:
    """Run a command in this process, its output no terminal unless `env` says so."""
    # Before click 8.2 both streams went into one unless told otherwise.
    both = "mix_stderr" in inspect.signature(CliRunner).parameters
    how: dict[str, Any] = {"mix_stderr": False} if both else {}
    width = None if columns is None else str(columns)
    runner = CliRunner(charset=charset, env={"COLUMNS": width, **env}, **how)
    return runner.invoke(app, list(map(str, arguments)))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def write_csv(path: Path, lines: Sequence[str]) -> Path:
    return write(path, "\n".join(lines) + "\n")


def checked(path: Path, *options: object) -> tuple[int, dict[str, Any]]:
    """Return the status of a check, and its report as strict JSON."""
    result = skseg_command("rules", "check", path, "--json", *options)

    def refuse(text: str) -> None:
        raise AssertionError(text)

    return result.exit_code, json.loads(result.stdout, parse_constant=refuse)


def refused(path: Path, *arguments: object) -> str:
    """Return the message with which a command refuses a file."""
    result = skseg_command("rules", *(arguments or ["check"]), path)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr[:7] == "Error: "
    return result.stderr[7:].rstrip()


def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sqlglot and matplotlib look as if they were not installed."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    forget_modules(monkeypatch, "skseg.rules._sql")


def names_in(folder: Path) -> set[str]:
    """Return the names of the files in a folder, but for the manifest of skseg."""
    return {path.name for path in folder.iterdir()} - {MANIFEST}
