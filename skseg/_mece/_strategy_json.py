"""A strategy that is read from JSON, which people may have edited."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._segment_words import describe
from skseg._core._strategy_table import ORIGINS
from skseg._core._validation import positional_names
from skseg._documents._source import read_json
from skseg.exceptions import MissingColumnError, RuleError
from skseg.rules import Rule, RuleSet
from skseg.rules._proof._domain import as_schema

from ._cut_points import CutPoint, read_cut_points
from ._edited_parameters import edited_parameters
from ._merge_report import MergeReport
from ._parameters_json import read_schema
from ._rules import tiers
from ._strategy_edits import (
    Edits,
    FittedStrategy,
    is_field_as_written,
    notes_on_derived,
    read_fitted,
)
from ._strategy_shape import (
    READER,
    TITLE,
    check_strategy,
)
from ._validity import within_schema

FIRST_COLUMNS = ["code", "name", "rule", "n", "share", "description"]
UNCOUNTED = [*ORIGINS, "oversize"]
# What the names of figures begin with that compare a segment with the others.
RELATIVE = ("score", "rank")


class Strategy:
    """The contents of a strategy file, given as JSON or by its path.

    `columns` holds the names of the columns of ``fit`` or, for an array, their number,
    `base` the business rules with numbers for quantiles, `actions` is None without a
    playbook. Figures that edits have made untrue are missing from `segments`; flows are
    missing from `lineage` where one of them is. `notes` tells of edits without effect.
    """

    def __init__(self, source: str | os.PathLike[str]) -> None:
        content = _read(source)
        entries = content["segments"]
        self.columns: list[str] | int = content["columns"]
        schema = read_schema(content.get("schema"))
        self.schema = as_schema(schema)
        self.rules = _read_rules(content)
        if (content.get("parameters") or {}).get("on_invalid") == "outside":
            # The universe, or the schema, may have been edited.
            self.rules = within_schema(self.rules, self.schema, self.column_names)
        self._require_columns()
        self.notes = notes_on_derived(content)
        self.actions: dict[str, str] | None = None
        if any("action" in e for e in entries):
            self.actions = {e["name"]: e["action"] for e in entries if e.get("action")}
        fitted = read_fitted(content)
        self.edits = (
            None
            if fitted is None
            else Edits(fitted, self.rules, entries, has_schema=bool(self.schema))
        )
        self.is_own_definition, self.parameters = edited_parameters(
            content.get("parameters"),
            fitted,
            self.edits,
            rules=self.rules,
            actions=self.actions,
        )
        self.parameters["schema"] = schema
        self._read_facts(fitted)
        self.segments = _segments(self, entries)

    def parameters_to_fit(self) -> dict[str, Any]:
        """Return the parameters, with rules also where `fit` would choose them."""
        parameters = dict(self.parameters)
        if parameters.get("rules") is None:
            parameters["rules"] = tiers(self.column_names[0])
        return parameters

    @property
    def column_names(self) -> Sequence[str]:
        """The names of the columns, those of an array by their positions."""
        columns = self.columns
        return positional_names(columns) if isinstance(columns, int) else columns

    def _read_facts(self, fitted: FittedStrategy | None) -> None:
        """Set what fit has found, as far as the edits have left it true."""
        edits = self.edits
        self.base = self.rules
        self.cut_points: list[CutPoint] = []
        self.lineage = pd.DataFrame([], columns=["rule", "segment", "n"])
        self.merge_report: MergeReport | None = None
        self.are_scores_true = False
        self.n_outside: float = 0 if self.rules.universe is None else np.nan
        self.bounds: list[float | None] = [
            self._bound(self.parameters.get(name)) for name in ("min_size", "max_size")
        ]
        if fitted is None or edits is None:
            return
        facts, names = fitted.facts, edits.renamed
        weights = self.parameters.get("score_weights")
        self.are_scores_true = facts["score_weights"] == weights
        rule_names = _names_of_rules(fitted.rules, names)
        is_base_true = False
        if edits.are_rules_unchanged:
            base = _renamed(fitted.rules, rule_names, self.rules.universe)
            # Rules that were proved within one universe, or schema, may have gaps in
            # another.
            is_base_true = base.verify(self.schema).is_mece
            if is_base_true:
                self.base = base
        if not edits.is_universe_unchanged:
            return
        self.cut_points = read_cut_points(facts["cut_points"])
        self.bounds = [facts["min_size"], facts["max_size"]]
        if facts["n_outside"] is not None:
            self.n_outside = facts["n_outside"]
        if not edits.is_whole_unchanged:
            return
        if facts["lineage"] and is_base_true:
            lineage = pd.DataFrame(facts["lineage"])
            lineage["segment"] = lineage["segment"].replace(names)
            lineage["rule"] = lineage["rule"].replace(rule_names)
            self.lineage = lineage
        if (report := facts["merge_report"]) is not None:
            losses = {names.get(n, n): loss for n, loss in report["losses"].items()}
            self.merge_report = MergeReport(**{**report, "losses": losses})

    @staticmethod
    def _bound(size: float | None) -> float | None:
        """Return a bound in rows; that of a share is not known without the rows."""
        if size is None:
            return None
        return float(size) if isinstance(size, int) else np.nan

    def _require_columns(self) -> None:
        columns = self.column_names
        missing = [name for name in self.rules.columns if name not in columns]
        if missing:
            raise MissingColumnError("The strategy", missing, columns)


def _names_of_rules(rules: RuleSet, names: Mapping[str, str]) -> dict[str, str]:
    """Return the new names of business rules: those of segments that are a whole rule.

    Rules keep their names where two of them would have the same one.
    """
    renamed = {old: new for old, new in names.items() if old in rules}
    return renamed if len({renamed.get(n, n) for n in rules}) == len(rules) else {}


def _renamed(
    rules: RuleSet, names: Mapping[str, str], universe: Rule | None
) -> RuleSet:
    """Return rules with new names for some of them, within a universe."""
    return RuleSet(
        {names.get(name, name): rule for name, rule in rules.rules.items()},
        default=names.get(rules.default or "", rules.default),
        universe=universe,
    )


def _read_rules(content: Mapping[str, Any]) -> RuleSet:
    entries = content["segments"]
    texts = {e["name"]: e.get("rule") for e in entries}
    if len(texts) < len(entries):
        raise RuleError(
            "Not a strategy: two segments have the same name.",
            name="segments",
            rule="of different names",
        )
    others = [name for name, rule in texts.items() if rule is None]
    if len(others) > 1:
        raise RuleError(
            "Not a strategy: only one segment may do without a rule, which takes "
            f"everyone else. Got {others!r}.",
            name="segments",
            rule="with a rule, but for one of them",
            value=others,
        )
    rules = RuleSet(
        {name: rule for name, rule in texts.items() if rule is not None},
        default=others[0] if others else None,
        universe=content.get("universe"),
    )
    if not rules.is_resolved:
        raise RuleError(
            "The segments of a strategy compare with numbers and text, and this one "
            "has a quantile, max(...) or min(...). Write its value; or write such "
            f"rules into parameters.rules, and fit anew. Got:\n{rules}",
            name="segments",
            rule="with rules that compare with numbers and text",
            value=rules,
        )
    return rules


def _read(source: Any) -> dict[str, Any]:
    content = read_json(source, READER, TITLE)
    check_strategy(content)
    return dict(content)


def _segments(strategy: Strategy, entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the table of segments, without the figures that are no longer true."""
    rules = strategy.rules
    by_name = {entry["name"]: entry for entry in entries}
    figures = [
        _true_figures(name, by_name[name], strategy.edits) for name in rules.names
    ]
    # Ranks and scores compare all segments, so one that is not known spoils them.
    is_one_unknown = any(known.get("n") is None for known in figures)
    if is_one_unknown or not strategy.are_scores_true:
        figures = [_without(known, RELATIVE) for known in figures]
    table = pd.DataFrame(
        {
            "code": np.arange(len(rules)),
            "name": list(rules.names),
            "rule": list(rules.texts().values()),
            "description": describe(rules, strategy.schema),
        }
    )
    stored = [key for known in figures for key in known]
    for key in dict.fromkeys(["n", "share", *stored, "score", "rank", *UNCOUNTED]):
        table[key] = _column(key, [known.get(key) for known in figures])
    return table[[*FIRST_COLUMNS, *(key for key in table if key not in FIRST_COLUMNS)]]


def _true_figures(
    name: str, entry: Mapping[str, Any], edits: Edits | None
) -> dict[str, Any]:
    """Return the figures of a segment, None for those that are not true any more."""
    figures = dict(entry.get("figures") or {})
    figures.pop("segment", None)
    if not is_field_as_written(entry, "figures"):
        return {}
    if edits is None or name not in edits.unchanged:
        return dict.fromkeys(figures)
    if not edits.is_universe_unchanged:
        # Where a segment comes from does not depend on who is counted.
        return {key: v if key in ORIGINS else None for key, v in figures.items()}
    return figures if edits.is_whole_unchanged else _without(figures, RELATIVE)


def _without(figures: Mapping[str, Any], prefixes: tuple[str, ...]) -> dict[str, Any]:
    return {
        key: None if key.startswith(prefixes) else value
        for key, value in figures.items()
    }


def _column(key: str, values: list[Any]) -> Any:
    if key in ORIGINS:
        return [tuple(value or ()) for value in values]
    if key == "oversize":
        # Only a segment that is known to be too large is flagged.
        return [value is True for value in values]
    if key == "rank":
        return pd.array(values, dtype="Int64")
    if all(isinstance(value, int) for value in values):
        return np.array(values)
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
