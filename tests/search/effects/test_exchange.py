"""Max-T of skewed scores: relabelled groups, outcomes in other rows, by brute force."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._economics import Economics
from skseg._search.effects._inference import (
    ipw_score,
    ipw_score_of_other_group,
    rest_score,
)
from skseg._search.effects.boxes import CodedAxis, Exchange, _exchange, max_t

AXES = [CodedAxis(6), CodedAxis(5, missing=4), CodedAxis(4, nominal=True)]


def random_codes(rng: np.random.Generator, n: int) -> Any:
    return np.array([rng.integers(0, axis.n_cells, n) for axis in AXES], np.uint8)


def relabelled(y: Any, in_a: Any, null: float = 0.0) -> Exchange:
    return Exchange(in_a, ipw_score_of_other_group(y, in_a, None, null))


def largest(codes: Any, axes: Any, score: Any) -> float:
    """Return the largest z of the scores, whose replicates do not matter."""
    rng = np.random.default_rng(0)
    return float(max_t(codes, axes, score, n_replicates=1, rng=rng, max_columns=1)[0])


def gaps(drawn: Any, possible: list[float]) -> Any:
    return np.abs(np.subtract.outer(drawn, possible)).min(axis=1)


@pytest.mark.parametrize("kind", ["labels", "rows"])
def test_the_first_number_is_that_of_the_scores_as_they_are(kind: str) -> None:
    rng = np.random.default_rng(1)
    codes, y, in_a = random_codes(rng, 300), rng.exponential(size=300), rng.random(300)
    in_a = in_a < 0.3
    score = ipw_score(y, in_a) if kind == "labels" else rest_score(y)
    exchange = relabelled(y, in_a) if kind == "labels" else Exchange()
    plain, exchanged = (
        max_t(codes, AXES, score, n_replicates=19, rng=rng, min_size=9, exchange=e)
        for e in (None, exchange)
    )
    assert exchanged[0] == pytest.approx(plain[0], rel=1e-5)


def test_replicates_are_those_of_all_other_labels_of_the_groups() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 3, (2, 8)).astype(np.uint8)
    axes, y, in_a = [CodedAxis(3), CodedAxis(3)], rng.exponential(size=8), np.arange(8)
    in_a = in_a < 3
    score, other = ipw_score(y, in_a), ipw_score_of_other_group(y, in_a)
    drawn = max_t(
        codes,
        axes,
        score,
        n_replicates=60,
        rng=rng,
        max_columns=1,
        exchange=Exchange(in_a, other),
    )
    possible = []
    for members in combinations(range(8), 3):
        labels = np.isin(np.arange(8), members)
        possible.append(largest(codes, axes, np.where(labels == in_a, score, other)))
    assert gaps(drawn, possible).max() < 1e-5
    assert len(np.unique(drawn.round(4))) > 15


def test_replicates_are_those_of_outcomes_in_other_rows() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, (2, 5)).astype(np.uint8)
    axes, score = [CodedAxis(3), CodedAxis(3)], rest_score(rng.exponential(size=5))
    drawn = max_t(
        codes,
        axes,
        score,
        n_replicates=60,
        rng=rng,
        max_columns=1,
        exchange=Exchange(),
    )
    possible = [
        largest(codes, axes, score[list(order)]) for order in permutations(range(5))
    ]
    assert gaps(drawn, possible).max() < 1e-5
    assert len(np.unique(drawn.round(4))) > 5


def share_of_rejections(kind: str, exchange: bool, n_runs: int = 40) -> float:
    hits = 0
    for run in range(n_runs):
        rng = np.random.default_rng(run)
        codes, in_a = random_codes(rng, 800), rng.random(800) < 0.05
        y = (rng.random(800) < 0.01).astype(float)
        score = ipw_score(y, in_a) if kind == "labels" else rest_score(y)
        null = relabelled(y, in_a) if kind == "labels" else Exchange()
        drawn = max_t(
            codes,
            AXES,
            score,
            n_replicates=39,
            rng=rng,
            min_size=8,
            exchange=null if exchange else None,
        )
        hits += (drawn >= drawn[0] * (1 - 1e-5)).mean() <= 0.05
    return hits / n_runs


def test_signs_of_scores_of_a_small_group_reject_too_often() -> None:
    assert share_of_rejections("labels", exchange=False) > 0.15


@pytest.mark.parametrize("kind", ["labels", "rows"])
@pytest.mark.parametrize("n_moved", [1 << 12, 100], ids=["all", "the largest"])
def test_exchanged_scores_reject_noise_as_often_as_they_should(
    kind: str, n_moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_exchange, "_MAX_ROWS", n_moved)
    # Three standard errors above 5 % of 40.
    assert share_of_rejections(kind, exchange=True) <= 0.15


def test_an_effect_stands_out_of_its_replicates() -> None:
    rng = np.random.default_rng(5)
    codes, in_a = random_codes(rng, 6000), rng.random(6000) < 0.3
    box = (codes[0] < 3) & (codes[2] == 1)
    y = (rng.random(6000) < 0.2 + 0.3 * (box & in_a)) * rng.exponential(size=6000)
    drawn = max_t(
        codes,
        AXES,
        ipw_score(y, in_a),
        n_replicates=39,
        rng=rng,
        min_size=60,
        exchange=relabelled(y, in_a),
    )
    assert drawn[0] > drawn[1:].max()


def test_the_score_in_the_other_group_adds_the_effect_that_is_tested() -> None:
    y, in_a = np.array([1.0, 4.0, 0.0, 2.0]), np.array([True, True, False, False])
    other = ipw_score_of_other_group(y, in_a, None, 1.5)
    # Shares of 1/2 and the centre (2.5 + 1) / 2.
    np.testing.assert_allclose(
        other, [-2 * (-0.5 - 1.75), -2 * (2.5 - 1.75), 2 * (1.5 - 1.75), 2 * 1.75]
    )


def test_finders_exchange_what_they_can() -> None:
    y, weight = np.array([1.0, 4.0, 0.0, 2.0]), np.ones(4)
    in_a = np.array([True, True, False, False])
    randomized = ComparedRows(y, in_a, weight, is_binary=False)
    exchange = randomized.exchange()
    assert exchange is not None
    np.testing.assert_array_equal(exchange.in_a, in_a)
    np.testing.assert_allclose(exchange.other_score, ipw_score_of_other_group(y, in_a))
    valued = ComparedRows(
        y, in_a, weight, is_binary=False, economics=Economics(2.0, 3.0)
    ).exchange()
    assert valued is not None
    np.testing.assert_allclose(
        valued.other_score, 2 * ipw_score_of_other_group(y, in_a, None, 1.5) - 3
    )
    rest = ComparedRows(y, None, weight, is_binary=False).exchange()
    assert rest is not None
    assert rest.in_a is None
    uneven = ComparedRows(y, None, np.array([1.0, 2, 1, 1]), is_binary=False)
    customers = ComparedRows(
        y, in_a, weight, is_binary=False, cluster=np.array([0, 0, 1, 1])
    )
    adjusted = ComparedRows(y, in_a, weight, is_binary=False, score=y)
    for rows in (uneven, customers, adjusted):
        assert rows.exchange() is None
