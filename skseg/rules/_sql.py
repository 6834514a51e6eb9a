"""Rules as SQL: built as sqlglot trees, so that names and values stay data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from ._conditions import (
    And,
    Comparison,
    Leaf,
    Membership,
    Missing,
    Not,
    Or,
    Rule,
    column_kinds,
    negation_normal,
)
from ._errors import MissingExtraError, RuleError, did_you_mean
from ._thresholds import Threshold, check_name, threshold_text

try:
    import sqlglot
    from sqlglot import exp
    from sqlglot.dialects.sqlite import SQLite
except ModuleNotFoundError:
    raise MissingExtraError("Writing rules as SQL", "sql") from None

if TYPE_CHECKING:
    from ._ruleset import RuleSet

Tree = exp.Expression
Connector = type[exp.And] | type[exp.Or]

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
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!="}


def _column(name: str) -> Tree:
    return exp.Column(this=exp.to_identifier(name, quoted=True))


def _text(value: str) -> Tree:
    return exp.Literal.string(value)


def _double(tree: Tree) -> Tree:
    return exp.Cast(this=tree, to=exp.DataType(this=exp.DataType.Type.DOUBLE))


def _varchar(tree: Tree) -> Tree:
    return exp.Cast(this=tree, to=exp.DataType(this=exp.DataType.Type.TEXT))


def _collated(tree: Tree, collation: str) -> Tree:
    return exp.Collate(this=tree, expression=exp.Var(this=collation))


def _any_of(tree: Tree, values: Iterable[Tree]) -> Tree:
    listed = list(values)
    if len(listed) == 1:
        return exp.EQ(this=tree, expression=listed[0])
    return exp.In(this=tree, expressions=listed)


@dataclass(frozen=True)
class Dialect:
    """What one SQL engine needs said in its own way.

    Parameters
    ----------
    grammar : type
        The dialect of sqlglot that quotes, escapes and names the types.
    number : callable
        From a finite float64 >= 0 to a literal that the engine reads as that float64.
    infinity : callable
        To an expression that is positive infinity.
    text : callable
        From a column to text that compares byte by byte.
    is_nan : callable, default=None
        From the name of a column of numbers to whether it holds NaN. None says that the
        engine cannot store NaN.
    any_is_nan : callable, default=None
        The same for a column of any type at all; it must not fail.
    """

    grammar: type[sqlglot.Dialect]
    number: Callable[[float], Tree]
    infinity: Callable[[], Tree]
    text: Callable[[Tree], Tree]
    is_nan: Callable[[str], Tree] | None = None
    any_is_nan: Callable[[str], Tree] | None = None

    def write(self, tree: Tree) -> str:
        """Return `tree` as SQL, over several lines if it is long."""
        # Where it breaks lines, sqlglot masks the line breaks within quotes by a word,
        # and would take that word for a line break where it is data. sqlglot 26 masks
        # them in values only, and indents what follows in a name.
        quoted = (node.name for node in tree.find_all(exp.Identifier, exp.Literal))
        pretty = not any("\n" in text or "__SQLGLOT__" in text for text in quoted)
        return self.grammar().generate(tree, copy=False, pretty=pretty)


def _exponent_number(number: float) -> Tree:
    """Write a number so that no engine takes it for a DECIMAL."""
    if number.is_integer() and number <= 2**53:
        return exp.Literal.number(str(int(number)))
    text = repr(number)
    return exp.Literal.number(text if "e" in text else f"{text}e0")


def _duckdb_is_nan(name: str) -> Tree:
    # x <= 'inf' says the same, but DuckDB takes it for true of a whole Parquet file,
    # whose statistics leave NaN out.
    return exp.Anonymous(this="ISNAN", expressions=[_double(_column(name))])


def _duckdb_any_is_nan(name: str) -> Tree:
    # A text may read 'nan', and ISNAN takes only numbers.
    kind = exp.Anonymous(this="TYPEOF", expressions=[_column(name)])
    floats = _any_of(kind, [_text("FLOAT"), _text("DOUBLE")])
    nan = _any_of(_varchar(_column(name)), [_text("nan"), _text("-nan")])
    return exp.Paren(this=exp.And(this=floats, expression=nan))


def _sqlite_number(number: float) -> Tree:
    """Write a number that every build of SQLite reads as exactly that float64.

    SQLite reads decimals by floating-point arithmetic of its own, and is off by one bit
    for some. Integers are exact, and so are decimals far from the middle between two
    float64; a number without such a decimal is written as an integer times or over
    powers of two, which is exact whatever the arithmetic.
    """
    if number.is_integer() and number < 2**63:
        return exp.Literal.number(str(int(number)))
    decimal = _safe_decimal(number)
    if decimal is not None:
        return exp.Literal.number(str(decimal))
    mantissa, exponent = math.frexp(number)
    tree = _double(exp.Literal.number(str(int(math.ldexp(mantissa, 53)))))
    powers, rest = divmod(abs(exponent - 53), 62)
    for power in filter(None, [rest, *[62] * powers]):
        factor = exp.Literal.number(str(2**power))
        if exponent > 53:
            tree = exp.Mul(this=tree, expression=factor)
        else:
            # Without these flags sqlglot would add a cast.
            tree = exp.Div(this=tree, expression=factor, typed=True, safe=True)
    return tree


def _safe_decimal(number: float) -> Decimal | None:
    """Return a short decimal that rough arithmetic, too, turns into `number`.

    SQLite computes ``digits * 10**exponent``. Where it does so in plain float64, both
    factors have to be float64 themselves, so that only the result is rounded. Where it
    works with more bits, every factor of ten may add an error in the 64th bit, which
    must not reach the border to the next float64.
    """
    _, digits, exponent = Decimal(repr(number)).as_tuple()
    assert isinstance(exponent, int)
    exact = Fraction(number)
    below = exact - Fraction(math.ulp(math.nextafter(number, 0))) / 2
    above = exact + Fraction(math.ulp(number)) / 2
    shortest = Fraction(int("".join(map(str, digits)))) * Fraction(10) ** exponent
    # 10**22 is the largest power of ten that is a float64.
    for power in range(min(exponent, 22), -23, -1):
        scale = Fraction(10) ** power
        scaled = (shortest if power == exponent else exact) / scale
        step = 2 ** max(0, math.floor(scaled).bit_length() - 53)
        candidate = round(scaled / step) * step
        if candidate >= 2**63:
            return None
        n_factors = abs(power) // 10 + abs(power) % 10
        slack = exact * n_factors / 2**61
        if below + slack < candidate * scale < above - slack:
            return Decimal((0, tuple(map(int, str(candidate))), power))
    return None


class SksegSQLite(SQLite):
    """SQLite with names in backticks.

    A name in double quotes that is no column is text to SQLite: a typing error would
    send every customer to some segment, without a word.
    """

    class Tokenizer(SQLite.Tokenizer):
        """Quotes names with the first of its identifier quotes."""

        IDENTIFIERS = ["`"]  # noqa: RUF012


DIALECTS = {
    "duckdb": Dialect(
        grammar=sqlglot.Dialect.get_or_raise("duckdb").__class__,
        number=_exponent_number,
        infinity=lambda: _double(_text("inf")),
        # The cast is for enums; a collation of the column would survive it.
        text=lambda column: _collated(_varchar(column), "C"),
        is_nan=_duckdb_is_nan,
        any_is_nan=_duckdb_any_is_nan,
    ),
    "sqlite": Dialect(
        grammar=SksegSQLite,
        number=_sqlite_number,
        # CAST('inf' AS REAL) is 0.0.
        infinity=lambda: exp.Literal.number("9e999"),
        text=lambda column: _collated(column, "BINARY"),
    ),
}


def find_dialect(name: str) -> Dialect:
    """Return the dialect called `name`, or say which ones are offered."""
    if name not in DIALECTS:
        offered = ", ".join(map(repr, DIALECTS))
        hint = did_you_mean(name, DIALECTS) if isinstance(name, str) else ""
        raise RuleError(
            f"The SQL dialect must be one of {offered}. Got {name!r} instead.{hint} A "
            "dialect is offered once its SQL is executed against assign in the tests."
        )
    return DIALECTS[name]


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
            "of SQL. Write it as a flat choice of simple conditions."
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
    NULL mix, so ``not`` stands in front of leaves only and there is no COALESCE.
    """

    def __init__(self, dialect: Dialect, rules: Iterable[Rule]) -> None:
        self.dialect = dialect
        self.kinds = column_kinds(rules)
        _check_case(self.kinds)

    def condition(self, rule: Rule) -> Condition:
        """Write `rule`."""
        return self._condition(negation_normal(rule), frozenset())

    def _condition(self, rule: Rule, present: frozenset[str]) -> Condition:
        """Write `rule` where other conditions say that columns are `present`."""
        if isinstance(rule, And):
            # One condition says it for all: `not missing`, or else the last one.
            telling = [(c, part) for part in rule.parts for c in _told_present(part)]
            told = dict(telling)
            told |= {c: part for c, part in telling if part == Not(Missing(c))}
            parts = [
                self._condition(p, present | {c for c in told if told[c] is not p})
                for p in rule.parts
            ]
            return _chain(exp.And, parts)
        if isinstance(rule, Or):
            return _chain(exp.Or, [self._condition(p, present) for p in rule.parts])
        leaf, negated = _signed_leaf(rule)
        if isinstance(leaf, Missing):
            return self._present(leaf.column) if negated else self._missing(leaf.column)
        condition = Condition(self._compared(leaf, negated))
        if leaf.column in present:
            return condition
        if negated:
            return _chain(exp.Or, [condition, self._missing(leaf.column)])
        if self._nan(leaf.column) is None:
            return condition
        # NaN is equal to itself and above all numbers in some engines.
        return _chain(exp.And, [condition, self._present(leaf.column)])

    def _missing(self, name: str) -> Condition:
        null, nan = Condition(_is_null(name)), self._nan(name)
        return null if nan is None else _chain(exp.Or, [null, Condition(nan)])

    def _present(self, name: str) -> Condition:
        known, nan = Condition(exp.Not(this=_is_null(name))), self._nan(name)
        if nan is None:
            return known
        no_nan = Condition(exp.Not(this=nan))
        # Of NULL a number's test for NaN says NULL, which is not TRUE either.
        number = self.kinds[name] == "number"
        return no_nan if number else _chain(exp.And, [known, no_nan])

    def _nan(self, name: str) -> Tree | None:
        """Return whether a column holds NaN, None if it cannot."""
        kind = self.kinds[name]
        test = self.dialect.is_nan if kind == "number" else self.dialect.any_is_nan
        return None if test is None or kind == "text" else test(name)

    def _operand(self, name: str) -> Tree:
        column = _column(name)
        text = self.kinds[name] == "text"
        return self.dialect.text(column) if text else _double(column)

    def _compared(self, leaf: Comparison | Membership, negated: bool) -> Tree:
        """Write a leaf, or its opposite, for values that are there."""
        operand = self._operand(leaf.column)
        if isinstance(leaf, Membership):
            listed = (self._value(leaf.column, value) for value in leaf.values)
            tree = _any_of(operand, listed)
            return exp.Not(this=tree) if negated else tree
        operator = _OPPOSITE[leaf.operator] if negated else leaf.operator
        value = self._value(leaf.column, leaf.threshold)
        return _OPERATORS[operator](this=operand, expression=value)

    def _value(self, name: str, value: Threshold | str) -> Tree:
        if isinstance(value, str):
            return _text(value)
        if not isinstance(value, float):
            raise RuleError(
                f"The threshold {threshold_text(value)} of column {name!r} is not "
                "resolved yet. Call resolve(X) with the data it is a quantile of."
            )
        size = abs(value)
        finite = math.isfinite(size)
        tree = self.dialect.number(size) if finite else self.dialect.infinity()
        return tree if value >= 0 else exp.Neg(this=tree)


