"""What merging costs: the share of the outcome that segments explain, before, after."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg._core._caller import caller_level
from skseg._core._explained import group_means
from skseg._typing import FloatArray, IntArray
from skseg.rules import RuleSet

from ._sizing import SizedSegment
from ._training_rows import TrainingRows

# Merging warns where less than this share of the explained outcome is left, ...
_LARGE_LOSS = 0.5
# ... unless the loss, in rows, is at most this for each merge: of an outcome that has
# nothing to do with the rules, one merge in 600 loses more.
_CHANCE = 10.0


@dataclass(frozen=True)
class MergeReport:
    """What merging costs: the share of the variance of the outcome that is explained.

    Attributes
    ----------
    score_before : float
        R squared of the business rules in the training rows, before sizing.
    score_after : float
        R squared of the segments, what ``score`` gives for the training rows. It may be
        larger than before, since splitting explains more.
    losses : dict of str to float
        Merged segment -> what merging its rules takes from R squared, largest first.

    See Also
    --------
    MECERuleSegmenter : Its ``merge_report_``, if rules were merged to ``min_size``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import MECERuleSegmenter
    >>> X = pd.DataFrame({"aov": range(1, 101)})
    >>> rules = {"Low": "aov <= 50", "Mid": "50 < aov <= 70", "High": "aov > 70"}
    >>> segmenter = MECERuleSegmenter(rules, default="Unknown", min_size=30)
    >>> print(segmenter.fit(X, X["aov"] > 60).merge_report_)
    Explained outcome: 0.7917 by the rules, 0.6667 by the segments.
    'Mid + High' loses 0.1250.
    """

    score_before: float
    score_after: float
    losses: dict[str, float]

    def __str__(self) -> str:
        scores = (
            f"Explained outcome: {self.score_before:.4f} by the rules, "
            f"{self.score_after:.4f} by the segments."
        )
        losses = (f"{name!r} loses {loss:.4f}." for name, loss in self.losses.items())
        return "\n".join([scores, *losses])


def merge_report(
    merged: Sequence[str],
    rules: RuleSet,
    rule_codes: IntArray,
    rows: TrainingRows,
) -> MergeReport | None:
    """Return what it costs that segments are merged, None without a varying outcome."""
    inside = rows.inside
    if not merged or rows.outcome is None or not rows.counts[inside].any():
        return None
    outcome, weight = rows.outcome[inside], rows.counts[inside]
    # In units of the largest outcome, so that squares do not overflow.
    outcome = outcome / (np.abs(outcome).max() or 1.0)
    outcome = outcome - np.average(outcome, weights=weight)
    total = float(outcome**2 @ weight)
    if not total:
        return None

    def squares(codes: IntArray) -> FloatArray:
        """Return the explained squares, as a share of all, of every group."""
        n_groups = int(codes.max()) + 1
        means = np.nan_to_num(group_means(codes, n_groups, outcome, weight))
        return np.asarray(np.bincount(codes, weight) * means**2 / total)

    codes = rows.codes[inside]
    of_segments = squares(codes)
    of_pairs = squares(codes + len(rules) * rule_codes[inside])
    rows_of_pairs = np.pad(of_pairs, (0, -len(of_pairs) % len(rules)))
    by_segment = rows_of_pairs.reshape(-1, len(rules)).sum(axis=0)
    losses = {
        name: float(by_segment[i] - of_segments[i])
        for i, name in enumerate(rules.names)
        if name in merged
    }
    return MergeReport(
        float(squares(rule_codes[inside]).sum()),
        float(of_segments.sum()),
        dict(sorted(losses.items(), key=lambda item: -item[1])),
    )


def warn_of_large_loss(
    report: MergeReport | None,
    segments: Sequence[SizedSegment],
    rows: TrainingRows,
    min_size: Any,
) -> None:
    """Warn where merging loses much of the explained outcome, more than chance would.

    To be called by ``fit``, so that the warning points to the line that calls it.
    """
    if report is None:
        return
    n_rows = float(rows.counts[rows.inside].sum())
    n_merges = sum(len(segment.rules) - 1 for segment in segments)
    lost = report.score_before - report.score_after
    is_large = report.score_after < _LARGE_LOSS * report.score_before
    if not is_large or lost * n_rows <= _CHANCE * n_merges:
        return
    worst = next(iter(report.losses))
    warnings.warn(
        f"Merging to min_size={min_size!r} leaves less than half of the explained "
        f"outcome: R squared is {report.score_before:.4f} by the rules and "
        f"{report.score_after:.4f} by the segments. The segment {worst!r} loses most. "
        "A smaller min_size keeps more; merge_report_ has the losses of all segments.",
        stacklevel=caller_level(),
    )
