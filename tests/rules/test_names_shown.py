"""Names of segments beside their rules: one segment is one line."""

from __future__ import annotations

import pytest

from skseg.rules import RuleSet

PLAIN = (
    "VIP",
    "At risk",
    "Don't lose",
    "50 % off",
    "Größe",
    "名前",
    "a-b",
    "x > 1",
    "😀",
)
ODD = (
    *("A: x > 5\nB", "A: x > 5", "A\nB", "A\rB", "A\u2028B", "A\tB", " A", "A ", " "),
    *(
        "\u00a0",
        "\u200b",
        "A\u200b",
        "\u202eA",
        "\u2066A\u2069",
        "\ufeffA",
        "\x1b[31mA",
    ),
    *("'A'", '"A"', "'", '"', "\u3164", "\u2800", "A\u115f", "\u0301", "A\x7f", ":"),
)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_names_stand_as_they_are(name: str) -> None:
    assert str(RuleSet({name: "x > 1"})) == f"{name}: x > 1"


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_other_names_are_quoted_and_take_one_visible_line(name: str) -> None:
    rules = RuleSet({name: "x > 1"}, default=f"{name}2")
    first, second = str(rules).splitlines()
    shown = first.removesuffix(": x > 1")
    assert shown.isprintable()
    assert shown[0] == shown[-1]
    assert shown[0] in "'\""
    # As Python reads it, it is the name.
    assert shown.encode("ascii", "backslashreplace").decode("unicode_escape")[1:-1] in (
        name,
        name.replace("'", "\\'"),
    )
    assert second.endswith(": everyone else")


def test_one_segment_never_looks_like_two() -> None:
    assert str(RuleSet({"A: x > 5\nB": "x > 1"})) == r"'A: x > 5\nB': x > 1"
