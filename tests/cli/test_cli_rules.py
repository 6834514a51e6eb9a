"""The commands about files of rules: what they accept, prove, refuse and write."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

import skseg
from skseg import MECERuleSegmenter
from skseg.cli._data_file import read_data
from skseg.cli._rules_outputs import RULES_FILES
from skseg.datasets import make_cart_abandoners
from skseg.rules import RuleSet
from tests.cli.test_cli import skseg_command, write_csv

GOOD = """\
rules:
  VIP: aov >= max(q(0.75), {aov_min})
  Core: 40 <= aov < max(q(0.75), {aov_min})
  Small: |
    aov < 40
    and not missing(aov)  # a rule may run over lines
params:
  aov_min: 90
default: New
universe: days_since_abandon <= 7
min_size: 100
max_size: 300
playbook:
  VIP: call them
"""
OVERLAP = "rules:\n  Low: aov <= 40\n  High: aov >= 40\n"
GAP = "rules:\n  Low: aov < 40\n  High: aov >= 40\n"
FAST = ["--no-plots", "--quiet"]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def carts() -> pd.DataFrame:
    X = make_cart_abandoners(2500, random_state=0)
    return X[["user_id", "aov", "days_since_abandon", "converted"]]


@pytest.fixture(scope="module")
def carts_csv(carts: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("carts") / "carts.csv"
    carts.to_csv(path, index=False)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good.yaml", GOOD)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write_csv(
        tmp_path / "odd.csv",
        [
            "id,aov,plan,note,paid,w",
            "007,10,01,a,0,1",
            "",
            '7,200,1,"two',
            'lines",1,2',
            "NA,,01,b,1,1",
            "x,12.5,,c,0,1",
        ],
    )


def checked(path: Path, *options: object) -> tuple[int, dict[str, Any]]:
    result = skseg_command("rules", "check", path, "--json", *options)

    def refuse(text: str) -> None:
        raise AssertionError(text)

    return result.exit_code, json.loads(result.stdout, parse_constant=refuse)


def refused(path: Path, *arguments: object) -> str:
    result = skseg_command("rules", *(arguments or ["check"]), path)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr[:7] == "Error: "
    return result.stderr[7:].rstrip()


# check: verdicts


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
    found = [
        line for line in readme.replace("`", "\n").splitlines() if "q(0.75)" in line
    ]
    (rules,) = [line for line in found if line.startswith("rules: {")]
    assert "`default: Unknown`" in readme
    path = write(tmp_path / "rules.yaml", f"{rules}\ndefault: Unknown\n")
    assert skseg_command("rules", "check", path).exit_code == 0


@pytest.mark.parametrize(
    ("text", "status", "said"),
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
def test_what_is_declared_is_no_failure_and_is_said(
    tmp_path: Path, text: str, status: int, said: str
) -> None:
    result = skseg_command("rules", "check", write(tmp_path / "r.yaml", text))
    assert result.exit_code == status, result.output
    assert " ".join(said.split()) in " ".join(result.stdout.split())


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
    said = skseg_command("rules", "check", path, "--max-findings", 0).stdout
    assert "\nNot collectively exhaustive.\n" in said


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
    path = write(tmp_path / "r.yaml", OVERLAP)
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


# check: forms


def test_rule_sets_are_read_from_json_and_yaml(tmp_path: Path) -> None:
    rules = RuleSet({"VIP": "aov >= q(0.75)"}, default="Rest", universe="age > 18")
    path = write(tmp_path / "r.json", rules.to_json())
    status, report = checked(path)
    assert (status, report["form"], report["default"]) == (0, "rules", "Rest")
    assert report["universe"] == "age > 18"
    # JSON is YAML.
    assert checked(path.rename(tmp_path / "r.yml"))[0] == 0


def test_strategies_are_proved_with_their_schema(tmp_path: Path) -> None:
    X = pd.DataFrame({"aov": [10.0, 50.0, 200.0]})
    fitted = MECERuleSegmenter(
        {"Low": "aov < 40", "High": "aov >= 40"}, schema={"aov": {"missing": False}}
    ).fit(X)
    path = tmp_path / "s.json"
    fitted.to_json(path, dialect=None)
    assert checked(path)[0] == 0
    text = path.read_text(encoding="utf-8")
    write(path, text.replace('"rule": "aov < 40"', '"rule": "aov < 30"', 1))
    status, report = checked(path)
    assert (status, report["form"]) == (1, "strategy")
    assert report["gaps"][0]["box"] == {"aov": "[30, 40)"}
    # Advice about keys is for those who wrote them.
    assert "Mend" not in skseg_command("rules", "check", path).stdout


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rules", GAP + "default: Rest\n"),
        ("rules.txt", '\ufeff{"rules": {"Low": "aov < 40"}, "default": "Rest"}'),
        ("rules.JSON", '{"rules": {"Low": "aov < 40"}, "default": "Rest"}'),
        ("rules.yaml", '{"rules": {"Low": "aov < 40"}, "default": "Rest"}'),
    ],
)
def test_the_content_tells_the_format_where_no_suffix_does(
    tmp_path: Path, name: str, text: str
) -> None:
    assert checked(write(tmp_path / name, text))[0] == 0


def test_names_are_text_as_written(tmp_path: Path) -> None:
    text = (
        "rules:\n  yes: aov > 3\n  no: aov <= 3\n  010: missing(aov)\n"
        "  1e3: aov == {x}\nparams: {x: 1e3}\n"
    )
    status, report = checked(write(tmp_path / "r.yaml", text))
    assert list(report["rules"]) == ["yes", "no", "010", "1e3"]
    assert report["rules"]["1e3"] == "aov == 1000"
    assert status == 1


def test_parameters_may_be_thresholds_lists_and_infinite(tmp_path: Path) -> None:
    text = (
        "rules:\n  A: aov >= {high}\n  B: plan in {plans} and aov < {cap}\n"
        "params:\n  high: max(q(0.75), 90)\n  plans: [pro, '01', 010]\n  cap: .inf\n"
    )
    _, report = checked(write(tmp_path / "r.yaml", text))
    assert report["rules"] == {
        "A": "aov >= max(q(0.75), 90)",
        "B": "plan in ['pro', '01', '010'] and aov < inf",
    }


# check: bad files


QUOTE = (
    "Put a rule in quotes that holds ': ' or ' #', or begins with a quote, bracket or "
    "other sign; or write it as a block, behind |.\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " is empty."),
        (
            "rules:\n  VIP: aov > 3\n  VIP: aov > 4\n",
            (
                ", line 3: the key 'VIP' stands twice, first in line 2.\n"
                "    VIP: aov > 4\n    ^"
            ),
        ),
        (
            "rules:\n  '1': aov > 3\n  1: aov > 4\n",
            (
                ", line 3: the key '1' stands twice, first in line 2.\n"
                "    1: aov > 4\n    ^"
            ),
        ),
        (
            "rules:\n  A: aov > 3\ndefault: B\ndefault: C\n",
            (
                ", line 4: the key 'default' stands twice, first in line 3.\n"
                "  default: C\n  ^"
            ),
        ),
        (
            "rules:\n\tVIP: aov > 3\n",
            ", line 2: a tab stands where YAML needs spaces.\n  \tVIP: aov > 3\n  ^",
        ),
        (
            "rules:\n  A: {low} <= aov\n",
            (
                ", line 2: not YAML, expected <block end>, but found '<scalar>'. "
                f"{QUOTE}    A: {{low}} <= aov\n             ^"
            ),
        ),
        (
            "rules:\n  A: plan == 'a: b'\n",
            (
                f", line 2: not YAML, mapping values are not allowed here. {QUOTE}"
                "    A: plan == 'a: b'\n                 ^"
            ),
        ),
        (
            "rules:\n  A: !missing(aov)\n",
            (
                ", line 2: not YAML, could not determine a constructor for the tag "
                f"'!missing(aov)'. {QUOTE}    A: !missing(aov)\n       ^"
            ),
        ),
        (
            "rules:\n  A: plan == 'a #b'\n",
            (
                ": the rule 'A': Not a rule: unterminated string literal (detected at "
                "line 1).\n  plan == 'a\n          ^\n"
                "To YAML, ' #' begins a comment: put such a rule in quotes."
            ),
        ),
        (
            "rules: {A: aov > 3}\n---\nrules: {}\n",
            (
                ", line 2: a second document begins here; a rules file is a single "
                "one.\n  ---\n  ^"
            ),
        ),
        (
            "rules:\n  A: &a aov > 3\n  B: *a\n",
            ", line 3: aliases are not read; write the value out.\n    B: *a\n       ^",
        ),
        (
            "rules:\n  ? [a]\n  : aov > 3\n",
            ", line 2: a name must be text.\n    ? [a]\n      ^",
        ),
        (
            "rules: {A: aov > 3}\ndefault: no\n",
            (
                ", line 2: no may be text, or true or false; put text in quotes, "
                '"no", or write true or false.\n  default: no\n           ^'
            ),
        ),
        ("rules: {A: b\0}", ": it holds the character #x0000, which YAML has not."),
        (f"rules: {'[' * 3000}", ": it is nested too deeply."),
        ("- rules\n", ": it must hold keys with values. It is read as a list."),
        ("aov > 3\n", ": it must hold keys with values. It is the text 'aov > 3'."),
        ("default: A\n", ": the key 'rules' is missing, a mapping of names to rules."),
        (
            "rules:\n",
            ": the key 'rules' must be a mapping of names to rules. It is empty.",
        ),
        ("rules: {}\n", ": the key 'rules' must hold at least one rule."),
        (
            "rules:\n  - A: aov > 3\n",
            (
                ": the key 'rules' must be a mapping of names to rules. It is read as "
                "a list."
            ),
        ),
        (
            "rules: {A: 12}\n",
            (
                ": the rule 'A' must be text. It is read as the number 12; put it in "
                "quotes."
            ),
        ),
        (
            "rules: {A: True}\n",
            ": the rule 'A' must be text. It is read as true; put it in quotes.",
        ),
        (
            "rules: {A: !!timestamp 2024-01-01}\n",
            ": the rule 'A' must be text. It is read as date; put it in quotes.",
        ),
        ("rules:\n  A:\n", ": the rule 'A' is empty."),
        ("rules: {'': aov > 3}\n", ": A segment name must not be empty."),
        (
            "rules: {A: aov > 3}\ndefualt: B\n",
            ": unknown key 'defualt'. Did you mean 'default'?",
        ),
        (
            "rules: {A: aov > 3}\nzzz: B\n",
            (
                ": unknown key 'zzz'. Known: rules, params, default, on_overlap, "
                "on_gap, universe, min_size, max_size, split_on, oversize, schema, "
                "score_weights, playbook."
            ),
        ),
        (
            "rules: {A: aov > 3}\ndefault: 12\n",
            (
                ": the key 'default' must be text. It is read as the number 12; put it "
                "in quotes."
            ),
        ),
        (
            "rules: {A: aov > 3}\nmin_size: 10%\n",
            (
                ": the key 'min_size' must be an int in [1, inf) or a float in (0, 1). "
                "Got '10%' instead."
            ),
        ),
        (
            "rules: {A: aov > 3}\non_overlap: last\n",
            ": the key 'on_overlap' must be 'raise' or 'first'. Got 'last' instead.",
        ),
        (
            "rules: {A: aov > 3}\nsplit_on: aov\n",
            ": the key 'split_on' must be a list of columns. It is the text 'aov'.",
        ),
        (
            "rules: {A: aov > 3}\nsplit_on: [3]\n",
            (
                ": a column in 'split_on' must be text. It is read as the number 3; "
                "put it in quotes."
            ),
        ),
        (
            "rules: {A: aov > 3}\nplaybook: {A: }\n",
            ": the action for 'A' is empty.",
        ),
        (
            "rules: {A: aov > 3}\nparams: [3]\n",
            ": the key 'params' must be a mapping. It is read as a list.",
        ),
        (
            "rules: {A: 'aov > {x}'}\nparams: {x: q(3)}\n",
            (
                ": the parameter 'x': The level of q(p) must be in [0, 1]. Got 3.0.\n"
                "  x >= q(3)\n       ^^^^"
            ),
        ),
        (
            "rules: {A: 'aov > {t}'}\nparams: {s: 3}\n",
            (
                ": the rule 'A': The parameter 't' has no value in params.\n"
                "  aov > {t}\n        ^^^"
            ),
        ),
        (
            "rules: {A: aov > 3}\nuniverse: aov\n",
            (
                ": the universe: A column alone is not a condition. Compare it: == 1, "
                "== 'yes', ...\n  aov\n  ^^^"
            ),
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: {lwo: 3}}\n",
            ": unknown key 'lwo' in the schema of 'aov'. Did you mean 'low'?",
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: 3}\n",
            (
                ": the schema of 'aov' must be a mapping, such as {low: 0}. It is read "
                "as the number 3."
            ),
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: {values: [a]}}\n",
            (
                ": the schema says that the column 'aov' holds text; the rules compare "
                "it with numbers."
            ),
        ),
        (
            "rules: {A: plan > 'a'}\n",
            (
                ": the rule 'A': Text has no order in rules: 'plan' > 'a'. Use ==, != "
                "or in.\n  plan > 'a'\n  ^^^^^^^^^^"
            ),
        ),
        (
            "rules: {outside: aov > 3}\nuniverse: age > 3\n",
            (
                ": No segment may be called 'outside': that is the name of the rows "
                "outside of the universe. Rename it."
            ),
        ),
        (
            "format: skseg.rule\n",
            (
                ": the key 'format' must be 'skseg.rules' or 'skseg.strategy'. It is "
                "the text 'skseg.rule'. Did you mean 'skseg.rules'?"
            ),
        ),
        ("format: skseg.rules\n", ": the key 'rules' is missing."),
        (
            "format: skseg.rules\nversion: 1\nrules: []\ndefualt: A\n",
            ": unknown key 'defualt'. Did you mean 'default'?",
        ),
        (
            "format: skseg.rules\nrules: [!!timestamp 2024-01-01]\n",
            ": a value in it is neither text nor a number.",
        ),
    ],
)
def test_bad_yaml_ends_in_a_message_and_status_2(
    tmp_path: Path, text: str, message: str
) -> None:
    said = refused(write(tmp_path / "r.yaml", text))
    assert said == f"r.yaml{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"rules": {"A": "x > 1", "A": "x < 1"}}',
            ": the key 'A' stands twice.",
        ),
        ('{"rules": {"A": "x > {a}"}, "params": {"a": NaN}}', ": NaN is no JSON."),
        (
            '{"rules": {"A": "x > 1",}}',
            ", line 1, column ",
        ),
        (
            '{"format": "skseg.strategy", "version": 1, "segments": []}',
            ": the key 'columns' is missing.",
        ),
        (
            '{"format": "skseg.rules", "version": 2, "rules": []}',
            (
                ": This skseg reads version 1 of skseg.rules. Got version 2; a newer "
                "skseg wrote it."
            ),
        ),
        (
            (
                '{"format": "skseg.rules", "version": 1, '
                '"rules": [{"name": "A", "rule": "x >"}]}'
            ),
            ": Segment 'A': Not a rule: the rule ends too early.\n  x >\n     ^",
        ),
        (f"{'[' * 100_000}", ": it is nested too deeply."),
    ],
)
def test_bad_json_ends_in_a_message_and_status_2(
    tmp_path: Path, text: str, message: str
) -> None:
    said = refused(write(tmp_path / "r.json", text))
    if message.endswith("column "):
        # Python 3.13 words it anew.
        assert said.startswith(f"r.json{message}")
        assert "not JSON" in said
    else:
        assert said == f"r.json{message}"


def test_a_strategy_edited_beyond_recognition_is_refused(tmp_path: Path) -> None:
    entry = {"segment": "A", "rule": "aov > 3", "figures": 3}
    content = {"format": "skseg.strategy", "version": 1, "columns": ["aov"]}
    content |= {"segments": [entry], "lineage": []}
    said = refused(write(tmp_path / "r.json", json.dumps(content)))
    assert said.startswith("r.json: Not a strategy: ")


def test_a_rule_that_does_not_parse_is_named_with_its_caret(tmp_path: Path) -> None:
    said = refused(write(tmp_path / "r.yaml", "rules:\n  VIP: aov = 120\n"))
    # The first line is partly Python's.
    first, *place = said.splitlines()
    assert first.startswith("r.yaml: the rule 'VIP': Not a rule: invalid syntax.")
    assert first.endswith(" Equality is written ==.")
    assert place == ["  aov = 120", "  ^"]


def test_files_that_are_no_text_and_missing_ones(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"rules: \xff")
    assert refused(path) == "r.yaml is not UTF-8 text."
    result = skseg_command("rules", "check", tmp_path / "no.yaml")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_yaml_needs_the_extra_and_json_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "skseg.cli._yaml_loader", raising=False)
    said = refused(write(tmp_path / "r.yaml", GAP))
    assert said.startswith("Reading YAML needs an optional dependency")
    assert said.endswith('pip install "skseg[cli]"')
    text = '{"rules": {"A": "aov > 3"}, "default": "B"}'
    assert checked(write(tmp_path / "r.json", text))[0] == 0


# apply


def test_apply_gives_what_the_library_gives(
    good: Path, carts: pd.DataFrame, carts_csv: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = skseg_command(
        *("rules", "apply", good, carts_csv, "--out", out, "--id", "user_id"),
        *("--outcome", "converted"),
    )
    assert result.exit_code == 0, result.output
    X = carts[["days_since_abandon", "aov"]]
    expected = MECERuleSegmenter(
        {
            "VIP": "aov >= max(q(0.75), {aov_min})",
            "Core": "40 <= aov < max(q(0.75), {aov_min})",
            "Small": "aov < 40 and not missing(aov)",
        },
        params={"aov_min": 90},
        default="New",
        universe="days_since_abandon <= 7",
        min_size=100,
        max_size=300,
        playbook={"VIP": "call them"},
    ).fit(X, carts["converted"])
    rows = pd.read_csv(out / "segments.csv")
    assert list(rows) == ["user_id", "segment_code", "segment"]
    assert (rows["user_id"] == carts["user_id"]).all()
    assert (rows["segment_code"] == expected.labels_).all()
    assert (rows["segment"] == expected.segment_names_[expected.labels_]).all()
    assert (rows["segment"] == "outside").sum() == expected.n_outside_
    text = (out / "strategy.json").read_text(encoding="utf-8")
    assert text == expected.to_json() + "\n"
    assert (out / "strategy.csv").read_bytes().decode() == expected.to_csv()
    assert {path.name for path in out.iterdir()} == RULES_FILES.keys() - {"rules.json"}
    for name in ("sizes.png", "flow.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    for name in expected.segment_names_:
        assert f"\n{name} " in result.stdout
    for n in expected.segments_["n"]:
        assert f" {n} " in result.stdout
    assert "The 5 segments are mutually exclusive" in result.stdout
    for name in RULES_FILES.keys() - {"rules.json"}:
        assert RULES_FILES[name].partition(",")[0] in " ".join(result.stdout.split())


def test_the_written_strategy_and_query_give_the_same_segments(
    good: Path, carts_csv: Path, tmp_path: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    arguments = ["rules", "apply", good, carts_csv, "--out", first, *FAST]
    assert skseg_command(*arguments).exit_code == 0
    strategy = first / "strategy.json"
    assert checked(strategy)[0] == 0
    arguments = ["rules", "apply", strategy, carts_csv, "--out", again, *FAST]
    assert skseg_command(*arguments).exit_code == 0
    for name in ("segments.csv", "strategy.json", "strategy.csv", "rules.sql"):
        assert (first / name).read_bytes() == (again / name).read_bytes()
    rows = pd.read_csv(first / "segments.csv")
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE customers AS FROM read_csv('{carts_csv}')")
        query = (first / "rules.sql").read_text(encoding="utf-8")
        found = database.execute(query).fetchall()
    assert [row[-2] for row in found] == rows["segment_code"].to_list()
    assert [row[-1] for row in found] == rows["segment"].to_list()


def test_rule_sets_are_resolved_on_the_data_and_applied_as_they_are(
    odd: Path, tmp_path: Path
) -> None:
    rules = RuleSet({"A": "aov >= q(0.5)", "B": "plan == '1'"}, universe="w >= 1")
    path = write(tmp_path / "r.json", rules.to_json())
    out = tmp_path / "out"
    arguments = ["rules", "apply", path, odd, "--out", out, "--no-plots"]
    result = skseg_command(*arguments, "--weight", "w")
    assert result.exit_code == 0, result.output
    assert "Not mutually exclusive: 1 pair overlaps." in result.stdout
    assert "rows without one have no segment" in result.stdout
    assert "\n(no segment)     2 " in result.stdout
    assert "\nA                3  ████████████████  60.0%" in result.stdout
    assert (out / "segments.csv").read_text(encoding="utf-8") == (
        "row,segment_code,segment\n1,-1,\n2,0,A\n3,-1,\n4,0,A\n"
    )
    written = RuleSet.from_json((out / "rules.json").read_text(encoding="utf-8"))
    # The median of 10, 12.5, 200 and 200, for the row of 200 counts twice.
    assert str(written["A"]) == "aov >= 12.5"
    names = {path.name for path in out.iterdir()}
    assert names == {"segments.csv", "rules.json", "rules.sql"}


def test_text_and_ids_keep_their_zeros_and_empty_cells_are_missing(
    odd: Path, tmp_path: Path
) -> None:
    text = (
        "rules:\n  Unknown: missing(plan)\n  Old: plan == '01'\n  Big: aov >= 12\n"
        "on_overlap: first\ndefault: Rest\n"
    )
    path, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    arguments = ["rules", "apply", path, odd, "--out", out, "--id", "id"]
    result = skseg_command(*arguments, "--no-plots")
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "As written 2 pairs of rules overlap; the first rule that holds" in said
    assert (out / "segments.csv").read_text(encoding="utf-8") == (
        "id,segment_code,segment\n007,1,Old\n7,2,Big\nNA,1,Old\nx,0,Unknown\n"
    )
    query = (out / "rules.sql").read_text(encoding="utf-8")
    assert "-- Text, leading zeros included: plan.\n" in query
    with duckdb.connect() as database:
        database.execute(
            f"CREATE TABLE customers AS FROM read_csv('{odd}', header=true, "
            "types={'plan': 'VARCHAR', 'id': 'VARCHAR', 'aov': 'DOUBLE'})"
        )
        found = database.execute(query).fetchall()
    assert [row[-2] for row in found] == [1, 2, 1, 0]


def test_weights_count_and_outcomes_are_averaged(odd: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", "rules: {Low: aov < 100}\ndefault: Rest\n")
    options = ["--outcome", "paid", "--weight", "w"]
    result = skseg_command("rules", "apply", path, odd, *options)
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert "Low 2 ██████████▋ 40.0% 0 0.00" in text
    assert "Rest 3 ████████████████ 60.0% 1 1.00" in text
    assert "Nothing is written without --out FOLDER." in text
    assert {item.name for item in tmp_path.iterdir()} == {odd.name, path.name}


def test_columns_to_split_on_and_to_score_are_read_as_numbers(
    odd: Path, tmp_path: Path
) -> None:
    text = (
        "rules: {All: not missing(id)}\nsplit_on: [w]\nmax_size: 3\n"
        "score_weights: {size: 1, paid: 1}\ndefault: Rest\n"
    )
    rules, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    result = skseg_command("rules", "apply", rules, odd, "--out", out, "--no-plots")
    assert result.exit_code == 0, result.output
    strategy = pd.read_csv(out / "strategy.csv")
    assert "mean_paid" in strategy
    assert strategy.set_index("segment")["n"].to_dict() == {
        "All / w up to 1": 3,
        "All / w over 1 or missing": 1,
        "Rest": 0,
    }


def test_a_strategy_shows_the_scores_of_its_fit(odd: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", "rules: {Low: aov < 100}\ndefault: Rest\n")
    out = tmp_path / "out"
    skseg_command("rules", "apply", path, odd, "--out", out, *FAST)
    result = skseg_command("rules", "apply", out / "strategy.json", odd, columns=160)
    assert "Score as fitted  Rule" in result.stdout
    assert "\nRules\n" not in result.stdout


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip"])
def test_bad_numbers_are_named_with_their_line_even_when_compressed(
    odd: Path, tmp_path: Path, suffix: str
) -> None:
    rules = write(tmp_path / "r.yaml", "rules: {Low: aov < 100}\ndefault: Rest\n")
    text = odd.read_text(encoding="utf-8").replace("12.5", '"12,5"')
    path = tmp_path / f"odd.csv{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("odd.csv", text)
    else:
        packer: Any = {".gz": gzip, ".bz2": bz2, ".xz": lzma}[suffix]
        path.write_bytes(packer.compress(text.encode()))
    assert refused(path, "apply", rules) == (
        f"odd.csv{suffix}, line 7: the column 'aov' must hold numbers, or nothing "
        "where the value is missing. Got '12,5'. Write decimals with a point."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1.0),
        (" -2.50 ", -2.5),
        ("+.5e-1", 0.05),
        ("7.", 7.0),
        ("-inf", -np.inf),
        ("", np.nan),
        ("1_000", None),
        ("nan", None),
        ("NA", None),
        ("0x1F", None),
        ("True", None),
        ("١", None),
        ("1 000", None),
    ],
)
def test_numbers_are_what_databases_take_for_numbers(
    tmp_path: Path, text: str, expected: float | None
) -> None:
    data = read_data(write_csv(tmp_path / "d.csv", ["a,b", f"{text},1"]), ["a"])
    if expected is None:
        with pytest.raises(ValueError, match="line 2: the column 'a' must hold"):
            data.numbers("a")
    else:
        np.testing.assert_equal(data.numbers("a"), [expected])


def apply_to(odd: Path, tmp_path: Path, text: str, *options: object) -> str:
    rules = write(tmp_path / "r.yaml", text)
    result = skseg_command(
        "rules", "apply", rules, odd, "--out", tmp_path / "out", *options
    )
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()
    return result.stderr.removeprefix("Error: ").rstrip()


LOW = "rules: {Low: aov < 100}\ndefault: Rest\n"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "rules: {Low: avo < 100}\ndefault: Rest\n",
            [],
            (
                "odd.csv needs the column 'avo'. Available: 'id', 'aov', 'plan', "
                "'note', 'paid', 'w'. Did you mean 'aov'?"
            ),
        ),
        (
            LOW,
            ["--outcome", "aov"],
            (
                "odd.csv, line 6: the column 'aov' must hold a finite number in every "
                "row. Got an empty cell."
            ),
        ),
        (
            LOW,
            ["--outcome", "note"],
            (
                "odd.csv, line 2: the column 'note' must hold numbers, or nothing "
                "where the value is missing. Got 'a'."
            ),
        ),
        (
            GAP,
            [],
            (
                "r.yaml: The rules leave gaps. Change the rules, or name the segment "
                "of all other rows with default: Others.\nNot collectively "
                "exhaustive.\n  no rule holds where aov: missing; for example "
                "aov=missing\nOf the 4 rows of odd.csv to be segmented, 0 satisfy "
                "several rules and 1 none."
            ),
        ),
        (
            GAP + "schema: {aov: {missing: false}}\n",
            [],
            (
                "r.yaml: odd.csv, line 6: it belongs to no segment: it contradicts the "
                "schema, on which the proof relies, in column 'aov' (known as "
                "Domain(integer=False, low=-inf, high=inf, values=None, "
                "missing=False)). Mend the data, or say less in schema."
            ),
        ),
        (
            LOW + "universe: aov > 1000\n",
            [],
            (
                "r.yaml: No row of odd.csv lies in the universe, which is aov > 1000. "
                "Widen it."
            ),
        ),
        (
            LOW + "score_weights: {outcome: 1}\n",
            [],
            "r.yaml: the key 'score_weights' names 'outcome'. Give --outcome.",
        ),
        (
            LOW + "playbook: {Lwo: call}\n",
            [],
            (
                "r.yaml: the key 'playbook' names 'Lwo', which is neither a segment "
                "nor a rule. Did you mean 'Low'?"
            ),
        ),
        (
            "rules: {All: 'True'}\n",
            [],
            "The rules of r.yaml mention no column.",
        ),
    ],
)
def test_rules_and_data_that_do_not_go_together(
    odd: Path, tmp_path: Path, text: str, options: list[str], message: str
) -> None:
    assert apply_to(odd, tmp_path, text, *options) == message


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "d.csv", "aov,b,b,aov\n1,1,1,1\n")
    assert apply_to(data, tmp_path, LOW) == (
        "d.csv has several columns 'aov'. Rename all but one."
    )


def test_lines_are_counted_as_in_an_editor(tmp_path: Path) -> None:
    lines = ["aov", "", "1", "   ", '""', '"2', ' "', "x"]
    data = read_data(write_csv(tmp_path / "d.csv", lines), ["aov"])
    with pytest.raises(ValueError, match=r"d\.csv, line 8: the column 'aov' must hold"):
        data.numbers("aov")


def test_bad_weights_ids_and_empty_data(odd: Path, tmp_path: Path) -> None:
    negative = write(tmp_path / "n.csv", "aov,w,segment\n1,-1,a\n")
    assert apply_to(negative, tmp_path, LOW, "--weight", "w") == (
        "n.csv, line 2: the weight in column 'w' is negative."
    )
    assert apply_to(negative, tmp_path, LOW, "--id", "segment") == (
        "The id column must not be called 'segment', like a column of the result. "
        "Rename it."
    )
    empty = write(tmp_path / "e.csv", "aov,w\n")
    assert apply_to(empty, tmp_path, LOW) == "e.csv holds no rows."


def test_an_edited_strategy_that_is_no_partition_is_refused(
    odd: Path, tmp_path: Path
) -> None:
    rules, out = write(tmp_path / "r.yaml", LOW), tmp_path / "first"
    skseg_command("rules", "apply", rules, odd, "--out", out, *FAST)
    path = out / "strategy.json"
    text = path.read_text(encoding="utf-8").replace('"rule": null', '"rule": "aov > 1"')
    said = apply_to(odd, tmp_path, text)
    assert said.startswith("r.yaml: The rules of the strategy are no partition.\n")


def test_sizes_that_cannot_be_had_are_refused(odd: Path, tmp_path: Path) -> None:
    said = apply_to(odd, tmp_path, LOW + "min_size: 3\nmax_size: 3\n")
    assert said.startswith("r.yaml: cannot bring the segments to min_size=3 and ")
    assert "MECERuleSegmenter" not in said


def test_files_of_others_and_sources_are_left_alone(odd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    mine = write(out / "segments.csv", "mine")
    rules = write(tmp_path / "r.yaml", LOW)
    arguments = ["rules", "apply", rules, odd, "--out", out, *FAST]
    result = skseg_command(*arguments)
    assert result.exit_code == 2
    assert "holds segments.csv, which skseg has not written" in result.stderr
    mine.unlink()
    assert skseg_command(*arguments).exit_code == 0
    # Its own files are replaced, but not the one that is being read.
    assert skseg_command(*arguments).exit_code == 0
    arguments[2] = out / "strategy.json"
    result = skseg_command(*arguments)
    assert result.exit_code == 2
    assert "strategy.json would be replaced" in result.stderr


def test_what_cannot_be_written_is_status_1(odd: Path, tmp_path: Path) -> None:
    rules = write(tmp_path / "r.yaml", LOW)
    blocked = write(tmp_path / "file", "no folder") / "out"
    result = skseg_command("rules", "apply", rules, odd, "--out", blocked)
    assert result.exit_code == 1
    assert f"Cannot write to {blocked}" in result.stderr


@pytest.mark.parametrize("quiet", [False, True])
def test_files_of_missing_extras_are_skipped_with_a_word(
    odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    for module in ("_sql", "_dialects"):
        monkeypatch.delitem(sys.modules, f"skseg.rules.{module}", raising=False)
    rules, out = write(tmp_path / "r.yaml", LOW), tmp_path / "out"
    options = ["--out", out, *(["-q"] if quiet else [])]
    result = skseg_command("rules", "apply", rules, odd, *options)
    assert result.exit_code == 0, result.output
    said = " ".join((result.stderr if quiet else result.stdout).split())
    assert "Not written: rules.sql. " in said
    assert "Not written: sizes.png, flow.png. " in said
    assert (result.stdout if quiet else result.stderr) == ""
    written = {path.name for path in out.iterdir()}
    assert written == {"segments.csv", "strategy.csv", "strategy.json"}


def test_options_about_the_format(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    path.write_text("Zo\xeb\tort\n12\tK\xf6ln\nx\tBonn\n", encoding="latin-1")
    rules = write(tmp_path / "r.yaml", "rules: {K: ort == 'Köln'}\ndefault: Rest\n")
    options = ["--sep", "tab", "--encoding", "latin-1", "--dialect", "sqlite"]
    out = tmp_path / "out"
    arguments = ["rules", "apply", rules, path, "--out", out, "--id", "Zo\xeb"]
    result = skseg_command(*arguments, *options, "--no-plots")
    assert result.exit_code == 0, result.output
    text = (out / "segments.csv").read_text(encoding="utf-8")
    assert text == "Zo\xeb,segment_code,segment\n12,0,K\nx,1,Rest\n"
    assert "for sqlite" in (out / "rules.sql").read_text(encoding="utf-8")


def test_terminals_get_progress_and_narrow_ones_fit(odd: Path, tmp_path: Path) -> None:
    rules = write(tmp_path / "r.yaml", LOW)
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm"}
    result = skseg_command("rules", "apply", rules, odd, **terminal)
    assert "Reading odd.csv" in result.stderr
    assert "Segmenting" in result.stderr
    narrow = skseg_command("rules", "apply", rules, odd, columns=60).stdout
    assert max(map(len, narrow.splitlines())) <= 60
