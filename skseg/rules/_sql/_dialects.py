"""The SQL dialects that are offered."""

from __future__ import annotations

from skseg.exceptions import RuleError, did_you_mean
from skseg.rules._dialect_names import EXECUTED

from ._dialect import Dialect
from ._duckdb import DUCKDB
from ._mysql import MYSQL
from ._postgres import POSTGRES
from ._spark import SPARK
from ._sqlite import SQLITE
from ._tsql import TSQL
from ._warehouses import BIGQUERY, DATABRICKS, REDSHIFT, SNOWFLAKE

DIALECTS = {
    "duckdb": DUCKDB,
    "sqlite": SQLITE,
    "postgres": POSTGRES,
    "mysql": MYSQL,
    "spark": SPARK,
    "databricks": DATABRICKS,
    "bigquery": BIGQUERY,
    "snowflake": SNOWFLAKE,
    "redshift": REDSHIFT,
    "tsql": TSQL,
}


def find_dialect(name: str) -> Dialect:
    """Return the dialect called `name`; raise with those that are offered."""
    if name not in DIALECTS:
        offered = ", ".join(map(repr, DIALECTS))
        hint = did_you_mean(name, DIALECTS) if isinstance(name, str) else ""
        untried = ", ".join(repr(name) for name in DIALECTS if name not in EXECUTED)
        raise RuleError(
            f"The SQL dialect must be one of {offered}. Got {name!r} instead.{hint} "
            f"SQL for {untried} is not executed in the tests: RuleSet.sql_check "
            "proves it on the warehouse.",
            owner="to_sql",
            name="dialect",
            rule=f"one of {offered}",
            value=name,
        )
    return DIALECTS[name]
