"""match_segments: stable codes of segments after a refit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from skseg._html import html_frame
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError

from ._assignments import (
    check_codes,
    contingency_table,
    read_assignments,
    used_codes,
)

OWNER = "match_segments"
_DECIMALS = "{:.3f}".format


@dataclass(frozen=True, slots=True, eq=False)
class SegmentMatching:
    """The reference segment of each new segment.

    Attributes
    ----------
    mapping : dict of int to int
        Stable codes by code in the new segmentation, all different.
    table : DataFrame
        One row per stable code: code, status ("kept", "new" or "gone"), new_code (NA if
        gone), n_reference and n_new (customers in the segment before and after, among
        those of both segmentations), n_both (before and after) and jaccard (n_both over
        the customers before or after). Noise is kept.
    overlap : DataFrame of shape (n_reference_codes, n_new_codes)
        Number of customers by reference code and new code, noise last.
    gone : tuple of int
        Codes of the reference without a new segment.
    agreement : float
        Share of the customers of both segmentations whose stable code is the same, in
        [0, 1].

    See Also
    --------
    match_segments : Returns it.

    Examples
    --------
    >>> from skseg.monitor import match_segments
    >>> matching = match_segments([0, 0, 1, 1, 1], [1, 1, 0, 0, 2])
    >>> matching.relabel([2, 1, 0, -1])
    array([ 2,  0,  1, -1])
    >>> matching.agreement
    0.8
    """

    mapping: dict[int, int]
    table: pd.DataFrame
    overlap: pd.DataFrame
    gone: tuple[int, ...]
    agreement: float

    def relabel(self, codes: npt.ArrayLike) -> IntArray:
        """Return stable codes for codes of the new segmentation.

        Parameters
        ----------
        codes : array-like of int of shape (n_customers,)
            Codes such as those by `predict`, of any customers. -1 stays -1.

        Returns
        -------
        ndarray of int of shape (n_customers,)
            Stable codes.

        Raises
        ------
        ValueError
            If a code was not in the new segmentation.
        """
        code_of_row = check_codes("SegmentMatching", "codes", codes)
        stable_codes = {-1: -1} | self.mapping
        used, place = np.unique(code_of_row, return_inverse=True)
        if unknown := sorted(set(used.tolist()) - set(stable_codes)):
            raise InvalidDataError(
                f"No customer of the new segmentation had the codes {unknown}, so they "
                f"have no stable code. Known are {sorted(stable_codes)}.",
                owner="SegmentMatching",
                name="codes",
                rule=f"among {sorted(stable_codes)}",
                value=unknown,
            )
        stable = np.array([stable_codes[code] for code in used.tolist()], dtype=np.intp)
        return stable[place]

    def __str__(self) -> str:
        table = self.table.to_string(index=False, float_format=_DECIMALS)
        return f"{self._summary()}\n\n{table}"

    def _repr_html_(self) -> str:
        return html_frame(self.table, self._summary(), _DECIMALS)

    def _summary(self) -> str:
        n_customers = int(self.overlap.to_numpy().sum())
        return (
            f"{self.agreement:.1%} of {n_customers:,} customers have the same stable "
            "code."
        )


def match_segments(reference: Any, new: Any) -> SegmentMatching:
    """Give the segments of a refit the codes that they had before.

    A clusterer numbers its segments anew with every fit. Campaigns, dashboards and
    `transition_matrix` need codes that keep their meaning.

    Parameters
    ----------
    reference : array-like of int or Series
        The code of every customer before the refit.
    new : array-like of int or Series
        The code of the same customers after the refit, in the same order. Two pandas
        Series are aligned by their index, the customers; those in both count.

    Returns
    -------
    SegmentMatching
        The stable code of each new code, and the agreement of customers.

    Raises
    ------
    ValueError
        If codes are not whole numbers from -1 on, a customer is listed twice, customers
        are of different kinds, such as 17850 and "17850", or no customer is in both.

    See Also
    --------
    transition_matrix : Number of customers by segment before and after.

    Notes
    -----
    Segments are paired one to one, so that as many customers as possible keep their
    code: an assignment problem, solved exactly [1]_. Among several best pairings, one
    that changes the fewest codes is chosen. Segments without a common customer are not
    paired. A new segment without a partner gets a code above all codes of the
    reference, in the order of the new codes. If a segment was split, its larger part
    keeps the code; if two segments were merged, the result has the code of the larger.

    Noise (-1) is not a segment: it stays -1, and no segment becomes noise.

    Check `agreement` and jaccard: any two segmentations have a best pairing, even if
    they have nothing in common.

    References
    ----------
    .. [1] D. F. Crouse (2016), On implementing 2D rectangular assignment algorithms.
       IEEE Transactions on Aerospace and Electronic Systems 52 (4), 1679-1696.

    Examples
    --------
    >>> from skseg.monitor import match_segments
    >>> matching = match_segments([0, 0, 0, 1, 1, 2], [1, 1, 0, 0, 0, -1])
    >>> matching.mapping
    {0: 1, 1: 0, -1: -1}
    >>> matching.table.round(2)
       code status  new_code  n_reference  n_new  n_both  jaccard
    0     0   kept         1            3      2       2     0.67
    1     1   kept         0            2      3       2     0.67
    2     2   gone      <NA>            1      0       0     0.00
    3    -1   kept        -1            0      1       0     0.00
    """
    pair = read_assignments(OWNER, reference, new, ("reference", "new"))
    common = pair.in_first & pair.in_second
    if not common.any():
        raise InvalidDataError(
            f"{OWNER} needs customers that are in both segmentations. Got none.",
            owner=OWNER,
            name="new",
            rule="with customers of the reference",
            advice="Do both indexes name customers alike?",
        )
    codes = used_codes(pair.first[pair.in_first])
    new_codes = used_codes(pair.second[pair.in_second])
    overlap = contingency_table(
        pair.first[common], pair.second[common], codes, new_codes
    )
    mapping = _mapping(overlap, codes, new_codes)
    table = _table(overlap, codes, new_codes, mapping)
    return SegmentMatching(
        mapping=mapping,
        table=table,
        overlap=pd.DataFrame(
            overlap,
            index=pd.Index(codes, name="reference"),
            columns=pd.Index(new_codes, name="new"),
        ),
        gone=tuple(table.loc[table["status"] == "gone", "code"].tolist()),
        agreement=float(table["n_both"].sum() / np.count_nonzero(common)),
    )


def _mapping(overlap: IntArray, codes: IntArray, new_codes: IntArray) -> dict[int, int]:
    """Return the stable code of each new code."""
    # Ties are broken for unchanged codes: all of them weigh less than one customer.
    is_same = (codes[:, np.newaxis] == new_codes) & (overlap > 0)
    objective = overlap * (len(codes) + 1) + is_same
    # Noise, which comes last, is not paired.
    segments, new_segments = codes[codes >= 0], new_codes[new_codes >= 0]
    objective = objective[: len(segments), : len(new_segments)]
    paired = {
        int(new_segments[j]): int(segments[i])
        for i, j in zip(*linear_sum_assignment(objective, maximize=True), strict=True)
        if overlap[i, j]
    }
    fresh = count(int(segments.max(initial=-1)) + 1)
    mapping = {
        code: paired[code] if code in paired else next(fresh)
        for code in new_segments.tolist()
    }
    return mapping | dict.fromkeys(new_codes[len(new_segments) :].tolist(), -1)


def _table(
    overlap: IntArray, codes: IntArray, new_codes: IntArray, mapping: dict[int, int]
) -> pd.DataFrame:
    """Return the sizes and the overlap of each stable code."""
    row_of = {code: i for i, code in enumerate(codes.tolist())}
    column_of = {mapping[code]: j for j, code in enumerate(new_codes.tolist())}
    stable = used_codes(np.array([*row_of, *column_of], dtype=np.intp))
    rows = []
    for code in stable.tolist():
        i, j = row_of.get(code), column_of.get(code)
        n_reference = 0 if i is None else int(overlap[i].sum())
        n_new = 0 if j is None else int(overlap[:, j].sum())
        n_both = 0 if i is None or j is None else int(overlap[i, j])
        n_either = n_reference + n_new - n_both
        rows.append(
            {
                "code": code,
                "status": _status(code, i is not None, j is not None),
                "new_code": None if j is None else int(new_codes[j]),
                "n_reference": n_reference,
                "n_new": n_new,
                "n_both": n_both,
                "jaccard": n_both / n_either if n_either else 0.0,
            }
        )
    return pd.DataFrame(rows).astype({"new_code": "Int64"})


def _status(code: int, in_reference: bool, in_new: bool) -> str:
    """Return the status of a stable code."""
    if code < 0 or (in_reference and in_new):
        return "kept"
    return "new" if in_new else "gone"
