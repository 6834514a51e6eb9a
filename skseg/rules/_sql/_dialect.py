"""How one SQL engine writes what engines write differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from skseg.rules._language._dates import Date

from ._trees import Tree, exp, sqlglot


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
