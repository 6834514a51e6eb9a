"""Files of rules: the forms that are read, and what is said about bad ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.rules import RuleSet
from tests.cli.cli_tools import GAP, checked, refused, skseg_command, write
from tests.modules import forget_modules


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
    "text",
    [
        "A: b == True, B: b == False|integer: true, low: 0, high: 1",
        "A: b == True, B: b == False|values: [0, 1]",
        "A: b >= 1, B: b < 1|values: [true, false]",
    ],
    ids=["bounds", "numbers", "booleans"],
)
def test_booleans_in_a_schema_are_also_one_and_zero(tmp_path: Path, text: str) -> None:
    rules, domain = text.split("|")
    content = f"rules: {{{rules}}}\nschema: {{b: {{{domain}, missing: false}}}}\n"
    assert checked(write(tmp_path / "r.yaml", content))[0] == 0


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


QUOTE = (
    "Put a rule in quotes if it holds ': ' or ' #', or begins with a quote, a bracket "
    "or another sign; or write it as a block, behind |.\n"
)

TAG = "Tags are not read; leave it out, and put text that begins with ! in quotes."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " is empty."),
        (
            "rules:\n  VIP: aov > 3\n  VIP: aov > 4\n",
            (
                ", line 3: The key 'VIP' stands twice, first in line 2.\n"
                "    VIP: aov > 4\n    ^"
            ),
        ),
        (
            "rules:\n  '1': aov > 3\n  1: aov > 4\n",
            (
                ", line 3: The key '1' stands twice, first in line 2.\n"
                "    1: aov > 4\n    ^"
            ),
        ),
        (
            "rules:\n  A: aov > 3\ndefault: B\ndefault: C\n",
            (
                ", line 4: The key 'default' stands twice, first in line 3.\n"
                "  default: C\n  ^"
            ),
        ),
        (
            "rules:\n\tVIP: aov > 3\n",
            ", line 2: A tab stands where YAML needs spaces.\n  \tVIP: aov > 3\n  ^",
        ),
        (
            "rules:\n  A: {low} <= aov\n",
            (
                ", line 2: Not YAML, expected <block end>, but found '<scalar>'. "
                f"{QUOTE}    A: {{low}} <= aov\n             ^"
            ),
        ),
        (
            "rules:\n  A: plan == 'a: b'\n",
            (
                f", line 2: Not YAML, mapping values are not allowed here. {QUOTE}"
                "    A: plan == 'a: b'\n                 ^"
            ),
        ),
        (
            "rules:\n  A: !missing(aov)\n",
            f", line 2: {TAG}\n    A: !missing(aov)\n       ^",
        ),
        (
            "rules:\n  A: plan == 'a #b'\n",
            (
                ": The rule 'A': Not a rule: unterminated string literal (detected at "
                "line 1).\n  plan == 'a\n          ^\n"
                "To YAML, ' #' begins a comment: put such a rule in quotes."
            ),
        ),
        (
            "rules: {A: aov > 3}\n---\nrules: {}\n",
            (
                ", line 2: A second document begins here; a rules file is a single "
                "one.\n  ---\n  ^"
            ),
        ),
        (
            "rules:\n  A: &a aov > 3\n  B: *a\n",
            (
                ", line 2: Anchors and aliases are not read; write the value out, and "
                "put text that begins with & or * in quotes.\n"
                "    A: &a aov > 3\n       ^"
            ),
        ),
        (
            "rules:\n  ? [a]\n  : aov > 3\n",
            ", line 2: A name must be text.\n    ? [a]\n      ^",
        ),
        (
            "rules: {A: aov > 3}\ndefault: no\n",
            (
                ", line 2: The word no may be text, or true or false; put text in "
                'quotes, "no", or write true or false.\n  default: no\n           ^'
            ),
        ),
        ("rules: {A: b\0}", " holds the character #x0000, which YAML has not."),
        (f"rules: {'[' * 1000}", " is nested too deeply."),
        ("- rules\n", ": It must hold keys with values. It is read as a list."),
        ("aov > 3\n", ": It must hold keys with values. It is the text 'aov > 3'."),
        ("default: A\n", ": The key 'rules' is missing, a mapping of names to rules."),
        (
            "rules:\n",
            ": The key 'rules' must be a mapping of names to rules. It is empty.",
        ),
        ("rules: {}\n", ": The key 'rules' must hold at least one rule."),
        (
            "rules:\n  - A: aov > 3\n",
            (
                ": The key 'rules' must be a mapping of names to rules. It is read as "
                "a list."
            ),
        ),
        (
            "rules: {A: 12}\n",
            (
                ": The rule 'A' must be text. It is read as the number 12; put it in "
                "quotes."
            ),
        ),
        (
            "rules: {A: True}\n",
            ": The rule 'A' must be text. It is read as true; put it in quotes.",
        ),
        (
            "rules: {A: !!timestamp 2024-01-01}\n",
            f", line 1: {TAG}\n  rules: {{A: !!timestamp 2024-01-01}}\n             ^",
        ),
        ("rules:\n  A:\n", ": The rule 'A' is empty."),
        ("rules: {'': aov > 3}\n", ": A segment name must not be empty."),
        (
            "rules: {A: aov > 3}\ndefualt: B\n",
            ": Unknown key 'defualt'. Did you mean 'default'?",
        ),
        (
            "rules: {A: aov > 3}\nzzz: B\n",
            (
                ": Unknown key 'zzz'. Known: rules, params, default, on_overlap, "
                "on_gap, universe, min_size, max_size, split_on, oversize, schema, "
                "on_invalid, score_weights, playbook."
            ),
        ),
        (
            "rules: {A: aov > 3}\ndefault: 12\n",
            (
                ": The key 'default' must be text. It is read as the number 12; put it "
                "in quotes."
            ),
        ),
        (
            "rules: {A: aov > 3}\nmin_size: 10%\n",
            (
                ": The key 'min_size' must be an int in [1, inf) or a float in (0, 1). "
                "Got '10%' instead."
            ),
        ),
        (
            "rules: {A: aov > 3}\non_overlap: last\n",
            ": The key 'on_overlap' must be 'raise' or 'first'. Got 'last' instead.",
        ),
        (
            "rules: {A: aov > 3}\nsplit_on: aov\n",
            ": The key 'split_on' must be a list of columns. It is the text 'aov'.",
        ),
        (
            "rules: {A: aov > 3}\nsplit_on: [3]\n",
            (
                ": A column in 'split_on' must be text. It is read as the number 3; "
                "put it in quotes."
            ),
        ),
        (
            "rules: {A: aov > 3}\nplaybook: {A: }\n",
            ": The action for 'A' is empty.",
        ),
        (
            "rules: {A: aov > 3}\nparams: [3]\n",
            ": The key 'params' must be a mapping. It is read as a list.",
        ),
        (
            "rules: {A: 'aov > {x}'}\nparams: {x: q(3)}\n",
            (
                ": The parameter 'x': The level of q(p) must be in [0, 1]. Got 3.0.\n"
                "  x >= q(3)\n       ^^^^"
            ),
        ),
        (
            "rules: {A: 'aov > {t}'}\nparams: {s: 3}\n",
            (
                ": The rule 'A': The parameter 't' has no value in params.\n"
                "  aov > {t}\n        ^^^"
            ),
        ),
        (
            "rules: {A: aov > 3}\nuniverse: aov\n",
            (
                ": The universe: A column alone is not a condition. Compare it: "
                "== True, == 1, == 'yes', ...\n  aov\n  ^^^"
            ),
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: {lwo: 3}}\n",
            ": Unknown key 'lwo' in the schema of 'aov'. Did you mean 'low'?",
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: 3}\n",
            (
                ": The schema of 'aov' must be a mapping, such as {low: 0}. It is read "
                "as the number 3."
            ),
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: {low: 9, high: 3}}\n",
            (
                ": The key 'low' in the schema of 'aov' must be at most high, which is "
                "3.0. It is read as the number 9.0."
            ),
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: {low: x}}\n",
            (
                ": The key 'low' in the schema of 'aov' must be a number. It is the "
                "text 'x'."
            ),
        ),
        (
            "rules: {A: aov > 3}\nschema: {aov: {values: [a]}}\n",
            (
                ": The schema says that the column 'aov' holds text; the rules compare "
                "it with numbers."
            ),
        ),
        (
            "rules: {A: plan > 'a'}\n",
            (
                ": The rule 'A': Text has no order in rules: 'plan' > 'a'. Use ==, != "
                "or in. Dates are written date('2024-12-25').\n  plan > 'a'\n"
                "  ^^^^^^^^^^"
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
                ": The key 'format' must be 'skseg.rules' or 'skseg.strategy'. It is "
                "the text 'skseg.rule'. Did you mean 'skseg.rules'?"
            ),
        ),
        (
            "format: skseg.rules\n",
            ": Not a rule set: the key 'version' is missing.",
        ),
        (
            "format: skseg.rules\nversion: 1\n",
            ": Not a rule set: the key 'rules' is missing.",
        ),
        (
            "format: skseg.rules\nversion: 1\nrules: []\ndefualt: A\n",
            (
                ": Not a rule set: the keys are format, version, rules, universe, "
                "default, noise. Got 'defualt' instead. Did you mean 'default'?"
            ),
        ),
        (
            "format: skseg.rules\nrules: [!!timestamp 2024-01-01]\n",
            f", line 2: {TAG}\n  rules: [!!timestamp 2024-01-01]\n          ^",
        ),
    ],
)
def test_bad_yaml_ends_in_a_message_and_status_2(
    tmp_path: Path, text: str, message: str
) -> None:
    assert refused(write(tmp_path / "r.yaml", text)) == f"r.yaml{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"rules": {"A": "x > 1", "A": "x < 1"}}',
            ": The key 'A' stands twice.",
        ),
        ('{"rules": {"A": "x > {a}"}, "params": {"a": NaN}}', ": NaN is no JSON."),
        (
            '{"rules": {"A": "x > 1",}}',
            ", line 1, column ",
        ),
        (
            '{"format": "skseg.strategy", "version": 1, "segments": []}',
            ": Not a strategy: the key 'columns' is missing.",
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
        (f"{'[' * 100_000}", " is nested too deeply."),
    ],
)
def test_bad_json_ends_in_a_message_and_status_2(
    tmp_path: Path, text: str, message: str
) -> None:
    error = refused(write(tmp_path / "r.json", text))
    if message.endswith("column "):
        # Python 3.13 words it anew.
        assert error.startswith(f"r.json{message}")
        assert "Not JSON" in error
    else:
        assert error == f"r.json{message}"


def test_a_strategy_edited_beyond_recognition_is_refused(tmp_path: Path) -> None:
    entry = {"name": "A", "rule": "aov > 3", "figures": 3}
    content = {"format": "skseg.strategy", "version": 1, "columns": ["aov"]}
    content |= {"segments": [entry], "lineage": []}
    error = refused(write(tmp_path / "r.json", json.dumps(content)))
    assert error.startswith("r.json: Not a strategy: ")


def test_a_rule_that_does_not_parse_is_named_with_its_caret(tmp_path: Path) -> None:
    error = refused(write(tmp_path / "r.yaml", "rules:\n  VIP: aov = 120\n"))
    # The first line is partly Python's.
    first, *place = error.splitlines()
    assert first.startswith("r.yaml: The rule 'VIP': Not a rule: invalid syntax.")
    assert first.endswith(" Equality is written ==. Did you mean: aov == 120")
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
    forget_modules(monkeypatch, "skseg._documents._yaml_loader")
    error = refused(write(tmp_path / "r.yaml", GAP))
    assert error.startswith("Reading YAML needs an optional dependency")
    assert error.endswith('pip install "skseg[cli]"')
    text = '{"rules": {"A": "aov > 3"}, "default": "B"}'
    assert checked(write(tmp_path / "r.json", text))[0] == 0
