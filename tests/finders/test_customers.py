"""Several rows of a customer: in the split, the folds, the tests and the metadata."""

from __future__ import annotations

import datetime as dt
import enum
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import binomtest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    cross_val_score,
)

from skseg import (
    BoxSegmentFinder,
    GroupStratifiedKFold,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    with_group,
)
from skseg._core._folds import folds_of_customers
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._customer_ids import read_customers
from skseg._finders._rows._honest_split import honest_split
from skseg._search.effects.boxes import max_t
from skseg._search.effects.boxes._sets import CodedAxis
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns

FINDERS = [BoxSegmentFinder, TLearnerSegmentFinder, IVSegmentFinder, L1SegmentFinder]

N_CUSTOMERS, N_EACH = 300, 5
CUSTOMER = np.repeat(np.arange(N_CUSTOMERS), N_EACH)


def repeated(seed: int = 0, effect: float = 0.0, by: str = "customer") -> Any:
    """Return rows of customers who differ in their level; groups do by `effect`."""
    random = np.random.default_rng(seed)
    n = len(CUSTOMER)
    X = pd.DataFrame(
        {
            "age": random.integers(18, 90, N_CUSTOMERS)[CUSTOMER],
            "city": random.choice(["x", "y", "z"], N_CUSTOMERS)[CUSTOMER],
            "basket": random.lognormal(size=n),
        }
    )
    in_a = (
        (random.random(N_CUSTOMERS) < 0.5)[CUSTOMER]
        if by == "customer"
        else random.random(n) < 0.5
    )
    level = random.normal(size=N_CUSTOMERS)[CUSTOMER] + random.normal(size=n)
    y = (level + effect * in_a * (X["age"] > 50) > 0.7).astype(int).to_numpy()
    return X, y, np.where(in_a, "A", "B")


def quick(**options: Any) -> IVSegmentFinder:
    return IVSegmentFinder(random_state=0, max_features=1, **options)


def assert_equal_tables(first: Any, second: Any) -> None:
    pd.testing.assert_frame_equal(first.segments_, second.segments_)


# Ids --------------------------------------------------------------------------------


class Card(enum.Enum):
    GOLD = "gold"
    BLUE = "blue"


IDS = {
    "whole numbers": [7, 3, 7],
    "floats": [7.0, 3.5, 7.0],
    "large numbers": [2**62 + 1, 2**62, 2**62 + 1],
    "texts": ["b", "a", "b"],
    "dates": [dt.date(2024, 2, 1), dt.date(2024, 1, 1), dt.date(2024, 2, 1)],
    "times": np.array(["2024-02-01", "2024-01-01", "2024-02-01"], "datetime64[s]"),
    "categories": pd.Categorical(["b", "a", "b"]),
    "polars": pl.Series(["b", "a", "b"]),
    "nullable": pd.array([7, 3, 7], dtype="Int64"),
    "flags": [True, False, True],
    "numbers and texts": np.array(["b", 3, "b"], dtype=object),
    "members": np.array([Card.GOLD, Card.BLUE, Card.GOLD], dtype=object),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_are_labels_of_any_kind(kind: str) -> None:
    codes = read_customers("IVSegmentFinder", IDS[kind], 3)
    assert codes[0] == codes[2] != codes[1]
    assert sorted({*codes.tolist()}) == [0, 1]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([1.0, np.nan, 2.0], "missing id at row 1, 1 in all"),
        (["a", "b", None], "missing id at row 2, 1 in all"),
        (pd.array([pd.NA, 1, pd.NA], dtype="Int64"), "missing id at row 0, 2 in all"),
        ([pd.NaT, pd.Timestamp(2024, 1, 1), pd.NaT], "missing id at row 0"),
        ([1, 2], "2 values and 3 rows"),
        (np.array([1, "1", 2], dtype=object), "may be the same customer"),
        (pd.Series([[1], [2], [3]]), r"texts, numbers or dates. Got \[1\] at row 0"),
        (np.zeros((3, 2)), "one-dimensional"),
    ],
    ids=["nan", "none", "na", "nat", "short", "mixed", "lists", "wide"],
)
def test_ids_that_cannot_be_read_are_refused(ids: Any, message: str) -> None:
    X = repeated()[0]
    finder = IVSegmentFinder()
    with pytest.raises(InvalidDataError, match=message) as caught:
        finder.fit(X[:3], [0, 1, 1], group=["A", "B", "A"], cluster=ids)
    assert caught.value.name == "cluster"


