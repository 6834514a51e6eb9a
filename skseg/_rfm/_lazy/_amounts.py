"""Units of the amounts of a table, and the error for amounts that are too fine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skseg._rfm._float_decimals import (
    Amounts,
)
from skseg._rfm._money import CENTS, advice_on_decimals, advice_to_round, rounded
from skseg._rfm._table_options import Options
from skseg.exceptions import InvalidDataError

from ._conditions import Conditions
from ._numbers import (
    double,
)
from ._source import SHORT_FLOAT, TEXT, Source


class Units(NamedTuple):
    """SQL of a column in units of 10**-decimals; and of finer values, rounded."""

    units: str
    decimals: int
    finer: str | None = None  # NULL where the value is not finer


def units_of(amounts: Amounts, options: Options) -> Iterator[tuple[str, str]]:
    """Return units, and the rounded units of finer values, as SQL; NULL for none."""
    # Beyond any sum that is allowed, and within the integers of all engines.
    limit = 2.0**62
    units = [f"{unit:.0f}" for unit in np.clip(amounts.units, -limit, limit).tolist()]
    finer = ["NULL"] * len(units)
    if len(amounts.finer) and options.rounding is not None:
        # Rounded units of the values that are not finer are not used.
        money = rounded(amounts, int(options.decimals), options.rounding)
        for row in amounts.finer_rows:
            unit = min(max(float(money.units[row]), -limit), limit)
            units[row], finer[row] = "NULL", f"{unit:.0f}"
    elif len(amounts.finer):
        for row in amounts.finer_rows:
            finer[row] = "0"
    return zip(units, finer, strict=True)


def too_fine(
    source: Source,
    is_finer: str,
    conditions: Conditions,
    largest: float,
    finer: NDArray[Any] | None = None,
    keeps: int | None = None,
) -> InvalidDataError:
    """Return the error for amounts with too many decimals."""
    options, functions = source.options, source.functions
    names = options.amount_columns
    shown = [
        f"CAST({source.column(name)} AS {functions.text}) AS skseg_value{i}"
        for i, name in enumerate(names)
    ]
    where = conditions.and_usable(f"({is_finer})")
    example = source.select(", ".join(shown), f"WHERE {where} LIMIT 1")
    value = " x ".join(str(example[f"skseg_value{i}"][0]) for i in range(len(names)))
    columns = " x ".join(map(repr, names))
    statement = "has more decimals than can be summed exactly"
    rule = "few enough decimals to be summed exactly"
    if options.decimals != "auto":
        statement = (
            f"is finer than decimals={options.decimals}, so sums would not be exact"
        )
        rule = f"at most {options.decimals} decimals"
    total = _total(source, conditions)
    if options.decimals == "auto":
        advice, remedy = advice_to_round(total, CENTS)
    else:
        none = np.zeros(0, dtype=np.intp)
        units = np.array([total * 10.0 ** (keeps or 0)])
        amounts = Amounts(units, keeps or 0, none, np.zeros(0))
        if keeps is None:
            advice, remedy = advice_to_round(total, int(options.decimals))
        else:
            advice, remedy = advice_on_decimals(amounts, options)
    short = [name for name in names if source.kinds[name] == SHORT_FLOAT]
    if short:
        advice = (
            f"The column {short[0]!r} holds floats of fewer than 8 digits: read it "
            f"anew from its source, as float64, decimals or text. {advice}"
        )
    return InvalidDataError(
        f"The amount {value} of the column {columns} {statement}.",
        owner=options.owner,
        name="amount",
        rule=rule,
        value=value,
        column=" x ".join(names),
        advice=advice,
        remedy=remedy,
    )


def _total(source: Source, conditions: Conditions) -> float:
    """Fetch about what the sizes of the usable amounts add up to, for advice."""
    names = source.options.amount_columns
    if any(source.kinds[name] == TEXT for name in names):
        return 0.0
    size = " * ".join(f"ABS({double(source, name)})" for name in names)
    row = source.select(
        f"SUM({size}) AS skseg_total", f"WHERE {conditions.and_usable('1 = 1')}"
    )
    return float(row["skseg_total"][0])
