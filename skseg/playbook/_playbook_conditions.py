"""Conditions of plays: the rule language, and comparisons of two numbers of a row."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import pairwise

import pandas as pd

from skseg.exceptions import RuleError
from skseg.rules import Rule, parse
from skseg.rules._language._booleans import is_truth_word

# A difference is compared with 0; swapping its sides turns the comparison around.
_SWAPPED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
_TEXT_COLUMNS = ("name", "rule", "outcome_level")


class Differences:
    """The pairs of columns that conditions compare, each as the column to compute.

    Both ``a > b`` and ``b >= a`` are about one column, "a minus b", so that the proof
    sees that ``a > b`` and ``a <= b`` exclude each other. That a number is missing is
    said of `a` and `b`, not of the difference, which is 0 then: so the proof knows that
    ``a > b`` excludes ``missing(a)``.
    """

    def __init__(self) -> None:
        self.pairs: dict[str, tuple[str, str]] = {}

    def parse(self, text: str) -> Rule:
        """Return the rule of a condition.

        Raises RuleError if it is neither a rule nor a rule with comparisons of columns.
        """
        try:
            return self._parsed(text)
        except RuleError as error:
            # The patterns take a while to compile, and most conditions are right.
            from skseg.rules._language._respelling import respelled

            meant = respelled(text, None)
            if meant.text != text and self._compares_columns(meant.text):
                raise RuleError(
                    f"Not a condition of a play: {text!r}.",
                    text=text,
                    advice=" ".join([*meant.sentences, f"Did you mean: {meant.text}"]),
                ) from None
            # The parser would advise to add columns, which rows of a profile have not.
            if _has_arithmetic(meant.text) or "X.assign(" in str(error):
                raise RuleError(
                    "Conditions of plays compare numbers of a profile with values and "
                    "with each other; they have no arithmetic. value_index is "
                    "value_share / share, and text is compared as a whole: name in "
                    f"['A', 'B']. Got {text!r}.",
                    text=text,
                ) from None
            raise

    def _parsed(self, text: str) -> Rule:
        try:
            return parse(text)
        except RuleError:
            rewritten = self._rewritten(text)
            if rewritten is None:
                raise
        try:
            return parse(rewritten)
        except RuleError as error:
            # What the message shows below its first line is the rewritten condition.
            problem = error.message.partition("\n")[0]
            raise RuleError(f"{problem} Got {text!r}.", text=text) from None

    def _compares_columns(self, text: str) -> bool:
        """Tell whether a text is a condition that compares two columns."""
        if self._rewritten(text) is None:
            return False
        try:
            self._parsed(text)
        except RuleError:
            return False
        return True

    def _rewritten(self, text: str) -> str | None:
        """Return a condition without comparisons of columns; None if it has none."""
        rewriter = _Rewriter(self)
        try:
            tree = rewriter.visit(ast.parse(text.strip(), mode="eval"))
            return ast.unparse(tree) if rewriter.is_rewritten else None
        except (SyntaxError, ValueError, RecursionError):
            return None

    def column(self, left: str, right: str) -> tuple[str, bool]:
        """Return the column of a difference, and whether its sides are swapped."""
        swapped = f"{right} minus {left}"
        if self.pairs.get(swapped) == (right, left):
            return swapped, True
        name = f"{left} minus {right}"
        self.pairs[name] = (left, right)
        return name, False

    @property
    def schema(self) -> dict[str, dict[str, bool]]:
        """What proofs may rely on about the differences."""
        return {name: {"missing": False} for name in self.pairs}

    def computed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with the differences as further columns."""
        return rows.assign(
            **{
                name: (rows[left] - rows[right]).fillna(0.0)
                for name, (left, right) in self.pairs.items()
            }
        )


class _Rewriter(ast.NodeTransformer):
    """Replaces comparisons of two columns by comparisons of their difference with 0."""

    def __init__(self, differences: Differences) -> None:
        self.differences = differences
        self.is_rewritten = False

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        operands = [node.left, *node.comparators]
        names = [_column(operand) for operand in operands]
        if not any(_is_pair(*pair) for pair in pairwise(names)):
            return node
        parts: list[ast.expr] = [
            self._part(left, operator, right)
            for (left, right), operator in zip(
                pairwise(operands), node.ops, strict=True
            )
        ]
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)

    def _part(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
        names = _column(left), _column(right)
        if type(operator) not in _SWAPPED or not _is_pair(*names):
            return ast.Compare(left, [operator], [right])
        self.is_rewritten = True
        column, is_swapped = self.differences.column(str(names[0]), str(names[1]))
        if is_swapped:
            operator = _SWAPPED[type(operator)]()
        comparison = ast.Compare(
            _call("col", ast.Constant(column)), [operator], [ast.Constant(0)]
        )
        return ast.BoolOp(ast.And(), [comparison, *map(_is_known, names)])


def _has_arithmetic(text: str) -> bool:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(isinstance(node, ast.BinOp) for node in ast.walk(tree))


def _call(function: str, argument: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), [argument], [])


def _is_known(column: str | None) -> ast.expr:
    named = _call("col", ast.Constant(column))
    return ast.UnaryOp(ast.Not(), _call("missing", named))


def _is_pair(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and left != right


def _column(node: ast.expr) -> str | None:
    """Return the numeric column that an operand names, None for anything else."""
    name = None
    if isinstance(node, ast.Name) and not is_truth_word(node.id):
        name = node.id
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        is_col = node.func.id == "col" and len(node.args) == 1 and not node.keywords
        argument = node.args[0] if is_col else None
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            name = argument.value
    return None if name in (*_TEXT_COLUMNS, "inf", "nan") else name
