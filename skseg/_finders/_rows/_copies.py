"""Copies among rows: those that chance does not explain count as one customer.

Rows that are equal are not copies as such: where columns have few values, many
customers agree in all of them. They then differ in the outcome and in the group as
often as any two customers do, and their numbers are whatever chance brings. Copies give
themselves away in one of two ways:

- *numbers*: the rows of one outcome and group are there twice each, or six times each,
  or any multiple of it;
- *agreement*: rows that are equal in all columns agree in outcome and group too, and
  rows that are equal in all columns but one are equal in that one, far more often than
  others.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np

from skseg._core._caller import caller_level
from skseg._core._hashes import Hashes, splitmix64
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import Columns

from ._compared_rows import ComparedRows
from ._row_hashes import column_hashes, value_hashes

# Chance brings such a pattern in fewer than one data set of a million.
_MAX_P = 1e-6
# Of fewer rows nothing is decided, and weights are as good as copies.
_MIN_ROWS = 100
# Of the disagreement among any two rows, copies with a few errors have this much.
_MAX_DISAGREEMENT = 0.25
# Rows that are equal in all other columns are equal in a column that often, or that
# many times as often as any two rows.
_MIN_EQUAL, _MIN_EXCESS = 0.5, 3.0
# A single column with so many values a row has hardly any equal ones by nature.
_MIN_DISTINCT = 0.1
# A row that is there so many times as often as the median copy is one that many
# customers share, such as that of customers without any purchase.
_HEAP = 10


def without_copies(owner: str, columns: Columns, rows: ComparedRows) -> FloatArray:
    """Return the weights of the rows, with 0 for copies, and warn if there are any."""
    counted = np.flatnonzero(rows.weight)
    weight = rows.weight.copy()
    some = rows.take(counted)
    is_kept = kept_rows(columns.take(counted), some.y, some.in_a)
    if is_kept.all():
        return weight
    weight[counted[~is_kept]] = 0.0
    n_copies = int(np.count_nonzero(~is_kept))
    warnings.warn(
        f"{n_copies:,} of {len(counted):,} rows are copies of other rows, equal in all "
        "columns, outcome and group, and more often than chance explains. Each is "
        "counted as one customer, together with the row that it copies. If customers "
        f"have several rows, pass their ids to fit of {owner}, cluster=ids. If copies "
        "are meant to count, pass sample_weight, a one for every row.",
        UserWarning,
        stacklevel=caller_level(),
    )
    return weight


def with_repeats(owner: str, columns: Columns, rows: ComparedRows) -> ComparedRows:
    """Return rows whose customers are known if they look like several rows of some.

    Those are equal in all columns and in the group, but not in the outcome. Errors
    allow for them, and a warning asks for the ids.
    """
    counted = np.flatnonzero(rows.weight)
    if rows.in_a is None:
        return rows
    ids = ids_of_repeats(columns.take(counted), rows.in_a[counted])
    if ids is None:
        return rows
    n = np.bincount(ids)
    warnings.warn(
        f"{int(n[n > 1].sum()):,} of {len(counted):,} rows agree with others in all "
        "columns and in the group, more often than chance explains: they look like "
        f"several rows of {np.count_nonzero(n > 1):,} customers, and errors allow for "
        f"that. Pass the ids of customers to fit of {owner}, cluster=ids: those whose "
        "rows differ are not noticed. If each row is a customer, pass sample_weight, a "
        "one for every row.",
        UserWarning,
        stacklevel=caller_level(),
    )
    cluster = len(n) + np.arange(len(rows.y))
    cluster[counted] = ids
    return replace(rows, cluster=cluster)


def ids_of_repeats(columns: Columns, in_a: BoolArray) -> IntArray | None:
    """Return a number for each row, equal for what looks like rows of a customer."""
    if len(in_a) < _MIN_ROWS:
        return None
    values = _Values.of(columns, np.zeros(len(in_a)), in_a)
    if not values.have_copies():
        return None
    return np.unique(values.whole, return_inverse=True)[1]


def ids_of_copies(
    columns: Columns, y: FloatArray, in_a: BoolArray | None
) -> IntArray | None:
    """Return a number for each row, equal for copies; None if there are none."""
    if kept_rows(columns, y, in_a).all():
        return None
    hashes = _Values.of(columns, y, in_a).whole
    return np.unique(hashes, return_inverse=True)[1]


def kept_rows(
    columns: Columns, y: FloatArray, in_a: BoolArray | None = None
) -> BoolArray:
    """Return which rows are kept if copies of them are not."""
    if len(y) < _MIN_ROWS:
        return np.ones(len(y), dtype=bool)
    values = _Values.of(columns, y, in_a)
    n_kept = _n_of_equal_numbers(values, y != 0, in_a)
    is_kept = _is_among_first(values.whole, n_kept)
    some = np.flatnonzero(is_kept)
    values = values.take(some)
    if values.have_copies():
        n_kept = _n_of_agreeing(values.whole, y[some] != 0)
        is_kept[some] = _is_among_first(values.whole, n_kept)
    return is_kept


def _n_of_equal_numbers(
    values: _Values, is_positive: BoolArray, in_a: BoolArray | None
) -> IntArray:
    """Return for each row how many of its equals are kept, by common divisors.

    If the number of equal rows is a multiple of k for all rows, for those with or
    without a positive outcome, or for those of one group among them, each was there k
    times. In a design all places have k rows too, and if outcomes are rare, hardly any
    has two kinds of rows: equal numbers of whole places count only if no design has
    such places.
    """
    _, first, index, n = np.unique(
        values.whole, return_index=True, return_inverse=True, return_counts=True
    )
    n_kept = n.copy()
    for of_kind in _kinds(is_positive[first], None if in_a is None else in_a[first]):
        divisor = int(np.gcd.reduce(n_kept[of_kind])) if of_kind.any() else 1
        if divisor == 1:
            continue
        counts = n_kept[of_kind]
        if (counts == counts[0]).all() and not values.are_columns_implied():
            place = values.place + values.labels[-1]
            of_place = np.unique(place, return_inverse=True, return_counts=True)[1:]
            n_place = of_place[1][of_place[0]][first]
            counts = counts[counts < n_place[of_kind]]
        # By chance one number in k is a multiple of k.
        if len(counts) * math.log(divisor) > -math.log(_MAX_P):
            n_kept[of_kind] //= divisor
    return np.asarray(n_kept[index])


def _kinds(is_positive: BoolArray, in_a: BoolArray | None) -> list[BoolArray]:
    """Return which rows are of which kind, the widest kinds first."""
    outcomes = [is_positive, ~is_positive]
    groups = [] if in_a is None else [in_a, ~in_a]
    both = [outcome & group for outcome in outcomes for group in groups]
    return [np.ones(len(is_positive), dtype=bool), *outcomes, *groups, *both]


def _n_of_agreeing(whole: Hashes, is_positive: BoolArray) -> IntArray:
    """Return for each row how many of its equals are kept where copies are irregular.

    One of each, except for heaps: of these as many as if they were copied as often as
    other rows with or without a positive outcome.
    """
    _, first, index, n = np.unique(
        whole, return_index=True, return_inverse=True, return_counts=True
    )
    is_heap = n > _HEAP * np.median(n[n > 1])
    kept = np.ones(len(n), dtype=np.intp)
    for kind in (False, True):
        of_kind = is_positive[first] == kind
        others = n[of_kind & ~is_heap]
        mean = others.mean() if len(others) else 1.0
        heaps = of_kind & is_heap
        kept[heaps] = np.ceil(n[heaps] / mean)
    return kept[index]


def _is_among_first(whole: Hashes, n_kept: IntArray) -> BoolArray:
    """Return which rows are among the first so many of those that are equal."""
    order = np.argsort(whole, kind="stable")
    is_new = np.diff(whole[order], prepend=~whole[order][:1]) != 0
    start = np.maximum.accumulate(np.where(is_new, np.arange(len(whole)), 0))
    is_first = np.empty(len(whole), dtype=bool)
    is_first[order] = np.arange(len(whole)) - start < n_kept[order]
    return is_first


@dataclass(frozen=True, slots=True, eq=False)
class _Values:
    """What rows agree in, as hashes."""

    parts: list[Hashes]  # of each column
    place: Hashes  # of all columns, the sum of their hashes
    labels: list[Hashes]  # of outcome and group
    label: Hashes  # of both

    @classmethod
    def of(cls, columns: Columns, y: FloatArray, in_a: BoolArray | None) -> _Values:
        """Return the values of all rows."""
        zeros = np.zeros(len(y), dtype=np.uint64)
        group = splitmix64(zeros if in_a is None else in_a.astype(np.uint64))
        outcome = splitmix64(value_hashes(y) + np.uint64(1))
        # Numbered, so that equal values of different columns are not.
        parts = [
            splitmix64(part + np.uint64(i))
            for i, part in enumerate(column_hashes(columns))
        ]
        place = np.add.reduce([*parts, zeros])
        return cls(parts, place, [outcome, group], splitmix64(outcome) + group)

    def take(self, rows: IntArray) -> _Values:
        """Return some of the rows."""
        return _Values(
            [part[rows] for part in self.parts],
            self.place[rows],
            [label[rows] for label in self.labels],
            self.label[rows],
        )

    @property
    def whole(self) -> Hashes:
        """Hashes of whole rows."""
        return splitmix64(self.place) + self.label

    def have_copies(self) -> bool:
        """Tell whether equal rows agree more often than chance explains."""
        agreement = _Agreement.of(self.place)
        chance = _chance(self.label)
        difference = agreement.n_differences(self.label)
        if not _is_significant(difference, agreement.n_places, 1 - chance):
            return False
        for label in self.labels:
            expected = agreement.n_places * (1 - _chance(label))
            if agreement.n_differences(label) > _MAX_DISAGREEMENT * expected:
                return False
        return self.are_columns_implied()

    def are_columns_implied(self) -> bool:
        """Tell whether rows that are equal in all columns but one are equal in that."""
        return all(map(self._is_implied, self.parts))

    def _is_implied(self, part: Hashes) -> bool:
        """Tell whether rows that are equal in all other columns are so in this one."""
        others = _Agreement.of(self.place - part)
        if len(others.n) == 1:  # no other column tells rows apart
            return len(np.unique(part)) >= _MIN_DISTINCT * len(part)
        if not others.n_places:
            return True
        equal = 1 - others.n_differences(part) / others.n_places
        return equal >= min(_MIN_EQUAL, _MIN_EXCESS * _chance(part))


@dataclass(frozen=True, slots=True, eq=False)
class _Agreement:
    """Places that two rows or more share; each counts once, however many these are."""

    place: IntArray  # of each row
    n: IntArray  # rows of each place

    @classmethod
    def of(cls, hashes: Hashes) -> _Agreement:
        place, n = np.unique(hashes, return_inverse=True, return_counts=True)[1:]
        return cls(place, n)

    @property
    def n_places(self) -> int:
        return int(np.count_nonzero(self.n > 1))

    def n_differences(self, label: Hashes) -> float:
        """Return the sum over places of the share of pairs whose labels differ."""
        shared = np.flatnonzero(self.n[self.place] > 1)
        place = self.place[shared]
        codes = np.unique(label[shared], return_inverse=True)[1]
        pair = place * (codes.max(initial=0) + 1) + codes
        first, n = np.unique(pair, return_index=True, return_counts=True)[1:]
        of_place = place[first]
        equal = np.bincount(of_place, n * (n - 1.0), len(self.n))
        pairs = self.n * (self.n - 1.0)
        is_shared = pairs > 0
        return float((1 - equal[is_shared] / pairs[is_shared]).sum())


def _chance(label: Hashes) -> float:
    """Return how often two rows agree."""
    n = np.unique_counts(label).counts
    return float((n * (n - 1.0)).sum() / max(len(label) * (len(label) - 1.0), 1.0))


def _is_significant(difference: float, n: int, expected: float) -> bool:
    """Tell whether so few differences are no chance, by Chernoff's bound."""
    if not n or not expected:
        return False
    share = difference / n
    if share > _MAX_DISAGREEMENT * expected:
        return False
    divergence = (1 - share) * math.log((1 - share) / max(1 - expected, 1e-300))
    divergence += share * math.log(share / expected) if share else 0.0
    return n * divergence > -math.log(_MAX_P)
