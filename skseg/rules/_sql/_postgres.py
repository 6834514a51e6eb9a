"""The dialect of PostgreSQL."""

from __future__ import annotations

from sqlglot.dialects.postgres import Postgres

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
    timestamp,
    varchar,
)

# As format_type writes them, and by the names of the catalogue.
_TYPES: dict[Storage, tuple[str, ...]] = {
    "float64": ("double precision", "float8"),
    "float32": ("real", "float4"),
    "integer": ("smallint", "integer", "bigint", "int2", "int4", "int8"),
    "decimal": ("numeric", "decimal"),
    "boolean": ("boolean", "bool"),
    "text": (
        *("text", "character varying", "varchar", "character", "char", "bpchar"),
        *("name", "citext"),
    ),
    "date": ("date",),
    "timestamp": ("timestamp without time zone", "timestamp"),
    "zoned timestamp": ("timestamp with time zone", "timestamptz"),
}
_FLOATS = ("real", "double precision", "numeric")
_TEXTS = ("text", "character varying", "character", "name")
# Types of users, such as enums, have larger numbers than those that come along.
_FIRST_TYPE_OF_USERS = 16384
_MAX_NAME = 63
# The collation that compares byte by byte.
_BYTES = '"C"'
# The cast takes many other forms, and moments that are none, such as the hour 24.
_ISO = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?)?$"
)


def _type(column: Tree) -> Tree:
    """Write the type of a column, that of numbers or text for a domain over them."""
    return call("PG_TYPEOF", call("NULLIF", column, exp.Null()))


def _is_type(column: Tree, names: tuple[str, ...]) -> Tree:
    return any_of(_type(column), map(text_tree, names))


def _matches(tree: Tree, pattern: str) -> Tree:
    return exp.RegexpLike(this=tree, expression=text_tree(pattern))


def _stop(column: Tree, content: str) -> Tree:
    # A constant would be cast before any row is read. What is written for a column of
    # text has to be text.
    message = exp.DPipe(
        this=text_tree(f"{column.name} holds {content}: "),
        expression=varchar(column),
        safe=True,
    )
    to = exp.DataType(this=exp.DataType.Type.BOOLEAN)
    return exp.Cast(this=exp.Paren(this=message), to=to)


def _number(number: float) -> Tree:
    # Compared with a double, a NUMERIC becomes the nearest one.
    if number.is_integer() and number <= 2**53:
        return exp.Literal.number(str(int(number)))
    return exp.Literal.number(repr(number))


def _typed_number(column: Tree, storage: Storage) -> Tree:
    if storage == "float64":
        return column
    if storage == "boolean":
        to = exp.DataType(this=exp.DataType.Type.INT)
        return double(exp.Cast(this=column, to=to))
    return double(column)


def _text(column: Tree) -> Tree:
    """Write a column of text or of an enum; stop at other types that come along."""
    oid = exp.DataType(this=exp.DataType.Type.USERDEFINED, kind="OID")
    number = exp.Cast(this=_type(column), to=oid)
    limit = exp.Literal.number(_FIRST_TYPE_OF_USERS)
    is_text = exp.Or(
        this=exp.GTE(this=number, expression=limit), expression=_is_type(column, _TEXTS)
    )
    stop = varchar(_stop(column, "no text"))
    text = exp.Case(
        ifs=[exp.If(this=is_text, true=varchar(column))],
        default=stop,
    )
    return collated(text, _BYTES)


def _date(column: Tree) -> Tree:
    """Write a column as a moment; stop at a time zone, and at text that is no date."""
    kinds = ("date", "timestamp without time zone")
    # Digits behind the sixth are cut off, where the cast would round.
    ifs = [
        exp.If(this=_is_type(column, kinds), true=timestamp(column)),
        exp.If(this=_matches(varchar(column), _ISO), true=timestamp(_short(column))),
    ]
    present = exp.Not(this=exp.Is(this=column, expression=exp.Null()))
    stop = timestamp(varchar(_stop(column, "a time zone, or is no ISO date")))
    return exp.Case(ifs=[*ifs, exp.If(this=present, true=stop)])


