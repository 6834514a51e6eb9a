"""Nested names: entries of mappings and of records as parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from sklearn.base import BaseEstimator, clone

from skseg._core._nested_params import MappingParam, NestedParamsMixin, RecordParam
from skseg.exceptions import InvalidDataError


class Limits(BaseEstimator):
    def __init__(self, alpha: float = 0.05, low: float = 0.0) -> None:
        self.alpha = alpha
        self.low = low


def by_key(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else dict.fromkeys("ab", value)


class Segmenter(NestedParamsMixin, BaseEstimator):
    _nested_params: ClassVar[Mapping[str, Any]] = {
        "rules": MappingParam(),
        "n_scores": MappingParam(("a", "b"), by_key),
        "limits": RecordParam(Limits),
    }

    def __init__(
        self, rules: Any = None, n_scores: Any = 5, limits: Any = None
    ) -> None:
        self.rules = rules
        self.n_scores = n_scores
        self.limits = limits


def test_entries_are_parameters() -> None:
    segmenter = Segmenter({"VIP": "x > 1"})
    params = segmenter.get_params()
    assert params["rules__VIP"] == "x > 1"
    assert params["n_scores__a"] == params["n_scores__b"] == 5
    assert params["limits__alpha"] == 0.05
    assert set(segmenter.get_params(deep=False)) == {"rules", "n_scores", "limits"}
    assert segmenter.set_params(**params).get_params() == {
        **params,
        "n_scores": {"a": 5, "b": 5},
        "limits": segmenter.limits,
    }


def test_what_the_caller_passed_is_not_changed() -> None:
    rules, limits = {"VIP": "x > 1"}, Limits()
    segmenter = Segmenter(rules, limits=limits)
    segmenter.set_params(rules__VIP="x > 2", limits__alpha=0.1, n_scores__b=3)
    assert (rules, limits.alpha) == ({"VIP": "x > 1"}, 0.05)
    assert segmenter.rules == {"VIP": "x > 2"}
    assert segmenter.limits.alpha == 0.1
    assert segmenter.n_scores == {"a": 5, "b": 3}
    copy = clone(segmenter)
    assert copy.limits.alpha == 0.1
    assert copy.rules == {"VIP": "x > 2"}


def test_a_mapping_and_its_entries_are_set_together() -> None:
    segmenter = Segmenter().set_params(
        rules__VIP="x > 3", rules={"VIP": "x > 1", "a__b": "x < 0"}, rules__a__b="x < 1"
    )
    assert segmenter.rules == {"VIP": "x > 3", "a__b": "x < 1"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rules__VPI", "Did you mean 'VIP'"),
        ("n_scores__c", "'a', 'b'"),
        ("limits__alhpa", "Did you mean 'alpha'"),
    ],
)
def test_an_unknown_entry_is_refused(name: str, hint: str) -> None:
    segmenter = Segmenter({"VIP": "x > 1"})
    before = segmenter.get_params()
    with pytest.raises(InvalidDataError, match=hint):
        segmenter.set_params(**{name: 1})
    assert segmenter.get_params().keys() == before.keys()


def test_nothing_is_listed_where_there_is_no_mapping() -> None:
    assert not [name for name in Segmenter().get_params() if name[:7] == "rules__"]
    with pytest.raises(
        InvalidDataError,
        match="rules=None has no entries to set one by one",
    ):
        Segmenter().set_params(rules__VIP="x > 1")
    with pytest.raises(ValueError, match="Invalid parameter"):
        Segmenter().set_params(other=1)
