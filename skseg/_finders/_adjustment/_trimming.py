"""The region of overlap: where both groups have enough customers to compare.

Where one group has hardly anyone, no model of the outcome can be checked, and one row
stands for dozens of others. Such rows are set aside by the columns, as R. K. Crump, V.
J. Hotz, G. W. Imbens and O. A. Mitnik advise, "Dealing with limited overlap in
estimation of average treatment effects", Biometrika 96 (2009), 187-199; as a rule, so
that it is known whom findings are about: P. Traskin and D. S. Small, "Defining the
study population for an observational study to ensure sufficient overlap: a tree
approach", Statistics in Biosciences 3 (2011), 94-118.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from skseg._core._caller import caller_level
from skseg._core._coding import ColumnCoding
from skseg._finders._coding import learn_coding
from skseg._typing import BoolArray, FloatArray
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import conjunction, disjunction

# Propensities within these limits overlap, where groups are of one size. Of a small
# group a tenth of its share is enough: in a trial with 5 % controls every propensity is
# 0.05.
_LEAST_PROPENSITY = 0.05
_LEAST_PART_OF_SHARE = 0.1
# Largest share of rows without overlap in a part of the region.
_MAX_WITHOUT_OVERLAP = 0.25
_MAX_CELLS = 16
_MAX_DEPTH = 3
_MIN_LEAF_ROWS = 20
_MIN_LEAF_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class PropensityLimits:
    """The propensities between which groups overlap."""

    low: float
    high: float

    @classmethod
    def of(cls, in_a: BoolArray, weight: FloatArray) -> PropensityLimits:
        """Return a tenth of the share of either group, at most 0.05."""
        share_a = float(np.average(in_a, weights=weight))
        low, rest = (
            min(_LEAST_PROPENSITY, _LEAST_PART_OF_SHARE * share)
            for share in (share_a, 1 - share_a)
        )
        return cls(low, 1 - rest)

    def are_kept(self, propensity: FloatArray) -> BoolArray:
        """Return which propensities lie between the limits."""
        return (propensity >= self.low) & (propensity <= self.high)


def region_of_overlap(
    columns: Columns,
    in_a: BoolArray,
    weight: FloatArray,
    propensity: FloatArray,
    limits: PropensityLimits,
) -> Rule | None:
    """Return where propensities lie between the limits; None if that is everywhere.

    A tree of at most three conditions tells the rows without overlap from the others.
    Its leaves with too many of them, or with too few rows of a group, are not in the
    region. The rows of `columns` are those that count.
    """
    is_outside = ~limits.are_kept(propensity)
    if not is_outside.any():
        return None
    score = is_outside.astype(np.float64)
    coding = learn_coding(
        columns, columns.names, max_cells=_MAX_CELLS, score=score, weight=weight
    )
    if not coding.columns:
        return None
    orders = [
        _cell_order(column, codes, score, weight)
        for column, codes in zip(coding.columns, coding.codes(columns), strict=True)
    ]
    ranks = np.column_stack(
        [
            np.argsort(order)[codes]
            for order, codes in zip(orders, coding.codes(columns), strict=True)
        ]
    )
    tree = DecisionTreeClassifier(
        max_depth=_MAX_DEPTH,
        min_samples_leaf=max(_MIN_LEAF_ROWS, int(_MIN_LEAF_SHARE * len(in_a))),
        random_state=0,
    ).fit(ranks, is_outside, weight)
    leaf = tree.apply(ranks)
    kept = {
        int(node)
        for node in np.unique(leaf)
        if _overlaps(leaf == node, is_outside, in_a, weight, limits)
    }
    everything = tuple(np.ones(len(order), dtype=bool) for order in orders)
    parts = _parts(tree.tree_, 0, everything, kept)
    if parts is None:
        return None
    return disjunction([_rule(coding.columns, orders, part) for part in parts])


def rows_in(region: Rule | None, columns: Columns) -> BoolArray:
    """Return which rows are in the region."""
    if region is None:
        return np.ones(columns.n_rows, dtype=bool)
    return RuleSet({"overlap": region}).membership(columns)[:, 0]


def _cell_order(
    column: ColumnCoding, codes: Any, score: FloatArray, weight: FloatArray
) -> Any:
    """Return the cells of a column in the order in which a tree may split them."""
    n_cells = column.axis.n_cells
    if column.thresholds is not None:
        return np.arange(n_cells)
    counts = np.bincount(codes, weight, n_cells)
    means = np.bincount(codes, weight * score, n_cells) / np.maximum(counts, 1e-300)
    return np.argsort(means, kind="stable")


def _overlaps(
    rows: BoolArray,
    is_outside: BoolArray,
    in_a: BoolArray,
    weight: FloatArray,
    limits: PropensityLimits,
) -> bool:
    """Return whether most rows of a leaf overlap, and both groups are there."""
    weight = weight[rows]
    share_a = float(np.average(in_a[rows], weights=weight))
    without = float(np.average(is_outside[rows], weights=weight))
    return limits.low <= share_a <= limits.high and without <= _MAX_WITHOUT_OVERLAP


Part = tuple[BoolArray, ...]  # for each column, which places of its order are in it


def _parts(tree: Any, node: int, part: Part, kept: set[int]) -> list[Part] | None:
    """Return the parts of a node that are in the region; None if all of it is."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left == right:
        return None if node in kept else []
    column, threshold = tree.feature[node], tree.threshold[node]
    is_low = np.arange(len(part[column])) <= threshold
    sides = []
    for child, side in ((left, is_low), (right, ~is_low)):
        inside = (*part[:column], part[column] & side, *part[column + 1 :])
        sides.append((inside, _parts(tree, int(child), inside, kept)))
    if all(parts is None for _, parts in sides):
        return None
    return [
        part
        for inside, parts in sides
        for part in ([inside] if parts is None else parts)
    ]


def _rule(columns: tuple[ColumnCoding, ...], orders: list[Any], part: Part) -> Rule:
    """Return a part of the region in terms of the columns."""
    conditions = []
    for column, order, places in zip(columns, orders, part, strict=True):
        if places.all():
            continue
        cells = np.zeros(len(order), dtype=bool)
        cells[order[places]] = True
        conditions.append(column.rule(cells.tolist()))
    return conjunction(conditions)


def warn_of_rows_outside(
    owner: str, region: Rule, n_outside: float, n_rows: float
) -> None:
    """Warn that findings are about a region only."""
    if n_outside == n_rows:
        text = (
            f"{owner} finds nothing: nowhere do the two groups overlap, as the columns "
            "tell them apart. Compare groups of which either could have got every "
            "customer, or leave out columns that only say who served a customer. See "
            "overlap_."
        )
    else:
        text = (
            f"{n_outside:,.10g} of {n_rows:,.10g} rows are outside the region of "
            f"overlap, where one of the groups has hardly anyone: {owner} leaves them "
            f"out, and its findings are about the region only: {region}. For more, "
            "gather rows of the other group outside, or leave out columns that only "
            "say who served a customer. See overlap_."
        )
    warnings.warn(text, UserWarning, stacklevel=caller_level())
