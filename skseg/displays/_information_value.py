"""InformationValueDisplay: how much every column tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._core._validation import check_int
from skseg._search.effects._iv import BANDS, bands, descending
from skseg.exceptions import InvalidParameterError

from ._canvas import (
    LEAST_SIZE,
    TEXT_SIZE,
    TITLE_PAD,
    axes_size,
    cut_text,
    room_left,
    settle,
    text_width,
    write_message,
)
from ._display import Display
from ._reading import numbers_of, read_table
from ._style import BLUE, GREY, ORANGE, SKY_BLUE

_OWNER = "InformationValueDisplay"
_PLAIN, _NET = "iv", "net_iv_scaled"
_VALIDATED = "_cv"
# Where the bands of N. Siddiqi (2006) begin.
STARTS = (0.0, 0.02, 0.1, 0.3, 0.5)
_COLOURS = dict(zip(BANDS, [GREY, "#A6D2EE", SKY_BLUE, BLUE, ORANGE], strict=True))
_BAND_SIZE = 8.0
_NAME_WIDTH = 158.0


@dataclass(kw_only=True, eq=False, repr=False)
class InformationValueDisplay(Display):
    """Bars of the information value (IV) of columns, the largest on top.

    Lines mark the bands of Siddiqi. Use `from_estimator` or `from_table` to make one.

    Parameters
    ----------
    columns : sequence of str of length n_columns
        Names of the columns, from the top.
    iv : array-like of shape (n_columns,)
        Their information values, or scaled net ones; NaN for unknown ones.
    is_net : bool, default=False
        Whether values are net ones, of one group against another.
    n_total : int, default=None
        Number of columns of which these are the first. None: these are all.
    is_cross_validated : bool, default=False
        Whether values are those of rows that WOE has not seen.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    FindingsDisplay : The segments that such columns led to.

    Notes
    -----
    Bands are rules of thumb for plain values of credit scores: even noise has an IV,
    which gets larger the fewer rows there are and the more bins. `information_value`
    says more about it. For net values the scaled ones are shown, as those alone can be
    compared between columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import information_value
    >>> from skseg.displays import InformationValueDisplay
    >>> X = pd.DataFrame({"plan": ["free", "pro"] * 50, "age": [25, 25, 40, 40] * 25})
    >>> bought = [0, 1, 0, 0, 1, 1, 0, 0, 0, 1] * 10
    >>> iv, table = information_value(X, bought)
    >>> InformationValueDisplay.from_table(iv).frame().round(3)
      column     iv        band
    0   plan  0.713  suspicious
    1    age  0.000     useless
    """

    columns: Sequence[str]
    iv: npt.ArrayLike
    is_net: bool = False
    n_total: int | None = None
    is_cross_validated: bool = False

    @classmethod
    def from_estimator(
        cls,
        iv_finder: Any,
        *,
        n_columns: int = 15,
        ax: Any = None,
        title: str | None = None,
    ) -> InformationValueDisplay:
        """Draw the values of a fitted finder.

        Parameters
        ----------
        iv_finder : IVSegmentFinder
            A fitted finder.
        n_columns : int, default=15
            Most columns to show, in [1, 1000].
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        InformationValueDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If the estimator has no information values, or `n_columns` is wrong.
        MissingExtraError
            If matplotlib is not installed.
        """
        iv_finder = as_fitted(iv_finder)
        if not hasattr(iv_finder, "iv_"):
            rule = "an IVSegmentFinder, with 'iv_'"
            raise InvalidParameterError(_OWNER, "iv_finder", rule, iv_finder)
        return cls.from_table(iv_finder.iv_, n_columns=n_columns, ax=ax, title=title)

    @classmethod
    def from_table(
        cls,
        iv: Any,
        *,
        n_columns: int = 15,
        ax: Any = None,
        title: str | None = None,
    ) -> InformationValueDisplay:
        """Draw values given as a table.

        Parameters
        ----------
        iv : frame of shape (n_rows, n_columns)
            With the columns ``column`` and ``net_iv_scaled`` or else ``iv``, as ``iv_``
            of `IVSegmentFinder` and ``iv`` of `information_value` have them. Where
            there are cross-validated values, ``net_iv_scaled_cv`` or ``iv_cv``, these
            are shown.
        n_columns : int, default=15
            Most columns to show, in [1, 1000].
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        InformationValueDisplay
            The display, drawn. If there are no columns, the picture says so.

        Raises
        ------
        ValueError
            If a column of the table is missing, a value is infinite, or `n_columns` is
            wrong.
        MissingExtraError
            If matplotlib is not installed.
        """
        check_int(_OWNER, "n_columns", n_columns, 1, 1000)
        table = read_table(_OWNER, "iv", iv, ["column"])
        is_net = _NET in table.columns
        value = _NET if is_net else _PLAIN
        is_cross_validated = value + _VALIDATED in table.columns
        if is_cross_validated:
            value += _VALIDATED
        table = read_table(_OWNER, "iv", table, [value])
        names = [str(name) for name in table.get_column("column").to_list()]
        values = numbers_of(table, value)
        if np.isinf(values).any():
            rule = f"finite or NaN in {value!r}"
            raise InvalidParameterError(_OWNER, "iv", rule, values[np.isinf(values)])
        shown = descending(values)[:n_columns]
        display = cls(
            columns=[names[i] for i in shown],
            iv=values[shown],
            is_net=is_net,
            n_total=len(names),
            is_cross_validated=is_cross_validated,
        )
        return display.plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_columns, 3)
            One row per bar, from the top, with the columns column, iv and band; band is
            None where iv is NaN.
        """
        values = np.asarray(self.iv, dtype=np.float64)
        return pd.DataFrame(
            {
                "column": pd.Series(list(self.columns), dtype=object),
                "iv": values,
                "band": pd.Series(bands(values), dtype=object),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        n_bars = len(self.columns)
        return (8.0, 1.4 + 0.3 * n_bars) if n_bars else (7.0, 2.0)

    def _title(self) -> str:
        n_shown = len(self.columns)
        total = n_shown if self.n_total is None else self.n_total
        kind = "Net information value" if self.is_net else "Information value"
        if self.is_cross_validated:
            kind = f"Cross-validated {kind[0].lower()}{kind[1:]}"
        of = f"{n_shown} of {total}" if total > n_shown else f"{total}"
        return f"{kind}, {of} {'column' if total == 1 else 'columns'}"

    def _draw(self, ax: Any) -> float:
        frame = self.frame()
        if frame.empty:
            write_message(ax, "No columns.")
            return TITLE_PAD
        scale = "Net information value, scaled" if self.is_net else "Information value"
        _draw_bars(ax, frame, scale)
        return TITLE_PAD + 1.75 * _BAND_SIZE


def _draw_bars(ax: Any, frame: pd.DataFrame, scale: str) -> None:
    """Draw one bar below the other, and the bands behind them."""
    from matplotlib.patheffects import withStroke

    n = len(frame)
    size = min(max(0.7 * axes_size(ax)[1] / (n + 1), LEAST_SIZE), TEXT_SIZE)
    values = frame["iv"].fillna(0.0).to_numpy()
    colours = [_COLOURS.get(band, GREY) for band in frame["band"]]
    bars = ax.barh(np.arange(n), values, 0.7, color=colours, zorder=2)
    texts = ["unknown" if np.isnan(iv) else _value_text(iv) for iv in frame["iv"]]
    halo = [withStroke(linewidth=3.0, foreground="white")]
    ax.bar_label(bars, texts, padding=3, fontsize=size, zorder=3, path_effects=halo)
    room = room_left(ax, _NAME_WIDTH)
    names = [cut_text(ax, str(name), room, size) for name in frame["column"]]
    ax.set_yticks(np.arange(n), names, fontsize=size, parse_math=False)
    ax.set_ylim(n - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.axvline(0.0, color="black", linewidth=0.8, zorder=3)
    settle(ax)
    width = axes_size(ax)[0]
    starts = ", ".join(f"{start:g}" for start in STARTS[1:])
    with_starts = f"{scale} (bands begin at {starts})"
    ax.set_xlabel(with_starts if text_width(ax, with_starts, 10.0) < width else scale)
    # Room for a label at the end of a bar.
    label = min((text_width(ax, "\n".join(texts), size) + 4.0) / width, 0.4)
    low, high = min(values.min(), 0.0), max(values.max(), 1.2 * STARTS[1])
    ax.set_xlim(low / (1 - label), low + (high - low) / (1 - label - 0.02))
    _draw_bands(ax, width)


def _draw_bands(ax: Any, width: float) -> None:
    """Mark where bands begin, and name those that have room for it."""
    low, high = ax.get_xlim()
    shown = [i for i, start in enumerate(STARTS) if start < high]
    for i in shown[1:]:
        ax.axvline(STARTS[i], color="#BBBBBB", linewidth=0.9, linestyle="--", zorder=1)
    end = high
    # From the right: there bands are wide.
    for i in reversed(shown):
        needed = text_width(ax, BANDS[i], _BAND_SIZE) + 4
        if (end - STARTS[i]) / (high - low) * width < needed and end < high:
            continue
        end = STARTS[i]
        ax.annotate(
            BANDS[i],
            (STARTS[i], 1.0),
            (1, 3),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            va="bottom",
            fontsize=_BAND_SIZE,
            color="#555555",
        )


def _value_text(iv: float) -> str:
    return f"{iv:.3f}" if abs(iv) >= 0.001 or iv == 0 else f"{iv:.1g}"
