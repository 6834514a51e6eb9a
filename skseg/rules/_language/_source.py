"""The text of one rule: its syntax tree, and errors that point at a place in it."""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from bisect import bisect_left
from collections.abc import Callable
from io import StringIO
from itertools import pairwise
from typing import Any, NoReturn

from skseg.exceptions import RuleError, representation, reworded

from ._thresholds import check_name

MAX_LENGTH = 100_000

# A text in quotes, on one line.
QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")

# What stands between two texts that Python joins, a comment among them.
_JOINT = re.compile(r"""['"](?:\s|\\)*(?:[A-Za-z]{0,2}['"]|\#)""")

# What Python may warn of: an unknown escape, a number that a word follows at once.
_MAY_WARN = re.compile(r"\\|[0-9]\.?[A-Za-z_]")

_BRACKETS = re.compile(r"[()]")

# Longer lines are shown around the place that the message is about.
_SHOWN_BEFORE, _SHOWN = 40, 100


class Source:
    """The text of one rule; knows where each piece of its syntax tree stands."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise RuleError(
                f"A rule must be a str or a Rule. Got {representation(text)} instead.",
                value=text,
            )
        if len(text) > MAX_LENGTH:
            raise RuleError(
                f"A rule may have {MAX_LENGTH:,} characters at most. Got "
                f"{len(text):,}.",
                text=text,
            )
        self.text = check_name(text, "The text of a rule")
        self._is_ascii = text.isascii()
        self.has_joints = _JOINT.search(text) is not None
        # Brackets let a rule run over several lines; one more line break ends a
        # comment on the last line.
        lines = re.split("\r\n|\r|\n", text)
        self._body = "\n".join(lines) + "\n"
        self._lines = [line.encode() for line in f"({self._body})".split("\n")]
        # Bytes that begin no character, as the tree counts columns in bytes.
        self._continued = [
            []
            if line.isascii()
            else [i for i, b in enumerate(line) if b & 0xC0 == 0x80]
            for line in self._lines
        ]
        # Offset in the text of the first column of every line, the bracket included.
        ends = [match.end() for match in re.finditer("\r\n|\r|\n", text)]
        self._offsets = [-1, *ends, len(text) + 1]

    def tree(self) -> ast.expr:
        """Return the syntax tree, or raise and say what is wrong where."""
        try:
            if _MAY_WARN.search(self.text) is None:
                return self._tree()
            with warnings.catch_warnings():
                # An unknown escape such as "\d" is a warning to Python; in a rule
                # it is a value that someone mistyped.
                warnings.simplefilter("error")
                return self._tree()
        except SyntaxError as error:
            self._fail_syntax(error)
        except (MemoryError, RecursionError, ValueError):
            raise RuleError(
                "The rule is nested too deeply or holds a bad number.", text=self.text
            ) from None

    def _tree(self) -> ast.expr:
        # The brackets around the rule must not pair up with those within it. Square
        # ones cannot, so they also tell best what is wrong.
        if not self._may_close_early():
            try:
                return ast.parse(f"({self._body})", mode="eval").body
            except SyntaxError:
                pass
        ast.parse(f"[{self._body}]", mode="eval")
        return ast.parse(f"({self._body})", mode="eval").body

    def _may_close_early(self) -> bool:
        """Tell whether a bracket may close before it opens: "a > 1) or (b > 2"."""
        if ")" not in self.text:
            return False
        plain = QUOTED.sub("", self.text)
        if not {"'", '"', "#", "\\"}.isdisjoint(plain):
            return True
        depth = 0
        for bracket in _BRACKETS.findall(plain):
            depth += 1 if bracket == "(" else -1
            if depth < 0:
                return True
        return False

    def _fail_syntax(self, error: SyntaxError) -> NoReturn:
        line, column = (error.lineno or 1) - 1, max((error.offset or 1) - 1, 0)
        # What Python guesses after that is about Python, not about rules.
        message = error.msg.partition(". ")[0]
        at_end = line >= len(self._lines) - 1
        # The closing bracket of the tree's text is not one that the reader wrote.
        if mismatch := re.search(r"'(.)' does not match .*'(.)'", message):
            closing, opening = mismatch.groups()
            message = (
                f"'{opening}' was never closed" if at_end else f"unmatched '{closing}'"
            )
        elif message.startswith("Exceeds the limit"):
            message = "a whole number has thousands of digits, and float64 up to 309"
        elif at_end and message == "invalid syntax":
            message = "the rule ends too early"
        start = len(self.text) if at_end else max(self._offsets[line] + column, 0)
        self._fail_at(RuleError(f"Not a rule: {message}."), start, start + 1)

    def fail(self, node: ast.AST, message: str, advice: str = "") -> NoReturn:
        """Raise an error that points at a piece of the text."""
        self._fail_at(RuleError(message, advice=advice or None), *self._span(node))

    def replaced(self, node: ast.AST, text: str) -> str:
        """Return the rule with `text` in the place of a piece."""
        start, stop = self._span(node)
        return " ".join(f"{self.text[:start]}{text}{self.text[stop:]}".split())

    def checked(self, node: ast.AST, build: Callable[..., Any], *args: Any) -> Any:
        """Return ``build(*args)``, with an error of it pointing at a piece."""
        try:
            return build(*args)
        except RuleError as error:
            self._fail_at(error, *self._span(node))

    def segment(self, node: ast.expr) -> str:
        """Return the text of a name as it is written."""
        if self._is_ascii and isinstance(node, ast.Name):
            return node.id
        start, stop = self._span(node)
        return self.text[start:stop]

    def n_literals(self, node: ast.expr) -> int:
        """Return the number of texts in quotes that Python joins; 0 for one text."""
        return len(self._literals(node))

    def has_doubled_quote(self, node: ast.expr) -> bool:
        """Tell whether a quote in a text is doubled, as SQL does; Python joins two."""
        literals = self._literals(node)
        return any(a.end == b.start for a, b in pairwise(literals))

    def _literals(self, node: ast.expr) -> list[tokenize.TokenInfo]:
        """Return the texts in quotes of which Python joins a value."""
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if not is_text or not self.has_joints:
            return []
        written = self.segment(node)
        if QUOTED.fullmatch(written):
            return []
        tokens = tokenize.generate_tokens(StringIO(f"({written})").readline)
        return [token for token in tokens if token.type == tokenize.STRING]

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a piece of the tree stands in the text."""

        def offset(line: int, column: int) -> int:
            column -= bisect_left(self._continued[line - 1], column)
            return min(max(self._offsets[line - 1] + column, 0), len(self.text))

        return (
            offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def _fail_at(self, error: RuleError, start: int, stop: int) -> NoReturn:
        """Raise `error` with the line of a piece of the text, and carets below it."""
        first = max(i for i, offset in enumerate(self._offsets[:-1]) if offset <= start)
        line = self._lines[first].decode()[first == 0 :]
        left = max(self._offsets[first], 0)
        column = min(start - left, len(line))
        shown_from = max(0, column - _SHOWN_BEFORE)
        shown = line[shown_from : shown_from + _SHOWN]
        end = min(stop - left, len(line), shown_from + _SHOWN)
        carets = " " * (column - shown_from) + "^" * max(1, end - column)
        pointed = reworded(error, f"{error}\n  {shown}\n  {carets}")
        pointed.text, pointed.span = self.text, (start, min(stop, len(self.text)))
        raise pointed from None
