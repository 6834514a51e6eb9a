"""Conditions on one customer, and the algebra that combines them."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from skseg._typing import BoolArray
from skseg.exceptions import RuleError

from ._booleans import Boolean, as_boolean, is_boolean
from ._dates import ISO_EXAMPLES, Date, as_date, has_zone, is_date_value, likely_iso
from ._thresholds import (
    Threshold,
    as_threshold,
    check_name,
    check_number,
    format_number,
    resolve_threshold,
    threshold_text,
)

# Text is read 50 levels deep; negations and joined rules may add to that.
MAX_DEPTH = 100

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
Kind = Literal["number", "text", "date", "boolean"]

PLURAL: dict[Kind, str] = {
    "number": "numbers",
    "text": "text",
    "date": "dates",
    "boolean": "booleans",
}


class Rule:
    """A condition over the columns of one customer, true or false for every row.

    Rules are written as text (see `parse`) or with `col`, `q` and `missing`, and
    combined with ``&``, ``|`` and ``~``. They are immutable, compare by structure,
    and print as text that parses back to an equal rule. Text may be nested 50 levels
    deep and have 100,000 characters; rules may be built 100 levels deep.

    A missing value (NaN, None, NULL) behaves as Python's nan does: every comparison
    with it is false, except ``!=``, and ``~`` is the true complement.

    Examples
    --------
    >>> from skseg.rules import col
    >>> rule = (col("aov") >= 120) & ~col("plan").isin(["free"])
    >>> print(rule)
    aov >= 120 and plan not in ['free']
    >>> rule.evaluate({"aov": [150.0, 150.0, 80.0], "plan": ["pro", "free", None]})
    array([ True, False, False])
    """

    __slots__ = ()

    def __and__(self, other: Rule) -> Rule:
        return conjunction([self, _as_operand(other, "&")])

    def __or__(self, other: Rule) -> Rule:
        return disjunction([self, _as_operand(other, "|")])

    def __invert__(self) -> Rule:
        return self.part if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "A rule has no truth value of its own. Combine rules with &, | and ~ in "
            "place of and, or and not, and write 40 <= x < 120 as "
            "(col('x') >= 40) & (col('x') < 120)."
        )

    def __str__(self) -> str:
        # _text reads the node classes below, so it can only be imported late.
        from ._text import rule_text

        return rule_text(self)

    def describe(self) -> str:
        """Return the rule in English.

        Returns
        -------
        str
            A clause about one customer, without a final full stop.

        Examples
        --------
        >>> from skseg.rules import parse
        >>> parse("40 <= aov < 120 and plan != 'free'").describe()
        "aov is at least 40 and below 120, and plan is not 'free' (or is missing)"
        """
        from ._english import Wording

        return Wording().english(self)

    def evaluate(self, X: Any) -> BoolArray:
        """Return which rows of `X` the rule holds for.

        Parameters
        ----------
        X : frame, mapping of str to sequence, or array of shape (n_rows, n_columns)
            pandas, polars, pyarrow or whatever narwhals reads. The columns of an
            array are called ``x0``, ``x1``, ...

        Returns
        -------
        ndarray of bool of shape (n_rows,)
            True where the rule holds.

        Raises
        ------
        RuleError
            If a column is missing or holds another kind of value than the rule
            compares it with, or the rule holds an unresolved quantile.

        Examples
        --------
        >>> from skseg.rules import col
        >>> (col("x0") > 1).evaluate([[1.0], [2.0]])
        array([False,  True])
        """
        from skseg.rules._evaluate import evaluate_rules

        return evaluate_rules([self], X)[:, 0]

    def to_sql(
        self,
        dialect: str = "duckdb",
        *,
        types: Mapping[str, str] | None = None,
        empty_is_missing: bool = False,
    ) -> str:
        """Return the rule as a SQL condition, for a WHERE clause.

        It is TRUE exactly where the rule holds; elsewhere it is FALSE or NULL, so
        negate the rule, not the SQL: ``(~rule).to_sql()``. It needs the extra ``sql``.

        Parameters
        ----------
        dialect : {"duckdb", "sqlite", "postgres", "mysql", "spark", "databricks", \
                "bigquery", "snowflake", "redshift", "tsql"}, default="duckdb"
            The SQL dialect; "mysql" is that of MariaDB, too. The warehouses, from
            "databricks" on, are not executed in the tests.
        types : mapping of str to str, default=None
            Column -> its type, as the engine writes it, such as {"aov": "DOUBLE"}. The
            SQL of such a column is shorter and faster, since it need not tell which of
            all types the column has. Columns without a rule are ignored, and so are
            types that are not known here. SQLite knows the type of a value only.
        empty_is_missing : bool, default=False
            Whether empty text is a missing value, as in a table that SQLite has
            imported from a csv file. Only for "sqlite".

        Returns
        -------
        str
            A condition, in brackets where it has several parts.

        Raises
        ------
        RuleError
            If the dialect is not offered, a quantile is unresolved, a column is of a
            type that cannot hold what the rule compares it with, the engine cannot have
            a name or tell two names apart, or empty text is to be missing in a dialect
            other than "sqlite".
        MissingExtraError
            If sqlglot is not installed.

        Examples
        --------
        >>> from skseg.rules import parse
        >>> print(parse("plan == 'pro'").to_sql())
        SUBSTRING("plan", 1) COLLATE C = 'pro'
        """
        # sqlglot is an extra, so it is imported where it is used.
        from skseg.rules._sql import condition_sql

        return condition_sql(
            self, dialect, types=types, empty_is_missing=empty_is_missing
        )


@dataclass(frozen=True, slots=True)
class Comparison(Rule):
    """``column <operator> threshold``; text only with ``==`` and ``!=``."""

    column: str
    operator: Operator
    threshold: Threshold | str


@dataclass(frozen=True, slots=True)
class Membership(Rule):
    """``column in [values]``, in the order written; all values are of one kind."""

    column: str
    values: tuple[float, ...] | tuple[str, ...] | tuple[Date, ...] | tuple[Boolean, ...]


@dataclass(frozen=True, slots=True)
class Missing(Rule):
    """``missing(column)``."""

    column: str


@dataclass(frozen=True, slots=True)
class And(Rule):
    """All parts hold; without parts, always true."""

    parts: tuple[Rule, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _set_depth(self, self.parts)


@dataclass(frozen=True, slots=True)
class Or(Rule):
    """At least one part holds; without parts, always false."""

    parts: tuple[Rule, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _set_depth(self, self.parts)


@dataclass(frozen=True, slots=True)
class Not(Rule):
    """The complement of a part: it holds for every row for which the part does not."""

    part: Rule
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _set_depth(self, (self.part,))


Leaf = Comparison | Membership | Missing


def _set_depth(rule: And | Or | Not, parts: Iterable[Rule]) -> None:
    """Remember how deep a rule is nested; refuse what recursion would not reach."""
    inner = (part.depth for part in parts if isinstance(part, And | Or | Not))
    depth = 1 + max(inner, default=0)
    if depth > MAX_DEPTH:
        raise RuleError(
            f"A rule may be built of {MAX_DEPTH} levels of and, or, not at most.",
            rule=f"at most {MAX_DEPTH} levels",
            value=depth,
            advice="Write it as a flat choice of simple conditions.",
        )
    object.__setattr__(rule, "depth", depth)


def _as_operand(other: object, symbol: str) -> Rule:
    if not isinstance(other, Rule):
        raise TypeError(
            f"{symbol} combines rules. Got {other!r} instead; put each comparison in "
            f"parentheses: (col('a') > 1) {symbol} (col('b') > 2)."
        )
    return other


def _flat(node: type[And] | type[Or], parts: Iterable[Rule]) -> Rule:
    flat: list[Rule] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, node) else [part])
    return flat[0] if len(flat) == 1 else node(tuple(flat))


def conjunction(parts: Iterable[Rule]) -> Rule:
    """Return the rule that all `parts` hold, flattened."""
    return _flat(And, parts)


def disjunction(parts: Iterable[Rule]) -> Rule:
    """Return the rule that at least one of `parts` holds, flattened."""
    return _flat(Or, parts)


def comparison(column: str, operator: Operator, value: Any) -> Comparison:
    """Return ``column <operator> value``, checked."""
    if isinstance(value, str):
        if operator not in ("==", "!="):
            raise RuleError(
                f"Text has no order in rules: {column!r} {operator} {value!r}.",
                value=value,
                column=column,
                advice=_order_advice(value),
            )
        text = check_name(value, f"A value of column {column!r}", allow_empty=True)
        return Comparison(column, operator, text)
    if is_boolean(value):
        if operator not in ("==", "!="):
            raise RuleError(
                f"True and False have no order in rules: {column!r} {operator} "
                f"{value}.",
                value=value,
                column=column,
                advice="Use ==, != or in.",
            )
        return Comparison(column, operator, as_boolean(value))
    if value is None:
        raise RuleError(
            "None is not a threshold.",
            column=column,
            advice=f"Use missing({column}) to ask for missing values.",
        )
    return Comparison(column, operator, as_threshold(value))


def _order_advice(text: str) -> str:
    """Say what to write in place of a text that stands where order counts."""
    if iso := likely_iso(text):
        return f"A date is written date({iso!r})."
    if has_zone(text):
        return "A moment is written date('2024-12-25 18:00'), without a time zone."
    try:
        number = format_number(check_number(float(text)))
    except ValueError:
        return f"Use ==, != or in. Dates are written date({ISO_EXAMPLES.split()[0]})."
    return f"A number has no quotes: {number}."


def membership(column: str, values: Iterable[Any]) -> Membership:
    """Return ``column in values``, checked."""
    listed = list(values)
    if not listed:
        raise RuleError(
            f"'{column} in []' holds for nobody.",
            column=column,
            advice="List at least one value.",
        )
    if all(isinstance(value, str) for value in listed):
        subject = f"A value of column {column!r}"
        texts = [check_name(value, subject, allow_empty=True) for value in listed]
        return Membership(column, tuple(dict.fromkeys(texts)))
    if all(is_boolean(value) for value in listed):
        return Membership(column, tuple(dict.fromkeys(map(as_boolean, listed))))
    if all(isinstance(v, numbers.Real) and not is_boolean(v) for v in listed):
        return Membership(column, tuple(dict.fromkeys(map(check_number, listed))))
    if all(is_date_value(value) for value in listed):
        return Membership(column, tuple(dict.fromkeys(map(as_date, listed))))
    raise RuleError(
        f"The values that {column!r} is compared with must be all numbers, all text, "
        f"all dates or all booleans. Got {listed!r}; missing values are asked for with "
        f"missing({column}).",
        rule="all numbers, all text, all dates or all booleans",
        value=listed,
        column=column,
    )


class Column:
    """A column to build rules from; made by `col`."""

    __slots__ = ("name",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name = check_name(name, "A column name")

    def __repr__(self) -> str:
        return f"col({self.name!r})"

    def __lt__(self, value: Any) -> Rule:
        return comparison(self.name, "<", value)

    def __le__(self, value: Any) -> Rule:
        return comparison(self.name, "<=", value)

    def __gt__(self, value: Any) -> Rule:
        return comparison(self.name, ">", value)

    def __ge__(self, value: Any) -> Rule:
        return comparison(self.name, ">=", value)

    def __eq__(self, value: Any) -> Rule:  # type: ignore[override]
        return comparison(self.name, "==", value)

    def __ne__(self, value: Any) -> Rule:  # type: ignore[override]
        return comparison(self.name, "!=", value)

    def isin(self, values: Iterable[Any]) -> Rule:
        """Return the rule that the column holds one of `values`."""
        if isinstance(values, str):
            raise RuleError(
                f"isin takes a list of values. Got the text {values!r}.",
                owner="isin",
                name="values",
                rule="a list of values",
                value=values,
                column=self.name,
            )
        return membership(self.name, values)

    def is_missing(self) -> Rule:
        """Return the rule that the column is missing."""
        return Missing(self.name)


def col(name: str) -> Column:
    """Return a column to build rules from.

    Parameters
    ----------
    name : str
        Any name that a frame can hold, spaces and quotes included.

    Returns
    -------
    Column
        Compare it with ``<``, ``<=``, ``>``, ``>=``, ``==``, ``!=``, or call
        ``.isin(values)`` and ``.is_missing()``; each gives a `Rule`.

    Raises
    ------
    RuleError
        If `name` is empty, or holds NUL or a lone surrogate.

    Examples
    --------
    >>> from skseg.rules import col
    >>> print((col("aov") >= 120) & ~col("my plan").isin(["free", "trial"]))
    aov >= 120 and col('my plan') not in ['free', 'trial']
    """
    return Column(name)


def missing(column: str | Column) -> Rule:
    """Return the rule that a column is missing: NaN, None, NULL or NaT.

    Parameters
    ----------
    column : str or col(...)
        The column.

    Returns
    -------
    Rule
        True for the rows without a value.

    Examples
    --------
    >>> from skseg.rules import col, missing
    >>> print(missing("age") | (col("age") < 18))
    missing(age) or age < 18
    """
    return (column if isinstance(column, Column) else Column(column)).is_missing()


def leaves(rule: Rule) -> Iterator[Leaf]:
    """Yield the comparisons, memberships and missing tests of `rule`, left to right."""
    if isinstance(rule, And | Or):
        for part in rule.parts:
            yield from leaves(part)
    elif isinstance(rule, Not):
        yield from leaves(rule.part)
    elif isinstance(rule, Comparison | Membership | Missing):
        yield rule


def leaf_values(leaf: Leaf) -> tuple[Threshold | str, ...]:
    """Return what a leaf compares its column with."""
    if isinstance(leaf, Missing):
        return ()
    return leaf.values if isinstance(leaf, Membership) else (leaf.threshold,)


def leaf_kind(leaf: Leaf) -> Kind | None:
    """Return what kind of value the leaf compares its column with."""
    values = leaf_values(leaf)
    return value_kind(values[0]) if values else None


def value_kind(value: Threshold | str | bool) -> Kind:
    """Return what kind of value a column is compared with."""
    if isinstance(value, str):
        return "text"
    if is_boolean(value):
        return "boolean"
    return "date" if isinstance(value, Date) else "number"


def column_kinds(rules: Iterable[Rule]) -> dict[str, Kind | None]:
    """Return each column's kind, in order of first appearance; raise if it has two."""
    kinds: dict[str, Kind | None] = {}
    for rule in rules:
        for leaf in leaves(rule):
            kind, earlier = leaf_kind(leaf), kinds.get(leaf.column)
            if kind and earlier and kind != earlier:
                raise _two_kinds_error(leaf.column, {kind, earlier})
            kinds[leaf.column] = kind or earlier
    return kinds


