"""Bins of columns, as the user gives them or at quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skseg._search.effects._iv import interval_codes, quantile_edges
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, col, missing
from skseg.rules._language._conditions import conjunction

from ._special_codes import SpecialCodes, numbers_of, texts_of

_OWNER = "information_value"

Codes = npt.NDArray[np.integer]


def read_bins(bins: Any, columns: Columns) -> dict[str, Any]:
    """Return the bins of the user by column, or raise."""
    if bins is None:
        return {}
    if isinstance(bins, str) and bins == "levels":
        return dict.fromkeys(columns.names, bins)
    if not isinstance(bins, Mapping):
        rule = (
            "None, 'levels' or a dict from column to edges, lists of texts or 'levels'"
        )
        raise InvalidParameterError(_OWNER, "bins", rule, bins)
    columns.require([str(name) for name in bins])
    return {str(name): spec for name, spec in bins.items()}


class Binned(NamedTuple):
    """A column in bins."""

    codes: Codes  # the bin of every row
    rules: list[str]  # what rows of a bin have in common
    specials: list[str | None]  # the name of the special code that a bin is


def column_bins(
    columns: Columns,
    name: str,
    spec: Any,
    closed: str,
    max_bins: int,
    weight: FloatArray | None,
    special: SpecialCodes,
) -> Binned:
    """Return a column in bins: special codes and missing values are the last ones.

    `spec` is what the user has said of the column; None for nothing.
    """
    if columns.is_text(name):
        return _text_bins(columns, name, spec, texts_of(special))
    # A column of an array in C order would be read with strides, several times.
    values = np.ascontiguousarray(columns.numbers(name))
    codes_of = numbers_of(special)
    inside = {code: np.isin(values, numbers) for code, numbers in codes_of.items()}
    inside = {code: rows for code, rows in inside.items() if rows.any()}
    is_missing = np.isnan(values)
    is_value = ~np.logical_or.reduce([is_missing, *inside.values()])
    present = values if is_value.all() else values[is_value]
    if isinstance(spec, str) and spec == "levels":
        levels = np.unique(present)
        codes: Codes = np.searchsorted(levels, values)
        rules = [col(name) == level for level in levels.tolist()]
    else:
        if spec is None:
            counts = weight[is_value] if weight is not None else None
            edges, closed = quantile_edges(present, counts, max_bins), "right"
        else:
            edges = read_edges(name, spec)
        codes = interval_codes(values, edges, closed)
        rules = _interval_rules(name, edges.tolist(), closed)
        rules = _without(name, rules, edges, closed, codes_of)
    specials: list[str | None] = [None] * len(rules)
    for code, rows in inside.items():
        codes[rows] = len(rules)
        rules.append(_is_one_of(name, codes_of[code]))
        specials.append(code)
    if is_missing.any():
        codes[is_missing] = len(rules)
        rules.append(missing(name))
        specials.append(None)
    return Binned(codes, [str(rule) for rule in rules], specials)


def _without(
    name: str,
    rules: list[Rule],
    edges: FloatArray,
    closed: str,
    codes_of: dict[str, list[float]],
) -> list[Rule]:
    """Return the rules of intervals that leave special codes out."""
    numbers = sorted(number for values in codes_of.values() for number in values)
    place = interval_codes(np.array(numbers, dtype=np.float64), edges, closed)
    for i, rule in enumerate(rules):
        inside = [number for number, k in zip(numbers, place, strict=True) if k == i]
        if inside:
            column = col(name)
            others = column != inside[0] if len(inside) == 1 else ~column.isin(inside)
            rules[i] = conjunction([rule, others])
    return rules


def _is_one_of(name: str, values: Sequence[Any]) -> Rule:
    return col(name) == values[0] if len(values) == 1 else col(name).isin(values)


def _text_bins(
    columns: Columns, name: str, spec: Any, codes_of: dict[str, list[str]]
) -> Binned:
    occurring = columns.levels(name)
    special_cells = {
        code: [text for text in texts if text in occurring]
        for code, texts in codes_of.items()
    }
    special_cells = {code: texts for code, texts in special_cells.items() if texts}
    taken = {text for texts in special_cells.values() for text in texts}
    levels = [level for level in occurring if level not in taken]
    cells = [[level] for level in levels]
    if spec is not None and not (isinstance(spec, str) and spec == "levels"):
        cells = _read_texts(name, spec, levels)
    specials = [*[None] * len(cells), *special_cells]
    cells += special_cells.values()
    flat = [level for cell in cells for level in cell]
    bin_of = np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
    # Two codes follow: that of other texts, which do not occur, and missing values.
    codes = np.append(bin_of, [len(cells)] * 2)[columns.text_codes(name, flat)]
    rules = [col(name).isin(cell) for cell in cells]
    if (codes == len(cells)).any():
        rules.append(missing(name))
        specials.append(None)
    return Binned(codes, [str(rule) for rule in rules], specials)


def _read_texts(name: str, spec: Any, levels: list[str]) -> list[list[str]]:
    """Return the texts in every bin, or raise."""
    is_listed = isinstance(spec, Sequence) and all(
        isinstance(cell, list | tuple) and cell for cell in spec
    )
    if not is_listed or isinstance(spec, str):
        rule = f"'levels' or lists of texts for the column {name!r}, which holds text"
        raise InvalidParameterError(_OWNER, "bins", rule, spec)
    flat = [text for cell in spec for text in cell]
    twice = sorted({text for text in flat if flat.count(text) > 1})
    absent = [text for text in levels if text not in flat]
    for texts, fault in ((twice, "are in several"), (absent, "are in none")):
        if texts:
            raise InvalidDataError(
                f"The bins of column {name!r} must hold every text once: {texts!r} "
                f"{fault}.",
                owner=_OWNER,
                name="bins",
                rule="every text in one bin",
                value=texts,
                column=name,
            )
    return [list(cell) for cell in spec]


def read_edges(name: str, spec: Any) -> FloatArray:
    """Return the edges of a column of numbers, or raise."""
    try:
        edges = np.asarray(spec, dtype=np.float64)
        is_good = edges.ndim == 1 and bool((np.diff(edges) > 0).all())
        is_good = is_good and not np.isnan(edges).any()
    except (TypeError, ValueError):
        is_good = False
    if not is_good:
        rule = f"'levels' or ascending edges for the column {name!r} of numbers"
        raise InvalidParameterError(_OWNER, "bins", rule, spec)
    return edges


def _interval_rules(name: str, edges: list[float], closed: str) -> list[Rule]:
    """Return the rules of the intervals between the edges."""
    if not edges:
        return [~missing(name)]
    number = col(name)
    low = [number > edge if closed == "right" else number >= edge for edge in edges]
    high = [number <= edge if closed == "right" else number < edge for edge in edges]
    between = [conjunction([low[i], high[i + 1]]) for i in range(len(edges) - 1)]
    return [high[0], *between, low[-1]]
