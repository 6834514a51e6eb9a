"""Ids of customers and orders in SQL, and texts that stand for a missing id."""

from __future__ import annotations

import itertools

from skseg._rfm._ids import PLACEHOLDER_TEXTS

from ._conditions import Conditions
from ._functions import WHITESPACE
from ._source import FLOAT, SHORT_FLOAT, TEXT, Source

DIGITS = ", ".join(f"'{digit}'" for digit in range(10))


class IdSQL:
    """A column of ids: what makes two of them equal, and which stand for none."""

    def __init__(self, source: Source, name: str, noun: str) -> None:
        self.name = name
        self.key = source.key(name)
        self.placeholder_kind = f"placeholder {noun}"
        self.suspicion = _suspicion(source, name)

    @property
    def is_placeholder(self) -> str | None:
        """SQL of whether a text usually stands for none; None without texts."""
        return None if self.suspicion is None else f"{self.suspicion} = 2"


def read_ids(source: Source, name: str, noun: str, conditions: Conditions) -> IdSQL:
    """Return a column of ids; add the conditions of rows without one."""
    ids = IdSQL(source, name, noun)
    column = source.column(name)
    is_missing = f"{column} IS NULL"
    if ids.suspicion is not None:
        is_missing += f" OR {ids.suspicion} = 1"
    elif source.kinds[name] in (FLOAT, SHORT_FLOAT):
        is_missing = source.is_nan(name) or is_missing
    is_fine = f"{column} IS NOT NULL"
    if ids.suspicion is not None:
        is_fine = f"{is_fine} AND {ids.suspicion} = 0"
    elif source.kinds[name] in (FLOAT, SHORT_FLOAT):
        finite = source.functions.finite_number
        is_fine = "1 = 0" if finite is None else finite(column)
    conditions.add(f"missing {noun}", is_missing, name, is_fine=is_fine)
    action = source.options.action(ids.placeholder_kind)
    if ids.is_placeholder is not None and action in ("exclude", "raise"):
        conditions.add(ids.placeholder_kind, ids.is_placeholder, name, is_fine=is_fine)
    return ids


def _suspicion(source: Source, name: str) -> str | None:
    """Return a column that is 1 for a blank text, 2 for a placeholder, else 0."""
    if source.kinds[name] != TEXT:
        return None
    functions = source.functions
    text = source.column(name)
    if source.table.types[name].upper().startswith("ENUM"):
        text = f"CAST({text} AS {functions.text})"
    # Nearly all ids are ruled out by their first character or else their last one,
    # which takes a tenth of the time of removing blanks.
    exact = functions.exact(text)
    safe = [
        f"WHEN {exact} >= {functions.quoted(low)} AND {exact} < {functions.quoted(end)}"
        " THEN 0"
        for low, end in _safe_ranges()
    ]
    stripped = functions.stripped(text)
    listed = ", ".join(functions.quoted(text) for text in sorted(PLACEHOLDER_TEXTS))
    lowered = functions.exact(f"LOWER({stripped})")
    return source.add_column(
        f"CASE {' '.join(safe)} WHEN {text} IS NULL THEN 0 "
        f"WHEN {functions.last_character(text)} IN ({DIGITS}) THEN 0 "
        f"WHEN LENGTH({stripped}) = 0 THEN 1 "
        f"WHEN {lowered} IN ({listed}) THEN 2 ELSE 0 END"
    )


def _safe_ranges() -> list[tuple[str, str]]:
    """Return ranges of characters with which no text begins that may stand for none."""
    firsts = {text[0] for text in PLACEHOLDER_TEXTS} | set(WHITESPACE)
    firsts |= {first.upper() for first in firsts}
    limits = [0, *sorted(ord(first) for first in firsts if first < "\x7f"), 127]
    ranges = [
        (chr(low + 1), chr(high))
        for low, high in itertools.pairwise(limits)
        if high - low > 1
    ]
    # The ranges are tried one after the other: those of many letters or digits first.
    return sorted(ranges[1:], key=_n_letters, reverse=True)


def _n_letters(ends: tuple[str, str]) -> int:
    return sum(chr(code).isalnum() for code in range(ord(ends[0]), ord(ends[1])))


def placeholder_texts(
    source: Source, ids: IdSQL, conditions: Conditions
) -> dict[str, int]:
    """Fetch the texts that usually stand for a missing id -> number of usable rows."""
    where = conditions.and_usable(f"{ids.is_placeholder}")
    texts = source.distinct(ids.key, ids.name, where, {"skseg_n": "1"})
    if not len(texts["skseg_value"]):
        return {}
    pairs = zip(_texts(texts["skseg_value"]), texts["skseg_n"].tolist(), strict=True)
    return {text: int(n) for text, n in sorted(pairs)}


def _texts(values: object) -> list[str]:
    # Text that compares byte by byte comes back as bytes from some engines.
    return [
        value.decode() if isinstance(value, bytes) else str(value)
        for value in values.tolist()  # type: ignore[attr-defined]
    ]