def _is_null(name: str) -> Tree:
    return exp.Is(this=_column(name), expression=exp.Null())


def _signed_leaf(rule: Rule) -> tuple[Leaf, bool]:
    """Return the leaf that `rule` is or negates, and whether it negates it."""
    negated = isinstance(rule, Not)
    leaf = rule.part if isinstance(rule, Not) else rule
    assert isinstance(leaf, Leaf)
    if isinstance(leaf, Comparison) and leaf.operator == "!=":
        return Comparison(leaf.column, "==", leaf.threshold), not negated
    return leaf, negated


def _told_present(rule: Rule) -> Iterable[str]:
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
                "names differ only by case. Rename one of them."
            )


def condition_sql(rule: Rule, dialect: str) -> str:
    """Return `rule` as a condition for WHERE; see `Rule.to_sql`."""
    engine = find_dialect(dialect)
    condition = _Writer(engine, [rule]).condition(rule)
    tree = condition.tree
    if condition.connector is not None:
        # Pasted beside an AND it still means the same.
        tree = exp.Paren(this=tree)
    return engine.write(tree)


def ruleset_sql(rules: RuleSet, dialect: str, output: str, alias: str | None) -> str:
    """Return `rules` as one CASE expression; see `RuleSet.to_sql`."""
    engine = find_dialect(dialect)
    if output not in ("name", "code"):
        raise RuleError(f"The output must be 'name' or 'code'. Got {output!r} instead.")
    writer = _Writer(engine, rules.rules.values())
    # Case.when() would copy all earlier branches for every new one.
    branches = [
        exp.If(this=writer.condition(rule).tree, true=_result(name, code, output))
        for code, (name, rule) in enumerate(rules.rules.items())
    ]
    code = -1 if rules.default is None else len(branches)
    tree = _result(rules.default, code, output)
    if branches:
        unsaid = isinstance(tree, exp.Null)
        tree = exp.Case(ifs=branches, default=None if unsaid else tree)
    if alias is not None:
        label = exp.to_identifier(check_name(alias, "The alias"), quoted=True)
        tree = exp.Alias(this=tree, alias=label)
    return engine.write(tree)


def _result(name: str | None, code: int, output: str) -> Tree:
    if output == "code":
        number = exp.Literal.number(str(abs(code)))
        return number if code >= 0 else exp.Neg(this=number)
    return exp.Null() if name is None else _text(name)
