"""MECERuleSegmenter and what it is made of."""

from ._rules import require_covered
from ._segmenter import MECERuleSegmenter
from ._strategy_json import Strategy

__all__ = ["MECERuleSegmenter", "Strategy", "require_covered"]
