"""The code of the guide's page about RFM runs as it stands."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skseg import RFMSegmenter

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "rfm.rst"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:(?:    .*)?\n)+)", re.MULTILINE)


def lifetimes_summary(customers: pd.DataFrame) -> pd.DataFrame:
    """Return customers as lifetimes counts them: the age at the last purchase."""
    return pd.DataFrame(
        {
            "frequency": customers["frequency"] - 1,
            "recency": customers["tenure"] - customers["recency"],
            "T": customers["tenure"],
            "monetary_value": customers["monetary"],
        }
    )


def test_the_code_of_the_page_runs() -> None:
    blocks = [textwrap.dedent(code) for code in BLOCK.findall(PAGE.read_text())]
    names: dict[str, Any] = {}
    customers = None
    for code in blocks:
        exec(code, names)  # noqa: S102
        if names["customers"] is not customers:
            customers = names["customers"]
            names["summary"] = lifetimes_summary(customers)
            recent = customers["recency"] < customers["recency"].median()
            names["outcome"] = np.where(recent, "yes", "no")
    assert len(blocks) >= 8
    assert set(names["search"].predict(customers)) == {"yes", "no"}
    converted = RFMSegmenter(monetary="monetary_value").fit(names["summary"])
    np.testing.assert_array_equal(
        converted.labels_, RFMSegmenter().fit_predict(customers)
    )