def test_the_advice_on_missing_and_mixed_ids_works() -> None:
    X, y, group = repeated()
    ids = CUSTOMER.astype(float)
    ids[10] = np.nan
    known = ~np.isnan(ids)
    quick().fit(X[known], y[known], group=group[known], cluster=ids[known])
    quick().fit(X, y, group=group, cluster=np.where(known, ids, 1e6 + np.arange(1500)))
    mixed = CUSTOMER.astype(object)
    mixed[:5] = "0"
    mixed[5] = 0
    with pytest.raises(InvalidDataError, match=r"\[str\(id\) for id in cluster\]"):
        quick().fit(X, y, group=group, cluster=mixed)
    texts = [str(label) for label in mixed]
    quick().fit(X, y, group=group, cluster=texts)


# Fits -------------------------------------------------------------------------------


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("inference", ["honest", "maxt", "none"])
def test_neither_names_of_customers_nor_the_order_of_rows_matter(
    Finder: Any, inference: str
) -> None:
    X, y, group = repeated(effect=1.5)
    options = {"random_state": 0, "max_features": 1, "n_replicates": 19}
    finder = Finder(inference=inference, **options)
    plain = clone(finder).fit(X, y, group=group, cluster=CUSTOMER)
    named = clone(finder).fit(X, y, group=group, cluster=[f"c{k}" for k in CUSTOMER])
    order = np.random.default_rng(1).permutation(len(y))
    if inference == "maxt":
        # Random signs are drawn for customers in the order of their ids.
        assert {*named.segments_["rule"]} == {*plain.segments_["rule"]}
        return
    moved = clone(finder).fit(
        X.iloc[order], y[order], group=group[order], cluster=CUSTOMER[order]
    )
    for other in (named, moved):
        pd.testing.assert_frame_equal(other.segments_, plain.segments_)


@pytest.mark.parametrize("Finder", FINDERS)
def test_one_row_a_customer_is_no_cluster(Finder: Any) -> None:
    X, y, group = repeated(by="row")
    rows = np.arange(len(y))
    weights = np.ones(len(y))
    options = {"random_state": 0, "max_features": 1}
    alone = Finder(**options).fit(X, y, group=group, sample_weight=weights)
    told = Finder(**options).fit(X, y, group=group, cluster=rows)
    assert_equal_tables(told, alone)


def test_a_weight_is_a_repetition_within_the_customer() -> None:
    X, y, group = repeated(effect=1.5)
    weight = np.arange(len(y)) % 3
    again = np.repeat(np.arange(len(y)), weight)
    weighted = quick().fit(X, y, group=group, sample_weight=weight, cluster=CUSTOMER)
    rows = quick().fit(
        X.iloc[again], y[again], group=group[again], cluster=CUSTOMER[again]
    )
    assert_equal_tables(weighted, rows)


@pytest.mark.parametrize("assignment", ["randomized", "observational"])
@pytest.mark.parametrize("outcome", ["rate", "amount"])
@pytest.mark.parametrize("has_group", [True, False])
def test_customers_are_known_for_every_kind_of_outcome(
    assignment: str, outcome: str, has_group: bool
) -> None:
    X, y, group = repeated(effect=2.0)
    values = y * (1.0 + X["basket"].to_numpy()) if outcome == "amount" else y
    finder = quick(assignment=assignment).fit(
        X, values, group=group if has_group else None, cluster=CUSTOMER
    )
    table = finder.segments_.dropna(subset="p_value")
    assert len(table)
    assert (table["ci_low"] <= table["effect"]).all()
    assert (table["effect"] <= table["ci_high"]).all()


