"""Numbers of a table as whole units in SQL: the decimals that each value needs.

The tests are those of `_float_decimals`, in the same arithmetic of float64. A value of
at most 15 digits that is the nearest float of a decimal number is settled by that. The
noise of arithmetic is settled too where it is small beside all decimals that are
possible. What is left is fetched and read by the code for frames.
"""

from __future__ import annotations

import itertools

import numpy as np

from skseg._rfm._float_decimals import (
    LEAST_LARGEST,
    MAX_DECIMALS,
    MAX_DIFFERENCE,
    MAX_NOISE_IN_UNITS,
    ROUNDINGS,
    ROUNDINGS_OF_OPERANDS,
    USUAL_OPERAND,
)
from skseg._rfm._money import CENTS

from ._source import DECIMAL, FLOAT, INTEGER, Source

# Codes of values: the decimals if they are settled, more than that for noise, and
# what is to be fetched, or is finer than all decimals.
NOISE, OPEN, FINER = 20, 40, 41
# Units beyond which `value * 10**decimals` may be a unit off.
EXACT_UNITS = 2.0**51
# Decimals up to which noise cannot be taken for the difference of large numbers.
SURE_NOISE = 8
# Below this many units a value has at most 15 digits.
SURE_UNITS = 1e15


def power(source: Source, decimals: int) -> str:
    """Return a power of ten as a double."""
    return f"CAST({10**decimals} AS {source.functions.double})"


def double(source: Source, name: str) -> str:
    """Return a column as a double."""
    column = source.column(name)
    if source.kinds[name] == FLOAT and not source.functions.has_types_of_values:
        return column
    return f"CAST({column} AS {source.functions.double})"


def likely_decimals(source: Source, name: str) -> str:
    """Return the code of a value, which may be 2 or the scale where less would do.

    Nearly all amounts have two decimals, and a table is known by one that needs them.
    """
    kind = source.kinds[name]
    if kind == FLOAT:
        value = double(source, name)
        units = _units(source, value, CENTS)
        is_exact = f"{units} / {power(source, CENTS)} = {value}"
        code = needed_decimals(source, name)
        return code.replace("CASE ", f"CASE WHEN {is_exact} THEN {CENTS} ", 1)
    scale = source.scale(name)
    if kind == DECIMAL and scale is not None and scale <= MAX_DECIMALS:
        return str(scale)
    return needed_decimals(source, name)


def needed_decimals(source: Source, name: str) -> str:
    """Return the code of a value: its decimals, those and `NOISE`, or `OPEN`."""
    kind = source.kinds[name]
    if kind == INTEGER:
        return "0"
    if kind == DECIMAL:
        column = source.column(name)
        whens = [
            f"WHEN {column} = ROUND({column}, {d}) THEN {d}"
            for d in range(MAX_DECIMALS + 1)
        ]
        return _case(whens, FINER)
    value = double(source, name)
    if kind == FLOAT:
        # A whole number first: large ones are, and need not be multiplied. No value is
        # exact and noise of something else, so that the usual decimals come first.
        whens = [f"WHEN {value} = {source.functions.whole(value)} THEN 0"]
        for first, end in itertools.pairwise((1, CENTS + 1, 5, MAX_DECIMALS + 1)):
            decimals = range(first, end)
            whens += [f"WHEN {_is_exact(source, value, d)} THEN {d}" for d in decimals]
            whens += [
                f"WHEN {_is_noise(source, value, d, float)} THEN {NOISE + d}"
                for d in ((0, *decimals) if first == 1 else decimals)
                if d <= SURE_NOISE
            ]
        return _case(whens, OPEN)
    # Short floats: exact or noise, the fewest decimals first. Whole numbers that are
    # not known to one unit are none.
    column = source.column(name)
    whens = [f"WHEN ABS({value}) >= {2**23} THEN {FINER}"]
    for d in range(MAX_DECIMALS + 1):
        nearest = f"{_units(source, value, d)} / {power(source, d)}"
        is_exact = f"CAST({nearest} AS {source.functions.real}) = {column}"
        noise = _is_noise(source, value, d, np.float32)
        whens.append(f"WHEN {is_exact} OR {noise} THEN {d}")
    return _case(whens, FINER)


