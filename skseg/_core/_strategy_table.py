"""The table of a strategy: segments with their actions, the best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    did_you_mean,
)
from skseg.rules import RuleSet
from skseg.rules._language._english import Wording
from skseg.rules._reserved_names import NOISE, OUTSIDE

# The columns that name the rules which segments come from.
ORIGINS = ("merged_from", "split_from")


def check_playbook(owner: str, playbook: Any, names: Sequence[str]) -> None:
    """Raise if a playbook is no mapping of `names` to actions."""
    if playbook is None:
        return
    if not isinstance(playbook, Mapping):
        rule = "a mapping of segments to actions"
        raise InvalidParameterError(owner, "playbook", rule, playbook)
    if not all(isinstance(action, str) for action in playbook.values()):
        rule = "a mapping of segments to actions, which are text"
        raise InvalidParameterError(owner, "playbook", rule, playbook)
    for name, action in playbook.items():
        try:
            action.encode()
        except UnicodeEncodeError:
            rule = "a mapping of segments to actions without lone surrogates"
            raise InvalidParameterError(owner, "playbook", rule, playbook) from None
        if name not in names:
            raise InvalidDataError(
                f"The playbook names {name!r}, which is neither a segment nor a "
                f"rule.{did_you_mean(str(name), names)}",
                owner=owner,
                name="playbook",
                rule="a mapping of segments or rules to actions",
                value=name,
            )


def actions_and_fields(
    owner: str, playbook: Any, names: Sequence[str]
) -> tuple[Mapping[str, str] | None, pd.DataFrame | None]:
    """Return segment -> action, and the further fields of a frame of plays by name.

    `playbook` is a mapping, None, or the frame of `Playbook.recommend`, whose plays are
    the actions. Its rows about noise and outside are ignored where no segment has these
    names: a profile counts such customers, but they are not in the strategy.
    """
    if not isinstance(playbook, pd.DataFrame):
        check_playbook(owner, playbook, names)
        return playbook, None
    missing = [name for name in ("name", "play") if name not in playbook]
    if missing:
        raise MissingColumnError(
            owner,
            missing,
            [str(name) for name in playbook],
            advice="Pass what Playbook.recommend returns, or a mapping of segments to "
            "actions.",
        )
    if not playbook["name"].is_unique:
        repeated = playbook["name"][playbook["name"].duplicated()].iloc[0]
        raise InvalidDataError(
            f"The frame of plays has two rows for the segment {repeated!r}.",
            owner=owner,
            name="playbook",
            column="name",
            value=repeated,
        )
    in_no_segment = {NOISE, OUTSIDE}.difference(names)
    playbook = playbook[~playbook["name"].isin(in_no_segment)]
    actions = dict(zip(playbook["name"], playbook["play"], strict=True))
    _check_plays(owner, actions, names)
    check_playbook(owner, actions, names)
    fields = playbook.set_index("name")
    return actions, fields.drop(columns=["play", "code", "n", "share"], errors="ignore")


def _check_plays(owner: str, plays: Mapping[Any, Any], names: Sequence[str]) -> None:
    """Raise for a frame of plays about other segments, or with a play that is no text.

    A frame is rarely written by hand, so the advice is about the profile behind it.
    """
    for name, play in plays.items():
        if name not in names:
            raise InvalidDataError(
                f"The frame of plays names {name!r}, which is neither a segment nor a "
                f"rule.{did_you_mean(str(name), names)}",
                owner=owner,
                name="playbook",
                column="name",
                value=name,
                advice="Recommend plays for a profile of this segmenter. If the "
                "profile has other names for its segments, rename these first: "
                "skseg.playbook.rename_segments.",
            )
        if not isinstance(play, str):
            raise InvalidDataError(
                f"The frame of plays must have text as play. Got {play!r} for the "
                f"segment {name!r}.",
                owner=owner,
                name="playbook",
                column="play",
                value=play,
            )


def strategy_frame(
    rules: RuleSet,
    segments: pd.DataFrame,
    actions: Mapping[str, str] | None,
    fields: pd.DataFrame | None,
    words: Wording,
) -> pd.DataFrame:
    """Return the segments as a table to act on, the best first where they have ranks.

    A field of a play that has the name of a figure is called ``play_...``.
    """
    table = segments.assign(n=whole_numbers(segments["n"]))
    for column in ORIGINS:
        if column in table:
            table[column] = ["; ".join(rule_names) for rule_names in table[column]]
    if rules.universe is not None:
        table.insert(1, "audience", words.english(rules.universe))
    if actions is not None:
        table["action"] = _actions(segments, actions)
    first = ["rank", "name", "description", "n", "share", "score", "action", "audience"]
    first = [name for name in first if name in table]
    table = table[[*first, *(name for name in table if name not in first)]]
    if fields is not None:
        fields = fields.rename(columns=lambda c: f"play_{c}" if c in table else c)
        table = table.join(fields, on="name")
    order = ["rank", "code"] if "rank" in table else []
    return table.sort_values(order).reset_index(drop=True) if order else table


def whole_numbers(n: pd.Series[Any]) -> pd.Series[Any]:
    """Return counts as integers where only missing ones have made floats of them."""
    known = n.dropna()
    is_whole = len(known) < len(n) and (known % 1 == 0).all()
    return n.astype("Int64") if is_whole else n


def _actions(segments: pd.DataFrame, actions: Mapping[str, str]) -> list[str]:
    """Return the action of every segment, by its name or else those of its rules."""
    names = segments["name"]
    merged, split = (
        segments[column] if column in segments else [()] * len(names)
        for column in ORIGINS
    )
    texts = []
    for name, sources, parts in zip(names, merged, split, strict=True):
        of_rules = [actions[rule] for rule in sources or parts if rule in actions]
        texts.append(actions.get(name, "; ".join(dict.fromkeys(of_rules))))
    return texts
