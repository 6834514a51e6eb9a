"""Rules as SQL, built as sqlglot trees, so that names and values stay data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skseg.exceptions import RuleError
from skseg.rules._language._booleans import Boolean
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Leaf,
    Membership,
    Missing,
    Not,
    Or,
    Rule,
    column_kinds,
    leaf_values,
    leaves,
    negation_normal,
    unresolved_error,
)
from skseg.rules._language._dates import Date
from skseg.rules._language._thresholds import Threshold, check_name
from skseg.rules._values import TRUTH_TEXTS, TRUTH_WORDS

from ._dialect import Dialect, NaNTests
from ._dialects import find_dialect
from ._trees import Tree, any_of, call, column_tree, exp, text_tree

Connector = type[exp.And] | type[exp.Or]
# Words of which engines make booleans where they read files, in lower case.
_BOOLEANS_OF_FILES = frozenset([*TRUTH_WORDS, "yes", "no", "y", "n", "t", "f"])

# SQLite's parser keeps a stack of 100 entries, of which a level of brackets takes one
# where the bracket comes first, and three where it comes last.
_MAX_DEPTH = 50
_DEEP = 8
# A chain a OR b OR ... is as deep as it is long to SQLite, which allows 1,000.
_MAX_CHAIN = 100

_OPERATORS: dict[str, type[Tree]] = {
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
    "==": exp.EQ,
    "!=": exp.NEQ,
}
# Of columns of text and dates the type alone tells that they hold none.
_KINDS_WITH_NAN = ("number", "boolean", None)
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!="}


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


def _chain(connector: Connector, parts: Sequence[Condition]) -> Condition:
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


class _Writer:
    """Writes rules over columns of known kinds.

    Conditions are TRUE iff they hold. AND and OR keep that property however FALSE and
    NULL mix, so ``not`` stands in front of leaves only.
    """

    def __init__(
        self,
        dialect: Dialect,
        rules: Sequence[Rule],
        *,
        types: Mapping[str, str] | None = None,
        empty_is_missing: bool = False,
    ) -> None:
        self.dialect = dialect
        self.types = types or {}
        self.empty_is_missing = empty_is_missing
        self.written: dict[tuple[str, str], str] = {}
        self.kinds = column_kinds(rules)
        # Columns of text that are compared with a word for true or false.
        self.truth_words = {
            leaf.column
            for rule in rules
            for leaf in leaves(rule)
            if any(
                isinstance(v, str) and v.lower() in _BOOLEANS_OF_FILES
                for v in leaf_values(leaf)
            )
        }
        _check_case(self.kinds)

    def condition(self, rule: Rule) -> Condition:
        """Write `rule`."""
        return self._condition(negation_normal(rule), frozenset())

    def _condition(self, rule: Rule, present: frozenset[str]) -> Condition:
        """Write `rule` where other conditions ensure that columns are `present`."""
        if isinstance(rule, And):
            # One part ensures it for the others: `not missing`, or else the last one.
            pairs = [(c, part) for part in rule.parts for c in _columns_present(part)]
            ensuring = dict(pairs)
            ensuring |= {c: part for c, part in pairs if part == Not(Missing(c))}
            parts = [
                self._condition(
                    part, present | {c for c in ensuring if ensuring[c] is not part}
                )
                for part in rule.parts
            ]
            return _chain(exp.And, parts)
        if isinstance(rule, Or):
            return _chain(exp.Or, [self._condition(p, present) for p in rule.parts])
        leaf, negated = _signed_leaf(rule)
        if isinstance(leaf, Missing):
            return self._present(leaf.column) if negated else self._missing(leaf.column)
        if self.kinds[leaf.column] == "boolean":
            tree = self._boolean(leaf)
            return Condition(exp.Not(this=tree) if negated else tree)
        condition = Condition(self._compared(leaf, negated))
        if leaf.column in present:
            return condition
        if negated:
            return _chain(exp.Or, [condition, self._missing(leaf.column)])
        if self._nan_tests(leaf.column) is None:
            return condition
        # NaN is equal to itself and above all numbers in some engines.
        return _chain(exp.And, [condition, self._present(leaf.column)])

    def _once(self, part: str, name: str, build: Callable[[str], Tree]) -> Tree:
        """Return a part that many conditions on a column share, written once.

        Long rules would else spend most of their time on the same operands.
        """
        key = part, name
        if key not in self.written:
            self.written[key] = self.dialect.write(build(name), pretty=False)
        return exp.Var(this=self.written[key])

    def _missing(self, name: str) -> Condition:
        null, nan = Condition(self._is_null(name)), self._nan_tests(name)
        if nan is None:
            return null
        if self.kinds[name] == "number":
            is_number = self._once("is_number", name, nan.is_number)
            return Condition(exp.Not(this=is_number))
        return _chain(exp.Or, [null, Condition(nan.any_is_nan(name))])

    def _present(self, name: str) -> Condition:
        not_null = Condition(exp.Not(this=self._is_null(name)))
        nan = self._nan_tests(name)
        if nan is None:
            return not_null
        if self.kinds[name] == "number":
            return Condition(self._once("is_number", name, nan.is_number))
        not_nan = Condition(exp.Not(this=nan.any_is_nan(name)))
        return _chain(exp.And, [not_null, not_nan])

    def _nan_tests(self, name: str) -> NaNTests | None:
        """Return the tests for NaN if a column may hold it."""
        return self.dialect.nan_tests if self.kinds[name] in _KINDS_WITH_NAN else None

    def _is_null(self, name: str) -> Tree:
        column = column_tree(name)
        if not self.empty_is_missing:
            return exp.Is(this=column, expression=exp.Null())
        text = exp.Coalesce(this=column, expressions=[text_tree("")])
        return exp.EQ(this=text, expression=text_tree(""))

    def _operand(self, name: str) -> Tree:
        """Write a column as its rules read it; NULL where it is missing."""
        column = column_tree(name)
        read = {"date": self.dialect.date, "text": self._text}
        tree = read.get(self.kinds[name] or "", self.dialect.read_number)(column)
        if not self.empty_is_missing:
            return tree
        present = exp.NEQ(this=column, expression=text_tree(""))
        return exp.Case(ifs=[exp.If(this=present, true=tree)])

    def _compared(self, leaf: Comparison | Membership, negated: bool) -> Tree:
        """Write a leaf, or its opposite, for values that are not missing."""
        operand = self._once("operand", leaf.column, self._operand)
        if isinstance(leaf, Membership):
            listed = (self._value(leaf.column, value) for value in leaf.values)
            tree = any_of(operand, listed)
            return exp.Not(this=tree) if negated else tree
        operator = _OPPOSITE[leaf.operator] if negated else leaf.operator
        value = self._value(leaf.column, leaf.threshold)
        return _OPERATORS[operator](this=operand, expression=value)

    def _boolean(self, leaf: Comparison | Membership) -> Tree:
        """Write a leaf of booleans, never NULL, over a column of any type."""
        column = column_tree(leaf.column)
        values = leaf_values(leaf)
        branches = [(self._missing(leaf.column).tree, False)]
        for truth in (True, False):
            texts = [text_tree(text) for text, t in TRUTH_TEXTS.items() if t is truth]
            text = call("LOWER", self.dialect.flag(column))
            branches.append((any_of(text, texts), Boolean(truth) in values))
        return exp.Case(
            ifs=[exp.If(this=when, true=exp.Boolean(this=v)) for when, v in branches],
            default=self.dialect.stop(column, "neither true nor false"),
        )

    def _text(self, column: Tree) -> Tree:
        """Write a column of text; stop where it turns out to hold booleans.

        Engines write those as text in their own way, so that no row would be 'True'.
        """
        text = self.dialect.text(column)
        is_boolean = self.dialect.is_boolean
        if is_boolean is None or column.name not in self.truth_words:
            return text
        return exp.If(
            this=is_boolean(column),
            true=self.dialect.stop(column, "a boolean, compared with text"),
            false=text,
        )

    def _value(self, name: str, value: Threshold | str) -> Tree:
        if isinstance(value, str):
            return text_tree(value)
        if isinstance(value, Date):
            return self.dialect.moment(value)
        if not isinstance(value, float):
            raise unresolved_error(name, value)
        size = abs(value)
        finite = math.isfinite(size)
        tree = self.dialect.number(size) if finite else self.dialect.infinity()
        return tree if value >= 0 else exp.Neg(this=tree)


def _signed_leaf(rule: Rule) -> tuple[Leaf, bool]:
    """Return the leaf that `rule` is or negates, and whether it negates it."""
    negated = isinstance(rule, Not)
    leaf = rule.part if isinstance(rule, Not) else rule
    assert isinstance(leaf, Leaf)
    if isinstance(leaf, Comparison) and leaf.operator == "!=":
        return Comparison(leaf.column, "==", leaf.threshold), not negated
    return leaf, negated


def _columns_present(rule: Rule) -> Iterable[str]:
    """Yield the column of a leaf that holds for no missing value."""
    if not isinstance(rule, And | Or):
        leaf, negated = _signed_leaf(rule)
        if isinstance(leaf, Missing) == negated:
            yield leaf.column


def _check_case(names: Iterable[str]) -> None:
    folded: dict[bytes, str] = {}
    for name in names:
        # Engines fold the case of ASCII letters alone, as bytes.lower does.
        other = folded.setdefault(name.encode().lower(), name)
        if other != name:
            raise RuleError(
                f"SQL does not tell the columns {other!r} and {name!r} apart, whose "
                "names differ only by case.",
                owner="to_sql",
                column=name,
                value=other,
                advice="Rename one of them.",
            )


def _check_empty_fields(
    owner: str, engine: Dialect, dialect: str, empty_is_missing: bool
) -> None:
    if empty_is_missing and not engine.has_empty_fields:
        raise RuleError(
            f"Empty text as missing is for sqlite. Got the dialect {dialect!r}.",
            owner=owner,
            name="empty_is_missing",
            rule="False but for sqlite",
            value=empty_is_missing,
            advice="Other engines read the empty fields of csv files as NULL.",
        )


def condition_sql(
    rule: Rule,
    dialect: str,
    *,
    types: Mapping[str, str] | None = None,
    empty_is_missing: bool = False,
) -> str:
    """Return `rule` as a condition for WHERE; see `Rule.to_sql`."""
    engine = find_dialect(dialect)
    _check_empty_fields("Rule.to_sql", engine, dialect, empty_is_missing)
    writer = _Writer(engine, [rule], types=types, empty_is_missing=empty_is_missing)
    condition = writer.condition(rule)
    tree = condition.tree
    if condition.connector is not None:
        # Pasted beside an AND it still means the same.
        tree = exp.Paren(this=tree)
    return engine.write(tree)


def ruleset_sql(
    cases: Sequence[tuple[Rule, str, int]],
    default: tuple[str | None, int],
    dialect: str,
    output: str,
    alias: str | None,
    *,
    types: Mapping[str, str] | None = None,
    empty_is_missing: bool = False,
) -> str:
    """Return a CASE expression over rules; see `RuleSet.to_sql`.

    Each of the `cases` is a rule with the name and the code of its rows; `default` is
    the name and the code of all other rows.
    """
    engine = find_dialect(dialect)
    if output not in ("name", "code"):
        raise RuleError(
            f"The output must be 'name' or 'code'. Got {output!r} instead.",
            owner="RuleSet.to_sql",
            name="output",
            rule="'name' or 'code'",
            value=output,
        )
    _check_empty_fields("RuleSet.to_sql", engine, dialect, empty_is_missing)
    rules = [rule for rule, _, _ in cases]
    writer = _Writer(engine, rules, types=types, empty_is_missing=empty_is_missing)
    # Case.when() would copy all earlier branches for every new one.
    branches = [
        exp.If(this=writer.condition(rule).tree, true=_result(name, code, output))
        for rule, name, code in cases
    ]
    tree = _result(*default, output)
    if branches:
        # Without ELSE, CASE is NULL.
        otherwise = None if isinstance(tree, exp.Null) else tree
        tree = exp.Case(ifs=branches, default=otherwise)
    if alias is not None:
        label = exp.to_identifier(check_name(alias, "The alias"), quoted=True)
        tree = exp.Alias(this=tree, alias=label)
    return engine.write(tree)


def _result(name: str | None, code: int, output: str) -> Tree:
    if output == "code":
        number = exp.Literal.number(str(abs(code)))
        return number if code >= 0 else exp.Neg(this=number)
    return exp.Null() if name is None else text_tree(name)
