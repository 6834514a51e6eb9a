"""name_segments: few traits, true numbers, and names that always differ."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg.exceptions import InvalidParameterError, RuleError
from skseg.playbook import name_segments
from skseg.playbook._fewest import differences, fewest_traits
from skseg.profile import profile_segments


def profile_of(**means: list[float]) -> Any:
    rng = np.random.default_rng(0)
    n_segments = len(next(iter(means.values())))
    codes = np.repeat(np.arange(n_segments), 60)
    X = pd.DataFrame(
        {k: np.array(v)[codes] + rng.normal(size=codes.size) for k, v in means.items()}
    )
    return profile_segments(codes, X)


def test_names_say_why_with_the_numbers_that_make_them_true() -> None:
    names = name_segments(profile_of(aov=[40.0, 54.0, 227.0]))
    assert names["name"].tolist() == ["Low order value", "Average", "High order value"]
    assert names["evidence"][2].startswith("aov median 227 against 5")
    assert names["n_traits"].tolist() == [1, 0, 1]


def test_any_column_has_words() -> None:
    names = name_segments(profile_of(thrust=[1.0, 50.0, 90.0]))["name"]
    assert names.tolist() == ["Low thrust", "Average", "High thrust"]


@pytest.mark.parametrize("n_segments", [1, 2, 3, 7])
def test_segments_that_are_equal_are_numbered_and_that_is_said(n_segments: int) -> None:
    codes = np.tile(np.arange(n_segments), 40)
    X = pd.DataFrame({"age": np.repeat(np.arange(40.0), n_segments)})
    names = name_segments(profile_segments(codes, X))
    assert names["name"].is_unique
    is_said = names["evidence"].str.contains("no trait tells it")
    assert is_said.all() == (n_segments > 1)


def test_the_fewest_traits_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        margins = rng.normal(size=(rng.integers(2, 7), rng.integers(1, 8)))
        for segment, chosen in enumerate(fewest_traits(margins)):
            tells = differences(margins, segment)
            tells = tells[tells.any(axis=1)]
            if not len(tells):
                assert len(chosen) <= 1
                continue
            assert tells[:, list(chosen)].any(axis=1).all()
            assert (margins[segment, list(chosen)] > 0).all()
            fewer = combinations(range(margins.shape[1]), len(chosen) - 1)
            assert not any(tells[:, list(few)].any(axis=1).all() for few in fewer)


def test_traits_are_edited_as_a_mapping_and_as_a_file(tmp_path: Path) -> None:
    profile = profile_of(aov=[40.0, 54.0, 227.0])
    document = {"features": [{"columns": ["AOV"], "high": "Splurgers"}], "none": "Mid"}
    expected = ["Low aov", "Mid", "Splurgers"]
    assert name_segments(profile, document)["name"].tolist() == expected
    path = tmp_path / "traits.json"
    head = {"format": "skseg.traits", "version": 1}
    path.write_text(json.dumps({**head, **document}))
    assert name_segments(profile, path)["name"].tolist() == expected
    pytest.importorskip("yaml")
    path = tmp_path / "traits.yaml"
    path.write_text(
        "format: skseg.traits\nversion: 1\nnone: Mid\n"
        "features:\n  - columns: [aov]\n    high: Splurgers\n"
    )
    assert name_segments(profile, path)["name"].tolist() == expected


@pytest.mark.parametrize(
    "document",
    [
        {"colour": 1},
        {"thresholds": {"high": 2.0}},
        {"features": [{"high": "no columns"}]},
        {"none": ""},
        {"levels": [{"column": "a", "level": "b"}]},
        {"version": 9},
    ],
    ids=str,
)
def test_a_document_with_a_fault_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        name_segments(profile_of(aov=[1.0, 9.0]), document)


def test_what_is_no_profile_and_no_document_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="profile"):
        name_segments("profile")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="traits"):
        name_segments(profile_of(aov=[1.0, 9.0]), 7)


def test_an_earlier_name_is_kept_where_it_is_still_true() -> None:
    profile = profile_of(aov=[40.0, 54.0, 227.0], orders=[1.0, 30.0, 90.0])
    fewest = name_segments(profile)
    assert fewest["name"][2] == "Frequent"
    names = name_segments(profile, previous={2: "High order value"})
    assert names["name"].tolist() == [*fewest["name"][:2], "High order value"]
    assert names["evidence"][2].startswith("aov median 227 against 5")
    # More traits than would do, in another order and case, are true as well.
    longer = name_segments(profile, previous={2: "High order value, frequent"})
    assert longer["name"][2] == "High order value, frequent"
    assert longer["n_traits"][2] == 2


@pytest.mark.parametrize(
    "name",
    [
        "Low order value",
        "Frequent 2",
        "Frequent, loved",
        "Freq",
        "Average",
        "",
        "Older",
    ],
)
def test_an_earlier_name_that_is_not_true_gives_way(name: str) -> None:
    profile = profile_of(aov=[40.0, 54.0, 227.0], orders=[1.0, 30.0, 90.0])
    names = name_segments(profile, previous={2: name})
    pd.testing.assert_frame_equal(names, name_segments(profile))


def test_an_earlier_name_that_two_segments_would_have_gives_way() -> None:
    profile = profile_of(aov=[10.0, 10.0, 90.0, 90.0], orders=[1.0, 9.0, 1.0, 9.0])
    names = name_segments(profile, previous={2: "High order value"})
    pd.testing.assert_frame_equal(names, name_segments(profile))


def test_names_are_kept_whole_by_themselves() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        means = rng.normal(scale=2.0, size=(3, 6))
        profile = profile_of(aov=means[0], orders=means[1], age=means[2])
        names = name_segments(profile)
        kept = name_segments(profile, previous=names)
        pd.testing.assert_frame_equal(kept, names)
        assert name_segments(profile, previous={99: "Gone"}).equals(names)
        shuffled = dict(enumerate(rng.permutation(names["name"]).tolist()))
        assert name_segments(profile, previous=shuffled)["name"].is_unique


@pytest.mark.parametrize(
    "previous", ["High", ["High"], {"a": "High"}, {0: 3}, {True: "High"}, 7], ids=repr
)
def test_what_is_no_names_by_code_is_refused(previous: Any) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        name_segments(profile_of(aov=[1.0, 9.0]), previous=previous)
    assert caught.value.name == "previous"
