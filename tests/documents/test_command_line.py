"""The command line reads what the library writes, and refuses what it would refuse."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from skseg.rules import RuleSet
from tests.cli.cli_tools import FAST, checked, refused, skseg_command, write
from tests.documents.written import noisy_rules

RULES = "rules: {A: x > 1}\ndefault: B\n"
CORE = {"Core": "x <= 5", "Edge": "5 < x <= 9", "Noise": "x > 9"}


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    """Return a file with a row in every segment, and one that is missing."""
    return write(tmp_path / "customers.csv", "id,x\na,1\nb,7\nc,20\nd,\ne,30\n")


def applied(rules: RuleSet, customers: Path) -> pd.DataFrame:
    """Return the rows that the command writes, after a check of its query."""
    out = customers.parent / "out"
    path = write(customers.parent / "rules.json", rules.to_json())
    result = skseg_command(
        *("rules", "apply", path, customers, "--out", out, "--id", "id", *FAST)
    )
    assert result.exit_code == 0, result.output
    rows = pd.read_csv(out / "rows.csv")
    X = pd.read_csv(customers)
    assert rows["segment_code"].tolist() == rules.assign(X[["x"]]).tolist()
    query = (out / "rules.sql").read_text(encoding="utf-8")
    connection = duckdb.connect()
    connection.register("customers", X)
    from_query = connection.execute(query).df().set_index("id").loc[rows["id"]]
    assert from_query["segment_code"].tolist() == rows["segment_code"].tolist()
    named = from_query["segment"].replace({np.nan: None}).tolist()
    assert named == rows["segment"].replace({np.nan: None}).tolist()
    assert RuleSet.from_json(out / "rules.json") == rules
    return rows


@pytest.mark.parametrize(
    ("default", "codes", "names"),
    [
        ("Unknown", [0, 1, -1, 2, -1], ["Core", "Edge", "Noise", "Unknown", "Noise"]),
        (None, [0, 1, -1, -1, -1], ["Core", "Edge", "Noise", None, "Noise"]),
    ],
)
def test_noise_is_numbered_as_the_library_does(
    customers: Path, default: str | None, codes: list[int], names: list[str | None]
) -> None:
    rows = applied(RuleSet(CORE, default=default, noise="Noise"), customers)
    assert rows["segment_code"].tolist() == codes
    assert rows["segment"].replace({np.nan: None}).tolist() == names


@pytest.mark.parametrize(
    ("default", "n_noise", "is_told"), [("Unknown", 2, False), (None, 2, True)]
)
def test_rows_of_no_segment_are_not_counted_as_noise(
    customers: Path, default: str | None, n_noise: int, is_told: bool
) -> None:
    rules = RuleSet(CORE, default=default, noise="Noise")
    path = write(customers.parent / "rules.json", rules.to_json())
    result = skseg_command("rules", "apply", path, customers)
    assert result.exit_code == 0, result.output
    lines = map(str.split, result.stdout.splitlines())
    assert str(n_noise) in [words[1] for words in lines if words[:1] == ["Noise"]]
    assert ("(no segment)" in result.stdout) == is_told


def test_a_check_tells_the_noise_of_dbscan(tmp_path: Path) -> None:
    path = write(tmp_path / "rules.json", noisy_rules().to_json())
    status, report = checked(path)
    assert (status, report["noise"], report["default"]) == (0, "Noise", "Unknown")
    assert "the noise 'Noise'." in skseg_command("rules", "check", path).stdout


def test_a_definition_has_no_noise(tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", RULES + "noise: B\n")
    assert refused(path).startswith("r.yaml: Unknown key 'noise'.")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "schema: {y: {low: 0}}",
            "The schema names the column 'y', which nothing else",
        ),
        ("schema: {X: {low: 0}}", "in the file names. Did you mean 'x'?"),
        ("schema: {x: {integer: 'false'}}", "must be true or false. It is the text"),
        ("schema: {x: {integer: maybe}}", "must be true or false. It is the text"),
        (
            "schema: {x: {integer: 1}}",
            "must be true or false. It is read as the number",
        ),
        (
            "schema: {x: {missing: 5}}",
            "must be true or false. It is read as the number",
        ),
        ("schema: {x: {missing: }}", "must be true or false. It is empty"),
        ("schema: {x: {values: []}}", "The key 'values' in the schema of 'x' must be"),
        ("schema: {x: {low: 2024-01-31}}", "It is the text '2024-01-31'"),
        ("score_weights: {x: true}", "The weight of 'x' must be a number. It is read"),
        ("score_weights: {x: .inf}", "The weight of 'x' must be a number. It is read"),
        ("score_weights: [x]", "The key 'score_weights' must be a mapping of"),
        ("params: {t: }", "The parameter 't' must be a number, text, true or false"),
        ("params: {t: {a: 1}}", "The parameter 't' must be a number, text, true or"),
        ("params: {t: [[1]]}", "The parameter 't' must be a number, text, true or"),
        ("defaults: ", "Unknown key 'defaults'. Did you mean 'default'?"),
        ("min_size: true", "The key 'min_size' must be an int in [1, inf) or a float"),
        ("min_size: .inf", "The key 'min_size' must be an int in [1, inf) or a float"),
        (f"min_size: {'9' * 400}", "line 3: A number of 400 digits is beyond float64"),
        (f"params: {{t: -{'9' * 400}}}", "line 3: A number of 400 digits is beyond"),
        (f"schema: {{x: {{low: {'9' * 400}}}}}", "A number of 400 digits is beyond"),
        (f"score_weights: {{size: {'9' * 400}}}", "A number of 400 digits is beyond"),
    ],
    ids=lambda value: value[:32],
)
def test_values_of_a_definition_are_checked(
    tmp_path: Path, line: str, message: str
) -> None:
    error = refused(write(tmp_path / "r.yaml", f"{RULES}{line}\n"))
    assert error.startswith("r.yaml")
    assert message in error


@pytest.mark.parametrize(
    "lines",
    [
        "schema: {y: {low: 0}}\nuniverse: y > 3\n",
        "schema: {y: {low: 0}}\nsplit_on: [y]\n",
        "schema: {y: {low: 0}}\nscore_weights: {y: 1}\n",
        "schema: {x: {low: -.inf, high: .inf}}\n",
        "params: {t: [1, 2]}\n",
    ],
)
def test_a_schema_is_about_all_columns_that_a_definition_names(
    tmp_path: Path, lines: str
) -> None:
    assert checked(write(tmp_path / "r.yaml", RULES + lines))[0] == 0


def test_dates_are_written_as_in_rules(tmp_path: Path) -> None:
    text = (
        "rules: {Old: 'd < {t}', New: 'd >= {t}'}\n"
        "params: {t: date('2024-06-30')}\n"
        "schema: {d: {low: date('2024-01-01'), missing: false}}\n"
    )
    status, report = checked(write(tmp_path / "r.yaml", text))
    assert status == 0
    assert report["rules"]["Old"] == "d < date('2024-06-30')"
    bad = write(tmp_path / "r.yaml", text.replace("06-30", "06-31"))
    assert "The parameter 't': " in refused(bad)


@pytest.mark.parametrize("name", ["r.yaml", "r.json"])
def test_a_map_of_rfm_segments_is_read_by_the_same_loader(
    tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / name, '{"rules": {"A": "R > 1"}, "rules": {}}')
    orders = write(tmp_path / "orders.csv", "id,when,paid\n1,2024-01-01,3\n")
    result = skseg_command(
        *("rfm", orders, "--segments", path, "--customer", "id", "--date", "when"),
        *("--amount", "paid", "--as-of", "2025-01-01", "--out", tmp_path / "out"),
    )
    assert result.exit_code == 2
    assert "he key 'rules' stands twice" in result.stderr
