"""The contract of all displays: axes, figures, titles, and literal texts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from skseg import displays
from skseg.displays._display import Display
from skseg.exceptions import MissingExtraError
from skseg.rules import RuleSet, col

Names = list[str]


def binning_comparison(names: Names) -> Any:
    return displays.BinningComparisonDisplay(
        method=names,
        tiers=["own", names[0], names[1]],
        profit=[3.0, 2.0, 1.0],
        ci_low=[2.5, 1.0, 0.5],
        ci_high=[3.5, 3.0, 1.5],
        promised=[3.2, np.nan, 1.9],
        confidence_level=0.9,
    )


def effect_map(names: Names) -> Any:
    n = np.full((2, 2), 40.0)
    return displays.EffectMapDisplay(
        columns=names[:2],
        cells=[names[:2], names[1:3]],
        n_a=n,
        n_b=n,
        mean_a=[[1.0, 5.0], [2.0, 9.0]],
        mean_b=[[3.0, 1.0], [2.0, 5.0]],
        is_inside=[[True, False], [False, False]],
        groups=(names[0], names[1]),
        rule=names[2],
    )


def composition(names: Names) -> Any:
    shares = [[0.5, 0.3, 0.2], [0.1, 0.0, np.nan], [np.nan] * 3]
    return displays.CompositionDisplay(
        bars=names, parts=names, shares=shares, feature=names[0]
    )


def feature_heatmap(names: Names) -> Any:
    X = pd.DataFrame(np.arange(12.0).reshape(4, 3) ** 2, columns=names)
    return displays.FeatureHeatmapDisplay.from_predictions(
        X, [0, 1, 2, 2], segment_names=names
    )


def findings(names: Names) -> Any:
    return displays.FindingsDisplay(
        rules=names,
        effect=[1.0, -2.0, 3.0],
        ci_low=[0.0, -np.inf, np.nan],
        ci_high=[2.0, 0.0, np.nan],
        p_adj=[0.01, 0.2, np.nan],
        share=[0.1, 0.2, 0.3],
        decision=["Implement", "Pilot", "Skip"],
        groups=(names[0], names[1]),
    )


def information_value(names: Names) -> Any:
    return displays.InformationValueDisplay(columns=names, iv=[0.6, 0.2, np.nan])


def k_distance(names: Names) -> Any:
    X = np.arange(20.0)[:, None] ** 2
    return displays.KDistanceDisplay.from_data(X, min_samples=[2, 3])


def n_segments(names: Names) -> Any:
    table = pd.DataFrame(
        {"n_segments": [2, 3, 4], **{name: [1, 3, 2] for name in names}}
    )
    return displays.NSegmentsDisplay(
        table=table,
        choices=dict.fromkeys(names, 3),
        n_segments=3,
        has_structure=True,
    )


def rfm_heatmap(names: Names) -> Any:
    return displays.RFMHeatmapDisplay.from_predictions(
        [1, 2, 2], [1, 1, 2], regions=[names[:2], [names[0], names[2]]]
    )


def revenue_curve(names: Names) -> Any:
    return displays.RevenueCurveDisplay(
        segment_names=names,
        cut_points=[0.2, 0.6],
        value=10.0,
        cut=[0, 0, 1, 1],
        score=[0.1, 0.3, 0.5, 0.7],
        profit=[5.0, 10.0, 10.0, 9.0],
        is_legal=[True, True, False, True],
        intervals=[[0.1, 0.3], [np.nan, np.nan]],
        score_name=names[0],
    )


def revenue_tiers(names: Names) -> Any:
    return displays.RevenueTiersDisplay(
        segment_names=names, n=[5, 3, 2], conversions=[1, 1, 2], profit=[0.0, 5.0, 9.0]
    )


def rule_map(names: Names) -> Any:
    x, y, _ = names
    conditions = [col(x) >= 1, col(x) >= 5, col(y) == "a"]
    rules = RuleSet(dict(zip(names, conditions, strict=True)))
    overlap = rules.verify().overlaps[0]
    return displays.RuleMapDisplay.from_finding(rules, overlap, columns=[x, y])


def segment_boxes(names: Names) -> Any:
    quantiles = np.cumsum(np.ones((3, 2, 5)), axis=2) + np.arange(3.0)[:, None, None]
    quantiles[2, 1] = np.nan
    return displays.SegmentBoxDisplay(
        codes=[0, 1, -1],
        segment_names=names,
        features=names[:2],
        quantiles=quantiles,
        everyone=[[0.1, 2.0, 4.0, 8.0, 90.0], [-1.0, 2.0, 4.0, 8.0, 9.0]],
    )


def segment_radar(names: Names) -> Any:
    return displays.SegmentRadarDisplay(
        codes=[0, 1, -1],
        segment_names=names,
        features=names,
        ranks=[[0.1, 0.5, 0.9], [0.0, 1.0, np.nan], [np.nan] * 3],
        medians=[[1.0, 2.0, 3.0], [0.0, 4.0, np.nan], [np.nan] * 3],
    )


def segment_flow(names: Names) -> Any:
    return displays.SegmentFlowDisplay(
        rules=[names[0], names[0], names[1]],
        segments=[names[1], names[2], names[2]],
        n=[10, 20, 30],
        max_size=40,
    )


def segment_projection(names: Names) -> Any:
    X = pd.DataFrame(np.eye(4)[:, :3], columns=names)
    return displays.SegmentProjectionDisplay.from_predictions(
        X, [0, 1, 1, -1], segment_names=names, random_state=0
    )


def segment_sizes(names: Names) -> Any:
    return displays.SegmentSizesDisplay.from_predictions(
        [0, 0, 1, 2], segment_names=names, revenue=[1.0, 2.0, 3.0, 4.0]
    )


def silhouette(names: Names) -> Any:
    X = [[0.0], [1.0], [8.0], [9.0], [20.0], [21.0]]
    return displays.SilhouetteDisplay.from_predictions(
        X, [0, 0, 1, 1, 2, 2], segment_names=names
    )


BUILDERS: dict[str, Callable[[Names], Any]] = {
    "BinningComparisonDisplay": binning_comparison,
    "CompositionDisplay": composition,
    "EffectMapDisplay": effect_map,
    "FeatureHeatmapDisplay": feature_heatmap,
    "FindingsDisplay": findings,
    "InformationValueDisplay": information_value,
    "KDistanceDisplay": k_distance,
    "NSegmentsDisplay": n_segments,
    "RFMHeatmapDisplay": rfm_heatmap,
    "RevenueCurveDisplay": revenue_curve,
    "RevenueTiersDisplay": revenue_tiers,
    "RuleMapDisplay": rule_map,
    "SegmentBoxDisplay": segment_boxes,
    "SegmentFlowDisplay": segment_flow,
    "SegmentProjectionDisplay": segment_projection,
    "SegmentRadarDisplay": segment_radar,
    "SegmentSizesDisplay": segment_sizes,
    "SilhouetteDisplay": silhouette,
}
# Their texts are all their own.
WITHOUT_NAMES = {"KDistanceDisplay"}

NASTY = {
    "formulas": (
        "a $x$ b \u05e9\u05dc\u05d5\u05dd",
        "_hidden $\\frac{$",
        "%s {x} {0!r} $ two\nlines\tand a tab \u6f22\u5b57",
    ),
    "long": ("many words " * 40, "Supercalifragilistic" * 20, "$ a $ " * 40),
}
PLAIN = ("One", "Two", "Three")
TITLE = "A title of many $words$ in_it "

KINDS = pytest.mark.parametrize("kind", displays.__all__)
# matplotlib says of a character that the font lacks; the picture shows a box for it.
MISSING_GLYPHS = pytest.mark.filterwarnings("ignore:Glyph:UserWarning")


@pytest.fixture(autouse=True)
def draws_on_demand() -> None:
    """Replace the fixture of the other tests: here every picture is drawn at once."""


@cache
def build(kind: str, names: tuple[str, ...] = PLAIN) -> Any:
    """Return a display without its picture."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Display, "_plot", lambda display, *_, **__: display)
        return BUILDERS[kind](list(names))


