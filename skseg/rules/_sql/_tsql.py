"""The dialect of SQL Server, written by its documentation, not executed in the tests.

`RuleSet.sql_check` proves it on a server.
"""

from __future__ import annotations

from typing import Any

from sqlglot.dialects.tsql import TSQL as SQLGlotTSQL

from ._dialect import Dialect
from ._literals import exponent_number
from ._trees import Tree, collated, double, exp, text_tree, timestamp

# Compares the code points, and so all characters.
_BYTES = "Latin1_General_BIN2"


def _literal(_: object, tree: Tree) -> str:
    if not tree.args["is_string"]:
        return tree.name
    # Without the N, characters beyond the code page of the database are lost.
    return "N'" + tree.name.replace("'", "''") + "'"


def _case(generator: Any, tree: Tree) -> str:
    """Write a CASE of conditions as one of 1 and 0: there are no values TRUE, FALSE."""
    if not isinstance(tree.args["ifs"][0].args["true"], exp.Boolean):
        return str(generator.case_sql(tree))
    ifs = [
        exp.If(this=branch.this, true=exp.Literal.number(int(branch.args["true"].this)))
        for branch in tree.args["ifs"]
    ]
    case = exp.Case(ifs=ifs, default=tree.args["default"])
    return f"{generator.case_sql(case)} = 1"


class SksegTSQL(SQLGlotTSQL):
    """SQL Server with literals of Unicode."""

    class Generator(SQLGlotTSQL.Generator):  # type: ignore[valid-type,misc]
        """Writes literals, and conditions where values are called for."""

        TRANSFORMS = {  # noqa: RUF012
            **SQLGlotTSQL.Generator.TRANSFORMS,
            exp.Literal: _literal,
            exp.Case: _case,
        }


def _nvarchar(tree: Tree) -> Tree:
    return exp.Cast(this=tree, to=exp.DataType.build("NVARCHAR(MAX)", dialect="tsql"))


def _text(column: Tree) -> Tree:
    # Comparisons take no notice of blanks at the end, but of what is behind them.
    ended = exp.Add(this=_nvarchar(column), expression=text_tree("."))
    return collated(exp.Paren(this=ended), _BYTES)


def _stop(column: Tree, content: str) -> Tree:
    message = exp.Add(
        this=text_tree(f"{column.name} holds {content}: "), expression=_nvarchar(column)
    )
    to = exp.DataType(this=exp.DataType.Type.INT)
    return exp.Cast(this=exp.Paren(this=message), to=to)


TSQL = Dialect(
    grammar=SksegTSQL,
    read_number=double,
    number=exponent_number,
    # Neither NaN nor infinity is stored.
    infinity=None,
    text=_text,
    date=timestamp,
    flag=lambda column: collated(_nvarchar(column), _BYTES),
    moment=lambda date: timestamp(text_tree(date.padded)),
    stop=_stop,
    text_literal=lambda text: text_tree(f"{text}."),
)
