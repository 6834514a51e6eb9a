"""InformationValueDisplay: how much every column tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skseg._core._validation import check_int
from skseg._search.effects._iv import bands, descending
from skseg.exceptions import InvalidParameterError, MissingColumnError
from skseg.rules import is_missing_value

from ._drawing import open_axes
from ._information_value_drawing import BANDS_HEIGHT, draw_bars, figure_size
from ._revenue_curve_drawing import write_message

_OWNER = "InformationValueDisplay"
_PLAIN, _NET = "iv", "net_iv_scaled"


class InformationValueDisplay:
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

    ax_: Any
    figure_: Any

    def __init__(
        self,
        *,
        columns: Sequence[str],
        iv: npt.ArrayLike,
        is_net: bool = False,
        n_total: int | None = None,
    ) -> None:
        self.columns = columns
        self.iv = iv
        self.is_net = is_net
        self.n_total = n_total

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
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as high as the bars need.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

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
        check_is_fitted(iv_finder)
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
            of `IVSegmentFinder` and ``iv`` of `information_value` have them.
        n_columns : int, default=15
            Most columns to show, in [1, 1000].
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as high as the bars need.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

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
        read = nw.from_native(iv, eager_only=True, pass_through=True)
        if not isinstance(read, nw.DataFrame):
            rule = f"a frame with the columns 'column' and {_PLAIN!r} or {_NET!r}"
            raise InvalidParameterError(_OWNER, "iv", rule, iv)
        is_net = _NET in read.columns
        value = _NET if is_net else _PLAIN
        if absent := [name for name in ("column", value) if name not in read.columns]:
            raise MissingColumnError(_OWNER, absent, read.columns)
        names = [str(name) for name in read.get_column("column").to_list()]
        found = read.get_column(value).to_list()
        values = np.array([np.nan if is_missing_value(v) else float(v) for v in found])
        if np.isinf(values).any():
            rule = f"finite or NaN in {value!r}"
            raise InvalidParameterError(_OWNER, "iv", rule, values[np.isinf(values)])
        shown = descending(values)[:n_columns]
        display = cls(
            columns=[names[i] for i in shown],
            iv=values[shown],
            is_net=is_net,
            n_total=len(names),
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

    def plot(
        self, ax: Any = None, *, title: str | None = None
    ) -> InformationValueDisplay:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as high as the bars need.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

        Returns
        -------
        InformationValueDisplay
            The display itself.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        frame = self.frame()
        ax = open_axes(ax, figure_size(len(frame)))
        if title is None:
            total = len(frame) if self.n_total is None else self.n_total
            kind = "Net information value" if self.is_net else "Information value"
            of = f"{len(frame)} of {total}" if total > len(frame) else f"{total}"
            title = f"{kind}, {of} {'column' if total == 1 else 'columns'}"
        if frame.empty:
            write_message(ax, "No columns.")
        else:
            name = "Net information value, scaled" if self.is_net else None
            draw_bars(ax, frame, name or "Information value")
        pad = 6.0 if frame.empty else 6.0 + BANDS_HEIGHT
        ax.set_title(title, loc="left", fontweight="bold", pad=pad, parse_math=False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
