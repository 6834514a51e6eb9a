"""Standard error of an estimated mean silhouette width."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray

from ._estimate import EstimatedMeans, blocks, reference_matrix
from ._references import References
from ._rows import SegmentedRows
from ._widths import derivatives, widths

# Rows from which the bias is estimated, and perturbations of each.
_N_ROWS, _N_PERTURBATIONS = 1_000, 8


def standard_error(rows: SegmentedRows, estimate: EstimatedMeans) -> float:
    """Return the root mean squared error of the mean width.

    All rows share the references. The variance is therefore that of the sum over the
    rows of the contribution of a reference, after regression on the controls (Särndal,
    Swensson and Wretman 1992, Model Assisted Survey Sampling, section 6.6). Widths are
    not linear in the distances: the smallest of several estimates is biased downwards.
    This bias is estimated by perturbing the estimates once more by their errors.
    """
    slopes = derivatives(estimate.means, rows.codes, rows.sizes)
    variance = 0.0
    for code, sample in enumerate(estimate.references):
        factor = np.where(rows.codes == code, slopes.by_own, 0.0)
        factor += np.where(slopes.nearest == code, slopes.by_other, 0.0)
        effects = _effects(rows, estimate, code, factor)
        variance += float(_variances(sample, effects[np.newaxis])[0])
    bias = _bias(rows, estimate)
    return float(np.hypot(np.sqrt(variance) / len(rows.X), bias))


def _effects(
    rows: SegmentedRows, estimate: EstimatedMeans, code: int, factor: FloatArray
) -> FloatArray:
    """Return the contribution of each reference to the sum of factors times means."""
    sample = estimate.references[code]
    matrix = reference_matrix(rows, estimate.centres, code, sample)
    effects = np.zeros(len(sample.rows))
    correction = np.zeros(len(matrix.points))
    for block in blocks(rows, matrix, np.flatnonzero(factor)):
        block_factor = factor[block.rows].astype(np.float32)
        effects += block_factor @ block.distances
        correction += (block_factor * block.slope) @ block.points
    return np.asarray(effects - correction @ matrix.points)


def _variances(sample: References, effects: FloatArray) -> FloatArray:
    """Return the variances of weighted sums of effects, of shape (n, n_references)."""
    n_references, n_controls = sample.basis.shape
    root = np.sqrt(sample.design_weights)
    residuals = root * (effects - (effects @ sample.design_weights)[:, np.newaxis])
    residuals -= (residuals @ sample.basis) @ sample.basis.T
    freedom = n_references / max(n_references - n_controls - 1, 1)
    return np.asarray(
        freedom * residuals**2 @ (sample.design_weights * (1 - sample.probabilities))
    )


def _bias(rows: SegmentedRows, estimate: EstimatedMeans) -> float:
    """Return by how much errors shift the mean width, from evenly spaced rows."""
    n_rows = len(rows.X)
    positions = np.linspace(0, n_rows - 1, min(n_rows, _N_ROWS))
    spaced_rows = np.unique(positions.astype(np.intp))
    means = estimate.means[:, spaced_rows]
    errors = np.zeros_like(means)
    for code, sample in enumerate(estimate.references):
        finite = np.flatnonzero(np.isfinite(means[code]))
        matrix = reference_matrix(rows, estimate.centres, code, sample)
        variances = [
            _variances(sample, distances - slope[:, np.newaxis] * distances**2)
            for _, _, slope, distances in blocks(rows, matrix, spaced_rows[finite])
        ]
        errors[code, finite] = np.sqrt(np.concatenate([*variances, []]))
    codes, sizes = rows.codes[spaced_rows], rows.sizes
    rng = np.random.default_rng(0)
    noise = errors * rng.standard_normal((_N_PERTURBATIONS, *errors.shape))
    # Antithetic: linear terms cancel.
    perturbed = np.abs(np.concatenate([means + noise, means - noise]))
    mean_width = np.mean([widths(distances, codes, sizes) for distances in perturbed])
    return float(mean_width - widths(means, codes, sizes).mean())
