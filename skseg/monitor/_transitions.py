"""transition_matrix: movements between segments, with arrivals and departures."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import check_choice, check_sample_weight
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules._reserved_names import NOISE, OUTSIDE

from ._assignments import (
    Assignments,
    contingency_table,
    read_assignments,
    used_codes,
)
from ._customers import comparable_customers

OWNER = "transition_matrix"
NEW, GONE = "new", "gone"
NORMALIZE = ("before", "after", "all")


def transition_matrix(
    before: Any,
    after: Any,
    *,
    normalize: str | None = None,
    segment_names: Sequence[str] | Mapping[int, str] | None = None,
    sample_weight: Any = None,
) -> pd.DataFrame:
    """Count customers by their segment before and their segment after.

    Parameters
    ----------
    before : array-like of int or str, or Series
        The segment of every customer at the earlier time: codes, or names.
    after : array-like of int or str, or Series
        The segment of the same customers at the later time, in the same order. Two
        pandas Series are aligned by their index, the customers; either may have
        customers that the other does not have. Numbers of all types are compared by
        value; customers of several columns are a MultiIndex.
    normalize : {"before", "after", "all"}, default=None
        Total of the shares: the customers of a segment before (rows add up to 1), those
        of a segment after (columns add up to 1), or all customers. None: counts.
    segment_names : sequence or dict of str, default=None
        Names by code, such as ``segment_names_``. Each gets a row and a column, with or
        without customers; noise (-1) is called "Noise". None: the codes, or the names,
        that occur. Names and codes together need it.
    sample_weight : array-like of shape (n_customers,) or Series, default=None
        Weight of every customer, such as revenue: in the order of the customers, or a
        pandas Series by customer if `before` and `after` are.

    Returns
    -------
    DataFrame of shape (n_segments, n_segments)
        Rows are segments before, columns the same segments after, noise last. For two
        Series there are also a row "new" of customers that are only in `after`, and a
        column "gone" of those that are only in `before`. Shares of a total of 0 are
        NaN.

    Raises
    ------
    ValueError
        If a parameter is wrong, codes are not whole numbers from -1 on, a code has no
        name, a name no segment, a customer is listed twice, or customers are of
        different kinds, such as 17850 and "17850".

    Warns
    -----
    UserWarning
        If no customer is in both.

    See Also
    --------
    match_segments : Gives the codes of two fits the same meaning, which is assumed
        here.

    Notes
    -----
    No customer is lost: each row adds up to the customers of a segment before, each
    column to those of a segment after, and all cells to all customers. Customers who
    stayed are on the diagonal.

    With `normalize` "before" the shares estimate the transition probabilities of a
    Markov chain [1]_, for one step. Arrivals and departures are part of it: without
    customers who are gone, a segment often looks more loyal than it is.

    References
    ----------
    .. [1] T. W. Anderson and L. A. Goodman (1957), Statistical Inference about Markov
       Chains. Annals of Mathematical Statistics 28 (1), 89-110.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg.monitor import transition_matrix
    >>> before = pd.Series({"ann": 0, "bob": 0, "cid": 1})
    >>> after = pd.Series({"bob": 1, "cid": 1, "dan": 0, "eve": -1})
    >>> transition_matrix(before, after, segment_names=["Loyal", "At risk"])
    after    Loyal  At risk  Noise  gone
    before
    Loyal        0        1      0     1
    At risk      0        1      0     0
    Noise        0        0      0     0
    new          1        0      1     0
    """
    if normalize is not None:
        check_choice(OWNER, "normalize", normalize, NORMALIZE)
    names = None if segment_names is None else _read_names(segment_names)
    pair = read_assignments(
        OWNER, before, after, ("before", "after"), names, may_be_names=True
    )
    _warn_if_disjoint(pair)
    weight = _read_weight(pair, sample_weight)
    used = used_codes(np.append(pair.first[pair.in_first], pair.second[pair.in_second]))
    named: Mapping[int, int | str] = {code: code for code in used.tolist()}
    if names is not None or pair.names is not None:
        named = _complete(names or pair.names or {}, used.tolist())
    # -2 is free for absent customers, as codes are at least -1.
    codes = np.array([*named, *([-2] if pair.customers is not None else [])])
    counts = contingency_table(
        np.where(pair.in_first, pair.first, -2),
        np.where(pair.in_second, pair.second, -2),
        codes,
        codes,
        weight,
    )
    return pd.DataFrame(
        counts if normalize is None else _shares(counts, normalize),
        index=_labels(named, len(codes), NEW, "before"),
        columns=_labels(named, len(codes), GONE, "after"),
    )


def _read_weight(pair: Assignments, sample_weight: Any) -> FloatArray | None:
    """Return the weight of every customer, None for none, or raise."""
    if pair.customers is None or sample_weight is None:
        return check_sample_weight(sample_weight, len(pair.first))
    if not isinstance(sample_weight, pd.Series):
        raise InvalidDataError(
            f"The sample_weight of {OWNER} must be a pandas Series by customer, as "
            f"'before' and 'after' are. Got a {type(sample_weight).__name__}.",
            owner=OWNER,
            name="sample_weight",
            rule="a pandas Series by customer",
            value=sample_weight,
        )
    customers, weighed = comparable_customers(
        OWNER, ("before", "sample_weight"), (pair.customers, sample_weight.index)
    )
    places = weighed.get_indexer(customers)
    is_known = places >= 0
    if not is_known.all():
        raise InvalidDataError(
            f"The sample_weight of {OWNER} must have all customers of 'before' and "
            f"'after'. It has no {pair.customers[~is_known][0]!r}.",
            owner=OWNER,
            name="sample_weight",
            rule="with all customers of 'before' and 'after'",
            value=pair.customers[~is_known][0],
        )
    return check_sample_weight(sample_weight.iloc[places], len(customers))


def _warn_if_disjoint(pair: Assignments) -> None:
    """Warn if no customer stayed, which often means that they are named differently.

    Called by `transition_matrix`: the warning points to the line that calls it.
    """
    if pair.customers is None or (pair.in_first & pair.in_second).any():
        return
    if pair.in_first.any() and pair.in_second.any():
        examples = [
            pair.customers[present][:1].tolist()[0]
            for present in (pair.in_first, pair.in_second)
        ]
        warnings.warn(
            f"{OWNER} found no customer of 'before' in 'after': all are gone, and all "
            "of 'after' are new. Their indexes begin with "
            f"{examples[0]!r} and {examples[1]!r}: do they name customers alike?",
            UserWarning,
            stacklevel=3,
        )


def _read_names(names: Any) -> dict[int, str]:
    """Return the names by code, or raise."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InvalidParameterError(
            OWNER, "segment_names", "a sequence or dict of str", names
        )
    if isinstance(names, Mapping):
        return dict(sorted(names.items()))
    # segment_names_ has noise at the end, where the code -1 finds it.
    listed = list(names)
    has_noise = bool(listed) and listed[-1] in (NOISE, OUTSIDE)
    named = dict(enumerate(listed[:-1] if has_noise else listed))
    return {**named, -1: listed[-1]} if has_noise else named


