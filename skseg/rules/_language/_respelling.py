"""A rule that cannot be read, respelled: the advice of its error."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ._dates import likely_iso
from ._spellings import CLOSE, OPEN, QUOTED, SIGNS, SPELLINGS
from ._text import column_text

_MOST_SENTENCES = 3
# Sentences that say what to do instead.
ALONE = {spelling.sentence for spelling in SPELLINGS if spelling.replacement is None}


def respelled(text: str, columns: Iterable[str] | None) -> tuple[str, list[str]]:
    """Return a rule as the language would spell it, and sentences about what differs.

    Names of `columns` that are no plain words are recognised without quotes.
    """
    put_aside: list[str] = []

    def aside(match: re.Match[str]) -> str:
        put_aside.append(match[0])
        return f"{OPEN}{len(put_aside) - 1}{CLOSE}"

    sentences: dict[str, None] = {}
    current = QUOTED.sub(aside, text)
    plain = _plain_signs(current)
    if plain != current:
        sentences["Signs of word processors are no signs of rules."] = None
        current = QUOTED.sub(aside, plain)
    for name in sorted(columns or (), key=len, reverse=True):
        if column_text(name) != name:
            current = re.sub(
                rf"(?<![\w.]){re.escape(name)}(?![\w(])", column_text(name), current
            )
            current = QUOTED.sub(aside, current)
    for spelling in SPELLINGS:
        if spelling.replacement is None:
            changed = current
            is_met = spelling.pattern.search(current) is not None
        else:
            changed = spelling.pattern.sub(spelling.replacement, current)
            is_met = changed != current
        if is_met and spelling.sentence:
            sentences[spelling.sentence] = None
        current = QUOTED.sub(aside, changed)
    current = _with_ordered_text(current, put_aside)
    for i in reversed(range(len(put_aside))):
        current = current.replace(f"{OPEN}{i}{CLOSE}", put_aside[i])
    return " ".join(current.split()), list(sentences)[:_MOST_SENTENCES]


def _plain_signs(text: str) -> str:
    """Return a text with the quotes, spaces and signs of a keyboard."""
    kinds = {"Zs": " ", "Cf": ""}
    text = "".join(kinds.get(unicodedata.category(c), c) for c in text)
    return text.translate(SIGNS)


def _with_ordered_text(text: str, put_aside: list[str]) -> str:
    """Return a rule with numbers and dates that stood in quotes where order counts."""

    def replace(match: re.Match[str]) -> str:
        value = put_aside[int(match[2])][1:-1]
        if iso := likely_iso(value):
            return f"{match[1]}date('{iso}')"
        is_number = re.fullmatch(r"[-+]?\d+(?:\.\d+)?", value)
        return f"{match[1]}{value}" if is_number else match[0]

    return re.sub(rf"((?:[<>]=?)\s*){OPEN}(\d+){CLOSE}", replace, text)
