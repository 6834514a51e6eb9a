"""The standard error of estimated widths: derivatives, variances, controls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skseg._search.clusters.silhouette import _error
from skseg._search.clusters.silhouette._error import _variances, standard_error
from skseg._search.clusters.silhouette._estimate import estimated_means
from skseg._search.clusters.silhouette._references import References, draw_references
from skseg._search.clusters.silhouette._rows import segment_centres, sorted_by_segment
from skseg._search.clusters.silhouette._widths import derivatives, widths
from skseg._typing import FloatArray, IntArray


def means_and_codes(seed: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Return mean distances of rows, some of them nearer to another segment."""
    random = np.random.default_rng(seed)
    codes = np.repeat([0, 1, 2], [2, 5, 9])
    return random.uniform(1, 3, (3, 16)), codes, np.bincount(codes)


def slope(means: FloatArray, place: Any, codes: IntArray, sizes: IntArray) -> float:
    """Return the slope of the sum of widths by one mean distance, numerically."""
    step = 1e-6
    above, below = means.copy(), means.copy()
    above[place] += step
    below[place] -= step
    sums = [widths(shifted, codes, sizes).sum() for shifted in (above, below)]
    return float((sums[0] - sums[1]) / (2 * step))


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_are_the_slopes_of_widths(seed: int) -> None:
    means, codes, sizes = means_and_codes(seed)
    slopes = derivatives(means, codes, sizes)
    values = widths(means, codes, sizes)
    assert (values > 0).any()
    assert (values < 0).any()
    for row, code in enumerate(codes):
        by_own = slope(means, (code, row), codes, sizes)
        by_other = slope(means, (slopes.nearest[row], row), codes, sizes)
        assert slopes.by_own[row] == pytest.approx(by_own, rel=1e-5)
        assert slopes.by_other[row] == pytest.approx(by_other, rel=1e-5)


def test_a_reference_counts_by_the_slopes_of_the_rows_that_it_is_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 2)) + np.repeat([[0, 0], [2, 0], [0, 2]], 20, axis=0)
    rows = sorted_by_segment(X, np.repeat([0, 1, 2], 20))
    estimate = estimated_means(rows, 8, np.random.default_rng(1))
    factors = []

    def effects(_: Any, __: Any, code: int, factor: FloatArray) -> FloatArray:
        factors.append(factor)
        return np.zeros(len(estimate.references[code].rows))

    monkeypatch.setattr(_error, "_effects", effects)
    standard_error(rows, estimate)
    for code, factor in enumerate(factors):
        # Where a mean was not needed it is infinite, and nothing depends on it.
        expected = [
            slope(estimate.means, (code, row), rows.codes, rows.sizes)
            if np.isfinite(estimate.means[code, row])
            else 0.0
            for row in range(60)
        ]
        np.testing.assert_allclose(factor, expected, atol=1e-7)


@pytest.mark.parametrize(("n_references", "n_controls"), [(12, 3), (4, 2), (3, 2)])
def test_variances_are_those_of_residuals_after_regression(
    n_references: int, n_controls: int
) -> None:
    random = np.random.default_rng(n_references)
    probabilities = random.uniform(0.2, 0.9, n_references)
    weights = (1 / probabilities) / (1 / probabilities).sum()
    controls = random.normal(size=(n_references, n_controls))
    controls -= weights @ controls
    root = np.sqrt(weights)
    basis = np.linalg.svd(root[:, None] * controls, full_matrices=False)[0]
    sample = References(np.arange(n_references), probabilities, weights, weights, basis)
    effects = random.normal(size=(2, n_references))
    expected = []
    for values in effects:
        centred = values - weights @ values
        fit = np.linalg.lstsq(root[:, None] * controls, root * centred, rcond=None)[0]
        residuals = weights * (centred - controls @ fit)
        variance = ((1 - probabilities) * residuals**2).sum()
        freedom = n_references / max(n_references - n_controls - 1, 1)
        expected.append(variance * freedom)
    np.testing.assert_allclose(
        _variances(sample, effects), expected, rtol=1e-9, atol=1e-20
    )


@pytest.mark.parametrize(("n_references", "n_columns"), [(8, 6), (9, 6), (40, 2)])
def test_at_most_half_as_many_controls_as_references(
    n_references: int, n_columns: int
) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(400, n_columns))
    rows = sorted_by_segment(X, np.repeat([0, 1], 200))
    centres = segment_centres(rows)
    sample = draw_references(rows, centres, 0, n_references, random)
    # Each column, the squared distance to the own mean, and the distances to both.
    assert sample.basis.shape[1] == min(n_references // 2, n_columns + 3)