def _complete(names: Mapping[int, str], used: list[int]) -> dict[int, str]:
    """Return the names, that of noise last if it occurs; raise if one lacks."""
    named = dict(names)
    if -1 in used or -1 in named:
        named[-1] = named.pop(-1, NOISE)
    if nameless := [code for code in used if code not in named]:
        raise InvalidDataError(
            f"The segment_names of {OWNER} must name all codes. Got none for "
            f"{nameless}.",
            owner=OWNER,
            name="segment_names",
            rule="a name for every code",
            value=nameless,
        )
    return named


def _labels(
    named: Mapping[int, int | str], n_labels: int, absent: str, axis: str
) -> pd.Index[Any]:
    """Return the labels of rows or columns, or raise if two are the same."""
    labels: list[int | str] = [*named.values(), absent][:n_labels]
    if len(set(labels)) < n_labels:
        twice = next(label for label in labels if labels.count(label) > 1)
        raise InvalidDataError(
            f"The segment_names of {OWNER} must differ from each other, and from "
            f"{NEW!r} and {GONE!r}. Got {twice!r} twice.",
            owner=OWNER,
            name="segment_names",
            rule=f"different from each other, and from {NEW!r} and {GONE!r}",
            value=twice,
        )
    return pd.Index(labels, name=axis)


def _shares(counts: npt.NDArray[Any], normalize: str) -> FloatArray:
    """Return shares of the rows, the columns or all; NaN if the total is 0."""
    axis = {"before": 1, "after": 0, "all": None}[normalize]
    total = counts.sum(axis=axis, keepdims=True)
    return np.asarray(counts / np.where(total > 0, total, np.nan))
