"""Information values with special codes, and cross-validated ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from skseg import information_value
from skseg.displays import InformationValueDisplay
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import RuleSet

Y = [0, 1, 0, 1, 0, 1, 0, 1, 1, 0]
AGE = [-9.0, -9, 20, 20, 30, 30, 40, 40, -8, np.nan]


def bins(table: pd.DataFrame, name: str = "age") -> list[str]:
    return table.loc[table["column"] == name, "bin"].tolist()


def test_a_special_code_is_a_bin_of_its_own() -> None:
    _, table = information_value(
        pd.DataFrame({"age": AGE}), Y, special={"never": -9}, bins={"age": [25]}
    )

    assert bins(table) == [
        "age <= 25 and age != -9",
        "age > 25",
        "age == -9",
        "missing(age)",
    ]
    assert table["special"].tolist() == [None, None, "never", None]
    assert table["n"].tolist() == [3, 4, 2, 1]
    assert list(table)[:3] == ["column", "bin", "special"]


@pytest.mark.parametrize("spec", [None, "levels", [25.0], [-8.5, 25.0]])
@pytest.mark.parametrize("closed", ["right", "left"])
@pytest.mark.parametrize("values", [-9, [-9, -8], [20, -9, 1000], (30,), [-8.0]])
def test_the_rules_of_bins_with_special_codes_are_a_partition_of_the_rows(
    spec: Any, closed: str, values: Any
) -> None:
    X = pd.DataFrame({"age": AGE})
    given = None if spec is None else {"age": spec}

    _, table = information_value(
        X, Y, special={"code": values}, bins=given, closed=closed
    )

    rules = RuleSet({str(i): rule for i, rule in enumerate(table["bin"])})
    members = rules.membership(X)
    assert (members.sum(axis=1) == 1).all()
    assert members.sum(axis=0).tolist() == table["n"].tolist()
    inside = np.isin(AGE, values)
    assert table.loc[table["special"] == "code", "n"].tolist() == [inside.sum()]


def test_quantiles_are_those_of_the_other_values() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    y = rng.integers(0, 2, 400)
    coded = np.append(x, np.full(200, -999.0))

    _, plain = information_value({"x": x}, y)
    _, table = information_value(
        {"x": coded}, np.append(y, y[:200]), special={"none": -999}
    )

    assert [rule.replace(" and x != -999", "") for rule in bins(table, "x")] == [
        *bins(plain, "x"),
        "x == -999",
    ]
    assert table["n"].tolist() == [*plain["n"], 200]


def test_texts_can_be_special_codes() -> None:
    X = pd.DataFrame({"plan": list("ab?ab?ab-a"), "age": range(10)})

    _, table = information_value(
        X, Y, special={"unknown": ["?", "-"], "never": -9}, bins={"plan": [["a", "b"]]}
    )

    assert bins(table, "plan") == ["plan in ['a', 'b']", "plan in ['?', '-']"]
    assert table.loc[table["column"] == "plan", "special"].tolist() == [None, "unknown"]
    assert not table.loc[table["column"] == "age", "special"].notna().any()


def test_special_codes_tell_more_than_the_interval_that_they_were_in() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 50, 4000).astype(float)
    x[rng.random(4000) < 0.05] = -9
    y = rng.random(4000) < np.where(x == -9, 0.6, 0.2)

    apart, _ = information_value({"x": x}, y, special={"never": -9})
    within, _ = information_value({"x": x}, y)

    assert apart["iv"][0] > 1.3 * within["iv"][0]


@pytest.mark.parametrize(
    "special",
    [
        -9,
        [-9],
        {"never": None},
        {"never": []},
        {"never": np.nan},
        {"never": [np.inf]},
        {"never": True},
        {1: -9},
        {"never": {"age": -9}},
        {"never": -9, "refused": [-9.0]},
    ],
)
def test_wrong_special_codes_are_errors(special: Any) -> None:
    with pytest.raises(InvalidParameterError, match="special") as caught:
        information_value({"age": AGE}, Y, special=special)
    assert caught.value.name == "special"


# --- cross-validated values ----------------------------------------------------------


def by_hand(codes: Any, y: Any, fold: Any) -> float:
    """Return the value with WOE of other folds, by loops over folds and bins."""
    values = []
    for k in np.unique(fold):
        train, test = fold != k, fold == k
        value, n_bins = 0.0, len(np.unique(codes))
        for b in np.unique(codes):
            counts = [
                (train & (codes == b) & (y == event)).sum() + 0.5 for event in (1, 0)
            ]
            totals = [(train & (y == event)).sum() + 0.5 * n_bins for event in (1, 0)]
            woe = np.log(counts[0] / totals[0] / (counts[1] / totals[1]))
            shares = [
                (test & (codes == b) & (y == event)).sum() / (test & (y == event)).sum()
                for event in (1, 0)
            ]
            value += (shares[0] - shares[1]) * woe
        values.append(value)
    return float(np.mean(values))


def test_cross_validated_values_are_those_by_hand() -> None:
    rng = np.random.default_rng(2)
    codes, y = rng.integers(0, 4, 300), rng.integers(0, 2, 300)
    folds = list(KFold(3).split(y))
    fold = np.empty(300)
    for k, (_, test) in enumerate(folds):
        fold[test] = k

    iv, _ = information_value({"x": codes}, y, bins="levels", cv=folds)

    assert iv["iv_cv"][0] == pytest.approx(by_hand(codes, y, fold))


@pytest.mark.parametrize("grouped", [False, True])
def test_noise_has_a_cross_validated_value_of_zero(grouped: bool) -> None:
    rng = np.random.default_rng(3)
    n, p = 600, 60
    X = pd.DataFrame(rng.integers(0, 12, (n, p))).add_prefix("x")
    y = rng.integers(0, 2, n)
    group = rng.integers(0, 2, n) if grouped else None

    iv, _ = information_value(X, y, group=group, bins="levels", cv=5)

    plain, validated = ("net_iv_scaled",) * 2 if grouped else ("iv",) * 2
    values = iv[f"{validated}_cv"]
    assert iv[plain].mean() > 0.05
    # Four standard errors.
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(p)


def test_a_column_of_many_texts_has_no_advantage() -> None:
    rng = np.random.default_rng(4)
    n = 4000
    X = pd.DataFrame(
        {
            "many": rng.choice([f"v{i}" for i in range(500)], n),
            "age": rng.integers(20, 60, n),
        }
    )
    y = rng.random(n) < np.where(X["age"] > 45, 0.35, 0.2)

    plain, _ = information_value(X, y)
    iv, _ = information_value(X, y, cv=5)

    assert plain["column"].tolist() == ["many", "age"]
    assert iv["column"].tolist() == ["age", "many"]
    assert iv["rank"].tolist() == [1, 2]
    assert iv["iv_cv"][0] == pytest.approx(iv["iv"][0], rel=0.3)
    again, _ = information_value(X, y, cv=5)
    pd.testing.assert_frame_equal(iv, again)


@pytest.mark.parametrize("cv", [1, 0, True, "five", 11])
def test_wrong_folds_are_errors(cv: Any) -> None:
    with pytest.raises(ValueError, match="cv"):
        information_value({"age": AGE}, Y, cv=cv)


def test_a_fold_without_events_is_an_error_whose_advice_works() -> None:
    y = [1, 1] + [0] * 8
    with pytest.raises(InvalidDataError, match="Choose fewer folds") as caught:
        information_value({"age": AGE}, y, cv=5)
    assert caught.value.name == "cv"

    iv, _ = information_value({"age": AGE}, y, cv=2)
    assert np.isfinite(iv["iv_cv"]).all()


def test_the_picture_shows_cross_validated_values_and_says_so() -> None:
    pytest.importorskip("matplotlib")
    iv, _ = information_value({"age": AGE, "x": range(10)}, Y, cv=2)

    display = InformationValueDisplay.from_table(iv)

    np.testing.assert_allclose(display.frame()["iv"], iv["iv_cv"])
    assert "cross-validated" in display.ax_.get_title(loc="left").lower()
