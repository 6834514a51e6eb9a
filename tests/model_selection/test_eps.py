"""select_eps: the labels of DBSCAN itself, the knee, and a verdict that may be no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from skseg.model_selection import EpsSelection, _neighbour_pairs, select_eps
from skseg.model_selection._dbscan_grid import dbscan_grid
from skseg.model_selection._eps import knee
from tests.examples import few_examples

Array = npt.NDArray[np.float64]


def with_noise(X: Array, n_noise: int) -> Array:
    rng = np.random.default_rng(0)
    noise = rng.uniform(X.min(axis=0), X.max(axis=0), (n_noise, X.shape[1]))
    return np.vstack([X, noise])


BLOBS = with_noise(
    make_blobs(900, centers=4, cluster_std=0.6, random_state=0)[0], n_noise=100
)
MOONS = with_noise(make_moons(950, noise=0.05, random_state=0)[0], n_noise=50)


def assert_labels_of_dbscan(
    X: Array, cells: Mapping[int, Sequence[float]], metric: str = "euclidean"
) -> None:
    found = dbscan_grid("test", X, cells, metric=metric)
    assert set(found) == {(m, eps) for m, several in cells.items() for eps in several}
    for (min_samples, eps), codes in found.items():
        model = DBSCAN(eps=eps, min_samples=min_samples, metric=metric).fit(X)
        np.testing.assert_array_equal(codes, model.labels_, f"{min_samples}, {eps}")


# The grid.


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine"])
@pytest.mark.parametrize("X", [BLOBS, MOONS], ids=["blobs", "moons"])
def test_grid_has_the_labels_of_dbscan(X: Array, metric: str) -> None:
    radii = [0.01, 0.05, 0.1, 0.3, 0.7]
    assert_labels_of_dbscan(X, dict.fromkeys([1, 2, 5, 10, 40], radii), metric)


def test_grid_has_the_labels_of_dbscan_in_many_columns() -> None:
    # From 16 columns on scikit-learn compares all rows, by a formula of its own.
    X, _ = make_blobs(400, n_features=20, centers=3, random_state=0)
    assert_labels_of_dbscan(X + 100, dict.fromkeys((3, 10), (4.0, 5.5, 6.0, 7.0)))


def test_every_min_samples_has_radii_of_its_own() -> None:
    assert_labels_of_dbscan(BLOBS, {5: [0.2, 0.4], 10: [0.3], 20: [0.4, 0.9]})


@few_examples(25)
@given(
    rows=arrays(
        np.int64,
        st.tuples(st.integers(12, 40), st.integers(1, 3)),
        elements=st.integers(0, 6),
    ),
    min_samples=st.integers(1, 9),
    unit=st.sampled_from([1.0, 0.1, 1 / 3, 1e6]),
    metric=st.sampled_from(["euclidean", "manhattan", "chebyshev"]),
)
def test_distances_that_are_exactly_eps_are_decided_as_by_dbscan(
    rows: npt.NDArray[np.int64], min_samples: int, unit: float, metric: str
) -> None:
    # On a grid nearly all distances are ties, and many rows are equal.
    radii = sorted({unit, float(np.hypot(unit, unit)), 2 * unit, 3 * unit})
    assert_labels_of_dbscan(rows * unit, {min_samples: radii}, metric)


@given(
    rows=arrays(
        np.int64,
        st.tuples(st.integers(2, 11), st.integers(1, 3)),
        elements=st.integers(0, 6),
    ),
    min_samples=st.integers(1, 4),
)
def test_few_rows_have_the_labels_of_dbscan(
    rows: npt.NDArray[np.int64], min_samples: int
) -> None:
    # Whole numbers, as for these it may find row j around row i, but i not around j.
    assert_labels_of_dbscan(rows.astype(float), {min_samples: [1.0, 2.0, 3.0]})


@pytest.mark.parametrize("ulps", [-1, 0, 1])
def test_radii_next_to_a_distance_in_float64(ulps: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    distances = np.linalg.norm(X[:50] - X[50:100], axis=1)
    radii = distances[distances < 1.5]
    if ulps:
        radii = np.nextafter(radii, ulps * np.inf)
    assert_labels_of_dbscan(X, {5: radii.tolist()})


def test_equal_rows_are_no_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(1, 6, size=(1500, 2)).astype(float)
    monkeypatch.setattr(_neighbour_pairs, "MOST_PAIRS", 25 * 24 // 2)
    assert_labels_of_dbscan(X, dict.fromkeys((5, 50, 100, 300), (0.5, 1.0, 9.0)))


def test_too_many_pairs_are_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_neighbour_pairs, "MOST_PAIRS", 1000)
    with pytest.raises(ValueError, match=r"select_eps .* within eps=9, .* sample"):
        select_eps(BLOBS, eps=9)


# The knee.


def test_knee_is_the_point_farthest_below_the_chord() -> None:
    # Chord from (0, 1) to (4, 5); below it by 0, 0.9, 1.8, 2.4 and 0.
    assert knee(np.array([1, 1.1, 1.2, 1.6, 5])) == 1.6
    assert knee(np.array([1, 1.1, 1.2, 2.6, 5])) == 1.2


def test_knee_is_above_zero() -> None:
    assert knee(np.array([0, 0, 0, 0, 1.0, 9.0])) == 1
    assert knee(np.array([0, 0, 0, 3.0])) == 3
    assert knee(np.full(5, 2.0)) == 2
    assert np.isnan(knee(np.zeros(5)))


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=30).map(sorted),
    st.integers(-3, 10),
)
def test_knee_grows_with_the_unit(curve: list[int], power: int) -> None:
    values, unit = np.array(curve, float), 2.0**power
    np.testing.assert_equal(knee(values * unit), knee(values) * unit)


def test_k_distances_count_the_row_itself() -> None:
    found = select_eps([[0.0], [1.0], [3.0], [7.0]], min_samples=[2, 3], eps=1)
    assert found.k_distances[2].tolist() == [1, 1, 2, 4]
    assert found.k_distances[3].tolist() == [2, 3, 3, 6]


@few_examples(15)
@given(st.integers(2, 12), st.floats(0.05, 2))
def test_k_distances_up_to_eps_are_core_rows(min_samples: int, eps: float) -> None:
    found = select_eps(MOONS, min_samples=min_samples, eps=eps)
    model = DBSCAN(eps=eps, min_samples=min_samples).fit(MOONS)
    n_core = np.count_nonzero(found.k_distances[min_samples] <= eps)
    assert n_core == len(model.core_sample_indices_)


def test_candidates_lie_around_the_knee_and_read_well() -> None:
    found = select_eps(BLOBS, min_samples=(5, 10), n_eps=3)
    for number, cells in found.table.groupby("min_samples"):
        centre = found.knees[int(str(number))]
        low, middle, high = cells["eps"]
        np.testing.assert_allclose(
            [low, middle, high], centre * np.array([0.5, 1, 2]), rtol=5e-3
        )
        assert all(float(f"{eps:.3g}") == eps for eps in (low, middle, high))
    one = select_eps(BLOBS, min_samples=5, n_eps=1)
    np.testing.assert_allclose(one.table["eps"], one.knees[5], rtol=5e-3)


# The table and the verdict.


def test_finds_blobs_within_noise() -> None:
    found = select_eps(BLOBS, random_state=0)
    best = found.table.query("eps == @found.eps and min_samples == @found.min_samples")
    assert best["n_segments"].item() == 4
    assert f"eps={found.eps:g} with min_samples={found.min_samples} " in found.reason
    assert "4 segments" in str(found)


def test_finds_two_moons() -> None:
    found = select_eps(MOONS, random_state=0)
    assert found.labels().max() == 1
    truth = make_moons(950, noise=0.05, random_state=0)[1]
    codes = found.labels()[:950]
    inside = codes >= 0
    assert inside.mean() > 0.9
    assert len(np.unique(codes[inside] * 2 + truth[inside])) == 2


@pytest.mark.parametrize("shape", ["gaussian", "uniform", "skewed"])
@pytest.mark.parametrize("seed", range(3))
def test_no_cell_is_legal_without_clusters(shape: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = {
        "gaussian": rng.normal(size=(800, 2)),
        "uniform": rng.uniform(size=(800, 2)),
        "skewed": rng.lognormal(size=(800, 2)),
    }[shape]
    found = select_eps(X)
    assert found.eps is None
    assert found.min_samples is None
    assert found.reason.startswith("No cell of 15 is legal: ")
    assert not found.table["is_legal"].any()
    for act in (found.clusterer, found.labels):
        with pytest.raises(ValueError, match="No cell of 15 is legal"):
            act()


def test_table_describes_the_labels() -> None:
    found = select_eps(BLOBS, min_samples=(5, 20), eps=[0.2, 0.5, 3], random_state=0)
    assert found.table.columns.tolist() == [
        "min_samples",
        "eps",
        "n_segments",
        "noise_share",
        "smallest_share",
        "largest_share",
        "silhouette",
        "is_legal",
        "broken_bound",
    ]
    assert len(found.table) == 6
    for row in found.table.itertuples():
        codes = found.labels(row.eps, row.min_samples)
        assert codes.dtype == np.intp
        model = DBSCAN(eps=row.eps, min_samples=row.min_samples).fit(BLOBS)
        np.testing.assert_array_equal(codes, model.labels_)
        shares = pd.Series(codes[codes >= 0]).value_counts() / len(codes)
        assert row.n_segments == len(shares)
        assert row.noise_share == pytest.approx(np.mean(codes == -1))
        assert row.smallest_share == pytest.approx(shares.min())
        assert row.largest_share == pytest.approx(shares.max())
        assert np.isnan(row.silhouette) == (row.n_segments < 2)


def test_best_cell_has_the_largest_silhouette_of_the_legal_ones() -> None:
    found = select_eps(BLOBS, max_noise=0.12, random_state=0)
    legal = found.table[found.table["is_legal"]]
    best = legal.loc[legal["silhouette"].idxmax()]
    assert (found.eps, found.min_samples) == (best["eps"], best["min_samples"])
    # An illegal cell with more noise would have been better.
    assert found.table["silhouette"].max() > best["silhouette"]


THREE = np.repeat([0.0, 10, 20], [50, 30, 20])[:, None]


@pytest.mark.parametrize(
    ("bounds", "broken"),
    [
        ({}, ""),
        ({"max_size": 0.5}, ""),
        ({"max_size": 0.49}, "a segment above max_size=0.49"),
        ({"min_size": 0.2}, ""),
        ({"min_size": 0.21}, "a segment below min_size=0.21"),
        ({"min_size": 20, "max_size": 50}, ""),
        ({"min_size": 21}, "a segment below min_size=21"),
        ({"max_size": 49}, "a segment above max_size=49"),
        ({"min_size": None, "max_size": None, "max_noise": None}, ""),
    ],
)
def test_bounds_are_shares_of_all_rows_or_numbers_of_rows_and_inclusive(
    bounds: dict[str, Any], broken: str
) -> None:
    X = THREE + np.linspace(0, 1, 100)[:, None]
    found = select_eps(X, min_samples=5, eps=2, **bounds)
    assert found.table["broken_bound"].tolist() == [broken]
    assert found.table["is_legal"].tolist() == [not broken]
    assert (found.eps == 2) == (not broken)


def test_noise_counts_in_the_shares_and_against_its_bound() -> None:
    X = np.vstack([THREE, np.linspace(100, 1000, 25)[:, None]])
    (cell,) = select_eps(X, min_samples=5, eps=2).table.itertuples()
    assert (cell.noise_share, cell.largest_share) == (0.2, 0.4)
    assert cell.is_legal
    tight = select_eps(X, min_samples=5, eps=2, max_noise=0.19)
    assert tight.reason.startswith(
        "No cell of 1 is legal: 1 with more noise than max_noise=0.19. "
    )


def test_cells_without_any_segment() -> None:
    X = np.arange(20.0)[:, None]
    (cell,) = select_eps(X, min_samples=5, eps=0.5, max_noise=1).table.itertuples()
    assert (cell.n_segments, cell.noise_share) == (0, 1)
    assert np.isnan(cell.largest_share)
    assert cell.broken_bound == "fewer than 2 segments"


def test_silhouettes_of_tiny_clusters_are_only_computed_if_they_are_legal() -> None:
    X = np.repeat(np.arange(60.0), 3)[:, None]
    tiny = select_eps(X, min_samples=2, eps=0.1)
    assert tiny.table["n_segments"].tolist() == [60]
    assert tiny.table["silhouette"].isna().all()
    legal = select_eps(X, min_samples=2, eps=0.1, min_size=None)
    assert legal.table["silhouette"].tolist() == [1]


@pytest.mark.parametrize("metric", ["euclidean", "l1", "chebyshev", "cosine"])
def test_silhouette_is_that_of_scikit_learn(metric: str) -> None:
    found = select_eps(BLOBS, min_samples=10, metric=metric)
    for eps, score in found.table[["eps", "silhouette"]].to_numpy():
        codes = found.labels(eps, 10)
        inside = codes >= 0
        if not np.isnan(score):
            expected = silhouette_score(BLOBS[inside], codes[inside], metric=metric)
            np.testing.assert_allclose(score, expected, atol=1e-9)


def test_clusterer_gives_the_segments_of_the_best_cell() -> None:
    found = select_eps(BLOBS, metric="manhattan", random_state=0)
    model = found.clusterer()
    assert (model.eps, model.min_samples) == (found.eps, found.min_samples)
    assert not hasattr(model, "labels_")
    np.testing.assert_array_equal(model.fit_predict(BLOBS), found.labels())


def test_labels_of_one_named_setting_take_the_other_from_the_best_cell() -> None:
    found = select_eps(BLOBS, min_samples=10, eps=[0.5, 0.8], random_state=0)
    np.testing.assert_array_equal(found.labels(0.8), found.labels(0.8, 10))
    with pytest.raises(ValueError, match=r"eps=0.6. Values of eps .* \[0.5, 0.8\]"):
        found.labels(0.6)
    with pytest.raises(ValueError, match=r"Values of min_samples are \[10\]"):
        found.labels(0.5, 11)


def test_order_and_repetition_of_the_settings_do_not_matter() -> None:
    first = select_eps(BLOBS, min_samples=[20, 5, 5], eps=(0.9, 0.4), random_state=0)
    second = select_eps(BLOBS, min_samples=[5, 20], eps=[0.4, 0.9], random_state=0)
    pd.testing.assert_frame_equal(first.table, second.table)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_are_read_as_arrays(frame: Any) -> None:
    X = frame({"a": MOONS[:, 0], "b": MOONS[:, 1]})
    of_array = select_eps(MOONS, min_samples=5, random_state=0)
    of_frame = select_eps(X, min_samples=5, random_state=0)
    pd.testing.assert_frame_equal(of_frame.table, of_array.table)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_samples": 1}, r"'min_samples' .* int in \[2, 1000\]. Got 1 instead"),
        ({"min_samples": [5, 1001]}, r"int in \[2, 1000\]. Got 1001 instead"),
        ({"min_samples": []}, r"must be an int or several of them. Got \[\] instead"),
        ({"eps": 0}, r"'eps' .* None, a number in \(0, inf\) or several of them"),
        ({"eps": [0.1, np.inf]}, r"'eps' .* Got \[0.1, inf\] instead"),
        ({"eps": [True]}, r"'eps' .* Got \[True\] instead"),
        ({"eps": []}, r"'eps' .* Got \[\] instead"),
        ({"eps": "knee"}, r"'eps' .* Got 'knee' instead"),
        ({"n_eps": 0}, r"'n_eps' .* int in \[1, 50\]. Got 0 instead"),
        ({"min_size": 0.6}, r"'min_size' .* or a float in \(0, 0.5\]"),
        (
            {"max_size": 1.1},
            r"'max_size' .* an int in \[1, inf\) or a float in \(0, 1\)",
        ),
        ({"max_size": 0}, r"'max_size' .* an int in \[1, inf\) or a float in \(0, 1\)"),
        ({"max_size": 0.04}, r"'max_size' .* at least min_size=0.05"),
        ({"max_noise": -1}, r"'max_noise' .* None or a number in \[0, 1\]"),
        ({"metric": "precomputed"}, r"'metric' .* and not 'precomputed'"),
        ({"metric": "nearby"}, r"'metric' parameter .* 'nearby'"),
    ],
)
def test_wrong_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        select_eps(BLOBS, **parameters)


def test_in_a_notebook_it_is_the_reason_over_the_table() -> None:
    selection = select_eps(THREE + np.linspace(0, 1, 100)[:, None], eps=[0.01, 2])
    html = selection._repr_html_()
    assert str(selection.reason) in html
    assert html.count("<tr>") == 1 + len(selection.table)
    assert ">0.01<" in html


def test_rows_without_numbers_are_an_error() -> None:
    with pytest.raises(ValueError, match="select_eps"):
        select_eps([[0.0], [np.nan]], min_samples=2)


def test_equal_rows_have_no_knee() -> None:
    X = np.repeat([[0.0], [5.0]], 30, axis=0)
    with pytest.raises(ValueError, match=r"at least 4 others at a distance of 0"):
        select_eps(X, min_samples=5)
    found: EpsSelection = select_eps(X, min_samples=5, eps=1)
    assert np.isnan(found.knees[5])
    assert found.table["n_segments"].tolist() == [2]


def test_mall_customers_and_telco_churn_have_the_labels_of_dbscan(
    data_dir: Path,
) -> None:
    mall = pd.read_csv(data_dir / "mall_customers/mall_customers.csv.gz")
    telco = pd.read_csv(data_dir / "telco_churn/telco_churn.csv.gz")
    for frame in (mall.iloc[:, 3:], telco[["tenure", "MonthlyCharges"]][:2000]):
        X = StandardScaler().fit_transform(frame)
        found = select_eps(X, min_samples=(4, 8), random_state=0)
        for number, eps in found.codes:
            model = DBSCAN(eps=eps, min_samples=number).fit(X)
            np.testing.assert_array_equal(found.labels(eps, number), model.labels_)


def test_the_reason_says_what_select_n_segments_can_show_and_this_cannot() -> None:
    legal, none = (select_eps(THREE, min_samples=5, eps=eps).reason for eps in (2, 1e9))
    assert "is not tested; select_n_segments does." in legal
    assert "select_n_segments looks at each column too." in none
