"""MECERuleSegmenter on tables that are not in memory, against rows in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skseg import MECERuleSegmenter
from tests.engines.connections import make_table

ROLES = ["answer", "converted", "spent", "weight"]
RULES = {
    "VIP": "aov >= max(q(0.75), 90) and not plan == 'free'",
    "Free": "aov >= max(q(0.75), 90) and plan == 'free'",
    "Core": "40 <= aov < max(q(0.75), 90)",
    "Small": "aov < 40",
}
PARAMS: dict[str, dict[str, Any]] = {
    "tiers": {},
    "rules": {"rules": RULES, "default": "New"},
    "universe": {
        "rules": RULES,
        "default": "New",
        "universe": "days <= q(0.8)",
        "score_weights": {"size": 1, "aov": 2, "days": -1},
    },
    "overlap": {
        "rules": {"High": "aov > q(0.5)", "Recent": "days < min(q(0.5), 20)"},
        "on_overlap": "first",
        "on_gap": "default",
    },
    "schema": {
        "rules": {"Low": "aov < q(0.4)", "High": "aov >= q(0.4)"},
        "schema": {"aov": {"low": 5, "missing": False}},
        "on_invalid": "outside",
    },
    "merged": {"rules": RULES, "default": "New", "min_size": 0.2},
    "split": {"rules": RULES, "default": "New", "max_size": 0.3},
    "both": {
        "rules": RULES,
        "default": "New",
        "universe": "days >= 2",
        "min_size": 60,
        "max_size": 500,
        "split_on": ["days", "aov"],
    },
    "oversize": {
        "rules": {"All": "plan in ['free', 'pro', 'team']"},
        "default": "Rest",
        "max_size": 0.3,
        "split_on": [],
        "oversize": "allow",
    },
}
OUTCOMES = [
    (None, None),
    ("converted", None),
    ("answer", "weight"),
    ("spent", "weight"),
]


def customers(n: int = 500) -> pd.DataFrame:
    """Return customers with missing values, outcomes and weights."""
    rng = np.random.default_rng(0)
    plans = np.array(["free", "pro", "team", None], dtype=object)
    frame = pd.DataFrame(
        {
            "aov": np.round(np.exp(4 + rng.normal(size=n) * 0.7), 2),
            "days": rng.integers(0, 30, n),
            "plan": plans[rng.choice(4, n, p=[0.5, 0.2, 0.2, 0.1])],
            "converted": rng.integers(0, 2, n),
            "spent": rng.random(n) * 100,
            "answer": rng.choice(["yes", "no"], n),
            "weight": rng.integers(0, 4, n),
        }
    )
    frame.loc[:20, "aov"] = np.nan
    return frame


def as_table(engine: str, frame: pd.DataFrame) -> Any:
    """Return the rows as a table of an engine."""
    arrays = {
        name: pa.array(values.to_numpy(), from_pandas=values.dtype.kind != "f")
        for name, values in frame.items()
    }
    return make_table(engine, pa.table(arrays))


def fitted_in_memory(
    frame: pd.DataFrame, params: dict[str, Any], y: str | None, weight: str | None
) -> MECERuleSegmenter:
    """Return the fit of the rows in memory."""
    return MECERuleSegmenter(**params).fit(
        frame.drop(columns=[name for name in (y, weight) if name]),
        None if y is None else frame[y],
        None if weight is None else frame[weight],
    )


def assert_same_fit(segmenter: Any, expected: Any) -> None:
    """Assert that two segmenters have learned the same."""
    for name in ("segments_", "cut_points_", "lineage_"):
        pd.testing.assert_frame_equal(
            getattr(segmenter, name), getattr(expected, name), check_exact=True
        )
    for name in ("rules_", "mece_report_", "min_size_", "max_size_", "n_outside_"):
        assert getattr(segmenter, name) == getattr(expected, name), name
        assert type(getattr(segmenter, name)) is type(getattr(expected, name)), name
    assert segmenter.feature_names_in_.tolist() == expected.feature_names_in_.tolist()
    assert hasattr(segmenter, "classes_") == hasattr(expected, "classes_")
    assert not hasattr(segmenter, "labels_")
    report, wanted = segmenter.merge_report_, expected.merge_report_
    assert (report is None) == (wanted is None)
    if report is not None:
        assert report.score_before == pytest.approx(wanted.score_before, rel=1e-12)
        assert report.score_after == pytest.approx(wanted.score_after, rel=1e-12)
        assert report.losses == pytest.approx(wanted.losses, rel=1e-10)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize(("y", "weight"), OUTCOMES)
@pytest.mark.parametrize("params", PARAMS)
@pytest.mark.filterwarnings("ignore:Merging to min_size")
def test_a_table_gives_the_fit_of_its_rows(
    engine: str, params: str, y: str | None, weight: str | None
) -> None:
    frame = customers()
    expected = fitted_in_memory(frame, PARAMS[params], y, weight)
    segmenter = MECERuleSegmenter(**PARAMS[params])
    segmenter.fit(as_table(engine, frame), y, weight)
    assert_same_fit(segmenter, expected)
    rows = frame.drop(columns=[name for name in (y, weight) if name])
    assert (segmenter.predict(rows) == expected.predict(rows)).all()
