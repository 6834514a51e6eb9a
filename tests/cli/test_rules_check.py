"""``skseg rules check``: verdicts, their evidence, and the report as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import skseg
from skseg.rules import RuleSet
from tests.cli.cli_tools import GAP, OVERLAP, checked, skseg_command, write


def test_a_definition_with_open_quantiles_is_proved_without_data(good: Path) -> None:
    result = skseg_command("rules", "check", good)
    assert result.exit_code == 0
    assert result.stdout == (
        "good.yaml: 3 rules, the default 'New' and the universe days_since_abandon <= "
        "7.\n"
        "Proved: every possible row of the universe, missing values included, is in\n"
        "exactly one segment, whatever the quantiles are.\n"
        "The default 'New' takes the rest:\n"
        "  no rule holds where days_since_abandon: [-inf, 7] and aov: missing; for\n"
        "    example days_since_abandon=0, aov=missing\n"
    )


def test_overlaps_and_gaps_are_shown_with_a_box_and_a_witness(tmp_path: Path) -> None:
    result = skseg_command("rules", "check", write(tmp_path / "r.yaml", OVERLAP))
    assert result.exit_code == 1
    assert result.stdout == (
        "r.yaml: 2 rules.\n"
        "Refuted.\n"
        "Not mutually exclusive, 1 pair overlaps:\n"
        "  'Low' and 'High' overlap where aov: {40}; for example aov=40\n"
        "Not collectively exhaustive:\n"
        "  no rule holds where aov: missing; for example aov=missing\n"
        "Mend the rules, or declare what is meant: 'on_overlap: first' lets the first\n"
        "rule that holds count, 'default: Others' makes a segment of all other rows.\n"
    )


def test_hybrid_thresholds_are_refuted_with_the_quantiles_that_do_it(
    tmp_path: Path,
) -> None:
    text = "rules:\n  VIP: aov >= q(0.75)\n  Small: aov < 40\ndefault: Others\n"
    status, report = checked(write(tmp_path / "r.yaml", text))
    assert (status, report["verdict"], report["is_exclusive"]) == (1, "refuted", False)
    assert report["overlaps"] == [
        {
            "names": ["VIP", "Small"],
            "text": "'VIP' and 'Small' overlap where aov: [37, 40); for example aov=37 "
            "with q(0.75)=37 of aov",
            "box": {"aov": "[37, 40)"},
            "witness": {"aov": 37.0},
            "quantiles": {"aov": {"0.75": 37.0}},
        }
    ]


def test_the_definition_in_the_readme_is_proved(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    lines = readme.replace("`", "\n").splitlines()
    (rules,) = [line for line in lines if line.startswith("rules: {")]
    assert "q(0.75)" in rules
    assert "`default: Unknown`" in readme
    path = write(tmp_path / "rules.yaml", f"{rules}\ndefault: Unknown\n")
    assert skseg_command("rules", "check", path).exit_code == 0


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        (OVERLAP + "on_overlap: first\n", 1, "1 pair overlaps; the first rule"),
        (OVERLAP + "default: Rest\n", 1, "'on_overlap: first' lets the first rule"),
        (OVERLAP + "default: Rest\non_overlap: first\n", 0, "as declared:\n  'Low'"),
        (GAP, 1, "Mend the rules, or declare what is meant: 'default: Others' makes"),
        (GAP + "default: Rest\n", 0, "The default 'Rest' takes the rest:\n  no rule"),
        (GAP + "on_gap: default\n", 0, "The default 'Others' takes the rest:"),
        (GAP + "schema: {aov: {missing: false}}\n", 0, "Proved: every possible row,"),
        (GAP + "universe: not missing(aov)\n", 0, "possible row of the universe,"),
        (
            GAP + "schema: {aov: {missing: false}}\ndefault: Rest\n",
            0,
            "No row reaches 'Rest'.",
        ),
    ],
)
def test_what_is_declared_is_no_failure_and_is_shown(
    tmp_path: Path, text: str, status: int, sentence: str
) -> None:
    result = skseg_command("rules", "check", write(tmp_path / "r.yaml", text))
    assert result.exit_code == status, result.output
    assert " ".join(sentence.split()) in " ".join(result.stdout.split())


def test_a_proof_that_needs_data_is_undecided(tmp_path: Path) -> None:
    text = "rules:\n  A: aov > q(0.5)\ndefault: B\nuniverse: aov > q(0.1)\n"
    path = write(tmp_path / "r.yaml", text)
    result = skseg_command("rules", "check", path)
    assert result.exit_code == 1
    assert "\nUndecided. Quantiles of column 'aov' stand in the" in result.stdout
    assert "resolve" not in result.stdout
    status, report = checked(path)
    assert (status, report["verdict"]) == (1, "undecided")
    assert report["is_mece"] is None
    assert report["reason"].startswith("Quantiles of column 'aov'")


def test_rules_too_entangled_to_search_for_gaps_are_undecided(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skseg.rules._proof._mece._REPORT_STEPS", 0)
    monkeypatch.setattr("skseg.rules._proof._mece._SEARCH_STEPS", 0)
    path = write(good, OVERLAP + "on_overlap: first\n")
    result = skseg_command("rules", "check", path)
    assert result.exit_code == 1
    assert "Undecided.\n" in result.stdout
    assert "the search for gaps ran out of steps" in " ".join(result.stdout.split())
    _, report = checked(path)
    assert (report["is_mece"], report["is_exhaustive"]) == (False, None)


def test_findings_are_limited_and_the_rest_is_counted(tmp_path: Path) -> None:
    rules = "".join(f"  R{i}: aov > {i}\n" for i in range(4))
    path = write(tmp_path / "r.yaml", f"rules:\n{rules}")
    result = skseg_command("rules", "check", path, "--max-findings", 2)
    assert "Not mutually exclusive, 6 pairs overlap:\n" in result.stdout
    assert "\n  ... 4 more; see --max-findings\n" in result.stdout
    status, report = checked(path, "--max-findings", 0)
    assert (status, report["n_overlaps"], report["overlaps"]) == (1, 6, [])
    assert report["gaps"] == []
    assert report["is_exhaustive"] is False
    result = skseg_command("rules", "check", path, "--max-findings", 0)
    assert "\nNot collectively exhaustive.\n" in result.stdout


def test_the_report_is_strict_json_even_with_infinities(tmp_path: Path) -> None:
    text = "rules:\n  Top: aov == inf\n  Bottom: aov == -inf\n  Both: aov in [inf]\n"
    status, report = checked(write(tmp_path / "r.yaml", text))
    assert status == 1
    assert report["overlaps"][0]["witness"] == {"aov": "inf"}
    assert report["gaps"]
    assert report["unreachable"] == ["Both"]
    assert report["form"] == "definition"
    assert report["rules"]["Top"] == "aov == inf"


def test_quiet_leaves_the_status_and_the_json(tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", OVERLAP)
    result = skseg_command("rules", "check", path, "--quiet")
    assert (result.exit_code, result.output) == (1, "")
    assert checked(path, "--quiet")[0] == 1


def test_a_terminal_shows_the_verdict_in_colour(good: Path) -> None:
    result = skseg_command("rules", "check", good, FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[1;32mProved" in result.stdout


def test_check_runs_as_a_process(tmp_path: Path) -> None:
    rules = RuleSet({"Low": "aov <= 40", "High": "aov >= 40"})
    path = write(tmp_path / "r.json", rules.to_json())
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from skseg.cli import main; main()"),
            *("rules", "check", str(path), "--json"),
        ],
        cwd=Path(skseg.__file__).parents[1],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout)["verdict"] == "refuted"
