"""make_findings_scorer: held-out effects in verified findings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skseg import (
    BoxSegmentFinder,
    DecisionThresholds,
    GroupStratifiedKFold,
    IVSegmentFinder,
    TLearnerSegmentFinder,
    with_group,
)
from skseg.exceptions import InvalidDataError
from skseg.metrics import make_findings_scorer

SCORER = make_findings_scorer()


def trial(n_rows: int, effect: float, seed: int = 0) -> Any:
    """Return a trial with an effect of A where both columns are large, and no other."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(random.random((n_rows, 3)), columns=["x", "z", "noise"])
    in_a = random.random(n_rows) < 0.5
    inside = (X["x"] > 0.5) & (X["z"] > 0.5)
    y = (random.random(n_rows) < 0.3 + effect * in_a * inside).astype(float)
    return X, y, np.where(in_a, "A", "B")


def by_hand(finder: Any, X: Any, y: Any, group: Any) -> float:
    """Return the gain by means of rows: the effects as inverse shares weigh them."""
    in_a = group == "A"
    share, mean_a, mean_b = in_a.mean(), y[in_a].mean(), y[~in_a].mean()
    centre = (1 - share) * mean_a + share * mean_b
    gains = np.where(in_a, 1 / share, -1 / (1 - share)) * (y - centre)
    members = finder.rules_.membership(X)
    outside, total = np.ones(len(y), dtype=bool), 0.0
    for i in np.flatnonzero(finder._policy.is_sure):
        rows = members[:, i] & outside
        outside &= ~rows
        total += (gains[rows] - gains.mean()).sum()
    return float(total / len(y))


def test_the_score_is_the_effect_in_findings_above_the_average() -> None:
    X, y, group = trial(8_000, 0.4)
    finder = BoxSegmentFinder(random_state=0, max_features=2).fit(X, y, group)
    assert (finder.segments_["p_adj"] <= 0.05).any()
    new = trial(8_000, 0.4, seed=1)
    score = SCORER(finder, *new)
    assert score == pytest.approx(by_hand(finder, *new))
    # A quarter of the rows gains 0.4, where the average gains 0.1.
    assert score == pytest.approx(0.25 * 0.3, abs=0.02)
    X, y, group = new
    assert SCORER(finder, X, with_group(y, group)) == score
    assert SCORER(make_pipeline(FunctionTransformer(), finder), X, y, group) == score


def test_it_is_in_currency_where_outcomes_have_a_value() -> None:
    X, y, group = trial(8_000, 0.4)
    profit = DecisionThresholds(value=20.0, cost=1.0)
    finder = BoxSegmentFinder(random_state=0, max_features=2, thresholds=profit)
    score = SCORER(finder.fit(X, y, group), X, y, group)
    assert score == pytest.approx(20 * 0.25 * 0.3, abs=0.4)


@pytest.mark.parametrize("inference", ["honest", "maxt", "none"])
def test_nothing_verified_scores_zero(inference: str) -> None:
    X, y, group = trial(400, 0.0)
    finder = IVSegmentFinder(random_state=0, inference=inference, max_features=2)
    finder.fit(X, y, group)
    assert not (finder.segments_["p_adj"] <= 0.05).any()
    assert SCORER(finder, X, y, group) == 0


def test_a_finding_of_all_rows_scores_zero() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"x": random.random(4_000)})
    in_a = random.random(4_000) < 0.5
    y = (random.random(4_000) < 0.3 + 0.3 * in_a).astype(float)
    group = np.where(in_a, "A", "B")
    finder = BoxSegmentFinder(random_state=0).fit(X, y, group)
    assert abs(SCORER(finder, X, y, group)) < 0.03


def test_without_groups_it_is_about_outcomes() -> None:
    X, y, _ = trial(4_000, 0.0)
    y = np.where(X["x"] > 0.6, np.maximum(y, X["noise"] > 0.5), y)
    finder = IVSegmentFinder(random_state=0).fit(X, y)
    inside = finder.rules_.membership(X)[:, finder.segments_["p_adj"] <= 0.05]
    assert inside.any()
    assert SCORER(finder, X, y) > 0.05


def test_weights_are_repetitions() -> None:
    X, y, group = trial(4_000, 0.4)
    finder = IVSegmentFinder(random_state=0).fit(X, y, group)
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    again = np.repeat(np.arange(len(y)), weight)
    score = SCORER(finder, X, y, group, sample_weight=weight.astype(float))
    assert score != 0
    assert score == pytest.approx(SCORER(finder, X.iloc[again], y[again], group[again]))


@pytest.mark.parametrize("is_routed", [False, True])
def test_a_search_over_finders_takes_the_one_that_verifies_most(
    is_routed: bool,
) -> None:
    X, y, group = trial(12_000, 0.4)
    search = GridSearchCV(
        Pipeline([("finder", BoxSegmentFinder())]),
        {
            "finder": [
                TLearnerSegmentFinder(random_state=0, max_features=1),
                BoxSegmentFinder(random_state=0, max_features=2),
            ]
        },
        scoring=SCORER,
        cv=GroupStratifiedKFold(2),
        error_score="raise",
    )
    with config_context(enable_metadata_routing=is_routed):
        if is_routed:
            search.fit(X, y, group=group)
        else:
            search.fit(X, with_group(y, group))
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert scores[1] > scores[0] > 0
    assert isinstance(search.best_params_["finder"], BoxSegmentFinder)


def test_it_goes_beside_other_scorers() -> None:
    X, y, group = trial(2_000, 0.4)
    scores = cross_validate(
        IVSegmentFinder(random_state=0),
        X,
        with_group(y, group),
        scoring={"gain": SCORER, "value": lambda finder, X, y: finder.score(X, y)},
        cv=GroupStratifiedKFold(2),
        error_score="raise",
    )
    assert np.isfinite(scores["test_gain"]).all()
    assert repr(SCORER) == "make_findings_scorer()"


def test_other_estimators_and_a_missing_group_are_refused() -> None:
    X, y, group = trial(400, 0.4)
    with pytest.raises(InvalidDataError, match=r"segment finders.*LogisticRegression"):
        SCORER(LogisticRegression().fit(X, y), X, y)
    finder = IVSegmentFinder(random_state=0).fit(X, y, group)
    with pytest.raises(InvalidDataError, match=r"with_group\(y, group\)"):
        SCORER(finder, X, y)
    with pytest.raises(InvalidDataError, match="there are no rows"):
        SCORER(finder, X[:0], y[:0], group[:0])
