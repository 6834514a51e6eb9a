"""Shapes of documents: which fault is told first, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from skseg._documents._shapes import (
    BOOLEAN,
    NUMBER,
    TEXT,
    ListOf,
    MappingOf,
    OrNull,
    Record,
    Shape,
    Value,
    check,
    first_fault,
)
from skseg.exceptions import RuleError

pytestmark = pytest.mark.pure

POINT = Record({"x": NUMBER}, {"label": OrNull(TEXT), "is_new": BOOLEAN})
SHAPE = Record(
    {"points": ListOf("a list of points", POINT)},
    {"names": MappingOf("an object of texts", TEXT)},
    others=lambda key: NUMBER if key.startswith("score_") else None,
)


@pytest.mark.parametrize(
    "content",
    [
        {"points": []},
        {"points": [{"x": 1}, {"x": -0.5, "label": None, "is_new": False}]},
        {"points": [], "names": {}, "score_a b": 3},
        {"names": {"": ""}, "points": [{"label": "", "x": 10**300}]},
    ],
)
def test_what_has_the_shape_has_no_fault(content: Any) -> None:
    assert first_fault(content, SHAPE) is None
    check(content, SHAPE, title="a map", owner="Map.read")


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (3, None, "Not a map: it must be an object. Got 3 instead."),
        ({}, "points", "Not a map: the key 'points' is missing."),
        (
            {"points": {}},
            "points",
            "Not a map: points must be a list of points. Got ",
        ),
        (
            {"points": [], "name": 1},
            "name",
            (
                "Not a map: the keys are points, names. Got 'name' instead. Did you "
                "mean 'names'?"
            ),
        ),
        (
            {"points": [{"x": 1}, {"x": 1, "labels": 1}]},
            "points[1].labels",
            (
                "Not a map: the keys of points[1] are x, label, is_new. Got "
                "'points[1].labels' instead. Did you mean 'label'?"
            ),
        ),
        (
            {"points": [{}]},
            "points[0].x",
            "Not a map: the key 'points[0].x' is missing.",
        ),
        (
            {"points": [{"x": True}]},
            "points[0].x",
            "Not a map: points[0].x must be a number. Got true instead.",
        ),
        (
            {"points": [{"x": 1, "label": 2}]},
            "points[0].label",
            "Not a map: points[0].label must be text, or null. Got 2 instead.",
        ),
        (
            {"points": [{"x": 1, "is_new": 1}]},
            "points[0].is_new",
            "Not a map: points[0].is_new must be true or false. Got 1 instead.",
        ),
        (
            {"points": [], "names": {"a b": None}},
            "names['a b']",
            "Not a map: names['a b'] must be text. Got null instead.",
        ),
        (
            {"points": [], "score_x": float("inf")},
            "score_x",
            "Not a map: score_x must be a number. Got Infinity instead.",
        ),
        (
            {"points": [], "names": {"a": ["x" * 500]}},
            "names.a",
            f'Not a map: names.a must be text. Got ["{"x" * 198}... instead.',
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_the_first_fault_is_told_with_its_place(
    content: Any, place: str | None, message: str
) -> None:
    with pytest.raises(RuleError) as caught:
        check(content, SHAPE, title="a map", owner="Map.read")
    assert str(caught.value).startswith(message)
    assert (caught.value.owner, caught.value.name) == ("Map.read", place)


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        (TEXT, [None, 1, True, [], {}]),
        (NUMBER, [None, True, "1", [], float("nan"), float("-inf")]),
        (BOOLEAN, [None, 0, 1, "true", 1.0]),
        (OrNull(NUMBER), [True, "1"]),
        (ListOf("a list", TEXT), [None, "a", {}, [1], ["a", None]]),
        (MappingOf("an object", NUMBER), [None, [], "a", {"a": "b"}, {"a": True}]),
        (Value("even", lambda value: value == 2), [1, None]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_other_types_are_faults(shape: Shape, values: list[Any]) -> None:
    assert all(first_fault(value, shape) is not None for value in values)
