"""Fitted state: set at once at the end of a fit, owned, and read without parameters."""

from __future__ import annotations

import gc
import os
import pickle
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import DBSCAN, KMeans
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
    SegmentFinder,
)
from skseg._core._fitted_state import _DRAFTS, as_fitted
from skseg.displays._display import Display
from tests.core.fitted_models import (
    CASES,
    METHODS,
    NAMES,
    answers,
    arrays_in,
    facts_of,
    frozen,
    rows,
)
from tests.test_common import ESTIMATORS

pytestmark = pytest.mark.filterwarnings(
    "ignore:The group can be predicted:UserWarning",
    "ignore:Merging to min_size:UserWarning",
    "ignore:RFMSegmenter takes columns by position:UserWarning",
)

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
EVERY_CASE = pytest.mark.parametrize("name", CASES)
X = pd.DataFrame(rows(1), columns=NAMES)
FACTS = facts_of(rows(1))
OTHER = pd.DataFrame(rows(2, 75) * 1.5, columns=NAMES)
OTHER_FACTS = facts_of(rows(2, 75), seed=2)


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the numbers of displays, which take a hundredth of the time."""
    monkeypatch.setattr(Display, "_plot", lambda display, *_, **__: display)


def fitted(name: str) -> Any:
    return CASES[name].fit(CASES[name].make(), X, FACTS)


@cache
def _pickled(name: str) -> bytes:
    return pickle.dumps(fitted(name))


def copied(name: str) -> Any:
    """
    Return a copy of a fitted model, in a small part of the time of a fit.

    Arrays that share their memory do so no longer in a copy: whether a fitted model
    shares some with its parameters or its data is seen from a fit alone.
    """
    return pickle.loads(_pickled(name))


def asked(name: str, model: Any) -> dict[str, Any]:
    return answers(CASES[name], model, X, FACTS)


@cache
def answers_of_a_fit(name: str) -> dict[str, Any]:
    """Return what a fitted model says, as values that nothing changes in place."""
    return asked(name, fitted(name))


def attributes(model: Any) -> dict[str, int]:
    """Return which object every attribute is."""
    return {name: id(value) for name, value in vars(model).items()}


def test_every_estimator_is_held_to_the_contract() -> None:
    # `SegmentFinder` is the abstract base of those whose fit is tested here.
    assert {name.partition("-")[0] for name in CASES} == set(ESTIMATORS)


@EVERY_CASE
def test_the_answers_cover_every_public_method(name: str) -> None:
    without_state = {
        *("fit", "fit_predict", "fit_transform", "set_output", "get_params"),
        *("set_params", "get_metadata_routing", "verify", "parse_rules", "recount"),
        *("from_strategy", "score", "inverse_transform"),
    }
    model = CASES[name].make()
    methods = {
        method
        for method in dir(type(model))
        if not method.startswith("_")
        and not method.endswith("_request")
        and callable(getattr(type(model), method))
    }
    assert methods - without_state <= set(METHODS)


# Parameters


class Untouchable:
    """A parameter that raises if anything is done with it."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return Untouchable
        raise AssertionError(f"{name} of a parameter is read")

    def _touched(self, *args: object) -> Any:
        raise AssertionError("a parameter is used")

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __len__ = _touched
    __iter__ = __contains__ = __getitem__ = __call__ = __hash__ = __str__ = _touched
    __repr__ = __float__ = __int__ = __index__ = __add__ = __array__ = _touched


@EVERY_CASE
def test_nothing_after_fit_uses_a_parameter(name: str) -> None:
    model, before = copied(name), answers_of_a_fit(name)
    for parameter in model._get_param_names():
        setattr(model, parameter, Untouchable())
    assert asked(name, model) == before


@EVERY_CASE
def test_parameters_set_after_fit_change_nothing(name: str) -> None:
    model, before = copied(name), answers_of_a_fit(name)
    parameters = model._get_param_names()
    for value in (None, "nonsense", object(), KMeans()):
        for parameter in parameters:
            model.set_params(**{parameter: value})
            assert as_fitted(model) is not model
            assert frozen(model.predict(X)) == before["predict"]
        assert asked(name, model) == before


