"""Rules as SQL; this needs the extra ``sql``."""

from ._check import check_sql
from ._expressions import condition_sql, ruleset_sql

__all__ = ["check_sql", "condition_sql", "ruleset_sql"]
