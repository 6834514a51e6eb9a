"""Information values: tables by hand, published values, planted segments."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer

from skseg._finders._iv._information_value import information_value
from skseg._finders._iv_finder import IVSegmentFinder
from skseg.rules import RuleSet

ln = math.log


def column(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table["column"] == name].reset_index(drop=True)


# --- information_value ---------------------------------------------------------------


@pytest.fixture
def few() -> tuple[pd.DataFrame, list[int]]:
    X = pd.DataFrame(
        {
            "age": [1.0, 1, 1, 2, 2, 3, 3, np.nan],
            "city": ["x", "y", "y", "x", "x", "y", "x", None],
        }
    )
    return X, [0, 0, 1, 0, 1, 1, 1, 0]


def test_every_bin_is_counted(few: tuple[pd.DataFrame, list[int]]) -> None:
    iv, table = information_value(*few, zero_cells="ignore")
    age, city = column(table, "age"), column(table, "city")
    assert age["bin"].tolist() == [
        "age <= 1",
        "1 < age <= 2",
        "age > 2",
        "missing(age)",
    ]
    assert age[["n", "events", "nonevents"]].to_numpy().tolist() == [
        [3, 1, 2],
        [2, 1, 1],
        [2, 2, 0],
        [1, 0, 1],
    ]
    np.testing.assert_allclose(age["woe"], [-ln(2), 0, 0, 0], atol=1e-15)
    assert city["bin"].tolist() == ["city in ['x']", "city in ['y']", "missing(city)"]
    assert city["events"].tolist() == [2, 2, 0]
    assert iv["column"].tolist() == ["age", "city"]
    np.testing.assert_allclose(iv["iv"], [0.25 * ln(2), 0.25 * ln(2)])
    assert iv["rank"].tolist() == [1, 2]
    assert iv["band"].tolist() == ["medium", "medium"]


def test_groups_have_net_values() -> None:
    cells = {  # (level, group): non-events, events
        ("x", "A"): (50, 60),
        ("x", "B"): (40, 20),
        ("y", "A"): (150, 40),
        ("y", "B"): (60, 30),
    }
    rows = [
        (level, group, event)
        for (level, group), counts in cells.items()
        for event in (0, 1)
        for _ in range(counts[event])
    ]
    X = pd.DataFrame({"level": [row[0] for row in rows]})
    y, group = [row[2] for row in rows], [row[1] for row in rows]
    iv, table = information_value(X, y, group=group, zero_cells="ignore")
    assert table["n_A"].tolist() == [110, 190]
    assert table["events_B"].tolist() == [20, 30]
    woe = [ln(0.6 / 0.25), ln(0.4 / 0.75)]
    np.testing.assert_allclose(table["woe_A"], woe)
    np.testing.assert_allclose(table["woe_B"], [0, 0], atol=1e-15)
    np.testing.assert_allclose(table["net_woe"], woe)
    parts = [0.14 * woe[0], -0.21 * woe[1]]
    np.testing.assert_allclose(table["contribution"], parts)
    assert iv.loc[0, "net_iv"] == pytest.approx(sum(parts))
    shares = [(110 / 300 + 0.4) / 2, (190 / 300 + 0.6) / 2]
    scaled = parts[0] / shares[0] + parts[1] / shares[1]
    assert iv.loc[0, "net_iv_scaled"] == pytest.approx(scaled)
    swapped = information_value(
        X, y, group=group, treatment="B", reference="A", zero_cells="ignore"
    )
    np.testing.assert_allclose(swapped.table["net_woe"], -table["net_woe"])
    np.testing.assert_allclose(swapped.iv["net_iv"], iv["net_iv"])


def test_rows_of_other_groups_do_not_count(
    few: tuple[pd.DataFrame, list[int]],
) -> None:
    X = pd.concat([few[0], few[0], few[0]], ignore_index=True)
    X.loc[16:, "city"] = "elsewhere"
    y, group = few[1] * 3, ["A"] * 8 + ["B"] * 8 + ["C"] * 8
    value = information_value(X, y, group=group, treatment="A", reference="B")
    expected = information_value(X[:16], y[:16], group=group[:16])
    pd.testing.assert_frame_equal(value.table, expected.table)


def test_edges_belong_to_the_side_that_is_closed() -> None:
    X, y = np.array([[1.0], [2.0], [2.0], [3.0]]), [0, 1, 0, 1]
    right = information_value(X, y, bins={"x0": [2]}).table
    left = information_value(X, y, bins={"x0": [2]}, closed="left").table
    assert right["bin"].tolist() == ["x0 <= 2", "x0 > 2"]
    assert right["n"].tolist() == [3, 1]
    assert left["bin"].tolist() == ["x0 < 2", "x0 >= 2"]
    assert left["n"].tolist() == [1, 3]


@given(st.lists(st.integers(-5, 5), min_size=1), st.integers(1, 60))
def test_many_edges_are_looked_up_alike(values: list[int], n_edges: int) -> None:
    X = np.array([[-np.inf], [np.inf], *([v] for v in values)], float)
    y = np.arange(len(X)) % 2
    edges = np.linspace(-5, 5, n_edges)
    table = information_value(X, y, bins={"x0": edges}, closed="left").table
    found = np.searchsorted(edges, X[:, 0], "right")
    np.testing.assert_array_equal(table["n"], np.bincount(found, minlength=n_edges + 1))


def test_every_number_can_be_a_bin() -> None:
    X = np.array([[3.0], [1.5], [np.nan], [3.0], [-np.inf]])
    table = information_value(X, [0, 1, 0, 1, 1], bins="levels").table
    assert table["bin"].tolist()[1:] == ["x0 == 1.5", "x0 == 3", "missing(x0)"]
    assert table["n"].tolist() == [1, 1, 2, 1]


def test_texts_can_share_a_bin(few: tuple[pd.DataFrame, list[int]]) -> None:
    bins = {"city": [["y", "z"], ["x"]]}
    table = column(information_value(*few, bins=bins).table, "city")
    assert table["bin"].tolist()[0] == "city in ['y', 'z']"
    assert table["n"].tolist() == [3, 4, 1]


def test_bins_end_at_quantiles_and_a_frequent_value_is_one() -> None:
    x = np.repeat([0.0, 1, 2, 3, 4], [50, 10, 10, 10, 20])
    y = np.arange(100) % 2
    table = information_value(x[:, np.newaxis], y, max_bins=4).table
    assert table["bin"].tolist() == ["x0 <= 0", "0 < x0 <= 3", "x0 > 3"]
    assert table["n"].tolist() == [50, 30, 20]
    alone = information_value(x[:, np.newaxis], y, max_bins=5).table
    assert alone["n"].tolist() == [50, 10, 10, 10, 20]


def test_bins_are_even() -> None:
    x = np.random.default_rng(0).normal(size=(1000, 1))
    table = information_value(x, np.arange(1000) % 2, max_bins=8).table
    assert table["n"].tolist() == [125] * 8


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.booleans(), st.booleans(), st.integers(0, 3)),
        min_size=1,
    ),
    st.integers(2, 6),
    st.booleans(),
)
def test_weights_are_repetitions(rows: Any, max_bins: int, grouped: bool) -> None:
    both = [(9, event, one, 1) for event in (False, True) for one in (False, True)]
    x, y, group, weight = map(np.array, zip(*rows, *both, strict=True))
    again = np.repeat(np.arange(len(x)), weight)
    X, by = x[:, np.newaxis].astype(float), group if grouped else None
    weighted = information_value(
        X, y, group=by, sample_weight=weight, max_bins=max_bins
    )
    by = group[again] if grouped else None
    repeated = information_value(X[again], y[again], group=by, max_bins=max_bins)
    pd.testing.assert_frame_equal(weighted.table, repeated.table)
    pd.testing.assert_frame_equal(weighted.iv, repeated.iv)


def test_all_kinds_of_frame_are_read(make_frame: Any) -> None:
    columns = {"age": [1, 2, None, 4], "city": ["x", "y", "x", None], "vip": [True] * 4}
    iv, table = information_value(make_frame(columns), [0, 1, 1, 0])
    assert set(iv["column"]) == {"age", "city", "vip"}
    assert column(table, "vip")["bin"].tolist() == ["not missing(vip)"]
    assert iv["iv"].min() == 0


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        ([0, 1, 2.5, 1], {}, "outcome y of 0 / 1. Got 2.5 at row 2"),
        ([1, 1, 1, 1], {}, "There are no non-events"),
        ([0, 0, 1, 1], {"group": list("AABB")}, "no events .* in group 'A'"),
        ([0, 1, 0, 1], {"zero_cells": "half"}, "'zero_cells' parameter"),
        ([0, 1, 0, 1], {"closed": "both"}, "'closed' parameter"),
        ([0, 1, 0, 1], {"max_bins": 1}, "'max_bins' parameter"),
        ([0, 1, 0, 1], {"bins": "quantiles"}, "'bins' parameter"),
        ([0, 1, 0, 1], {"bins": {"agee": [1]}}, "agee"),
        ([0, 1, 0, 1], {"bins": {"age": [2, 1]}}, "ascending edges"),
        ([0, 1, 0, 1], {"bins": {"age": "all"}}, "ascending edges"),
        ([0, 1, 0, 1], {"bins": {"city": [1]}}, "lists of texts"),
        ([0, 1, 0, 1], {"bins": {"city": [["x"]]}}, r"\['y'\] are in none"),
        ([0, 1, 0, 1], {"bins": {"city": [["x"], ["x", "y"]]}}, "are in several"),
    ],
)
def test_errors_say_what_is_wrong(y: Any, options: Any, message: str) -> None:
    X = pd.DataFrame({"age": [1, 2, 3, 4], "city": list("xyxy")})
    with pytest.raises(ValueError, match=message):
        information_value(X, y, **options)


# --- published values ----------------------------------------------------------------


@pytest.fixture(scope="module")
def published(data_dir: Path) -> Any:
    return json.loads((data_dir / "reference_results.json").read_text())


@pytest.fixture(scope="module")
def german(data_dir: Path) -> tuple[pd.DataFrame, Any]:
    frame = pd.read_csv(data_dir / "german_credit" / "german_credit.csv.gz")
    return frame.drop(columns="credit_risk"), frame["credit_risk"] == 2


@pytest.fixture(scope="module")
def telco(data_dir: Path) -> tuple[pd.DataFrame, Any]:
    path = data_dir / "telco_churn" / "telco_churn.csv.gz"
    frame = pd.read_csv(path)
    return frame.drop(columns=["customerID", "Churn"]), frame["Churn"] == "Yes"


def test_ivs_of_german_credit_are_those_of_scorecard(
    german: Any, published: Any
) -> None:
    iv, _ = information_value(*german, bins="levels", zero_cells="replace_0.99")
    found = iv.set_index("column")["iv"].to_dict()
    known = published["german_credit_iv"]["computed_here_same_rule"]
    for name, value in known.items():
        assert found[name] == pytest.approx(value, abs=5.1e-7)
    for name, value in published["german_credit_iv"]["published_unbinned"].items():
        printed = f"{value!r}".split(".")[1]
        assert found[name] == pytest.approx(value, abs=0.51 * 10 ** -len(printed))


def test_woe_of_given_breaks_is_that_of_scorecard(german: Any, published: Any) -> None:
    known = published["german_credit_iv"]["woebin_credit_amount"]
    iv, table = information_value(
        german[0][["credit_amount"]],
        german[1],
        bins={"credit_amount": known["breaks"]},
        closed="left",
        zero_cells="replace_0.99",
    )
    assert table["nonevents"].tolist() == known["good"]
    assert table["events"].tolist() == known["bad"]
    np.testing.assert_allclose(table["woe"], known["woe_bad_over_good"], atol=5.1e-8)
    assert iv.loc[0, "iv"] == pytest.approx(known["iv"], abs=5.1e-8)
    assert iv.loc[0, "band"] == "medium"


def test_woe_of_housing_is_that_of_scorecard(german: Any, published: Any) -> None:
    known = published["german_credit_iv"]["woebin_housing"]
    iv, table = information_value(
        german[0][["housing"]], german[1], zero_cells="ignore"
    )
    rows = [known["rent"], known["own"], known["for free"]]
    found = table[["nonevents", "events", "woe"]].to_numpy()
    np.testing.assert_allclose(found, rows, atol=5.1e-7)
    assert iv.loc[0, "iv"] == pytest.approx(known["iv"], abs=5.1e-8)


def test_ivs_of_telco_are_those_of_optbinning(telco: Any, published: Any) -> None:
    known = published["telco_iv"]["iv_categorical_each_level_a_bin"]
    iv, _ = information_value(telco[0][list(known)], telco[1], zero_cells="ignore")
    found = iv.set_index("column")["iv"].to_dict()
    assert found == pytest.approx(known, abs=5.1e-7)


def test_iv_of_tenure_is_that_of_optbinning(telco: Any, published: Any) -> None:
    known = published["telco_iv"]
    bins = {"tenure": known["tenure_splits"]}
    iv, table = information_value(
        telco[0][["tenure"]], telco[1], bins=bins, closed="left", zero_cells="ignore"
    )
    assert table["n"].tolist() == known["tenure_count"]
    assert table["events"].tolist() == known["tenure_event"]
    assert iv.loc[0, "iv"] == pytest.approx(known["iv_optimal"]["tenure"], abs=5.1e-7)


def test_woe_of_breast_cancer_is_that_of_optbinning(published: Any) -> None:
    known = published["breast_cancer_mean_radius"]
    cancer = load_breast_cancer()
    iv, table = information_value(
        cancer.data[:, :1],
        cancer.target,
        bins={"x0": known["splits"]},
        closed="left",
        zero_cells="ignore",
    )
    assert table["n"].tolist() == known["count"]
    assert table["events"].tolist() == known["event"]
    # There, it is the non-events that WOE is positive for.
    np.testing.assert_allclose(-table["woe"], known["woe"], atol=5.1e-7)
    np.testing.assert_allclose(table["contribution"], known["iv"], atol=5.1e-7)
    assert iv.loc[0, "iv"] == pytest.approx(known["iv_total"], abs=5.1e-7)
    assert iv.loc[0, "band"] == "suspicious"


# --- IVSegmentFinder -----------------------------------------------------------------


def planted(n_rows: int = 8000) -> tuple[pd.DataFrame, Any, Any]:
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": random.normal(50, 10, n_rows),
            "city": random.choice(list("xyz"), n_rows),
            "noise": random.integers(0, 30, n_rows) * 1.0,
        }
    )
    X.loc[::17, "noise"] = np.nan
    group = random.choice(["A", "B"], n_rows)
    inside = (X["age"] > 50) & (X["city"] == "x")
    y = random.random(n_rows) < 0.2 + 0.3 * (inside & (group == "A"))
    return X, y.astype(int), group


def test_the_planted_segment_comes_first() -> None:
    X, y, group = planted()
    finder = IVSegmentFinder(random_state=0).fit(X, y, group)
    best = finder.segments_.loc[0]
    assert set(finder.to_frame(style="historical")["Method"]) == {"IV"}
    assert best["decision"] == "Implement"
    assert best["best_group"] == "A"
    assert best["ci_low"] < 30 < best["ci_high"]
    inside = (X["age"] > 50) & (X["city"] == "x")
    found = finder.transform(X)[:, 0] == 1
    assert (found & inside).sum() / (found | inside).sum() > 0.9
    assert set(finder.iv_["column"][:2]) == {"age", "city"}


def test_an_exclusive_or_has_no_information() -> None:
    X = np.random.default_rng(0).normal(size=(8000, 2))
    y = (X[:, 0] > 0) != (X[:, 1] > 0)
    finder = IVSegmentFinder(random_state=0).fit(X, y)
    assert finder.iv_["band"].tolist() == ["useless", "useless"]


def test_without_groups_the_segment_of_many_events_comes_first() -> None:
    X, y, group = planted()
    y = np.where(group == "A", y, 0)
    finder = IVSegmentFinder(random_state=0, max_features=2).fit(X, y)
    assert finder.iv_.columns.tolist() == ["column", "iv", "band", "rank"]
    assert finder.segments_.loc[0, "best_group"] == "segment"
    (first, *_) = finder.rules_.rules.values()
    assert {"age", "city"} == set(RuleSet({"first": first}).columns)


def test_the_finder_and_the_function_count_alike() -> None:
    X, y, group = planted(2000)
    finder = IVSegmentFinder(inference="none", max_bins=64, max_cells=32)
    finder.fit(X[["city", "noise"]], y, group)
    iv, table = information_value(
        X[["city", "noise"]], y, group=group, max_bins=64, bins={"city": "levels"}
    )
    pd.testing.assert_frame_equal(finder.iv_table_, table)
    pd.testing.assert_frame_equal(finder.iv_, iv)


def test_cells_are_merged_to_bins_of_about_the_same_size() -> None:
    X, y, group = planted(3200)
    finder = IVSegmentFinder(inference="none", max_bins=4).fit(X, y, group)
    age, noise = (column(finder.iv_table_, name) for name in ("age", "noise"))
    assert (age["n_A"] + age["n_B"]).tolist() == [800] * 4
    assert len(noise) == 5
    assert noise.loc[4, "bin"] == "missing(noise)"
    assert noise.loc[4, ["n_A", "n_B"]].sum() == len(X[::17])
    totals = finder.iv_table_.groupby("column")[["n_A", "events_B"]].sum()
    assert (totals["n_A"] == (group == "A").sum()).all()
    assert (totals["events_B"] == y[group == "B"].sum()).all()


def test_the_iv_table_is_that_counted_by_hand() -> None:
    X = pd.DataFrame({"city": ["x"] * 40 + ["y"] * 40})
    y = [1] * 30 + [0] * 10 + [1] * 10 + [0] * 30
    finder = IVSegmentFinder(inference="none", zero_cells="ignore").fit(X, y)
    assert finder.iv_table_["bin"].tolist() == ["city in ['x']", "city in ['y']"]
    assert finder.iv_table_["n"].tolist() == [40, 40]
    np.testing.assert_allclose(finder.iv_table_["woe"], [ln(3), -ln(3)])
    np.testing.assert_allclose(finder.iv_table_["contribution"], [ln(3) / 2] * 2)
    assert finder.iv_.loc[0, "iv"] == pytest.approx(ln(3))
    with_half = IVSegmentFinder(inference="none").fit(X, y)
    assert with_half.iv_table_.loc[0, "woe"] == pytest.approx(ln(30.5 / 10.5))


def test_the_event_of_numbers_is_what_exceeds_the_threshold() -> None:
    X, y, group = planted(2000)
    revenue = np.where(y == 1, 20.0, 1.0) + np.arange(2000) / 1e4
    by_mean = IVSegmentFinder(inference="none").fit(X, revenue, group)
    assert by_mean.event_above_ == pytest.approx(revenue.mean())
    given_it = IVSegmentFinder(inference="none", event_above=15).fit(X, revenue, group)
    assert given_it.event_above_ == 15
    flags = IVSegmentFinder(inference="none").fit(X, y, group)
    for one in (by_mean, given_it):
        counted = ["n_A", "n_B", "events_A", "events_B"]
        ordered = one.iv_table_.sort_values(["column", "bin"])[counted]
        expected = flags.iv_table_.sort_values(["column", "bin"])[counted]
        np.testing.assert_array_equal(ordered.sum(), expected.sum())
    assert len(by_mean.segments_) > 0


def test_an_outcome_that_never_varies_has_no_information() -> None:
    X, _, group = planted(200)
    finder = IVSegmentFinder(inference="none").fit(X, np.ones(200), group)
    assert finder.iv_["net_iv"].isna().all()
    assert finder.iv_["band"].isna().all()
    assert len(finder.segments_) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"zero_cells": "0.5"}, "'zero_cells' parameter of IVSegmentFinder"),
        ({"max_bins": 1}, "'max_bins' parameter of IVSegmentFinder"),
        ({"event_above": "mean"}, "'event_above' parameter of IVSegmentFinder"),
        ({"event_above": True}, "'event_above' parameter of IVSegmentFinder"),
    ],
)
def test_wrong_parameters_are_errors(options: Any, message: str) -> None:
    X, y, group = planted(200)
    with pytest.raises(ValueError, match=message):
        IVSegmentFinder(**options).fit(X, y, group)
