"""Text in rules that no row holds: a typing error leaves a segment empty."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence

from skseg.exceptions import did_you_mean

from ._columns import Columns
from ._language._conditions import Comparison, Leaf, Membership, Rule, leaves

# More values than this are counted instead of listed.
_MAX_LISTED = 8


def unseen_values(rules: Iterable[Rule], columns: Columns) -> dict[str, list[str]]:
    """Return column -> the texts that no row holds; see `RuleSet.unseen_values`."""
    unseen = {}
    for name, compared in compared_texts(rules).items():
        codes = set(columns.text_codes(name, compared).tolist())
        if absent := [text for code, text in enumerate(compared) if code not in codes]:
            unseen[name] = absent
    return unseen


def compared_texts(rules: Iterable[Rule]) -> dict[str, list[str]]:
    """Return column -> the texts that rules compare it with."""
    texts: dict[str, dict[str, None]] = {}
    for rule in rules:
        for leaf in leaves(rule):
            for text in _texts(leaf):
                texts.setdefault(leaf.column, {})[text] = None
    return {column: list(compared) for column, compared in texts.items()}


def _texts(leaf: Leaf) -> Iterable[str]:
    """Yield the texts that a leaf compares its column with."""
    if isinstance(leaf, Membership):
        yield from (value for value in leaf.values if isinstance(value, str))
    elif isinstance(leaf, Comparison) and isinstance(leaf.threshold, str):
        yield leaf.threshold


def unseen_sentences(
    unseen: Mapping[str, Sequence[str]], columns: Columns
) -> list[str]:
    """Return a sentence for each text that no row holds, with the near one.

    Of many such texts the first ones have a sentence, and the others are counted.
    """
    pairs = [(name, text) for name, texts in unseen.items() for text in texts]
    listed = pairs[:_MAX_LISTED]
    levels = {name: list(map(str, columns.levels(name))) for name, _ in listed}
    sentences = [_sentence(name, text, levels[name]) for name, text in listed]
    if len(pairs) > len(listed):
        sentences.append(
            f"{len(pairs) - len(listed):,} more texts of the rules are in no row: "
            "RuleSet.unseen_values lists them."
        )
    return sentences


def _sentence(name: str, text: str, levels: Sequence[str]) -> str:
    sentence = f"No row of column {name!r} holds {text!r}."
    if hint := did_you_mean(text, levels):
        return sentence + hint
    if len(levels) > _MAX_LISTED:
        return f"{sentence} It holds {len(levels):,} other texts."
    return f"{sentence} It holds {', '.join(map(repr, levels)) or 'no text at all'}."


def warn_of_unseen_values(
    unseen: Mapping[str, Sequence[str]], columns: Columns, stacklevel: int
) -> None:
    """Warn of texts in rules that no training row holds.

    A text that is rare may be right, so this is no error. `stacklevel` is counted from
    the caller, as in `warnings.warn`.
    """
    if unseen:
        message = " ".join(unseen_sentences(unseen, columns))
        warnings.warn(message, UserWarning, stacklevel=stacklevel + 1)
