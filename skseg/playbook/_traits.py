"""The document of traits: words for what segments may be, and thresholds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from skseg._documents._json import load_json
from skseg._documents._plain_file import read_plain
from skseg._documents._shapes import (
    TEXT,
    ListOf,
    Record,
    Value,
    check,
    is_number,
)
from skseg._documents._versions import VERSION_KEYS, check_version
from skseg.exceptions import InvalidParameterError

OWNER = "name_segments"
FORMAT = "skseg.traits"
VERSION = 1
TITLE = "a document of traits"

_PHRASE = Value(
    "text that is not empty",
    lambda value: isinstance(value, str) and bool(value.strip()) and "\0" not in value,
)
_COLUMNS = ListOf("a list of names of columns", TEXT)


def _between(low: float, high: float) -> Value:
    return Value(
        f"a number above {low:g} and below {high:g}",
        lambda value: is_number(value) and low < value < high,
    )


_DIRECTIONS = {
    "high": _PHRASE,
    "low": _PHRASE,
    "very_high": _PHRASE,
    "very_low": _PHRASE,
}
_SHAPE = Record(
    required=VERSION_KEYS,
    optional={
        "thresholds": Record(
            required={},
            optional={
                "high": _between(0.5, 1.0),
                "very_high": _between(0.5, 1.0),
                "rank_effect": _between(0.0, 1.0),
                "level_share": _between(0.0, 1.0),
                "level_difference": _between(0.0, 1.0),
                "value_ratio": _between(1.0, 1000.0),
                "margin": _between(0.0, 0.25),
            },
        ),
        "features": ListOf(
            "a list of objects", Record({"columns": _COLUMNS}, _DIRECTIONS)
        ),
        "levels": ListOf(
            "a list of objects",
            Record({"column": TEXT, "level": TEXT, "words": _PHRASE}),
        ),
        "value": Record({}, {"high": _PHRASE, "low": _PHRASE}),
        "fallback": Record({}, {**_DIRECTIONS, "level": _PHRASE}),
        "none": _PHRASE,
    },
)


@cache
def shipped_traits() -> dict[str, Any]:
    """Return the document of traits that the package ships."""
    text = files("skseg.playbook").joinpath("_traits.json").read_text("utf-8")
    content: dict[str, Any] = load_json(text)
    return content


def read_traits(traits: Any) -> dict[str, Any]:
    """Return a checked document of traits; sections that it lacks are the shipped ones.

    Thresholds and phrases of the fallback are completed one by one. Raises if `traits`
    is neither None, nor a mapping, nor the path of a YAML or JSON file, or if a key or
    a value is wrong.
    """
    shipped = shipped_traits()
    if traits is None:
        return shipped
    if isinstance(traits, os.PathLike):
        content = read_plain(Path(traits))
        check_version(content, FORMAT, VERSION, title=TITLE, owner=OWNER)
    elif isinstance(traits, Mapping):
        content = {"format": FORMAT, "version": VERSION, **traits}
        check_version(content, FORMAT, VERSION, title=TITLE, owner=OWNER)
    else:
        rule = "a mapping, the pathlib.Path of a YAML or JSON file, or None"
        raise InvalidParameterError(OWNER, "traits", rule, traits)
    check(content, _SHAPE, title=TITLE, owner=OWNER)
    completed = {**shipped, **content}
    for section in ("thresholds", "fallback"):
        completed[section] = {**shipped[section], **content.get(section, {})}
    limits = completed["thresholds"]
    if not limits["high"] < limits["very_high"]:
        rule = "with the threshold 'high' below 'very_high'"
        raise InvalidParameterError(OWNER, "traits", rule, dict(limits))
    return completed