def empty(value: Any) -> None:
    """Change an object as far as its owner can: all of its parts are other ones."""
    if isinstance(value, dict | list):
        parts = list(value.values() if isinstance(value, dict) else value)
        value.clear()
    elif isinstance(value, np.ndarray):
        parts = []
        value[...] = -1
    elif isinstance(value, np.random.RandomState):
        parts = []
        value.seed(77)
    elif isinstance(value, BaseEstimator):
        parts = list(vars(value).values())
        vars(value).clear()
    else:
        return
    for part in parts:
        empty(part)


@EVERY_CASE
def test_parameters_changed_in_place_change_nothing(name: str) -> None:
    model, before = fitted(name), answers_of_a_fit(name)
    for value in model.get_params(deep=False).values():
        empty(value)
    assert asked(name, model) == before


def test_the_menu_of_a_binner_may_be_changed_after_fit() -> None:
    cost: Any = np.array([0.0, 4.0])
    menu = OptimalRevenueBinner(2, revenue=[30.0, 45.0], cost=cost)
    model = PropensityBinner(KNeighborsClassifier(5), menu, cv=3).fit(X, FACTS["y"])
    profit = model.score(X, FACTS["y"])
    cost[:] = 1e6
    menu.set_params(n_bins=7, revenue=None)
    model.set_params(binner=None, estimator=None)
    assert model.score(X, FACTS["y"]) == profit


def test_score_of_an_observational_study_is_the_same_each_time() -> None:
    name = "BoxSegmentFinder-observational"
    for seed in (None, 3, np.random.RandomState(3)):
        model = CASES[name].make().set_params(random_state=seed)
        model.fit(X, FACTS["y"], group=FACTS["group"])
        scores = {model.score(X, FACTS["y"], group=FACTS["group"]) for _ in range(3)}
        assert len(scores) == 1


# Data


def _of_list(array: Any) -> tuple[Any, Callable[[], None]]:
    table = array.tolist()

    def change() -> None:
        for row in table:
            row[:] = [-1.0] * len(row)

    return table, change


def _of_array(array: Any) -> tuple[Any, Callable[[], None]]:
    return array, lambda: array.fill(-1.0)


def _of_columns(array: Any) -> tuple[Any, Callable[[], None]]:
    return _of_array(np.asfortranarray(array))


def _of_pandas(array: Any) -> tuple[Any, Callable[[], None]]:
    frame = pd.DataFrame(array, columns=NAMES, copy=False)

    def change() -> None:
        array.fill(-1.0)
        frame.iloc[:, :] = -1.0

    return frame, change


def _of_pandas_columns(array: Any) -> tuple[Any, Callable[[], None]]:
    frame = pd.DataFrame(dict(zip(NAMES, array.T.copy(), strict=True)))

    def change() -> None:
        for column in NAMES:
            frame.loc[:, column] = -1.0

    return frame, change


def _of_polars(array: Any) -> tuple[Any, Callable[[], None]]:
    columns = [np.ascontiguousarray(column) for column in array.T]
    frame = pl.DataFrame(dict(zip(NAMES, columns, strict=True)))
    return frame, lambda: empty(columns)


def _of_arrow(array: Any) -> tuple[Any, Callable[[], None]]:
    columns = [np.ascontiguousarray(column) for column in array.T]
    table = pa.table(dict(zip(NAMES, columns, strict=True)))
    return table, lambda: empty(columns)


CONTAINERS = {
    "list": _of_list,
    "array": _of_array,
    "fortran": _of_columns,
    "pandas": _of_pandas,
    "pandas columns": _of_pandas_columns,
    "polars": _of_polars,
    "arrow": _of_arrow,
}


@EVERY_CASE
@pytest.mark.parametrize("container", CONTAINERS)
def test_data_changed_after_fit_change_nothing(name: str, container: str) -> None:
    if name.endswith("observational") and container != "array":
        pytest.skip("a matter of the data's way in, which all finders share")
    if name.startswith("MECE") and container in {"list", "array", "fortran"}:
        pytest.skip("its rules name columns, which arrays do not have")
    case = CASES[name]
    data, change = CONTAINERS[container](rows(1))
    facts = {key: value.copy() for key, value in FACTS.items()}
    model = case.fit(case.make(), data, facts)
    new, _ = CONTAINERS[container](rows(1))
    before = answers(case, model, new, FACTS)
    change()
    for value in facts.values():
        value[:] = value[0]
    assert answers(case, model, new, FACTS) == before


