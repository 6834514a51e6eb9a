"""The same questions put to z3, which knows IEEE floats and nothing of our cells."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

import z3

from skseg.rules import Domain, Rule
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Membership,
    Missing,
    Not,
    Or,
    column_kinds,
    leaves,
)

_COMPARE = {
    "<": z3.fpLT,
    "<=": z3.fpLEQ,
    ">": z3.fpGT,
    ">=": z3.fpGEQ,
    "==": z3.fpEQ,
    "!=": z3.fpNEQ,
}


def number(value: float) -> Any:
    """Return a float64 with exactly the bits of `value`."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return z3.fpBVToFP(z3.BitVecVal(bits, 64), z3.Float64())


class Z3Oracle:
    """Rules as z3 formulas: numbers are Float64, NaN for missing; texts are codes."""

    def __init__(
        self, rules: Mapping[str, Rule], schema: Mapping[str, Domain] | None = None
    ) -> None:
        self.texts: dict[str, list[str]] = {}
        self.columns: dict[str, Any] = {}
        self.possible: list[Any] = []
        for name, kind in column_kinds(rules.values()).items():
            if kind == "text":
                self._add_text(name, rules.values())
            else:
                self.columns[name] = z3.FP(name, z3.Float64())
        for name, domain in (schema or {}).items():
            if name in self.columns:
                self._restrict(name, domain)
        self.rules = [self.formula(rule) for rule in rules.values()]

    def _add_text(self, name: str, rules: Iterable[Rule]) -> None:
        named: dict[str, None] = {}
        for leaf in (leaf for rule in rules for leaf in leaves(rule)):
            if leaf.column != name or isinstance(leaf, Missing):
                continue
            values = leaf.values if isinstance(leaf, Membership) else [leaf.threshold]
            named.update(dict.fromkeys(values))
        self.texts[name] = list(named)
        code = z3.BitVec(name, 8)
        # A code a named text, one for any other text, and one for missing.
        assert len(named) < 250
        self.possible.append(z3.ULE(code, len(named) + 1))
        self.columns[name] = code

    def _restrict(self, name: str, domain: Domain) -> None:
        x, absent = self.columns[name], self.missing(name)
        if not domain.missing:
            self.possible.append(z3.Not(absent))
        if name in self.texts:
            if domain.values is not None:
                other = len(self.texts[name])
                codes = {
                    self.texts[name].index(text) if text in self.texts[name] else other
                    for text in domain.values
                }
                allowed = [x == code for code in sorted(codes)]
                self.possible.append(z3.Or(absent, *allowed))
            return
        inside = [z3.fpGEQ(x, number(domain.low)), z3.fpLEQ(x, number(domain.high))]
        if domain.integer:
            inside += [z3.Not(z3.fpIsInf(x)), z3.fpRoundToIntegral(z3.RTZ(), x) == x]
        self.possible.append(z3.Or(absent, z3.And(inside)))

    def missing(self, name: str) -> Any:
        if name in self.texts:
            return self.columns[name] == len(self.texts[name]) + 1
        return z3.fpIsNaN(self.columns[name])

    def _equals(self, name: str, value: Any) -> Any:
        if name in self.texts:
            return self.columns[name] == self.texts[name].index(value)
        return z3.fpEQ(self.columns[name], number(value))

    def formula(self, rule: Rule) -> Any:
        match rule:
            case And(parts):
                return z3.And([self.formula(part) for part in parts])
            case Or(parts):
                return z3.Or([self.formula(part) for part in parts])
            case Not(part):
                return z3.Not(self.formula(part))
            case Missing(column):
                return self.missing(column)
            case Membership(column, values):
                return z3.Or([self._equals(column, value) for value in values])
            case Comparison(column, symbol, str(text)):
                same = self._equals(column, text)
                return same if symbol == "==" else z3.Not(same)
            case Comparison(column, symbol, threshold):
                return _COMPARE[symbol](self.columns[column], number(threshold))
        raise AssertionError(f"not a rule: {rule!r}")

    def _is_possible(self, *formulas: Any, seconds: float | None = None) -> bool | None:
        """Tell whether a row satisfies all the formulas; None when time runs out."""
        solver = z3.Then("simplify", "fpa2bv", "simplify", "bit-blast", "sat").solver()
        if seconds is not None:
            solver.set("timeout", int(1000 * seconds))
        solver.add(self.possible + list(formulas))
        answer = solver.check()
        return None if answer == z3.unknown else answer == z3.sat

    def is_exclusive(self, seconds: float | None = None) -> bool | None:
        """Tell whether no row satisfies two rules."""
        answer = self._is_possible(z3.Not(z3.AtMost(*self.rules, 1)), seconds=seconds)
        return None if answer is None else not answer

    def is_exhaustive(self, seconds: float | None = None) -> bool | None:
        """Tell whether every row satisfies a rule."""
        answer = self._is_possible(z3.Not(z3.Or(self.rules)), seconds=seconds)
        return None if answer is None else not answer

    def overlap(self, first: int, second: int) -> bool:
        """Tell whether a row satisfies both rules."""
        return bool(self._is_possible(self.rules[first], self.rules[second]))

    def is_reachable(self, place: int) -> bool:
        """Tell whether a row satisfies a rule and none before it."""
        before = z3.Not(z3.Or(self.rules[:place]))
        return bool(self._is_possible(self.rules[place], before))
