"""Tests of Playbook: proofs, recommendations, documents."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg import RFMSegmenter
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    RuleError,
)
from skseg.playbook import Play, Playbook
from skseg.profile import SegmentProfile, profile_segments

SHIPPED = ["rfm", "traits"]


def profile_of(rows: int = 200, **options: Any) -> SegmentProfile:
    """Return a profile of four segments, of which the last has the most value."""
    generator = np.random.default_rng(0)
    codes = np.arange(rows) % 4
    X = pd.DataFrame(
        {
            "recency": 30.0 * codes + generator.random(rows),
            "spend": 10.0 + 30.0 * codes + generator.random(rows),
            "plan": np.where(codes == 3, "pro", "free"),
        }
    )
    return profile_segments(codes, X, **{"value": "spend", **options})


@pytest.fixture(scope="module")
def profile() -> SegmentProfile:
    return profile_of()


def two_plays(when: str) -> Playbook:
    return Playbook([{"name": "yes", "when": when}, {"name": "no"}], default="no")


@pytest.mark.parametrize(
    ("when", "codes"),
    [
        ("median_recency > 80 and value_share > share", [3]),
        ("value_share > share", [2, 3]),
        ("share < value_share", [2, 3]),
        ("not (share >= value_share)", [2, 3]),
        ("share < value_share <= 0.4", [2]),
        ("col('value_share') > col('share')", [2, 3]),
        ("value_share == value", []),
        ("value_share != value", [0, 1, 2, 3]),
        ("value_index >= 1.5", [3]),
        ("name == 'Segment 2'", [2]),
        ("name in ['Segment 0', 'Segment 3']", [0, 3]),
        ("share_plan_pro > 0.5", [3]),
        ("rank_recency < 0.3", [0]),
        ("missing(outcome)", [0, 1, 2, 3]),
        ("outcome > share", []),
        ("not (outcome > share)", [0, 1, 2, 3]),
        ("missing_recency == 0 and n >= 50", [0, 1, 2, 3]),
        ("mean_spend > median_recency and code == 1", [1]),
    ],
)
def test_conditions_hold_for_the_segments_that_they_describe(
    profile: SegmentProfile, when: str, codes: list[int]
) -> None:
    table = two_plays(when).recommend(profile)
    assert table.loc[table["play"] == "yes", "code"].tolist() == codes
    assert table["code"].tolist() == [0, 1, 2, 3]


def test_the_reason_is_the_condition_with_the_numbers_of_the_segment(
    profile: SegmentProfile,
) -> None:
    why = two_plays("value_share > share").recommend(profile)["why"]
    share = profile.segments_["value_share"][3]
    assert why[3] == (f"value_share > share (value_share = {share:.6g}, share = 0.25)")
    assert why[0] == "no other play's condition holds"


def test_comparisons_of_two_columns_are_proved_exclusive_and_exhaustive() -> None:
    plays = [
        {"name": "more", "when": "value_share > share"},
        {"name": "not more", "when": "share >= value_share"},
        {"name": "unknown", "when": "missing(value_share)"},
    ]
    playbook = Playbook(plays)
    assert playbook.report.is_exclusive
    assert playbook.report.is_exhaustive


@pytest.mark.parametrize(
    ("first", "second", "example"),
    [
        ("value_index >= 2", "value_index <= 2", "value_index=2"),
        ("value_share >= share", "value_share <= share", "value_share minus share=0"),
        ("name == 'A'", "name in ['A', 'B']", "name='A'"),
        ("n > 10", "share > 0.5", "share="),
    ],
)
def test_overlapping_plays_are_refused_with_a_segment_that_gets_both(
    first: str, second: str, example: str
) -> None:
    plays = [
        {"name": "one", "when": first},
        {"name": "two", "when": second},
        {"name": "rest"},
    ]
    with pytest.raises(RuleError, match="'one' and 'two' overlap") as caught:
        Playbook(plays, default="rest")
    assert example in str(caught.value)
    playbook = Playbook(
        plays, default="rest", on_overlap=str(caught.value.remedy["on_overlap"])
    )
    assert not playbook.report.is_exclusive
    assert playbook.rules.verify().is_exclusive


def test_plays_that_leave_a_gap_are_refused_with_a_segment_that_gets_none() -> None:
    plays = [
        {"name": "large", "when": "value_index > 1"},
        {"name": "small", "when": "value_index < 1"},
    ]
    with pytest.raises(RuleError, match="for example value_index=1") as caught:
        Playbook(plays)
    playbook = Playbook(plays, on_gap=str(caught.value.remedy["on_gap"]))
    assert playbook.rules.names[-1] == "Others"


def brute_force_faults(conditions: list[str]) -> tuple[bool, bool]:
    """Tell whether conditions overlap, and leave gaps, by trying rows in pandas.

    The values are the thresholds of the conditions, and values between them.
    """
    values = [0.0, 0.1, 0.25, 0.4, 0.5, 0.75, 1.0]
    grid = pd.MultiIndex.from_product([values, values], names=["share", "value_share"])
    rows = grid.to_frame(index=False)
    counts = np.sum([np.asarray(rows.eval(c), dtype=bool) for c in conditions], axis=0)
    return bool((counts > 1).any()), bool((counts == 0).any())


@pytest.mark.parametrize("seed", range(40))
def test_the_proof_agrees_with_trying_rows(seed: int) -> None:
    generator = random.Random(seed)
    parts = ["share < 0.25", "share >= 0.25", "share >= 0.5", "value_share > share"]
    parts += ["share >= value_share", "share < value_share", "value_share <= share"]
    conditions = [
        f"{generator.choice(parts)} {generator.choice(['and', 'or'])} "
        f"{generator.choice(parts)}"
        for _ in range(generator.randint(1, 3))
    ]
    plays = [{"name": str(i), "when": when} for i, when in enumerate(conditions)]
    plays.append({"name": "missing", "when": "missing(value_share)"})
    report = Playbook(plays, on_overlap="first", on_gap="default").report
    # Where a value share is missing, conditions on the share alone may overlap too.
    pairs = {overlap.names for overlap in report.overlaps}
    overlaps = any("missing" not in pair for pair in pairs)
    assert (overlaps, not report.is_exhaustive) == brute_force_faults(conditions)


def test_shown_numbers_that_are_too_few_go_to_the_default_play() -> None:
    codes = np.r_[np.zeros(50, int), np.ones(50, int), np.full(5, 2), np.full(5, 3)]
    X = pd.DataFrame({"spend": np.arange(110.0)})
    few = profile_segments(codes, X, value="spend", min_count=10)
    table = two_plays("value_mean >= 0").recommend(few)
    assert table["play"].tolist() == ["yes", "yes", "no", "no"]
    traits = Playbook.load("traits").recommend(few)
    assert traits["play"][2] == "Learn their value"
    assert "value_index = missing" in traits["why"][2]


def test_unknown_columns_are_named_with_the_nearest_one(
    profile: SegmentProfile,
) -> None:
    for when in ("median_recncy > 9", "median_recncy > share"):
        with pytest.raises(MissingColumnError, match="'median_recency'") as caught:
            two_plays(when).recommend(profile)
        assert caught.value.missing == ("median_recncy",)


def test_columns_of_two_meanings_are_refused_where_they_are_used() -> None:
    codes = np.repeat([0, 1], 30)
    X = pd.DataFrame({"a_b": ["c"] * 60, "a": ["b_c"] * 60})
    both = profile_segments(codes, X)
    assert two_plays("n > 1").recommend(both)["play"].tolist() == ["yes", "yes"]
    with pytest.raises(MissingColumnError, match="rename one of the features"):
        two_plays("share_a_b_c > 0.5").recommend(both)


@pytest.mark.parametrize("has_value", [False, True])
@pytest.mark.parametrize("has_outcome", [False, True])
def test_the_traits_playbook_decides_with_and_without_value_and_outcome(
    has_value: bool, has_outcome: bool
) -> None:
    generator = np.random.default_rng(0)
    codes = np.r_[np.arange(800) % 4, np.full(40, 4)]
    X = pd.DataFrame(
        {
            "spend": generator.gamma(1.0 + codes),
            "bought": generator.random(840)
            < np.array([0.1, 0.3, 0.3, 0.5, 0.3])[codes],
        }
    )
    columns: dict[str, Any] = {"value": "spend"} if has_value else {}
    columns |= {"outcome": "bought"} if has_outcome else {}
    segments = profile_segments(codes, X, **columns)
    table = Playbook.load("traits").recommend(segments)
    small, large = "Learn their value", "Serve by behaviour"
    if has_value:
        index = X["spend"].groupby(codes).mean() / X["spend"].mean()
        assert table["play"].map(VALUE_OF_PLAY).tolist() == [
            sum(value >= limit for limit in (0.5, 1, 2)) for value in index
        ]
    elif has_outcome:
        high, low = "Follow up a high outcome", "Follow up a low outcome"
        assert table["play"].tolist() == [low, large, large, high, small]
        assert table["why"][3].endswith(
            "(value_index = missing, outcome_level = 'above')"
        )
    else:
        assert table["play"].tolist() == [large] * 4 + [small]
    assert table["segment_budget_share"].notna().all() == has_value


# How many of the limits 0.5, 1 and 2 the value index of a play's segments reaches.
VALUE_OF_PLAY = {
    "Serve at low cost": 0,
    "Develop at scale": 1,
    "Develop by test": 1,
    "Deepen the relationship": 2,
    "Protect the most valuable": 3,
}


@pytest.mark.parametrize("seed", range(10))
def test_levels_of_outcomes_compare_intervals_with_the_average(seed: int) -> None:
    generator = np.random.default_rng(seed)
    codes = np.sort(generator.integers(0, 5, 300))
    codes[:3] = 9
    outcome = generator.random(300) < generator.random(10)[codes]
    X = pd.DataFrame({"spend": generator.random(300), "bought": outcome})
    profile = profile_segments(codes, X, outcome="bought", min_count=10)
    # The segment of three customers, and one more that would give it away, do not show
    # their outcomes.
    segments = profile.segments_
    shown = segments.loc[segments["outcome"].notna(), "code"]
    average = outcome[np.isin(codes, shown)].mean()
    expected = [
        "unknown"
        if math.isnan(low)
        else "above"
        if low > average
        else "below"
        if high < average
        else "similar"
        for low, high in segments[["outcome_low", "outcome_high"]].to_numpy()
    ]
    plays = [
        {"name": w, "when": f"outcome_level == '{w}'"} for w in sorted(set(expected))
    ]
    table = Playbook(plays, on_gap="default").recommend(profile)
    assert table["play"].tolist() == expected
    assert "unknown" in expected


def test_the_four_levels_of_an_outcome_are_exhaustive() -> None:
    levels = ["above", "below", "similar", "unknown"]
    plays = [{"name": w, "when": f"outcome_level == '{w}'"} for w in levels]
    assert Playbook(plays).report.is_exhaustive
    with pytest.raises(RuleError, match="outcome_level='unknown'"):
        Playbook(plays[:3])


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_playbooks_are_partitions_without_promises(name: str) -> None:
    playbook = Playbook.load(name)
    assert playbook.report.is_exclusive
    assert playbook.report.is_exhaustive
    assert playbook.budget_share == pytest.approx(1)
    text = playbook.to_json().lower()
    for word in ("uplift", "%", "increase", "guarantee", "roi"):
        assert word not in text
    for play in playbook.plays:
        if play.name != playbook.default and play.budget_share is not None:
            assert all(
                getattr(play, field.name)
                for field in fields(play)
                if field.name != "notes"
            ), play.name


def test_the_rfm_playbook_has_a_play_for_each_segment_of_the_segmenter() -> None:
    generator = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "recency": generator.integers(1, 300, 600),
            "frequency": generator.integers(1, 30, 600),
            "monetary": generator.gamma(2, 50, 600),
        }
    )
    segmenter = RFMSegmenter().fit(X)
    table = Playbook.load("rfm").recommend(profile_segments(segmenter, X))
    by_name = table.set_index("name")["play"]
    assert by_name.pop("Unknown") == "Review by hand"
    assert by_name.is_unique
    assert len(by_name) == 10
    assert "Review by hand" not in set(by_name)


def test_budgets_of_plays_are_divided_among_their_segments_by_size(
    profile: SegmentProfile,
) -> None:
    plays = [
        {"name": "yes", "when": "code >= 2", "budget_share": 0.6},
        {"name": "no", "budget_share": 0.4},
    ]
    table = Playbook(plays, default="no").recommend(profile)
    assert table["segment_budget_share"].tolist() == pytest.approx([0.2, 0.2, 0.3, 0.3])


def test_ten_tenths_are_a_whole_budget_and_more_is_refused() -> None:
    tenths = [
        {"name": str(i), "when": f"code == {i}", "budget_share": 0.1}
        for i in range(-1, 9)
    ]
    Playbook([*tenths, {"name": "rest"}], default="rest")
    with pytest.raises(RuleError, match=r"at most 1. Got 1\.01"):
        Playbook([*tenths, {"name": "rest", "budget_share": 0.01}], default="rest")


@pytest.mark.parametrize(
    ("play", "message"),
    [
        (
            {"channels": "e-mail"},
            r"Got 'plays\[0\].channels' instead. Did you mean 'chan",
        ),
        ({"budget_share": -0.1}, r"plays\[0\].budget_share must be a number in \[0, 1"),
        ({"budget_share": 1.1}, r"plays\[0\].budget_share must be a number in \[0, 1"),
        ({"budget_share": True}, "must be a number"),
        ({"budget_share": math.nan}, "must be a number"),
        ({"offer": ""}, "must be text that is not empty"),
        ({"tactics": ["a", 3]}, r"plays\[0\].tactics\[1\]"),
        ({"when": "n >"}, "The play 'A'"),
        ({"when": "name > share"}, "The play 'A'"),
        ({"when": "n >= q(0.75)"}, "Compare a rank"),
        ({"when": "n * 2 > 4"}, "have no arithmetic. value_index is"),
        ({"when": "value_share > 2 * share"}, "have no arithmetic. value_index is"),
        ({"when": None}, "needs a condition"),
        ({"name": "Rest"}, "a name of its own"),
    ],
)
def test_faults_of_plays_are_named_with_their_place(
    play: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(RuleError, match=message):
        Playbook(
            [{"name": "A", "when": "n > 3", **play}, {"name": "Rest"}], default="Rest"
        )


def test_the_advice_against_arithmetic_works(profile: SegmentProfile) -> None:
    assert two_plays("value_index > 1.5").recommend(profile)["play"][3] == "yes"


@pytest.mark.parametrize(
    ("when", "codes"),
    [
        ("value_share > share AND median_recency > 80", [3]),
        ("value_share > share && median_recency > 80", [3]),
        ("value_share > share AND missing(outcome)", [2, 3]),
        ("code == 0 OR value_index > 1.5 OR value_share < outcome", [0, 3]),
        ("NOT value_share > share", [0, 1]),
        ("value_share = share", []),
        ("value_share <> share", [0, 1, 2, 3]),
        ("value_share => share", [2, 3]),
        ("value_share ≥ share", [2, 3]),
        ("value_share is not null and value_share > share", [2, 3]),
        ("value_share > share and name = 'Segment 2'", [2]),
        ("col('value_share') > share AND name != 'x AND y'", [2, 3]),
        ("n >= 1 AND value_index > 1.5", [3]),
    ],
)
def test_the_advice_against_other_spellings_is_a_condition(
    profile: SegmentProfile, when: str, codes: list[int]
) -> None:
    with pytest.raises(RuleError, match="The play 'yes': Not a") as caught:
        two_plays(when)
    assert "assign" not in str(caught.value)
    advice = str(caught.value.advice).partition("Did you mean: ")[2]
    table = two_plays(advice).recommend(profile)
    assert table.loc[table["play"] == "yes", "code"].tolist() == codes


@pytest.mark.parametrize(
    "when",
    [
        "value_share > 2 * share AND n > 3",
        "value_share > share AND n * 2 > 3",
        "abs(value_share) > share",
        "value_share.abs() > 3",
        "name LIKE '%a%'",
        "value_share > share AND name LIKE '%a%'",
    ],
)
def test_no_error_advises_to_add_columns_to_a_profile(
    profile: SegmentProfile, when: str
) -> None:
    with pytest.raises(RuleError, match="have no arithmetic") as caught:
        two_plays(when)
    assert "assign" not in str(caught.value)
    assert repr(when) in str(caught.value)
    table = two_plays("name in ['Segment 1', 'B']").recommend(profile)
    assert table["play"].tolist() == ["no", "yes", "no", "no"]


@pytest.mark.parametrize("when", ["value_share > share, n > 3", "n > share and n in n"])
def test_faults_beside_comparisons_of_columns_show_the_condition_as_written(
    when: str,
) -> None:
    with pytest.raises(RuleError) as caught:
        two_plays(when)
    assert repr(when) in str(caught.value)
    assert "minus" not in str(caught.value)


def test_a_play_may_not_have_the_name_of_the_rest() -> None:
    plays = [{"name": "Others", "when": "n > 3"}]
    with pytest.raises(RuleError, match="Rename the play 'Others'"):
        Playbook(plays, on_gap="default")
    Playbook([{"name": "Other", "when": "n > 3"}], on_gap="default")


def test_numbers_of_numpy_are_budget_shares() -> None:
    plays = [{"name": "A", "budget_share": np.float32(0.5)}]
    assert Playbook(plays, default="A").plays[0].budget_share == 0.5


def test_defaults_must_be_plays_without_a_condition() -> None:
    plays = [{"name": "A", "when": "n > 3"}, {"name": "Rest"}]
    with pytest.raises(RuleError, match="Did you mean 'Rest'"):
        Playbook(plays, default="Rst")
    with pytest.raises(RuleError, match="must have no condition"):
        Playbook(plays, default="A")
    with pytest.raises(InvalidParameterError, match="plays"):
        Playbook("rfm")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="'rfm' or 'traits'"):
        Playbook.load("rmf")
    with pytest.raises(InvalidParameterError, match="SegmentProfile"):
        Playbook.load("rfm").recommend(pd.DataFrame())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_playbooks_survive_every_format(name: str, tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    playbook = Playbook.load(name)
    for suffix, text, read in (
        (".json", playbook.to_json(), Playbook.from_json),
        (".yaml", playbook.to_yaml(), Playbook.from_yaml),
    ):
        path = tmp_path / f"playbook{suffix}"
        path.write_text(text, encoding="utf-8")
        assert read(text) == read(path) == playbook
        assert hash(read(text)) == hash(playbook)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
).filter(lambda text: bool(text.strip()))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(TEXTS, min_size=1, max_size=3, unique=True),
    TEXTS,
    st.lists(TEXTS, max_size=3),
    st.none() | st.floats(0, 0.3),
)
def test_any_playbook_survives_yaml_and_json(
    names: list[str], offer: str, tactics: list[str], budget: float | None
) -> None:
    pytest.importorskip("yaml")
    plays = [
        Play(
            name,
            when=f"code == {i}" if i else None,
            offer=offer,
            tactics=tuple(tactics),
            budget_share=budget,
        )
        for i, name in enumerate(names)
    ]
    playbook = Playbook(plays, default=names[0])
    assert Playbook.from_json(playbook.to_json()) == playbook
    assert Playbook.from_yaml(playbook.to_yaml()) == playbook


def test_faults_of_yaml_are_named_with_their_line(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    text = Playbook.load("rfm").to_yaml()
    twice = text.replace("    tone:", "    channel:", 1)
    with pytest.raises(RuleError, match=r"stands twice, first in line 9 \(line 13"):
        Playbook.from_yaml(twice)
    path = tmp_path / "mine.yaml"
    path.write_text(twice, encoding="utf-8")
    with pytest.raises(InvalidDataError, match=r"mine\.yaml, line 13"):
        Playbook.from_yaml(path)
    with pytest.raises(RuleError, match="Tags are not read"):
        Playbook.from_yaml("a: !!python/object/apply:os.system ['true']")
    with pytest.raises(RuleError, match=r"pathlib\.Path"):
        Playbook.from_yaml("mine.yaml")
    with pytest.raises(RuleError, match="Got the type dict"):
        Playbook.from_yaml({})  # type: ignore[arg-type]


YAML = """\
format: skseg.playbook
version: 1
default: Wait
plays:
  - name: Call
    when: n > 3
    budget_share: 0.5
  - name: Wait
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: Call", "name: &call Call", r"Anchors and aliases are not.*line 5"),
        ("name: Wait", "name: *call", r"line 8"),
        ("  - name: Wait", "  - name: Wait\n    <<: {}", r"Merge keys.*line 9"),
        ("    when:", "    name: Mail\n    when:", r"'name'? stands twice.*line 6"),
        ("version: 1", "version: 1\nversion: 1", r"stands twice.*line 3"),
        ("    when:", "\twhen:", r"[Tt]ab.*line 6"),
        ("budget_share: 0.5", "budget_share: .nan", r"leaving the key out.*line 7"),
        ("budget_share: 0.5", "budget_share: nan", r"plays\[0\].budget_share must be"),
        ("budget_share: 0.5", "budget_share: .inf", r"plays\[0\].budget_share must be"),
        ("budget_share: 0.5", "budget_share: yes", r"line 7"),
        ("budget_share: 0.5", "budget_share: '0.5'", r"plays\[0\].budget_share must"),
    ],
)
def test_surprises_of_yaml_are_refused_with_their_place(
    old: str, new: str, message: str
) -> None:
    pytest.importorskip("yaml")
    assert Playbook.from_yaml(YAML).budget_share == 0.5
    with pytest.raises(RuleError, match=f"(?s){message}"):
        Playbook.from_yaml(YAML.replace(old, new, 1))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-0.1", "1.5", "true", '"0.5"'])
