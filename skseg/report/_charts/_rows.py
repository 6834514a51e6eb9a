"""Charts of one row per segment, feature or group: label, marks, number."""

from __future__ import annotations

from skseg.profile import SegmentProfile
from skseg.report._drawing import Drawing, Scale, coordinate, text_width, ticks
from skseg.report._drawing._svg import SMALL
from skseg.report._numbers import number_text

WIDTH, ROW = 640.0, 26.0
LABEL_WIDTH, PLOT_START, PLOT_END = 168.0, 180.0, 420.0
NOTE_START = 430.0


class RowChart:
    """A chart whose rows have a label on the left and a number on the right.

    Text has columns of its own, so that it cannot collide with marks or other text.
    """

    def __init__(self, title: str, low: float, high: float, about: str = "") -> None:
        self.drawing = Drawing(title, about)
        self.scale = Scale(low, high, PLOT_START, PLOT_END)
        self._n_rows = 0

    def open_row(
        self, label: object, note: object, css: str = "", *, is_chosen: bool = False
    ) -> float:
        """Begin a row, and return the y of its middle; `close_row` ends it."""
        top = self._n_rows * ROW
        self._n_rows += 1
        self.drawing.open_group(css or "row")
        if is_chosen:
            self.drawing.rect(0, top + 2, WIDTH, ROW - 4, "chosen")
        middle = top + ROW / 2
        text = marked(label, is_chosen=is_chosen)
        self.drawing.text(4, middle + 4, text, LABEL_WIDTH)
        self.drawing.text(NOTE_START, middle + 4, note, WIDTH - NOTE_START - 4)
        return middle

    def close_row(self) -> None:
        """End the row."""
        self.drawing.close_group()

    def line(self, number: float, css: str = "axis") -> None:
        """Draw a vertical line through all rows."""
        x = coordinate(self.scale(number))
        self.drawing.path(f"M{x} 0V{coordinate(self._n_rows * ROW)}", css)

    def svg(self, *, with_axis: bool = True, suffix: str = "") -> str:
        """Return the chart, with numbers below it."""
        height = self._n_rows * ROW + 4
        if with_axis:
            self._axis(height + 12, suffix)
            height += 18
        return self.drawing.svg(WIDTH, height)

    def _axis(self, y: float, suffix: str) -> None:
        free_from = PLOT_START - 60
        for number in ticks(self.scale.low, self.scale.high, 6):
            label = (
                f"{number * 100:.3g}%" if suffix == "%" else number_text(number, suffix)
            )
            width = text_width(label, SMALL)
            x = self.scale(number)
            # A number that would touch the one before it is left out.
            if x - width / 2 < free_from or x + width / 2 > WIDTH:
                continue
            self.drawing.text(x, y, label, width, anchor="middle")
            free_from = x + width / 2 + 8


def few(profile: SegmentProfile) -> str:
    """Return what stands in place of a number that is not shown."""
    return f"fewer than {profile.min_count}"


def marked(label: object, *, is_chosen: bool) -> str:
    """Return a label, with a triangle before that of the chosen segment."""
    return (
        f"\N{BLACK RIGHT-POINTING SMALL TRIANGLE} {label}" if is_chosen else f"{label}"
    )
