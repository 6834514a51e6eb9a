"""Checks that estimators share: errors carry their facts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skseg._core._validation import check_outcome, check_sample_weight
from skseg.exceptions import InvalidDataError


@pytest.mark.parametrize(
    ("weight", "value", "row"),
    [
        ([1.0, -2.0, -3.0], -2.0, 1),
        ([1.0, 1.0, np.inf], np.inf, 2),
        ([0.0, 0.0, 0.0], 0.0, None),
        ([1.0, 1.0], (2,), None),
    ],
)
def test_an_invalid_weight_is_named_with_value_and_row(
    weight: list[float], value: Any, row: int | None
) -> None:
    with pytest.raises(InvalidDataError, match="sample_weight must") as caught:
        check_sample_weight(weight, 3, "Finder")
    error = caught.value
    assert (error.owner, error.name) == ("Finder", "sample_weight")
    assert (error.value, error.row) == (value, row)
    assert error.rule is not None


@pytest.mark.parametrize(
    ("y", "value", "row"),
    [
        ([1.0, -np.inf, np.nan], -np.inf, 1),
        (["a", "b", "c"], "a", 0),
        ([1], 1, None),
    ],
)
def test_an_invalid_outcome_is_named_with_value_and_row(
    y: list[Any], value: Any, row: int | None
) -> None:
    with pytest.raises(InvalidDataError) as caught:
        check_outcome("Finder", y, 3)
    error = caught.value
    assert (error.owner, error.name) == ("Finder", "y")
    assert (error.value, error.row) == (value, row)


def test_an_outcome_may_be_unknown_where_it_is_not_needed() -> None:
    outcome = check_outcome("Finder", [1.0, np.nan], np.array([True, False]))
    np.testing.assert_array_equal(outcome, [1.0, np.nan])
