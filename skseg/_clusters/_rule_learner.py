"""From the segments of rows to rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skseg._typing import IntArray
from skseg.rules import Columns, Rule, RuleSet

from ._fidelity import recalls
from ._fitted_segments import Segments
from ._round_cells import learn_cells
from ._tree import boxes


@dataclass(frozen=True)
class RuleLearner:
    """Learns rules from rows and their codes.

    Attributes
    ----------
    segments : Segments
        What the codes mean.
    max_rules : int
        Largest number of boxes.
    significant_digits : int
        Significant digits of thresholds.
    seed : int
        Decides among equal cuts.
    """

    segments: Segments
    max_rules: int
    significant_digits: int
    seed: int

    def learn(
        self, rows: Columns, codes: IntArray
    ) -> tuple[RuleSet, int, tuple[str, ...]]:
        """Return the rules, the number of boxes, and the segments without one."""
        used, places = np.unique(codes, return_inverse=True)
        coding = learn_cells(rows, rows.names, self.significant_digits)
        cells = coding.codes(rows)
        found = boxes(coding, cells, places, self.max_rules, self.seed)
        by_code: dict[int, list[Rule]] = {int(code): [] for code in used}
        for place, rule in found:
            by_code[int(used[place])].append(rule)
        lost = [code for code, rules in by_code.items() if not rules]
        rules = self.segments.rule_set(by_code)
        return rules, len(found), tuple(rules.names[code] for code in lost)


def held_out_fidelity(
    learner: RuleLearner, rows: Columns, codes: IntArray, part: IntArray
) -> tuple[float, float]:
    """Return how well rules of a part of the rows do on the others.

    Returns
    -------
    fidelity : float
        Share of the others that get their code; NaN if there are none.
    balanced_fidelity : float
        The same as a mean over the codes.
    """
    others = np.setdiff1d(np.arange(len(codes)), part, assume_unique=True)
    if not len(others):
        return np.nan, np.nan
    rules, _, _ = learner.learn(rows.take(part), codes[part])
    found, expected = rules.assign(rows.take(others)), codes[others]
    return float((found == expected).mean()), float(recalls(expected, found).mean())
