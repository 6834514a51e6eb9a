"""Scores without a map: each combination of scores is a segment."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg import RFMSegmenter
from skseg.displays import RFMHeatmapDisplay
from skseg.exceptions import InvalidParameterError
from skseg.rules import RuleSet
from tests.rfm.customers import customer_table

X = customer_table()
N_SCORES: list[Any] = [2, 3, 5, 7, 10, {"recency": 2, "frequency": 10, "monetary": 3}]


@pytest.mark.parametrize("n_scores", N_SCORES, ids=str)
def test_the_name_of_a_segment_says_the_scores_of_its_customers(n_scores: Any) -> None:
    segmenter = RFMSegmenter(None, n_scores).fit(X)
    scores = segmenter.scores(X)
    names = [f"R{r} F{f} M{m}" for r, f, m in scores.to_numpy()]
    assert segmenter.segment_names_[segmenter.predict(X)].tolist() == names
    sizes = pd.Series(names).value_counts()
    table = segmenter.segments_.set_index("name")
    assert table.loc[table["n"] > 0, "n"].to_dict() == sizes.to_dict()
    # The scores are those that a map would give.
    n_of = [n_scores] * 3 if isinstance(n_scores, int) else list(n_scores.values())
    own = {"All": "R >= 1"}
    np.testing.assert_array_equal(
        scores, RFMSegmenter(own, n_scores).fit(X).transform(X)
    )
    assert (scores.to_numpy() <= n_of).all()


@pytest.mark.parametrize("n_scores", N_SCORES, ids=str)
def test_the_segments_are_a_partition(n_scores: Any) -> None:
    segmenter = RFMSegmenter(None, n_scores).fit(X)
    assert segmenter.rules_.verify().is_mece
    assert segmenter.mece_report_.is_mece
    assert segmenter.unreachable_segments_ == ()
    assert RuleSet.from_json(segmenter.rules_.to_json()) == segmenter.rules_


def test_the_best_come_first_and_the_rules_are_in_units() -> None:
    rank = np.arange(1.0, 11.0)
    ladder = pd.DataFrame(
        {"recency": rank, "frequency": 11 - rank, "monetary": 10 * (11 - rank)}
    )
    segmenter = RFMSegmenter(None, 3).fit(ladder)
    names = [f"R{r} F{f} M{m}" for r, f, m in product((3, 2, 1), repeat=3)]
    assert segmenter.segment_names_.tolist() == [*names, "Unknown"]
    assert str(segmenter.rules_["R3 F3 M3"]) == (
        "recency <= 4 and frequency > 7 and monetary > 70"
    )
    assert str(segmenter.rules_["R2 F2 M1"]) == (
        "4 < recency <= 7 and 4 < frequency <= 7 and monetary <= 40"
    )


def test_a_collapsed_score_has_no_segments() -> None:
    ties = X.assign(frequency=np.where(X["frequency"] > 20, 2, 1))
    segmenter = RFMSegmenter(None).fit(ties)
    table = segmenter.score_table_
    frequency = table[(table["dimension"] == "frequency") & ~table["collapsed"]]
    assert len(frequency) < 5
    assert len(segmenter.segments_) == 25 * len(frequency) + 1
    onehot = RFMSegmenter(None, encode="onehot").fit(ties)
    assert onehot.transform(ties).shape[1] == len(segmenter.segments_)


def test_without_monetary_value_there_are_two_scores() -> None:
    expected = ["R2 F2", "R2 F1", "R1 F2", "R1 F1", "Unknown"]
    by_name = RFMSegmenter(None, 2, monetary=None).fit(X)
    by_position = RFMSegmenter(None, 2).fit(X.to_numpy()[:, :2])
    assert by_name.segment_names_.tolist() == expected
    assert by_position.segment_names_.tolist() == expected


def test_a_customer_without_a_score_is_in_none_of_the_combinations() -> None:
    gaps = X.copy()
    for row, name in enumerate(X):
        gaps.loc[row, name] = np.nan
    segmenter = RFMSegmenter(None, unknown="?").fit(gaps)
    assert segmenter.segment_names_[segmenter.labels_[:3]].tolist() == ["?"] * 3
    with pytest.raises(InvalidParameterError, match="'unknown'"):
        RFMSegmenter(None, unknown="R5 F5 M5").fit(X)


def test_weights_outcomes_and_business_cut_points_count_as_with_a_map() -> None:
    y = X["monetary"] > 500
    cuts = {"recency": [90], "frequency": [5], "monetary": [500]}
    segmenter = RFMSegmenter(None, cut_points=cuts).fit(X, y, sample_weight=y + 1)
    assert len(segmenter.segments_) == 9
    assert segmenter.segments_["n"].sum() == (y + 1).sum()
    rich = segmenter.segments_["name"].str.endswith("M2")
    known = segmenter.segments_["n"] > 0
    outcomes = segmenter.segments_["outcome"]
    np.testing.assert_array_equal(outcomes[known], rich[known])
    assert segmenter.score(X, y) == 1.0


def test_a_heatmap_of_scores_alone_has_no_outlines() -> None:
    segmenter = RFMSegmenter(None).fit(X)
    display = RFMHeatmapDisplay.from_estimator(segmenter, X)
    assert display.regions is None
    assert display.frame()["n"].sum() == len(X)


@pytest.mark.parametrize(
    "parameters",
    [{"on_overlap": "last"}, {"params": 3}, {"n_scores": 1}, {"n_scores": 11}],
    ids=str,
)
def test_other_parameters_are_checked_all_the_same(parameters: dict[str, Any]) -> None:
    (name,) = parameters
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter"):
        RFMSegmenter(None, **parameters).fit(X)


@pytest.mark.parametrize("name", ["none", "scores", "", 5, [], {}])
def test_what_is_no_map_is_refused_with_what_there_is(name: Any) -> None:
    with pytest.raises(InvalidParameterError, match="mapping of names to rules, or"):
        RFMSegmenter(name).fit(X)
