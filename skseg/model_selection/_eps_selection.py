"""EpsSelection: the table of a grid of DBSCAN, the best cell and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import DBSCAN

from skseg._html import html_frame
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InfeasibleError, InvalidDataError

from ._dbscan_grid import Labels

_DIGITS = "{:.3g}".format


@dataclass(frozen=True, slots=True, eq=False)
class EpsSelection:
    """The results of DBSCAN for a grid of settings, and the best of them.

    Attributes
    ----------
    eps : float or None
        Radius of the best cell, the legal one with the largest silhouette. None if no
        cell is legal.
    min_samples : int or None
        Number of neighbours of the best cell. None if no cell is legal.
    reason : str
        Why this cell is the best, or why none is legal.
    table : DataFrame
        One row per cell: min_samples, eps, n_segments, noise_share, smallest_share and
        largest_share (shares of all rows, noise included), silhouette (of the rows in
        segments; NaN for fewer than two segments, and for more than 50 in an illegal
        cell), is_legal and broken_bound (the first bound that an illegal cell breaks,
        else empty).
    k_distances : dict of int to ndarray of float64 of shape (n_rows,)
        By min_samples: the distance of every row to its min_samples-th nearest row,
        itself included, in ascending order. A row is a core row from this eps on.
    knees : dict of int to float
        By min_samples: the distance at which this curve turns upwards.
    metric : str
        Metric of the distances.
    codes : dict of (int, float) to ndarray of int of shape (n_rows,)
        Segments of all rows by min_samples and eps, -1 for noise; see `labels`.

    See Also
    --------
    select_eps : Returns it.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from skseg.model_selection import select_eps
    >>> X, _ = make_moons(500, noise=0.05, random_state=0)
    >>> selection = select_eps(X, min_samples=5)
    >>> print(selection.reason)
    eps=0.159 with min_samples=5 gives 2 segments and 0.0% noise. ...
    >>> selection.clusterer()
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
            A value of the table. None: that of the best cell.
        min_samples : int, default=None
            A value of the table. None: that of the best cell.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            The ``labels_`` of DBSCAN: segments from 0 on, -1 for noise.

        Raises
        ------
        ValueError
            If there is no such cell, or if no cell is legal and one is needed.
        """
        cell = (
            self.min_samples if min_samples is None else min_samples,
            self.eps if eps is None else eps,
        )
        if None in cell:
            raise InfeasibleError(f"Pass eps and min_samples. {self.reason}")
        if cell not in self.codes:
            radii = [eps for number, eps in self.codes if number == cell[0]]
            numbers = sorted({number for number, _ in self.codes})
            raise InvalidDataError(
                f"There is no cell with min_samples={cell[0]} and eps={cell[1]}. "
                + (
                    f"Values of eps with this min_samples are {radii}."
                    if radii
                    else f"Values of min_samples are {numbers}."
                ),
                owner="EpsSelection.labels",
                name="eps" if radii else "min_samples",
                rule=f"one of {radii or numbers}",
                value=cell[1] if radii else cell[0],
            )
        return self.codes[cell].astype(np.intp)

    def clusterer(self) -> DBSCAN:
        """Return DBSCAN with the best settings, not fitted.

        Returns
        -------
        DBSCAN
            The clusterer of scikit-learn.

        Raises
        ------
        InfeasibleError
            If no cell is legal; the message says why.
        """
        if self.eps is None:
            raise InfeasibleError(self.reason, owner="EpsSelection.clusterer")
        return DBSCAN(eps=self.eps, min_samples=self.min_samples, metric=self.metric)

    def __str__(self) -> str:
        table = self.table.to_string(index=False, float_format=_DIGITS)
        return f"{self.reason}\n\n{table}"

    def _repr_html_(self) -> str:
        return html_frame(self.table, self.reason, _DIGITS)
