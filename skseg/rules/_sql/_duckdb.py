"""The dialect of DuckDB."""

from __future__ import annotations

from ._dialect import Dialect, KnownTypes, NaNTests
from ._literals import exponent_number
from ._storage import Storage, type_reader
from ._trees import (
    Tree,
    any_of,
    call,
    collated,
    column_tree,
    double,
    exp,
    sqlglot,
    text_tree,
    timestamp,
    varchar,
)

_TYPES: dict[Storage, tuple[str, ...]] = {
    "float64": ("double",),
    "float32": ("float",),
    "integer": (
        *("tinyint", "smallint", "integer", "bigint", "hugeint"),
        *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
    ),
    "decimal": ("decimal",),
    "boolean": ("boolean",),
    "text": ("varchar", "enum"),
    "date": ("date",),
    "timestamp": ("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"),
    "zoned timestamp": ("timestamp with time zone",),
}


def _is_number(tree: Tree) -> Tree:
    """Return whether `tree` is neither NaN nor NULL.

    Statistics of Parquet files leave NaN out, and DuckDB 2 takes a column without NULL
    to be free of NaN: in projections it answers ISNAN, comparisons and casts to text
    from the statistics alone, and in WHERE every function of a column whose smallest
    and largest values are equal. COALESCE over functions of which the statistics say
    nothing is left to the rows.
    """
    finite = exp.Anonymous(this="ISFINITE", expressions=[tree])
    infinite = exp.Anonymous(this="ISINF", expressions=[tree.copy()])
    either = exp.Or(this=finite, expression=infinite)
    return exp.Coalesce(this=either, expressions=[exp.Boolean(this=False)])


def _any_is_nan(name: str) -> Tree:
    # A text may read 'nan', which the cast takes for NaN; of a date it makes NULL.
    kind = exp.Anonymous(this="TYPEOF", expressions=[column_tree(name)])
    floats = any_of(kind, [text_tree("FLOAT"), text_tree("DOUBLE")])
    to = exp.DataType(this=exp.DataType.Type.DOUBLE)
    number = exp.TryCast(this=column_tree(name), to=to)
    not_nan = _is_number(number)
    return exp.Paren(this=exp.And(this=floats, expression=exp.Not(this=not_nan)))


def _stop(column: Tree, content: str) -> Tree:
    return call("ERROR", text_tree(f"{column.name} holds {content}"))


def _text(column: Tree) -> Tree:
    # Its parameter is text, so that it is no function of numbers, dates and booleans,
    # and an enum becomes text. A collation of the column would survive it.
    return collated(call("SUBSTRING", column, exp.Literal.number(1)), "C")


def _text_of_words(column: Tree) -> Tree:
    # Engines write booleans as text in their own way, so that no row would be 'True'.
    kind = call("TYPEOF", column)
    is_enum = call("STARTS_WITH", kind, text_tree("ENUM"))
    is_text = exp.EQ(this=kind, expression=text_tree("VARCHAR"))
    text = exp.If(
        this=exp.Or(this=is_text, expression=is_enum),
        true=varchar(column),
        false=_stop(column, "a number, a date or a boolean, compared with text"),
    )
    return collated(text, "C")


def _flag(column: Tree) -> Tree:
    # The text of a DECIMAL has all decimals of its type, such as '1.00' and '.00'.
    is_decimal = call("STARTS_WITH", call("TYPEOF", column), text_tree("DECIMAL"))
    digits = exp.DPipe(this=text_tree("0"), expression=varchar(column), safe=True)
    pattern = text_tree("^0*([01])([.]0+)?$")
    whole = call("REGEXP_REPLACE", digits, pattern, text_tree("\\1"))
    return exp.If(this=is_decimal, true=whole, false=varchar(column))


def _date(column: Tree) -> Tree:
    # A cast would read a zone by the settings of the session, and forget that of text.
    # Of a column of dates or moments the type alone says that there is none.
    may_have_zone = any_of(
        call("TYPEOF", column), map(text_tree, ("VARCHAR", "TIMESTAMP WITH TIME ZONE"))
    )
    # Letters but the T before the time, a plus, or a minus behind the time.
    has_zone = call("REGEXP_MATCHES", varchar(column), text_tree("[A-SU-Za-z+]|:.*-"))
    message = f"{column.name} has a time zone, or is no ISO date"
    return call(
        "IF",
        exp.And(this=may_have_zone, expression=has_zone),
        call("ERROR", text_tree(message)),
        timestamp(column),
    )


DUCKDB = Dialect(
    grammar=sqlglot.Dialect.get_or_raise("duckdb").__class__,
    # The cast fails where text is no number.
    read_number=double,
    number=exponent_number,
    infinity=lambda: double(text_tree("inf")),
    text=_text,
    text_of_words=_text_of_words,
    date=_date,
    flag=_flag,
    moment=lambda date: timestamp(text_tree(date.iso)),
    stop=_stop,
    nan_tests=NaNTests(
        is_number=lambda name: _is_number(double(column_tree(name))),
        any_is_nan=_any_is_nan,
    ),
    known_types=KnownTypes(
        storage_of=type_reader(_TYPES),
        number=lambda column, storage: (
            column if storage == "float64" else double(column)
        ),
        # A collation of the column would survive a cast of it.
        text=lambda column: collated(varchar(column), "C"),
        flag=varchar,
        date=lambda column, storage: (
            _date(column) if storage == "text" else timestamp(column)
        ),
        is_number=_is_number,
    ),
)
