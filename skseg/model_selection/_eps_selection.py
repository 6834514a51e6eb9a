"""What a grid of DBSCAN gives: the table, the best cell and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import DBSCAN

from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError

from ._dbscan_grid import Labels


@dataclass(frozen=True, slots=True, eq=False)
class EpsSelection:
    """What DBSCAN gives for a grid of settings, and which of them to take.

    Attributes
    ----------
    eps : float or None
        Radius of the best cell: of those that are legal, the one with the largest
        silhouette. None if there is none.
    min_samples : int or None
        Number of neighbours of the best cell. None if there is none.
    reason : str
        Why this cell, or why none.
    table : DataFrame
        One row per cell: min_samples, eps, n_segments, noise_share, smallest_share and
        largest_share (of all rows, noise included), silhouette (of the rows in a
        segment; NaN for fewer than two segments, and for more than 50 in a cell that is
        not legal), is_legal and broken_bound (what a cell that is not legal breaks
        first, else empty).
    k_distances : dict of int to ndarray of float64 of shape (n_rows,)
        Per min_samples, the distance of every row to its nearest neighbour of that
        number, itself being the first, in ascending order: from this eps on a row is a
        core row.
    knees : dict of int to float
        Per min_samples, where this curve turns upwards.
    metric : str
        Distance between rows.
    codes : dict of (int, float) to ndarray of int of shape (n_rows,)
        Segments of all rows per min_samples and eps, -1 for noise; `labels` gives
        them, too.

    See Also
    --------
    select_eps : Makes it.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from skseg.model_selection import select_eps
    >>> X, _ = make_moons(500, noise=0.05, random_state=0)
    >>> found = select_eps(X, min_samples=5)
    >>> print(found.reason)
    eps=0.159 with min_samples=5 gives 2 segments and 0.0% noise. ...
    >>> found.clusterer()
    DBSCAN(eps=0.159)
    """

    eps: float | None
    min_samples: int | None
    reason: str
    table: pd.DataFrame
    k_distances: Mapping[int, FloatArray]
    knees: Mapping[int, float]
    metric: str
    codes: Labels

    def labels(
        self, eps: float | None = None, min_samples: int | None = None
    ) -> IntArray:
        """Return the segments of the rows in a cell of the grid.

        Parameters
        ----------
        eps : float, default=None
            As it is in the table. None: that of the best cell.
        min_samples : int, default=None
            As it is in the table. None: that of the best cell.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            The ``labels_`` of DBSCAN: segments from 0 on, -1 for noise.

        Raises
        ------
        ValueError
            If there is no such cell.
        """
        cell = (
            self.min_samples if min_samples is None else min_samples,
            self.eps if eps is None else eps,
        )
        if None in cell:
            raise InvalidDataError(f"Pass eps and min_samples. {self.reason}")
        if cell not in self.codes:
            known = [eps for number, eps in self.codes if number == cell[0]]
            numbers = sorted({number for number, _ in self.codes})
            raise InvalidDataError(
                f"There is no cell with min_samples={cell[0]} and eps={cell[1]}. "
                + (
                    f"Values of eps with this min_samples are {known}."
                    if known
                    else f"Values of min_samples are {numbers}."
                )
            )
        return self.codes[cell].astype(np.intp)

    def clusterer(self) -> DBSCAN:
        """Return DBSCAN with the best settings, not fitted.

        Returns
        -------
        DBSCAN
            Of scikit-learn.

        Raises
        ------
        ValueError
            If no cell is legal; the message says why.
        """
        if self.eps is None:
            raise InvalidDataError(self.reason)
        return DBSCAN(eps=self.eps, min_samples=self.min_samples, metric=self.metric)

    def __str__(self) -> str:
        table = self.table.to_string(index=False, float_format=lambda x: f"{x:.3g}")
        return f"{self.reason}\n\n{table}"
