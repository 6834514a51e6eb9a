"""``skseg rules apply`` of strategies: as they are, edited, and fitted again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from tests.cli.cli_tools import checked, skseg_command, write

OUTCOME = ["--outcome", "converted"]
NO_PICTURES = ["--no-plots"]


@pytest.fixture
def strategy(good: Path, carts_csv: Path, tmp_path: Path) -> Path:
    """Return the strategy of a definition fitted with an outcome."""
    return applied(good, carts_csv, tmp_path / "first", *OUTCOME) / "strategy.json"


def applied(file: Path, data: Path, out: Path, *options: object) -> Path:
    arguments = ["rules", "apply", file, data, "--out", out, *NO_PICTURES, *options]
    result = skseg_command(*arguments)
    assert result.exit_code == 0, result.output
    return out


def edited(strategy: Path, old: str, new: str) -> Path:
    text = strategy.read_text(encoding="utf-8")
    assert old in text
    return write(strategy.parent.parent / "edited.json", text.replace(old, new, 1))


def content_of(out: Path) -> dict[str, Any]:
    text = (out / "strategy.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def sizes_of(out: Path) -> dict[str, Any]:
    """Return segment -> n of the strategy that was written."""
    return {e["name"]: e["figures"]["n"] for e in content_of(out)["segments"]}


def counts_of(out: Path) -> dict[str, int]:
    """Return segment -> number of rows that were written, those outside left out."""
    counts: dict[str, int] = pd.read_csv(out / "rows.csv")["segment"].value_counts()
    return {name: n for name, n in counts.items() if name != "outside"}


def test_what_was_counted_is_written_and_shown(
    strategy: Path, carts_csv: Path, tmp_path: Path
) -> None:
    path = edited(strategy, '"universe": "days_since_abandon <= 7"', '"universe": null')
    out = tmp_path / "again"
    result = skseg_command(
        *("rules", "apply", path, carts_csv, "--out", out, *NO_PICTURES, *OUTCOME)
    )
    assert result.exit_code == 0, result.output
    sizes = sizes_of(out)
    assert sizes == counts_of(out)
    assert sum(sizes.values()) == len(pd.read_csv(carts_csv))
    assert all(isinstance(n, int) for n in sizes.values())
    for n in sizes.values():
        assert f" {n:,} " in result.stdout
    table = pd.read_csv(out / "strategy.csv", dtype={"n": str})
    assert table.set_index("name")["n"].to_dict() == {
        name: str(n) for name, n in sizes.items()
    }
    assert table["outcome"].notna().all()
    assert table["score"].notna().all()
    content = content_of(out)
    assert content["fitted"]["n_outside"] == 0
    assert sum(flow["n"] for flow in content["fitted"]["lineage"]) == sum(
        sizes.values()
    )


def test_an_edited_default_is_counted_anew(
    strategy: Path, carts_csv: Path, tmp_path: Path
) -> None:
    before = sizes_of(strategy.parent)
    text = strategy.read_text(encoding="utf-8")
    rules = [e["rule"] for e in json.loads(text)["segments"]]
    small = next(rule for rule in rules if rule and "< 40" in rule)
    path = edited(strategy, json.dumps(small), '"aov < 30"')
    out = applied(path, carts_csv, tmp_path / "again", *OUTCOME)
    sizes = sizes_of(out)
    assert sizes == counts_of(out)
    assert sizes["New"] > before["New"]
    assert sum(sizes.values()) == sum(before.values())


def test_weights_that_are_whole_numbers_give_whole_numbers(
    strategy: Path, carts: pd.DataFrame, tmp_path: Path
) -> None:
    data = tmp_path / "weighted.csv"
    carts.assign(w=3).to_csv(data, index=False)
    out = applied(strategy, data, tmp_path / "again", "--weight", "w", *OUTCOME)
    before = sizes_of(strategy.parent)
    assert sizes_of(out) == {name: 3 * n for name, n in before.items()}
    assert all(isinstance(n, int) for n in sizes_of(out).values())


def test_a_strategy_is_applied_to_rows_without_the_columns_of_its_scores(
    carts: pd.DataFrame, tmp_path: Path
) -> None:
    data, fewer = tmp_path / "d.csv", tmp_path / "fewer.csv"
    carts.to_csv(data, index=False)
    carts[["aov"]].to_csv(fewer, index=False)
    text = "rules: {VIP: aov >= q(0.5)}\ndefault: Rest\n"
    text += "score_weights: {days_since_abandon: -1}\n"
    rules = write(tmp_path / "r.yaml", text)
    first = applied(rules, data, tmp_path / "first")
    again = applied(first / "strategy.json", fewer, tmp_path / "again")
    assert sizes_of(again) == sizes_of(first)
    table = pd.read_csv(again / "strategy.csv")
    assert table["score"].isna().all()
    complete = applied(first / "strategy.json", data, tmp_path / "complete")
    assert (complete / "strategy.csv").read_text() == (
        first / "strategy.csv"
    ).read_text()


# Fitting again


def test_refit_on_the_same_rows_gives_the_same_strategy(
    strategy: Path, carts_csv: Path, tmp_path: Path
) -> None:
    out = applied(strategy, carts_csv, tmp_path / "again", "--refit", *OUTCOME)
    for name in ("strategy.json", "strategy.csv", "rows.csv", "rules.sql"):
        assert (out / name).read_bytes() == (strategy.parent / name).read_bytes()


def test_refit_takes_thresholds_and_sizes_from_the_new_rows(
    strategy: Path, tmp_path: Path
) -> None:
    carts = make_cart_abandoners(3000, random_state=5)
    carts = carts[["aov", "days_since_abandon", "converted"]]
    data = tmp_path / "new.csv"
    carts.to_csv(data, index=False)
    out = applied(strategy, data, tmp_path / "again", "--refit", *OUTCOME)
    expected = MECERuleSegmenter.from_strategy(strategy)
    expected.fit(carts[["days_since_abandon", "aov"]], carts["converted"])
    assert (out / "strategy.json").read_text(encoding="utf-8").rstrip() == (
        expected.to_json()
    )
    sizes = sizes_of(out).values()
    assert min(sizes) >= 100
    assert max(sizes) <= 300
    assert sizes_of(out) == counts_of(out)


def test_refit_of_an_edited_strategy_says_which_thresholds_it_takes(
    strategy: Path, carts_csv: Path, tmp_path: Path
) -> None:
    rules = [e["rule"] for e in content_of(strategy.parent)["segments"]]
    small = next(rule for rule in rules if rule and "< 40" in rule)
    path = edited(strategy, json.dumps(small), '"aov < 30"')
    out = tmp_path / "again"
    arguments = ["rules", "apply", path, carts_csv, "--out", out, *NO_PICTURES]
    result = skseg_command(*arguments, *OUTCOME, "--refit")
    assert result.exit_code == 0, result.output
    assert "Warning: The segments of the strategy were edited" in result.stderr
    sizes = sizes_of(out)
    assert sizes == counts_of(out)
    assert min(sizes.values()) >= 100


def test_refit_with_a_bound_that_was_edited(
    strategy: Path, carts_csv: Path, tmp_path: Path
) -> None:
    path = edited(strategy, '"max_size": 300', '"max_size": 200')
    out = applied(path, carts_csv, tmp_path / "again", "--refit", *OUTCOME)
    assert max(sizes_of(out).values()) <= 200


def test_refit_without_the_outcome_of_the_fit_says_so(
    strategy: Path, carts_csv: Path
) -> None:
    arguments = ["rules", "apply", strategy, carts_csv, "--refit"]
    result = skseg_command(*arguments)
    assert result.exit_code == 0, result.output
    assert "Warning: The strategy was fitted with an outcome" in result.stderr
    assert "Give --outcome" in result.stderr
    assert "Warning" not in skseg_command(*arguments, *OUTCOME).stderr


def test_refit_of_a_rule_set_is_refused(carts_csv: Path, tmp_path: Path) -> None:
    text = '{"format": "skseg.rules", "version": 1, "rules": [], "default": "A"}'
    rules = write(tmp_path / "r.json", text)
    result = skseg_command("rules", "apply", rules, carts_csv, "--refit")
    assert result.exit_code == 2
    assert "A rule set has no parameters to fit again. Leave out --refit" in " ".join(
        result.stderr.split()
    )


def test_refit_of_a_definition_is_a_fit(
    good: Path, carts_csv: Path, tmp_path: Path
) -> None:
    first = applied(good, carts_csv, tmp_path / "first")
    again = applied(good, carts_csv, tmp_path / "again", "--refit")
    assert content_of(first) == content_of(again)


# Edits without effect


@pytest.mark.parametrize("command", ["check", "apply"])
def test_edits_without_effect_are_told_once(
    strategy: Path, carts_csv: Path, command: str
) -> None:
    n = sizes_of(strategy.parent)["New"]
    path = edited(strategy, f'"n": {n},', '"n": 1,')
    arguments = [path] if command == "check" else [path, carts_csv]
    result = skseg_command("rules", command, *arguments)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("Warning: The figures of segment ") == 1
    assert "skseg rules apply" in " ".join(result.stderr.split())


def test_the_strategy_that_was_applied_is_checked(
    strategy: Path, carts_csv: Path, tmp_path: Path
) -> None:
    out = applied(strategy, carts_csv, tmp_path / "again")
    assert checked(out / "strategy.json")[0] == 0


@pytest.mark.parametrize("schema", [None, {"engagement": {"missing": False}}])
def test_segments_merged_to_rules_of_other_columns_are_applied(
    tmp_path: Path, schema: Any
) -> None:
    X = make_cart_abandoners(2000, random_state=0)
    if schema is not None:
        X["engagement"] = X["engagement"].fillna(0.0)
    rules = {
        "VIP": "aov >= 90 and engagement >= .5",
        "Rich": "aov >= 90 and engagement < .5",
    }
    min_size = int((X["aov"] >= 90).sum()) - 50
    segmenter = MECERuleSegmenter(
        rules, default="New", min_size=min_size, schema=schema
    )
    segmenter.fit(X, (X["aov"] >= 90) + 0.1 * (X["engagement"] >= 0.5))
    assert "engagement >=" not in str(segmenter.rules_)
    segmenter.to_json(tmp_path / "merged.json")
    data = tmp_path / "data.csv"
    X.to_csv(data, index=False)
    out = applied(tmp_path / "merged.json", data, tmp_path / "out")
    assert sizes_of(out) == segmenter.segments_.set_index("name")["n"].to_dict()
    flows = {(f["rule"], f["segment"]): f["n"] for f in lineage_of(out)}
    n_vip = int(((X["aov"] >= 90) & (X["engagement"] >= 0.5)).sum())
    assert flows["VIP", "VIP + Rich"] == n_vip
    if schema is not None:
        # The segments do without the column, and so do their figures.
        X.drop(columns="engagement").to_csv(data, index=False)
        out = applied(tmp_path / "merged.json", data, tmp_path / "again")
        assert sizes_of(out) == segmenter.segments_.set_index("name")["n"].to_dict()
        assert {f["rule"] for f in lineage_of(out)} == {"VIP + Rich", "New"}


def lineage_of(out: Path) -> list[dict[str, Any]]:
    lineage: list[dict[str, Any]] = content_of(out)["fitted"]["lineage"]
    return lineage
