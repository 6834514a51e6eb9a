"""JSON, read strictly and written so that it can be read."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg._documents._errors import DocumentError
from skseg._documents._json import dump_json, load_json

pytestmark = pytest.mark.pure

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**308), 10**308)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)
documents = st.recursive(
    _scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab\u00e9"), inner),
    max_leaves=12,
)


@given(documents)
def test_plain_data_is_the_same_after_it_was_written(content: Any) -> None:
    text = dump_json(content)
    assert load_json(text) == content == json.loads(text)
    assert load_json(f"\ufeff\n{text} ") == content


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("\ufeff \n", "it is empty"),
        ("{", "expecting property name enclosed in double quotes"),
        ("{} {}", "extra data"),
        ('{"a": 1}\n]', "extra data"),
        ('{"a": 1, "a": 1}', "the key 'a' stands twice"),
        ('[{"b": {"a": 1, "b": 2, "a": null}}]', "the key 'a' stands twice"),
        ('{"": 1, "": 2}', "the key '' stands twice"),
        ('{"a": 1, "\\u0061": 2}', "the key 'a' stands twice"),
        ("NaN", "NaN is no JSON"),
        ('{"a": [-Infinity]}', "-Infinity is no JSON"),
        ("1e400", "the number 1e400 is beyond float64"),
        ("[-1e309]", "the number -1e309 is beyond float64"),
        ("1e-400", "the number 1e-400 is beyond float64"),
        ("9" * 309, "a number of 309 digits is beyond float64"),
        ("-" + "9" * 400, "a number of 400 digits is beyond float64"),
        ("9" * 5000, "a number of 5000 digits is beyond float64"),
        ('"\\ud800"', r"the text '\ud800' holds a lone surrogate"),
        ('{"\\udfff": 1}', r"the text '\udfff' holds a lone surrogate"),
        ("[" * 50 + "]" * 50, "it is nested too deeply"),
        ('{"a":' * 900 + "1" + "}" * 900, "it is nested too deeply"),
        ("[" * 100_000, "it is nested too deeply"),
        ("\0", "expecting value"),
        ("'a'", "expecting value"),
        ('"a\nb"', "invalid control character at"),
        ("01", "extra data"),
        ("1_000", "extra data"),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_no_plain_json_is_refused(text: str, problem: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_json(text)
    # Some versions of Python say more.
    assert caught.value.problem.startswith(problem)


@pytest.mark.parametrize(
    "text",
    ["0", "-0.0", "0e-999", "1.7976931348623157e308", "5e-324", "1" + "0" * 308],
    ids=lambda text: text[:20],
)
def test_numbers_at_the_borders_of_float64_are_read(text: str) -> None:
    number = load_json(text)
    assert number == json.loads(text)
    assert math.isfinite(number)


def test_a_surrogate_pair_is_a_character() -> None:
    assert load_json(r'"\ud83d\ude00"') == "\U0001f600"


def test_a_place_is_told_by_line_and_column() -> None:
    with pytest.raises(DocumentError, match=r"\(line 2, column 8\)") as caught:
        load_json('{\n  "a": x}')
    assert caught.value.mark == (2, 8)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (math.inf, "JSON has no infinity and no NaN"),
        ([math.nan], "JSON has no infinity and no NaN"),
        (10**400, "a number of 401 digits is beyond float64"),
        ({"a": {1, 2}}, "object of type set is not JSON serializable"),
        ("\ud800", r"the text '\ud800' holds a lone surrogate"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_could_not_be_read_is_not_written(content: Any, problem: str) -> None:
    with pytest.raises(DocumentError) as caught:
        dump_json(content)
    assert caught.value.problem.startswith(problem)
