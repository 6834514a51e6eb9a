"""The dialect of SQLite."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from sqlglot.dialects.sqlite import SQLite

from ._dialect import Dialect
from ._trees import Tree, any_of, call, collated, double, exp, text_tree, varchar


def _number(number: float) -> Tree:
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


def _stop(column: Tree, content: str) -> Tree:
    # What is no JSON stops the query.
    return call("JSON", text_tree(f"{column.name} holds {content}"))


def _read_number(column: Tree) -> Tree:
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
    stop = _stop(column, "a value that is no number")
    return exp.Case(
        ifs=[
            exp.If(this=is_number, true=double(column)),
            exp.If(this=present, true=stop),
        ]
    )


def _text(column: Tree) -> Tree:
    """Write a column of text; stop at numbers, whose text may have been another.

    A column of type NUMERIC makes 2 of '2.0' and 7 of '007'.
    """
    others = [text_tree(kind) for kind in ("integer", "real", "blob")]
    stop = _stop(column, "a number or bytes, compared with text")
    text = exp.Case(
        ifs=[exp.If(this=any_of(call("TYPEOF", column), others), true=stop)],
        default=column,
    )
    return collated(text, "BINARY")


_ZEROS = "0000-00-00 00:00:00.000000"


def _date(column: Tree) -> Tree:
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


SQLITE = Dialect(
    grammar=SksegSQLite,
    read_number=_read_number,
    number=_number,
    # CAST('inf' AS REAL) is 0.0.
    infinity=lambda: exp.Literal.number("9e999"),
    text=_text,
    date=_date,
    flag=varchar,
    moment=lambda date: text_tree(date.padded),
    stop=_stop,
    has_empty_fields=True,
)
