"""Displays of a profile: what they show, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg.displays import (
    CompositionDisplay,
    SegmentBoxDisplay,
    SegmentRadarDisplay,
)
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.profile import SegmentProfile, profile_segments

DISPLAYS: dict[str, Callable[..., Any]] = {
    "boxes": SegmentBoxDisplay.from_profile,
    "composition": CompositionDisplay.from_profile,
    "radar": SegmentRadarDisplay.from_profile,
}
WITH_NUMBERS = ["boxes", "radar"]


def profile_of(sizes: list[int]) -> SegmentProfile:
    """Return a profile of four numeric features and one with levels; -1 is last."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    X = pd.DataFrame(
        {
            "age": codes + rng.normal(size=codes.size),
            "orders": rng.poisson(1.0 + codes % 3),
            "spend": np.exp(rng.normal(size=codes.size) - codes),
            "visits": rng.normal(size=codes.size),
            "device": np.array(["mobile", "desktop", "app"])[codes % 3],
        }
    )
    return profile_segments(codes, X)


@pytest.fixture(scope="module")
def profile() -> SegmentProfile:
    return profile_of([40, 60, 30])


@pytest.fixture(scope="module")
def many() -> SegmentProfile:
    return profile_of([20 + code for code in range(14)])


@pytest.fixture(scope="module")
def single() -> SegmentProfile:
    return profile_of([50])


@pytest.fixture(scope="module")
def suppressed() -> SegmentProfile:
    """Return a profile of which the last segment is too small to be shown."""
    return profile_of([40, 60, 3])


@pytest.fixture(scope="module")
def levels_only() -> SegmentProfile:
    X = pd.DataFrame({"device": np.repeat(["mobile", "app"], 20)})
    return profile_segments(np.repeat([0, 1], 20), X)


def bars_of(display: Any) -> list[str]:
    frame = display.frame()
    return [str(name) for name in frame["bar" if "bar" in frame else "name"]]


def test_boxes_are_the_quantiles_of_the_profile(profile: SegmentProfile) -> None:
    frame = SegmentBoxDisplay.from_profile(profile, ["spend", "age"]).frame()
    segments = frame[frame["name"] != "Everyone"]
    expected = profile.numbers_.set_index(["code", "feature"])
    for row in segments.to_dict("records"):
        numbers = expected.loc[[(row["code"], row["feature"])]].iloc[0]
        for quantile in ("q05", "q25", "median", "q75", "q95"):
            assert row[quantile] == numbers[quantile]
    everyone = frame[frame["name"] == "Everyone"].set_index("feature")["median"]
    medians = profile.everyone_.set_index("feature")["median"]
    assert everyone["age"] == medians["age"]


def test_a_radar_has_the_ranks_of_the_profile(profile: SegmentProfile) -> None:
    frame = SegmentRadarDisplay.from_profile(profile).frame()
    expected = profile.numbers_.set_index(["code", "feature"])["median_rank"]
    for row in frame.to_dict("records"):
        assert row["rank"] == expected.loc[[(row["code"], row["feature"])]].iloc[0]


def test_parts_of_a_bar_are_all_of_it(profile: SegmentProfile) -> None:
    for by in ("segment", "level"):
        frame = CompositionDisplay.from_profile(profile, "device", by=by).frame()
        sums = frame.groupby("bar")["share"].sum()
        np.testing.assert_allclose(sums, 1.0)


def test_a_radar_of_many_segments_shows_the_largest_and_says_so(
    many: SegmentProfile,
) -> None:
    display = SegmentRadarDisplay.from_profile(many)
    assert np.asarray(display.codes).tolist() == [8, 9, 10, 11, 12, 13]
    assert "6 of 14 segments" in display.ax_.get_title(loc="left") + "".join(
        text.get_text() for text in display.ax_.texts
    ).replace("\n", " ")


def test_segments_of_a_radar_are_chosen_by_name_and_by_code(
    many: SegmentProfile,
) -> None:
    name = str(many.segments_["name"].iloc[0])
    display = SegmentRadarDisplay.from_profile(many, segments=[name, 13])
    assert np.asarray(display.codes).tolist() == [0, 13]
    every = SegmentRadarDisplay.from_profile(many, segments=range(14))
    assert len(every.segment_names) == 14


@pytest.mark.parametrize("display", ["boxes", "composition"])
def test_many_segments_are_all_shown(display: str, many: SegmentProfile) -> None:
    shown = DISPLAYS[display](many)
    assert set(many.segments_["name"]) <= set(bars_of(shown))
    assert shown.ax_ is not None


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_profile_of_one_segment_is_drawn(
    display: str, single: SegmentProfile
) -> None:
    shown = DISPLAYS[display](single)
    assert shown.ax_ is not None
    assert str(single.segments_["name"].iloc[0]) in bars_of(shown)


