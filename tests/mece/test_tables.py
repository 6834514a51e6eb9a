"""MECERuleSegmenter on tables that are not in memory, against rows in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skseg import MECERuleSegmenter
from skseg.exceptions import (
    InfeasibleError,
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    RuleError,
)
from skseg.rules import RuleSet
from tests.engines.connections import make_table

ROLES = ["answer", "converted", "spent", "weight"]
RULES = {
    "VIP": "aov >= max(q(0.75), 90) and not plan == 'free'",
    "Free": "aov >= max(q(0.75), 90) and plan == 'free'",
    "Core": "40 <= aov < max(q(0.75), 90)",
    "Small": "aov < 40",
}
PARAMS: dict[str, dict[str, Any]] = {
    "tiers": {},
    "rules": {"rules": RULES, "default": "New"},
    "universe": {
        "rules": RULES,
        "default": "New",
        "universe": "days <= q(0.8)",
        "score_weights": {"size": 1, "aov": 2, "days": -1},
    },
    "overlap": {
        "rules": {"High": "aov > q(0.5)", "Recent": "days < min(q(0.5), 20)"},
        "on_overlap": "first",
        "on_gap": "default",
    },
    "schema": {
        "rules": {"Low": "aov < q(0.4)", "High": "aov >= q(0.4)"},
        "schema": {"aov": {"low": 5, "missing": False}},
        "on_invalid": "outside",
    },
    "merged": {"rules": RULES, "default": "New", "min_size": 0.2},
    "split": {"rules": RULES, "default": "New", "max_size": 0.3},
    "both": {
        "rules": RULES,
        "default": "New",
        "universe": "days >= 2",
        "min_size": 60,
        "max_size": 500,
        "split_on": ["days", "aov"],
    },
    "oversize": {
        "rules": {"All": "plan in ['free', 'pro', 'team']"},
        "default": "Rest",
        "max_size": 0.3,
        "split_on": [],
        "oversize": "allow",
    },
}
OUTCOMES = [
    (None, None),
    ("converted", None),
    ("answer", "weight"),
    ("spent", "weight"),
]


def customers(n: int = 500) -> pd.DataFrame:
    """Return customers with missing values, outcomes and weights."""
    rng = np.random.default_rng(0)
    plans = np.array(["free", "pro", "team", None], dtype=object)
    frame = pd.DataFrame(
        {
            "aov": np.round(np.exp(4 + rng.normal(size=n) * 0.7), 2),
            "days": rng.integers(0, 30, n),
            "plan": plans[rng.choice(4, n, p=[0.5, 0.2, 0.2, 0.1])],
            "converted": rng.integers(0, 2, n),
            "spent": rng.random(n) * 100,
            "answer": rng.choice(["yes", "no"], n),
            "weight": rng.integers(0, 4, n),
        }
    )
    frame.loc[:20, "aov"] = np.nan
    return frame


def as_table(engine: str, frame: pd.DataFrame) -> Any:
    """Return the rows as a table of an engine."""
    arrays = {
        name: pa.array(values.to_numpy(), from_pandas=values.dtype.kind != "f")
        for name, values in frame.items()
    }
    return make_table(engine, pa.table(arrays))


def fitted_in_memory(
    frame: pd.DataFrame, params: dict[str, Any], y: str | None, weight: str | None
) -> MECERuleSegmenter:
    """Return the fit of the rows in memory."""
    return MECERuleSegmenter(**params).fit(
        frame.drop(columns=[name for name in (y, weight) if name]),
        None if y is None else frame[y],
        None if weight is None else frame[weight],
    )


def assert_same_fit(segmenter: Any, expected: Any) -> None:
    """Assert that two segmenters have learned the same."""
    for name in ("segments_", "cut_points_", "lineage_"):
        pd.testing.assert_frame_equal(
            getattr(segmenter, name), getattr(expected, name), check_exact=True
        )
    for name in ("rules_", "mece_report_", "min_size_", "max_size_", "n_outside_"):
        assert getattr(segmenter, name) == getattr(expected, name), name
        assert type(getattr(segmenter, name)) is type(getattr(expected, name)), name
    assert segmenter.feature_names_in_.tolist() == expected.feature_names_in_.tolist()
    assert hasattr(segmenter, "classes_") == hasattr(expected, "classes_")
    assert not hasattr(segmenter, "labels_")
    report, wanted = segmenter.merge_report_, expected.merge_report_
    assert (report is None) == (wanted is None)
    if report is not None:
        assert report.score_before == pytest.approx(wanted.score_before, rel=1e-12)
        assert report.score_after == pytest.approx(wanted.score_after, rel=1e-12)
        assert report.losses == pytest.approx(wanted.losses, rel=1e-10)


CASES = [("duckdb", *roles) for roles in OUTCOMES]
CASES += [(engine, "answer", "weight") for engine in ("sqlite", "postgres", "mariadb")]


@pytest.mark.parametrize(("engine", "y", "weight"), CASES)
@pytest.mark.parametrize("params", PARAMS)
@pytest.mark.filterwarnings("ignore:Merging to min_size")
def test_a_table_gives_the_fit_of_its_rows(
    engine: str, params: str, y: str | None, weight: str | None
) -> None:
    frame = customers()
    expected = fitted_in_memory(frame, PARAMS[params], y, weight)
    segmenter = MECERuleSegmenter(**PARAMS[params])
    segmenter.fit(as_table(engine, frame), y, weight)
    assert_same_fit(segmenter, expected)
    rows = frame.drop(columns=[name for name in (y, weight) if name])
    assert (segmenter.predict(rows) == expected.predict(rows)).all()


@pytest.mark.parametrize("engine", ["polars", "ibis"])
def test_lazy_frames_give_the_fit_of_their_rows(engine: str) -> None:
    frame = customers()
    expected = fitted_in_memory(frame, PARAMS["merged"], "converted", None)
    segmenter = MECERuleSegmenter(**PARAMS["merged"])
    segmenter.fit(as_table(engine, frame), "converted")
    assert_same_fit(segmenter, expected)


def test_texts_of_csv_files_are_those_of_the_rules(tmp_path: Path) -> None:
    codes = ["007", "8", "9", "007"]
    frame = pd.DataFrame({"plan": codes, "aov": [1.0, 2.0, 3.0, 4.0]})
    frame.to_csv(tmp_path / "customers.csv", index=False)
    params = {"rules": {"Agents": "plan == '007'"}, "default": "Rest"}
    expected = fitted_in_memory(frame, params, None, None)
    segmenter = MECERuleSegmenter(**params).fit(tmp_path / "customers.csv")
    assert_same_fit(segmenter, expected)
    assert segmenter.segments_["n"].tolist() == [2, 2]


def test_rules_without_quantiles_need_none() -> None:
    frame = customers()
    params = {"rules": {"High": "aov > 60"}, "default": "Rest", "universe": "days > 3"}
    expected = fitted_in_memory(frame, params, "spent", None)
    for engine in ("sqlite", "duckdb"):
        segmenter = MECERuleSegmenter(**params).fit(as_table(engine, frame), "spent")
        assert_same_fit(segmenter, expected)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = {
    "no column": ({}, {"y": "absent"}, MissingColumnError, "'absent'"),
    "values": ({}, {"y": [1.0]}, InvalidParameterError, "the name of a column"),
    "taken": (
        {"rules": {"A": "aov > 3"}},
        {"y": "aov"},
        RuleError,
        "Unknown column 'aov'",
    ),
    "unknown": (
        {"rules": {"A": "days > 3"}, "default": "B"},
        {"y": "aov"},
        InvalidDataError,
        "missing or infinite in 21 rows",
    ),
    "weights": ({}, {"sample_weight": "spent"}, InvalidDataError, "whole numbers"),
    "kind": ({"rules": {"A": "plan > 3"}}, {}, InvalidDataError, "VARCHAR"),
    "gaps": (
        {"rules": {"A": "aov > 60", "B": "aov < 20"}},
        {},
        InvalidDataError,
        "Of the 500 rows",
    ),
    "overlap": (
        {"rules": {"A": "aov > 60", "B": "days > 9"}, "universe": "days > 5"},
        {},
        InvalidDataError,
        "satisfy several rules",
    ),
    "universe": ({"universe": "days > 99"}, {}, RuleError, "has no value"),
    "empty": (
        {"rules": {"A": "aov > 60"}, "universe": "days > 99", "default": "B"},
        {},
        InvalidDataError,
        "No row lies in the universe",
    ),
    "split_on": ({"split_on": ["plan"]}, {}, InvalidDataError, "split_on of"),
    "scores": ({"score_weights": {"plan": 1}}, {}, InvalidDataError, "score_weights"),
    "sizes": (
        {"min_size": 300, "max_size": 400},
        {},
        InfeasibleError,
        "cannot be brought",
    ),
    "schema": (
        {"rules": {"A": "aov >= 60"}, "schema": {"aov": {"low": 60}}, "default": None},
        {},
        InvalidDataError,
        "leave gaps",
    ),
    "contradiction": (
        {"rules": {"A": "days >= 9"}, "schema": {"days": {"low": 9, "missing": False}}},
        {},
        InvalidDataError,
        "belong to no segment",
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_fitted_is_refused_and_changes_nothing(reason: str) -> None:
    params, arguments, error, message = REFUSED[reason]
    frame = customers()
    table = as_table("duckdb", frame)
    segmenter = MECERuleSegmenter().fit(table)
    rules = segmenter.rules_
    segmenter.set_params(**params)
    with pytest.raises(error, match=message):
        segmenter.fit(table, **arguments)
    assert segmenter.rules_ == rules


def test_a_table_without_rows_is_refused() -> None:
    table = as_table("duckdb", customers().iloc[:0])
    with pytest.raises(InvalidDataError, match="at least 1 row"):
        MECERuleSegmenter().fit(table)


def test_sizes_that_need_too_many_rows_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = as_table("duckdb", customers())
    monkeypatch.setattr("skseg._mece._table_customers.MAX_GROUPS", 100)
    with pytest.raises(InvalidDataError, match="more than 100") as caught:
        MECERuleSegmenter(max_size=0.3).fit(table)
    assert "fewer columns in split_on" in str(caught.value.advice)
    # Fewer different values, and sizes that are legal as they are, need fewer groups.
    rounded = table.query("t", "SELECT round(aov / 10) AS aov FROM t")
    assert len(MECERuleSegmenter(max_size=0.3).fit(rounded).segments_) > 4
    assert len(MECERuleSegmenter(max_size=0.7).fit(table).segments_) == 4


def test_infinite_values_have_no_score() -> None:
    frame = customers()
    frame.loc[40, "spent"] = np.inf
    params = {"rules": RULES, "default": "New", "score_weights": {"spent": 1}}
    with pytest.raises(InvalidDataError, match="must be finite"):
        MECERuleSegmenter(**params).fit(as_table("duckdb", frame))
    # Outside of the universe it does not count.
    params["universe"] = f"days != {frame.loc[40, 'days']}"
    expected = fitted_in_memory(frame, params, None, None)
    segmenter = MECERuleSegmenter(**params).fit(as_table("duckdb", frame))
    assert_same_fit(segmenter, expected)


def test_texts_that_no_row_holds_are_named() -> None:
    table = as_table("duckdb", customers())
    rules = {"Pro": "plan == 'prro'"}
    with pytest.warns(UserWarning, match="Did you mean 'pro'") as caught:
        MECERuleSegmenter(rules, default="Rest").fit(table)
    assert caught[0].filename == __file__


def test_rule_sets_say_who_resolves_quantiles_of_tables() -> None:
    frame = customers()
    table = as_table("duckdb", frame)
    rules = RuleSet({"High": "aov > q(0.5)"}, default="Rest", universe="days < 9")
    with pytest.raises(InvalidDataError, match="in memory") as caught:
        rules.resolve(table)
    assert "MECERuleSegmenter(rules).fit(X)" in str(caught.value.advice)
    assert MECERuleSegmenter(rules).fit(table).rules_ == rules.resolve(frame)


def test_a_fitted_table_has_a_strategy_and_labels(tmp_path: Path) -> None:
    frame = customers()
    table = as_table("duckdb", frame)
    segmenter = MECERuleSegmenter(RULES, default="New").fit(table, "converted")
    segmenter.to_json(tmp_path / "strategy.json")
    restored = MECERuleSegmenter.from_strategy(tmp_path / "strategy.json")
    assert restored.rules_ == segmenter.rules_
    codes = segmenter.label(table, "code", output="code").df()["code"]
    assert codes.tolist() == segmenter.predict(frame.drop(columns="converted")).tolist()
