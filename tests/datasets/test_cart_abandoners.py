"""make_cart_abandoners: the law of the outcome, the shares it promises, the seed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg.datasets import make_cart_abandoners

N = 100_000

# category: share, lift
CATEGORIES = {
    "fashion": (0.36, 0.0),
    "home": (0.26, -0.1),
    "electronics": (0.22, -0.3),
    "beauty": (0.145, 0.2),
    "gift cards": (0.015, 1.0),
}


@pytest.fixture(scope="module")
def users_and_truth() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make_cart_abandoners(N, random_state=0, return_truth=True)


@pytest.fixture(scope="module")
def users(users_and_truth: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return users_and_truth[0]


@pytest.fixture(scope="module")
def probability(users_and_truth: tuple[pd.DataFrame, pd.DataFrame]) -> pd.Series:
    return users_and_truth[1]["conversion_probability"]


def standard_score(users: pd.DataFrame, probability: pd.Series) -> float:
    """Return how far the conversions are from the expected, in standard errors."""
    variance = (probability * (1 - probability)).sum()
    return float((users["converted"] - probability).sum() / np.sqrt(variance))


def test_columns_have_the_documented_types(
    users_and_truth: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    users, truth = users_and_truth
    dtypes = users.dtypes.drop("category")
    assert {name: str(dtype) for name, dtype in dtypes.items()} == {
        "user_id": "int64",
        "abandoned_at": "datetime64[us]",
        "days_since_abandon": "float64",
        "aov": "float64",
        "engagement": "float64",
        "profitability": "float64",
        "cart_value": "float64",
        "cart_items": "int64",
        "sessions_last_30d": "int64",
        "premium": "bool",
        "converted": "int64",
    }
    assert users.columns.get_loc("category") == 10
    assert pd.api.types.is_string_dtype(users["category"])
    assert truth.dtypes.astype(str).to_dict() == {
        "user_id": "int64",
        "conversion_probability": "float64",
    }
    for frame in users_and_truth:
        assert frame["user_id"].to_list() == list(range(1, N + 1))
        assert frame.index.equals(pd.RangeIndex(N))


def test_values_lie_in_the_documented_ranges(
    users: pd.DataFrame, probability: pd.Series
) -> None:
    assert users["days_since_abandon"].between(0, 60).all()
    for score in ("engagement", "profitability"):
        assert users[score].between(0, 1).all()
        # Spread over the range, not piled up at an end.
        assert users[score].quantile([0.1, 0.9]).between(0.1, 0.9).all()
    assert users["aov"].min() > 0
    assert users["cart_value"].min() > 0
    assert users["cart_items"].min() == 1
    assert users["sessions_last_30d"].min() == 0
    assert set(users["converted"]) == {0, 1}
    assert probability.between(0, 1, inclusive="neither").all()
    assert users.drop(columns="aov").notna().all(axis=None)


@pytest.mark.parametrize(
    ("name", "decimals"),
    [("aov", 2), ("cart_value", 2), ("engagement", 3), ("profitability", 3)],
)
def test_floats_have_the_documented_decimals(
    users: pd.DataFrame, name: str, decimals: int
) -> None:
    values = users[name].dropna()
    assert (values == values.round(decimals)).all()
    assert not (values == values.round(decimals - 1)).all()


@pytest.mark.parametrize(
    "as_of", ["2025-01-01", dt.date(2024, 2, 29), pd.Timestamp("2000-03-01 15:00")]
)
def test_days_run_from_the_abandonment_to_the_start_of_the_as_of_day(
    as_of: Any,
) -> None:
    users = make_cart_abandoners(1000, as_of=as_of, random_state=1)
    passed = pd.Timestamp(as_of).normalize() - users["abandoned_at"]
    days = passed / pd.Timedelta("1D")
    np.testing.assert_allclose(users["days_since_abandon"], days, rtol=1e-12)
    assert (users["abandoned_at"].dt.microsecond == 0).all()


def test_as_of_moves_nothing_but_the_moment_of_the_abandonment() -> None:
    early, late = (
        make_cart_abandoners(200, as_of=as_of, random_state=1).drop(
            columns="abandoned_at"
        )
        for as_of in ("2020-01-01", "2025-01-01")
    )
    pd.testing.assert_frame_equal(early, late)


def test_shares_are_the_documented_ones(users: pd.DataFrame) -> None:
    shares = users["category"].value_counts(normalize=True).to_dict()
    expected = {name: share for name, (share, _) in CATEGORIES.items()}
    # Five standard errors of a share, at most.
    assert shares == pytest.approx(expected, abs=5 * 0.5 / np.sqrt(N))
    assert (users["days_since_abandon"] <= 7).mean() == pytest.approx(1 / 3, abs=0.01)
    assert users["aov"].isna().mean() == pytest.approx(0.15, abs=0.006)


def test_aov_is_log_normal_with_its_median(users: pd.DataFrame) -> None:
    log_aov = np.log(users["aov"].dropna())
    assert np.exp(log_aov.mean()) == pytest.approx(60, rel=0.01)
    assert log_aov.std() == pytest.approx(0.6, rel=0.01)
    assert log_aov.skew() == pytest.approx(0, abs=0.05)


def test_columns_are_correlated_as_documented(users: pd.DataFrame) -> None:
    rank = users.select_dtypes("number").corr(method="spearman")
    assert 0.5 < rank.loc["aov", "profitability"] < 0.8
    assert rank.loc["sessions_last_30d", "engagement"] > 0.7
    assert abs(rank.loc["aov", "engagement"]) < 0.02


def test_the_session_of_a_recent_abandonment_counts(users: pd.DataFrame) -> None:
    is_recent = users["days_since_abandon"] <= 30
    assert users["sessions_last_30d"][is_recent].min() == 1
    assert users["sessions_last_30d"][~is_recent].min() == 0


def test_the_truth_is_the_documented_formula(
    users: pd.DataFrame, probability: pd.Series
) -> None:
    aov, engagement = users["aov"], users["engagement"]
    lift = users["category"].map({name: lift for name, (_, lift) in CATEGORIES.items()})
    is_new = aov.isna()
    is_hot = (engagement >= 0.6) & (aov >= 80)
    log_odds = (
        -3.4
        + 1.5 * engagement
        + (0.3 * np.log2(aov / 60)).fillna(0)
        - 0.4 * is_new
        + 0.4 * users["premium"]
        - 0.2 * np.log2(users["cart_value"] / 100)
        + lift.astype(float)
        + 2.0 ** (-users["days_since_abandon"] / 7) * (1 + 1.6 * is_hot)
    )
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-log_odds)), atol=6e-7)


def test_the_outcome_follows_the_truth_at_every_level_of_it(
    users: pd.DataFrame, probability: pd.Series
) -> None:
    scores = [
        standard_score(users.loc[bucket.index], bucket)
        for _, bucket in probability.groupby(pd.qcut(probability, 20, labels=False))
    ]
    assert len(scores) == 20
    assert np.abs(scores).max() < 4
    # The sum of 20 squares of standard normals exceeds 50 once in 4000 seeds.
    assert np.square(scores).sum() < 50


@pytest.mark.parametrize("name", ["profitability", "cart_items", "sessions_last_30d"])
def test_columns_without_an_effect_add_nothing_to_the_truth(
    users: pd.DataFrame, probability: pd.Series, name: str
) -> None:
    above = users[name] > users[name].median()
    assert abs(standard_score(users[above], probability[above])) < 4
    assert abs(standard_score(users[~above], probability[~above])) < 4


def test_conversion_rates_are_the_documented_ones(users: pd.DataFrame) -> None:
    days, engagement = users["days_since_abandon"], users["engagement"]
    is_hot = (engagement >= 0.6) & (users["aov"] >= 80)

    def rate(rows: pd.Series) -> float:
        assert rows.sum() > 2000
        return float(users["converted"][rows].mean())

    assert rate(days >= 0) == pytest.approx(0.12, abs=0.005)
    assert rate(is_hot & (days <= 7)) == pytest.approx(0.50, abs=0.03)
    assert rate(~is_hot & (days <= 7)) == pytest.approx(0.13, abs=0.01)
    assert rate((engagement < 0.3) & (days > 30)) == pytest.approx(0.045, abs=0.01)


def test_engagement_and_aov_have_a_positive_interaction(
    users: pd.DataFrame, probability: pd.Series
) -> None:
    recent = users["days_since_abandon"] <= 7
    engaged, spends = users["engagement"] >= 0.6, users["aov"] >= 80
    log_odds = np.log(probability / (1 - probability))[recent & users["aov"].notna()]
    mean = log_odds.groupby([engaged, spends]).mean()
    extra = mean[True, True] - mean[True, False] - mean[False, True]
    assert extra + mean[False, False] > 1


def test_never_ordered_sets_the_share_of_missing_values() -> None:
    def aov(never_ordered: float) -> pd.Series:
        return make_cart_abandoners(2000, never_ordered=never_ordered, random_state=0)[
            "aov"
        ]

    assert aov(0).notna().all()
    assert aov(1).isna().all()
    assert aov(0.4).isna().mean() == pytest.approx(0.4, abs=0.05)


def test_never_ordered_changes_nothing_about_the_users_who_ordered() -> None:
    few, many = (
        make_cart_abandoners(2000, never_ordered=share, random_state=0)
        for share in (0.1, 0.5)
    )
    ordered = many["aov"].notna()
    assert few["aov"][ordered].notna().all()
    pd.testing.assert_frame_equal(few[ordered], many[ordered])
    columns = many.columns.drop(["aov", "converted"])
    pd.testing.assert_frame_equal(few[columns], many[columns])


def test_the_same_seed_gives_the_same_users() -> None:
    def users(random_state: Any) -> pd.DataFrame:
        return make_cart_abandoners(50, random_state=random_state)

    pd.testing.assert_frame_equal(users(3), users(3))
    pd.testing.assert_frame_equal(users(3), users(np.random.default_rng(3)))
    old = np.random.RandomState
    pd.testing.assert_frame_equal(users(old(3)), users(old(3)))
    assert not users(3).equals(users(4))
    assert not users(None).equals(users(None))


def test_the_truth_leaves_the_users_as_they_are() -> None:
    with_truth, _ = make_cart_abandoners(50, random_state=3, return_truth=True)
    pd.testing.assert_frame_equal(with_truth, make_cart_abandoners(50, random_state=3))


def test_a_seed_gives_these_very_users_on_every_platform() -> None:
    users, truth = make_cart_abandoners(3, random_state=0, return_truth=True)
    rows = users.drop(columns=["abandoned_at", "days_since_abandon"])
    assert list(rows.itertuples(index=False, name=None)) == [
        (1, 131.2, 0.294, 0.837, 249.24, 2, 1, False, "electronics", 1),
        (2, 105.91, 0.407, 0.488, 49.17, 1, 5, False, "fashion", 0),
        (3, 39.33, 0.2, 0.7, 100.25, 3, 2, False, "fashion", 0),
    ]
    assert users["abandoned_at"].astype(str).to_list() == [
        "2024-12-31 17:03:34",
        "2024-12-04 09:27:16",
        "2024-11-23 19:20:51",
    ]
    assert truth["conversion_probability"].to_list() == [0.098668, 0.093321, 0.036943]


def test_a_single_user_is_a_frame_of_one_row() -> None:
    users, truth = make_cart_abandoners(1, random_state=0, return_truth=True)
    assert users.shape == (1, 12)
    assert truth.shape == (1, 2)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_customers": 0}, r"'n_customers' .* an int in \[1, .*\]\. Got 0 instead"),
        ({"n_customers": 1.5}, r"Got 1\.5 instead"),
        ({"n_customers": True}, "Got True instead"),
        ({"never_ordered": -0.1}, r"'never_ordered' .* a number in \[0, 1\]\. Got -0"),
        ({"never_ordered": 1.01}, r"Got 1\.01 instead"),
        ({"never_ordered": float("nan")}, "Got nan instead"),
        ({"never_ordered": True}, "Got True instead"),
        ({"never_ordered": "0.1"}, r"Got '0\.1' instead"),
        ({"as_of": "today"}, "'as_of' .* must be a date, .* Got 'today' instead"),
        ({"as_of": pd.NaT}, "Got NaT instead"),
        ({"random_state": "seed"}, "'random_state' .* must be an int .* Got 'seed'"),
        ({"random_state": -1}, "Got -1 instead"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        make_cart_abandoners(**parameters)
    assert "parameter of make_cart_abandoners must be" in str(error.value)