@EVERY_CASE
def test_no_array_of_a_model_is_one_of_the_caller(name: str) -> None:
    case, data = CASES[name], rows(1)
    facts = {key: value.copy() for key, value in FACTS.items()}
    frame = pd.DataFrame(data, columns=NAMES, copy=False)
    model = case.fit(case.make(), frame, facts)
    theirs = [("X", data), *arrays_in(facts, "facts")]
    theirs += arrays_in(model.get_params(deep=False), "parameters")
    learned = {k: v for k, v in vars(model).items() if k not in model.get_params()}
    shared = [
        (path, their_path)
        for path, array in arrays_in(learned)
        for their_path, array_of_caller in theirs
        if np.may_share_memory(array, array_of_caller)
    ]
    assert shared == []


@pytest.mark.parametrize("clusterer", [KMeans(3, n_init=1), DBSCAN(eps=30.0)])
def test_sparse_rows_changed_after_fit_change_nothing(clusterer: Any) -> None:
    data = csr_array(rows(1))
    model = InductiveSegmenter(clusterer).fit(data)
    before = model.predict(rows(1)), model.transform(rows(1))
    data.data[:] = -1.0
    after = model.predict(rows(1)), model.transform(rows(1))
    assert frozen(list(map(list, after))) == frozen(list(map(list, before)))


@EVERY_CASE
def test_public_tables_changed_in_place_change_no_answer(name: str) -> None:
    # Displays draw the public tables.
    case, model = replace(CASES[name], pictures={}), copied(name)
    before = answers(case, model, X, FACTS)
    public = {k: getattr(model, k) for k in vars(model) if k.endswith("_")}
    # scikit-learn reads the names; the rest of these are models of their own.
    for kept in ("feature_names_in_", "clusterer_", "estimator_", "binner_"):
        public.pop(kept, None)
    for value in public.values():
        spoil(value)
    for method in ("to_frame", "to_sql", "scores"):
        if method in before:
            spoil(METHODS[method](getattr(model, method), X, FACTS))
    methods = {*METHODS, "score", "inverse_transform", "rules_"}
    after = answers(case, model, X, FACTS)
    assert {m: after[m] for m in methods & {*after}} == {
        m: before[m] for m in methods & {*before}
    }


def spoil(value: Any) -> None:
    """Change a table or an array in place."""
    if isinstance(value, pd.DataFrame):
        for column in list(value):
            value[column] = value[column].to_numpy()[::-1].copy()
        value.insert(0, "inserted", 0)
    elif isinstance(value, np.ndarray):
        value[...] = value[::-1].copy() if value.dtype.kind == "O" else -1
    elif isinstance(value, dict):
        for part in value.values():
            spoil(part)
        value.clear()
    elif isinstance(value, list):
        value.clear()


# Fits that fail


class Interruption(BaseException):
    """As KeyboardInterrupt, which pytest would obey."""


def lines_of_fit(run: Callable[[], Any]) -> int:
    """Return how many lines of fits are executed."""
    return _trace(run, stop_at=None)


def interrupted(run: Callable[[], Any], line: int) -> None:
    """Run a fit, and interrupt it at the given line of those that it executes."""
    with pytest.raises(Interruption):
        _trace(run, stop_at=line)


_METHODS_THAT_FIT = ("fit", "_fit", "recount", "_restore", "_set_tables", "at_once")


def _trace(run: Callable[[], Any], stop_at: int | None) -> int:
    n_lines = 0

    def on_line(frame: Any, event: str, arg: object) -> Any:
        nonlocal n_lines
        if event == "line":
            n_lines += 1
            if n_lines == stop_at:
                raise Interruption
        return on_line

    def on_call(frame: Any, event: str, arg: object) -> Any:
        code = frame.f_code
        is_fit = "skseg" in code.co_filename and code.co_name in _METHODS_THAT_FIT
        return on_line if is_fit else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        run()
    finally:
        sys.settrace(before)
    return n_lines


