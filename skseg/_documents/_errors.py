"""The error of a text that is no document, in parts that a caller words."""

from __future__ import annotations

from skseg.exceptions import RuleError


class DocumentError(RuleError):
    """A text cannot be read as JSON or YAML.

    `problem` is a clause, such as "the key 'a' stands twice"; one that begins with "it"
    is about the document as a whole. `mark` is line and column, counted from 1,
    `snippet` the line with a caret below it. `language` is "JSON" or "YAML" where the
    text breaks its grammar, and empty where it holds what skseg does not read.
    """

    def __init__(
        self,
        problem: str,
        *,
        language: str = "",
        mark: tuple[int, int] | None = None,
        snippet: str = "",
    ) -> None:
        place = "" if mark is None else f" (line {mark[0]}, column {mark[1]})"
        prefix = f"Not {language}: " if language else ""
        super().__init__(f"{prefix}{problem}{place}.")
        self.problem = problem
        self.language = language
        self.mark = mark
        self.snippet = snippet
