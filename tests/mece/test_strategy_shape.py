"""Which values a strategy may hold, place by place."""

from __future__ import annotations

from typing import Any

import pytest

from skseg._mece._strategy_shape import (
    FORMAT,
    VERSION,
    _is_columns,
    check_strategy,
)
from skseg.exceptions import RuleError


def strategy(place: str, value: Any) -> dict[str, Any]:
    """Return a strategy over the column x with a value at a place such as a.b."""
    figures: dict[str, Any] = {"n": 3}
    segment: dict[str, Any] = {"name": "A", "rule": "x > 1", "figures": figures}
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "columns": ["x"],
        "segments": [segment],
        "parameters": dict.fromkeys(
            [
                *("rules", "params", "default", "universe", "min_size", "max_size"),
                *("split_on", "score_weights", "playbook"),
            ]
        ),
    }
    content["parameters"] |= {
        "on_overlap": "raise",
        "on_gap": "raise",
        "oversize": "warn",
    }
    part, _, key = place.rpartition(".")
    parts = {"": content, "parameters": content["parameters"]}
    parts |= {"segment": segment, "figures": figures}
    parts[part][key] = value
    return content


NUMBERS = [0, 1, 0.5, -1, -0.5, 2**63 - 1, 2**63, 1e300, True, "1", None, [1]]
NOT_A_NUMBER = [True, "1", [1]]
TOO_LARGE = [2**63]
# Place -> those of the numbers above that it may not hold.
REFUSED: dict[str, list[Any]] = {
    "parameters.min_size": [0, -1, -0.5, *NOT_A_NUMBER],
    "parameters.max_size": [0, -1, -0.5, *NOT_A_NUMBER],
    "figures.n": [-1, -0.5, *TOO_LARGE, *NOT_A_NUMBER],
    "figures.share": [*TOO_LARGE, *NOT_A_NUMBER],
    "figures.rank": [0, 0.5, -1, -0.5, *TOO_LARGE, 1e300, *NOT_A_NUMBER],
    "figures.mean_x": [*TOO_LARGE, *NOT_A_NUMBER],
    "figures.score_x": [*TOO_LARGE, *NOT_A_NUMBER],
    "figures.mean_y": NUMBERS,
    "figures.x": NUMBERS,
    "figures.oversize": [value for value in NUMBERS if value not in (None, True)] + [1],
    "segment.action": [value for value in NUMBERS if value not in (None, "1")],
    "segment.name": [value for value in NUMBERS if value != "1"],
}


def is_among(value: Any, values: list[Any]) -> bool:
    return any(type(other) is type(value) and other == value for other in values)


@pytest.mark.parametrize("place", REFUSED)
@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_every_place_holds_what_it_may(place: str, value: Any) -> None:
    content = strategy(place, value)
    if not is_among(value, REFUSED[place]):
        check_strategy(content)
        return
    with pytest.raises(RuleError):
        check_strategy(content)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["x"], True),
        (["x", "y"], True),
        ([], False),
        (["x", "x"], False),
        (["x", 1], False),
        (1, True),
        (1_000_000, True),
        (1_000_001, False),
        (0, False),
        (-1, False),
        (True, False),
        (1.0, False),
        ("x", False),
    ],
    ids=str,
)
def test_columns_are_different_names_or_a_bounded_number(
    columns: Any, expected: bool
) -> None:
    assert _is_columns(columns) is expected


@pytest.mark.parametrize(
    ("value", "is_good"),
    [
        (1, True),
        ("a", True),
        ([1, ["a"], True], True),
        ({"threshold": "q(0.5)"}, True),
        ({"threshold": 1}, False),
        ({"threshold": "1", "more": "2"}, False),
        ([1, None], False),
        ([{}], False),
        (None, False),
    ],
    ids=str,
)
def test_parameters_of_rules_are_numbers_texts_lists_or_thresholds(
    value: Any, is_good: bool
) -> None:
    content = strategy("parameters.params", {"t": value})
    if is_good:
        check_strategy(content)
        return
    with pytest.raises(RuleError, match=r"params"):
        check_strategy(content)
