"""OptimalRevenueBinner on tables that are not in memory: the fit of the same rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import OptimalRevenueBinner
from skseg._revenue import _table_customers
from skseg._revenue._table_cells import Relevance, ScoredTable, cell_customers
from skseg._revenue._table_customers import read_table_customers
from skseg._search.cuts import _rows
from skseg.engines import open_table
from skseg.exceptions import (
    InfeasibleError,
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    SksegError,
)
from tests.engines.connections import duckdb_connection, every_engine, make_table
from tests.examples import few_examples

# Of ibis, which asks pandas for it.
pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")

MENU: dict[str, Any] = {
    "n_bins": 3,
    "revenue": 30,
    "response": [1, 1.5, 1.8],
    "cost": [0, 4, 9],
}
# Fitted attributes that hold one number, text or array.
ATTRIBUTES = (
    "cut_points_",
    "tiers_",
    "value_",
    "upper_bound_",
    "gap_",
    "value_path_",
    "min_size_",
    "max_size_",
    "budget_",
    "n_features_in_",
    "feature_names_in_",
    "classes_",
)


def customers(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Return customers with ties of scores, and some without a score."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(2, 5, n), 2)
    converted = (rng.random(n) < score).astype(np.int64)
    score[rng.random(n) < 0.03] = np.nan
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "score": score,
            "converted": converted,
            "n": rng.integers(0, 4, n),
            "basket": rng.integers(1, 90, n),
        }
    )


def arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame with NULL for missing values."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def fits(
    frame: pd.DataFrame,
    table: Any,
    names: Mapping[str, str | None],
    **parameters: Any,
) -> list[OptimalRevenueBinner | SksegError]:
    """Return the fit of rows in memory and that of a table, or their errors."""
    given = {key: name for key, name in names.items() if name is not None}
    X = frame.drop(columns=[*given.values()])
    columns = {key: frame[name] for key, name in given.items()}
    results: list[OptimalRevenueBinner | SksegError] = []
    for rows, arguments in ((X, columns), (table, given)):
        binner = OptimalRevenueBinner(**{"score_column": "score", **parameters})
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                results.append(binner.fit(rows, **arguments))
        except SksegError as error:
            results.append(error)
    return results


def assert_same(in_memory: Any, of_table: Any, *, in_cells: bool = False) -> None:
    """Raise unless two fits have the same state, or the same error.

    The loss by the order is one of groups of scores, which are others in cells.
    """
    if isinstance(in_memory, SksegError):
        assert type(of_table) is type(in_memory)
        assert of_table.name == in_memory.name
        return
    assert not isinstance(of_table, SksegError), of_table
    for name in (*ATTRIBUTES, *(() if in_cells else ("order_loss_",))):
        expected, value = (getattr(b, name, None) for b in (in_memory, of_table))
        np.testing.assert_array_equal(value, expected, err_msg=name, strict=True)
    pd.testing.assert_frame_equal(
        of_table.segments_, in_memory.segments_, check_exact=True
    )
    pd.testing.assert_frame_equal(of_table.menu_, in_memory.menu_, check_exact=True)
    assert of_table.rules_ == in_memory.rules_
    assert not hasattr(of_table, "labels_")


@every_engine
def test_a_table_gives_the_tiers_of_the_same_rows_in_memory(engine: str) -> None:
    frame = customers()
    names = {"y": "converted", "sample_weight": "n"}
    table = make_table(engine, arrow(frame))
    assert_same(*fits(frame, table, names, **MENU))


@every_engine
def test_outcomes_are_labels_as_in_memory(engine: str) -> None:
    frame = customers()[["score", "converted"]]
    frame["bought"] = np.where(frame.pop("converted") == 1, "Yes", "no")
    table = make_table(engine, arrow(frame))
    in_memory, of_table = fits(frame, table, {"y": "bought"}, **MENU, pos_label="Yes")
    assert_same(in_memory, of_table)
    assert isinstance(of_table, OptimalRevenueBinner)
    X = frame[["score"]]
    assert of_table.score(X, frame["bought"]) == in_memory.score(X, frame["bought"])


@pytest.mark.parametrize("pos_label", [None, True, False])
def test_outcomes_are_flags_as_in_memory(pos_label: bool | None) -> None:
    frame = customers()[["score", "converted"]].astype({"converted": bool})
    table = make_table("duckdb", arrow(frame))
    assert_same(*fits(frame, table, {"y": "converted"}, **MENU, pos_label=pos_label))


INF = math.inf
scores = st.sampled_from([-INF, -2.5, -0.0, 0.0, 0.1, 0.2, 0.25, 1 / 3, 7.0, INF, None])
rows_of_customers = st.lists(
    st.tuples(
        scores,
        st.sampled_from([0, 0, 1, 1, 2]),
        st.integers(0, 3),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=40,
)
settings_of_tiers = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["subset", "prefix", "exact"]),
        "min_size": st.sampled_from([None, 1, 3, 0.1, 0.3]),
        "max_size": st.sampled_from([None, 0.6, 12]),
        "fixed_cost": st.sampled_from([0, [0, 3, 8]]),
        "missing_tier": st.sampled_from([0, 2]),
        "encode": st.sampled_from(["ordinal", "rate", "value"]),
    },
    optional={
        "budget": st.sampled_from([0, 20, 50.5]),
        "monotonic": st.sampled_from(["ascending", "descending"]),
    },
)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@few_examples(12)
@given(
    rows=rows_of_customers,
    parameters=settings_of_tiers,
    weighted=st.booleans(),
    with_revenue=st.booleans(),
)
def test_any_whole_numbers_give_the_same_tiers(
    engine: str,
    rows: list[tuple[Any, ...]],
    parameters: dict[str, Any],
    weighted: bool,
    with_revenue: bool,
) -> None:
    frame = pd.DataFrame(rows, columns=["score", "sold", "n", "basket"])
    frame["score"] = frame["score"].astype(np.float64)
    names = {
        "y": "sold",
        "sample_weight": "n" if weighted else None,
        "revenue": "basket" if with_revenue else None,
    }
    table = make_table(engine, arrow(frame))
    assert_same(*fits(frame, table, names, **{**MENU, **parameters}))


@pytest.mark.parametrize("budget", [None, 300])
def test_rows_in_buckets_give_the_same_tiers(
    monkeypatch: pytest.MonkeyPatch, budget: float | None
) -> None:
    # So many rows are counted in buckets, whose borders depend on their number.
    monkeypatch.setattr(_rows, "_MAX_SORTED", 500)
    frame = customers(4000, seed=1)[["score", "converted"]]
    rng = np.random.default_rng(2)
    frame["score"] += rng.choice([0, 0, 0.001, 0.002, 0.003], len(frame))
    table = make_table("duckdb", arrow(frame))
    in_memory, of_table = fits(frame, table, {"y": "converted"}, **MENU, budget=budget)
    assert isinstance(in_memory, OptimalRevenueBinner)
    assert isinstance(of_table, OptimalRevenueBinner)
    assert of_table.cut_points_.tolist() == in_memory.cut_points_.tolist()
    assert of_table.value_ == in_memory.value_
    assert of_table.segments_.equals(in_memory.segments_)


def cells_of_any_table(most: int) -> Any:
    """Return the function of few customers for tables of any size.

    It counts few cells at a time, until at most so many rows are near the cuts.
    """

    def few_customers(scored: ScoredTable, relevance: Relevance, **_: int) -> Any:
        return cell_customers(scored, relevance, min_rows=1, max_rows=most, n_cells=128)

    return few_customers


@pytest.fixture
def in_cells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count few cells of scores of any table first; return how many rows remained."""
    remaining: list[int] = []

    def counted(scored: ScoredTable, relevance: Relevance, **_: int) -> Any:
        few = cells_of_any_table(600)(scored, relevance)
        remaining.append(-1 if few is None else len(few.scores))
        return few

    monkeypatch.setattr(_table_customers, "cell_customers", counted)
    return remaining