def without_spaces(text: str) -> str:
    return "".join(text.split())


def all_texts(figure: Any) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text()]


def test_every_display_is_held_to_the_contract() -> None:
    assert sorted(BUILDERS) == sorted(displays.__all__)
    for name in displays.__all__:
        assert issubclass(getattr(displays, name), Display)


def assert_title_fits(display: Any, title: str) -> None:
    """Check that a title is in several lines, none of which leaves the figure."""
    (text,) = (t for t in all_texts(display.figure_) if "A title" in t.get_text())
    begin = text.get_text().removesuffix("\N{HORIZONTAL ELLIPSIS}")
    assert without_spaces(title).startswith(without_spaces(begin))
    assert begin.count("\n") >= 1
    extent, figure = text.get_window_extent(), display.figure_.bbox
    assert figure.x0 <= extent.x0
    assert extent.x1 <= figure.x1 + 1
    assert extent.y1 <= figure.y1 + 1


def assert_texts_are_literal(figure: Any) -> None:
    texts = [text for text in all_texts(figure) if "$" in text.get_text()]
    assert not any(text.get_parse_math() for text in texts)


@KINDS
@pytest.mark.parametrize(
    ("names", "title"),
    [(NASTY["formulas"], ""), (NASTY["long"], 10 * TITLE)],
    ids=NASTY,
)
@MISSING_GLYPHS
def test_names_and_titles_are_drawn_literally(
    kind: str, names: tuple[str, ...], title: str
) -> None:
    display = build(kind, names).plot(title=title)
    display.figure_.draw_without_rendering()
    assert_texts_are_literal(display.figure_)
    if title:
        assert_title_fits(display, title)
    else:
        assert display.ax_.get_title(loc="left") == ""
    if kind not in WITHOUT_NAMES:
        texts = (text.get_text() for text in all_texts(display.figure_))
        assert without_spaces(names[1])[:2] in without_spaces("".join(texts))


