"""YAML as people write it by hand, and what of it is not read."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given

from skseg._documents._errors import DocumentError
from skseg._documents._json import load_json
from skseg._documents._yaml import load_yaml
from tests.documents.test_json import documents

TAGS = [
    "!!timestamp foo",
    "!!timestamp 2024-01-01",
    "!!bool foo",
    "!!bool true",
    "!!int ''",
    '!!int "1:30"',
    "!!float x",
    "!!null x",
    "!!str 3",
    "!!binary x",
    "!!map [a]",
    "!!map {a: 1}",
    "!!seq {a: 1}",
    "!!set {a}",
    "!!omap [a]",
    "!!pairs [a]",
    "!!python/object/apply:os.getcwd []",
    "!local x",
    "! x",
    "!<tag:yaml.org,2002:int> 3",
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize(
    "text", ["a: 1\nb: {}\n", "a: 1\nb: [{{c: {}}}]\n", "a: 1\n? {}\n: 1\n"]
)
def test_explicit_tags_are_refused_with_their_line(text: str, tag: str) -> None:
    with pytest.raises(DocumentError, match="Tags are not read") as caught:
        load_yaml(text.format(tag))
    assert caught.value.mark is not None
    assert caught.value.mark[0] == 2
    assert caught.value.snippet.endswith("^")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: &x 1\n", 1, "Anchors and aliases"),
        ("a: 1\nb: *x\n", 2, "Anchors and aliases"),
        ("a: 1\n&x b: 2\n", 2, "Anchors and aliases"),
        ("a: 1\nb: &x\n  c: 1\n", 2, "Anchors and aliases"),
        ("a: 1\nb: &x [1]\n", 2, "Anchors and aliases"),
        ("a:\n  <<: {b: 1}\n", 2, "Merge keys"),
        ("%YAML 1.2\n---\na: 1\n", 1, "Directives"),
        ("%TAG ! tag:skseg,2024:\n---\na: 1\n", 1, "Directives"),
        ("# comment\n%OTHER\n---\na: 1\n", 2, "Directives"),
        ("a: 1\na: 2\n", 2, "The key 'a' stands twice, first in line 1"),
        ("a: {b: 1, 'b': 2}\n", 1, "The key 'b' stands twice, first in line 1"),
        ("a: 1\n[b]: 2\n", 2, "A name must be text"),
        ("a: 1\nb: no\n", 2, "The word no may be text, or true or false"),
        ("a: 1\nb: .nan\n", 2, "No value is written by leaving the key out"),
        ("a: 1\nb: 1e400\n", 2, "The number 1e400 is beyond float64"),
        ("a: 1\nb: [-1e-400]\n", 2, "The number -1e-400 is beyond float64"),
        (f"a: 1\nb: {'9' * 400}\n", 2, "A number of 400 digits is beyond float64"),
        (f"a: 1\nb: -{'9' * 5000}\n", 2, "A number of 5000 digits is beyond float64"),
        ("a: 1\n---\nb: 1\n", 2, "A second document begins here"),
        ("a: 1\n\tb: 1\n", 2, "A tab stands where YAML needs spaces"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_changes_a_document_from_afar_is_refused_with_its_line(
    text: str, line: int, problem: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        load_yaml(text)
    assert caught.value.problem.startswith(problem)
    assert caught.value.mark is not None
    assert caught.value.mark[0] == line


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("\n \n", "it is empty"),
        ("a: b\0", "it holds the character #x0000"),
        ("a: \ud800", "it holds the character #xd800"),
        (r'a: "\uD800"', r"the text '\ud800' holds a lone surrogate"),
        (r'a: "\UFFFFFFFF"', "it holds the code of a character that does not exist"),
        (r'a: "\U00110000"', "it holds the code of a character that does not exist"),
        ("[" * 60 + "]" * 60, "it is nested too deeply"),
        ("[" * 5000, "it is nested too deeply"),
        ("- " * 5000, "it is nested too deeply"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_texts_that_cannot_be_read_as_a_whole(text: str, problem: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_yaml(text)
    assert caught.value.problem.startswith(problem)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'<<'", "<<"),
        ("'!missing(aov)'", "!missing(aov)"),
        ('"*a"', "*a"),
        ("2024-01-01", "2024-01-01"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("+3", 3),
        ("true", True),
        ("~", None),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("0e-999", 0.0),
    ],
)
def test_values_are_what_they_look_like(text: str, value: Any) -> None:
    read = load_yaml(f"a: {text}")["a"]
    assert (read, type(read)) == (value, type(value))


@given(documents)
def test_json_is_read_as_yaml(content: Any) -> None:
    text = json.dumps(content, indent=1)
    assert load_yaml(text) == load_json(text)


def test_a_character_written_as_two_escapes_is_one_in_keys_and_values() -> None:
    text = json.dumps({"\U0001f600": "a\U00010000b"})
    assert "\\ud83d\\ude00" in text
    assert load_yaml(text) == {"\U0001f600": "a\U00010000b"}
    with pytest.raises(DocumentError, match="a lone surrogate"):
        load_yaml('"\\ude00\\ud83d"')
