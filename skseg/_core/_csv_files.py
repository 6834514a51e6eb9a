"""Frames as CSV: every cell as it is, or safe for spreadsheets."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Collection, Mapping
from io import StringIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from skseg._files import write_text
from skseg._files._csv_cells import formulas, neutralised
from skseg.exceptions import InvalidParameterError

from ._caller import caller_level

# Columns of tables of segments that hold rules. These may begin with a number, as in
# -5 < x, which would be shown as its truth value, and no more.
RULE_COLUMNS = ("rule", "sql", "Range_1", "Range_2", "Range_3")
# Rows that are written at once.
_CHUNK = 50_000


class _RowsEndingInLineFeeds(StringIO):
    """A file for the csv module, which quotes the characters that its rows end in.

    The module is told that rows end in both, so that it quotes carriage returns too.
    """

    def write(self, row: str) -> int:
        """Write one row, as the csv module does."""
        return super().write(row.removesuffix("\r\n") + "\n")


def csv_text(frame: pd.DataFrame, *, header: bool = True) -> str:
    """Return a frame as CSV without its index."""
    options: dict[str, Any] = {"index": False, "header": header}
    text: str = frame.to_csv(lineterminator="\n", **options)
    if "\r" not in text:
        return text
    file = _RowsEndingInLineFeeds(newline="")
    frame.to_csv(file, lineterminator="\r\n", **options)
    return file.getvalue()


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV without its index; lines end alike on every system."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write_rows(frame, file)


def write_rows(frame: pd.DataFrame, file: IO[str], *, header: bool = True) -> None:
    """Write a frame as CSV to an open file, with the header or below other rows."""
    for start in range(0, max(len(frame), 1), _CHUNK):
        rows = frame.iloc[start : start + _CHUNK]
        file.write(csv_text(rows, header=header and start == 0))


def frame_to_write(
    frame: pd.DataFrame, *, spreadsheet_safe: bool, trusted: Collection[str] = ()
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return a frame, made safe if asked to, and its cells that would be run.

    These are counted by column, but for the columns that are `trusted`.
    """
    if spreadsheet_safe:
        return spreadsheet_safe_frame(frame), {}
    return frame, formula_cells(frame, trusted=trusted)


def formula_cells(
    frame: pd.DataFrame, *, trusted: Collection[str] = ()
) -> dict[str, int]:
    """Return the number of cells that spreadsheets would run, by column.

    The header of a column counts as one of its cells. Columns that are `trusted` hold
    no text of strangers, and are not counted.
    """
    counts: Counter[str] = Counter()
    for position, name in enumerate(map(str, frame.columns)):
        if name not in trusted:
            column = frame.iloc[:, position]
            texts = set(formulas(_texts(column)))
            cells = column.to_numpy(object) if texts else ()
            counts[name] += sum(isinstance(c, str) and c in texts for c in cells)
            counts[name] += len(formulas([name]))
    return {name: n_cells for name, n_cells in counts.items() if n_cells}


def spreadsheet_safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with an apostrophe before the cells that would be run."""
    columns = []
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        texts = {text: neutralised(text) for text in _texts(column)}
        if any(text != safe for text, safe in texts.items()):
            cells = [texts[cell] if isinstance(cell, str) else cell for cell in column]
            column = pd.Series(cells, column.index, dtype=object)
        columns.append(column)
    names = [n if not isinstance(n, str) else neutralised(n) for n in frame.columns]
    return pd.concat(columns, axis=1, keys=range(len(columns))).set_axis(names, axis=1)


def _texts(column: pd.Series[Any]) -> Collection[str]:
    """Return the different texts of a column, none where it holds no texts."""
    if pd.api.types.is_numeric_dtype(column) or column.dtype.kind in "mM":
        return ()
    return {cell for cell in column.to_numpy(object) if isinstance(cell, str)}


def to_csv(
    frame: pd.DataFrame, path: Any, *, owner: str, spreadsheet_safe: bool
) -> str | None:
    """Write a frame as CSV to a file; without a path return the text.

    `owner` is the public method. It warns of cells that spreadsheets would run.
    """
    if not isinstance(spreadsheet_safe, (bool, np.bool_)):
        raise InvalidParameterError(
            owner, "spreadsheet_safe", "True or False", spreadsheet_safe
        )
    _check_ending(path, owner)
    frame, counts = frame_to_write(
        frame, spreadsheet_safe=bool(spreadsheet_safe), trusted=RULE_COLUMNS
    )
    if counts:
        message = (
            f"{formulas_sentence(counts)} spreadsheet_safe=True puts an apostrophe "
            "before them."
        )
        warnings.warn(message, UserWarning, stacklevel=caller_level())
    text = csv_text(frame)
    if path is None:
        return text
    write_text(path, text, owner=owner)
    return None


def _check_ending(path: Any, owner: str) -> None:
    """Refuse an ending that says that the file is compressed, which it would not be."""
    endings = (".gz", ".bz2", ".xz", ".zst", ".zip", ".tar")
    if isinstance(path, (str, Path)) and str(path).lower().endswith(endings):
        rule = "the path of a file that is not compressed, such as 'findings.csv'"
        raise InvalidParameterError(owner, "path", rule, path)


def formulas_sentence(counts: Mapping[str, int]) -> str:
    """Return a sentence about the cells that `formula_cells` has counted."""
    n_cells = sum(counts.values())
    cells = "1 cell" if n_cells == 1 else f"{n_cells:,} cells"
    columns = "column" if len(counts) == 1 else "columns"
    verb = "begins" if n_cells == 1 else "begin"
    return (
        f"{cells} in the {columns} {', '.join(map(repr, counts))} {verb} like a "
        "formula, which a spreadsheet that opens the CSV file would run."
    )
