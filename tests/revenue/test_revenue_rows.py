"""OptimalRevenueBinner on rows: missing scores, rules, kinds of data, encodings."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from itertools import product
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from skseg import OptimalRevenueBinner
from skseg.rules import RuleSet, missing
from tests.conftest import FRAMES
from tests.revenue.test_revenue_binner import (
    FIXED,
    INF,
    NAN,
    SCORES,
    X_MISSING,
    Y_MISSING,
    X,
    Y,
    column,
    result,
    three,
)

ALL_FRAMES = {**FRAMES, "pyarrow": pa.table}


# Customers without a score


def test_customers_without_a_score_are_a_segment_treated_as_their_tier() -> None:
    binner = three(missing_tier=2).fit(X_MISSING, Y_MISSING)
    assert result(binner) == ([0, 1, 2, 2], [2.5, 4.5], 61.0 + 20 - 8)
    assert binner.labels_.tolist()[-2:] == [3, 3]
    unscored = binner.segments_.iloc[3]
    assert unscored[["n", "conversions", "revenue", "cost", "profit"]].tolist() == [
        *(2, 1, 20, 8, 12)
    ]
    assert (unscored["share"], unscored["rate"]) == (0.2, 0.5)
    assert binner.segments_["profit"].sum() == binner.value_
    assert binner.value_path_.tolist() == [64, 72, 73]


def test_the_tier_of_the_unscored_pays_its_fixed_cost_once() -> None:
    # Once those without a score have paid the 5 of tier 1, it pays for the others.
    settings: dict[str, Any] = {"missing_tier": 1, "fixed_cost": FIXED}
    binner = three(**settings).fit(X_MISSING, Y_MISSING)
    assert result(binner) == ([0, 1, 2, 1], [2.5, 4.5], 67.0)
    assert binner.segments_["fixed_cost"].tolist() == [0, 5, 2, 0]
    assert binner.value_path_.tolist() == [60, 66, 67]
    # Customers without a score pay the fixed cost of a tier that no other uses.
    binner.set_params(fixed_cost=[0, 5, 0], response=[1, 1, 2], cost=[0, 2, 4])
    binner.fit(X_MISSING, Y_MISSING)
    assert binner.tiers_.tolist() == [0, 2, 1]
    assert binner.segments_["fixed_cost"].tolist() == [0, 0, 5]


def test_the_unscored_have_no_part_in_sizes_and_rates() -> None:
    lots = np.array([1.0] * 8 + [1000, 0])
    settings: dict[str, Any] = {"max_size": 4, "min_rate_diff": 0.1}
    binner = three(**settings).fit(X_MISSING, Y_MISSING, sample_weight=lots)
    few = three(**settings).fit(X, Y)
    assert binner.cut_points_.tolist() == few.cut_points_.tolist()
    assert binner.value_ == few.value_ + 10_000


def test_new_customers_without_a_score_have_their_segment_even_if_fit_saw_none() -> (
    None
):
    binner = three().fit(X, Y)
    assert binner.predict(column(NAN, 1, NAN)).tolist() == [3, 0, 3]
    assert binner.segment_names_[3] == "No score"


def test_all_without_a_score_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="needs customers with a score"):
        three().fit(column(NAN, NAN), [0, 1])
    with pytest.raises(ValueError, match="needs customers with a score"):
        three().fit(column(NAN, 3), [0, 1], sample_weight=[1, 0])


# Rules


def test_rules_are_a_proved_partition_and_assign_as_predict_does() -> None:
    for rows, outcomes in [(X, Y), (X_MISSING, Y_MISSING), (column(1), [0])]:
        binner = three().fit(rows, outcomes)
        report = binner.rules_.verify()
        assert report.is_exclusive
        assert report.is_exhaustive
        new = column(-INF, -1, 2.5, 2.6, 4.5, 4.6, INF, NAN)
        assigned = binner.rules_.assign(pd.DataFrame({"x0": new[:, 0]}))
        assert assigned.tolist() == binner.predict(new).tolist()
        assert binner.rules_.membership({"x0": new[:, 0]}).sum(axis=1).tolist() == [
            *[1] * 8
        ]


def test_rules_read_as_text_and_the_only_tier_takes_all_who_have_a_score() -> None:
    texts = three().fit(X, Y).rules_.texts()
    assert texts == {
        "Tier 0": "x0 <= 2.5",
        "Tier 1": "2.5 < x0 <= 4.5",
        "Tier 2": "x0 > 4.5",
        "No score": "missing(x0)",
    }
    alone = three().fit(column(1), [0]).rules_
    assert alone["Tier 0"] == ~missing("x0")


def test_rules_survive_json() -> None:
    rules = three().fit(column(-INF, 0.1, 0.2, 1 / 3, INF), [0, 0, 1, 1, 1]).rules_
    assert RuleSet.from_json(rules.to_json()) == rules
    json.loads(rules.to_json())


@pytest.mark.parametrize("name", ["score", "p (1)", "p'", 'p"', "and", "Größe"])
def test_sql_gives_the_segments_of_predict(name: str) -> None:
    frame = pd.DataFrame({name: [-INF, *SCORES, NAN, INF]})
    frame_y = [0, *Y, 1, 1]
    binner = three(score_column=name).fit(frame, frame_y)
    table = pa.table({"value": frame[name].tolist(), "row": range(len(frame))})
    with duckdb.connect() as database:
        database.register("given", table)
        quoted = '"' + name.replace('"', '""') + '"'
        query = f"SELECT {binner.rules_.to_sql(output='code')} FROM "
        query += f"(SELECT value AS {quoted}, row FROM given) ORDER BY row"
        codes = [row[0] for row in database.sql(query).fetchall()]
    assert codes == binner.labels_.tolist()


# Scores of every kind


@pytest.mark.parametrize(
    ("scores", "cuts"),
    [
        ([-INF, -INF, 1, 2], [-INF]),
        ([-2, -1, INF, INF], [-1]),
        ([-INF, -INF, INF, INF], [0]),
        ([-3, -2, -1.5, -1], [-1.75]),
        ([0, 0, 5e-324, 5e-324], [0]),
        ([-1.7e308, -1.7e308, 1.7e308, 1.7e308], [0]),
        ([1, 1, 2, 2], [1.5]),
    ],
)
def test_scores_may_be_any_numbers(scores: list[float], cuts: list[float]) -> None:
    two = {"n_bins": 2, "response": [1, 2], "cost": [0, 6]}
    binner = three(**two).fit(column(*scores), [0, 0, 1, 1])
    assert binner.cut_points_.tolist() == cuts
    assert binner.labels_.tolist() == [0, 0, 1, 1]
    assert binner.predict(column(*scores)).tolist() == [0, 0, 1, 1]
    assert binner.segments_["n"].tolist() == [2, 2, 0]
    assert binner.value_ == 28
    assert binner.rules_.verify().is_mece


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.uint64, bool])
def test_the_number_type_of_scores_does_not_matter(dtype: Any) -> None:
    rng = np.random.default_rng(1)
    scores = (rng.random((60, 1)) * 9).astype(dtype)
    outcome = rng.random(60) < 0.4
    binner = three().fit(scores, outcome)
    assert result(binner) == result(three().fit(scores.astype(float), outcome))
    assert binner.predict(scores).tolist() == binner.labels_.tolist()
    named = pd.DataFrame({"s": scores[:, 0]})
    assert result(three().fit(named, outcome)) == result(binner)


def test_neighbouring_float32_scores_are_told_apart() -> None:
    low = np.float32(0.1)
    scores = np.array([[low], [np.nextafter(low, np.float32(1))]], dtype=np.float32)
    binner = three().fit(np.repeat(scores, 4, axis=0), [0] * 4 + [1] * 4)
    assert binner.labels_.tolist() == [0] * 4 + [1] * 4
    assert binner.predict(scores).tolist() == [0, 1]


@pytest.mark.parametrize("make", ALL_FRAMES.values(), ids=ALL_FRAMES.keys())
def test_every_kind_of_frame_gives_the_same(make: Callable[..., Any]) -> None:
    scores = [*SCORES[:5], None, 5.0, 6.0, 7.0]
    outcome = [0, 0, 0, 1, 0, 1, 1, 1, 1]
    frame = make({"age": list(range(9)), "score": scores})
    binner = three(score_column="score").fit(frame, outcome)
    assert binner.labels_.tolist() == [0, 0, 0, 1, 1, 3, 2, 2, 2]
    assert binner.predict(frame).tolist() == binner.labels_.tolist()
    assert binner.feature_names_in_.tolist() == ["age", "score"]
    assert binner.segments_["rule"].tolist()[1] == "2.5 < score <= 4.5"
    assert binner.score(frame, outcome) == pytest.approx(71 / 9)
    assert isinstance(binner.transform(frame), np.ndarray)


@pytest.mark.parametrize(
    "outcome",
    [
        Y.astype(bool),
        Y.tolist(),
        Y.astype(np.float32),
        pd.Series(Y, index=range(10, 18)),
        pd.Series(Y).astype("boolean"),
        pd.Series(Y).astype("Int64"),
        pl.Series(Y),
        pa.chunked_array([Y]),
    ],
    ids=["bool", "list", "float32", "pandas", "boolean", "Int64", "polars", "pyarrow"],
)
def test_outcomes_and_weights_come_in_any_container(outcome: Any) -> None:
    assert result(three().fit(X, outcome)) == result(three().fit(X, Y))
    counted = three().fit(X, Y, sample_weight=Y)
    assert result(three().fit(X, Y, sample_weight=outcome)) == result(counted)


@pytest.mark.parametrize("score_column", [-1, 1, "score", np.int64(1)])
def test_the_score_is_found_by_position_or_name(score_column: Any) -> None:
    frame = pd.DataFrame({"noise": SCORES[::-1], "score": SCORES})
    binner = three(score_column=score_column).fit(frame, Y)
    assert result(binner) == result(three().fit(X, Y))
    assert binner.rules_.columns == ("score",)
    swapped = pd.DataFrame({"score": SCORES, "noise": SCORES[::-1]})
    assert result(three(score_column="score").fit(swapped, Y)) == result(binner)
    assert result(three(score_column=-2).fit(swapped, Y)) == result(binner)
    assert result(three(score_column=-1).fit(swapped, Y)) != result(binner)


def test_columns_of_arrays_have_names_too() -> None:
    wide = np.column_stack([SCORES, SCORES[::-1]])
    binner = three(score_column="x0").fit(wide, Y)
    assert result(binner) == result(three(score_column=0).fit(wide, Y))
    assert binner.rules_.columns == ("x0",)
    assert binner.predict(wide).tolist() == binner.labels_.tolist()


def test_other_columns_may_hold_anything() -> None:
    frame = pd.DataFrame({"who": list("abcdefgh"), "score": SCORES})
    binner = three(score_column=-1).fit(frame, Y)
    assert binner.predict(frame).tolist() == binner.labels_.tolist()
    assert binner.score(frame, Y) == 61 / 8


def test_the_last_column_of_predict_proba_is_the_score() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 2))
    outcome = rng.random(200) < 1 / (1 + np.exp(-features[:, 0]))
    model = LogisticRegression().fit(features[:100], outcome[:100])
    probabilities = model.predict_proba(features[100:])
    binner = three().fit(probabilities, outcome[100:])
    alone = three().fit(probabilities[:, [1]], outcome[100:])
    assert result(binner) == result(alone)
    assert binner.rules_.columns == ("x1",)
    rates = binner.segments_["rate"].to_numpy()[:-1]
    assert rates[-1] > rates[0]


# Transforming


ENCODED = {
    "ordinal": [0, 1, 2, 3],
    # Customers without a score have the overall rate, and tier 0.
    "rate": [0, 0.5, 1, 0.5],
    "woe": [-math.log(7), 0, math.log(7), 0],
    "value": [0, 6.5, 16, 5],
}


@pytest.mark.parametrize("encode", ENCODED)
def test_transform_writes_what_encode_says(encode: str) -> None:
    binner = three(encode=encode, fixed_cost=[0, 0, 1]).fit(X, Y)
    rows = column(0, 3, 7, NAN)
    assert binner.transform(rows) == pytest.approx(
        np.array(ENCODED[encode]).reshape(-1, 1)
    )
    name = "segment" if encode == "ordinal" else encode
    assert binner.get_feature_names_out().tolist() == [name]
    assert binner.get_feature_names_out(["whatever"]).tolist() == [name]
    for kind, frame in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
        out = binner.set_output(transform=kind).transform(rows)
        assert isinstance(out, frame)
        assert list(out.columns) == [name]


def test_onehot_has_a_column_a_segment() -> None:
    binner = three(encode="onehot", segment_names=["a", "b", "c"]).fit(X, Y)
    rows = column(0, 3, 7, NAN)
    assert binner.transform(rows).tolist() == np.eye(4).tolist()
    names = ["a", "b", "c", "No score"]
    assert binner.get_feature_names_out().tolist() == names
    out = binner.set_output(transform="pandas").transform(rows)
    assert list(out.columns) == names


def test_encodings_of_training_rows_weigh_and_count_missing_scores() -> None:
    weight = np.array([1.0] * 8 + [3, 1])
    binner = three(encode="rate").fit(X_MISSING, Y_MISSING, sample_weight=weight)
    assert binner.transform(X_MISSING).ravel()[-1] == 0.75
    binner = three(encode="value", missing_tier=1)
    binner.fit(X_MISSING, Y_MISSING, sample_weight=weight)
    assert binner.transform(X_MISSING).ravel()[-1] == 15 * 0.75 - 1
    binner = three(encode="woe").fit(X_MISSING, Y_MISSING, sample_weight=weight)
    # 3 : 1 here, 7 : 5 overall.
    assert binner.transform(X_MISSING).ravel()[-1] == pytest.approx(math.log(15 / 7))


@pytest.mark.parametrize("outcome", [0, 1])
def test_evidence_of_a_segment_that_is_everyone_is_nil(outcome: int) -> None:
    binner = three(encode="woe", mode="subset").fit(X, np.full(8, outcome))
    assert len(binner.cut_points_) == 0
    assert binner.transform(X).ravel() == pytest.approx(np.zeros(8))


def test_evidence_needs_customers_who_convert_or_not() -> None:
    with pytest.raises(ValueError, match=r"encode='woe' needs outcomes in \[0, 1\]"):
        three(encode="woe").fit(X, 3 * Y)
    with pytest.raises(ValueError, match="Choose another encoding"):
        three(encode="woe").fit(X, -Y)


def test_set_output_keeps_the_index_of_a_frame() -> None:
    frame = pd.DataFrame({"score": SCORES}, index=list("abcdefgh"))
    binner = three(encode="rate").set_output(transform="pandas")
    out = binner.fit_transform(frame, Y)
    assert out.index.tolist() == list("abcdefgh")
    assert out["rate"].tolist() == [0, 0, 0, 0.5, 0.5, 1, 1, 1]


def test_fit_predict_gives_the_labels() -> None:
    weight = np.arange(1.0, 9)
    codes = three().fit_predict(X, Y, sample_weight=weight)
    assert codes.tolist() == three().fit(X, Y, sample_weight=weight).labels_.tolist()
    assert codes.dtype == np.intp


@pytest.mark.parametrize("encode", ["ordinal", "onehot", "value"])
def test_inverse_transform_gives_middles_between_bounds(encode: str) -> None:
    # Bounds are 0, 2.5, 4.5 and 7.
    binner = three(encode=encode).fit(X, Y)
    back = binner.inverse_transform(binner.transform(column(0, 3, 7, NAN)))
    np.testing.assert_allclose(back, column(1.25, 3.5, 5.75, NAN))
    assert binner.predict(back).tolist() == [0, 1, 2, 3]
    for container in ("pandas", "polars"):
        frame = binner.set_output(transform=container).transform(column(0, 3))
        assert binner.inverse_transform(frame).tolist() == [[1.25], [3.5]]


@pytest.mark.parametrize(
    "scores",
    [[-INF, -INF, INF, INF], [-1.7e308, 1.6e308, 1.7e308], [INF, INF], [-INF, 1]],
)
@pytest.mark.parametrize("outcome", [0, 1])
def test_inverse_transform_stays_in_the_segment(
    scores: list[float], outcome: int
) -> None:
    binner = three().fit(column(*scores), np.full(len(scores), outcome))
    back = binner.inverse_transform(binner.transform(column(*scores)))
    assert binner.predict(back).tolist() == binner.labels_.tolist()


def test_segments_that_are_written_alike_have_one_middle() -> None:
    # "No score" is empty and has the overall rate, which is that of the middle tier.
    binner = three(encode="rate").fit(X, Y)
    assert binner.inverse_transform(column(0.5)).tolist() == [[3.5]]
    # Nobody converts, so both tiers have the rate 0.
    tiers = OptimalRevenueBinner(
        2, cost=[0, 0], revenue=[1, 2], mode="exact", encode="rate"
    )
    with pytest.warns(UserWarning, match="degenerate"):
        tiers.fit(column(0, 1, 2, 3), [0, 0, 0, 0])
    middles = [tiers.cut_points_[0] / 2, (tiers.cut_points_[0] + 3) / 2]
    assert tiers.inverse_transform(column(0)).tolist() == [[np.mean(middles)]]


def test_inverse_transform_refuses_what_it_cannot_read() -> None:
    binner = three(encode="rate").fit(X, Y)
    assert binner.inverse_transform(column(1, 0)).tolist() == [[5.75], [1.25]]
    with pytest.raises(ValueError, match=r"Row 0, \[0\.7\], stands for no segment"):
        binner.inverse_transform(column(0.7))
    with pytest.raises(ValueError, match=r"1 column\(s\). Got shape \(2, 2\)"):
        binner.inverse_transform(np.zeros((2, 2)))
    onehot = three(encode="onehot").fit(X, Y)
    with pytest.raises(ValueError, match="stands for no segment"):
        onehot.inverse_transform([[1, 1, 0, 0]])


# Evaluating


def test_evaluate_applies_the_tiers_to_other_outcomes() -> None:
    binner = three(fixed_cost=[1, 0.5, 2]).fit(X, Y)
    rows, outcome = column(0, 3, 4, 3.5, NAN), [1, 1, 0, 1, 1]
    table = binner.evaluate(rows, outcome)
    assert list(table) == list(binner.segments_)
    fixed = ["code", "name", "tier", "rule", "low", "high"]
    pd.testing.assert_frame_equal(table[fixed], binner.segments_[fixed])
    assert table["n"].tolist() == [1, 3, 0, 1]
    assert table["share"].tolist() == [0.2, 0.6, 0, 0.2]
    assert table["conversions"].tolist() == [1, 2, 0, 1]
    assert table["revenue"].tolist() == [10, 30, 0, 10]
    assert table["cost"].tolist() == [0, 3, 0, 0]
    # Nobody is in tier 2; those without a score share tier 0.
    assert table["fixed_cost"].tolist() == [1, 0.5, 0, 0]
    assert table["profit"].tolist() == [9, 26.5, 0, 10]
    assert binner.score(rows, outcome) == 45.5 / 5


def test_evaluate_weighs_rows_and_score_is_per_customer() -> None:
    binner = three(fixed_cost=FIXED, missing_tier=2).fit(X, Y)
    rows, outcome, weight = column(0, 5, NAN), [1, 1, 1], [1, 2, 3]
    table = binner.evaluate(rows, outcome, sample_weight=weight)
    assert table["n"].tolist() == [1, 2, 3]
    assert table["profit"].tolist() == [10, 30, 48]
    assert binner.score(rows, outcome, sample_weight=weight) == 88 / 6
    # Rows without weight cause no fixed cost.
    table = binner.evaluate(rows, outcome, sample_weight=[1, 0, 0])
    assert table["profit"].tolist() == [10, 0, 0]


def test_evaluate_of_the_training_rows_is_the_segment_table() -> None:
    weight = np.arange(1.0, 11)
    binner = three(fixed_cost=FIXED, missing_tier=1)
    binner.fit(X_MISSING, Y_MISSING, sample_weight=weight)
    table = binner.evaluate(X_MISSING, Y_MISSING, sample_weight=weight)
    pd.testing.assert_frame_equal(table, binner.segments_)
    score = binner.score(X_MISSING, Y_MISSING, sample_weight=weight)
    assert score == pytest.approx(binner.value_ / weight.sum())


def test_evaluate_takes_scores_of_any_kind() -> None:
    binner = three().fit(X, Y)
    table = binner.evaluate(column(-INF, INF, INF), [0, 1, 1], sample_weight=[1, 0, 1])
    assert table["n"].tolist() == [1, 0, 1, 0]
    assert table["profit"].tolist() == [0, 0, 16, 0]


def test_evaluate_and_score_need_outcomes_and_a_fit() -> None:
    binner = three()
    for method in (binner.evaluate, binner.score):
        with pytest.raises(NotFittedError):
            method(X, Y)
    binner.fit(X, Y)
    for method in (binner.evaluate, binner.score):
        with pytest.raises(ValueError, match="need the outcome y"):
            method(X, None)
        with pytest.raises(ValueError, match="7 outcomes and 8 rows"):
            method(X, Y[:7])
        with pytest.raises(ValueError, match="finite"):
            method(X, np.append(Y[:7], NAN))
        with pytest.raises(ValueError, match="sample_weight"):
            method(X, Y, -np.ones(8))


def test_an_unfitted_binner_says_so() -> None:
    binner = three()
    for method in ("predict", "transform", "inverse_transform"):
        with pytest.raises(NotFittedError):
            getattr(binner, method)(X)
    with pytest.raises(NotFittedError):
        binner.get_feature_names_out()


def test_pickle_keeps_everything() -> None:
    binner = three(encode="value").fit(X_MISSING, Y_MISSING)
    copy = pickle.loads(pickle.dumps(binner))
    assert result(copy) == result(binner)
    assert copy.transform(X).tolist() == binner.transform(X).tolist()
    assert copy.score(X, Y) == binner.score(X, Y)
    assert copy.rules_ == binner.rules_


def test_fit_does_not_change_its_arguments() -> None:
    rows, outcome, weight = X_MISSING.copy(), Y_MISSING.copy(), np.ones(10)
    response, cost = np.array([1, 1.5, 2]), np.array([0.0, 1, 4])
    arguments = [rows, outcome, weight, response, cost]
    before = [part.copy() for part in arguments]
    for part in arguments:
        part.flags.writeable = False
    binner = three(response=response, cost=cost)
    binner.fit(rows, outcome, sample_weight=weight).transform(rows)
    for part, old in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(part, old)
    assert binner.response is response
    assert binner.cost is cost


@pytest.mark.parametrize("missing_tier", [0, 1, 2])
@pytest.mark.parametrize("present", list(product([False, True], repeat=4))[1:], ids=str)
def test_a_fixed_cost_is_paid_once_for_every_tier_that_somebody_is_in(
    present: tuple[bool, ...], missing_tier: int
) -> None:
    fixed_cost = [1, 10, 100]
    menu: dict[str, Any] = {"revenue": [1, 2, 3], "cost": [0, 1, 2]}
    binner = OptimalRevenueBinner(
        3, **menu, fixed_cost=fixed_cost, mode="exact", min_size=1
    )
    scores = np.array([1.0, 2, 3, NAN])
    binner.set_params(missing_tier=missing_tier)
    binner.fit(scores.reshape(-1, 1), [0, 0, 1, 1])
    rows = scores[list(present)]
    tiers = {tier for tier in range(3) if present[tier]}
    tiers |= {missing_tier} if present[3] else set()
    table = binner.evaluate(rows.reshape(-1, 1), np.zeros(len(rows)))
    assert table["fixed_cost"].sum() == sum(fixed_cost[tier] for tier in tiers)
    np.testing.assert_array_equal(table["spend"], table["cost"] + table["fixed_cost"])


def test_a_segment_without_training_rows_has_the_rate_of_all() -> None:
    binner = OptimalRevenueBinner(
        2, revenue=[1, 2], cost=[0, 1], encode="rate", min_size=1, mode="exact"
    )
    binner.fit([[1.0], [2], [3], [4]], [0, 0, 0, 1])
    assert np.asarray(binner.transform([[NAN]])).tolist() == [[0.25]]
