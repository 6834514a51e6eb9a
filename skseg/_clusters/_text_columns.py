"""Columns of text, which clusterers that measure distances do not take."""

from __future__ import annotations

from typing import Any

import numpy as np

from skseg.exceptions import InvalidDataError
from skseg.rules import Columns
from skseg.rules._frames import read_frame


def check_no_text(owner: str, X: Any) -> None:
    """Raise if a column holds text; other faults are left to `check_array`."""
    frame = read_frame(X, owner)
    if frame is None:
        is_array = isinstance(X, np.ndarray) and X.ndim == 2
        if not is_array or X.dtype.kind not in "OUS":
            return
    columns = Columns(X if frame is None else frame, owner)
    for name in columns.names:
        if columns.is_text(name):
            raise InvalidDataError(
                f"{owner} measures distances, which takes finite numbers in every "
                f"column. Column {name!r} holds text.",
                owner=owner,
                name="X",
                rule="finite numbers in every column",
                column=name,
                advice="Encode it in a pipeline before, as by OneHotEncoder, or leave "
                "it out. RuleSurrogate takes clusterers of text, such as KModes.",
            )
