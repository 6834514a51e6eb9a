"""What the type of a column tells: how the column stores its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from skseg.exceptions import RuleError
from skseg.rules._language._conditions import PLURAL, Kind

Storage = Literal[
    "float64",
    "float32",
    "integer",
    "decimal",
    "boolean",
    "text",
    "date",
    "timestamp",
    "zoned timestamp",
]
NUMBERS: frozenset[Storage] = frozenset(["float64", "float32", "integer", "decimal"])
_ZONED: frozenset[Storage] = frozenset(["zoned timestamp"])
_DATES: frozenset[Storage] = frozenset(["date", "timestamp", *_ZONED])
_BOOLEANS: frozenset[Storage] = frozenset(["boolean"])
# What cannot be compared as a kind. Text may hold numbers, dates and booleans.
_INCOMPARABLE: dict[Kind, frozenset[Storage]] = {
    "number": _DATES,
    "text": NUMBERS | _BOOLEANS | _DATES,
    "boolean": _DATES,
    "date": NUMBERS | _BOOLEANS | _ZONED,
}


def type_reader(
    names: Mapping[Storage, Iterable[str]],
) -> Callable[[str], Storage | None]:
    """Return a function that tells how a type, as the engine writes it, is stored.

    `names` has the names of types in lower case, without lengths and precisions. Of
    other types, such as lists, the function returns None.
    """
    storages = {name: storage for storage, group in names.items() for name in group}

    def storage_of(type_name: str) -> Storage | None:
        bare = re.sub(r"\(.*\)", "", type_name, flags=re.DOTALL)
        return storages.get(" ".join(bare.lower().split()))

    return storage_of


def require_comparable(
    name: str, kind: Kind | None, type_name: str, storage: Storage | None
) -> None:
    """Raise where a column of a type cannot hold what its rules compare it with."""
    if kind is None or storage is None or storage not in _INCOMPARABLE[kind]:
        return
    advice = "Convert the column in the query, or the rule."
    if kind == "date" and storage in _ZONED:
        advice = "Turn the column into local time in the query: AT TIME ZONE 'UTC'."
    raise RuleError(
        f"The rules compare {PLURAL[kind]}, and column {name!r} is of type "
        f"{type_name}.",
        owner="to_sql",
        name="types",
        rule=kind,
        value=type_name,
        column=name,
        advice=advice,
    )
