"""A profile as a JSON document, and back; nothing is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from skseg._documents._json import dump_json
from skseg._documents._shapes import TEXT as TEXT_SHAPE
from skseg._documents._shapes import (
    Fault,
    ListOf,
    OrNull,
    Record,
    Shape,
    Value,
    check,
    is_count,
)
from skseg._documents._source import read_json
from skseg._documents._versions import VERSION_KEYS, check_version
from skseg.exceptions import RuleError
from skseg.rules import RuleSet

from ._schema import FLAG, NUMBER, OPTIONAL, TABLES, TEXT, WHOLE, make_table

FORMAT, VERSION = "skseg.SegmentProfile", 1
_TITLE = "a segment profile"
_INFINITIES = {"Infinity": math.inf, "-Infinity": -math.inf}


def _is_whole(value: Any) -> bool:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return is_int and -(2**63) <= value < 2**63


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or is_number or value in _INFINITIES


_CELLS: dict[str, Shape] = {
    TEXT: TEXT_SHAPE,
    WHOLE: Value("a whole number", _is_whole),
    NUMBER: Value("a number, null, 'Infinity' or '-Infinity'", _is_number),
    FLAG: Value("true or false", lambda value: isinstance(value, bool)),
}


class _Table:
    """A table as an object of columns, all of the same length."""

    rule = "an object of columns"

    def __init__(self, name: str) -> None:
        columns = {
            key: ListOf("a list", _CELLS[kind]) for key, kind in TABLES[name].items()
        }
        optional = {
            key: ListOf("a list", _CELLS[kind])
            for key, kind in OPTIONAL.get(name, {}).items()
        }
        self.record = Record(columns, optional, self.rule)

    def faults(self, value: Any) -> Iterator[Fault]:
        """Yield what is wrong with the columns, then columns of another length."""
        faults = list(self.record.faults(value))
        yield from faults
        if not faults:
            first = len(next(iter(value.values())))
            for key, cells in value.items():
                if len(cells) != first:
                    rule = f"a list of {first} values, as the others of the table"
                    yield Fault((key,), len(cells), rule)


_SHAPE = Record(
    {
        **VERSION_KEYS,
        "rows": Value("'training' or 'fresh'", lambda v: v in ("training", "fresh")),
        "min_count": Value("a whole number above 0", is_count),
        "value": OrNull(TEXT_SHAPE),
        "outcome": OrNull(TEXT_SHAPE),
        "rules": OrNull(TEXT_SHAPE),
        "tables": Record({name.rstrip("_"): _Table(name) for name in TABLES}),
    }
)


def to_document(profile: Any) -> str:
    """Return a profile as JSON."""
    tables = {
        name.rstrip("_"): {
            key: [_cell(value) for value in column.tolist()]
            for key, column in getattr(profile, name).items()
        }
        for name in TABLES
    }
    rules = profile.rules
    return dump_json(
        {
            "format": FORMAT,
            "version": VERSION,
            "rows": profile.rows,
            "min_count": profile.min_count,
            "value": profile.value,
            "outcome": profile.outcome,
            "rules": None if rules is None else rules.to_json(indent=None),
            "tables": tables,
        }
    )


def _cell(value: Any) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    if math.isnan(value):
        return None
    return "Infinity" if value > 0 else "-Infinity"


def read_document(source: Any, owner: str) -> dict[str, Any]:
    """Return the fields of the profile in a JSON document, or raise RuleError."""
    content = read_json(source, owner, _TITLE)
    check_version(content, FORMAT, VERSION, title=_TITLE, owner=owner)
    check(content, _SHAPE, title=_TITLE, owner=owner)
    tables = {
        name: _read_table(name, content["tables"][name.rstrip("_")]) for name in TABLES
    }
    _check_references(tables, owner)
    text = content["rules"]
    return {
        **tables,
        **{key: content[key] for key in ("rows", "min_count", "value", "outcome")},
        "rules": None if text is None else RuleSet.from_json(text),
    }


def _read_table(name: str, columns: dict[str, list[Any]]) -> pd.DataFrame:
    kinds = {**TABLES[name], **OPTIONAL.get(name, {})}
    return make_table(
        name,
        {
            key: [_number(v) for v in cells] if kinds[key] == NUMBER else cells
            for key, cells in columns.items()
        },
    )


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    return _INFINITIES[value] if isinstance(value, str) else float(value)


def _check_references(tables: dict[str, pd.DataFrame], owner: str) -> None:
    """Raise if a table is about a segment or a feature that there is not."""
    codes = set(tables["segments_"]["code"])
    features = set(tables["features_"]["feature"])
    for name, table in tables.items():
        for key, known in (("code", codes), ("feature", features)):
            for row, value in enumerate(table.get(key, ())):
                if value not in known:
                    place = f"tables.{name.rstrip('_')}.{key}[{row}]"
                    rule = f"one of the {key}s of the profile"
                    raise RuleError(
                        f"Not {_TITLE}: {place} must be {rule}. Got {value!r} instead.",
                        owner=owner,
                        name=place,
                        rule=rule,
                        value=value,
                    )
