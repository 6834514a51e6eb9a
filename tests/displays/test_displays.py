"""Displays: the numbers behind the pictures by hand, and what stands on the axes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from sklearn.cluster import DBSCAN, KMeans
from sklearn.exceptions import NotFittedError

from skseg import RFMSegmenter
from skseg.displays import RFMHeatmapDisplay, SegmentSizesDisplay
from skseg.displays._canvas import fit_text
from skseg.displays._heatmap_drawing import interval_texts, named_runs
from skseg.displays._style import count_text

NAN = float("nan")

# Five customers whose scores can be told by eye under the cut points below.
CUSTOMERS = pd.DataFrame(
    {
        "recency": [5.0, 40.0, 40.0, 200.0, NAN],
        "frequency": [9.0, 3.0, 1.0, 3.0, 0.0],
        "monetary": [500.0, 90.0, 10.0, 100.0, -20.0],
    }
)
CUTS = {"recency": [30, 100], "frequency": [2, 5], "monetary": [50]}
MAP = {
    "Top": "R == 3 and F == 3",
    "Active": "R >= 2 and not (R == 3 and F == 3)",
    "Gone": "R == 1",
}


@pytest.fixture
def segmenter() -> RFMSegmenter:
    return RFMSegmenter(MAP, cut_points=CUTS).fit(CUSTOMERS)


def texts_on(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def bars_on(ax: Any) -> list[Rectangle]:
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


# Sizes


def test_sizes_by_hand() -> None:
    display = SegmentSizesDisplay.from_predictions(
        [2, 0, 0, 2, 2], segment_names=["A", "B", "C"], revenue=[1, 2, 3, NAN, -2]
    )
    expected = pd.DataFrame(
        {
            "code": [0, 1, 2],
            "name": ["A", "B", "C"],
            "n": [2, 0, 3],
            "share": [0.4, 0.0, 0.6],
            "revenue_share": [1.25, 0.0, -0.25],
        }
    )
    pd.testing.assert_frame_equal(display.frame(), expected)


def test_sizes_without_revenue_have_no_column_for_it() -> None:
    frame = SegmentSizesDisplay.from_predictions([0, 1, 1]).frame()
    assert list(frame) == ["code", "name", "n", "share"]
    assert list(frame["name"]) == ["0", "1"]


def test_noise_comes_last_under_its_code() -> None:
    display = SegmentSizesDisplay.from_predictions(
        [-1, 0, -1, 1], segment_names=["A", "B"], revenue=[4, 3, 2, 1]
    )
    frame = display.frame()
    assert frame["code"].to_list() == [0, 1, -1]
    assert frame["name"].to_list() == ["A", "B", "Noise"]
    assert frame["n"].to_list() == [1, 1, 2]
    assert frame["revenue_share"].to_list() == pytest.approx([0.3, 0.1, 0.6])


def test_weight_counts_as_repetition() -> None:
    labels, revenue, weight = [0, 1, 1], [10.0, 20.0, 5.0], [3, 1, 2]
    weighted = SegmentSizesDisplay.from_predictions(
        labels, revenue=revenue, sample_weight=weight
    ).frame()
    repeated = SegmentSizesDisplay.from_predictions(
        np.repeat(labels, weight), revenue=np.repeat(revenue, weight)
    ).frame()
    pd.testing.assert_frame_equal(weighted, repeated, check_dtype=False)


def test_revenue_of_zero_in_all_is_no_share() -> None:
    display = SegmentSizesDisplay.from_predictions([0, 1], revenue=[0.0, 0.0])
    assert display.frame()["revenue_share"].isna().all()
    assert texts_on(display.ax_) == ["1  (50.0%)", "1  (50.0%)"]


@pytest.mark.parametrize("revenue", [[100.0, -150.0], [-5.0, -5.0]], ids=str)
def test_negative_revenue_in_all_is_no_share_and_warns(revenue: list[float]) -> None:
    with pytest.warns(
        UserWarning, match=r"total revenue is -\d+\.00, of which"
    ) as seen:
        display = SegmentSizesDisplay.from_predictions([0, 1], revenue=revenue)
    assert seen[0].filename == __file__
    assert display.frame()["revenue_share"].isna().all()


def test_customers_outside_of_the_universe_are_counted_and_have_no_bar() -> None:
    display = SegmentSizesDisplay.from_predictions(
        [0, -1, 0, 1], segment_names=["A", "B", "outside"], revenue=[1, 90, 2, 7]
    )
    frame = display.frame()
    assert frame["name"].to_list() == ["A", "B"]
    assert frame["share"].to_list() == pytest.approx([2 / 3, 1 / 3])
    assert frame["revenue_share"].to_list() == pytest.approx([0.3, 0.7])
    assert display.n_outside == 1
    assert display.ax_.get_xlabel() == (
        "Share of the customers in the universe and of their revenue (%)\n"
        "outside of it, and not shown: 1"
    )


@pytest.mark.parametrize(
    ("revenue", "text"),
    [
        (None, "Share of all customers (%)"),
        ([1, 2], "Share of all customers and of all revenue (%)"),
    ],
    ids=["customers", "revenue"],
)
def test_sizes_say_what_their_shares_are_of(revenue: Any, text: str) -> None:
    display = SegmentSizesDisplay.from_predictions([0, 1], revenue=revenue)
    assert display.ax_.get_xlabel() == text


@pytest.mark.parametrize("refund", [0.25, 1.0, 60.0, 300.0])
def test_a_negative_bar_takes_the_room_that_it_needs(refund: float) -> None:
    ax = SegmentSizesDisplay.from_predictions(
        [0, 1, 2], segment_names=["A", "B", "C"], revenue=[300.0, 100.0, -refund]
    ).ax_
    low, high = ax.get_xlim()
    assert low == pytest.approx(-100 * refund / (400 - refund))
    (text,) = (text for text in ax.texts if text.get_text().startswith("-"))
    figure = ax.figure
    figure.draw_without_rendering()
    box = text.get_window_extent()
    zero, end = ax.transData.transform([(0, 0), (high, 0)])[:, 0]
    assert zero < box.x0 < box.x1 < end


def test_infinite_revenue_counts_as_none() -> None:
    display = SegmentSizesDisplay.from_predictions([0, 1], revenue=[np.inf, 5.0])
    assert display.frame()["revenue_share"].to_list() == [0.0, 1.0]


def test_no_customers_at_all_are_drawn_as_zeros() -> None:
    labels = np.array([], dtype=int)
    display = SegmentSizesDisplay.from_predictions(labels, segment_names=["A", "B"])
    assert display.frame()["share"].to_list() == [0.0, 0.0]
    assert texts_on(display.ax_) == ["0  (0.0%)"] * 2


def test_bars_and_their_labels() -> None:
    ax = SegmentSizesDisplay.from_predictions(
        [0, 0, 2], segment_names=["A", "B", "C"]
    ).ax_
    assert [bar.get_width() for bar in bars_on(ax)] == pytest.approx(
        [200 / 3, 0, 100 / 3]
    )
    assert texts_on(ax) == ["2  (66.7%)", "0  (0.0%)", "1  (33.3%)"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["A", "B", "C"]
    assert ax.get_title(loc="left") == "Customers by segment"
    top, bottom = (ax.get_yticks()[i] for i in (0, -1))
    assert ax.transData.transform((0, top))[1] > ax.transData.transform((0, bottom))[1]


def test_revenue_is_a_second_bar_with_a_legend() -> None:
    ax = SegmentSizesDisplay.from_predictions([0, 1], revenue=[30.0, 10.0]).ax_
    assert [bar.get_width() for bar in bars_on(ax)] == [50.0, 50.0, 75.0, 25.0]
    assert texts_on(ax)[2:] == ["75.0%", "25.0%"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["Customers", "Revenue"]


def test_bars_of_the_same_segment_do_not_overlap() -> None:
    ax = SegmentSizesDisplay.from_predictions([0, 1], revenue=[30.0, 10.0]).ax_
    edges = sorted((bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars_on(ax))
    assert all(low[1] <= high[0] + 1e-9 for low, high in pairwise(edges))


@pytest.mark.parametrize("n_segments", [3, 20])
@pytest.mark.parametrize("own_axes", [True, False])
def test_labels_stay_inside_and_do_not_collide(n_segments: int, own_axes: bool) -> None:
    labels = np.arange(n_segments)
    ax = None if own_axes else plt.subplots(figsize=(5, 3.5), layout="constrained")[1]
    display = SegmentSizesDisplay.from_predictions(labels, revenue=labels + 1.0, ax=ax)
    display.figure_.draw_without_rendering()
    inside = display.ax_.get_window_extent()
    boxes = [text.get_window_extent() for text in display.ax_.texts]
    assert all(box.x1 <= inside.x1 for box in boxes)
    for i, box in enumerate(boxes[:n_segments]):
        following = boxes[i + 1 : n_segments]
        assert not any(box.overlaps(other) for other in following)


def test_names_are_shown_as_they_are_and_cut_where_too_long() -> None:
    names = ["$100 & $200_x", "word " * 30]
    display = SegmentSizesDisplay.from_predictions([0, 1], segment_names=names)
    display.figure_.draw_without_rendering()
    first, second = (label.get_text() for label in display.ax_.get_yticklabels())
    assert first == names[0]
    assert second.count("\n") == 1
    assert second.endswith("\N{HORIZONTAL ELLIPSIS}")


def test_estimator_without_x_shows_its_segment_table(segmenter: RFMSegmenter) -> None:
    from_fit = SegmentSizesDisplay.from_estimator(segmenter).frame()
    table = segmenter.segments_[["code", "name", "n", "share", "revenue_share"]]
    pd.testing.assert_frame_equal(from_fit, table)
    from_labels = SegmentSizesDisplay.from_predictions(
        segmenter.labels_,
        segment_names=segmenter.segment_names_,
        revenue=CUSTOMERS["monetary"],
    ).frame()
    pd.testing.assert_frame_equal(from_fit, from_labels)


def test_estimator_with_x_counts_what_it_predicts(
    segmenter: RFMSegmenter, make_frame: Callable[[Any], Any]
) -> None:
    new = CUSTOMERS.iloc[[0, 1, 1]].to_dict("list")
    frame = RFMSegmenter(MAP, cut_points=CUTS).fit(make_frame(new))
    shown = SegmentSizesDisplay.from_estimator(
        frame, make_frame(new), revenue="monetary"
    ).frame()
    assert shown["n"].to_list() == [1, 2, 0, 0]
    assert shown["revenue_share"].to_list() == pytest.approx(
        [500 / 680, 180 / 680, 0, 0]
    )


def test_any_clusterer_will_do() -> None:
    X = [[0.0], [0.1], [5.0], [5.1], [99.0]]
    frame = SegmentSizesDisplay.from_estimator(
        DBSCAN(eps=1, min_samples=2).fit(X)
    ).frame()
    assert frame["code"].to_list() == [0, 1, -1]
    assert frame["n"].to_list() == [2, 2, 1]
    kmeans = KMeans(2, n_init=1, random_state=0).fit(X)
    frame = SegmentSizesDisplay.from_estimator(
        kmeans, X, revenue=[1, 1, 1, 1, 4]
    ).frame()
    assert sorted(frame["revenue_share"]) == [0.5, 0.5]


def test_sizes_say_what_is_wrong(segmenter: RFMSegmenter) -> None:
    sizes = SegmentSizesDisplay
    with pytest.raises(ValueError, match=r"labels of Segm.* must be whole numbers"):
        sizes.from_predictions(["A", "B"])
    with pytest.raises(ValueError, match="'labels' parameter"):
        sizes.from_predictions([0, -2])
    with pytest.raises(
        ValueError, match=r"a name for every code up to 2\. Got \['A'\]"
    ):
        sizes.from_predictions([0, 2], segment_names=["A"])
    with pytest.raises(ValueError, match=r"revenue must have shape \(2,\)"):
        sizes.from_predictions([0, 1], revenue=[1])
    with pytest.raises(ValueError, match="sample_weight must have shape"):
        sizes.from_predictions([0, 1], sample_weight=[1])
    with pytest.raises(ValueError, match="Did you mean 'monetary'"):
        sizes.from_estimator(segmenter, CUSTOMERS, revenue="monetery")
    with pytest.raises(ValueError, match=r"'revenue' parameter .* unless X is a frame"):
        sizes.from_estimator(segmenter, None, revenue="monetary")
    with pytest.raises(NotFittedError):
        sizes.from_estimator(RFMSegmenter())


# Heat map


def test_heatmap_by_hand(segmenter: RFMSegmenter) -> None:
    frame = RFMHeatmapDisplay.from_estimator(segmenter, CUSTOMERS).frame()
    expected = pd.DataFrame(
        {
            "R": [1, 1, 1, 2, 2, 2, 3, 3, 3],
            "F": [1, 2, 3] * 3,
            "n": [0, 1, 0, 1, 1, 0, 0, 0, 1],
            "share": [0.0, 0.2, 0.0, 0.2, 0.2, 0.0, 0.0, 0.0, 0.2],
            "segment": ["Gone"] * 3 + ["Active"] * 5 + ["Top"],
        }
    )
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False)


def test_heatmap_of_estimator_is_that_of_its_scores(segmenter: RFMSegmenter) -> None:
    scores = segmenter.transform(CUSTOMERS)
    from_scores = RFMHeatmapDisplay.from_predictions(
        scores[:, 0], scores[:, 1], cut_points=CUTS
    )
    from_estimator = RFMHeatmapDisplay.from_estimator(segmenter, CUSTOMERS)
    columns = ["R", "F", "n", "share"]
    pd.testing.assert_frame_equal(from_scores.frame(), from_estimator.frame()[columns])


def test_heatmap_weight_counts_as_repetition(segmenter: RFMSegmenter) -> None:
    weight = [3, 1, 2, 0, 4]
    repeated = CUSTOMERS.loc[np.repeat(CUSTOMERS.index, weight)]
    pd.testing.assert_frame_equal(
        RFMHeatmapDisplay.from_estimator(
            segmenter, CUSTOMERS, sample_weight=weight
        ).frame(),
        RFMHeatmapDisplay.from_estimator(segmenter, repeated).frame(),
        check_dtype=False,
    )


def test_heatmap_cells_labels_and_note(segmenter: RFMSegmenter) -> None:
    display = RFMHeatmapDisplay.from_estimator(segmenter, CUSTOMERS)
    ax = display.ax_
    counts = [text for text in ax.texts if text.get_text().isdigit()]
    assert [text.get_text() for text in counts] == list("010110001")
    # From left to right by R, upwards by F, as in the numbers.
    assert counts[1].get_position()[0] == 0
    assert counts[1].get_position()[1] > counts[0].get_position()[1]
    assert np.asarray(ax.images[0].get_array()).tolist() == [
        [0, 1, 0],
        [1, 1, 0],
        [0, 0, 1],
    ]
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "R = 1\nover 100",
        "R = 2\n31 to 100",
        "R = 3\nup to 30",
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "F = 1\nup to 2",
        "F = 2\n3 to 5",
        "F = 3\nover 5",
    ]
    assert ax.get_xlabel().endswith("without R or F, and not shown: 1")
    names = {text for text in texts_on(ax) if not text.isdigit()}
    assert names == {"Top", "Active", "Gone"}


def test_heatmap_shows_shares_on_request() -> None:
    display = RFMHeatmapDisplay.from_predictions([1, 2, 2], [1, 1, 1], values="share")
    assert texts_on(display.ax_) == ["33.3%", "66.7%"]
    with pytest.raises(ValueError, match=r"'values' parameter .* must be 'count' or"):
        display.plot(values="percent")


def test_regions_are_outlined_where_they_meet() -> None:
    regions = [["A", "A"], ["A", "B"]]
    ax = RFMHeatmapDisplay.from_predictions([1, 2], [1, 2], regions=regions).ax_
    outlines = {
        tuple(map(tuple, line.get_xydata().tolist()))
        for line in ax.lines
        if line.get_color() == "#333333"
    }
    assert outlines == {((0.5, 0.5), (0.5, 1.5)), ((0.5, 0.5), (1.5, 0.5))}


def ladder(n_scores: int) -> pd.DataFrame:
    """Customers with every combination of scores, and cut points in between."""
    r, f, m = (axis.ravel() for axis in np.indices((n_scores,) * 3) + 1.0)
    return pd.DataFrame(
        {"recency": n_scores + 1 - r, "frequency": f, "monetary": m, "premium": m % 2}
    )


@pytest.mark.parametrize("n_scores", [3, 4, 5])
@pytest.mark.parametrize("name", ["grid", "seed", "seed-premium", "putler", "r-rfm"])
def test_regions_have_the_names_that_their_customers_may_have(
    name: str, n_scores: int
) -> None:
    X = ladder(n_scores)
    cuts = np.arange(1.5, n_scores)
    segmenter = RFMSegmenter(
        name,
        cut_points={"recency": cuts, "frequency": cuts, "monetary": cuts},
    ).fit(X)
    display = RFMHeatmapDisplay.from_estimator(segmenter, X)
    names = X.assign(premium=0), X.assign(premium=1)
    segments = np.stack([segmenter.segment_names_[segmenter.predict(x)] for x in names])
    order = list(segmenter.segment_names_)
    for r in range(1, n_scores + 1):
        for f in range(1, n_scores + 1):
            cell = (X["recency"] == n_scores + 1 - r) & (X["frequency"] == f)
            expected = sorted(set(segments[:, cell].ravel()), key=order.index)
            assert display.regions[r - 1, f - 1] == " / ".join(expected)
    deciding = [] if name == "grid" else ["monetary"]
    if name == "seed-premium":
        deciding.append("premium")
    assert sorted(display.decided_by) == deciding


def test_the_heatmap_of_seed_has_names_and_says_what_decides() -> None:
    X = ladder(5)
    ax = RFMHeatmapDisplay.from_estimator(RFMSegmenter("seed").fit(X), X).ax_
    names = {text.replace("\n", " ") for text in texts_on(ax) if not text.isdigit()}
    assert names == {
        "Top customers",
        "At risk",
        "Top customers / Others",
        "At risk / Dormant",
        "At risk / Others",
        "Top customers / New customers / Others",
    }
    assert ax.get_xlabel().endswith("\nseveral names: decided by monetary")


@pytest.mark.parametrize(
    ("condition", "column"),
    [
        ("plan == 'pro'", "plan"),
        ("plan != 'pro'", "plan"),
        ("plan in ('pro', 'free')", "plan"),
        ("premium == 1", "premium"),
        ("premium < 1", "premium"),
        ("is_member == True", "is_member"),
        ("not is_member == True", "is_member"),
        ("since >= date('2024-01-05')", "since"),
        ("not since >= date('2024-01-05')", "since"),
        ("since == date('2024-01-05')", "since"),
        ("monetary >= 2.5", "monetary"),
    ],
)
def test_a_further_column_may_decide_in_a_region(condition: str, column: str) -> None:
    X = ladder(3).assign(
        plan=["pro", "free", "trial"] * 9,
        is_member=[True, False, False] * 9,
        since=pd.date_range("2024-01-01", periods=27),
    )
    segments = {"Pro": f"R == 3 and {condition}"}
    segmenter = RFMSegmenter(segments, default="Rest", n_scores=3).fit(X)
    display = RFMHeatmapDisplay.from_estimator(segmenter, X)
    assert display.regions[2].tolist() == ["Pro / Rest"] * 3
    assert display.regions[:2].ravel().tolist() == ["Rest"] * 6
    assert display.decided_by == (column,)


def test_too_many_combinations_have_no_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skseg.displays._heatmap_regions._MOST_COMBINATIONS", 50)
    seed = RFMSegmenter("seed").fit(CUSTOMERS)
    display = RFMHeatmapDisplay.from_estimator(seed, CUSTOMERS)
    assert display.regions is None
    assert display.decided_by == ()


def test_shares_in_cells_are_of_all_customers() -> None:
    display = RFMHeatmapDisplay.from_predictions(
        [1, 2, np.nan, 2], [1, 1, 1, 1], values="share"
    )
    assert texts_on(display.ax_) == ["25.0%", "50.0%"]
    assert display.ax_.get_xlabel() == (
        "Recency\nshares of all 4 customers\nwithout R or F, and not shown: 1"
    )


def test_grid_map_names_its_ten_regions() -> None:
    customers = {"recency": np.arange(100.0), "frequency": np.arange(100) % 10 + 1.0}
    grid = RFMSegmenter(monetary=None).fit(pd.DataFrame(customers))
    display = RFMHeatmapDisplay.from_estimator(grid, pd.DataFrame(customers))
    assert set(display.frame()["segment"]) == set(grid.segment_names_) - {"Unknown"}
    names = [text.replace("\n", " ") for text in texts_on(display.ax_)]
    assert sorted(name for name in names if not name.isdigit()) == sorted(
        set(grid.segment_names_) - {"Unknown"}
    )


def test_regions_agree_with_predict_on_every_customer() -> None:
    rng = np.random.default_rng(0)
    customers = pd.DataFrame(
        {
            "recency": rng.integers(0, 400, 500).astype(float),
            "frequency": rng.geometric(0.4, 500).astype(float),
            "monetary": rng.normal(50, 40, 500),
        }
    )
    segmenter = RFMSegmenter().fit(customers)
    display = RFMHeatmapDisplay.from_estimator(segmenter, customers)
    r, f, _ = segmenter.transform(customers).astype(int).T
    assert (
        display.regions[r - 1, f - 1] == segmenter.segment_names_[segmenter.labels_]
    ).all()


def test_arrays_have_regions_as_well() -> None:
    X = CUSTOMERS.to_numpy()[:4]
    segmenter = RFMSegmenter(MAP, cut_points=CUTS).fit(X)
    frame = RFMHeatmapDisplay.from_estimator(segmenter, X).frame()
    assert frame["segment"].to_list() == ["Gone"] * 3 + ["Active"] * 5 + ["Top"]


def test_scores_that_no_value_gets_are_hatched_and_belong_to_nobody() -> None:
    customers = pd.DataFrame(
        {"recency": [1.0, 2.0, 3.0, 4.0], "frequency": [1.0, 1.0, 1.0, 8.0]}
    )
    low_high = {"Low": "F <= 2", "High": "F >= 3"}
    segmenter = RFMSegmenter(low_high, {"recency": 2, "frequency": 3}, monetary=None)
    display = RFMHeatmapDisplay.from_estimator(segmenter.fit(customers), customers)
    segments = display.frame()["segment"]
    assert segments.dropna().to_list() == ["Low", "High"] * 2
    assert segments.isna().to_list() == [False, True, False] * 2
    hatched = [patch for patch in display.ax_.patches if patch.get_hatch()]
    assert [patch.get_y() for patch in hatched] == [0.5]
    assert display.ax_.get_yticklabels()[1].get_text() == "F = 2\nno value"


def test_scores_may_be_of_ten_and_names_of_any_length() -> None:
    rng = np.random.default_rng(0)
    regions = np.full((10, 10), "$ Supercalifragilisticexpialidocious $", dtype=object)
    regions[:, ::2] = "A name of many words, none of which is long at all"
    regions[3, 3] = None
    R, F = rng.integers(1, 11, (2, 300))
    display = RFMHeatmapDisplay.from_predictions(R, F, regions=regions)
    display.figure_.draw_without_rendering()
    assert display.frame()["n"].sum() == 300


def test_heatmap_says_what_is_wrong() -> None:
    heatmap = RFMHeatmapDisplay
    with pytest.raises(ValueError, match=r"'R' parameter .* whole numbers in"):
        heatmap.from_predictions([0, 1], [1, 1])
    with pytest.raises(ValueError, match="'F' parameter"):
        heatmap.from_predictions([1, 1], [1, 1.5])
    with pytest.raises(ValueError, match=r"'F' parameter .* in \[1, 3\]"):
        heatmap.from_predictions([1, 1], [1, 4], cut_points=CUTS)
    with pytest.raises(ValueError, match=r"must be of the same length\. Got 2 and 1"):
        heatmap.from_predictions([1, 1], [1])
    with pytest.raises(NotFittedError):
        heatmap.from_estimator(RFMSegmenter(), CUSTOMERS)


# Helpers


@pytest.mark.parametrize(
    ("name", "cuts", "expected"),
    [
        (
            "frequency",
            [1, 2, 5, 5],
            ["up to 1", "exactly 2", "3 to 5", "no value", "over 5"],
        ),
        ("recency", [7, 1000], ["over 1,000", "8 to 1,000", "up to 7"]),
        ("frequency", [0.5, 2.25], ["up to 0.5", "0.5 to 2.25", "over 2.25"]),
    ],
)
def test_intervals_in_words(name: str, cuts: list[float], expected: list[str]) -> None:
    assert interval_texts(name, cuts, "right") == expected


def test_each_part_of_a_region_is_named_at_its_upper_left() -> None:
    regions = np.array(
        [["A", "B", "A"], ["A", "B", "A"], ["B", "B", None]], dtype=object
    )
    assert sorted(named_runs(regions)) == [
        ("A", 0, 0, 2),
        ("A", 0, 2, 2),
        ("B", 0, 1, 3),
    ]


def test_texts_that_fit_keep_their_size_and_words() -> None:
    ax = plt.subplots()[1]
    assert fit_text(ax, "Loyal customers", 144, 36) == ("Loyal customers", 9.0)
    assert fit_text(ax, "Loyal customers", 57.6, 36) == ("Loyal\ncustomers", 9.0)
    text, size = fit_text(ax, "Loyal customers of many years", 36, 14.4)
    assert size == 5.0
    assert text.endswith("\N{HORIZONTAL ELLIPSIS}")


def test_counts_are_whole_unless_weights_are_not() -> None:
    assert [count_text(n) for n in (0, 1234, 2.0, 2.5)] == ["0", "1,234", "2", "2.5"]
