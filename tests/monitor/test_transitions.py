"""transition_matrix: who moved where, who came and who left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.monitor import transition_matrix

BEFORE = pd.Series({"ann": 0, "bob": 0, "cid": 1, "fay": -1})
AFTER = pd.Series({"dan": 0, "cid": 1, "bob": 1, "fay": 0, "eve": -1})

codes_by_customer = st.dictionaries(
    st.integers(0, 40), st.integers(-1, 4), min_size=1
).map(lambda codes: pd.Series(codes, dtype=int))


def test_counts_of_the_same_customers() -> None:
    matrix = transition_matrix([0, 0, 0, 1, 1, 2], [0, 1, 1, 1, 1, 0])
    assert matrix.to_numpy().tolist() == [[1, 2, 0], [0, 2, 0], [1, 0, 0]]
    assert matrix.index.tolist() == matrix.columns.tolist() == [0, 1, 2]
    assert (matrix.index.name, matrix.columns.name) == ("before", "after")


def test_new_and_gone_customers_and_noise() -> None:
    matrix = transition_matrix(BEFORE, AFTER)
    assert matrix.index.tolist() == [0, 1, -1, "new"]
    assert matrix.columns.tolist() == [0, 1, -1, "gone"]
    assert matrix.to_numpy().tolist() == [
        [0, 1, 0, 1],
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [1, 0, 1, 0],
    ]


def test_order_of_the_customers_does_not_matter() -> None:
    matrix = transition_matrix(BEFORE, AFTER)
    pd.testing.assert_frame_equal(transition_matrix(BEFORE[::-1], AFTER), matrix)


def test_series_of_the_same_customers_have_nobody_new_or_gone() -> None:
    matrix = transition_matrix(BEFORE, BEFORE)
    assert matrix.loc["new"].sum() == 0
    assert matrix["gone"].sum() == 0
    np.testing.assert_array_equal(np.diag(matrix), [2, 1, 1, 0])


def test_nobody_before_or_after() -> None:
    nobody = pd.Series([], dtype=int, index=pd.Index([], dtype=object))
    assert transition_matrix(nobody, BEFORE).loc["new"].tolist() == [2, 1, 1, 0]
    assert transition_matrix(BEFORE, nobody)["gone"].tolist() == [2, 1, 1, 0]
    assert transition_matrix(nobody, nobody).to_numpy().tolist() == [[0]]


@pytest.mark.parametrize(
    "names",
    [
        ["Loyal", "At risk", "Lost"],
        ["Loyal", "At risk", "Lost", "Noise"],
        np.array(["Loyal", "At risk", "Lost"], dtype=object),
        {2: "Lost", 0: "Loyal", 1: "At risk"},
        {0: "Loyal", 1: "At risk", 2: "Lost", -1: "Noise"},
    ],
)
def test_all_names_have_a_row_and_a_column_and_noise_is_last(names: Any) -> None:
    matrix = transition_matrix(BEFORE, AFTER, segment_names=names)
    segments = ["Loyal", "At risk", "Lost", "Noise"]
    assert matrix.index.tolist() == [*segments, "new"]
    assert matrix.columns.tolist() == [*segments, "gone"]
    assert matrix.loc["Loyal", "At risk"] == 1
    assert matrix.loc["Noise", "Loyal"] == 1
    assert matrix.loc["Lost"].sum() == 0


def test_names_of_noise() -> None:
    assert transition_matrix([0], [0], segment_names=["A"]).index.tolist() == ["A"]
    both = ["A", "Noise"]
    assert transition_matrix([0], [0], segment_names=both).index.tolist() == both
    other = {0: "A", -1: "Outliers"}
    assert transition_matrix([0], [-1], segment_names=other).columns.tolist() == [
        "A",
        "Outliers",
    ]


def test_names_by_code_may_have_gaps() -> None:
    matrix = transition_matrix([0, 7], [7, 7], segment_names={7: "B", 0: "A"})
    assert matrix.loc["A", "B"] == 1
    assert matrix.loc["B", "B"] == 1


def test_shares_of_before_after_and_all() -> None:
    before, after = [0, 0, 0, 0, 1], [0, 1, 1, 1, 1]
    shares = {
        normalize: transition_matrix(before, after, normalize=normalize).to_numpy()
        for normalize in ("before", "after", "all")
    }
    np.testing.assert_allclose(shares["before"], [[0.25, 0.75], [0, 1]])
    np.testing.assert_allclose(shares["after"], [[1, 0.75], [0, 0.25]])
    np.testing.assert_allclose(shares["all"], [[0.2, 0.6], [0, 0.2]])


def test_shares_of_nobody_are_unknown() -> None:
    matrix = transition_matrix(
        [0, 0], [0, 0], segment_names=["A", "B"], normalize="before"
    )
    assert matrix.loc["A"].tolist() == [1, 0]
    assert matrix.loc["B"].isna().all()


def test_weights_are_repetitions() -> None:
    before, after, weight = [0, 0, 1, 2], [1, 0, 1, -1], [3, 1, 2, 4]
    weighted = transition_matrix(before, after, sample_weight=weight)
    repeated = transition_matrix(np.repeat(before, weight), np.repeat(after, weight))
    pd.testing.assert_frame_equal(weighted, repeated, check_dtype=False)


def test_weights_by_customer_count_new_and_gone_ones() -> None:
    revenue = pd.Series(
        {"eve": 5.0, "dan": 4.0, "cid": 3.0, "bob": 2.0, "ann": 1.0, "fay": 6.0}
        | {"zoe": 99.0}
    )
    matrix = transition_matrix(BEFORE, AFTER, sample_weight=revenue)
    assert matrix.loc[0].tolist() == [0, 2, 0, 1]
    assert matrix.loc["new"].tolist() == [4, 0, 5, 0]
    assert matrix.to_numpy().sum() == 21


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"normalize": "rows"}, r"'normalize' .* 'before' or 'after' or 'all'"),
        ({"segment_names": ["A"]}, r"must name all codes. Got none for \[1\]"),
        ({"segment_names": {0: "A"}}, r"must name all codes. Got none for \[1\]"),
        (
            {"segment_names": "AB"},
            r"'segment_names' .* a sequence or dict of str. Got 'AB'",
        ),
        ({"segment_names": ["A", "A"]}, r"must differ .* Got 'A' twice"),
        (
            {"segment_names": ["new", "B"]},
            r"differ from each other, and from 'new' .*'new'",
        ),
        ({"segment_names": ["A", "gone"]}, r"Got 'gone' twice"),
        ({"segment_names": ["Noise", "B"]}, r"Got 'Noise' twice"),
        ({"sample_weight": [1, 2]}, r"a pandas Series by customer.* Got a list"),
        (
            {"sample_weight": pd.Series({"ann": 1.0})},
            r"must have all customers .* has no '(bob|cid|fay)'",
        ),
        (
            {"sample_weight": pd.Series([1.0, 2.0], index=["ann", "ann"])},
            r"index of 'sample_weight' .* once. Got 'ann'",
        ),
    ],
)
def test_wrong_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        transition_matrix(BEFORE, AFTER, **parameters)


def test_wrong_assignments() -> None:
    with pytest.raises(ValueError, match=r"'before' and 'after' .* Got 1 and 2"):
        transition_matrix([0], [0, 1])
    with pytest.raises(ValueError, match=r"'after' of transition_matrix must be codes"):
        transition_matrix([0], [np.nan])
    with pytest.raises(ValueError, match=r"sample_weight must have shape \(1,\)"):
        transition_matrix([0], [0], sample_weight=[1, 2])


@pytest.mark.filterwarnings("ignore:transition_matrix found no customer")
@given(codes_by_customer, codes_by_customer)
def test_no_customer_is_lost(before: pd.Series, after: pd.Series) -> None:
    matrix = transition_matrix(before, after)
    assert matrix.to_numpy().sum() == len(set(before.index) | set(after.index))
    for code in matrix.index[:-1]:
        assert matrix.loc[code].sum() == (before == code).sum()
        assert matrix[code].sum() == (after == code).sum()
    assert matrix.loc["new"].sum() == len(set(after.index) - set(before.index))
    assert matrix["gone"].sum() == len(set(before.index) - set(after.index))
    assert matrix.loc["new", "gone"] == 0


@pytest.mark.filterwarnings("ignore:transition_matrix found no customer")
@given(codes_by_customer, codes_by_customer)
def test_swapping_before_and_after_transposes_the_matrix(
    before: pd.Series, after: pd.Series
) -> None:
    there = transition_matrix(before, after).to_numpy()
    back = transition_matrix(after, before).to_numpy()
    np.testing.assert_array_equal(back, there.T)


@pytest.mark.filterwarnings("ignore:transition_matrix found no customer")
@given(codes_by_customer, codes_by_customer)
def test_shares_add_up_to_one(before: pd.Series, after: pd.Series) -> None:
    for normalize, axis in (("before", 1), ("after", 0), ("all", None)):
        shares = transition_matrix(before, after, normalize=normalize).to_numpy()
        sums = np.atleast_1d(shares.sum(axis=axis))
        np.testing.assert_allclose(sums[~np.isnan(sums)], 1)


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1))
def test_counts_are_those_of_pandas(pairs: list[tuple[int, int]]) -> None:
    before, after = np.array(pairs).T
    matrix = transition_matrix(before, after)
    expected = pd.crosstab(before, after)
    found = matrix.loc[expected.index, expected.columns]
    np.testing.assert_array_equal(found, expected)
    assert matrix.to_numpy().sum() == expected.to_numpy().sum()
