"""What all displays share: axes, title, and what `plot` leaves behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import pandas as pd

from ._canvas import has_layout, open_axes, settle, write_title


class Display(ABC):
    """Base of the displays: a subclass holds numbers, and says how they are drawn."""

    ax_: Any
    figure_: Any

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture."""

    def plot(self, ax: Any = None, *, title: str | None = None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as large as the picture needs.
        title : str, default=None
            Title, drawn as it is in lines that fit. None: one that says what is shown;
            an empty one for no title.

        Returns
        -------
        Display
            The display itself, with ``ax_`` and ``figure_``.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        return self._plot(ax, title)

    def _plot(self, ax: Any, title: str | None, **options: Any) -> Self:
        """Open the axes, draw on them with the options, and write the title."""
        ax = open_axes(ax, self._figure_size())
        text = self._title() if title is None else title
        # The layout needs a title while the picture is drawn; only afterwards is it
        # known how wide the axes are.
        write_title(ax, text)
        pad = self._draw(ax, **options)
        settle(ax)
        write_title(ax, text, pad)
        if not has_layout(ax):
            settle(ax)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    @abstractmethod
    def _figure_size(self) -> tuple[float, float]:
        """Return the width and height of a new figure, in inches."""

    @abstractmethod
    def _title(self) -> str:
        """Return a title that says what is shown."""

    @abstractmethod
    def _draw(self, ax: Any) -> float:
        """Draw on the axes; return how many points above them the title begins."""
