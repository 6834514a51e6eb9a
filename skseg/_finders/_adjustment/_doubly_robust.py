"""Doubly robust scores, for groups that were not drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from skseg._finders._rows._compared_rows import ComparedRows, Expected
from skseg._search.effects._inference import aipw_score
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, Rule
from skseg.rules._language._conditions import Or

from ._group_overlap import GroupOverlap, group_overlap
from ._nuisance import Nuisance, cross_fitted_nuisance
from ._trimming import (
    PropensityLimits,
    region_of_overlap,
    rows_in,
    warn_of_rows_outside,
)

# The region without overlap at all.
NOWHERE: Rule = Or(())

# Keeps inverse propensities finite where a model is sure of the group.
_LEAST_MARGIN = 1e-9


class Region(NamedTuple):
    """The region of overlap that a finder was fitted in; no rule means everywhere."""

    rule: Rule | None


class NuisanceOptions(NamedTuple):
    """How group and outcome are predicted."""

    propensity_estimator: Any
    outcome_estimator: Any
    random: np.random.RandomState
    n_jobs: int | None


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Rows that count, and their columns as numbers."""

    columns: Columns
    rows: ComparedRows
    matrix: FloatArray
    is_text: BoolArray

    @property
    def in_a(self) -> BoolArray:
        assert self.rows.in_a is not None
        return self.rows.in_a

    def take(self, rows: IntArray) -> _Table:
        return _Table(
            self.columns.take(rows),
            self.rows.take(rows),
            self.matrix[rows],
            self.is_text,
        )

    def nuisance(self, options: NuisanceOptions) -> Nuisance:
        """Return the predictions of every row without it."""
        return cross_fitted_nuisance(
            self.matrix,
            self.rows.y,
            self.in_a,
            self.rows.weight,
            is_categorical=self.is_text,
            cluster=self.rows.cluster,
            propensity_estimator=options.propensity_estimator,
            outcome_estimator=options.outcome_estimator,
            random_state=options.random,
            n_jobs=options.n_jobs,
        )

    def overlap(self, nuisance: Nuisance, limits: PropensityLimits) -> GroupOverlap:
        """Return how alike the groups are, with propensities within limits."""
        bounded = np.clip(nuisance.propensity, limits.low, limits.high)
        return group_overlap(
            self.matrix,
            self.in_a,
            replace(nuisance, propensity=bounded),
            self.rows.weight,
            columns=self.columns.names,
            is_categorical=self.is_text,
        )


def learned_adjustment(
    owner: str, rows: ComparedRows, columns: Columns, options: NuisanceOptions
) -> tuple[ComparedRows, GroupOverlap]:
    """Return the rows in the region of overlap, with doubly robust scores.

    The region is learned from columns and groups alone. The others get the weight 0;
    if there are no rows in it, all keep their weight, and scores that tell nothing.
    """
    used = np.flatnonzero(rows.weight)
    table = _table(columns.take(used), rows.take(used))
    weight = table.rows.weight
    everywhere = table.nuisance(options)
    limits = PropensityLimits.of(table.in_a, weight)
    region = region_of_overlap(
        table.columns, table.in_a, weight, everywhere.propensity, limits
    )
    inside = np.flatnonzero(rows_in(region, table.columns))
    n_a = np.count_nonzero(table.in_a[inside])
    if not 0 < n_a < len(inside):
        region, inside = NOWHERE, inside[:0]
    finite = PropensityLimits(_LEAST_MARGIN, 1 - _LEAST_MARGIN)
    whole = table.overlap(everywhere, finite)
    n_outside = float(weight.sum() - weight[inside].sum())
    if region is not None:
        warn_of_rows_outside(owner, region, n_outside, float(weight.sum()))
    whole = replace(whole, region=region, n_outside=n_outside, models=everywhere.models)
    if not len(inside):
        nothing = np.zeros(len(rows.y))
        return replace(rows, score=nothing, score_of_b=nothing), whole
    part = table if region is None else table.take(inside)
    nuisance = everywhere if region is None else part.nuisance(options)
    limits = PropensityLimits.of(part.in_a, part.rows.weight)
    of_part = part.overlap(nuisance, limits)
    overlap = replace(
        whole,
        n_a=of_part.n_a,
        n_b=of_part.n_b,
        effective_n_a=of_part.effective_n_a,
        effective_n_b=of_part.effective_n_b,
        smd_weighted=of_part.smd_weighted,
        n_bounded=int(np.count_nonzero(~limits.are_kept(nuisance.propensity))),
        models=nuisance.models,
    )
    return _with_scores(rows, used[inside], nuisance, limits), overlap


def repeated_adjustment(
    owner: str,
    rows: ComparedRows,
    columns: Columns,
    options: NuisanceOptions,
    region: Region,
) -> ComparedRows:
    """Return further rows in a region that is known, with doubly robust scores."""
    is_used = (rows.weight > 0) & rows_in(region.rule, columns)
    used = np.flatnonzero(is_used)
    if not len(used):
        raise InvalidDataError(
            f"score of {owner} is about the region of overlap that it was fitted in, "
            f"and no row is there: {region.rule}.",
            owner=owner,
            name="X",
            rule="rows in the region of overlap",
            value=0,
            advice="Score rows of the customers whom the finder was fitted to.",
        )
    table = _table(columns.take(used), rows.take(used))
    limits = PropensityLimits.of(table.in_a, table.rows.weight)
    return _with_scores(rows, used, table.nuisance(options), limits)


def _table(columns: Columns, rows: ComparedRows) -> _Table:
    return _Table(columns, rows, *numeric_matrix(columns))


def _with_scores(
    rows: ComparedRows, used: IntArray, nuisance: Nuisance, limits: PropensityLimits
) -> ComparedRows:
    """Return all rows, with scores of those used and the weight 0 of the others."""
    assert rows.in_a is not None
    y, in_a = rows.y[used], rows.in_a[used]
    propensity = np.clip(nuisance.propensity, limits.low, limits.high)
    mean_a, mean_b = nuisance.mean_a, nuisance.mean_b
    weight, score, score_of_b = np.zeros((3, len(rows.y)))
    weight[used] = rows.weight[used]
    score[used] = aipw_score(y, in_a, propensity, mean_a, mean_b)
    residual = np.where(in_a, 0.0, (y - mean_b) / (1 - propensity))
    score_of_b[used] = mean_b + residual
    expected = Expected(*np.full((3, len(rows.y)), 0.5))
    for values, known in zip(expected, (propensity, mean_a, mean_b), strict=True):
        values[used] = known
    return replace(
        rows, weight=weight, score=score, score_of_b=score_of_b, expected=expected
    )


def numeric_matrix(columns: Columns) -> tuple[FloatArray, BoolArray]:
    """Return all columns as numbers, and which of them are codes of texts."""
    values, is_text = [], []
    for name in columns.names:
        is_text.append(columns.is_text(name))
        if not is_text[-1]:
            values.append(columns.numbers(name))
            continue
        levels = columns.levels(name)
        codes = columns.text_codes(name, levels).astype(np.float64)
        values.append(np.where(codes > len(levels), np.nan, codes))
    return np.column_stack(values), np.array(is_text)
