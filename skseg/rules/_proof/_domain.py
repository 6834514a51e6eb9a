"""The values that a column may hold: the schema that a proof relies on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

from skseg.exceptions import RuleError, did_you_mean, representation, reworded
from skseg.rules._cells import (
    Axis,
    NumberAxis,
    OrderedAxis,
    PresenceAxis,
)
from skseg.rules._language._conditions import (
    Kind,
    Leaf,
    comparison,
    membership,
    value_kind,
)
from skseg.rules._language._dates import Date
from skseg.rules._language._english import Wording
from skseg.rules._language._thresholds import check_name

from ._domain_checks import OWNER, check_bound, check_flag, check_values, domain_error
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
    low, high : float or date, default=-inf and inf
        Smallest and largest value, both included: numbers, or a ``datetime.date``, a
        ``datetime.datetime`` or ``numpy.datetime64`` for a column of dates.
    values : list of str, of float, of bool or of dates, default=None
        The closed list of different values, other than missing, that the column may
        hold; ``[True, False]`` for a column of booleans, of which ``True`` is also 1.
    missing : bool, default=True
        Whether the column may be missing.

    Raises
    ------
    RuleError
        If `integer` or `missing` is anything but True or False, a bound is neither a
        number that float64 holds nor a date, the bounds are crossed, or `values` is not
        a list of different values of one kind, or combined with bounds.

    Notes
    -----
    Rules compare numbers as float64, so a proof is about float64, too: a column of
    whole numbers holds those of float64. Other integers beyond 2**53, such as 64-bit
    ids, round to one of them before they are compared, in rules, in SQL and here.

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
    low: float | Date = -math.inf
    high: float | Date = math.inf
    values: (
        tuple[str, ...] | tuple[float, ...] | tuple[bool, ...] | tuple[Date, ...] | None
    ) = None
    missing: bool = True

    def __post_init__(self) -> None:
        for flag in ("integer", "missing"):
            object.__setattr__(self, flag, check_flag(flag, getattr(self, flag)))
        for bound in ("low", "high"):
            object.__setattr__(self, bound, check_bound(bound, getattr(self, bound)))
        if self.values is not None:
            object.__setattr__(self, "values", check_values(self.values))
        if self._is_dated:
            self._check_dates()
        low, high = self._bounds
        if low > high:
            shown = [str(bound) for bound in (self.low, self.high)]
            raise RuleError(
                f"A Domain needs low <= high. Got {', '.join(shown)}.",
                owner=OWNER,
                name="low",
                rule=f"at most high, which is {shown[1]}",
                value=self.low,
            )
        if self.values is not None and self._is_bounded:
            raise RuleError(
                "A Domain takes either values or integer / low / high, not both.",
                owner=OWNER,
                name="values",
                rule="alone, without integer, low and high",
                value=list(self.values),
            )

    def _check_dates(self) -> None:
        """Raise if one bound is a date and something else is about numbers."""
        for name, unbounded in (("low", -math.inf), ("high", math.inf)):
            bound = getattr(self, name)
            if not isinstance(bound, Date) and bound != unbounded:
                raise domain_error(name, "a date, as the other bound is", bound)
        if self.integer:
            raise domain_error("integer", "False where a bound is a date", self.integer)

    @property
    def _is_dated(self) -> bool:
        return isinstance(self.low, Date) or isinstance(self.high, Date)

    @property
    def _bounds(self) -> tuple[float, float]:
        """Both bounds as numbers, those of dates in microseconds."""
        low, high = (
            bound.microseconds if isinstance(bound, Date) else bound
            for bound in (self.low, self.high)
        )
        return low, high

    @property
    def _is_bounded(self) -> bool:
        low, high = self._bounds
        return self.integer or low > -math.inf or high < math.inf

    @property
    def kind(self) -> Kind | None:
        """Which kind of values the column holds, None if it may be any."""
        if self.values is not None:
            return value_kind(self.values[0])
        if self._is_dated:
            return "date"
        return "number" if self._is_bounded else None

    @property
    def number_bounds(self) -> tuple[float, float]:
        """The bounds of a column of numbers; those of dates bound no numbers."""
        return (-math.inf, math.inf) if self._is_dated else self._bounds

    @property
    def possible_numbers(self) -> PossibleNumbers:
        """The numbers that the column may hold."""
        values = self.values
        numbers = None if values is None else [v for v in values if type(v) is float]
        low, high = self.number_bounds
        return PossibleNumbers(low, high, are_whole=self.integer, values=numbers)


# Of a column that the schema leaves out.
ANY_VALUE = Domain()


def domain_of_kind(domain: Domain, kind: Kind | None) -> Domain:
    """Return the domain of a column that rules compare with values of a kind.

    Booleans are also the numbers 1 and 0.
    """
    if kind == "number" and domain.kind == "boolean":
        numbers = tuple(float(value is True) for value in domain.values or ())
        return replace(domain, values=numbers)
    if kind == "boolean" and domain.kind == "number":
        low, high = domain.number_bounds
        values = tuple(
            boolean
            for boolean in (True, False)
            if low <= boolean <= high
            and (domain.values is None or boolean in domain.values)
        )
        return Domain(values=values, missing=domain.missing) if values else domain
    return domain


def border_leaves(domain: Domain, name: str) -> list[Leaf]:
    """Return the conditions that split the column `name` at the domain's borders."""
    if domain.values is not None:
        return [membership(name, domain.values)]
    borders = [comparison(name, ">=", domain.low), comparison(name, "<=", domain.high)]
    # Dates have no infinity to compare with.
    is_date = domain.kind == "date"
    return [b for b in borders if isinstance(b.threshold, Date) or not is_date]


