"""Who goes to which group: the sure findings decide first, then the rest."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from skseg._finders._decisions._decision import DecisionThresholds
from skseg._finders._rows._compared_rows import ComparedRows, Evidence
from skseg._finders._rows._economics import Economics
from skseg._search.effects._inference import holm
from skseg._typing import BoolArray, FloatArray, IntArray

_LEVEL = 0.95


class Policy(NamedTuple):
    """Which findings decide, for which group, and where all other rows go."""

    is_sure: BoolArray  # of each finding; one that is not sure decides nothing
    favours_a: BoolArray
    rest_to_a: bool

    def sent_to_a(self, members: BoolArray) -> BoolArray:
        """Return which rows go to A.

        `members` tells which rows are in which finding: an array of bool of shape
        (n_rows, n_findings). The first sure finding of a row has the last word.
        """
        numbers = self.of_first(
            members, self.favours_a.astype(np.float64), float(self.rest_to_a)
        )
        return numbers > 0

    def of_first(
        self, members: BoolArray, values: FloatArray, default: float
    ) -> FloatArray:
        """Return the value of the first sure finding of each row, else the default."""
        of_rows = np.full(len(members), default)
        for i in np.flatnonzero(self.is_sure)[::-1]:
            of_rows[members[:, i]] = values[i]
        return of_rows

    @property
    def is_for_all(self) -> bool:
        """Whether all rows go to one group, whatever their columns."""
        return bool((self.favours_a[self.is_sure] == self.rest_to_a).all())


class FindingEvidence(NamedTuple):
    """What rows that a search has not seen say of its findings."""

    p_adj: FloatArray
    effect: FloatArray  # of A over B on the outcome
    n_group: FloatArray  # rows of the smaller group
    n_events: FloatArray  # events of the smaller group if the groups did not differ

    @classmethod
    def of(cls, evidence: Evidence, p_adj: FloatArray) -> Self:
        """Return what the evidence says, with adjusted p-values."""
        effect = evidence.estimate.effect
        return cls(p_adj, effect, evidence.n_group, evidence.base.n_events)

    def take(self, order: IntArray) -> Self:
        """Return the findings in another order."""
        return type(self)(*(values[order] for values in self))


class PolicyRule(NamedTuple):
    """How certain a decision has to be, and what is done where none is."""

    thresholds: DecisionThresholds
    default_to_a: bool | None  # where the rest cannot be told; None: by the estimate

    @classmethod
    def of(cls, thresholds: DecisionThresholds, *, has_reference: bool) -> Self:
        """Return the rule that sends what cannot be told to the cheaper group.

        Where none is cheaper, it goes to B, if that is what happens by default.
        """
        if thresholds.cost:
            return cls(thresholds, thresholds.cost < 0)
        return cls(thresholds, False if has_reference else None)

    def decide(
        self,
        tested: ComparedRows,
        members: BoolArray,
        findings: FindingEvidence,
        everyone: ComparedRows,
    ) -> Policy:
        """Return the policy by the evidence of rows that the search has not seen.

        Where no finding is sure, the search has shaped nothing, and the rest are all
        rows of `everyone`.
        """
        gains = (tested.economics or Economics()).gain(findings.effect)
        is_sure = (
            (findings.p_adj <= self.thresholds.alpha)
            & (findings.n_group >= self.thresholds.min_group)
            & (findings.n_events >= self.thresholds.min_events)
        )
        favours_a = gains >= 0
        if tested.in_a is None:
            return Policy(is_sure, favours_a, False)
        is_sure = self._still_sure(is_sure, favours_a, tested, members)
        to_a = None
        if is_sure.any():
            outside: BoolArray = ~np.any(members[:, is_sure], axis=1)
            to_a = self._is_a_better(tested, outside)
        if to_a is None:
            to_a = self._is_a_better(everyone, np.ones(len(everyone.y), dtype=bool))
        return Policy(is_sure, favours_a, bool(to_a))

    def _still_sure(
        self,
        is_sure: BoolArray,
        favours_a: BoolArray,
        rows: ComparedRows,
        members: BoolArray,
    ) -> BoolArray:
        """Return the findings that are sure without the rows of those before them.

        A finding that overlaps a strong one may owe its effect to the rows of both. It
        decides about the others only if they show the same effect.
        """
        is_sure, gain = is_sure.copy(), (rows.economics or Economics()).gain
        decided = np.zeros(len(members), dtype=bool)
        for i in np.flatnonzero(is_sure):
            remaining = members[:, i] & ~decided
            if np.any(members[:, i] & decided):
                estimate = rows.evidence(remaining[:, np.newaxis], _LEVEL).estimate
                is_alike = (gain(estimate.effect[0]) >= 0) == favours_a[i]
                is_sure[i] = is_alike and estimate.p_value[0] <= self.thresholds.alpha
            if is_sure[i]:
                decided |= remaining
        return is_sure

    def _is_a_better(self, rows: ComparedRows, inside: BoolArray) -> bool | None:
        """Tell whether the rows inside go to A; None if they say nothing."""
        # At the level 0 the interval is a point, and the estimate decides.
        level = 1 - self.thresholds.rest_alpha
        # Most rows are inside: Welch's interval of amounts is as good, and faster.
        inside = inside[:, np.newaxis]
        estimate = rows.evidence(inside, level, is_exact=False).estimate
        gains = (rows.economics or Economics()).gains(estimate)
        effect, low, high = (float(limit[0]) for limit in gains[:3])
        if np.isnan(effect):
            return self.default_to_a
        is_told = low > 0 or high < 0
        if is_told or self.default_to_a is None:
            return effect >= 0
        return self.default_to_a

    def decide_anew(
        self, tested: ComparedRows, members: BoolArray, everyone: ComparedRows
    ) -> tuple[Policy, IntArray]:
        """Return the policy by some of the rows, and the order of its findings.

        They are ordered by their certainty in these rows.
        """
        evidence = tested.evidence(members, _LEVEL)
        estimate = evidence.estimate
        order = np.lexsort([-np.abs(estimate.effect), estimate.p_value])
        findings = FindingEvidence.of(evidence, holm(estimate.p_value)).take(order)
        policy = self.decide(tested, members[:, order], findings, everyone)
        return policy, order
