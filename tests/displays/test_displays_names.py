"""Names of known segments in place of their codes, in displays of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skseg.displays import (
    FeatureHeatmapDisplay,
    SegmentProjectionDisplay,
    SegmentSizesDisplay,
    SilhouetteDisplay,
)
from skseg.exceptions import InvalidDataError

CODES = np.array([0, 0, 0, 1, 1, 1, -1])
NAMES = ["Loyal", "At risk", "Noise"]
LABELS = np.array(NAMES)[CODES]
X = np.arange(14.0).reshape(7, 2) ** 1.5
CONTAINERS: dict[str, Any] = {
    "list": list,
    "object": lambda labels: labels.astype(object),
    "Series": pd.Series,
    "category": lambda labels: pd.Series(labels, dtype="category"),
    "polars": lambda labels: pl.Series(labels.tolist()),
    "dictionary": lambda labels: pa.array(labels.tolist()).dictionary_encode(),
}
DISPLAYS: dict[str, Any] = {
    "sizes": SegmentSizesDisplay.from_predictions,
    "features": lambda labels, **names: FeatureHeatmapDisplay.from_predictions(
        X, labels, **names
    ),
    "silhouette": lambda labels, **names: SilhouetteDisplay.from_predictions(
        X, labels, **names
    ),
    "projection": lambda labels, **names: SegmentProjectionDisplay.from_predictions(
        X, labels, **names
    ),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("display", DISPLAYS)
def test_names_are_read_as_their_codes(display: str, container: str) -> None:
    draw, labels = DISPLAYS[display], CONTAINERS[container](LABELS)
    for names in (NAMES, NAMES[:2]):
        by_name = draw(labels, segment_names=names).frame()
        by_code = draw(CODES, segment_names=NAMES).frame()
        assert by_name.equals(by_code)


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_name_that_no_segment_has_is_named(display: str) -> None:
    labels = LABELS.tolist()
    labels[1] = "Loyl"
    with pytest.raises(InvalidDataError, match="Did you mean 'Loyal'") as caught:
        DISPLAYS[display](labels, segment_names=NAMES)
    assert (caught.value.name, caught.value.row) == ("labels", 1)
    with pytest.raises(InvalidDataError, match="whole numbers"):
        DISPLAYS[display](LABELS)
