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
    """Learns rules from rows and their codes; the seed breaks ties among cuts."""

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
        """Return fidelity and balanced fidelity of rules learned from training rows.

        Both are measured on the other rows: the share that get their code, and its mean
        over the codes. NaN if there are no other rows.
        """
        held_out = np.setdiff1d(np.arange(len(codes)), training, assume_unique=True)
        if not len(held_out):
            return np.nan, np.nan
        rules = self.learn(rows.take(training), codes[training]).rules
        labels, expected = rules.assign(rows.take(held_out)), codes[held_out]
        agreement = float((labels == expected).mean())
        return agreement, float(recalls(expected, labels).mean())
