"""MECERuleSegmenter: what is merged, what that costs, and how the result is named."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from skseg.exceptions import InfeasibleError
from tests.search.sizes.oracles import set_partitions

FloatArray = npt.NDArray[np.float64]

# The best customers are few, and most rules are of like outcome.
ABANDONERS = {
    "VIP": "aov >= 90 and engagement >= 0.5",
    "Rich": "aov >= 90 and engagement < 0.5",
    "Core": "40 <= aov < 90",
    "Small": "aov < 40",
}
HALVED = pytest.mark.filterwarnings("ignore:Merging to min_size")


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return make_cart_abandoners(40_000, random_state=0)


def abandoners(customers: pd.DataFrame, **params: Any) -> MECERuleSegmenter:
    segmenter = MECERuleSegmenter(
        ABANDONERS, default="New", universe="days_since_abandon <= 7", **params
    )
    return segmenter.fit(customers, customers["converted"])


def sizes(segmenter: MECERuleSegmenter) -> dict[str, float]:
    return dict(zip(segmenter.segments_["name"], segmenter.segments_["n"], strict=True))


# The best of all groupings


@HALVED
@pytest.mark.parametrize("min_size", [1_427, 1_434, 2_022, 2_100, 2_500, 2_861, 0.2])
def test_few_rules_are_merged_as_well_as_any_set_partition(
    customers: pd.DataFrame, min_size: float
) -> None:
    plain = abandoners(customers).segments_
    n, outcome = plain["n"].to_numpy(float), plain["outcome"].to_numpy()
    segmenter = abandoners(customers, min_size=min_size)
    inside = customers["converted"][segmenter.labels_ >= 0]

    def explained(groups: list[list[int]]) -> float:
        sums = [n[group] @ (outcome[group] - inside.mean()) for group in groups]
        totals = [n[group].sum() for group in groups]
        squares = sum(s**2 / total for s, total in zip(sums, totals, strict=True))
        return float(squares / (inside.var(ddof=0) * len(inside)))

    legal = [
        groups
        for groups in set_partitions(5)
        if all(n[group].sum() >= segmenter.min_size_ for group in groups)
    ]
    score = segmenter.score(customers, customers["converted"])
    assert score >= 0.999 * max(map(explained, legal))
    assert segmenter.segments_["n"].min() >= segmenter.min_size_


@HALVED
def test_the_best_customers_are_not_merged_with_the_worst(
    customers: pd.DataFrame,
) -> None:
    segmenter = abandoners(customers, min_size=2_100)
    assert sizes(segmenter) == {
        "VIP + Rich": 2_859,
        "Core": 5_683,
        "Small + New": 4_881,
    }
    assert segmenter.score(customers, customers["converted"]) > 0.02


def test_a_slice_of_a_rule_that_is_cut_anyway_fills_up_the_best_customers(
    customers: pd.DataFrame,
) -> None:
    segmenter = abandoners(customers, min_size=2_100, max_size=4_000)
    # What a partition by hand within the same bounds explains.
    assert segmenter.score(customers, customers["converted"]) > 0.0465
    assert segmenter.segments_["n"].between(2_100, 4_000).all()
    names = list(sizes(segmenter))
    assert names == [
        "VIP + (Core / aov 80-90)",
        "Rich + New",
        "Core / aov 40-57",
        "Core / aov 57-80",
        "Small",
    ]
    table = segmenter.segments_.set_index("name")
    assert table.loc[names[0], "merged_from"] == ("VIP", "Core")
    assert table.loc[names[0], "split_from"] == ("VIP", "Core")
    assert segmenter.rules_.verify().is_mece


@pytest.mark.parametrize("max_size", [3_500, 4_500, 5_000, 5_500])
@pytest.mark.parametrize("min_size", [1_500, 1_800, 2_000, 2_100])
def test_within_both_bounds_most_of_the_outcome_stays_explained(
    customers: pd.DataFrame, min_size: int, max_size: int
) -> None:
    segmenter = abandoners(customers, min_size=min_size, max_size=max_size)
    assert segmenter.score(customers, customers["converted"]) > 0.9 * 0.05
    assert segmenter.segments_["n"].between(min_size, max_size).all()


def random_rules(seed: int) -> tuple[dict[str, str], pd.DataFrame, FloatArray]:
    """Return rules, rows that they divide into up to 8 segments, and an outcome."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    shares = rng.dirichlet(np.full(n, rng.choice([0.5, 1.0, 4.0])))
    codes = np.concatenate([np.arange(n), rng.choice(n, 200, p=shares)])
    outcome = rng.normal(size=n)[codes] + rng.normal(size=len(codes))
    X = pd.DataFrame({"a": codes.astype(float), "s": np.array(list("abcdefgh"))[codes]})
    if seed % 3 == 0:
        rules = {f"T{i}": f"{i} <= a < {i + 1}" for i in range(n - 1)}
        rules["Last"] = f"a >= {n - 1} or missing(a)"
    elif seed % 3 == 1:
        rules = {f"T{i}": f"a == {i}" for i in range(n - 1)}
    else:
        rules = {f"T{i}": f"s == '{'abcdefgh'[i]}'" for i in range(n)}
    return rules, X, outcome


