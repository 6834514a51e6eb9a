"""Errors of columns, in the words of who fits an estimator and writes no rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from skseg.exceptions import InvalidDataError, MissingColumnError, RuleError


@contextmanager
def column_errors_as_data_errors(name: str = "X") -> Iterator[None]:
    """Turn the errors of `Columns` in the block into those of the argument `name`.

    Their advice is to convert the column or the rule, and here is no rule.
    """
    try:
        yield
    except MissingColumnError:
        raise
    except RuleError as error:
        advice = error.advice
        if error.row is not None:
            advice = (
                f"Convert the column to {error.rule}, or leave it out."
                if name == "X"
                else f"The parameter {name!r} names the column."
            )
        raise InvalidDataError(
            error.message,
            owner=error.owner,
            name=name,
            rule=error.rule,
            value=error.value,
            column=error.column,
            row=error.row,
            advice=advice,
        ) from error
