"""One scorer per bound, so that a search says which bound its candidates break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._scorer import SegmentScorer

BOUNDS = ("n_segments", "max_noise", "max_size", "min_size")


@dataclass(frozen=True)
class BoundScorer:
    """A scorer of one bound: how many rows, or segments, are too many or too few."""

    scorer: SegmentScorer
    bound: str

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> int:
        """Return the largest excess over the bound, 0 where it is met."""
        table = self.scorer.explain(estimator, X).table
        excess = table.loc[table["bound"] == self.bound, "excess"]
        return int(excess.max()) if len(excess) else 0

    def _accept_sample_weight(self) -> bool:
        # scikit-learn asks each scorer of a dict when fit gets weights.
        return False
