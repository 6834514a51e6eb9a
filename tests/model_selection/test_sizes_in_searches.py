"""Bounds of sizes in searches: shares mean the same in the folds and in the refit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sklearn.model_selection import GridSearchCV, KFold

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners

ROOT = Path(__file__).parents[2]
# "max_size": [1_000, 0.2] or "segmenter__min_size": (500,)
SEARCHED = re.compile(
    r"""["'](?:\w+__)?(?:min|max)_size["']\s*:\s*[\[(]([^\])]*)[\])]"""
)
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder, pattern in (
        (ROOT, "*.md"),
        (ROOT / "docs" / "guide", "*.rst"),
        (ROOT / "docs" / "examples", "*.py"),
        (ROOT / "skseg", "**/*.py"),
    )
    for path in folder.glob(pattern)
    if "SearchCV(" in path.read_text(encoding="utf-8")
)


def counts_in_searches(text: str) -> list[str]:
    """Return the sizes in parameter grids that are numbers of rows."""
    sizes = (
        size.strip() for grid in SEARCHED.findall(text) for size in grid.split(",")
    )
    return [size for size in sizes if re.fullmatch(r"[\d_]+", size)]


def test_numbers_of_rows_in_a_search_are_noticed() -> None:
    text = """{"params__a": [1], "max_size": [1_000, 0.2]}, {'m__min_size': (500,)}"""
    assert counts_in_searches(text) == ["1_000", "500"]
    assert counts_in_searches('min_size=500, {"min_size": [0.01, None]}') == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documented_searches_are_over_shares(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert counts_in_searches(text) == []


def test_shares_make_the_same_segments_in_folds_as_in_all_rows() -> None:
    X = make_cart_abandoners(8_000, random_state=0)
    rules = {"Rich": "aov >= 90", "Core": "40 <= aov < 90", "Small": "aov < 40"}
    segmenter = MECERuleSegmenter(rules, default="New", split_on=["aov"])
    n_rows = len(X)

    def numbers_of_segments(max_size: float) -> set[int]:
        """Return how many segments there are in each fold, and in all rows."""
        model = segmenter.set_params(max_size=max_size, oversize="allow")
        parts = [train for train, _ in KFold(5).split(X)] + [range(n_rows)]
        return {len(model.fit(X.iloc[part]).rules_) for part in parts}

    assert len(numbers_of_segments(0.12)) == 1
    assert len(numbers_of_segments(round(0.12 * n_rows))) > 1


def test_a_search_over_shares_of_the_universe_refits_what_it_scored() -> None:
    X = make_cart_abandoners(8_000, random_state=0)
    segmenter = MECERuleSegmenter(
        {"Rich": "aov >= {rich}", "Small": "aov < {rich}"},
        params={"rich": 90},
        default="New",
        universe="days_since_abandon <= 7",
        split_on=["aov"],
        oversize="allow",
    )
    search = GridSearchCV(
        segmenter, {"params__rich": [60, 90], "max_size": [0.2, 0.5]}, cv=3
    ).fit(X, X["converted"])
    best = search.best_estimator_
    refits = [
        MECERuleSegmenter(**best.get_params(deep=False)).fit(X.iloc[train])
        for train, _ in KFold(3).split(X)
    ]
    assert {len(model.rules_) for model in refits} == {len(best.rules_)}
