"""make_customers: the segments it promises, none of them, what is missing or absurd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler

from skseg.datasets import make_customers

N = 20_000

SHARES = {
    "Bargain hunters": 0.25,
    "Loyal families": 0.21,
    "Young explorers": 0.20,
    "Big spenders": 0.12,
    "Dormant": 0.22,
}
# Range, decimals.
NUMERIC = {
    "age": (18, 90, 0),
    "income": (0, np.inf, -2),
    "household_size": (1, 8, 0),
    "sessions_12m": (1, np.inf, 0),
    "pages_per_session": (1, np.inf, 1),
    "email_open_rate": (0, 1, 2),
    "days_since_visit": (0, 365, 0),
    "tenure_months": (12, 120, 0),
    "orders": (1, np.inf, 0),
    "aov": (0, np.inf, 2),
    "discount_share": (0, 1, 2),
    "return_rate": (0, 1, 2),
}
MEDIANS = pd.DataFrame(
    {
        "age": [44, 41, 27, 52, 47],
        "income": [34_000, 56_000, 31_000, 110_000, 45_000],
        "household_size": [2, 4, 2, 2, 2],
        "sessions_12m": [60, 45, 100, 28, 7],
        "days_since_visit": [6, 8, 4, 12, 110],
        "orders": [8, 15, 3, 9, 2],
        "aov": [32, 75, 45, 240, 55],
        "discount_share": [0.7, 0.25, 0.35, 0.05, 0.4],
    },
    index=list(SHARES),
)
CAN_MISS = ["income", "household_size", "email_open_rate"]
SKEWED = [
    *("income", "sessions_12m", "pages_per_session", "days_since_visit"),
    *("tenure_months", "orders", "aov"),
]
CLEAN: dict[str, Any] = {"missing": 0.0, "outliers": 0.0}


def make(n: int = N, **parameters: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    return make_customers(n, **{"random_state": 0, "return_truth": True} | parameters)


def latent(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the numeric columns on the documented scales, where they are normal.

    Half a unit keeps rounded values away from the ends of the range.
    """
    scales = {}
    for name, (low, high, decimals) in NUMERIC.items():
        half = 0.5 / 10.0**decimals
        above, below = customers[name] - low + half, high - customers[name] + half
        scales[name] = np.log(above) - (0 if np.isinf(high) else np.log(below))
    return pd.DataFrame(scales)


def test_columns_have_the_documented_types() -> None:
    customers, truth = make(300)
    types = {
        name: "text" if pd.api.types.is_string_dtype(dtype) else str(dtype)
        for name, dtype in customers.dtypes.items()
    }
    assert types == {
        "customer_id": "int64",
        "age": "int64",
        "income": "float64",
        "region": "text",
        "household_size": "float64",
        "sessions_12m": "int64",
        "pages_per_session": "float64",
        "device": "text",
        "email_open_rate": "float64",
        "days_since_visit": "int64",
        "loyalty_member": "bool",
        "tenure_months": "int64",
        "orders": "int64",
        "aov": "float64",
        "discount_share": "float64",
        "return_rate": "float64",
    }
    assert list(customers) == list(types)
    assert list(truth) == ["customer_id", "segment", "is_outlier"]
    assert pd.api.types.is_string_dtype(truth["segment"])
    assert truth["is_outlier"].dtype == bool
    for frame in (customers, truth):
        assert frame["customer_id"].to_list() == list(range(1, 301))
        assert frame.index.equals(pd.RangeIndex(300))


@pytest.mark.parametrize("structure", ["clusters", "none"])
def test_values_lie_in_the_documented_ranges(structure: str) -> None:
    customers, truth = make(structure=structure)
    for name, (low, high, decimals) in NUMERIC.items():
        values = customers[name][~truth["is_outlier"]].dropna()
        assert values.between(low, high).all()
        assert (values == values.round(decimals)).all()
    assert set(customers["region"]) == {"north", "east", "south", "west"}
    assert set(customers["device"]) == {"mobile", "desktop", "tablet"}


def test_segments_have_the_documented_shares_and_medians() -> None:
    customers, truth = make(**CLEAN)
    shares = truth["segment"].value_counts(normalize=True).to_dict()
    assert shares == pytest.approx(SHARES, abs=4 * 0.5 / np.sqrt(N))
    medians = customers[list(MEDIANS)].groupby(truth["segment"]).median()
    for name in MEDIANS:
        assert medians[name].to_dict() == pytest.approx(
            MEDIANS[name].to_dict(), rel=0.06, abs=0.51 if name == "orders" else 0.02
        )


