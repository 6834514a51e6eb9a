"""Text to rule, by a whitelist over Python's syntax tree; nothing is evaluated."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeGuard

from skseg.exceptions import RuleError, did_you_mean, reworded

from ._booleans import Boolean, as_boolean, is_boolean, is_truth_word
from ._computed import (
    column_code,
    computed_column,
    constant_value,
    is_col,
    mentions_column,
)
from ._conditions import (
    Missing,
    Operator,
    Rule,
    comparison,
    conjunction,
    disjunction,
    leaves,
    membership,
)
from ._dates import Date, as_date, is_date_value, is_iso
from ._source import Source
from ._thresholds import (
    Quantile,
    Threshold,
    as_threshold,
    check_name,
    check_number,
    extreme,
    format_number,
)

MAX_DEPTH = 50
# A longer rule is not repeated in the advice of an error.
_LONGEST_ADVICE = 400

_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_MIRROR: dict[Operator, Operator] = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "==": "==",
    "!=": "!=",
}
# What may be a subtraction or a division, or the name of a column.
_DASHED = re.compile(r"[^\W\d]\w*(?:[-/][^\W\d]\w*)+")
_QUOTE_ADVICE = 'A quote within a text is written in quotes of the other kind: "it\'s".'
_FUNCTIONS = ("col", "missing", "q", "max", "min", "date")


def parse(
    text: str | Rule,
    *,
    columns: Iterable[str] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Rule:
    """Read a rule from text.

    The text is a subset of Python's syntax: it is read with a whitelist over the syntax
    tree and never evaluated, so a rule can come from a file or a form. A column is
    written by its name, or ``col("odd name")``.

    Parameters
    ----------
    text : str or Rule
        Comparisons ``< <= > >= == !=`` and their chains (``40 <= aov < 120``),
        ``in [...]``, ``not in [...]``, ``missing(x)``, joined by ``and``, ``or``,
        ``not``. A threshold is a number, ``inf``, a quantile ``q(p)``,
        ``max(...)`` / ``min(...)`` of these, or a date ``date('2024-12-25')``; a text
        in quotes, or ``True`` and ``False``, may be equal. At most 100,000 characters,
        nested at most 50 levels deep. A `Rule` is returned unchanged.
    columns : iterable of str, default=None
        The columns that exist. When given, any other name is an error that points
        at its place in the text and suggests the likely one.
    params : mapping of str to value, default=None
        Values of the named parameters of the text, written ``{name}`` in the place of a
        value: a number, text, a date, ``q(p)``, ``max(...)``, ``min(...)``, or after
        ``in`` a list. ``date({name})`` takes ISO text as well as a date.

    Returns
    -------
    Rule
        Equal to the rule built from the same parts with `col`, `q` and `missing`.

    Raises
    ------
    RuleError
        If the text is not a rule. The message points at the offending piece; the
        error has the ``text`` and the ``span`` of that piece.

    Examples
    --------
    >>> from skseg.rules import parse
    >>> print(parse("aov >= max(q(0.75), 120) and not plan == 'free'"))
    aov >= max(q(0.75), 120) and not plan == 'free'
    >>> print(parse("aov >= max(q({level}), 120)", params={"level": 0.9}))
    aov >= max(q(0.9), 120)
    >>> parse("avo >= 120", columns=["aov", "plan"])
    Traceback (most recent call last):
        ...
    skseg.exceptions.RuleError: Unknown column 'avo'. Did you mean 'aov'?
      avo >= 120
      ^^^
    """
    available = None if columns is None else tuple(columns)
    if not isinstance(text, Rule):
        try:
            return _Parser(text, available, params or {}).rule()
        except RuleError as error:
            raise _with_advice(error, text, available, params or {}) from None
    if available is not None:
        for leaf in leaves(text):
            if leaf.column not in available:
                message = _unknown_column(leaf.column, available)
                raise RuleError(message, column=leaf.column, value=available)
    return text


def _with_advice(
    error: RuleError,
    text: str,
    columns: tuple[str, ...] | None,
    params: Mapping[str, Any],
) -> RuleError:
    """Return the error with the rule as it may be meant, if that can be read."""
    if error.span is None or len(text) > _LONGEST_ADVICE:
        return error
    # The patterns take a while to compile, and most rules are right.
    from ._respelling import respelled

    meant, sentences, remedies = respelled(text, columns)
    try:
        _Parser(meant, columns, params).rule()
    except RuleError as remaining:
        # What is said of a rule that stays wrong may be beside the point, but for what
        # the rule needs once it is spelled right.
        if not remedies and remaining.advice and meant != text:
            remedies = [remaining.advice]
        return _advised(error, remedies) if remedies else error
    return _advised(error, [*sentences, f"Did you mean: {meant}"])


def _advised(error: RuleError, advice: list[str]) -> RuleError:
    """Return the error with advice before the piece of text that it shows.

    It replaces the advice of the error, which is about that piece and no use where the
    whole rule is meant in another way.
    """
    message, shown, carets = str(error).rsplit("\n", 2)
    message = message.removesuffix(error.advice or "").rstrip()
    text = " ".join([message, *advice])
    advised = reworded(error, f"{text}\n{shown}\n{carets}")
    advised.advice = " ".join(advice)
    return advised


def _unknown_column(name: str, columns: Sequence[str]) -> str:
    hint = did_you_mean(name, columns)
    listed = "" if hint else f" Available: {', '.join(map(repr, columns[:20]))}."
    return f"Unknown column {name!r}.{hint}{listed}"


def _is_parameter(node: ast.expr) -> TypeGuard[ast.Set]:
    """Tell whether a piece is ``{name}``, which Python reads as a set of one name."""
    return isinstance(node, ast.Set) and [type(e) for e in node.elts] == [ast.Name]


def _is_literal(node: ast.expr) -> bool:
    """Tell whether a piece is a literal, which may have a sign."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