def allowed_cells(domain: Domain, axis: Axis) -> int:
    """Return the cells of `axis` that hold a possible value."""
    present = axis.full & ~axis.missing
    if domain.kind is not None and not isinstance(axis, PresenceAxis):
        for leaf in border_leaves(domain, axis.name):
            present &= axis.mask(leaf)
    if domain.integer and isinstance(axis, NumberAxis):
        present &= _cells_of_whole_numbers(domain, axis)
    return present | axis.missing if domain.missing else present


def _cells_of_whole_numbers(domain: Domain, axis: NumberAxis) -> int:
    ranks = _ranks_by_cell(domain.possible_numbers, axis)
    return sum(1 << cell for cell, (first, stop) in enumerate(ranks) if first < stop)


def _ranks_by_cell(
    possible: PossibleNumbers, axis: NumberAxis
) -> Iterator[tuple[int, int]]:
    """Return the first rank of each cell, and that after its last."""
    edges = map(possible.rank_from, axis.edges.tolist())
    return pairwise([possible.start, *edges, possible.stop])


def domain_in_cells(domain: Domain, axis: NumberAxis, mask: int) -> Domain:
    """Return the domain of a column of numbers among rows whose values lie in cells.

    It reaches from the smallest to the largest of these values, and it lists them where
    no cell has more than one. It is `domain` itself if there are none.
    """
    possible = domain.possible_numbers
    ranks = [
        (first, stop)
        for cell, (first, stop) in enumerate(_ranks_by_cell(possible, axis))
        if mask >> cell & 1 and first < stop
    ]
    if not ranks:
        return domain
    if domain.values is not None or all(stop == first + 1 for first, stop in ranks):
        listed = [possible.at(rank) for cell in ranks for rank in range(*cell)]
        return Domain(values=tuple(listed), missing=domain.missing)
    low, high = possible.at(ranks[0][0]), possible.at(ranks[-1][1] - 1)
    return replace(domain, low=low, high=high)


def cell_bounds(axis: OrderedAxis, cell: int) -> tuple[float, float]:
    """Return (low, high) of a cell ``[low, high)``; the last one includes infinity.

    Bounds of dates are int microseconds.
    """
    low = axis.edges[cell - 1].item() if cell else -math.inf
    high = axis.edges[cell].item() if cell < len(axis.edges) else math.inf
    return low, high


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
            "A schema must be a mapping of columns. Got "
            f"{representation(schema)} instead.",
            name="schema",
            rule="a mapping of columns",
            value=schema,
        )
    return {
        check_name(name, "A column name"): _as_domain(name, domain)
        for name, domain in (schema or {}).items()
    }


def _as_domain(column: str, domain: Any) -> Domain:
    if isinstance(domain, Mapping):
        keys = [field.name for field in fields(Domain)]
        for key in domain:
            if key not in keys:
                shown = representation(key)
                hint = did_you_mean(shown.strip("'"), keys)
                raise RuleError(
                    f"The schema of column {column!r} may say {', '.join(keys)}. "
                    f"Got {shown} instead.{hint}",
                    name="schema",
                    value=key,
                    column=column,
                )
        try:
            return Domain(**domain)
        except RuleError as error:
            error.column = column
            raise reworded(error, f"The schema of column {column!r}: {error}") from None
    if not isinstance(domain, Domain):
        raise RuleError(
            f"The schema of column {column!r} must be a Domain or a dict of its "
            f"arguments. Got {representation(domain)} instead.",
            name="schema",
            rule="a Domain or a dict of its arguments",
            value=domain,
            column=column,
        )
    return domain
