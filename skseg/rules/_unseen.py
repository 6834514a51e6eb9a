"""Text in rules that no row holds: a typing error leaves a segment empty."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from skseg.exceptions import did_you_mean

from ._columns import Columns
from ._language._conditions import Comparison, Leaf, Membership, leaves
from ._ruleset import RuleSet

# More values than this are counted instead of listed.
_MAX_LISTED = 8


@dataclass(frozen=True)
class UnseenValue:
    """A text that a rule compares a column with and that no row of the column holds.

    `levels` are the texts that the column holds, sorted.
    """

    column: str
    value: str
    levels: tuple[str, ...]

    def __str__(self) -> str:
        sentence = f"No row of column {self.column!r} holds {self.value!r}."
        if hint := did_you_mean(self.value, self.levels):
            return sentence + hint
        if len(self.levels) > _MAX_LISTED:
            return f"{sentence} It holds {len(self.levels):,} other texts."
        listed = ", ".join(map(repr, self.levels)) or "no text at all"
        return f"{sentence} It holds {listed}."


def unseen_values(rules: RuleSet, columns: Columns) -> list[UnseenValue]:
    """Return the texts of universe and rules that no row holds, column by column."""
    conditions = [*rules.rules.values()]
    if rules.universe is not None:
        conditions.insert(0, rules.universe)
    texts: dict[str, dict[str, None]] = {}
    for condition in conditions:
        for leaf in leaves(condition):
            for text in _texts(leaf):
                texts.setdefault(leaf.column, {})[text] = None
    unseen = []
    for name, compared in texts.items():
        # Codes are cheap; the levels are only taken where they are shown.
        codes = set(columns.text_codes(name, list(compared)).tolist())
        absent = [text for code, text in enumerate(compared) if code not in codes]
        levels = tuple(map(str, columns.levels(name))) if absent else ()
        unseen += [UnseenValue(name, text, levels) for text in absent]
    return unseen


def _texts(leaf: Leaf) -> Iterable[str]:
    """Yield the texts that a leaf compares its column with."""
    if isinstance(leaf, Membership):
        yield from (value for value in leaf.values if isinstance(value, str))
    elif isinstance(leaf, Comparison) and isinstance(leaf.threshold, str):
        yield leaf.threshold


def warn_of_unseen_values(rules: RuleSet, columns: Columns, stacklevel: int) -> None:
    """Warn of texts in `rules` that no training row holds.

    A text that is rare may be right, so this is no error. `stacklevel` is counted from
    the caller, as in `warnings.warn`.
    """
    if unseen := unseen_values(rules, columns):
        message = " ".join(map(str, unseen))
        warnings.warn(message, UserWarning, stacklevel=stacklevel + 1)
