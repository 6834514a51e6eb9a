"""Text that fits, scales with readable ticks, markup that holds any name."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from skseg.report._drawing import (
    Drawing,
    coordinate,
    plain_text,
    shortened,
    text_width,
    ticks,
)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.5, 1]),
        (0, 10, [0, 5, 10]),
        (-7, 12, [0, 10]),
        (0, 1e6, [0, 5e5, 1e6]),
        (3, 3, [3]),
        (float("nan"), 1, [1]),
        (0, 0.003, [0, 0.001, 0.002, 0.003]),
    ],
)
def test_ticks_are_multiples_of_one_two_or_five(low, high, expected) -> None:
    assert ticks(low, high, 4) == pytest.approx(expected)


@pytest.mark.parametrize("high", [1e-250, 1e-9, 0.37, 1, 73, 4e12, 1e300])
@pytest.mark.parametrize("low", [0.0, -1e-3, -5.0])
def test_there_are_never_more_ticks_than_asked_for(low: float, high: float) -> None:
    numbers = ticks(low, high, 5)
    assert 1 <= len(numbers) <= 5
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("text", ["", "short", "W" * 300, "顧客" * 90, "e\u0301" * 90])
def test_shortened_text_fits(text: str) -> None:
    label = shortened(text, 60, 11)
    assert text_width(label, 11) <= 60
    assert label == text or label.endswith("…")


def test_characters_that_xml_forbids_and_turns_of_direction_leave_the_text() -> None:
    assert plain_text("a\x00b\ud800c\u202ed\ne") == "a\ufffdb\ufffdcd e"


def test_a_cut_text_carries_the_whole_as_its_title() -> None:
    drawing = Drawing("<chart>", "about & more")
    drawing.text(0, 10, "a < b " * 40, 60)
    drawing.text(0, 30, "short", 60)
    svg = drawing.svg(80, 40)
    root = ElementTree.fromstring(svg)
    titles = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert titles[:2] == ["<chart>", ("a < b " * 40).strip()]


@pytest.mark.parametrize(
    ("number", "text"), [(1.0, "1"), (-0.01, "0"), (2.25, "2.2"), (10, "10")]
)
def test_coordinates_have_one_decimal_at_most(number: float, text: str) -> None:
    assert coordinate(number) == text
