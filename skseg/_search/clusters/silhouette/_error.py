"""The standard error of a mean width that was estimated."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray

from ._estimate import Estimate, blocks, product
from ._groups import Groups
from ._references import References
from ._widths import derivatives, widths

# Rows that tell how far widths bend, and how often each is shaken.
_ROWS, _SHAKES = 1_000, 8


def standard_error(groups: Groups, estimate: Estimate) -> float:
    """Return the root mean squared error of the mean width.

    Parameters
    ----------
    groups : Groups
        The rows.
    estimate : Estimate
        Their mean distances.

    Notes
    -----
    All rows share the references, so what varies is the sum over the rows of what a
    reference adds, less what the controls explain (Särndal, Swensson and Wretman 1992,
    Model Assisted Survey Sampling, section 6.6). Widths are not linear: the nearest of
    several segments looks nearer than it is. This bias is what errors of the size of
    those at hand would do once more.
    """
    by = derivatives(estimate.means, groups.codes, groups.sizes)
    variance = 0.0
    for code, drawn in enumerate(estimate.references):
        factor = np.where(groups.codes == code, by.by_own, 0.0)
        factor += np.where(by.nearest == code, by.by_other, 0.0)
        effect = _effects(groups, estimate, code, factor)
        variance += float(_variances(drawn, effect[np.newaxis])[0])
    bias = _bias(groups, estimate)
    return float(np.hypot(np.sqrt(variance) / len(groups.X), bias))


def _effects(
    groups: Groups, estimate: Estimate, code: int, factor: FloatArray
) -> FloatArray:
    """Return the sum over the rows, times a factor each, of what a reference adds."""
    rows = np.flatnonzero(factor)
    drawn = estimate.references[code]
    part = product(groups, estimate.middle, code, drawn)
    effect = np.zeros(len(drawn.rows))
    corrected = np.zeros(len(part.points))
    for block in blocks(groups, part, rows):
        times = factor[block.rows].astype(np.float32)
        effect += times @ block.distances
        corrected += (times * block.slope) @ block.points
    return np.asarray(effect - corrected @ part.points)


def _variances(drawn: References, effects: FloatArray) -> FloatArray:
    """Return the variances of weighted sums of effects, of shape (n, n_references)."""
    n_references, n_controls = drawn.basis.shape
    root = np.sqrt(drawn.base)
    rest = root * (effects - (effects @ drawn.base)[:, np.newaxis])
    rest -= (rest @ drawn.basis) @ drawn.basis.T
    freedom = n_references / max(n_references - n_controls - 1, 1)
    return np.asarray(freedom * rest**2 @ (drawn.base * (1 - drawn.chances)))


def _bias(groups: Groups, estimate: Estimate) -> float:
    """Return by how much errors shift the mean width, from evenly spaced rows."""
    n_rows = len(groups.X)
    chosen = np.unique(np.linspace(0, n_rows - 1, min(n_rows, _ROWS)).astype(np.intp))
    means = estimate.means[:, chosen]
    error = np.zeros_like(means)
    for code, drawn in enumerate(estimate.references):
        near = np.flatnonzero(np.isfinite(means[code]))
        part = product(groups, estimate.middle, code, drawn)
        variances = [
            _variances(drawn, d - slope[:, np.newaxis] * d**2)
            for _, _, slope, d in blocks(groups, part, chosen[near])
        ]
        error[code, near] = np.sqrt(np.concatenate([*variances, []]))
    codes, sizes = groups.codes[chosen], groups.sizes
    rng = np.random.default_rng(0)
    shakes = error * rng.standard_normal((_SHAKES, *error.shape))
    # Both ways, so that what is linear cancels.
    shaken = np.abs(np.concatenate([means + shakes, means - shakes]))
    shifted = np.mean([widths(some, codes, sizes) for some in shaken])
    return float(shifted - widths(means, codes, sizes).mean())
