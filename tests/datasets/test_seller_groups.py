"""make_seller_groups: the planted effects, how sellers are assigned, the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skseg.datasets import make_seller_groups
from skseg.rules import RuleSet, parse

N = 60_000
PATTERNS = ["conjunction", "triple", "bands", "xor", "none"]

FEATURES = {
    "tenure_months": "int64",
    "age": "int64",
    "income": "float64",
    "basket_value": "float64",
    "visits_30d": "int64",
    "past_orders": "int64",
    "discount_share": "float64",
    "satisfaction": "float64",
    "days_since_contact": "int64",
    "engagement": "float64",
    "newsletter": "bool",
    "is_business": "bool",
    "region": "str",
    "channel": "str",
    "device": "str",
    "city": "str",
}


def make(**parameters: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    n_rows = parameters.pop("n_rows", N)
    parameters = {"random_state": 0, "return_truth": True} | parameters
    return make_seller_groups(n_rows, **parameters)


def difference(
    customers: pd.DataFrame, rows: Any = None, name: str = "converted"
) -> tuple[float, float]:
    """Return mean A - mean B of the rows, and its standard error."""
    chosen = customers if rows is None else customers[rows]
    groups = chosen.groupby("seller")[name]
    return float(groups.mean().diff(-1)["A"]), float(np.sqrt((groups.sem() ** 2).sum()))


def planted_by_hand(customers: pd.DataFrame, pattern: str) -> np.ndarray:
    c = customers
    if pattern == "conjunction":
        is_planted = c["channel"].isin(["email", "partner"]) & (c["basket_value"] >= 50)
    elif pattern == "triple":
        is_planted = (
            (c["device"] == "mobile")
            & (c["tenure_months"] < 24)
            & (c["visits_30d"] > 1)
        )
    elif pattern == "bands":
        is_planted = c["age"].between(30, 49) & c["basket_value"].between(40, 99.99)
    elif pattern == "none":
        is_planted = pd.Series(False, c.index)
    else:
        low, recent = c["engagement"] < 0.5, c["days_since_contact"] < 45
        boxes = [low & recent, ~low & ~recent, low & ~recent, ~low & recent]
        return np.select(boxes, [0, 1, 2, 3])
    return np.where(is_planted, 0, -1)


def test_columns_have_the_documented_types() -> None:
    customers, truth = make(n_rows=500, n_noise=2)
    noise = {"noise_1": "float64", "noise_2": "float64"}
    result = {"seller": "str", "converted": "int64", "revenue": "float64"}
    dtypes = {
        name: "str" if pd.api.types.is_string_dtype(dtype) else str(dtype)
        for name, dtype in customers.dtypes.items()
    }
    assert dtypes == FEATURES | noise | result
    assert list(customers) == [*FEATURES, *noise, *result]
    assert truth.dtypes.astype(str).to_dict() == {
        "probability_a": "float64",
        "probability_b": "float64",
        "effect": "float64",
        "propensity": "float64",
        "segment": "int64",
    }
    assert customers.index.equals(pd.RangeIndex(500))
    assert truth.index.equals(customers.index)


def test_values_are_the_documented_ones() -> None:
    customers, _ = make()
    complete = customers.drop(columns=["income", "satisfaction"])
    assert complete.notna().all(axis=None)
    for name, share in (("income", 0.15), ("satisfaction", 0.3)):
        assert customers[name].isna().mean() == pytest.approx(share, abs=0.01)
    for name, share in (
        ("visits_30d", 0.15),
        ("past_orders", 0.41),
        ("discount_share", 0.5),
        ("newsletter", 0.6),
        ("is_business", 0.85),
    ):
        assert (customers[name] == 0).mean() == pytest.approx(share, abs=0.01)
    for name, low, high in (
        ("age", 18, 79),
        ("days_since_contact", 0, 89),
        ("engagement", 0, 0.999),
    ):
        assert (customers[name].min(), customers[name].max()) == (low, high)
        spread = (customers[name] - low) / (high - low)
        assert spread.describe()[4:7].to_list() == pytest.approx(
            [0.25, 0.5, 0.75], abs=0.015
        )
    assert customers["satisfaction"].between(1, 10)[customers["satisfaction"] > 0].all()
    assert customers["discount_share"].between(0, 1).all()
    assert customers["income"].median() == pytest.approx(42_000, rel=0.02)
    assert customers["basket_value"].median() == pytest.approx(60, rel=0.02)
    assert customers["tenure_months"].mean() + 0.5 == pytest.approx(24, rel=0.02)
    assert customers["city"].nunique() == 40
    cities = customers["city"].value_counts()
    assert cities.max() / cities.min() > 25
    shares = {"mobile": 0.6, "desktop": 0.3, "tablet": 0.1}
    frequencies = customers["device"].value_counts(normalize=True).to_dict()
    assert frequencies == pytest.approx(shares, abs=0.01)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("assignment", ["randomized", "observational"])
def test_the_truth_is_that_of_the_planted_rules(pattern: str, assignment: str) -> None:
    customers, truth = make(pattern=pattern, effect=0.4, assignment=assignment)
    rules = truth.attrs["rules"]
    np.testing.assert_array_equal(truth["segment"], planted_by_hand(customers, pattern))
    np.testing.assert_array_equal(truth["segment"], RuleSet(rules).assign(customers))
    membership = RuleSet(rules).membership(customers)
    for code, (name, text) in enumerate(rules.items()):
        assert str(parse(text, columns=list(FEATURES))) == text
        inside = truth["segment"] == code
        np.testing.assert_array_equal(inside, membership[:, code])
        assert 0.1 < inside.mean() < 0.3
        sign = 1 if name.startswith("A better") else -1
        np.testing.assert_array_equal(truth["effect"][inside], 0.4 * sign)
    assert (truth["effect"][truth["segment"] == -1] == 0).all()
    np.testing.assert_allclose(
        truth["probability_a"] - truth["probability_b"], truth["effect"], atol=1e-15
    )
    probabilities = truth[["probability_a", "probability_b", "propensity"]]
    assert ((probabilities > 0) & (probabilities < 1)).all(axis=None)


def test_the_shares_are_the_documented_ones() -> None:
    shares = [
        (make(pattern=pattern)[1]["segment"] == 0).mean() for pattern in PATTERNS[:4]
    ]
    assert shares == pytest.approx([0.25, 0.26, 0.18, 0.25], abs=0.008)


@pytest.mark.parametrize("prognostic", [True, False])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_sellers_differ_by_the_effect_inside_and_not_outside(
    pattern: str, prognostic: bool
) -> None:
    customers, truth = make(pattern=pattern, effect=0.15, prognostic=prognostic)
    for _, rows in truth.groupby("segment"):
        estimate, error = difference(customers, truth.index.isin(rows.index))
        expected = rows["effect"].iloc[0]
        assert abs(expected) in {0.0, 0.15}
        assert estimate == pytest.approx(expected, abs=4 * error)
        assert error < 0.011


def test_the_outcome_follows_the_truth_of_each_seller() -> None:
    customers, truth = make(effect=0.3, assignment="observational")
    in_a = customers["seller"] == "A"
    for rows, name in ((in_a, "probability_a"), (~in_a, "probability_b")):
        chance, converted = truth[name][rows], customers["converted"][rows]
        for _, bucket in chance.groupby(pd.qcut(chance, 10, labels=False)):
            variance = (bucket * (1 - bucket)).sum()
            miss = (converted[bucket.index] - bucket).sum() / np.sqrt(variance)
            assert abs(miss) < 4
    miss = (in_a - truth["propensity"]).sum() / np.sqrt(N) * 2
    assert abs(miss) < 4


def test_the_base_and_the_propensity_are_the_documented_formulas() -> None:
    customers, truth = make(assignment="observational")
    c = customers
    lift = c["region"].map({"east": 0.2, "west": -0.2}).fillna(0) + c["channel"].map(
        {"ads": -0.4, "organic": 0.3, "phone": 0.6}
    ).fillna(0)
    score = (
        0.5 * np.log2(1 + c["past_orders"])
        - 0.5
        + 0.3 * (c["satisfaction"].fillna(7) - 7)
        - 0.6 * (c["discount_share"] > 0)
        + 0.5 * c["newsletter"]
        + 0.6 * c["engagement"]
        + lift
    )
    base = 0.2 + 0.4 / (1 + np.exp(0.5 - 1.5 * score))
    mean = (truth["probability_a"] + truth["probability_b"]) / 2
    np.testing.assert_allclose(mean, base, atol=6e-7)
    np.testing.assert_allclose(
        truth["propensity"], 0.2 + 0.6 / (1 + np.exp(-1.5 * score)), atol=6e-7
    )
    flat = make(assignment="observational", prognostic=False)[1]
    mean = (flat["probability_a"] + flat["probability_b"]) / 2
    np.testing.assert_allclose(mean, 0.35, atol=1e-15)
    pd.testing.assert_series_equal(flat["propensity"], truth["propensity"])


PROGNOSTIC = ["past_orders", "satisfaction", "discount_share", "newsletter"]


def test_a_fair_coin_balances_every_column() -> None:
    customers, truth = make()
    assert (truth["propensity"] == 0.5).all()
    numeric = customers.select_dtypes(["number", "bool"]).astype(float)
    numeric = numeric.drop(columns=["converted", "revenue"]).assign(
        seller=customers["seller"]
    )
    for name in numeric.columns.drop("seller"):
        estimate, error = difference(numeric, name=name)
        assert abs(estimate) < 4 * error
    for name in ("region", "channel", "device", "city"):
        table = pd.crosstab(customers[name], customers["seller"])
        assert stats.chi2_contingency(table).pvalue > 1e-4


def test_confounding_gives_seller_a_the_better_customers() -> None:
    customers, truth = make(pattern="none", assignment="observational")
    assert truth["propensity"].between(0.2, 0.8).all()
    estimate, error = difference(customers)
    assert estimate > 0.04 > 4 * error
    for name in PROGNOSTIC:
        shift, error = difference(customers.astype({"newsletter": float}), name=name)
        assert abs(shift) > 8 * error
        assert (shift < 0) == (name == "discount_share")
    for name in ("age", "tenure_months", "noise_1"):
        shift, error = difference(customers, name=name)
        assert abs(shift) < 4 * error
    # Without a prognosis the groups differ all the same, but no longer in the outcome.
    flat, _ = make(pattern="none", assignment="observational", prognostic=False)
    pd.testing.assert_series_equal(flat["seller"], customers["seller"])
    estimate, error = difference(flat)
    assert abs(estimate) < 4 * error


def test_xor_has_no_marginal_effect() -> None:
    customers, truth = make(pattern="xor", effect=0.4)
    assert abs(truth["effect"].mean()) < 4 * 0.4 / np.sqrt(N)
    for name in customers.columns.drop(["seller", "converted", "revenue"]):
        column = customers[name]
        is_split = pd.api.types.is_numeric_dtype(column) and column.nunique() > 2
        parts = (
            pd.qcut(column, 8, labels=False, duplicates="drop") if is_split else column
        )
        effect = truth["effect"].groupby(parts, dropna=False)
        # The effect is 0.4 or -0.4 with equal odds, whatever the column says.
        scores = effect.mean() / (0.4 / np.sqrt(effect.size()))
        assert scores.abs().max() < 4
    assert difference(customers, truth["segment"] <= 1)[0] > 0.35
    assert difference(customers, truth["segment"] >= 2)[0] < -0.35


def test_the_prognosis_is_not_about_the_difference() -> None:
    customers, truth = make(pattern="none", effect=0.3)
    assert (truth["probability_a"] == truth["probability_b"]).all()
    rates = customers["converted"].groupby(customers["past_orders"].clip(upper=3))
    assert rates.mean().diff().dropna().min() > 0.01


def test_the_segment_does_not_show_without_the_seller() -> None:
    customers, truth = make(pattern="bands", effect=0.4)
    inside = truth["segment"] == 0
    converted = customers["converted"]
    error = np.hypot(converted[inside].sem(), converted[~inside].sem())
    gap = converted[inside].mean() - converted[~inside].mean()
    assert abs(gap) < 4 * error


def test_revenue_is_log_normal_around_the_basket_of_who_converted() -> None:
    for prognostic in (True, False):
        customers, _ = make(prognostic=prognostic)
        bought = customers["converted"] == 1
        assert (customers["revenue"][~bought] == 0).all()
        assert (customers["revenue"][bought] > 0).all()
        median = customers["basket_value"][bought] if prognostic else 60.0
        deviation = np.log(customers["revenue"][bought] / median)
        assert deviation.mean() == pytest.approx(0, abs=4 * 0.5 / np.sqrt(N / 3))
        assert deviation.std() == pytest.approx(0.5, rel=0.03)
        assert deviation.skew() == pytest.approx(0, abs=0.08)


def test_expected_revenue_differs_by_the_documented_amount() -> None:
    customers, truth = make(effect=0.4, prognostic=False)
    estimate, error = difference(customers, truth["segment"] == 0, "revenue")
    assert estimate == pytest.approx(0.4 * 1.133 * 60, abs=4 * error)


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "xor"},
        {"effect": 0.4},
        {"assignment": "observational"},
        {"prognostic": False},
        {"n_noise": 0},
        {"return_truth": False},
    ],
)
def test_the_same_seed_gives_the_same_customers(change: dict[str, Any]) -> None:
    first = make(n_rows=100)[0]
    changed = make(n_rows=100, **change)
    changed = changed[0] if isinstance(changed, tuple) else changed
    pd.testing.assert_frame_equal(first[[*FEATURES]], changed[[*FEATURES]])


def test_random_state_may_be_an_int_or_a_generator() -> None:
    def customers(random_state: Any) -> pd.DataFrame:
        return make_seller_groups(50, random_state=random_state)

    pd.testing.assert_frame_equal(customers(3), customers(3))
    pd.testing.assert_frame_equal(customers(3), customers(np.random.default_rng(3)))
    assert not customers(3).equals(customers(4))
    assert not customers(None).equals(customers(None))


def test_a_seed_gives_the_same_customers_on_every_platform() -> None:
    customers, truth = make(n_rows=2, n_noise=1)
    numeric, text = list(customers)[:10], ["region", "channel", "device", "city"]
    assert customers.loc[0, numeric].to_list() == [
        *(10, 70, 64500.0, 44.78, 8, 2, 0.61, 6.8, 28, 0.791)
    ]
    assert customers[text].to_numpy().tolist() == [
        ["south", "organic", "tablet", "city_17"],
        ["south", "email", "tablet", "city_01"],
    ]
    assert customers["noise_1"].to_list() == [-0.259, 1.583]
    assert customers["seller"].to_list() == ["A", "A"]
    assert customers["revenue"].to_list() == [34.95, 36.74]
    assert truth["probability_a"].to_list() == [0.481116, 0.428642]


def test_a_single_customer_is_a_frame_of_one_row() -> None:
    customers, truth = make(n_rows=1, n_noise=0)
    assert customers.shape == (1, 19)
    assert truth.shape == (1, 5)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_rows": 0}, r"'n_rows' .* an int in \[1, .*\]\. Got 0 instead"),
        ({"n_noise": -1}, r"'n_noise' .* Got -1 instead"),
        ({"pattern": "or"}, "'pattern' .* 'conjunction' or .* Got 'or' instead"),
        ({"assignment": None}, "'assignment' .* 'randomized' or .* Got None instead"),
        ({"effect": 0.41}, r"'effect' .* a number in \[0, 0\.4\]\. Got 0\.41 instead"),
        ({"effect": -0.1}, r"Got -0\.1 instead"),
        ({"effect": float("nan")}, "Got nan instead"),
        ({"effect": True}, "Got True instead"),
        ({"effect": "0.1"}, r"Got '0\.1' instead"),
        ({"random_state": "seed"}, "'random_state' .* must be an int .* Got 'seed'"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        make_seller_groups(**parameters)
    assert "parameter of make_seller_groups must be" in str(error.value)
