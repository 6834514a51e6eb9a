"""The rule language: what a segment is, and the proof that segments are a partition."""

from skseg.exceptions import MissingExtraError, RuleError

from ._language._conditions import Rule, col, missing
from ._language._parse import parse
from ._language._thresholds import maximum, minimum, q
from ._proof._domain import Domain
from ._proof._mece import Gap, MECEReport, Overlap
from ._ruleset import RuleSet

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