def test_columns_are_normal_within_a_segment_and_equally_spread() -> None:
    customers, truth = make(**CLEAN)
    columns = latent(customers)[["income", "aov", "tenure_months", "return_rate"]]
    groups = columns.groupby(truth["segment"])
    spreads = groups.std()
    assert (spreads.max() / spreads.min() < 1.2).all()
    # Tails of a mixture would show as kurtosis, a wrong scale as skewness.
    for name in ("income", "aov"):
        for _, values in groups[name]:
            assert abs(stats.skew(values)) < 0.15
            assert abs(stats.kurtosis(values)) < 0.3


def test_activity_and_wealth_correlate_the_documented_columns() -> None:
    customers, truth = make(**CLEAN)
    columns = latent(customers)
    inside = columns - columns.groupby(truth["segment"]).transform("mean")
    correlation = inside.corr()
    assert correlation.loc["income", "aov"] == pytest.approx(0.3, abs=0.03)
    assert correlation.loc["aov", "discount_share"] == pytest.approx(-0.24, abs=0.04)
    assert correlation.loc["sessions_12m", "orders"] == pytest.approx(0.25, abs=0.04)
    assert correlation.loc["sessions_12m", "days_since_visit"] < -0.2
    assert abs(correlation.loc["age", "tenure_months"]) < 0.03
    assert abs(correlation.loc["sessions_12m", "aov"]) < 0.03


def test_texts_depend_on_the_segment() -> None:
    customers, truth = make()
    mobile = (customers["device"] == "mobile").groupby(truth["segment"]).mean()
    assert mobile["Young explorers"] == pytest.approx(0.85, abs=0.03)
    assert mobile["Big spenders"] == pytest.approx(0.30, abs=0.04)
    members = customers["loyalty_member"].groupby(truth["segment"]).mean()
    assert members["Loyal families"] == pytest.approx(0.80, abs=0.03)
    west = (customers["region"] == "west").groupby(truth["segment"]).mean()
    assert west["Young explorers"] > 1.8 * west["Loyal families"]


@pytest.mark.parametrize("seed", [0, 1])
def test_k_means_finds_most_of_the_segments(seed: int) -> None:
    customers, truth = make(4000, random_state=seed, **CLEAN)
    X = customers[list(NUMERIC)].astype(float)
    X[SKEWED] = np.log1p(X[SKEWED])
    X = StandardScaler().fit_transform(X)
    rand, silhouettes = {}, {}
    for k in (4, 5, 6):
        codes = KMeans(k, n_init=4, random_state=0).fit_predict(X)
        rand[k] = adjusted_rand_score(truth["segment"], codes)
        silhouettes[k] = silhouette_score(X, codes)
    assert rand[5] == pytest.approx(0.9, abs=0.03)
    assert rand[4] == pytest.approx(0.8, abs=0.04)
    assert rand[6] < rand[5]
    assert silhouettes[5] == pytest.approx(0.26, abs=0.02)
    assert silhouettes[5] == max(silhouettes.values())


def test_no_structure_is_one_normal_cloud_of_the_same_moments() -> None:
    mixed, flat = (
        latent(make(structure=structure, **CLEAN)[0])
        for structure in ("clusters", "none")
    )
    spread = mixed.std()
    assert ((flat.mean() - mixed.mean()).abs() < 0.05 * spread).all()
    assert (flat.std() / spread).between(0.95, 1.05).all()
    assert (flat.corr() - mixed.corr()).abs().max(axis=None) < 0.06
    # A normal cloud is normal in all directions, even that between two segments.
    direction = np.linalg.eigh(mixed.corr())[1][:, -1]
    kurtosis = {}
    for name, columns in (("mixed", mixed), ("flat", flat)):
        standard = (columns - columns.mean()) / columns.std()
        kurtosis[name] = stats.kurtosis(standard.to_numpy() @ direction)
    assert kurtosis["mixed"] < -0.4
    assert abs(kurtosis["flat"]) < 0.12


def test_no_structure_keeps_the_shares_of_texts_but_makes_them_independent() -> None:
    mixed, flat = (make(structure=structure)[0] for structure in ("clusters", "none"))
    for name in ("region", "device", "loyalty_member"):
        shares = mixed[name].value_counts(normalize=True)
        flat_shares = flat[name].value_counts(normalize=True)
        assert flat_shares.to_dict() == pytest.approx(shares.to_dict(), abs=0.02)
    for table, is_dependent in ((mixed, True), (flat, False)):
        contingency = pd.crosstab(table["region"], table["device"])
        assert (stats.chi2_contingency(contingency).pvalue < 1e-4) == is_dependent


def test_without_structure_the_truth_is_one_segment() -> None:
    _, truth = make(100, structure="none")
    assert set(truth["segment"]) == {"Everyone"}


