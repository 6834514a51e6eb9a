"""Single changes of a module: a comparison, a sign, a constant, ``and`` or ``or``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
_SIGNS: dict[type[ast.unaryop], str] = {
    ast.USub: "-",
    ast.Not: "not ",
    ast.Invert: "~",
}
_BOOLEANS: dict[type[ast.boolop], tuple[str, str]] = {
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
}


@dataclass(frozen=True)
class Change:
    """One change of the source of a module, between two offsets in bytes.

    `place` is the function that holds it, `before` and `after` are the line, which
    names a change for longer than the number of the line does.
    """

    file: Path
    start: int
    end: int
    replacement: str
    line: int
    place: str
    before: str
    after: str

    def apply(self, source: bytes) -> bytes:
        """Return the changed source of the module."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]

    def __str__(self) -> str:
        place = f"{self.file.as_posix()}:{self.line} {self.place}"
        return f"  {place}\n  -   {self.before}\n  +   {self.after}"

    @property
    def keys(self) -> list[tuple[str, str, str, str]]:
        """The rows of the table of equivalent changes that speak of this one."""
        file = self.file.as_posix()
        return [(file, self.place, self.before, a) for a in (self.after, "*")]


class _Finder(ast.NodeVisitor):
    """Finds the changes of a module, in the order of the source."""

    def __init__(self, file: Path, source: bytes) -> None:
        self.file = file
        self.source = source
        self.lines = source.splitlines(keepends=True)
        lengths = [0, *map(len, self.lines)]
        self.starts = [sum(lengths[: i + 1]) for i in range(len(lengths))]
        self.places: list[str] = []
        self.changes: list[Change] = []

    def offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def start_of(self, node: ast.expr) -> int:
        return self.offset(node.lineno, node.col_offset)

    def end_of(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.end_lineno, node.end_col_offset)

    def add(self, start: int, end: int, replacement: str) -> None:
        line = max(i for i, first in enumerate(self.starts) if first <= start)
        text = self.lines[line].decode().strip()
        in_line = start - self.starts[line]
        raw = self.lines[line]
        after = raw[:in_line] + replacement.encode()
        after += raw[in_line + end - start :]
        place = ".".join(self.places)
        changed = after.decode().strip()
        self.changes.append(
            Change(self.file, start, end, replacement, line + 1, place, text, changed)
        )

    def replace_between(
        self, left: ast.expr, right: ast.expr, words: tuple[str, str]
    ) -> None:
        """Replace the operator that stands between two operands."""
        start, end = self.end_of(left), self.start_of(right)
        pattern = re.escape(words[0]).replace(r"\ ", r"\s+")
        if (match := re.search(pattern.encode(), self.source[start:end])) is not None:
            self.add(start + match.start(), start + match.end(), words[1])

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(
            operands, node.ops, operands[1:], strict=False
        ):
            self.replace_between(left, right, _COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        words = _OPERATORS.get(type(node.op))
        if words is not None and not any(map(_is_text, (node.left, node.right))):
            self.replace_between(node.left, node.right, words)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.replace_between(left, right, _BOOLEANS[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if (sign := _SIGNS.get(type(node.op))) is not None:
            start = self.start_of(node)
            self.add(start, start + len(sign), "")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        start, end = self.start_of(node), self.end_of(node)
        if isinstance(node.value, bool):
            self.add(start, end, str(not node.value))
        elif isinstance(node.value, int | float):
            self.add(start, end, repr(node.value + 1))

    def _visit_definition(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.places.append(node.name)
        # Decorators and annotations are left as they are.
        if isinstance(node, ast.FunctionDef):
            defaults = [*node.args.defaults, *node.args.kw_defaults]
            for default in defaults:
                if default is not None:
                    self.visit(default)
        for statement in node.body:
            self.visit(statement)
        self.places.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_definition(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Leave limits alone, such as the rows of a block.

        They have their reason beside them; a test of their values would repeat them.
        """
        is_limit = not self.places and _is_number(node.value)
        if not is_limit:
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        """Leave ``strict=True`` alone, which guards against faults of our own."""
        if node.arg != "strict":
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave the words of messages alone."""


def _is_text(node: ast.expr) -> bool:
    """Tell whether an operand is written as text, which is joined, not added."""
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_constant or isinstance(node, ast.JoinedStr)


def _is_number(node: ast.expr) -> bool:
    """Tell whether an expression has nothing but numbers, such as ``1 << 16``."""
    leaves = [n for n in ast.walk(node) if not list(ast.iter_child_nodes(n))]
    values = [n.value for n in leaves if isinstance(n, ast.Constant)]
    is_named = any(isinstance(n, ast.Name) for n in ast.walk(node))
    numbers = (int, float)
    return bool(values) and not is_named and all(type(v) in numbers for v in values)


def changes_of(file: Path, root: Path) -> Iterator[Change]:
    """Yield the changes of a module, whose path is relative to `root`."""
    source = (root / file).read_bytes()
    finder = _Finder(file, source)
    finder.visit(ast.parse(source))
    for change in sorted(finder.changes, key=lambda change: change.start):
        try:
            ast.parse(change.apply(source))
        except SyntaxError:
            continue
        yield change
