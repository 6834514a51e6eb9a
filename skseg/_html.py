"""Tables of HTML, with which notebooks show rule sets and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

_STYLE = "text-align: left; vertical-align: top"


def html_table(
    head: Sequence[object], rows: Iterable[Sequence[object]], caption: str = ""
) -> str:
    """Return a table whose every cell is text: what looks like markup is escaped.

    Parameters
    ----------
    head : sequence of object
        The column names.
    rows : iterable of sequence of object
        The cells of each row, as many as there are column names. Objects are written
        by ``str``; a line break in the text stays one.
    caption : str, default=""
        A sentence above the table.

    Returns
    -------
    str
        One ``<table>`` element.
    """
    # Notebooks would typeset the text between two dollar signs as a formula.
    lines = ['<table class="tex2jax_ignore mathjax_ignore">']
    if caption:
        lines.append(f'<caption style="text-align: left">{_text(caption)}</caption>')
    lines.append(f"<thead>{_row(head, 'th')}</thead>")
    lines.append("<tbody>")
    lines += [_row(cells, "td") for cells in rows]
    lines.append("</tbody></table>")
    return "\n".join(lines)


def html_frame(frame: Any, caption: str, float_format: Callable[[float], str]) -> str:
    """Return a DataFrame without its index as a table; missing values are dashes."""
    cells = frame.astype(object).where(frame.notna(), "-")
    rows = [
        [float_format(cell) if isinstance(cell, float) else cell for cell in row]
        for row in cells.itertuples(index=False, name=None)
    ]
    return html_table(list(frame), rows, caption)


def _row(cells: Iterable[object], tag: str) -> str:
    columns = (f'<{tag} style="{_STYLE}">{_text(cell)}</{tag}>' for cell in cells)
    return f"<tr>{''.join(columns)}</tr>"


def _text(cell: object) -> str:
    return escape(str(cell)).replace("\n", "<br/>")
