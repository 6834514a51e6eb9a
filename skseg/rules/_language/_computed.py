"""Arithmetic and functions in a rule: the column to compute first, as pandas code."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ._booleans import is_truth_word

_NAME = "computed"
_CONSTANTS = ("inf", "nan")
_MAX_NODES = 60

# Functions of SQL and Python -> the method of pandas.
_METHODS = {
    "abs": "abs()",
    "round": "round()",
    "lower": "str.lower()",
    "upper": "str.upper()",
    "trim": "str.strip()",
    "len": "str.len()",
    "length": "str.len()",
    "year": "dt.year",
    "month": "dt.month",
    "day": "dt.day",
    "weekday": "dt.weekday",
    "hour": "dt.hour",
}
_FILL = ("coalesce", "ifnull", "nvl", "fillna")


def mentions_column(node: ast.expr) -> bool:
    """Tell whether a piece of a rule mentions a column."""
    callees = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    parameters = {
        id(element)
        for n in ast.walk(node)
        if isinstance(n, ast.Set)
        for element in n.elts
    }
    return any(
        is_col(n)
        or (
            isinstance(n, ast.Name)
            and n.id not in _CONSTANTS
            and not is_truth_word(n.id)
            and id(n) not in callees | parameters
        )
        for n in ast.walk(node)
    )


def constant_value(node: ast.expr) -> float | None:
    """Return the value of arithmetic on numbers alone, None for anything else."""
    if isinstance(node, ast.Constant):
        is_number = type(node.value) in (int, float)
        return float(node.value) if is_number else None  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = constant_value(node.operand)
        return None if value is None else -value
    if not isinstance(node, ast.BinOp) or type(node.op) not in _ARITHMETIC:
        return None
    left, right = constant_value(node.left), constant_value(node.right)
    if left is None or right is None:
        return None
    try:
        return _ARITHMETIC[type(node.op)](left, right)
    except (OverflowError, ZeroDivisionError):
        return None


_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: float.__add__,
    ast.Sub: float.__sub__,
    ast.Mult: float.__mul__,
    ast.Div: float.__truediv__,
}


def computed_column(node: ast.expr, rewrite: Callable[[str], str]) -> str:
    """Say how to compute a piece of a rule first.

    `rewrite` returns the rule with a name in the place of the piece.
    """
    code = column_code(node) or "..."
    return (
        f"Compute the column first, X = X.assign({_NAME}={code}). Then the rule is: "
        f"{rewrite(_NAME)}"
    )


def column_code(node: ast.expr) -> str | None:
    """Return an expression over the columns of a frame X, None if that is not known."""
    if sum(1 for _ in ast.walk(node)) > _MAX_NODES:
        return None
    try:
        return ast.unparse(_Columns().visit(node))
    except NotImplementedError:
        return None


class _Columns(ast.NodeTransformer):
    """Turns names into columns of X, and functions into methods."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return _column(node.id)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if is_col(node) and node.args and isinstance(node.args[0], ast.Constant):
            return _column(str(node.args[0].value))
        arguments: list[ast.expr] = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Attribute) and mentions_column(node.func):
            function: ast.expr = self.visit(node.func)
            return ast.Call(function, arguments, node.keywords)
        name = node.func.id.lower() if isinstance(node.func, ast.Name) else ""
        if name in _METHODS and len(arguments) == 1:
            return ast.parse(
                f"({ast.unparse(arguments[0])}).{_METHODS[name]}", mode="eval"
            ).body
        if name in _FILL and len(arguments) == 2:
            fill = ast.Attribute(arguments[0], "fillna", ast.Load())
            return ast.Call(fill, arguments[1:], [])
        raise NotImplementedError

    def generic_visit(self, node: ast.AST) -> ast.AST:
        known = (
            *(ast.BinOp, ast.UnaryOp, ast.Constant, ast.Attribute, ast.operator),
            *(ast.unaryop, ast.expr_context, ast.Compare, ast.cmpop),
        )
        if not isinstance(node, known):
            raise NotImplementedError
        return super().generic_visit(node)


def is_col(node: ast.AST) -> bool:
    """Tell whether a piece is ``col(...)``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "col"
    )


def _column(name: str) -> ast.expr:
    return ast.Subscript(ast.Name("X", ast.Load()), ast.Constant(name), ast.Load())
