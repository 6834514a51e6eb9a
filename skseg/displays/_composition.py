"""CompositionDisplay: stacked bars of levels by segment, or of segments by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import check_choice, check_int
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean
from skseg.profile import SegmentProfile
from skseg.profile._profile import check_profile

from ._canvas import (
    NOTE_SIZE,
    axes_size,
    cut_text,
    legend_above,
    settle,
    text_width,
)
from ._display import Display
from ._profile_numbers import write_row_names
from ._style import palette

_OWNER = "CompositionDisplay"
_HATCHES = ("", "///", "...", "\\\\\\", "xx", "--", "oo", "||")


@dataclass(kw_only=True, eq=False, repr=False)
class CompositionDisplay(Display):
    """Stacked bars of shares, with hatches and direct labels.

    It is usually made by `from_profile`.

    Parameters
    ----------
    bars : sequence of str of length n_bars
        What each bar stands for: segments, or levels.
    parts : sequence of str of length n_parts
        What the bars are divided into.
    shares : array-like of shape (n_bars, n_parts)
        Share of each part in its bar, in [0, 1]; NaN where it is not shown.
    feature : str
        The feature whose levels these are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    SegmentBoxDisplay : Numeric features.

    Notes
    -----
    What a profile does not show, since too few customers share it, leaves the end of a
    bar empty.

    Examples
    --------
    >>> from skseg.displays import CompositionDisplay
    >>> display = CompositionDisplay(
    ...     bars=["Loyal", "New"],
    ...     parts=["mobile", "desktop"],
    ...     shares=[[0.3, 0.7], [0.8, 0.2]],
    ...     feature="device",
    ... )
    >>> display.frame().head(2)
         bar     part  share
    0  Loyal   mobile    0.3
    1  Loyal  desktop    0.7
    """

    bars: Sequence[str]
    parts: Sequence[str]
    shares: npt.ArrayLike
    feature: str

    @classmethod
    def from_profile(
        cls,
        profile: SegmentProfile,
        feature: str | None = None,
        *,
        by: str = "segment",
        max_levels: int = 8,
        ax: Any = None,
        title: str | None = None,
    ) -> CompositionDisplay:
        """Draw the levels of a feature.

        Parameters
        ----------
        profile : SegmentProfile
            The segments, as `profile_segments` returns them.
        feature : str, default=None
            A feature with levels. None: that with the largest effect.
        by : {"segment", "level"}, default="segment"
            Whether a bar is a segment, divided into levels, or a level, divided into
            segments.
        max_levels : int, default=8
            Most levels to show, from 1 on; the rarer ones are one part together.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        CompositionDisplay
            The display, drawn.

        Raises
        ------
        InvalidParameterError
            If the profile is none or lacks the feature, or a parameter is wrong.
        InvalidDataError
            If no feature has levels.
        MissingExtraError
            If matplotlib is not installed.
        """
        check_profile(_OWNER, profile)
        check_choice(_OWNER, "by", by, ("segment", "level"))
        max_levels = check_int(_OWNER, "max_levels", max_levels, 1, 50)
        feature = _feature(profile, feature)
        table = profile.levels_[profile.levels_["feature"] == feature]
        codes = profile.segments_["code"].tolist()
        counts = table.pivot(index="level", columns="code", values="count")
        counts = _pooled(counts.dropna(how="all"), max_levels).reindex(columns=codes)
        n = table.groupby("code")["n"].max().reindex(codes).to_numpy(np.float64)
        names = profile.segments_["name"].tolist()
        levels = [str(level) for level in counts.index]
        cells = counts.to_numpy(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = cells / (n if by == "segment" else _row_sums(cells))
        return cls(
            bars=names if by == "segment" else levels,
            parts=levels if by == "segment" else names,
            shares=shares.T if by == "segment" else shares,
            feature=feature,
        ).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_bars * n_parts, 3)
            The columns bar, part and share.
        """
        n_bars, n_parts = np.shape(self.shares)
        return pd.DataFrame(
            {
                "bar": np.repeat(np.array(self.bars, object), n_parts),
                "part": np.tile(np.array(self.parts, object), n_bars),
                "share": np.asarray(self.shares, np.float64).ravel(),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        return 8.5, min(1.6 + 0.42 * len(self.bars) + 0.12 * len(self.parts), 16.0)

    def _title(self) -> str:
        return f"Composition by {self.feature}"

    def _draw(self, ax: Any) -> float:
        write_row_names(ax, [str(bar) for bar in self.bars])
        ax.set_xlim(0.0, 100.0)
        ax.set_xlabel("Share of customers (%)", fontsize=NOTE_SIZE)
        ax.spines[["top", "right", "left"]].set_visible(False)
        shares = np.asarray(self.shares, np.float64)
        patches = _draw_bars(ax, shares)
        width = axes_size(ax)[0] - 45.0
        labels = [cut_text(ax, str(part), width, NOTE_SIZE) for part in self.parts]
        pad = legend_above(ax, patches, labels)
        settle(ax)
        _write_parts(ax, shares, [str(part) for part in self.parts])
        return pad


def _feature(profile: SegmentProfile, feature: str | None) -> str:
    """Return the feature to show, or raise."""
    is_level = profile.features_["kind"] == "level"
    known = [str(name) for name in profile.features_.loc[is_level, "feature"]]
    if not known:
        rule = "a profile with a feature that has levels"
        raise InvalidDataError(
            f"{_OWNER} needs {rule}. Got one without.",
            owner=_OWNER,
            name="profile",
            rule=rule,
            advice="SegmentBoxDisplay shows numeric features.",
        )
    if feature is None:
        return known[0]
    if feature not in known:
        rule = f"a feature with levels: {', '.join(map(repr, known))}"
        advice = did_you_mean(str(feature), known).strip() or None
        raise InvalidParameterError(_OWNER, "feature", rule, feature, advice=advice)
    return feature


def _pooled(counts: pd.DataFrame, max_levels: int) -> pd.DataFrame:
    """Return the counts of the most frequent levels, and of all others together."""
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    counts = counts.loc[order]
    if len(counts) <= max_levels:
        return counts
    rest = counts.iloc[max_levels - 1 :]
    result = counts.iloc[: max_levels - 1].copy()
    result.loc[f"{len(rest)} further levels"] = rest.sum(min_count=1)
    return result


def _row_sums(cells: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums: npt.NDArray[np.float64] = np.nansum(cells, axis=1, keepdims=True)
    return sums


def _draw_bars(ax: Any, shares: npt.NDArray[np.float64]) -> list[Any]:
    """Draw the bars; return a patch for each part."""
    widths = 100 * np.nan_to_num(shares)
    starts = np.cumsum(widths, axis=1) - widths
    patches = []
    for part, colour in enumerate(palette(shares.shape[1])):
        bars = ax.barh(
            np.arange(len(shares)),
            widths[:, part],
            0.72,
            left=starts[:, part],
            color=colour,
            hatch=_HATCHES[part % len(_HATCHES)],
            edgecolor="white",
            linewidth=0.8,
        )
        patches.append(bars[0])
    return patches


def _write_parts(
    ax: Any, shares: npt.NDArray[np.float64], parts: Sequence[str]
) -> None:
    """Write part and share into each piece of a bar that has room for them."""
    width, height = axes_size(ax)
    size = min(8.0, 0.45 * height / max(len(shares), 1))
    for bar in np.flatnonzero(np.isnan(shares).all(axis=1)):
        look = {"va": "center", "fontsize": size, "color": "#555555"}
        ax.text(1.0, bar, "not shown", **look)
    known = np.nan_to_num(shares)
    middles = 100 * (np.cumsum(known, axis=1) - known / 2)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8}
    for (bar, part), share in np.ndenumerate(known):
        short = f"{share:.0%}"
        texts = (f"{parts[part]} {short}", short)
        room = share * width - 6.0
        text = next((t for t in texts if text_width(ax, t, size) <= room), None)
        if text is not None and share > 0:
            ax.text(
                *(middles[bar, part], bar, text),
                ha="center",
                va="center",
                fontsize=size,
                bbox=box,
                parse_math=False,
            )
