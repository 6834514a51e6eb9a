"""The dialect of Spark 4, with ANSI mode on or off."""

from __future__ import annotations

import re

from sqlglot.dialects.spark import Spark

from skseg.exceptions import RuleError

from ._dialect import Dialect, KnownTypes, NaNTests
from ._storage import Storage, type_reader
from ._trees import (
    Tree,
    any_of,
    call,
    collated,
    column_tree,
    double,
    exp,
    text_tree,
    varchar,
)

_TYPES: dict[Storage, tuple[str, ...]] = {
    "float64": ("double",),
    "float32": ("float", "real"),
    "integer": (
        *("tinyint", "smallint", "int", "bigint"),
        *("byte", "short", "integer", "long"),
    ),
    "decimal": ("decimal", "dec", "numeric"),
    "boolean": ("boolean",),
    "text": ("string", "char", "character", "varchar"),
    "date": ("date",),
    # A TIMESTAMP is shown, and compared, in the time zone of the session.
    "timestamp": ("timestamp", "timestamp_ltz", "timestamp_ntz"),
}
_storage_of_plain = type_reader(_TYPES)

# What Spark replaces by a setting of the session before it parses, in quotes as well.
_VARIABLE = re.compile(r"\$\{\S+?\}")
# Runs of what stands for itself between quotes whatever `escapedStringLiterals` is, and
# without the beginning of a variable; else a single character.
_PIECE = re.compile(r"(?:[^'\\$]|\$(?!\{))+|.", re.DOTALL)
_ISO = (
    "(?s)^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
    "([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?(?!.)"
)


def _quoted(text: str) -> str:
    """Quote text so that every session reads the same.

    Settings decide how Spark reads backslashes and quotes within a literal, and it puts
    settings in the place of ``${...}``: such characters stand alone.
    """
    pieces = [
        f"CHR({ord(piece)})" if piece in "'\\" else f"'{piece}'"
        for piece in _PIECE.findall(text)
    ]
    if len(pieces) == 1:
        return pieces[0]
    return f"CONCAT({', '.join(pieces)})" if pieces else "''"


def _literal(_: object, tree: Tree) -> str:
    return _quoted(tree.name) if tree.args["is_string"] else tree.name


def _identifier(_: object, tree: Tree) -> str:
    name = "`" + tree.name.replace("`", "``") + "`"
    if not re.search(_VARIABLE, name):
        return name
    if isinstance(tree.parent, exp.Alias):
        raise RuleError(
            f"Spark replaces ${{...}} by a setting, in names as well. Got the alias "
            f"{tree.name!r}.",
            owner="to_sql",
            name="alias",
            rule="without ${...}",
            value=tree.name,
            advice="Choose another alias.",
        )
    return f"IDENTIFIER({_quoted(name)})"


class SksegSpark(Spark):
    """Spark with literals and names that no setting changes."""

    class Generator(Spark.Generator):  # type: ignore[valid-type,misc]
        """Writes literals and names."""

        TRANSFORMS = {  # noqa: RUF012
            **Spark.Generator.TRANSFORMS,
            exp.Literal: _literal,
            exp.Identifier: _identifier,
        }


def _number(number: float) -> Tree:
    if number.is_integer() and number <= 2**53:
        return exp.Literal.number(str(int(number)))
    # Without the D, 0.1 is a DECIMAL, and with a legacy setting 1e-1 is, too.
    return exp.Literal.number(f"{number!r}D")


def _is_type(column: Tree, *types: str) -> Tree:
    return any_of(call("TYPEOF", column), map(text_tree, types))


def _stop(column: Tree, content: str) -> Tree:
    return call("RAISE_ERROR", text_tree(f"{column.name} holds {content}"))


def _or_stop(column: Tree, read: Tree, content: str) -> Tree:
    """Write what is `read` of a column; stop where that is NULL and the column is not.

    Without ANSI mode, a cast makes NULL of what it cannot read.
    """
    null = exp.Is(this=column, expression=exp.Null())
    stop = exp.If(this=null, true=exp.Null(), false=_stop(column, content))
    return exp.Coalesce(this=read, expressions=[stop])


def _read_number(column: Tree) -> Tree:
    # A moment is cast to its seconds since 1970.
    is_moment = _is_type(column, "timestamp")
    read = exp.If(this=is_moment, true=exp.Null(), false=double(column))
    return _or_stop(column, read, "a value that is no number")


