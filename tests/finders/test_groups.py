"""Labels of groups: one group has one label, and what is no label is refused."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skseg import BoxSegmentFinder, information_value
from skseg._finders._rows._groups import read_groups
from skseg.exceptions import InvalidDataError

X = pd.DataFrame({"aov": np.tile([1.0, 2.0, 3.0, 4.0], 4)})
Y = np.tile([0, 1, 1, 0], 4)
Seller = enum.Enum("Seller", ["ANN", "BOB"])


@pytest.mark.parametrize(
    "labels",
    [[1, "1"], [True, 1], [False, 0], [2.0, "2"], [1, np.str_("1")], [None, "1", 1]],
    ids=str,
)
def test_two_labels_of_one_group_are_refused(labels: list[Any]) -> None:
    group = np.array(labels, dtype=object).repeat(16 // len(labels))[:16]
    known = np.array([label is not None for label in group])
    with pytest.raises(InvalidDataError, match="may be the same group") as error:
        information_value(X[: known.sum()], Y[: known.sum()], group=group[known])
    assert error.value.rule == "labels of one kind"


def test_whole_floats_and_integers_are_one_label() -> None:
    group = np.array([1, 1.0, 2, 2.0], dtype=object)
    groups = read_groups("Finder", group, None, None, 4)
    assert groups.labels == (1, 2)
    assert groups.in_a.tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    "group",
    [
        pd.Series([["a"], ["b"]] * 8),
        pd.Series([{"a": 1}, {"a": 2}] * 8),
        pl.Series([[1], [2]] * 8),
        pl.Series([{"a": 1}, {"a": 2}] * 8),
    ],
    ids=["lists", "dicts", "polars List", "polars Struct"],
)
def test_what_has_no_hash_is_no_label(group: Any) -> None:
    with pytest.raises(InvalidDataError, match=r"must be texts, .* at row 0"):
        BoxSegmentFinder().fit(X, Y, group=group)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([("a", 1), ("a", 2)], (("a", 1), ("a", 2))),
        ([Seller.BOB, Seller.ANN], (Seller.ANN, Seller.BOB)),
        ([2j, 1j], (1j, 2j)),
    ],
    ids=["tuples", "enum", "complex"],
)
def test_other_labels_are_compared_as_a_whole(labels: list[Any], names: Any) -> None:
    groups = read_groups("Finder", pd.Series(labels), None, None, 2)
    assert groups.labels == names
    assert groups.in_a.sum() == groups.in_b.sum() == 1
    assert labels[int(groups.in_a.argmax())] == names[0]


@pytest.mark.parametrize(
    ("labels", "pair"),
    [
        ([0, 1], (1, 0)),
        ([0.0, 1.0], (1.0, 0.0)),
        (["0", "1"], ("1", "0")),
        ([False, True], (True, False)),
        (["No", "Yes"], ("Yes", "No")),
        (["control", "test"], ("test", "control")),
        (["Control", "Aggressive"], ("Aggressive", "Control")),
        (["Mens E-Mail", "No E-Mail"], ("Mens E-Mail", "No E-Mail")),
        (["off", "on"], ("on", "off")),
        (["placebo", "drug"], ("drug", "placebo")),
        (["treated", "untreated"], ("treated", "untreated")),
        (["holdout", "campaign"], ("campaign", "holdout")),
        (["A", "B"], ("A", "B")),
        (["Nora", "Otto"], ("Nora", "Otto")),
        ([1, 2], (1, 2)),
        (["control", "none"], ("control", "none")),
    ],
    ids=str,
)
def test_the_reference_is_the_label_that_means_no_treatment(
    labels: list[Any], pair: tuple[Any, Any]
) -> None:
    for group in (labels * 2, labels[::-1] * 2):
        groups = read_groups("Finder", group, None, None, 4)
        assert groups.labels == pair
        assert groups.in_a.tolist() == [label == pair[0] for label in group]
    named = read_groups("Finder", labels, None, pair[0], 2)
    assert named.labels == pair[::-1]
    assert named.has_reference
    assert read_groups("Finder", labels, pair[1], None, 2).labels == pair[::-1]


@pytest.mark.parametrize(
    ("labels", "has_reference"),
    [([0, 1], True), (["no", "yes"], True), (["A", "B"], False), ([1, 2], False)],
    ids=str,
)
def test_a_reference_is_known_by_its_name_or_its_label(
    labels: list[Any], has_reference: bool
) -> None:
    groups = read_groups("Finder", labels, None, None, 2)
    assert groups.has_reference is has_reference
