"""Writes rules over columns of known kinds as conditions of one SQL engine."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from skseg.exceptions import RuleError, representation
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
from skseg.rules._language._thresholds import Threshold
from skseg.rules._values import TRUTH_TEXTS, TRUTH_WORDS

from ._chains import Condition, chain
from ._dialect import Dialect, NaNTests
from ._storage import NUMBERS, Storage, require_comparable
from ._trees import Tree, any_of, call, column_tree, exp, text_tree

# Words of which engines make booleans where they read files, in lower case.
_BOOLEANS_OF_FILES = frozenset([*TRUTH_WORDS, "yes", "no", "y", "n", "t", "f"])

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
# What a comparison with infinity says of finite numbers, as one with the largest.
_FINITE = {">": ">", ">=": ">", "==": ">", "<": "<=", "<=": "<=", "!=": "<="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Writer:
    """Writes rules over columns of known kinds.

    Conditions are TRUE iff they hold. AND and OR keep that property however FALSE and
    NULL mix, so ``not`` stands in front of leaves only.

    `types` has the types of columns, as far as they are known, as the engine writes
    them.
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
        _check_names(dialect, self.kinds)
        self.storages = {
            name: self._storage(name, type_name)
            for name, type_name in _checked_types(types).items()
            if name in self.kinds
        }

    def _storage(self, name: str, type_name: str) -> Storage | None:
        known = self.dialect.known_types
        storage = None if known is None else known.storage_of(type_name)
        require_comparable(name, self.kinds[name], type_name, storage)
        return storage

    def condition(self, rule: Rule, present: frozenset[str] = frozenset()) -> Condition:
        """Write `rule` for rows in which no column of `present` is missing."""
        return self._condition(negation_normal(rule), present)

    def costly_columns(self) -> frozenset[str]:
        """Return the columns of known types whose comparisons need a test for NaN."""
        return frozenset(
            name
            for name, storage in self.storages.items()
            if storage is not None and self._nan_tests(name) is not None
        )

    def _condition(self, rule: Rule, settled: frozenset[str]) -> Condition:
        """Write `rule`.

        Where a column of `settled` is missing, other conditions decide, whatever this
        one is.
        """
        if isinstance(rule, And):
            # One part ensures it for the others: `not missing`, or else the last one.
            pairs = [(c, part) for part in rule.parts for c in _columns_present(part)]
            ensuring = dict(pairs)
            ensuring |= {c: part for c, part in pairs if part == Not(Missing(c))}
            parts = [
                self._condition(
                    part, settled | {c for c in ensuring if ensuring[c] is not part}
                )
                for part in rule.parts
            ]
            return chain(exp.And, parts)
        if isinstance(rule, Or):
            # One part holds for missing values: `missing`, or else the last one.
            pairs = [(c, part) for part in rule.parts for c in _columns_missing(part)]
            holding = dict(pairs)
            holding |= {c: part for c, part in pairs if part == Missing(c)}
            parts = [
                self._condition(
                    part, settled | {c for c in holding if holding[c] is not part}
                )
                for part in rule.parts
            ]
            return chain(exp.Or, parts)
        leaf, negated = _signed_leaf(rule)
        if isinstance(leaf, Missing):
            return self._present(leaf.column) if negated else self._missing(leaf.column)
        if self.kinds[leaf.column] == "boolean":
            condition = self._boolean(leaf)
            return Condition(exp.Not(this=condition.tree)) if negated else condition
        condition = Condition(self._compared(leaf, negated))
        if leaf.column in settled:
            return condition
        if negated:
            return chain(exp.Or, [condition, self._missing(leaf.column)])
        nan = self._nan_tests(leaf.column)
        operator = leaf.operator if isinstance(leaf, Comparison) else "=="
        if nan is None or operator not in nan.satisfied:
            return condition
        # NaN is equal to itself and above all numbers in some engines.
        return chain(exp.And, [condition, self._present(leaf.column)])

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
        if self._holds_numbers(name):
            return Condition(exp.Not(this=self._is_number(name, nan)))
        return chain(exp.Or, [null, Condition(nan.any_is_nan(name))])

    def _present(self, name: str) -> Condition:
        not_null = Condition(exp.Not(this=self._is_null(name)))
        nan = self._nan_tests(name)
        if nan is None:
            return not_null
        if self._holds_numbers(name):
            return Condition(self._is_number(name, nan))
        not_nan = Condition(exp.Not(this=nan.any_is_nan(name)))
        return chain(exp.And, [not_null, not_nan])

    def _nan_tests(self, name: str) -> NaNTests | None:
        """Return the tests for NaN if a column may hold it."""
        nan, kind = self.dialect.nan_tests, self.kinds[name]
        storage = self.storages.get(name)
        if nan is None or storage is None:
            return nan if kind in _KINDS_WITH_NAN else None
        # A cast to numbers takes the text 'nan' for NaN.
        is_cast = storage == "text" and kind == "number"
        return nan if is_cast or storage in nan.storages else None

    def _holds_numbers(self, name: str) -> bool:
        return self.kinds[name] == "number" or self.storages.get(name) in NUMBERS

    def _is_number(self, name: str, nan: NaNTests) -> Tree:
        known = self.dialect.known_types
        if known is None or known.is_number is None or not self.storages.get(name):
            return self._once("is_number", name, nan.is_number)
        is_number = known.is_number
        return self._once(
            "is_number", name, lambda name: is_number(self._number_operand(name))
        )

    def _is_null(self, name: str) -> Tree:
        column = column_tree(name)
        if not self.empty_is_missing:
            return exp.Is(this=column, expression=exp.Null())
        text = exp.Coalesce(this=column, expressions=[text_tree("")])
        return exp.EQ(this=text, expression=text_tree(""))

    def operand(self, name: str) -> Tree:
        """Write a column as its rules read it; NULL where it is missing."""
        column = column_tree(name)
        if self.kinds[name] == "text":
            tree = self._text(column)
        elif self.kinds[name] == "date":
            tree = self._date(column)
        else:
            tree = self._number_operand(name)
        if not self.empty_is_missing:
            return tree
        present = exp.NEQ(this=column, expression=text_tree(""))
        return exp.Case(ifs=[exp.If(this=present, true=tree)])

    def _number_operand(self, name: str) -> Tree:
        known, storage = self.dialect.known_types, self.storages.get(name)
        if known is None or storage is None:
            return self.dialect.read_number(column_tree(name))
        return known.number(column_tree(name), storage)

    def _date(self, column: Tree) -> Tree:
        known, storage = self.dialect.known_types, self.storages.get(column.name)
        if known is None or storage is None:
            return self.dialect.date(column)
        return known.date(column, storage)

    def _text(self, column: Tree) -> Tree:
        known, storage = self.dialect.known_types, self.storages.get(column.name)
        if known is not None and storage is not None:
            return known.text(column)
        if self.dialect.text_of_words is not None and column.name in self.truth_words:
            return self.dialect.text_of_words(column)
        return self.dialect.text(column)

    def _compared(self, leaf: Comparison | Membership, negated: bool) -> Tree:
        """Write a leaf, or its opposite, for values that are not missing."""
        operand = self._once("operand", leaf.column, self.operand)
        if isinstance(leaf, Membership):
            values: tuple[Threshold | str, ...] = leaf.values
            if self.dialect.infinity is None:
                values = tuple(v for v in values if not _is_infinite(v))
            if not values:
                never = Comparison(leaf.column, "==", math.inf)
                return self._compared(never, negated)
            listed = (self._value(leaf.column, value) for value in values)
            tree = any_of(operand, listed)
            return exp.Not(this=tree) if negated else tree
        operator = _OPPOSITE[leaf.operator] if negated else leaf.operator
        threshold: Threshold | str = leaf.threshold
        if self.dialect.infinity is None and _is_infinite(threshold):
            operator, threshold = _finite_comparison(operator, threshold)
        value = self._value(leaf.column, threshold)
        return _OPERATORS[operator](this=operand, expression=value)

    def _boolean(self, leaf: Comparison | Membership) -> Condition:
        """Write a leaf of booleans, never NULL, over a column of any type."""
        column, values = column_tree(leaf.column), leaf_values(leaf)
        storage = self.storages.get(leaf.column)
        if storage == "boolean":
            if len(set(values)) == 2:
                return self._present(leaf.column)
            if Boolean(True) in values:
                return Condition(call("COALESCE", column, exp.false()))
            return Condition(exp.Not(this=call("COALESCE", column, exp.true())))
        branches = [(self._missing(leaf.column).tree, False)]
        for truth in (True, False):
            test = self._truth_test(column, storage, truth)
            branches.append((test, Boolean(truth) in values))
        tree = exp.Case(
            ifs=[exp.If(this=when, true=exp.Boolean(this=v)) for when, v in branches],
            default=self.dialect.stop(column, "neither true nor false"),
        )
        return Condition(tree)

    def _truth_test(self, column: Tree, storage: Storage | None, truth: bool) -> Tree:
        """Write whether a column that is no boolean says `truth`."""
        if storage in NUMBERS:
            number = exp.Literal.number(int(truth))
            return exp.EQ(this=column, expression=number)
        known = self.dialect.known_types
        flag = self.dialect.flag if known is None or storage is None else known.flag
        texts = [text_tree(text) for text, t in TRUTH_TEXTS.items() if t is truth]
        return any_of(call("LOWER", flag(column)), texts)

    def _value(self, name: str, value: Threshold | str) -> Tree:
        if isinstance(value, str):
            return self.dialect.text_literal(value)
        if isinstance(value, Date):
            return self.dialect.moment(value)
        if not isinstance(value, float):
            raise unresolved_error(name, value)
        size = abs(value)
        if math.isfinite(size):
            tree = self.dialect.number(size)
        else:
            assert self.dialect.infinity is not None
            tree = self.dialect.infinity()
        return tree if value >= 0 else exp.Neg(this=tree)


