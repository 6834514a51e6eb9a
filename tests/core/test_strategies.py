"""Every segmenter with a partition writes a strategy, which is read back as one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN
from sklearn.exceptions import NotFittedError

from skseg import MECERuleSegmenter, RFMSegmenter, RuleSurrogate
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    RuleError,
)
from skseg.playbook import Playbook, rename_segments
from skseg.profile import profile_segments
from tests.core.fitted_models import CASES, NAMES, facts_of, rows

PARTITIONS = [
    "RFMSegmenter",
    "MECERuleSegmenter",
    "OptimalRevenueBinner",
    "PropensityBinner",
    "RuleSurrogate",
]
FORMS = ["frame", "array"]


@cache
def fitted(name: str, form: str = "frame") -> Any:
    """Return the fitted model of a case."""
    # RFMSegmenter takes arrays by position where the frequency has whole numbers.
    X: Any = rows(0).round()
    model = CASES[name].make()
    if form == "array" and name == "MECERuleSegmenter":
        model = MECERuleSegmenter({"High": "x2 >= 300"}, default="Low")
    if form == "frame":
        X = pd.DataFrame(X, columns=NAMES)
    return CASES[name].fit(model, X, facts_of(rows(0)))


def rows_to_predict(model: Any, form: str, seed: int = 7) -> Any:
    """Return fresh customers with the columns of a model's strategy."""
    X: Any = rows(seed)
    if form == "frame":
        X = pd.DataFrame(X, columns=NAMES)
    if "propensity" in model.rules_.columns:
        X = pd.DataFrame({"propensity": model.predict_propensity(X)})
    return X


def noisy_surrogate() -> Any:
    """Return rules of two clusters with noise around them."""
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(m, 0.3, (60, 2)) for m in (0, 10)])
    X = np.vstack([X, rng.uniform(-30, 40, (30, 2))])
    frame = pd.DataFrame(X, columns=["spend", "orders"])
    surrogate = RuleSurrogate(DBSCAN(eps=1.0, min_samples=5), random_state=0)
    return surrogate.fit(frame), frame


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PARTITIONS)
def test_a_strategy_file_is_read_back_and_predicts_the_same_codes(
    name: str, form: str
) -> None:
    model = fitted(name, form)
    names = list(model.rules_.names)
    text = model.to_json(playbook={names[0]: "Call"}, dialect=None)
    copy = MECERuleSegmenter.from_strategy(text)
    X = rows_to_predict(model, form)
    np.testing.assert_array_equal(copy.predict(X), model.rules_.assign(X))
    assert copy.mece_report_.is_mece
    assert list(copy.rules_.names) == names
    table = copy.segments_.set_index("name")
    figures = model.segments_.set_index("name")
    for column in ["n", "share"]:
        np.testing.assert_allclose(
            table[column], figures.loc[table.index, column], rtol=1e-12
        )
    actions = copy.to_strategy(dialect=None).set_index("name")["action"]
    assert actions.to_dict() == {n: "Call" if n == names[0] else "" for n in names}
    again = MECERuleSegmenter.from_strategy(copy.to_json(dialect=None))
    np.testing.assert_array_equal(again.predict(X), model.rules_.assign(X))


@pytest.mark.parametrize("name", PARTITIONS)
def test_an_edited_rule_is_proved_again(name: str) -> None:
    content = json.loads(fitted(name).to_json(dialect=None))
    is_rule = [entry.get("rule") is not None for entry in content["segments"]]
    entry = content["segments"][is_rule.index(True)]
    entry["name"] = "Renamed"
    renamed = MECERuleSegmenter.from_strategy(json.dumps(content))
    assert "Renamed" in renamed.rules_
    entry["rule"] = "False"
    without_rows = fitted(name).rules_.default is not None
    if without_rows:
        assert MECERuleSegmenter.from_strategy(json.dumps(content)).rules_.default
        return
    with pytest.raises(InvalidDataError, match="no partition"):
        MECERuleSegmenter.from_strategy(json.dumps(content))


