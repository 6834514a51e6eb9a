"""information_value of tables that are not in memory: the values of the same rows."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skseg import InformationValue, information_value
from skseg._finders._iv import _table_columns
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    SksegError,
)
from tests.engines.connections import every_engine, make_table
from tests.examples import few_examples

# Of ibis, which asks pandas for it.
pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")

# Parameters that name a column of the table.
NAMES = ("group", "sample_weight")


def leads(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """Return columns of every kind, with outcomes, groups and weights."""
    rng = np.random.default_rng(seed)
    bought = rng.random(n) < 0.4
    return pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.normal(40, 9, n)),
            "visits": rng.integers(0, 5, n),
            "spend": np.where(rng.random(n) < 0.6, 0.0, rng.gamma(2, 20, n)),
            "plan": rng.choice(["Pro", "pro", "free ", "free", "ü", "", None], n),
            "code": rng.choice([-9, -8, 1, 2, 3.5], n),
            "bought": bought.astype(np.int64),
            "answer": np.where(bought, "yes", "no"),
            "channel": rng.choice(["mail", "none", "sms"], n),
            "n": rng.integers(0, 4, n),
        }
    )


FEATURES = ["age", "visits", "spend", "plan", "code"]


def arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame with NULL for missing values."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def values(
    frame: pd.DataFrame, engine: str, y: str, features: list[str], **parameters: Any
) -> list[InformationValue | SksegError]:
    """Return the values of rows in memory and those of a table, or their errors."""
    in_memory = {
        key: frame[value] if key in NAMES else value
        for key, value in parameters.items()
    }
    named = [parameters[name] for name in NAMES if name in parameters]
    table = make_table(engine, arrow(frame[[*features, y, *named]]))
    results: list[InformationValue | SksegError] = []
    for X, outcome, arguments in (
        (frame[features], frame[y], in_memory),
        (table, y, parameters),
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                results.append(information_value(X, outcome, **arguments))
        except SksegError as error:
            results.append(error)
    return results


def assert_same(in_memory: Any, of_table: Any) -> None:
    """Raise unless all values are the same to the last bit, or both are errors."""
    if isinstance(in_memory, SksegError):
        assert type(of_table) is type(in_memory), of_table
        assert of_table.name == in_memory.name
        return
    assert not isinstance(of_table, SksegError), of_table
    for expected, frame in zip(in_memory, of_table, strict=True):
        pd.testing.assert_frame_equal(frame, expected, check_exact=True)


@every_engine
def test_a_table_gives_the_values_of_the_same_rows_in_memory(engine: str) -> None:
    parameters = {
        "group": "channel",
        "reference": "none",
        "sample_weight": "n",
        "special": {"refused": [-9, -8], "never": "free"},
    }
    assert_same(*values(leads(), engine, "answer", FEATURES, **parameters))


CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "few bins": {"max_bins": 2},
    "many bins": {"max_bins": 250},
    "more bins than values": {"max_bins": 1000},
    "weights": {"sample_weight": "n"},
    "two of three groups": {
        "group": "channel",
        "treatment": "mail",
        "reference": "sms",
    },
    "one against the others": {"group": "channel", "treatment": "mail"},
    "edges on the right": {"bins": {"age": [30, 40.5], "visits": [0, 3]}},
    "edges on the left": {"bins": {"age": [30], "spend": [0, 20]}, "closed": "left"},
    "infinite edges": {"bins": {"age": [-math.inf, 40, math.inf]}},
    "no edges": {"bins": {"age": []}},
    "levels": {"bins": "levels"},
    "lists of texts": {
        "bins": {"plan": [["Pro", "pro"], ["free", "free ", ""], ["ü", "other"]]}
    },
    "codes among edges": {"bins": {"code": [0, 2]}, "special": {"refused": [-9, 2]}},
    "zeros": {"zero_cells": "replace_0.9"},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_every_parameter_means_what_it_means_in_memory(engine: str, case: str) -> None:
    assert_same(*values(leads(), engine, "bought", FEATURES, **CASES[case]))


@pytest.mark.parametrize("pos_label", [None, "no", "yes", "maybe"])
def test_outcomes_are_labels_as_in_memory(pos_label: str | None) -> None:
    features = ["age", "visits"]
    pair = values(leads(), "duckdb", "answer", features, pos_label=pos_label)
    assert_same(*pair)


@pytest.mark.parametrize("pos_label", [None, True, False])
def test_outcomes_are_flags_as_in_memory(pos_label: bool | None) -> None:
    frame = leads().astype({"bought": bool})
    assert_same(*values(frame, "duckdb", "bought", ["age"], pos_label=pos_label))


INF = math.inf
numbers = st.sampled_from(
    [-INF, -1e300, -2.5, -0.0, 0.0, 5e-324, 0.1, 0.2, 1 / 3, 7.0, 1e16, INF, None]
)
rows_of_leads = st.lists(
    st.tuples(
        numbers,
        st.floats(-3, 3),
        st.booleans(),
        st.sampled_from(["a", "A", "b", None]),
        st.integers(0, 1),
        st.sampled_from(["x", "y"]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=50,
)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@few_examples(8)
@given(
    rows=rows_of_leads,
    max_bins=st.integers(2, 7),
    weighted=st.booleans(),
    grouped=st.booleans(),
)
def test_any_rows_give_the_same_values(
    engine: str,
    rows: list[tuple[Any, ...]],
    max_bins: int,
    weighted: bool,
    grouped: bool,
) -> None:
    names = ["few", "many", "flag", "text", "y", "group", "n"]
    frame = pd.DataFrame(rows, columns=names).astype({"few": np.float64})
    parameters: dict[str, Any] = {"max_bins": max_bins}
    if weighted:
        # Which error comes first is not the same.
        assume(frame["n"].any())
        parameters["sample_weight"] = "n"
    if grouped:
        parameters["group"] = "group"
    assert_same(*values(frame, engine, "y", names[:4], **parameters))


def test_columns_of_one_value_or_none_have_the_bins_that_they_have_in_memory() -> None:
    frame = leads(30)[["bought"]].assign(one=3.5, none=np.nan, word="a")
    assert_same(*values(frame, "duckdb", "bought", ["one", "none", "word"]))


def test_a_column_of_many_texts_warns_as_in_memory() -> None:
    frame = leads(50)[["bought"]]
    frame["email"] = [f"c{i}@example.com" for i in range(50)]
    table = make_table("duckdb", arrow(frame))
    with pytest.warns(UserWarning, match="'email' is one of chance") as caught:
        information_value(table, "bought")
    assert caught[0].filename == __file__


# Errors


def table_error(frame: pd.DataFrame, y: Any, **parameters: Any) -> SksegError:
    """Return the error of the values of a table."""
    with pytest.raises(SksegError) as caught:
        information_value(make_table("duckdb", arrow(frame)), y, **parameters)
    return caught.value


def test_parameters_name_columns_of_the_table() -> None:
    frame = leads()
    error = table_error(frame, frame["bought"])
    assert isinstance(error, InvalidParameterError)
    assert error.name == "y"
    assert table_error(frame, None).name == "y"
    error = table_error(frame, "bougth")
    assert isinstance(error, MissingColumnError)
    assert "'bought'" in str(error)
    error = table_error(frame, "bought", bins={"agee": [1]})
    assert isinstance(error, MissingColumnError)


def test_folds_need_rows_in_memory() -> None:
    frame = leads()[["age", "bought"]]
    error = table_error(frame, "bought", cv=5)
    assert (error.owner, error.name) == ("information_value", "cv")
    # What the message advises.
    table = make_table("duckdb", arrow(frame))
    assert len(information_value(table, "bought", cv=None).iv) == 1
    assert len(information_value(frame[["age"]], frame["bought"], cv=5).iv) == 1


def test_outcomes_and_groups_are_known() -> None:
    frame = leads().astype({"bought": float})
    frame.loc[[1, 7], "bought"] = np.nan
    frame.loc[[2, 3, 4], "channel"] = None
    error = table_error(frame, "bought")
    assert (error.name, error.value, error.column) == ("y", 2, "bought")
    error = table_error(frame, "answer", group="channel", treatment="mail")
    assert (error.name, error.column) == ("group", "channel")


def test_outcomes_are_events() -> None:
    error = table_error(leads(), "spend")
    assert (error.name, error.column, error.rule) == ("y", "spend", "0 or 1")
    error = table_error(leads().assign(bought=1), "bought")
    assert error.rule == "with events and non-events in each group"


def test_dates_are_refused_with_what_to_do() -> None:
    frame = leads()[["bought"]].assign(since=pd.Timestamp("2024-05-01"))
    error = table_error(frame, "bought")
    assert isinstance(error, InvalidDataError)
    assert error.column == "since"
    # What the message advises.
    relation = make_table("duckdb", arrow(frame)).project(
        "bought, DATE_DIFF('day', DATE '2024-01-01', since) AS days"
    )
    assert information_value(relation, "bought").iv["column"].tolist() == ["days"]


def test_too_many_levels_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_table_columns, "MAX_LEVELS", 100)
    frame = leads()[["age", "bought"]]
    assert table_error(frame, "bought", bins="levels").column == "age"
