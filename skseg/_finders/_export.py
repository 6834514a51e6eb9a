"""What can be done with findings once they are fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skseg._core._validation import read_columns
from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule, RuleSet
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Membership,
    Missing,
    Not,
    Or,
)


class Exports(TransformerMixin):
    """Mixin for finders: membership, and the findings as table, SQL and Python.

    It is a `TransformerMixin` for `set_output`, which wraps the ``transform`` of those
    classes alone that define it and inherit from it.
    """

    segments_: pd.DataFrame
    rules_: RuleSet

    def transform(self, X: Any) -> FloatArray:
        """Return which findings every row is in; it may be in several, or in none.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows, n_findings)
            1 in the columns of the findings of the row, else 0.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        check_is_fitted(self)
        columns = read_columns(self, X, reset=False)
        return self.rules_.membership(columns).astype(np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the findings.

        Parameters
        ----------
        input_features : Ignored
            Present for the API of scikit-learn.

        Returns
        -------
        ndarray of str
            One name per column of `transform`.
        """
        check_is_fitted(self)
        return np.array(self.rules_.names, dtype=object)

    def apply(self, X: Any) -> IntArray:
        """Return the best finding of every row.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Positions in ``segments_``; -1 for rows in none.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        check_is_fitted(self)
        return self.rules_.assign(read_columns(self, X, reset=False))

    def to_frame(self) -> pd.DataFrame:
        """Return the findings as a table, the best first.

        Returns
        -------
        DataFrame
            A copy of ``segments_``.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        """
        check_is_fitted(self)
        return self.segments_.copy()

    def to_csv(self, path: Any = None) -> str | None:
        """Write the findings as CSV.

        Parameters
        ----------
        path : str or path-like, default=None
            The file. None: return the text.

        Returns
        -------
        str or None
            The text, without a path.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        """
        text: str | None = self.to_frame().to_csv(path, index=False)
        return text

    def to_sql(self, dialect: str = "duckdb") -> pd.DataFrame:
        """Return a condition for WHERE per finding.

        Parameters
        ----------
        dialect : {"duckdb", "sqlite"}, default="duckdb"
            SQL dialect.

        Returns
        -------
        DataFrame
            The columns name, rule and sql, one row per finding.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        MissingExtraError
            If sqlglot is not installed.
        """
        check_is_fitted(self)
        rules = self.rules_.rules
        return pd.DataFrame(
            {
                "name": list(rules),
                "rule": [str(rule) for rule in rules.values()],
                "sql": [rule.to_sql(dialect) for rule in rules.values()],
            }
        )

    def to_python(self, path: Any = None) -> str | None:
        """Write the findings as a Python module that needs numpy and pandas alone.

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
            If the finder is not fitted.
        """
        check_is_fitted(self)
        text = python_source(self.rules_)
        if path is None:
            return text
        Path(path).write_text(text, encoding="utf-8")
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
    if isinstance(rule, And | Or):
        symbol = " & " if isinstance(rule, And) else " | "
        return symbol.join(f"({_expression(part)})" for part in rule.parts)
    if isinstance(rule, Not):
        return f"~({_expression(rule.part)})"
    if isinstance(rule, Missing):
        return f"df[{rule.column!r}].isna()"
    if isinstance(rule, Membership):
        return f"df[{rule.column!r}].isin({sorted(rule.values)!r})"
    assert isinstance(rule, Comparison)
    bound = f"{rule.threshold!r}"
    if "inf" in bound:
        bound = f"float({bound!r})"
    return f"df[{rule.column!r}] {rule.operator} {bound}"
