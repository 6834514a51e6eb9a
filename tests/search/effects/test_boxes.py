from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg._search.effects.boxes import Axis, all_triples, cover, max_t, scan
from tests.search.effects.box_oracles import all_boxes


def random_axis(rng: np.random.Generator, most: int) -> Axis:
    kind = rng.choice(["plain", "missing", "nominal", "nominal and missing"])
    n = int(rng.integers(1, most + 1))
    missing = "missing" in kind
    return Axis(n + missing, n if missing else None, "nominal" in kind)


def random_problem(
    seed: int, most: int = 4, n_columns: int = 3, n_rows: int = 60
) -> tuple[Any, list[Axis], Any, Any]:
    """Scores are small integers, so that there are ties."""
    rng = np.random.default_rng(seed)
    axes = [random_axis(rng, most) for _ in range(n_columns)]
    codes = np.array([rng.integers(0, axis.n_cells, n_rows) for axis in axes])
    score = rng.integers(-3, 4, n_rows).astype(float)
    weight = rng.integers(0, 4, n_rows) / 2.0 if rng.random() < 0.5 else None
    return codes.astype(np.uint8), axes, score, weight


def in_order(boxes: list[Any]) -> list[Any]:
    return [(box.cells, box.n, pytest.approx(box.total), box.z) for box in boxes]


def expected(found: Any, n_best: int) -> list[Any]:
    best = sorted(found)[:n_best]
    return [
        (cells, -n, total, pytest.approx(np.copysign(z, total), abs=1e-8))
        for z, _, n, _, total, cells in best
    ]


SIDES = st.sampled_from(["both", "positive", "negative"])
SEEDS = st.integers(0, 2**32 - 1)


def test_a_corner_of_a_small_grid_is_found():
    codes = np.array([[0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]], dtype=np.uint8)
    score = np.array([0.0, 0.0, 0.0, 3.0, 0.0, 3.0])

    [box] = scan(codes, [Axis(3), Axis(2)], score, n_best=1)

    assert box.cells == ((0, (False, True, True)), (1, (False, True)))
    assert box.columns == (0, 1)
    # sigma squared is 18 / 6, and z = 6 / sqrt(3 * 2).
    assert (box.n, box.total, box.z) == (2, 6, pytest.approx(6**0.5))
    assert box.contains(codes).tolist() == [False, False, False, True, False, True]


@settings(deadline=None, max_examples=60)
@given(SEEDS, SIDES, st.sampled_from([0, 5, 12.5]), st.sampled_from([30, np.inf]))
def test_scan_finds_what_looking_at_all_boxes_finds(seed, side, min_size, max_size):
    problem = random_problem(seed)
    sizes = {"min_size": min_size, "max_size": max_size, "side": side}

    boxes = scan(*problem, max_columns=2, n_best=7, **sizes)

    assert in_order(boxes) == expected(all_boxes(*problem, widths=[1, 2], **sizes), 7)


@settings(deadline=None, max_examples=15)
@given(SEEDS, SIDES)
def test_all_triples_finds_what_looking_at_all_boxes_finds(seed, side):
    problem = random_problem(seed, most=3, n_columns=4)

    boxes = all_triples(*problem, n_best=5, min_size=3, side=side)

    every = all_boxes(*problem, widths=[3], min_size=3, side=side)
    assert in_order(boxes) == expected(every, 5)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_one_each_is_the_best_of_each_combination(seed):
    problem = random_problem(seed)

    boxes = scan(*problem, max_columns=2, n_best=4, one_each=True)

    best: dict[Any, Any] = {}
    for found in sorted(all_boxes(*problem, widths=[1, 2], min_size=1)):
        best.setdefault(found[3][0], found)
    assert in_order(boxes) == expected(best.values(), 4)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_triples_are_never_worse_than_pairs(seed):
    problem = random_problem(seed, most=5, n_columns=4)

    for triples in ("grown", "all"):
        best = scan(*problem, n_best=1, triples=triples)
        pair = scan(*problem, n_best=1, max_columns=2)
        assert [abs(box.z) for box in best] >= [abs(box.z) for box in pair]
        for box in best:
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

    for find in (scan, all_triples):
        boxes = find(codes, axes, score, weight, n_best=20)
        assert find(codes[:, order], axes, score[order], turned, n_best=20) == boxes


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_a_weight_repeats_a_row(seed):
    codes, axes, score, _ = random_problem(seed)
    score = score / 3
    weight = np.random.default_rng(seed).integers(0, 4, len(score))

    repeated = np.repeat(codes, weight, axis=1), axes, np.repeat(score, weight)

    for find, more in ((scan, {}), (cover, {"n_segments": 3, "min_z": 1.5})):
        assert find(*repeated, **more) == find(codes, axes, score, weight, **more)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_the_first_of_equal_columns_is_taken(seed):
    codes, axes, score, weight = random_problem(seed)

    boxes = scan(codes, axes, score, weight, max_columns=2, n_best=1)
    twice = np.concatenate([codes, codes])
    again = scan(twice, axes * 2, score, weight, max_columns=2, n_best=1)

    assert len(boxes) == len(again)
    for box, other in zip(boxes, again, strict=True):
        # Two conditions on equal columns may be better than each of them.
        assert abs(other.z) >= abs(box.z)
        assert other == box or abs(other.z) > abs(box.z) or other.n > box.n


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.sampled_from(["grown", "all"]))
def test_effects_of_the_other_sign_are_found_likewise(seed, triples):
    codes, axes, score, weight = random_problem(seed, n_columns=4)

    for side, other in (("positive", "negative"), ("both", "both")):
        boxes = scan(codes, axes, score, weight, side=side, triples=triples)
        mirrored = scan(codes, axes, -score, weight, side=other, triples=triples)
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
        boxes = scan(codes, axes, score, weight)
        drawn = max_t(codes, axes, score, weight, n_replicates=4, rng=rng)
        return [(box.cells, box.z) for box in boxes], drawn.tolist()

    assert results(score * unit) == results(score)


