"""compare_binnings: profits of bins, out of sample, against a plain count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_hex
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skseg import MECERuleSegmenter, OptimalRevenueBinner, PropensityBinner
from skseg.displays import BinningComparisonDisplay
from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError
from skseg.model_selection import BinningComparison, compare_binnings

RANDOM = np.random.default_rng(0)
SCORE = RANDOM.beta(2, 5, 1500)
CONVERTED = (RANDOM.random(1500) < SCORE).astype(int)
MENU: dict[str, Any] = {"revenue": 30, "response": [1, 1.5, 1.8], "cost": [0, 4, 9]}
GAIN, COST = 30 * np.array(MENU["response"]), np.array(MENU["cost"])
FOLDS = KFold(3, shuffle=True, random_state=7)


def compare(*methods: Any, **options: Any) -> BinningComparison:
    arguments = {**MENU, "methods": methods, "cv": FOLDS, "random_state": 0}
    score, y = options.pop("score", SCORE), options.pop("y", CONVERTED)
    return compare_binnings(score, y, **(arguments | options))


def profits(comparison: BinningComparison) -> dict[tuple[str, str], float]:
    table = comparison.table
    keys = zip(table["method"], table["tiers"], strict=True)
    return dict(zip(keys, table["profit"], strict=True))


def plain_profits(
    cut: Callable[[np.ndarray], np.ndarray], way: str
) -> tuple[np.ndarray, list[float]]:
    """Profit of every row while held out, and of the training rows of every fold."""
    of_row, promised = np.full(len(SCORE), np.nan), []
    for train, test in FOLDS.split(SCORE):
        edges = cut(SCORE[train])
        tier_of = list(range(len(edges) + 1))
        if way == "best per bin":
            for code in tier_of:
                is_in = np.searchsorted(edges, SCORE[train]) == code
                y = CONVERTED[train][is_in]
                tier_of[code] = int(np.argmax(GAIN * y.sum() - COST * len(y)))
        tiers = np.array(tier_of)[np.searchsorted(edges, SCORE)]
        money = GAIN[tiers] * CONVERTED - COST[tiers]
        of_row[test] = money[test]
        promised.append(float(money[train].mean()))
    return of_row, promised


CUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "uniform": lambda s: s.min() + np.ptp(s) * np.array([1 / 3, 2 / 3]),
    "quantile": lambda s: np.quantile(s, [1 / 3, 2 / 3]),
    "kmeans": lambda s: (
        KBinsDiscretizer(3, strategy="kmeans", encode="ordinal")
        .fit(s[:, None])
        .bin_edges_[0][1:-1]
    ),
    "own bins": lambda s: np.array([0.25, 0.5]),
}


@pytest.mark.parametrize("way", ["in order", "best per bin"])
@pytest.mark.parametrize("method", CUTS)
def test_profits_are_those_of_a_plain_count(method: str, way: str) -> None:
    methods = [] if method == "own bins" else [method]
    comparison = compare(*methods, bins=[0.25, 0.5])
    of_row, promised = plain_profits(CUTS[method], way)
    row = comparison.table.set_index(["method", "tiers"]).loc[(method, way)]
    assert row["profit"] == pytest.approx(of_row.mean(), abs=1e-6)
    assert row["promised"] == pytest.approx(np.mean(promised), abs=1e-6)
    error = 1.959964 * of_row.std(ddof=1) / math.sqrt(len(of_row))
    assert row["ci_high"] - row["profit"] == pytest.approx(error, rel=1e-4)
    assert row["profit"] - row["ci_low"] == pytest.approx(error, rel=1e-4)
    by_fold = [of_row[test].mean() for _, test in FOLDS.split(SCORE)]
    assert comparison.fold_profits[f"{method}, {way}"].tolist() == pytest.approx(
        by_fold
    )
    assert row["n_bins"] == 3


def test_the_optimum_is_that_of_the_binner_on_the_training_rows() -> None:
    comparison = compare("optimal")
    of_row = np.full(len(SCORE), np.nan)
    for train, test in FOLDS.split(SCORE):
        binner = OptimalRevenueBinner(3, **MENU).fit(
            SCORE[train, None], CONVERTED[train]
        )
        of_row[test] = binner.score(SCORE[test, None], CONVERTED[test])
    assert profits(comparison) == {("optimal", "own"): pytest.approx(of_row.mean())}


def test_one_tier_is_the_best_one_of_training() -> None:
    comparison = compare("one_tier")
    rate = CONVERTED.mean()
    best = int(np.argmax(GAIN * rate - COST))
    expected = GAIN[best] * rate - COST[best]
    assert profits(comparison) == {("one_tier", "own"): pytest.approx(expected)}
    assert comparison.table.loc[0, ["n_bins", "n_tiers"]].tolist() == [1, 1]


def test_rows_are_in_order_of_profit_and_differences_are_paired() -> None:
    comparison = compare("quantile", "uniform", "optimal", "one_tier")
    table = comparison.table
    assert (table["profit"].diff().dropna() <= 0).all()
    np.testing.assert_allclose(table["behind"], table["profit"][0] - table["profit"])
    assert table.loc[0, ["behind", "behind_low", "behind_high"]].tolist() == [0, 0, 0]
    # Paired intervals are narrower than those of the profits themselves.
    width = table["behind_high"] - table["behind_low"]
    assert (width[1:] < (table["ci_high"] - table["ci_low"])[1:]).all()
    assert list(comparison.fold_profits) == [
        f"{method}, {tiers}"
        for method, tiers in zip(table["method"], table["tiers"], strict=True)
    ]
    assert comparison.n_rows == len(SCORE)
    assert comparison.menu["cost"].tolist() == MENU["cost"]


def test_intervals_hold_the_profit_of_new_customers() -> None:
    rng = np.random.default_rng(3)
    truth, held = 30 * 2 / 7, []
    for _ in range(60):
        score = rng.beta(2, 5, 400)
        y = rng.random(400) < score
        row = compare_binnings(
            score, y, revenue=[30, 31], cost=[0, 99], methods=["one_tier"], cv=2
        ).table.iloc[0]
        held.append(row["ci_low"] <= truth <= row["ci_high"])
    assert 0.85 <= np.mean(held) <= 1


# Methods of every kind


def discretizer(encode: str) -> Any:
    return KBinsDiscretizer(3, strategy="uniform", encode=encode)


@pytest.mark.parametrize(
    "method",
    [
        discretizer("ordinal"),
        discretizer("onehot"),
        discretizer("onehot-dense"),
        make_pipeline(discretizer("ordinal")),
        make_pipeline(StandardScaler(), discretizer("ordinal")),
        discretizer("ordinal").set_output(transform="pandas"),
        # Labels that are text and do not rise with the score.
        FunctionTransformer(
            lambda X: np.array(["z", "a", "m"])[np.digitize(X, EDGES).ravel()][:, None]
        ),
        FunctionTransformer(lambda X: -np.digitize(X, EDGES)),
        lambda score, y: EDGES,
    ],
    ids=[
        *("ordinal", "sparse", "dense", "pipeline", "scaled", "pandas", "text"),
        *("falling", "function"),
    ],
)
def test_every_discretizer_of_the_same_bins_makes_the_same(method: Any) -> None:
    comparison = compare(("bins", method), bins=EDGES)
    by_way = profits(comparison)
    for way in ("in order", "best per bin"):
        # Discretizers are fitted to folds, whose range may differ a little.
        assert by_way["bins", way] == pytest.approx(by_way["own bins", way], abs=0.05)


LOW, HIGH = SCORE.min(), SCORE.max()
EDGES = LOW + (HIGH - LOW) * np.array([1 / 3, 2 / 3])


def test_trees_clusterers_and_rules_are_methods() -> None:
    comparison = compare(
        ("tree", DecisionTreeRegressor(max_leaf_nodes=3, random_state=0)),
        ("clusters", KMeans(3, n_init=2, random_state=0)),
        ("rules", MECERuleSegmenter({"Low": "score <= 0.25"}, default="High")),
    )
    by_way = profits(comparison)
    assert len(by_way) == 6
    worst = profits(compare("one_tier"))["one_tier", "own"]
    assert all(profit > worst for profit in by_way.values())
    kmeans = profits(compare("kmeans"))["kmeans", "in order"]
    assert by_way["clusters", "in order"] == pytest.approx(kmeans, abs=0.1)
    of_row, _ = plain_profits(lambda s: np.array([0.25]), "in order")
    assert by_way["rules", "in order"] == pytest.approx(of_row.mean())


def test_binners_with_tiers_keep_their_own() -> None:
    binner = OptimalRevenueBinner(3, **MENU, min_size=0.2, mode="exact")
    model = PropensityBinner(
        LogisticRegression(), OptimalRevenueBinner(3, **MENU), cv=2
    )
    comparison = compare(("sized", binner), ("modelled", model))
    assert {*comparison.table["tiers"]} == {"own"}
    assert (comparison.table["n_tiers"] > 1).all()
    with pytest.raises(
        InvalidDataError, match=r"'big' of .* failed: .*at most 3 tiers"
    ):
        compare(("big", OptimalRevenueBinner(5, mode="exact", min_size=0.01)))


def test_more_bins_than_tiers_have_no_order_on_the_menu() -> None:
    tens = KBinsDiscretizer(10, encode="ordinal", strategy="uniform")
    comparison = compare("quantile", ("tens", tens), n_bins=10)
    assert {*comparison.table["tiers"]} == {"best per bin"}
    assert comparison.table["n_bins"].tolist() == [10, 10]
    fewer = compare("quantile", n_bins=2)
    assert {*fewer.table["tiers"]} == {"in order", "best per bin"}


def test_methods_are_named_by_users_or_by_themselves() -> None:
    def deciles(score: Any, y: Any) -> Any:
        return np.quantile(score, np.arange(1, 10) / 10)

    def names(methods: Any, **options: Any) -> set[str]:
        table = compare_binnings(
            SCORE, CONVERTED, **MENU, methods=methods, cv=2, **options
        ).table
        return {*table["method"]}

    assert names("uniform") == {"uniform"}
    assert names(deciles) == {"deciles"}
    assert names([discretizer("ordinal")]) == {"KBinsDiscretizer"}
    assert names({"a": "uniform", "b": deciles}) == {"a", "b"}
    assert names([], bins={"a": [0.2], "b": [0.2, 0.4]}) == {"a", "b"}
    everything = compare_binnings(SCORE, CONVERTED, **MENU, cv=2, bins=[0.3])
    assert {*everything.table["method"]} == {
        *("optimal", "uniform", "quantile", "kmeans", "one_tier", "own bins")
    }


# Scores, outcomes and folds of every form


@pytest.mark.parametrize(
    "convert",
    [
        list,
        pd.Series,
        lambda s: s[:, None],
        lambda s: np.c_[1 - s, s],
        lambda s: pd.DataFrame({"score": s}),
        lambda s: pd.DataFrame({"no": 1 - s, "yes": s}),
        lambda s: pl.Series("score", s),
        lambda s: pl.DataFrame({"no": 1 - s, "yes": s}),
    ],
    ids=["list", "series", "column", "proba", "frame", "frame 2", "polars", "polars 2"],
)
def test_scores_of_every_container_are_the_same(convert: Any) -> None:
    expected = profits(compare("quantile", "optimal"))
    assert profits(compare("quantile", "optimal", score=convert(SCORE))) == expected


def test_labels_and_flags_count_as_numbers() -> None:
    expected = profits(compare("quantile"))
    labels = np.where(CONVERTED, "yes", "no")
    for y in (CONVERTED.astype(bool), labels, pd.Series(labels), pl.Series(labels)):
        assert profits(compare("quantile", y=y)) == expected
    reverse = profits(compare("quantile", y=labels, pos_label="no"))
    assert reverse == profits(compare("quantile", y=1 - CONVERTED))


def test_customers_without_a_score_are_one_more_bin() -> None:
    unknown = np.arange(len(SCORE)) % 10 == 0
    score = np.where(unknown, np.nan, SCORE)
    methods = ["optimal", "uniform", "quantile", "kmeans", discretizer("ordinal")]
    comparison = compare(*methods, score=score, bins=[0.25, 0.5])
    assert len(comparison.table) == 1 + 2 * 5
    of_row = np.full(len(SCORE), np.nan)
    tiers = np.where(unknown, 0, np.searchsorted([0.25, 0.5], SCORE))
    of_row = GAIN[tiers] * CONVERTED - COST[tiers]
    by_way = profits(comparison)
    assert by_way["own bins", "in order"] == pytest.approx(of_row.mean())
    codes = np.where(unknown, 3, np.searchsorted([0.25, 0.5], SCORE))
    for train, test in FOLDS.split(SCORE):
        rates = np.array([CONVERTED[train][codes[train] == c].mean() for c in range(4)])
        tiers = np.argmax(np.outer(rates, GAIN) - COST, axis=1)[codes]
        of_row[test] = (GAIN[tiers] * CONVERTED - COST[tiers])[test]
    assert by_way["own bins", "best per bin"] == pytest.approx(of_row.mean())


def test_ties_of_scores_make_fewer_bins() -> None:
    score = np.repeat([0.1, 0.9], [1400, 100])
    table = compare("uniform", "quantile", "kmeans", score=score).table
    bins = table.set_index(["method", "tiers"])["n_bins"].xs("best per bin", level=1)
    assert bins.to_dict() == {"uniform": 3, "quantile": 2, "kmeans": 2}
    flat = compare("uniform", "quantile", "kmeans", "optimal", score=np.ones(1500))
    assert (flat.table["n_bins"] == 1).all()


def test_an_int_of_folds_shuffles_rows_that_are_sorted() -> None:
    order = np.argsort(SCORE)
    comparison = compare_binnings(
        SCORE[order],
        CONVERTED[order],
        **MENU,
        methods=["quantile"],
        cv=5,
        random_state=0,
    )
    expected = profits(compare("quantile", cv=5))
    for key, profit in profits(comparison).items():
        assert profit == pytest.approx(expected[key], rel=0.02)
    assert comparison.fold_profits.shape == (5, 2)
    assert profits(compare("quantile", cv=StratifiedKFold(4)))
    again = compare("quantile", "kmeans", cv=5)
    assert profits(compare("quantile", "kmeans", cv=5)) == profits(again)


# Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ["uniform_"]}, "'methods' .* Did you mean 'uniform'"),
        ({"methods": []}, "'methods' .* at least one method, unless there are 'bins'"),
        ({"methods": [KBinsDiscretizer]}, "'methods' .* names, estimators"),
        ({"methods": [7]}, "'methods' .* names, estimators"),
        ({"methods": ["uniform", "uniform"]}, "of different names"),
        (
            {"methods": [KBinsDiscretizer(3), KBinsDiscretizer(4)]},
            "of different names.*Pass pairs of a name and a method",
        ),
        ({"bins": [0.5, 0.2]}, "'bins' .* ascending cut points"),
        ({"bins": [0.2, np.inf]}, "'bins' .* all finite"),
        ({"bins": "deciles"}, "'bins' .* ascending cut points"),
        ({"bins": [0, 0.5]}, r"(?s)'own bins' .* none in bin 0.*Leave out the outer"),
        ({"bins": {"mine": [0.5, 1.0]}}, "'mine' .* none in bin 2"),
        ({"n_bins": 0}, "'n_bins'"),
        ({"n_bins": 2.5}, "'n_bins'"),
        ({"confidence_level": 1}, r"'confidence_level' .* in \(0, 1\)"),
        ({"cv": 1}, "'cv'"),
        ({"cv": [([0, 1], [2, 3])]}, "put every row in exactly one test fold"),
        ({"revenue": 30, "response": 1, "cost": 2}, "'revenue' .* one number a tier"),
        ({"cost": [0, 4]}, "'cost' .* array of 3 numbers"),
        ({"score": np.c_[SCORE, SCORE]}, "two columns that sum to 1"),
        ({"score": np.where(SCORE > 0.5, np.inf, SCORE)}, "score .* finite numbers"),
        ({"score": np.full(1500, np.nan)}, "score .* finite numbers"),
        ({"score": SCORE.astype(str)}, "score of compare_binnings must be numbers"),
        ({"score": SCORE[1:]}, "one outcome a row"),
        ({"score": [], "y": []}, "at least 2 rows"),
        ({"y": CONVERTED * 1e308}, "(?i)sum"),
        ({"y": CONVERTED * 1e100, "revenue": 1e200}, "another unit of money"),
        ({"y": [*"abc"] * 500}, "labels of two classes. Got 3 classes"),
        ({"y": np.full(1500, np.nan)}, "known and finite"),
        ({"methods": [("x", StandardScaler())]}, "'x' .* failed: .* different values"),
        ({"methods": [("x", lambda s, y: [0.5, 0.1])]}, "'x' .* ascending cut points"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    methods = options.pop("methods", ["uniform"])
    with pytest.raises((SksegError, ValueError), match=message):
        compare(*methods, **options)


def test_a_method_that_fails_is_named() -> None:
    def broken(score: Any, y: Any) -> Any:
        raise RuntimeError("no luck")

    with pytest.raises(InvalidDataError, match=r"Method 'broken' .* failed: no luck"):
        compare("uniform", broken)


# Its texts, and its picture


def test_the_comparison_prints_its_table() -> None:
    comparison = compare("uniform", confidence_level=0.9)
    assert str(comparison).startswith(
        "Out-of-sample profit per customer, 1,500 customers, 90% intervals\n\n"
    )
    assert "<table" in comparison._repr_html_()


def test_the_picture_shows_every_way_with_its_interval() -> None:
    comparison = compare("optimal", "uniform", "one_tier")
    display = BinningComparisonDisplay.from_comparison(comparison)
    columns = ["method", "tiers", "profit", "ci_low", "ci_high", "promised"]
    expected = comparison.table[columns].astype({"method": object, "tiers": object})
    pd.testing.assert_frame_equal(display.frame(), expected)
    ax = display.ax_
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == comparison.table["method"].tolist()
    assert ax.get_xlabel() == "Profit per customer, with 95 % intervals"
    intervals = [
        line
        for line in ax.lines
        if len(line.get_xdata()) == 2 and len({*line.get_ydata()}) == 1
    ]
    ends = sorted(tuple(line.get_xdata()) for line in intervals)
    limits = expected[["ci_low", "ci_high"]]
    assert ends == sorted(map(tuple, limits.to_numpy().tolist()))
    colours = {to_hex(line.get_color()) for line in intervals}
    assert len(colours) == expected["tiers"].nunique()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[-1] == "promised in training"
    assert "by " + names[0] in ax.get_title(loc="left")


def test_the_picture_of_a_table_is_that_of_the_comparison() -> None:
    table = compare("uniform").table
    for frame in (table, pl.from_pandas(table)):
        display = BinningComparisonDisplay.from_table(frame)
        assert display.frame()["profit"].tolist() == table["profit"].tolist()
        assert display.ax_.get_xlabel() == "Profit per customer"
    empty = BinningComparisonDisplay.from_table(table.iloc[:0])
    assert "No methods" in [text.get_text() for text in empty.ax_.texts]
    with pytest.raises(InvalidParameterError, match=r"'table' .* finite in 'ci_low'"):
        BinningComparisonDisplay.from_table(table.assign(ci_low=np.nan))
    with pytest.raises(SksegError, match="promised"):
        BinningComparisonDisplay.from_table(table.drop(columns="promised"))
    with pytest.raises(InvalidParameterError, match="a BinningComparison"):
        BinningComparisonDisplay.from_comparison(table)


@pytest.mark.parametrize("name", ["ours", "a name as long as a sentence " * 3])
def test_the_legend_stays_in_the_picture_beside_names_of_any_length(name: str) -> None:
    comparison = compare("uniform", "one_tier", bins={name: [0.3]})
    display = BinningComparisonDisplay.from_comparison(comparison)
    figure = display.figure_
    figure.canvas.draw()
    assert display.ax_.get_legend().get_window_extent().x1 <= figure.bbox.x1
