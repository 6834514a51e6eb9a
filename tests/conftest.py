"""What all tests share: hypothesis profiles, real data, kinds of frame."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Each process of pytest-xdist keeps one core busy: more threads would only wait for
# each other. The libraries read these variables when they are first imported.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import pandas as pd
import polars as pl
import pytest
from hypothesis import settings

# Read by matplotlib when it is first imported, here or in a doctest.
os.environ["MPLBACKEND"] = "Agg"

settings.register_profile(
    "fast", deadline=None, max_examples=10, derandomize="CI" in os.environ
)
settings.register_profile("quick", deadline=None, max_examples=5)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

Columns = Mapping[str, Sequence[Any]]


def _pandas_numpy(columns: Columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    # From pandas 3 on text is not an object column unless one asks for it.
    text = frame.columns[[pd.api.types.is_string_dtype(t) for t in frame.dtypes]]
    return frame.astype(dict.fromkeys(text, object))


def _pandas_nullable(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(columns).convert_dtypes()


def _pandas_pyarrow(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow")


def _polars(columns: Columns) -> pl.DataFrame:
    return pl.DataFrame(columns, strict=False)


FRAMES = {
    "pandas": _pandas_numpy,
    "pandas-nullable": _pandas_nullable,
    "pandas-pyarrow": _pandas_pyarrow,
    "polars": _polars,
}


# Of session scope, so that tests with @given may ask for it.
@pytest.fixture(scope="session", params=FRAMES.values(), ids=FRAMES.keys())
def make_frame(request: pytest.FixtureRequest) -> Callable[[Columns], Any]:
    """Return a function from a dict of columns to a frame, one kind at a time."""
    return request.param


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of the published data sets, or skip."""
    if not (folder := os.environ.get("SKSEG_DATA")):
        pytest.skip("SKSEG_DATA is not set: it names the folder of the data sets")
    return Path(folder)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
