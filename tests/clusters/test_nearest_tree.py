"""The fast search for the nearest row gives the codes of the exact one."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN, HDBSCAN, OPTICS
from sklearn.datasets import make_blobs, make_moons

from skseg import InductiveSegmenter
from skseg._clusters import _nearest_tree
from skseg._clusters._assign import CentroidAssigner
from skseg._clusters._nearest_tree import UNSETTLED, NearestTree

METRICS = ["euclidean", "cityblock", "chebyshev"]
ORDERS = {"euclidean": 2.0, "cityblock": 1.0, "chebyshev": np.inf}


def brute_force(
    rows: Any, row_codes: Any, reach: Any, X: Any, metric: str
) -> np.ndarray:
    """Return the lowest code among the nearest rows within reach, else noise."""
    far = cdist(X, rows, metric)
    nearest = far.min(axis=1, keepdims=True)
    is_candidate = (far == nearest) & (far <= reach[row_codes])
    noise = len(reach) - 1
    return np.where(is_candidate, row_codes, noise).min(axis=1)


@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements=st.integers(0, 6),
    ),
    reach=st.tuples(*[st.integers(0, 6)] * 3),
    data=st.data(),
    metric=st.sampled_from(METRICS),
    n_new=st.sampled_from([5, 90]),
)
def test_settled_codes_are_those_of_brute_force(
    X: Any, reach: Any, data: st.DataObject, metric: str, n_new: int
) -> None:
    X = np.unique(X, axis=0)
    codes = data.draw(hnp.arrays(np.intp, len(X), elements=st.integers(0, 3)))
    reach = np.array([*reach, np.inf])
    new = np.random.default_rng(0).integers(-1, 15, (n_new, X.shape[1])) / 2
    tree = NearestTree(X, codes, reach, ORDERS[metric], n_jobs=1)
    settled = tree.codes(new)
    expected = brute_force(X, codes, reach, new, metric)
    is_settled = settled != UNSETTLED
    np.testing.assert_array_equal(settled[is_settled], expected[is_settled])
    far = cdist(new, X, metric)
    nearest = far.min(axis=1, keepdims=True)
    has_one_code = np.array(
        [len(set(codes[row])) == 1 for row in np.isclose(far, nearest)]
    )
    is_within = nearest < 0.99 * reach[codes].min()
    # Where nothing depends on rounding, nothing is left to the exact search.
    assert is_settled[has_one_code & is_within[:, 0]].all()


def clusterers() -> list[Any]:
    return [
        *(DBSCAN(eps=0.45, min_samples=6, metric=metric) for metric in METRICS),
        DBSCAN(eps=0.45, min_samples=6, algorithm="ball_tree"),
        DBSCAN(eps=0.45, min_samples=6, metric="minkowski", p=1),
        HDBSCAN(min_cluster_size=10, copy=True),
        HDBSCAN(min_cluster_size=10, metric="manhattan", copy=True),
        OPTICS(min_samples=8),
        OPTICS(min_samples=8, metric="chebyshev"),
    ]


def rows_of_kind(kind: str, n_rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "moons":
        X, _ = make_moons(n_rows, noise=0.12, random_state=seed)
    elif kind == "lattice":
        X = rng.integers(0, 9, (n_rows, 2)) * 0.3
    elif kind == "copies":
        X = np.repeat(rng.normal(size=(n_rows // 5, 3)), 5, axis=0)
    else:
        X, _ = make_blobs(
            n_rows, 5, centers=[[0] * 5, [2] * 5], cluster_std=0.4, random_state=seed
        )
    noise = rng.uniform(X.min(axis=0), X.max(axis=0), X.shape)
    return np.where(rng.random((len(X), 1)) < 0.2, noise, X)


@pytest.mark.parametrize("kind", ["moons", "lattice", "copies", "blobs"])
@pytest.mark.parametrize("clusterer", clusterers(), ids=str)
@pytest.mark.filterwarnings("ignore:.*encountered in divide:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:predict of InductiveSegmenter:UserWarning")
def test_predictions_are_those_of_the_search_without_a_tree(
    clusterer: Any, kind: str
) -> None:
    X, new = rows_of_kind(kind, 300, 0), rows_of_kind(kind, 600, 1)
    segmenter = InductiveSegmenter(clusterer).fit(X)
    assigner = segmenter._assigner
    if (segmenter.labels_ == -1).all():
        assert isinstance(assigner, CentroidAssigner)
        return
    assert assigner.tree is not None
    exact = replace(assigner, tree=None)
    for rows in (X, new, new[:40], np.vstack([X, new * 3 - 1])):
        np.testing.assert_array_equal(segmenter.predict(rows), exact.codes(rows))


@pytest.mark.parametrize("scale", [1e-155, 1e-120, 1e120, 1e160])
@pytest.mark.parametrize("dtype", [np.float64, np.longdouble])
def test_extreme_units_do_not_change_the_codes(scale: float, dtype: Any) -> None:
    X, new = rows_of_kind("moons", 200, 0), rows_of_kind("moons", 300, 1)
    dbscan = DBSCAN(eps=0.3 * scale, metric="cityblock")
    segmenter = InductiveSegmenter(dbscan).fit((X * scale).astype(dtype))
    ordinary = InductiveSegmenter(DBSCAN(eps=0.3, metric="cityblock")).fit(X)
    np.testing.assert_array_equal(segmenter.labels_, ordinary.labels_)
    codes = segmenter.predict((new * scale).astype(dtype))
    np.testing.assert_array_equal(codes, ordinary.predict(new))


@pytest.mark.parametrize(
    ("clusterer", "n_columns"),
    [
        (DBSCAN(eps=1, algorithm="brute"), 2),
        (DBSCAN(eps=6), 20),
        (DBSCAN(eps=1, metric="minkowski", p=3), 2),
        (DBSCAN(eps=0.1, metric="cosine"), 2),
        (DBSCAN(eps=1, metric="minkowski", metric_params={"p": 3}), 2),
        (HDBSCAN(metric="canberra", copy=True), 2),
    ],
    ids=str,
)
def test_searches_that_round_in_other_ways_have_no_tree(
    clusterer: Any, n_columns: int
) -> None:
    X = np.random.default_rng(0).normal(size=(60, n_columns))
    segmenter = InductiveSegmenter(clusterer).fit(X)
    assert segmenter._assigner.tree is None
    np.testing.assert_array_equal(segmenter.predict(X) < 0, segmenter.labels_ < 0)


def test_sparse_rows_have_no_tree() -> None:
    X = csr_array(np.repeat(np.eye(4), 10, axis=0))
    segmenter = InductiveSegmenter(DBSCAN(eps=0.5)).fit(X)
    assert segmenter._assigner.tree is None
    np.testing.assert_array_equal(segmenter.predict(X), segmenter.labels_)


def test_batches_and_threads_do_not_change_the_codes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, new = rows_of_kind("blobs", 400, 0), rows_of_kind("blobs", 900, 1)
    expected = InductiveSegmenter(DBSCAN(eps=0.8)).fit(X).predict(new)
    monkeypatch.setattr(_nearest_tree, "_BATCH", 128)
    for n_jobs in (None, 1, 2, -1):
        segmenter = InductiveSegmenter(DBSCAN(eps=0.8, n_jobs=n_jobs)).fit(X)
        np.testing.assert_array_equal(segmenter.predict(new), expected)


def test_gaps_are_distances_to_the_nearest_row_of_another_code() -> None:
    rng = np.random.default_rng(0)
    rows, codes = rng.uniform(size=(200, 2)), rng.integers(0, 6, 200)
    reach = np.array([0.03] * 5 + [np.inf])
    tree = NearestTree(rows, codes, reach, 2.0, n_jobs=1)
    far = np.where(codes[:, None] == codes, np.inf, cdist(rows, rows))
    expected = np.minimum(far.min(axis=1), 0.06)
    np.testing.assert_allclose(tree._gaps, expected, rtol=1e-6)


def test_state_is_stored_without_the_tree() -> None:
    X = rows_of_kind("blobs", 300, 0)
    segmenter = InductiveSegmenter(DBSCAN(eps=0.8)).fit(X)
    before = len(pickle.dumps(segmenter._assigner.tree))
    expected = segmenter.predict(np.repeat(X, 3, axis=0))
    stored = pickle.dumps(segmenter._assigner.tree)
    assert len(stored) == before
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(segmenter)).predict(np.repeat(X, 3, axis=0)), expected
    )
