"""Segments in English, and as the shortest rules that select their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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
)
from skseg.rules._language._english import Wording
from skseg.rules._proof._domain import wording
from skseg.rules._proof._rewrite import rule_of_rest, simplified_rules

# A default that takes more letters to describe is "everyone else".
_MAX_LETTERS = 100


def describe(rules: RuleSet, schema: Mapping[str, Domain]) -> list[str]:
    """Return every segment in English."""
    words = wording(schema)
    descriptions = {n: words.english(rule) for n, rule in rules.rules.items()}
    if rules.default is not None:
        descriptions[rules.default] = _describe_rest(rules, schema, words)
    return [descriptions[name] for name in rules.names]


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
        min(complete[name], short.get(name, complete[name]), key=lambda r: len(str(r)))
        for name in rules.names
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
