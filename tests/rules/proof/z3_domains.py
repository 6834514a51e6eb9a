"""z3 about columns of every kind, under a schema of every kind."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import z3

from skseg.rules import Domain, Rule
from skseg.rules._language._conditions import Comparison, column_kinds
from tests.rules.proof.domain_oracle import plain
from tests.rules.proof.z3_oracle import Z3Oracle, number

_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class DomainOracle(Z3Oracle):
    """Numbers are Float64, dates 64-bit microseconds, and booleans and texts codes.

    Missing numbers are NaN, missing dates the smallest integer.
    """

    def __init__(self, rules: Mapping[str, Rule], schema: Mapping[str, Domain]) -> None:
        kinds = self.kinds = {
            name: kind or _kind_of(schema.get(name))
            for name, kind in column_kinds(rules.values()).items()
        }
        self.texts: dict[str, list[str]] = {}
        self.columns: dict[str, Any] = {}
        self.possible: list[Any] = []
        for name, kind in kinds.items():
            if kind == "text":
                self._add_text(name, rules.values())
            elif kind == "date":
                self.columns[name] = z3.BitVec(name, 64)
            else:
                self.columns[name] = self._number_column(name, schema.get(name))
        for name, domain in schema.items():
            if name in self.columns:
                self._restrict(name, domain)
        for name, kind in kinds.items():
            if kind == "boolean":
                is_boolean = [self._equals(name, flag) for flag in (False, True)]
                self.possible.append(z3.Or(self.missing(name), *is_boolean))
        self.rules = [self.formula(rule) for rule in rules.values()]

    def _number_column(self, name: str, domain: Domain | None) -> Any:
        return z3.FP(name, z3.Float64())

    def _number(self, value: float) -> Any:
        return number(value)

    def missing(self, name: str) -> Any:
        if self.kinds[name] == "date":
            return self.columns[name] == -(2**63)
        return super().missing(name)

    def _equals(self, name: str, value: Any) -> Any:
        if self.kinds[name] == "date":
            return self.columns[name] == plain(value)
        if self.kinds[name] == "text":
            return super()._equals(name, value)
        same = self._compared(name, "==", float(plain(value)))
        return z3.And(z3.Not(self.missing(name)), same)

    def _compared(self, name: str, symbol: str, value: float) -> Any:
        compare = {"==": z3.fpEQ, "!=": z3.fpNEQ}.get(symbol, _COMPARE[symbol])
        return compare(self.columns[name], self._number(value))

    def _restrict(self, name: str, domain: Domain) -> None:
        x, absent = self.columns[name], self.missing(name)
        if self.kinds[name] == "text":
            super()._restrict(name, domain)
            return
        if not domain.missing:
            self.possible.append(z3.Not(absent))
        if domain.values is not None:
            listed = [self._equals(name, value) for value in domain.values]
            self.possible.append(z3.Or(absent, *listed))
            return
        if self.kinds[name] == "date":
            bounds = [(x.__ge__, domain.low), (x.__le__, domain.high)]
            inside = [
                compare(plain(bound))
                for compare, bound in bounds
                if isinstance(plain(bound), int)
            ]
        else:
            inside = self._inside(name, domain)
        self.possible.append(z3.Or(absent, z3.And(inside)))

    def _inside(self, name: str, domain: Domain) -> list[Any]:
        x = self.columns[name]
        inside = [x >= number(domain.low), x <= number(domain.high)]
        if domain.integer:
            inside += [z3.Not(z3.fpIsInf(x)), z3.fpRoundToIntegral(z3.RTZ(), x) == x]
        return inside

    def formula(self, rule: Rule) -> Any:
        if not isinstance(rule, Comparison) or isinstance(rule.threshold, str):
            return super().formula(rule)
        name, symbol, value = rule.column, rule.operator, plain(rule.threshold)
        if self.kinds[name] == "date":
            holds = _COMPARE[symbol](self.columns[name], value)
        else:
            holds = self._compared(name, symbol, float(value))
        absent = self.missing(name)
        return z3.Or(absent, holds) if symbol == "!=" else z3.And(z3.Not(absent), holds)


class ExactOracle(DomainOracle):
    """Numbers are reals or, where the schema says so, integers of any size.

    It agrees with float64 on rules whose thresholds are finite, and have room between
    them that float64 has too.
    """

    def _number_column(self, name: str, domain: Domain | None) -> Any:
        is_whole = domain is not None and domain.integer
        return z3.Int(name) if is_whole else z3.Real(name)

    def _number(self, value: float) -> Any:
        return z3.Q(*Fraction(value).as_integer_ratio())

    def missing(self, name: str) -> Any:
        if self.kinds[name] in ("date", "text"):
            return super().missing(name)
        return z3.Bool(f"missing({name})")

    def _compared(self, name: str, symbol: str, value: float) -> Any:
        x = self.columns[name]
        as_real = z3.ToReal(x) if z3.is_int(x) else x
        return _COMPARE[symbol](as_real, self._number(value))

    def _inside(self, name: str, domain: Domain) -> list[Any]:
        bounds = ((">=", domain.low), ("<=", domain.high))
        return [
            self._compared(name, symbol, bound)
            for symbol, bound in bounds
            if abs(bound) < float("inf")
        ]

    def _is_possible(self, *formulas: Any, seconds: float | None = None) -> bool | None:
        solver = z3.Solver()
        solver.add(self.possible + list(formulas))
        answer = solver.check()
        return None if answer == z3.unknown else answer == z3.sat


def _kind_of(domain: Domain | None) -> str:
    """Return the kind of a column that rules only ask for missing values."""
    return (domain.kind if domain is not None else None) or "number"
