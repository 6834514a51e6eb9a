"""Text in rules that no row of a table holds: a typing error leaves a segment empty."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from skseg.engines import Table
from skseg.rules import Columns, RuleSet, col
from skseg.rules._unseen import compared_texts, unseen_sentences

from ._table_columns import distinct_values

# Texts of the table among which a near one is looked for.
_MAX_LEVELS = 1000


def warn_of_unseen_values_in_table(
    rules: RuleSet, table: Table, stacklevel: int
) -> None:
    """Warn of texts in rules that no row of a table holds.

    `stacklevel` is counted from the caller, as in `warnings.warn`.
    """
    if sentences := unseen_sentences_of_table(rules, table):
        warnings.warn(" ".join(sentences), UserWarning, stacklevel=stacklevel + 1)


def unseen_sentences_of_table(rules: RuleSet, table: Table) -> list[str]:
    """Return a sentence on each column of whose texts in rules a table lacks some."""
    pairs = [
        (column, text)
        for column, texts in compared_texts(rules._all_rules).items()
        for text in texts
    ]
    if not pairs:
        return []
    counts = ", ".join(
        f"COUNT(CASE WHEN {condition} THEN 1 END) AS n_{place}"
        for place, condition in enumerate(
            (col(column) == text).to_sql(table.dialect, types=table.types)
            for column, text in pairs
        )
    )
    answer = table.fetch(f"SELECT {counts} FROM {table.source}")
    unseen: dict[str, list[str]] = {}
    for place, (column, text) in enumerate(pairs):
        if not int(answer[f"n_{place}"][0]):
            unseen.setdefault(column, []).append(text)
    return unseen_sentences(unseen, _levels(table, list(unseen))) if unseen else []


def _levels(table: Table, columns: Sequence[str]) -> Columns:
    """Return texts of columns, filled up to one length."""
    texts = {c: distinct_values(table, c, _MAX_LEVELS).tolist() for c in columns}
    length = max(map(len, texts.values()))
    return Columns({c: t + [None] * (length - len(t)) for c, t in texts.items()})
