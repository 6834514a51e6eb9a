"""A strategy as JSON, to be edited and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from skseg._documents._errors import DocumentError
from skseg._documents._json import dump_json
from skseg.exceptions import RuleError
from skseg.rules import RuleSet
from skseg.rules._language._json import readable_text

from ._fingerprints import fingerprint
from ._strategy_table import whole_numbers

FORMAT = "skseg.strategy"
VERSION = 1
# The fields of a segment that follow from others.
DERIVED = ("description", "sql", "figures")
# The columns of the table of segments that follow from their rules; all others are
# figures about the training rows.
_OF_RULES = ["code", "name", "rule", "description"]


def write_strategy(
    owner: str,
    segments: pd.DataFrame,
    frame: pd.DataFrame,
    *,
    rules: RuleSet,
    columns: Any,
    parameters: Mapping[str, Any],
    fitted: Mapping[str, Any],
) -> str:
    """Return segments as JSON, with texts of their `frame`.

    `parameters` and `fitted` are what only some segmenters have to say: further parts
    of the file, and further facts of the fit. Raises RuleError for what JSON has no
    word for, such as an infinity.
    """
    frame = frame.set_index("code")
    texts = rule_texts(rules, "Segment")
    entries = []
    for record in records(segments.assign(n=whole_numbers(segments["n"]))):
        name = record["name"]
        entry: dict[str, Any] = {"name": name, "rule": texts.get(name)}
        texts_of_table = [c for c in ("action", "description", "sql") if c in frame]
        entry |= {column: frame.at[record["code"], column] for column in texts_of_table}
        figures = {k: v for k, v in record.items() if k not in _OF_RULES}
        entry["figures"] = {"segment": name, **figures}
        prints = {key: fingerprint(entry[key]) for key in DERIVED if key in entry}
        entries.append({**entry, "fingerprints": prints})
    actions = frame.set_index("name")["action"].to_dict() if "action" in frame else None
    fit_record = {
        "universe": None if rules.universe is None else str(rules.universe),
        "segments": {name: texts.get(name) for name in rules.names},
        "actions": actions,
        **fitted,
    }
    content = {
        "format": FORMAT,
        "version": VERSION,
        "columns": columns if isinstance(columns, int) else list(columns),
        "universe": fit_record["universe"],
        "schema": None,
        "segments": entries,
        **parameters,
        "fitted": with_fingerprint(fit_record),
    }
    try:
        return dump_json(content, indent=2)
    except DocumentError as error:
        raise RuleError(
            f"The strategy cannot be written as JSON: {error.problem}.",
            owner=f"{owner}.to_json",
        ) from None


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON."""
    return [
        {str(key): plain(value) for key, value in record.items()}
        for record in table.to_dict("records")
    ]


def plain(value: Any) -> Any:
    """Return a figure as JSON: null where it is not known."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is pd.NA or value != value else value


def with_fingerprint(fitted: dict[str, Any]) -> dict[str, Any]:
    """Return the part "fitted" of a strategy with its fingerprint."""
    return {**fitted, "fingerprint": fingerprint(fitted)}


def rule_texts(rules: RuleSet, noun: str = "The rule") -> dict[str, str]:
    """Return name -> text of the rules, or raise where a text cannot be read back."""
    return {
        name: readable_text(rule, f"{noun} {name!r}")
        for name, rule in rules.rules.items()
    }
