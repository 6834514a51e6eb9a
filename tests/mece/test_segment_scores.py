"""Segment scores: by hand, by properties, and as the segmenter computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg._mece._scores import score_table

NAN = np.nan
RULES = {"A": "x < 10", "B": "10 <= x < 20", "C": "x >= 20"}


def scored(
    dimensions: dict[str, list[float]], weights: dict[str, float]
) -> pd.DataFrame:
    arrays = {name: np.array(values) for name, values in dimensions.items()}
    return score_table(arrays, weights)


def customers() -> pd.DataFrame:
    """Four customers in A, two in B, one in C, one missing."""
    return pd.DataFrame(
        {
            "x": [1.0, 2, 3, 4, 11, 12, 21, NAN],
            "profit": [1.0, 2, 3, NAN, 10, 20, 5, 7],
            "cost": [8.0, 8, 8, 8, 2, 2, 5, 11],
            "never": NAN,
        }
    )


BOUGHT = [0, 0, 0, 1, 1, 1, 0, 0]


def fitted(
    weights: dict[Any, Any] | None, y: Any = None, **parameters: Any
) -> pd.DataFrame:
    segmenter = MECERuleSegmenter(
        RULES, default="None", score_weights=weights, **parameters
    )
    return segmenter.fit(customers(), y).segments_


# Small tables by hand


def test_each_dimension_runs_from_its_worst_to_its_best_segment() -> None:
    table = scored({"outcome": [2.0, 6.0, 3.0]}, {"outcome": 1.0})
    assert list(table) == ["score_outcome", "score", "rank"]
    assert table["score_outcome"].tolist() == [0, 1, 0.25]
    assert table["score"].tolist() == [0, 1, 0.25]
    assert table["rank"].tolist() == [3, 1, 2]
    assert table["rank"].dtype == "Int64"


def test_the_score_is_the_mean_with_the_weights() -> None:
    table = scored(
        {"outcome": [0.0, 4.0, 1.0], "size": [0.5, 0.1, 0.4]},
        {"outcome": 3.0, "size": 1.0},
    )
    assert table["score_size"].tolist() == [1, 0, pytest.approx(0.75)]
    expected = [0.25, 0.75, (3 * 0.25 + 0.75) / 4]
    assert table["score"].tolist() == pytest.approx(expected)
    assert table["rank"].tolist() == [3, 1, 2]


def test_of_a_dimension_with_a_negative_weight_less_is_better() -> None:
    table = scored(
        {"outcome": [0.0, 4.0, 1.0], "cost": [10.0, 30.0, 20.0]},
        {"outcome": 1.0, "cost": -3.0},
    )
    assert table["score_cost"].tolist() == [1, 0, 0.5]
    assert table["score"].tolist() == [0.75, 0.25, (0.25 + 3 * 0.5) / 4]
    assert table["rank"].tolist() == [1, 3, 2]


def test_a_dimension_in_which_all_are_alike_is_no_fault_of_any() -> None:
    table = scored(
        {"outcome": [5.0, 5.0], "size": [0.2, 0.8]}, {"outcome": 1.0, "size": 1.0}
    )
    assert table["score_outcome"].tolist() == [1, 1]
    assert table["score"].tolist() == [0.5, 1]


def test_a_single_segment_is_the_best() -> None:
    table = scored({"size": [1.0]}, {"size": -2.0})
    assert table.to_dict("list") == {"score_size": [1], "score": [1], "rank": [1]}


def test_a_segment_that_lacks_a_dimension_has_no_score_and_no_rank() -> None:
    table = scored(
        {"outcome": [1.0, NAN, 3.0], "size": [0.1, 0.5, 0.4]},
        {"outcome": 1.0, "size": 1.0},
    )
    np.testing.assert_array_equal(table["score_outcome"], [0, NAN, 1])
    np.testing.assert_array_equal(table["score"], [0, NAN, (1 + 0.75) / 2])
    assert table["rank"].tolist() == [2, pd.NA, 1]


def test_a_dimension_that_one_segment_alone_has_is_its_best() -> None:
    table = scored({"outcome": [NAN, 7.0]}, {"outcome": 1.0})
    np.testing.assert_array_equal(table["score_outcome"], [NAN, 1])
    assert table["rank"].tolist() == [pd.NA, 1]


def test_a_dimension_that_nobody_has_gives_no_scores() -> None:
    table = scored({"outcome": [NAN, NAN]}, {"outcome": 1.0})
    assert table["score"].isna().all()
    assert table["rank"].isna().all()


def test_equal_scores_share_the_better_rank() -> None:
    table = scored({"outcome": [3.0, 1.0, 3.0, 2.0]}, {"outcome": 1.0})
    assert table["rank"].tolist() == [1, 4, 1, 3]


def test_a_weight_of_zero_shows_a_dimension_that_does_not_count() -> None:
    table = scored(
        {"outcome": [1.0, 2.0], "size": [0.9, 0.1]}, {"outcome": 1.0, "size": 0.0}
    )
    assert table["score"].tolist() == [0, 1]
    assert "score_size" in table


numbers = st.integers(-1000, 1000).map(float)
weights = st.integers(-5, 5).filter(bool).map(float)


@given(st.data(), st.integers(1, 6))
def test_scores_are_shares_that_no_change_of_unit_moves(data: Any, n: int) -> None:
    listed = st.lists(numbers, min_size=n, max_size=n)
    values = {name: np.array(data.draw(listed)) for name in ("a", "b")}
    weight = {name: data.draw(weights) for name in values}
    table = score_table(values, weight)
    ours = table.drop(columns="rank").to_numpy()
    assert ((ours >= 0) & (ours <= 1 + 1e-12)).all()
    in_cents = {name: 100 * column + 7 for name, column in values.items()}
    pd.testing.assert_frame_equal(score_table(in_cents, weight), table)
    twice = {name: 2 * one for name, one in weight.items()}
    pd.testing.assert_frame_equal(score_table(values, twice), table)
    # Turning a dimension round and its weight with it changes nothing.
    turned = {name: -column for name, column in values.items()}
    mirrored = {name: -one for name, one in weight.items()}
    pd.testing.assert_frame_equal(score_table(turned, mirrored), table)


@given(st.lists(numbers, min_size=1, max_size=8))
def test_rank_counts_the_better_segments(values: list[float]) -> None:
    ranks = score_table({"a": np.array(values)}, {"a": 1.0})["rank"].tolist()
    assert ranks == [1 + sum(other > value for other in values) for value in values]


# Through the segmenter


def test_by_default_outcome_and_size_count_alike() -> None:
    table = fitted(None, BOUGHT)
    assert table["outcome"].tolist() == [0.25, 1, 0, 0]
    assert table["score_outcome"].tolist() == [0.25, 1, 0, 0]
    assert table["score_size"].tolist() == pytest.approx([1, 1 / 3, 0, 0])
    assert table["score"].tolist() == pytest.approx([0.625, 2 / 3, 0, 0])
    assert table["rank"].tolist() == [2, 1, 3, 3]


def test_without_an_outcome_size_alone_counts() -> None:
    table = fitted(None)
    assert "score_outcome" not in table
    assert table["score"].tolist() == pytest.approx([1, 1 / 3, 0, 0])
    assert table["rank"].tolist() == [1, 2, 3, 3]


def test_a_column_counts_with_the_mean_of_its_known_values() -> None:
    table = fitted({"profit": 2, "cost": -1})
    assert table["mean_profit"].tolist() == [2, 15, 5, 7]
    assert table["mean_cost"].tolist() == [8, 2, 5, 11]
    assert table["score_profit"].tolist() == pytest.approx([0, 1, 3 / 13, 5 / 13])
    assert table["score_cost"].tolist() == pytest.approx([1 / 3, 1, 2 / 3, 0])
    expected = [
        (2 * p + c) / 3
        for p, c in zip(table["score_profit"], table["score_cost"], strict=True)
    ]
    assert table["score"].tolist() == pytest.approx(expected)
    assert table["rank"].tolist() == [4, 1, 2, 3]
    assert "score_size" not in table


def test_an_outcome_that_is_not_scored_is_shown_all_the_same() -> None:
    table = fitted({"size": 1}, BOUGHT)
    assert "outcome" in table
    assert "score_outcome" not in table


def test_the_mean_of_a_column_is_weighted() -> None:
    segmenter = MECERuleSegmenter(RULES, default="None", score_weights={"profit": 1})
    segmenter.fit(customers(), sample_weight=[1, 1, 2, 9, 1, 3, 1, 1])
    # The missing profit takes its weight with it.
    means = segmenter.segments_["mean_profit"].tolist()
    assert means == [9 / 4, 70 / 4, 5, 7]


def test_a_column_that_is_missing_throughout_a_segment_leaves_it_without_score() -> (
    None
):
    X = customers().assign(profit=[1.0, 2, 3, 4, NAN, NAN, 5, 7])
    segmenter = MECERuleSegmenter(RULES, default="None", score_weights={"profit": 1})
    table = segmenter.fit(X).segments_
    assert table["rank"].tolist() == [3, pd.NA, 2, 1]


def test_a_column_that_is_missing_throughout_scores_nobody() -> None:
    table = fitted({"never": 1, "size": 1})
    assert table["mean_never"].isna().all()
    assert table["score"].isna().all()
    assert table["rank"].isna().all()


def test_a_segment_without_rows_has_no_size_to_be_scored_by() -> None:
    segmenter = MECERuleSegmenter(
        {**RULES, "C": "20 <= x < 90", "D": "x >= 90"}, default="None"
    ).fit(customers())
    table = segmenter.segments_.set_index("name")
    assert table.loc["D", "rank"] is pd.NA
    assert table.loc["C", "score_size"] == 0
    # Were less better, nobody at all would be the best segment.
    segmenter.set_params(score_weights={"size": -1}).fit(customers())
    assert segmenter.segments_.set_index("name").loc["C", "rank"] == 1


def test_rows_outside_of_the_universe_have_no_part_in_scores() -> None:
    X = customers().assign(profit=[1.0, 2, 3, NAN, 10, 20, np.inf, 7])
    segmenter = MECERuleSegmenter(
        {"A": "x < 10", "B": "x >= 10"},
        universe="x < 20",
        score_weights={"profit": 1, "outcome": 1},
    )
    table = segmenter.fit(X, [0, 0, 0, 1, 1, 1, 99, 99]).segments_
    assert table["mean_profit"].tolist() == [2, 15]
    assert table["outcome"].tolist() == [0.25, 1]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_inside_is_refused_with_its_column(value: float) -> None:
    X = customers().assign(profit=[value, 2, 3, NAN, 10, 20, 5, 7])
    segmenter = MECERuleSegmenter(RULES, default="None", score_weights={"profit": 1})
    with pytest.raises(
        ValueError, match="column 'profit', which the score_weights name"
    ):
        segmenter.fit(X)
    segmenter.set_params(score_weights={"cost": 1}).fit(X)


def test_a_column_of_text_cannot_be_scored() -> None:
    X = customers().assign(profit=list("abcdefgh"))
    segmenter = MECERuleSegmenter(RULES, default="None", score_weights={"profit": 1})
    with pytest.raises(ValueError, match="column 'profit', which must hold numbers"):
        segmenter.fit(X)


def test_flags_count_as_zero_and_one() -> None:
    X = customers().assign(premium=[True, False, False, False] * 2)
    segmenter = MECERuleSegmenter(RULES, default="None", score_weights={"premium": 1})
    assert segmenter.fit(X).segments_["mean_premium"].tolist() == [0.25, 0.5, 0, 0]


def test_columns_of_an_array_are_scored_by_position() -> None:
    rules = {"A": "x0 < 10", "B": "x0 >= 10"}
    segmenter = MECERuleSegmenter(rules, default="None", score_weights={"x2": -1})
    table = segmenter.fit(customers().to_numpy()).segments_
    assert table["mean_x2"].tolist() == [8, 3, 11]
    assert table["rank"].tolist() == [2, 1, 3]


@pytest.mark.parametrize(
    "given_weights",
    [
        {},
        [("size", 1)],
        "size",
        {"size": "1"},
        {"size": None},
        {"size": True},
        {"size": NAN},
        {"size": np.inf},
        {"size": 0},
        {"size": 0, "profit": 0.0},
    ],
)
def test_weights_that_are_none_are_refused_and_shown(given_weights: Any) -> None:
    with pytest.raises(ValueError, match="'score_weights' parameter") as caught:
        fitted(given_weights)
    assert str(caught.value) == (
        "The 'score_weights' parameter of MECERuleSegmenter must be a mapping of "
        "dimensions to finite weights, not all of them 0. Got "
        f"{given_weights!r} instead."
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("profits", " Did you mean 'profit'?"),
        ("Outcome", " Did you mean 'outcome'?"),
        ("zzz", ""),
        (3, ""),
    ],
)
def test_an_unknown_dimension_is_refused_with_the_likely_one(
    name: Any, hint: str
) -> None:
    with pytest.raises(ValueError, match="score_weights name") as caught:
        fitted({name: 1})
    assert str(caught.value) == (
        f"The score_weights name {name!r}, which is neither 'outcome' nor 'size' nor a "
        f"column.{hint}"
    )


def test_the_outcome_cannot_be_scored_where_there_is_none() -> None:
    with pytest.raises(ValueError, match=r"name 'outcome'.*\. Pass y to fit"):
        fitted({"outcome": 1})


@pytest.mark.parametrize("name", ["outcome", "size"])
def test_a_column_called_like_a_dimension_is_refused_where_it_is_scored(
    name: str,
) -> None:
    X = customers().assign(**{name: 1.0})
    segmenter = MECERuleSegmenter(RULES, default="None", score_weights={name: 1})
    with pytest.raises(ValueError, match=r"is a dimension and a column\. Rename"):
        segmenter.fit(X, BOUGHT)
    # Where it is not named there is no doubt.
    default = MECERuleSegmenter(RULES, default="None").fit(X, BOUGHT).segments_
    pd.testing.assert_frame_equal(default, fitted(None, BOUGHT))


def test_the_mapping_of_the_caller_is_not_changed() -> None:
    given_weights = {"size": 1, "profit": 2}
    fitted(given_weights)
    assert given_weights == {"size": 1, "profit": 2}


@pytest.mark.parametrize("weight", [np.float32(2), np.int64(2), 2])
def test_weights_may_be_any_real_number(weight: Any) -> None:
    table = fitted({"size": weight, "profit": 1})
    expected = (2 * table["score_size"] + table["score_profit"]) / 3
    assert table["score"].tolist() == pytest.approx(expected.tolist())


def test_means_at_the_ends_of_float64_are_scored() -> None:
    table = scored({"a": [1.7e308, -1.7e308, 0.0]}, {"a": 1.0})
    assert table["score"].tolist() == [1, 0, 0.5]


def test_a_column_whose_sum_overflows_is_scored_or_refused_with_its_name() -> None:
    X = customers().assign(profit=1e308)
    segmenter = MECERuleSegmenter(RULES, default="None", score_weights={"profit": 1})
    try:
        segmenter.fit(X)
    except ValueError as error:
        if "profit" not in str(error):
            raise
        return
    assert segmenter.segments_["score"].tolist() == [1, 1, 1, 1]


def test_an_outcome_whose_sum_overflows_is_scored_or_refused_by_its_name() -> None:
    segmenter = MECERuleSegmenter(RULES, default="None")
    try:
        segmenter.fit(customers(), [1e308] * 8)
    except ValueError as error:
        if "outcome" not in str(error):
            raise
        return
    assert segmenter.segments_["score_outcome"].tolist() == [1, 1, 1, 1]