@HALVED
@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("is_weighted", [False, True])
def test_any_few_rules_are_merged_as_well_as_any_set_partition(
    seed: int, is_weighted: bool
) -> None:
    rules, X, y = random_rules(seed)
    rng = np.random.default_rng(seed + 1_000)
    weight = rng.uniform(0.1, 3, len(y)) if is_weighted else np.ones(len(y))
    codes = X["a"].to_numpy(int)
    n = np.bincount(codes, weight)
    low = int(np.ceil(rng.uniform(0.2, 1.5) * n.mean()))
    high = int(np.ceil(max(n.max(), low * rng.uniform(1.2, 4))))
    legal = [
        np.array([i for _, i in sorted((m, i) for i, g in enumerate(p) for m in g)])
        for p in set_partitions(len(n))
        if all(low <= n[group].sum() <= high for group in p)
    ]
    segmenter = MECERuleSegmenter(
        rules, default="Others", min_size=low, max_size=high, split_on=[]
    )
    if not legal:
        with pytest.raises(InfeasibleError):
            segmenter.fit(X, y, weight)
        return
    segmenter.fit(X, y, weight)
    best = max(explained(labels[codes], y, weight) for labels in legal)
    score = segmenter.score(X, y, sample_weight=weight)
    # Nothing is explained by a single segment, up to rounding.
    assert score >= 0.999 * best - 1e-12
    assert score == pytest.approx(explained(segmenter.labels_, y, weight), abs=1e-12)


def explained(labels: npt.NDArray[np.intp], y: FloatArray, weight: FloatArray) -> float:
    """Return R squared of the means of groups of rows."""
    centred = y - np.average(y, weights=weight)
    sums, n = np.bincount(labels, weight * centred), np.bincount(labels, weight)
    squares = np.divide(sums**2, n, out=np.zeros_like(n), where=n > 0)
    return float(squares.sum() / (weight @ centred**2))


def test_a_grid_that_no_cuts_divide_is_merged_freely() -> None:
    # A pinwheel: five segments of 10 rows, which no cut from edge to edge separates.
    sizes_of_cells = [[3, 7, 6], [8, 10, 4], [2, 1, 9]]
    cells = [
        (a, b) for a in range(3) for b in range(3) for _ in range(sizes_of_cells[a][b])
    ]
    tiers = ["{0} < 1", "1 <= {0} < 2", "{0} >= 2"]
    rules = {
        f"{i}{j}": f"{tiers[i].format('a')} and {tiers[j].format('b')}"
        for i in range(3)
        for j in range(3)
    }
    segmenter = MECERuleSegmenter(rules, default="Others", min_size=10, max_size=10)
    segmenter.fit(pd.DataFrame(cells, columns=["a", "b"]))
    assert list(sizes(segmenter).values()) == [10] * 5 + [0]


def test_the_segment_of_what_is_missing_joins_the_tier_of_like_outcome() -> None:
    # On the axis of the column, missing values are next to the highest ones.
    values = np.concatenate([np.arange(100.0), [np.nan] * 10])
    X = pd.DataFrame({"spend": values})
    y = np.where(values < 80, 0.0, 1.0) * (values == values)
    segmenter = MECERuleSegmenter(min_size=15).fit(X, y)
    unknown = segmenter.predict(pd.DataFrame({"spend": [np.nan, 99.0, 5.0]}))
    assert unknown[0] != unknown[1]


def test_a_column_of_large_numbers_weighs_no_more_than_another() -> None:
    # By u M is nearer to L, and v says nothing about the rules.
    rules = {"L": "a < 1", "M": "1 <= a < 2", "H": "a >= 2 or missing(a)"}
    X = pd.DataFrame(
        {
            "a": [0.0] * 4 + [1.0] * 2 + [2.0] * 4,
            "u": [0, 0, 0, 0, 0.1, 0.1, 1, 1, 1, 1],
            "v": np.tile([1e6, 0], 5),
        }
    )
    for scale in (1, 1e-9):
        scaled = X.assign(v=X["v"] * scale)
        segmenter = MECERuleSegmenter(rules, min_size=3, split_on=["u", "v"])
        assert list(sizes(segmenter.fit(scaled))) == ["L + M", "H"]


# The report and the warning


@HALVED
def test_the_report_says_what_merging_costs(customers: pd.DataFrame) -> None:
    y = customers["converted"]
    segmenter = abandoners(customers, min_size=2_100)
    report = segmenter.merge_report_
    assert report is not None
    assert report.score_before == pytest.approx(
        abandoners(customers).score(customers, y)
    )
    assert report.score_after == pytest.approx(segmenter.score(customers, y))
    lost = report.score_before - report.score_after
    assert sum(report.losses.values()) == pytest.approx(lost)
    assert list(report.losses) == ["VIP + Rich", "Small + New"]
    assert str(report) == (
        "Explained outcome: 0.0500 by the rules, 0.0207 by the segments.\n"
        "'VIP + Rich' loses 0.0291.\n"
        "'Small + New' loses 0.0002."
    )


