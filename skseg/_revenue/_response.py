"""Response models: the expected conversions of a customer."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression
from sklearn.linear_model import LogisticRegression

from skseg._core._magnitudes import check_finite_squares
from skseg._core._sums import group_sums
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

from ._menu import OWNER

CALIBRATED = ("isotonic", "logistic")
RESPONSE_MODELS = ("observed", "score", *CALIBRATED)


def expected_conversions(
    model: str,
    scores: FloatArray,
    conversions: FloatArray,
    weight: FloatArray | None,
) -> FloatArray:
    """Return the expected conversions of customers with a score, or raise.

    The model is "score", "isotonic" or "logistic". Conversions are the observed ones,
    which "score" ignores.
    """
    if model == "score":
        return _checked_rates(scores)
    if model == "logistic":
        _check_shares(conversions)
    distinct, inverse = np.unique(scores, return_inverse=True)
    counts = np.ones(len(scores)) if weight is None else weight
    y = group_sums(inverse, counts * conversions, len(distinct))
    # A score without any weight has no influence: it gets the least one above 0.
    sizes = group_sums(inverse, counts, len(distinct))
    n: FloatArray = np.maximum(sizes, np.finfo(float).tiny)
    rates = calibrated_rates(model, distinct, n, y)
    return np.asarray(rates[inverse])


def calibrated_rates(
    model: str, scores: FloatArray, n: FloatArray, y: FloatArray
) -> FloatArray:
    """Return conversion rates as a function of the score, or raise.

    The function is "isotonic" or "logistic". Scores ascend; `n`, above 0, and `y` are
    sums of customers and conversions.
    """
    if model == "isotonic":
        return np.asarray(isotonic_regression(y / n, weights=n).x, dtype=np.float64)
    return _logistic(scores, n, y)


def _checked_rates(scores: FloatArray) -> FloatArray:
    is_rate = np.isfinite(scores) & (scores >= 0)
    if not is_rate.all():
        value = float(scores[~is_rate][0])
        raise InvalidDataError(
            f"response_model='score' of {OWNER} takes the score for the expected "
            "conversions of a customer, so scores must be finite and not negative. Got "
            f"{value}.",
            owner=OWNER,
            name="X",
            rule="scores that are finite and not negative",
            value=value,
            advice="Choose 'observed', 'isotonic' or 'logistic', or calibrate the "
            "scores.",
        )
    return scores


def _check_shares(conversions: FloatArray) -> None:
    if conversions.min() < 0 or conversions.max() > 1:
        raise InvalidDataError(
            f"response_model='logistic' of {OWNER} needs outcomes in [0, 1]. Got "
            f"{conversions.min():g} to {conversions.max():g}.",
            owner=OWNER,
            name="y",
            rule="in [0, 1]",
            value=(float(conversions.min()), float(conversions.max())),
            advice="Choose 'isotonic' for counts or amounts.",
        )


def _logistic(scores: FloatArray, n: FloatArray, y: FloatArray) -> FloatArray:
    """Return conversion rates as a logistic function of the score.

    Targets are Platt's, not quite 0 and 1, so that separable outcomes have a solution.
    """
    if not np.isfinite(scores).all():
        value = float(scores[~np.isfinite(scores)][0])
        raise InvalidDataError(
            f"response_model='logistic' of {OWNER} needs finite scores. Got {value}.",
            owner=OWNER,
            name="X",
            rule="finite scores",
            value=value,
            advice="Choose 'isotonic', for which only their order matters.",
        )
    check_finite_squares(OWNER, "sample_weight", n)
    n_converted, n_others = y.sum(), n.sum() - y.sum()
    high, low = (n_converted + 1) / (n_converted + 2), 1 / (n_others + 2)
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
