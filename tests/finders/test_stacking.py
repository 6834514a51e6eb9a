"""Combinations of predictions, against brute force and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from skseg._finders._adjustment._stacking import (
    calibrated_probability,
    mixture_weights,
    out_of_fold_losses,
)


def predictions(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return two useful predictions, a 0 / 1 target and whole weights."""
    rng = np.random.default_rng(seed)
    u, v = rng.normal(size=(2, n))
    target = (rng.random(n) < expit(u + v)).astype(float)
    return np.column_stack([expit(u), expit(v)]), target, rng.integers(1, 4, n) * 1.0


def test_a_calibrated_probability_is_that_of_a_logistic_regression() -> None:
    P, target, weight = predictions(0)
    ours, weights = calibrated_probability(P, target, weight)
    logits = logit(np.clip(P, 5e-3, 1 - 5e-3))
    model = LogisticRegression(C=1e8, tol=1e-8, max_iter=1000)
    model.fit(logits, target, weight)
    np.testing.assert_allclose(weights, model.coef_[0], atol=2e-3)
    np.testing.assert_allclose(ours, model.predict_proba(logits)[:, 1], atol=1e-3)


def test_a_model_that_is_not_sure_enough_is_corrected() -> None:
    rng = np.random.default_rng(1)
    truth = np.where(rng.random(5000) < 0.5, 0.1, 0.9)
    target = (rng.random(5000) < truth).astype(float)
    timid = 0.5 + 0.5 * (truth - 0.5)
    ours, _ = calibrated_probability(timid[:, np.newaxis], target, np.ones(5000))
    assert np.abs(ours - truth).max() < 0.02


def test_noise_gets_no_weight_and_the_mean_is_left() -> None:
    rng = np.random.default_rng(2)
    target = np.tile([0.0, 0.0, 0.0, 1.0], 100)
    # What was learned without a fold is a little too low where the fold is high.
    against = 0.25 - 0.01 * (target - 0.25) + 0.001 * rng.random(400)
    ours, weights = calibrated_probability(against[:, np.newaxis], target, np.ones(400))
    assert weights[0] == 0
    np.testing.assert_allclose(ours, 0.25, atol=1e-4)


@pytest.mark.parametrize("is_binary", [True, False])
def test_shares_are_those_of_the_least_loss_on_a_grid(is_binary: bool) -> None:
    P, target, weight = predictions(3)
    if not is_binary:
        target = 3 * P[:, 0] + 1 * P[:, 1] + np.random.default_rng(0).normal(size=400)
        P = 4 * P
    shares = mixture_weights(P, target, weight, is_binary)
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()
    grid = np.linspace(0, 1, 1001)
    mixed = P[:, :1] * grid + P[:, 1:] * (1 - grid)
    loss = out_of_fold_losses(mixed, target, weight, is_binary)
    assert shares[0] == pytest.approx(grid[loss.argmin()], abs=0.01)


def test_a_single_model_has_the_share_one() -> None:
    P, target, weight = predictions(4)
    assert mixture_weights(P[:, :1], target, weight, True).tolist() == [1.0]


@pytest.mark.parametrize("is_binary", [True, False])
def test_weights_are_repetitions(is_binary: bool) -> None:
    P, target, weight = predictions(5, 60)
    rows = np.repeat(np.arange(60), weight.astype(int))
    ones = np.ones(len(rows))
    weighted = mixture_weights(P, target, weight, is_binary)
    repeated = mixture_weights(P[rows], target[rows], ones, is_binary)
    np.testing.assert_allclose(weighted, repeated, atol=1e-6)
    for a, b in zip(
        calibrated_probability(P, target, weight),
        calibrated_probability(P[rows], target[rows], ones),
        strict=True,
    ):
        np.testing.assert_allclose(a[rows] if len(a) == 60 else a, b, atol=1e-4)


def test_losses_are_those_counted_by_hand() -> None:
    P, target = np.array([[0.5, 0.9], [0.5, 0.1]]), np.array([1.0, 0.0])
    weight = np.array([3.0, 1.0])
    log_losses = out_of_fold_losses(P, target, weight, True)
    np.testing.assert_allclose(log_losses, [np.log(2), -np.log(0.9)])
    squares = out_of_fold_losses(P, target, weight, False)
    np.testing.assert_allclose(squares, [0.25, 0.01])
