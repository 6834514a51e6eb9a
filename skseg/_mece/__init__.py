"""MECERuleSegmenter and what it is made of."""

from ._merge_report import MergeReport
from ._rules import require_covered
from ._segmenter import MECERuleSegmenter
from ._strategy_json import Strategy

__all__ = ["MECERuleSegmenter", "MergeReport", "Strategy", "require_covered"]
