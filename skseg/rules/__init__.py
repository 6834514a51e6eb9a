"""The rule language: what a segment is, and the proof that segments are a partition."""

from ._conditions import Rule, col, missing
from ._domain import Domain
from ._errors import MissingExtraError, RuleError
from ._mece import Gap, MECEReport, Overlap
from ._parse import parse
from ._ruleset import RuleSet
from ._thresholds import maximum, minimum, q

__all__ = [
    "Domain",
    "Gap",
    "MECEReport",
    "MissingExtraError",
    "Overlap",
    "Rule",
    "RuleError",
    "RuleSet",
    "col",
    "maximum",
    "minimum",
    "missing",
    "parse",
    "q",
]
