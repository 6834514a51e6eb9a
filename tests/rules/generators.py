"""Seeded rule sets to prove things about: partitions, near-partitions, random ones.

Purely random rules nearly always overlap and leave gaps in plain sight. What finds the
mistakes of a proof is a true partition with one thing wrong with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from skseg.rules import Domain, Rule, col, missing
from skseg.rules._language._conditions import (
    Comparison,
    Leaf,
    Membership,
    conjunction,
    disjunction,
    leaves,
    map_leaves,
)

Rules = dict[str, Rule]

WORDS = ("free", "pro", "", "it's", "ß", "other")
_FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}


@dataclass
class Region:
    """A leaf of a recursive partition: its conditions and what they leave possible."""

    conditions: list[Rule]
    ranges: dict[str, tuple[float, float]]
    words: dict[str, tuple[str, ...]]
    can_be_missing: set[str] = field(default_factory=set)

    def narrowed(self, rule: Rule) -> Region:
        """Return a copy with one more condition."""
        return Region(
            [*self.conditions, rule],
            dict(self.ranges),
            dict(self.words),
            set(self.can_be_missing),
        )


def column_names(n_columns: int) -> list[str]:
    """Return names, of which every third is a column of text."""
    return [f"{'text' if i % 3 == 2 else 'number'}{i}" for i in range(n_columns)]


def partition(
    rng: Random, n_rules: int, n_columns: int, *, grid: bool = False
) -> Rules:
    """Return a true partition, by recursive cuts, into about `n_rules` rules.

    On a `grid` thresholds are small integers, so that many of them coincide.
    """
    names = column_names(n_columns)
    whole = Region(
        [],
        {name: (-1000.0, 1000.0) for name in names if name.startswith("number")},
        {name: WORDS for name in names if name.startswith("text")},
        set(names),
    )
    regions = [whole]
    # On a grid of few columns there may not be so many cuts.
    for _ in range(20 * n_rules):
        if len(regions) >= n_rules:
            break
        region = regions.pop(rng.randrange(len(regions)))
        regions += _cut(rng, region, rng.choice(names), grid=grid)
    rng.shuffle(regions)
    return {f"s{i}": conjunction(r.conditions) for i, r in enumerate(regions)}


def _cut(rng: Random, region: Region, name: str, *, grid: bool) -> list[Region]:
    if name in region.can_be_missing and rng.random() < 0.15:
        known, absent = region.narrowed(~missing(name)), region.narrowed(missing(name))
        for side in (known, absent):
            side.can_be_missing.discard(name)
        # Nothing but missing is left: no further cut of this column can separate.
        absent.ranges.pop(name, None)
        absent.words.pop(name, None)
        return [known, absent]
    if name in region.ranges:
        return _cut_range(rng, region, name, grid=grid)
    if len(region.words.get(name, ())) > 1:
        return _cut_words(rng, region, name)
    return [region]


def _cut_range(rng: Random, region: Region, name: str, *, grid: bool) -> list[Region]:
    low, high = region.ranges[name]
    cut = float(rng.randint(-3, 3)) if grid else round(rng.uniform(low, high), 3)
    if not low < cut < high:
        return [region]
    below = rng.choice([col(name) < cut, col(name) <= cut])
    assert isinstance(below, Comparison)
    above = Comparison(name, ">=" if below.operator == "<" else ">", cut)
    return _two_sides(
        rng,
        region,
        name,
        (below, lambda r: r.ranges.update({name: (low, cut)})),
        (above, lambda r: r.ranges.update({name: (cut, high)})),
    )


def _cut_words(rng: Random, region: Region, name: str) -> list[Region]:
    words = region.words[name]
    chosen = tuple(rng.sample(words, rng.randint(1, len(words) - 1)))
    rest = tuple(word for word in words if word not in chosen)
    listed = col(name) == chosen[0] if len(chosen) == 1 else col(name).isin(chosen)
    inside, outside = region.narrowed(listed), region.narrowed(~listed)
    inside.words[name], outside.words[name] = chosen, rest
    inside.can_be_missing.discard(name)
    return [inside, outside]


def _two_sides(
    rng: Random,
    region: Region,
    name: str,
    *sides: tuple[Rule, Callable[[Region], None]],
) -> list[Region]:
    """Return both sides of a cut, missing values on one of them if there are any."""
    with_missing = rng.randrange(2)
    regions = []
    for number, (rule, narrow) in enumerate(sides):
        takes_missing = number == with_missing and name in region.can_be_missing
        opposite = sides[1 - number][0]
        if takes_missing:
            rule = rng.choice([~opposite, disjunction([rule, missing(name)])])
        side = region.narrowed(rule)
        narrow(side)
        if not takes_missing:
            side.can_be_missing.discard(name)
        regions.append(side)
    return regions


def near_partition(rng: Random, rules: Rules, n_changes: int = 1) -> Rules:
    """Return `rules` with a few small things changed, each of which may matter."""
    changed = dict(rules)
    for _ in range(n_changes):
        name = rng.choice(list(changed))
        what = rng.random()
        if what < 0.1 and len(changed) > 1:
            del changed[name]
        elif what < 0.2:
            changed[f"{name}'"] = changed[name]
        else:
            changed[name] = _changed_leaf(rng, changed[name])
    return changed


def flip_one(rng: Random, rules: Rules) -> Rules:
    """Return `rules` with one ``<`` turned into ``<=``, or the like."""
    flippable = [
        name
        for name, rule in rules.items()
        if any(_is_ordered(leaf) for leaf in leaves(rule))
    ]
    name = rng.choice(flippable)
    places = [i for i, leaf in enumerate(leaves(rules[name])) if _is_ordered(leaf)]
    return {**rules, name: _at_leaf(rules[name], rng.choice(places), _flip)}


def _is_ordered(leaf: Leaf) -> bool:
    return isinstance(leaf, Comparison) and leaf.operator not in ("==", "!=")


def _changed_leaf(rng: Random, rule: Rule) -> Rule:
    n_leaves = sum(1 for _ in leaves(rule))
    if not n_leaves:
        return ~rule
    changes = [_flip, _flip, _forget, _shift(rng), _shift(rng), _negate]
    return _at_leaf(rule, rng.randrange(n_leaves), rng.choice(changes))


def _at_leaf(rule: Rule, place: int, change: Callable[[Leaf], Rule]) -> Rule:
    seen = iter(range(10**9))
    return map_leaves(rule, lambda leaf: change(leaf) if next(seen) == place else leaf)


def _flip(leaf: Leaf) -> Rule:
    if isinstance(leaf, Comparison):
        return Comparison(leaf.column, _FLIPPED[leaf.operator], leaf.threshold)  # type: ignore[arg-type]
    return leaf


def _negate(leaf: Leaf) -> Rule:
    return ~leaf


def _forget(leaf: Leaf) -> Rule:
    """Forget a value of a list, a missing value, or the one customer on the edge."""
    if isinstance(leaf, Membership) and len(leaf.values) > 1:
        return Membership(leaf.column, leaf.values[1:])
    if isinstance(leaf, Membership | Comparison):
        return leaf if _is_ordered(leaf) else ~missing(leaf.column)
    return disjunction([])


def _shift(rng: Random) -> Callable[[Leaf], Rule]:
    towards = rng.choice([-math.inf, math.inf])

    def shift(leaf: Leaf) -> Rule:
        if not isinstance(leaf, Comparison) or not isinstance(leaf.threshold, float):
            return leaf
        moved = math.nextafter(leaf.threshold, towards) + 0.0
        return Comparison(leaf.column, leaf.operator, moved)

    return shift


def random_rules(
    rng: Random, n_rules: int, n_columns: int, *, grid: bool = False
) -> Rules:
    """Return rules drawn at random: mostly conjunctions, a few with "or" or "not"."""
    names = column_names(n_columns)
    return {f"s{i}": _random_rule(rng, names, grid=grid) for i in range(n_rules)}


def _random_rule(rng: Random, names: list[str], *, grid: bool) -> Rule:
    parts = [
        _random_leaf(rng, rng.choice(names), grid) for _ in range(rng.randint(2, 5))
    ]
    kind = rng.random()
    if kind < 0.15:
        half = len(parts) // 2
        return conjunction(parts[:half]) | conjunction(parts[half:])
    if kind < 0.2:
        return ~conjunction(parts[:2])
    return conjunction(parts)


def _random_leaf(rng: Random, name: str, grid: bool) -> Rule:
    if rng.random() < 0.05:
        return missing(name) if rng.random() < 0.5 else ~missing(name)
    if name.startswith("text"):
        chosen = rng.sample(WORDS, rng.randint(1, 3))
        return col(name).isin(chosen) if rng.random() < 0.6 else ~col(name).isin(chosen)
    number = float(rng.randint(-3, 3)) if grid else round(rng.uniform(-1000, 1000), 3)
    operator = rng.choice(["<", "<=", ">", ">="] * 3 + ["==", "!="])
    return Comparison(name, operator, number)


def random_schema(rng: Random, rules: Rules) -> dict[str, Domain]:
    """Return domains for a part of the columns of `rules` on a grid."""
    schema = {}
    for name in sorted(
        {leaf.column for rule in rules.values() for leaf in leaves(rule)}
    ):
        can_be_missing = rng.random() < 0.5
        if rng.random() < 0.3:
            continue
        if name.startswith("text"):
            values = (
                rng.sample(WORDS, rng.randint(1, 4)) if rng.random() < 0.5 else None
            )
            schema[name] = Domain(values=values, missing=can_be_missing)  # type: ignore[arg-type]
        else:
            low, high = sorted(
                rng.choice([-math.inf, -3, -1.5, 0, 2, math.inf]) for _ in "ab"
            )
            schema[name] = Domain(
                integer=rng.random() < 0.5, low=low, high=high, missing=can_be_missing
            )
    return schema
