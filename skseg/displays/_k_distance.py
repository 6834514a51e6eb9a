"""KDistanceDisplay: where the distances to near rows begin to rise steeply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._numeric_rows import numeric_rows
from skseg._core._validation import check_int
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError
from skseg.model_selection._eps import k_distances, knee

from ._canvas import NOTE_SIZE, TITLE_PAD
from ._display import Display
from ._reading import evenly_spaced
from ._style import HUES

_OWNER = "KDistanceDisplay"
_MOST_CURVES = 12
_STYLES = ("solid", "dashed")
# The axis ends at `_KNEES` times the largest knee, or where the share `_NEARLY_ALL` of
# the rows ends: the rows beyond are a few that are far from all others.
_KNEES, _NEARLY_ALL = 2.0, 0.99
# It is not cut off if the largest distance is at most this many times that end.
_NOT_FAR = 3.0


@dataclass(kw_only=True, eq=False, repr=False)
class KDistanceDisplay(Display):
    """Distances of the rows to a near neighbour, in ascending order, and their knee.

    For DBSCAN: rows whose distance is up to eps are core rows. Use `from_selection` or
    `from_data` to make one.

    Parameters
    ----------
    min_samples : sequence of int of length n_curves
        Number of the neighbour, the row itself being the first.
    shares : sequence of n_curves array-likes
        Share of all rows up to each point, ascending.
    distances : sequence of n_curves array-likes
        Distance of the row there.
    knees : array-like of shape (n_curves,)
        The eps at which each curve turns upwards; NaN for none.
    core_shares : array-like of shape (n_curves,)
        Share of the rows that are core rows with this eps.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    skseg.model_selection.select_eps : Tries radii around the knees.

    Notes
    -----
    Within clusters distances rise slowly, and steeply where noise begins [1]_. The knee
    is the point farthest below the straight line from the first to the last distance.
    It is a rule of thumb, which a few rows far from all others draw upwards. The axis
    ends where they alone are beyond, and says how far they reach.

    References
    ----------
    .. [1] M. Ester, H.-P. Kriegel, J. Sander and X. Xu (1996), A density-based
       algorithm for discovering clusters in large spatial databases with noise.
       KDD-96, 226-231.

    Examples
    --------
    >>> from skseg.displays import KDistanceDisplay
    >>> X = [[0.0], [1.0], [2.0], [3.0], [9.0]]
    >>> KDistanceDisplay.from_data(X, min_samples=2).frame()
       min_samples  share  distance  knee
    0            2    0.2       1.0   1.0
    1            2    0.4       1.0   1.0
    2            2    0.6       1.0   1.0
    3            2    0.8       1.0   1.0
    4            2    1.0       6.0   1.0
    """

    min_samples: Sequence[int]
    shares: Sequence[npt.ArrayLike]
    distances: Sequence[npt.ArrayLike]
    knees: npt.ArrayLike
    core_shares: npt.ArrayLike

    @classmethod
    def from_selection(
        cls,
        eps_selection: Any,
        *,
        max_points: int = 1000,
        ax: Any = None,
        title: str | None = None,
    ) -> KDistanceDisplay:
        """Draw the distances that a selection of eps has looked at.

        Parameters
        ----------
        eps_selection : EpsSelection
            What `select_eps` gives.
        max_points : int, default=1000
            Most points of a curve, in [2, 1000000].
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        KDistanceDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If it is no such selection.
        MissingExtraError
            If matplotlib is not installed.
        """
        curves = getattr(eps_selection, "k_distances", None)
        knees = getattr(eps_selection, "knees", None)
        if curves is None or knees is None:
            rule = "an EpsSelection, with 'k_distances' and 'knees'"
            raise InvalidParameterError(_OWNER, "eps_selection", rule, eps_selection)
        return cls(**_numbers(curves, knees, max_points)).plot(ax=ax, title=title)

    @classmethod
    def from_data(
        cls,
        X: Any,
        *,
        min_samples: int | Iterable[int] = (5, 10, 20),
        metric: str = "euclidean",
        n_jobs: int | None = None,
        max_points: int = 1000,
        ax: Any = None,
        title: str | None = None,
    ) -> KDistanceDisplay:
        """Draw the distances between rows.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Finite numbers in the units that distances shall be measured in: scale them
            before.
        min_samples : int or iterable of int, default=(5, 10, 20)
            Numbers of neighbours, the row itself included, each in [2, n_rows]; up to
            12 of them.
        metric : str, default="euclidean"
            Distance, by a name that scikit-learn's ``NearestNeighbors`` knows.
        n_jobs : int, default=None
            For the search of neighbours, as joblib counts.
        max_points : int, default=1000
            Most points of a curve, in [2, 1000000].
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        KDistanceDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a parameter is wrong, or the rows are no finite numbers.
        MissingExtraError
            If matplotlib is not installed.
        """
        rows = numeric_rows(_OWNER, X, ensure_min_samples=2)
        chosen = min_samples if isinstance(min_samples, Iterable) else [min_samples]
        numbers = sorted(
            {check_int(_OWNER, "min_samples", n, 2, len(rows)) for n in chosen}
        )
        if not 0 < len(numbers) <= _MOST_CURVES:
            rule = f"an int, or up to {_MOST_CURVES} of them"
            raise InvalidParameterError(_OWNER, "min_samples", rule, min_samples)
        curves = k_distances(rows, numbers, metric, n_jobs)
        knees = {number: knee(curve) for number, curve in curves.items()}
        return cls(**_numbers(curves, knees, max_points)).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_points, 4)
            One row per point of a curve, with the columns min_samples, share (of the
            rows up to there), distance and knee (of the curve).
        """
        lengths = [len(np.asarray(shares)) for shares in self.shares]
        return pd.DataFrame(
            {
                "min_samples": np.repeat(np.asarray(self.min_samples), lengths),
                "share": np.concatenate([np.asarray(curve) for curve in self.shares]),
                "distance": np.concatenate(
                    [np.asarray(curve) for curve in self.distances]
                ),
                "knee": np.repeat(np.asarray(self.knees, dtype=np.float64), lengths),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        return 8.0, 5.0

    def _title(self) -> str:
        return "Distance to the nearest rows, and its knee"

    def _draw(self, ax: Any) -> float:
        frame = self.frame()
        knees = np.asarray(self.knees, dtype=np.float64)
        shares = np.asarray(self.core_shares, dtype=np.float64)
        for i, number in enumerate(self.min_samples):
            points = frame[frame["min_samples"] == number]
            _draw_curve(ax, i, number, points, knees[i], shares[i])
        ax.legend(fontsize=NOTE_SIZE, loc="upper left", framealpha=0.85)
        ax.set_xlim(0.0, 101.0)
        ax.set_xlabel("Share of the rows, by distance (%)")
        ax.set_ylabel(_set_limit(ax, frame, knees))
        ax.spines[["top", "right"]].set_visible(False)
        return TITLE_PAD


def _numbers(
    curves: Mapping[int, FloatArray], knees: Mapping[int, float], max_points: int
) -> dict[str, Any]:
    """Return the parameters of the display."""
    max_points = check_int(_OWNER, "max_points", max_points, 2, 1_000_000)
    shares, distances, core_shares = [], [], []
    for number, curve in curves.items():
        shown = evenly_spaced(len(curve), max_points)
        shares.append((shown + 1) / len(curve))
        distances.append(curve[shown])
        is_known = not np.isnan(knees[number])
        core_shares.append((curve <= knees[number]).mean() if is_known else np.nan)
    return {
        "min_samples": list(curves),
        "shares": shares,
        "distances": distances,
        "knees": np.array([knees[number] for number in curves]),
        "core_shares": np.array(core_shares),
    }


def _draw_curve(
    ax: Any, i: int, number: int, points: pd.DataFrame, knee: float, core_share: float
) -> None:
    """Draw the distances to one neighbour, and their knee."""
    colour = HUES[i % len(HUES)]
    has_knee = not np.isnan(knee)
    about = f"knee at {knee:.3g}, {core_share:.0%} core rows"
    ax.plot(
        100 * points["share"],
        points["distance"],
        color=colour,
        linestyle=_STYLES[i // len(HUES) % len(_STYLES)],
        linewidth=1.8,
        label=f"min_samples {number}: {about if has_knee else 'no knee'}",
        zorder=3,
    )
    if has_knee:
        end = 100 * core_share
        look = {"color": colour, "linewidth": 0.9, "linestyle": ":", "zorder": 2}
        ax.plot([0.0, end], [knee, knee], **look)
        mark = {"color": colour, "marker": "o", "markersize": 8.0, "zorder": 4}
        ax.plot(end, knee, markeredgecolor="white", **mark)


def _set_limit(ax: Any, frame: pd.DataFrame, knees: FloatArray) -> str:
    """End the axis where only a few rows are beyond; return its label."""
    label = "Distance to the row number min_samples"
    largest = frame["distance"].max()
    usual = frame["distance"][frame["share"] <= _NEARLY_ALL].max()
    known = knees[~np.isnan(knees)]
    top = 1.05 * np.nanmax([_KNEES * known.max(initial=0.0), usual])
    if largest <= _NOT_FAR * top:
        ax.set_ylim(0.0, 1.05 * largest if largest > 0 else 1.0)
        return label
    ax.set_ylim(0.0, top)
    return f"{label}\n(cut off: up to {largest:.3g})"
