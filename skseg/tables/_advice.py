"""Advice that names parameters, which a command words as its options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from skseg._rfm._defects import Remedy


class Parameter(NamedTuple):
    """A parameter of `read_table`, by its name."""

    name: str


class Settings(NamedTuple):
    """Parameters of `read_table` with the values to give them."""

    values: Mapping[str, object]


Part = str | Parameter | Settings


class Advice(str):
    """Whole sentences in the words of the library, and the parts they are made of."""

    parts: tuple[Part, ...]

    def __new__(cls, *parts: Part) -> Advice:
        """Make the sentences of parts."""
        advice = super().__new__(cls, _worded(parts, str, _as_arguments))
        advice.parts = parts
        return advice

    def __getnewargs__(self) -> tuple[Part, ...]:  # type: ignore[override]
        return self.parts

    def __add__(self, other: str) -> Advice:
        """Append further advice as sentences of their own."""
        return Advice(*self.parts, " ", *parts_of(other))

    def worded(
        self,
        parameter: Callable[[str], str],
        settings: Callable[[Mapping[str, object]], str],
    ) -> str:
        """Return the sentences in the words of another surface."""
        return _worded(self.parts, parameter, settings)


def parts_of(advice: str | None) -> tuple[Part, ...]:
    """Return the parts of advice, of which plain text is one."""
    if isinstance(advice, Advice):
        return advice.parts
    return (advice,) if advice else ()


def _worded(
    parts: Iterable[Part],
    parameter: Callable[[str], str],
    settings: Callable[[Mapping[str, object]], str],
) -> str:
    words = []
    for part in parts:
        if isinstance(part, Parameter):
            words.append(parameter(part.name))
        elif isinstance(part, Settings):
            words.append(settings(part.values))
        else:
            words.append(part)
    return "".join(words)


def _as_arguments(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def remedies_advice(remedies: Iterable[Remedy]) -> Advice | None:
    """Return the settings that remedies are, and what they would read."""
    parts: list[Part] = []
    for remedy in remedies:
        rest = f" (all but {remedy.n_left:,} of the texts)" if remedy.n_left else ""
        effect = f", which {remedy.effect}{rest}"
        parts += [", or " if parts else "Give ", Settings(remedy.parameters), effect]
    return Advice(*parts, ".") if parts else None