def _storage_of(type_name: str) -> Storage | None:
    # A collation belongs to the type.
    return _storage_of_plain(type_name.lower().partition(" collate ")[0])


def _typed_number(column: Tree, storage: Storage) -> Tree:
    if storage == "text":
        return _or_stop(column, double(column), "a value that is no number")
    return column if storage == "float64" else double(column)


def _moment(tree: Tree) -> Tree:
    to = exp.DataType(this=exp.DataType.Type.TIMESTAMPNTZ)
    return exp.Cast(this=tree, to=to)


def _date(column: Tree) -> Tree:
    """Write a column as a moment without a zone.

    A TIMESTAMP becomes the local time of the session, as `toPandas` gives it. Of text,
    a cast would forget the zone, and take a year alone for a date.
    """
    is_date = _is_type(column, "date", "timestamp", "timestamp_ntz")
    return _moment_of(column, exp.Or(this=is_date, expression=_is_iso(column)))


def _is_iso(column: Tree) -> Tree:
    return exp.RegexpLike(this=varchar(column), expression=text_tree(_ISO))


def _moment_of(column: Tree, is_moment: Tree) -> Tree:
    read = exp.If(this=is_moment, true=_moment(column), false=exp.Null())
    return _or_stop(column, read, "a time zone, or what is no ISO date")


def _typed_date(column: Tree, storage: Storage) -> Tree:
    # TYPEOF would be answered by wrong code where the session holds the rows.
    if storage == "text":
        return _moment_of(column, _is_iso(column))
    return _moment(column)


def _known_text(column: Tree) -> Tree:
    # The cast keeps the collation of a column.
    return collated(varchar(column), "UTF8_BINARY")


def _text(column: Tree) -> Tree:
    kind = call("TYPEOF", column)
    is_text = exp.RegexpLike(this=kind, expression=text_tree("^(string|char|varchar)"))
    stop = _stop(column, "no text, compared with text")
    text = exp.If(this=is_text, true=varchar(column), false=stop)
    return collated(exp.Paren(this=text), "UTF8_BINARY")


def _flag(column: Tree) -> Tree:
    # The text of a DECIMAL has all decimals of its type, such as '1.00' and '0E-8'.
    is_decimal = call("STARTSWITH", call("TYPEOF", column), text_tree("decimal"))
    text = varchar(column)
    for digit, pattern in (("0", "^0([.]0+|E-[0-9]+)$"), ("1", "^1[.]0+$")):
        text = call("REGEXP_REPLACE", text, text_tree(pattern), text_tree(digit))
    return exp.If(this=is_decimal, true=text, false=_known_text(column))


def _is_number(tree: Tree) -> Tree:
    """Return whether `tree` is neither NULL nor NaN.

    A comparison with NaN would be answered from the statistics of Parquet files, which
    leave NaN out; ISNAN is not, and is false of NULL.
    """
    present = exp.Not(this=exp.Is(this=tree, expression=exp.Null()))
    not_nan = exp.Not(this=call("ISNAN", tree))
    return exp.Paren(this=exp.And(this=present, expression=not_nan))


def _any_is_nan(name: str) -> Tree:
    # ISNAN takes floats only. The text of every NaN is 'NaN'.
    column = column_tree(name)
    is_nan = exp.EQ(this=varchar(column), expression=text_tree("NaN"))
    is_float = _is_type(column, "float", "double")
    return exp.Paren(this=exp.And(this=is_float, expression=is_nan))


SPARK = Dialect(
    grammar=SksegSpark,
    read_number=_read_number,
    number=_number,
    infinity=lambda: double(text_tree("Infinity")),
    text=_text,
    date=_date,
    flag=_flag,
    moment=lambda date: _moment(text_tree(date.iso)),
    stop=_stop,
    nan_tests=NaNTests(
        is_number=lambda name: _is_number(_read_number(column_tree(name))),
        any_is_nan=_any_is_nan,
        # NaN is equal to itself, and greater than every number.
        satisfied=frozenset([">", ">="]),
    ),
    known_types=KnownTypes(
        storage_of=_storage_of,
        number=_typed_number,
        text=_known_text,
        flag=_known_text,
        date=_typed_date,
        is_number=_is_number,
    ),
)