def test_effects_of_customers_with_several_rows_are_found() -> None:
    X, y, group = repeated(effect=2.5)
    finder = BoxSegmentFinder(random_state=0, max_features=1)
    table = finder.fit(X, y, group=group, cluster=CUSTOMER).segments_
    assert table.loc[0, "decision"] == "Implement"
    assert "age" in table.loc[0, "rule"]


def test_the_balance_of_the_groups_counts_customers() -> None:
    # Rows of a customer are equal in age and city, so by rows any trial is uneven.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(6):
            X, y, group = repeated(seed)
            quick().fit(X, y, group=group, cluster=CUSTOMER)
    alarms = []
    for seed in range(6):
        X, y, group = repeated(seed)
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            quick().fit(X, y, group=group, sample_weight=np.ones(len(y)))
        alarms += [str(warning.message) for warning in record]
    assert alarms
    assert "If customers have several rows, pass their ids as cluster" in alarms[0]


def test_a_group_that_depends_on_the_customer_is_still_noticed() -> None:
    X, y, _ = repeated()
    group = np.where(X["age"] > 50, "A", "B")
    with pytest.warns(UserWarning, match="predicted from 1 column"):
        quick().fit(X, y, group=group, cluster=CUSTOMER)


@pytest.mark.parametrize("Finder", [IVSegmentFinder, TLearnerSegmentFinder])
def test_levels_of_customers_are_no_findings(Finder: Any) -> None:
    n_runs = 20
    n_found = n_covered = n_findings = 0
    for seed in range(n_runs):
        X, y, group = repeated(seed)
        table = Finder(random_state=seed, max_features=2).fit(
            X, y, group=group, cluster=CUSTOMER
        )
        table = table.segments_
        n_found += int((table["decision"] == "Implement").any())
        n_covered += int(((table["ci_low"] <= 0) & (table["ci_high"] >= 0)).sum())
        n_findings += len(table)
    assert binomtest(n_found, n_runs).proportion_ci(0.99, "exact").low <= 0.05
    assert n_covered >= 0.9 * n_findings


# The split and the signs of max-T ---------------------------------------------------


def split(rows: Any, seed: int, order: Any = slice(None)) -> Any:
    X, y, group = rows
    customers = np.unique(CUSTOMER[order], return_inverse=True)[1]
    compared = ComparedRows(
        y[order].astype(float),
        group[order] == "A",
        np.ones(len(y)),
        True,
        cluster=customers,
    )
    columns = Columns(X.iloc[order].reset_index(drop=True), "test")
    return honest_split(columns, compared, 0.5, seed)


@pytest.mark.parametrize("by", ["customer", "row"])
def test_the_honest_split_keeps_customers_together(by: str) -> None:
    shares = []
    for seed in range(40):
        searched, tested = split(repeated(by=by), seed)
        np.testing.assert_array_equal(searched + tested, 1)
        of_customer = tested.reshape(N_CUSTOMERS, N_EACH)
        assert (of_customer == of_customer[:, :1]).all()
        shares.append(tested.mean())
    # Each customer is drawn with probability one half, independently.
    assert np.mean(shares) == pytest.approx(0.5, abs=0.02)
    assert np.std(shares) == pytest.approx(0.5 / np.sqrt(N_CUSTOMERS), rel=0.4)


def test_the_honest_split_of_customers_does_not_depend_on_the_order() -> None:
    rows = repeated()
    order = np.random.default_rng(0).permutation(len(CUSTOMER))
    np.testing.assert_array_equal(split(rows, 1)[1][order], split(rows, 1, order)[1])


