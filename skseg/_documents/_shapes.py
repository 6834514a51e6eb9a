"""What a document must hold, declared: the keys of its records, and their values."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from skseg.exceptions import RuleError, did_you_mean

from ._plain import shown_text

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """A place in a document that breaks the shape of the document.

    `path` holds the keys and positions that lead to it, and `rule` what must hold, as
    the end of "must be ...". A key that is missing, or is none of the `known` ones, is
    the last of its path.
    """

    path: Path
    value: Any = None
    rule: str = ""
    is_missing: bool = False
    known: tuple[str, ...] | None = None

    @property
    def place(self) -> str:
        """The path as text, such as ``segments[0].name``."""
        return place_of(self.path)

    def below(self, key: str | int) -> Fault:
        """Return the fault as seen from the record, or list, that holds it as `key`."""
        return Fault(
            (key, *self.path), self.value, self.rule, self.is_missing, self.known
        )


class Shape(Protocol):
    """What a value must be, in words and as a check."""

    @property
    def rule(self) -> str:
        """What must hold, as the end of "must be ..."."""

    def faults(self, value: Any) -> Iterator[Fault]:
        """Yield what is wrong with a value, as far as it can be told."""


@dataclass(frozen=True)
class Value:
    """A value that passes a test."""

    rule: str
    test: Callable[[Any], bool]

    def faults(self, value: Any) -> Iterator[Fault]:
        """Yield the value itself if it fails the test."""
        if not self.test(value):
            yield Fault((), value, self.rule)


@dataclass(frozen=True)
class OrNull:
    """A value of a shape, or null."""

    shape: Shape

    @property
    def rule(self) -> str:
        """The rule of the shape, with the way out."""
        return f"{self.shape.rule}, or null"

    def faults(self, value: Any) -> Iterator[Fault]:
        """Yield what is wrong with a value that is not null."""
        if value is None:
            return
        for fault in self.shape.faults(value):
            is_whole = not fault.path and fault.rule == self.shape.rule
            yield Fault((), value, self.rule) if is_whole else fault


@dataclass(frozen=True)
class ListOf:
    """A list of values of one shape."""

    rule: str
    item: Shape

    def faults(self, value: Any) -> Iterator[Fault]:
        """Yield the value if it is no list, else what is wrong with its items."""
        if not isinstance(value, list):
            yield Fault((), value, self.rule)
            return
        for position, item in enumerate(value):
            for fault in self.item.faults(item):
                yield fault.below(position)


@dataclass(frozen=True)
class MappingOf:
    """A mapping of names to values of one shape."""

    rule: str
    item: Shape

    def faults(self, value: Any) -> Iterator[Fault]:
        """Yield the value if it is no mapping, else what is wrong with its items."""
        if not isinstance(value, dict):
            yield Fault((), value, self.rule)
            return
        for name, item in value.items():
            for fault in self.item.faults(item):
                yield fault.below(name)


@dataclass(frozen=True)
class Record:
    """A mapping whose keys are known, each with the shape of its value.

    `others` gives the shape of a further key, such as ``score_aov``, or None where
    that is none either.
    """

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    rule: str = "an object"
    others: Callable[[str], Shape | None] = lambda _: None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are known by name."""
        return (*self.required, *self.optional)

    def faults(self, value: Any) -> Iterator[Fault]:
        """Yield unknown keys, then missing ones, then what is wrong with the values."""
        if not isinstance(value, dict):
            yield Fault((), value, self.rule)
            return
        shapes = {**self.required, **self.optional}
        for key, inner in value.items():
            if key not in shapes:
                other = self.others(key)
                if other is None:
                    yield Fault((key,), inner, known=self.keys)
                else:
                    shapes[key] = other
        for key in self.required:
            if key not in value:
                yield Fault((key,), rule=self.required[key].rule, is_missing=True)
        for key, shape in shapes.items():
            if key in value:
                for fault in shape.faults(value[key]):
                    yield fault.below(key)


def first_fault(value: Any, shape: Shape) -> Fault | None:
    """Return what is wrong with a value first, None if it has the shape."""
    return next(iter(shape.faults(value)), None)


def check(value: Any, shape: Shape, *, title: str, owner: str) -> None:
    """Raise RuleError for the first fault of a document, which is called `title`."""
    fault = first_fault(value, shape)
    if fault is not None:
        raise fault_error(fault, title=title, owner=owner)


def fault_error(fault: Fault, *, title: str, owner: str) -> RuleError:
    """Return a fault as the error of the function `owner` of the library."""
    place = fault.place
    if fault.known is not None:
        *holder, key = fault.path
        of_holder = f" of {place_of(tuple(holder))}" if holder else ""
        text = (
            f"the keys{of_holder} are {', '.join(fault.known)}. Got "
            f"{shown_text(place)} instead.{did_you_mean(str(key), fault.known)}"
        )
    elif fault.is_missing:
        text = f"the key {place!r} is missing."
    else:
        subject = place or "it"
        text = f"{subject} must be {fault.rule}. Got {shown(fault.value)} instead."
    return RuleError(
        f"Not {title}: {text}",
        owner=owner,
        name=place or None,
        rule=fault.rule or None,
        value=fault.value,
    )


def place_of(path: Path) -> str:
    """Return a path as text, such as ``segments[0].figures['a b']``."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif re.fullmatch(r"\w+", key):
            text += f".{key}"
        else:
            text += f"[{shown_text(key)}]"
    return text.removeprefix(".")


def shown(value: Any) -> str:
    """Return a value as JSON, the beginning of it where that is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number, which true and false are not."""
    is_any = isinstance(value, int | float) and not isinstance(value, bool)
    return is_any and math.isfinite(value)


def is_count(value: Any) -> bool:
    """Tell whether a value is a whole number above 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


TEXT = Value("text", lambda value: isinstance(value, str))
NUMBER = Value("a number", is_number)
BOOLEAN = Value("true or false", lambda value: isinstance(value, bool))
