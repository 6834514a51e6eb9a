"""Bins of columns, as the user gives them or at quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._search.effects._iv import interval_codes, quantile_edges
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, col, missing
from skseg.rules._language._conditions import conjunction

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


def column_bins(
    columns: Columns,
    name: str,
    spec: Any,
    closed: str,
    max_bins: int,
    weight: FloatArray | None,
) -> tuple[Codes, list[str]]:
    """Return the bin of every row, and the rules of the bins.

    `spec` is what the user has said of the column; None for nothing.
    """
    if columns.is_text(name):
        return _text_bins(columns, name, spec)
    # A column of an array in C order would be read with strides, several times.
    values = np.ascontiguousarray(columns.numbers(name))
    is_missing = np.isnan(values)
    has_missing = bool(is_missing.any())
    present = values[~is_missing] if has_missing else values
    if isinstance(spec, str) and spec == "levels":
        levels = np.unique(present)
        codes: Codes = np.searchsorted(levels, values)
        rules = [col(name) == level for level in levels.tolist()]
    else:
        if spec is None:
            counts = weight[~is_missing] if weight is not None else None
            edges, closed = quantile_edges(present, counts, max_bins), "right"
        else:
            edges = _read_edges(name, spec)
        codes = interval_codes(values, edges, closed)
        rules = _interval_rules(name, edges.tolist(), closed)
    if has_missing:
        codes[is_missing] = len(rules)
        rules.append(missing(name))
    return codes, [str(rule) for rule in rules]


def _text_bins(columns: Columns, name: str, spec: Any) -> tuple[Codes, list[str]]:
    levels = columns.levels(name)
    cells = [[level] for level in levels]
    if spec is not None and not (isinstance(spec, str) and spec == "levels"):
        cells = _read_texts(name, spec, levels)
    flat = [level for cell in cells for level in cell]
    bin_of = np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
    # Two codes follow: that of other texts, which do not occur, and missing values.
    codes = np.append(bin_of, [len(cells)] * 2)[columns.text_codes(name, flat)]
    rules = [col(name).isin(cell) for cell in cells]
    if (codes == len(cells)).any():
        rules.append(missing(name))
    return codes, [str(rule) for rule in rules]


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


def _read_edges(name: str, spec: Any) -> FloatArray:
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
