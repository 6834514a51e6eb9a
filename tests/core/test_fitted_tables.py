"""Tables of models: kept as arrays, and given as frames of the caller's own."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from skseg._core._fitted_tables import FittedTable

TABLES = {
    "every type": pd.DataFrame(
        {
            "n": [1, 2],
            "share": [0.5, np.nan],
            "name": ["x", "y"],
            "none": [None, None],
            "names": [("q",), ()],
            "flag": [True, False],
            "text": pd.array(["a", None], dtype="string"),
            "score": pd.array([1, None], dtype="Int64"),
            "day": pd.to_datetime(["2024-01-31", None]),
        }
    ),
    "index": pd.DataFrame({"n": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="rule")),
    "no rows": pd.DataFrame({"n": np.empty(0, dtype=int), "name": np.empty(0, object)}),
    "names of columns": pd.DataFrame([[1, 2]], columns=["a", 0]),
}


class Model:
    table_ = FittedTable()


@pytest.mark.parametrize("name", TABLES)
def test_a_table_comes_back_as_it_was(name: str) -> None:
    model = Model()
    model.table_ = TABLES[name]
    for other in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        pd.testing.assert_frame_equal(other.table_, TABLES[name])
    assert not any(isinstance(v, pd.DataFrame) for v in vars(model).values())


def test_a_table_belongs_to_whoever_reads_it() -> None:
    model, table = Model(), TABLES["every type"].copy()
    model.table_ = table
    table.loc[0, "n"] = 99
    reader = model.table_
    reader.loc[0, "share"] = 99.0
    pd.testing.assert_frame_equal(model.table_, TABLES["every type"])


def test_there_is_no_table_before_the_fit() -> None:
    model = Model()
    assert not hasattr(model, "table_")
    with pytest.raises(AttributeError, match="'Model' object has no attribute"):
        model.table_  # noqa: B018
    model.table_ = TABLES["index"]
    del model.table_
    assert not hasattr(model, "table_")
