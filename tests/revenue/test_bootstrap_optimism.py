"""The optimism of a bootstrap by its definition, and outcomes without a variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from skseg import OptimalRevenueBinner
from skseg.exceptions import InvalidDataError
from tests.revenue.test_revenue_binner import NAN, column

FloatArray = npt.NDArray[np.float64]
REVENUE, COST = np.array([10, 15, 20.0]), np.array([0, 1, 4.0])
SCORES = np.array([1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7.0])
CONVERTED = np.array([1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1.0])


def draws(n_without: int, seed: int, n: int) -> list[FloatArray]:
    """Return, for every outcome and score, and last for no score, the rows drawn."""
    place = np.append(np.unique(SCORES, return_inverse=True)[1], np.full(n_without, 7))
    converted = np.append(CONVERTED, np.arange(n_without) % 2)
    counts = np.array([np.bincount(place, converted == value, 8) for value in (0, 1)])
    rng = np.random.default_rng(np.random.RandomState(seed).randint(2**31))
    shares = counts.ravel() / counts.sum()
    n_rows = len(converted)
    return [rng.multinomial(n_rows, shares).reshape(2, -1) * 1.0 for _ in range(n)]


@pytest.mark.parametrize("fixed_cost", [[0, 0, 0], [1, 3, 2]])
@pytest.mark.parametrize("n_without", [0, 1, 5])
def test_optimism_is_the_excess_of_drawn_over_realised_profit(
    n_without: int, fixed_cost: list[float]
) -> None:
    X = np.append(SCORES, [NAN] * n_without).reshape(-1, 1)
    y = np.append(CONVERTED, np.arange(n_without) % 2)
    menu: dict[str, Any] = {"revenue": REVENUE, "cost": COST, "fixed_cost": fixed_cost}
    # All tiers are used, so that the cut points say who is in which.
    binner = OptimalRevenueBinner(3, **menu, min_size=1, mode="exact").fit(X, y)
    result = binner.bootstrap(30, random_state=3)
    original = np.array(
        [np.bincount(SCORES.astype(int) - 1, CONVERTED == value) for value in (0, 1)]
    )

    def profit(cut_points: FloatArray, counts: FloatArray) -> float:
        tiers = np.searchsorted(cut_points, np.arange(1.0, 8.0))
        return float(REVENUE[tiers] @ counts[1] - COST[tiers] @ counts.sum(axis=0))

    cuts = iter(result.cut_points)
    excess = []
    for drawn in draws(n_without, 3, 30):
        scored = drawn[:, :7]
        if (scored.sum(axis=0) > 0).sum() < 3:
            continue
        best, fitted = next(cuts), binner.cut_points_
        of_best = profit(best, scored) - profit(best, original)
        of_fitted = profit(fitted, scored) - profit(fitted, original)
        excess.append(of_best - of_fitted)
    assert len(excess) == len(result.cut_points)
    assert result.optimism == pytest.approx(np.mean(excess), abs=1e-9)


@pytest.mark.parametrize("n_without", [0, 1, 2])
def test_even_one_customer_without_a_score_is_a_row_of_the_intervals(
    n_without: int,
) -> None:
    X = np.append(SCORES, [NAN] * n_without).reshape(-1, 1)
    y = np.append(CONVERTED, np.zeros(n_without))
    binner = OptimalRevenueBinner(2, revenue=[10, 20], cost=[0, 4]).fit(X, y)
    names = binner.bootstrap(5, random_state=0).frame()["name"].tolist()
    assert ("No score" in names) == (n_without > 0)


@pytest.mark.parametrize("unit", [1e200, -1e-200])
def test_outcomes_whose_squares_are_lost_are_refused_and_another_unit_helps(
    unit: float,
) -> None:
    X, y = SCORES.reshape(-1, 1), CONVERTED * unit
    binner = OptimalRevenueBinner(2, revenue=[1, 2], cost=[0, 1]).fit(X, y)
    with pytest.raises(InvalidDataError, match=r"variance.*squares.* float64"):
        binner.bootstrap(5, random_state=0)
    result = binner.fit(X, y / unit * 2).bootstrap(5, random_state=0)
    assert np.isfinite(result.profits).all()


def test_squares_of_customers_without_a_score_count_as_well() -> None:
    X, y = np.vstack([column(*SCORES), column(NAN)]), [*np.zeros(16), 1e200]
    binner = OptimalRevenueBinner(2, revenue=[1, 2], cost=[0, 1]).fit(X, y)
    with pytest.raises(InvalidDataError, match="variance"):
        binner.bootstrap(5, random_state=0)


def test_responses_that_are_all_zero_have_a_variance_of_zero() -> None:
    binner = OptimalRevenueBinner(
        2, revenue=[1, 2], cost=[0, 1], response_model="score", min_size=None
    )
    result = binner.fit(np.zeros((4, 1))).bootstrap(5, random_state=0)
    assert (result.profits == 0).all()
