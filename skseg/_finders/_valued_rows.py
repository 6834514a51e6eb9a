"""Rows that policies are valued on, each decided without the rows of its value."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from skseg._search.effects.boxes import ScoredBox
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import Columns

from ._cate import policy_by_model
from ._compared_rows import ComparedRows
from ._decided_policy import FindingEvidence, Policy, PolicyRule
from ._policy_folds import cell_hashes, policy_folds
from ._search import Search

_LEVEL = 0.95
_N_FOLDS = 5


class ValuedRows(NamedTuple):
    """Rows that a policy is valued on, and where it sends them.

    Each policy was decided without the rows that it is valued on.
    """

    rows: ComparedRows
    by_findings: BoolArray  # the rows that the findings send to A
    by_model: BoolArray  # those that the model sends to A


class SearchedRows(NamedTuple):
    """The rows of a fit, and what was found in them."""

    columns: Columns
    rows: ComparedRows
    search: Search
    tested: ComparedRows | None  # with the weights of the test; None: all are searched
    members: BoolArray  # which rows are in which finding
    findings: FindingEvidence


class _Part(NamedTuple):
    """The rows of a fold, their weights in it, and where the other folds send them."""

    positions: IntArray
    weight: FloatArray
    by_findings: BoolArray

    @property
    def share(self) -> float:
        """Share of the rows that go to A."""
        return float(np.average(self.by_findings, weights=self.weight))

    def valued(self, rows: ComparedRows, by_model: BoolArray) -> ValuedRows:
        """Return the rows of this fold, with what a model says of them."""
        fold_rows = replace(rows.take(self.positions), weight=self.weight)
        return ValuedRows(fold_rows, self.by_findings, by_model)


def _joined(parts: Sequence[_Part]) -> _Part:
    return _Part(*map(np.concatenate, zip(*parts, strict=True)))


def valued_by_folds(study: SearchedRows, rule: PolicyRule) -> ValuedRows | None:
    """Return the rows of the test, decided by four fifths of them for the last fifth.

    The search and the model have seen none of them. None if there are no such folds.
    """
    assert study.tested is not None
    used = np.flatnonzero(study.tested.weight)
    tested, members = study.tested.take(used), study.members[used]
    codes = study.search.coding.codes(study.columns.take(used))
    parts = []
    for fold in _folds(study.search, codes, tested, _N_FOLDS):
        others = replace(tested, weight=tested.weight - fold)
        everyone = study.rows.weight.copy()
        everyone[used] -= fold
        policy, order = rule.decide_anew(
            others, members, replace(study.rows, weight=everyone)
        )
        valued = np.flatnonzero(fold)
        to_a = policy.sent_to_a(members[valued][:, order])
        parts.append(_Part(valued, fold[valued], to_a))
    if not parts:
        return None
    joined = _joined(parts)
    by_model = policy_by_model(study.search, codes, joined.share)
    return joined.valued(tested, by_model[joined.positions])


def valued_by_halves(
    study: SearchedRows, rule: PolicyRule, finder: Any, random: Any
) -> ValuedRows | None:
    """Return all rows, each half of them decided by a search of the other one.

    `finder` searches the halves. None if a half lacks one of the groups.
    """
    used = np.flatnonzero(study.rows.weight)
    rows = study.rows.take(used)
    parts, by_model = [], []
    for half in _folds(study.search, study.search.codes, rows, 2):
        weight = rows.weight - half
        others = np.flatnonzero(weight)
        other_rows = replace(rows.take(others), weight=weight[others])
        if other_rows.in_a is not None and len({*other_rows.in_a.tolist()}) < 2:
            return None
        columns = study.columns.take(used[others])
        search = finder._search(columns, other_rows, random)
        policy, boxes = _policy_of_half(rule, finder, search)
        valued = np.flatnonzero(half)
        codes = search.coding.codes(study.columns.take(used[valued]))
        to_a = policy.sent_to_a(_members(boxes, codes))
        parts.append(_Part(valued, half[valued], to_a))
        by_model.append(policy_by_model(search, codes, parts[-1].share))
    if not parts:
        return None
    return _joined(parts).valued(rows, np.concatenate(by_model))


def half_finder(finder: Any, alpha: float) -> Any:
    """Return a copy of a finder that searches half of its rows.

    A search leaves attributes, such as trees, and those of a half are no facts of the
    finder. The copy draws as few replicates as can be sure at `alpha`.
    """
    half = copy(finder)
    if isinstance(half.min_size, numbers.Integral):
        half.min_size = max(1, half.min_size // 2)
    half.n_replicates = min(half.n_replicates, math.ceil(2 / max(alpha, 1e-3)) - 1)
    return half


def _policy_of_half(
    rule: PolicyRule, finder: Any, search: Search
) -> tuple[Policy, list[ScoredBox]]:
    """Return the policy that the rows searched make, and the boxes of its findings."""
    boxes = [] if finder.inference == "none" else finder._boxes(search)
    members, rows = _members(boxes, search.codes), search.rows
    p_adj = finder._adjusted(search, boxes, None)
    findings = FindingEvidence.of(rows.evidence(members, _LEVEL), p_adj)
    return rule.decide(rows, members, findings, rows), boxes


def _folds(
    search: Search, codes: Any, rows: ComparedRows, n_folds: int
) -> Iterator[FloatArray]:
    """Yield the weights of the rows in each fold that has any."""
    names = [column.name for column in search.coding.columns]
    hashes = cell_hashes(codes, names, rows, search.random_state)
    for fold in policy_folds(hashes, rows, n_folds):
        if 0 < fold.sum() < rows.weight.sum():
            yield fold


def _members(boxes: Sequence[ScoredBox], codes: Any) -> BoolArray:
    if not boxes:
        return np.zeros((codes.shape[1], 0), dtype=bool)
    return np.column_stack([box.contains(codes) for box in boxes])
