"""Text to rule: a whitelist over Python's syntax tree. Nothing is ever evaluated."""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

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
from ._errors import RuleError, did_you_mean
from ._thresholds import Quantile, Threshold, check_name, check_number, extreme

MAX_LENGTH = 100_000
MAX_DEPTH = 50

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
_FUNCTIONS = ("col", "missing", "q", "max", "min")


def parse(text: str | Rule, *, columns: Iterable[str] | None = None) -> Rule:
    """Read a rule from text.

    The text is Python's own syntax for conditions, and no more than that: it is read
    with a whitelist over the syntax tree and never evaluated, so a rule can come
    from a file or a form. A column is written by its name, or ``col("odd name")``.

    Parameters
    ----------
    text : str or Rule
        Comparisons ``< <= > >= == !=`` and their chains (``40 <= aov < 120``),
        ``in [...]``, ``not in [...]``, ``missing(x)``, joined by ``and``, ``or``,
        ``not``. A threshold is a number, ``inf``, a quantile ``q(p)``, or
        ``max(...)`` / ``min(...)`` of these. A `Rule` is returned as it is.
    columns : iterable of str, default=None
        The columns that exist. When given, any other name is an error that points
        at its place in the text and suggests the likely one.

    Returns
    -------
    Rule
        Equal to the rule built from the same parts with `col`, `q` and `missing`.

    Raises
    ------
    RuleError
        If the text is not a rule; the message points at the offending piece.

    Examples
    --------
    >>> from skseg.rules import parse
    >>> print(parse("aov >= max(q(0.75), 120) and not plan == 'free'"))
    aov >= max(q(0.75), 120) and not plan == 'free'
    >>> parse("avo >= 120", columns=["aov", "plan"])
    Traceback (most recent call last):
        ...
    skseg.rules._errors.RuleError: Unknown column 'avo'. Did you mean 'aov'?
      avo >= 120
      ^^^
    """
    known = None if columns is None else tuple(columns)
    if not isinstance(text, Rule):
        return _Parser(text, known).rule()
    if known is not None:
        for leaf in leaves(text):
            if leaf.column not in known:
                raise RuleError(_unknown_column(leaf.column, known))
    return text


def _unknown_column(name: str, columns: Sequence[str]) -> str:
    hint = did_you_mean(name, columns)
    available = "" if hint else f" Available: {', '.join(map(repr, columns[:20]))}."
    return f"Unknown column {name!r}.{hint}{available}"


