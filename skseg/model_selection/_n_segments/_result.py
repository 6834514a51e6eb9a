"""NSegmentsSelection: the verdict on the number of segments, and its grounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill

import pandas as pd

from skseg._html import html_frame
from skseg._typing import FloatArray

_WIDTH = 88
_DIGITS = "{:.4g}".format


@dataclass(frozen=True, slots=True, eq=False)
class NSegmentsSelection:
    """The number of segments by several criteria, and whether there are clusters.

    Attributes
    ----------
    n_segments : int
        The verdict: the choice of the criterion that decides, or 1 if there is no
        cluster structure.
    has_structure : bool
        Whether the rows cluster more than data sets from each of the populations
        without clusters, or a valley divides them.
    reason : str
        The grounds of the verdict, in a sentence or two.
    p_value : float
        P-value of the test that decides: the largest of `p_values`; the smallest of
        `valleys` if those are not all at most 0.05. There is structure if it is at most
        0.05.
    p_values : dict of str to float
        By population without clusters: the share of its data sets, the rows included,
        with a silhouette at least as large as that of the rows.
    valleys : DataFrame
        One row per column and principal axis with a valley, a band that holds hardly
        any rows between two groups: direction (the name of the column, ``"x0"`` for the
        first of an array, or ``"principal axis 1"``), lower and upper (the edges of the
        band, in the unit of the column, or the coordinate along the axis), share_below,
        share_between and share_above (of all rows), p_value (times the number of
        columns and axes, at most 0.001).
    choices : dict of str to int
        Number of segments that each criterion chooses, structure or not.
    table : DataFrame
        One row per number of segments: n_segments, inertia and a column for each
        criterion, with gap_se (its standard error) after gap. NaN where a criterion
        cannot judge one segment.
    centers : dict of int to ndarray of float64 of shape (n_segments, n_columns)
        Centres of the K-Means of each number of segments.

    See Also
    --------
    select_n_segments : Returns it.

    Examples
    --------
    The centres are a start for K-Means that makes further starts unnecessary:

    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.model_selection import select_n_segments
    >>> X, _ = make_blobs(500, centers=3, cluster_std=0.5, random_state=3)
    >>> selection = select_n_segments(X, n_segments=[2, 3], max_rows=99, random_state=0)
    >>> k = selection.n_segments
    >>> KMeans(k, init=selection.centers[k], n_init=1).fit(X).cluster_centers_.shape
    (3, 2)
    """

    n_segments: int
    has_structure: bool
    reason: str
    p_value: float
    p_values: Mapping[str, float]
    valleys: pd.DataFrame
    choices: Mapping[str, int]
    table: pd.DataFrame
    centers: Mapping[int, FloatArray]

    def __str__(self) -> str:
        table = self.table.to_string(index=False, float_format=_DIGITS, na_rep="-")
        return "\n".join(
            [fill(self.reason, _WIDTH), fill(self._choices(), _WIDTH), "", table]
        )

    def _repr_html_(self) -> str:
        return html_frame(self.table, f"{self.reason}\n{self._choices()}", _DIGITS)

    def _choices(self) -> str:
        choices = ", ".join(f"{name} {k}" for name, k in self.choices.items())
        return f"Choices: {choices}."