def test_the_signs_of_max_t_are_those_of_customers() -> None:
    n_customers, n_each = 12, 4
    codes = np.zeros((1, n_customers * n_each), dtype=np.uint8)
    codes[0] = np.repeat(np.arange(n_customers) % 2, n_each)
    random = np.random.default_rng(0)
    score = np.repeat(random.normal(size=n_customers), n_each)
    cluster = random.permutation(100)[np.repeat(np.arange(n_customers), n_each)]
    largest = max_t(
        codes,
        [CodedAxis(2, False)],
        score,
        n_replicates=99,
        rng=np.random.default_rng(0),
        cluster=cluster,
    )
    # Sums of a customer are all or nothing: these are the values that can be reached.
    sums = score.reshape(n_customers, n_each).sum(axis=1)
    signs = np.array(np.meshgrid(*[[1, -1]] * 6)).reshape(6, -1)
    spread = np.sqrt((score**2).mean() * 24)
    reachable = np.abs(
        np.concatenate([signs.T @ sums[::2], signs.T @ sums[1::2]]) / spread
    )
    distance = np.abs(largest[:, np.newaxis] - reachable).min(axis=1)
    np.testing.assert_allclose(distance, 0, atol=1e-4)


# Folds ------------------------------------------------------------------------------


def worst_share(strata: Any, fold: Any, n_folds: int) -> float:
    """Return how far the share of a stratum in a fold is from even, at most."""
    counts = np.array(
        [np.bincount(strata[fold == k], minlength=4) for k in range(n_folds)]
    )
    return float(np.abs(counts / counts.sum(axis=0) - 1 / n_folds).max())


@pytest.mark.parametrize("sizes", ["equal", "geometric", "heavy"])
@pytest.mark.parametrize("by", ["customer", "row"])
def test_folds_of_customers_are_as_even_as_those_of_scikit_learn(
    sizes: str, by: str
) -> None:
    random = np.random.default_rng(0)
    n = {
        "equal": np.full(200, 5),
        "geometric": random.geometric(1 / 3, 200),
        "heavy": np.minimum(1 + random.pareto(1.5, 200).astype(int), 60),
    }[sizes]
    cluster = np.repeat(np.arange(200), n)
    in_a = (
        (random.random(200) < 0.5)[cluster]
        if by == "customer"
        else random.random(len(cluster)) < 0.5
    )
    strata = 2 * in_a + (random.random(len(cluster)) < 0.3)
    fold = folds_of_customers(strata, cluster, 4, np.random.RandomState(0))
    assert (pd.Series(fold).groupby(cluster).nunique() == 1).all()
    reference = np.empty(len(cluster), dtype=int)
    splitter = StratifiedGroupKFold(4, shuffle=True, random_state=0)
    for k, (_, test) in enumerate(splitter.split(cluster, strata, cluster)):
        reference[test] = k
    least = worst_share(strata, reference, 4)
    assert worst_share(strata, fold, 4) <= 1.5 * least + 0.01


def test_folds_for_groups_keep_customers_together() -> None:
    X, y, group = repeated()
    carried = with_group(y, group, cluster=CUSTOMER)
    for folds in (
        GroupStratifiedKFold(4).split(X, carried),
        GroupStratifiedKFold(4).split(X, y, group=group, cluster=CUSTOMER),
        GroupStratifiedKFold(4, shuffle=True, random_state=0).split(X, carried),
    ):
        tested = []
        for train, test in folds:
            assert not {*CUSTOMER[train]} & {*CUSTOMER[test]}
            assert len(test) == pytest.approx(len(y) / 4, rel=0.05)
            assert (group[test] == "A").mean() == pytest.approx(
                (group == "A").mean(), abs=0.1
            )
            tested += test.tolist()
        assert sorted(tested) == [*range(len(y))]


def test_folds_without_groups_keep_customers_together() -> None:
    X, y, _ = repeated()
    carried = with_group(y, None, cluster=CUSTOMER)
    for train, test in GroupStratifiedKFold(4).split(X, carried):
        assert not {*CUSTOMER[train]} & {*CUSTOMER[test]}
        assert y[test].mean() == pytest.approx(y.mean(), abs=0.01)


def test_there_are_no_more_folds_than_customers() -> None:
    y = with_group([0, 1, 0, 1], list("ABAB"), cluster=[1, 1, 2, 2])
    with pytest.raises(InvalidDataError, match="n_splits=3 and 2 customers"):
        next(GroupStratifiedKFold(3).split(np.zeros((4, 1)), y))
    assert len([*GroupStratifiedKFold(2).split(np.zeros((4, 1)), y)]) == 2