def _two_kinds_error(column: str, kinds: set[Kind]) -> RuleError:
    first, second = (PLURAL[kind] for kind in PLURAL if kind in kinds)
    advice = "Write the numbers as text, or split the column in two."
    if "date" in kinds:
        advice = "Write all of them as dates: date('2024-12-25')."
    if "boolean" in kinds:
        advice = "Write all of them as True and False, without quotes."
    if kinds == {"number", "date"}:
        advice += " Quantiles are numbers, and there are none of dates."
    return RuleError(
        f"Column {column!r} is compared with {first} and with {second}. A column holds "
        "one kind of value.",
        column=column,
        advice=advice,
    )


def map_leaves(rule: Rule, change: Callable[[Leaf], Rule]) -> Rule:
    """Return `rule` with every leaf replaced by ``change(leaf)``."""
    if isinstance(rule, And | Or):
        return _flat(type(rule), [map_leaves(part, change) for part in rule.parts])
    if isinstance(rule, Not):
        return ~map_leaves(rule.part, change)
    if isinstance(rule, Comparison | Membership | Missing):
        return change(rule)
    raise TypeError(f"Not a rule: {rule!r}")


def negation_normal(rule: Rule, *, negated: bool = False) -> Rule:
    """Return `rule` with ``not`` in front of leaves only."""
    if isinstance(rule, Not):
        return negation_normal(rule.part, negated=not negated)
    if isinstance(rule, And | Or):
        join = conjunction if isinstance(rule, And) != negated else disjunction
        return join([negation_normal(part, negated=negated) for part in rule.parts])
    return ~rule if negated else rule