def test_nothing_is_found_where_there_is_nothing():
    codes = np.zeros((2, 10), dtype=np.uint8)
    assert scan(codes, [Axis(1), Axis(1)], np.ones(10)) == []
    assert scan(codes, [Axis(3), Axis(3)], np.zeros(10)) == []
    assert scan(codes, [Axis(3), Axis(3)], np.ones(10), side="negative") == []
    assert scan(codes, [Axis(3), Axis(3)], np.ones(10), min_size=11) == []
    assert cover(codes, [Axis(3), Axis(3)], np.zeros(10), n_segments=3) == []
    assert scan(codes[:, :0], [Axis(3), Axis(3)], np.zeros(0)) == []
    signs = {"n_replicates": 3, "rng": np.random.default_rng(0)}
    assert max_t(codes, [Axis(1), Axis(1)], np.ones(10), **signs).tolist() == [0] * 4


# Planted patterns: 15 points more or less of a rate of 30 %.
N_CELLS = 24


def planted(n_rows: int, pattern: Any, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.random((10, n_rows))
    effect = 0.15 * pattern(x)
    treated = rng.integers(0, 2, n_rows)
    outcome = rng.random(n_rows) < 0.3 + effect * (treated - 0.5)
    score = (outcome - 0.3) * (4 * treated - 2)
    return (x * N_CELLS).astype(np.uint8), [Axis(N_CELLS)] * 10, score, effect


def precision_and_recall(inside: Any, truth: Any) -> tuple[float, float]:
    both = (inside & truth).sum()
    return both / inside.sum(), both / truth.sum()


@pytest.mark.parametrize("triples", ["grown", "all"])
@pytest.mark.parametrize(
    ("pattern", "columns"),
    [
        (lambda x: x[1] > 0.5, (1,)),
        (lambda x: (x[1] > 0.5) & (x[4] < 0.625), (1, 4)),
        (lambda x: (x[1] > 0.25) & (x[4] < 0.75) & (x[5] > 0.25), (1, 4, 5)),
        (lambda x: (abs(x[1] - 0.5) < 0.25) & (abs(x[4] - 0.5) < 0.375), (1, 4)),
    ],
)
def test_a_planted_box_is_recovered_and_nothing_else(pattern, columns, triples):
    codes, axes, score, effect = planted(30_000, pattern)

    boxes = cover(codes, axes, score, n_segments=4, min_size=300, triples=triples)

    assert [box.columns for box in boxes] == [columns]
    scores = precision_and_recall(boxes[0].contains(codes), effect > 0)
    assert min(scores) > 0.9


def test_all_quadrants_of_an_exclusive_or_are_recovered():
    def quadrants(x: Any) -> Any:
        return np.sign(x[2] - 0.5) * np.sign(x[7] - 0.5)

    codes, axes, score, effect = planted(30_000, quadrants)

    boxes = cover(codes, axes, score, n_segments=6, min_size=300)

    assert len(boxes) == 4
    assert sum(box.n for box in boxes) == pytest.approx(30_000, rel=0.1)
    for box in boxes:
        assert box.columns == (2, 7)
        inside = box.contains(codes)
        assert ((effect * np.sign(box.z))[inside] > 0).mean() > 0.95


def test_an_exclusive_or_of_three_columns_needs_all_triples():
    def octants(x: Any) -> Any:
        return np.prod(np.sign(x[[2, 3, 7]] - 0.5), axis=0)

    codes, axes, score, effect = planted(30_000, octants)

    boxes = cover(codes, axes, score, n_segments=8, min_size=300, triples="all")

    assert len(boxes) == 8
    for box in boxes:
        inside = box.contains(codes)
        assert ((effect * np.sign(box.z))[inside] > 0).mean() > 0.9


def test_missing_values_and_levels_are_parts_of_a_box():
    codes, axes, score, effect = planted(
        30_000, lambda x: ((x[1] < 0.25) | (x[1] >= 23 / 24)) & (abs(x[4] - 0.5) > 0.25)
    )
    axes[1] = Axis(N_CELLS, missing=N_CELLS - 1)
    codes[4] //= 6
    axes[4] = Axis(4, nominal=True)

    [box] = cover(codes, axes, score, n_segments=4, min_size=300)

    assert box.columns == (1, 4)
    assert box.cells[0][1][-1]
    assert box.cells[1][1] == (True, False, False, True)
    assert min(precision_and_recall(box.contains(codes), effect > 0)) > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_covered(seed):
    codes, axes, score, _ = planted(20_000, lambda x: 0.0 * x[0], seed)

    assert cover(codes, axes, score, n_segments=4, min_size=300) == []


def test_a_border_within_a_cell_is_not_found_again():
    # Of cell 12 two thirds belong to the segment: some effect is left in any case.
    codes, axes, score, _ = planted(300_000, lambda x: x[1] > 0.5 + 1.6 / 3 / N_CELLS)

    [box] = cover(codes, axes, score, n_segments=4, min_size=300, max_columns=2)

    assert box.columns == (1,)


def test_conditions_that_add_little_are_dropped():
    # Without the weak cell z is a bit larger, but not by more than chance allows.
    codes, axes, score, _ = planted(
        30_000, lambda x: (x[1] > 0.5) * np.where(x[4] > 23 / 24, 0.1, 1)
    )

    [best] = scan(codes, axes, score, n_best=1, max_columns=2)
    [simple] = cover(codes, axes, score, n_segments=1, max_columns=2)

    assert len(best.columns) == 2
    assert simple.columns == (1,)
    assert simple.z == pytest.approx(best.z, abs=1)


def test_overlapping_segments_keep_their_shapes():
    codes, axes, score, _ = planted(
        30_000, lambda x: 1.0 * (x[1] > 0.75) + (x[4] > 0.75)
    )

    boxes = cover(codes, axes, score, n_segments=4, min_size=300)

    assert sorted(box.columns for box in boxes) == [(1,), (4,)]


def test_few_segments_are_the_first_of_many():
    codes, axes, score, _ = planted(
        20_000, lambda x: 1.0 * (x[1] > 0.75) - (x[4] > 0.75)
    )
    several = cover(codes, axes, score, n_segments=3)

    assert cover(codes, axes, score, n_segments=1) == several[:1]
    assert sorted(np.sign(box.z) for box in several) == [-1, 1]
    [positive] = cover(codes, axes, score, n_segments=3, side="positive")
    assert positive.columns == (1,)


@settings(deadline=None, max_examples=30)
@given(SEEDS, SIDES, st.sampled_from([0, 5]))
def test_max_t_looks_at_all_boxes(seed, side, min_size):
    problem = random_problem(seed)
    rng = np.random.default_rng(seed)

    drawn = max_t(*problem, n_replicates=5, rng=rng, min_size=min_size, side=side)

    every = all_boxes(*problem, widths=[1, 2], min_size=min_size, side=side)
    largest = max((abs(found[4]) / np.sqrt(-found[2]) for found in every), default=0)
    _, _, score, weight = problem
    sigma = np.sqrt(np.average(score**2, weights=weight))
    assert drawn[0] == pytest.approx(largest / sigma, rel=1e-5, abs=1e-6)


def test_max_t_replicates_are_scans_of_scores_with_other_signs():
    axes = [Axis(4), Axis(3)]
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, (2, 9)).astype(np.uint8)
    score, weight = rng.normal(size=9), rng.integers(1, 3, 9)

    # With as many groups as rows, nine rows have 512 sets of signs.
    drawn = max_t(codes, axes, score, weight, n_replicates=30, rng=rng, max_columns=1)

    possible = [
        abs(
            scan(
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
    axes = [Axis(6), Axis(5, missing=4), Axis(4, nominal=True)]
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
