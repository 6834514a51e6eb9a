"""Columns of labels, such as categories and channels, as codes and texts."""

from __future__ import annotations

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from skseg._typing import IntArray, ObjectArray

from ._ids import factorize_series, is_blank


class Labels(NamedTuple):
    """The label of each row as a position among the sorted texts; -1 for none."""

    codes: IntArray
    texts: ObjectArray

    def take(self, rows: IntArray) -> Labels:
        """Return the labels of some rows."""
        return Labels(self.codes[rows], self.texts)


def read_labels(series: nw.Series[Any], owner: str) -> Labels:
    """Return the labels of the rows; missing and blank ones are none.

    A number is known by its text, so that 7 and 7.0, which it becomes in a column with
    missing values, are the same label.
    """
    subject = f"The labels in the column {series.name!r}"
    codes, distinct = factorize_series(series, owner, subject)
    labels = [_text(value) for value in np.asarray(distinct, dtype=object)]
    texts = np.array(sorted({text for text in labels if text is not None}), object)
    position = {text: place for place, text in enumerate(texts)}
    # The last entry is for missing values, whose code is -1.
    positions = [-1 if text is None else position[text] for text in labels]
    return Labels(np.array([*positions, -1], dtype=np.intp)[codes], texts)


def _text(value: Any) -> str | None:
    """Return the text of a label, or None for a missing or blank one."""
    if pd.isna(value) or is_blank(value):
        return None
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)
