"""The dialects of Databricks, BigQuery, Snowflake and Redshift.

They are written by the documentation of the warehouses, and are not executed in the
tests: `RuleSet.sql_check` proves them on a warehouse.
"""

from __future__ import annotations

from dataclasses import replace

import sqlglot
from sqlglot.dialects.databricks import Databricks

from skseg.exceptions import RuleError

from ._dialect import Dialect, NaNTests
from ._literals import exponent_number
from ._spark import SPARK, SksegSpark
from ._trees import (
    Tree,
    any_of,
    call,
    column_tree,
    double,
    exp,
    text_tree,
    timestamp,
    varchar,
)


class SksegDatabricks(Databricks):
    """Databricks with the literals and names of Spark."""

    class Generator(Databricks.Generator):  # type: ignore[valid-type,misc]
        """Writes literals and names."""

        TRANSFORMS = {  # noqa: RUF012
            **Databricks.Generator.TRANSFORMS,
            exp.Literal: SksegSpark.Generator.TRANSFORMS[exp.Literal],
            exp.Identifier: SksegSpark.Generator.TRANSFORMS[exp.Identifier],
        }


DATABRICKS = replace(SPARK, grammar=SksegDatabricks)


def _present(name: str) -> Tree:
    return exp.Not(this=exp.Is(this=column_tree(name), expression=exp.Null()))


def _is_number(name: str) -> Tree:
    """Return that a column is neither NULL nor NaN, where NaN is equal to itself."""
    not_nan = exp.NEQ(this=double(column_tree(name)), expression=_nan())
    return exp.Paren(this=exp.And(this=_present(name), expression=not_nan))


def _nan() -> Tree:
    return double(text_tree("NaN"))


def _failing_cast(column: Tree, content: str) -> Tree:
    """Write a cast that fails, and whose error has the text."""
    message = exp.DPipe(
        this=text_tree(f"{column.name} holds {content}: "),
        expression=varchar(column),
        safe=True,
    )
    return double(exp.Paren(this=message))


def _stop(column: Tree, content: str) -> Tree:
    return exp.EQ(this=_failing_cast(column, content), expression=exp.Literal.number(1))


def _check_bigquery_name(name: str, *, is_alias: bool) -> None:
    if any(character in name for character in "`\\\n"):
        raise RuleError(
            "Names in BigQuery have no backticks, backslashes and line breaks. Got "
            f"{name!r}.",
            owner="to_sql",
            rule="without backticks, backslashes and line breaks",
            name="alias" if is_alias else None,
            value=name,
            column=None if is_alias else name,
            advice="Choose another name.",
        )


def _bigquery_is_number(name: str) -> Tree:
    is_nan = call("IS_NAN", double(column_tree(name)))
    not_nan = exp.Not(this=is_nan)
    return exp.Paren(this=exp.And(this=_present(name), expression=not_nan))


def _bigquery_is_nan(name: str) -> Tree:
    # The literal of the value; that of a text is in quotes.
    literal = call("LOWER", call("FORMAT", text_tree("%T"), column_tree(name)))
    return exp.Paren(
        this=exp.And(
            this=_present(name),
            expression=exp.EQ(
                this=literal, expression=text_tree('cast("nan" as float64)')
            ),
        )
    )


BIGQUERY = Dialect(
    grammar=sqlglot.Dialect.get_or_raise("bigquery").__class__,
    read_number=double,
    number=exponent_number,
    infinity=lambda: double(text_tree("inf")),
    # Its parameter is text or bytes. The empty collation compares byte by byte.
    text=lambda column: call(
        "COLLATE",
        call("SUBSTR", column, exp.Literal.number(1)),
        text_tree(""),
    ),
    date=timestamp,
    flag=varchar,
    moment=lambda date: timestamp(text_tree(date.iso)),
    stop=lambda column, content: call(
        "ERROR", text_tree(f"{column.name} holds {content}")
    ),
    nan_tests=NaNTests(
        is_number=_bigquery_is_number,
        any_is_nan=_bigquery_is_nan,
        # NaN satisfies no comparison.
        satisfied=frozenset(),
    ),
    check_name=_check_bigquery_name,
)


def _snowflake_type(column: Tree, *names: str) -> Tree:
    """Write whether a column is of a type, which is told with its length behind."""
    kind = call("REGEXP_SUBSTR", call("SYSTEM$TYPEOF", column), text_tree("^[A-Z_]+"))
    return any_of(kind, map(text_tree, names))


def _snowflake_text(column: Tree) -> Tree:
    text = exp.Case(
        ifs=[exp.If(this=_snowflake_type(column, "VARCHAR"), true=varchar(column))],
        default=varchar(_failing_cast(column, "no text")),
    )
    return call("COLLATE", text, text_tree("utf8"))


def _without_zone(tree: Tree) -> Tree:
    to = exp.DataType(this=exp.DataType.Type.TIMESTAMPNTZ)
    return exp.Cast(this=tree, to=to)


def _snowflake_date(column: Tree) -> Tree:
    has_no_zone = _snowflake_type(column, "DATE", "TIMESTAMP_NTZ", "VARCHAR")
    # No text is a moment that has words before it.
    stop = exp.DPipe(
        this=text_tree(f"{column.name} has a time zone: "),
        expression=varchar(column),
        safe=True,
    )
    return exp.Case(
        ifs=[exp.If(this=has_no_zone, true=_without_zone(column))],
        default=_without_zone(exp.Paren(this=stop)),
    )


def _snowflake_is_nan(name: str) -> Tree:
    column = column_tree(name)
    is_float = _snowflake_type(column, "FLOAT", "DOUBLE")
    is_nan = exp.EQ(this=varchar(column), expression=text_tree("NaN"))
    return exp.Paren(
        this=exp.And(
            this=_present(name),
            expression=exp.And(this=is_float, expression=is_nan),
        )
    )


SNOWFLAKE = Dialect(
    grammar=sqlglot.Dialect.get_or_raise("snowflake").__class__,
    read_number=double,
    number=exponent_number,
    infinity=lambda: double(text_tree("inf")),
    text=_snowflake_text,
    date=_snowflake_date,
    flag=varchar,
    moment=lambda date: _without_zone(text_tree(date.iso)),
    stop=_stop,
    # NaN is equal to itself, and greater than every number.
    nan_tests=NaNTests(
        is_number=_is_number,
        any_is_nan=_snowflake_is_nan,
        satisfied=frozenset([">", ">="]),
    ),
    fold=lambda name: name,
)


def _redshift_is_nan(name: str) -> Tree:
    # There is no function that tells the type of a column: a text may read 'NaN'.
    is_nan = exp.EQ(this=varchar(column_tree(name)), expression=text_tree("NaN"))
    return exp.Paren(this=exp.And(this=_present(name), expression=is_nan))


REDSHIFT = Dialect(
    grammar=sqlglot.Dialect.get_or_raise("redshift").__class__,
    read_number=double,
    number=exponent_number,
    infinity=lambda: double(text_tree("Infinity")),
    text=lambda column: call("COLLATE", varchar(column), text_tree("case_sensitive")),
    date=timestamp,
    flag=varchar,
    moment=lambda date: timestamp(text_tree(date.iso)),
    stop=_stop,
    nan_tests=NaNTests(is_number=_is_number, any_is_nan=_redshift_is_nan),
)
