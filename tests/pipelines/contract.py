"""The contract: every segmenter in every host, container and encoding.

A cell is green if the host predicts what it predicts for the same rows as a pandas
frame. It is excused if the host cannot do without segmenters either: it fails with a
step of scikit-learn that takes every container, and a table names the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.pipelines.customers import CONTAINERS, customers
from tests.pipelines.hosts import HOSTS, Numbers
from tests.pipelines.segmenters import SEGMENTERS, encodings, segmenter

_ROWS_OF_ARROW = (
    "scikit-learn before 1.9 cannot take rows or columns out of a pyarrow table"
)
_POLARS = "imbalanced-learn cannot give frames of polars their types back"
_NAMES = "imbalanced-learn makes arrays of pyarrow tables, so that names are lost"

# Host, container -> why it is excused.
EXCUSED: dict[tuple[str, str], str] = {
    ("ColumnTransformer", "pyarrow"): _ROWS_OF_ARROW,
    ("GridSearchCV", "pyarrow"): _ROWS_OF_ARROW,
    ("HalvingGridSearchCV", "pyarrow"): _ROWS_OF_ARROW,
    ("StackingClassifier", "pyarrow"): _ROWS_OF_ARROW,
    ("CalibratedClassifierCV", "pyarrow"): _ROWS_OF_ARROW,
    ("imbalanced-learn", "polars"): _POLARS,
    ("imbalanced-learn", "pyarrow"): _NAMES,
}

# These fit the same pipeline, or a copy of it.
_AS_PIPELINE = {"clone", "skops", "joblib", "mlflow"}


class Cell(NamedTuple):
    """One combination of the contract."""

    segmenter: str
    host: str
    container: str
    encode: str | None

    def __str__(self) -> str:
        return ", ".join(map(str, self))


def all_cells() -> Iterator[Cell]:
    """Yield every combination."""
    for name in SEGMENTERS:
        for host in HOSTS:
            for container in CONTAINERS:
                for encode in encodings(name):
                    yield Cell(name, host, container, encode)


def sampled_cells() -> Iterator[Cell]:
    """Yield some: all pairs of two of the four, without those that take long.

    Containers and encodings take turns over the hosts of a segmenter, each beginning
    elsewhere. In a plain pipeline all of them are there.
    """
    containers = list(CONTAINERS)
    for i, name in enumerate(SEGMENTERS):
        for container in containers:
            for encode in encodings(name):
                yield Cell(name, "Pipeline", container, encode)
        for k, host in enumerate(HOSTS):
            if host not in {"Pipeline", "mlflow"}:
                place = i + k
                yield Cell(
                    name,
                    host,
                    containers[place % len(containers)],
                    encodings(name)[place // 2 % len(encodings(name))],
                )


def cells() -> list[Cell]:
    """Return the cells that this run of the tests looks at."""
    is_thorough = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
    return list(all_cells() if is_thorough else sampled_cells())


@cache
def excuse(host: str, container: str) -> str | None:
    """Return why a host is excused from a container; None if it is not."""
    try:
        HOSTS[host](Numbers(), customers(container))
    except pytest.skip.Exception as error:
        return str(error)
    except Exception as error:
        reason = EXCUSED.get((host, container))
        if reason is None:
            error.add_note(f"{host} fails with {container} without any segmenter.")
            raise
        return reason
    return None


@cache
def expected(name: str, host: str, encode: str | None) -> Any:
    """Return the probabilities for the rows in a pandas frame."""
    host = "Pipeline" if host in _AS_PIPELINE else host
    data = customers("pandas")
    return HOSTS[host](segmenter(name, encode, data.columns), data)


def check(cell: Cell) -> None:
    """Raise if a cell is not green."""
    data = customers(cell.container)
    step = segmenter(cell.segmenter, cell.encode, data.columns)
    probabilities = HOSTS[cell.host](step, data)
    reference = expected(cell.segmenter, cell.host, cell.encode)
    np.testing.assert_allclose(probabilities, reference, rtol=1e-6, atol=1e-9)
    assert np.isfinite(probabilities).all()
