"""Conditions of SQL, joined by AND and OR within what parsers take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skseg.exceptions import RuleError

from ._trees import Tree, exp

Connector = type[exp.And] | type[exp.Or]

# SQLite's parser keeps a stack of 100 entries, of which a level of brackets takes one
# where the bracket comes first, and three where it comes last.
_MAX_DEPTH = 50
_DEEP = 8
# A chain a OR b OR ... is as deep as it is long to SQLite, which allows 1,000.
_MAX_CHAIN = 100


@dataclass(frozen=True)
class Condition:
    """A piece of SQL that is TRUE iff its rule holds, and FALSE or NULL otherwise."""

    tree: Tree
    connector: Connector | None = None
    depth: int = 0

    def operand(self, connector: Connector) -> Condition:
        """Return the condition as a part of a chain, in brackets if it needs them."""
        if self.connector in (None, connector):
            return self
        return Condition(exp.Paren(this=self.tree), None, self.depth + 1)


def chain(connector: Connector, parts: Sequence[Condition]) -> Condition:
    """Join conditions by AND or OR."""
    if not parts:
        return Condition(exp.Boolean(this=connector is exp.And))
    if len(parts) == 1:
        return parts[0]
    parts = [part.operand(connector) for part in parts]
    depth = max(part.depth for part in parts)
    if depth > _MAX_DEPTH:
        raise RuleError(
            f"A rule nested more than {_MAX_DEPTH} levels deep is beyond the parsers "
            "of SQL.",
            owner="to_sql",
            value=depth,
            advice="Write it as a flat choice of simple conditions.",
        )
    if depth > _DEEP:
        parts = sorted(parts, key=lambda part: -part.depth)
    tree = _join(connector, [part.tree for part in parts])
    return Condition(tree, connector, depth)


def _join(connector: Connector, trees: Sequence[Tree]) -> Tree:
    if len(trees) > _MAX_CHAIN:
        starts = range(0, len(trees), _MAX_CHAIN)
        groups = (_join(connector, trees[i : i + _MAX_CHAIN]) for i in starts)
        return _join(connector, [exp.Paren(this=group) for group in groups])
    tree = trees[0]
    for operand in trees[1:]:
        tree = connector(this=tree, expression=operand)
    return tree
