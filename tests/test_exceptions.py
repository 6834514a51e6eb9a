"""The family of errors: what is caught as what, and facts that travel with them."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

from skseg import exceptions
from skseg.exceptions import (
    InfeasibleError,
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    MissingExtraError,
    RuleError,
    SksegError,
    reworded,
)

ERRORS = [
    SksegError("Wrong.", owner="fit", row=3, advice="Do this."),
    InvalidParameterError("RFM", "n", "an int", 1.5, advice="Give 2."),
    InvalidDataError("Wrong.", name="y", value=[1], column="a", row=0),
    RuleError("Wrong.", text="a = 1", span=(2, 3), column="a"),
    MissingColumnError("The rule set", ["a", "b"], ["A"]),
    InfeasibleError("Wrong.", owner="fit", advice="Ask for less."),
    MissingExtraError("Drawing", "plot"),
]


def test_every_class_is_tried_here() -> None:
    assert sorted(type(error).__name__ for error in ERRORS) == exceptions.__all__


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_keeps_its_text_and_facts_between_processes(error: SksegError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_reworded_error_keeps_its_class_and_facts(error: SksegError) -> None:
    before = dict(vars(error))
    copy = reworded(error, f"Segment 'VIP': {error}")
    assert type(copy) is type(error)
    assert str(copy) == f"Segment 'VIP': {error}"
    assert copy.message == f"Segment 'VIP': {error.message}"
    assert vars(copy) | {"message": error.message} == before == vars(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_are_caught_as_what_python_would_raise(error: SksegError) -> None:
    kind = ImportError if isinstance(error, MissingExtraError) else ValueError
    assert isinstance(error, kind) or type(error) is SksegError


def test_a_missing_column_is_a_fault_of_the_rule_and_of_the_data() -> None:
    assert issubclass(MissingColumnError, RuleError)
    assert issubclass(MissingColumnError, InvalidDataError)


def test_a_frame_stands_in_a_sentence_by_its_shape() -> None:
    for value in (pd.Series(range(100)), pd.DataFrame({"x": range(100)})):
        error = InvalidParameterError("fit", "y", "the name of a column", value)
        shape = f"a {type(value).__name__} of the shape {value.shape}"
        assert f"Got {shape} instead." in str(error)
        assert error.value is value
