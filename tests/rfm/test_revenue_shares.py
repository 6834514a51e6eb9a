"""Shares of revenue: of a total that is not positive there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skseg import RFMSegmenter
from skseg.displays import SegmentSizesDisplay

CUSTOMERS = pd.DataFrame(
    {"recency": [1, 100, 200, 300], "frequency": [9, 5, 2, 1], "monetary": 0.0}
)


@pytest.mark.parametrize(
    "monetary",
    [[50.0, 10.0, 5.0, -75.0], [-1.0, -1.0, -1.0, -1.0], [5.0, 0.0, 0.0, -5.0]],
    ids=["less-than-0", "all-negative", "exactly-0"],
)
@pytest.mark.parametrize("weight", [None, [1, 1, 1, 2]], ids=["unweighted", "weighted"])
def test_revenue_that_is_not_positive_in_all_has_no_shares(
    monetary: list[float], weight: list[int] | None
) -> None:
    customers = CUSTOMERS.assign(monetary=monetary)
    segmenter = RFMSegmenter().fit(customers, sample_weight=weight)
    assert segmenter.segments_["revenue_share"].isna().all()
    display = SegmentSizesDisplay.from_estimator(segmenter)
    assert display.frame()["revenue_share"].isna().all()


def test_shares_of_positive_revenue_add_up_to_one_with_returns_as_well() -> None:
    customers = CUSTOMERS.assign(monetary=[50.0, 10.0, 45.0, -5.0])
    shares = RFMSegmenter().fit(customers).segments_["revenue_share"]
    assert shares.sum() == pytest.approx(1.0)
    assert shares.min() == pytest.approx(-0.05)


def test_weights_decide_whether_the_total_is_positive() -> None:
    customers = CUSTOMERS.assign(monetary=[50.0, 0.0, 0.0, -40.0])
    shares = RFMSegmenter().fit(customers).segments_["revenue_share"]
    assert np.isfinite(shares).all()
    weighted = RFMSegmenter().fit(customers, sample_weight=[1, 1, 1, 2])
    assert weighted.segments_["revenue_share"].isna().all()