def test_values_are_missing_in_three_columns_by_the_given_share() -> None:
    customers, _ = make(missing=0.3)
    shares = customers.isna().mean()
    assert shares[CAN_MISS].to_list() == pytest.approx([0.3] * 3, abs=0.015)
    assert (shares.drop(CAN_MISS) == 0).all()
    # Each on its own.
    all_missing = customers[CAN_MISS].isna().all(axis=1).mean()
    assert all_missing == pytest.approx(0.027, abs=0.006)
    assert make(200, missing=1)[0][CAN_MISS].isna().all(axis=None)
    assert make(200, missing=0)[0].notna().all(axis=None)


def test_outliers_are_absurd_in_one_column_each() -> None:
    customers, truth = make(outliers=0.1, missing=0.0)
    clean, _ = make(**CLEAN)
    changed = customers.ne(clean)
    assert truth["is_outlier"].mean() == pytest.approx(0.1, abs=0.01)
    np.testing.assert_array_equal(changed.sum(axis=1), truth["is_outlier"])
    n_changed = changed.sum()
    assert set(n_changed[n_changed > 0].index) == {
        *("age", "sessions_12m", "orders", "aov")
    }
    assert n_changed[n_changed > 0].min() > 0.2 * n_changed.sum()
    assert (customers["age"][changed["age"]] == 999).all()
    for name, more in (("sessions_12m", 50_000), ("orders", 5_000)):
        rows = changed[name]
        assert (customers[name][rows] - clean[name][rows] == more).all()
    rows = changed["aov"]
    np.testing.assert_allclose(customers["aov"][rows], 100 * clean["aov"][rows])
    assert not make(200, outliers=0)[1]["is_outlier"].any()
    assert make(200, outliers=1)[1]["is_outlier"].all()


def test_missing_values_and_outliers_are_nested() -> None:
    few, few_truth = make(2000, missing=0.1, outliers=0.05)
    many, many_truth = make(2000, missing=0.4, outliers=0.2)
    assert not (few.isna() & many.notna()).any(axis=None)
    assert not (few_truth["is_outlier"] & ~many_truth["is_outlier"]).any()
    same = many.notna() & ~many_truth["is_outlier"].to_numpy()[:, None]
    assert (few.eq(many) | ~same).all(axis=None)
    _, flat = make(2000, structure="none", outliers=0.05)
    assert flat["is_outlier"].equals(few_truth["is_outlier"])


def test_the_same_seed_gives_the_same_customers() -> None:
    def customers(random_state: Any) -> pd.DataFrame:
        return make_customers(50, random_state=random_state)

    pd.testing.assert_frame_equal(customers(3), customers(3))
    pd.testing.assert_frame_equal(customers(3), customers(np.random.default_rng(3)))
    assert not customers(3).equals(customers(4))
    assert not customers(None).equals(customers(None))
    with_truth, _ = make(50, random_state=3)
    pd.testing.assert_frame_equal(with_truth, customers(3))


def test_a_seed_gives_these_very_customers_on_every_platform() -> None:
    customers, truth = make(2, **CLEAN)
    assert list(customers.itertuples(index=False, name=None)) == [
        (
            1,
            25,
            21700.0,
            "south",
            2.0,
            81,
            5.6,
            "mobile",
            0.19,
            7,
            False,
            17,
            3,
            33.25,
            0.31,
            0.13,
        ),
        (
            2,
            38,
            52200.0,
            "east",
            3.0,
            36,
            4.6,
            "mobile",
            0.44,
            11,
            False,
            55,
            10,
            58.74,
            0.45,
            0.25,
        ),
    ]
    assert truth["segment"].to_list() == ["Young explorers", "Loyal families"]


def test_a_single_customer_is_a_frame_of_one_row() -> None:
    customers, truth = make(1)
    assert customers.shape == (1, 16)
    assert truth.shape == (1, 3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_customers": 0}, r"'n_customers' .* an int in \[1, .*\]\. Got 0 instead"),
        ({"structure": "blobs"}, "'structure' .* 'clusters' or 'none'. Got 'blobs'"),
        ({"structure": None}, "'structure' .* Got None instead"),
        ({"missing": -0.1}, r"'missing' .* a number in \[0, 1\]\. Got -0\.1 instead"),
        ({"missing": True}, "'missing' .* Got True instead"),
        ({"outliers": 1.1}, r"'outliers' .* a number in \[0, 1\]\. Got 1\.1 instead"),
        ({"outliers": float("nan")}, "'outliers' .* Got nan instead"),
        ({"random_state": "seed"}, "'random_state' .* must be an int .* Got 'seed'"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        make_customers(**parameters)
    assert "parameter of make_customers must be" in str(error.value)
