"""Customers as the index of a Series, in whatever type, side by side."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import permutations
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._vector import read_vector
from skseg.exceptions import InvalidDataError
from skseg.rules import is_missing_value

NUMBER, TEXT, FLAG = "number", "text", "flag"
DATE, TIME, ZONED = "date", "time", "time with a time zone"
# Whole numbers beyond it are not all different as floats.
_LARGEST_EXACT = 2.0**53


def comparable_customers(
    owner: str, names: Sequence[str], indexes: Sequence[pd.Index[Any]]
) -> list[pd.Index[Any]]:
    """Return indexes in which the same customer is the same value; or raise.

    Numbers of all types are compared by value, and categories as what they are of.
    Raises if two indexes hold different kinds, such as 17850 and "17850", as then no
    customer would be in both; if a customer is listed twice, or missing.
    """
    indexes = [_with_levels(index) for index in indexes]
    indexes = [indexes[0], *(_in_order_of(indexes[0], i) for i in indexes[1:])]
    levels = [
        [_comparable(owner, name, level) for level in _levels(index)]
        for name, index in zip(names, indexes, strict=True)
    ]
    _check_kinds(owner, names, indexes, levels)
    indexes = [
        parts[0]
        if len(parts) == 1
        else pd.MultiIndex.from_arrays(parts, names=index.names)
        for parts, index in zip(levels, indexes, strict=True)
    ]
    for name, index in zip(names, indexes, strict=True):
        _check_customers(owner, name, index)
    return indexes


def _with_levels(index: pd.Index[Any]) -> pd.Index[Any]:
    """Return an index of tuples with a level for each place in them."""
    is_flat = index.nlevels == 1 and index.dtype == object and len(index) > 0
    if is_flat and all(isinstance(customer, tuple) for customer in index):
        return pd.MultiIndex.from_tuples(index.tolist())
    return index


def _in_order_of(first: pd.Index[Any], second: pd.Index[Any]) -> pd.Index[Any]:
    """Return an index with its levels in the order in which `first` names them."""
    names = list(first.names)
    is_other_order = list(second.names) != names and None not in names
    if is_other_order and len(names) > 1 and {*second.names} == {*names}:
        assert isinstance(second, pd.MultiIndex)
        return second.reorder_levels(names)
    return second


def _levels(index: pd.Index[Any]) -> list[pd.Index[Any]]:
    return [index.get_level_values(i) for i in range(index.nlevels)]


def _comparable(owner: str, name: str, level: pd.Index[Any]) -> pd.Index[Any]:
    """Return customers as int64, times or objects: whole floats as whole numbers."""
    if isinstance(level, pd.CategoricalIndex) and not level.hasnans:
        level = level.astype(level.categories.dtype)
    kind = getattr(level.dtype, "kind", "O")
    if not level.hasnans and kind in "iuf":
        if kind == "f":
            _check_exact(owner, name, level.to_numpy(np.float64))
        values = level.to_numpy(np.float64 if kind == "f" else level.dtype.kind + "8")
        with np.errstate(invalid="ignore"):
            whole = values.astype(np.int64)
        if (whole == values).all():
            return pd.Index(whole)
    if isinstance(level, pd.DatetimeIndex):
        return level
    objects = level.astype(object)
    if _single_kind(objects) == TEXT:
        return objects
    title = f"The index of {name!r}"
    values = read_vector(owner, name, level.array, title=title).labels().astype(object)
    for row, value in enumerate(values):
        if isinstance(value, float | Decimal) and math.isfinite(value):
            values[row] = int(value) if value == int(value) else float(value)
    _check_exact(owner, name, objects)
    comparable: pd.Index[Any] = pd.Index(values, dtype=object)
    return comparable


def _check_exact(owner: str, name: str, values: Iterable[Any]) -> None:
    """Raise for a float that is so large that it stands for several whole numbers."""
    if (
        isinstance(values, np.ndarray)
        and np.abs(values).max(initial=0.0) <= _LARGEST_EXACT
    ):
        return
    for row, value in enumerate(values):
        if isinstance(value, float) and _LARGEST_EXACT < abs(value) < math.inf:
            rule = "customers, each of them known exactly"
            raise InvalidDataError(
                f"The index of {name!r} of {owner} must be {rule}. Got the float "
                f"{float(value)!r}, which stands for several whole numbers.",
                owner=owner,
                name=name,
                rule=rule,
                value=float(value),
                row=row,
                advice="Read the customers as whole numbers, or as text.",
            )


def _single_kind(level: pd.Index[Any]) -> str | None:
    """Return the kind of all customers, None if each has to be looked at."""
    if level.dtype.kind == "i":
        return NUMBER
    if isinstance(level, pd.DatetimeIndex):
        return TIME if level.tz is None else ZONED
    return TEXT if pd.api.types.infer_dtype(level, skipna=False) == "string" else None


def _kind(customer: Any) -> str:
    if isinstance(customer, bool):
        return FLAG
    if isinstance(customer, str):
        return TEXT
    if isinstance(customer, Real | Decimal) and not isinstance(customer, np.bool_):
        return NUMBER
    if isinstance(customer, dt.datetime):
        return TIME if customer.tzinfo is None else ZONED
    return DATE if isinstance(customer, dt.date) else type(customer).__name__


def _check_kinds(
    owner: str,
    names: Sequence[str],
    indexes: Sequence[pd.Index[Any]],
    levels: Sequence[Sequence[pd.Index[Any]]],
) -> None:
    """Raise if customers in one index and in another are of different kinds."""
    first = indexes[0]
    for name, index, parts in zip(names[1:], indexes[1:], levels[1:], strict=True):
        if index.nlevels != first.nlevels and len(index) and len(first):
            raise _kinds_error(
                owner, (names[0], name), (first[0], index[0]), _ADVICE_ON_LEVELS
            )
        for number, pair in enumerate(zip(levels[0], parts, strict=False)):
            clash = _clash(*pair)
            if clash is not None:
                level = None if index.nlevels == 1 else number
                originals = (_levels(first)[number], _levels(index)[number])
                order = _order_of_levels(levels[0], parts)
                if order is None:
                    advice = _advice((names[0], name), originals, clash, level)
                else:
                    advice = (
                        "Put the levels in the same order: "
                        f"{name}.index = {name}.index.reorder_levels({order})."
                    )
                raise _kinds_error(owner, (names[0], name), clash, advice)


def _order_of_levels(
    first: Sequence[pd.Index[Any]], second: Sequence[pd.Index[Any]]
) -> list[int] | None:
    """Return the only order of the levels in which no kinds clash, None if none is."""
    orders = [
        list(order)
        for order in permutations(range(len(second)))
        if not any(_clash(a, second[b]) for a, b in zip(first, order, strict=True))
    ]
    return orders[0] if len(orders) == 1 else None


def _clash(first: pd.Index[Any], second: pd.Index[Any]) -> tuple[Any, Any] | None:
    """Return a customer of each whose kinds differ though they should not, or None.

    Both may have several kinds. They clash if they have none in common, or if a
    customer is known by a number here and by the same number as text there.
    """
    single = _single_kind(first)
    if single is not None and single == _single_kind(second):
        return None
    by_kind = [_customers_by_kind(level) for level in (first, second)]
    if all(by_kind) and not by_kind[0].keys() & by_kind[1].keys():
        examples = [
            next(iter(next(iter(kinds.values())).values())) for kinds in by_kind
        ]
        return examples[0], examples[1]
    for kind, customers in by_kind[0].items():
        for other_kind, other_customers in by_kind[1].items():
            if kind != other_kind:
                for text in customers.keys() & other_customers.keys():
                    return customers[text], other_customers[text]
    return None


def _customers_by_kind(level: pd.Index[Any]) -> dict[str, dict[str, Any]]:
    """Return the known customers of every kind, by what they are as text."""
    by_kind: dict[str, dict[str, Any]] = {}
    for customer in level.tolist():
        if not is_missing_value(customer):
            is_flag = isinstance(customer, bool)
            text = str(int(customer)) if is_flag else str(customer)
            by_kind.setdefault(_kind(customer), {})[text] = customer
    return by_kind


_ADVICE_ON_LEVELS = "Give both an index of the same levels."


def _advice(
    names: tuple[str, str],
    levels: tuple[pd.Index[Any], pd.Index[Any]],
    clash: tuple[Any, Any],
    level: int | None,
) -> str:
    """Return how to make both of one kind."""
    kinds: Sequence[str] = tuple(map(_kind, clash))
    if {*kinds} == {TIME, ZONED}:
        changes = [(ZONED, "{0}.tz_localize(None)")]
    elif {*kinds} in ({TIME, DATE}, {ZONED, DATE}):
        changes = [(DATE, "pd.to_datetime({0})")]
    elif {*kinds} == {FLAG, NUMBER}:
        changes = [(FLAG, "{0}.astype(int)")]
    elif {*kinds} == {TEXT, bytes.__name__}:
        changes = [(bytes.__name__, "{0}.str.decode('utf-8')")]
    else:
        # An index of several kinds needs the change as well.
        kinds = [
            next((k for k in map(_kind, level_values) if k != TEXT), TEXT)
            for level_values in levels
        ]
        changes = [(kind, "{0}.astype(str)") for kind in {*kinds} - {TEXT}]
    lines = []
    for name, kind, values in zip(names, kinds, levels, strict=True):
        for changed, template in changes:
            if kind != changed:
                continue
            index = (
                f"{name}.index" if level is None else f"{name}.index.levels[{level}]"
            )
            if values.dtype.kind == "f" and "str" in template:
                index += ".astype('int64')"
            change = template.format(index)
            if level is not None:
                change = f"{name}.index.set_levels({change}, level={level})"
            lines.append(f"{name}.index = {change}")
    return f"Convert them to one kind: {'; '.join(lines)}."


def _kinds_error(
    owner: str, names: tuple[str, str], clash: tuple[Any, Any], advice: str
) -> InvalidDataError:
    rule = f"customers of the same kind as that of {names[0]!r}"
    return InvalidDataError(
        f"The index of {names[1]!r} of {owner} must be {rule}. Got the "
        f"{_kind(clash[1])} {clash[1]!r}, and the {_kind(clash[0])} {clash[0]!r} in "
        f"{names[0]!r}.",
        owner=owner,
        name=names[1],
        rule=rule,
        value=clash[1],
        advice=advice,
    )


def _check_customers(owner: str, name: str, customers: pd.Index[Any]) -> None:
    """Raise if a customer is listed twice, or missing."""
    is_missing = np.any([level.isna() for level in _levels(customers)], axis=0)
    for is_wrong, what in ((customers.duplicated(), "once"), (is_missing, "known")):
        if is_wrong.any():
            raise InvalidDataError(
                f"The index of {name!r} of {owner} must be customers, each of them "
                f"{what}. Got {_plain(customers[is_wrong][0])!r}.",
                owner=owner,
                name=name,
                rule=f"customers, each of them {what}",
                value=customers[is_wrong][0],
                row=int(np.argmax(is_wrong)),
            )


def _plain(customer: Any) -> Any:
    """Return a customer as values of Python, which print as people write them."""
    if isinstance(customer, tuple):
        return tuple(map(_plain, customer))
    return customer.item() if isinstance(customer, np.generic) else customer
