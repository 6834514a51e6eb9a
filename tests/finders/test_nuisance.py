"""Cross-fitted predictions and the overlap of groups, on data of known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy import stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score

from skseg._finders._adjustment._group_overlap import GroupOverlap, group_overlap
from skseg._finders._adjustment._nuisance import Nuisance, cross_fitted_nuisance
from skseg._search.effects._inference import aipw_score, ipw_score, mean_interval
from skseg.datasets import make_seller_groups

Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, pd.DataFrame]


def sellers(n_rows: int, assignment: Any, **parameters: Any) -> Data:
    """Return X, y, in_a, is_categorical and the truth of generated customers."""
    parameters = {"pattern": "none", "random_state": 1} | parameters
    frame, truth = make_seller_groups(
        n_rows, assignment=assignment, return_truth=True, **parameters
    )
    features = frame.drop(columns=["seller", "converted", "revenue"])
    columns, has_codes = [], []
    for name in features:
        has_codes.append(not pd.api.types.is_numeric_dtype(features[name]))
        codes = pd.factorize(features[name], sort=True)[0] if has_codes[-1] else None
        columns.append(features[name].to_numpy(float) if codes is None else codes)
    X = np.column_stack(columns).astype(float)
    in_a = (frame["seller"] == "A").to_numpy()
    return X, frame["converted"].to_numpy(float), in_a, np.array(has_codes), truth


def small(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, (rng.random(n) < 0.4).astype(float), rng.random(n) < 0.5


def overlap_of(
    X: np.ndarray, in_a: np.ndarray, nuisance: Nuisance, *weight: Any, **options: Any
) -> GroupOverlap:
    """Return the overlap of groups in columns that are named x0, x1, ..."""
    names = [f"x{i}" for i in range(X.shape[1])]
    return group_overlap(X, in_a, nuisance, *weight, columns=names, **options)


def interval(psi: np.ndarray, level: float = 0.999) -> Any:
    return mean_interval(psi.sum(), (psi**2).sum(), len(psi), level)


@pytest.mark.parametrize(("n_rows", "n_sets"), [(1500, 4), (6000, 1)])
def test_the_predictions_remove_what_confounding_adds(n_rows: int, n_sets: int) -> None:
    scores, naive = [], []
    for seed in range(n_sets):
        X, y, in_a, has_codes, truth = sellers(
            n_rows, "observational", random_state=seed
        )
        nuisance = cross_fitted_nuisance(
            X, y, in_a, is_categorical=has_codes, random_state=0, folds=3
        )
        assert np.corrcoef(nuisance.propensity, truth["propensity"])[0, 1] > 0.5
        scores.append(
            aipw_score(y, in_a, nuisance.propensity, nuisance.mean_a, nuisance.mean_b)
        )
        naive.append(ipw_score(y, in_a))
    psi = np.concatenate(scores)
    assert interval(psi).low < 0 < interval(psi).high
    assert interval(np.concatenate(naive)).low > 0
    assert abs(psi.mean()) < np.mean(naive) / 3


def test_predictions_follow_the_truth_of_each_group() -> None:
    X, y, in_a, has_codes, truth = sellers(
        12_000, "randomized", pattern="conjunction", effect=0.4
    )
    nuisance = cross_fitted_nuisance(
        X, y, in_a, is_categorical=has_codes, random_state=0, folds=2
    )
    for prediction, name in (
        (nuisance.mean_a, "probability_a"),
        (nuisance.mean_b, "probability_b"),
    ):
        error = np.sqrt(np.mean((prediction - truth[name]) ** 2))
        assert error < 0.75 * truth[name].std()
    effect = nuisance.mean_a - nuisance.mean_b
    inside = (truth["segment"] == 0).to_numpy()
    assert effect[inside].mean() > 0.2
    assert abs(effect[~inside].mean()) < 0.1
    # With nothing to learn, the propensity stays close to the coin.
    assert np.abs(nuisance.propensity - 0.5).mean() < 0.03


def test_no_row_is_predicted_by_a_model_that_saw_it() -> None:
    """The outcome of a fold cannot be known, but it could be learned by heart."""
    X, y, in_a = small(0)
    nuisance = cross_fitted_nuisance(X, y, in_a, random_state=0)
    fold = nuisance.fold
    assert sorted(np.bincount(fold)) == [40] * 5
    changed = fold == 2
    other_y = y.copy()
    other_y[changed] = 5.0 + np.arange(changed.sum())
    # The models of the package are fitted in the same way, but the outcomes of all rows
    # decide on their shares, which are four numbers.
    base, other = (
        cross_fitted_nuisance(
            X, outcome, in_a, random_state=0, folds=fold, outcome_estimator=Ridge()
        )
        for outcome in (y, other_y)
    )
    np.testing.assert_array_equal(other.mean_a[changed], base.mean_a[changed])
    assert not np.allclose(other.mean_a[~changed], base.mean_a[~changed])


def test_int_folds_are_stratified_by_group_and_outcome() -> None:
    X, y, in_a = small(1, 103)
    fold = cross_fitted_nuisance(X, y, in_a, random_state=0, folds=4).fold
    for group in (in_a, ~in_a):
        for value in (0, 1):
            counts = np.bincount(fold[group & (y == value)], minlength=4)
            assert np.ptp(counts) <= 1


def test_the_same_seed_gives_the_same_predictions() -> None:
    X, y, in_a = small(2)

    def predictions(random_state: Any, n_jobs: int | None = None) -> np.ndarray:
        nuisance = cross_fitted_nuisance(
            X, y, in_a, folds=2, random_state=random_state, n_jobs=n_jobs
        )
        return np.array([nuisance.propensity, nuisance.mean_a, nuisance.mean_b])

    first = predictions(0)
    np.testing.assert_array_equal(predictions(0), first)
    with parallel_config(backend="threading"):
        np.testing.assert_array_equal(predictions(0, n_jobs=2), first)
    assert not np.array_equal(predictions(1), first)


def test_a_number_is_predicted_as_a_mean() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(600, 2))
    in_a = rng.random(600) < 0.5
    y = 100 + 20 * X[:, 0] + 10 * in_a + rng.normal(size=600)
    nuisance = cross_fitted_nuisance(X, y, in_a, random_state=0)
    assert np.corrcoef(nuisance.mean_b, 100 + 20 * X[:, 0])[0, 1] > 0.97
    psi = aipw_score(y, in_a, nuisance.propensity, nuisance.mean_a, nuisance.mean_b)
    assert interval(psi).low < 10 < interval(psi).high
    assert interval(psi).high - interval(psi).low < 4
    assert psi.var() < ipw_score(y, in_a).var() / 5


@pytest.mark.parametrize("n_rows", [300, 3000])
def test_missing_infinite_and_many_coded_values_are_inputs(n_rows: int) -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(n_rows, 6))
    X[rng.random((n_rows, 6)) < 0.2] = np.nan
    X[::7, 0], X[::11, 0], X[:, 1] = np.inf, -np.inf, np.nan
    X[:, 4] = rng.integers(0, n_rows // 2, n_rows)  # more levels than trees take
    X[:, 5] = rng.integers(-1, 3, n_rows)  # -1 for a missing one, as pandas has it
    has_codes = np.arange(6) >= 4
    in_a = rng.random(n_rows) < np.where(X[:, 5] == 2, 0.9, 0.3)
    y = (rng.random(n_rows) < 0.5).astype(float)
    before = X.copy()
    nuisance = cross_fitted_nuisance(
        X, y, in_a, is_categorical=has_codes, random_state=0, folds=2
    )
    np.testing.assert_array_equal(X, before)
    for prediction in (nuisance.propensity, nuisance.mean_a, nuisance.mean_b):
        assert np.isfinite(prediction).all()
    # The level is learned as one, not as the end of a scale.
    is_two = X[:, 5] == 2
    assert np.median(nuisance.propensity[is_two]) > 0.7
    assert np.median(nuisance.propensity[~is_two]) < 0.45
    overlap = overlap_of(X, in_a, nuisance, is_categorical=has_codes)
    assert overlap.smd[5] > 1
    assert overlap.is_predictable


def test_an_outcome_that_never_happens_is_predicted_as_zero() -> None:
    X, y, in_a = small(5)
    y[in_a] = 0
    nuisance = cross_fitted_nuisance(X, y, in_a, random_state=0)
    assert (nuisance.mean_a == 0).all()
    assert (nuisance.mean_b > 0).all()


@pytest.mark.parametrize("n_rows", [300, 3000])
def test_rows_of_weight_zero_do_not_change_the_models(n_rows: int) -> None:
    X, y, in_a = small(6, n_rows)
    weight = np.where(X[:, 0] > 0, 1.0, 0.0)
    fold = np.arange(n_rows) // (n_rows // 2)
    base, other = (
        cross_fitted_nuisance(X, outcome, in_a, weight, folds=fold, random_state=0)
        for outcome in (y, np.where(weight > 0, y, 1 - y))
    )
    np.testing.assert_array_equal(base.mean_a, other.mean_a)


def test_weights_move_the_expected_outcome() -> None:
    X, y, in_a = small(7)
    weight = np.where(y == 1, 5.0, 1.0)
    plain = cross_fitted_nuisance(X, y, in_a, folds=2, random_state=0)
    heavy = cross_fitted_nuisance(X, y, in_a, weight, folds=2, random_state=0)
    assert (heavy.mean_a > plain.mean_a + 0.1).all()


def deterministic() -> Data:
    """Return groups of whom a third are told by the first column alone."""
    rng = np.random.default_rng(8)
    X = rng.uniform(-1, 1, size=(3000, 2))
    odds = np.select([X[:, 0] > 2 / 3, X[:, 0] < -2 / 3], [1.0, 0.0], 0.5)
    in_a = rng.random(3000) < odds
    y = (rng.random(3000) < 0.4).astype(float)
    return X, y, in_a, odds, pd.DataFrame()


def test_extreme_propensities_are_counted() -> None:
    X, y, in_a, _, _ = deterministic()
    nuisance = cross_fitted_nuisance(X, y, in_a, random_state=0, folds=2)
    propensity = nuisance.propensity
    n_extreme = int(((propensity < 0.01) | (propensity > 0.99)).sum())
    assert nuisance.n_extreme == n_extreme > 100
    overlap = overlap_of(X, in_a, nuisance)
    assert overlap.n_extreme == n_extreme
    assert overlap.n_a == in_a.sum()
    assert abs(overlap.smd[0]) > 0.9
    assert abs(overlap.smd_weighted[0]) < abs(overlap.smd[0])


def test_the_overlap_of_a_fair_coin_and_of_confounding() -> None:
    overlaps = {}
    for assignment in ("randomized", "observational"):
        X, y, in_a, has_codes, _ = sellers(900, assignment, random_state=3)
        nuisance = cross_fitted_nuisance(
            X, y, in_a, is_categorical=has_codes, random_state=0, folds=3
        )
        overlaps[assignment] = overlap_of(X, in_a, nuisance, is_categorical=has_codes)
    fair, confounded = overlaps["randomized"], overlaps["observational"]
    assert not fair.is_predictable
    # Without anything to learn all propensities are the same.
    assert fair.auc_low <= 0.5 <= fair.auc_high
    assert confounded.is_predictable
    assert 0.5 < confounded.auc_low < confounded.auc < confounded.auc_high < 0.8
    assert confounded.p_value < 1e-4
    assert np.abs(confounded.smd).max() > 0.25 > np.abs(confounded.smd_weighted).max()
    assert confounded.effective_n_a < confounded.n_a
    assert (np.diff(confounded.propensity_quantiles) >= 0).all()
    assert confounded.propensity_quantiles[0, 4] > confounded.propensity_quantiles[1, 4]


def test_groups_drawn_at_random_are_seldom_called_predictable() -> None:
    p = []
    for seed in range(60):
        X, _, in_a = small(seed, 150)
        # The overlap is about propensities alone, so no outcome is predicted.
        nothing = np.zeros(len(X))
        nuisance = cross_fitted_nuisance(
            X,
            nothing,
            in_a,
            random_state=seed,
            folds=2,
            propensity_estimator=LogisticRegression(),
        )
        p.append(overlap_of(X, in_a, nuisance).p_value)
    shares = [np.mean(np.array(p) <= level) for level in (0.01, 0.1, 0.5)]
    # Two standard errors above; folds taken for independent would give twice as many.
    assert shares[0] <= 0.035
    assert shares[1] <= 0.18
    # Where nothing is learned p is 1, so that small ones are rarer than by chance.
    assert 0.1 < shares[2] < 0.65


def as_nuisance(propensity: np.ndarray, fold: np.ndarray | None = None) -> Nuisance:
    zero = np.zeros(len(propensity))
    fold = zero.astype(np.intp) if fold is None else fold
    return Nuisance(propensity, zero, zero, fold)


def test_the_auc_is_that_of_scikit_learn_fold_by_fold() -> None:
    rng = np.random.default_rng(9)
    propensity = rng.integers(1, 9, 300) / 10  # with ties
    in_a = rng.random(300) < propensity
    weight = rng.integers(1, 4, 300).astype(float)
    X = np.zeros((300, 1))
    overlap = overlap_of(X, in_a, as_nuisance(propensity), weight)
    expected = roc_auc_score(in_a, propensity, sample_weight=weight)
    assert overlap.auc == pytest.approx(expected)
    # Propensities of other models are on another scale, and not ranked with these.
    twice = np.concatenate([propensity, propensity / 10])
    fold = np.repeat([0, 1], 300)
    overlap = overlap_of(
        np.zeros((600, 1)),
        np.tile(in_a, 2),
        as_nuisance(twice, fold),
        np.tile(weight, 2),
    )
    assert overlap.auc == pytest.approx(expected)


def test_the_overlap_counts_a_weight_as_a_repetition() -> None:
    rng = np.random.default_rng(10)
    X = np.column_stack([rng.normal(size=80), rng.integers(0, 3, 80)])
    X[::9, 0] = np.nan
    propensity, in_a = rng.uniform(0.2, 0.8, 80), rng.random(80) < 0.5
    weight = rng.integers(1, 4, 80)
    rows = np.repeat(np.arange(80), weight)
    has_codes = np.array([False, True])
    weighted = overlap_of(
        X, in_a, as_nuisance(propensity), weight.astype(float), is_categorical=has_codes
    )
    repeated = overlap_of(
        X[rows], in_a[rows], as_nuisance(propensity[rows]), is_categorical=has_codes
    )
    assert weighted.columns == repeated.columns == ("x0", "x1")
    for name in vars(weighted).keys() - {"columns", "n_extreme", "region", "models"}:
        values = vars(weighted)[name], vars(repeated)[name]
        np.testing.assert_allclose(*values, err_msg=name)
    assert weighted.n_extreme == repeated.n_extreme == 0


def test_standardised_differences_are_those_counted_by_hand() -> None:
    in_a = np.array([True, True, True, True, False, False, False, False])
    nan = np.nan
    X = np.array(
        [
            [1, 3, 1, 3, 0, 2, 0, 2],  # means 2 and 1, variances 1
            [5, 5, 5, 5, 5, 5, 5, 5],
            [1, 2, nan, nan, 1, 2, 1, 2],  # the same values, but half are missing
            [0, 0, 1, 2, 0, 1, 1, 2],  # level 0: 1/2 and 1/4
            [1, 1, 1, 1, 0, 0, 0, 0],
        ]
    ).T
    has_codes = np.array([False, False, False, True, False])
    overlap = overlap_of(
        X, in_a, as_nuisance(np.full(8, 0.5)), is_categorical=has_codes
    )
    of_missing = -0.5 / np.sqrt((0.25 + 0) / 2)
    of_level = 0.25 / np.sqrt((0.25 + 0.1875) / 2)
    expected = [1.0, 0.0, of_missing, of_level, np.inf]
    np.testing.assert_allclose(np.abs(overlap.smd), np.abs(expected))
    assert overlap.smd[2] < 0
    np.testing.assert_allclose(overlap.smd_weighted, overlap.smd)
    assert (overlap.n_a, overlap.effective_n_a) == (4, 4)
    # Nothing tells the groups apart where all propensities are the same.
    assert (overlap.auc, overlap.auc_low, overlap.auc_high) == (0.5, 0.5, 0.5)
    assert overlap.p_value == 1


def test_groups_that_are_told_without_fail_are_predictable() -> None:
    in_a = np.arange(40) < 15
    overlap = overlap_of(np.zeros((40, 1)), in_a, as_nuisance(0.2 + 0.5 * in_a))
    assert overlap.auc == overlap.auc_low == 1.0
    assert overlap.is_predictable


def test_the_error_of_chance_is_that_of_scipy_with_ties() -> None:
    rng = np.random.default_rng(11)
    propensity, in_a = rng.integers(1, 6, 60) / 10, rng.random(60) < 0.4
    overlap = overlap_of(np.zeros((60, 1)), in_a, as_nuisance(propensity))
    p = stats.mannwhitneyu(
        propensity[in_a],
        propensity[~in_a],
        alternative="greater",
        method="asymptotic",
        use_continuity=False,
    ).pvalue
    expected = stats.norm.sf(stats.norm.isf(p) / np.sqrt(2))
    assert overlap.p_value == pytest.approx(expected)


def test_a_fold_with_a_single_row_of_a_group_has_no_part_in_the_auc() -> None:
    in_a = np.array([True, False, False, True, True, False, False])
    propensity = np.array([0.1, 0.9, 0.8, 0.6, 0.7, 0.2, 0.3])
    fold = np.array([0, 0, 0, 1, 1, 1, 1])
    overlap = overlap_of(np.zeros((7, 1)), in_a, as_nuisance(propensity, fold))
    assert overlap.auc == 1.0
    error = np.sqrt(2 * (4 + 1) / (12 * 2 * 2))  # twice the variance of Mann-Whitney
    assert overlap.p_value == pytest.approx(stats.norm.sf(0.5 / error))
    alone = overlap_of(np.zeros((3, 1)), in_a[:3], as_nuisance(propensity[:3]))
    assert (alone.auc, alone.auc_low, alone.p_value) == (0.5, 0.5, 1.0)


def test_effective_sizes_are_those_counted_by_hand() -> None:
    in_a = np.array([True, True, False, False])
    nuisance = as_nuisance(np.array([0.5, 0.25, 0.5, 0.5]))
    overlap = overlap_of(np.zeros((4, 1)), in_a, nuisance)
    assert overlap.effective_n_a == pytest.approx((2 + 4) ** 2 / (2**2 + 4**2))
    assert overlap.effective_n_b == pytest.approx(2)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"in_a": np.ones(200, bool)}, r"Got 200 rows of A and 0 of B in all"),
        ({"sample_weight": np.zeros(200)}, "rows of both groups, of positive weight"),
    ],
)
def test_what_cannot_be_fitted_is_an_error(
    parameters: dict[str, Any], message: str
) -> None:
    X, y, in_a = small(0)
    with pytest.raises(ValueError, match=message):
        cross_fitted_nuisance(**{"X": X, "y": y, "in_a": in_a} | parameters)
