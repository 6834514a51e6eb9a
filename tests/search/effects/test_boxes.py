"""The search for boxes: against all boxes one by one, and on planted patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skseg._search.effects.boxes import CodedAxis, ScoredBox, cover, max_t
from skseg._search.effects.boxes._best import TopBoxes
from skseg._search.effects.boxes._search import compare_all, search
from skseg._search.effects.boxes._tables import sample
from tests.search.effects.box_oracles import all_boxes


def best(
    codes: Any,
    axes: list[CodedAxis],
    score: Any,
    weight: Any = None,
    *,
    max_columns: int = 3,
    min_size: float = 1.0,
    n_best: int = 10,
    one_per_table: bool = False,
) -> list[ScoredBox]:
    """Return the best boxes of up to `max_columns` columns that the search finds."""
    rows, top = sample(codes, axes, score, weight), TopBoxes(n_best, one_per_table)
    search(rows, min_size, [top] * max_columns)
    return [candidate.box(axes, rows.variance) for candidate in top.candidates]


def best_triples(
    codes: Any,
    axes: list[CodedAxis],
    score: Any,
    weight: Any = None,
    *,
    min_size: float = 1.0,
    n_best: int = 10,
) -> list[ScoredBox]:
    """Return the best boxes of three columns, all of which are compared."""
    rows, top = sample(codes, axes, score, weight), TopBoxes(n_best)
    compare_all(rows, 3, min_size, [top], range(len(axes)))
    return [candidate.box(axes, rows.variance) for candidate in top.candidates]


def random_axis(rng: np.random.Generator, most: int) -> CodedAxis:
    kind = rng.choice(["plain", "missing", "nominal", "nominal and missing"])
    n = int(rng.integers(1, most + 1))
    missing = "missing" in kind
    return CodedAxis(n + missing, n if missing else None, "nominal" in kind)


def random_problem(
    seed: int, most: int = 4, n_columns: int = 3, n_rows: int = 60
) -> tuple[Any, list[CodedAxis], Any, Any]:
    """Scores are small integers, so that there are ties."""
    rng = np.random.default_rng(seed)
    axes = [random_axis(rng, most) for _ in range(n_columns)]
    codes = np.array([rng.integers(0, axis.n_cells, n_rows) for axis in axes])
    score = rng.integers(-3, 4, n_rows).astype(float)
    weight = rng.integers(0, 4, n_rows) / 2.0 if rng.random() < 0.5 else None
    return codes.astype(np.uint8), axes, score, weight


def in_order(boxes: list[Any]) -> list[Any]:
    return [(box.cells, box.n, pytest.approx(box.total), box.z) for box in boxes]


def expected(boxes: Any, n_best: int) -> list[Any]:
    return [
        (cells, -n, total, pytest.approx(np.copysign(z, total), abs=1e-8))
        for z, _, n, _, total, cells in sorted(boxes)[:n_best]
    ]


SEEDS = st.integers(0, 2**32 - 1)


def test_a_corner_of_a_small_grid_is_found():
    codes = np.array([[0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]], dtype=np.uint8)
    score = np.array([0.0, 0.0, 0.0, 3.0, 0.0, 3.0])

    [box] = best(codes, [CodedAxis(3), CodedAxis(2)], score, n_best=1)

    assert box.cells == ((0, (False, True, True)), (1, (False, True)))
    assert box.columns == (0, 1)
    # sigma squared is 18 / 6, and z = 6 / sqrt(3 * 2).
    assert (box.n, box.total, box.z) == (2, 6, pytest.approx(6**0.5))
    assert box.contains(codes).tolist() == [False, False, False, True, False, True]


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.sampled_from([0, 5, 12.5]))
def test_the_search_finds_the_best_of_all_boxes_of_one_and_two_columns(seed, min_size):
    problem = random_problem(seed)

    boxes = best(*problem, max_columns=2, n_best=7, min_size=min_size)

    every = all_boxes(*problem, widths=[1, 2], min_size=min_size)
    assert in_order(boxes) == expected(every, 7)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_comparing_triples_finds_the_best_of_all_boxes_of_three_columns(seed):
    problem = random_problem(seed, most=3, n_columns=4)

    boxes = best_triples(*problem, n_best=5, min_size=3)

    every = all_boxes(*problem, widths=[3], min_size=3)
    assert in_order(boxes) == expected(every, 5)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_one_box_per_table_is_the_best_of_each_combination_of_columns(seed):
    problem = random_problem(seed)

    boxes = best(*problem, max_columns=2, n_best=4, one_per_table=True)

    first_of: dict[Any, Any] = {}
    for box in sorted(all_boxes(*problem, widths=[1, 2], min_size=1)):
        first_of.setdefault(box[3][0], box)
    assert in_order(boxes) == expected(first_of.values(), 4)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_triples_are_never_worse_than_pairs(seed):
    problem = random_problem(seed, most=5, n_columns=4)

    triples = best(*problem, n_best=1)
    pairs = best(*problem, n_best=1, max_columns=2)

    assert [abs(box.z) for box in triples] >= [abs(box.z) for box in pairs]
    for box in triples:
        inside = box.contains(problem[0])
        weight = 1 if problem[3] is None else problem[3][inside]
        assert box.total == pytest.approx((problem[2][inside] * weight).sum())


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_the_order_of_the_rows_does_not_matter(seed):
    codes, axes, score, weight = random_problem(seed)
    score = score * np.pi
    order = np.random.default_rng(seed).permutation(len(score))
    turned = None if weight is None else weight[order]

    for find in (best, best_triples):
        boxes = find(codes, axes, score, weight, n_best=20)
        assert find(codes[:, order], axes, score[order], turned, n_best=20) == boxes


@settings(deadline=None, max_examples=15)
@given(SEEDS)
@example(1379)  # The sum of the absolute scores is just a power of two.
def test_a_weight_repeats_a_row(seed):
    codes, axes, score, _ = random_problem(seed)
    score = score / 3
    weight = np.random.default_rng(seed).integers(0, 4, len(score))

    repeated = np.repeat(codes, weight, axis=1), axes, np.repeat(score, weight)

    for find, more in ((best, {}), (cover, {"max_boxes": 3, "min_z": 1.5})):
        assert find(*repeated, **more) == find(codes, axes, score, weight, **more)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_the_first_of_equal_columns_is_taken(seed):
    codes, axes, score, weight = random_problem(seed)

    boxes = best(codes, axes, score, weight, max_columns=2, n_best=1)
    twice = np.concatenate([codes, codes])
    boxes_of_twice = best(twice, axes * 2, score, weight, max_columns=2, n_best=1)

    assert len(boxes) == len(boxes_of_twice)
    for box, twin in zip(boxes, boxes_of_twice, strict=True):
        # Two conditions on equal columns may be better than each of them.
        assert abs(twin.z) >= abs(box.z)
        assert twin == box or abs(twin.z) > abs(box.z) or twin.n > box.n


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_scores_of_the_other_sign_have_the_same_boxes(seed):
    codes, axes, score, weight = random_problem(seed, n_columns=4)

    boxes = best(codes, axes, score, weight)
    mirrored = best(codes, axes, -score, weight)

    assert [(box.cells, -box.z) for box in boxes] == [
        (box.cells, box.z) for box in mirrored
    ]


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.sampled_from([2.0**-40, 2.0**40]))
def test_the_unit_of_the_scores_does_not_matter(seed, unit):
    codes, axes, score, weight = random_problem(seed)
    score = score / 3

    def results(score: Any) -> Any:
        rng = np.random.default_rng(seed)
        boxes = best(codes, axes, score, weight)
        drawn = max_t(codes, axes, score, weight, n_replicates=4, rng=rng)
        return [(box.cells, box.z) for box in boxes], drawn.tolist()

    assert results(score * unit) == results(score)


def test_nothing_is_found_where_there_is_nothing():
    codes = np.zeros((2, 10), dtype=np.uint8)
    axes, one_cell = [CodedAxis(3)] * 2, [CodedAxis(1)] * 2
    assert best(codes, one_cell, np.ones(10)) == []
    assert best(codes, axes, np.zeros(10)) == []
    assert best(codes, axes, np.ones(10), min_size=11) == []
    assert cover(codes, axes, np.zeros(10), max_boxes=3) == []
    assert best(codes[:, :0], axes, np.zeros(0)) == []
    signs = {"n_replicates": 3, "rng": np.random.default_rng(0)}
    assert max_t(codes, one_cell, np.ones(10), **signs).tolist() == [0] * 4


# Planted patterns: 15 points more or less of a rate of 30 %.
N_CELLS = 24


def planted(n_rows: int, pattern: Any, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.random((10, n_rows))
    effect = 0.15 * pattern(x)
    treated = rng.integers(0, 2, n_rows)
    outcome = rng.random(n_rows) < 0.3 + effect * (treated - 0.5)
    score = (outcome - 0.3) * (4 * treated - 2)
    return (x * N_CELLS).astype(np.uint8), [CodedAxis(N_CELLS)] * 10, score, effect


def precision_and_recall(inside: Any, truth: Any) -> tuple[float, float]:
    n_common = (inside & truth).sum()
    return n_common / inside.sum(), n_common / truth.sum()


@pytest.mark.parametrize(
    ("pattern", "columns"),
    [
        (lambda x: x[1] > 0.5, (1,)),
        (lambda x: (x[1] > 0.5) & (x[4] < 0.625), (1, 4)),
        (lambda x: (x[1] > 0.25) & (x[4] < 0.75) & (x[5] > 0.25), (1, 4, 5)),
        (lambda x: (abs(x[1] - 0.5) < 0.25) & (abs(x[4] - 0.5) < 0.375), (1, 4)),
    ],
)
def test_a_planted_box_is_recovered_and_nothing_else(pattern, columns):
    codes, axes, score, effect = planted(30_000, pattern)

    boxes = cover(codes, axes, score, max_boxes=4, min_size=300)

    assert [box.columns for box in boxes] == [columns]
    scores = precision_and_recall(boxes[0].contains(codes), effect > 0)
    assert min(scores) > 0.9


def test_all_quadrants_of_an_exclusive_or_are_recovered():
    def quadrants(x: Any) -> Any:
        return np.sign(x[2] - 0.5) * np.sign(x[7] - 0.5)

    codes, axes, score, effect = planted(30_000, quadrants)

    boxes = cover(codes, axes, score, max_boxes=6, min_size=300)

    assert len(boxes) == 4
    assert sum(box.n for box in boxes) == pytest.approx(30_000, rel=0.1)
    for box in boxes:
        assert box.columns == (2, 7)
        inside = box.contains(codes)
        assert ((effect * np.sign(box.z))[inside] > 0).mean() > 0.95


def test_missing_values_and_levels_are_parts_of_a_box():
    codes, axes, score, effect = planted(
        30_000, lambda x: ((x[1] < 0.25) | (x[1] >= 23 / 24)) & (abs(x[4] - 0.5) > 0.25)
    )
    axes[1] = CodedAxis(N_CELLS, missing=N_CELLS - 1)
    codes[4] //= 6
    axes[4] = CodedAxis(4, nominal=True)

    [box] = cover(codes, axes, score, max_boxes=4, min_size=300)

    assert box.columns == (1, 4)
    assert box.cells[0][1][-1]
    assert box.cells[1][1] == (True, False, False, True)
    assert min(precision_and_recall(box.contains(codes), effect > 0)) > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_covered(seed):
    codes, axes, score, _ = planted(20_000, lambda x: 0.0 * x[0], seed)

    assert cover(codes, axes, score, max_boxes=4, min_size=300) == []


def test_a_border_within_a_cell_is_not_found_again():
    # Of cell 12 two thirds belong to the segment: some effect is left in any case.
    codes, axes, score, _ = planted(300_000, lambda x: x[1] > 0.5 + 1.6 / 3 / N_CELLS)

    [box] = cover(codes, axes, score, max_boxes=4, min_size=300, max_columns=2)

    assert box.columns == (1,)


def test_conditions_that_add_little_are_dropped():
    # Without the weak cell z is a bit larger, but not by more than chance allows.
    codes, axes, score, _ = planted(
        30_000, lambda x: (x[1] > 0.5) * np.where(x[4] > 23 / 24, 0.1, 1)
    )

    [largest] = best(codes, axes, score, n_best=1, max_columns=2)
    [simple] = cover(codes, axes, score, max_boxes=1, max_columns=2)

    assert len(largest.columns) == 2
    assert simple.columns == (1,)
    assert simple.z == pytest.approx(largest.z, abs=1)


def test_overlapping_segments_keep_their_shapes():
    codes, axes, score, _ = planted(
        30_000, lambda x: 1.0 * (x[1] > 0.75) + (x[4] > 0.75)
    )

    boxes = cover(codes, axes, score, max_boxes=4, min_size=300)

    assert sorted(box.columns for box in boxes) == [(1,), (4,)]


def test_few_segments_are_the_first_of_many():
    codes, axes, score, _ = planted(
        20_000, lambda x: 1.0 * (x[1] > 0.75) - (x[4] > 0.75)
    )
    several = cover(codes, axes, score, max_boxes=3)

    assert cover(codes, axes, score, max_boxes=1) == several[:1]
    assert sorted(np.sign(box.z) for box in several) == [-1, 1]


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.sampled_from([0, 5]))
def test_max_t_looks_at_all_boxes(seed, min_size):
    problem = random_problem(seed)
    rng = np.random.default_rng(seed)

    drawn = max_t(*problem, n_replicates=5, rng=rng, min_size=min_size)

    every = all_boxes(*problem, widths=[1, 2], min_size=min_size)
    largest = max((abs(box[4]) / np.sqrt(-box[2]) for box in every), default=0)
    _, _, score, weight = problem
    sigma = np.sqrt(np.average(score**2, weights=weight))
    assert drawn[0] == pytest.approx(largest / sigma, rel=1e-5, abs=1e-6)


def test_max_t_replicates_are_the_best_boxes_of_scores_with_other_signs():
    axes = [CodedAxis(4), CodedAxis(3)]
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, (2, 9)).astype(np.uint8)
    score, weight = rng.normal(size=9), rng.integers(1, 3, 9)

    # With as many groups as rows, nine rows have 512 sets of signs.
    drawn = max_t(codes, axes, score, weight, n_replicates=30, rng=rng, max_columns=1)

    possible = [
        abs(
            best(
                codes,
                axes,
                score * [1 - 2 * (number >> row & 1) for row in range(9)],
                weight,
                max_columns=1,
                n_best=1,
            )[0].z
        )
        for number in range(512)
    ]
    gaps = np.abs(np.subtract.outer(drawn, possible)).min(axis=1)
    assert gaps.max() < 1e-5
    assert len(np.unique(drawn.round(4))) > 3


def test_max_t_rejects_noise_as_often_as_it_should():
    rng = np.random.default_rng(7)
    axes = [CodedAxis(6), CodedAxis(5, missing=4), CodedAxis(4, nominal=True)]
    p_values = []
    for _ in range(400):
        codes = np.array([rng.integers(0, axis.n_cells, 300) for axis in axes])
        score = rng.standard_t(4, 300)
        drawn = max_t(
            codes.astype(np.uint8),
            axes,
            score,
            n_replicates=39,
            rng=rng,
            min_size=10,
            n_groups=64,
        )
        p_values.append((drawn >= drawn[0]).mean())

    # Four standard errors of a share of 5 % of 400 are 4.4 points.
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.044)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.06)


def test_max_t_gives_an_effect_away():
    codes, axes, score, _ = planted(10_000, lambda x: (x[1] > 0.5) & (x[4] > 0.5))
    rng = np.random.default_rng(0)

    drawn = max_t(codes, axes, score, n_replicates=19, rng=rng, min_size=100)

    assert drawn[0] > 1.2 * drawn[1:].max()