@pytest.mark.parametrize("name", PARTITIONS)
def test_the_table_has_every_segment_once_with_its_condition(name: str) -> None:
    pytest.importorskip("sqlglot")
    model = fitted(name)
    table = model.to_strategy(dialect="sqlite")
    assert sorted(table["name"]) == sorted(model.rules_.names)
    assert table["description"].str.len().min() > 0
    assert table["sql"].str.len().min() > 0
    figures = model.segments_.set_index("code")["name"].to_dict()
    assert table.set_index("code")["name"].to_dict() == figures
    assert set(model.segments_) <= set(table)
    csv = pd.read_csv(StringIO(model.to_csv(dialect=None)), keep_default_na=False)
    assert list(csv["name"]) == list(table["name"])


def test_noise_is_a_row_of_the_table_and_outside_in_the_file() -> None:
    surrogate, X = noisy_surrogate()
    rules = surrogate.rules_
    assert rules.noise is not None
    table = surrogate.to_strategy({rules.noise: "Ask"}, dialect="duckdb")
    table = table.set_index("name")
    assert table.loc[rules.noise, "code"] == -1
    assert table.loc[rules.noise, "action"] == "Ask"
    for name, text in table["rule"].items():
        if name != rules.default:
            assert text == rules.texts()[name]
    copy = MECERuleSegmenter.from_strategy(surrogate.to_json(dialect=None))
    fresh = X + 0.1
    fresh.iloc[0, 0] = np.nan
    np.testing.assert_array_equal(copy.predict(fresh), rules.assign(fresh))
    assert copy.n_outside_ == table.loc[rules.noise, "n"]
    assert copy.segments_["share"].sum() == pytest.approx(1.0)
    with pytest.raises(InvalidDataError, match="out of the playbook"):
        surrogate.to_json(playbook={rules.noise: "Ask"}, dialect=None)


def test_conditions_stand_at_their_segments_where_there_is_noise() -> None:
    duckdb = pytest.importorskip("duckdb")
    surrogate, X = noisy_surrogate()
    table = surrogate.to_strategy()
    con = duckdb.connect()
    con.register("customers", X)
    for condition, code in zip(table["sql"], table["code"], strict=True):
        query = f"select count(*) from customers where {condition}"
        assert (
            con.execute(query).fetchall()[0][0] == (surrogate.predict(X) == code).sum()
        )


def test_plays_are_actions_and_their_fields_columns() -> None:
    model = fitted("RFMSegmenter")
    names = list(model.rules_.names)
    plays = pd.DataFrame(
        {
            "code": range(len(names)),
            "name": names,
            "n": 1,
            "share": 0.25,
            "play": [f"Play {i}" for i in range(len(names))],
            "channel": "email",
            "outcome": "more orders",
        }
    )
    table = model.to_strategy(plays, dialect=None)
    assert list(table["action"]) == list(plays["play"])
    assert set(table["channel"]) == {"email"}
    assert set(table["play_outcome"]) == {"more orders"}
    assert list(table["n"]) == list(model.segments_["n"])
    copy = MECERuleSegmenter.from_strategy(model.to_json(playbook=plays, dialect=None))
    assert list(copy.to_strategy(dialect=None)["action"]) == list(plays["play"])
    with pytest.raises(MissingColumnError, match=r"Playbook\.recommend"):
        model.to_strategy(plays.drop(columns="play"))
    with pytest.raises(InvalidDataError, match="two rows for the segment"):
        model.to_strategy(pd.concat([plays, plays]))


def of_universe() -> Any:
    """Return rules for the customers of a universe."""
    X = pd.DataFrame(rows(0), columns=NAMES)
    rules = {"High": "monetary > 300", "Low": "monetary <= 300"}
    universe = "recency <= 190 and not missing(monetary)"
    return MECERuleSegmenter(rules, universe=universe).fit(X), X


def with_rows(name: str) -> Any:
    """Return the fitted model of a case and its customers."""
    return fitted(name), pd.DataFrame(rows(0).round(), columns=NAMES)


PLANNED: dict[str, Callable[[], Any]] = {
    "rfm": lambda: with_rows("RFMSegmenter"),
    "universe": of_universe,
    "noise": noisy_surrogate,
    "tiers": lambda: with_rows("OptimalRevenueBinner"),
}


