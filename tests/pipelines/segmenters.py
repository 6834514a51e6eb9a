"""A small segmenter of every kind, by the values of `encode` that it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
from sklearn.tree import DecisionTreeClassifier

from skseg import (
    BoxSegmentFinder,
    InductiveSegmenter,
    IVSegmentFinder,
    L1SegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
    TLearnerSegmentFinder,
)

# Makes a segmenter of rows whose columns have these names or positions.
Make = Callable[[list[Any]], Any]

_QUICK_SEARCH: dict[str, Any] = {
    "inference": "none",
    "max_features": 1,
    "max_findings": 3,
    "max_cells": 8,
    "random_state": 0,
    "cv": 2,
}
_MENU: dict[str, Any] = {"revenue": [30.0, 45.0], "cost": [0.0, 8.0]}


def _rules(columns: list[Any]) -> MECERuleSegmenter:
    # Columns of an array are called x0, x1 and x2.
    recency, _, monetary = [
        column if isinstance(column, str) else f"x{column}" for column in columns
    ]
    return MECERuleSegmenter(
        {
            "Rich": f"{monetary} >= {{high}}",
            "Recent": f"{monetary} < {{high}} and {recency} <= q(0.5)",
        },
        params={"high": 700.0},
        default="Others",
        cv=2,
        universe=f"{recency} <= 180",
    )


SEGMENTERS: dict[str, Make] = {
    "RFMSegmenter": lambda columns: RFMSegmenter(n_scores=3),
    "MECERuleSegmenter": _rules,
    "OptimalRevenueBinner": lambda columns: OptimalRevenueBinner(
        2, score_column=columns[2], cv=2, **_MENU
    ),
    "PropensityBinner": lambda columns: PropensityBinner(
        DecisionTreeClassifier(max_depth=2, random_state=0),
        OptimalRevenueBinner(2, encode="value", **_MENU),
        cv=2,
    ),
    "BoxSegmentFinder": lambda columns: BoxSegmentFinder(**_QUICK_SEARCH),
    "IVSegmentFinder": lambda columns: IVSegmentFinder(**_QUICK_SEARCH),
    "L1SegmentFinder": lambda columns: L1SegmentFinder(**_QUICK_SEARCH),
    "TLearnerSegmentFinder": lambda columns: TLearnerSegmentFinder(
        estimator=DecisionTreeClassifier(max_depth=2, random_state=0), **_QUICK_SEARCH
    ),
    "InductiveSegmenter-KMeans": lambda columns: InductiveSegmenter(
        KMeans(3, n_init=1, random_state=0)
    ),
    "InductiveSegmenter-DBSCAN": lambda columns: InductiveSegmenter(
        DBSCAN(eps=30.0, min_samples=3)
    ),
    "InductiveSegmenter-agglomerative": lambda columns: InductiveSegmenter(
        AgglomerativeClustering(3)
    ),
    "RuleSurrogate": lambda columns: RuleSurrogate(
        KMeans(3, n_init=1, random_state=0), random_state=0
    ),
}

_FINDINGS = ("membership", "onehot", "ordinal")

# By class, the default first. None: as the binner inside.
ENCODINGS: dict[str, tuple[str | None, ...]] = {
    "RFMSegmenter": ("scores", "onehot", "ordinal"),
    "MECERuleSegmenter": ("onehot", "ordinal"),
    "OptimalRevenueBinner": ("ordinal", "onehot", "scores", "rate", "woe", "value"),
    "PropensityBinner": (None, "onehot", "ordinal", "scores"),
    "BoxSegmentFinder": _FINDINGS,
    "IVSegmentFinder": _FINDINGS,
    "L1SegmentFinder": _FINDINGS,
    "TLearnerSegmentFinder": _FINDINGS,
    "InductiveSegmenter": ("distances", "onehot", "ordinal"),
    "RuleSurrogate": ("onehot", "ordinal"),
}


def encodings(name: str) -> tuple[str | None, ...]:
    """Return the values of `encode` of a segmenter above."""
    return ENCODINGS[name.partition("-")[0]]


def segmenter(name: str, encode: str | None, columns: list[Any]) -> Any:
    """Return an unfitted segmenter for rows with these columns."""
    return SEGMENTERS[name](columns).set_params(encode=encode)
