"""What the choice of the number of segments gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill

import pandas as pd

from skseg._typing import FloatArray

_WIDTH = 88


@dataclass(frozen=True, slots=True, eq=False)
class NSegmentsSelection:
    """How many segments there are by several criteria, and whether there are any.

    Attributes
    ----------
    n_segments : int
        The verdict: the choice of the criterion that decides, or 1 if there is no
        cluster structure.
    has_structure : bool
        Whether the rows cluster more than those of every population without clusters
        that they were compared with.
    reason : str
        Why, in a sentence or two.
    p_value : float
        Of the test of structure: the largest one in `p_values`. Up to 0.05 there is
        structure.
    p_values : dict of str to float
        Per population without clusters: how rarely a data set drawn from it has a
        silhouette as large as the rows.
    choices : dict of str to int
        Number of segments that each criterion chooses, structure or not.
    table : DataFrame
        One row per number of segments: k, inertia and a column for each criterion, with
        gap_se after gap. NaN where a criterion says nothing about one segment.
    centers : dict of int to ndarray of float64 of shape (k, n_columns)
        Centres of the K-Means of each k.

    See Also
    --------
    select_n_segments : Makes it.

    Examples
    --------
    The centres are the start of a K-Means that needs no other one:

    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.model_selection import select_n_segments
    >>> X, _ = make_blobs(500, centers=3, cluster_std=0.5, random_state=3)
    >>> found = select_n_segments(X, k=range(2, 6), sample_size=200, random_state=0)
    >>> k = found.n_segments
    >>> KMeans(k, init=found.centers[k], n_init=1).fit(X).cluster_centers_.shape
    (3, 2)
    """

    n_segments: int
    has_structure: bool
    reason: str
    p_value: float
    p_values: Mapping[str, float]
    choices: Mapping[str, int]
    table: pd.DataFrame
    centers: Mapping[int, FloatArray]

    def __str__(self) -> str:
        table = self.table.to_string(
            index=False, float_format=lambda number: f"{number:.4g}", na_rep="-"
        )
        choices = ", ".join(f"{name} {k}" for name, k in self.choices.items())
        said = [fill(self.reason, _WIDTH), fill(f"Choices: {choices}.", _WIDTH)]
        return "\n".join([*said, "", table])
