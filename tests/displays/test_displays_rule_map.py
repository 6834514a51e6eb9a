"""RuleMapDisplay: its numbers by hand, and what stands in the picture."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_hex

from skseg.displays import RuleMapDisplay
from skseg.displays._style import palette
from skseg.exceptions import RuleError
from skseg.rules import RuleSet

NAN = float("nan")
ALWAYS = {"integer": True, "low": 1, "high": 5, "missing": False}

OVERLAPPING = RuleSet({"VIP": "aov >= 120", "Core": "aov >= 40 and plan == 'pro'"})
PARTITION = RuleSet(
    {"Top": "r >= 4 and f >= 4", "Fading": "r < 4 and f >= 4"}, default="Rest"
)
SCHEMA = {"r": ALWAYS, "f": ALWAYS}


def texts_on(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def legend_of(ax: Any) -> list[str]:
    legend = ax.get_legend()
    if legend is None:
        return []
    texts = (text.get_text() for text in legend.get_texts())
    return [
        text.replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ") for text in texts
    ]


def fill_at(ax: Any, x: float, y: float) -> tuple[str, str | None]:
    """Return the colour and the hatch of what is on top at a place."""
    layers = sorted(
        (a for a in ax.collections if isinstance(a, PatchCollection)),
        key=lambda layer: layer.get_zorder(),
    )
    for layer in reversed(layers):
        for path in layer.get_paths():
            low, high = path.vertices.min(axis=0), path.vertices.max(axis=0)
            if (low <= (x, y)).all() and ((x, y) <= high).all():
                return to_hex(layer.get_facecolor()[0]), layer.get_hatch()
    raise AssertionError(f"nothing is drawn at {x}, {y}")


def ticks_of(axis: Any) -> dict[float, str]:
    labels = [label.get_text() for label in axis.get_ticklabels()]
    return dict(zip(axis.get_ticklocs().tolist(), labels, strict=True))


# Numbers


def test_overlap_of_a_number_and_a_text_by_hand() -> None:
    frame = RuleMapDisplay.from_rules(OVERLAPPING, ("aov", "plan")).frame()
    expected = [
        ("[-inf, 40)", "{'pro'}", ()),
        ("[-inf, 40)", "any other text", ()),
        ("[-inf, 40)", "missing", ()),
        ("[40, 120)", "{'pro'}", ("Core",)),
        ("[40, 120)", "any other text", ()),
        ("[40, 120)", "missing", ()),
        ("[120, inf]", "{'pro'}", ("VIP", "Core")),
        ("[120, inf]", "any other text", ("VIP",)),
        ("[120, inf]", "missing", ("VIP",)),
        ("missing", "{'pro'}", ()),
        ("missing", "any other text", ()),
        ("missing", "missing", ()),
    ]
    assert list(frame) == ["aov", "plan", "rules"]
    assert list(frame.itertuples(index=False, name=None)) == expected


def test_axes_may_be_swapped() -> None:
    one = RuleMapDisplay.from_rules(OVERLAPPING, ("aov", "plan")).frame()
    other = RuleMapDisplay.from_rules(OVERLAPPING, ("plan", "aov")).frame()
    columns = ["aov", "plan"]
    pd.testing.assert_frame_equal(
        one.set_index(columns).sort_index(),
        other[[*columns, "rules"]].set_index(columns).sort_index(),
    )


def test_single_values_are_bands_of_their_own() -> None:
    rules = RuleSet({"A": "x <= 3", "B": "x >= 3", "C": "x == 7"})
    frame = RuleMapDisplay.from_rules(rules, ["x"]).frame()
    assert frame["x"].to_list() == [
        "[-inf, 3)",
        "{3}",
        "(3, 7)",
        "{7}",
        "(7, inf]",
        "missing",
    ]
    assert frame["rules"].to_list() == [
        ("A",),
        ("A", "B"),
        ("B",),
        ("B", "C"),
        ("B",),
        (),
    ]


def test_default_takes_what_no_rule_does_and_schema_leaves_out_the_impossible() -> None:
    frame = RuleMapDisplay.from_rules(PARTITION, ("r", "f"), schema=SCHEMA).frame()
    assert list(frame.itertuples(index=False, name=None)) == [
        ("[1, 3]", "[1, 3]", ("Rest",)),
        ("[1, 3]", "[4, 5]", ("Fading",)),
        ("[4, 5]", "[1, 3]", ("Rest",)),
        ("[4, 5]", "[4, 5]", ("Top",)),
    ]


def test_closed_list_of_numbers_has_a_band_for_each() -> None:
    rules = RuleSet({"Low": "stars <= 2"})
    schema = {"stars": {"values": [1, 2, 3], "missing": False}}
    display = RuleMapDisplay.from_rules(rules, ["stars"], schema=schema)
    assert display.frame()["stars"].to_list() == ["{1}", "{2}", "{3}"]
    assert ticks_of(display.ax_.xaxis) == {0.0: "1", 1.0: "2", 2.0: "3"}


def test_column_only_asked_whether_it_is_missing_has_two_bands() -> None:
    display = RuleMapDisplay.from_rules(RuleSet({"A": "missing(x)"}), ["x"])
    assert display.frame()["rules"].to_list() == [(), ("A",)]
    assert list(ticks_of(display.ax_.xaxis).values()) == ["present", "missing"]


def test_rows_outside_of_the_universe_are_shown_as_such() -> None:
    rules = RuleSet({"A": "x > 3"}, default="B", universe="x > 0 and consent == 'yes'")
    X = {"x": [-1.0, 2, 5, 5, 5], "consent": ["yes", "yes", "no", "yes", None]}
    display = RuleMapDisplay.from_rules(rules, ("x", "consent"), X=X)
    held = display.frame().query("n > 0")
    assert list(held.itertuples(index=False, name=None)) == [
        ("[-inf, 0]", "{'yes'}", ("outside",), 1),
        ("(0, 3]", "{'yes'}", ("B",), 1),
        ("(3, inf]", "{'yes'}", ("A",), 1),
        ("(3, inf]", "any other text", ("outside",), 1),
        ("(3, inf]", "missing", ("outside",), 1),
    ]
    assert legend_of(display.ax_) == ["outside (n = 3)"]
    assert fill_at(display.ax_, -0.5, 0) == ("#ffffff", "..")


def test_other_columns_are_fixed() -> None:
    rules = RuleSet({"A": "x > 0 and plan == 'free'", "B": "x > 0 and missing(plan)"})

    def held(plan: Any) -> list[tuple[str, ...]]:
        return (
            RuleMapDisplay.from_rules(rules, ["x"], at={"plan": plan})
            .frame()["rules"]
            .to_list()
        )

    assert held("free") == [(), ("A",), ()]
    assert held("other") == [(), (), ()]
    assert held(None) == held(NAN) == [(), ("B",), ()]


def test_rows_are_counted_where_they_are_in_the_plane(
    make_frame: Callable[[Any], Any],
) -> None:
    rules = RuleSet({"A": "x >= 10 and t > 5", "B": "x < 10"})
    columns = {"x": [1.0, 10.0, 50.0, None, 50.0, 2.0], "t": [6.0, 7, 8, 9, 5, None]}
    display = RuleMapDisplay.from_rules(
        rules, ["x"], at={"t": 99}, X=make_frame(columns)
    )
    assert display.frame()["n"].to_list() == [1, 2, 1]
    assert display.ax_.get_xlabel().split("\n")[1] == "at t = 99"
    assert "n counts 4 of 6 rows" in display.ax_.get_xlabel()
    # With t missing, A holds nowhere.
    frame = RuleMapDisplay.from_rules(
        rules, ["x"], at={"t": None}, X=make_frame(columns)
    ).frame()
    assert frame["n"].to_list() == [1, 0, 0]


def test_weight_counts_as_repetition() -> None:
    X = pd.DataFrame({"r": [1.0, 4, 5, 2, 4], "f": [5.0, 5, 1, 4, 4]})
    weight = [3, 1, 2, 0, 4]
    draw = RuleMapDisplay.from_rules
    weighted = draw(PARTITION, ("r", "f"), X=X, sample_weight=weight).frame()
    repeated = draw(PARTITION, ("r", "f"), X=X.loc[np.repeat(X.index, weight)]).frame()
    pd.testing.assert_frame_equal(weighted, repeated, check_dtype=False)


values = st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, math.inf, NAN])


@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=30))
def test_counts_by_rectangle_agree_with_membership(rows: list[Any]) -> None:
    rules = RuleSet(
        {
            "A": "x <= 1 and y > 0",
            "B": "x >= 1 and not missing(z)",
            "C": "x == 2 and y != 2 or x == inf",
        },
        default="D",
    )
    X = dict(zip("xyz", map(list, zip(*rows, strict=True)), strict=True))
    # Only rows with z present are in the plane.
    display = RuleMapDisplay.from_rules(rules, ("x", "y"), at={"z": 0.0}, X=X)
    frame = display.frame()
    holds = rules.membership(X)[~np.isnan(X["z"])]
    for number, name in enumerate(rules.names):
        counted = frame["n"][[name in names for names in frame["rules"]]].sum()
        assert counted == holds[:, number].sum()


def test_columns_called_like_ours_are_kept() -> None:
    rules = RuleSet({"A": "n >= 1 and rules >= 1"})
    frame = RuleMapDisplay.from_rules(
        rules, ("n", "rules"), X={"n": [1.0], "rules": [2.0]}
    ).frame()
    assert list(frame) == ["n", "rules", "rules", "n"]
    assert frame.iloc[:, 3].sum() == 1


# Findings


def test_overlap_is_shown_with_its_witness() -> None:
    overlap = OVERLAPPING.verify().overlaps[0]
    display = RuleMapDisplay.from_finding(OVERLAPPING, overlap)
    ax = display.ax_
    assert [axis.name for axis in display.axes] == ["aov", "plan"]
    assert ax.get_title(loc="left") == "Where 'VIP' and 'Core' overlap"
    assert legend_of(ax) == [
        "overlap: VIP + Core",
        "no rule",
        "example: aov = 120 plan = 'pro'",
    ]
    (star,) = ax.lines
    assert star.get_marker() == "*"
    (x, y) = star.get_xydata()[0]
    # Beside the threshold, where the overlap is, and at the band of 'pro'.
    assert 120 < x < 125
    assert y == 0.0
    assert fill_at(ax, x, y) == ("#d55e00", "///")


def test_columns_not_shown_are_fixed_at_the_witness() -> None:
    rules = RuleSet(
        {"A": "a > 0 and b > 1 and c > 2", "B": "a > 5 and b > 6 and d == 'u'"}
    )
    overlap = rules.verify().overlaps[0]
    display = RuleMapDisplay.from_finding(rules, overlap)
    assert [axis.name for axis in display.axes] == ["a", "b"]
    assert display.at == {name: overlap.witness[name] for name in ("c", "d")}
    display = RuleMapDisplay.from_finding(rules, overlap, columns=("d", "c"))
    assert display.at == {name: overlap.witness[name] for name in ("a", "b")}
    held = [names for names in display.frame()["rules"] if len(names) == 2]
    assert held == [("A", "B")]


def test_gap_about_one_column_is_padded_with_another() -> None:
    rules = RuleSet({"A": "x > 0", "B": "x <= 0 and (y > 1 or y <= 1 or missing(y))"})
    gap = rules.verify().gaps[0]
    assert list(gap.box) == ["x"]
    display = RuleMapDisplay.from_finding(rules, gap)
    assert [axis.name for axis in display.axes] == ["x", "y"]
    assert display.ax_.get_title(loc="left") == "Where no rule holds"
    (x, y) = display.ax_.lines[0].get_xydata()[0]
    assert x > display.axes[0].high
    assert fill_at(display.ax_, x, y)[0] == "#ffffff"


def test_a_single_column_is_a_strip() -> None:
    rules = RuleSet({"A": "x > 40", "B": "x <= 40"}, default="C")
    gap = rules.verify().gaps[0]
    display = RuleMapDisplay.from_finding(rules, gap)
    assert list(display.frame()) == ["x", "rules"]
    assert display.ax_.get_title(loc="left") == "Where the default 'C' holds"
    assert display.ax_.get_yticks().size == 0
    assert legend_of(display.ax_)[-1] == "example: x = missing"


def test_witness_far_away_is_marked_at_the_rim() -> None:
    rules = RuleSet({"A": "x >= 1000", "B": "x >= 1001"})
    gap = rules.verify().gaps[0]
    assert gap.witness == {"x": 0.0}
    display = RuleMapDisplay.from_finding(rules, gap)
    x = display.ax_.lines[0].get_xydata()[0][0]
    assert display.axes[0].low < x < 1000
    assert display.axes[0].low == pytest.approx(999.7)
    assert legend_of(display.ax_)[-1] == "example: x = 0"


def test_schema_of_the_proof_is_that_of_the_picture() -> None:
    rules = RuleSet({"A": "r >= 4", "B": "r <= 2"})
    gap = rules.verify({"r": ALWAYS}).gaps[0]
    display = RuleMapDisplay.from_finding(rules, gap, schema={"r": ALWAYS})
    assert display.frame()["r"].to_list() == ["[1, 2]", "{3}", "[4, 5]"]
    assert (display.axes[0].low, display.axes[0].high) == (0.5, 5.5)
    assert ticks_of(display.ax_.xaxis) == {float(i): str(i) for i in range(1, 6)}
    missing = rules.verify().gaps[-1]
    if missing.witness["r"] is None:
        with pytest.raises(ValueError, match="possible under the schema"):
            RuleMapDisplay.from_finding(rules, missing, schema={"r": ALWAYS})


# Picture


def test_every_rectangle_has_the_colour_of_what_holds_there() -> None:
    ax = RuleMapDisplay.from_rules(OVERLAPPING, ("aov", "plan")).ax_
    vip, core = (colour.lower() for colour in palette(2))
    right = ax.get_xlim()[1] - 1
    assert fill_at(ax, 80, 0) == (core, None)
    assert fill_at(ax, 130, 1) == (vip, None)
    assert fill_at(ax, 130, 0)[0] == "#d55e00"
    assert fill_at(ax, 30, 0) == ("#ffffff", "////")
    assert fill_at(ax, right, 0) == ("#ffffff", "////")


def test_missing_values_are_apart_at_the_end_and_absent_where_impossible() -> None:
    display = RuleMapDisplay.from_rules(OVERLAPPING, ("aov", "plan"))
    for axis, drawn in zip(
        display.axes, (display.ax_.xaxis, display.ax_.yaxis), strict=True
    ):
        assert axis.spans[-1, 0] > axis.spans[:-1].max()
        assert list(ticks_of(drawn).values())[-1] == "missing"
    assert list(ticks_of(display.ax_.yaxis).values())[:2] == ["pro", "other"]
    schema = {"aov": {"missing": False}}
    ax = RuleMapDisplay.from_rules(OVERLAPPING, ("aov", "plan"), schema=schema).ax_
    assert list(ticks_of(ax.xaxis).values()) == ["40", "120"]


def test_equality_is_a_line_that_can_be_seen() -> None:
    rules = RuleSet({"Odd": "x == 3", "Rest": "x != 3"})
    display = RuleMapDisplay.from_rules(rules, ["x"])
    ax = display.ax_
    odd, rest = (colour.lower() for colour in palette(2))
    assert fill_at(ax, 3, 0.5)[0] == odd
    step = 0.02 * (ax.get_xlim()[1] - ax.get_xlim()[0])
    assert fill_at(ax, 3 - step, 0.5)[0] == fill_at(ax, 3 + step, 0.5)[0] == rest
    layer = next(c for c in ax.collections if to_hex(c.get_facecolor()[0]) == odd)
    width = np.ptp(ax.transData.transform(layer.get_paths()[0].vertices)[:, 0])
    assert width > 3
    # The line has no room for a name.
    assert legend_of(ax) == ["Odd"]
    assert texts_on(ax) == ["Rest"]


def test_line_is_drawn_only_where_it_differs() -> None:
    rules = RuleSet({"Odd": "x == 3 and y > 0", "Rest": "not (x == 3 and y > 0)"})
    ax = RuleMapDisplay.from_rules(rules, ("x", "y")).ax_
    odd, rest = (colour.lower() for colour in palette(2))
    top = RuleMapDisplay.from_rules(rules, ("x", "y")).axes[1].high
    assert fill_at(ax, 3, top / 2)[0] == odd
    assert fill_at(ax, 3, -top / 2)[0] == rest


def test_crossing_of_two_lines_is_on_top() -> None:
    rules = RuleSet(
        {"Both": "x == 3 and y == 5", "X": "x == 3 and y != 5", "Y": "y == 5"}
    )
    ax = RuleMapDisplay.from_rules(rules, ("x", "y")).ax_
    _, vertical, horizontal = (colour.lower() for colour in palette(3))
    assert fill_at(ax, 3, 5)[0] == "#d55e00"
    assert fill_at(ax, 3, 4)[0] == vertical
    assert fill_at(ax, 2.5, 5)[0] == horizontal


def test_names_and_numbers_stand_in_the_rectangles_or_in_the_legend() -> None:
    X = {"r": [5.0, 5, 1, 2], "f": [5.0, 4, 4, 1]}
    display = RuleMapDisplay.from_rules(PARTITION, ("r", "f"), X=X, schema=SCHEMA)
    assert sorted(texts_on(display.ax_)) == [
        "Fading\nn = 1",
        "Rest\nn = 1",
        "Top\nn = 2",
    ]
    assert display.ax_.get_legend() is None
    figure, ax = plt.subplots(figsize=(3, 1.5), layout="constrained")
    display.plot(ax=ax)
    figure.draw_without_rendering()
    shown = [*legend_of(ax), *texts_on(ax)]
    assert len(shown) == 3
    assert all(any(name in text for text in shown) for name in PARTITION)


def test_names_lie_within_the_axes() -> None:
    rules = RuleSet(
        {
            f"Segment {i} of many": f"{10 * i} <= x < {10 * i + 10} and y > 3"
            for i in range(9)
        },
        default="$Everyone else$",
    )
    display = RuleMapDisplay.from_rules(rules, ("x", "y"))
    display.figure_.draw_without_rendering()
    boxes = [text.get_window_extent() for text in display.ax_.texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    inside = display.ax_.get_window_extent()
    assert all(inside.x0 <= box.x0 and box.x1 <= inside.x1 for box in boxes)
    assert len(boxes) + len(legend_of(display.ax_)) == 10


def test_thresholds_are_the_ticks_and_crowded_labels_are_left_out() -> None:
    rules = RuleSet({"A": "0 <= x < 100", "B": "x >= 100.5 and x < 1000"})
    ticks = ticks_of(RuleMapDisplay.from_rules(rules, ["x"]).ax_.xaxis)
    assert list(ticks)[:4] == [0.0, 100.0, 100.5, 1000.0]
    assert list(ticks.values()) == ["0", "100", "", "1000", "missing"]


def test_range_shows_thresholds_and_the_bulk_of_the_rows() -> None:
    rules = RuleSet({"A": "x >= 10"})
    x = [*range(101), 1e9, math.inf, NAN]
    axis = RuleMapDisplay.from_rules(rules, ["x"], X={"x": x}).axes[0]
    low, high = np.percentile([*range(101), 1e9], [1, 99])
    pad = 0.08 * (high - low)
    assert axis.low == pytest.approx(low - pad)
    assert axis.high == pytest.approx(high + pad)
    assert RuleMapDisplay.from_rules(rules, ["x"]).axes[0].low == 7.0


def test_many_overlaps_share_an_entry_of_the_legend() -> None:
    rules = RuleSet({f"S{i}": f"x > {i}" for i in range(9)})
    X = {"x": [*range(20)]}
    legend = legend_of(RuleMapDisplay.from_rules(rules, ["x"], X=X).ax_)
    assert legend[-2:] == [
        "overlap: 4 other combinations (n = 14)",
        "no rule (n = 1)",
    ]
    assert len([text for text in legend if text.startswith("overlap")]) == 5


@pytest.mark.parametrize("columns", [["x"], ["x", "y"]])
def test_legend_of_a_hundred_segments_leaves_room_for_the_map(
    columns: list[str],
) -> None:
    rules = {
        f"Segment {i} of a hundred": f"{i} <= x < {i + 1} and y > 0" for i in range(100)
    }
    at = None if "y" in columns else {"y": 1.0}
    display = RuleMapDisplay.from_rules(RuleSet(rules), columns, at=at)
    display.figure_.draw_without_rendering()
    *_, more, gap = legend_of(display.ax_)
    assert re.fullmatch(r"and \d+ more", more)
    assert gap == "no rule"
    legend = display.ax_.get_legend().get_window_extent()
    assert legend.y0 >= 0
    assert display.ax_.get_window_extent().height > 0.4 * display.figure_.bbox.height


def test_plot_may_be_called_again_on_other_axes() -> None:
    overlap = OVERLAPPING.verify().overlaps[0]
    display = RuleMapDisplay.from_finding(OVERLAPPING, overlap)
    first = display.ax_
    figure, ax = plt.subplots()
    assert display.plot(ax=ax, title="Mine $x") is display
    assert display.ax_ is ax is not first
    assert display.figure_ is figure
    assert ax.get_title(loc="left") == "Mine $x"
    assert len(ax.lines) == 1
    figure.draw_without_rendering()


def test_extremes_are_drawn() -> None:
    rules = RuleSet(
        {"A": "x == inf", "B": "x == -inf", "C": "x == 1e308", "D": "x > -1e308"}
    )
    display = RuleMapDisplay.from_rules(rules, ["x"])
    display.figure_.draw_without_rendering()
    assert len(display.frame()) == 7
    only = RuleMapDisplay.from_rules(RuleSet({"A": "x >= inf"}), ["x"])
    assert only.frame()["rules"].to_list() == [(), ("A",), ()]


# Errors


def test_errors_name_the_parameter() -> None:
    draw = RuleMapDisplay.from_rules
    with pytest.raises(
        ValueError, match=r"'rules' parameter of RuleMapDisplay must be a"
    ):
        draw({"A": "x > 1"}, ["x"])  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"without open quantiles: take rules\.resolve"
    ):
        draw(RuleSet({"A": "x > q(0.5)"}), ["x"])
    with pytest.raises(ValueError, match="about at least one column"):
        draw(RuleSet({}, default="All"), ["x"])
    for columns in ("aov", ["aov"] * 2, [], ["aov", "plan", "x"]):
        with pytest.raises(ValueError, match=r"'columns' .* one or two different"):
            draw(OVERLAPPING, columns)
    with pytest.raises(ValueError, match=r"needs the column 'plam'.* mean 'plan'"):
        draw(OVERLAPPING, ["aov", "plam"])
    with pytest.raises(ValueError, match=r"'at' .* None for missing, for 'plan'\. Got"):
        draw(OVERLAPPING, ["aov"])
    with pytest.raises(ValueError, match=r"'at' parameter .* a mapping of columns"):
        draw(OVERLAPPING, ["aov"], at=3)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="compares text"):
        draw(OVERLAPPING, ["aov"], at={"plan": 3})
    with pytest.raises(RuleError, match="RuleMapDisplay needs the column 'plan'"):
        draw(OVERLAPPING, ["aov"], at={"plan": "pro"}, X={"aov": [1.0]})
    with pytest.raises(ValueError, match=r"'schema' .* column 'aov' holds number"):
        draw(OVERLAPPING, ["aov", "plan"], schema={"aov": {"values": ["a"]}})
    nothing = {"integer": True, "low": 0.2, "high": 0.8, "missing": False}
    with pytest.raises(ValueError, match="one that leaves column 'aov' a value"):
        draw(OVERLAPPING, ["aov", "plan"], schema={"aov": nothing})


def test_findings_are_checked() -> None:
    show = RuleMapDisplay.from_finding
    with pytest.raises(ValueError, match=r"'finding' .* an Overlap or a Gap"):
        show(OVERLAPPING, OVERLAPPING.verify())  # type: ignore[arg-type]
    other = RuleSet({"A": "x > 1"}).verify().gaps[0]
    with pytest.raises(ValueError, match="same rules: it does not tell 'aov', 'plan'"):
        show(OVERLAPPING, other)


def test_palette_repeats_only_after_eighteen() -> None:
    colours = palette(19)
    assert len(set(colours)) == 18
    assert colours[18] == colours[0]


def test_a_finding_about_open_quantiles_is_drawn_with_its_own() -> None:
    rules = RuleSet({"VIP": "aov >= q(0.75)", "Small": "aov < 40"})
    display = RuleMapDisplay.from_finding(rules, rules.verify().overlaps[0])
    assert display.frame()["rules"].tolist() == [
        ("Small",),
        ("VIP", "Small"),
        ("VIP",),
        (),
    ]
    assert "with q(0.75) of aov = 37" in display.ax_.get_xlabel()
