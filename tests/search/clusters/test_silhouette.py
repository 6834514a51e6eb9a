"""Silhouettes: by hand, exact against the definition, estimates against exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from skseg._search.clusters.silhouette import (
    silhouette_widths,
    silhouette_widths_and_error,
)
from skseg._search.clusters.silhouette._estimate import (
    blocks,
    estimated_means,
    reference_matrix,
)
from skseg._search.clusters.silhouette._exact import euclidean_means
from skseg._search.clusters.silhouette._references import (
    _inclusion_probabilities,
    draw_references,
)
from skseg._search.clusters.silhouette._rows import (
    may_be_nearest,
    segment_centres,
    sorted_by_segment,
)
from skseg._typing import FloatArray, IntArray

NAMES = {
    "euclidean": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "manhattan": "cityblock",
}
metrics = pytest.mark.parametrize("metric", NAMES)

POINTS = np.array([[0.0, 0.0], [0.0, 2.0], [4.0, 0.0], [4.0, 3.0]])


def by_definition(X: FloatArray, codes: IntArray, metric: str) -> FloatArray:
    """Return widths pair by pair, as Rousseeuw (1987) defines them."""
    distances = cdist(X, X, NAMES[metric])
    widths = np.full(len(X), np.nan)
    for i, code in enumerate(codes):
        if code < 0:
            continue
        inside = (codes == code) & (np.arange(len(X)) != i)
        if not inside.any():
            widths[i] = 0
            continue
        a = distances[i, inside].mean()
        other_codes = set(codes[codes >= 0]) - {code}
        b = min(distances[i, codes == other_code].mean() for other_code in other_codes)
        widths[i] = (b - a) / max(a, b) if max(a, b) > 0 else 0
    return widths


@st.composite
def rows_and_codes(draw_from: st.DrawFn) -> tuple[FloatArray, IntArray]:
    n = draw_from(st.integers(3, 14))
    whole = st.integers(-3, 3).map(float)
    decimals = st.sampled_from([0.1, 0.2, 0.3, 0.7, 1.1])
    values = draw_from(st.sampled_from([whole, decimals]))
    X = draw_from(
        arrays(np.float64, (n, draw_from(st.integers(1, 3))), elements=values)
    )
    codes = draw_from(arrays(np.intp, n, elements=st.integers(-1, 4)))
    assume(len(set(codes[codes >= 0])) >= 2)
    return X, codes


def clustered(
    n: int, rng: np.random.Generator, kind: str
) -> tuple[FloatArray, IntArray]:
    """Return rows and the nearest of four of them."""
    X = {
        "normal": lambda: rng.standard_normal((n, 3)),
        "lognormal": lambda: rng.lognormal(size=(n, 3)),
        "t": lambda: rng.standard_t(2, (n, 3)),
        "wide": lambda: rng.standard_normal((n, 80)),
        "piles": lambda: rng.integers(0, 3, (n, 3)).astype(float),
    }[kind]()
    return X, np.argmin(cdist(X, X[:4]), axis=1)


kinds = pytest.mark.parametrize("kind", ["normal", "lognormal", "t", "wide", "piles"])


@pytest.mark.parametrize(
    ("metric", "first", "third"),
    [
        # From (0, 0): 2 to its own; 4 and 5 to the others. From (4, 0): 3 to its own; 4
        # and the root of 20 to the others.
        ("euclidean", (4.5 - 2) / 4.5, 1 - 3 / (2 + 20**0.5 / 2)),
        ("sqeuclidean", (20.5 - 4) / 20.5, (18 - 9) / 18),
        ("manhattan", (5.5 - 2) / 5.5, (5 - 3) / 5),
    ],
)
def test_widths_by_hand(metric: str, first: float, third: float) -> None:
    widths = silhouette_widths(POINTS, np.array([0, 0, 1, 1]), metric=metric)
    assert widths[[0, 2]] == pytest.approx([first, third])


@metrics
@given(rows_and_codes())
def test_exact_widths_are_those_of_the_definition(
    metric: str, data: tuple[FloatArray, IntArray]
) -> None:
    X, codes = data
    widths = silhouette_widths(X, codes, metric=metric, method="exact")
    # Squared distances of about 1e-32 next to one of 1 are rounding in the definition.
    np.testing.assert_allclose(widths, by_definition(X, codes, metric), atol=1e-12)


@metrics
@kinds
def test_exact_widths_of_many_rows(metric: str, kind: str) -> None:
    X, codes = clustered(400, np.random.default_rng(1), kind)
    codes[5:9] = -1
    widths = silhouette_widths(X, codes, metric=metric, method="exact")
    np.testing.assert_allclose(widths, by_definition(X, codes, metric), atol=1e-12)


@metrics
def test_noise_is_as_if_it_were_not_there(metric: str) -> None:
    X, codes = clustered(60, np.random.default_rng(0), "normal")
    is_noise = np.arange(60) % 7 == 0
    widths = silhouette_widths(X, np.where(is_noise, -1, codes), metric=metric)
    assert np.isnan(widths[is_noise]).all()
    alone = silhouette_widths(X[~is_noise], codes[~is_noise], metric=metric)
    np.testing.assert_array_equal(widths[~is_noise], alone)


@metrics
def test_exact_widths_lose_no_digits_to_a_far_origin(metric: str) -> None:
    rng = np.random.default_rng(0)
    # Whole numbers, so that moving them is exact.
    X = rng.integers(0, 100, (300, 4)).astype(float)
    codes = rng.integers(0, 3, 300)
    widths = silhouette_widths(X, codes, metric=metric, method="exact")
    shifted = silhouette_widths(X + 1e8, codes, metric=metric, method="exact")
    np.testing.assert_allclose(shifted, widths, rtol=0, atol=1e-9)


def test_estimates_lose_no_digits_to_a_far_origin() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (2000, 4)).astype(float)
    codes = rng.integers(0, 3, 2000)
    # From all rows: of equal radii, rounding decides which of them are drawn.
    shifted, widths = (
        silhouette_widths(rows, codes, method="estimate", n_references=2000)
        for rows in (X + 1e8, X)
    )
    np.testing.assert_allclose(shifted, widths, rtol=0, atol=1e-4)


@metrics
@pytest.mark.parametrize("factor", [1e-310, 1e-200, 1e200, 1e307])
def test_widths_do_not_depend_on_units(metric: str, factor: float) -> None:
    codes = np.array([0, 0, 1, 1])
    widths = silhouette_widths(POINTS * factor, codes, metric=metric)
    usual = silhouette_widths(POINTS, codes, metric=metric)
    np.testing.assert_allclose(widths, usual, rtol=1e-9)


@pytest.mark.parametrize("method", ["exact", "estimate"])
@metrics
def test_equal_rows_have_width_zero_whatever_rounding_does(
    metric: str, method: str
) -> None:
    X = np.full((11, 2), 0.1)
    codes = np.array([0] * 7 + [1] * 4)
    widths = silhouette_widths(X, codes, metric=metric, method=method)
    np.testing.assert_array_equal(widths, np.zeros(11))


@metrics
def test_widths_do_not_depend_on_the_order_of_rows_or_on_codes(metric: str) -> None:
    X, codes = clustered(200, np.random.default_rng(0), "lognormal")
    widths = silhouette_widths(X, codes, metric=metric)
    order = np.random.default_rng(1).permutation(200)
    renamed = np.array([7, 3, 0, 12])[codes[order]]
    reordered = silhouette_widths(X[order], renamed, metric=metric)
    np.testing.assert_allclose(reordered, widths[order], atol=1e-12)


@kinds
def test_an_estimate_from_all_rows_is_exact_but_for_single_precision(kind: str) -> None:
    X, codes = clustered(900, np.random.default_rng(2), kind)
    exact = silhouette_widths(X, codes, method="exact")
    widths, error = silhouette_widths_and_error(
        X, codes, method="estimate", n_references=900
    )
    # Next to zero, roots of squared distances have half of the digits: of equal rows.
    atol = 2e-4 if kind == "piles" else 5e-5
    np.testing.assert_allclose(widths, exact, rtol=0, atol=atol)
    assert error < 1e-12


@kinds
def test_estimates_are_close_and_their_standard_errors_right(kind: str) -> None:
    X, codes = clustered(3000, np.random.default_rng(3), kind)
    exact = silhouette_widths(X, codes, method="exact")
    errors, standard_errors = [], []
    for seed in range(8):
        widths, error = silhouette_widths_and_error(
            X,
            codes,
            method="estimate",
            n_references=96,
            rng=np.random.default_rng(seed),
        )
        assert np.sqrt(np.square(widths - exact).mean()) < 0.02
        errors.append((widths - exact).mean())
        standard_errors.append(error)
    assert np.abs(errors).max() < 5e-3
    typical = np.sqrt(np.mean(np.square(standard_errors)))
    assert np.sqrt(np.mean(np.square(errors))) < 2 * typical
    assert typical < 5e-3


def test_more_references_are_closer() -> None:
    X, codes = clustered(8000, np.random.default_rng(3), "lognormal")
    exact = silhouette_widths(X, codes, method="exact")
    rms = [
        np.sqrt(np.square(silhouette_widths(X, codes, n_references=m) - exact).mean())
        for m in (64, 256, 1024)
    ]
    assert rms[0] > 1.5 * rms[1] > 2 * rms[2]


def test_an_estimate_depends_on_the_seed_but_not_on_the_order_of_rows() -> None:
    X, codes = clustered(6000, np.random.default_rng(0), "normal")
    widths = silhouette_widths(X, codes, rng=np.random.default_rng(5))
    order = np.random.default_rng(1).permutation(6000)
    reordered = silhouette_widths(X[order], codes[order], rng=np.random.default_rng(5))
    np.testing.assert_allclose(reordered, widths[order], rtol=0, atol=1e-5)
    reseeded = silhouette_widths(X, codes, rng=np.random.default_rng(6))
    assert np.abs(reseeded - widths).max() > 1e-4


@kinds
def test_the_nearest_segment_is_never_ruled_out(kind: str) -> None:
    X, codes = clustered(500, np.random.default_rng(4), kind)
    rows = sorted_by_segment(X, codes)
    needed = may_be_nearest(rows, segment_centres(rows))
    means = np.stack([cdist(rows.X, rows.X[part]).mean(axis=1) for part in rows.parts])
    own_segment = rows.codes, np.arange(500)
    assert needed[own_segment].all()
    means[own_segment] = np.inf
    assert needed[np.argmin(means, axis=0), np.arange(500)].all()


def test_far_segments_are_ruled_out() -> None:
    X = np.concatenate([POINTS + 100 * i for i in range(5)])
    rows = sorted_by_segment(X, np.repeat(np.arange(5), 4))
    # The own one and a neighbour; in the middle there are two neighbours.
    assert may_be_nearest(rows, segment_centres(rows)).sum(axis=0).max() <= 3
    assert np.isinf(euclidean_means(rows)).any()


@pytest.mark.parametrize("kind", ["normal", "lognormal", "t", "piles"])
def test_calibrated_weights_are_exact_for_squared_distances(kind: str) -> None:
    X, codes = clustered(3000, np.random.default_rng(6), kind)
    rows = sorted_by_segment(X, codes)
    centres = segment_centres(rows)
    for code, part in enumerate(rows.parts):
        drawn = draw_references(rows, centres, code, 64, np.random.default_rng(0))
        assert drawn.weights.sum() == pytest.approx(1)
        squares = cdist(rows.X, rows.X[drawn.rows], "sqeuclidean")
        true = cdist(rows.X, rows.X[part], "sqeuclidean").mean(axis=1)
        np.testing.assert_allclose(squares @ drawn.weights, true, rtol=0.02)


@given(
    st.lists(st.floats(0, 1e6), min_size=12, max_size=40),
    st.integers(1, 10),
)
def test_inclusion_probabilities_sum_to_the_sample_size_and_grow_with_the_radius(
    radius: list[float], n_references: int
) -> None:
    probabilities = _inclusion_probabilities(np.sort(radius), n_references)
    assert probabilities.sum() == pytest.approx(n_references)
    assert (probabilities > 0).all()
    assert (probabilities <= 1).all()
    assert (np.diff(probabilities) >= 0).all()


def test_an_extreme_row_is_drawn_for_certain() -> None:
    X = np.concatenate([np.random.default_rng(0).standard_normal((500, 2)), [[1e4, 0]]])
    X = np.concatenate([X, X[:500] + 1e5])
    rows = sorted_by_segment(X, (np.arange(1001) > 500).astype(np.intp))
    centres = segment_centres(rows)
    for seed in range(20):
        drawn = draw_references(rows, centres, 0, 16, np.random.default_rng(seed))
        assert 500 in rows.order[drawn.rows]
        assert len(set(drawn.rows)) == 16


def test_blocks_hold_the_distances_whatever_their_number() -> None:
    X, codes = clustered(3000, np.random.default_rng(8), "normal")
    rows = sorted_by_segment(X, codes)
    drawn = estimated_means(rows, 600, np.random.default_rng(0)).references[1]
    matrix = reference_matrix(rows, segment_centres(rows), 1, drawn)
    even = np.arange(0, 3000, 2)
    copies = [(b.rows.copy(), b.distances.copy()) for b in blocks(rows, matrix, even)]
    assert len(copies) > 1
    np.testing.assert_array_equal(np.concatenate([i for i, _ in copies]), even)
    true = cdist(rows.X[even], rows.X[drawn.rows])
    np.testing.assert_allclose(np.concatenate([d for _, d in copies]), true, atol=1e-3)


def test_rows_of_equal_radius_keep_even_weights() -> None:
    # Corners of a cube: distances to the mean differ by rounding alone.
    rng = np.random.default_rng(0)
    corners = rng.permutation(np.repeat(np.indices((2, 2, 2)).reshape(3, 8).T, 500, 0))
    X = np.concatenate([corners / 10, corners / 10 + 5])
    codes = np.repeat([0, 1], 4000)
    exact = silhouette_widths(X, codes, method="exact")
    widths = silhouette_widths(X, codes, n_references=64)
    np.testing.assert_allclose(widths, exact, rtol=0, atol=2e-3)
