"""Rows for clusterers that measure distances: numbers in every column."""

from __future__ import annotations

from typing import Any

import numpy as np

from skseg.exceptions import InvalidDataError
from skseg.rules import Columns
from skseg.rules._frames import read_frame


def check_numeric(owner: str, X: Any) -> None:
    """Raise if a column holds text or times; other faults are left to `check_array`."""
    frame = read_frame(X, owner)
    if frame is None:
        is_array = isinstance(X, np.ndarray) and X.ndim == 2
        if not is_array or X.dtype.kind not in "OUSmM":
            return
    columns = Columns(X if frame is None else frame, owner)
    for name in columns.names:
        if frame is None:
            dtype, is_time = X.dtype, X.dtype.kind in "mM"
        else:
            dtype, is_time = frame[name].dtype, frame[name].dtype.is_temporal()
        if is_time or columns.is_text(name):
            what = f"{dtype} values" if is_time else "text"
            raise InvalidDataError(
                f"{owner} measures distances, which takes finite numbers in every "
                f"column. Column {name!r} holds {what}.",
                owner=owner,
                name="X",
                rule="finite numbers in every column",
                column=name,
                advice="Encode it in a pipeline before, as by OneHotEncoder, or leave "
                "it out. RuleSurrogate takes clusterers of text, such as KModes.",
            )
