"""The whole job, on generated cart abandoners and on published shopping sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners

LOW, HIGH = 500, 20_000

ABANDONERS = MECERuleSegmenter(
    {
        "Hot": "aov >= max(q(0.6), 80) and engagement >= max(q(0.6), 0.5)",
        "Big spenders": "aov >= max(q(0.6), 80) and engagement < max(q(0.6), 0.5)",
        "Engaged": "40 <= aov < max(q(0.6), 80) and engagement >= max(q(0.6), 0.5)",
        "Margin": "40 <= aov < max(q(0.6), 80) and engagement < max(q(0.6), 0.5)"
        " and profitability >= max(q(0.5), 0.4)",
        "Budget": "40 <= aov < max(q(0.6), 80) and engagement < max(q(0.6), 0.5)"
        " and profitability < max(q(0.5), 0.4)",
        "Small": "aov < 40",
    },
    default="New",
    universe="days_since_abandon <= 7",
    min_size=LOW,
    max_size=HIGH,
    schema={
        "aov": {"low": 0},
        "engagement": {"low": 0, "high": 1, "missing": False},
        "profitability": {"missing": False},
    },
    score_weights={"outcome": 0.5, "profitability": 0.3, "size": 0.2},
    playbook={"Hot": "call today", "New": "welcome offer"},
)

SESSIONS = MECERuleSegmenter(
    {
        "Cart, deep": "PageValues > 0 and ProductRelated >= max(q(0.75), 30)",
        "Cart, quick": "PageValues > 0 and ProductRelated < max(q(0.75), 30)",
        "Leaving": "PageValues == 0 and ExitRates >= max(q(0.75), 0.05)",
        "Browsing": "PageValues == 0 and ExitRates < max(q(0.75), 0.05)"
        " and ProductRelated >= max(q(0.5), 10)",
        "Passing": "PageValues == 0 and ExitRates < max(q(0.75), 0.05)"
        " and ProductRelated < max(q(0.5), 10)",
    },
    universe="VisitorType in ['Returning_Visitor', 'New_Visitor']",
    min_size=LOW,
    max_size=HIGH,
    schema={
        "PageValues": {"low": 0, "missing": False},
        "ExitRates": {"low": 0, "high": 1, "missing": False},
        "ProductRelated": {"integer": True, "low": 0, "missing": False},
    },
)


@pytest.fixture(scope="module")
def abandoners() -> tuple[pd.DataFrame, Any]:
    X = make_cart_abandoners(60_000, random_state=0)
    return X.drop(columns="converted"), X["converted"]


@pytest.fixture
def sessions(data_dir: Path) -> tuple[pd.DataFrame, Any]:
    X = pd.read_csv(data_dir / "online_shoppers" / "online_shoppers_intention.csv.gz")
    return X.drop(columns="Revenue"), X["Revenue"]


@pytest.fixture(params=["abandoners", "sessions"])
def job(request: pytest.FixtureRequest) -> tuple[MECERuleSegmenter, pd.DataFrame, Any]:
    rules = {"abandoners": ABANDONERS, "sessions": SESSIONS}[request.param]
    return rules, *request.getfixturevalue(request.param)


@pytest.mark.parametrize("high", [HIGH, 1_500])
def test_the_strategy_is_sized_stored_and_executed_with_equal_counts(
    job: tuple[MECERuleSegmenter, pd.DataFrame, Any], high: int, tmp_path: Path
) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    rules, X, y = job
    assert rules.verify().is_mece
    segmenter = clone(rules).set_params(max_size=high)
    segmenter.fit(X, y)
    sizes = segmenter.segments_["n"]
    assert ((sizes >= LOW) & (sizes <= high)).all()
    codes = segmenter.predict(X)
    inside = rules_universe(segmenter, X)
    assert sizes.sum() + segmenter.n_outside_ == len(X)
    assert segmenter.n_outside_ == (~inside).sum() > 0
    assert ((codes >= 0) == inside).all()

    # A warehouse that has the customers and the strategy, and nothing else.
    segmenter.to_csv(tmp_path / "strategy.csv")
    segmenter.to_json(tmp_path / "strategy.json")
    strategy = pd.read_csv(tmp_path / "strategy.csv")
    assert strategy["name"].tolist() == segmenter.to_strategy()["name"].tolist()
    with duckdb.connect() as warehouse:
        warehouse.register("customers", X)
        for condition, n in zip(strategy["sql"], strategy["n"], strict=True):
            query = f"SELECT count(*) FROM customers WHERE {condition}"
            assert warehouse.execute(query).fetchall() == [(n,)]
        case = segmenter.rules_.to_sql(output="code")
        found = warehouse.execute(f"SELECT {case} FROM customers").fetchall()
    assert [code for (code,) in found] == codes.tolist()

    again = MECERuleSegmenter.from_strategy(tmp_path / "strategy.json")
    assert again.predict(X).tolist() == codes.tolist()
    pd.testing.assert_frame_equal(again.to_strategy(), segmenter.to_strategy())


def rules_universe(segmenter: MECERuleSegmenter, X: pd.DataFrame) -> Any:
    assert segmenter.rules_.universe is not None
    return segmenter.rules_.universe.evaluate(X)


# Bounds here are numbers of rows, which cross-validation warns of once a process.
@pytest.mark.filterwarnings("ignore:m(in|ax)_size=.* is a number of rows")
def test_the_segments_hold_on_unseen_customers(
    job: tuple[MECERuleSegmenter, pd.DataFrame, Any],
) -> None:
    rules, X, y = job
    shuffled = np.random.default_rng(0).permutation(len(X))
    scores = cross_val_score(rules, X.iloc[shuffled], y.iloc[shuffled])
    assert scores.min() > 0.04


def test_the_best_abandoners_are_those_who_are_made_to_convert(
    abandoners: tuple[pd.DataFrame, Any],
) -> None:
    X, y = abandoners
    table = clone(ABANDONERS).fit(X, y).to_strategy()
    best = table.iloc[0]
    assert best["name"].startswith("Hot")
    assert best["outcome"] > 2.5 * np.average(table["outcome"], weights=table["n"])
    assert best["action"] == "call today"