def _is_infinite(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and math.isinf(value)


def _finite_comparison(operator: str, infinity: float) -> tuple[str, float]:
    """Return what a comparison with infinity says of numbers that are all finite."""
    if infinity == math.inf:
        return _FINITE[operator], sys.float_info.max
    return _MIRRORED[_FINITE[_MIRRORED[operator]]], -sys.float_info.max


def _checked_types(types: Any) -> Mapping[str, str]:
    """Return the types of columns, none for None, or raise."""
    types = {} if types is None else types
    if isinstance(types, Mapping):
        wrong = next((kind for kind in types.values() if type(kind) is not str), None)
        if wrong is None:
            return types
    else:
        wrong = types
    raise RuleError(
        "The types must be a mapping of columns to the engine's names of their types, "
        f"such as {{'aov': 'DOUBLE'}}. Got {representation(wrong)} instead.",
        owner="to_sql",
        name="types",
        rule="a mapping of columns to types",
        value=types,
        advice="The types of a table are those of open_table(table).types.",
    )


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


def _columns_missing(rule: Rule) -> Iterable[str]:
    """Yield the column of a leaf that holds for every missing value."""
    if not isinstance(rule, And | Or):
        leaf, negated = _signed_leaf(rule)
        if isinstance(leaf, Missing) != negated:
            yield leaf.column


def _check_names(dialect: Dialect, names: Iterable[str]) -> None:
    folded: dict[str, str] = {}
    for name in names:
        dialect.check_name(name, is_alias=False)
        other = folded.setdefault(dialect.fold(name), name)
        if other != name:
            raise RuleError(
                f"SQL does not tell the columns {other!r} and {name!r} apart, whose "
                "names differ only by case.",
                owner="to_sql",
                column=name,
                value=other,
                advice="Rename one of them.",
            )
