"""Transformers of scikit-learn that map each column by a rising function of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

_SCALERS = (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
# Rising functions, each with the smallest number of its domain.
_LOWEST: dict[Any, float] = {
    np.arcsinh: -np.inf,
    np.arctan: -np.inf,
    np.cbrt: -np.inf,
    np.exp: -np.inf,
    np.exp2: -np.inf,
    np.expm1: -np.inf,
    np.log: 0.0,
    np.log10: 0.0,
    np.log1p: -1.0,
    np.log2: 0.0,
    np.sinh: -np.inf,
    np.sqrt: 0.0,
    np.tanh: -np.inf,
    None: -np.inf,
}
LARGEST = float(np.finfo(np.float64).max)


def changes_nothing(step: Any) -> bool:
    """Tell whether a step of a pipeline returns rows as they are."""
    if isinstance(step, FunctionTransformer):
        return step.func is None
    return step is None or (isinstance(step, str) and step == "passthrough")


def keeps_order(step: Any) -> bool:
    """Tell whether a step maps each column by a rising function of its own.

    Such a step leaves missing values missing.
    """
    if changes_nothing(step) or isinstance(step, _SCALERS):
        return True
    return (
        isinstance(step, FunctionTransformer)
        and step.func in _LOWEST
        and not step.kw_args
    )


def domain(step: Any) -> tuple[float, float]:
    """Return the smallest and the largest number that a step takes."""
    if isinstance(step, FunctionTransformer):
        return _LOWEST[step.func], np.inf
    if isinstance(step, PowerTransformer) and step.method == "box-cox":
        return float(np.nextafter(0, 1)), LARGEST
    # Scalers refuse infinite numbers.
    return -LARGEST, LARGEST
