"""What a fit knows of the search that it is part of: ties of all candidates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
)

from skseg._core._searches import Tie, tie_of_candidates

X = np.arange(40.0)[:, np.newaxis]


class Scored(BaseEstimator):
    """An estimator that has the score that it is told, and remembers ties."""

    ties: list[Tie | None] = []  # noqa: RUF012

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def fit(self, X: Any, y: Any = None) -> Scored:
        self.ties.append(tie_of_candidates())
        return self

    def score(self, X: Any, y: Any = None) -> float:
        return float(self.value) + float(np.mean(X))


@pytest.fixture(autouse=True)
def _no_ties() -> None:
    Scored.ties.clear()


SEARCHES = {
    "grid": lambda grid, **options: GridSearchCV(Scored(), grid, cv=2, **options),
    "random": lambda grid, **options: RandomizedSearchCV(
        Scored(), grid, n_iter=2, cv=2, random_state=0, **options
    ),
    "two scorers": lambda grid, **options: GridSearchCV(
        Scored(),
        grid,
        cv=2,
        scoring={"other": lambda *args: 1.0, "own": lambda e, X, y=None: e.score(X)},
        refit="own",
        **options,
    ),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_the_last_fit_of_a_search_knows_of_a_tie(name: str) -> None:
    search = SEARCHES[name]({"value": [1.0, 1]}).fit(X)
    *of_folds, last = Scored.ties
    assert of_folds == [None] * 4
    assert last is not None
    assert last.search is search
    assert last.n_candidates == 2
    assert last.score == pytest.approx(1 + X.mean())


@pytest.mark.parametrize("name", SEARCHES)
def test_candidates_that_differ_are_no_tie(name: str) -> None:
    SEARCHES[name]({"value": [1.0, 2.0]}).fit(X)
    assert {*Scored.ties} == {None}


def test_one_candidate_and_scores_that_failed_are_no_tie() -> None:
    SEARCHES["grid"]({"value": [1.0]}).fit(X)
    with pytest.warns(UserWarning, match="non-finite"):
        SEARCHES["grid"]({"value": [np.nan, np.nan]}).fit(X)
    assert {*Scored.ties} == {None}


def test_fits_outside_of_searches_know_of_none() -> None:
    Scored().fit(X)
    cross_val_score(Scored(), X, cv=2)
    SEARCHES["grid"]({"value": [1.0, 1]}, refit=False).fit(X)
    assert {*Scored.ties} == {None}


def test_a_halving_search_of_candidates_that_differ_is_no_tie() -> None:
    search = HalvingGridSearchCV(Scored(), {"value": [1.0, 2.0]}, cv=2, random_state=0)
    search.fit(X, np.tile([0, 1], 20))
    assert {*Scored.ties} == {None}