@every_engine
def test_cells_of_scores_give_the_tiers_of_all_scores(
    engine: str, in_cells: list[int]
) -> None:
    frame = customers(3000, seed=3)[["score", "converted", "n"]]
    rng = np.random.default_rng(4)
    frame["score"] += np.round(rng.random(len(frame)) / 100, 5)
    rate = 1 / (1 + np.exp(10 - 40 * frame["score"]))
    frame["converted"] = (rng.random(len(frame)) < rate).astype(int)
    names = {"y": "converted", "sample_weight": "n"}
    in_memory, of_table = fits(
        frame, make_table(engine, arrow(frame)), names, **MENU, max_size=0.8
    )
    assert 0 < in_cells[0] < 2500
    assert_same(in_memory, of_table, in_cells=True)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@few_examples(10)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 400),
    scale=st.sampled_from(["ties", "none", "huge", "infinite", "skewed"]),
    mode=st.sampled_from(["subset", "prefix", "exact"]),
    min_size=st.sampled_from([None, 0.01, 0.2]),
    fixed_cost=st.sampled_from([0, 50]),
)
def test_cells_of_any_scores_give_the_tiers_of_all_scores(
    engine: str,
    seed: int,
    n: int,
    scale: str,
    mode: str,
    min_size: float | None,
    fixed_cost: float,
) -> None:
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 5, n)
    frame = pd.DataFrame({"score": score, "y": (rng.random(n) < score).astype(int)})
    if scale == "ties":
        frame["score"] = frame["score"].round(2)
    elif scale == "huge":
        frame["score"] = frame["score"].round(3) * rng.choice([1, 1e290, -3], n)
    elif scale == "infinite":
        frame.loc[rng.random(n) < 0.1, "score"] = np.inf
        frame.loc[rng.random(n) < 0.1, "score"] = -np.inf
    elif scale == "skewed":
        frame["score"] = np.exp(30 * frame["score"])
    frame.loc[rng.random(n) < 0.05, "score"] = np.nan
    parameters = {**MENU, "mode": mode, "min_size": min_size, "fixed_cost": fixed_cost}
    table = make_table(engine, arrow(frame))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_table_customers, "cell_customers", cells_of_any_table(100))
        assert_same(*fits(frame, table, {"y": "y"}, **parameters), in_cells=True)


