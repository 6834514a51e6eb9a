"""SegmentFlowDisplay: its numbers by hand, and bars, bands and labels that fit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import PathPatch, Rectangle
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from skseg import MECERuleSegmenter
from skseg.displays import SegmentFlowDisplay, SegmentSizesDisplay
from skseg.displays._flow_drawing import Column

LINEAGE = {
    "rule": ["Loyal", "Loyal", "New", "Lapsed", "outside"],
    "segment": ["Loyal 1", "Loyal 2", "Rest", "Rest", "outside"],
    "n": [400, 250, 200, 100, 50],
}


def draw(lineage: Any = None, **options: Any) -> SegmentFlowDisplay:
    lineage = pd.DataFrame(LINEAGE) if lineage is None else lineage
    return SegmentFlowDisplay.from_lineage(lineage, **options)


def bars_on(ax: Any) -> list[Rectangle]:
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def bands_on(ax: Any) -> list[PathPatch]:
    return [patch for patch in ax.patches if isinstance(patch, PathPatch)]


def texts_on(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


class Bounded(BaseEstimator):
    """What the display asks of a segmenter."""

    def __init__(self, lineage: Any = None, max_size: float | None = None) -> None:
        self.lineage = lineage
        self.max_size = max_size

    def fit(self, X: Any = None, y: Any = None) -> Bounded:
        if self.lineage is not None:
            self.lineage_ = self.lineage
        self.min_size_, self.max_size_ = None, self.max_size
        return self


# Numbers


def test_flow_by_hand(make_frame: Callable[[Any], Any]) -> None:
    frame = draw(make_frame(LINEAGE), min_size=60, max_size=300).frame()
    expected = pd.DataFrame(
        {
            **LINEAGE,
            "share": [400 / 950, 250 / 950, 200 / 950, 100 / 950, np.nan],
            "segment_n": [400, 250, 300, 300, 50],
            "in_bounds": [False, True, True, True, True],
        }
    )
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False)


def test_flows_of_the_same_names_add_up() -> None:
    lineage = pd.DataFrame({"rule": ["A", "B", "A"], "segment": "S", "n": [1, 2, 0.5]})
    frame = draw(lineage).frame()
    assert list(frame["rule"]) == ["A", "B"]
    assert list(frame["n"]) == [1.5, 2.0]


def test_without_bounds_every_size_will_do() -> None:
    assert draw().frame()["in_bounds"].all()
    assert draw().ax_.get_legend() is None


def test_rows_outside_are_no_segment_with_bounds() -> None:
    display = draw(min_size=60)
    assert display.frame()["in_bounds"].to_list() == [True] * 5
    lineage = pd.DataFrame(LINEAGE).replace({"segment": {"outside": "Far"}})
    assert draw(lineage, min_size=60).frame()["in_bounds"].to_list()[-1] is False


def test_bounds_are_included() -> None:
    assert draw(min_size=50, max_size=400).frame()["in_bounds"].all()


def test_nobody_at_all_is_drawn() -> None:
    display = draw(pd.DataFrame({"rule": ["A"], "segment": ["S"], "n": [0]}))
    assert display.frame()["share"].to_list() == [0.0]
    assert texts_on(display.ax_) == ["All  0", "A  0", "S  0"]
    empty = draw(pd.DataFrame({"rule": ["A", "B"], "segment": ["S", "T"], "n": [0, 0]}))
    assert texts_on(empty.ax_) == ["All  0", "A  0", "B  0", "S  0", "T  0"]
    assert bands_on(empty.ax_) == []


def test_estimator_tells_its_lineage_and_bounds() -> None:
    lineage = pd.DataFrame(LINEAGE)
    segmenter = Bounded(lineage, max_size=300.0).fit()
    display = SegmentFlowDisplay.from_estimator(segmenter, title="")
    pd.testing.assert_frame_equal(
        display.frame(), draw(lineage, max_size=300.0).frame()
    )
    assert display.ax_.get_title(loc="left") == ""
    with pytest.raises(NotFittedError):
        SegmentFlowDisplay.from_estimator(Bounded(lineage))
    with pytest.raises(ValueError, match=r"'segmenter' .* a segmenter with 'lineage_'"):
        SegmentFlowDisplay.from_estimator(Bounded().fit())


# Picture


def test_bars_are_as_high_as_their_sizes() -> None:
    ax = draw().ax_
    heights = np.array([bar.get_height() for bar in bars_on(ax)])
    sizes = [1000, 650, 200, 100, 50, 400, 250, 300, 50]
    assert heights / heights[0] == pytest.approx(np.array(sizes) / 1000)
    columns = [bar.get_x() for bar in bars_on(ax)]
    assert sorted(set(columns)) == list(dict.fromkeys(columns))
    assert texts_on(ax)[:6] == [
        "Shares are of the 950 customers in the universe.",
        "All  1,000",
        "Loyal  650 (68.4%)",
        "New  200 (21.1%)",
        "Lapsed  100 (10.5%)",
        "outside  50",
    ]
    assert texts_on(ax)[-1] == "outside  50"
    assert ax.get_title(loc="left") == "From 3 rules to 3 segments"


def test_without_a_universe_shares_are_of_all_customers() -> None:
    ax = draw(pd.DataFrame(LINEAGE).iloc[:4]).ax_
    assert texts_on(ax)[:2] == ["All  950", "Loyal  650 (68.4%)"]


def test_the_default_is_no_rule_in_the_title() -> None:
    title = draw(default="Lapsed").ax_.get_title(loc="left")
    assert title == "From 2 rules and the default to 3 segments"
    title = draw(default="Others").ax_.get_title(loc="left")
    assert title == "From 3 rules to 3 segments", "no customer is in the default"
    lineage = pd.DataFrame({"rule": ["A", "Rest"], "segment": "A + Rest", "n": [1, 2]})
    title = draw(lineage, default="Rest").ax_.get_title(loc="left")
    assert title == "From 1 rule and the default to 1 segment"


@pytest.mark.parametrize(
    ("parameters", "title"),
    [
        ({"default": "New"}, "From 1 rule and the default to 2 segments"),
        ({"on_gap": "default"}, "From 1 rule and the default to 2 segments"),
        (
            {"default": "New", "min_size": 3},
            "From 1 rule and the default to 1 segment",
        ),
    ],
    ids=["default", "on_gap", "merged"],
)
def test_the_default_of_a_segmenter_is_no_rule(
    parameters: dict[str, Any], title: str
) -> None:
    X = pd.DataFrame({"aov": [10.0, 20.0, np.nan, 90.0]})
    segmenter = MECERuleSegmenter({"Known": "aov > 0"}, **parameters).fit(X)
    for model in (segmenter, MECERuleSegmenter.from_strategy(segmenter.to_json())):
        display = SegmentFlowDisplay.from_estimator(model)
        assert display.ax_.get_title(loc="left") == title


def test_pictures_of_one_segmentation_have_one_denominator() -> None:
    X = pd.DataFrame({"aov": np.arange(10.0), "days": np.arange(10) % 4})
    segmenter = MECERuleSegmenter(
        {"VIP": "aov >= 6"}, default="Rest", universe="days <= 2"
    ).fit(X)
    expected = dict(
        zip(segmenter.segments_["name"], segmenter.segments_["share"], strict=True)
    )
    assert expected == {"VIP": 3 / 8, "Rest": 5 / 8}
    flow = SegmentFlowDisplay.from_estimator(segmenter)
    pictures = [
        flow.frame().query("segment != 'outside'").set_index("segment")["share"],
        *(
            display.frame().set_index("name")["share"]
            for display in (
                SegmentSizesDisplay.from_estimator(segmenter),
                SegmentSizesDisplay.from_estimator(segmenter, X, revenue="aov"),
                SegmentSizesDisplay.from_predictions(
                    segmenter.labels_, segment_names=segmenter.segment_names_
                ),
            )
        ),
    ]
    for shares in pictures:
        assert shares.to_dict() == expected


def test_bands_fill_the_sides_of_their_bars() -> None:
    ax = draw().ax_
    bars = bars_on(ax)
    bands = bands_on(ax)
    # One from all customers to each rule, then one for each flow.
    assert len(bands) == 4 + 5
    ends: dict[float, float] = {}
    for band in bands:
        path = band.get_path().vertices
        for side in (path[:, 0].min(), path[:, 0].max()):
            at = path[np.isclose(path[:, 0], side), 1]
            ends[round(side, 6)] = ends.get(round(side, 6), 0.0) + float(np.ptp(at))
    assert list(ends.values()) == pytest.approx([bars[0].get_height()] * 4)


def test_bars_and_bands_do_not_leave_the_axes() -> None:
    ax = draw().ax_
    (low, high), top = ax.get_xlim(), ax.get_ylim()[0]
    for bar in bars_on(ax):
        assert low <= bar.get_x() <= bar.get_x() + bar.get_width() <= high
        assert -1e-9 <= bar.get_y() <= bar.get_y() + bar.get_height() <= top + 1e-9


def test_segments_come_in_the_order_of_their_rules() -> None:
    lineage = pd.DataFrame(
        {
            "rule": ["A", "B", "A", "C"],
            "segment": ["x", "z", "w", "y"],
            "n": [1, 1, 2, 3],
        }
    )
    names = [text.split("  ")[0] for text in texts_on(draw(lineage).ax_)]
    assert names == ["All", "A", "B", "C", "x", "w", "z", "y"]


def test_sizes_out_of_bounds_are_marked() -> None:
    lineage = pd.DataFrame(LINEAGE).replace({"Loyal 2": "Loyal 1", "Rest": "Others"})
    lineage.loc[3, "segment"] = "Lapsed"
    ax = draw(lineage, min_size=110, max_size=300).ax_
    marked = {text.get_text() for text in ax.texts if text.get_weight() == "bold"}
    assert marked == {"Loyal 1  650 (68.4%)", "Lapsed  100 (10.5%)"}
    (text,) = ax.get_legend().get_texts()
    assert text.get_text() == "segment not within 110 to 300"
    (text,) = draw(min_size=260.5).ax_.get_legend().get_texts()
    assert text.get_text() == "segment below 260.5"
    (text,) = draw(max_size=10).ax_.get_legend().get_texts()
    assert text.get_text() == "segment above 10"


def extreme_lineage(n_rules: int, n_segments: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n_flows = 2 * max(n_rules, n_segments)
    return pd.DataFrame(
        {
            "rule": [f"Rule {i % n_rules} with some words" for i in range(n_flows)],
            "segment": [
                f"$Segment_{i % n_segments} $ " + "x " * (5 * i) for i in range(n_flows)
            ],
            "n": 10.0 ** rng.uniform(0, 7, n_flows).round(2),
        }
    )


@pytest.mark.parametrize("shape", [(1, 1), (8, 12), (3, 25), (25, 2)])
@pytest.mark.parametrize("own_axes", [True, False])
def test_labels_stay_inside_and_do_not_collide(
    shape: tuple[int, int], own_axes: bool
) -> None:
    ax = None if own_axes else plt.subplots(figsize=(6, 4), layout="constrained")[1]
    display = draw(extreme_lineage(*shape), min_size=1e3, max_size=1e6, ax=ax)
    display.figure_.draw_without_rendering()
    boxes = [text.get_window_extent() for text in display.ax_.texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    figure = display.figure_.bbox
    assert all(figure.x0 <= box.x0 and box.x1 <= figure.x1 for box in boxes)
    assert all(figure.y0 <= box.y0 and box.y1 <= figure.y1 for box in boxes)
    # Nor do they cover bars.
    for bar in bars_on(display.ax_):
        extent = bar.get_window_extent()
        assert not any(extent.overlaps(box) for box in boxes[1:])


sizes = st.lists(st.floats(0, 1e6).map(lambda n: round(n, 1)), min_size=1, max_size=20)


@given(sizes, st.floats(0.72, 14.4))
def test_bars_fit_in_the_largest_scale(n: list[float], line: float) -> None:
    column = Column(pd.Series(n), height=432.0, line=line)
    scale = column.scale()
    column.place(scale)
    slots = np.maximum(column.heights, line)
    assert column.centres[0] - slots[0] / 2 >= -1e-9
    assert column.centres[-1] + slots[-1] / 2 <= 432.0 + 1e-9
    ends = zip(column.centres - slots / 2, column.centres + slots / 2, strict=True)
    assert all(one[1] <= other[0] + 1e-9 for one, other in pairwise(ends))
    if scale:
        # Nothing is lost: a larger scale would not fit.
        larger = np.maximum(np.array(n) * scale * 1.01, line)
        assert larger.sum() + 3.6 * (len(n) - 1) > 432.0


def test_plot_may_be_called_again_on_other_axes() -> None:
    display = draw(max_size=300)
    figure, ax = plt.subplots()
    assert display.plot(ax=ax, title="Mine $x") is display
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_title(loc="left") == "Mine $x"
    before = len(ax.patches)
    display.plot()
    assert len(display.ax_.patches) == before
    figure.draw_without_rendering()


# Errors


def test_flow_says_what_is_wrong() -> None:
    good = pd.DataFrame(LINEAGE)
    with pytest.raises(ValueError, match=r"'lineage' .* a frame with the columns"):
        draw([("A", "S", 1)])
    with pytest.raises(ValueError, match=r"needs the column 'rule'.* mean 'rules'"):
        draw(good.rename(columns={"rule": "rules"}))
    for bad in (-1.0, np.nan, np.inf, None):
        with pytest.raises(ValueError, match=r"'n' is finite and not negative\. Got"):
            draw(good.assign(n=[1.0, 2.0, bad, 4.0, 5.0]))
    with pytest.raises(ValueError, match=r"'n' is finite and not negative\. Got 'x'"):
        draw(good.assign(n=["x", 1, 1, 1, 1]))
    with pytest.raises(
        ValueError, match=r"'min_size' .* None or in \[0, inf\)\. Got -1"
    ):
        draw(min_size=-1)
    with pytest.raises(ValueError, match="'max_size' parameter"):
        draw(max_size="5%")
    with pytest.raises(ValueError, match=r"'max_size' .* at least min_size, 5\. Got 4"):
        draw(min_size=5, max_size=4)
    with pytest.raises(ValueError, match="at least one flow"):
        draw(good.iloc[:0])


def test_sizes_of_an_edited_strategy_are_counted_before_they_are_shown() -> None:
    X = pd.DataFrame({"aov": np.arange(10.0)})
    text = MECERuleSegmenter({"VIP": "aov >= 6"}, default="Rest").fit(X).to_json()
    edited = text.replace('"rule": "aov >= 6"', '"rule": "aov >= 5"', 1)
    model = MECERuleSegmenter.from_strategy(edited)
    with pytest.raises(ValueError, match=r"recount\(X\), or pass the rows as X"):
        SegmentSizesDisplay.from_estimator(model)
    shown = SegmentSizesDisplay.from_estimator(model, X).frame()
    counted = SegmentSizesDisplay.from_estimator(model.recount(X)).frame()
    assert shown["n"].to_list() == counted["n"].to_list() == [5, 5]
