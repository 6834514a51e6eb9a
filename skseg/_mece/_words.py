"""Segments in English, and as the shortest rules that select their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from skseg.exceptions import RuleError
from skseg.rules import Domain, Rule, RuleSet
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Membership,
    Missing,
    conjunction,
    disjunction,
    leaves,
)
from skseg.rules._language._english import Wording
from skseg.rules._language._thresholds import format_number
from skseg.rules._proof._domain import wording
from skseg.rules._proof._rewrite import rule_of_rest, simplified_rules

from ._cut_points import CutPoint

# A default that takes more letters to describe is "everyone else".
_MAX_LETTERS = 100


def describe(rules: RuleSet, schema: Mapping[str, Domain]) -> list[str]:
    """Return every segment in English."""
    words = wording(schema)
    descriptions = [words.english(rule) for rule in rules.rules.values()]
    if rules.default is not None:
        descriptions.append(_describe_rest(rules, schema, words))
    return descriptions


def threshold_notes(rules: RuleSet, cut_points: Sequence[CutPoint]) -> list[str]:
    """Return for every segment what decided the thresholds in its rule."""
    notes: dict[tuple[str, object], str] = {}
    for point in cut_points:
        key = (point.column, point.value)
        notes[key] = "; ".join(filter(None, [notes.get(key), point.note()]))
    texts = []
    for name in rules.names:
        conditions = leaves(rules[name]) if name in rules.rules else ()
        bounds = dict.fromkeys(
            (leaf.column, leaf.threshold)
            for leaf in conditions
            if isinstance(leaf, Comparison) and isinstance(leaf.threshold, float)
        )
        texts.append(
            "; ".join(
                f"{column} {format_number(number)}: {notes[column, number]}"
                for column, number in bounds
                if (column, number) in notes
            )
        )
    return texts


def _describe_rest(rules: RuleSet, schema: Mapping[str, Domain], words: Wording) -> str:
    """Return the default in its own words where these are short."""
    try:
        rest = rule_of_rest(rules.rules, rules.universe, schema)
    except RuleError:
        # It takes too many boxes.
        return "everyone else"
    if rest == disjunction([]):
        return "nobody"
    text = words.english(rest)
    return text if len(text) <= _MAX_LETTERS else "everyone else"


def full_rules(rules: RuleSet) -> list[Rule]:
    """Return for each segment the rule of its rows, universe and default included.

    It is as short as can be, and holds for no other row, whatever the schema.
    """
    within = [] if rules.universe is None else [rules.universe]
    complete = {n: conjunction([*within, rule]) for n, rule in rules.rules.items()}
    nested = {name: rule for name, rule in complete.items() if not _is_plain(rule)}
    short: dict[str, Rule] = {}
    # Rules that take too many boxes are written as they are.
    with suppress(RuleError):
        short = simplified_rules(nested, None)
    if rules.default is not None:
        rest = ~disjunction(rules.rules.values())
        complete[rules.default] = conjunction([*within, rest])
        with suppress(RuleError):
            rest = rule_of_rest(rules.rules, rules.universe, None)
            short[rules.default] = conjunction([*within, rest])
    return [
        min(rule, short.get(name, rule), key=lambda r: len(str(r)))
        for name, rule in complete.items()
    ]


def _is_plain(rule: Rule) -> bool:
    """Tell whether a rule is one range or list of values a column, and no shorter."""
    parts = rule.parts if isinstance(rule, And) else (rule,)
    sides = [
        (part.column, part.operator[0] if isinstance(part, Comparison) else "")
        for part in parts
        if isinstance(part, Comparison | Membership | Missing)
    ]
    n_of_column = Counter(column for column, _ in sides)
    is_range = all(
        n == 1 or {(name, "<"), (name, ">")} <= set(sides)
        for name, n in n_of_column.items()
    )
    return len(sides) == len(parts) and len(set(sides)) == len(sides) and is_range
