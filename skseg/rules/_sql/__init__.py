"""Rules as SQL; this needs the extra ``sql``."""

from ._expressions import condition_sql, ruleset_sql

__all__ = ["condition_sql", "ruleset_sql"]
