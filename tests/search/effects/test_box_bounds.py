"""The bounds of the search for boxes: what they leave out cannot be among the best."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel

from skseg._search.effects.boxes import CodedAxis, cover, max_t
from skseg._search.effects.boxes._best import TopBoxes
from skseg._search.effects.boxes._blocks import pair_blocks
from skseg._search.effects.boxes._bounds import promising_sets
from skseg._search.effects.boxes._search import search
from skseg._search.effects.boxes._sets import cell_sets
from skseg._search.effects.boxes._tables import joint_table, sample
from tests.search.effects.box_oracles import all_boxes

AXES = {
    "few": CodedAxis(5),
    "many": CodedAxis(23),
    "missing": CodedAxis(17, missing=16),
    "nominal": CodedAxis(5, nominal=True),
    "nominal with missing": CodedAxis(5, missing=4, nominal=True),
    "64": CodedAxis(64, missing=63),
}


def keys_of_boxes(table: Any, first: CodedAxis, last: CodedAxis) -> Any:
    """Return the largest key of each set of the first column, box by box."""
    total = cell_sets(first) @ table.total @ cell_sets(last).T
    size = cell_sets(first) @ table.size @ cell_sets(last).T
    keys = np.divide(total**2, size, out=np.zeros_like(total), where=size > 0)
    return keys.max(axis=1)


@pytest.mark.parametrize("last", AXES)
@pytest.mark.parametrize("first", ["few", "missing", "nominal"])
@pytest.mark.parametrize("kind", ["noise", "planted", "amounts", "weights"])
def test_no_set_of_a_better_box_is_left_out(first: str, last: str, kind: str) -> None:
    rng = np.random.default_rng(len(first) + 10 * len(last))
    axes = [AXES[first], AXES[last]]
    n = 3000
    codes = np.array([rng.integers(0, axis.n_cells, n) for axis in axes], np.uint8)
    score = rng.normal(size=n) if kind != "amounts" else rng.lognormal(0, 3, n) - 90
    weight = rng.integers(0, 9, n) / 8.0 if kind == "weights" else None
    if kind == "planted":
        score += (codes[0] < 3) & (codes[1] > axes[1].n_cells // 2)
    table = joint_table(sample(codes, axes, score, weight), (0, 1))
    keys = keys_of_boxes(table, *axes)
    # Keys at which some sets are just promising, and thresholds out of all bounds.
    for min_key in [*np.quantile(keys, [0, 0.2, 0.5, 0.9, 1]), 1e-300, 1e300]:
        _, sets = promising_sets(
            table.total[np.newaxis], table.size[np.newaxis], *axes, min_key
        )
        missed = np.setdiff1d(np.flatnonzero(keys >= min_key), sets)
        assert len(missed) == 0
    # The bounds are of use: few sets are left at the largest key.
    _, sets = promising_sets(
        table.total[np.newaxis], table.size[np.newaxis], *axes, keys.max()
    )
    if len(keys) > 50 and last in ("many", "missing"):
        assert len(sets) < 0.3 * len(keys)


@pytest.mark.parametrize("unit", [1e-140, 1e-20, 1e20, 1e140])
def test_bounds_hold_in_any_unit(unit: float) -> None:
    rng = np.random.default_rng(0)
    axes = [CodedAxis(9), CodedAxis(20)]
    codes = np.array([rng.integers(0, axis.n_cells, 500) for axis in axes], np.uint8)
    score = rng.normal(size=500)

    one, other = (
        cover(codes, axes, scale * score, max_boxes=3, min_z=2.5) for scale in (1, unit)
    )

    assert [box.cells for box in one] == [box.cells for box in other]
    assert len(one) > 0


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_columns_of_many_cells_have_the_best_of_all_boxes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    axes = [CodedAxis(3, nominal=True), CodedAxis(13, missing=12)]
    codes = np.array([rng.integers(0, axis.n_cells, 90) for axis in axes], np.uint8)
    score = rng.integers(-2, 3, 90).astype(float)
    rows, top = sample(codes, axes, score, None), TopBoxes(3)

    search(rows, 5.0, [top] * 2)

    every = sorted(all_boxes(codes, axes, score, widths=[1, 2], min_size=5))[:3]
    boxes = [candidate.box(axes, rows.variance) for candidate in top.candidates]
    assert [box.cells for box in boxes] == [box[-1] for box in every]


@pytest.mark.parametrize("max_cells", [1, 30, 100, 1000, 10**6])
@pytest.mark.parametrize(
    "n_cells", [[], [5], [2] * 9, [32] * 6, [2, 32, 3, 6, 32, 2, 7], [1000, 2, 2]]
)
def test_every_pair_is_in_one_block(n_cells: list[int], max_cells: int) -> None:
    taken = []
    for block, pairs in pair_blocks(n_cells, max_cells):
        assert all(set(pair) <= set(block) for pair in pairs)
        assert len(block) == 2 or np.prod([n_cells[i] for i in block]) <= max_cells
        taken += pairs
    assert sorted(taken) == list(combinations(range(len(n_cells)), 2))


def many_columns(n_columns: int = 20, n_rows: int = 1500) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 14, (n_columns, n_rows), dtype=np.uint8)
    score = rng.normal(size=n_rows) + 1.2 * ((codes[1] > 8) & (codes[-2] < 6))
    return codes, [CodedAxis(14)] * n_columns, score


def test_processes_find_the_same_boxes(capsys: pytest.CaptureFixture[str]) -> None:
    problem = many_columns(24)

    boxes = cover(*problem, max_boxes=3, min_z=4.0, min_size=15)
    assert capsys.readouterr().err == ""
    again = cover(*problem, max_boxes=3, min_z=4.0, min_size=15, n_jobs=2, verbose=True)

    assert boxes == again
    assert boxes[0].columns == (1, 22)
    output = capsys.readouterr()
    assert "Done" in output.out + output.err


def test_processes_draw_the_same_replicates() -> None:
    problem = many_columns(8)

    one, two = (
        max_t(
            *problem, n_replicates=19, rng=np.random.default_rng(0), n_jobs=n_jobs
        ).tolist()
        for n_jobs in (1, 2)
    )

    assert one == two


def test_a_box_of_nearly_all_rows_is_no_condition() -> None:
    rng = np.random.default_rng(6)
    n = 4000
    codes = rng.integers(0, 20, (3, n), dtype=np.uint8)
    axes = [CodedAxis(20)] * 3
    everywhere = rng.normal(size=n) + 1
    larger_there = everywhere + 0.7 * (codes[1] > 14)

    [everything] = cover(codes, axes, larger_there, max_boxes=1, min_size=40)
    assert everything.n > 0.9 * n
    boxes = cover(codes, axes, larger_there, max_boxes=3, min_size=40, max_size=0.9 * n)
    assert [box.columns for box in boxes] == [(1,)]
    inside = boxes[0].contains(codes)
    assert boxes[0].total == pytest.approx(larger_there[inside].sum())
    assert inside.mean() == pytest.approx(0.25, abs=0.03)
    assert cover(codes, axes, everywhere, max_boxes=3, max_size=0.9 * n) == []


def test_a_search_by_processes_is_that_of_one() -> None:
    codes, axes, score = many_columns(12)
    rows = sample(codes, axes, score, None)
    tops = [[TopBoxes(5) for _ in range(3)] for _ in range(2)]

    search(rows, 15.0, tops[0])
    search(rows, 15.0, tops[1], Parallel(n_jobs=2, return_as="generator"))

    for one, two in zip(*tops, strict=True):
        assert one.candidates == two.candidates
