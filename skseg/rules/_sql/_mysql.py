"""The dialect of MySQL and MariaDB."""

from __future__ import annotations

import re
from typing import Any

from sqlglot.dialects.mysql import MySQL

from skseg.exceptions import RuleError

from ._dialect import Dialect, KnownTypes
from ._literals import exponent_number
from ._storage import Storage, type_reader
from ._trees import Tree, any_of, call, double, exp, text_tree

_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "integer", "bigint")
_SIGNS = ("", " unsigned", " unsigned zerofill")
_TYPES: dict[Storage, tuple[str, ...]] = {
    "float64": tuple(f"double{sign}" for sign in _SIGNS),
    "float32": tuple(f"float{sign}" for sign in _SIGNS),
    "integer": (
        *("bool", "boolean", "year"),
        *(f"{name}{sign}" for name in _INTEGERS for sign in _SIGNS),
    ),
    "decimal": tuple(f"{n}{sign}" for n in ("decimal", "numeric") for sign in _SIGNS),
    "text": (
        *("char", "varchar", "tinytext", "text", "mediumtext", "longtext"),
        *("enum", "set"),
    ),
    "date": ("date",),
    # Read in the time zone of the session, as drivers read it.
    "timestamp": ("datetime", "timestamp"),
}
_MAX_NAME = 64
_NUMBER = "(?s)^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)? *(?!.)"
_ISO = (
    "(?s)^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
    "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?)?(?!.)"
)
# The first day of the year 1, as TO_DAYS counts.
_FIRST_DAY = 366
# What every charset of a connection and every setting reads alike between quotes.
_PLAIN = re.compile(r"[ -\[\]-~]*")


def _hexadecimal(text: str) -> str:
    return f"x'{text.encode().hex().upper()}'"


def _literal(text: str) -> Tree:
    """Write text that is compared with a binary string."""
    if re.fullmatch(_PLAIN, text):
        return text_tree(text)
    return exp.Var(this=_hexadecimal(text))


def _result(text: str) -> Tree:
    if re.fullmatch(_PLAIN, text):
        return text_tree(text)
    return exp.Var(this=f"_utf8mb4 {_hexadecimal(text)}")


def _as_text(column: Tree) -> Tree:
    """Write a column of any type as text, whatever the charset of the column is."""
    return exp.Var(this=f"CONVERT({_name(column)} USING utf8mb4)")


def _name(column: Tree) -> str:
    return column.sql(dialect=MySQL)


def _binary(tree: Tree) -> Tree:
    # As text, 'free ' would be 'free' and, by most collations, 'FREE'.
    return exp.Cast(this=tree, to=exp.DataType(this=exp.DataType.Type.BINARY))


def _is_null(column: Tree) -> Tree:
    return exp.Is(this=column, expression=exp.Null())


def _matches(tree: Tree, pattern: str) -> Tree:
    return exp.RegexpLike(this=tree, expression=text_tree(pattern))


def _is_numeric(column: Tree) -> Tree:
    """Write whether the type of a column is one of numbers or dates."""
    coercibility = call("COERCIBILITY", column)
    return exp.EQ(this=coercibility, expression=exp.Literal.number(5))


def _stop(column: Tree, content: str) -> Tree:
    """Write what is beyond all numbers, with a text that the error shows.

    It is NULL where the column is.
    """
    message = _result(f"{column.name} holds {content}: ")
    length = call("LENGTH", call("CONCAT", message, column))
    return call("EXP", exp.Mul(this=length, expression=exp.Literal.number("1e5")))


def _read_number(column: Tree) -> Tree:
    """Write a column as a double; stop at text that is no number.

    A cast takes the longest beginning that is a number, 0 for none, and the number of
    its category for an enum. What is beyond float64 becomes the largest one; doubled
    and halved, which is exact, it is beyond it again.
    """
    text = _as_text(column)
    two = exp.Literal.number("2e0")
    doubled = exp.Mul(this=double(text), expression=two)
    halved = exp.Div(this=doubled, expression=two, typed=True, safe=True)
    number = exp.If(this=_is_numeric(column), true=double(column), false=halved)
    return exp.Case(
        ifs=[
            exp.If(this=_matches(text, _NUMBER), true=number),
            exp.If(
                this=exp.Not(this=_is_null(column)),
                true=_stop(column, "a value that is no number"),
            ),
        ]
    )


def _typed_number(column: Tree, storage: Storage) -> Tree:
    if storage == "text":
        return _read_number(column)
    return column if storage == "float64" else double(column)


def _known_text(column: Tree) -> Tree:
    return _binary(_as_text(column))


