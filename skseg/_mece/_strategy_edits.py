"""What was edited in a strategy since it was written, and what is still true of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from skseg._core._fingerprints import fingerprint
from skseg.exceptions import RuleError, reworded
from skseg.rules import Rule, RuleSet
from skseg.rules._language._conditions import conjunction, disjunction
from skseg.rules._proof._equivalence import equivalent
from skseg.rules._reserved_names import OUTSIDE

from ._strategy_shape import no_strategy

_COUNT_AGAIN = (
    "Count again with recount(X, y), or fit again; on the command line, with 'skseg "
    "rules apply'."
)
_EDIT_RULE = (
    "was edited by hand, which has no effect: it follows from the rule. Edit the "
    "'rule' instead."
)

# The fields of a segment that follow from others -> the effect of editing them.
_EFFECTS = {
    "description": _EDIT_RULE,
    "sql": _EDIT_RULE,
    "figures": "were edited by hand, and are left out: they are counted. "
    f"{_COUNT_AGAIN}",
}


@dataclass(frozen=True)
class FittedStrategy:
    """What fit has found, as the part "fitted" of a strategy holds it.

    `rules` holds the business rules with numbers for quantiles, `segments` the segments
    that came of them, `actions` segment -> action, None without a playbook.
    """

    rules: RuleSet
    segments: RuleSet
    actions: Mapping[str, str] | None
    facts: Mapping[str, Any]


def read_fitted(content: Mapping[str, Any]) -> FittedStrategy | None:
    """Return the part "fitted" of a strategy, None if it was edited or is not there.

    Raises RuleError where it contradicts itself, which no edit by hand brings about:
    the fingerprint tells of those.
    """
    fitted = content.get("fitted")
    if fitted is None or not is_as_written(fitted):
        return None
    universe, texts = fitted["universe"], fitted["segments"]
    default = [name for name, text in texts.items() if text is None]
    if len(default) > 1:
        rule = "an object of rules, of which one may be null"
        raise no_strategy(("fitted", "segments"), rule, texts)
    try:
        rules = RuleSet(fitted["rules"], default=fitted["default"], universe=universe)
        segments = RuleSet(
            {name: text for name, text in texts.items() if text is not None},
            default=default[0] if default else None,
            universe=universe,
        )
    except RuleError as error:
        raise reworded(error, f"Not a strategy: fitted: {error}") from None
    _check_names(fitted, rules, segments)
    return FittedStrategy(rules, segments, fitted["actions"], fitted)


def _check_names(fitted: Mapping[str, Any], rules: RuleSet, segments: RuleSet) -> None:
    """Raise if what fit has found names a rule or a segment that is not there."""
    for i, flow in enumerate(fitted["lineage"]):
        for key, names in (("rule", rules.names), ("segment", segments.names)):
            if flow[key] not in (*names, OUTSIDE):
                path: tuple[str | int, ...] = ("fitted", "lineage", i, key)
                raise no_strategy(path, f"the name of a {key}", flow[key])
    report = fitted["merge_report"] or {"losses": {}}
    for path, by_name in (
        (("fitted", "merge_report", "losses"), report["losses"]),
        (("fitted", "actions"), fitted["actions"] or {}),
    ):
        if not by_name.keys() <= set(segments.names):
            raise no_strategy(path, "an object whose keys are segments", by_name)


def is_as_written(fitted: Mapping[str, Any]) -> bool:
    """Tell whether the part "fitted" of a strategy is as it was written."""
    content = {key: value for key, value in fitted.items() if key != "fingerprint"}
    return bool(fitted.get("fingerprint") == fingerprint(content))


def notes_on_derived(content: Mapping[str, Any]) -> list[str]:
    """Return a sentence with advice on every derived field that was edited by hand."""
    notes = [
        f"The {key} of segment {entry['name']!r} {effect}"
        for entry in content["segments"]
        for key, effect in _EFFECTS.items()
        if not is_field_as_written(entry, key)
    ]
    if content.get("fitted") is not None and not is_as_written(content["fitted"]):
        notes.append(
            "The part 'fitted' was edited by hand, and is left out together with all "
            f"figures: it holds what fit has found. {_COUNT_AGAIN}"
        )
    return notes


def is_field_as_written(entry: Mapping[str, Any], field: str) -> bool:
    """Tell whether a derived field of a segment is as it was written, or not there."""
    if entry.get(field) is None:
        return True
    written = (entry.get("fingerprints") or {}).get(field)
    return bool(written == fingerprint(entry[field]))


class Edits:
    """The segments of a strategy compared with those that were fitted.

    A figure stays true where it is about the same rows. That is proved from the rules,
    whatever was edited: `unchanged` holds the segments of which no row that could ever
    come has moved.
    """

    def __init__(
        self,
        fitted: FittedStrategy,
        rules: RuleSet,
        entries: Sequence[Mapping[str, Any]],
        has_schema: bool,
    ) -> None:
        self._fitted = fitted
        self._rules = rules
        self._entries = {entry["name"]: entry for entry in entries}
        self._has_schema = has_schema
        self.origins = self._find_origins()
        self.is_universe_unchanged = equivalent(
            _all_or(fitted.segments.universe), _all_or(rules.universe)
        )

    def _find_origins(self) -> dict[str, str | None]:
        """Return segment -> name of the fitted segment that it was, None for new ones.

        Figures carry the name of their segment, so that a renamed one is known.
        """
        known, taken = self._fitted.segments.names, set()
        origins: dict[str, str | None] = dict.fromkeys(self._rules.names)
        claims = {
            name: (self._entries[name].get("figures") or {}).get("segment", name)
            for name in self._rules.names
        }
        # Of several copies, the one that kept the name is the original.
        for name in sorted(claims, key=lambda name: claims[name] != name):
            if claims[name] in known and claims[name] not in taken:
                origins[name] = claims[name]
                taken.add(claims[name])
        return origins

    @cached_property
    def unchanged(self) -> frozenset[str]:
        """The segments whose rule holds for the rows that it held for, or says so."""
        if self._is_order_needed and self._parts(self._rules) != self._parts(
            self._fitted.segments
        ):
            return frozenset()
        return frozenset(
            name
            for name, origin in self.origins.items()
            if origin is not None and self._is_same(name, origin)
        )

    def _is_same(self, name: str, origin: str) -> bool:
        fitted = self._fitted.segments
        if (name == self._rules.default) != (origin == fitted.default):
            return False
        if name != self._rules.default:
            return equivalent(fitted[origin], self._rules[name])
        before, after = fitted.rules.values(), self._rules.rules.values()
        if set(before) == set(after):
            return True
        return equivalent(disjunction(before), disjunction(after))

    @cached_property
    def _is_order_needed(self) -> bool:
        """Whether rules overlap in rows that contradict the schema.

        The first rule takes such rows, so that none of them stands for itself.
        """
        if not self._has_schema:
            return False
        both = (self._fitted.segments, self._rules)
        return not all(rules.verify().is_exclusive for rules in both)

    @staticmethod
    def _parts(rules: RuleSet) -> tuple[list[Rule], bool]:
        return list(rules.rules.values()), rules.default is None

    @cached_property
    def is_whole_unchanged(self) -> bool:
        """Whether no row has another segment, be they renamed or in another order."""
        return self.is_universe_unchanged and self.are_rules_unchanged

    @cached_property
    def are_rules_unchanged(self) -> bool:
        """Whether the segments have the rules that were fitted, in whatever words."""
        is_same = self.unchanged == set(self.origins)
        return is_same and len(self.origins) == len(self._fitted.segments)

    @property
    def is_order_unchanged(self) -> bool:
        """Whether the fitted segments stand in the order in which they were fitted."""
        return list(self.origins.values()) == list(self._fitted.segments.names)

    @property
    def renamed(self) -> dict[str, str]:
        """Name of a fitted segment -> its name now, for those that were renamed."""
        return {
            origin: name
            for name, origin in self.origins.items()
            if origin is not None and origin != name
        }

    @property
    def new_actions(self) -> dict[str, str]:
        """Segment -> action, for those whose action is another than was written."""
        before = self._fitted.actions or {}
        actions = {
            name: entry.get("action") or "" for name, entry in self._entries.items()
        }
        return {
            name: action
            for name, action in actions.items()
            if action != before.get(self.origins[name] or "", "")
        }


def _all_or(universe: Rule | None) -> Rule:
    return conjunction([]) if universe is None else universe
