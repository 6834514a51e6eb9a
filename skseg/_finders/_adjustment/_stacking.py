"""Combinations of predictions, with the weights that fit best out of fold.

Predictions of several models that have not seen a row are combined by the weights of
the least out-of-fold loss, as in M. J. van der Laan, E. C. Polley and A. E. Hubbard,
"Super learner", Statistical Applications in Genetics and Molecular Biology 6 (2007),
article 25. The same weights serve all folds: A. Ahrens, C. B. Hansen, M. E. Schaffer
and T. Wiemann, "Model averaging and double machine learning", Journal of Applied
Econometrics 40 (2025), 249-269, call this short-stacking.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize, nnls
from scipy.special import expit, logit

from skseg._typing import FloatArray

# A probability further from what happened counts no more: one row must not decide.
_LEAST_LIKELIHOOD = 1e-3
_MAX_STEPS = 200
_LEAST_SHARE = 1e-3
_TOLERANCE = 1e-4

# Logits of predictions that are combined are not larger than those of 0.5 %.
_LEAST_PROBABILITY = 5e-3


def calibrated_probability(
    predictions: FloatArray, target: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return probabilities of a 0 / 1 target, and the weight of each model in them.

    A logistic regression on the logits of the predictions, of shape (n_rows, n_models),
    with weights of at least 0. Unlike shares, these correct models that are too sure,
    or not sure enough; without anything to learn they are 0.
    """
    bounded = np.clip(predictions, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    logits = np.column_stack([np.ones(len(target)), logit(bounded)])
    signed, total = 2 * target - 1, weight.sum()

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        margin = signed * (logits @ weights)
        slope = -(weight * signed * expit(-margin)) @ logits / total
        return float(weight @ np.logaddexp(0.0, -margin) / total), slope

    n_models = predictions.shape[1]
    start = np.append(0.0, np.full(n_models, 1 / n_models))
    bounds = [(None, None), *[(0.0, None)] * n_models]
    best = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return expit(logits @ best), best[1:]


def mixture_weights(
    predictions: FloatArray, target: FloatArray, weight: FloatArray, is_binary: bool
) -> FloatArray:
    """Return the share of each column of `predictions`, by log-loss or squared error.

    `predictions` has the shape (n_rows, n_models).
    """
    n_models = predictions.shape[1]
    if n_models == 1 or not weight.any():
        return np.full(n_models, 1 / n_models)
    if is_binary:
        return _likeliest_mixture(predictions, target, weight)
    scale = np.sqrt(weight)[:, np.newaxis]
    # One more row, of great weight, makes the shares add up to 1.
    size = 1e3 * float(np.sqrt((scale**2).sum())) * max(float(np.abs(target).max()), 1)
    rows = np.vstack([scale * predictions, np.full((1, n_models), size)])
    shares, _ = nnls(rows, np.append(scale[:, 0] * target, size))
    return np.asarray(shares / shares.sum())


def _likeliest_mixture(
    predictions: FloatArray, target: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return the maximum-likelihood shares of a mixture, by the EM algorithm."""
    happened = np.where(target[:, np.newaxis] == 1, predictions, 1 - predictions)
    likelihood = np.maximum(happened, _LEAST_LIKELIHOOD)
    shares = np.full(predictions.shape[1], 1 / predictions.shape[1])
    for _ in range(_MAX_STEPS):
        joint = likelihood * shares
        new = weight @ (joint / joint.sum(axis=1, keepdims=True)) / weight.sum()
        converged = np.abs(new - shares).max() < _TOLERANCE
        shares = new
        if converged:
            break
    # The algorithm comes near to 0, and does not reach it.
    shares = np.where(shares < _LEAST_SHARE, 0.0, shares)
    return np.asarray(shares / shares.sum())


def out_of_fold_losses(
    predictions: FloatArray, target: FloatArray, weight: FloatArray, is_binary: bool
) -> FloatArray:
    """Return the mean log-loss, or squared error, of each column of predictions."""
    actual = target[:, np.newaxis]
    if is_binary:
        happened = np.where(actual == 1, predictions, 1 - predictions)
        loss = -np.log(np.maximum(happened, _LEAST_LIKELIHOOD))
    else:
        loss = (predictions - actual) ** 2
    return np.asarray(weight @ loss / weight.sum())
