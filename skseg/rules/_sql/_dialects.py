"""Where SQL engines differ: literals, quotes, NaN, collations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from skseg.exceptions import MissingExtraError, RuleError, did_you_mean
from skseg.rules._language._dates import Date

try:
    import sqlglot

    # Passed on to _sql, so that the missing extra is reported in one place.
    from sqlglot import exp as exp  # noqa: PLC0414
    from sqlglot.dialects.sqlite import SQLite
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


@dataclass(frozen=True)
class NaNTests:
    """How an engine that stores NaN tells it; no test is ever NULL, nor fails.

    `is_number` tells whether a column of numbers holds neither NaN nor NULL,
    `any_is_nan` whether a column of any type holds NaN.
    """

    is_number: Callable[[str], Tree]
    any_is_nan: Callable[[str], Tree]


@dataclass(frozen=True)
class Dialect:
    """How one SQL engine writes what engines write differently.

    `grammar` quotes, escapes and names the types. `read_number` writes a column as a
    double, and fails where it holds no number. `number` writes a finite float64 >= 0 so
    that the engine reads that float64, `text` a column so that it compares byte by
    byte, `date` a column so that it compares with what `moment` writes. `flag` writes a
    column of any type as text, so that it compares with the texts for true and false.
    `is_boolean` tells whether a value is a boolean, where `text` does not stop at them.
    `stop` fails, and says what a column holds. Without `nan_tests` the engine cannot
    store NaN. Where its import of csv files `has_empty_fields`, these stand as empty
    text for missing values.
    """

    grammar: type[sqlglot.Dialect]
    read_number: Callable[[Tree], Tree]
    number: Callable[[float], Tree]
    infinity: Callable[[], Tree]
    text: Callable[[Tree], Tree]
    date: Callable[[Tree], Tree]
    flag: Callable[[Tree], Tree]
    moment: Callable[[Date], Tree]
    stop: Callable[[Tree, str], Tree]
    is_boolean: Callable[[Tree], Tree] | None = None
    nan_tests: NaNTests | None = None
    has_empty_fields: bool = False

    def write(self, tree: Tree, *, pretty: bool = True) -> str:
        """Return `tree` as SQL, if it is `pretty` and long over several lines."""
        # Where it breaks lines, sqlglot masks the line breaks within quotes by a word,
        # and would take that word for a line break where it is data. sqlglot 26 masks
        # them in values only, and indents what follows in a name.
        if pretty:
            nodes = tree.find_all(exp.Identifier, exp.Literal, exp.Var)
            pretty = not any("\n" in n.name or "__SQLGLOT__" in n.name for n in nodes)
        return self.grammar().generate(tree, copy=False, pretty=pretty)


def _exponent_number(number: float) -> Tree:
    """Write a number so that no engine takes it for a DECIMAL."""
    if number.is_integer() and number <= 2**53:
        return exp.Literal.number(str(int(number)))
    text = repr(number)
    return exp.Literal.number(text if "e" in text else f"{text}e0")


def _duckdb_is_number(tree: Tree) -> Tree:
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


def _duckdb_any_is_nan(name: str) -> Tree:
    # A text may read 'nan', which the cast takes for NaN; of a date it makes NULL.
    kind = exp.Anonymous(this="TYPEOF", expressions=[column_tree(name)])
    floats = any_of(kind, [text_tree("FLOAT"), text_tree("DOUBLE")])
    to = exp.DataType(this=exp.DataType.Type.DOUBLE)
    number = exp.TryCast(this=column_tree(name), to=to)
    not_nan = _duckdb_is_number(number)
    return exp.Paren(this=exp.And(this=floats, expression=exp.Not(this=not_nan)))


def _sqlite_number(number: float) -> Tree:
    """Write a number that every build of SQLite reads as exactly that float64.

    SQLite reads decimals by floating-point arithmetic of its own, and is off by one bit
    for some. Integers are exact, and so are decimals far from the middle between two
    float64; a number without such a decimal is written as an integer times or over
    powers of two, which is exact whatever the arithmetic.
    """
    if number.is_integer() and number < 2**63:
        return exp.Literal.number(str(int(number)))
    decimal = _safe_decimal(number)
    if decimal is not None:
        return exp.Literal.number(str(decimal))
    mantissa, exponent = math.frexp(number)
    tree = double(exp.Literal.number(str(int(math.ldexp(mantissa, 53)))))
    powers, rest = divmod(abs(exponent - 53), 62)
    for power in filter(None, [rest, *[62] * powers]):
        factor = exp.Literal.number(str(2**power))
        if exponent > 53:
            tree = exp.Mul(this=tree, expression=factor)
        else:
            # Without these flags sqlglot would add a cast.
            tree = exp.Div(this=tree, expression=factor, typed=True, safe=True)
    return tree


def _safe_decimal(number: float) -> Decimal | None:
    """Return a short decimal that rough arithmetic, too, turns into `number`.

    SQLite computes ``digits * 10**exponent``. Where it does so in plain float64, both
    factors have to be float64 themselves, so that only the result is rounded. Where it
    works with more bits, every factor of ten may add an error in the 64th bit, which
    must not reach the border to the next float64.
    """
    _, digits, exponent = Decimal(repr(number)).as_tuple()
    assert isinstance(exponent, int)
    exact = Fraction(number)
    below = exact - Fraction(math.ulp(math.nextafter(number, 0))) / 2
    above = exact + Fraction(math.ulp(number)) / 2
    shortest = Fraction(int("".join(map(str, digits)))) * Fraction(10) ** exponent
    # 10**22 is the largest power of ten that is a float64.
    for power in range(min(exponent, 22), -23, -1):
        scale = Fraction(10) ** power
        scaled = (shortest if power == exponent else exact) / scale
        step = 2 ** max(0, math.floor(scaled).bit_length() - 53)
        candidate = round(scaled / step) * step
        if candidate >= 2**63:
            return None
        n_factors = abs(power) // 10 + abs(power) % 10
        slack = exact * n_factors / 2**61
        if below + slack < candidate * scale < above - slack:
            return Decimal((0, tuple(map(int, str(candidate))), power))
    return None


def call(name: str, *arguments: Tree) -> Tree:
    """Return the call of a function that sqlglot is to write as it stands."""
    return exp.Anonymous(this=name, expressions=[tree.copy() for tree in arguments])


def timestamp(tree: Tree) -> Tree:
    """Return `tree` as a moment without a time zone."""
    return exp.Cast(this=tree, to=exp.DataType(this=exp.DataType.Type.TIMESTAMP))


def _duckdb_flag(column: Tree) -> Tree:
    # The text of a DECIMAL has all decimals of its type, such as '1.00' and '.00'.
    is_decimal = call("STARTS_WITH", call("TYPEOF", column), text_tree("DECIMAL"))
    digits = exp.DPipe(this=text_tree("0"), expression=varchar(column), safe=True)
    pattern = text_tree("^0*([01])([.]0+)?$")
    whole = call("REGEXP_REPLACE", digits, pattern, text_tree("\\1"))
    return exp.If(this=is_decimal, true=whole, false=varchar(column))


def _duckdb_date(column: Tree) -> Tree:
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


def _sqlite_stop(column: Tree, content: str) -> Tree:
    # What is no JSON stops the query.
    return call("JSON", text_tree(f"{column.name} holds {content}"))


def _sqlite_read_number(column: Tree) -> Tree:
    """Write a column as a double; stop at text that is no number.

    A cast takes the longest beginning that is a number, 0 for none. Compared with a
    number, text becomes one only where all of it is a number; other text and blobs are
    equal to no number. Integers beyond 2**53 are equal to an integer alone.
    """
    integer = exp.Cast(this=column, to=exp.DataType(this=exp.DataType.Type.INT))
    is_number = exp.Or(
        this=exp.EQ(this=double(column), expression=column),
        expression=exp.EQ(this=integer, expression=column),
    )
    present = exp.Not(this=exp.Is(this=column, expression=exp.Null()))
    stop = _sqlite_stop(column, "a value that is no number")
    return exp.Case(
        ifs=[
            exp.If(this=is_number, true=double(column)),
            exp.If(this=present, true=stop),
        ]
    )


def _sqlite_text(column: Tree) -> Tree:
    """Write a column of text; stop at numbers, whose text may have been another.

    A column of type NUMERIC makes 2 of '2.0' and 7 of '007'.
    """
    others = [text_tree(kind) for kind in ("integer", "real", "blob")]
    stop = _sqlite_stop(column, "a number or bytes, compared with text")
    text = exp.Case(
        ifs=[exp.If(this=any_of(call("TYPEOF", column), others), true=stop)],
        default=column,
    )
    return collated(text, "BINARY")


_ZEROS = "0000-00-00 00:00:00.000000"


def _sqlite_date(column: Tree) -> Tree:
    """Write a column of ISO dates as text that sorts like the moments.

    SQLite has no dates. Its own functions for them know milliseconds at best, and take
    numbers for days. Anything but an ISO date without a zone stops the query, since it
    is no JSON either.
    """

    def number(value: int) -> Tree:
        return exp.Literal.number(str(value))

    def concatenated(left: Tree, right: Tree) -> Tree:
        return exp.DPipe(this=left, expression=right, safe=True)

    length = call("LENGTH", column)
    day = exp.Glob(
        this=column,
        expression=text_tree("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"),
    )
    # A zone has letters or a sign.
    other_characters = exp.Glob(
        this=call("SUBSTR", column, number(11)),
        expression=text_tree("*[^T 0-9:.]*"),
    )
    # Cut within the time, the text would be padded to another hour.
    whole = exp.In(this=length, expressions=[number(n) for n in (10, 16, 19)])
    fraction = exp.GT(this=length, expression=number(20))
    padded = concatenated(
        call("REPLACE", column, text_tree("T"), text_tree(" ")),
        call("SUBSTR", text_tree(_ZEROS), exp.Add(this=length, expression=number(1))),
    )
    seconds = call("SUBSTR", padded, number(1), number(19))
    # A shift by nothing turns the 30th of February into another day.
    exists = exp.EQ(
        this=call("DATETIME", seconds, text_tree("+0 days")), expression=seconds
    )
    return exp.If(
        this=exp.and_(
            day,
            exp.Not(this=other_characters),
            exp.Paren(this=exp.Or(this=whole, expression=fraction)),
            exists,
        ),
        true=call("SUBSTR", padded, number(1), number(len(_ZEROS))),
        false=call("JSON", concatenated(text_tree("no ISO date: "), column)),
    )


class SksegSQLite(SQLite):
    """SQLite with names in backticks.

    A name in double quotes that is no column is text to SQLite: a typing error would
    send every customer to some segment, without a word.
    """

    class Tokenizer(SQLite.Tokenizer):
        """Quotes names with the first of its identifier quotes."""

        IDENTIFIERS = ["`"]  # noqa: RUF012

    class Generator(SQLite.Generator):  # type: ignore[valid-type,misc]
        """Writes true and false as 1 and 0.

        TRUE and FALSE are names to SQLite: where a table has a column of that name,
        they are the values of that column.
        """

        TRANSFORMS = {  # noqa: RUF012
            **SQLite.Generator.TRANSFORMS,
            exp.Boolean: lambda _, tree: "1" if tree.this else "0",
        }


DIALECTS = {
    "duckdb": Dialect(
        grammar=sqlglot.Dialect.get_or_raise("duckdb").__class__,
        # The cast fails where text is no number.
        read_number=double,
        number=_exponent_number,
        infinity=lambda: double(text_tree("inf")),
        # The cast is for enums; a collation of the column would survive it.
        text=lambda column: collated(varchar(column), "C"),
        date=_duckdb_date,
        flag=_duckdb_flag,
        moment=lambda date: timestamp(text_tree(date.iso)),
        stop=lambda column, content: call(
            "ERROR", text_tree(f"{column.name} holds {content}")
        ),
        is_boolean=lambda column: any_of(
            call("TYPEOF", column), [text_tree("BOOLEAN")]
        ),
        nan_tests=NaNTests(
            is_number=lambda name: _duckdb_is_number(double(column_tree(name))),
            any_is_nan=_duckdb_any_is_nan,
        ),
    ),
    "sqlite": Dialect(
        grammar=SksegSQLite,
        read_number=_sqlite_read_number,
        number=_sqlite_number,
        # CAST('inf' AS REAL) is 0.0.
        infinity=lambda: exp.Literal.number("9e999"),
        text=_sqlite_text,
        date=_sqlite_date,
        flag=varchar,
        moment=lambda date: text_tree(date.padded),
        stop=_sqlite_stop,
        has_empty_fields=True,
    ),
}


def find_dialect(name: str) -> Dialect:
    """Return the dialect called `name`; raise with those that are offered."""
    if name not in DIALECTS:
        offered = ", ".join(map(repr, DIALECTS))
        hint = did_you_mean(name, DIALECTS) if isinstance(name, str) else ""
        raise RuleError(
            f"The SQL dialect must be one of {offered}. Got {name!r} instead.{hint} A "
            "dialect is offered once its SQL is executed against assign in the tests.",
            owner="to_sql",
            name="dialect",
            rule=f"one of {offered}",
            value=name,
        )
    return DIALECTS[name]
