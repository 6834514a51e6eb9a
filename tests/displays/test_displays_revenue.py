"""Displays of revenue tiers: the numbers by hand and by brute force, and the axes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError

from skseg import MECERuleSegmenter, OptimalRevenueBinner, PropensityBinner
from skseg.displays import RevenueCurveDisplay, RevenueTiersDisplay
from skseg.displays._revenue_curve_drawing import cut_labels
from skseg.displays._revenue_tiers_drawing import label_places
from skseg.displays._style import money_text

NAN = float("nan")

SCORES = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
CONVERTED = np.array([0, 0, 0, 1, 0, 1])
TABLE = pd.DataFrame(
    {
        "name": ["None", "E-mail", "Call", "No score"],
        "n": [50.0, 40.0, 10.0, 0.0],
        "conversions": [5.0, 10.0, 4.0, 0.0],
        "profit": [100.0, 300.0, -20.0, 0.0],
    }
)


def made_binner(**params: Any) -> OptimalRevenueBinner:
    params = {"revenue": 10, "response": [1, 2], "cost": [0, 4]} | params
    return OptimalRevenueBinner(2, segment_names=["None", "Call"], **params)


def customers(
    n: int = 400, share_missing: float = 0.0, seed: int = 0
) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 5, n).round(3)
    converted = (rng.random(n) < score).astype(float)
    score[rng.random(n) < share_missing] = NAN
    return score.reshape(-1, 1), converted


def menu_of_four(**params: Any) -> OptimalRevenueBinner:
    params = {
        "revenue": 30,
        "response": [1, 1.4, 1.7, 1.9],
        "cost": [0, 2, 5, 8],
        "segment_names": ["None", "E-mail", "Letter", "Call"],
    } | params
    return OptimalRevenueBinner(4, **params)


def brute_profit(
    binner: OptimalRevenueBinner,
    cuts: Any,
    score: Any,
    converted: Any,
    weight: Any = None,
) -> float:
    """Return the profit with other cuts, customer by customer and tier by tier."""
    menu = binner.menu_.to_dict("list")
    weight = np.ones(len(score)) if weight is None else weight
    total, used = 0.0, set()
    for s, y, w in zip(score, converted, weight, strict=True):
        n_cuts = len(binner.cut_points_)
        position = n_cuts + 1 if np.isnan(s) else sum(s > c for c in cuts)
        tier = binner.tiers_[position]
        gain = menu["revenue"][tier] * menu["response"][tier]
        total += w * (gain * y - menu["cost"][tier])
        if w > 0:
            used.add(tier)
    return total - sum(menu["fixed_cost"][tier] for tier in used)


def tier_texts(display: Any) -> list[str]:
    return [text.get_text() for text in display.line_ax_.texts]


# Tiers


def test_tiers_by_hand() -> None:
    frame = RevenueTiersDisplay.from_table(TABLE).frame()
    expected = TABLE.assign(
        rate=[0.1, 0.25, 0.4, NAN], profit_per_customer=[2.0, 7.5, -2.0, NAN]
    )
    pd.testing.assert_frame_equal(frame, expected[list(frame)])


def test_tiers_of_a_binner_are_its_segments() -> None:
    X, y = customers(share_missing=0.1)
    binner = menu_of_four(fixed_cost=5.0).fit(X, y)
    frame = RevenueTiersDisplay.from_estimator(binner).frame()
    pd.testing.assert_frame_equal(frame, binner.segments_[list(frame)])


def test_tiers_of_other_customers_are_what_evaluate_says() -> None:
    binner = menu_of_four().fit(*customers())
    X, y = customers(90, seed=1)
    weight = np.arange(90) % 3.0
    show = RevenueTiersDisplay.from_estimator
    frame = show(binner, X, y).frame()
    pd.testing.assert_frame_equal(frame, binner.evaluate(X, y)[list(frame)])
    frame = show(binner, X, y, sample_weight=weight).frame()
    expected = binner.evaluate(X, y, weight)[list(frame)]
    pd.testing.assert_frame_equal(frame, expected)


def test_any_estimator_with_such_segments_will_do() -> None:
    class Bare(BaseEstimator):
        def fit(self) -> None: ...

        def evaluate(self, X: Any, y: Any) -> Any:
            return TABLE.assign(n=2 * TABLE["n"])

    bare: Any = Bare()
    bare.segments_ = TABLE
    show = RevenueTiersDisplay.from_estimator
    assert show(bare).frame()["n"].to_list() == TABLE["n"].to_list()
    assert show(bare, [[1.0]], [1]).frame()["n"].iloc[0] == 100.0


def test_tables_of_any_kind_are_read(make_frame: Callable[[Any], Any]) -> None:
    table = make_frame(TABLE.to_dict("list"))
    frame = RevenueTiersDisplay.from_table(table).frame()
    pd.testing.assert_frame_equal(
        frame, RevenueTiersDisplay.from_table(TABLE).frame(), check_dtype=False
    )


def test_bars_line_and_labels_leave_out_who_is_not_there() -> None:
    display = RevenueTiersDisplay.from_table(TABLE)
    ax = display.ax_
    bars = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [bar.get_height() for bar in bars] == [50.0, 40.0, 10.0]
    names = [label.get_text() for label in ax.get_xticklabels()]
    assert names == ["None", "E-mail", "Call"]
    (line,) = display.line_ax_.lines
    assert line.get_ydata().tolist() == [5.0, 10.0, 4.0]
    assert line.get_marker() == "o"
    assert tier_texts(display) == ["2.00", "7.50", "-2.00"]
    assert ax.get_title(loc="left") == "Profit by tier, 380.00 in all"


def test_bars_are_darker_for_higher_rates_and_the_colour_bar_is_for_these() -> None:
    display = RevenueTiersDisplay.from_table(TABLE)
    colours = [patch.get_facecolor() for patch in display.ax_.patches]
    lightness = [sum(colour[:3]) for colour in colours]
    assert lightness == sorted(lightness, reverse=True)
    assert to_hex(colours[-1]).upper() == "#003A5C"
    (bar,) = {*display.figure_.axes} - {display.ax_, display.line_ax_}
    assert bar.get_ylabel() == "Conversion rate"
    assert bar.get_ylim() == (0.0, 0.4)


def test_conversions_beyond_one_a_customer_are_no_percentages() -> None:
    table = TABLE.assign(conversions=[5.0, 100.0, 40.0, 0.0])
    display = RevenueTiersDisplay.from_table(table)
    (bar,) = {*display.figure_.axes} - {display.ax_, display.line_ax_}
    display.figure_.draw_without_rendering()
    assert bar.get_ylabel() == "Conversions per customer"
    assert not any("%" in label.get_text() for label in bar.get_yticklabels())


@pytest.mark.parametrize(
    "table",
    [
        TABLE.assign(conversions=0.0),
        TABLE.assign(conversions=[-5.0, -1.0, -3.0, 0.0]),
        TABLE.iloc[:1],
        TABLE.assign(name="$x_1 and $" * 9, profit=-1e9),
    ],
)
def test_odd_tables_are_drawn_without_a_complaint(table: pd.DataFrame) -> None:
    RevenueTiersDisplay.from_table(table).figure_.draw_without_rendering()


def test_without_customers_the_picture_says_so() -> None:
    display = RevenueTiersDisplay.from_table(TABLE.assign(n=0.0))
    assert [text.get_text() for text in display.ax_.texts] == ["No customers"]
    assert display.line_ax_ is None


@pytest.mark.parametrize(
    ("n_tiers", "own_axes"), [(1, True), (3, False), (10, True), (10, False)]
)
def test_labels_are_above_their_bars_inside_and_apart(
    n_tiers: int, own_axes: bool
) -> None:
    rng = np.random.default_rng(n_tiers)
    n = rng.integers(1, 1000, n_tiers)
    table = pd.DataFrame(
        {
            "name": [f"A tier with the number {i}" for i in range(n_tiers)],
            "n": n,
            "conversions": rng.integers(0, n),
            "profit": n * rng.normal(0, 2000, n_tiers),
        }
    )
    ax = None if own_axes else plt.subplots(figsize=(6, 4), layout="constrained")[1]
    display = RevenueTiersDisplay.from_table(table, ax=ax)
    display.figure_.draw_without_rendering()
    inside = display.ax_.get_window_extent()
    labels = [text.get_window_extent() for text in display.line_ax_.texts]
    (line,) = display.line_ax_.lines
    marks = display.line_ax_.transData.transform(line.get_xydata())
    for label, bar, mark in zip(labels, display.ax_.patches, marks, strict=True):
        assert label.y0 >= bar.get_window_extent().y1
        assert label.y1 <= inside.y1
        assert not label.contains(*mark)
    for i, label in enumerate(labels):
        assert not any(label.overlaps(other) for other in labels[i + 1 :])
    names = [label.get_window_extent() for label in display.ax_.get_xticklabels()]
    for i, name in enumerate(names):
        assert not any(name.overlaps(other) for other in names[i + 1 :])


def test_labels_evade_the_line_only_where_it_is_in_the_way() -> None:
    bars = np.array([0.5, 0.5, 0.5, 0.5])
    line = np.array([0.5, 0.1, 0.95, 0.6])
    places = label_places(bars, line, np.zeros(4), 0.1, 0.05, 0.02)
    assert places.tolist() == pytest.approx([0.55, 0.52, 0.52, 0.65])


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "0.00"),
        (12.345, "12.35"),
        (-0.5, "-0.50"),
        (0.01234, "0.012"),
        (1234.5, "1,234"),
        (-5e6, "-5,000,000"),
    ],
)
def test_amounts_have_decimals_by_their_size(amount: float, text: str) -> None:
    assert money_text(amount) == text


def test_tiers_say_what_is_wrong() -> None:
    show = RevenueTiersDisplay.from_estimator
    binner = made_binner().fit(SCORES.reshape(-1, 1), CONVERTED)
    with pytest.raises(NotFittedError):
        show(made_binner())
    kmeans = KMeans(2, n_init=1).fit(SCORES.reshape(-1, 1))
    with pytest.raises(ValueError, match=r"'binner' parameter .* with 'segments_'\."):
        show(kmeans)
    kmeans.segments_ = TABLE
    with pytest.raises(ValueError, match="with 'evaluate', unless X is None"):
        show(kmeans, [[1.0]], [1])
    kmeans.segments_ = TABLE.drop(columns=["conversions", "profit"])
    with pytest.raises(ValueError, match="needs the columns 'conversions', 'profit'"):
        show(kmeans)
    with pytest.raises(ValueError, match=r"'y' parameter .* None where X is"):
        show(binner, y=CONVERTED)
    with pytest.raises(ValueError, match="'sample_weight' parameter"):
        show(binner, sample_weight=CONVERTED)
    with pytest.raises(ValueError, match="needs the outcome y of the customers X"):
        show(binner, SCORES.reshape(-1, 1))
    read = RevenueTiersDisplay.from_table
    with pytest.raises(ValueError, match="must be a frame with the columns 'name', "):
        read([1, 2])
    with pytest.raises(ValueError, match="must be finite and not negative in 'n'"):
        read(TABLE.assign(n=-1.0))
    with pytest.raises(ValueError, match="must be finite in 'profit'"):
        read(TABLE.assign(profit=NAN))


# Curves


def curve(binner: Any, score: Any, y: Any, **params: Any) -> RevenueCurveDisplay:
    X = np.reshape(score, (-1, 1))
    return RevenueCurveDisplay.from_estimator(binner, X, y, **params)


def test_curve_by_hand() -> None:
    binner = made_binner(min_size=2).fit(SCORES.reshape(-1, 1), CONVERTED)
    frame = curve(binner, SCORES, CONVERTED).frame()
    # Of k customers in the lower tier with c conversions of two in all:
    # 10 c + 20 (2 - c) - 4 (6 - k).
    expected = pd.DataFrame(
        {
            "cut": 0,
            "name": "None | Call",
            "score": [0.1, 0.15, 0.25, 0.5, 0.75, 0.85, 0.9],
            "profit": [16.0, 20.0, 24.0, 28.0, 22.0, 26.0, 20.0],
            "is_legal": [False, False, True, True, True, False, False],
        }
    )
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False)


def test_a_tier_above_the_largest_size_is_marked() -> None:
    binner = made_binner(min_size=None, max_size=4)
    binner.fit(SCORES.reshape(-1, 1), CONVERTED)
    is_legal = curve(binner, SCORES, CONVERTED).frame()["is_legal"]
    assert is_legal.to_list() == [False, False, True, True, True, False, False]


@pytest.mark.filterwarnings("ignore:The conversion rate does not rise")
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.2]),
    st.booleans(),
    st.sampled_from([0.0, 40.0, [10.0, 0.0, 25.0, 60.0]]),
    st.integers(0, 3),
)
def test_every_point_is_the_profit_with_the_cut_there(
    seed: int, share_missing: float, has_weight: bool, fixed_cost: Any, missing: int
) -> None:
    X, y = customers(60, share_missing, seed)
    weight = np.random.default_rng(seed).integers(0, 4, 60) / 2 if has_weight else None
    binner = menu_of_four(
        fixed_cost=fixed_cost, missing_tier=missing, min_size=None, mode="exact"
    ).fit(X, y, weight)
    display = curve(binner, X, y, sample_weight=weight, max_points=15)
    frame = display.frame()
    assert frame["cut"].unique().tolist() == [0, 1, 2]
    for row in frame.itertuples():
        cuts = binner.cut_points_.copy()
        cuts[row.cut] = row.score
        expected = brute_profit(binner, cuts, X[:, 0], y, weight)
        assert row.profit == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert display.value == pytest.approx(binner.value_, rel=1e-9)


@pytest.mark.parametrize("max_points", [3, 20, 10**6])
def test_the_profit_at_the_fitted_cuts_is_the_value(max_points: int) -> None:
    X, y = customers(share_missing=0.1)
    binner = menu_of_four(fixed_cost=[0, 10, 20, 5]).fit(X, y)
    display = curve(binner, X, y, max_points=max_points)
    assert display.value == pytest.approx(binner.value_, rel=1e-9)
    frame = display.frame()
    for i, cut in enumerate(binner.cut_points_):
        points = frame[frame["cut"] == i]
        assert len(points) <= max_points
        assert points["score"].is_monotonic_increasing
        (profit,) = points["profit"][points["score"] == cut]
        assert profit == pytest.approx(binner.value_, rel=1e-9)
        assert points["profit"][points["is_legal"]].max() <= binner.value_ * (1 + 1e-9)


def test_a_cut_moves_from_neighbour_to_neighbour() -> None:
    X, y = customers()
    binner = menu_of_four(mode="exact").fit(X, y)
    frame = curve(binner, X, y).frame()
    ends = frame.groupby("cut")["score"].agg(["min", "max"]).to_numpy()
    low, mid, high = binner.cut_points_
    assert ends[1].tolist() == [low, high]
    assert ends[0].tolist() == pytest.approx([X.min(), mid])
    assert ends[2].tolist() == [mid, X.max()]


@pytest.mark.parametrize("model", ["observed", "isotonic", "score"])
def test_profits_are_those_observed_whatever_the_response_model(model: str) -> None:
    binner = menu_of_four(response_model=model).fit(*customers(share_missing=0.1))
    X, y = customers(150, share_missing=0.2, seed=1)
    weight = np.arange(150) % 3.0
    display = curve(binner, X, y, sample_weight=weight)
    profit = binner.evaluate(X, y, weight)["profit"].sum()
    assert display.value == pytest.approx(profit, rel=1e-9)


def test_weight_counts_as_repetition() -> None:
    X, y = customers(120, share_missing=0.1)
    weight = np.arange(120) % 4
    binner = menu_of_four(fixed_cost=3.0).fit(X, y, weight)
    weighted = curve(binner, X, y, sample_weight=weight).frame()
    repeated = curve(binner, np.repeat(X, weight), np.repeat(y, weight)).frame()
    pd.testing.assert_frame_equal(weighted, repeated)


def test_a_customer_at_a_cut_is_below_it() -> None:
    binner = made_binner().fit(SCORES.reshape(-1, 1), CONVERTED)
    assert binner.cut_points_.tolist() == [0.5]
    display = curve(binner, [0.5, 0.6], [1, 1])
    assert display.value == 10 + 20 - 4


def test_customers_without_a_score_may_pay_for_a_tier_of_their_own() -> None:
    X, y = customers(share_missing=0.1)
    binner = menu_of_four(cost=[0, 2, 5, 99], fixed_cost=7.0, missing_tier=3)
    binner.fit(X, y)
    assert 3 not in binner.tiers_[:-1]
    assert curve(binner, X, y).value == pytest.approx(binner.value_, rel=1e-9)


def test_bounds_of_sizes_are_in_proportion_to_the_customers() -> None:
    X, y = customers()
    binner = menu_of_four(min_size=100).fit(X, y)
    whole = curve(binner, X, y).frame()
    twice = curve(binner, np.tile(X, (2, 1)), np.tile(y, 2)).frame()
    assert whole["is_legal"].to_list() == twice["is_legal"].to_list()
    assert set(whole["is_legal"]) == {True, False}


def test_other_columns_and_frames_are_read_as_in_fit(
    make_frame: Callable[[Any], Any],
) -> None:
    columns = {"score": SCORES.tolist(), "other": [1.0] * 6}
    frame = make_frame(columns)
    binner = made_binner(score_column="score").fit(frame, CONVERTED)
    display = RevenueCurveDisplay.from_estimator(binner, frame, CONVERTED)
    assert display.value == 28.0
    assert display.ax_.get_xlabel() == "Cut point: score"


def test_few_other_customers_may_leave_tiers_empty() -> None:
    binner = menu_of_four(mode="exact").fit(*customers())
    display = curve(binner, [0.999], [1.0])
    assert display.value == pytest.approx(30 * 1.9 - 8)
    display.figure_.draw_without_rendering()


def test_infinite_scores_are_drawn() -> None:
    scores = [-np.inf, 0.2, 0.3, 0.7, 0.8, np.inf]
    binner = made_binner().fit(np.reshape(scores, (-1, 1)), CONVERTED)
    intervals = np.array([[-np.inf, np.inf]])
    display = curve(binner, scores, CONVERTED, intervals=intervals)
    display.figure_.draw_without_rendering()
    assert np.isfinite(display.ax_.get_xlim()).all()
    assert display.value == 28.0


def test_one_tier_is_said_in_the_picture() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        binner = made_binner(cost=[0, 1000]).fit(SCORES.reshape(-1, 1), CONVERTED)
    display = curve(binner, SCORES, CONVERTED, intervals=np.empty((0, 2)))
    (text,) = display.ax_.texts
    said = text.get_text().replace("\n", " ")
    assert said == "All scores are in one tier, None: there is no cut to move."
    frame = display.frame()
    assert frame.empty
    assert list(frame) == ["cut", "name", "score", "profit", "is_legal"]
    assert display.value == binner.value_
    tiers = RevenueTiersDisplay.from_estimator(binner)
    assert len(tiers.ax_.patches) == 1


@dataclass
class Resampled:
    table: pd.DataFrame

    def frame(self, confidence_level: float = 0.95) -> pd.DataFrame:
        assert confidence_level == 0.95
        return self.table


def test_intervals_are_shaded_however_they_are_given() -> None:
    X, y = customers()
    binner = menu_of_four(mode="exact").fit(X, y)
    cut_points = binner.cut_points_
    low, high = cut_points - 0.05, cut_points + np.array([0.01, NAN, 0.03])
    table = pd.DataFrame(
        {
            "kind": ["cut"] * 3 + ["tier", "total"],
            "name": list("abcde"),
            "estimate": [*binner.cut_points_, 1.0, 2.0],
            "ci_low": [*low, 0.0, 0.0],
            "ci_high": [*high, 9.0, 9.0],
        }
    )
    ends = np.column_stack([low, high])
    for intervals in (ends, ends.tolist(), table, Resampled(table)):
        display = curve(binner, X, y, intervals=intervals)
        bands = [patch for patch in display.ax_.patches if isinstance(patch, Rectangle)]
        spans = [(band.get_x(), band.get_x() + band.get_width()) for band in bands]
        assert np.ravel(spans) == pytest.approx(ends[[0, 2]].ravel())


def test_intervals_of_the_bootstrap_are_those_of_its_frame() -> None:
    if not hasattr(OptimalRevenueBinner, "bootstrap"):
        pytest.skip("the binner has no bootstrap")
    X, y = customers()
    binner = menu_of_four().fit(X, y)
    intervals = binner.bootstrap(20, random_state=0)
    display = curve(binner, X, y, intervals=intervals)
    table = intervals.frame()
    ends = table.loc[table["kind"] == "cut", ["ci_low", "ci_high"]]
    assert np.array_equal(display.intervals, ends)


def test_curves_dots_lines_and_legend() -> None:
    X, y = customers()
    binner = menu_of_four(mode="exact", min_size=0.1).fit(X, y)
    display = curve(binner, X, y)
    ax = display.ax_
    dots = [line.get_xydata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert np.transpose(dots)[0].tolist() == binner.cut_points_.tolist()
    assert np.transpose(dots)[1] == pytest.approx([binner.value_] * 3)
    colours = [line.get_color() for line in ax.lines if line.get_marker() == "o"]
    assert len(set(colours)) == 3
    upright = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    assert upright == binner.cut_points_.tolist()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    starts = ["None | E-mail  (", "E-mail | Letter  (", "Letter | Call  ("]
    assert all(map(str.startswith, legend[:3], starts))
    assert legend[3:] == ["A tier breaks its bounds of size"]
    frame = display.frame()
    # In grey the whole curve, in colour its legal part.
    grey, coloured = (
        [
            line.get_ydata()
            for line in ax.lines
            if (line.get_color() == "#BBBBBB") == is_
        ]
        for is_ in (True, False)
    )
    assert np.concatenate(grey).tolist() == frame["profit"].to_list()
    legal = np.concatenate([ys for ys in coloured if len(ys) > 2])
    assert (~np.isnan(legal)).tolist() == frame["is_legal"].to_list()


def test_many_cuts_and_long_names_fit_into_the_legend() -> None:
    names = [f"Tier {i} with $5 and a name of many words" for i in range(40)]
    labels = cut_labels(plt.subplots()[1], names, np.linspace(0, 1, 39))
    assert len(labels) == 25
    assert labels[-1] == "and 15 more"
    cut = f"with $5 and a {'name'[:3]}\N{HORIZONTAL ELLIPSIS}"
    assert labels[3].splitlines() == [f"Tier 3 {cut} |", f"Tier 4 {cut}  (0.07895)"]
    X, y = customers(1000)
    binner = OptimalRevenueBinner(40, mode="exact", segment_names=names).fit(X, y)
    display = curve(binner, X, y)
    display.figure_.draw_without_rendering()
    legend = display.ax_.get_legend().get_window_extent()
    figure = display.figure_.bbox
    assert legend.y0 >= figure.y0
    assert legend.x1 <= figure.x1 + 1
    assert display.ax_.get_window_extent().height > 0.7 * figure.height


@pytest.mark.parametrize("labels", [[0, 1], ["no", "yes"], [False, True]], ids=str)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_the_curve_of_a_propensity_binner_is_that_of_its_propensities(
    labels: list[Any], is_weighted: bool
) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    converted = rng.random(300) < 1 / (1 + np.exp(1 - X[:, 0]))
    y = np.array(labels)[converted.astype(int)]
    weight: dict[str, Any] = {}
    if is_weighted:
        weight["sample_weight"] = rng.integers(1, 4, 300)
    model = PropensityBinner(binner=menu_of_four()).fit(X, y, **weight)
    display = RevenueCurveDisplay.from_estimator(model, y=y, **weight)
    column = pd.DataFrame({"propensity": model.propensities_})
    by_hand = RevenueCurveDisplay.from_estimator(
        model.binner_, column, converted.astype(float), **weight
    )
    pd.testing.assert_frame_equal(display.frame(), by_hand.frame())
    assert display.value == pytest.approx(model.binner_.value_)
    assert display.score_name == "propensity"
    as_new_rows = RevenueCurveDisplay.from_estimator(model, X, y, **weight)
    profit = model.evaluate(X, y, **weight)["profit"].sum()
    assert as_new_rows.value == pytest.approx(profit)


def test_labels_are_read_as_in_fit() -> None:
    X, y = customers()
    labels = np.where(y > 0, "yes", "no")
    binner = menu_of_four().fit(X, labels)
    display = RevenueCurveDisplay.from_estimator(binner, X, labels)
    assert display.value == pytest.approx(binner.value_)


def test_curves_say_what_is_wrong() -> None:
    X = SCORES.reshape(-1, 1)
    binner = made_binner().fit(X, CONVERTED)
    show = RevenueCurveDisplay.from_estimator
    with pytest.raises(ValueError, match="customers X, unless the binner is a Prop"):
        show(binner, y=CONVERTED)
    with pytest.raises(NotFittedError):
        show(PropensityBinner(), X, CONVERTED)
    rules = MECERuleSegmenter({"High": "propensity > 0.5"}, default="Low")
    by_rules = PropensityBinner(binner=rules, cv=2).fit(X, CONVERTED)
    with pytest.raises(ValueError, match="with 'tiers_', 'menu_'"):
        show(by_rules, X, CONVERTED)
    with pytest.raises(NotFittedError):
        show(made_binner(), X, CONVERTED)
    message = r"'binner' parameter .* with 'cut_points_', 'tier"
    with pytest.raises(ValueError, match=message):
        show(KMeans(2, n_init=1).fit(X), X, CONVERTED)
    with pytest.raises(ValueError, match="needs the outcome y"):
        show(binner, X, None)
    with pytest.raises(ValueError, match="outcome y of RevenueCurveDisplay must be"):
        show(binner, X, [NAN] * 6)
    with pytest.raises(ValueError, match="one outcome a row"):
        show(binner, X, [1])
    with pytest.raises(ValueError, match="sample_weight must have shape"):
        show(binner, X, CONVERTED, sample_weight=[1])
    with pytest.raises(ValueError, match="needs customers with a score"):
        show(binner, X * NAN, CONVERTED)
    for max_points in (2, 10.0, True):
        with pytest.raises(ValueError, match=r"'max_points' .* an int in \[3, inf\)"):
            show(binner, X, CONVERTED, max_points=max_points)
    for intervals in ([0.1, 0.2], [[0.2, 0.1]], [["a", "b"]], "none"):
        with pytest.raises(ValueError, match=r"'intervals' .* of shape \(1, 2\)"):
            show(binner, X, CONVERTED, intervals=intervals)


# Both


def tiers_display(**params: Any) -> Any:
    return RevenueTiersDisplay.from_table(TABLE, **params)


def curve_display(**params: Any) -> Any:
    binner = made_binner().fit(SCORES.reshape(-1, 1), CONVERTED)
    return curve(binner, SCORES, CONVERTED, **params)


@pytest.mark.parametrize("make", [tiers_display, curve_display])
def test_displays_of_tiers_hand_on_axes_and_title_and_can_be_made_of_their_numbers(
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
