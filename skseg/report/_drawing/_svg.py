"""Markup of one chart: everything escaped, coordinates rounded, no element ids."""

from __future__ import annotations

from html import escape

from ._text import plain_text, shortened

# Font sizes in user units, as the style of the report sets them.
SMALL, NORMAL = 11.0, 13.0
# Room above a chart for its title, and the base line of the title.
_HEAD, _HEAD_LINE = 24.0, -9.0


class Drawing:
    """Collects the elements of a chart.

    Elements have classes instead of attributes of style, so that dark mode and print
    change them all. There are no element ids, so that any number of charts stand in
    one document.
    """

    def __init__(self, title: str, description: str = "") -> None:
        self._title, self._description = title, description
        self._parts: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: object,
        width: float,
        *,
        anchor: str = "start",
        css: str = "small",
    ) -> None:
        """Write a text; where it is wider than `width`, cut with the whole as title."""
        whole = plain_text(text)
        size = SMALL if "small" in css.split() else NORMAL
        label = shortened(whole, width, size)
        title = f"<title>{escape(whole)}</title>" if label != whole else ""
        style = f' class="{css}"' if css else ""
        place = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(
            f'<text x="{coordinate(x)}" y="{coordinate(y)}"{style}{place}>'
            f"{escape(label)}{title}</text>"
        )

    def path(self, data: str, css: str) -> None:
        """Draw a path, unless it is empty."""
        if data:
            self._parts.append(f'<path class="{css}" d="{data}"/>')

    def rect(
        self, x: float, y: float, width: float, height: float, css: str, title: str = ""
    ) -> None:
        """Draw a rectangle; of less than half a unit nothing would be seen."""
        place = f"M{coordinate(x)} {coordinate(y)}"
        shape = f"h{coordinate(max(width, 0.5))}v{coordinate(height)}H{coordinate(x)}z"
        tip = f"<title>{escape(plain_text(title))}</title>" if title else ""
        end = f">{tip}</path>" if tip else "/>"
        self._parts.append(f'<path class="{css}" d="{place}{shape}"{end}')

    def dot(self, x: float, y: float, radius: float, css: str) -> None:
        """Draw a dot."""
        self._parts.append(
            f'<circle class="{css}" cx="{coordinate(x)}" cy="{coordinate(y)}" '
            f'r="{coordinate(radius)}"/>'
        )

    def open_group(self, css: str) -> None:
        """Begin a group of elements."""
        self._parts.append(f'<g class="{css}">')

    def close_group(self) -> None:
        """End the group."""
        self._parts.append("</g>")

    def svg(self, width: float, height: float) -> str:
        """Return the chart, with its title as a line above it."""
        self.text(4, _HEAD_LINE, self._title, width - 8, css="")
        about = escape(plain_text(self._description))
        description = f"<desc>{about}</desc>" if about else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 {-_HEAD:g} {coordinate(width)} {coordinate(height + _HEAD)}">'
            f"<title>{escape(plain_text(self._title))}</title>{description}"
            f"{''.join(self._parts)}</svg>"
        )


def coordinate(number: float) -> str:
    """Return a coordinate with one decimal, since each byte counts."""
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
