"""select_n_segments: the verdict, the table and the choices."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from sklearn.preprocessing import StandardScaler

from skseg.model_selection import NSegmentsSelection, select_n_segments

FloatArray = npt.NDArray[np.float64]

QUICK: dict[str, Any] = {
    "n_segments": range(2, 6),
    "n_references": 19,
    "max_rows": 200,
    "random_state": 0,
}
CENTERS = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [9.0, 9.0]])


def blobs(n_rows: int = 400, spread: float = 1.0) -> FloatArray:
    X, _ = make_blobs(n_rows, centers=CENTERS, cluster_std=spread, random_state=0)
    return np.asarray(X)


@pytest.fixture(scope="module")
def of_blobs() -> NSegmentsSelection:
    return select_n_segments(blobs(), **QUICK)


def test_clear_blobs_are_found_by_every_criterion(
    of_blobs: NSegmentsSelection,
) -> None:
    assert of_blobs.has_structure
    assert of_blobs.n_segments == 4
    assert of_blobs.p_value == max(of_blobs.p_values.values()) == 1 / 20
    assert set(of_blobs.choices.values()) == {4}


@pytest.mark.parametrize(
    "population",
    [
        lambda rng: rng.normal(size=(200, 2)),
        lambda rng: rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3)),
        lambda rng: rng.uniform(size=(200, 2)) * [1, 3],
        lambda rng: np.exp(rng.normal(size=(200, 2))),
        lambda rng: -np.exp(rng.normal(size=(200, 2))),
    ],
    ids=["normal", "correlated normal", "uniform", "right skewed", "left skewed"],
)
def test_populations_without_clusters_have_one_segment(population: Any) -> None:
    X, options = population(np.random.default_rng(1)), QUICK | {"max_rows": 120}
    found = select_n_segments(X, **options)
    assert not found.has_structure
    assert found.n_segments == 1
    assert found.choices["silhouette"] > 1
    assert found.reason.startswith("No cluster structure")


def in_one_column(n_columns: int, distance: float) -> pd.DataFrame:
    rng = np.random.default_rng(n_columns)
    X = rng.normal(size=(300, n_columns))
    X[:, 1] += distance * (rng.random(300) < 0.5)
    names = [f"c{j}" for j in range(n_columns)]
    return pd.DataFrame(StandardScaler().fit_transform(X), columns=names)


IN_FEW: dict[str, Any] = {
    "criteria": ["silhouette"],
    "n_segments": [2, 3],
    "n_references": 19,
    "max_rows": 300,
    "random_state": 0,
}


@pytest.mark.parametrize(
    ("n_columns", "distance"), [(3, 6), (7, 6), (7, 12), (20, 6)], ids=str
)
def test_two_groups_far_apart_in_one_of_many_columns_are_structure(
    n_columns: int, distance: float
) -> None:
    selection = select_n_segments(in_one_column(n_columns, distance), **IN_FEW)
    assert selection.has_structure
    assert selection.n_segments == 2
    assert selection.p_value <= 0.05
    valley = selection.valleys.iloc[0]
    assert valley["direction"] == "c1"
    assert -0.8 < valley["lower"] < valley["upper"] < 0.8
    shares = valley[["share_below", "share_between", "share_above"]]
    assert shares.sum() == pytest.approx(1)
    assert shares["share_between"] < 0.05
    assert shares.min() >= 0
    assert "A valley in 'c1' between" in selection.reason


def test_nobody_between_zero_and_the_least_income_is_structure() -> None:
    rng = np.random.default_rng(0)
    income = np.where(rng.random(600) < 0.25, 0, rng.uniform(10_037, 99_981, 600))
    others = rng.lognormal(size=(600, 4))
    X = pd.DataFrame(others, columns=list("abcd")).assign(income=income.round())
    X = (X - X.mean()) / X.std()
    selection = select_n_segments(X, **IN_FEW)
    assert selection.has_structure
    assert selection.valleys["direction"].to_list() == ["income"]
    assert selection.p_value == selection.valleys["p_value"].min() <= 0.001
    assert "structure in few directions. A valley in 'income'" in selection.reason
    assert "In all columns together, the best silhouette is not" in selection.reason
    assert "0.0% of the rows" in selection.reason


def test_oblique_groups_have_a_valley_along_a_principal_axis() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 9)) + 2.5 * (rng.random((300, 1)) < 0.5)
    selection = select_n_segments(X, **IN_FEW)
    assert selection.has_structure
    assert selection.valleys["direction"].to_list() == ["principal axis 1"]
    assert "along principal axis 1" in selection.reason


def test_without_structure_the_reason_names_the_columns_that_were_searched() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 2)), columns=["spend", "age"])
    X = X.assign(plan=rng.integers(0, 3, 300), constant=1.0)
    selection = select_n_segments(X, **IN_FEW)
    assert not selection.has_structure
    assert selection.valleys.empty
    assert (
        "No valley with hardly any rows divides them in columns 'spend', 'age' or "
        "along 3 principal axes either. Fewer than 10 different values are too few for "
        "a valley: column 'plan'."
    ) in selection.reason
    assert "select_eps tries it, without a test against chance." in selection.reason


@pytest.mark.parametrize(
    "population",
    [
        lambda rng: rng.integers(1, 6, (300, 3)),
        lambda rng: rng.poisson([0.5, 2, 9], (300, 3)),
        lambda rng: np.where(
            rng.random((300, 3)) < 0.4, 0, rng.lognormal(size=(300, 3))
        ),
        lambda rng: rng.exponential(size=(300, 3)),
        lambda rng: rng.standard_t(2, (300, 3)),
        lambda rng: (
            rng.normal(size=(300, 3)) * rng.choice([1, 6], (300, 1), p=[0.7, 0.3])
        ),
    ],
    ids=["scales of five", "counts", "zeros", "one-sided", "heavy tails", "two scales"],
)
def test_coarse_one_sided_and_heavy_tailed_rows_have_one_segment(
    population: Any,
) -> None:
    X = StandardScaler().fit_transform(population(np.random.default_rng(2)))
    selection = select_n_segments(X, **IN_FEW)
    assert not selection.has_structure, selection.reason


def test_unit_and_origin_of_the_columns_do_not_change_the_verdict() -> None:
    X = np.exp(np.random.default_rng(3).normal(size=(150, 2)))
    options = QUICK | {"max_rows": 120}
    expected = select_n_segments(X, **options)
    for factor in (1e-6, 1e6):
        moved = select_n_segments(X * factor + 7 * factor, **options)
        # Rounding may end a path in another optimum, once in a while.
        assert moved.p_values == pytest.approx(expected.p_values, abs=0.1)
        assert moved.choices == expected.choices


def test_the_criterion_that_decides_may_choose_one_segment_all_the_same() -> None:
    # Three clusters, equally far apart: every half of the rows joins another two.
    corners = [[0.0, 0.0], [8.0, 0.0], [4.0, 48**0.5]]
    X, _ = make_blobs(300, centers=corners, random_state=0)
    found = select_n_segments(
        X, decide_by="prediction_strength", **QUICK | {"n_segments": [2]}
    )
    assert found.has_structure
    assert found.choices["silhouette"] == 2
    assert found.n_segments == found.choices["prediction_strength"] == 1
    assert found.reason.startswith("One segment")


def test_scores_of_labels_are_those_of_scikit_learn(
    of_blobs: NSegmentsSelection,
) -> None:
    X = blobs()
    table = of_blobs.table.set_index("n_segments")
    for k in range(2, 6):
        start = of_blobs.centers[k]
        labels = KMeans(k, init=start, n_init=1, max_iter=1).fit_predict(X)
        got = table.loc[k, ["silhouette", "calinski_harabasz", "davies_bouldin"]]
        expected = [
            silhouette_score(X, labels),
            calinski_harabasz_score(X, labels),
            davies_bouldin_score(X, labels),
        ]
        np.testing.assert_allclose(got.to_numpy(np.float64), expected)
    assert table.loc[1, ["silhouette", "calinski_harabasz"]].isna().all()


def test_table_has_a_row_for_one_segment_and_for_each_k(
    of_blobs: NSegmentsSelection,
) -> None:
    table = of_blobs.table
    assert table.columns.to_list() == [
        "n_segments",
        "inertia",
        "elbow",
        "silhouette",
        "calinski_harabasz",
        "davies_bouldin",
        "gap",
        "gap_se",
        "prediction_strength",
    ]
    assert table["n_segments"].to_list() == [1, 2, 3, 4, 5]
    total = ((blobs() - blobs().mean(axis=0)) ** 2).sum()
    assert table["inertia"].iloc[0] == pytest.approx(total)
    assert (table["inertia"].diff().dropna() < 0).all()
    assert {k: len(some) for k, some in of_blobs.centers.items()} == {
        k: k for k in range(1, 6)
    }


def test_only_the_requested_criteria_are_computed_in_their_order() -> None:
    found = select_n_segments(
        blobs(100), criteria=("gap", "silhouette"), decide_by="gap", **QUICK
    )
    assert found.table.columns.to_list() == [
        "n_segments",
        "inertia",
        "silhouette",
        "gap",
        "gap_se",
    ]
    assert list(found.choices) == ["silhouette", "gap"]


def test_same_seed_gives_the_same_for_any_number_of_jobs(
    of_blobs: NSegmentsSelection,
) -> None:
    X = blobs()
    in_two_jobs = select_n_segments(X, n_jobs=2, **QUICK)
    pd.testing.assert_frame_equal(in_two_jobs.table, of_blobs.table)
    assert in_two_jobs.p_values == of_blobs.p_values
    # X is left as it is.
    np.testing.assert_array_equal(X, blobs())


def test_frames_and_constant_columns_are_fine() -> None:
    X = pd.DataFrame(blobs(100), columns=["a", "b"]).assign(c=1)
    found = select_n_segments(X, **QUICK)
    assert found.n_segments == 4
    assert found.centers[4].shape == (4, 3)


def test_gaps_in_k_are_fine() -> None:
    found = select_n_segments(blobs(100), **QUICK | {"n_segments": [6, 4, 4]})
    assert found.table["n_segments"].to_list() == [1, 4, 6]
    assert found.n_segments == 4


def test_printed_it_is_the_verdict_and_the_table(of_blobs: NSegmentsSelection) -> None:
    text = str(of_blobs)
    assert text.startswith("4 segments by the silhouette.")
    assert "gap 4" in text
    assert re.search(r"^ *n_segments +inertia +elbow", text, flags=re.MULTILINE)


def test_in_a_notebook_it_is_the_verdict_over_the_table(
    of_blobs: NSegmentsSelection,
) -> None:
    html = of_blobs._repr_html_()
    assert "4 segments by the silhouette." in html
    assert "gap 4" in html
    assert html.count("<tr>") == 1 + len(of_blobs.table)
    # One segment has no silhouette.
    assert ">-<" in html


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"n_segments": 3},
            "The 'n_segments' parameter of select_n_segments must be several ints.",
        ),
        ({"n_segments": [1]}, "must be ints with one above 1. Got [1] instead."),
        ({"n_segments": [2, 101]}, "must be an int in [1, 100]. Got 101 instead."),
        ({"criteria": "gap"}, "must be a sequence of names. Got 'gap' instead."),
        ({"criteria": ["aic"]}, "'criteria' parameter of select_n_segments must be"),
        (
            {"criteria": ["gap"]},
            "'decide_by' parameter of select_n_segments must be 'gap'.",
        ),
        ({"n_references": 18}, "must be an int in [19, 10000]. Got 18 instead."),
        ({"max_rows": 19}, "must be an int in [20, 20000]. Got 19 instead."),
    ],
)
def test_wrong_parameters_raise(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        select_n_segments(blobs(), **QUICK | parameters)


def test_rows_that_cannot_be_clustered_raise() -> None:
    with pytest.raises(ValueError, match="Input X contains NaN"):
        select_n_segments(np.where(blobs() > 9, np.nan, blobs()), **QUICK)
    with pytest.raises(ValueError, match="All rows of X are equal"):
        select_n_segments(np.ones((50, 2)), **QUICK)
    three = np.repeat(CENTERS[:3], 20, axis=0)
    with pytest.raises(
        ValueError, match="n_segments must not be above 3: there are no more"
    ):
        select_n_segments(three, **QUICK)