@pytest.mark.parametrize("display", DISPLAYS)
def test_what_few_customers_share_is_missing_and_drawn_so(
    display: str, suppressed: SegmentProfile
) -> None:
    shown = DISPLAYS[display](suppressed)
    frame = shown.frame()
    small = frame[
        frame.iloc[:, 0 if display == "composition" else 1] == bars_of(shown)[-1]
    ]
    assert len(small)
    values = small[frame.columns[-1]]
    # No customer has some levels: a share of 0 tells of nobody.
    assert (values.isna() | ((display == "composition") & (values == 0))).all()
    assert values.isna().any()
    assert shown.ax_ is not None


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize(
    "value", ["profile", None, pd.DataFrame()], ids=["text", "none", "frame"]
)
def test_what_is_no_profile_is_refused(display: str, value: Any) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        DISPLAYS[display](value)
    assert caught.value.name == "profile"


@pytest.mark.parametrize("display", WITH_NUMBERS)
@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None, True, 51], ids=repr)
def test_max_features_is_checked(
    display: str, value: Any, profile: SegmentProfile
) -> None:
    for features in (None, ["age", "orders", "spend"]):
        with pytest.raises(InvalidParameterError) as caught:
            DISPLAYS[display](profile, features=features, max_features=value)
        assert caught.value.name == "max_features"


def test_max_features_of_a_radar_leaves_an_area(profile: SegmentProfile) -> None:
    display = SegmentRadarDisplay.from_profile(profile, max_features=3)
    assert len(display.features) == 3
    with pytest.raises(InvalidParameterError, match=r"\[3, 50\]"):
        SegmentRadarDisplay.from_profile(profile, max_features=2)


@pytest.mark.parametrize("display", WITH_NUMBERS)
@pytest.mark.parametrize(
    "features", [["agee"], [], ["age", "age", "spend"], ["device"], [3]], ids=repr
)
def test_features_that_cannot_be_are_refused(
    display: str, features: Any, profile: SegmentProfile
) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        DISPLAYS[display](profile, features=features)
    assert caught.value.name == "features"


def test_a_misspelt_feature_is_suggested(profile: SegmentProfile) -> None:
    with pytest.raises(InvalidParameterError, match="Did you mean 'device'"):
        CompositionDisplay.from_profile(profile, "devise")
    with pytest.raises(InvalidParameterError, match="Did you mean 'orders'"):
        SegmentBoxDisplay.from_profile(profile, "order")


@pytest.mark.parametrize("display", WITH_NUMBERS)
def test_a_profile_without_numbers_is_refused_with_advice(
    display: str, levels_only: SegmentProfile
) -> None:
    with pytest.raises(InvalidDataError, match="CompositionDisplay shows levels"):
        DISPLAYS[display](levels_only)
    assert CompositionDisplay.from_profile(levels_only).ax_ is not None


def test_a_profile_without_levels_is_refused_with_advice() -> None:
    X = pd.DataFrame({"age": np.arange(40.0)})
    profile = profile_segments(np.repeat([0, 1], 20), X)
    with pytest.raises(InvalidDataError, match="SegmentBoxDisplay shows numeric"):
        CompositionDisplay.from_profile(profile)
    assert SegmentBoxDisplay.from_profile(profile).ax_ is not None


def test_a_radar_needs_three_features_and_advises_boxes(
    profile: SegmentProfile,
) -> None:
    with pytest.raises(InvalidDataError, match="SegmentBoxDisplay shows one"):
        SegmentRadarDisplay.from_profile(profile, features=["age", "spend"])
    assert SegmentBoxDisplay.from_profile(profile, ["age", "spend"]).ax_ is not None


def test_an_unknown_segment_of_a_radar_is_refused(profile: SegmentProfile) -> None:
    with pytest.raises(InvalidParameterError, match="segment"):
        SegmentRadarDisplay.from_profile(profile, segments=["nobody"])


RANKS = {
    "equal outlines": [[0.5] * 4] * 6,
    "one corner in common": [[0.9, 0.1, 0.1, 0.1]] * 3 + [[0.9, 0.1, 0.2, 0.1]] * 3,
    "near each other": [[0.8 + i / 200, 0.5, 0.5] for i in range(6)],
    "all at the centre": [[0.0] * 5] * 4,
    "one known corner": [[0.7, np.nan, np.nan]] * 4,
}


@pytest.mark.parametrize("case", RANKS)
def test_letters_of_a_radar_do_not_meet(case: str) -> None:
    ranks = np.array(RANKS[case])
    display = SegmentRadarDisplay(
        codes=range(len(ranks)),
        segment_names=[f"Segment {i}" for i in range(len(ranks))],
        features=[f"feature {i}" for i in range(ranks.shape[1])],
        ranks=ranks,
        medians=ranks,
    ).plot()
    ax = display.ax_
    renderer = ax.figure.canvas.get_renderer()
    letters = [text for text in ax.texts if text.get_text() in "ABCDEF"]
    assert len(letters) == len(ranks)
    boxes = [letter.get_window_extent(renderer) for letter in letters]
    for first, second in combinations(boxes, 2):
        assert not first.overlaps(second)
