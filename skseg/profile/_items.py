"""Which items the customers of each segment buy more, or less, than all others."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skseg._core._validation import check_choice, check_int
from skseg._rfm._defects import Defects
from skseg._rfm._ids import factorize_series, read_ids
from skseg._rfm._labels import Labels, read_labels
from skseg._rfm._lines import check_defects, read_transactions
from skseg._rfm._series import plain_series
from skseg._rfm._table_options import Options
from skseg._search.effects._inference import holm, newcombe, wilson
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._customer_codes import OWNER, CustomerCodes, read_customer_codes
from ._disclosure import few, few_and_next, name_of_pool
from ._level_summary import ratio_limits

LEVEL = 0.95
ROLES = ("free", "seen", "rule")


def profile_items(
    transactions: Any,
    codes: Any,
    item: str = "category",
    *,
    customer_id: str = "customer_id",
    segment_names: Any = None,
    role: str = "free",
    n: int | None = None,
    min_count: int = 10,
    invalid: str = "raise",
) -> pd.DataFrame:
    """Compare what the customers of each segment have bought with all others.

    Customers are counted, not lines: the lines of a customer are no independent
    observations, and a few heavy buyers would decide.

    Parameters
    ----------
    transactions : data frame of shape (n_lines, n_columns)
        Order lines: pandas, polars, pyarrow, or any other frame in memory that narwhals
        reads. A customer has bought the items of all of these lines, so leave out
        returns first, as by ``orders[orders["amount"] > 0]``.
    codes : Series, mapping, pair or frame
        The segment of each customer: a `pandas.Series` indexed by customer id, a
        mapping of ids to codes, a pair of arrays (ids, codes), or a frame with the
        column `customer_id` and one of codes. A frame of pandas may have the ids as its
        index, like ``segmenter.transform(X)`` with ``encode="ordinal"`` and
        ``set_output(transform="pandas")``. Codes are whole numbers, -1 for noise or
        outside, or the names of segments.
    item : str, default="category"
        Column of the items: text, numbers or categories. Missing and blank ones are no
        items.
    customer_id : str, default="customer_id"
        Column of the customer ids.
    segment_names : sequence of str or None, default=None
        Names by code, such as ``segmenter.segment_names_``.
    role : {"free", "seen", "rule"}, default="free"
        What the segments have to do with the items. "free": nothing, they were formed
        without these transactions. "seen": `fit` has seen columns made of these
        transactions, such as their frequency or the favourite category. "rule": the
        rules use such a column. Segments differ by construction then, and no p-value
        is shown.
    n : int or None, default=None
        Number of items to show of each segment, those that differ most. If None, all.
    min_count : int, default=10
        Items with fewer buyers are taken together, and numbers of fewer customers are
        not shown, nor those that give them away; 1 shows all.
    invalid : {"raise", "exclude"}, default="raise"
        What to do with lines that have no customer id. "exclude" leaves them out, with
        a warning that counts them.

    Returns
    -------
    items : DataFrame
        One row per segment and item, in the order of the segments, noise or outside
        last, and then by the size of the difference:

        - code, name : the segment;
        - item : str; "3 other items" are those with few buyers;
        - n : int, customers of the segment, with transactions or without;
        - n_without : float, customers of the segment without any transaction, who have
          bought nothing;
        - count : float, customers of the segment who have bought the item;
        - share, share_low, share_high : float, their share, with Wilson's interval;
        - share_others : float, the share among the customers of all other segments;
        - lift, lift_low, lift_high : float, the one share over the other;
        - difference, difference_low, difference_high : float, the one share minus the
          other, with Newcombe's interval;
        - p_value : float, of equal shares: the score test, or the mid-p of Fisher's
          exact test where buyers are few; NaN for the roles "seen" and "rule";
        - p_adj : float, adjusted by Holm's method over all segments and items, those
          that `n` leaves out and those that are hidden included.

        Intervals have a level of 95 %, each for itself. What is hidden is NaN, and so
        is a comparison with nobody, where there is a single segment.

    Raises
    ------
    ValueError
        If a parameter is out of its range; if columns are missing; if lines have no
        customer id and are not excluded; if a customer has several codes; if no
        customer of the transactions has a code; if there is no item.

    Warns
    -----
    UserWarning
        If transactions have no item, belong to customers without a code, or are left
        out; it counts them.

    Notes
    -----
    A p-value needs segments that were formed without these transactions: of earlier
    orders, or of other columns. RFM segments of the same orders are not: who has bought
    often has bought more of everything, so that all lifts of frequent buyers are above
    1. Their differences are true of these customers all the same; compare the lifts
    within a segment. Segments of orders until a day, and items of the orders after it,
    have valid p-values.

    The interval of the lift is that of Donner and Zou [1]_, from Wilson's limits of
    both shares.

    References
    ----------
    .. [1] A. Donner and G. Zou (2012). Closed-form confidence intervals for functions
       of the normal mean and standard deviation. Statistical Methods in Medical
       Research 21(4), 347-359.

    Examples
    --------
    >>> from skseg.datasets import make_orders
    >>> from skseg.profile import profile_items
    >>> orders, types = make_orders(500, random_state=0, return_truth=True)
    >>> codes = types.set_index("customer_id")["favourite_channel"]
    >>> items = profile_items(orders, codes, "channel", n=1)
    >>> items[["name", "item", "n", "count", "share", "lift"]].round(2)
        name   item    n  count  share  lift
    0    app    app  136  130.0   0.96  1.82
    1  store  store  164  156.0   0.95  2.08
    2    web    web  200  187.0   0.94  2.12
    """
    _check(role, n, min_count, invalid)
    customers = read_customer_codes(codes, customer_id, segment_names)
    purchases, notes = _read(transactions, customers, item, customer_id, invalid)
    segmentation = customers.segmentation
    place, k = segmentation.places, len(segmentation.codes)
    size = np.bincount(place, minlength=k)
    counts, names = _counts(purchases, place, k, min_count)
    table = _compared(counts, size.astype(float), role == "free", min_count)
    has_lines = np.bincount(place[purchases.has_lines], minlength=k)
    n_without = (size - has_lines).astype(float)
    n_items = len(names)
    frame = pd.DataFrame(
        {
            "code": np.repeat(segmentation.codes, n_items),
            "name": np.repeat(np.array(segmentation.names, dtype=object), n_items),
            "item": np.tile(np.array(names, dtype=object), k),
            "n": np.repeat(size, n_items),
            "n_without": np.repeat(
                np.where(few(n_without, min_count), np.nan, n_without), n_items
            ),
            **{name: values.ravel() for name, values in table.items()},
        }
    )
    if notes:
        warnings.warn(" ".join(notes), stacklevel=2)
    return _sorted(frame, place=np.repeat(np.arange(k), n_items), n=n)


def _check(role: str, n: int | None, min_count: int, invalid: str) -> None:
    check_choice(OWNER, "role", role, ROLES)
    if n is not None:
        check_int(OWNER, "n", n, 1, 2**31)
    check_int(OWNER, "min_count", min_count, 1, 2**31)
    check_choice(OWNER, "invalid", invalid, ("raise", "exclude"))


class _Purchases(NamedTuple):
    """Pairs of customers and items, as positions, that occur; each pair once."""

    customer: IntArray
    item: IntArray
    items: list[str]
    has_lines: BoolArray  # of each customer


def _read(
    transactions: Any,
    customers: CustomerCodes,
    item: str,
    customer_id: str,
    invalid: str,
) -> tuple[_Purchases, list[str]]:
    """Return what customers with codes have bought, and what is to be said of it."""
    for name, column in (("item", item), ("customer_id", customer_id)):
        if not isinstance(column, str):
            raise InvalidParameterError(OWNER, name, "the name of a column", column)
    options = _options(customer_id, item, invalid)
    frame = read_transactions(transactions, options)
    defects = Defects(len(frame), OWNER)
    series = plain_series(frame, customer_id)
    read_ids(series, "customer", options, defects)
    if defects.counts:
        check_defects(defects, options)
    labels = read_labels(plain_series(frame, item), OWNER)
    if not len(labels.texts):
        raise InvalidDataError(
            f"{OWNER} needs items in the column {item!r}, which holds none.",
            owner=OWNER,
            name="item",
            column=item,
        )
    ids, distinct = factorize_series(series, OWNER)
    # The last position is for missing ids, whose code is -1.
    of_id = np.append(customers.customers_of(distinct), -1)
    _check_ids(of_id, distinct, customers)
    customer = of_id[ids]
    notes = _notes(customer, np.unique(ids[(customer < 0) & defects.usable]), defects)
    purchases, n_unlabelled = _pairs(customer, labels, len(customers.ids))
    if n_unlabelled:
        notes.append(f"{_transactions(n_unlabelled)} without an item not counted.")
    return purchases, notes


def _options(customer_id: str, item: str, invalid: str) -> Options:
    """Return how to read ids alone: dates and amounts do not matter here."""
    return Options(
        customer_id=customer_id,
        date=customer_id,
        amount=None,
        quantity=None,
        price=None,
        order_id=None,
        as_of=None,
        time_zone=None,
        date_format=None,
        decimal=".",
        thousands=None,
        decimals="auto",
        rounding=None,
        invalid=invalid,
        owner=OWNER,
        labels=(("item", item),),
    )


def _check_ids(of_id: IntArray, distinct: Any, customers: CustomerCodes) -> None:
    if (of_id >= 0).any():
        return
    ours, theirs = customers.ids.tolist()[0], np.asarray(distinct).tolist()[0]
    raise InvalidDataError(
        f"No customer of the transactions has a code. Their ids are such as {theirs!r} "
        f"({type(theirs).__name__}), those of the codes such as {ours!r} "
        f"({type(ours).__name__}).",
        owner=OWNER,
        name="codes",
        value=ours,
        advice="Give both ids of one type, for example by .astype(str).",
    )


def _notes(customer: IntArray, unknown: IntArray, defects: Defects) -> list[str]:
    notes = []
    n_lines = int(np.count_nonzero((customer < 0) & defects.usable))
    if n_lines:
        noun = "customer" if len(unknown) == 1 else "customers"
        notes.append(
            f"{_transactions(n_lines)} of {len(unknown):,} {noun} without a code "
            "not counted."
        )
    n_left = sum(defects.counts.values())
    if n_left:
        notes.append(f"{_transactions(n_left)} without a customer left out.")
    return notes


def _transactions(n: int) -> str:
    return f"{n:,} transaction{'' if n == 1 else 's'}"


def _pairs(
    customer: IntArray, labels: Labels, n_customers: int
) -> tuple[_Purchases, int]:
    """Return the pairs that occur, and the number of lines without an item."""
    is_known = customer >= 0
    has_lines = np.zeros(n_customers, dtype=bool)
    has_lines[customer[is_known]] = True
    has_item = is_known & (labels.codes >= 0)
    width = len(labels.texts)
    pairs = np.unique(customer[has_item] * width + labels.codes[has_item])
    purchases = _Purchases(
        pairs // width, pairs % width, list(map(str, labels.texts)), has_lines
    )
    return purchases, int(np.count_nonzero(is_known & ~has_item))


def _counts(
    purchases: _Purchases, place: IntArray, k: int, min_count: int
) -> tuple[FloatArray, list[str]]:
    """Return the buyers of each item in each segment, rare items taken together."""
    customer, item, items, _ = purchases
    total = np.bincount(item, minlength=len(items))
    kept = np.flatnonzero(total >= min_count)
    rare = np.flatnonzero((total > 0) & (total < min_count))
    column = np.full(len(items), -1)
    column[kept] = np.arange(len(kept))
    names = [items[i] for i in kept]
    if len(rare):
        column[rare] = len(kept)
        names.append(name_of_pool(len(rare), "item", items))
    # A customer counts once for all rare items.
    width = max(len(names), 1)
    pairs = np.unique(customer * width + column[item])
    cells = place[pairs // width] * width + pairs % width
    counts = np.bincount(cells, minlength=k * width).reshape(k, width)
    return counts[:, : len(names)].astype(np.float64), names


def _compared(
    counts: FloatArray, size: FloatArray, is_tested: bool, min_count: int
) -> dict[str, FloatArray]:
    """Return the columns of the comparison, for each segment (row) and item."""
    n = np.broadcast_to(size[:, None], counts.shape)
    others, n_others = counts.sum(axis=0) - counts, size.sum() - n
    low, share, high = wilson(counts, n, LEVEL)
    estimate = newcombe(counts, n, others, n_others, LEVEL)
    p_value = estimate.p_value if is_tested else np.full(counts.shape, np.nan)
    p_adj = holm(p_value.ravel()).reshape(counts.shape)
    lift_low, lift_high = ratio_limits(counts, n, others, n_others, LEVEL)
    with np.errstate(divide="ignore", invalid="ignore"):
        share_others = others / n_others
        lift = share / share_others
    columns = {
        "count": counts,
        "share": share,
        "share_low": low,
        "share_high": high,
        "share_others": share_others,
        "lift": lift,
        "lift_low": lift_low,
        "lift_high": lift_high,
        "difference": estimate.effect,
        "difference_low": estimate.low,
        "difference_high": estimate.high,
        "p_value": p_value,
        "p_adj": p_adj,
    }
    is_hidden = _hidden(counts, min_count)
    is_compared = ~np.isnan(share) & ~np.isnan(share_others)
    for name, values in columns.items():
        is_alone = name in ("count", "share", "share_low", "share_high")
        is_blank = is_hidden if is_alone else is_hidden | ~is_compared
        columns[name] = np.where(is_blank, np.nan, values)
    return columns


def _hidden(counts: FloatArray, min_count: int) -> BoolArray:
    """Tell which counts of buyers are hidden, of each item apart from the others."""
    columns = [few_and_next(buyers, min_count) for buyers in counts.T]
    hidden = np.array(columns, dtype=bool).reshape(counts.T.shape).T
    # The total of rare items taken together may be small, too.
    return hidden | few(counts.sum(axis=0), min_count)


def _sorted(frame: pd.DataFrame, place: IntArray, n: int | None) -> pd.DataFrame:
    """Order the rows of each segment by the size of the difference, hidden last."""
    size = np.nan_to_num(frame["difference"].abs().to_numpy(), nan=-1.0)
    order = np.lexsort((np.arange(len(frame)), -size, place))
    frame = frame.iloc[order].reset_index(drop=True)
    if n is None:
        return frame
    rank = frame.groupby("code", sort=False).cumcount()
    return frame[rank < n].reset_index(drop=True)
