"""RFMSegmenter on tables that are not in memory, against the same rows in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skseg import RFMSegmenter
from skseg.exceptions import InvalidDataError, MissingColumnError
from tests.engines.connections import make_table


def customers() -> pd.DataFrame:
    """Return customers with missing values, outcomes and weights."""
    rng = np.random.default_rng(0)
    n = 600
    frame = pd.DataFrame(
        {
            "recency": rng.integers(0, 400, n).astype(float),
            "frequency": rng.geometric(0.2, n),
            "monetary": np.round(np.exp(3 + rng.normal(size=n) * 1.5), 2),
            "spent": rng.random(n) * 100,
            "answer": rng.choice(["yes", "no"], n),
            "weight": rng.integers(0, 4, n),
        }
    )
    frame.loc[:20, "recency"] = np.nan
    return frame


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"closed": "left"},
        {"segments": None, "n_scores": 3},
        {"cut_points": {"recency": [30, 90]}, "segments": "seed"},
    ],
    ids=["grid", "left", "scores", "business"],
)
@pytest.mark.parametrize(
    ("y", "weight"), [(None, None), ("answer", "weight"), ("spent", "weight")]
)
def test_a_table_gives_the_fit_of_its_rows(
    engine: str, params: dict[str, Any], y: Any, weight: Any
) -> None:
    frame = customers()
    arrays = {
        name: pa.array(values.to_numpy(), from_pandas=values.dtype.kind != "f")
        for name, values in frame.items()
    }
    table = make_table(engine, pa.table(arrays))
    rows = frame.drop(columns=[name for name in (y, weight) if name])
    expected = RFMSegmenter(**params).fit(
        rows, None if y is None else frame[y], None if weight is None else frame[weight]
    )
    segmenter = RFMSegmenter(**params).fit(table, y, weight)
    pd.testing.assert_frame_equal(
        segmenter.segments_, expected.segments_, check_exact=True
    )
    pd.testing.assert_frame_equal(
        segmenter.score_table_, expected.score_table_, check_exact=True
    )
    assert segmenter.rules_ == expected.rules_
    assert not hasattr(segmenter, "labels_")
    assert (segmenter.predict(rows) == expected.predict(rows)).all()


def test_what_a_table_lacks_is_an_error() -> None:
    table = make_table("duckdb", {"recency": ["a"], "frequency": [1], "monetary": [1]})
    with pytest.raises(InvalidDataError, match="'recency' is of the type"):
        RFMSegmenter().fit(table)
    with pytest.raises(MissingColumnError, match="frequency"):
        RFMSegmenter().fit(table, "absent")
