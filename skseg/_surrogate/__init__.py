"""RuleSurrogate, and rules in the units before a pipeline's scalers."""

from ._raw_rules import raw_rules
from ._surrogate import RuleSurrogate

__all__ = ["RuleSurrogate", "raw_rules"]
