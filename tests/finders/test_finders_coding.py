"""Columns of segment finders: kinds and odd values; what must not make a difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)
from skseg._core._coding import even_cells
from skseg._finders._coding import learn_coding
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._honest_split import honest_split
from skseg.datasets import make_seller_groups
from skseg.rules import Columns, RuleSet

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]
INFERENCE = ["honest", "maxt", "none"]
PLANTED = ["basket_value", "channel", "age"]


@pytest.fixture(scope="module")
def leads() -> tuple[pd.DataFrame, Any, Any]:
    made = make_seller_groups(2500, effect=0.4, n_noise=1, random_state=0)
    # Numbers with ties, zeros and gaps, a flag, few texts and many.
    X = made[[*PLANTED, "visits_30d", "satisfaction", "is_business", "city", "noise_1"]]
    return X, made["converted"].to_numpy(), made["seller"].to_numpy()


def fitted(Finder: Any, X: Any, y: Any, group: Any, **options: Any) -> Any:
    options = {"max_features": 2, "n_replicates": 19, "random_state": 0, **options}
    weight = options.pop("sample_weight", None)
    return Finder(**options).fit(X, y, group, sample_weight=weight)


def rules_of(finder: Any) -> list[str]:
    return [str(rule) for rule in finder.rules_.rules.values()]


def assert_same(first: Any, second: Any) -> None:
    assert rules_of(first) == rules_of(second)
    pd.testing.assert_frame_equal(first.segments_, second.segments_)


# What rests on the rows that max-T draws: effects are moved to the ends of intervals.
DRAWN = ["code", "name", "p_adj", "ci_low", "ci_high", "decision"]
DRAWN += ["effect", "lift", "gap", "best_group", "success_train"]


def assert_same_but_drawn(first: Any, second: Any) -> None:
    """Assert the same findings; for p-values and intervals of maxt rows are drawn."""
    assert len(first.segments_) == len(second.segments_) > 0
    left, right = (
        finder.segments_.drop(columns=DRAWN).sort_values("rule").reset_index(drop=True)
        for finder in (first, second)
    )
    pd.testing.assert_frame_equal(left, right)


# --- what must not make a difference -------------------------------------------------


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("inference", INFERENCE)
def test_swapped_groups_mirror_everything(
    leads: Any, Finder: Any, inference: str
) -> None:
    X, y, group = leads
    plain = fitted(Finder, X, y, group, inference=inference)
    swapped = fitted(
        Finder, X, y, group, inference=inference, treatment="B", reference="A"
    )
    assert len(plain.segments_) > 0
    same = ["share_train", "success_train", "best_group"]
    left, right = plain.segments_, swapped.segments_
    mirrored = {"effect": -right["effect"], "n_a": right["n_b"], "n_b": right["n_a"]}
    if inference == "maxt":
        left, right = (
            table.sort_values("share_train").reset_index(drop=True)
            for table in (left, right.assign(**mirrored))
        )
        mirrored = {name: right[name] for name in mirrored}
    else:
        # Many texts are ordered by their effects, and so the other way round.
        np.testing.assert_array_equal(plain.transform(X), swapped.transform(X))
        same += ["p_adj", "decision"]
        mirrored |= {"ci_low": -right["ci_high"], "ci_high": -right["ci_low"]}
    pd.testing.assert_frame_equal(left[same], right[same])
    for name, values in mirrored.items():
        np.testing.assert_allclose(left[name], values, atol=1e-12, err_msg=name)
    if inference != "maxt":
        np.testing.assert_array_equal(plain.predict(X), swapped.predict(X))
        assert plain.score(X, y, group) == pytest.approx(swapped.score(X, y, group))


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("inference", INFERENCE)
def test_the_order_of_rows_does_not_matter(
    leads: Any, Finder: Any, inference: str
) -> None:
    X, y, group = leads
    order = np.random.default_rng(1).permutation(len(X))
    plain = fitted(Finder, X, y, group, inference=inference)
    shuffled = fitted(
        Finder, X.iloc[order], y[order], group[order], inference=inference
    )
    if inference == "maxt":
        assert_same_but_drawn(plain, shuffled)
    else:
        assert_same(plain, shuffled)


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("inference", ["honest", "none"])
def test_the_order_of_columns_does_not_matter(
    leads: Any, Finder: Any, inference: str
) -> None:
    X, y, group = leads
    plain = fitted(Finder, X, y, group, inference=inference)
    turned = fitted(Finder, X[X.columns[::-1]], y, group, inference=inference)
    assert len(plain.segments_) == len(turned.segments_)
    members = (np.sort(finder.rules_.membership(X)) for finder in (plain, turned))
    np.testing.assert_array_equal(*members)
    figures = ["share_test", "effect", "p_adj", "n_a", "decision"]
    pd.testing.assert_frame_equal(plain.segments_[figures], turned.segments_[figures])


# IVSegmentFinder looks into the eight columns that rank first, copies among them.
@pytest.mark.parametrize("Finder", [BoxSegmentFinder, TLearnerSegmentFinder])
@pytest.mark.parametrize("inference", ["honest", "none"])
def test_a_copied_column_changes_nothing(
    leads: Any, Finder: Any, inference: str
) -> None:
    X, y, group = leads
    twice = X.assign(copy=X["basket_value"], again=X["basket_value"])
    plain = fitted(Finder, X, y, group, inference=inference)
    copied = fitted(Finder, twice, y, group, inference=inference)
    assert len(plain.segments_) == len(copied.segments_)
    np.testing.assert_array_equal(plain.transform(X), copied.transform(twice))


# Weights by chance make rows of few customers out of many, and so groups differ.
@pytest.mark.filterwarnings("ignore:The group can be predicted")
@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("inference", INFERENCE)
def test_a_weight_of_three_is_a_row_three_times(
    leads: Any, Finder: Any, inference: str
) -> None:
    X, y, group = leads
    weight = np.random.default_rng(2).integers(0, 4, len(X))
    again = np.repeat(np.arange(len(X)), weight)
    weighted = fitted(Finder, X, y, group, inference=inference, sample_weight=weight)
    # Without weights, copies would count once.
    ones = np.ones(len(again))
    repeated = fitted(
        Finder,
        X.iloc[again],
        y[again],
        group[again],
        inference=inference,
        sample_weight=ones,
    )
    if inference == "maxt":
        assert_same_but_drawn(weighted, repeated)
    else:
        assert_same(weighted, repeated)
    np.testing.assert_allclose(
        weighted.score(X, y, group, sample_weight=weight),
        weighted.score(X.iloc[again], y[again], group[again]),
    )


@pytest.mark.parametrize("Finder", FINDERS)
def test_rows_of_weight_zero_are_not_there(leads: Any, Finder: Any) -> None:
    X, y, group = leads
    odd = np.arange(len(X)) % 5 == 0
    worse = X.copy()
    worse.loc[odd, ["basket_value", "age"]] = np.inf, -5
    worse.loc[odd, "city"] = "nowhere"
    weight = np.where(odd, 0.0, 1.0)
    weighted = fitted(Finder, worse, np.where(odd, 9, y), group, sample_weight=weight)
    assert_same(weighted, fitted(Finder, X[~odd], y[~odd], group[~odd]))


def test_the_seed_decides(leads: Any) -> None:
    first, same, second = (
        fitted(BoxSegmentFinder, *leads, random_state=seed) for seed in (0, 0, 1)
    )
    assert_same(first, same)
    assert not first.segments_["n_a"].equals(second.segments_["n_a"])
    generator = np.random.RandomState(0)
    assert_same(first, fitted(BoxSegmentFinder, *leads, random_state=generator))


# --- honest split --------------------------------------------------------------------


rows_to_split = st.lists(
    st.tuples(
        st.floats(-5, 5, width=16),
        st.sampled_from(["x", "y", None]),
        st.booleans(),
        st.booleans(),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=60,
)


@given(rows_to_split, st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_honest_split_does_not_depend_on_order_or_repetition(
    rows: Any, seed: int, random: Any
) -> None:
    def tested(rows: Any) -> dict[Any, float]:
        values, texts, outcome, in_a, weight = zip(*rows, strict=True)
        columns = Columns(
            {"a": np.array(values), "b": np.array([*texts, "t"], dtype=object)[:-1]}
        )
        about = ComparedRows(
            np.array(outcome, float), np.array(in_a), np.array(weight, float), True
        )
        train, test = honest_split(columns, about, 0.5, seed)
        np.testing.assert_allclose(train + test, weight)
        assert (train >= 0).all()
        assert (test >= 0).all()
        found: dict[Any, float] = {}
        for row, in_test in zip(rows, test, strict=True):
            found[row[:4]] = found.get(row[:4], 0.0) + in_test
        return found

    expected = tested(rows)
    # Whole rows are on one side.
    assert all(n == pytest.approx(round(n)) for n in expected.values())
    assert tested(random.sample(rows, len(rows))) == pytest.approx(expected)
    repeated = [(*row[:4], 1) for row in rows for _ in range(row[4])]
    assert tested(repeated) == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_the_honest_split_tests_the_share_that_was_asked_for(share: float) -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=1000), random.integers(0, 2, 1000)
    in_a = random.random(1000) < 0.1
    rows = ComparedRows(y.astype(float), in_a, np.ones(1000), True)
    _, test = honest_split(Columns({"x": x}), rows, share, 3)
    assert set(test) == {0.0, 1.0}
    for is_a in (False, True):
        for outcome in (0, 1):
            rows_of_kind = (in_a == is_a) & (y == outcome)
            spread = np.sqrt(rows_of_kind.sum() * share * (1 - share))
            assert (
                abs(test[rows_of_kind].sum() - share * rows_of_kind.sum()) <= 4 * spread
            )


def test_the_honest_split_does_not_depend_on_the_order_of_shuffled_columns() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=500)
    columns = {"a": x, "b": random.permutation(x)}
    rows = ComparedRows(np.zeros(500), None, np.ones(500), True)
    first = honest_split(Columns(columns), rows, 0.5, 0)
    second = honest_split(Columns({"b": columns["b"], "a": x}), rows, 0.5, 0)
    np.testing.assert_array_equal(first[0], second[0])


# --- kinds of columns ----------------------------------------------------------------


def of_kinds(n_rows: int = 1200) -> tuple[dict[str, Any], Any, Any]:
    random = np.random.default_rng(0)
    columns = {
        "visits": random.integers(0, 30, n_rows),
        "ratio": np.where(
            random.random(n_rows) < 0.2, np.nan, random.integers(0, 64, n_rows) / 8
        ),
        "city": np.where(
            random.random(n_rows) < 0.1, None, random.choice(list("uvwxyz"), n_rows)
        ),
        "vip": random.random(n_rows) < 0.4,
    }
    group = random.choice(["A", "B"], n_rows)
    inside = (columns["visits"] > 11) & np.isin(columns["city"], ["x", "y", "z"])
    chance = 0.2 + (group == "A") * np.where(inside, 0.7, -0.1)
    return columns, (random.random(n_rows) < chance).astype(int), group


CONVERSIONS: dict[str, Any] = {
    "nullable": lambda X: X.convert_dtypes(),
    "pandas-pyarrow": lambda X: X.convert_dtypes(dtype_backend="pyarrow"),
    "float32": lambda X: X.astype({"visits": "float32", "ratio": "float32"}),
    "int8": lambda X: X.astype({"visits": "int8", "vip": "int8"}),
    "polars": pl.from_pandas,
    "polars-categorical": lambda X: pl.from_pandas(X).with_columns(
        pl.col("city").cast(pl.Categorical)
    ),
    "pyarrow": lambda X: pa.Table.from_pandas(X, preserve_index=False),
    "pyarrow-dictionary": lambda X: pa.Table.from_pandas(
        X.astype({"city": "category"}), preserve_index=False
    ),
    "other index": lambda X: X.set_index(np.arange(len(X))[::-1] % 7),
}


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("kind", CONVERSIONS)
def test_the_kind_of_frame_does_not_matter(Finder: Any, kind: str) -> None:
    columns, y, group = of_kinds()
    X = pd.DataFrame(columns)
    expected = fitted(Finder, X, y, group)
    finder = fitted(Finder, CONVERSIONS[kind](X), y, group)
    assert len(expected.segments_) > 0
    assert_same(expected, finder)
    np.testing.assert_array_equal(
        finder.transform(CONVERSIONS[kind](X)), expected.transform(X)
    )


def test_a_categorical_of_pandas_is_text() -> None:
    columns, y, group = of_kinds()
    X = pd.DataFrame(columns)
    finder = fitted(BoxSegmentFinder, X.astype({"city": "category"}), y, group)
    assert_same(fitted(BoxSegmentFinder, X, y, group), finder)


@pytest.mark.parametrize("Finder", FINDERS)
def test_arrays_and_frames_of_numbers_give_the_same(Finder: Any) -> None:
    columns, y, group = of_kinds()
    X = pd.DataFrame(columns)[["visits", "ratio"]].set_axis(["x0", "x1"], axis=1)
    finder = fitted(Finder, X.to_numpy(), y, group)
    assert_same(fitted(Finder, X, y, group), finder)


@pytest.mark.parametrize("Finder", FINDERS)
def test_columns_that_say_nothing_are_left_alone(Finder: Any) -> None:
    columns, y, group = of_kinds()
    X = pd.DataFrame(columns)
    # A is better by far, so that any condition that holds for all would do.
    y = np.where(group == "A", 1 - (np.arange(len(y)) % 5 == 0), y)
    silent = X.assign(
        constant=7, name="same", gone=np.nan, none=None, empty=pd.Series(dtype=str)
    )
    finder = fitted(Finder, silent, y, group, inference="none")
    assert rules_of(finder) == rules_of(fitted(Finder, X, y, group, inference="none"))
    assert set(finder.rules_.columns) <= set(X.columns)


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("numeric", [False, True])
def test_without_columns_that_vary_there_are_no_findings(
    Finder: Any, grouped: bool, numeric: bool
) -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"a": [1.0] * 50, "text": ["u"] * 50, "gone": [np.nan] * 50})
    y = random.random(50) if numeric else random.integers(0, 2, 50)
    group = random.choice(["A", "B"], 50) if grouped else None
    finder = Finder(random_state=0).fit(X, y, group)
    assert len(finder.segments_) == len(finder.rules_) == 0
    assert finder.transform(X).tolist() == [[1]] * 50
    assert finder.apply(X).tolist() == [-1] * 50
    assert len(set(finder.predict(X))) == 1
    assert np.isfinite(finder.score(X, y, group))
    assert finder.to_sql().shape == (0, 3)
    assert finder.to_csv().startswith("code,name,rule,n,share")
    frame = finder.set_output(transform="pandas").transform(X)
    assert frame["outside"].tolist() == [1] * 50
    again = RuleSet.from_json(finder.rules_.to_json())
    assert again == finder.rules_


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("outcome", [1, 3.5])
def test_a_single_row_has_no_findings(Finder: Any, outcome: float) -> None:
    X = pd.DataFrame({"a": [1.0], "text": ["u"]})
    finder = Finder().fit(X, [outcome])
    assert finder.transform(X).tolist() == [[1]]
    assert finder.predict(X).tolist() == [0]
    assert finder.score(X, [outcome]) == 0


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("outcomes", [(1, 0), (2.5, 0.5)])
def test_one_row_of_each_group_is_nothing_to_implement(
    Finder: Any, outcomes: Any
) -> None:
    X = pd.DataFrame({"a": [1.0, 2.0]})
    finder = Finder(min_size=None).fit(X, outcomes, ["A", "B"])
    assert "Implement" not in set(finder.segments_["decision"])
    assert finder.predict(X).tolist() == ["A", "A"]
    assert finder.score(X, outcomes, ["A", "B"]) == outcomes[0]


def test_zeros_get_a_cell_of_their_own() -> None:
    random = np.random.default_rng(0)
    spent = np.where(random.random(3000) < 0.6, 0.0, random.lognormal(3, 1, 3000))
    X = pd.DataFrame({"spent": spent, "noise": random.normal(size=3000)})
    group = random.choice(["A", "B"], 3000)
    chance = 0.3 + 0.4 * ((spent == 0) & (group == "A"))
    y = (random.random(3000) < chance).astype(int)
    for Finder in FINDERS:
        finder = fitted(Finder, X, y, group, max_features=1)
        best = finder.transform(X)[:, 0] == 1
        # The sparse model is offered few thresholds only.
        least = 0.9 if Finder is L1SegmentFinder else 0.99
        assert (best == (spent == 0)).mean() > least, Finder


def test_infinities_are_the_largest_and_the_smallest() -> None:
    random = np.random.default_rng(0)
    value = random.normal(size=3000)
    value[::4], value[1::4], value[2::12] = np.inf, -np.inf, np.nan
    group = random.choice(["A", "B"], 3000)
    for extreme in (np.inf, -np.inf):
        chance = 0.2 + 0.5 * ((value == extreme) & (group == "A"))
        y = (random.random(3000) < chance).astype(int)
        for Finder in FINDERS:
            X = np.column_stack([value, random.normal(size=3000)])
            finder = fitted(Finder, X, y, group, max_features=1)
            best = finder.transform(X)[:, 0] == 1
            least = 0.98 if Finder is BoxSegmentFinder else 0.9
            assert (best == (value == extreme)).mean() > least, (Finder, extreme)


def test_missing_values_can_be_the_segment() -> None:
    columns, _, group = of_kinds(4000)
    X = pd.DataFrame(columns)
    for name in ("ratio", "city"):
        inside = X[name].isna()
        chance = 0.2 + 0.5 * (inside & (group == "A"))
        y = (np.random.default_rng(0).random(4000) < chance).astype(int)
        for Finder in (BoxSegmentFinder, IVSegmentFinder, L1SegmentFinder):
            finder = fitted(Finder, X, y, group, max_features=1)
            best = finder.transform(X)[:, 0] == 1
            assert (best == inside).mean() > 0.97, Finder
            assert f"missing({name})" in rules_of(finder)[0]


def test_texts_that_were_not_seen_are_in_no_finding() -> None:
    random = np.random.default_rng(0)
    number = random.integers(0, 300, 8000)
    X = pd.DataFrame(
        {"code": [f"code {i}" for i in number], "noise": random.normal(size=8000)}
    )
    group = random.choice(["A", "B"], 8000)
    inside = number < 100
    chance = 0.3 + 0.4 * (inside & (group == "A"))
    y = (random.random(8000) < chance).astype(int)
    finder = fitted(BoxSegmentFinder, X, y, group, max_features=1)
    best = finder.transform(X)[:, 0] == 1
    assert (best == inside).mean() > 0.75
    assert finder.segments_.loc[0, "p_adj"] < 1e-6
    unseen = pd.DataFrame({"code": ["new", None, "CODE 1"], "noise": [0.0] * 3})
    assert finder.transform(unseen).sum() == 0
    assert finder.apply(unseen).tolist() == [-1, -1, -1]


def test_columns_may_have_any_name() -> None:
    columns, y, group = of_kinds()
    odd = {
        "visits": "visits last 30 d",
        "ratio": 'say "ratio"',
        "city": "customer's city",
        "vip": "and",
    }
    X = pd.DataFrame(columns)
    finder = fitted(BoxSegmentFinder, X.rename(columns=odd), y, group)
    plain = fitted(BoxSegmentFinder, X, y, group)
    features = ["Feature_1", "Feature_2"]
    found, expected = (
        each.to_frame(style="historical")[features] for each in (finder, plain)
    )
    pd.testing.assert_frame_equal(found, expected.replace(odd))
    np.testing.assert_array_equal(
        finder.transform(X.rename(columns=odd)), plain.transform(X)
    )
    again = RuleSet({str(i): text for i, text in enumerate(rules_of(finder))})
    np.testing.assert_array_equal(
        again.membership(X.rename(columns=odd)), finder.transform(X.rename(columns=odd))
    )


def test_dates_are_an_error_that_says_so() -> None:
    X = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=50)})
    with pytest.raises(ValueError, match="Turn dates into a number"):
        BoxSegmentFinder().fit(X, np.arange(50) % 2)


# --- cells ---------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=60),
    st.integers(2, 12),
)
def test_cells_are_few_and_ascending(sizes: list[int], n_cells: int) -> None:
    ends = even_cells(np.array(sizes, float), n_cells)
    assert ends == sorted(set(ends))
    assert len(ends) <= min(len(sizes), n_cells) - 1
    assert all(0 <= end < len(sizes) - 1 for end in ends)
    if len(sizes) <= n_cells:
        assert ends == list(range(len(sizes) - 1))


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.none(),
                st.integers(-3, 3).map(float),
                st.floats(allow_nan=False),
            ),
            st.sampled_from([None, *"abcdefghij"]),
        ),
        min_size=1,
        max_size=80,
    ),
    st.integers(2, 8),
    st.data(),
)
def test_a_row_meets_the_rule_of_its_cell_and_of_no_other(
    rows: Any, max_cells: int, data: Any
) -> None:
    numbers, texts = zip(*rows, strict=True)
    columns = Columns(
        {
            "number": np.array(numbers, dtype=float),
            "text": np.array([*texts, "t"], dtype=object)[:-1],
        }
    )
    score = np.sin(np.arange(len(rows)))
    coding = learn_coding(
        columns, columns.names, max_cells=max_cells, score=score, weight=None
    )
    for column, codes in zip(coding.columns, coding.codes(columns), strict=True):
        n_cells = column.axis.n_cells
        assert codes.max() < n_cells
        # Six texts or fewer get a cell each, whatever the limit.
        assert n_cells <= max(max_cells, 7 if column.name == "text" else 2)
        cells = data.draw(st.lists(st.booleans(), min_size=n_cells, max_size=n_cells))
        if all(cells) or not any(cells):
            continue
        inside = RuleSet({"rule": column.rule(cells)}).membership(columns)[:, 0]
        np.testing.assert_array_equal(inside, np.array(cells)[codes])
