"""The rows of rules, whole or split into parts of legal sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from skseg._search._bounds import SizeBounds, size_bounds
from skseg._search.sizes._split import Interval, split_to_sizes
from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule
from skseg.rules._language._conditions import conjunction, disjunction

from ._parts import Part, Pool, Regions, cut_rule

Bound = Literal["min_size", "max_size"]


class NoLegalSizesError(Exception):
    """One attempt at legal sizes has failed; another one may succeed.

    Keeps the rules whose rows could not be split or merged, and the bound that they
    break.
    """

    def __init__(self, pool: Pool, bound: Bound, reason: str) -> None:
        super().__init__(reason)
        self.pool = pool
        self.bound = bound


@dataclass(frozen=True)
class Division:
    """Rules with their rows, which can be pooled and split.

    Every row satisfies exactly one rule, the one at the position in `codes`. `columns`
    may be cut; `values` holds their values, NaN for missing.
    """

    rules: Sequence[Rule]
    codes: IntArray
    weight: FloatArray
    columns: list[str]
    values: FloatArray
    bounds: SizeBounds
    schema: Mapping[str, Any] | None

    @cached_property
    def _rows(self) -> list[IntArray]:
        """The rows of every rule."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=len(self.rules)))
        return np.split(order, ends[:-1])

    def whole(self, pool: Pool) -> Part:
        """Return all rows of the rules of a pool."""
        rows = np.sort(np.concatenate([self._rows[position] for position in pool]))
        intervals = (Interval(),) * len(self.columns)
        return Part(pool, intervals, rows, float(self.weight[rows].sum()))

    def rule(self, part: Part) -> Rule:
        """Return the rule that holds for the rows of a part."""
        whole = disjunction([self.rules[position] for position in part.pool])
        return conjunction([whole, cut_rule(self.columns, part.intervals)])

    def split(
        self, part: Part, max_size: float, *, allow_oversize: bool = False
    ) -> list[Part]:
        """Return a part split by `max_size` if it is larger, or raise."""
        if part.size <= size_bounds(0.0, max_size, self.weight).high:
            return [part]
        if not self.columns:
            if allow_oversize:
                return [part]
            raise NoLegalSizesError(
                part.pool,
                "max_size",
                "There is no column of numbers to split on; name some in split_on.",
            )
        split = split_to_sizes(
            self.values[part.rows],
            self.bounds.min_size,
            max_size,
            sample_weight=self.weight[part.rows],
            allow_oversize=allow_oversize,
            names=self.columns,
        )
        if not split.boxes:
            raise NoLegalSizesError(part.pool, "max_size", split.infeasibility)
        return [
            self._with_own_rules(
                part.narrowed(box.intervals, split.codes == i, box.size)
            )
            for i, box in enumerate(split.boxes)
        ]

    def _with_own_rules(self, part: Part) -> Part:
        """Return a part of a pool without the rules that can have no rows in it."""
        if len(part.pool) == 1:
            return part
        rules = [self.rule(part._replace(pool=(position,))) for position in part.pool]
        regions = Regions(rules, self.schema)
        pool = (p for i, p in enumerate(part.pool) if not regions.is_empty(i))
        return part._replace(pool=tuple(pool))