@EVERY_CASE
def test_a_fit_interrupted_at_any_line_leaves_the_model_as_it_was(name: str) -> None:
    case, model, spare = CASES[name], copied(name), copied(name)
    before, state = answers_of_a_fit(name), attributes(model)

    def run() -> Any:
        return case.fit(model, OTHER, OTHER_FACTS)

    n_lines = lines_of_fit(lambda: case.fit(spare, OTHER, OTHER_FACTS))
    assert n_lines > 10
    # The last line is the one that returns; the state is whole and new by then.
    for line in _spread(n_lines - 1):
        interrupted(run, line)
        assert attributes(model) == state
    assert asked(name, model) == before
    interrupted(run, n_lines)
    gc.collect()
    assert len(_DRAFTS) == 0, "another object with the id of a draft were taken for it"
    assert vars(model).keys() == vars(spare).keys()
    assert frozen(model.predict(OTHER)) == frozen(spare.predict(OTHER))


def _spread(n: int) -> list[int]:
    """Return some of the numbers from 1 to n, with the first and the last ones."""
    step = max(n // (12 if THOROUGH else 4), 1)
    return sorted({1, 2, 3, *range(4, n, step), *range(n - 5, n + 1)})


@EVERY_CASE
def test_an_interrupted_first_fit_leaves_an_unfitted_model(name: str) -> None:
    case, model = CASES[name], CASES[name].make()
    state = attributes(model)
    n_lines = lines_of_fit(lambda: case.fit(case.make(), X, FACTS))
    for line in (n_lines // 2, n_lines - 1):
        interrupted(lambda: case.fit(model, X, FACTS), line)
        assert attributes(model) == state
        with pytest.raises(NotFittedError):
            model.predict(X)


BAD_DATA = {
    "one text": X.assign(recency="soon"),
    "no rows": X.iloc[:0],
    "no columns": X[[]],
    "three dimensions": np.zeros((4, 3, 2)),
    "text for rows": "nonsense",
}


@EVERY_CASE
@pytest.mark.parametrize("fault", BAD_DATA)
def test_bad_data_leave_the_model_as_it_was(name: str, fault: str) -> None:
    model, before = copied(name), answers_of_a_fit(name)
    state = attributes(model)
    try:
        CASES[name].fit(model, BAD_DATA[fault], FACTS)
    except Exception:
        assert attributes(model) == state
        assert asked(name, model) == before
    else:
        assert name.startswith(("Box", "IV", "L1", "TLearner", "Optimal", "MECE"))


@EVERY_CASE
@pytest.mark.parametrize(
    "value", [None, "nonsense", -7, 1e99] if THOROUGH else ["nonsense", 1e99], ids=repr
)
def test_bad_parameters_leave_the_model_as_it_was(name: str, value: Any) -> None:
    n_failures = 0
    for parameter in CASES[name].make()._get_param_names():
        model = copied(name).set_params(**{parameter: value})
        state = attributes(model)
        try:
            CASES[name].fit(model, X, FACTS)
        except Exception:
            n_failures += 1
            assert attributes(model) == state
    assert n_failures or value is None


def test_an_infeasible_fit_keeps_the_bounds_that_the_segments_meet() -> None:
    name = "MECERuleSegmenter"
    model, before = copied(name), answers_of_a_fit(name)
    state = attributes(model)
    model.set_params(min_size=0.45, max_size=0.46)
    with pytest.raises(ValueError, match="cannot be brought"):
        model.fit(X, FACTS["y"])
    model.set_params(min_size=0.1, max_size=0.6)
    assert asked(name, model) == before
    assert {**state, **attributes(model)}.keys() == state.keys()


def test_a_recount_that_fails_changes_no_figure() -> None:
    name = "MECERuleSegmenter"
    model, spare, before = copied(name), copied(name), answers_of_a_fit(name)
    state = attributes(model)
    n_lines = lines_of_fit(lambda: spare.recount(OTHER, OTHER_FACTS["y"]))
    for line in range(1, n_lines):
        interrupted(lambda: model.recount(OTHER, OTHER_FACTS["y"]), line)
        assert attributes(model) == state
    assert asked(name, model) == before
    assert model.recount(OTHER) is model
    assert model.segments_["n"].sum() == len(OTHER)
    assert model.rules_.to_json() == fitted(name).rules_.to_json()


# Fits that succeed


@EVERY_CASE
def test_a_second_fit_leaves_nothing_of_the_first(name: str) -> None:
    case = CASES[name]
    again = case.fit(copied(name), OTHER, OTHER_FACTS)
    fresh = case.fit(case.make(), OTHER, OTHER_FACTS)
    assert vars(again).keys() == vars(fresh).keys()
    if not isinstance(again.get_params().get("random_state"), np.random.RandomState):
        assert answers(case, again, OTHER, OTHER_FACTS) == answers(
            case, fresh, OTHER, OTHER_FACTS
        )


@pytest.mark.parametrize(
    "name", [n for n in CASES if not n.startswith(("MECE", "Propensity"))]
)
def test_names_groups_and_outcomes_of_the_first_fit_are_gone(name: str) -> None:
    case = CASES[name]
    facts = {**OTHER_FACTS, "group": None, "sample_weight": None}
    make: Callable[[], Any] = case.make
    if "group" in case.takes:
        make = lambda: case.make().set_params(treatment=None)  # noqa: E731
    elif name != "OptimalRevenueBinner":
        facts["y"] = None
    again = case.fit(make(), X, FACTS)
    case.fit(again, OTHER.to_numpy(), facts)
    fresh = case.fit(make(), OTHER.to_numpy(), facts)
    assert vars(again).keys() == vars(fresh).keys()
    assert not hasattr(again, "feature_names_in_")
    assert "outcome" not in again.segments_


def test_attributes_that_depend_on_a_parameter_go_with_it() -> None:
    model = copied("OptimalRevenueBinner")
    assert hasattr(model, "value_path_")
    model.set_params(compute_path=False).fit(X, FACTS["y"])
    assert not hasattr(model, "value_path_")


@EVERY_CASE
def test_fit_keeps_what_it_has_not_set(name: str) -> None:
    model = CASES[name].make()
    model.note = "ours"
    if hasattr(model, "set_output"):
        model.set_output(transform="pandas")
    for _ in range(2):
        assert CASES[name].fit(model, X, FACTS) is model
        assert model.note == "ours"
        if hasattr(model, "transform"):
            assert isinstance(model.transform(X), pd.DataFrame)


@EVERY_CASE
def test_fitted_models_are_copied_by_pickle_and_joblib(
    name: str, tmp_path: Any
) -> None:
    model, before = fitted(name), answers_of_a_fit(name)
    assert asked(name, pickle.loads(pickle.dumps(model))) == before
    joblib.dump(model, tmp_path / "model")
    assert asked(name, joblib.load(tmp_path / "model")) == before
    with pytest.raises(NotFittedError):
        clone(model).predict(X)
    refitted = pickle.loads(pickle.dumps(model))
    CASES[name].fit(refitted, OTHER, OTHER_FACTS)
    assert asked(name, model) == before


def test_requests_for_metadata_survive_a_fit() -> None:
    with config_context(enable_metadata_routing=True):
        model = RFMSegmenter().set_fit_request(sample_weight=True).fit(X)
        requests = model.fit(X).get_metadata_routing().fit.requests
    assert requests["sample_weight"] is True


# Subclasses


class Counting(RFMSegmenter):
    """Overrides fit, with attributes of its own before and after."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        self._n_rows = len(X)
        super().fit(X, y, sample_weight)
        if self._n_rows < 80:
            raise RuntimeError("too few")
        self.n_segments_ = len(self.rules_)
        return self


def test_a_subclass_may_extend_fit() -> None:
    model = Counting()
    assert model.fit(X) is model
    assert (model._n_rows, model.n_segments_) == (90, len(model.rules_))
    state = attributes(model)
    with pytest.raises(RuntimeError, match="too few"):
        model.fit(OTHER)
    assert attributes(model) == state
    model.fit(X)
    assert model.n_segments_ == len(model.rules_)
    assert clone(model).fit(X).predict(X).tolist() == model.predict(X).tolist()


def test_a_finder_whose_search_fails_keeps_its_state() -> None:
    class Failing(SegmentFinder):
        fails = False

        def _boxes(self, search: Any) -> list[Any]:
            self.n_searched_ = len(search.codes)
            if self.fails:
                raise KeyError("search")
            return []

    model = Failing(random_state=0).fit(X, FACTS["y"], group=FACTS["group"])
    state = attributes(model)
    Failing.fails = True
    with pytest.raises(KeyError):
        model.fit(X[["recency"]], FACTS["y"])
    assert attributes(model) == state
    assert model.n_searched_ == 3


def test_a_learner_that_fails_leaves_the_model_as_it_was() -> None:
    class Moody(KMeans):
        fails = False

        def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
            super().fit(X, y, sample_weight)
            if Moody.fails:
                raise MemoryError
            return self

    for model in (InductiveSegmenter(Moody(3)), RuleSurrogate(Moody(3))):
        Moody.fails = False
        state = attributes(model.fit(X))
        Moody.fails = True
        with pytest.raises(MemoryError):
            model.fit(OTHER.to_numpy())
        assert attributes(model) == state


# Threads


@EVERY_CASE
def test_while_a_fit_runs_others_see_the_old_state(name: str) -> None:
    case, model, before = CASES[name], copied(name), answers_of_a_fit(name)
    state = attributes(model)
    is_at_its_end, may_end = threading.Event(), threading.Event()

    class Slow(type(model)):  # type: ignore[misc]
        def fit(self, *args: Any, **kwargs: Any) -> Any:
            super().fit(*args, **kwargs)
            is_at_its_end.set()
            assert may_end.wait(600)
            return self

    Slow.__name__ = type(model).__name__
    model.__class__ = Slow
    fits = threading.Thread(target=case.fit, args=(model, OTHER, OTHER_FACTS))
    fits.start()
    assert is_at_its_end.wait(600)
    answer = asked(name, model)
    may_end.set()
    fits.join()
    assert answer == before
    assert attributes(model) != state


def swaps(model: Any, states: list[dict[str, Any]], stop: threading.Event) -> None:
    """Set one state after the other, as fits that end in another thread do."""
    while not stop.is_set():
        for state in states:
            model.__dict__ = dict(state)


@pytest.fixture
def switches_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@EVERY_CASE
@pytest.mark.usefixtures("switches_often")
def test_each_answer_is_of_one_fit_while_another_thread_fits(name: str) -> None:
    case, model = CASES[name], copied(name)
    renamed = OTHER.rename(columns={"frequency": "orders"})
    both = X.assign(orders=X["frequency"])
    if name.startswith(("RFM", "MECE")):
        renamed = OTHER
    elif hasattr(model, "set_output"):
        model.set_output(transform="pandas")
    states = [vars(model).copy()]
    case.fit(model, renamed, OTHER_FACTS)
    states.append(vars(model).copy())
    names = ["predict", "transform"] if hasattr(model, "transform") else ["predict"]
    expected = []
    for state in states:
        model.__dict__ = dict(state)
        expected.append([frozen(getattr(model, n)(both)) for n in names])
    stop = threading.Event()
    thread = threading.Thread(target=swaps, args=(model, states, stop))
    thread.start()
    try:
        for _ in range(30):
            for place, n in enumerate(names):
                answer = frozen(getattr(model, n)(both))
                assert answer in [e[place] for e in expected]
    finally:
        stop.set()
        thread.join()


def test_unfitted_models_say_so() -> None:
    for name, case in CASES.items():
        message = re.escape(f"This {type(case.make()).__name__} instance is not fitted")
        for method, call in METHODS.items():
            model = case.make()
            if hasattr(model, method):
                with pytest.raises(NotFittedError, match=message):
                    call(getattr(model, method), X, FACTS)
        assert name


def test_the_strategy_of_a_segmenter_is_read_and_fitted_again() -> None:
    text = fitted("MECERuleSegmenter").to_json(dialect=None)
    model = MECERuleSegmenter.from_strategy(text)
    assert model.to_json(dialect=None) == text
    empty(model.schema)
    assert model.set_params(playbook=None).to_json(dialect=None) == text
    again = MECERuleSegmenter.from_strategy(text).fit(OTHER, OTHER_FACTS["y"])
    fresh = CASES["MECERuleSegmenter"].make().fit(OTHER, OTHER_FACTS["y"])
    assert vars(again).keys() == vars(fresh).keys()
