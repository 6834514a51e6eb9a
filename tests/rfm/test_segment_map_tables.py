"""The shipped segment maps, against the tables and pictures that they come from."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from skseg import RFMSegmenter
from skseg._rfm._segment_maps import SEGMENT_MAPS
from skseg.rules import RuleSet

# Ranges of R, F and M.
PUTLER = """
Champions            4-5 4-5 4-5
Loyal customers      2-5 3-5 3-5
Potential loyalists  3-5 1-3 1-3
New customers        4-5 1-1 1-1
Promising            3-4 1-1 1-1
Need attention       2-3 2-3 2-3
About to sleep       2-3 1-2 1-2
At risk              1-2 2-5 2-5
Can't lose them      1-1 4-5 4-5
Lost                 1-2 1-2 1-2
"""
R_RFM = """
Champions            5-5 5-5 5-5
Potential Loyalist   3-5 3-5 2-5
Loyal Customers      2-4 2-4 2-4
Promising            3-4 1-3 3-5
New Customers        4-5 1-3 1-5
Can't Lose Them      1-2 3-4 4-5
At Risk              1-2 2-5 4-5
Need Attention       1-3 3-5 3-5
About To Sleep       2-3 1-3 1-4
Lost                 1-1 1-5 1-5
"""
# A word of each name; F from 1 to 5 in a row, R from 5 down to 1.
GRID = """
New          Potential    Potential  Champions  Champions
Promising    Potential    Potential  Loyal      Loyal
sleep        sleep        attention  Loyal      Loyal
Hibernating  Hibernating  risk       risk       lose
Hibernating  Hibernating  risk       risk       lose
"""
CELLS = np.array(list(product(range(1, 6), repeat=3)))


def holds_where(rule: str | object) -> np.ndarray:
    columns = dict(zip("RFM", CELLS.T, strict=True))
    return np.asarray(RuleSet({"A": rule}).membership(columns))[:, 0]


@pytest.mark.parametrize(("name", "text"), [("putler", PUTLER), ("r-rfm", R_RFM)])
def test_the_ranges_are_those_of_the_published_table(name: str, text: str) -> None:
    rules = SEGMENT_MAPS[name].rules
    published = {
        line[:21].strip(): [part.split("-") for part in line[21:].split()]
        for line in text.strip().splitlines()
    }
    assert list(rules) == list(published)
    for segment, ranges in published.items():
        low, high = np.array(ranges, dtype=int).T
        expected = ((low <= CELLS) & (high >= CELLS)).all(axis=1)
        np.testing.assert_array_equal(holds_where(rules[segment]), expected)
        # No rule speaks of scores that there are not.
        assert set(str(rules[segment])) <= set("RFM<= and12345")


def test_the_grid_is_the_usual_picture() -> None:
    rows = [line.split() for line in GRID.strip().splitlines()]
    for segment, rule in SEGMENT_MAPS["grid"].rules.items():
        expected = [rows[5 - r][f - 1] in segment for r, f, _ in CELLS]
        np.testing.assert_array_equal(holds_where(rule), expected)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", SEGMENT_MAPS)
def test_each_dimension_may_have_a_number_of_scores_of_its_own(
    name: str, seed: int
) -> None:
    dimensions = ["recency", "frequency", "monetary"]
    n_scores = np.random.default_rng(seed).integers(3, 11, 3).tolist()
    cells = np.array(list(product(*(range(1, n + 1) for n in n_scores))), dtype=float)
    X = pd.DataFrame(cells, columns=dimensions).assign(premium=0.0)
    X["recency"] = n_scores[0] + 1 - X["recency"]
    cuts = {d: np.arange(1.5, n) for d, n in zip(dimensions, n_scores, strict=True)}
    segmenter = RFMSegmenter(name, cut_points=cuts).fit(X)
    np.testing.assert_array_equal(segmenter.transform(X), cells)
    segment_map = SEGMENT_MAPS[name]
    levels = [segment_map.scores_out_of_five(n) for n in n_scores]
    out_of_five = [
        np.array(level)[scores.astype(int) - 1]
        for level, scores in zip(levels, cells.T, strict=True)
    ]
    columns = dict(zip("RFM", out_of_five, strict=True)) | {"premium": X["premium"]}
    membership = np.asarray(RuleSet(segment_map.rules).membership(columns))
    names = np.array([*segment_map.rules, segment_map.default], dtype=object)
    first = np.where(membership.any(axis=1), membership.argmax(axis=1), -1)
    expected = names[first]
    assert segmenter.segment_names_[segmenter.labels_].tolist() == expected.tolist()
    assert segmenter.rules_.verify().is_mece
