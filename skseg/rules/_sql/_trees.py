"""Trees of SQL that every dialect is built from, by sqlglot."""

from __future__ import annotations

from collections.abc import Iterable

from skseg.exceptions import MissingExtraError

try:
    import sqlglot as sqlglot  # noqa: PLC0414

    # Passed on to _sql, so that the missing extra is reported in one place.
    from sqlglot import exp as exp  # noqa: PLC0414
except ModuleNotFoundError:
    raise MissingExtraError("Writing rules as SQL", "sql") from None

Tree = exp.Expression


def column_tree(name: str) -> Tree:
    """Return the column called `name`."""
    return exp.Column(this=exp.to_identifier(name, quoted=True))


def text_tree(value: str) -> Tree:
    """Return a literal text."""
    return exp.Literal.string(value)


def double(tree: Tree) -> Tree:
    """Return `tree` as a double."""
    return exp.Cast(this=tree, to=exp.DataType(this=exp.DataType.Type.DOUBLE))


def varchar(tree: Tree) -> Tree:
    """Return `tree` as text."""
    return exp.Cast(this=tree, to=exp.DataType(this=exp.DataType.Type.TEXT))


def collated(tree: Tree, collation: str) -> Tree:
    """Return `tree` under a collation."""
    return exp.Collate(this=tree, expression=exp.Var(this=collation))


def any_of(tree: Tree, values: Iterable[Tree]) -> Tree:
    """Return that `tree` is one of `values`."""
    listed = list(values)
    if len(listed) == 1:
        return exp.EQ(this=tree, expression=listed[0])
    return exp.In(this=tree, expressions=listed)


def call(name: str, *arguments: Tree) -> Tree:
    """Return the call of a function that sqlglot is to write as it stands."""
    return exp.Anonymous(this=name, expressions=[tree.copy() for tree in arguments])


def timestamp(tree: Tree) -> Tree:
    """Return `tree` as a moment without a time zone."""
    return exp.Cast(this=tree, to=exp.DataType(this=exp.DataType.Type.TIMESTAMP))