@KINDS
def test_plot_returns_the_display_with_axes_and_figure(kind: str) -> None:
    display = BUILDERS[kind](list(PLAIN))
    # Methods that read numbers draw them at once; constructors do not.
    assert len(plt.get_fignums()) == hasattr(display, "figure_")
    if not hasattr(display, "figure_"):
        assert display.plot() is display
    assert plt.get_fignums() == [display.figure_.number]
    assert display.ax_.figure is display.figure_
    assert display.ax_.get_title(loc="left")


@KINDS
@MISSING_GLYPHS
def test_plot_draws_on_given_axes_and_opens_no_figure(kind: str) -> None:
    display = build(kind)
    figure, ax = plt.subplots()
    title = 4 * TITLE + "\u05e9"
    assert display.plot(ax, title=title) is display
    assert plt.get_fignums() == [figure.number]
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert without_spaces(ax.get_title(loc="left")) == without_spaces(title)
    figure.draw_without_rendering()
    assert_title_fits(display, title)
    assert_texts_are_literal(figure)


@KINDS
def test_given_axes_may_be_one_of_several_and_in_a_subfigure(kind: str) -> None:
    display = build(kind)
    figure = plt.figure(layout="constrained", figsize=(16, 9))
    part = figure.subfigures(2, 1)[0]
    first, second = part.subplots(1, 2)
    display.plot(first, title="A title of many words " * 5)
    figure.draw_without_rendering()
    title = next(t for t in all_texts(part) if "A title" in t.get_text())
    assert title.get_window_extent().x1 <= second.get_window_extent().x0
    assert display.figure_ is part


@KINDS
def test_a_display_made_of_its_numbers_is_the_same(kind: str) -> None:
    display = build(kind)
    numbers = {k: v for k, v in vars(display).items() if not k.endswith("_")}
    again = type(display)(**numbers)
    pd.testing.assert_frame_equal(again.frame(), display.frame())


@KINDS
def test_without_matplotlib_the_error_names_the_extra(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = build(kind)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r'pip install "skseg\[plot\]"'):
        display.plot()