def test_the_report_is_weighted() -> None:
    X = pd.DataFrame({"s": list("aabbcc")})
    rules = {name: f"s == '{name.lower()}'" for name in "ABC"}
    y, weight = np.array([0, 1, 2, 3, 9, 9.0]), np.array([1, 2, 1, 1, 3, 3])
    weighted = MECERuleSegmenter(rules, default="Others", min_size=5)
    repeated = MECERuleSegmenter(rules, default="Others", min_size=5)
    weighted.fit(X, y, weight)
    rows = np.repeat(np.arange(6), weight)
    repeated.fit(X.iloc[rows], y[rows])
    first, second = weighted.merge_report_, repeated.merge_report_
    assert first is not None
    assert second is not None
    assert first.score_after == pytest.approx(second.score_after)
    assert first.losses == pytest.approx(second.losses)


def without_merges() -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    yield "no bounds", {}, [0, 0, 1, 1]
    yield "no outcome", {"min_size": 4}, None
    yield "a constant outcome", {"min_size": 4}, [1, 1, 1, 1]
    yield "splits alone", {"max_size": 1}, [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("params", "y"),
    [case[1:] for case in without_merges()],
    ids=[case[0] for case in without_merges()],
)
def test_without_merges_or_an_outcome_there_is_no_report(params: Any, y: Any) -> None:
    rules = {"A": "a < 2", "B": "a >= 2 or missing(a)"}
    segmenter = MECERuleSegmenter(rules, **params)
    assert segmenter.fit(pd.DataFrame({"a": range(4)}), y).merge_report_ is None


def test_a_large_loss_warns_and_less_merging_loses_less(
    customers: pd.DataFrame,
) -> None:
    text = (
        "Merging to min_size=2100 leaves less than half of the explained outcome: R "
        "squared is 0.0500 by the rules and 0.0207 by the segments. The segment 'VIP + "
        "Rich' loses most. A smaller min_size keeps more; merge_report_ has the losses "
        "of all segments."
    )
    with pytest.warns(UserWarning, match=re.escape(text)) as caught:
        merged = abandoners(customers, min_size=2_100)
    assert caught[0].filename == __file__
    y = customers["converted"]
    # As the message advises, and as the guide does.
    for params in ({"min_size": 1_400}, {"min_size": 2_100, "max_size": 5_000}):
        with warnings.catch_warnings(action="error"):
            better = abandoners(customers, **params)
        assert better.score(customers, y) > 2 * merged.score(customers, y)


def test_a_loss_that_chance_explains_does_not_warn() -> None:
    # The outcome has nothing to do with the rules, and merging loses most of nothing.
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"s": rng.choice(list("abcde"), 1_000)})
    rules = {name: f"s == '{name.lower()}'" for name in "ABCDE"}
    n_large = 0
    for _ in range(20):
        segmenter = MECERuleSegmenter(rules, default="Others", min_size=0.45)
        report = segmenter.fit(X, rng.normal(size=1_000)).merge_report_
        assert report is not None
        n_large += report.score_after < report.score_before / 2
    assert n_large > 0


# Names say what the rules say


@HALVED
@pytest.mark.parametrize("outcome", [True, False])
@pytest.mark.parametrize(
    "bounds",
    [(1_500, 2_500), (1_500, 4_000), (2_100, 4_000), (2_000, 4_500), (700, 900)],
    ids=str,
)
def test_names_list_the_rules_whose_rows_a_segment_can_hold(
    customers: pd.DataFrame, bounds: tuple[int, int], outcome: bool
) -> None:
    segmenter = MECERuleSegmenter(
        ABANDONERS,
        default="New",
        universe="days_since_abandon <= 7",
        min_size=bounds[0],
        max_size=bounds[1],
    )
    segmenter.fit(customers, customers["converted"] if outcome else None)
    plain = abandoners(customers)
    # Every combination of values near the thresholds, and missing ones.
    values = {
        "aov": [*np.arange(0, 200, 0.5), np.nan],
        "engagement": [*np.arange(0, 1, 0.05), 0.5, np.nan],
        "days_since_abandon": [1.0],
    }
    grid = pd.MultiIndex.from_product(values.values(), names=values).to_frame(
        index=False
    )
    rule_of, segment_of = plain.predict(grid), segmenter.predict(grid)
    table = segmenter.segments_
    for code, name in enumerate(table["name"]):
        rules = {plain.segment_names_[i] for i in rule_of[segment_of == code]}
        assert rules == set(re.findall("VIP|Rich|Core|Small|New", name))
        listed = {*table["merged_from"][code], *table["split_from"][code]} or {name}
        assert rules == listed
        holds_missing = grid["aov"][segment_of == code].isna().any()
        if re.search("aov [^,)]*$", name):
            assert holds_missing == name.endswith("missing")


def test_infeasible_bounds_keep_their_facts(customers: pd.DataFrame) -> None:
    with pytest.raises(InfeasibleError, match="fewer than min_size=20,000") as caught:
        abandoners(customers, min_size=20_000)
    error = caught.value
    assert (error.owner, error.name, error.value) == (
        "MECERuleSegmenter",
        "min_size",
        20_000,
    )
