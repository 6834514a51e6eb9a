"""Folds of outcomes that are amounts: classes if they are few, whatever their unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.model_selection import GroupKFold, StratifiedKFold

from skseg import MECERuleSegmenter, OptimalRevenueBinner, PropensityBinner
from skseg._core._cross_fitting import shuffled_splits
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
        splits = shuffled_splits("Test", stratified, COLUMN, y)
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


@pytest.mark.parametrize(
    "segmenter",
    [
        OptimalRevenueBinner(2, **MENU),
        RULES,
        PropensityBinner(binner=OptimalRevenueBinner(2, **MENU)),
    ],
    ids=["tiers", "merged rules", "propensities"],
)
def test_a_splitter_that_needs_groups_says_how_to_pass_them(segmenter: Any) -> None:
    segmenter, splitter = clone(segmenter), GroupKFold(3)
    groups = np.arange(300) % 30
    with pytest.raises(ValueError, match="'groups' parameter") as info:
        segmenter.set_params(cv=splitter).fit_transform(COLUMN, CONVERTED)
    (note,) = info.value.__notes__
    assert f"'cv' parameter of {type(segmenter).__name__}, GroupKFold(" in note
    assert "cv=list(splitter.split(X, y, groups))" in note
    segmenter.set_params(cv=list(splitter.split(COLUMN, CONVERTED, groups)))
    assert len(segmenter.fit_transform(COLUMN, CONVERTED)) == 300
