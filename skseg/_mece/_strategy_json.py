"""A strategy as JSON, to be edited and read back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._validation import positional_names
from skseg.exceptions import MissingColumnError, RuleError
from skseg.rules import Domain, Rule, RuleSet, parse
from skseg.rules._proof._domain import as_schema

from ._strategy_shape import FORMAT, LISTS, VERSION, check_strategy, is_finite

# The columns of the table of segments that follow from their rules; all others are
# figures about the training rows.
_OF_RULES = ["code", "name", "rule", "description"]


def write_strategy(
    rules: RuleSet,
    segments: pd.DataFrame,
    lineage: pd.DataFrame,
    frame: pd.DataFrame,
    *,
    columns: Sequence[str] | int,
    min_size: float | None,
    max_size: float | None,
    schema: Mapping[str, Any] | None,
) -> str:
    """Return segments as JSON that `Strategy` reads, with texts of their `frame`."""
    frame = frame.set_index("code")
    texts = {name: str(rule) for name, rule in rules.rules.items()}
    entries = []
    for record in _records(segments):
        name = record["name"]
        entry = {"name": name, "rule": texts.get(name)}
        texts_of_table = [c for c in ("description", "sql", "action") if c in frame]
        entry |= {column: frame.at[record["code"], column] for column in texts_of_table}
        figures = {k: v for k, v in record.items() if k not in _OF_RULES}
        # The figures are about this rule. Where it was edited, they are dropped.
        entries.append({**entry, "figures": {"rule": entry["rule"], **figures}})
    content = {
        "format": FORMAT,
        "version": VERSION,
        "columns": columns if isinstance(columns, int) else list(columns),
        "universe": None if rules.universe is None else str(rules.universe),
        "min_size": min_size,
        "max_size": max_size,
        "schema": {n: _plain_domain(n, d) for n, d in as_schema(schema).items()},
        "segments": entries,
        "lineage": _records(lineage),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): _plain(value) for key, value in record.items()}
        for record in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is pd.NA or value != value else value


def _plain_domain(name: str, domain: Domain) -> dict[str, Any]:
    standard = asdict(Domain())
    plain = {k: v for k, v in asdict(domain).items() if v != standard[k]}
    if not is_finite(plain):
        raise RuleError(
            f"The schema of column {name!r} names an infinity, which JSON cannot hold. "
            f"Leave the bound out. Got {plain!r}."
        )
    return plain


class Strategy:
    """The contents of a strategy file, given as JSON or by its path.

    `columns` holds the names of the columns of ``fit`` or, for an array, their number.
    `actions` is None without a playbook. Figures of segments whose rule was edited are
    missing from `segments` and `lineage`.
    """

    def __init__(self, source: str | os.PathLike[str]) -> None:
        content = _read(source)
        entries = content["segments"]
        self.columns: list[str] | int = content["columns"]
        self.min_size: float | None = content.get("min_size")
        self.max_size: float | None = content.get("max_size")
        self.schema = as_schema(content.get("schema"))
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
        self.rules = RuleSet(
            {name: rule for name, rule in texts.items() if rule is not None},
            default=others[0] if others else None,
            universe=content.get("universe"),
        )
        self._require_columns()
        if not self.rules.is_resolved:
            raise RuleError(
                "The rules of a strategy compare with numbers and text, and here is a "
                "quantile, max(...) or min(...). Write its value, or fit such rules "
                f"anew. Got:\n{self.rules}",
                name="segments",
                rule="with rules that compare with numbers and text",
                value=self.rules,
            )
        self.actions: dict[str, str] | None = None
        if any("action" in e for e in entries):
            self.actions = {e["name"]: e["action"] for e in entries if e.get("action")}
        self.segments = _segments(self.rules, entries)
        self.lineage = pd.DataFrame(
            content.get("lineage"), columns=["rule", "segment", "n"]
        )

    def _require_columns(self) -> None:
        columns = self.columns
        if isinstance(columns, int):
            columns = positional_names(columns)
        missing = [name for name in self.rules.columns if name not in columns]
        if missing:
            raise MissingColumnError("The strategy", missing, columns)


def _read(source: str | os.PathLike[str]) -> dict[str, Any]:
    text = source
    if not isinstance(source, str) or not source.lstrip().startswith("{"):
        text = Path(source).read_text(encoding="utf-8")
    try:
        content = json.loads(str(text))
    except (ValueError, RecursionError) as error:
        raise RuleError(f"Not JSON: {error}") from None
    check_strategy(content)
    return dict(content)


def _segments(rules: RuleSet, entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the table of segments, without figures where the rule was edited."""
    texts, described = rules.texts(), rules.describe()
    by_name = {entry["name"]: entry for entry in entries}
    facts: list[list[Any]] = []
    measured: list[dict[str, Any]] = []
    for code, name in enumerate(rules.names):
        figures = dict(by_name[name].get("figures") or {})
        measured_rule = figures.pop("rule", None)
        if _differs(measured_rule, rules.rules.get(name)):
            figures = {k: v for k, v in figures.items() if k in (*LISTS, "oversize")}
        facts.append([code, name, texts[name], described[name]])
        measured.append(figures)
    table = pd.DataFrame(facts, columns=_OF_RULES)
    stored = [key for figures in measured for key in figures]
    always = ["score", "rank", *LISTS, "oversize"]
    for key in dict.fromkeys(["n", "share", *stored, *always]):
        table[key] = _column(key, [figures.get(key) for figures in measured])
    first = ["code", "name", "rule", "n", "share", "description"]
    return table[[*first, *(key for key in table if key not in first)]]


def _differs(text: str | None, rule: Rule | None) -> bool:
    if text is None or rule is None:
        return (text is None) != (rule is None)
    return parse(text) != rule


def _column(key: str, values: list[Any]) -> Any:
    if key in LISTS:
        return [tuple(value or ()) for value in values]
    if key == "oversize":
        return [bool(value) for value in values]
    if key == "rank":
        return pd.array(values, dtype="Int64")
    if all(isinstance(value, int) for value in values):
        return np.array(values)
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
