"""Pictures of one run have the shares of its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skseg.cli import _writers
from skseg.rules import RuleSet
from tests.cli.cli_tools import skseg_command, write

RULES = {"VIP": "aov >= 6", "Core": "2 <= aov < 6"}
UNIVERSE = "days <= 2"
DEFINITION = f"""\
rules: {{VIP: {RULES["VIP"]}, Core: {RULES["Core"]}}}
default: Rest
universe: {UNIVERSE}
"""
# Of ten customers eight are in the universe, and two of these in neither rule.
SHARES = {"VIP": 3 / 8, "Core": 3 / 8}


@pytest.fixture
def displays(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the displays that a command saves, by the name of the file."""
    saved: dict[str, Any] = {}

    def save(display: Any, path: Path) -> None:
        saved[path.name] = display
        path.touch()

    monkeypatch.setattr(_writers, "_save_picture", save)
    return saved


def apply(tmp_path: Path, name: str, text: str) -> None:
    """Run ``skseg rules apply`` with pictures on ten customers."""
    rows = tmp_path / "rows.csv"
    pd.DataFrame({"aov": range(10), "days": [i % 4 for i in range(10)]}).to_csv(rows)
    rules = write(tmp_path / name, text)
    out = tmp_path / "out"
    assert skseg_command("rules", "apply", rules, rows, "--out", out).exit_code == 0


def test_sizes_and_flow_have_one_denominator(
    displays: dict[str, Any], tmp_path: Path
) -> None:
    apply(tmp_path, "rules.yaml", DEFINITION)
    expected = {**SHARES, "Rest": 2 / 8}
    sizes, flow = displays["sizes.png"], displays["flow.png"]
    assert dict(sizes.frame()[["name", "share"]].to_numpy()) == expected
    flows = flow.frame().query("segment != 'outside'")
    assert dict(flows[["segment", "share"]].to_numpy()) == expected
    assert "outside of it, and not shown: 2" in sizes.ax_.get_xlabel()
    assert "Shares are of the 8 customers in the universe." in {
        text.get_text() for text in flow.ax_.texts
    }


def test_rows_in_no_segment_are_a_part_of_all(
    displays: dict[str, Any], tmp_path: Path
) -> None:
    apply(tmp_path, "rules.json", RuleSet(RULES, universe=UNIVERSE).to_json())
    frame = displays["sizes.png"].frame()
    expected = {**SHARES, "(no segment)": 2 / 8}
    assert dict(frame[["name", "share"]].to_numpy()) == expected