def unresolved_error(column: str, threshold: Threshold) -> RuleError:
    """Return the error for a quantile that has no value yet; the caller raises it."""
    return RuleError(
        f"The threshold {threshold_text(threshold)} of column {column!r} is not "
        "resolved yet.",
        value=threshold,
        column=column,
        advice="Call resolve(X) with the data it is a quantile of.",
    )


def open_thresholds(rules: Iterable[Rule]) -> Iterator[tuple[str, Threshold]]:
    """Yield (column, threshold) of every threshold that has no value yet."""
    for rule in rules:
        for leaf in leaves(rule):
            if isinstance(leaf, Comparison) and not isinstance(
                leaf.threshold, float | str | Date | Boolean
            ):
                yield leaf.column, leaf.threshold


def require_resolved(rules: Iterable[Rule]) -> None:
    """Raise if a threshold of `rules` is an unresolved quantile."""
    for column, threshold in open_thresholds(rules):
        raise unresolved_error(column, threshold)


def resolve_rule(rule: Rule, quantile: Callable[[str, float], float]) -> Rule:
    """Return `rule` with ``quantile(column, p)`` in place of every ``q(p)``."""
    return map_leaves(rule, lambda leaf: resolve_leaf(leaf, quantile))


def resolve_leaf(leaf: Leaf, quantile: Callable[[str, float], float]) -> Leaf:
    """Return `leaf` with ``quantile(column, p)`` in place of every ``q(p)``."""
    if not isinstance(leaf, Comparison) or isinstance(
        leaf.threshold, str | Date | Boolean
    ):
        return leaf
    number = resolve_threshold(
        leaf.threshold, lambda level: quantile(leaf.column, level)
    )
    return Comparison(leaf.column, leaf.operator, number)
