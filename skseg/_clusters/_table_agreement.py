"""Rules and nearest centres on the rows of a table, counted by its engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from skseg._core._aggregates import literal_sql, number_sql
from skseg._core._aggregates._numbers import integer_sql
from skseg._typing import FloatArray, IntArray
from skseg.engines import Table
from skseg.exceptions import InvalidParameterError
from skseg.rules import RuleSet

from ._fitted_segments import OWNER

_LARGEST = np.finfo(np.float64).max
# The smallest of several numbers.
_LEAST = {"sqlite": "MIN"}


class Agreement(NamedTuple):
    """Numbers of rows by the code of the estimator and by that of the rules."""

    codes: IntArray
    labels: IntArray
    n: IntArray


def table_agreement(
    table: Table, estimator: Any, names: Sequence[str], rules: RuleSet
) -> Agreement:
    """Count the rows of a table by the nearest centre and by the rules, in one scan.

    Rows with a missing or an infinite value, which have no distances, are left out.
    """
    scalers, centers = _steps(estimator)
    table.require(OWNER, [*names, *rules.columns])
    case = rules.to_sql(table.dialect, output="code", types=table.types)
    values = [number_sql(table, name).value for name in names]
    for scaler in scalers:
        values = _scaled(table, scaler, values)
    scaled = ", ".join(f"{sql} AS z{i}" for i, sql in enumerate(values))
    label = integer_sql(table, case)
    known = " AND ".join(_finite_sql(table, name) for name in names)
    distances = ", ".join(
        f"{_distance_sql(table, center)} AS d{code}"
        for code, center in enumerate(centers)
    )
    nearest = _nearest_sql(table, len(centers))
    count = integer_sql(table, "COUNT(*)")
    answer = table.fetch(
        f"SELECT code, label, {count} AS n FROM (SELECT label, {nearest} AS code FROM "
        f"(SELECT label, {distances} FROM (SELECT {label} AS label, {scaled} FROM "
        f"{table.source} WHERE {known}) AS scaled) AS measured) AS coded GROUP BY code,"
        " label ORDER BY code, label"
    )
    return Agreement(
        *(answer[name].astype(np.int64) for name in ("code", "label", "n"))
    )


def _steps(estimator: Any) -> tuple[list[Any], FloatArray]:
    """Return the scalers before a K-Means, and its centres; or raise."""
    scalers: list[Any] = []
    while not isinstance(estimator, KMeans | MiniBatchKMeans):
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif isinstance(estimator, Pipeline):
            scalers += [s for _, s in estimator.steps[:-1] if s not in (None, _NOTHING)]
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            raise _other_error(estimator)
    for scaler in scalers:
        if not isinstance(scaler, _SCALERS) or getattr(scaler, "clip", False):
            raise _other_error(scaler)
    return scalers, estimator.cluster_centers_


_NOTHING = "passthrough"
_SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler)


def _other_error(estimator: Any) -> InvalidParameterError:
    return InvalidParameterError(
        OWNER,
        "estimator",
        "KMeans or MiniBatchKMeans, alone or behind scalers that shift and stretch "
        "each column, for a table that is not in memory",
        estimator,
        advice="Compare on rows in memory, as of skseg.sample_rows.",
    )


def _scaled(table: Table, scaler: Any, values: Sequence[str]) -> list[str]:
    """Return columns after a scaler, by the arithmetic that it has."""
    if isinstance(scaler, MinMaxScaler):
        pairs = zip(scaler.scale_, scaler.min_, strict=True)
        return [
            f"({value} * {_sql(table, scale)} + {_sql(table, shift)})"
            for value, (scale, shift) in zip(values, pairs, strict=True)
        ]
    n = len(values)
    center = getattr(scaler, "mean_", getattr(scaler, "center_", None))
    if not getattr(scaler, "with_mean", True):
        center = None
    centers = np.zeros(n) if center is None else center
    scales = np.ones(n) if scaler.scale_ is None else scaler.scale_
    return [
        f"(({value} - {_sql(table, center)}) / {_sql(table, scale)})"
        for value, center, scale in zip(values, centers, scales, strict=True)
    ]


def _finite_sql(table: Table, name: str) -> str:
    value, present = number_sql(table, name)
    largest = _sql(table, _LARGEST)
    return f"({present} AND {value} BETWEEN -{largest} AND {largest})"


def _distance_sql(table: Table, center: FloatArray) -> str:
    """Return the squared distance of a row to a centre."""
    return " + ".join(
        f"(z{i} - {_sql(table, c)}) * (z{i} - {_sql(table, c)})"
        for i, c in enumerate(center.tolist())
    )


def _nearest_sql(table: Table, n_centers: int) -> str:
    """Return the code of the first of the nearest centres."""
    if n_centers == 1:
        return integer_sql(table, "0")
    distances = ", ".join(f"d{code}" for code in range(n_centers))
    least = f"{_LEAST.get(table.dialect, 'LEAST')}({distances})"
    branches = " ".join(f"WHEN d{code} THEN {code}" for code in range(n_centers))
    return integer_sql(table, f"CASE {least} {branches} END")


def _sql(table: Table, number: float) -> str:
    return f"({literal_sql(table, float(number))})"