@pytest.mark.parametrize("playbook", ["rfm", "traits"])
@pytest.mark.parametrize("name", PLANNED)
def test_recommended_plays_are_written_and_read_back(
    name: str, playbook: str, tmp_path: Any
) -> None:
    model, X = PLANNED[name]()
    plan = Playbook.load(playbook).recommend(profile_segments(model, X))
    plays = plan.set_index("name")["play"].to_dict()
    in_no_segment = {"universe": "outside", "noise": "Noise"}.get(name)
    assert in_no_segment is None or in_no_segment in plays

    table = model.to_strategy(playbook=plan, dialect=None)
    assert table["action"].tolist() == [plays[n] for n in table["name"]]
    assert table["why"].tolist() == [
        plan.set_index("name")["why"][n] for n in table["name"]
    ]
    model.to_csv(tmp_path / "plan.csv", playbook=plan, dialect=None)
    csv = pd.read_csv(tmp_path / "plan.csv", keep_default_na=False)
    assert csv["action"].tolist() == table["action"].tolist()

    model.to_json(tmp_path / "plan.json", playbook=plan, dialect=None)
    copy = MECERuleSegmenter.from_strategy(tmp_path / "plan.json")
    np.testing.assert_array_equal(copy.predict(X), model.rules_.assign(X))
    actions = copy.to_strategy(dialect=None).set_index("name")["action"].to_dict()
    plays.pop(in_no_segment, None)
    assert actions == plays
    # The segmenter that was read back takes the same plan, and one about itself.
    for later in (plan, Playbook.load(playbook).recommend(profile_segments(copy, X))):
        text = copy.to_json(playbook=later, dialect=None)
        again = MECERuleSegmenter.from_strategy(text).to_strategy(dialect=None)
        assert again.set_index("name")["action"].to_dict() == plays


def test_only_a_frame_may_speak_of_customers_in_no_segment() -> None:
    plan = pd.DataFrame({"name": ["High", "outside", "Noise"], "play": ["A", "B", "C"]})
    model, _ = of_universe()
    table = model.to_strategy(plan, dialect=None).set_index("name")
    assert table["action"].to_dict() == {"High": "A", "Low": ""}
    with pytest.raises(InvalidDataError, match="outside"):
        model.to_strategy({"outside": "B"}, dialect=None)
    with pytest.raises(InvalidDataError, match="must have text as play"):
        model.to_strategy(plan.assign(play=None), dialect=None)


def test_plays_for_new_names_need_the_renamed_segmenter() -> None:
    model, X = with_rows("RFMSegmenter")
    new = {model.rules_.names[0]: "Best"}
    renamed = rename_segments(model, new)
    plan = Playbook.load("rfm").recommend(profile_segments(renamed, X))
    with pytest.raises(InvalidDataError, match=r"'Best'.*rename_segments") as error:
        model.to_strategy(plan, dialect=None)
    assert (error.value.column, error.value.value) == ("name", "Best")
    assert renamed.to_strategy(plan, dialect=None)["action"].str.len().min() > 0


@pytest.mark.parametrize("name", PARTITIONS)
def test_a_playbook_of_unknown_segments_or_no_text_is_refused(name: str) -> None:
    model = fitted(name)
    with pytest.raises(InvalidDataError, match="neither a segment nor a rule"):
        model.to_strategy({"Nobody": "Call"}, dialect=None)
    for playbook in (["Call"], {model.rules_.names[0]: 3}):
        with pytest.raises(InvalidParameterError, match=f"playbook.*{name}"):
            model.to_csv(playbook=playbook, dialect=None)


def test_the_playbook_of_a_call_takes_the_place_of_that_of_the_fit() -> None:
    model = fitted("MECERuleSegmenter")
    table = model.to_strategy({"Regular": "Wait"}, dialect=None)
    assert set(table["action"]) == {"", "Wait"}
    assert "Call" in set(model.to_strategy(dialect=None)["action"])


def test_files_are_written_and_errors_name_the_segmenter(tmp_path: Any) -> None:
    model = fitted("RFMSegmenter")
    for method, name in ((model.to_json, "plan.json"), (model.to_csv, "plan.csv")):
        assert method(tmp_path / name, dialect=None) is None
        assert (tmp_path / name).stat().st_size > 100
        with pytest.raises(InvalidParameterError, match="RFMSegmenter"):
            method(3, dialect=None)
    copy = MECERuleSegmenter.from_strategy(tmp_path / "plan.json")
    assert copy.rules_.names == model.rules_.names
    with pytest.raises(NotFittedError):
        RFMSegmenter().to_strategy()
    pytest.importorskip("sqlglot")
    with pytest.raises(RuleError, match="sqlite"):
        model.to_strategy(dialect="duckdb", empty_is_missing=True)
