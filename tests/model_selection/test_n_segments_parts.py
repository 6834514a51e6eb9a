"""The parts of select_n_segments against direct computation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skseg._search.clusters._gap import (
    elliptical_rows,
    first_within_one_error,
    gap_statistic,
    normal_rows,
    principal_axes,
    rank_p_value,
    uniform_rows,
)
from skseg.model_selection._n_segments._criteria import elbow
from skseg.model_selection._n_segments._path import full_path, lightweight_coreset
from skseg.model_selection._n_segments._references import references
from skseg.model_selection._n_segments._strength import strengths
from skseg.model_selection._n_segments._structure import mean_silhouettes, structure

FloatArray = npt.NDArray[np.float64]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


ELLIPTICAL = "one elliptical population, as a normal one"


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_gap_is_the_mean_of_the_references_minus_the_value_of_the_rows() -> None:
    own = np.log([100.0, 20.0])
    drawn = np.log([[100.0, 50.0], [100.0, 80.0], [100.0, 40.0]])
    gap, error = gap_statistic(own, drawn)
    logs = [np.log(50), np.log(80), np.log(40)]
    assert gap == pytest.approx([0, sum(logs) / 3 - np.log(20)])
    spread = (sum((one - sum(logs) / 3) ** 2 for one in logs) / 3) ** 0.5
    assert error == pytest.approx([0, spread * (4 / 3) ** 0.5])


@pytest.mark.parametrize(
    ("gap", "error", "place"),
    [
        ([0.5, 0.4, 0.9], [0.1, 0.1, 0.1], 0),
        ([0.1, 0.4, 0.45], [0.1, 0.1, 0.1], 1),
        ([0.1, 0.4, 0.55], [0.1, 0.1, 0.1], 2),
        ([0.1, 0.2], [0.0, 0.1], 0),
    ],
    ids=["falls", "within an error", "rises to the end", "just within"],
)
def test_one_error_rule(gap: list[float], error: list[float], place: int) -> None:
    assert first_within_one_error(np.array(gap), np.array(error)) == place


def test_p_value_counts_ties_and_the_rows_themselves() -> None:
    drawn = np.array([0.1, 0.2, 0.3, 0.4])
    assert rank_p_value(0.5, drawn) == 1 / 5
    assert rank_p_value(0.3, drawn) == 3 / 5
    assert rank_p_value(0.0, drawn) == 1


def test_elbow_is_the_distance_below_the_chord() -> None:
    ks, inertia = np.array([1.0, 2, 3, 5]), np.array([100.0, 30, 20, 0])
    assert elbow(ks, inertia) == pytest.approx([0, 0.45, 0.3, 0])
    assert elbow(ks, np.ones(4)) == pytest.approx([0, 0, 0, 0])


def test_references_keep_the_covariance_or_the_range_of_the_rows() -> None:
    rows = np.exp(rng().normal(size=(5000, 3)) @ rng(1).normal(size=(3, 3)) * 0.4)
    axes = principal_axes(rows)
    assert axes.T @ axes == pytest.approx(np.eye(3))
    normal = normal_rows(rows, axes, rng(2))
    scale = rows.std(axis=0)
    assert (normal.mean(0) - rows.mean(0)) / scale == pytest.approx(
        np.zeros(3), abs=0.1
    )
    ratio = np.cov(normal.T) / np.outer(scale, scale)
    assert ratio == pytest.approx(np.corrcoef(rows.T), abs=0.1)
    box = uniform_rows(rows, axes, rng(3)) @ axes
    along = rows @ axes
    assert (along.min(0) <= box.min(0)).all()
    assert (box.max(0) <= along.max(0)).all()
    middle = (along.min(0) + along.max(0)) / 2
    assert box.mean(0) == pytest.approx(middle, abs=0.05 * np.ptp(along))


@pytest.mark.parametrize("kind", ["normal", "two scales", "dependent columns"])
def test_elliptical_reference_has_the_covariance_and_the_tails_of_the_rows(
    kind: str,
) -> None:
    rows = rng().normal(size=(20_000, 3)) @ rng(1).normal(size=(3, 3)) + 7
    if kind == "two scales":
        rows = (rows - 7) * np.where(rng(2).random((20_000, 1)) < 0.3, 6, 1)
    if kind == "dependent columns":
        rows[:, 2] = rows[:, 0] + rows[:, 1]
    drawn = elliptical_rows(rows, principal_axes(rows), rng(3))
    scale = rows.std(axis=0)
    assert drawn.mean(0) / scale == pytest.approx(rows.mean(0) / scale, abs=0.05)
    covariance = np.cov(drawn.T) / np.outer(scale, scale)
    assert covariance == pytest.approx(np.corrcoef(rows.T), abs=0.05)
    # The rows are elliptical themselves, so every column comes back.
    for column in range(3):
        assert ks_2samp(rows[:, column], drawn[:, column]).statistic < 0.03
    if kind == "dependent columns":
        assert drawn[:, 2] == pytest.approx(drawn[:, 0] + drawn[:, 1])


def test_a_few_outliers_do_not_make_a_structure() -> None:
    settings = {"n_references": 19, "n_jobs": None, "verbose": False}
    rows = np.vstack([rng().normal(size=(195, 2)), np.full((5, 2), 50.0)])
    test = structure(rows, [1, 2, 3], rng=rng(), **settings)
    assert test.p_value > 0.05
    # No clustering has two clusters of 5 % of the rows, with the outliers apart.
    alone = structure(rows, [1, 2], rng=rng(), **settings)
    assert set(alone.p_values.values()) == {1.0}


@pytest.mark.parametrize("sign", [1, -1])
def test_skewed_reference_has_the_skewness_and_correlation_of_the_rows(
    sign: int,
) -> None:
    rows = sign * np.exp(rng().normal(size=(5000, 2)) @ [[0.6, 0.3], [0, 0.5]])
    drawn = references(rows)["one skewed population"](rng(1))
    for share in (0.05, 0.5, 0.95):
        expected, got = (np.quantile(some, share, axis=0) for some in (rows, drawn))
        assert got == pytest.approx(expected, rel=0.1)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(
        np.corrcoef(rows.T)[0, 1], abs=0.1
    )


@given(
    seed=st.integers(0, 1000),
    n_rows=st.integers(5, 40),
    kinds=st.lists(st.integers(2, 5), min_size=1, max_size=3),
)
def test_mean_silhouettes_are_those_of_scikit_learn(
    seed: int, n_rows: int, kinds: list[int]
) -> None:
    some = rng(seed)
    # Few values, so that there are ties and equal rows.
    rows = some.integers(0, 4, size=(n_rows, 2)).astype(np.float64)
    labelings = [some.integers(0, k, n_rows) for k in kinds]
    labelings = [codes for codes in labelings if 1 < len(set(codes)) < n_rows]
    if labelings:
        expected = [silhouette_score(rows, codes) for codes in labelings]
        assert mean_silhouettes(rows, labelings) == pytest.approx(expected)


def direct_strength(train: FloatArray, test: FloatArray, k: int) -> float:
    """Return the prediction strength by its definition, pair by pair."""
    of_train, of_test = (
        KMeans(k, n_init=20, random_state=0).fit(X) for X in (train, test)
    )
    predicted = of_train.predict(test)
    shares = []
    for code in range(k):
        pairs = list(combinations(np.flatnonzero(of_test.labels_ == code), 2))
        if pairs:
            shares.append(np.mean([predicted[i] == predicted[j] for i, j in pairs]))
    return float(min(shares))


def test_strengths_are_those_of_the_definition() -> None:
    rows, _ = make_blobs(120, centers=3, cluster_std=0.6, random_state=3)
    got = strengths(rows, [1, 2, 3, 4], rng(5))
    same, expected = rng(5), []
    # The halves of the first split; the others are as good.
    mixed = rows[same.permutation(len(rows))]
    halves = mixed[:60], mixed[60:]
    expected = [direct_strength(*halves, k) for k in (2, 3)]
    assert got[0] == 1
    assert got[1:3] == pytest.approx(expected, abs=0.15)
    assert got[2] > 0.95
    assert got[3] < 0.8


@pytest.mark.parametrize("kind", ["blobs", "overlapping", "normal", "skewed"])
def test_path_is_as_good_as_ten_starts_for_each_k(kind: str) -> None:
    rows = {
        "blobs": make_blobs(1000, 3, centers=5, random_state=0)[0],
        "overlapping": make_blobs(1000, 3, centers=6, cluster_std=3, random_state=1)[0],
        "normal": rng().normal(size=(1000, 3)),
        "skewed": StandardScaler().fit_transform(np.exp(rng().normal(size=(1000, 3)))),
    }[kind]
    before = np.inf
    for k, fitted in full_path(rows, range(2, 9), rng(1)):
        naive = KMeans(k, n_init=10, random_state=0).fit(rows)
        assert fitted.inertia_ <= naive.inertia_ * 1.005
        assert fitted.inertia_ < before
        before = fitted.inertia_


@pytest.mark.parametrize("kind", ["overlapping", "skewed"])
def test_path_of_all_rows_continues_from_that_of_some(
    kind: str,
) -> None:
    rows = {
        "overlapping": make_blobs(6000, 2, centers=4, cluster_std=2.0, random_state=0)[
            0
        ],
        # A few rows far out make up most of the inertia.
        "skewed": np.exp(rng().normal(size=(6000, 3))),
    }[kind]
    rows -= rows.mean(axis=0)
    before = rows.copy()
    for k, fitted in full_path(rows, [5, 2, 4], rng(), start_rows=2000):
        naive = KMeans(k, n_init=10, random_state=0).fit(before)
        assert fitted.inertia_ <= naive.inertia_ * 1.03
        assert len(fitted.labels_) == 6000
    assert rows == pytest.approx(before)


def test_coreset_stands_for_the_rows() -> None:
    rows = np.exp(1.5 * rng().normal(size=(20_000, 2)))
    some, weight = lightweight_coreset(rows, 2000, rng(1))
    assert some.shape == (2000, 2)
    assert weight.sum() == pytest.approx(len(rows), rel=0.03)
    point = np.array([2.0, 1.0])
    inertia = ((rows - point) ** 2).sum()
    assert weight @ ((some - point) ** 2).sum(axis=1) == pytest.approx(
        inertia, rel=0.05
    )
    # A uniform sample would hold about a tenth of them.
    far = np.quantile(rows[:, 0], 0.999)
    assert (some[:, 0] > far).sum() > 10 * 0.001 * 2000


def test_a_population_like_the_rows_is_the_closest_one() -> None:
    settings = {"n_references": 19, "n_jobs": None, "verbose": False}
    uniform = structure(rng(2).uniform(size=(200, 2)), [1, 2, 4], rng=rng(), **settings)
    assert uniform.closest.startswith("uniform")
    assert uniform.p_values[ELLIPTICAL] == 1 / 20
    normal = structure(rng(2).normal(size=(200, 2)), [1, 2, 4], rng=rng(), **settings)
    assert normal.p_values[ELLIPTICAL] > 0.05
    assert normal.uniform_log_inertia.shape == (19, 3)