class _Parser:
    """Turns the syntax tree of one text into a rule."""

    def __init__(
        self, text: str, columns: tuple[str, ...] | None, params: Mapping[str, Any]
    ) -> None:
        self.source = Source(text)
        self.columns = columns
        self.params = params
        self._fail = self.source.fail
        self._checked = self.source.checked

    def rule(self) -> Rule:
        return self._rule(self.source.tree(), 0)

    def _fail_value(self, node: ast.expr, message: str, advice: str = "") -> NoReturn:
        """Refuse a piece that stands where a value is expected."""
        if self._is_bare_parameter(node):
            name = self.source.segment(node)
            message = f"The parameter {name!r} is written in braces: {{{name}}}."
            advice = ""
        self._fail(node, message, advice)

    def _is_bare_parameter(self, node: ast.AST) -> bool:
        """Tell whether a piece is the name of a parameter, and of no column."""
        if not isinstance(node, ast.Name):
            return False
        name = self.source.segment(node)
        return name in self.params and name not in (self.columns or ())

    def _rule(self, node: ast.expr, depth: int) -> Rule:
        self._check_depth(node, depth)
        if isinstance(node, ast.BoolOp):
            join = conjunction if isinstance(node.op, ast.And) else disjunction
            return join([self._rule(value, depth + 1) for value in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._rule(node.operand, depth + 1)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call) and not self._is_known(node):
            self._fail_function(node, self._computed(node, "{} == True"))
        if isinstance(node, ast.Call) and self._function(node) == "missing":
            (argument,) = self._arguments(node, 1)
            return Missing(self._column(argument))
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return conjunction([]) if node.value else disjunction([])
        self._fail(node, self._advice(node))

    def _check_depth(self, node: ast.expr, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._fail(node, f"A rule may be nested {MAX_DEPTH} levels deep at most.")

    def _advice(self, node: ast.expr) -> str:
        """Say what to write in place of a piece that is no condition."""
        if self._is_column(node):
            return (
                "A column alone is not a condition. Compare it: == True, == 1, "
                "== 'yes', ..."
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
            return "Join conditions with and / or; & and | are for Python expressions."
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            return "Negate with not; ~ is for Python expressions."
        return (
            "Not a condition. A rule joins comparisons, in [...] and missing(...) by "
            "and, or, not."
        )

    def _comparison(self, node: ast.Compare) -> Rule:
        sides = [node.left, *node.comparators]
        return conjunction(
            self._pair(node, left, operator, right)
            for left, operator, right in zip(sides, node.ops, sides[1:], strict=False)
        )

    def _pair(
        self, node: ast.Compare, left: ast.expr, operator: ast.cmpop, right: ast.expr
    ) -> Rule:
        if isinstance(operator, ast.Is | ast.IsNot):
            self._fail(node, "Rules have no 'is'. Ask for missing values: missing(x).")
        if isinstance(operator, ast.In | ast.NotIn):
            values = self._values(right)
            rule: Rule = self._checked(node, membership, self._column(left), values)
            return rule if isinstance(operator, ast.In) else ~rule
        symbol = _OPERATORS[type(operator)]
        if self._are_columns(left, right):
            self._fail_value(
                left if self._is_bare_parameter(left) else right,
                "A rule compares a column with a value, not with another column.",
                self._two_columns_advice(left, symbol, right),
            )
        if self._is_column(right) or self._are_columns(right, right):
            left, right, symbol = right, left, _MIRROR[symbol]
        column, value = self._column(left), self._value(right)
        if _is_parameter(right) and symbol not in ("==", "!=") and is_iso(value):
            written = self.source.segment(right)
            self._fail(
                right,
                f"Text has no order in rules, and {value!r} is text.",
                f"A date is written date({written}).",
            )
        return self._checked(node, comparison, column, symbol, value)  # type: ignore[no-any-return]

    def _are_columns(self, left: ast.expr, right: ast.expr) -> bool:
        """Tell whether both sides of a comparison are columns or arithmetic on them."""
        # Most comparisons end here, and walking the tree would take longest of all.
        if _is_literal(left) or _is_literal(right):
            return False
        if self._is_column(left) and self._is_column(right):
            return True
        if isinstance(right, ast.Call):
            return False
        pieces = [*ast.walk(left), *ast.walk(right)]
        if any(map(self._is_bare_parameter, pieces)):
            return False
        return mentions_column(left) and mentions_column(right)

    def _two_columns_advice(
        self, left: ast.expr, symbol: Operator, right: ast.expr
    ) -> str:
        """Say what to write where both sides of a comparison mention columns."""
        written = self.source.segment
        is_equality = symbol in ("==", "!=")
        if is_equality and isinstance(right, ast.Name):
            name = written(right)
            if name not in (self.columns or ()):
                return f"Text values are quoted: {written(left)} {symbol} {name!r}."
        left_code, right_code = column_code(left), column_code(right)
        if left_code is None or right_code is None:
            return ""
        if is_equality:
            code, compared = f"{left_code} {symbol} {right_code}", "== True"
        else:
            code, compared = f"{left_code} - ({right_code})", f"{symbol} 0"
        return (
            f"Compare two columns first, X = X.assign(computed={code}). Then the "
            f"condition is: computed {compared}"
        )

    def _is_column(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id not in ("inf", "nan") and not is_truth_word(node.id)
        return is_col(node)

    def _column(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name) and self._is_column(node):
            # The tree holds the normalised identifier; the text says what is meant.
            name = self.source.segment(node)
        elif isinstance(node, ast.Call) and not self._is_known(node):
            self._fail_function(node, self._computed(node))
        elif isinstance(node, ast.Call) and self._function(node) == "col":
            name = self._quoted_name(node)
        elif isinstance(node, ast.Attribute):
            dotted = self.source.segment(node)
            if re.search(r"\.(dt|str|cat)\.", dotted):
                self._fail(node, "Rules have no methods.", self._computed(node))
            self._fail(node, f"A column name with a dot is written col({dotted!r}).")
        elif isinstance(node, ast.BinOp | ast.UnaryOp) and mentions_column(node):
            self._fail(node, "Rules have no arithmetic.", self._computed(node))
        else:
            self._fail(node, "Expected a column here: a name, or col('odd name').")
        if self.columns is not None and name not in self.columns:
            message = _unknown_column(name, self.columns)
            if name in self.params:
                message += f" The parameter {name!r} stands for a value, not a column."
            self._fail(node, message)
        return name

    def _quoted_name(self, node: ast.Call) -> str:
        """Return the name of ``col('name')``."""
        (argument,) = self._arguments(node, 1)
        if not isinstance(argument, ast.Constant):
            self._fail(argument, "col(...) takes a quoted column name.")
        is_text = isinstance(argument.value, str)
        name = self._text(argument) if is_text else argument.value
        return self._checked(argument, check_name, name, "A column name")  # type: ignore[no-any-return]

    def _values(self, node: ast.expr) -> list[Any]:
        if _is_parameter(node):
            values = self._parameter(node)
            if isinstance(values, str) or not isinstance(values, Iterable):
                self._fail(node, f"'in' needs a list of values. Got {values!r}.")
            return list(values)
        if not isinstance(node, ast.List | ast.Tuple | ast.Set):
            self._fail_value(node, "'in' needs a list of values: in ['a', 'b'].")
        for element in node.elts if self.source.has_joints else ():
            if self.source.n_literals(element) > 1:
                self._fail(
                    element, "A comma is missing between two texts.", _QUOTE_ADVICE
                )
        return [self._value(element) for element in node.elts]

    def _text(self, node: ast.Constant) -> str:
        """Return a text, unless a quote in it is doubled."""
        if self.source.has_joints and self.source.has_doubled_quote(node):
            self._fail(
                node,
                "A value is one text in quotes, and these are several side by side.",
                _QUOTE_ADVICE,
            )
        return str(node.value)

    def _value(self, node: ast.expr) -> Threshold | str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._text(node)
        if _is_parameter(node):
            value = self._parameter(node)
            if isinstance(value, str):
                return value
            if is_boolean(value):
                return as_boolean(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return Boolean(node.value)
        if isinstance(node, ast.Name) and is_truth_word(node.id):
            # As SQL and JSON write them.
            return Boolean(node.id.lower() == "true")
        return self._threshold(node)

    def _parameter(self, node: ast.Set) -> Any:
        name = self.source.segment(node.elts[0])
        if name not in self.params:
            hint = did_you_mean(name, self.params)
            self._fail(node, f"The parameter {name!r} has no value in params.{hint}")
        return self.params[name]

    def _threshold(self, node: ast.expr, depth: int = 0) -> Threshold:
        self._check_depth(node, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._threshold(node.operand, depth + 1)
            if not isinstance(value, float):
                self._fail(node, "Only numbers take a sign.")
            return -value + 0.0 if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Constant | ast.Name):
            return self._number(node)
        if isinstance(node, ast.Call):
            return self._threshold_call(node, depth)
        if _is_parameter(node):
            return self._checked(node, as_threshold, self._parameter(node))  # type: ignore[no-any-return]
        number = constant_value(node)
        self._fail(
            node,
            "A threshold is a number, q(p), max(...) or min(...); rules have no "
            "arithmetic.",
            "" if number is None else f"Write the number: {format_number(number)}.",
        )

    def _number(self, node: ast.Constant | ast.Name) -> float:
        if isinstance(node, ast.Name):
            if node.id == "inf":
                return float("inf")
            if node.id == "nan":
                self._fail(node, "nan is no value. Ask for missing values: missing(x).")
            self._fail_value(
                node,
                "Expected a number, q(p), max(...) or min(...) here.",
                f"Text values are quoted: {node.id!r}.",
            )
        if node.value is None:
            self._fail(node, "None is no value. Ask for missing values: missing(x).")
        if isinstance(node.value, float) and math.isinf(node.value):
            self._fail(node, "The number is beyond float64. Infinity is written inf.")
        mantissa = self.source.segment(node).lower().partition("e")[0]
        if node.value == 0 and re.search("[1-9]", mantissa):
            self._fail(
                node,
                "The number is beyond float64, whose smallest one above 0 is 5e-324.",
            )
        return self._checked(node, check_number, node.value)  # type: ignore[no-any-return]

    def _threshold_call(self, node: ast.Call, depth: int) -> Threshold:
        function = self._function(node)
        if function == "q":
            (argument,) = self._arguments(node, 1)
            level = self._threshold(argument, depth + 1)
            return self._checked(node, Quantile, level)  # type: ignore[no-any-return]
        if function in ("max", "min"):
            listed = self._arguments(node, None)
            args = tuple(self._threshold(argument, depth + 1) for argument in listed)
            return self._checked(node, extreme, function, args)  # type: ignore[no-any-return]
        if function == "date":
            (argument,) = self._arguments(node, 1)
            return self._date(argument)
        self._fail(node, f"{function}(...) is not a threshold.")

    def _date(self, node: ast.expr) -> Date:
        value: Any = node
        if _is_parameter(node):
            value = self._parameter(node)
        elif isinstance(node, ast.Constant):
            is_text = isinstance(node.value, str)
            value = self._text(node) if is_text else node.value
        if isinstance(value, str) or is_date_value(value):
            return self._checked(node, as_date, value)  # type: ignore[no-any-return]
        self._fail(node, "date(...) takes a date in quotes: date('2024-12-25').")

    def _computed(self, node: ast.expr, condition: str = "{}") -> str:
        """Say how to compute a piece first, and what the rule is then."""
        advice = computed_column(
            node, lambda name: self.source.replaced(node, condition.format(name))
        )
        written = self.source.segment(node)
        if _DASHED.fullmatch(written):
            advice += f"; or, if {written!r} is a name: col({written!r})"
        return advice

    def _is_known(self, node: ast.Call) -> bool:
        return isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS

    def _fail_function(self, node: ast.Call, advice: str = "") -> NoReturn:
        """Raise, since rules do not know a function."""
        name = node.func.id if isinstance(node.func, ast.Name) else None
        hint = did_you_mean(name, _FUNCTIONS) if name else ""
        if not hint and not advice:
            value = self.source.replaced(node, "{value}")
            advice = f"Give its value as a parameter in params: {value}"
        self._fail(
            node.func,
            f"Unknown function. Rules know {', '.join(_FUNCTIONS)}.{hint}",
            "" if hint else advice,
        )

    def _function(self, node: ast.Call) -> str:
        if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
            return node.func.id
        self._fail_function(node)

    def _arguments(self, node: ast.Call, count: int | None) -> list[ast.expr]:
        starred = any(isinstance(arg, ast.Starred) for arg in node.args)
        if node.keywords or starred or (count is not None and len(node.args) != count):
            expected = "values" if count is None else f"{count} value"
            self._fail(node, f"{self._function(node)}(...) takes {expected}, unnamed.")
        return node.args
