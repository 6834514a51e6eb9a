"""z3 about rules whose quantiles are open: each quantile is a variable."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from typing import Any

import z3

from skseg.rules import Domain, Rule
from skseg.rules._language._conditions import (
    Comparison,
    conjunction,
    open_thresholds,
)
from skseg.rules._language._thresholds import Extreme, Quantile, Threshold
from tests.rules.proof import z3_oracle
from tests.rules.proof.z3_oracle import Z3Oracle

_REAL_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class QuantileOracle(Z3Oracle):
    """Rules with open quantiles, which are Float64 that rise with their levels.

    Infinite quantiles and float64 without room between them are thought of, so its
    verdicts have to be those of the proof on whatever rules.
    """

    _compare: Mapping[str, Any] = z3_oracle._COMPARE
    _number = staticmethod(z3_oracle.number)

    def __init__(
        self,
        rules: Mapping[str, Rule],
        schema: Mapping[str, Domain] | None = None,
        universe: Rule | None = None,
    ) -> None:
        self.quantiles: dict[str, dict[float, Any]] = {}
        within = conjunction([]) if universe is None else universe
        super().__init__({**rules, "universe": within}, schema)
        possible, inside = [*self.possible], self.rules[-1]
        of_all_rows = {column for column, _ in open_thresholds([within])}
        for name, levels in self.quantiles.items():
            values = [levels[p] for p in sorted(levels)]
            rising = map(self._compare["<="], values, values[1:])
            known = [*possible] if name in of_all_rows else [*possible, inside]
            self.possible += [*rising, *self._in_domain(known, name, values)]
        # The last, as no more than that is known of the quantiles.
        self.possible.append(self.rules.pop())

    def _in_domain(self, known: list[Any], name: str, values: list[Any]) -> list[Any]:
        """Return that each of `values` stands in a row of which this is `known`."""
        known = [*known, z3.Not(self.missing(name))]
        inside = []
        for value in values:
            # The rows are different ones, so that their other columns are.
            row = [
                (x, value if other == name else z3.FreshConst(x.sort()))
                for other, x in self.columns.items()
            ]
            inside.append(z3.substitute(z3.And(known), *row))
        # A column that is always missing has no quantiles, and yet there are rows.
        return inside if self._is_possible(*inside) else []

    def _quantile(self, name: str, level: float) -> Any:
        levels = self.quantiles.setdefault(name, {})
        return levels.setdefault(level, z3.FP(f"q({level}) of {name}", z3.Float64()))

    def _threshold(self, name: str, threshold: Threshold) -> Any:
        if isinstance(threshold, Quantile):
            return self._quantile(name, threshold.p)
        if isinstance(threshold, Extreme):
            wins = self._compare[">=" if threshold.function == "max" else "<="]
            return functools.reduce(
                lambda a, b: z3.If(wins(a, b), a, b),
                [self._threshold(name, part) for part in threshold.args],
            )
        return self._number(threshold)

    def formula(self, rule: Rule) -> Any:
        if not isinstance(rule, Comparison) or isinstance(rule.threshold, str):
            return super().formula(rule)
        value = self._threshold(rule.column, rule.threshold)
        return self._compare[rule.operator](self.columns[rule.column], value)


class RealOracle(QuantileOracle):
    """The same in real numbers, which suit z3 better; for columns of numbers alone.

    Reals are dense and finite. Moving infinite rows and quantiles beyond all numbers of
    the rules keeps their order, so verdicts differ only on rules that mention inf or
    numbers with no float64 between them.
    """

    _compare = _REAL_COMPARE
    _number = staticmethod(z3.RealVal)

    def __init__(self, rules: Mapping[str, Rule], universe: Rule | None = None) -> None:
        super().__init__(rules, None, universe)

    def _quantile(self, name: str, level: float) -> Any:
        levels = self.quantiles.setdefault(name, {})
        return levels.setdefault(level, z3.Real(f"q({level}) of {name}"))

    def _in_domain(self, known: list[Any], name: str, values: list[Any]) -> list[Any]:
        return []

    def missing(self, name: str) -> Any:
        return z3.Bool(f"missing({name})")

    def formula(self, rule: Rule) -> Any:
        if not isinstance(rule, Comparison):
            return super().formula(rule)
        value = self._threshold(rule.column, rule.threshold)  # type: ignore[arg-type]
        holds = self._compare[rule.operator](z3.Real(rule.column), value)
        absent = self.missing(rule.column)
        if rule.operator == "!=":
            return z3.Or(absent, holds)
        return z3.And(z3.Not(absent), holds)

    def _is_possible(self, *formulas: Any, seconds: float | None = None) -> bool | None:
        solver = z3.Solver()
        if seconds is not None:
            solver.set("timeout", int(1000 * seconds))
        solver.add(self.possible + list(formulas))
        answer = solver.check()
        return None if answer == z3.unknown else answer == z3.sat
