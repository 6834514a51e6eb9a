"""Tests of what_if: assumed uplifts, measured baselines, break-even."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.playbook import Playbook, what_if
from skseg.profile import SegmentProfile, profile_segments


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "segment": np.arange(300) % 3,
            "spend": generator.gamma(2, 20, 300),
            "bought": (np.arange(300) % 5 == 0).astype(int),
        }
    )


@pytest.fixture(scope="module")
def profile(customers: pd.DataFrame) -> SegmentProfile:
    return profile_segments(
        customers["segment"].to_numpy(),
        customers[["spend"]],
        value="spend",
        outcome=customers["bought"].to_numpy(),
    )


def test_relative_uplifts_multiply_the_measured_value(
    profile: SegmentProfile, customers: pd.DataFrame
) -> None:
    table = what_if(profile, 0.1, unit="relative", cost=2, margin=0.5, reach=0.5)
    groups = [group["spend"] for _, group in customers.groupby("segment")]
    for row, spend in zip(table.itertuples(), groups, strict=True):
        low, high = stats.t.interval(0.95, 99, spend.mean(), stats.sem(spend))
        assert row.n_reached == 50
        assert row.baseline_low == pytest.approx(low)
        assert row.incremental_value == pytest.approx(50 * 0.1 * spend.mean() * 0.5)
        assert row.incremental_value_high == pytest.approx(50 * 0.1 * high * 0.5)
        assert row.cost == 100
        assert row.net_low == pytest.approx(50 * 0.1 * low * 0.5 - 100)
        assert row.break_even == pytest.approx(2 / (spend.mean() * 0.5))
        assert row.break_even_low == pytest.approx(2 / (high * 0.5))


@pytest.mark.parametrize("unit", ["relative", "absolute"])
@pytest.mark.parametrize("baseline", ["value", "outcome"])
def test_the_break_even_uplift_breaks_even(
    profile: SegmentProfile, unit: str, baseline: str
) -> None:
    options: dict[str, Any] = {"unit": unit, "baseline": baseline, "margin": 0.4}
    if baseline == "outcome":
        options["value_per_outcome"] = 30
    first = what_if(profile, 0.0, cost=0.8, **options)
    needed = dict(zip(first["name"], first["break_even"], strict=True))
    table = what_if(profile, needed, cost=0.8, **options)
    assert table["net"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert (first["net"] == -first["cost"]).all()


def test_segments_without_an_assumption_have_a_break_even_and_no_net(
    profile: SegmentProfile,
) -> None:
    table = what_if(profile, {"Segment 1": -0.1}, unit="relative", cost=1, margin=1)
    assert table["net"].notna().tolist() == [False, True, False]
    assert table["break_even"].notna().all()
    assert table["incremental_value_low"][1] < table["incremental_value_high"][1] < 0


def test_plays_give_their_segments_the_assumption(profile: SegmentProfile) -> None:
    plays = [{"name": "Call", "when": "code == 2"}, {"name": "Mail"}]
    playbook = Playbook(plays, default="Mail")
    table = what_if(
        profile,
        {"Mail": 0.05},
        unit="relative",
        cost={"Mail": 1, "Call": 3},
        margin=0.5,
        playbook=playbook,
    )
    assert table["uplift"].fillna(9).tolist() == [0.05, 0.05, 9]
    assert table["cost"].tolist() == [100, 100, 300]


def test_no_uplift_pays_where_the_rate_would_pass_one_or_nothing_is_earned(
    profile: SegmentProfile,
) -> None:
    table = what_if(
        profile,
        0.1,
        unit="relative",
        cost=9,
        margin=1,
        baseline="outcome",
        value_per_outcome=10,
    )
    assert np.isinf(table["break_even"]).all()
    zero = profile_segments(
        [0] * 20 + [1] * 20, pd.DataFrame({"spend": [0.0] * 40}), value="spend"
    )
    table = what_if(zero, 0.1, unit="relative", cost=1, margin=1)
    assert np.isinf(table["break_even"]).all()
    free = what_if(zero, 0.1, unit="relative", cost=0, margin=1)
    assert free["break_even"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"uplift": {"Segmnt 1": 0.1}}, "Did you mean 'Segment 1'"),
        ({"uplift": 5}, "5 % is written 0.05"),
        ({"uplift": -1.5}, r"in \[-1, 1\]"),
        ({"uplift": float("nan")}, "finite"),
        ({"uplift": "0.1"}, "finite"),
        ({"uplift": True}, "finite"),
        ({"unit": "percent"}, "relative"),
        ({"cost": -1}, "cost"),
        ({"cost": {"Segment 0": 1}}, "hold the segment 'Segment 1' of 'uplift'"),
        ({"margin": 0}, "margin"),
        ({"margin": 30}, "margin"),
        ({"reach": 0}, "reach"),
        ({"reach": 1.2}, "reach"),
        ({"baseline": "outcome"}, "value_per_outcome"),
        ({"value_per_outcome": 3}, "None unless"),
        ({"playbook": "rfm"}, "a Playbook"),
        (
            {
                "baseline": "outcome",
                "value_per_outcome": 3,
                "unit": "absolute",
                "uplift": 0.9,
            },
            r"stays in \[0, 1\]",
        ),
    ],
)
def test_wrong_assumptions_are_refused(
    profile: SegmentProfile, change: dict[str, Any], message: str
) -> None:
    options = {"uplift": 0.1, "unit": "relative", "cost": 1, "margin": 0.5, **change}
    with pytest.raises(InvalidParameterError, match=message):
        what_if(profile, **options)


def test_nothing_is_assumed_by_default(profile: SegmentProfile) -> None:
    with pytest.raises(TypeError, match="uplift"):
        what_if(profile, unit="relative", cost=1, margin=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("baseline", ["value", "outcome"])
def test_profiles_without_the_baseline_are_refused_with_what_to_do(
    baseline: str,
) -> None:
    bare = profile_segments([0] * 20, pd.DataFrame({"spend": np.arange(20.0)}))
    worth = 3.0 if baseline == "outcome" else None
    with pytest.raises(InvalidDataError, match=rf"{baseline}=\.\.\."):
        what_if(
            bare,
            0.1,
            unit="relative",
            cost=1,
            margin=1,
            baseline=baseline,
            value_per_outcome=worth,
        )
