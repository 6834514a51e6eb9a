"""Folds of outcomes that are amounts: classes if they are few, whatever their unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.model_selection import StratifiedKFold

from skseg import MECERuleSegmenter, OptimalRevenueBinner
from skseg._core._cross_fitting import shuffled
from skseg._core._folds import fold_splits
from skseg.model_selection import compare_binnings, compare_segmenters

RANDOM = np.random.default_rng(0)
COLUMN = RANDOM.random((300, 1))
CONVERTED = (RANDOM.random(300) < COLUMN[:, 0]).astype(int)
RULES = MECERuleSegmenter(
    {"Low": "x0 < 0.3", "Tiny": "x0 >= 0.3 and x0 < 0.31"}, default="High", min_size=0.1
)
MENU: dict[str, Any] = {"revenue": [30, 45], "cost": [0, 4]}


@pytest.mark.parametrize("stratified", [5, StratifiedKFold(3)], ids=["int", "splitter"])
def test_folds_of_amounts_are_those_of_classes(stratified: Any) -> None:
    def folds(y: Any) -> list[Any]:
        cv = shuffled(stratified, y, stratify=True)
        splits = fold_splits("Test", cv, COLUMN, y, {}, stratify=True)
        return [test.tolist() for _, test in splits]

    assert folds(CONVERTED * 12.5) == folds(CONVERTED)


@pytest.mark.parametrize(
    "fit",
    [
        lambda y: OptimalRevenueBinner(2, **MENU).fit_transform(COLUMN, y),
        lambda y: RULES.fit_transform(COLUMN, y),
        lambda y: compare_binnings(COLUMN, y, **MENU).table["profit"],
        lambda y: compare_segmenters({"k": KMeans(2)}, COLUMN, y, n_replicates=0),
    ],
    ids=["tiers", "merged rules", "compare_binnings", "compare_segmenters"],
)
@pytest.mark.parametrize(
    "amounts", [[0, 12.5], [0, 2.5, 7.25], [-0.5, 0.5]], ids=["two", "three", "signs"]
)
def test_few_different_amounts_are_outcomes_like_any_other(
    fit: Callable[[Any], Any], amounts: list[float]
) -> None:
    y = np.array(amounts)[(CONVERTED + np.arange(300) % 2) % len(amounts)]
    assert len(fit(y)) > 0
