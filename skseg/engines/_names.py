"""Names of tables, and of the packages of objects."""

from __future__ import annotations

import re
from typing import Any

from skseg.exceptions import InvalidParameterError

# A part of a name: in double quotes or backticks, in which the mark stands doubled, or
# without and with neither dot nor mark.
PART = re.compile(r'"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|([^."`]+)')


def name_parts(owner: str, parameter: str, name: Any) -> tuple[str, ...]:
    """Return the parts of the name of a table, without their quotes."""
    parts: list[str] = []
    position = 0
    while isinstance(name, str) and (match := PART.match(name, position)):
        double, back, plain = match.groups()
        if double is not None:
            parts.append(double.replace('""', '"'))
        else:
            parts.append(plain if back is None else back.replace("``", "`"))
        position = match.end()
        if position == len(name):
            return tuple(parts)
        if name[position] != ".":
            break
        position += 1
    raise InvalidParameterError(
        owner,
        parameter,
        "the name of a table, such as 'customers', 'sales.customers' or, where a part "
        "has a dot, '\"sales.2024\".customers'",
        name,
    )


def package(kind: type) -> str:
    """Return the name of the package that a class is of."""
    return kind.__module__.partition(".")[0]
