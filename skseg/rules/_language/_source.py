"""The text of one rule: its syntax tree, and errors that point at a place in it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from skseg.exceptions import RuleError

from ._thresholds import check_name

MAX_LENGTH = 100_000


class Source:
    """The text of one rule; knows where each piece of its syntax tree stands."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise RuleError(f"A rule must be a str or a Rule. Got {text!r} instead.")
        if len(text) > MAX_LENGTH:
            raise RuleError(
                f"A rule may have {MAX_LENGTH:,} characters at most. Got {len(text):,}."
            )
        check_name(text, "The text of a rule")
        # Brackets let a rule run over several lines; one more line break ends a
        # comment on the last line.
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        self._text = f"({lines}\n)"
        self._lines = [line.encode() for line in self._text.split("\n")]

    def tree(self) -> ast.expr:
        """Return the syntax tree, or raise and say what is wrong where."""
        try:
            with warnings.catch_warnings():
                # An unknown escape such as "\d" is a warning to Python; in a rule
                # it is a value that someone mistyped.
                warnings.simplefilter("error")
                # The second reading catches "a > 1) or (b > 2".
                ast.parse(f"[{self._text[1:-1]}]", mode="eval")
                return ast.parse(self._text, mode="eval").body
        except SyntaxError as error:
            self._fail_syntax(error)
        except (MemoryError, RecursionError, ValueError):
            raise RuleError(
                "The rule is nested too deeply or holds a bad number."
            ) from None

    def _fail_syntax(self, error: SyntaxError) -> NoReturn:
        text = self._text[1:-2]
        hint = ""
        if re.search(r"(?<![<>=!:])=(?!=)", text):
            hint = " Equality is written ==."
        elif re.search(r"&&|\|\|", text):
            hint = " Write and / or."
        line, offset = (error.lineno or 1) - 1, max((error.offset or 1) - 1, 0)
        # What Python guesses after that is about Python, not about rules.
        message = error.msg.partition(". ")[0]
        at_end = line >= len(self._lines) - 1
        if at_end:
            line = len(self._lines) - 2
            offset = len(self._lines[line].decode())
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

    def fail(self, node: ast.AST, message: str) -> NoReturn:
        """Raise an error that points at a piece of the text."""
        line, last = node.lineno - 1, node.end_lineno - 1  # type: ignore[attr-defined]
        raw = self._lines[line]
        start = len(raw[: node.col_offset].decode())  # type: ignore[attr-defined]
        end = len(raw.decode())
        if last == line:
            end = len(raw[: node.end_col_offset].decode())  # type: ignore[attr-defined]
        raise RuleError(f"{message}\n{self._pointed(line, start, end)}")

    def _pointed(self, line: int, start: int, end: int) -> str:
        shown = [raw.decode() for raw in self._lines[:-1]]
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

    def segment(self, node: ast.expr) -> str:
        """Return the text of a name as it is written."""
        raw = self._lines[node.lineno - 1]
        return raw[node.col_offset : node.end_col_offset].decode()

    def checked(self, node: ast.AST, build: Callable[..., Any], *args: Any) -> Any:
        """Return ``build(*args)``, with an error of it pointing at a piece."""
        try:
            return build(*args)
        except RuleError as error:
            self.fail(node, str(error))
