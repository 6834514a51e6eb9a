"""The rule language: what a segment is, and the proof that segments are a partition."""

from ._columns import Columns
from ._language._conditions import Rule, col, missing
from ._language._parse import parse
from ._language._thresholds import maximum, minimum, q
from ._proof._domain import Domain
from ._proof._report import Gap, MECEReport, Overlap
from ._ruleset import RuleSet
from ._values import is_missing_value

__all__ = [
    "Columns",
    "Domain",
    "Gap",
    "MECEReport",
    "Overlap",
    "Rule",
    "RuleSet",
    "col",
    "is_missing_value",
    "maximum",
    "minimum",
    "missing",
    "parse",
    "q",
]
