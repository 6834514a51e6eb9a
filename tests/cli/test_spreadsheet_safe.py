"""Text that spreadsheets would run, in the CSV files of the commands."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.cli_tools import FAST, TINY, skseg_command, write, write_csv

IDS = ["=1+1", "+a", "-a", "@a", "\ta", "\ra", "＝a", "-5.2", "007", "a-b"]
SAFE = ["'=1+1", "'+a", "'-a", "'@a", "'\ta", "'\ra", "'＝a", "-5.2", "007", "a-b"]
RULES = """\
rules:
  "=Low": aov < 100
default: Rest
playbook:
  "=Low": "@call"
"""


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def said(text: str) -> str:
    """Return what was said, without the breaks of its lines."""
    return " ".join(text.split())


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return write_csv(
        tmp_path / "orders.csv",
        ["id,when,paid", *(f'"{name}",2024-12-01,5' for name in IDS)],
    )


@pytest.fixture
def carts(tmp_path: Path) -> Path:
    rows = [f'"{name}",{50 * n}' for n, name in enumerate(IDS)]
    return write_csv(tmp_path / "carts.csv", ["=id,aov", *rows])


@pytest.mark.parametrize("quiet", [False, True])
def test_ids_are_written_as_they_are_with_a_warning(
    orders: Path, tmp_path: Path, quiet: bool
) -> None:
    options = ["--no-plots", *(["-q"] if quiet else [])]
    result = skseg_command("rfm", orders, *TINY, *options, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert said(result.stderr) == (
        "Warning: customers.csv: 7 cells in the column 'id' begin like a formula, "
        "which a spreadsheet that opens the CSV file would run. --spreadsheet-safe "
        "puts an apostrophe before them."
    )
    rows = read_csv(tmp_path / "out" / "customers.csv")
    assert sorted(row["id"] for row in rows) == sorted(IDS)


def test_ids_are_made_safe_if_asked_for(orders: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = [*FAST, "--spreadsheet-safe", "--out", out]
    result = skseg_command("rfm", orders, *TINY, *options)
    assert (result.exit_code, result.output) == (0, "")
    rows = read_csv(out / "customers.csv")
    assert sorted(row["id"] for row in rows) == sorted(SAFE)
    assert {row["monetary"] for row in rows} == {"5.0"}


def test_headers_names_and_actions_are_counted_and_made_safe(
    carts: Path, tmp_path: Path
) -> None:
    rules = write(tmp_path / "rules.yaml", RULES)
    command = ["rules", "apply", rules, carts, "--id", "=id", *FAST]
    result = skseg_command(*command, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    first, second = result.stderr.split("Warning: ")[1:]
    # The header is one of the cells; two customers are in =Low.
    assert said(first).startswith("rows.csv: 10 cells in the columns '=id', 'segment' ")
    assert said(second).startswith(
        "strategy.csv: 2 cells in the columns 'name', 'action' begin "
    )
    rows = read_csv(tmp_path / "out" / "rows.csv")
    assert [row["=id"] for row in rows] == IDS
    assert rows[0]["segment"] == "=Low"

    safe = tmp_path / "safe"
    result = skseg_command(*command, "--spreadsheet-safe", "--out", safe)
    assert (result.exit_code, result.output) == (0, "")
    rows = read_csv(safe / "rows.csv")
    assert [row["'=id"] for row in rows] == SAFE
    assert rows[0]["segment"] == "'=Low"
    strategy = {row["name"]: row["action"] for row in read_csv(safe / "strategy.csv")}
    assert strategy == {"'=Low": "'@call", "Rest": ""}
    # What is read again, and what runs in a database, stays what it is.
    for name in ("strategy.json", "rules.sql"):
        written = (safe / name).read_bytes()
        assert written == (tmp_path / "out" / name).read_bytes()
        assert b"'=Low" not in written or name == "rules.sql"


def test_the_demo_has_the_option_too(tmp_path: Path) -> None:
    texts = []
    for name, options in (("a", []), ("b", ["--spreadsheet-safe"])):
        arguments = ["demo", "--customers", 20, *FAST, *options]
        result = skseg_command(*arguments, "--out", tmp_path / name)
        assert (result.exit_code, result.output) == (0, "")
        texts.append((tmp_path / name / "orders.csv").read_bytes())
    # Negative amounts are numbers.
    assert b",-" in texts[0]
    assert texts[0] == texts[1]
