"""The CASE of many rules, in a shape that every engine compiles and runs fast.

Engines try the branches of a CASE one after the other, and some take minutes to compile
a thousand of them (Spark: quadratic in the branches). So the branches of a long CASE
are divided: by the values of a column as long as that parts the rules well, and then in
groups, the first of which that is not NULL counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from skseg.rules._language._conditions import (
    And,
    Comparison,
    Membership,
    Missing,
    Not,
    Or,
    Rule,
    leaf_values,
    leaves,
    negation_normal,
)
from skseg.rules._language._thresholds import Threshold

from ._hulls import ANYTHING, HIGHEST, LOWEST, Hull, hulls, place_number
from ._trees import Tree, exp

# Up to here a CASE stays as it is read best.
_MAX_FLAT = 50
# Branches of one CASE of those that are divided.
_GROUP = 32
# SQLite's parser keeps a stack of 100 entries, of which a CASE in a CASE takes five;
# SQL Server allows 10 levels of CASE.
_MAX_LEVELS = 6
# A split must leave each side at most this share of the branches.
_MAX_SIDE = 0.75
# Branches that may hold on both sides are written twice: this often at most, over all
# levels. That bounds the text where most rules overlap.
_MAX_GROWTH = 2.0


class WriteCondition(Protocol):
    """Writes a rule for rows in which no column of `present` is missing."""

    def __call__(self, rule: Rule, present: frozenset[str] = frozenset()) -> Tree: ...


@dataclass(frozen=True)
class _Branch:
    hulls: Mapping[str, Hull]
    rule: Rule
    result: Tree


@dataclass(frozen=True)
class _Split:
    test: Rule
    inside: list[_Branch]
    others: list[_Branch]


# What is known of the values of columns in the rows that reach a part of the tree.
_Domain = Mapping[str, Hull]


def case_tree(
    cases: Sequence[tuple[Rule, Tree]],
    default: Tree,
    condition: WriteCondition,
    costly: frozenset[str] = frozenset(),
) -> Tree:
    """Return the result of the first case whose rule holds.

    Parameters
    ----------
    cases : sequence of (Rule, Tree)
        Rules with their results, none of which is NULL, by precedence.
    default : Tree
        The result where no rule holds.
    condition : callable
        Writes a rule over columns of the cases.
    costly : frozenset of str
        Columns whose missing values are tested first, since the test takes long.

    Returns
    -------
    Tree
        A CASE; for more than 50 conditions a tree of them.
    """
    parts = [(part, result) for rule, result in cases for part in _alternatives(rule)]
    branches = [_Branch(hulls(rule), rule, result) for rule, result in parts]
    is_flat = len(parts) <= _MAX_FLAT
    present = frozenset(
        name
        for name in (branches[0].hulls if len(branches) > 1 else ())
        if not (is_flat and name not in costly)
        and not any(branch.hulls.get(name, ANYTHING).missing for branch in branches)
    )
    if is_flat:
        ifs = [
            exp.If(this=condition(rule, present), true=result) for rule, result in cases
        ]
        tree = _flat(ifs, default)
    else:
        thresholds = _thresholds([rule for rule, _ in cases])
        tree = _Division(default, condition, thresholds, present).tree(branches)
    if not present:
        return tree
    missing = Or(tuple(Missing(name) for name in sorted(present)))
    first = exp.If(this=condition(missing), true=default.copy())
    if isinstance(tree, exp.Case):
        tree.set("ifs", [first, *tree.args["ifs"]])
        return tree
    return exp.Case(ifs=[first], default=tree)


class _Division:
    """Divides branches by tests of columns, and writes what the tests leave open."""

    def __init__(
        self,
        default: Tree,
        condition: WriteCondition,
        thresholds: Mapping[str, Mapping[float, Threshold]],
        present: frozenset[str],
    ) -> None:
        self._default, self._condition = default, condition
        self._thresholds, self._present = thresholds, present

    def tree(self, branches: Sequence[_Branch]) -> Tree:
        present = Hull(missing=False)
        return self._divided(branches, dict.fromkeys(self._present, present), 0, 1.0)

    def _divided(
        self, part: Sequence[_Branch], domain: _Domain, level: int, growth: float
    ) -> Tree:
        if len(part) <= _GROUP:
            return _flat(self._ifs(part, domain), self._default)
        split = None
        if level < _MAX_LEVELS:
            split = _best_split(part, self._thresholds, _MAX_GROWTH / growth)
        if split is None:
            return _grouped(self._ifs(part, domain), self._default)
        growth *= (len(split.inside) + len(split.others)) / len(part)
        inside, others = _domains(split.test, domain)
        return exp.Case(
            ifs=[
                exp.If(
                    this=self._condition(split.test, self._present),
                    true=self._divided(split.inside, inside, level + 1, growth),
                )
            ],
            default=self._divided(split.others, others, level + 1, growth),
        )

    def _ifs(self, part: Sequence[_Branch], domain: _Domain) -> list[Tree]:
        present = frozenset(name for name, hull in domain.items() if not hull.missing)
        ifs: list[Tree] = []
        for branch in part:
            rule = _open_part(branch.rule, domain)
            condition = self._condition(rule, present)
            ifs.append(exp.If(this=condition, true=branch.result))
        return ifs


def _domains(test: Rule, domain: _Domain) -> tuple[_Domain, _Domain]:
    """Return what is known where a test holds, and where it does not."""
    if not isinstance(test, Comparison) or not isinstance(test.threshold, float):
        return domain, domain
    name, number = test.column, test.threshold
    before = domain.get(name, ANYTHING)
    below = before.intersection(Hull(LOWEST, (number, -1), missing=False))
    inside = {**domain, name: below}
    if before.missing:
        return inside, domain
    above = before.intersection(Hull((number, 0), HIGHEST, missing=False))
    return inside, {**domain, name: above}


def _open_part(rule: Rule, domain: _Domain) -> Rule:
    """Return a rule without the comparisons that hold for all values of a domain."""
    if isinstance(rule, And):
        return And(tuple(p for p in rule.parts if not _is_implied(p, domain)))
    return rule


def _is_implied(rule: Rule, domain: _Domain) -> bool:
    leaf = rule.part if isinstance(rule, Not) else rule
    if not isinstance(leaf, Comparison) or leaf.operator in ("==", "!="):
        return False
    known = domain.get(leaf.column, ANYTHING)
    if known.missing or not isinstance(leaf.threshold, float):
        return False
    hull = hulls(rule)[leaf.column]
    return hull.low <= known.low and known.high <= hull.high


def _alternatives(rule: Rule) -> Sequence[Rule]:
    """Return rules of which at least one holds where `rule` does."""
    normal = negation_normal(rule)
    return normal.parts if isinstance(normal, Or) and normal.parts else [normal]


def _flat(ifs: Sequence[Tree], default: Tree) -> Tree:
    if not ifs:
        return default
    # Without ELSE, CASE is NULL.
    return exp.Case(
        ifs=list(ifs), default=None if isinstance(default, exp.Null) else default
    )


def _grouped(ifs: Sequence[Tree], default: Tree) -> Tree:
    groups = [
        exp.Case(ifs=list(ifs[start : start + _GROUP]))
        for start in range(0, len(ifs), _GROUP)
    ]
    rest = [] if isinstance(default, exp.Null) else [default]
    return exp.Coalesce(this=groups[0], expressions=[*groups[1:], *rest])


def _thresholds(rules: Sequence[Rule]) -> dict[str, dict[float, Threshold]]:
    """Return column -> its numbers and dates, by the number they sort as."""
    thresholds: dict[str, dict[float, Threshold]] = {}
    for rule in rules:
        for leaf in leaves(rule):
            for value in leaf_values(leaf):
                if not isinstance(value, str):
                    number = place_number(value)
                    if number is not None:
                        thresholds.setdefault(leaf.column, {})[number] = value
    return thresholds


def _best_split(
    branches: Sequence[_Branch],
    thresholds: Mapping[str, Mapping[float, Threshold]],
    max_growth: float,
) -> _Split | None:
    """Return the split whose larger side is the smallest, None where none is good."""
    names = dict.fromkeys(name for branch in branches for name in branch.hulls)
    splits = []
    for name in names:
        of_rules = [branch.hulls.get(name, ANYTHING) for branch in branches]
        if name in thresholds:
            splits.append(_number_split(name, of_rules, thresholds[name]))
        else:
            splits.append(_text_split(name, of_rules))
    candidates = []
    for test, sides in filter(None, splits):
        n_inside, n_others = (sum(side) for side in sides)
        if max(n_inside, n_others) <= _MAX_SIDE * len(branches) and (
            n_inside + n_others <= max_growth * len(branches)
        ):
            candidates.append((max(n_inside, n_others), test, sides))
    if not candidates:
        return None
    _, test, (inside, others) = min(candidates, key=lambda candidate: candidate[0])
    return _Split(
        test,
        [b for b, is_inside in zip(branches, inside, strict=True) if is_inside],
        [b for b, is_other in zip(branches, others, strict=True) if is_other],
    )


_Sides = tuple[list[bool], list[bool]]


def _number_split(
    name: str, of_rules: Sequence[Hull], thresholds: Mapping[float, Threshold]
) -> tuple[Rule, _Sides] | None:
    """Return the best test ``name < threshold``, and which rules each side may hold."""
    lows = sorted(hull.low for hull in of_rules)
    # Missing values fail the test, as the largest ones do.
    highs = sorted(HIGHEST if hull.missing else hull.high for hull in of_rules)
    sizes = {
        number: max(
            bisect_left(lows, (number, 0)),
            len(highs) - bisect_left(highs, (number, 0)),
        )
        for number in {place[0] for place in (*lows, *highs)} & thresholds.keys()
    }
    if not sizes:
        return None
    number = min(sizes, key=sizes.__getitem__)
    inside = [hull.low < (number, 0) for hull in of_rules]
    others = [hull.missing or hull.high >= (number, 0) for hull in of_rules]
    return Comparison(name, "<", thresholds[number]), (inside, others)


def _text_split(name: str, of_rules: Sequence[Hull]) -> tuple[Rule, _Sides] | None:
    """Return the test for the texts of half of the rules."""
    counts: dict[str, int] = {}
    for hull in of_rules:
        for text in hull.texts or ():
            counts[text] = counts.get(text, 0) + 1
    half, n_rules, texts = sum(counts.values()) / 2, 0, []
    for text in sorted(counts):
        if n_rules >= half:
            break
        texts.append(text)
        n_rules += counts[text]
    if not texts:
        return None
    chosen = frozenset(texts)
    inside = [hull.texts is None or bool(hull.texts & chosen) for hull in of_rules]
    others = [
        hull.missing or hull.texts is None or bool(hull.texts - chosen)
        for hull in of_rules
    ]
    return Membership(name, tuple(texts)), (inside, others)
