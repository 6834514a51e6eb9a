"""Learning rules from the segments of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skseg._typing import IntArray
from skseg.rules import Columns, Rule, RuleSet

from ._fidelity import recalls
from ._fitted_segments import FittedSegments
from ._round_cells import learn_cells
from ._tree import boxes


class LearnedRules(NamedTuple):
    """Rules, the number of boxes in them, and the segments that got no box."""

    rules: RuleSet
    n_boxes: int
    lost: tuple[str, ...]


@dataclass(frozen=True)
class RuleLearner:
    """Learns rules from rows and their codes.

    Attributes
    ----------
    segments : FittedSegments
        Names of the codes.
    max_rules : int
        Largest number of boxes.
    significant_digits : int
        Significant digits of thresholds.
    seed : int
        Breaks ties among cuts.
    """

    segments: FittedSegments
    max_rules: int
    significant_digits: int
    seed: int

    def learn(self, rows: Columns, codes: IntArray) -> LearnedRules:
        """Return the rules that a tree finds for the codes of the rows."""
        used, places = np.unique(codes, return_inverse=True)
        coding = learn_cells(rows, rows.names, self.significant_digits)
        leaves = boxes(coding, coding.codes(rows), places, self.max_rules, self.seed)
        by_code: dict[int, list[Rule]] = {int(code): [] for code in used}
        for place, rule in leaves:
            by_code[int(used[place])].append(rule)
        lost = [code for code, rules in by_code.items() if not rules]
        rules = self.segments.rule_set(by_code)
        return LearnedRules(
            rules, len(leaves), tuple(rules.names[code] for code in lost)
        )

    def held_out_fidelity(
        self, rows: Columns, codes: IntArray, training: IntArray
    ) -> tuple[float, float]:
        """Return how well rules that are learned from training rows do on the others.

        Returns
        -------
        fidelity : float
            Share of the other rows that get their code; NaN if there are none.
        balanced_fidelity : float
            The same as a mean over the codes.
        """
        others = np.setdiff1d(np.arange(len(codes)), training, assume_unique=True)
        if not len(others):
            return np.nan, np.nan
        rules = self.learn(rows.take(training), codes[training]).rules
        labels, expected = rules.assign(rows.take(others)), codes[others]
        agreement = float((labels == expected).mean())
        return agreement, float(recalls(expected, labels).mean())