def open_decimals(source: Source, name: str, largest: float, most: int) -> str:
    """Return the codes of float64 again, now that the largest amount is known.

    A value that needs more than the `most` decimals of such amounts is `FINER`, unless
    it may be a small difference of large numbers.
    """
    value = double(source, name)
    whens = [f"WHEN {value} = {source.functions.whole(value)} THEN 0"]
    whens += [
        f"WHEN {_is_exact(source, value, d)} THEN {d if d <= most else FINER}"
        for d in range(1, MAX_DECIMALS + 1)
    ]
    whens += [
        f"WHEN {_is_noise(source, value, d, float)} THEN {NOISE + d}"
        for d in range(min(most, SURE_NOISE) + 1)
    ]
    operand = max(largest, USUAL_OPERAND) if largest >= LEAST_LARGEST else 0.0
    difference = ROUNDINGS_OF_OPERANDS * float(np.finfo(float).eps) * operand
    difference = min(difference, MAX_DIFFERENCE)
    for d in range(most + 1):
        bound = difference * 10.0**d
        tests = []
        if 0 < bound <= MAX_NOISE_IN_UNITS:
            # Twice the bound, so that rounding leaves out none.
            tests.append(
                f"{_excess(source, value, d)} <= {_literal(source, 2 * bound)}"
            )
        if d > SURE_NOISE:
            tests.append(_is_noise(source, value, d, float))
        nearest = f"{_units(source, value, d)} / {power(source, d)}"
        tests.append(f"{nearest} = {value}")
        whens.append(f"WHEN {' OR '.join(tests)} THEN {OPEN}")
    return _case(whens, FINER)


def _case(whens: list[str], default: int) -> str:
    return f"CASE {' '.join(whens)} ELSE {default} END"


def _units(source: Source, value: str, decimals: int) -> str:
    if not decimals:
        return source.functions.whole(value)
    return source.functions.whole(f"({value} * {power(source, decimals)})")


def _is_exact(source: Source, value: str, decimals: int) -> str:
    units = _units(source, value, decimals)
    nearest = f"{units} / {power(source, decimals)}"
    limit = _literal(source, SURE_UNITS / 10.0**decimals)
    return f"{nearest} = {value} AND ABS({value}) < {limit}"


def _excess(source: Source, value: str, decimals: int) -> str:
    scaled = f"{value} * {power(source, decimals)}" if decimals else value
    return f"ABS({scaled} - {_units(source, value, decimals)})"


def _is_noise(
    source: Source, value: str, decimals: int, dtype: type[float] | type[np.float32]
) -> str:
    bound = ROUNDINGS * float(np.finfo(dtype).eps)
    units = _units(source, value, decimals)
    excess = _excess(source, value, decimals)
    most = _literal(source, MAX_NOISE_IN_UNITS)
    return (
        f"({excess} <= {_literal(source, bound)} * ABS({units}) AND {excess} <= {most})"
    )


def _literal(source: Source, value: float) -> str:
    from skseg._core._aggregates import literal_sql

    return literal_sql(source.table, value)


def whole_units(source: Source, name: str, decimals: int, largest: float) -> str:
    """Return a column as whole multiples of 10**-decimals, where it holds such."""
    functions = source.functions
    integer, column = functions.integer, source.column(name)
    kind = source.kinds[name]
    if kind == INTEGER:
        return _times(f"CAST({column} AS {integer})", 10**decimals)
    if kind != DECIMAL:
        units = _units(source, double(source, name), decimals)
        return f"CAST({units} AS {integer})"
    if largest * 10.0**decimals < EXACT_UNITS:
        units = _units(source, double(source, name), decimals)
        return f"CAST({units} AS {integer})"
    # Not all digits fit into a float64, those behind the mark do.
    truncated = functions.truncated(column)
    whole = f"CAST({truncated} AS {integer})"
    fraction = f"CAST({column} - {truncated} AS {functions.double})"
    rest = functions.whole(f"({fraction} * {power(source, decimals)})")
    return f"({_times(whole, 10**decimals)} + CAST({rest} AS {integer}))"


def _times(number: str, factor: int) -> str:
    return number if factor == 1 else f"({number} * {factor})"