@pytest.mark.parametrize(
    "parameters",
    [{"budget": 300}, {"monotonic": "ascending"}, {"response_model": "isotonic"}],
    ids=str,
)
def test_cells_are_not_used_where_they_prove_nothing(
    in_cells: list[int], parameters: dict[str, Any]
) -> None:
    frame = customers()[["score", "converted"]]
    table = make_table("duckdb", arrow(frame))
    fits(frame, table, {"y": "converted"}, **MENU, **parameters)
    assert in_cells == []


def test_outcomes_other_than_events_are_counted_by_score(in_cells: list[int]) -> None:
    frame = customers()[["score", "converted"]]
    frame["converted"] *= 2
    table = make_table("duckdb", arrow(frame))
    assert_same(*fits(frame, table, {"y": "converted"}, **MENU))
    assert in_cells == [-1]


def test_outcomes_and_revenues_with_fractions_give_the_same_profit_up_to_rounding() -> (
    None
):
    frame = customers(300)[["score", "converted", "basket"]]
    frame["basket"] = frame["basket"] / 7
    names = {"y": "converted", "revenue": "basket"}
    table = make_table("duckdb", arrow(frame))
    in_memory, of_table = fits(frame, table, names, **MENU)
    assert isinstance(in_memory, OptimalRevenueBinner)
    assert isinstance(of_table, OptimalRevenueBinner)
    assert of_table.cut_points_.tolist() == in_memory.cut_points_.tolist()
    assert of_table.value_ == pytest.approx(in_memory.value_, rel=1e-12)


@pytest.mark.parametrize("model", ["score", "isotonic", "logistic"])
def test_expected_conversions_give_the_same_tiers_up_to_rounding(model: str) -> None:
    frame = customers()[["score", "converted"]].dropna()
    names = {"y": None if model == "score" else "converted"}
    if model == "score":
        frame = frame[["score"]]
    table = make_table("duckdb", arrow(frame))
    in_memory, of_table = fits(frame, table, names, **MENU, response_model=model)
    assert isinstance(in_memory, OptimalRevenueBinner)
    assert isinstance(of_table, OptimalRevenueBinner)
    assert of_table.cut_points_.tolist() == in_memory.cut_points_.tolist()
    assert of_table.value_ == pytest.approx(in_memory.value_, rel=1e-12)


def test_the_bootstrap_of_a_table_is_that_of_the_same_rows() -> None:
    frame = customers()[["score", "converted"]]
    table = make_table("duckdb", arrow(frame))
    in_memory, of_table = fits(frame, table, {"y": "converted"}, **MENU)
    draws = [b.bootstrap(20, random_state=0).frame() for b in (in_memory, of_table)]  # type: ignore[union-attr]
    pd.testing.assert_frame_equal(*draws)


# Errors


