"""Metrics that users write: whether they take the outcome besides rows and codes."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._rows import native_rows, take_rows
from skseg._core._vector import read_vector
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, RuleError

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def takes_outcome(metric: Callable[..., float]) -> bool | None:
    """Tell whether a metric takes y as well; None if it takes other than these.

    It does if it has a parameter of this name, or needs three arguments.
    """
    try:
        parameters = signature(metric).parameters
    except (TypeError, ValueError):
        return False  # one in C that does not tell its arguments
    positional = [p for p in parameters.values() if p.kind in _POSITIONAL]
    is_open = any(p.kind is Parameter.VAR_POSITIONAL for p in parameters.values())
    n_needed = sum(p.default is Parameter.empty for p in positional)
    if n_needed > 3 or (len(positional) < 2 and not is_open):
        return None
    return n_needed == 3 or "y" in parameters


def outcome_score(
    owner: str,
    metric: Callable[..., float],
    X: Any,
    codes: IntArray,
    y: Any,
) -> float:
    """Return a metric of the rows in segments, of their codes and of their outcomes."""
    rows, outcome = native_rows(owner, X), _outcome_values(owner, y, len(codes))
    inside = np.flatnonzero(codes >= 0)
    if len(inside) < len(codes):
        rows, codes = take_rows(rows, inside), codes[inside]
        outcome = outcome[inside]
    y_parameter = signature(metric).parameters.get("y")
    if y_parameter is not None and y_parameter.kind is Parameter.KEYWORD_ONLY:
        return metric(rows, codes, y=outcome)
    return metric(rows, codes, outcome)


def _outcome_values(owner: str, y: Any, n_rows: int) -> npt.NDArray[Any]:
    """Return outcomes as float64, or as they are where they are labels."""
    vector = read_vector(owner, "y", y, n_rows, title="The outcome y")
    try:
        return vector.numbers()
    except (InvalidDataError, RuleError):
        return vector.labels()
