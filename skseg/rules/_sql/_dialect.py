"""How one SQL engine writes what engines write differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from skseg.rules._language._dates import Date

from ._storage import Storage
from ._trees import Tree, exp, sqlglot, text_tree


@dataclass(frozen=True)
class NaNTests:
    """How an engine that stores NaN tells it; no test is ever NULL, nor fails.

    `is_number` tells whether a column of numbers holds neither NaN nor NULL,
    `any_is_nan` whether a column of any type holds NaN. NaN satisfies comparisons with
    a number by the operators in `satisfied`; columns of `storages` may hold it.
    """

    is_number: Callable[[str], Tree]
    any_is_nan: Callable[[str], Tree]
    satisfied: frozenset[str] = frozenset(["<", "<=", ">", ">=", "=="])
    storages: frozenset[Storage] = frozenset(["float64", "float32"])


@dataclass(frozen=True)
class KnownTypes:
    """How an engine reads columns whose type is known.

    `storage_of` tells how a type is stored, None for a type that is not told from all
    others. `number`, `text`, `flag` and `date` write a column as the fields of
    `Dialect` of these names do. `is_number` tells whether what `number` has written is
    neither NaN nor NULL; it is never NULL.
    """

    storage_of: Callable[[str], Storage | None]
    number: Callable[[Tree, Storage], Tree]
    text: Callable[[Tree], Tree]
    flag: Callable[[Tree], Tree]
    date: Callable[[Tree, Storage], Tree]
    is_number: Callable[[Tree], Tree] | None = None


class NameCheck(Protocol):
    """Raises for a column, or an alias, that an engine cannot have."""

    def __call__(self, name: str, *, is_alias: bool) -> None: ...


def take_name(name: str, *, is_alias: bool) -> None:
    """Raise for no name."""


def fold_ascii(name: str) -> str:
    """Return a name without the case of ASCII letters, as most engines compare it."""
    return name.encode().lower().decode()


@dataclass(frozen=True)
class Dialect:
    """How one SQL engine writes what engines write differently.

    `grammar` quotes, escapes and names the types. `read_number` writes a column as a
    double, and fails where it holds no number. `number` writes a finite float64 >= 0 so
    that the engine reads that float64, `text` a column so that it compares byte by
    byte, `date` a column so that it compares with what `moment` writes. `flag` writes a
    column of any type as text, so that it compares with the texts for true and false.
    `text` stops at a column of any other type; `text_of_words`, where it is there,
    stands in its place in comparisons with words of which engines make booleans.
    `stop` fails, and says what a column holds. All of these are for columns of any
    type; `known_types` are for columns of which the type is known.

    Without `nan_tests` the engine cannot store NaN; where `infinity` is None, it cannot
    store infinity. `text_literal` writes a value that is compared with text, and
    `result` the name of a segment. Names that `fold` makes equal are one column, and
    `check_name` raises for a column or an alias that the engine cannot have. Where its
    import of csv files `has_empty_fields`, these stand as empty text for missing
    values.
    """

    grammar: type[sqlglot.Dialect]
    read_number: Callable[[Tree], Tree]
    number: Callable[[float], Tree]
    infinity: Callable[[], Tree] | None
    text: Callable[[Tree], Tree]
    date: Callable[[Tree], Tree]
    flag: Callable[[Tree], Tree]
    moment: Callable[[Date], Tree]
    stop: Callable[[Tree, str], Tree]
    text_of_words: Callable[[Tree], Tree] | None = None
    nan_tests: NaNTests | None = None
    known_types: KnownTypes | None = None
    text_literal: Callable[[str], Tree] = text_tree
    result: Callable[[str], Tree] = text_tree
    fold: Callable[[str], str] = fold_ascii
    check_name: NameCheck = take_name
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
