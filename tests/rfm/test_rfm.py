"""RFMSegmenter: scores, maps, rules in raw units."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skseg import MECERuleSegmenter, RFMSegmenter, rfm_table
from skseg._rfm._segment_maps import SEGMENT_MAPS
from skseg._rfm._segment_table import median
from skseg.datasets import make_orders
from skseg.exceptions import RuleError
from skseg.rules import Domain, RuleSet
from tests.examples import few_examples

# The tables of random numbers have no names; tests/rfm/test_columns.py is about these.
pytestmark = pytest.mark.filterwarnings(
    "ignore:RFMSegmenter takes columns by position:UserWarning"
)

SCORES = {score: Domain(integer=True, low=1, high=5, missing=False) for score in "RFM"}
DIMENSIONS = ["recency", "frequency", "monetary"]

# Ties, infinities, signed zero, neighbours and gaps: what real columns come down to.
special = st.sampled_from(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, np.nextafter(1.0, 2), 5e-324, 2.0**63]
)
values = special | st.integers(0, 30).map(float) | st.floats(width=64)


def tables(min_rows: int = 1, max_rows: int = 40) -> st.SearchStrategy[Any]:
    shapes = st.integers(min_rows, max_rows).map(lambda n: (n, 3))
    return hnp.arrays(np.float64, shapes, elements=values, fill=st.nothing()).filter(
        lambda X: not np.isnan(X).all(axis=0).any()
    )


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    orders = make_orders(2000, random_state=0)
    return rfm_table(
        orders,
        customer_id="customer_id",
        date="date",
        amount="amount",
        order_id="order_id",
        as_of="2025-01-01",
    )


def ladder() -> pd.DataFrame:
    """Ten customers; number 1 is the best in every respect."""
    rank = np.arange(1.0, 11.0)
    return pd.DataFrame(
        {"recency": rank, "frequency": 11 - rank, "monetary": 10 * (11 - rank)}
    )


# Small cases by hand


def test_scores_cut_ten_customers_into_five_pairs() -> None:
    scores = RFMSegmenter().fit(ladder()).transform(ladder())
    expected = np.repeat([5, 4, 3, 2, 1], 2)
    np.testing.assert_array_equal(scores, np.column_stack([expected] * 3))


def test_scores_are_whole_numbers_under_the_index_of_the_frame() -> None:
    X = ladder().set_axis(list("abcdefghij"))
    X.loc["a", "recency"] = np.nan
    scores = RFMSegmenter().fit(X).scores(X)
    assert scores.index.tolist() == X.index.tolist()
    assert scores.loc["b"].tolist() == [5, 5, 5]
    assert scores.loc["a", "R"] is pd.NA


def test_grid_names_follow_the_scores() -> None:
    segmenter = RFMSegmenter().fit(ladder())
    names = segmenter.segment_names_[segmenter.predict(ladder())]
    expected = [
        "Champions",
        "Loyal customers",
        "Need attention",
        "Hibernating",
        "Hibernating",
    ]
    assert names.tolist() == list(np.repeat(expected, 2))


def test_rules_are_in_the_units_of_the_data() -> None:
    segmenter = RFMSegmenter().fit(ladder())
    assert str(segmenter.rules_["Champions"]) == "recency <= 2 and frequency > 6"
    assert str(segmenter.rules_["Need attention"]) == (
        "4 < recency <= 6 and 4 < frequency <= 6"
    )


def test_segment_table_has_sizes_medians_and_revenue_share() -> None:
    segmenter = RFMSegmenter().fit(ladder())
    champions = segmenter.segments_.set_index("name").loc["Champions"]
    assert champions["n"] == 2
    assert champions["share"] == 0.2
    assert champions["median_recency"] == 1.5
    assert champions["median_frequency"] == 9.5
    assert champions["median_monetary"] == 95
    assert champions["revenue_share"] == pytest.approx(190 / 550)
    assert segmenter.segments_["n"].sum() == 10
    assert segmenter.segments_["revenue_share"].sum() == pytest.approx(1)


def test_equal_values_get_equal_scores_and_collapsed_scores_are_reported() -> None:
    X = ladder().assign(frequency=[1, 1, 1, 1, 1, 1, 1, 2, 3, 9])
    segmenter = RFMSegmenter().fit(X)
    np.testing.assert_array_equal(segmenter.cut_points_["frequency"], [1, 1, 1, 2])
    assert segmenter.transform(X)[:, 1].tolist() == [1] * 7 + [4, 5, 5]
    table = segmenter.score_table_
    frequency = table[table["dimension"] == "frequency"].set_index("score")
    assert frequency["n"].to_dict() == {5: 2, 4: 1, 3: 0, 2: 0, 1: 7}
    assert frequency.index[frequency["collapsed"]].tolist() == [3, 2]
    assert "Need attention" in segmenter.unreachable_segments_


def test_business_cut_points_count_the_cuts_below_a_value() -> None:
    X = pd.DataFrame({"recency": [30, 31], "frequency": [1, 2], "monetary": [5.0, 5.1]})
    cuts = {"recency": [30], "frequency": [1], "monetary": [5]}
    segments = {"Good": "R == 2", "Bad": "R == 1"}
    segmenter = RFMSegmenter(segments, cut_points=cuts).fit(X)
    np.testing.assert_array_equal(segmenter.transform(X), [[2, 1, 1], [1, 2, 2]])
    assert segmenter.predict(X).tolist() == [0, 1]


def test_given_cut_points_leave_the_other_dimensions_learned() -> None:
    segmenter = RFMSegmenter(cut_points={"recency": [3, 5, 6, 8]}).fit(ladder())
    assert segmenter.cut_points_["recency"].tolist() == [3, 5, 6, 8]
    assert segmenter.cut_points_["frequency"].tolist() == [2, 4, 6, 8]


def test_missing_values_that_decide_lead_to_the_segment_unknown() -> None:
    X = ladder()
    X.loc[0, "recency"] = np.nan
    X.loc[1, "monetary"] = np.nan
    segmenter = RFMSegmenter(unknown="No purchase").fit(X)
    names = segmenter.segment_names_[segmenter.labels_]
    assert names[0] == "No purchase"
    assert names[1] == "Champions", "M does not decide in the grid"
    assert np.isnan(segmenter.transform(X)[0, 0])


def test_known_values_decide_where_the_missing_one_does_not_matter() -> None:
    X = ladder()
    segmenter = RFMSegmenter("seed").fit(X)
    row = pd.DataFrame({"recency": [1.0], "frequency": [10.0], "monetary": [np.nan]})
    assert segmenter.segment_names_[segmenter.predict(row)].tolist() == [
        "Top customers"
    ]


def test_two_columns_are_enough_for_the_grid() -> None:
    X = ladder()[["recency", "frequency"]]
    by_name = RFMSegmenter(monetary=None).fit(X)
    by_position = RFMSegmenter().fit(X.to_numpy())
    np.testing.assert_array_equal(by_name.labels_, by_position.labels_)
    assert "revenue_share" not in by_name.segments_


def test_columns_may_have_other_names() -> None:
    renamed = ladder().rename(columns={"recency": "days", "frequency": "orders"})
    segmenter = RFMSegmenter(recency="days", frequency="orders").fit(renamed)
    assert str(segmenter.rules_["Champions"]) == "days <= 2 and orders > 6"


def test_a_map_may_use_further_columns() -> None:
    X = ladder().assign(plan=["pro", "free"] * 5)
    segments = {
        "Pro": "R >= 3 and plan == 'pro'",
        "Rest": "not (R >= 3 and plan == 'pro')",
    }
    segmenter = RFMSegmenter(segments).fit(X)
    expected = (X["recency"] <= 6) & (X["plan"] == "pro")
    np.testing.assert_array_equal(segmenter.labels_ == 0, expected)
    assert segmenter.rules_.verify().is_mece


def test_the_premium_flag_splits_others() -> None:
    X = ladder().assign(premium=[0, 1] * 5)
    plain = RFMSegmenter("seed").fit(X)
    split = RFMSegmenter("seed-premium").fit(X)
    others = plain.segment_names_[plain.labels_] == "Others"
    premium = split.segment_names_[split.labels_] == "Premium"
    np.testing.assert_array_equal(premium, others & (X["premium"] == 1))


# Maps


def table_lookup(name: str) -> dict[tuple[int, int, int], set[str]]:
    """Evaluate a shipped map on every combination of scores in plain Python."""
    rules = SEGMENT_MAPS[name].rules
    return {
        (R, F, M): {
            segment
            for segment, rule in rules.items()
            if eval(str(rule), {"R": R, "F": F, "M": M, "premium": 0})  # noqa: S307
        }
        for R, F, M in product(range(1, 6), repeat=3)
    }


def test_the_grid_is_a_partition_of_ten_names() -> None:
    assert len(SEGMENT_MAPS["grid"].rules) == 10
    assert RuleSet(SEGMENT_MAPS["grid"].rules).verify(SCORES).is_mece
    assert all(len(names) == 1 for names in table_lookup("grid").values())


def test_seed_overlaps_exactly_where_its_authors_say() -> None:
    overlapping = {k: v for k, v in table_lookup("seed").items() if len(v) > 1}
    assert set(overlapping) == {(5, F, M) for F in (1, 2) for M in (4, 5)}
    assert set.union(*overlapping.values()) == {"Top customers", "New customers"}
    report = RFMSegmenter("seed").fit(ladder()).mece_report_
    (overlap,) = report.overlaps
    assert str(overlap) == (
        "'Top customers' and 'New customers' overlap where R: {5} and F: [1, 2] and "
        "M: [4, 5]; for example R=5, F=1, M=4"
    )


@pytest.mark.parametrize("name", SEGMENT_MAPS)
def test_shipped_maps_give_the_first_rule_of_every_combination(name: str) -> None:
    cells = np.array(list(product(range(1, 6), repeat=3)), dtype=float)
    # Cut points between the scores make the values themselves the scores.
    X = pd.DataFrame(cells, columns=DIMENSIONS).assign(premium=0.0)
    X["recency"] = 6 - X["recency"]
    cuts = {name: [1.5, 2.5, 3.5, 4.5] for name in DIMENSIONS}
    segmenter = RFMSegmenter(name, cut_points=cuts).fit(X)
    np.testing.assert_array_equal(segmenter.transform(X), cells)
    order = [*SEGMENT_MAPS[name].rules, SEGMENT_MAPS[name].default]
    expected = [
        min(names, key=order.index) if names else "Others"
        for names in table_lookup(name).values()
    ]
    assert segmenter.segment_names_[segmenter.labels_].tolist() == expected


@pytest.mark.parametrize("name", SEGMENT_MAPS)
def test_rules_of_every_shipped_map_are_a_partition(
    name: str, customers: pd.DataFrame
) -> None:
    X = customers.assign(premium=0)
    segmenter = RFMSegmenter(name).fit(X)
    assert segmenter.rules_.verify().is_mece
    membership = segmenter.rules_.membership(X)
    np.testing.assert_array_equal(membership.sum(axis=1), 1)
    np.testing.assert_array_equal(membership.argmax(axis=1), segmenter.labels_)


def test_putler_needs_no_segment_that_the_table_never_reaches() -> None:
    report = RFMSegmenter("putler").fit(ladder()).mece_report_
    reached = {
        min(names, key=list(SEGMENT_MAPS["putler"].rules).index)
        for names in table_lookup("putler").values()
        if names
    }
    assert set(report.unreachable) == set(SEGMENT_MAPS["putler"].rules) - reached


def test_overlapping_own_map_needs_a_declaration() -> None:
    segments = {"Recent": "R >= 4", "Loyal": "F >= 4", "Rest": "R < 4 and F < 4"}
    with pytest.raises(
        ValueError, match=r"overlap\.\n.*\n.*R: \[4, 5\](.*\n)*.*on_overlap='first'"
    ):
        RFMSegmenter(segments).fit(ladder())
    segmenter = RFMSegmenter(segments, on_overlap="first").fit(ladder())
    assert segmenter.mece_report_.n_overlaps == 1
    assert segmenter.rules_.verify().is_mece


def test_own_map_with_gaps_needs_a_declared_default() -> None:
    with pytest.raises(
        ValueError, match=r"gaps\.\n.*\n.*R: \[1, 3\](.*\n)*.*default='Others'"
    ):
        RFMSegmenter({"Recent": "R >= 4"}).fit(ladder())
    segmenter = RFMSegmenter({"Recent": "R >= 4"}, default="Rest").fit(ladder())
    assert segmenter.segment_names_.tolist() == ["Recent", "Rest", "Unknown"]


# Numbers of scores


def scores_out_of_five(name: str, n_scores: int) -> tuple[int, ...]:
    return SEGMENT_MAPS[name].scores_out_of_five(n_scores)


def unreachable(name: str, levels: tuple[int, ...]) -> set[str]:
    """Return the segments that no combination of the scores `levels` reaches."""
    order = list(SEGMENT_MAPS[name].rules)
    lookup = table_lookup(name)
    reached = {
        min(lookup[cell], key=order.index)
        for cell in product(levels, repeat=3)
        if lookup[cell]
    }
    return set(order) - reached - {"Premium"}


@pytest.mark.parametrize("n_scores", [3, 5, 6, 7, 8, 9, 10])
def test_a_score_stands_for_the_fifth_in_which_the_middle_of_its_share_lies(
    n_scores: int,
) -> None:
    expected = tuple(
        -(-5 * (2 * k - 1) // (2 * n_scores)) for k in range(1, n_scores + 1)
    )
    assert scores_out_of_five("grid", n_scores) == expected


@pytest.mark.parametrize("name", SEGMENT_MAPS)
def test_no_four_scores_out_of_five_lose_fewer_segments(name: str) -> None:
    n_lost = {
        levels: len(unreachable(name, levels))
        for levels in combinations(range(1, 6), 4)
    }
    levels = scores_out_of_five(name, 4)
    assert (levels[0], levels[-1]) == (1, 5)
    assert (
        n_lost[levels]
        == min(n_lost.values())
        == len(unreachable(name, (1, 2, 3, 4, 5)))
    )


@pytest.mark.parametrize("n_scores", range(3, 11))
@pytest.mark.parametrize("name", SEGMENT_MAPS)
def test_shipped_maps_keep_their_names_on_other_numbers_of_scores(
    name: str, n_scores: int
) -> None:
    cells = np.array(list(product(range(1, n_scores + 1), repeat=3)), dtype=float)
    X = pd.DataFrame(cells, columns=DIMENSIONS).assign(premium=0.0)
    X["recency"] = n_scores + 1 - X["recency"]
    cuts = {dimension: np.arange(1.5, n_scores) for dimension in DIMENSIONS}
    segmenter = RFMSegmenter(name, cut_points=cuts).fit(X)
    np.testing.assert_array_equal(segmenter.transform(X), cells)
    levels = scores_out_of_five(name, n_scores)
    lookup, order = table_lookup(name), list(SEGMENT_MAPS[name].rules)
    expected = [
        min(names, key=order.index) if names else "Others"
        for names in (lookup[r, f, m] for r, f, m in product(levels, repeat=3))
    ]
    assert segmenter.segment_names_[segmenter.labels_].tolist() == expected
    assert segmenter.rules_.verify().is_mece
    assert set(segmenter.mece_report_.unreachable) <= unreachable(name, levels)


@pytest.mark.parametrize("n_frequency", range(3, 11))
@pytest.mark.parametrize("n_recency", range(3, 11))
def test_the_grid_has_ten_segments_unless_recency_has_three_scores(
    n_recency: int, n_frequency: int
) -> None:
    n_scores = {"recency": n_recency, "frequency": n_frequency}
    X = np.tile(np.arange(90.0), (3, 1)).T
    segmenter = RFMSegmenter(n_scores=n_scores).fit(X)
    names = {*SEGMENT_MAPS["grid"].rules, "Unknown"}
    if n_recency == 3:
        names.remove("Promising")
    assert set(segmenter.segment_names_) == names
    assert segmenter.unreachable_segments_ == ()
    assert segmenter.mece_report_.is_mece


@pytest.mark.parametrize(
    ("condition", "condition_text"),
    [
        ("R >= 6", "R >= 6"),
        ("R > 5", "R > 5"),
        ("R < 1", "R < 1"),
        ("R <= 0", "R <= 0"),
        ("F == 6", "F == 6"),
        ("F == 4.5", "F == 4.5"),
        ("M != 7", "M != 7"),
        ("M in (5, 6)", "M in [5, 6]"),
        ("not R >= 6", "R >= 6"),
        ("R >= 4 and (F >= 4 or M >= 40)", "M >= 40"),
        # Everybody's, for a map that was written for ten scores.
        ("R <= 7", "R <= 7"),
        ("F >= -1", "F >= -1"),
        ("R == '5'", "R == '5'"),
        ("R >= q(0.8)", "R >= q(0.8)"),
        ("R >= max(q(0.8), 4)", "R >= max(q(0.8), 4)"),
    ],
)
def test_conditions_on_what_is_no_score_are_errors(
    condition: str, condition_text: str
) -> None:
    score = condition_text[0]
    with pytest.raises(RuleError) as caught:
        RFMSegmenter({"Top": condition}, default="Rest").fit(ladder())
    assert str(caught.value).startswith(
        f"Segment 'Top' has the condition {condition_text}, but the scores {score} are "
        "1 to 5. Correct the condition, or change the number of scores with n_scores"
    )
    assert caught.value.column == score


def test_what_the_error_about_scores_advises_works() -> None:
    segments = {"Top": "R >= 8", "Rest": "R < 8"}
    with pytest.raises(RuleError, match="n_scores or with cut_points of 'recency'"):
        RFMSegmenter(segments).fit(ladder())
    for parameters in (
        {"n_scores": 10},
        {"n_scores": {"recency": 8}},
        {"cut_points": {"recency": [1, 2, 3, 4, 5, 6, 7]}},
    ):
        segmenter = RFMSegmenter(segments, **parameters).fit(ladder())
        assert 0 < segmenter.segments_["n"][0] < 10


@pytest.mark.parametrize(
    "condition", ["R < 6", "R > 0", "1 <= R < 6", "R >= 1", "R <= 5", "R > 3.5"]
)
def test_half_open_ranges_of_scores_are_taken(condition: str) -> None:
    segmenter = RFMSegmenter({"Top": condition}, default="Rest").fit(ladder())
    assert segmenter.segments_["n"][0] == (4 if condition == "R > 3.5" else 10)


def test_a_quantile_of_another_column_is_refused_with_what_to_do() -> None:
    segments = {"Top": "R >= 4 and monetary >= q(0.8)"}
    with pytest.raises(RuleError, match=r"Write a number in place of q\(0.8\)"):
        RFMSegmenter(segments, default="Rest").fit(ladder())
    segments = {"Top": "R >= 4 and monetary >= 80"}
    assert RFMSegmenter(segments, default="Rest").fit(ladder()).segments_["n"][0] == 3


def test_a_text_that_no_customer_has_is_warned_of() -> None:
    X = ladder().assign(plan=["pro", "free"] * 5)
    segments = {"Top": "R >= 4 and plan == 'pto'"}
    with pytest.warns(UserWarning, match="holds 'pto'. Did you mean 'pro'") as caught:
        RFMSegmenter(segments, default="Rest").fit(X)
    assert caught[0].filename == __file__


# Medians


@pytest.mark.parametrize("kind", ["plain", "weighted"])
@few_examples(30)
@given(data=st.data())
def test_medians_are_those_of_numpy_and_pandas(kind: str, data: Any) -> None:
    numbers = st.floats(-1e6, 1e6) | st.integers(0, 3).map(float) | st.just(np.nan)
    # Libraries differ in the sign of a zero, which the sum has lost.
    observed = np.array(data.draw(st.lists(numbers, min_size=1, max_size=12))) + 0.0
    weight = None
    repeated = observed
    if kind == "weighted":
        n = len(observed)
        counts = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
        weight, repeated = np.array(counts, dtype=float), np.repeat(observed, counts)
    known = repeated[~np.isnan(repeated)]
    expected = np.median(known) if len(known) else np.nan
    np.testing.assert_equal(median(observed, weight), expected)
    if len(known):
        # Without a value some versions of pandas warn.
        np.testing.assert_equal(pd.Series(repeated).median(), expected)


@pytest.mark.parametrize(
    ("observed", "weight", "expected"),
    [
        ([1.0, 3.0], None, 2.0),
        ([1.0, 3.0], [1.0, 3.0], 3.0),
        ([1.0, 3.0, 9.0], [0.5, 0.5, 1.0], 6.0),
        ([1.0, 3.0, 9.0], [0.5, 0.0, 0.5], 5.0),
        ([1e308, 1.5e308], None, 1.25e308),
        ([np.inf, np.inf], None, np.inf),
        ([0.0, np.inf], None, np.inf),
        ([-np.inf, np.inf], None, np.nan),
        ([np.nan], None, np.nan),
        ([], None, np.nan),
    ],
)
def test_medians_at_the_edges(
    observed: list[float], weight: list[float] | None, expected: float
) -> None:
    weights = None if weight is None else np.array(weight)
    np.testing.assert_equal(median(np.array(observed), weights), expected)


def test_medians_of_the_segments_are_those_of_pandas(customers: pd.DataFrame) -> None:
    weight = np.random.default_rng(0).integers(0, 4, len(customers))
    for weights, repeated in (
        (None, customers),
        (weight, customers.loc[customers.index.repeat(weight)]),
    ):
        segmenter = RFMSegmenter().fit(customers, sample_weight=weights)
        names = segmenter.segment_names_[segmenter.predict(repeated)]
        expected = repeated[DIMENSIONS].groupby(names).median()
        medians = segmenter.segments_.set_index("name").loc[expected.index]
        np.testing.assert_array_equal(
            medians[[f"median_{name}" for name in DIMENSIONS]], expected
        )


def test_a_total_of_refunds_has_no_shares() -> None:
    X = ladder().assign(monetary=[5.0] + [-1.0] * 9)
    assert RFMSegmenter().fit(X).segments_["revenue_share"].isna().all()


# Score


def test_score_is_the_share_of_the_outcome_that_segments_explain(
    customers: pd.DataFrame,
) -> None:
    y = (customers["monetary"] > 100).to_numpy(dtype=float)
    train, test = customers[::2], customers[1::2]
    segmenter = RFMSegmenter("seed").fit(train, y[::2])
    means = pd.Series(y[::2]).groupby(segmenter.labels_).mean()
    expected = means[segmenter.predict(test)].to_numpy()
    assert segmenter.score(test, y[1::2]) == pytest.approx(r2_score(y[1::2], expected))
    outcomes = segmenter.segments_["outcome"]
    np.testing.assert_allclose(outcomes[means.index], means)
    assert outcomes[segmenter.segments_["n"] == 0].isna().all()


def test_score_is_that_of_the_business_rules_with_the_same_segments(
    customers: pd.DataFrame,
) -> None:
    y = customers["monetary"].to_numpy()
    segmenter = RFMSegmenter().fit(customers, y)
    rules = {name: str(rule) for name, rule in segmenter.rules_.rules.items()}
    business = MECERuleSegmenter(rules, default="Unknown").fit(customers, y)
    assert segmenter.score(customers, y) == business.score(customers, y)


def test_score_without_an_outcome_is_the_share_of_ranks_between_segments(
    customers: pd.DataFrame,
) -> None:
    train, test = customers[::2], customers[1::2]
    segmenter = RFMSegmenter().fit(train)
    ranks = test[DIMENSIONS].rank()
    means = ranks.groupby(segmenter.predict(test)).transform("mean")
    expected = [r2_score(ranks[name], means[name]) for name in DIMENSIONS]
    assert segmenter.score(test) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("has_outcome", [False, True])
def test_a_weight_in_score_is_a_repetition(
    has_outcome: bool, customers: pd.DataFrame
) -> None:
    weight = np.random.default_rng(0).integers(0, 4, len(customers))
    repeated = customers.loc[customers.index.repeat(weight)]
    segmenter = RFMSegmenter().fit(customers, customers["monetary"])
    y, repeated_y = (
        (customers["monetary"], repeated["monetary"]) if has_outcome else (None, None)
    )
    assert segmenter.score(customers, y, sample_weight=weight) == pytest.approx(
        segmenter.score(repeated, repeated_y)
    )


def test_score_leaves_missing_values_out() -> None:
    X = ladder()
    segmenter = RFMSegmenter().fit(X)
    gap = pd.concat([X, X.assign(monetary=np.nan, recency=np.nan)])
    ranks = X["recency"].rank()
    means = ranks.groupby(segmenter.predict(X)).transform("mean")
    share = r2_score(ranks, means)
    frequency = gap["frequency"].rank()
    of_gap = frequency.groupby(segmenter.predict(gap)).transform("mean")
    expected = (2 * share + r2_score(frequency, of_gap)) / 3
    assert segmenter.score(gap) == pytest.approx(expected)


def test_score_says_what_it_lacks() -> None:
    X = ladder()
    segmenter = RFMSegmenter().fit(X)
    with pytest.raises(ValueError, match=r"fit had none\. Pass y to fit"):
        segmenter.score(X, X["monetary"])
    assert segmenter.fit(X, X["monetary"]).score(X, X["monetary"]) > 0.9
    with pytest.raises(ValueError, match=r"outcome y of RFMSegmenter must be numbers"):
        segmenter.fit(X, list("abc") * 3 + ["a"]).score(X, list("abc") * 3 + ["a"])
    with pytest.raises(ValueError, match="No two customers differ"):
        segmenter.score(X.iloc[[0, 0]])


@pytest.mark.parametrize(
    "y",
    [list("abc") * 3 + ["a"], ["a"] * 10, np.ones((10, 2))],
    ids=["three classes", "one class", "two columns"],
)
def test_what_a_later_step_predicts_is_no_outcome(y: Any) -> None:
    segmenter = RFMSegmenter().fit(ladder(), y)
    assert "outcome" not in segmenter.segments_


def test_a_missing_outcome_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"known and finite\. Got nan at row 3"):
        RFMSegmenter().fit(ladder(), [1, 2, 3, np.nan, 5, 6, 7, 8, 9, 10])


@pytest.mark.parametrize("has_outcome", [False, True])
@pytest.mark.parametrize("name", ["grid", "seed"])
def test_a_grid_search_over_numbers_of_scores_works_as_it_stands(
    name: str, has_outcome: bool, customers: pd.DataFrame
) -> None:
    y = customers["monetary"] > 100 if has_outcome else None
    search = GridSearchCV(
        RFMSegmenter(name), {"n_scores": [3, 4, 6]}, cv=2, error_score="raise"
    ).fit(customers, y)
    assert (search.cv_results_["mean_test_score"] > 0.3).all()
    assert search.best_estimator_.score(customers, y) > 0.3


# Errors


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"segments": "gird"}, "'segments' parameter of RFMSegmenter must be one of"),
        ({"segments": {}}, "'segments' parameter"),
        ({"n_scores": 1}, r"'n_scores' .* int in \[2, 10\]. Got 1 instead"),
        ({"n_scores": 11}, "'n_scores'"),
        ({"n_scores": True}, "'n_scores'"),
        (
            {"n_scores": {"recency": 2}},
            "'grid' is defined on 3 to 10 scores. Got 2 for 'recency'. Give 2 to 9 cut",
        ),
        ({"n_scores": {"R": 4}}, "'n_scores' .* keys among"),
        ({"cut_points": "deciles"}, "'cut_points' parameter"),
        (
            {"cut_points": {"recency": [3, 2]}},
            "'cut_points' .* rising order for 'recency'",
        ),
        ({"cut_points": {"recency": [1, np.nan]}}, "'cut_points' .* finite"),
        ({"on_overlap": "last"}, "'on_overlap'"),
        ({"unknown": "Champions"}, "'unknown'"),
        ({"recency": "recenc"}, "Did you mean 'recency'.* recency=..."),
        ({"segments": {"Top": "R >= 4 and Q > 1"}}, "Unknown column 'Q'"),
        ({"segments": {"Top": "missing(R)"}}, r"'Top' asks for missing\(R\)"),
        ({"segments": "seed", "monetary": None}, "Unknown column 'M'"),
    ],
)
def test_bad_parameters_say_what_to_do(
    parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RFMSegmenter(**parameters).fit(ladder())


def test_a_dimension_without_values_is_an_error() -> None:
    with pytest.raises(ValueError, match="'recency' holds no value"):
        RFMSegmenter().fit(ladder().assign(recency=np.nan))


@pytest.mark.parametrize(
    "weight", [[1.0] * 9, [-1.0] + [1.0] * 9, [np.nan] * 10, [0] * 10]
)
def test_bad_weights_are_errors(weight: list[float]) -> None:
    with pytest.raises(ValueError, match="sample_weight"):
        RFMSegmenter().fit(ladder(), sample_weight=weight)


# Properties


@few_examples(5)
@given(X=tables(), data=st.data())
@pytest.mark.parametrize("name", ["grid", "seed", "r-rfm"])
def test_every_row_is_in_exactly_one_segment(name: str, X: Any, data: Any) -> None:
    segmenter = RFMSegmenter(name).fit(X)
    new = data.draw(tables())
    rows = {f"x{i}": new[:, i] for i in range(3)}
    np.testing.assert_array_equal(segmenter.rules_.membership(rows).sum(axis=1), 1)
    codes = segmenter.predict(new)
    assert codes.min() >= 0
    assert codes.max() < len(segmenter.segment_names_)


@few_examples(5)
@given(X=tables(), seed=st.integers(0, 2**32 - 1))
def test_row_order_moves_nobody(X: Any, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(X))
    straight = RFMSegmenter("seed").fit(X)
    shuffled = RFMSegmenter("seed").fit(X[order])
    assert straight.rules_ == shuffled.rules_
    np.testing.assert_array_equal(straight.labels_[order], shuffled.labels_)


@few_examples(5)
@given(X=tables())
def test_one_row_equals_its_batch(X: Any) -> None:
    segmenter = RFMSegmenter("seed").fit(X)
    one_by_one = [segmenter.predict(X[i : i + 1])[0] for i in range(len(X))]
    np.testing.assert_array_equal(segmenter.predict(X), one_by_one)


@few_examples(5)
@given(X=tables(min_rows=2))
def test_scores_never_fall_as_values_improve(X: Any) -> None:
    scores = RFMSegmenter().fit(X).transform(X)
    for column, sign in enumerate((-1, 1, 1)):
        known = ~np.isnan(X[:, column])
        value, score = sign * X[known, column], scores[known, column]
        assert (np.diff(score[np.argsort(value, kind="stable")]) >= 0).all()
        for v in np.unique(value):
            assert len(set(score[value == v])) == 1


@few_examples(5)
@given(X=tables(max_rows=20), n_copies=st.integers(2, 4))
def test_repeating_the_data_changes_nothing(X: Any, n_copies: int) -> None:
    once = RFMSegmenter("r-rfm").fit(X)
    repeated = RFMSegmenter("r-rfm").fit(np.tile(X, (n_copies, 1)))
    assert once.rules_ == repeated.rules_
    np.testing.assert_array_equal(
        once.segments_["n"] * n_copies, repeated.segments_["n"]
    )


@few_examples(5)
@given(X=tables(max_rows=20), data=st.data())
def test_a_weight_is_a_repetition(X: Any, data: Any) -> None:
    weight = np.array(
        data.draw(st.lists(st.integers(0, 4), min_size=len(X), max_size=len(X)))
    )
    repeated = np.repeat(X, weight, axis=0)
    if not len(repeated) or np.isnan(repeated).all(axis=0).any():
        return
    weighted = RFMSegmenter("seed").fit(X, sample_weight=weight)
    expected = RFMSegmenter("seed").fit(repeated)
    assert weighted.rules_ == expected.rules_
    pd.testing.assert_frame_equal(
        weighted.segments_, expected.segments_, check_dtype=False
    )
    pd.testing.assert_frame_equal(
        weighted.score_table_, expected.score_table_, check_dtype=False
    )


@few_examples(5)
@given(X=tables())
def test_rules_survive_json(X: Any) -> None:
    rules = RFMSegmenter("seed").fit(X).rules_
    assert RuleSet.from_json(rules.to_json()) == rules


@few_examples(5)
@given(X=tables())
def test_rules_agree_with_the_scores_that_they_come_from(X: Any) -> None:
    segmenter = RFMSegmenter("grid").fit(X)
    scores = segmenter.transform(X)
    known = ~np.isnan(scores[:, :2]).any(axis=1)
    by_scores = RuleSet(SEGMENT_MAPS["grid"].rules).assign(
        {"R": scores[known, 0], "F": scores[known, 1]}
    )
    np.testing.assert_array_equal(segmenter.labels_[known], by_scores)


@few_examples(5)
@given(X=tables())
def test_sql_gives_the_codes_of_predict(X: Any) -> None:
    segmenter = RFMSegmenter("seed").fit(X)
    with duckdb.connect() as connection:
        connection.register("customers", pd.DataFrame(X, columns=["x0", "x1", "x2"]))
        sql = segmenter.rules_.to_sql("duckdb", output="code")
        codes = connection.sql(f"SELECT {sql} AS code FROM customers").fetchall()
    assert [code for (code,) in codes] == segmenter.predict(X).tolist()


# Frames and scikit-learn


def test_every_kind_of_frame_gives_the_same_segments(
    make_frame: Callable[..., Any], customers: pd.DataFrame
) -> None:
    expected = RFMSegmenter("seed").fit(customers)
    columns = {
        name: [None if pd.isna(value) else value for value in customers[name]]
        for name in DIMENSIONS
    }
    frame = make_frame(columns)
    segmenter = RFMSegmenter("seed").fit(frame)
    np.testing.assert_array_equal(segmenter.labels_, expected.labels_)
    np.testing.assert_array_equal(segmenter.predict(frame), expected.labels_)
    assert segmenter.feature_names_in_.tolist() == DIMENSIONS


@pytest.mark.parametrize(
    ("kind", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)]
)
def test_transform_gives_the_frame_that_was_asked_for(kind: str, frame: type) -> None:
    scores = RFMSegmenter().set_output(transform=kind).fit_transform(ladder())
    assert isinstance(scores, frame)
    assert list(scores.columns) == ["R", "F", "M"]


def test_a_pandas_index_comes_back() -> None:
    X = ladder().set_axis(list("abcdefghij"))
    scores = RFMSegmenter().set_output(transform="pandas").fit_transform(X)
    assert scores.index.tolist() == list("abcdefghij")


def test_a_grid_search_runs_over_maps_and_scores(customers: pd.DataFrame) -> None:
    def champions_revenue(segmenter: Any, X: Any, y: Any = None) -> float:
        return float(X["monetary"][segmenter.predict(X) == 0].sum())

    search = GridSearchCV(
        RFMSegmenter(), {"segments": ["grid", "seed"]}, scoring=champions_revenue, cv=3
    ).fit(customers)
    assert search.best_params_ == {"segments": "seed"}


def test_it_works_at_the_end_of_a_pipeline(customers: pd.DataFrame) -> None:
    pipeline = make_pipeline(FunctionTransformer(), RFMSegmenter())
    codes = pipeline.fit(customers).predict(customers)
    np.testing.assert_array_equal(codes, RFMSegmenter().fit_predict(customers))


def test_a_map_of_rules_can_be_cloned() -> None:
    segments = {"Top": "R >= 4", "Rest": "R < 4"}
    segmenter = clone(RFMSegmenter(segments)).fit(ladder())
    assert segmenter.segments == segments


# Published answers


def r_package(data_dir: Path, name: str) -> tuple[Any, pd.DataFrame, RFMSegmenter]:
    """Return the published results, the published table, and our segmenter on it."""
    published = pd.read_csv(
        data_dir / "rfm_r_package" / "expected_orders_scores_segments.csv.gz"
    )
    results = json.loads((data_dir / "reference_results.json").read_text())
    cuts = {
        dimension: results["rfm_r_orders"][f"{dimension}_edges"]
        for dimension in DIMENSIONS
    }
    segmenter = RFMSegmenter(
        name,
        cut_points=cuts,
        # The package scores edge <= x.
        closed="left",
        recency="recency_days",
        frequency="orders",
        monetary="total_spend",
    )
    return results["rfm_r_orders"], published, segmenter.fit(published)


def test_r_package_scores_and_segments_are_reproduced(data_dir: Path) -> None:
    results, published, segmenter = r_package(data_dir, "r-rfm")
    assert len(published) == 995
    scores = segmenter.scores(published)
    digits = [f"{r}{f}{m}" for r, f, m in scores.to_numpy()]
    assert digits == published["rfm"].astype(str).tolist()
    names = segmenter.segment_names_[segmenter.labels_]
    assert names.tolist() == published["segment"].tolist()
    counts = pd.Series(names).value_counts().to_dict()
    assert counts == results["rules_A_vignette"]["customers"]


def test_r_package_counts_of_the_putler_table_are_reproduced(data_dir: Path) -> None:
    results, published, segmenter = r_package(data_dir, "putler")

    def plain(name: str) -> str:
        # The package writes "Potential Loyalist" and "At Risk".
        return name.lower().removesuffix("s")

    sizes = zip(segmenter.segments_["name"], segmenter.segments_["n"], strict=True)
    expected = results["rules_B_tests"]["customers"].items()
    assert {plain(name): n for name, n in sizes if n} == {
        plain(name): n for name, n in expected
    }
    champions = segmenter.labels_ == 0
    assert [
        champions.sum(),
        published.loc[champions, "orders"].sum(),
        published.loc[champions, "total_spend"].sum(),
    ] == results["rules_B_tests"]["champions_customers_orders_revenue"]


def test_a_quantile_of_a_score_is_told_to_be_a_number() -> None:
    X = np.arange(60.0).reshape(20, 3)
    segmenter = RFMSegmenter({"A": "R >= q(0.5)"}, default="B")
    with pytest.raises(RuleError, match=r"Write a number in place of q\(0\.5\)"):
        segmenter.fit(X)
    segmenter.set_params(segments={"A": "R >= 3"}).fit(X)
