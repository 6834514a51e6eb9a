"""The table of a strategy: segments with their actions, the best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean
from skseg.rules import RuleSet
from skseg.rules._language._english import Wording

from ._rules import OWNER
from ._strategy_json import whole_numbers


def check_playbook(playbook: Any, names: Sequence[str]) -> None:
    """Raise if a playbook is no mapping of `names` to actions."""
    if playbook is None:
        return
    if not isinstance(playbook, Mapping):
        rule = "a mapping of segments to actions"
        raise InvalidParameterError(OWNER, "playbook", rule, playbook)
    if not all(isinstance(action, str) for action in playbook.values()):
        rule = "a mapping of segments to actions, which are text"
        raise InvalidParameterError(OWNER, "playbook", rule, playbook)
    for name, action in playbook.items():
        try:
            action.encode()
        except UnicodeEncodeError:
            rule = "a mapping of segments to actions without lone surrogates"
            raise InvalidParameterError(OWNER, "playbook", rule, playbook) from None
        if name not in names:
            raise InvalidDataError(
                f"The playbook names {name!r}, which is neither a segment nor a "
                f"rule.{did_you_mean(str(name), names)}",
                owner=OWNER,
                name="playbook",
                rule="a mapping of segments or rules to actions",
                value=name,
            )


def strategy_frame(
    rules: RuleSet,
    segments: pd.DataFrame,
    playbook: Mapping[str, str] | None,
    words: Wording,
) -> pd.DataFrame:
    """Return the segments as a table to act on, the best first."""
    table = segments.assign(n=whole_numbers(segments["n"]))
    for column in ["merged_from", "split_from"]:
        table[column] = ["; ".join(rule_names) for rule_names in table[column]]
    if rules.universe is not None:
        table.insert(1, "audience", words.english(rules.universe))
    if playbook is not None:
        table["action"] = _actions(segments, playbook)
    first = ["rank", "name", "description", "n", "share", "score"]
    first += [name for name in ["action", "audience"] if name in table]
    table = table[[*first, *(name for name in table if name not in first)]]
    return table.sort_values(["rank", "code"]).reset_index(drop=True)


def _actions(segments: pd.DataFrame, playbook: Mapping[str, str]) -> list[str]:
    """Return the action of every segment, by its name or else those of its rules."""
    actions = []
    for name, merged, split in zip(
        segments["name"], segments["merged_from"], segments["split_from"], strict=True
    ):
        if name in playbook:
            actions.append(playbook[name])
            continue
        of_rules = [playbook[rule] for rule in merged or split if rule in playbook]
        actions.append("; ".join(dict.fromkeys(of_rules)))
    return actions
