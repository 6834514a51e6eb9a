"""match_segments: stable codes after a refit."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

from skseg.monitor import match_segments

Pairs = list[tuple[int, int]]


def code_pairs(low: int = -1, high: int = 4) -> st.SearchStrategy[Pairs]:
    codes = st.integers(low, high)
    return st.lists(st.tuples(codes, codes), min_size=1, max_size=60)


def columns(pairs: Pairs) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    first, second = np.array(pairs).T
    return first, second


def test_permuted_codes_are_mapped_back() -> None:
    matching = match_segments([0, 0, 1, 1, 2, 2], [2, 2, 0, 0, 1, 1])
    assert matching.mapping == {0: 1, 1: 2, 2: 0}
    assert matching.agreement == 1
    assert matching.gone == ()
    assert matching.table["status"].tolist() == ["kept"] * 3


def test_as_many_customers_as_possible_keep_their_code() -> None:
    # The largest overlap alone, 0 with 0, would leave 1 customer for the other pair.
    reference = np.repeat([0, 0, 1, 1], [5, 4, 4, 1])
    new = np.repeat([0, 1, 0, 1], [5, 4, 4, 1])
    matching = match_segments(reference, new)
    assert matching.mapping == {0: 1, 1: 0}
    assert matching.agreement == 8 / 14
    assert matching.overlap.to_numpy().tolist() == [[5, 4], [4, 1]]
    assert matching.table.to_dict("list") == {
        "code": [0, 1],
        "status": ["kept", "kept"],
        "new_code": [1, 0],
        "n_reference": [9, 5],
        "n_new": [5, 9],
        "n_both": [4, 4],
        "jaccard": [0.4, 0.4],
    }


def test_new_segments_get_codes_after_those_of_the_reference() -> None:
    matching = match_segments([3, 3, 5, 5, 5], [0, 0, 1, 1, 2])
    assert matching.mapping == {0: 3, 1: 5, 2: 6}
    assert matching.table["code"].tolist() == [3, 5, 6]
    assert matching.table["status"].tolist() == ["kept", "kept", "new"]


def test_segments_without_a_partner_are_gone() -> None:
    matching = match_segments([0, 0, 1, 2, 2], [0, 0, 0, 1, 1])
    assert matching.mapping == {0: 0, 1: 2}
    assert matching.gone == (1,)
    assert matching.table["new_code"].isna().tolist() == [False, True, False]


def test_segments_without_a_common_customer_are_no_pair() -> None:
    before = pd.Series({"a": 0, "b": 1})
    after = pd.Series({"a": 0, "c": 1})
    matching = match_segments(before, after)
    assert matching.mapping == {0: 0, 1: 2}
    assert matching.gone == (1,)


def test_noise_stays_noise_and_is_no_partner() -> None:
    # Most customers of 0 are noise now, and most of the noise is in 1.
    matching = match_segments([0, 0, 0, -1, -1, -1, 1], [-1, -1, 0, 1, 1, -1, 0])
    assert matching.mapping == {0: 0, 1: 2, -1: -1}
    assert matching.gone == (1,)
    assert matching.agreement == 2 / 7
    assert matching.overlap.index.tolist() == [0, 1, -1]
    noise = matching.table.query("code == -1").iloc[0]
    assert (noise["status"], noise["n_reference"], noise["n_both"]) == ("kept", 3, 1)


def test_all_noise_on_one_side() -> None:
    matching = match_segments([-1, -1], [0, 1])
    assert matching.mapping == {0: 0, 1: 1}
    assert matching.agreement == 0
    assert match_segments([0, 1], [-1, -1]).gone == (0, 1)
    assert match_segments([-1], [-1]).agreement == 1


def test_of_equal_pairings_one_that_keeps_codes() -> None:
    for k in (2, 3, 4):
        reference, new = np.divmod(np.arange(k * k), k)
        assert match_segments(reference, new).mapping == {i: i for i in range(k)}


def test_series_are_matched_by_their_customers() -> None:
    reference = pd.Series([0, 0, 1, 1, 2], index=["a", "b", "c", "d", "gone"])
    new = pd.Series([1, 0, 0, 1, 3], index=["d", "a", "b", "c", "new"])
    matching = match_segments(reference, new)
    assert matching.mapping == {0: 0, 1: 1, 3: 3}
    assert matching.agreement == 1
    assert matching.overlap.to_numpy().sum() == 4
    assert matching.gone == (2,)


def test_relabel_takes_codes_of_any_customers() -> None:
    matching = match_segments([0, 0, 1, -1], [1, 1, 0, 0])
    relabelled = matching.relabel([1, 0, 0, -1, 1])
    assert relabelled.tolist() == [0, 1, 1, -1, 0]
    assert relabelled.dtype == np.intp
    assert matching.relabel([]).tolist() == []
    with pytest.raises(ValueError, match=r"codes \[2, 7\], .* Known are \[-1, 0, 1\]"):
        matching.relabel([0, 7, 2])


def test_printed_it_is_the_agreement_and_the_table() -> None:
    text = str(match_segments([0, 0, 1, 1], [1, 1, 0, 1]))
    assert text.startswith("75.0% of 4 customers have the same stable code.")


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, pl.Series])
def test_kinds_of_codes(kind: Any) -> None:
    assert match_segments(kind([0, 1, -1]), kind([1, 0, -1])).mapping == {
        0: 1,
        1: 0,
        -1: -1,
    }
    assert match_segments(np.array([0, 1]), kind([1, 0])).agreement == 1


@pytest.mark.parametrize(
    ("reference", "new", "message"),
    [
        ([0, 1], [0], r"same customers, in the same order. Got 2 and 1. Pass two"),
        ([0, -2], [0, 1], r"The 'reference' of match_segments must be codes .* -2"),
        ([0, 1], [0.0, 1.0], r"The 'new' of match_segments .* Got float64 .* 0.0"),
        ([0, 1], [True, False], r"The 'new' .* Got bool values"),
        ([0, 1], ["a", "b"], r"The 'new' .* Got .* values such as .*'a'"),
        ([], [], r"customers that are in both segmentations. Got none"),
        (
            pd.Series([0, 1], index=["a", "a"]),
            pd.Series([0], index=["a"]),
            r"index of 'reference' .* each of them once. Got 'a'",
        ),
        (
            pd.Series([0], index=["a"]),
            pd.Series([0, 1], index=["a", None]),
            r"index of 'new' .* each of them known",
        ),
        (
            pd.Series([0], index=["a"]),
            pd.Series([0], index=["b"]),
            r"customers that are in both segmentations. Got none",
        ),
    ],
)
def test_wrong_assignments(reference: Any, new: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        match_segments(reference, new)


@given(code_pairs())
def test_mapping_is_one_to_one_and_names_every_new_code(pairs: Pairs) -> None:
    reference, new = columns(pairs)
    matching = match_segments(reference, new)
    assert set(matching.mapping) == set(new.tolist())
    assert len(set(matching.mapping.values())) == len(matching.mapping)
    fresh = [c for c in matching.mapping.values() if c not in reference and c >= 0]
    assert all(code > reference.max() for code in fresh)
    kept = set(matching.mapping.values()) & set(reference.tolist())
    assert set(matching.gone) == set(reference.tolist()) - kept - {-1}


@given(code_pairs())
def test_agreement_is_that_of_the_relabelled_codes(pairs: Pairs) -> None:
    reference, new = columns(pairs)
    matching = match_segments(reference, new)
    same = matching.relabel(new) == reference
    assert matching.agreement == pytest.approx(same.mean())
    assert matching.table["n_both"].sum() == same.sum()


@given(code_pairs(), st.permutations(range(5)))
def test_a_permuted_copy_gives_back_the_original(
    pairs: Pairs, permutation: list[int]
) -> None:
    codes, _ = columns(pairs)
    copy = np.array([*permutation, -1])[codes]
    np.testing.assert_array_equal(match_segments(codes, copy).relabel(copy), codes)


@given(code_pairs(low=0), st.permutations(range(5)))
def test_the_numbering_of_new_codes_does_not_matter(
    pairs: Pairs, permutation: list[int]
) -> None:
    reference, new = columns(pairs)
    renumbered = np.array(permutation)[new]
    agreement = match_segments(reference, renumbered).agreement
    assert agreement == match_segments(reference, new).agreement


@given(code_pairs(low=0))
def test_no_assignment_keeps_more_customers(pairs: Pairs) -> None:
    reference, new = columns(pairs)
    best = max(
        np.mean(np.array(permutation)[new] == reference)
        for permutation in permutations(range(5))
    )
    assert match_segments(reference, new).agreement == pytest.approx(best)


def test_refitted_k_means_gets_its_previous_codes() -> None:
    X, _ = make_blobs(600, centers=5, cluster_std=0.5, random_state=3)
    codes = [
        KMeans(5, n_init=5, random_state=seed).fit(X[seed:]).predict(X)
        for seed in (0, 1)
    ]
    assert np.mean(codes[0] == codes[1]) < 0.9
    assert match_segments(*codes).agreement > 0.99


def test_in_a_notebook_it_is_the_table_under_a_sentence() -> None:
    html = match_segments([0, 0, 1, 1, 2], [1, 1, 0, 0, 0])._repr_html_()
    assert "80.0% of 5 customers have the same stable code." in html
    row = [">2<", ">gone<", ">-<", ">1<", ">0<", ">0<", ">0.000<"]
    assert all(cell in html for cell in row)