class _Parser:
    """One text on its way to a rule; knows where each piece stands."""

    def __init__(self, text: str, columns: tuple[str, ...] | None) -> None:
        if not isinstance(text, str):
            raise RuleError(f"A rule must be a str or a Rule. Got {text!r} instead.")
        if len(text) > MAX_LENGTH:
            raise RuleError(
                f"A rule may have {MAX_LENGTH:,} characters at most. Got {len(text):,}."
            )
        check_name(text, "The text of a rule")
        self.columns = columns
        # Brackets let a rule run over several lines; one more line break ends a
        # comment on the last line.
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        self.source = f"({lines}\n)"
        self.lines = [line.encode() for line in self.source.split("\n")]

    def rule(self) -> Rule:
        return self._rule(self._tree(), 0)

    def _tree(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                # An unknown escape such as "\d" is a warning to Python; in a rule
                # it is a value that someone mistyped.
                warnings.simplefilter("error")
                # The second reading catches "a > 1) or (b > 2".
                ast.parse(f"[{self.source[1:-1]}]", mode="eval")
                return ast.parse(self.source, mode="eval").body
        except SyntaxError as error:
            self._fail_syntax(error)
        except (MemoryError, RecursionError, ValueError):
            raise RuleError(
                "The rule is nested too deeply or holds a bad number."
            ) from None

    def _fail_syntax(self, error: SyntaxError) -> NoReturn:
        text = self.source[1:-2]
        hint = ""
        if re.search(r"(?<![<>=!:])=(?!=)", text):
            hint = " Equality is written ==."
        elif re.search(r"&&|\|\|", text):
            hint = " Write and / or."
        line, offset = (error.lineno or 1) - 1, max((error.offset or 1) - 1, 0)
        message = error.msg
        at_end = line >= len(self.lines) - 1
        if at_end:
            line = len(self.lines) - 2
            offset = len(self.lines[line].decode())
        # The closing bracket of `source` is not one that the reader wrote.
        if mismatch := re.search(r"'(.)' does not match .*'(.)'", message):
            closing, opening = mismatch.groups()
            message = (
                f"'{opening}' was never closed" if at_end else f"unmatched '{closing}'"
            )
        elif at_end and message == "invalid syntax":
            message = "the rule ends too early"
        place = self._pointed(line, offset, offset + 1)
        raise RuleError(f"Not a rule: {message}.{hint}\n{place}") from None

    def _fail(self, node: ast.AST, message: str) -> NoReturn:
        line, last = node.lineno - 1, node.end_lineno - 1  # type: ignore[attr-defined]
        raw = self.lines[line]
        start = len(raw[: node.col_offset].decode())  # type: ignore[attr-defined]
        end = len(raw.decode())
        if last == line:
            end = len(raw[: node.end_col_offset].decode())  # type: ignore[attr-defined]
        raise RuleError(f"{message}\n{self._pointed(line, start, end)}")

    def _pointed(self, line: int, start: int, end: int) -> str:
        shown = [raw.decode() for raw in self.lines[:-1]]
        line = min(line, len(shown) - 1)
        if line == 0:
            start, end = max(start - 1, 0), max(end - 1, 1)
        shown[0] = shown[0][1:]
        text = shown[line]
        # Long rules are shown around the place that the message is about.
        left = max(0, start - 40)
        window = text[left : left + 100]
        carets = "^" * max(1, min(end, left + 100) - start)
        return f"  {window}\n  {' ' * (start - left)}{carets}"

    def _segment(self, node: ast.Name) -> str:
        raw = self.lines[node.lineno - 1]
        return raw[node.col_offset : node.end_col_offset].decode()

    def _checked(self, node: ast.AST, build: Callable[..., Any], *args: Any) -> Any:
        try:
            return build(*args)
        except RuleError as error:
            self._fail(node, str(error))

    def _rule(self, node: ast.expr, depth: int) -> Rule:
        self._check_depth(node, depth)
        if isinstance(node, ast.BoolOp):
            join = conjunction if isinstance(node.op, ast.And) else disjunction
            return join([self._rule(value, depth + 1) for value in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._rule(node.operand, depth + 1)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call) and self._function(node) == "missing":
            (argument,) = self._arguments(node, 1)
            return Missing(self._column(argument))
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return conjunction([]) if node.value else disjunction([])
        self._fail(node, self._why_no_rule(node))

    def _check_depth(self, node: ast.expr, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._fail(node, f"A rule may be nested {MAX_DEPTH} levels deep at most.")

    def _why_no_rule(self, node: ast.expr) -> str:
        if self._is_column(node):
            return "A column alone is not a condition. Compare it: == 1, == 'yes', ..."
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
            if not isinstance(right, ast.List | ast.Tuple | ast.Set):
                self._fail(right, "'in' needs a list of values: in ['a', 'b'].")
            values = [self._value(element) for element in right.elts]
            rule: Rule = self._checked(node, membership, self._column(left), values)
            return rule if isinstance(operator, ast.In) else ~rule
        symbol = _OPERATORS[type(operator)]
        if self._is_column(left) and self._is_column(right):
            self._fail(
                right,
                "A rule compares a column with a value, not with another column. "
                "Text values are quoted: plan == 'free'.",
            )
        if self._is_column(right):
            left, right, symbol = right, left, _MIRROR[symbol]
        column = self._column(left)
        return self._checked(node, comparison, column, symbol, self._value(right))  # type: ignore[no-any-return]

    def _is_column(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id not in ("inf", "nan")
        return isinstance(node, ast.Call) and self._function(node) == "col"

    def _column(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name) and node.id != "inf":
            # The tree holds the normalised identifier; the text says what is meant.
            name = self._segment(node)
        elif isinstance(node, ast.Call) and self._function(node) == "col":
            (argument,) = self._arguments(node, 1)
            if not isinstance(argument, ast.Constant):
                self._fail(argument, "col(...) takes a quoted column name.")
            name = self._checked(argument, check_name, argument.value, "A column name")
        elif isinstance(node, ast.Attribute):
            self._fail(node, "A column name with a dot is written col('a.b').")
        else:
            self._fail(node, "Expected a column here: a name, or col('odd name').")
        if self.columns is not None and name not in self.columns:
            self._fail(node, _unknown_column(name, self.columns))
        return name

    def _value(self, node: ast.expr) -> Threshold | str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return self._threshold(node)

    def _threshold(self, node: ast.expr, depth: int = 0) -> Threshold:
        self._check_depth(node, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._threshold(node.operand, depth + 1)
            if not isinstance(value, float):
                self._fail(node, "Only numbers take a sign.")
            return -value + 0.0 if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Constant):
            if node.value is None:
                self._fail(
                    node, "None is no value. Ask for missing values: missing(x)."
                )
            if isinstance(node.value, float) and math.isinf(node.value):
                self._fail(
                    node, "The number is beyond float64. Infinity is written inf."
                )
            return self._checked(node, check_number, node.value)  # type: ignore[no-any-return]
        if isinstance(node, ast.Name):
            if node.id == "inf":
                return float("inf")
            if node.id == "nan":
                self._fail(node, "nan is no value. Ask for missing values: missing(x).")
            self._fail(node, "Expected a number, q(p), max(...) or min(...) here.")
        if isinstance(node, ast.Call):
            return self._threshold_call(node, depth)
        self._fail(
            node,
            "A threshold is a number, q(p), max(...) or min(...); rules have no "
            "arithmetic.",
        )

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
        self._fail(node, f"{function}(...) is not a threshold.")

    def _function(self, node: ast.Call) -> str:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in _FUNCTIONS:
            hint = did_you_mean(name, _FUNCTIONS) if name else ""
            self._fail(
                node.func,
                f"Unknown function. Rules know {', '.join(_FUNCTIONS)}.{hint}",
            )
        return name

    def _arguments(self, node: ast.Call, count: int | None) -> list[ast.expr]:
        starred = any(isinstance(arg, ast.Starred) for arg in node.args)
        if node.keywords or starred or (count is not None and len(node.args) != count):
            wanted = "values" if count is None else f"{count} value"
            self._fail(node, f"{self._function(node)}(...) takes {wanted}, unnamed.")
        return node.args
