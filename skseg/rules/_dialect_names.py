"""Names of the SQL dialects, without the library that writes them."""

# Those whose SQL is executed against assign in the tests.
EXECUTED = ("duckdb", "sqlite", "postgres", "mysql", "spark")
DIALECT_NAMES = (*EXECUTED, "databricks", "bigquery", "snowflake", "redshift", "tsql")
