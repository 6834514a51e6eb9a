"""From orders to named segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skseg._rfm import RFMSegmenter, RFMTableReport, rfm_table
from skseg.datasets import CUSTOMER_TYPES
from skseg.exceptions import InvalidDataError

DIMENSIONS = ["recency", "frequency", "monetary"]
SCORES = ["R", "F", "M"]


@dataclass(frozen=True)
class RFMRun:
    """The customers of a file of orders, with scores and segments.

    `customers` has the columns id, recency, frequency, monetary, R, F, M, segment_code
    and segment; the segmenter is fitted on its recency, frequency and monetary.
    """

    customers: pd.DataFrame
    report: RFMTableReport
    segmenter: RFMSegmenter

    @property
    def X(self) -> pd.DataFrame:
        """The customers as the segmenter saw them."""
        return self.customers[DIMENSIONS]


def run_rfm(
    orders: pd.DataFrame, *, customer_id: str, segments: str = "grid", **options: Any
) -> RFMRun:
    """Make the customer table, fit the segments, and put both together.

    `options` are further parameters of `rfm_table`. Raises ValueError if the orders
    cannot be used, or the customer column has the name of a column of the result.
    """
    if customer_id in [*SCORES, "segment_code", "segment"]:
        raise InvalidDataError(
            f"The customer column must not be called {customer_id!r}, like a column "
            "of the result. Rename it."
        )
    table, report = rfm_table(
        orders, customer_id=customer_id, return_report=True, **options
    )
    customers = table[[customer_id, *DIMENSIONS]]
    X = customers[DIMENSIONS]
    segmenter = RFMSegmenter(segments).fit(X)
    scores = pd.DataFrame(segmenter.transform(X), X.index, SCORES).astype("Int64")
    codes = segmenter.labels_
    membership = pd.DataFrame(
        {"segment_code": codes, "segment": segmenter.segment_names_[codes]}, X.index
    )
    customers = pd.concat([customers, scores, membership], axis=1)
    return RFMRun(customers, report, segmenter)


def shares_by_type(run: RFMRun, types: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each known type's customers that are in each segment.

    There is a row per segment that has customers, and a column per type, which adds up
    to 1. `types` has the columns customer_id and type, as `make_orders` returns them.
    """
    known = types.set_index("customer_id")["type"]
    known = known.reindex(run.customers["customer_id"].astype(np.int64))
    segments = pd.Categorical(run.customers["segment"], run.segmenter.segment_names_)
    order = [name for name in CUSTOMER_TYPES if name in set(known)]
    shares = pd.crosstab(segments, known.to_numpy(), normalize="columns")
    return shares[order]
