"""Rules as SQL, built as sqlglot trees, so that names and values stay data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from skseg.exceptions import RuleError
from skseg.rules._language._conditions import Rule
from skseg.rules._language._thresholds import check_name

from ._cases import case_tree
from ._dialect import Dialect
from ._dialects import find_dialect
from ._trees import Tree, exp
from ._writer import Writer


def _check_empty_fields(
    owner: str, engine: Dialect, dialect: str, empty_is_missing: bool
) -> None:
    if empty_is_missing and not engine.has_empty_fields:
        raise RuleError(
            f"Empty text as missing is for sqlite. Got the dialect {dialect!r}.",
            owner=owner,
            name="empty_is_missing",
            rule="False but for sqlite",
            value=empty_is_missing,
            advice="Other engines read the empty fields of csv files as NULL.",
        )


def condition_sql(
    rule: Rule,
    dialect: str,
    *,
    types: Mapping[str, str] | None = None,
    empty_is_missing: bool = False,
) -> str:
    """Return `rule` as a condition for WHERE; see `Rule.to_sql`."""
    engine = find_dialect(dialect)
    _check_empty_fields("Rule.to_sql", engine, dialect, empty_is_missing)
    writer = Writer(engine, [rule], types=types, empty_is_missing=empty_is_missing)
    condition = writer.condition(rule)
    tree = condition.tree
    if condition.connector is not None:
        # Pasted beside an AND it still means the same.
        tree = exp.Paren(this=tree)
    return engine.write(tree)


def ruleset_sql(
    cases: Sequence[tuple[Rule, str, int]],
    default: tuple[str | None, int],
    dialect: str,
    output: str,
    alias: str | None,
    *,
    types: Mapping[str, str] | None = None,
    empty_is_missing: bool = False,
) -> str:
    """Return a CASE expression over rules; see `RuleSet.to_sql`.

    Each of the `cases` is a rule with the name and the code of its rows; `default` is
    the name and the code of all other rows.
    """
    engine = find_dialect(dialect)
    if output not in ("name", "code"):
        raise RuleError(
            f"The output must be 'name' or 'code'. Got {output!r} instead.",
            owner="RuleSet.to_sql",
            name="output",
            rule="'name' or 'code'",
            value=output,
        )
    _check_empty_fields("RuleSet.to_sql", engine, dialect, empty_is_missing)
    rules = [rule for rule, _, _ in cases]
    writer = Writer(engine, rules, types=types, empty_is_missing=empty_is_missing)
    tree = case_tree(
        [(rule, _result(engine, name, code, output)) for rule, name, code in cases],
        _result(engine, *default, output),
        lambda rule, present=frozenset(): writer.condition(rule, present).tree,
        writer.costly_columns(),
    )
    if alias is not None:
        engine.check_name(check_name(alias, "The alias"), is_alias=True)
        label = exp.to_identifier(alias, quoted=True)
        tree = exp.Alias(this=tree, alias=label)
    return engine.write(tree)


def _result(dialect: Dialect, name: str | None, code: int, output: str) -> Tree:
    if output == "code":
        number = exp.Literal.number(str(abs(code)))
        return number if code >= 0 else exp.Neg(this=number)
    return exp.Null() if name is None else dialect.result(name)
