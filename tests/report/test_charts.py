"""Charts: valid markup, equal bytes, escaped names, and nothing shown as zero."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from skseg.profile import SegmentProfile
from skseg.report import _charts as charts

from .chart_profiles import NAMES, chart_profile

CHARTS: dict[str, Callable[[SegmentProfile], str]] = {
    "effects": charts.effect_ranking,
    "shares": charts.share_ring,
    "radar": lambda p: charts.radar(p, 1),
    "levels": lambda p: charts.composition_bars(p, "level", 1),
    "boxes": lambda p: charts.box_plot(p, p.everyone_["feature"].iloc[0], 1),
    "value": lambda p: charts.value_bars(p, 1),
    "outcome": lambda p: charts.outcome_intervals(p, 1),
    "groups": lambda p: charts.representation_ratios(p, "group"),
}
EVERY_CHART = pytest.mark.parametrize("chart", CHARTS)
EVERY_KIND = pytest.mark.parametrize("kind", NAMES)


@EVERY_CHART
@EVERY_KIND
def test_a_chart_is_valid_xml_with_a_title_and_no_markup_of_names(
    chart: str, kind: str
) -> None:
    svg = CHARTS[chart](chart_profile(kind))
    root = ElementTree.fromstring(svg)
    assert root[0].tag.endswith("title")
    assert root.get("role") == "img"
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "g", "path", "text", "circle"}
    assert not any("id" in element.attrib for element in root.iter())


@EVERY_CHART
def test_the_same_profile_gives_the_same_bytes(chart: str) -> None:
    profile = chart_profile("plain")
    again = SegmentProfile.from_json(profile.to_json())
    assert CHARTS[chart](profile) == CHARTS[chart](again)


@pytest.mark.parametrize("chart", sorted({*CHARTS} - {"effects", "groups", "shares"}))
def test_the_chosen_segment_is_marked(chart: str) -> None:
    svg = CHARTS[chart](chart_profile("plain"))
    assert "chosen" in svg or "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}" in svg


@pytest.mark.parametrize("chart", ["boxes", "value", "outcome"])
def test_a_suppressed_number_is_said_to_be_few_and_not_drawn(chart: str) -> None:
    profile = chart_profile("plain")
    hidden = profile.segments_["name"] == "Lost"
    segments = profile.segments_.assign(
        **{
            name: profile.segments_[name].mask(hidden)
            for name in ("share", "value", "outcome", "outcome_low", "outcome_high")
        }
    )
    svg = CHARTS[chart](replace(profile, segments_=segments))
    assert "fewer than 10" in svg
    assert "NaN" not in svg
    assert ">nan" not in svg


@EVERY_CHART
def test_a_profile_without_features_and_numbers_is_drawn_or_empty(chart: str) -> None:
    profile = chart_profile("plain")
    names = ("features_", "numbers_", "levels_", "protected_")
    empty = {name: getattr(profile, name).iloc[:0] for name in names}
    numbers = profile.segments_.select_dtypes(float).columns
    segments = profile.segments_.assign(**dict.fromkeys(numbers, np.nan))
    blank = replace(profile, segments_=segments, **empty)
    if chart == "boxes":
        blank = replace(blank, everyone_=profile.everyone_.iloc[:1])
    svg = CHARTS[chart](blank)
    assert not svg or ElementTree.fromstring(svg) is not None


def test_a_radar_draws_each_segment_as_a_group_of_its_class() -> None:
    profile = chart_profile("plain")
    groups = re.findall(r'<g class="segment-(\d+) ', charts.radar(profile))
    assert groups == [str(code) for code in profile.segments_["code"]]


def test_all_charts_of_five_segments_with_long_names_stay_small() -> None:
    size = sum(len(draw(chart_profile("long"))) for draw in CHARTS.values())
    assert size < 60_000
