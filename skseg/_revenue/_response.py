"""Response models: how many conversions are to be expected of a customer."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression
from sklearn.linear_model import LogisticRegression

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

CALIBRATED = ("isotonic", "logistic")
RESPONSE_MODELS = ("observed", "score", *CALIBRATED)


def expected_conversions(
    owner: str,
    model: str,
    scores: FloatArray,
    conversions: FloatArray,
    weight: FloatArray | None,
) -> FloatArray:
    """Return the conversions to expect of each customer by a model, or raise.

    Parameters
    ----------
    owner : str
        The estimator, for messages.
    model : {"score", "isotonic", "logistic"}
        Where they come from.
    scores : ndarray of shape (n_rows,)
        Not NaN.
    conversions : ndarray of shape (n_rows,)
        As observed, which the score has no use for.
    weight : ndarray of shape (n_rows,) or None
        None: 1.

    Returns
    -------
    ndarray of shape (n_rows,)
        The expected conversions.
    """
    if model == "score":
        return _as_expected(owner, scores)
    if model == "logistic":
        _check_shares(owner, conversions)
    distinct, place = np.unique(scores, return_inverse=True)
    counts = np.ones(len(scores)) if weight is None else weight
    y = np.bincount(place, counts * conversions).astype(np.float64, copy=False)
    # Scores whose rows all have no weight say nothing, and take part with next to none.
    n: FloatArray = np.maximum(np.bincount(place, counts), np.finfo(float).tiny)
    rates = calibrated_rates(owner, model, distinct, n, y)
    return np.asarray(rates[place])


def calibrated_rates(
    owner: str, model: str, scores: FloatArray, n: FloatArray, y: FloatArray
) -> FloatArray:
    """Return the rates to expect at some scores, or raise.

    Parameters
    ----------
    owner : str
        The estimator, for messages.
    model : {"isotonic", "logistic"}
        Monotone or logistic function of the score.
    scores : ndarray of shape (n_scores,)
        Ascending.
    n, y : ndarray of shape (n_scores,)
        Weighted sums of customers, above 0, and conversions.

    Returns
    -------
    ndarray of shape (n_scores,)
        Conversions per customer.
    """
    if model == "isotonic":
        return np.asarray(isotonic_regression(y / n, weights=n).x, dtype=np.float64)
    return _logistic(owner, scores, n, y)


def _as_expected(owner: str, scores: FloatArray) -> FloatArray:
    legal = np.isfinite(scores) & (scores >= 0)
    if not legal.all():
        raise InvalidDataError(
            f"response_model='score' of {owner} takes the score for the expected "
            "conversions of a customer, so scores must be finite and not negative. Got "
            f"{scores[~legal][0]}. Choose 'observed', 'isotonic' or 'logistic', or "
            "calibrate the scores."
        )
    return scores


def _check_shares(owner: str, conversions: FloatArray) -> None:
    if conversions.min() < 0 or conversions.max() > 1:
        raise InvalidDataError(
            f"response_model='logistic' of {owner} needs outcomes in [0, 1]. Got "
            f"{conversions.min():g} to {conversions.max():g}. Choose 'isotonic' for "
            "counts or amounts."
        )


def _logistic(
    owner: str, scores: FloatArray, n: FloatArray, y: FloatArray
) -> FloatArray:
    r"""Return conversion rates as a logistic function of the score.

    Targets are Platt's, not quite 0 and 1, so that separable outcomes have a solution.
    """
    if not np.isfinite(scores).all():
        raise InvalidDataError(
            f"response_model='logistic' of {owner} needs finite scores. Got "
            f"{scores[~np.isfinite(scores)][0]}. Choose 'isotonic', for which only "
            "their order matters."
        )
    converted, rest = y.sum(), n.sum() - y.sum()
    high, low = (converted + 1) / (converted + 2), 1 / (rest + 2)
    expected = y * high + (n - y) * low
    standard = scores / (np.abs(scores).max() or 1.0)
    standard = standard - np.average(standard, weights=n)
    spread = float(np.sqrt(np.average(standard**2, weights=n)))
    if spread == 0:
        return np.full(len(scores), expected.sum() / n.sum())
    standard = (standard / spread)[:, np.newaxis]
    regression = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    regression.fit(
        np.concatenate([standard, standard]),
        np.repeat([0, 1], len(scores)),
        sample_weight=np.concatenate([n - expected, expected]),
    )
    return np.asarray(regression.predict_proba(standard)[:, 1])
