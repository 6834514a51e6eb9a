"""Cut points that belong to the bin above them, or to the one below."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skseg import RFMSegmenter
from skseg.displays import RFMHeatmapDisplay
from skseg.exceptions import InvalidParameterError
from skseg.rules import RuleSet
from tests.rfm.customers import customer_table

CUTS: dict[str, list[float]] = {
    "recency": [30.0, 90.0, 180.0, 365.0],
    "frequency": [2, 3, 5, 9],
    "monetary": [-10.5, 0.0, 255.8, 1e6],
}
DIMENSIONS = tuple(CUTS)
SIDES = ["right", "left"]
CUSTOMERS = customer_table()
MAPS: list[Any] = ["grid", "seed", "putler", "r-rfm", None]


def around_the_edges() -> pd.DataFrame:
    """Return customers at every cut point, and just beside it, in each dimension."""
    middle = {"recency": 100.0, "frequency": 4.0, "monetary": 100.0}
    rows = [
        middle | {name: float(np.nextafter(cut, towards))}
        for name, cuts in CUTS.items()
        for cut in map(float, cuts)
        for towards in (-np.inf, cut, np.inf)
    ]
    extremes = [
        middle | {name: value}
        for name in DIMENSIONS
        for value in (-np.inf, np.inf, np.nan)
    ]
    return pd.DataFrame([*rows, *extremes])


def expected_scores(
    X: pd.DataFrame, cuts: Any, closed: str
) -> dict[str, list[float | None]]:
    """Return the scores of every row, counted cut by cut."""
    scores: dict[str, list[float | None]] = {}
    for name in DIMENSIONS:
        of_dimension: list[float | None] = []
        for value in X[name]:
            above = [
                value > cut if closed == "right" else value >= cut for cut in cuts[name]
            ]
            score = len(above) + 1 - sum(above) if name == "recency" else 1 + sum(above)
            of_dimension.append(None if np.isnan(value) else score)
        scores[name[0].upper()] = of_dimension
    return scores


@pytest.mark.parametrize("closed", SIDES)
def test_scores_at_the_edges_are_as_declared(closed: Any) -> None:
    X = around_the_edges()
    segmenter = RFMSegmenter(cut_points=CUTS, closed=closed).fit(CUSTOMERS)
    scores = segmenter.scores(X).astype(object).where(lambda table: table.notna(), None)
    assert scores.to_dict("list") == expected_scores(X, CUTS, closed)


@pytest.mark.parametrize("segments", MAPS, ids=str)
@pytest.mark.parametrize("closed", SIDES)
def test_rules_text_json_sql_and_rows_agree_at_every_edge(
    closed: Any, segments: Any
) -> None:
    X = around_the_edges()
    segmenter = RFMSegmenter(segments, cut_points=CUTS, closed=closed).fit(CUSTOMERS)
    codes = segmenter.predict(X)
    names = segmenter.segment_names_[codes].tolist()
    if segments is None:
        scores = pd.DataFrame(expected_scores(X, CUTS, closed)).to_numpy(float)
        assert names == [
            "Unknown" if np.isnan(row).any() else "R{:.0f} F{:.0f} M{:.0f}".format(*row)
            for row in scores
        ]
    rules = segmenter.rules_
    assert rules.verify().is_mece
    written = RuleSet(
        {name: text for name, text in rules.texts().items() if name != rules.default},
        default=rules.default,
    )
    for again in (written, RuleSet.from_json(rules.to_json())):
        np.testing.assert_array_equal(again.assign(X), codes)
    with duckdb.connect() as connection:
        connection.register("customers", X)
        sql = rules.to_sql("duckdb", output="code")
        rows = connection.sql(f"SELECT {sql} AS code FROM customers").fetchall()
    assert [code for (code,) in rows] == codes.tolist()


@pytest.mark.parametrize("n_scores", [2, 3, 5, 10])
@pytest.mark.parametrize("seed", range(3))
def test_learned_scores_are_the_same_on_either_side(seed: int, n_scores: int) -> None:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "recency": rng.integers(0, 40, 200),
            "frequency": rng.geometric(0.5, 200),
            "monetary": np.round(rng.gamma(2, 50, 200), 2),
        }
    )
    weight = rng.integers(0, 3, 200)
    X.loc[rng.random(200) < 0.1, "monetary"] = np.nan
    right, left = (
        RFMSegmenter(None, n_scores, closed=closed).fit(X, sample_weight=weight)
        for closed in SIDES
    )
    # Rows without weight decide nothing.
    counted = X[weight > 0]
    pd.testing.assert_frame_equal(left.scores(counted), right.scores(counted))
    scores = left.scores(X).astype(object).where(lambda table: table.notna(), None)
    assert scores.to_dict("list") == expected_scores(X, left.cut_points_, "left")
    collapsed = [
        segmenter.score_table_["collapsed"].tolist() for segmenter in (left, right)
    ]
    assert collapsed[0] == collapsed[1]


def test_the_score_table_says_which_end_is_closed() -> None:
    for closed in SIDES:
        segmenter = RFMSegmenter(cut_points=CUTS, closed=closed).fit(CUSTOMERS)
        table = segmenter.score_table_
        assert (table["closed"] == closed).all()
        best = table.iloc[0]
        assert (best["low"], best["high"]) == (-np.inf, 30)


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("right", ["up to 2", "exactly 3", "4 to 5", "6 to 9", "over 9"]),
        ("left", ["below 2", "exactly 2", "3 to 4", "5 to 8", "from 9"]),
    ],
)
def test_the_picture_has_the_values_of_the_scores(
    closed: Any, expected: list[str]
) -> None:
    segmenter = RFMSegmenter(cut_points=CUTS, closed=closed).fit(CUSTOMERS)
    display = RFMHeatmapDisplay.from_estimator(segmenter, around_the_edges())
    labels = [
        label.get_text().split("\n")[1] for label in display.ax_.get_yticklabels()
    ]
    assert labels == expected
    regions = display.frame().dropna(subset="segment")
    codes = segmenter.predict(around_the_edges())
    scores = segmenter.scores(around_the_edges())
    for r, f, name in regions[["R", "F", "segment"]].itertuples(index=False):
        inside = (scores["R"] == r).fillna(False) & (scores["F"] == f).fillna(False)
        assert {*segmenter.segment_names_[codes[inside]]} <= {name, "Unknown"}


@pytest.mark.parametrize("closed", ["both", None, True, 1])
def test_another_side_is_an_error(closed: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"'closed'.*'right' or 'left'"):
        RFMSegmenter(closed=closed).fit(CUSTOMERS)


def test_closed_is_a_parameter_like_all_others() -> None:
    segmenter = clone(RFMSegmenter(closed="left"))
    assert segmenter.set_params(closed="right").closed == "right"
