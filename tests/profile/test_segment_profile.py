"""SegmentProfile: sentences, pairs, JSON without loss, and what few share is hidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg.exceptions import InvalidParameterError, RuleError
from skseg.profile import SegmentProfile, profile_segments
from skseg.profile._disclosure import hidden_cells
from skseg.profile._schema import FLAG, TABLES, TEXT, WHOLE, make_table
from skseg.rules import RuleSet

RULES = RuleSet({"rich": "aov > 100", "others": "aov <= 100"})


def customers(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    aov = rng.gamma(2, 60, n)
    return pd.DataFrame(
        {
            "aov": aov,
            "orders": rng.poisson(np.where(aov > 100, 12, 3)),
            "plan": np.where(
                rng.random(n) < np.where(aov > 100, 0.8, 0.2), "pro", "no"
            ),
            "bought": rng.random(n) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def profile() -> SegmentProfile:
    return profile_segments(
        RULES,
        customers(),
        value="aov",
        outcome="bought",
        protected=["plan"],
        features=["aov", "orders", "plan", "bought"],
        rows="fresh",
    )


def assert_profiles_equal(first: SegmentProfile, second: SegmentProfile) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    for name in ("rows", "min_count", "value", "outcome", "rules"):
        assert getattr(first, name) == getattr(second, name)


def test_a_description_is_true_and_has_numbers(profile: SegmentProfile) -> None:
    X = customers()
    rich = X["aov"] > 100
    text = profile.description("rich")
    share = X.loc[rich, "aov"].sum() / X["aov"].sum()
    assert text.startswith(f"{rich.sum()} customers ({100 * rich.mean():.0f} %), ")
    assert f"{100 * share:.0f} % of aov" in text
    median = X.loc[rich, "orders"].median()
    assert (
        f"(median {median:.0f} against {X['orders'].median():.0f} of everyone)" in text
    )
    assert text.count(". ") == 2


def test_features_of_both_kinds_are_ranked_on_one_scale(
    profile: SegmentProfile,
) -> None:
    top = profile.top_features("rich", n=3)
    assert list(top["feature"]) == ["aov", "orders", "plan"]
    X = customers()
    rich = X["aov"] > 100
    is_pro = X["plan"] == "pro"
    expected = is_pro[rich].mean() - is_pro[~rich].mean()
    assert abs(top.loc[2, "effect"]) == pytest.approx(abs(expected))


def test_pairs_obey_the_roles(profile: SegmentProfile) -> None:
    assert profile.pairs("aov")["p_adj"].isna().all()
    pairs = profile.pairs("orders")
    assert pairs["p_adj"].notna().all()
    X = customers()
    means = X.groupby(X["aov"] <= 100)["orders"].mean()
    assert pairs["difference"].to_list() == pytest.approx([means[False] - means[True]])
    assert {*profile.pairs("plan")["level"]} == {"no", "pro"}


@pytest.mark.parametrize("name", ["description", "top_features", "code_of"])
@pytest.mark.parametrize("segment", ["ritch", 7, None, 1.5, True])
def test_a_segment_that_is_not_there_is_named(
    profile: SegmentProfile, name: str, segment: Any
) -> None:
    with pytest.raises(InvalidParameterError, match="Segments are 'rich', 'others'"):
        getattr(profile, name)(segment)


def test_a_feature_that_is_not_there_is_named(profile: SegmentProfile) -> None:
    with pytest.raises(InvalidParameterError, match="'orders'"):
        profile.pairs("order")
    with pytest.raises(InvalidParameterError, match="games_howell"):
        profile.pairs("orders", method="dunnett")


def test_the_long_table_has_a_row_per_segment_and_number_or_level(
    profile: SegmentProfile,
) -> None:
    frame = profile.frame()
    assert len(frame) == len(profile.numbers_) + len(profile.levels_)
    assert list(frame.columns[:6]) == [
        "code",
        "segment",
        "feature",
        "kind",
        "role",
        "level",
    ]
    assert frame.loc[frame["kind"] == "number", "mean"].notna().all()


def test_json_goes_to_a_file_and_back(profile: SegmentProfile, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    assert profile.to_json(path) is None
    assert_profiles_equal(SegmentProfile.from_json(path), profile)
    assert_profiles_equal(SegmentProfile.from_json(str(profile.to_json())), profile)


NUMBERS = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def profiles(draw: Any) -> SegmentProfile:
    names = draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
    features = draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
    tables = {}
    for table, kinds in TABLES.items():
        n = len(names) if table == "segments_" else draw(st.integers(0, 3))
        n = len(features) if table == "features_" else n
        columns: dict[str, Any] = {}
        for key, kind in kinds.items():
            cell = {TEXT: TEXTS, WHOLE: st.integers(-(2**63), 2**63 - 1)}.get(
                kind, st.booleans() if kind == FLAG else NUMBERS
            )
            if key == "code":
                cell = st.sampled_from(range(len(names)))
            if key == "feature":
                cell = st.sampled_from(features)
            columns[key] = draw(st.lists(cell, min_size=n, max_size=n))
        if table == "segments_":
            columns |= {"name": names, "code": [*range(len(names))]}
        if table == "features_":
            columns["feature"] = features
        tables[table] = make_table(table, columns)
    return SegmentProfile(
        **tables,
        rows=draw(st.sampled_from(["training", "fresh"])),
        min_count=draw(st.integers(1, 99)),
        value=draw(st.none() | TEXTS),
        outcome=draw(st.none() | TEXTS),
        rules=draw(st.none() | st.just(RULES)),
    )


@settings(max_examples=60, deadline=None)
@given(profiles())
def test_any_profile_survives_json(profile: SegmentProfile) -> None:
    assert_profiles_equal(SegmentProfile.from_json(str(profile.to_json())), profile)


def _broken(change: Any) -> Any:
    def broken(text: str) -> str:
        content = json.loads(text)
        change(content)
        return json.dumps(content)

    return broken


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda c: c.pop("rows"), "'rows' is missing"),
        (lambda c: c.update(rows="new"), "rows must be"),
        (lambda c: c.update(extra=1), "extra"),
        (lambda c: c.update(min_count=0), "min_count must be"),
        (lambda c: c.update(version=99), "a newer skseg"),
        (lambda c: c["tables"].pop("numbers"), "tables.numbers"),
        (lambda c: c["tables"]["numbers"]["mean"].pop(), "tables.numbers.mean"),
        (lambda c: c["tables"]["numbers"]["mean"].__setitem__(0, "x"), r"mean\[0\]"),
        (lambda c: c["tables"]["numbers"]["code"].__setitem__(0, 77), r"code\[0\]"),
        (lambda c: c["tables"]["levels"]["feature"].__setitem__(0, "?"), "feature"),
        (lambda c: c["tables"]["segments"].update(color=[]), "color"),
    ],
    ids=range(11),
)
def test_a_broken_document_is_refused_with_the_place(
    profile: SegmentProfile, change: Any, place: str
) -> None:
    with pytest.raises(RuleError, match=place):
        SegmentProfile.from_json(_broken(change)(str(profile.to_json())))


def test_few_customers_are_not_shown_in_any_table() -> None:
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1, 2, -1], [200, 100, 60, 7])
    X = pd.DataFrame(
        {
            "aov": rng.gamma(2, 60, len(codes)),
            "plan": rng.choice(["a", "b", "c"], len(codes), p=[0.5, 0.4, 0.1]),
        }
    )
    X.loc[::60, "plan"] = "rare"
    profile = profile_segments(
        codes,
        X,
        value="aov",
        outcome=(X["aov"] > 90).to_numpy(),
        protected=["plan"],
        features=["aov", "plan"],
    )
    segments = profile.segments_.set_index("code")
    assert segments.loc[-1, "n"] == 7
    figures = ["value", "value_share", "value_mean", "outcome"]
    # The next larger segment is hidden too: a single one is the rest of the total.
    assert segments.loc[[-1, 2], figures].isna().to_numpy().all()
    assert segments.loc[[0, 1], figures].notna().to_numpy().all()
    numbers = profile.numbers_.set_index("code")
    assert numbers.loc[-1, ["mean", "std", "median", "q05", "rank_effect"]].isna().all()
    assert np.isnan(numbers.loc[2, "mean"])
    assert numbers.loc[2, "median"] > 0
    for counts in (
        profile.levels_["count"],
        profile.protected_["n"],
        profile.histograms_["share"] * profile.histograms_["code"].map(segments["n"]),
    ):
        shown = counts[counts.notna()].round(6)
        assert ((shown == 0) | (shown >= 10)).all()
    assert "rare" not in {*profile.levels_["level"]}
    assert "Fewer than 10" in profile.description(-1)
    assert profile.concentration_["customers"].iloc[1] * len(X) >= 10


@given(
    st.lists(
        st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=5
    ),
)
@settings(max_examples=100, deadline=None)
def test_no_hidden_count_is_the_rest_of_a_sum(counts: list[list[int]]) -> None:
    table = np.array(counts, dtype=float)
    hidden, total_hidden = hidden_cells(table, 10)
    assert hidden[(table > 0) & (table < 10)].all()
    for row, is_hidden in zip(table, hidden, strict=True):
        rest = row[~is_hidden & (row > 0)]
        assert is_hidden.sum() != 1 or not len(rest)
    for column in range(table.shape[1]):
        if not total_hidden[column]:
            rest = table[~hidden[:, column] & (table[:, column] > 0), column]
            assert hidden[:, column].sum() != 1 or not len(rest)


def test_everything_is_shown_with_a_count_of_one() -> None:
    X = pd.DataFrame({"aov": [1.0, 2.0, 5.0, 9.0], "plan": list("abca")})
    profile = profile_segments([0, 0, 1, 1], X, min_count=1, value="aov")
    assert profile.levels_["count"].notna().all()
    assert profile.numbers_["median"].to_list() == [1.5, 7.0]
    assert profile.segments_["value"].to_list() == [3.0, 14.0]


def test_groups_are_represented_as_counted() -> None:
    X = customers()
    profile = profile_segments(RULES, X, protected=["plan"])
    rich = X["aov"] > 100
    row = profile.protected_.query("code == 0 and group == 'pro'").iloc[0]
    is_pro = X["plan"] == "pro"
    assert row["ratio"] == pytest.approx(is_pro[rich].mean() / is_pro.mean())
    assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
    assert "plan" not in {*profile.features_["feature"]}


@pytest.mark.parametrize(
    "names",
    [
        {"rich": "Gold", "others": "Silver"},
        {0: "Gold", 1: "Silver"},
        ["Gold", "Silver"],
        np.array(["Gold", "Silver"]),
        pd.DataFrame({"code": [0, 1], "name": ["Gold", "Silver"]}),
    ],
    ids=["name", "code", "list", "array", "table"],
)
def test_a_renamed_profile_has_the_new_names_and_all_else(
    profile: SegmentProfile, names: Any
) -> None:
    renamed = profile.renamed(names)
    assert renamed.segments_["name"].tolist() == ["Gold", "Silver"]
    assert renamed.rules is not None
    assert renamed.rules.names == ("Gold", "Silver")
    assert renamed.code_of("Silver") == profile.code_of("others")
    assert "Gold" in set(renamed.frame()["segment"])
    assert profile.segments_["name"].tolist() == ["rich", "others"]
    assert_profiles_equal(renamed.renamed(["rich", "others"]), profile)
    assert_profiles_equal(SegmentProfile.from_json(str(renamed.to_json())), renamed)


def test_names_of_a_profile_may_be_swapped(profile: SegmentProfile) -> None:
    swapped = profile.renamed({"rich": "others", "others": "rich"})
    assert swapped.segments_["name"].tolist() == ["others", "rich"]


def test_a_renamed_profile_keeps_noise() -> None:
    profile = profile_segments([0, 0, 1, 1, -1], {"age": [2.0, 3.0, 6.0, 7.0, 99.0]})
    noise = profile.segments_["name"].tolist()[-1]
    renamed = profile.renamed(["Young", "Old"])
    assert renamed.segments_["name"].tolist() == ["Young", "Old", noise]
    assert renamed.segments_["code"].tolist() == [0, 1, -1]


@pytest.mark.parametrize(
    "names",
    [
        {"rich": "others"},
        {"rich": " "},
        {"rich": "outside"},
        {"rihc": "Gold"},
        {5: "Gold"},
        ["Gold"],
        ["Gold", "Gold"],
        "Gold",
        None,
    ],
    ids=repr,
)
def test_a_profile_refuses_names_that_cannot_be(
    profile: SegmentProfile, names: Any
) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        profile.renamed(names)
    assert (caught.value.owner, caught.value.name) == (
        "SegmentProfile.renamed",
        "names",
    )