def _text(column: Tree) -> Tree:
    charset = call("CHARSET", column)
    return exp.If(
        this=any_of(charset, [text_tree("binary")]),
        true=_stop(column, "a number, a date or bytes, compared with text"),
        false=_known_text(column),
    )


def _moment_type(tree: Tree) -> Tree:
    to = exp.DataType.build("DATETIME(6)", dialect="mysql")
    return exp.Cast(this=tree, to=to)


def _if_day(moment: Tree, column: Tree, *, is_iso: Tree | None = None) -> Tree:
    """Write `moment` where it is a day of the calendar, and stop elsewhere.

    Dates may be zero, wholly or in part, and an impossible one is cast to NULL.
    """
    day = call("TO_DAYS", moment)
    exists: Tree = exp.GTE(this=day, expression=exp.Literal.number(_FIRST_DAY))
    if is_iso is not None:
        exists = exp.And(this=is_iso, expression=exists)
    stop = _moment_type(_stop(column, "what is no ISO date"))
    return exp.Case(
        ifs=[
            exp.If(this=exists, true=moment),
            exp.If(this=exp.Not(this=_is_null(column)), true=stop),
        ]
    )


def _date(column: Tree) -> Tree:
    text = _as_text(column)
    # Digits behind the sixth are cut off, where the cast may round.
    moment = _moment_type(call("LEFT", text, exp.Literal.number(26)))
    return _if_day(moment, column, is_iso=_matches(text, _ISO))


def _typed_date(column: Tree, storage: Storage) -> Tree:
    if storage == "text":
        return _date(column)
    return _if_day(column, column)


def _flag(column: Tree) -> Tree:
    # The text of a DECIMAL has all decimals of its type, such as '1.00'.
    text = _as_text(column)
    words = [
        exp.If(
            this=exp.And(
                this=_is_numeric(column),
                expression=_matches(text, f"^-?{digit}([.]0+)?$"),
            ),
            true=text_tree(digit),
        )
        for digit in "01"
    ]
    # The binary string is in lower case already, of which LOWER knows nothing.
    return _binary(exp.Case(ifs=words, default=call("LOWER", text)))


def _known_flag(column: Tree) -> Tree:
    return _binary(call("LOWER", _as_text(column)))


def _check_name(name: str, *, is_alias: bool) -> None:
    """Raise for a name that MySQL cannot have, or would change."""
    rule = None
    if len(name) > _MAX_NAME:
        rule = f"of at most {_MAX_NAME} characters"
    elif name[-1].isspace() or (is_alias and (name[0] <= " " or name[0] == "\x7f")):
        rule = "without blanks and control characters around them"
    elif max(name) > "\uffff":
        rule = "of characters up to U+FFFF"
    if rule is not None:
        raise RuleError(
            f"Names in MySQL and MariaDB are {rule}. Got {name!r}.",
            owner="to_sql",
            name="alias" if is_alias else None,
            rule=rule,
            value=name,
            column=None if is_alias else name,
            advice="Choose another name.",
        )


def _fold(name: str) -> str:
    # Letter by letter: the dotted capital I is i.
    return "".join(letter.lower()[0] for letter in name)


def _negation(generator: Any, tree: Tree) -> str:
    # A setting lets NOT bind tighter than comparisons.
    operand = generator.sql(tree, "this")
    return f"NOT {operand}" if isinstance(tree.this, exp.Paren) else f"NOT ({operand})"


def _regexp(generator: Any, tree: Tree) -> str:
    # MariaDB has no REGEXP_LIKE.
    text, pattern = generator.sql(tree, "this"), generator.sql(tree, "expression")
    return f"{text} REGEXP {pattern}"


class SksegMySQL(MySQL):
    """MySQL that means the same under every SQL mode."""

    class Generator(MySQL.Generator):  # type: ignore[valid-type,misc]
        """Writes negations with brackets."""

        TRANSFORMS = {  # noqa: RUF012
            **MySQL.Generator.TRANSFORMS,
            exp.Not: _negation,
            exp.RegexpLike: _regexp,
        }


MYSQL = Dialect(
    grammar=SksegMySQL,
    read_number=_read_number,
    number=exponent_number,
    # Neither infinity nor NaN can be stored.
    infinity=None,
    text=_text,
    date=_date,
    flag=_flag,
    moment=lambda date: exp.Var(this=f"TIMESTAMP '{date.padded}'"),
    stop=_stop,
    known_types=KnownTypes(
        storage_of=type_reader(_TYPES),
        number=_typed_number,
        text=_known_text,
        flag=_known_flag,
        date=_typed_date,
    ),
    text_literal=_literal,
    result=_result,
    fold=_fold,
    check_name=_check_name,
)
