"""Clusters as segments: clusterers that predict, and rules that stand in for them."""

from ._inductive import InductiveSegmenter
from ._raw_rules import raw_rules
from ._sample import sample_rows
from ._surrogate import RuleSurrogate

__all__ = ["InductiveSegmenter", "RuleSurrogate", "raw_rules", "sample_rows"]
