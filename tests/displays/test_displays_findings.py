"""Displays of findings: their numbers recounted, their errors, and the axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError

from skseg import (
    BoxSegmentFinder,
    DecisionThresholds,
    IVSegmentFinder,
    combine_findings,
    information_value,
    with_group,
)
from skseg._search.effects._iv import bands
from skseg.datasets import make_seller_groups
from skseg.displays import (
    EffectMapDisplay,
    FindingsDisplay,
    InformationValueDisplay,
)
from skseg.displays._effect_map_cells import column_cells
from skseg.displays._findings_drawing import STYLES
from skseg.displays._information_value import STARTS
from skseg.rules import Columns, Rule, RuleSet, parse

NAN, INF = float("nan"), float("inf")

TABLE = pd.DataFrame(
    {
        "rule": [
            "age <= 30",
            "(age > 60 or missing(age)) and visits > 2",
            "city in ['$x_1$']",
        ],
        "share": [0.11, 0.2, 0.31],
        "best_group": ["A", "B", "A"],
        "effect": [5.0, -3.0, 1.0],
        "ci_low": [2.0, -6.0, -1.0],
        "ci_high": [8.0, 0.0, 3.0],
        "p_adj": [0.0001, 0.04, NAN],
        "decision": ["Implement", "Pilot", "Skip"],
    }
)
IV = pd.DataFrame({"column": list("abcd"), "iv": [0.05, 0.8, NAN, 0.01]})


def leads(pattern: Any = "xor", n: int = 6000) -> tuple[pd.DataFrame, Any, Any]:
    frame = make_seller_groups(n, pattern=pattern, random_state=0)
    names = ["engagement", "days_since_contact", "satisfaction", "channel", "city"]
    return frame[names], frame["converted"], frame["seller"]


@pytest.fixture(scope="module")
def fitted() -> tuple[BoxSegmentFinder, pd.DataFrame, Any, Any]:
    X, y, group = leads()
    names = ["engagement", "days_since_contact"]
    finder = BoxSegmentFinder(random_state=0, inference="none")
    finder.fit(X[names], y, group=group)
    finder_of_all = BoxSegmentFinder(inference="none", max_features=1)
    finder_of_all.fit(X, y, group=group)
    # The conditions of the small one, and the columns of the large one.
    finder_of_all.segments_, finder_of_all.rules_ = finder.segments_, finder.rules_
    return finder_of_all, X, y, group


def drawn(display: Any) -> Any:
    display.figure_.draw_without_rendering()
    return display


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


# --- FindingsDisplay -----------------------------------------------------------------


def test_findings_of_a_table() -> None:
    display = drawn(FindingsDisplay.from_table(TABLE))
    expected = pd.DataFrame(
        {
            "rule": [
                "age <= 30",
                "(age > 60 or missing(age)) and visits > 2",
                "city in ['$x_1$']",
            ],
            "effect": TABLE["effect"],
            "ci_low": TABLE["ci_low"],
            "ci_high": TABLE["ci_high"],
            "p_adj": TABLE["p_adj"],
            "share": TABLE["share"],
            "decision": TABLE["decision"],
        }
    )
    pd.testing.assert_frame_equal(display.frame(), expected, check_dtype=False)
    assert display.groups == ("A", "B")
    assert display.ax_.get_title(loc="left") == "Effect of A over B, by finding"
    assert texts(display.ax_) == [
        "age <= 30",
        "11.0 % of rows,  p < 0.001",
        "(age > 60 or missing(age)) and visits > 2",
        "20.0 % of rows,  p = 0.040",
        "city in ['$x_1$']",
        "31.0 % of rows,  not tested",
    ]


def test_findings_of_an_estimator_are_its_table_and_rules(fitted: Any) -> None:
    finder = fitted[0]
    frame = FindingsDisplay.from_estimator(finder).frame()
    table = finder.segments_
    assert frame["rule"].tolist() == [str(r) for r in finder.rules_.rules.values()]
    for name, column in (("effect", "effect"), ("ci_low", "ci_low")):
        assert frame[name].tolist() == table[column].tolist()
    assert frame["share"].tolist() == table["share"].tolist()


def test_combined_findings_and_other_frames_are_read(fitted: Any) -> None:
    found = combine_findings([fitted[0]])
    one = FindingsDisplay.from_table(*found).frame()
    # Of a CSV only texts and numbers are left.
    other = FindingsDisplay.from_table(pl.from_pandas(found.table)).frame()
    pd.testing.assert_frame_equal(one, other)


def test_points_bars_and_colours() -> None:
    ax = FindingsDisplay.from_table(TABLE).ax_
    points = [line for line in ax.lines if line.get_marker() in {"o", "s", "v"}]
    assert [line.get_xdata()[0] for line in points] == [5.0, -3.0, 1.0]
    places = [float(line.get_ydata()[0]) for line in points]
    assert places == sorted(places)
    low, high = sorted(ax.get_ylim())
    assert ax.yaxis_inverted()
    assert low < places[0] < places[-1] < high
    bars = [line for line in ax.lines if line.get_linewidth() == 2.2]
    assert [list(bar.get_xdata()) for bar in bars] == [[2, 8], [-6, 0], [-1, 3]]
    for line, decision in zip(points, TABLE["decision"], strict=True):
        assert to_hex(line.get_color()) == STYLES[decision][0].lower()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["Implement", "Pilot", "Skip"]


@pytest.mark.parametrize(
    ("low", "high"), [(-INF, 3.0), (1.0, INF), (-INF, INF), (NAN, NAN), (NAN, 2.0)]
)
def test_intervals_may_be_infinite_or_unknown(low: float, high: float) -> None:
    table = TABLE.assign(ci_low=low, ci_high=high)
    ax = drawn(FindingsDisplay.from_table(table)).ax_
    assert np.isfinite(ax.get_xlim()).all()
    bars = [line for line in ax.lines if line.get_linewidth() == 2.2]
    assert len(bars) == (0 if np.isnan(low) else 3)
    arrows = {line.get_marker() for line in ax.lines} & {"<", ">"}
    assert arrows == {s for s, end in (("<", low), (">", high)) if np.isinf(end)}


def test_an_unknown_effect_has_no_point() -> None:
    ax = drawn(FindingsDisplay.from_table(TABLE.assign(effect=NAN))).ax_
    assert not [line for line in ax.lines if line.get_marker() in {"o", "s", "v"}]
    one = TABLE.assign(effect=0.0, ci_low=0.0, ci_high=0.0)
    drawn(FindingsDisplay.from_table(one))


def test_long_rules_are_cut_and_stay_in_the_figure() -> None:
    names = ", ".join(f"'a city of number {i}'" for i in range(60))
    display = drawn(FindingsDisplay.from_table(TABLE, [f"city in [{names}]"] * 3))
    written = display.ax_.texts
    for rule, numbers in zip(written[::2], written[1::2], strict=True):
        assert rule.get_text().endswith("\N{HORIZONTAL ELLIPSIS}")
        assert rule.get_text().count("\n") == 2
        assert rule.get_window_extent().x1 < numbers.get_window_extent().x0
        assert rule.get_window_extent().x0 >= 0
    assert display.frame()["rule"][0].endswith("59']")


def test_no_findings_are_said_in_the_picture() -> None:
    display = drawn(FindingsDisplay.from_table(TABLE.iloc[:0]))
    assert texts(display.ax_) == ["No findings."]
    assert display.frame().empty
    X = pd.DataFrame({"constant": np.ones(40)})
    y, group = np.tile([0, 1], 20), np.repeat(["A", "B"], 20)
    finder = BoxSegmentFinder(inference="none").fit(X, y, group=group)
    assert texts(FindingsDisplay.from_estimator(finder).ax_) == ["No findings."]
    assert texts(EffectMapDisplay.from_estimator(finder, X, y, group).ax_) == [
        "No findings."
    ]
    display = EffectMapDisplay.from_estimator(finder, X, y, group, columns=["constant"])
    (row,) = drawn(display).frame().itertuples(index=False)
    assert row == ("1", "all", 20.0, 20.0, 50.0, 50.0, 0.0, False)


def test_rules_of_findings_in_any_form() -> None:
    rules = {"a": parse("x > 1"), "b": parse("x > 2"), "c": parse("x > 3")}
    for given_ in (RuleSet(rules), rules, list(rules.values()), ["x > 1"] * 3):
        frame = FindingsDisplay.from_table(TABLE, given_).frame()
        assert frame["rule"][0] == "x > 1"
    for wrong in (RuleSet({"a": "x > 1"}), ["x > 1"] * 4, "abc", []):
        with pytest.raises(ValueError, match="'rules' parameter of FindingsDisplay"):
            FindingsDisplay.from_table(TABLE, wrong)


def test_findings_say_what_is_wrong() -> None:
    show, read = FindingsDisplay.from_estimator, FindingsDisplay.from_table
    with pytest.raises(NotFittedError):
        show(BoxSegmentFinder())
    with pytest.raises(ValueError, match=r"'finder' .* segment finder, with 'segment"):
        show(KMeans(2, n_init=1).fit(np.eye(3)))
    with pytest.raises(ValueError, match="must be a frame with the columns 'effect"):
        read([1])
    with pytest.raises(ValueError, match="needs the column 'ci_low'"):
        read(TABLE.drop(columns="ci_low"))
    with pytest.raises(ValueError, match="needs the column 'rule'"):
        read(TABLE.drop(columns="rule"))
    with pytest.raises(ValueError, match=r"'Hold', 'Skip' in 'decision'. Got 'Maybe'"):
        read(TABLE.assign(decision="Maybe"))


# --- InformationValueDisplay ---------------------------------------------------------


def test_values_are_sorted_and_banded() -> None:
    display = drawn(InformationValueDisplay.from_table(IV))
    expected = pd.DataFrame(
        {
            "column": ["b", "a", "d", "c"],
            "iv": [0.8, 0.05, 0.01, NAN],
        }
    )
    expected["band"] = pd.Series(["suspicious", "weak", "useless", None], dtype=object)
    pd.testing.assert_frame_equal(display.frame(), expected, check_dtype=False)
    ax = display.ax_
    assert [bar.get_width() for bar in ax.patches] == [0.8, 0.05, 0.01, 0.0]
    assert ax.yaxis_inverted()
    lines = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert lines == [0.02, 0.1, 0.3, 0.5]
    names = texts(ax)
    assert names[:4] == ["0.800", "0.050", "0.010", "unknown"]
    assert set(names[4:]) == {"weak", "medium", "strong", "suspicious"}


def test_lines_are_where_bands_begin() -> None:
    starts = np.array(STARTS[1:])
    below = bands(np.nextafter(starts, 0))
    assert [*below, bands(starts)[-1]] == bands(np.array(STARTS))


def test_lines_beyond_the_values_are_left_out() -> None:
    ax = InformationValueDisplay.from_table(IV[IV["iv"] < 0.1]).ax_
    lines = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert lines == [0.02]


def test_names_of_narrow_bands_give_way() -> None:
    ax = drawn(InformationValueDisplay.from_table(IV.assign(iv=[9.0, 2, 1, 0.2]))).ax_
    boxes = [t.get_window_extent() for t in ax.texts[4:]]
    assert ax.texts[-len(boxes)].get_text() == "suspicious"
    for one, other in zip(boxes[1:], boxes, strict=False):
        assert one.x1 <= other.x0


def test_values_of_estimator_and_function() -> None:
    X, y, group = leads(n=2000)
    finder = IVSegmentFinder(random_state=0).fit(X, y, group=group)
    display = InformationValueDisplay.from_estimator(finder, n_columns=2)
    frame = display.frame()
    assert frame["column"].tolist() == finder.iv_["column"].tolist()[:2]
    assert frame["iv"].tolist() == finder.iv_["net_iv_scaled"].tolist()[:2]
    assert frame["band"].tolist() == finder.iv_["band"].tolist()[:2]
    title = display.ax_.get_title(loc="left")
    assert title == "Net information value, 2 of 5 columns"
    iv = information_value(X, y).iv
    for table in (iv, pl.from_pandas(iv)):
        display = InformationValueDisplay.from_table(table)
        assert display.frame()["iv"].tolist() == iv["iv"].tolist()
        assert not display.is_net


def test_values_may_be_negative_tiny_or_none_at_all() -> None:
    display = drawn(
        InformationValueDisplay.from_table(IV.assign(iv=[-0.1, 0, 0, 1e-9]))
    )
    assert display.ax_.get_xlim()[0] < -0.1
    display = drawn(InformationValueDisplay.from_table(IV.iloc[:0]))
    assert texts(display.ax_) == ["No columns."]
    drawn(InformationValueDisplay.from_table(IV.assign(iv=NAN)))


def test_information_values_say_what_is_wrong() -> None:
    show = InformationValueDisplay.from_estimator
    read = InformationValueDisplay.from_table
    with pytest.raises(NotFittedError):
        show(IVSegmentFinder())
    with pytest.raises(ValueError, match=r"'iv_finder' .* IVSegmentFinder, with 'iv_'"):
        show(KMeans(2, n_init=1).fit(np.eye(3)))
    with pytest.raises(ValueError, match="must be a frame with the columns 'column'"):
        read([1])
    with pytest.raises(ValueError, match="needs the column 'iv'"):
        read(IV.drop(columns="iv"))
    with pytest.raises(ValueError, match="must be finite or NaN in 'iv'"):
        read(IV.assign(iv=INF))
    with pytest.raises(ValueError, match=r"'n_columns' .* an int in \[1, 1000\]"):
        read(IV, n_columns=0)


# --- EffectMapDisplay ----------------------------------------------------------------


def recounted(rows: pd.DataFrame, inside: Any) -> tuple[float, float, float, float]:
    """Return rows and mean outcomes of both groups among some rows, by pandas."""
    some = rows[inside]
    a, b = (some[some["group"] == label] for label in "AB")
    means = [
        100 * (part["w"] * part["y"]).sum() / part["w"].sum() if len(part) else NAN
        for part in (a, b)
    ]
    return a["w"].sum(), b["w"].sum(), *means


@pytest.mark.parametrize("has_weight", [False, True])
def test_cells_are_recounted_and_keep_the_borders_of_the_box(
    fitted: Any, has_weight: bool
) -> None:
    finder, X, y, group = fitted
    weight = np.arange(len(y)) % 3 if has_weight else np.ones(len(y))
    display = EffectMapDisplay.from_estimator(
        finder, X, y, group, max_cells=5, sample_weight=weight
    )
    frame = display.frame()
    rows = pd.DataFrame({"y": y, "group": group, "w": weight})
    box = finder.rules_.membership(X)[:, 0]
    for is_inside, part in frame.groupby("is_inside"):
        n_a, n_b, mean_a, mean_b = recounted(rows, box == is_inside)
        assert part["n_A"].sum() == n_a
        assert part["n_B"].sum() == n_b
        assert (part["n_A"] * part["mean_A"]).sum() / n_a == pytest.approx(mean_a)
        assert (part["n_B"] * part["mean_B"]).sum() / n_b == pytest.approx(mean_b)
    assert frame["effect"].equals(frame["mean_A"] - frame["mean_B"])
    assert frame["cell_1"].nunique() == frame["cell_2"].nunique() == 5
    assert frame["is_inside"].any()


def test_every_cell_is_what_its_label_says(fitted: Any) -> None:
    finder, X, y, group = fitted
    frame = EffectMapDisplay.from_estimator(
        finder, X, y, group, columns=["channel", "satisfaction"], max_cells=4
    ).frame()
    rows = pd.DataFrame({"y": y, "group": group, "w": 1.0})
    used = pd.Series(False, index=X.index)
    for row in frame.itertuples():
        level, *more = row.cell_1.split(" + ")
        named = {one.split(" + ")[0] for one in frame["cell_1"]} - {level}
        here = ~X["channel"].isin(named) if more else X["channel"] == level
        value, label = X["satisfaction"], row.cell_2.split()
        if label == ["missing"]:
            here &= value.isna()
        elif label[0] == "up":
            here &= value <= float(label[-1])
        elif label[0] == "over":
            here &= value > float(label[-1])
        else:
            here &= value.between(float(label[0]), float(label[-1]), inclusive="right")
        expected = recounted(rows, here)
        assert [row.n_A, row.n_B, row.mean_A, row.mean_B] == pytest.approx(expected)
        used |= here
    assert used.all()
    assert len(frame) == 16
    # The finding is about other columns.
    assert not frame["is_inside"].any()


def test_groups_may_be_inside_y_and_rows_of_others_do_not_count() -> None:
    X, y, group = leads(n=2000)
    third = np.where(np.arange(len(y)) % 4, group, "C")
    finder = BoxSegmentFinder(inference="none", treatment="A", reference="B")
    finder.fit(X, y, group=third)
    one = EffectMapDisplay.from_estimator(finder, X, with_group(y, third)).frame()
    known = third != "C"
    other = EffectMapDisplay.from_estimator(finder, X[known], y[known], group[known])
    pd.testing.assert_frame_equal(one, other.frame())
    finder = BoxSegmentFinder(inference="none", treatment="C").fit(X, y, group=third)
    display = EffectMapDisplay.from_estimator(finder, X, y, third, columns=["city"])
    assert display.groups == ("C", "not C")
    assert display.frame()["n_B"].sum() == known.sum()


def test_without_groups_a_cell_is_compared_with_all_other_rows() -> None:
    X, y, _ = leads("conjunction")
    finder = BoxSegmentFinder(inference="none").fit(X[["channel"]], y)
    frame = EffectMapDisplay.from_estimator(finder, X[["channel"]], y).frame()
    for row in frame.itertuples():
        here = X["channel"] == row.cell_1
        assert (row.n_A, row.n_B) == (here.sum(), (~here).sum())
        assert row.effect == pytest.approx(100 * (y[here].mean() - y[~here].mean()))


def test_one_column_is_one_row() -> None:
    X, y, group = leads("conjunction")
    finder = BoxSegmentFinder(inference="none", max_features=1)
    finder.fit(X[["channel"]], y, group=group)
    display = drawn(EffectMapDisplay.from_estimator(finder, X[["channel"]], y, group))
    frame = display.frame()
    assert set(frame["cell_2"]) == {"all"}
    inside = finder.rules_.membership({"channel": frame["cell_1"].to_numpy()})[:, 0]
    assert frame["is_inside"].tolist() == inside.tolist()
    # Those inside come first, so that the outline is one box.
    assert frame["is_inside"].is_monotonic_decreasing
    assert len(display.ax_.get_yticks()) == 0


def test_amounts_are_in_units_of_the_outcome() -> None:
    X, y, group = leads(n=2000)
    revenue = y * 50.0 + 10
    finder = BoxSegmentFinder(inference="none").fit(X[["city"]], revenue, group=group)
    display = EffectMapDisplay.from_estimator(
        finder, X[["city"]], revenue, group, columns=["city"]
    )
    frame = drawn(display).frame()
    total = (frame["n_A"] * frame["mean_A"] + frame["n_B"] * frame["mean_B"]).sum()
    assert total / len(y) == pytest.approx(revenue.mean())
    assert display.unit == "outcome"
    (bar,) = (ax for ax in display.figure_.axes if ax is not display.ax_)
    assert "units of the outcome" in bar.get_ylabel().replace("\n", " ")


def test_valued_outcomes_are_in_profits() -> None:
    X, y, group = leads(n=2000)
    mails = DecisionThresholds(value=50.0, cost=10.0)
    finder = BoxSegmentFinder(inference="none", thresholds=mails)
    finder.fit(X[["city"]], y, group=group)
    display = EffectMapDisplay.from_estimator(
        finder, X[["city"]], y, group, columns=["city"]
    )
    frame = display.frame()
    profit = 50 * y - 10 * (group == "A")
    for name in "AB":
        total = (frame[f"n_{name}"] * frame[f"mean_{name}"]).sum()
        assert total == pytest.approx(profit[group == name].sum())
    assert display.unit == "profit"


def test_other_rows_may_leave_cells_empty(fitted: Any) -> None:
    finder, X, y, group = fitted
    some = np.flatnonzero(X["engagement"] < 0.4)[:40]
    display = EffectMapDisplay.from_estimator(
        finder, X.iloc[some], y.iloc[some], group.iloc[some]
    )
    frame = drawn(display).frame()
    assert frame["n_A"].sum() + frame["n_B"].sum() == 40
    assert frame["effect"].isna().any()
    assert "\N{EN DASH}" in texts(display.ax_)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend[-1] == "fewer than 30 rows of a group"


def test_kinds_of_frames_and_arrays_are_read(
    make_frame: Callable[[Any], Any],
) -> None:
    columns = {
        "flag": [True, False] * 40,
        "text": (["a"] * 3 + ["b"] * 5) * 10,
        "gaps": [None, 1.0, 2.5, 4.0] * 20,
    }
    y, group = np.tile([0, 0, 1, 1, 1], 16), np.repeat(["A", "B"], 40)
    X = make_frame(columns)
    # Equal rows are customers of their own.
    ones = np.ones(80)
    finder = BoxSegmentFinder(inference="none")
    finder.fit(X, y, group=group, sample_weight=ones)
    show = EffectMapDisplay.from_estimator
    frame = show(finder, X, y, group, columns=["flag", "gaps"]).frame()
    assert frame["cell_1"].unique().tolist() == ["0", "1"]
    assert frame["cell_2"].unique().tolist() == ["1", "2.5", "4", "missing"]
    frame = show(finder, X, y, group, columns=["text"]).frame()
    assert sorted(frame["cell_1"]) == ["a", "b"]
    array = np.column_stack([columns["flag"], np.arange(80.0) % 40])
    finder.fit(array, y, group=group, sample_weight=ones)
    frame = show(finder, array, y, group, columns=["x1", "x0"]).frame()
    assert frame["n_A"].sum() == 40


@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 30)), min_size=1, max_size=60),
    st.sampled_from([None, "x > 3", "0 < x <= 4", "x <= 2 or x > 9", "missing(x)"]),
    st.integers(4, 12),
)
def test_cells_of_numbers_respect_any_condition(
    values: list[Any], rule: str | None, max_cells: int
) -> None:
    column = np.array([NAN if v is None else float(v) for v in values])
    condition = None if rule is None else parse(rule)
    check_cells(column, condition, max_cells)


@given(
    st.lists(st.sampled_from([None, *"abcdefghijkl"]), min_size=1, max_size=60),
    st.sampled_from([None, "x in ['a', 'c', 'z']", "x in ['a'] or missing(x)"]),
    st.integers(4, 12),
)
def test_cells_of_texts_respect_any_condition(
    values: list[Any], rule: str | None, max_cells: int
) -> None:
    condition = None if rule is None else parse(rule)
    check_cells(np.array(values, dtype=object), condition, max_cells)


def check_cells(column: Any, condition: Rule | None, max_cells: int) -> None:
    columns = Columns({"x": column})
    cells = column_cells(columns, "x", condition, max_cells, np.ones(len(column)))
    assert len(cells.labels) == len(cells.is_inside) <= max_cells
    assert len(set(cells.labels)) == len(cells.labels)
    assert cells.codes.max() < len(cells.labels)
    if condition is not None:
        inside = condition.evaluate(columns)
        assert cells.is_inside[cells.codes].tolist() == inside.tolist()
    missing = [v is None or v != v for v in column]
    assert [cells.labels[c] == "missing" for c in cells.codes] == missing


def test_the_box_is_outlined_and_the_scale_is_centred(fitted: Any) -> None:
    finder, X, y, group = fitted
    display = drawn(EffectMapDisplay.from_estimator(finder, X, y, group, max_cells=4))
    ax = display.ax_
    (lines,) = (c for c in ax.collections if isinstance(c, LineCollection))
    # A box of a corner of the map: as many edges as its circumference.
    inside = np.reshape(display.is_inside, (4, 4))
    width, height = inside.any(axis=1).sum(), inside.any(axis=0).sum()
    assert inside.sum() == width * height
    assert len(lines.get_segments()) == 2 * (width + height)
    (scale,) = (one for one in display.figure_.axes if one is not ax)
    low, high = scale.get_ylim()
    assert low == -high
    other = EffectMapDisplay.from_estimator(finder, X, y, group, finding=1)
    assert other.rule == str(finder.rules_.rules["Segment 2"])


def test_many_cells_and_long_names_are_drawn(fitted: Any) -> None:
    finder, X, y, group = fitted
    long = X.assign(city="a city of a long name " + X["city"])
    for names, max_cells in ((["city", "channel"], 20), (["channel", "city"], 8)):
        display = EffectMapDisplay.from_estimator(
            finder, long, y, group, columns=names, max_cells=max_cells
        )
        drawn(display)
        assert display.ax_.get_window_extent().width > 200


def test_maps_say_what_is_wrong(fitted: Any) -> None:
    finder, X, y, group = fitted
    show = EffectMapDisplay.from_estimator
    with pytest.raises(ValueError, match=r"'finder' parameter .* a segment finder"):
        show(KMeans(2, n_init=1).fit(np.eye(3)), X, y)
    with pytest.raises(NotFittedError):
        show(BoxSegmentFinder(), X, y, group)
    with pytest.raises(ValueError, match="needs the outcome y"):
        show(finder, X, None, group)
    with pytest.raises(ValueError, match=r"'group' parameter .* given, as in fit"):
        show(finder, X, y)
    no_group = BoxSegmentFinder(inference="none").fit(X, y)
    with pytest.raises(ValueError, match=r"'group' parameter .* None, as in fit"):
        show(no_group, X, y, group)
    with pytest.raises(ValueError, match=r"needs the column 'channelx'.*'channel'"):
        show(finder, X, y, group, columns=["channelx"])
    for names in ("city", [], ["city"] * 2, ["a", "b", "c"], 3):
        with pytest.raises(ValueError, match="the names of one or two columns"):
            show(finder, X, y, group, columns=names)
    for finding in (-1, 99, "Segment 1"):
        with pytest.raises(ValueError, match=r"'finding' .* an int in \[0, "):
            show(finder, X, y, group, finding=finding)
    for max_cells in (3, 65, 8.0):
        with pytest.raises(ValueError, match=r"'max_cells' .* an int in \[4, 64\]"):
            show(finder, X, y, group, max_cells=max_cells)
    with pytest.raises(ValueError, match="sample_weight must have shape"):
        show(finder, X, y, group, sample_weight=[1.0])
    with pytest.raises(ValueError, match="One of them has no rows"):
        show(finder, X, y, group, sample_weight=(group == "A").astype(float))


# --- All -----------------------------------------------------------------------------


def findings(**params: Any) -> Any:
    return FindingsDisplay.from_table(TABLE, **params)


def values(**params: Any) -> Any:
    return InformationValueDisplay.from_table(IV, **params)


def effect_map(**params: Any) -> Any:
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0, NAN] * 20, "t": list("abcde") * 16})
    y, group = np.tile([1, 0], 40), np.repeat(["A", "B"], 40)
    # Equal rows are customers of their own.
    finder = BoxSegmentFinder(inference="none")
    finder.fit(X, y, group=group, sample_weight=np.ones(80))
    return EffectMapDisplay.from_estimator(
        finder, X, y, group, columns=["x", "t"], **params
    )


ALL = pytest.mark.parametrize("make", [findings, values, effect_map])


@ALL
def test_displays_of_findings_hand_on_axes_and_title_and_can_be_made_of_their_numbers(
    make: Any,
) -> None:
    figure, ax = plt.subplots()
    display = make(ax=ax, title="Mine $5_x$")
    assert plt.get_fignums() == [figure.number]
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_title(loc="left") == "Mine $5_x$"
    numbers = {k: v for k, v in vars(display).items() if not k.endswith("_")}
    again = type(display)(**numbers)
    pd.testing.assert_frame_equal(again.frame(), display.frame())
    figure.draw_without_rendering()


@ALL
def test_names_fit_beside_given_axes(make: Any) -> None:
    figure, ax = plt.subplots()
    drawn(make(ax=ax))
    for text in [*ax.texts, *ax.get_yticklabels(), ax.title, ax.xaxis.label]:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y0 >= 0
