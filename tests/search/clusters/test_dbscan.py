"""DBSCAN for many settings: by hand, against its definition, without an estimator."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from skseg._search.clusters._dbscan import NeighbourPairs, dbscan_labels

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


def pairs_of(
    x: npt.ArrayLike, radii: list[float], count: npt.ArrayLike | None = None
) -> NeighbourPairs:
    """Return the pairs of numbers on a line, or of rows by the largest difference."""
    rows = np.asarray(x, float).reshape(len(np.asarray(x)), -1)
    distance = np.abs(rows[:, None] - rows[None]).max(axis=2)
    first, second = np.nonzero(np.triu(distance <= radii[-1], 1))
    level = np.searchsorted(radii, distance[first, second]).astype(np.uint8)
    size = np.ones(len(rows), int) if count is None else np.asarray(count)
    return NeighbourPairs(first, second, level, size, len(radii))


def levels(pairs: NeighbourPairs, min_samples: int) -> list[list[int]]:
    return [codes.tolist() for _, _, codes in dbscan_labels(pairs, [min_samples])]


def by_definition(x: Array, eps: float, min_samples: int) -> Codes:
    """Return labels by growing one cluster after the other, as the paper does."""
    rows = x.reshape(len(x), -1)
    near = np.abs(rows[:, None] - rows[None]).max(axis=2) <= eps
    is_core = near.sum(axis=1) >= min_samples
    codes, k = np.full(len(x), -1), 0
    for start in range(len(x)):
        if not is_core[start] or codes[start] >= 0:
            continue
        codes[start], queue = k, deque([start])
        while queue:
            row = queue.popleft()
            if not is_core[row]:
                continue
            for neighbour in np.flatnonzero(near[row] & (codes < 0)):
                codes[neighbour] = k
                queue.append(neighbour)
        k += 1
    return codes


def test_neighbours_count_the_row_itself() -> None:
    pairs = pairs_of([0, 1, 3, 10], [1, 2, 3])
    assert levels(pairs, 1) == [[0, 0, 1, 2], [0, 0, 0, 1], [0, 0, 0, 1]]
    assert levels(pairs, 3) == [[-1] * 4, [0, 0, 0, -1], [0, 0, 0, -1]]
    assert levels(pairs, 4) == [[-1] * 4] * 3


def test_clusters_are_numbered_by_their_first_core_row() -> None:
    # The rows 5 and 0 begin the two clusters, although 0 is the smaller number.
    assert levels(pairs_of([5, 0, 6, 1, 99], [1]), 2) == [[0, 1, 0, 1, -1]]


def test_border_row_between_two_clusters_belongs_to_the_first() -> None:
    # 4 has a core row on either side, at a distance of 2, and is none itself.
    assert levels(pairs_of([0, 1, 2, 4, 6, 7, 8], [2]), 4) == [[0, 0, 0, 0, 1, 1, 1]]
    assert levels(pairs_of([8, 7, 6, 4, 2, 1, 0], [2]), 4) == [[0, 0, 0, 0, 1, 1, 1]]


def test_first_core_row_counts_and_not_the_first_border_row() -> None:
    # Row 0 is at the border of the cluster that is found second.
    x = [3.0, 10, 11, 12, 0, 1, 2]
    (codes,) = levels(pairs_of(x, [1]), 3)
    assert codes == [1, 0, 0, 0, 1, 1, 1]


def test_a_row_of_many_customers_is_core_by_itself() -> None:
    pairs = pairs_of([0, 1, 5, 9], [1], count=[3, 1, 4, 1])
    assert levels(pairs, 4) == [[0, 0, 1, -1]]
    assert levels(pairs, 5) == [[-1, -1, -1, -1]]


def test_without_pairs_rows_are_noise_or_clusters_of_one() -> None:
    pairs = pairs_of([0, 10, 20], [1, 2])
    assert levels(pairs, 2) == [[-1, -1, -1]] * 2
    assert levels(pairs, 1) == [[0, 1, 2]] * 2


def test_clusters_grow_from_level_to_level() -> None:
    pairs = pairs_of([0, 1, 3, 4, 9], [1, 2, 5])
    assert levels(pairs, 2) == [[0, 0, 1, 1, -1], [0, 0, 0, 0, -1], [0] * 5]


places = st.lists(st.integers(0, 30), min_size=1, max_size=60)


@given(
    places,
    st.lists(st.integers(1, 12), min_size=1, max_size=5, unique=True),
    st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True),
)
def test_labels_are_those_of_the_definition(
    x: list[int], radii: list[int], numbers: list[int]
) -> None:
    ordered = sorted(map(float, radii))
    cells = []
    for number, level, codes in dbscan_labels(pairs_of(x, ordered), numbers):
        expected = by_definition(np.array(x), ordered[level], number)
        assert codes.tolist() == expected.tolist()
        cells.append((number, level))
    assert cells == [(m, level) for m in numbers for level in range(len(radii))]


@given(places, st.integers(1, 6), st.integers(1, 8))
def test_counts_are_repetitions(x: list[int], radius: int, min_samples: int) -> None:
    rows, count = np.unique(x, return_counts=True)
    (once,) = levels(pairs_of(rows, [float(radius)], count), min_samples)
    repeated = np.repeat(rows, count)
    (codes,) = levels(pairs_of(repeated, [float(radius)]), min_samples)
    assert np.repeat(once, count).tolist() == codes


@given(places, st.integers(1, 8), st.randoms(use_true_random=False))
def test_order_and_direction_of_the_pairs_do_not_matter(
    x: list[int], min_samples: int, random: object
) -> None:
    pairs = pairs_of(x, [1.0, 3.0])
    order = list(range(len(pairs.first)))
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = NeighbourPairs(
        pairs.second[order], pairs.first[order], pairs.level[order], pairs.count, 2
    )
    assert levels(turned, min_samples) == levels(pairs, min_samples)


def test_dense_graphs_have_the_labels_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, 150), rng.normal(8, 1, 150), [4.0, 30.0]])
    radii = [0.05, 0.3, 1.0, 2.5]
    for number, level, codes in dbscan_labels(pairs_of(x, radii), [2, 5, 40, 160]):
        expected = by_definition(x, radii[level], number)
        np.testing.assert_array_equal(codes, expected, f"{number}, {level}")