def table_error(frame: pd.DataFrame, **arguments: Any) -> SksegError:
    """Return the error of a fit to a table."""
    parameters = arguments.pop("parameters", {"score_column": "score"})
    binner = OptimalRevenueBinner(**{**MENU, **parameters})
    with pytest.raises(SksegError) as caught:
        binner.fit(make_table("duckdb", arrow(frame)), **arguments)
    return caught.value


def test_parameters_name_columns_of_the_table() -> None:
    frame = customers()
    error = table_error(frame, y=frame["converted"])
    assert isinstance(error, InvalidParameterError)
    assert error.name == "y"
    error = table_error(frame, y="convertd")
    assert isinstance(error, MissingColumnError)
    assert "'converted'" in str(error)
    error = table_error(frame, y="converted", sample_weight="converted")
    assert error.name == "sample_weight"
    error = table_error(frame, y="converted", parameters={})
    assert error.name == "score_column"
    error = table_error(frame)
    assert error.name == "y"


def test_an_unknown_outcome_is_an_error_with_the_number_of_rows() -> None:
    frame = customers().astype({"converted": float})
    frame.loc[[3, 5], "converted"] = np.nan
    error = table_error(frame, y="converted")
    assert (error.name, error.value, error.column) == ("y", 2, "converted")
    labels = pd.DataFrame({"score": [1.0, 2, 3], "bought": ["yes", None, "no"]})
    error = table_error(labels, y="bought")
    assert (error.name, error.value) == ("y", 1)


def test_weights_are_whole_numbers() -> None:
    frame = customers().astype({"n": float})
    frame.loc[0, "n"] = 0.5
    error = table_error(frame, y="converted", sample_weight="n")
    assert isinstance(error, InvalidDataError)
    assert (error.name, error.column) == ("sample_weight", "n")
    # What the message advises: one factor for all.
    frame["n"] *= 2
    table = make_table("duckdb", arrow(frame))
    names = {"y": "converted", "sample_weight": "n"}
    assert_same(*fits(frame, table, names, **MENU))


def test_scores_are_numbers() -> None:
    error = table_error(pd.DataFrame({"score": ["high", "low"], "y": [1, 0]}), y="y")
    assert (error.column, error.rule) == ("score", "numbers")


def test_more_scores_than_fit_into_memory_are_an_error_that_says_how_to_round() -> None:
    frame = customers()[["score", "converted"]]
    frame["score"] += np.arange(len(frame)) * 1e-5
    relation = make_table("duckdb", arrow(frame))
    table, binner = open_table(relation), OptimalRevenueBinner(**MENU)
    assert table is not None
    with pytest.raises(InvalidDataError, match="more than 200") as caught:
        read_table_customers(binner, table, "converted", None, None, max_rows=200)
    remaining = relation.aggregate("COUNT(DISTINCT ROUND(score, 4))").fetchall()
    assert f"{remaining[0][0]:,} at 4 decimals" in str(caught.value)
    # The advice.
    few = relation.project("ROUND(score, 1) AS score, converted")
    opened = open_table(few)
    assert opened is not None
    rows = read_table_customers(binner, opened, "converted", None, None, max_rows=200)
    assert rows.column == "score"


def test_constraints_that_cannot_be_met_are_the_error_of_the_same_rows() -> None:
    frame = customers()[["score", "converted"]]
    table = make_table("duckdb", arrow(frame))
    parameters = {**MENU, "mode": "exact", "min_size": 0.4}
    in_memory, of_table = fits(frame, table, {"y": "converted"}, **parameters)
    assert isinstance(in_memory, InfeasibleError)
    assert isinstance(of_table, InfeasibleError)
    assert of_table.remedy == in_memory.remedy


def test_a_table_without_rows_is_an_error() -> None:
    relation = duckdb_connection().sql("SELECT 1e0 AS score, 1 AS y WHERE false")
    with pytest.raises(InvalidDataError, match="no rows"):
        OptimalRevenueBinner(**MENU).fit(relation, "y")


@pytest.mark.parametrize("method", ["fit_predict", "fit_transform"])
def test_methods_that_return_rows_need_them_in_memory(method: str) -> None:
    relation = make_table("duckdb", arrow(customers()[["score", "converted"]]))
    binner = OptimalRevenueBinner(**MENU)
    with pytest.raises(InvalidDataError, match=r"fit.*label") as caught:
        getattr(binner, method)(relation, "converted")
    assert caught.value.name == "X"
    assert not hasattr(binner, "rules_")
    # What the message advises.
    codes = binner.fit(relation, "converted").label(relation, output="code")
    assert len(codes.fetchall()) == 400
