"""OptimalRevenueBinner against all ways of cutting a few customers, and properties."""

from __future__ import annotations

import math
import os
import re
from functools import cached_property
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from skseg import OptimalRevenueBinner
from skseg.exceptions import InfeasibleError, InvalidParameterError
from tests.search.cuts.cut_oracles import Problem, Solution, best, path, solutions

INF, NAN = math.inf, math.nan
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
N_SEEDS = 10_000 if THOROUGH else 500
N_BATCHES = N_SEEDS // 100
# A parameter and its value, as messages write them.
VALUE = r"(\w+)=(\"\w+\"|None|-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"

# Menus are drawn at random, and are degenerate at times.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The menu of OptimalRevenueBinner"),
    pytest.mark.filterwarnings("ignore:The conversion rate does not rise"),
]


class Case:
    """A random problem as a user has it, and as the brute force takes it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(1, 9)), int(rng.integers(1, 5))
        scores = rng.integers(-2, 7, n) / 4
        scores[rng.random(n) < rng.choice([0, 0, 0.3])] = NAN
        scores[rng.random(n) < rng.choice([0, 0, 0.1])] = rng.choice([-INF, INF])
        binary = rng.random() < 0.7
        self.y = rng.integers(0, 2, n) if binary else rng.integers(-4, 9, n) / 8
        kinds = [None, rng.integers(0, 4, n), rng.integers(0, 8, n) / 4]
        self.weight = kinds[rng.integers(3)]
        self.scores = scores
        self.settings = self._settings(rng, k)
        if rng.random() < 0.4:
            self.settings |= self._bounds(rng, n)
        if rng.random() < 0.3:
            self.settings["budget"] = int(rng.integers(0, 16)) / 2
        if rng.random() < 0.3:
            order = [None, "ascending", "descending"][rng.integers(3)]
            self.settings["monotonic"] = order
            self.settings["min_rate_diff"] = int(rng.integers(0, 4)) / 8

    @staticmethod
    def _settings(rng: np.random.Generator, k: int) -> dict[str, Any]:
        rising = rng.random() < 0.7
        revenue, cost = rng.integers(0, 9, k), rng.integers(-1, 5, k)
        if rising:
            revenue, cost = np.sort(revenue), np.sort(cost)
        fixed = [np.zeros(k), rng.integers(0, 3, k), rng.integers(-2, 3, k)]
        menu = {"revenue": revenue / 2, "response": 2} if rng.random() < 0.5 else {}
        return {
            "n_bins": k,
            "revenue": 4,
            "response": revenue / 4,
            **menu,
            "cost": cost.tolist(),
            "fixed_cost": fixed[rng.integers(3)].tolist(),
            "mode": ["subset", "prefix", "exact"][rng.integers(3)],
            "min_size": None,
            "missing_tier": int(rng.integers(k)),
        }

    @staticmethod
    def _bounds(rng: np.random.Generator, n: int) -> dict[str, Any]:
        low = [None, 1, 2, 3, 0.125, 0.25][rng.integers(6)]
        high = [None, max(3, n // 2), n, 0.5, 0.75][rng.integers(5)]
        return {"min_size": low, "max_size": high}

    @property
    def X(self) -> np.ndarray:
        return self.scores.reshape(-1, 1)

    @property
    def weights(self) -> np.ndarray:
        """The weight of every row."""
        ones = np.ones(len(self.y))
        return ones if self.weight is None else np.asarray(self.weight, dtype=float)

    @property
    def has_scores(self) -> bool:
        return bool(self.weights[~np.isnan(self.scores)].any())

    @cached_property
    def optimum(self) -> Solution | None:
        return best(self.problem()[0])

    @cached_property
    def binner(self) -> OptimalRevenueBinner:
        return self.fitted()

    def fitted(self, **changes: Any) -> OptimalRevenueBinner:
        binner = OptimalRevenueBinner(**{**self.settings, **changes})
        return binner.fit(self.X, self.y, sample_weight=self.weight)

    def problem(self) -> tuple[Problem, float]:
        """Return what is asked of those with a score, and what all others make."""
        menu, has_score = self.settings, ~np.isnan(self.scores)
        revenue = np.multiply(menu["revenue"], menu["response"]).tolist()
        fixed, tier = [*menu["fixed_cost"]], menu["missing_tier"]
        unscored_weights, y = self.weights[~has_score], self.y[~has_score]
        spent = 0.0
        if unscored_weights.sum() > 0:
            spent = menu["cost"][tier] * unscored_weights.sum() + fixed[tier]
            fixed[tier] = 0
        total = self.weights[has_score].sum()
        problem = Problem(
            self.scores[has_score].tolist(),
            self.y[has_score].tolist(),
            self.weights[has_score].tolist(),
            revenue,
            menu["cost"],
            fixed,
            menu["mode"],
            customers(menu.get("min_size"), total, 0.0),
            customers(menu.get("max_size"), total, INF),
            menu.get("budget", INF) - spent,
            menu.get("monotonic"),
            menu.get("min_rate_diff", 0.0),
        )
        return problem, revenue[tier] * float(unscored_weights @ y) - spent


def customers(bound: float | None, total: float, none: float) -> float:
    if bound is None:
        return none
    return float(bound) if isinstance(bound, int) else bound * total


@pytest.fixture(scope="module", params=range(N_BATCHES))
def cases(request: pytest.FixtureRequest) -> list[Case]:
    """Return the cases of a batch, whose tests share fits and optima."""
    batch = map(Case, range(request.param, N_SEEDS, N_BATCHES))
    return [
        case
        for case in batch
        if case.has_scores and case.problem()[0].min_size <= case.problem()[0].max_size
    ]


# Against brute force


def test_the_value_is_the_largest_of_all_divisions(cases: list[Case]) -> None:
    n_found = 0
    for case in cases:
        expected, (_, unscored_profit) = case.optimum, case.problem()
        if expected is None:
            with pytest.raises(InfeasibleError, match="cannot meet its constraints"):
                case.fitted()
            continue
        binner = case.binner
        about = (case.settings, case.scores, case.y, case.weight)
        value = float(expected.value) + unscored_profit
        assert binner.value_ == pytest.approx(value, abs=1e-9), about
        assert binner.gap_ == pytest.approx(0, abs=1e-9), about
        assert binner.upper_bound_ == pytest.approx(value, abs=1e-9), about
        table = binner.segments_
        assert math.fsum(table["profit"]) == pytest.approx(value, abs=1e-9), about
        n_found += 1
    assert n_found > N_SEEDS / N_BATCHES / 3


def test_the_optimum_is_one_of_the_legal_divisions(cases: list[Case]) -> None:
    for case in cases:
        problem, _ = case.problem()
        if case.optimum is None:
            continue
        binner = case.binner
        scores = np.unique(np.array(problem.scores)[np.array(problem.weight) > 0])
        below = tuple(int((scores <= cut).sum()) for cut in binner.cut_points_)
        tiers = tuple(binner.tiers_[:-1].tolist())
        legal = {(division.tiers, division.cuts) for division in solutions(problem)}
        assert (tiers, below) in legal, (case.settings, case.scores, case.y)
        spend = binner.segments_["spend"].sum()
        assert spend <= case.settings.get("budget", INF) + 1e-9


def test_value_path_has_the_largest_for_each_number_of_tiers(cases: list[Case]) -> None:
    for case in cases:
        problem, unscored_profit = case.problem()
        if case.optimum is None:
            continue
        expected = np.array(path(problem)) + unscored_profit
        result = case.binner.value_path_
        np.testing.assert_allclose(
            result, expected, atol=1e-9, err_msg=str((case.settings, case.scores))
        )


def test_an_impossible_case_names_changes_that_make_it_possible(
    cases: list[Case],
) -> None:
    n_changes = 0
    for case in cases:
        # Bounds of fractional weights are tested below.
        if case.optimum is None and (case.weights % 1 == 0).all():
            n_changes += steps_to_the_possible(case, {})
    assert n_changes > 0


def steps_to_the_possible(case: Case, changes: dict[str, Any]) -> int:
    """Follow messages: sizes are spoken of first, then what else is asked."""
    try:
        case.fitted(**changes)
    except ValueError as error:
        message = str(error)
        assert "cannot meet its constraints" in message, (message, changes)
        assert len(changes) < 4, (message, changes, case.settings)
        named = changes_named(message)
        for change in named:
            # A proposal that was followed is not repeated.
            assert any(changes.get(k, "") != v for k, v in change.items()), message
            steps_to_the_possible(case, {**changes, **change})
        return len(named)
    return 0


def changes_named(message: str) -> list[dict[str, Any]]:
    """Return the changes of parameters that a message says would help."""
    if "stay unused" in message:
        return [{"mode": "subset"}]
    start = "possible: "
    assert start in message, message
    text = message[message.index(start) + len(start) :]
    result = []
    for alternative in text.split(" or "):
        named = re.findall(VALUE, alternative)
        assert named, message
        result.append({name: parsed(value) for name, value in named})
    return result


def parsed(value: str) -> Any:
    if value.startswith('"'):
        return value.strip('"')
    if value == "None":
        return None
    return int(value) if re.fullmatch(r"-?\d+", value) else float(value)


def test_the_budget_of_a_message_is_that_of_the_user() -> None:
    # Those without a score spend 6 of it; the cheapest tiers for the others take 4.
    binner = OptimalRevenueBinner(
        2, revenue=9, response=[1, 2], cost=[1, 3], missing_tier=1, budget=9
    )
    X = np.array([1, 2, 3, 4, NAN, NAN]).reshape(-1, 1)
    y = [0, 1, 0, 1, 0, 1]
    with pytest.raises(ValueError, match=r"budget=10\.$") as caught:
        binner.fit(X, y)
    assert "that meet budget=9." in str(caught.value)
    assert binner.set_params(budget=10).fit(X, y).segments_["spend"].sum() == 10


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"min_size": 9}, "min_size=8"),
        ({"max_size": 3}, "max_size=4"),
        ({"mode": "exact", "min_size": 5}, "min_size=4"),
        ({"mode": "exact", "budget": 1}, "budget=3"),
        ({"mode": "exact", "monotonic": "descending"}, "monotonic=None"),
        ({"mode": "exact", "min_rate_diff": 0.9}, "min_rate_diff=0.8"),
    ],
)
def test_constraints_that_cannot_be_met_are_named(
    settings: dict[str, Any], named: str
) -> None:
    X, y = np.arange(8.0).reshape(-1, 1), [0, 0, 0, 1, 0, 1, 1, 1]
    menu = {"revenue": 9, "response": [1, 2], "cost": [0, 3], "min_size": None}
    binner = OptimalRevenueBinner(2, **{**menu, **settings})
    start = "^OptimalRevenueBinner cannot meet its constraints"
    with pytest.raises(ValueError, match=start) as caught:
        binner.fit(X, y)
    assert next(iter(settings.keys() - {"mode"})) in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.parametrize("weight", [0.25, 0.75, 1.25])
def test_named_bounds_of_fractional_weights_can_be_given(weight: float) -> None:
    # A bound is a whole number of customers or a share below 1.
    X, y = np.arange(3.0).reshape(-1, 1), [0, 1, 1]
    menu: dict[str, Any] = {"revenue": 9, "response": [1, 2], "cost": [0, 3]}
    for settings in (
        {"min_size": 5},
        {"mode": "exact", "min_size": 2},
        {"mode": "exact", "min_size": None, "max_size": 1},
    ):
        binner = OptimalRevenueBinner(2, **menu, **settings)
        try:
            binner.fit(X, y, sample_weight=np.full(3, weight))
        except ValueError as error:
            for change in changes_named(str(error)):
                binner.set_params(**change).fit(X, y, sample_weight=np.full(3, weight))


def test_too_few_scores_for_all_tiers_name_the_parameters_to_change() -> None:
    binner = OptimalRevenueBinner(3, mode="exact")
    with pytest.raises(ValueError, match="2 distinct scores cannot") as caught:
        binner.fit([[1.0], [2.0]], [0, 1])
    assert "mode" in str(caught.value)
    assert "n_bins" in str(caught.value)
    assert OptimalRevenueBinner(3).fit([[1.0], [2.0]], [0, 1]).gap_ == 0


def test_infeasible_constraints_are_facts_of_the_error() -> None:
    binner = OptimalRevenueBinner(2, mode="exact", min_size=3)
    with pytest.raises(InfeasibleError) as caught:
        binner.fit([[0.1], [0.2], [0.3], [0.4]], [0, 0, 1, 1])
    error = caught.value
    assert error.owner == "OptimalRevenueBinner"
    assert error.value == {"mode": "exact", "min_size": 3}
    assert error.advice == "The smallest change that makes it possible: min_size=2."
    assert str(error).endswith(error.advice)
    assert (error.name, error.remedy) == ("min_size", {"min_size": 2})


INFEASIBLE: dict[str, dict[str, Any]] = {
    "lower bound": {"mode": "exact", "min_size": 6},
    "lower bound alone": {"min_size": 11, "max_size": None},
    "upper bound": {"max_size": 3},
    "both bounds": {"mode": "exact", "min_size": 6, "max_size": 6, "n_bins": 2},
    "too many tiers": {"mode": "exact", "n_bins": 11, "cost": None, "min_size": None},
    "budget": {"mode": "exact", "budget": 2.5, "min_size": 2},
    "rates": {"mode": "exact", "min_rate_diff": 0.9, "min_size": 2},
    "order": {"mode": "exact", "monotonic": "descending", "min_size": 2},
    "budget and rates": {
        "mode": "exact",
        "budget": 1.0,
        "min_rate_diff": 0.9,
        "min_size": 2,
    },
}


@pytest.mark.parametrize("settings", INFEASIBLE.values(), ids=INFEASIBLE)
@pytest.mark.parametrize("n_unscored", [0, 2])
def test_the_remedy_of_infeasible_constraints_works(
    settings: dict[str, Any], n_unscored: int
) -> None:
    X = np.append(np.arange(10.0), np.full(n_unscored, np.nan))[:, np.newaxis]
    y = [0, 0, 0, 1, 0, 0, 1, 0, 1, 1, *[0] * n_unscored]
    menu: dict[str, Any] = {"n_bins": 3, "revenue": 10, "cost": [0, 1, 2]}
    if settings.get("n_bins") == 2:
        menu["cost"] = [0, 1]
    binner = OptimalRevenueBinner(**{**menu, **settings})
    with pytest.raises(InfeasibleError) as caught:
        binner.fit(X, y)
    error = caught.value
    assert error.name == next(iter(error.remedy))
    assert str(error.name) in str(error.advice)
    binner.set_params(**error.remedy).fit(X, y)


def test_a_fit_that_fails_leaves_the_binner_as_it_was() -> None:
    X = np.arange(8.0).reshape(-1, 1)
    binner = OptimalRevenueBinner(2).fit(X, [0, 1] * 4)
    before = {name: repr(value) for name, value in vars(binner).items()}
    for settings in ({"min_size": 5, "mode": "exact"}, {"min_size": 9}):
        failing = binner.set_params(**settings)
        with pytest.raises(InfeasibleError):
            failing.fit(X + 1, [0, 1] * 4)
        binner.set_params(min_size=0.01, mode="subset", budget=None)
        assert {name: repr(value) for name, value in vars(binner).items()} == before


def test_bounds_that_exclude_each_other_are_called_by_their_names() -> None:
    binner = OptimalRevenueBinner(2, min_size=5, max_size=3)
    with pytest.raises(InvalidParameterError, match="min_size") as caught:
        binner.fit(np.arange(8.0).reshape(-1, 1), [0, 1] * 4)
    assert "max_size" in str(caught.value)
    assert (caught.value.name, caught.value.value) == ("min_size", 5)


# Properties


@st.composite
def customer_bases(draw: st.DrawFn, *, with_missing: bool = True) -> pd.DataFrame:
    """Return scores with ties, outcomes and whole weights of some customers."""
    number = st.integers(-6, 6).map(lambda i: i / 4)
    score = st.one_of(number, st.just(NAN)) if with_missing else number
    row = st.tuples(score, st.integers(0, 1), st.integers(1, 3))
    rows = [(draw(number), *draw(st.tuples(st.integers(0, 1), st.integers(1, 3))))]
    rows += draw(st.lists(row, max_size=25))
    return pd.DataFrame(rows, columns=["score", "y", "weight"]).astype(float)


@st.composite
def menus(draw: st.DrawFn) -> dict[str, Any]:
    """Return a menu, its mode and bounds that most customer bases can meet."""
    k = draw(st.integers(1, 4))
    each = {"min_size": k, "max_size": k}
    return {
        "n_bins": k,
        "revenue": 8,
        "response": sorted(draw(st.lists(st.integers(0, 8), **each))),
        "cost": sorted(draw(st.lists(st.integers(0, 20), **each))),
        "fixed_cost": draw(st.lists(st.integers(0, 6), **each)),
        "mode": draw(st.sampled_from(["subset", "prefix"])),
        "min_size": draw(st.sampled_from([None, 0.01, 0.25, 1])),
        "missing_tier": draw(st.integers(0, k - 1)),
        "monotonic": draw(st.sampled_from([None, None, "ascending"])),
    }


def fitted(
    settings: dict[str, Any], data: pd.DataFrame, **changes: Any
) -> OptimalRevenueBinner:
    binner = OptimalRevenueBinner(**{**settings, **changes})
    return binner.fit(data[["score"]], data["y"], sample_weight=data["weight"])


def assert_same(first: OptimalRevenueBinner, second: OptimalRevenueBinner) -> None:
    assert first.tiers_.tolist() == second.tiers_.tolist()
    assert first.cut_points_.tolist() == second.cut_points_.tolist()
    assert first.value_ == pytest.approx(second.value_, abs=1e-9)
    np.testing.assert_allclose(first.value_path_, second.value_path_, atol=1e-9)
    pd.testing.assert_frame_equal(first.segments_, second.segments_)


@given(menus(), customer_bases())
def test_each_row_is_in_exactly_one_segment_wherever_it_is_asked(
    settings: dict[str, Any], data: pd.DataFrame
) -> None:
    binner = fitted(settings, data)
    codes = binner.labels_
    assert binner.predict(data[["score"]]).tolist() == codes.tolist()
    assert binner.rules_.assign(data).tolist() == codes.tolist()
    inside = binner.rules_.membership(data)
    assert (inside.sum(axis=1) == 1).all()
    assert inside.argmax(axis=1).tolist() == codes.tolist()
    assert ((codes == len(binner.tiers_) - 1) == data["score"].isna()).all()
    assert binner.rules_.verify().is_mece
    # By cuts alone: as many as lie below the score.
    known = data["score"].dropna()
    below = [sum(score > cut for cut in binner.cut_points_) for score in known]
    assert codes[data["score"].notna()].tolist() == below


@given(menus(), customer_bases())
def test_sql_puts_each_row_in_its_segment(
    settings: dict[str, Any], data: pd.DataFrame
) -> None:
    binner = fitted(settings, data)
    table = pl.DataFrame({"score": [*data["score"], INF, -INF, None]})
    table = table.with_row_index("row")
    query = f"SELECT {binner.rules_.to_sql(output='code')} FROM given ORDER BY row"
    with duckdb.connect() as database:
        database.register("given", table.to_arrow())
        codes = [row[0] for row in database.sql(query).fetchall()]
    assert codes == binner.predict(table[["score"]]).tolist()


@given(menus(), customer_bases())
def test_segments_are_sums_over_their_rows(
    settings: dict[str, Any], data: pd.DataFrame
) -> None:
    binner = fitted(settings, data)
    table, n = binner.segments_, data["weight"]
    paid: set[int] = set()
    for code, tier in enumerate(binner.tiers_.tolist()):
        of = binner.labels_ == code
        size, sales = n[of].sum(), (n * data["y"])[of].sum()
        row = table.iloc[code]
        fixed = settings["fixed_cost"][tier] if size and tier not in paid else 0
        paid |= {tier} if size else set()
        profit = 8 * settings["response"][tier] * sales
        profit -= settings["cost"][tier] * size + fixed
        assert (row["n"], row["conversions"]) == (size, sales)
        assert row["fixed_cost"] == fixed
        assert row["profit"] == profit
    assert table["share"].sum() == pytest.approx(1)
    assert table["profit"].sum() == pytest.approx(binner.value_)
    assert np.nanmax(binner.value_path_) == pytest.approx(binner.value_)
    score = binner.score(data[["score"]], data["y"], sample_weight=n)
    assert score * n.sum() == pytest.approx(binner.value_)


@given(menus(), customer_bases())
def test_sizes_and_rates_keep_their_bounds(
    settings: dict[str, Any], data: pd.DataFrame
) -> None:
    binner = fitted(settings, data)
    scored = binner.segments_.iloc[:-1]
    assert (scored["n"] >= binner.min_size_ - 1e-9).all()
    assert (scored["n"] > 0).all()
    if settings["monotonic"]:
        assert scored["rate"].is_monotonic_increasing
    assert np.all(np.diff(binner.tiers_[:-1]) > 0)
    if settings["mode"] == "prefix":
        assert binner.tiers_[:-1].tolist() == [*range(len(scored))]


@given(menus(), customer_bases())
def test_weight_three_is_the_row_three_times(
    settings: dict[str, Any], data: pd.DataFrame
) -> None:
    repeated = data.loc[data.index.repeat(data["weight"].astype(int))]
    weighted = fitted(settings, data)
    expanded = fitted(settings, repeated.assign(weight=1.0))
    assert_same(weighted, expanded)
    binner = OptimalRevenueBinner(**settings)
    assert_same(weighted, binner.fit(repeated[["score"]], repeated["y"]))


@given(menus(), customer_bases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    settings: dict[str, Any], data: pd.DataFrame, random: Any
) -> None:
    order = list(range(len(data)))
    random.shuffle(order)
    original, shuffled = fitted(settings, data), fitted(settings, data.iloc[order])
    assert_same(original, shuffled)
    assert original.labels_[order].tolist() == shuffled.labels_.tolist()


@given(
    menus(),
    customer_bases(),
    st.sampled_from([np.exp, np.cbrt, np.arctan, lambda s: s * 1e6 - 3e5]),
    st.sampled_from(["observed", "isotonic"]),
)
def test_only_the_order_of_scores_matters(
    settings: dict[str, Any], data: pd.DataFrame, transform: Any, model: str
) -> None:
    settings = {**settings, "response_model": model}
    transformed = data.assign(score=transform(data["score"]))
    first, second = fitted(settings, data), fitted(settings, transformed)
    assert first.labels_.tolist() == second.labels_.tolist()
    assert first.tiers_.tolist() == second.tiers_.tolist()
    assert first.value_ == pytest.approx(second.value_)


@given(menus(), customer_bases(), st.data())
def test_one_more_tier_never_makes_less(
    settings: dict[str, Any], data: pd.DataFrame, more: Any
) -> None:
    settings["mode"] = "subset"
    longer = dict(settings, n_bins=settings["n_bins"] + 1)
    for name in ("response", "cost", "fixed_cost"):
        longer[name] = [*settings[name], more.draw(st.integers(0, 20), label=name)]
    less, value = fitted(settings, data).value_, fitted(longer, data).value_
    event("the tier is used" if value > less else "the tier is not used")
    assert value >= less - 1e-9


@given(menus(), customer_bases())
def test_looser_constraints_never_make_less(
    settings: dict[str, Any], data: pd.DataFrame
) -> None:
    value = fitted(settings, data).value_
    assert fitted(settings, data, mode="subset").value_ >= value - 1e-9
    assert fitted(settings, data, min_size=None).value_ >= value - 1e-9
    assert fitted(settings, data, monotonic=None).value_ >= value - 1e-9
    free = fitted(settings, data, budget=None)
    spend = float(free.segments_["spend"].sum())
    assert fitted(settings, data, budget=spend).value_ == pytest.approx(value)
    cheap = 0.0
    for budget in np.linspace(0, spend, 5).tolist():
        try:
            result = fitted(settings, data, budget=budget).value_
        except ValueError:
            assert cheap == 0.0
            continue
        assert result >= cheap - 1e-9 or cheap == 0.0
        assert result <= value + 1e-9
        cheap = result


@given(menus(), customer_bases(with_missing=False))
def test_groups_by_score_with_their_rates_are_as_good_as_rows(
    settings: dict[str, Any], data: pd.DataFrame
) -> None:
    data["converted"] = data["y"] * data["weight"]
    sums = data.groupby("score")[["converted", "weight"]].sum().reset_index()
    groups = sums.assign(y=sums["converted"] / sums["weight"])
    by_row, by_group = fitted(settings, data), fitted(settings, groups)
    assert by_row.value_ == pytest.approx(by_group.value_, abs=1e-9)
    if settings["monotonic"] is None:
        assert by_row.cut_points_.tolist() == by_group.cut_points_.tolist()
    columns = ["n", "conversions", "profit"]
    if by_row.cut_points_.tolist() == by_group.cut_points_.tolist():
        tables = by_row.segments_[columns], by_group.segments_[columns]
        pd.testing.assert_frame_equal(*tables)


@given(customer_bases(with_missing=False))
def test_cuts_of_free_rates_are_where_a_tier_begins_to_pay(data: pd.DataFrame) -> None:
    # With isotonic rates every customer gets the tier that is best at their rate.
    menu: dict[str, Any] = {"revenue": 8, "response": [1, 2, 3], "cost": [0, 2, 7]}
    settings = {"n_bins": 3, **menu, "min_size": None, "response_model": "isotonic"}
    binner = fitted(settings, data)
    pays = binner.menu_["pays_from_rate"].to_numpy()
    np.testing.assert_allclose(pays, [NAN, 0.25, 0.625])
    observed = {**settings, "response_model": "observed"}
    expected = fitted({**settings, "n_bins": 1, "response": 1, "cost": 0}, data)
    assert expected.value_ == pytest.approx(8 * (data["y"] * data["weight"]).sum())
    # The expected profit is at least that of the rows at the same cuts.
    assert binner.value_ == pytest.approx(
        binner.evaluate(data[["score"]], data["y"], data["weight"])["profit"].sum()
    )
    assert fitted(observed, data).value_ >= binner.value_ - 1e-9


def test_thousands_of_customers_meet_an_independent_dynamic_program() -> None:
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 300, 5000) / 300
    y = (rng.random(5000) < scores**2).astype(float)
    cost, response = [0, 1, 3, 7], [1, 1.25, 1.5, 1.9]
    binner = OptimalRevenueBinner(4, revenue=20, response=response, cost=cost)
    binner.fit(scores.reshape(-1, 1), y)
    distinct = np.unique(scores)
    edges = np.append(-1, distinct)
    n = np.array([(scores <= edge).sum() for edge in edges])
    sold = np.array([y[scores <= edge].sum() for edge in edges])
    # Best profit below every edge with the tiers so far, of at least 50 rows each.
    value = np.where(n == 0, 0.0, -INF)
    for i in range(4):
        profits = 20 * response[i] * (sold[None] - sold[:, None])
        profits = profits - cost[i] * (n[None] - n[:, None])
        legal = n[None] - n[:, None] >= 50
        using = np.where(legal, value[:, None] + profits, -INF).max(axis=0)
        value = np.maximum(value, using)
    assert binner.value_ == pytest.approx(value[-1])
    assert all(a < b for a, b in pairwise(binner.cut_points_))
    middles = (distinct[1:] + distinct[:-1]) / 2
    assert all(np.isclose(cut, middles).any() for cut in binner.cut_points_)