def test_budget_shares_of_json_are_numbers_from_0_to_1(number: str) -> None:
    text = f"""{{"format": "skseg.playbook", "version": 1, "default": "Wait",
    "plays": [{{"name": "Wait", "budget_share": {number}}}]}}"""
    with pytest.raises(RuleError, match=r"budget_share|NaN|Infinity"):
        Playbook.from_json(text)


def test_documents_with_unknown_keys_and_versions_are_refused() -> None:
    content = json.loads(Playbook.load("rfm").to_json())
    with pytest.raises(RuleError, match="Did you mean 'default'"):
        Playbook.from_json(json.dumps({**content, "defaults": "x"}))
    with pytest.raises(RuleError, match="a newer skseg wrote it"):
        Playbook.from_json(json.dumps({**content, "version": 2}))
    with pytest.raises(RuleError, match="on_gap must be"):
        Playbook.from_json(json.dumps({**content, "on_gap": "ignore"}))


def test_decision_matrices_say_if_and_then(profile: SegmentProfile) -> None:
    plays = [
        Play("Call", "code >= 2", channel=("phone",), budget_share=0.25),
        Play("Mail"),
    ]
    matrix = Playbook(plays, default="Mail").decision_matrix(profile)
    assert matrix["if"][0] == "IF Segment 0 (no other play)"
    assert matrix["if"][3] == "IF Segment 3 (code is at least 2)"
    assert (
        matrix["then"].tolist()[2:]
        == ["THEN Call; channel: phone; budget share: 25%"] * 2
    )


def test_csv_files_run_nothing_in_a_spreadsheet(
    profile: SegmentProfile, tmp_path: Path
) -> None:
    playbook = Playbook([Play("Wait", offer="=1+1")], default="Wait")
    path = tmp_path / "plays.csv"
    playbook.to_csv(profile, path)
    assert pd.read_csv(path)["offer"].tolist() == ["'=1+1"] * 4
    with pytest.warns(UserWarning, match="offer"):
        playbook.to_csv(profile, path, spreadsheet_safe=False)
