"""Columns of numbers that are texts of a table, each text read once."""

from __future__ import annotations

import math
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._rfm._decimal_amounts import format_remedies, read_decimals
from skseg._rfm._defects import Defects
from skseg._rfm._float_decimals import (
    Amounts,
)
from skseg._rfm._number_texts import NumberFormat
from skseg._rfm._table_options import Options
from skseg._typing import BoolArray

from ._amounts import Units, too_fine, units_of
from ._conditions import Conditions
from ._numbers import (
    power,
)
from ._source import Source


class TextColumn:
    """A column of numbers that are texts, each read once."""

    def __init__(self, source: Source, name: str, conditions: Conditions) -> None:
        options = source.options
        number_format = NumberFormat(options.decimal, options.thousands)
        key, column = source.key(name), source.column(name)
        is_used = f"CASE WHEN {conditions.code} = 0 THEN 1 ELSE 0 END"
        distinct = source.distinct(
            key, name, f"{column} IS NOT NULL", {"skseg_used": is_used}
        )
        texts = _texts(distinct["skseg_value"])
        numbers = number_format.read(texts)
        amounts = _amounts_of_texts(
            texts, distinct["skseg_used"] > 0, name, number_format, options
        )
        rows = []
        for text, number, (units, finer) in zip(
            texts, numbers, units_of(amounts, options), strict=True
        ):
            if number is None:
                continue
            is_finite = math.isfinite(float(number.value))
            rows.append(
                (source.functions.quoted(text), units, finer, str(int(is_finite)))
            )
        names = dict.fromkeys(("units", "finer", "finite"), "NULL")
        if rows:
            columns = ("value", "units", "finer", "finite")
            names = source.add_mapping(key, columns, rows)
        conditions.add("missing amount", f"{column} IS NULL", name)
        conditions.add(
            "unparsable amount",
            f"{names['finite']} IS NULL",
            name,
            lambda: format_remedies(texts, number_format),
        )
        conditions.add("non-finite amount", f"{names['finite']} = 0", name)
        has_finer = bool(len(amounts.finer))
        if has_finer and options.rounding is None:
            values = np.abs(amounts.units) / 10.0**amounts.decimals
            largest = float(values.max(initial=0.0))
            raise too_fine(
                source,
                f"{names['finer']} IS NOT NULL",
                conditions,
                largest,
                amounts.finer,
            )
        finer_units = names["finer"] if has_finer else None
        self.units = Units(names["units"], amounts.decimals, finer_units)
        scale = power(source, amounts.decimals)
        self.size = (
            f"ABS(CAST({names['units']} AS {source.functions.double}) / {scale})"
        )


def _amounts_of_texts(
    texts: list[str],
    is_used: BoolArray,
    name: str,
    number_format: NumberFormat,
    options: Options,
) -> Amounts:
    if not texts or not is_used.any():
        rows = np.zeros(0, dtype=np.intp)
        return Amounts(np.zeros(len(texts)), 0, rows, np.zeros(0))
    series: Any = nw.from_native(
        pd.Series(texts, dtype=object, name=name), series_only=True
    )
    defects = Defects(len(texts), options.owner)
    defects.usable &= is_used
    return read_decimals(series, number_format, defects)


def _texts(values: NDArray[Any]) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()]
