"""Copies among rows: noticed where there are any, and nowhere else."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)
from skseg._finders._rows._copies import ids_of_repeats, kept_rows
from skseg.rules import Columns

FINDERS = [BoxSegmentFinder, TLearnerSegmentFinder, IVSegmentFinder, L1SegmentFinder]

Random = np.random.Generator


class Rows(NamedTuple):
    """Columns, outcome and group of rows."""

    X: pd.DataFrame
    y: Any
    in_a: Any

    def take(self, index: Any) -> Rows:
        in_a = None if self.in_a is None else self.in_a[index]
        return Rows(self.X.iloc[index].reset_index(drop=True), self.y[index], in_a)

    def kept(self) -> Any:
        return kept_rows(Columns(self.X, "test"), self.y.astype(float), self.in_a)

    def fit(self, finder: Any, **params: Any) -> Any:
        group = None if self.in_a is None else np.where(self.in_a, "A", "B")
        return finder.fit(self.X, self.y, group=group, **params)


def amounts(n: int, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "spend": random.lognormal(size=n),
            "score": random.normal(size=n),
            "visits": random.integers(0, 5, n),
            "city": random.choice(["x", "y", "z"], n),
        }
    )


def coarse(n: int, random: Random) -> pd.DataFrame:
    return pd.DataFrame({name: random.integers(0, 5, n) for name in "abcd"})


def texts(n: int, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {name: random.choice(["r", "s", "t", None], n) for name in "abc"}
    )


def one(n: int, random: Random) -> pd.DataFrame:
    return pd.DataFrame({"score": random.normal(size=n)})


def ages(n: int, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {"age": random.integers(18, 90, n), "sex": random.choice(["f", "m"], n)}
    )


COLUMNS = [amounts, coarse, texts, one, ages]
Maker = Callable[[int, Random], pd.DataFrame]


def rows_of(
    columns: Maker, rate: float = 0.3, share: float | None = 0.5, n: int = 2000
) -> Rows:
    random = np.random.default_rng(0)
    X = columns(n, random)
    y = (random.random(n) < rate).astype(int)
    return Rows(X, y, None if share is None else random.random(n) < share)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rate", [0.5, 0.1, 0.005])
@pytest.mark.parametrize("share", [0.5, 0.05, None])
def test_rows_that_agree_by_chance_are_no_copies(
    columns: Maker, rate: float, share: float | None
) -> None:
    rows = rows_of(columns, rate, share)
    assert rows.kept().all()
    if rows.in_a is not None:
        assert ids_of_repeats(Columns(rows.X, "test"), rows.in_a) is None


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rate", [0.3, 0.005])
@pytest.mark.parametrize(("share", "times"), [(0.5, 2), (0.05, 5), (None, 5)])
def test_if_every_row_is_copied_each_counts_once(
    columns: Maker, rate: float, share: float | None, times: int
) -> None:
    rows = rows_of(columns, rate, share)
    index = np.random.default_rng(1).permutation(np.repeat(np.arange(2000), times))
    copied = rows.take(index)
    kept = copied.kept()
    assert np.count_nonzero(kept) == 2000
    # Natural ties stay: of each row there are as many as before.
    before, after = rows, copied.take(np.flatnonzero(kept))
    numbers = [
        part.X.assign(y=part.y).value_counts(dropna=False).sort_index()
        for part in (before, after)
    ]
    pd.testing.assert_series_equal(*numbers)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("share", [0.5, 0.05, None])
def test_responders_that_are_there_six_times_count_once(
    columns: Maker, share: float | None
) -> None:
    rows = rows_of(columns, 0.1, share)
    times = np.where(rows.y == 1, 6, 1)
    copied = rows.take(np.repeat(np.arange(2000), times))
    kept = copied.kept()
    assert np.count_nonzero(kept) == 2000
    assert copied.y[kept].sum() == rows.y.sum()


@pytest.mark.parametrize("share", [0.5, None])
@pytest.mark.parametrize("kind", ["a tenth", "at random", "responders", "four fifths"])
def test_irregular_copies_count_once(kind: str, share: float | None) -> None:
    rows = rows_of(amounts, 0.1, share)
    random = np.random.default_rng(2)
    everyone = np.arange(2000)
    index = {
        "a tenth": np.concatenate([everyone, everyone[:200]]),
        "at random": random.integers(0, 2000, 3000),
        "responders": np.concatenate(
            [everyone, random.choice(np.flatnonzero(rows.y), 1500)]
        ),
        "four fifths": random.permutation(np.repeat(everyone, 5))[:8000],
    }[kind]
    copied = rows.take(index)
    assert np.count_nonzero(copied.kept()) == len(np.unique(index))


def inactive(n: int, random: Random, *more: str) -> pd.DataFrame:
    """Customers of whom two fifths have bought nothing, and are equal."""
    buys = random.random(n) < 0.6
    X = pd.DataFrame(
        {
            "spend": buys * random.lognormal(size=n),
            "orders": buys * random.integers(1, 9, n),
            "age": random.integers(18, 90, n),
            "city": random.choice(["x", "y", "z"], n),
        }
    )
    return X[["spend", "orders", *more]]


@pytest.mark.parametrize("more", [(), ("age",), ("city",), ("age", "city")])
@pytest.mark.parametrize("share", [0.5, None])
def test_customers_without_purchases_are_no_copies(
    more: tuple[str, ...], share: float | None
) -> None:
    random = np.random.default_rng(3)
    X = inactive(2000, random, *more)
    y = ((X["spend"] > 0) & (random.random(2000) < 0.2)).to_numpy().astype(int)
    in_a = None if share is None else random.random(2000) < share
    assert Rows(X, y, in_a).kept().all()


def test_heaps_of_equal_customers_are_divided_by_the_number_of_copies() -> None:
    random = np.random.default_rng(4)
    X = inactive(2000, random).assign(score=lambda X: X["spend"] ** 2)
    y = ((X["spend"] > 0) & (random.random(2000) < 0.2)).to_numpy().astype(int)
    index = random.permutation(np.repeat(np.arange(2000), 5))[:8000]
    copied = Rows(X, y, None).take(index)
    kept = copied.take(np.flatnonzero(copied.kept()))
    n_inactive = np.count_nonzero(X["spend"] == 0)
    assert np.count_nonzero(kept.X["spend"] == 0) == pytest.approx(n_inactive, rel=0.1)


def test_designs_and_pairs_are_no_copies() -> None:
    random = np.random.default_rng(5)
    cells = pd.DataFrame(itertools.product(range(4), range(5), range(5)))
    X = pd.concat([cells] * 20, ignore_index=True).set_axis(list("abc"), axis=1)
    in_a = np.arange(2000) // 100 % 2 == 0
    for rate in (0.3, 0.005):
        assert Rows(X, (random.random(2000) < rate) * 1, in_a).kept().all()
    # Twins, one in each group.
    half = amounts(1000, random)
    twins = pd.concat([half, half], ignore_index=True)
    y = (random.random(2000) < 0.3) * 1
    assert Rows(twins, y, np.arange(2000) < 1000).kept().all()


def test_outcomes_that_the_columns_tell_are_no_copies() -> None:
    rows = rows_of(coarse)
    y = ((rows.X["a"] > 2) & (rows.X["b"] > 1)).to_numpy().astype(int)
    for in_a in (None, rows.in_a, (rows.X["c"] > 2).to_numpy()):
        assert Rows(rows.X, y, in_a).kept().all()


def test_shops_are_no_copies_but_look_like_customers_where_they_are_randomized() -> (
    None
):
    random = np.random.default_rng(6)
    shop = random.integers(0, 200, 2000)
    X = pd.DataFrame({"lat": random.normal(size=200), "lon": random.normal(size=200)})
    X = X.iloc[shop].reset_index(drop=True)
    for rate in (0.3, 0.005):
        y = (random.random(2000) < rate) * 1
        for in_a in (None, random.random(2000) < 0.5, shop % 2 == 0):
            assert Rows(X, y, in_a).kept().all()
    assert ids_of_repeats(Columns(X, "test"), random.random(2000) < 0.5) is None
    ids = ids_of_repeats(Columns(X, "test"), shop % 2 == 0)
    assert ids is not None
    assert len(np.unique(ids)) == len(np.unique(shop))


@pytest.mark.parametrize("Finder", FINDERS)
def test_a_finder_says_how_many_rows_are_copies_and_counts_them_once(
    Finder: Any,
) -> None:
    rows = rows_of(amounts)
    copied = rows.take(np.repeat(np.arange(2000), 5))
    with pytest.warns(UserWarning, match="8,000 of 10,000 rows are copies") as record:
        finder = copied.fit(Finder(random_state=0))
    # Nothing is said of groups that were not drawn: copies are all that is wrong.
    assert len(record) == 1
    once = rows.fit(Finder(random_state=0))
    pd.testing.assert_frame_equal(finder.segments_, once.segments_)


def test_as_advised_weights_of_one_make_copies_count() -> None:
    rows = rows_of(amounts)
    copied = rows.take(np.repeat(np.arange(2000), 5))
    with warnings.catch_warnings():
        # Groups that look different are what copies that count lead to.
        warnings.filterwarnings("ignore", "The group can be predicted")
        finder = copied.fit(
            IVSegmentFinder(random_state=0), sample_weight=np.ones(10_000)
        )
        weighted = rows.fit(
            IVSegmentFinder(random_state=0), sample_weight=np.full(2000, 5)
        )
    pd.testing.assert_frame_equal(finder.segments_, weighted.segments_)
    assert finder.segments_["n"].max() > 1000


def test_as_advised_ids_of_customers_keep_all_rows() -> None:
    rows = rows_of(amounts)
    index = np.repeat(np.arange(2000), 5)
    finder = rows.take(index).fit(IVSegmentFinder(random_state=0), cluster=index)
    table = finder.segments_
    n_a, n_b = table["n_a"], table["n_b"]
    assert (n_a % 5 == 0).all()
    assert (n_a + n_b).max() > 400
    assert not (table["decision"] == "Implement").any()


def test_what_looks_like_rows_of_customers_is_said_and_allowed_for() -> None:
    random = np.random.default_rng(7)
    customer = np.repeat(np.arange(400), 5)
    level = random.normal(size=400)[customer]
    rows = Rows(
        amounts(400, random).iloc[customer].reset_index(drop=True),
        (level + random.normal(size=2000) > 0.5).astype(int),
        (random.random(400) < 0.5)[customer],
    )
    with pytest.warns(UserWarning, match=r"2,000 of 2,000 rows agree .* 400 customers"):
        noticed = rows.fit(IVSegmentFinder(random_state=0))
    told = rows.fit(IVSegmentFinder(random_state=0), cluster=customer)
    pd.testing.assert_frame_equal(noticed.segments_, told.segments_)
    # As advised: if each row is a customer.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The group can be predicted")
        rows.fit(IVSegmentFinder(random_state=0), sample_weight=np.ones(2000))


def test_score_takes_copies_as_they_are() -> None:
    rows = rows_of(amounts)
    finder = rows.fit(IVSegmentFinder(random_state=0))
    copied = rows.take(np.repeat(np.arange(2000), 5))
    group = np.where(rows.in_a, "A", "B")
    once = finder.score(rows.X, rows.y, group)
    again = finder.score(copied.X, copied.y, np.repeat(group, 5))
    assert again == pytest.approx(once)


def test_copies_are_in_the_same_fold() -> None:
    random = np.random.default_rng(8)
    X = amounts(600, random)
    y = (random.random(600) < np.where(X["score"] > 0, 0.6, 0.2)).astype(int)
    rows = Rows(X, y, None).take(np.repeat(np.arange(600), 3))
    finder = BoxSegmentFinder(random_state=0, inference="none", max_features=1)
    with pytest.warns(UserWarning, match="are copies"):
        features = finder.fit_transform(rows.X, rows.y)
    assert features.shape[1] > 0
    # All copies get the features of their customer, of a model without any of them.
    np.testing.assert_array_equal(features[::3], features[1::3])
    np.testing.assert_array_equal(features[::3], features[2::3])
