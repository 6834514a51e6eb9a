"""Numbers as literals that an engine reads as exactly the same float64."""

from __future__ import annotations

from ._trees import Tree, exp


def exponent_number(number: float) -> Tree:
    """Write a number so that no engine takes it for a DECIMAL."""
    if number.is_integer() and number <= 2**53:
        return exp.Literal.number(str(int(number)))
    text = repr(number)
    return exp.Literal.number(text if "e" in text else f"{text}e0")
