"""The rule of one standard error, and pairs of assignments, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg._search.clusters._agreement import contingency_table, prediction_strength
from skseg._search.clusters._gap import first_within_one_error

GAP = [0.1, 0.5, 0.8, 0.9, 0.7]


@pytest.mark.parametrize(
    ("error", "place"),
    [
        # The error of the next number counts, neither its own nor a later one.
        ([9, 0, 0, 0, 0], 3),
        ([0, 0.5, 0, 0, 0], 0),
        ([0, 0, 0.4, 0, 0], 1),
        ([0, 0, 0, 0.2, 0], 2),
        ([0, 0, 0, 0, 9], 3),
    ],
)
def test_a_gap_is_compared_with_the_next_one_less_its_error(
    error: list[float], place: int
) -> None:
    assert first_within_one_error(np.array(GAP), np.array(error)) == place


def test_gaps_that_rise_to_the_end_choose_the_last() -> None:
    assert first_within_one_error(np.arange(4.0), np.zeros(4)) == 3


codes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=12)


@given(codes)
def test_the_table_counts_the_rows_of_each_pair(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    table = contingency_table(first, second)
    shape = tuple(max((p[axis] for p in pairs), default=-1) + 1 for axis in (0, 1))
    assert table.shape == shape
    expected = np.zeros(shape)
    for pair in pairs:
        expected[pair] += 1
    assert table.tolist() == expected.tolist()


@given(codes)
def test_the_strength_is_the_share_of_pairs_that_stay_together(
    pairs: list[tuple[int, int]],
) -> None:
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    shares = []
    for code in set(first.tolist()):
        rows = np.flatnonzero(first == code)
        together = [second[i] == second[j] for i in rows for j in rows if i < j]
        shares += [np.mean(together)] if together else []
    assert prediction_strength(first, second) == min(shares, default=1.0)
