"""What the arguments of a `Domain` may be: each is checked, and nothing is guessed."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from skseg.exceptions import RuleError, representation
from skseg.rules._language._booleans import Boolean, is_boolean
from skseg.rules._language._conditions import Kind, membership
from skseg.rules._language._dates import Date, as_date, is_date_value
from skseg.rules._language._thresholds import check_number
from skseg.rules._values import is_missing_value

OWNER = "Domain"
_KINDS = "all numbers, all text, all dates or all booleans"


def domain_error(
    name: str, rule: str, value: object, *, advice: str | None = None
) -> RuleError:
    """Return the error for an argument that breaks its rule; the caller raises it."""
    return RuleError(
        f"The {name!r} of a Domain must be {rule}. Got {representation(value)} "
        "instead.",
        owner=OWNER,
        name=name,
        rule=rule,
        value=value,
        advice=advice,
    )


def check_flag(name: str, value: Any) -> bool:
    """Return a flag as a bool; what merely counts as true or false is refused."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise domain_error(name, "True or False", value)


def check_bound(name: str, value: Any) -> float | Date:
    """Return `low` or `high` as the number or date that rules compare with."""
    is_missing = is_missing_value(value)
    kind = None if is_missing else _kind(value)
    if kind not in ("number", "date"):
        advice = "Leave it out where the column has no such bound."
        raise RuleError(
            f"The {name!r} of a Domain must be a number or a date, and NaN is none. "
            f"Got {value!r} instead.",
            owner=OWNER,
            name=name,
            rule="a number",
            value=value,
            advice=advice if is_missing else None,
        )
    try:
        return as_date(value) if kind == "date" else check_number(value)
    except RuleError as error:
        raise _named(error, name) from None


def check_values(values: Any) -> tuple[Any, ...]:
    """Return a closed list of values as what they are in rules."""
    # Sets have no order, and the keys of a mapping or the bytes of a text are no list.
    no_list = isinstance(values, str | bytes | bytearray | Mapping | set | frozenset)
    if no_list or not isinstance(values, Iterable) or getattr(values, "ndim", 1) != 1:
        raise domain_error("values", "a list", values)
    listed = list(values)
    if not listed:
        raise domain_error("values", "a list of at least one value", listed)
    kinds = {None if is_missing_value(value) else _kind(value) for value in listed}
    if None in kinds or len(kinds) > 1:
        advice = "Missing values are none of them: missing=True allows for those."
        has_missing = any(map(is_missing_value, listed))
        raise domain_error(
            "values", _KINDS, listed, advice=advice if has_missing else None
        )
    try:
        distinct = membership("values", listed).values
    except RuleError as error:
        raise _named(error, "values") from None
    if len(distinct) < len(listed):
        raise domain_error("values", "a list of different values", listed)
    return tuple(v.value if isinstance(v, Boolean) else v for v in distinct)


def _kind(value: Any) -> Kind | None:
    """Return what kind of value of a rule something is, None if it is none."""
    if isinstance(value, str):
        return "text"
    # True is a real number to Python, and numpy's durations are integers.
    if is_boolean(value):
        return "boolean"
    if is_date_value(value):
        return "date"
    is_number = isinstance(value, numbers.Real) and not isinstance(
        value, np.timedelta64
    )
    return "number" if is_number else None


def _named(error: RuleError, name: str) -> RuleError:
    """Return an error of the rule language as one about an argument of a domain."""
    return RuleError(
        f"The {name!r} of a Domain: {error.message}",
        owner=OWNER,
        name=name,
        rule=error.rule,
        value=error.value,
        advice=error.advice,
    )
