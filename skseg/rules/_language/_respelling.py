"""A rule that cannot be read, respelled: the advice of its error."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from ._dates import likely_iso
from ._names import column_text
from ._source import QUOTED
from ._spellings import CLOSE, OPEN, SIGNS, SPELLINGS

_MOST_SENTENCES = 2
_LIKE = re.compile(
    rf"([^\W\d]\w*|col\({OPEN}\d+{CLOSE}\))\s+(not\s+)?(i?)like\s+{OPEN}(\d+){CLOSE}",
    re.IGNORECASE,
)
_WILDCARDS = {"%": ".*", "_": "."}


class Respelling(NamedTuple):
    """A rule as it may be meant, and sentences about what was spelled differently.

    The `remedies` say what to do about what rules cannot say at all.
    """

    text: str
    sentences: list[str]
    remedies: list[str]


def respelled(text: str, columns: Iterable[str] | None) -> Respelling:
    """Return a rule as the language spells it, as far as that can be guessed.

    Names of `columns` that are no plain words are known without quotes.
    """
    draft = _Draft(text)
    draft.replace_signs()
    draft.quote_names(columns or ())
    for spelling in SPELLINGS:
        if spelling.replacement is None:
            if spelling.pattern.search(draft.text):
                draft.remedies[spelling.sentence] = None
        else:
            changed = spelling.pattern.sub(spelling.replacement, draft.text)
            draft.become(changed, spelling.sentence)
    draft.replace_like()
    draft.unquote_ordered()
    return Respelling(
        draft.written(), [*draft.sentences][:_MOST_SENTENCES], [*draft.remedies]
    )


class _Draft:
    """The text of a rule, its values in quotes put aside so that they are kept."""

    def __init__(self, text: str) -> None:
        self._quoted: list[str] = []
        self.sentences: dict[str, None] = {}
        self.remedies: dict[str, None] = {}
        # The rule is written in one line, where a comment would hide what follows.
        self.text = re.sub(r"#(?!\d)[^\n]*\n", "\n", self._aside(text))

    def _aside(self, text: str) -> str:
        def put(match: re.Match[str]) -> str:
            self._quoted.append(match[0])
            return f"{OPEN}{len(self._quoted) - 1}{CLOSE}"

        return QUOTED.sub(put, text)

    def become(self, text: str, sentence: str) -> None:
        """Change the text, and remember the sentence about it."""
        if text != self.text:
            self.text = self._aside(text)
            if sentence:
                self.sentences[sentence] = None

    def written(self) -> str:
        """Return the rule with its values, in one line."""
        text = self.text
        for i in reversed(range(len(self._quoted))):
            text = text.replace(f"{OPEN}{i}{CLOSE}", self._quoted[i])
        return " ".join(text.split())

    def replace_signs(self) -> None:
        """Take the quotes, spaces and signs of a keyboard."""
        kinds = {"Zs": " ", "Cf": ""}
        plain = "".join(kinds.get(unicodedata.category(c), c) for c in self.text)
        sentence = "Quotes, spaces and signs are those of a keyboard."
        self.become(plain.translate(SIGNS), sentence)

    def quote_names(self, columns: Iterable[str]) -> None:
        """Write the known names that are no plain words as ``col(...)``."""
        for name in sorted(columns, key=len, reverse=True):
            if column_text(name) != name:
                pattern = rf"(?<![\w.]){re.escape(name)}(?![\w(])"
                written = column_text(name)
                text = re.sub(pattern, written.replace("\\", r"\\"), self.text)
                self.become(text, f"This name is written {written}.")

    def replace_like(self) -> None:
        """Say how to search in text, and compare where there is no wildcard."""

        def replace(match: re.Match[str]) -> str:
            name, negated, ignores_case, number = match.groups()
            pattern = self._quoted[int(number)][1:-1]
            if not ignores_case and not {*pattern} & {*_WILDCARDS}:
                return f"{name} {'!=' if negated else '=='} {OPEN}{number}{CLOSE}"
            column = self._name(name)
            code = f"X[{column!r}].str.{_search(pattern, bool(ignores_case))}"
            compared = "!=" if negated else "=="
            remedy = (
                "Rules do not search in text. Make a column first, "
                f"X = X.assign(computed={code}), and compare it: "
                f"computed {compared} True"
            )
            self.remedies[remedy] = None
            return match[0]

        self.become(_LIKE.sub(replace, self.text), "Text is compared with ==.")

    def _name(self, written: str) -> str:
        """Return the name of a column that is written bare or as ``col(...)``."""
        match = re.search(rf"{OPEN}(\d+){CLOSE}", written)
        return self._quoted[int(match[1])][1:-1] if match else written

    def unquote_ordered(self) -> None:
        """Write numbers and dates without quotes where order counts."""
        for pattern in (
            rf"((?:[<>]=?)\s*){OPEN}(\d+){CLOSE}()",
            rf"(){OPEN}(\d+){CLOSE}(\s*[<>])",
        ):
            self.become(re.sub(pattern, self._unquoted, self.text), "")

    def _unquoted(self, match: re.Match[str]) -> str:
        value = self._quoted[int(match[2])][1:-1]
        if iso := likely_iso(value):
            return f"{match[1]}date('{iso}'){match[3]}"
        is_number = re.fullmatch(r"[-+]?\d+(?:\.\d+)?", value)
        return f"{match[1]}{value}{match[3]}" if is_number else match[0]


def _search(pattern: str, ignores_case: bool) -> str:
    """Return the call of pandas that searches for a pattern of LIKE."""
    core = pattern.strip("%")
    if not ignores_case and not {*core} & {*_WILDCARDS}:
        if pattern == f"{core}%":
            return f"startswith({core!r})"
        if pattern == f"%{core}":
            return f"endswith({core!r})"
        if pattern == f"%{core}%":
            return f"contains({core!r}, regex=False)"
    expression = "".join(_WILDCARDS.get(c, re.escape(c)) for c in pattern)
    return f"fullmatch({expression!r}{', case=False' if ignores_case else ''})"
