"""SegmentRadarDisplay: where the medians of segments rank among all customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg.exceptions import InvalidDataError
from skseg.profile import SegmentProfile
from skseg.profile._profile import check_profile

from ._display import Display
from ._profile_numbers import by_segment, chosen_features
from ._radar_drawing import draw_radar

_OWNER = "SegmentRadarDisplay"
_MOST_SEGMENTS = 6
_LEAST_FEATURES = 3


@dataclass(kw_only=True, eq=False, repr=False)
class SegmentRadarDisplay(Display):
    """Radar chart of the ranks that medians of segments have among all customers.

    It is usually made by `from_profile`.

    Parameters
    ----------
    codes : array-like of int of shape (n_segments,)
        Segment codes.
    segment_names : sequence of str of length n_segments
        Their names.
    features : sequence of str of length n_features
        Features, clockwise from the top; at least 3.
    ranks : array-like of shape (n_segments, n_features)
        Share of all customers below the median of the segment, in [0, 1]; NaN where it
        is not shown.
    medians : array-like of shape (n_segments, n_features)
        The medians, in the unit of the feature.
    n_total : int, default=None
        Number of segments, some of which are shown. None: these are all.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    SegmentBoxDisplay : Quantiles of segments, in the unit of the feature.

    Notes
    -----
    The radius is a rank, not a value between the smallest and the largest: one customer
    with an absurd value moves no other. The ring in the middle is the median of all
    customers. A letter marks each segment where it is furthest from the others.

    Examples
    --------
    >>> from skseg.displays import SegmentRadarDisplay
    >>> display = SegmentRadarDisplay(
    ...     codes=[0, 1],
    ...     segment_names=["Loyal", "New"],
    ...     features=["age", "orders", "spend"],
    ...     ranks=[[0.5, 0.9, 0.8], [0.3, 0.2, 0.1]],
    ...     medians=[[40.0, 12.0, 300.0], [33.0, 2.0, 40.0]],
    ... )
    >>> display.frame().head(2)
       code   name feature  rank  median
    0     0  Loyal     age   0.5    40.0
    1     0  Loyal  orders   0.9    12.0
    """

    codes: npt.ArrayLike
    segment_names: Sequence[str]
    features: Sequence[str]
    ranks: npt.ArrayLike
    medians: npt.ArrayLike
    n_total: int | None = None

    @classmethod
    def from_profile(
        cls,
        profile: SegmentProfile,
        *,
        features: Sequence[str] | None = None,
        segments: Sequence[str | int] | None = None,
        max_features: int = 8,
        ax: Any = None,
        title: str | None = None,
    ) -> SegmentRadarDisplay:
        """Draw segments of a profile.

        Parameters
        ----------
        profile : SegmentProfile
            The segments, as `profile_segments` returns them.
        features : sequence of str, default=None
            Numeric features, at least 3. None: those with the largest effect.
        segments : sequence of str or int, default=None
            Names or codes. None: the six largest, as more cannot be told apart.
        max_features : int, default=8
            Most features to show if none are named, from 3 to 50.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentRadarDisplay
            The display, drawn.

        Raises
        ------
        InvalidParameterError
            If the profile is none or lacks a feature or segment, or if `max_features`
            is wrong.
        InvalidDataError
            If there are fewer than 3 features.
        MissingExtraError
            If matplotlib is not installed.
        """
        check_profile(_OWNER, profile)
        names = chosen_features(
            _OWNER, profile, features, max_features, _LEAST_FEATURES
        )
        if len(names) < _LEAST_FEATURES:
            rule = f"at least {_LEAST_FEATURES} numeric features"
            raise InvalidDataError(
                f"{_OWNER} needs {rule}, to have an area. Got {len(names)}.",
                owner=_OWNER,
                name="features",
                rule=rule,
                value=names,
                advice="SegmentBoxDisplay shows one or several.",
            )
        table = profile.segments_
        if segments is None:
            largest = table["n"].sort_values(ascending=False, kind="stable").index
            chosen = table.loc[sorted(largest[:_MOST_SEGMENTS])]
        else:
            codes = [profile.code_of(segment) for segment in segments]
            chosen = table.set_index("code", drop=False).loc[codes]
        codes = chosen["code"].tolist()
        return cls(
            codes=codes,
            segment_names=chosen["name"].tolist(),
            features=names,
            ranks=by_segment(profile.numbers_, codes, names, "median_rank"),
            medians=by_segment(profile.numbers_, codes, names, "median"),
            n_total=len(table),
        ).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_segments * n_features, 5)
            The columns code, name, feature, rank and median.
        """
        n_segments, n_features = np.shape(self.ranks)
        return pd.DataFrame(
            {
                "code": np.repeat(np.asarray(self.codes), n_features),
                "name": np.repeat(np.array(self.segment_names, object), n_features),
                "feature": np.tile(np.array(self.features, object), n_segments),
                "rank": np.asarray(self.ranks, np.float64).ravel(),
                "median": np.asarray(self.medians, np.float64).ravel(),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        return 7.5, 6.0 + 0.18 * len(self.segment_names)

    def _title(self) -> str:
        n, total = len(self.segment_names), self.n_total
        of = f", {n} of {total} segments" if total and total > n else ""
        return f"Rank of the segment's median among all customers{of}"

    def _draw(self, ax: Any) -> float:
        return draw_radar(
            ax,
            np.asarray(self.ranks, np.float64),
            [int(code) for code in np.asarray(self.codes)],
            [str(name) for name in self.segment_names],
            [str(name) for name in self.features],
        )
