"""The values that a column may hold: the schema that a proof relies on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

from skseg.exceptions import RuleError, did_you_mean
from skseg.rules._cells import (
    Axis,
    NumberAxis,
    OrderedAxis,
    PresenceAxis,
)
from skseg.rules._language._booleans import Boolean
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Kind,
    Leaf,
    Rule,
    comparison,
    membership,
    value_kind,
)
from skseg.rules._language._english import Wording
from skseg.rules._language._thresholds import check_number

from ._possible_numbers import PossibleNumbers


@dataclass(frozen=True)
class Domain:
    """The values that a column may hold, as known apart from the rules.

    A proof holds for every possible row. Where a column cannot be missing, holds whole
    numbers, or takes values from a closed list, saying so lets the proof leave
    the impossible rows out.

    Parameters
    ----------
    integer : bool, default=False
        The column holds whole numbers only, infinities excluded.
    low, high : float, default=-inf and inf
        Smallest and largest value, both included.
    values : tuple of str, of float or of bool, default=None
        The closed list of values, other than missing, that the column may hold;
        ``[True, False]`` for a column of booleans, of which ``True`` is also 1.
    missing : bool, default=True
        Whether the column may be missing.

    Raises
    ------
    RuleError
        If a bound is not a number, the bounds are crossed, or `values` is not a list or
        combined with bounds.

    Examples
    --------
    >>> from skseg.rules import Domain, RuleSet
    >>> rules = RuleSet({"Recent": "R >= 4", "Lapsed": "R in [1, 2, 3]"})
    >>> rules.verify().is_mece
    False
    >>> rules.verify({"R": Domain(integer=True, low=1, high=5, missing=False)}).is_mece
    True
    """

    integer: bool = False
    low: float = -math.inf
    high: float = math.inf
    values: tuple[str, ...] | tuple[float, ...] | tuple[bool, ...] | None = None
    missing: bool = True

    def __post_init__(self) -> None:
        for bound in ("low", "high"):
            try:
                number = check_number(getattr(self, bound))
            except RuleError as error:
                error.owner, error.name = "Domain", bound
                raise
            object.__setattr__(self, bound, number)
        if self.low > self.high:
            raise RuleError(
                f"A Domain needs low <= high. Got {self.low}, {self.high}.",
                owner="Domain",
                name="low",
                rule=f"at most high, which is {self.high}",
                value=self.low,
            )
        if self.values is not None and self._is_bounded:
            raise RuleError(
                "A Domain takes either values or integer / low / high, not both.",
                owner="Domain",
                name="values",
                rule="alone, without integer, low and high",
                value=self.values,
            )
        if self.values is not None:
            if isinstance(self.values, str) or not isinstance(self.values, Iterable):
                raise RuleError(
                    f"The values of a Domain must be a list. Got {self.values!r}.",
                    owner="Domain",
                    name="values",
                    rule="a list",
                    value=self.values,
                )
            # They become what they are in rules: numbers are float64.
            values = membership("values", self.values).values
            plain = (v.value if isinstance(v, Boolean) else v for v in values)
            object.__setattr__(self, "values", tuple(plain))

    @property
    def _is_bounded(self) -> bool:
        return self.integer or self.low > -math.inf or self.high < math.inf

    @property
    def kind(self) -> Kind | None:
        """Which kind of values the column holds, None if it may be any."""
        if self.values is not None:
            return value_kind(self.values[0])
        return "number" if self._is_bounded else None


def domain_of_kind(domain: Domain, kind: Kind | None) -> Domain:
    """Return the domain of a column that rules compare with values of a kind.

    Booleans are also the numbers 1 and 0.
    """
    if kind == "number" and domain.kind == "boolean":
        booleans = domain.values or ()
        return replace(domain, values=tuple(map(float, booleans)))
    if kind == "boolean" and domain.kind == "number":
        values = tuple(
            boolean
            for boolean in (True, False)
            if domain.low <= boolean <= domain.high
            and (domain.values is None or boolean in domain.values)
        )
        return Domain(values=values, missing=domain.missing) if values else domain
    return domain


def border_leaves(domain: Domain, name: str) -> list[Leaf]:
    """Return the conditions that split the column `name` at the domain's borders."""
    if domain.values is not None:
        return [membership(name, domain.values)]
    return [comparison(name, ">=", domain.low), comparison(name, "<=", domain.high)]


