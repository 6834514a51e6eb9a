"""What can be done with findings once they are there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import pandas as pd

from skseg._core._csv_files import to_csv
from skseg._core._validation import check_choice
from skseg._files import write_text
from skseg.rules import Rule, RuleSet
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Membership,
    Missing,
    Not,
    Or,
)

from ._table import historical_table


class FindingsExport(ABC):
    """Mixin: findings as a table, as CSV, as SQL and as Python."""

    __slots__ = ()

    @abstractmethod
    def _findings(self) -> tuple[pd.DataFrame, RuleSet, Any]:
        """Return the table of the findings, their rules, and the method of each."""

    def to_frame(self, *, style: str = "segments") -> pd.DataFrame:
        """Return the findings as a table, the best first.

        Parameters
        ----------
        style : {"segments", "historical"}, default="segments"
            ``"segments"``: the columns that the tables of all estimators begin with,
            and what is known of findings. ``"historical"``: Feature_1, Range_1,
            Feature_2, Range_2, Pct_Train_%, Pct_Test_%, Success_Train_%,
            Success_Test_%, Success_Diff_% and Method; Feature_3 and Range_3 follow if
            a finding has three conditions.

        Returns
        -------
        DataFrame of shape (n_findings, n_columns)
            A copy: one row per finding.

        Raises
        ------
        NotFittedError
            If a finder is not fitted.
        InvalidParameterError
            If the style is unknown.
        """
        owner = f"{type(self).__name__}.to_frame"
        check_choice(owner, "style", style, ["segments", "historical"])
        table, rules, method = self._findings()
        if style == "historical":
            return historical_table(table, rules, method)
        return table.copy()

    def to_csv(
        self,
        path: Any = None,
        *,
        style: str = "segments",
        spreadsheet_safe: bool = False,
    ) -> str | None:
        """Write the findings as CSV.

        Parameters
        ----------
        path : str or path-like, default=None
            The file. None: return the text.
        style : {"segments", "historical"}, default="segments"
            Which columns to write, as in `to_frame`.
        spreadsheet_safe : bool, default=False
            Whether to put an apostrophe before text that a spreadsheet would run as a
            formula, since it begins with ``=``, ``+``, ``-``, ``@``, a tab or the end
            of a line. Without it such text is written as it is, with a warning.

        Returns
        -------
        str or None
            The text, without a path.

        Raises
        ------
        NotFittedError
            If a finder is not fitted.
        InvalidParameterError
            If the style is unknown, the path is no path, or `spreadsheet_safe` is
            neither True nor False.
        OSError
            If the file cannot be written; it is then as it was.

        Warns
        -----
        UserWarning
            If a spreadsheet would run text of the file as a formula.
        """
        owner = f"{type(self).__name__}.to_csv"
        frame = self.to_frame(style=style)
        return to_csv(frame, path, owner=owner, spreadsheet_safe=spreadsheet_safe)

    def to_sql(self, dialect: str = "duckdb") -> pd.DataFrame:
        """Return a condition for WHERE per finding.

        Parameters
        ----------
        dialect : str, default="duckdb"
            SQL dialect, as `RuleSet.to_sql` takes it.

        Returns
        -------
        DataFrame of shape (n_findings, 3)
            The columns name, rule and sql, one row per finding.

        Raises
        ------
        NotFittedError
            If a finder is not fitted.
        MissingExtraError
            If sqlglot is not installed.
        """
        table, rules, _ = self._findings()
        sql = [rule.to_sql(dialect) for rule in rules.rules.values()]
        return table[["name", "rule"]].assign(sql=sql)

    def to_python(self, path: Any = None) -> str | None:
        """Write the findings as a Python module that needs pandas alone.

        Parameters
        ----------
        path : str or path-like, default=None
            The file. None: return the text.

        Returns
        -------
        str or None
            The text, without a path: a function ``segments(df)`` that returns a frame
            of booleans, one column per finding.

        Raises
        ------
        NotFittedError
            If a finder is not fitted.
        InvalidParameterError
            If the path is no path.
        OSError
            If the file cannot be written; it is then as it was.
        """
        _, rules, _ = self._findings()
        text = python_source(rules)
        if path is None:
            return text
        write_text(path, text, owner=f"{type(self).__name__}.to_python")
        return None


def python_source(rules: RuleSet) -> str:
    """Return a module with the rules as comparisons of pandas columns."""
    lines = [
        "import pandas as pd",
        "",
        "",
        "def segments(df):",
        '    """Return which rows of df are in which segment."""',
        "    return pd.DataFrame(",
        "        {",
    ]
    lines += [
        f"            {name!r}: {_expression(rule)},"
        for name, rule in rules.rules.items()
    ]
    lines += ["        },", "        index=df.index,", "    )", ""]
    return "\n".join(lines)


def _expression(rule: Rule) -> str:
    """Return a rule as an expression over the columns of ``df``."""
    if isinstance(rule, And | Or):
        symbol = " & " if isinstance(rule, And) else " | "
        return symbol.join(f"({_expression(part)})" for part in rule.parts)
    if isinstance(rule, Not):
        return f"~({_expression(rule.part)})"
    if isinstance(rule, Missing):
        return f"df[{rule.column!r}].isna()"
    if isinstance(rule, Membership):
        return f"df[{rule.column!r}].isin({sorted(rule.values, key=str)!r})"
    assert isinstance(rule, Comparison)
    threshold = f"{rule.threshold!r}"
    if "inf" in threshold:
        threshold = f"float({threshold!r})"
    return f"df[{rule.column!r}] {rule.operator} {threshold}"
