"""Rows that policies are valued on, each decided without the rows of its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skseg._finders._decisions._cross_fitted_effects import (
    Refit,
    refits_without_folds,
    weights_in_folds,
)
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._search import Search
from skseg._search.effects.boxes import ScoredBox
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import Columns

from ._cate import policy_by_model
from ._decided_policy import FindingEvidence, PolicyRule

_LEVEL = 0.95


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
    refits: Sequence[Refit]  # without each fold, where findings are tested as searched


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


def valued_rows(study: SearchedRows, rule: PolicyRule) -> ValuedRows | None:
    """Return rows with the group that others send them to; None if there are none.

    The search and the model have seen none of the rows of a test, and all but a fifth
    of them decide about this fifth. Where there is no test, search, model and decisions
    are those of the rows of other folds.
    """
    if study.tested is None:
        return _valued_by_refits(study, rule)
    used = np.flatnonzero(study.tested.weight)
    tested, members = study.tested.take(used), study.members[used]
    codes = study.search.coding.codes(study.columns.take(used))
    parts = []
    for fold in weights_in_folds(study.search, codes, tested):
        others = replace(tested, weight=tested.weight - fold)
        everyone = study.rows.weight.copy()
        everyone[used] -= fold
        policy, order = rule.decide_anew(
            others, members, replace(study.rows, weight=everyone)
        )
        rows = np.flatnonzero(fold)
        to_a = policy.sent_to_a(members[rows][:, order])
        parts.append(_Part(rows, fold[rows], to_a))
    if not parts:
        return None
    joined = _joined(parts)
    by_model = policy_by_model(study.search, codes, joined.share)
    return joined.valued(tested, by_model[joined.positions])


def _valued_by_refits(study: SearchedRows, rule: PolicyRule) -> ValuedRows | None:
    """Return all rows, each fold of them decided by a search of the others."""
    search = study.search
    refits = study.refits or refits_without_folds(search, _nothing, np.ones(1))
    parts = []
    for refit in refits:
        others = refit.others.rows
        members = refit.members[refit.outside]
        findings = FindingEvidence.of(others.evidence(members, _LEVEL), refit.p_adj)
        policy = rule.decide(others, members, findings, others)
        to_a = policy.sent_to_a(refit.members[refit.rows])
        parts.append(_Part(refit.rows, refit.weight[refit.rows], to_a))
    if not parts:
        return None
    joined = _joined(parts)
    weights = [refit.weight for refit in refits]
    by_model = _cross_fitted_model(search, weights, joined.share)
    return joined.valued(search.rows, by_model[joined.positions])


def _cross_fitted_model(
    search: Search, folds: Sequence[FloatArray], share: float
) -> BoolArray:
    """Return the rows that models of other rows send to A.

    Two halves of the folds are enough: models cost more time than policies.
    """
    middle = len(folds) // 2
    first, second = (np.add.reduce(part) for part in (folds[:middle], folds[middle:]))
    by_model = np.zeros(len(search.rows.y), dtype=bool)
    for known, new in ((first, second), (second, first)):
        rows = np.flatnonzero(new)
        known_rows, codes = search.weighted(known), search.codes[:, rows]
        by_model[rows] = policy_by_model(known_rows, codes, share)
    return by_model


def _nothing(search: Search) -> list[ScoredBox]:
    return []
