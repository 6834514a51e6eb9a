"""The parameters with which an edited strategy is fitted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skseg.rules import RuleSet

from ._parameters_json import read_parameters
from ._strategy_edits import Edits, FittedStrategy


def edited_parameters(
    stored: Mapping[str, Any] | None,
    fitted: FittedStrategy | None,
    edits: Edits | None,
    *,
    rules: RuleSet,
    actions: Mapping[str, str] | None,
) -> tuple[bool, dict[str, Any]]:
    """Return whether the segments themselves are the rules now, and the parameters.

    Parameters come back as they were stored where all edits can be told in them: the
    universe, and names and actions of segments that are a business rule, or the
    default, as a whole. Other edits are about segments that the business rules would
    not give again, so the segments of the strategy take the place of these.
    """
    parameters = {} if stored is None else read_parameters(stored)
    if stored is not None and fitted is not None and edits is not None:
        told = _told_in_parameters(parameters, fitted, edits, rules)
        if told is not None:
            return False, told
    return True, {
        **parameters,
        "rules": {name: str(rule) for name, rule in rules.rules.items()},
        "params": None,
        "default": rules.default,
        "universe": _text_of_universe(rules),
        "playbook": None if actions is None else dict(actions),
    }


def _text_of_universe(rules: RuleSet) -> str | None:
    return None if rules.universe is None else str(rules.universe)


def _told_in_parameters(
    parameters: dict[str, Any], fitted: FittedStrategy, edits: Edits, rules: RuleSet
) -> dict[str, Any] | None:
    """Return the parameters with the edits, None if they cannot tell all of them."""
    if not edits.are_rules_unchanged or not edits.is_order_unchanged:
        return None
    actions = edits.new_actions
    stored = parameters.get("rules") or {}
    known: set[str] = set()
    if stored and list(stored) != fitted.facts["rule_names"]:
        # Somebody has changed names, or their order, among the parameters as well.
        known = {old for old, new in edits.renamed.items() if new in stored}
        if known & {*stored}:
            return None
    renamed = {old: new for old, new in edits.renamed.items() if old not in known}
    default = fitted.rules.default
    whole = [*stored, *([] if default is None else [default])]
    touched = {*renamed, *(edits.origins[name] for name in actions)} - known
    names = [renamed.get(name, name) for name in whole]
    if not touched <= set(whole) or len(set(names)) < len(names):
        return None
    told = dict(parameters)
    if stored:
        told["rules"] = {renamed.get(n, n): rule for n, rule in stored.items()}
    if default in renamed:
        told["default"] = renamed[default]
    if not edits.is_universe_unchanged:
        told["universe"] = _text_of_universe(rules)
    playbook = parameters.get("playbook")
    if playbook is not None or actions:
        kept = {edits.renamed.get(n, n): a for n, a in (playbook or {}).items()}
        told["playbook"] = kept | actions
    return told
