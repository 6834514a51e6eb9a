"""Who moved where between two times, with those who came and those who left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import check_choice, check_sample_weight
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules._reserved_names import NOISE

from ._assignments import (
    Assignments,
    check_customers,
    crossed,
    read_assignments,
    used_codes,
)

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
    """Count the customers by their segment before and their segment after.

    Parameters
    ----------
    before : array-like of int or Series
        The code of every customer at the first time.
    after : array-like of int or Series
        The code of the same customers later, in the same order. Of two pandas Series
        the index says which customers they are, in any order, and either may have some
        that the other has not.
    normalize : {"before", "after", "all"}, default=None
        What shares are taken of: of those who were in a segment before (rows add up to
        1), of those who are in it after (columns add up to 1), or of all customers.
        None: counts.
    segment_names : sequence or dict of str, default=None
        Names by code, such as ``segment_names_``. All of them get a row and a column,
        with or without customers; noise (-1) is called "Noise". None: the codes that
        there are.
    sample_weight : array-like of shape (n_customers,) or Series, default=None
        What every customer counts, such as revenue: in the order of the customers, or
        a pandas Series by customer if `before` and `after` are.

    Returns
    -------
    DataFrame of shape (n_segments, n_segments)
        Rows are segments before, columns the same segments after, noise last. Of two
        Series there are also the row "new", of customers that come only after, and the
        column "gone", of those who are there only before. Shares of nobody are NaN.

    Raises
    ------
    ValueError
        If a parameter is wrong, codes are not whole numbers from -1 on, a code has no
        name, or a customer comes twice.

    See Also
    --------
    match_segments : Makes codes of two fits mean the same, which this takes for
        granted.

    Notes
    -----
    No customer is lost: each row adds up to the customers of a segment before, each
    column to those after, and all cells to the customers of both. Who stayed is on the
    diagonal.

    With `normalize` "before" this is the estimate of the transition probabilities of a
    Markov chain [1]_, of one step. Who came and who left is part of it: those who are
    left out because they are gone often make a segment look more loyal than it is.

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
    both = read_assignments(OWNER, before, after, ("before", "after"))
    weight = _read_weight(both, sample_weight)
    used = used_codes(np.append(both.first[both.in_first], both.second[both.in_second]))
    named = {code: code for code in used.tolist()}
    if segment_names is not None:
        named = _read_names(segment_names, used.tolist())
    # Codes end at -1, so -2 is free for those who are not there.
    codes = np.array([*named, *([-2] if both.customers is not None else [])])
    counts = crossed(
        np.where(both.in_first, both.first, -2),
        np.where(both.in_second, both.second, -2),
        codes,
        codes,
        weight,
    )
    return pd.DataFrame(
        counts if normalize is None else _shares(counts, normalize),
        index=_labels(named, len(codes), NEW, "before"),
        columns=_labels(named, len(codes), GONE, "after"),
    )


def _read_weight(both: Assignments, sample_weight: Any) -> FloatArray | None:
    """Return the weight of every customer, None for none, or raise."""
    if both.customers is None or sample_weight is None:
        return check_sample_weight(sample_weight, len(both.first))
    if not isinstance(sample_weight, pd.Series):
        raise InvalidDataError(
            f"The sample_weight of {OWNER} must be a pandas Series by customer, as "
            f"'before' and 'after' are. Got a {type(sample_weight).__name__}."
        )
    check_customers(OWNER, "sample_weight", sample_weight.index)
    is_known = both.customers.isin(sample_weight.index)
    if not is_known.all():
        raise InvalidDataError(
            f"The sample_weight of {OWNER} must have all customers of 'before' and "
            f"'after'. It has no {both.customers[~is_known][0]!r}."
        )
    return check_sample_weight(sample_weight.loc[both.customers], len(both.customers))


def _read_names(names: Any, used: list[int]) -> dict[int, str]:
    """Return the names by code, noise last, or raise."""
    if isinstance(names, Mapping):
        named = dict(sorted(names.items()))
    elif isinstance(names, str):
        raise InvalidParameterError(
            OWNER, "segment_names", "a sequence or dict of str", names
        )
    else:
        # segment_names_ has noise at the end, where the code -1 finds it.
        listed = list(names)
        has_noise = bool(listed) and listed[-1] == NOISE
        named = dict(enumerate(listed[:-1] if has_noise else listed))
        named |= {-1: NOISE} if has_noise else {}
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
    """Return shares of the rows, the columns or all; NaN of nothing."""
    axis = {"before": 1, "after": 0, "all": None}[normalize]
    total = counts.sum(axis=axis, keepdims=True)
    return np.asarray(counts / np.where(total > 0, total, np.nan))