@pytest.mark.parametrize("cv", [3, GroupKFold(3)], ids=["a number", "a splitter"])
def test_training_rows_get_findings_of_models_without_their_customer(cv: Any) -> None:
    X, y, group = repeated(effect=2.0)
    # An outcome of the customer tells all of his rows: a model that has seen one of
    # them would know the others.
    seen: list[set[int]] = []

    class Spy(IVSegmentFinder):
        def fit(self, X: Any, y: Any, group: Any = None, cluster: Any = None) -> Any:
            seen.append({*cluster.tolist()})
            return super().fit(X, y, group=group, cluster=cluster)

    finder = Spy(random_state=0, inference="none", max_features=1, cv=cv)
    finder.fit_transform(X, y, group=group, cluster=CUSTOMER)
    everyone, *folds = seen
    assert len(folds) == 3
    left_out = [everyone - customers for customers in folds]
    assert sorted(customer for part in left_out for customer in part) == [
        *range(N_CUSTOMERS)
    ]


def test_folds_that_part_customers_are_refused_and_the_advice_works() -> None:
    X, y, group = repeated(effect=2.0)
    finder = quick(inference="none", cv=KFold(3, shuffle=True, random_state=0))
    with pytest.raises(InvalidDataError, match="keep the rows of a customer") as caught:
        finder.fit_transform(X, y, group=group, cluster=CUSTOMER)
    assert "cv=5" in str(caught.value)
    assert "cv=GroupKFold(5)" in str(caught.value)
    for cv in (5, GroupKFold(5)):
        finder.set_params(cv=cv)
        finder.fit_transform(X, y, group=group, cluster=CUSTOMER)


# Metadata ---------------------------------------------------------------------------


def test_with_group_carries_the_customer() -> None:
    X, y, group = repeated(effect=2.0)
    carried = with_group(y, group, cluster=CUSTOMER)
    assert repr(carried) == "<outcome, group and customer of 1500 rows>"
    assert carried[0] == (float(y[0]), group[0], 0)
    assert carried[:2]["cluster"].tolist() == [0, 0]
    assert carried[:1].tolist() == [(float(y[0]), group[0], 0)]
    inside = quick().fit(X, carried)
    beside = quick().fit(X, y, group=group, cluster=CUSTOMER)
    mixed = quick().fit(X, with_group(y, group), cluster=CUSTOMER)
    assert_equal_tables(inside, beside)
    assert_equal_tables(mixed, beside)
    alone = quick().fit(X, with_group(y, None, cluster=CUSTOMER))
    assert_equal_tables(alone, quick().fit(X, y, cluster=CUSTOMER))
    assert repr(with_group(y, None, CUSTOMER)) == "<outcome and customer of 1500 rows>"
    assert inside.score(X, carried) == beside.score(X, y, group=group, cluster=CUSTOMER)
    with pytest.raises(InvalidDataError, match="cluster is given twice"):
        quick().fit(X, carried, cluster=CUSTOMER)
    with pytest.raises(InvalidDataError, match="one cluster for every outcome"):
        with_group(y, group, cluster=CUSTOMER[1:])
    with pytest.raises(InvalidDataError, match="Got neither"):
        with_group(y, None)


def test_customers_are_routed_to_fits_scores_and_folds() -> None:
    X, y, group = repeated(effect=2.0)
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            quick(),
            # No finding has nine tenths of the rows.
            {"min_size": [0.05, 0.9]},
            cv=GroupStratifiedKFold(3),
            error_score="raise",
        )
        search.fit(X, y, group=group, cluster=CUSTOMER)
        scores = cross_val_score(
            quick(),
            X,
            y,
            cv=GroupStratifiedKFold(3),
            params={"group": group, "cluster": CUSTOMER},
        )
    carried = with_group(y, group, cluster=CUSTOMER)
    beside = cross_val_score(quick(), X, carried, cv=GroupStratifiedKFold(3))
    np.testing.assert_array_equal(scores, beside)
    assert_equal_tables(
        search.best_estimator_,
        quick(**search.best_params_).fit(X, y, group=group, cluster=CUSTOMER),
    )