def _short(column: Tree) -> Tree:
    return call("LEFT", varchar(column), exp.Literal.number(26))


def _flag(column: Tree) -> Tree:
    # The text of a NUMERIC has all its decimals, such as '1.00'.
    text = varchar(column)
    is_float = _is_type(column, _FLOATS)
    words = [
        exp.If(
            this=exp.And(
                this=is_float, expression=_matches(text, f"^-?{digit}([.]0+)?$")
            ),
            true=text_tree(digit),
        )
        for digit in "01"
    ]
    return collated(exp.Case(ifs=words, default=text), _BYTES)


def _is_number(tree: Tree) -> Tree:
    not_nan = exp.NEQ(this=tree, expression=text_tree("NaN"))
    return exp.Coalesce(this=not_nan, expressions=[exp.false()])


def _any_is_nan(name: str) -> Tree:
    # A text may read 'NaN', which is why the catalogue is asked, for such rows alone.
    column = column_tree(name)
    is_nan = exp.EQ(this=varchar(column), expression=text_tree("NaN"))
    is_number = (
        exp.select(exp.EQ(this=exp.column("typcategory"), expression=text_tree("N")))
        .from_("pg_catalog.pg_type")
        .where(exp.EQ(this=exp.column("oid"), expression=call("PG_TYPEOF", column)))
        .subquery()
    )
    either = exp.And(this=is_nan, expression=is_number)
    return exp.Paren(this=exp.Coalesce(this=either, expressions=[exp.false()]))


def _check_name(name: str, *, is_alias: bool) -> None:
    n_bytes = len(name.encode())
    if n_bytes > _MAX_NAME:
        raise RuleError(
            f"PostgreSQL cuts names to {_MAX_NAME} bytes. Got {name!r}, which has "
            f"{n_bytes}.",
            owner="to_sql",
            name="alias" if is_alias else None,
            rule=f"at most {_MAX_NAME} bytes",
            value=name,
            column=None if is_alias else name,
            advice="Choose a shorter name.",
        )


def _quoted(_: object, tree: Tree) -> str:
    if not tree.args["is_string"]:
        return tree.name
    text = tree.name.replace("'", "''")
    # A setting decides how backslashes are read, but for those behind an E.
    if "\\" not in text:
        return f"'{text}'"
    return "E'" + text.replace("\\", "\\\\") + "'"


class SksegPostgres(Postgres):
    """PostgreSQL with literals that no setting changes."""

    class Generator(Postgres.Generator):  # type: ignore[valid-type,misc]
        """Writes literals."""

        TRANSFORMS = {  # noqa: RUF012
            **Postgres.Generator.TRANSFORMS,
            exp.Literal: _quoted,
        }


POSTGRES = Dialect(
    grammar=SksegPostgres,
    # There is no cast from booleans, and the cast of text stops at what is no number.
    read_number=double,
    number=_number,
    infinity=lambda: double(text_tree("Infinity")),
    text=_text,
    date=_date,
    flag=_flag,
    moment=lambda date: timestamp(text_tree(date.iso)),
    stop=_stop,
    nan_tests=NaNTests(
        is_number=lambda name: _is_number(double(column_tree(name))),
        any_is_nan=_any_is_nan,
        # NaN is equal to itself, and greater than every number.
        satisfied=frozenset([">", ">="]),
        storages=frozenset(["float64", "float32", "decimal"]),
    ),
    known_types=KnownTypes(
        storage_of=type_reader(_TYPES),
        number=_typed_number,
        text=lambda column: collated(varchar(column), _BYTES),
        flag=lambda column: collated(varchar(column), _BYTES),
        date=lambda column, storage: (
            _date(column) if storage == "text" else timestamp(column)
        ),
        is_number=_is_number,
    ),
    # A name in quotes keeps its case.
    fold=lambda name: name,
    check_name=_check_name,
)