def allowed_cells(domain: Domain, axis: Axis) -> int:
    """Return the cells of `axis` that hold a possible value."""
    mask = axis.full
    if isinstance(axis, NumberAxis):
        mask = _allowed_numbers(domain, axis)
    elif domain.values is not None and not isinstance(axis, PresenceAxis):
        mask = axis.mask(membership(axis.name, domain.values)) | axis.missing
    return mask if domain.missing else mask & ~axis.missing


def _allowed_numbers(domain: Domain, axis: NumberAxis) -> int:
    mask = axis.full & ~axis.missing
    for leaf in border_leaves(domain, axis.name):
        mask &= axis.mask(leaf)
    if domain.integer:
        whole = PossibleNumbers(domain)
        starts = [whole.start, *map(whole.rank_from, axis.edges.tolist()), whole.stop]
        for cell, (first, stop) in enumerate(pairwise(starts)):
            if first == stop:
                mask &= ~(1 << cell)
    return mask | axis.missing


def domain_within(domain: Domain, universe: Rule, name: str) -> Domain:
    """Return the domain of a column of numbers among the rows that satisfy `universe`.

    It is a superset: only comparisons that all these rows satisfy narrow it.
    """
    parts = universe.parts if isinstance(universe, And) else (universe,)
    low, high = domain.low, domain.high
    for part in parts:
        if not isinstance(part, Comparison) or part.column != name:
            continue
        number = part.threshold
        if not isinstance(number, float):
            continue
        if part.operator in (">", ">=", "=="):
            above = part.operator == ">"
            low = max(low, math.nextafter(number, math.inf) if above else number)
        if part.operator in ("<", "<=", "=="):
            below = part.operator == "<"
            high = min(high, math.nextafter(number, -math.inf) if below else number)
    if low > high:
        # The universe is empty.
        return domain
    if domain.values is None:
        return replace(domain, low=low, high=high)
    inside = tuple(
        v for v in domain.values if isinstance(v, float) and low <= v <= high
    )
    return replace(domain, values=inside) if inside else domain


def cell_bounds(axis: OrderedAxis, cell: int) -> tuple[float, float]:
    """Return (low, high) of a cell ``[low, high)``; the last one includes infinity.

    Bounds of dates are int microseconds.
    """
    low = axis.edges[cell - 1].item() if cell else -math.inf
    high = axis.edges[cell].item() if cell < len(axis.edges) else math.inf
    return low, high


def possible_ranks(
    axis: NumberAxis, cell: int, possible: PossibleNumbers
) -> tuple[int, int]:
    """Return the first rank of a cell's possible numbers, and that after the last."""
    edges = axis.edges
    first = possible.rank_from(edges[cell - 1].item()) if cell else possible.start
    is_last = cell == len(edges)
    return first, possible.stop if is_last else possible.rank_from(edges[cell].item())


def wording(schema: Mapping[str, Any] | None) -> Wording:
    """Return how rules read whose columns hold what the schema says."""
    domains = as_schema(schema)
    return Wording(
        integers={name for name, d in domains.items() if _holds_integers(d)},
        present={name for name, d in domains.items() if not d.missing},
    )


def _holds_integers(domain: Domain) -> bool:
    values = domain.values or ()
    are_whole = [isinstance(v, float) and v.is_integer() for v in values]
    return domain.integer or (bool(are_whole) and all(are_whole))


def as_schema(schema: Mapping[str, Any] | None) -> dict[str, Domain]:
    """Return `schema` as Domains; a plain dict holds the arguments of one."""
    if schema is not None and not isinstance(schema, Mapping):
        raise RuleError(
            f"A schema must be a mapping of columns. Got {schema!r} instead.",
            name="schema",
            rule="a mapping of columns",
            value=schema,
        )
    return {name: _as_domain(name, domain) for name, domain in (schema or {}).items()}


def _as_domain(column: str, domain: Any) -> Domain:
    if isinstance(domain, Mapping):
        keys = [field.name for field in fields(Domain)]
        for key in domain:
            if key not in keys:
                raise RuleError(
                    f"The schema of column {column!r} may say {', '.join(keys)}. "
                    f"Got {key!r} instead.{did_you_mean(str(key), keys)}",
                    name="schema",
                    value=key,
                    column=column,
                )
        return Domain(**domain)
    if not isinstance(domain, Domain):
        raise RuleError(
            f"The schema of column {column!r} must be a Domain or a dict of its "
            f"arguments. Got {domain!r} instead.",
            name="schema",
            rule="a Domain or a dict of its arguments",
            value=domain,
            column=column,
        )
    return domain
