"""Text in rules that no training row holds: typing errors do not stay silent."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skseg import MECERuleSegmenter
from skseg.rules import Columns, RuleSet
from skseg.rules._unseen import unseen_sentences

CATEGORIES = ["fashion", "toys", None, "Garden & Home", "fashion"]
CONTAINERS = {
    "dict": lambda texts: {"category": texts},
    "pandas object": lambda texts: pd.DataFrame({"category": texts}, dtype=object),
    "pandas str": lambda texts: pd.DataFrame({"category": texts}),
    "pandas category": lambda texts: pd.DataFrame(
        {"category": texts}, dtype="category"
    ),
    "pandas arrow": lambda texts: pd.DataFrame(
        {"category": pd.Series(texts, dtype=pd.ArrowDtype(pa.string()))}
    ),
    "polars": lambda texts: pl.DataFrame({"category": texts}),
    "polars categorical": lambda texts: pl.DataFrame(
        {"category": pl.Series(texts, dtype=pl.Categorical)}
    ),
    "pyarrow": lambda texts: pa.table({"category": texts}),
    "pyarrow dictionary": lambda texts: pa.table(
        {"category": pa.array(texts).dictionary_encode()}
    ),
}


def sentences(rules: RuleSet, X: Any) -> list[str]:
    columns = Columns(X)
    return unseen_sentences(rules.unseen_values(columns), columns)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            "category == 'fashon'",
            "No row of column 'category' holds 'fashon'. Did you mean 'fashion'?",
        ),
        (
            "not category == 'Fashion'",
            "No row of column 'category' holds 'Fashion'. Did you mean 'fashion'?",
        ),
        (
            "category != 'fashion '",
            "No row of column 'category' holds 'fashion '. Did you mean 'fashion'?",
        ),
        (
            "category in ['toys', 'garden and home']",
            (
                "No row of column 'category' holds 'garden and home'. Did you mean "
                "'Garden & Home'?"
            ),
        ),
        (
            "category not in ['toys', 'zzz']",
            (
                "No row of column 'category' holds 'zzz'. It holds 'Garden & Home', "
                "'fashion', 'toys'."
            ),
        ),
    ],
)
def test_an_unseen_text_is_named_with_the_near_one(
    container: str, rule: str, sentence: str
) -> None:
    rules = RuleSet({"A": rule}, default="B")
    assert sentences(rules, CONTAINERS[container](CATEGORIES)) == [sentence]


def test_texts_that_rows_hold_numbers_and_missing_values_are_not_unseen() -> None:
    rules = RuleSet(
        {"A": "category == 'toys' or n > 7", "B": "missing(category) and n == 5"}
    )
    assert sentences(rules, {"category": CATEGORIES, "n": [1, 2, 3, 4, 5]}) == []


def test_the_universe_counts_and_a_value_is_named_once() -> None:
    rules = RuleSet(
        {"A": "plan == 'pro' and n > 1", "B": "plan == 'pro' and n <= 1"},
        universe="plan != 'fre'",
    )
    X = {"plan": ["free", "trial"], "n": [1, 2]}
    assert rules.unseen_values(X) == {"plan": ["fre", "pro"]}


def test_many_levels_are_counted_and_none_are_said_to_be_none() -> None:
    rules = RuleSet({"A": "plan == 'qqq'"})
    assert sentences(rules, {"plan": [f"x{i:02}" for i in range(12)]}) == [
        "No row of column 'plan' holds 'qqq'. It holds 12 other texts."
    ]
    assert sentences(rules, {"plan": [None, None]}) == [
        "No row of column 'plan' holds 'qqq'. It holds no text at all."
    ]


def test_of_many_unseen_texts_some_have_a_sentence_and_others_are_counted() -> None:
    texts = [f"typo{i:02}" for i in range(30)]
    rules = RuleSet({"A": f"plan in {texts}"})
    lines = sentences(rules, {"plan": ["free", "pro"]})
    assert len(lines) == 9
    assert lines[7].startswith("No row of column 'plan' holds 'typo07'.")
    assert lines[8] == (
        "22 more texts of the rules are in no row: RuleSet.unseen_values lists them."
    )
    assert rules.unseen_values({"plan": ["free", "pro"]}) == {"plan": texts}


@pytest.mark.parametrize("container", CONTAINERS)
def test_fit_warns_of_unseen_texts_and_following_the_hint_ends_it(
    container: str,
) -> None:
    X = CONTAINERS[container](CATEGORIES)
    if isinstance(X, dict):
        X = pd.DataFrame(X)
    with pytest.warns(UserWarning, match="Did you mean 'fashion'?") as caught:
        MECERuleSegmenter({"F": "category == 'fashon'"}, default="Rest").fit(X)
    (warning,) = caught
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = MECERuleSegmenter(
            {"F": "category == {kind}"}, params={"kind": "fashion"}, default="Rest"
        ).fit(X)
    assert np.array_equal(fitted.labels_, [0, 1, 1, 1, 0])


def test_new_rows_may_lack_a_text_of_the_rules() -> None:
    X = pd.DataFrame({"category": CATEGORIES})
    fitted = MECERuleSegmenter({"F": "category == 'fashion'"}, default="Rest").fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fitted.predict(X[1:2]).tolist() == [1]
