"""The strategy: a table to act on, its SQL, and JSON that is edited and read back."""

from __future__ import annotations

import json
import re
import sqlite3
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache, partial
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from skseg.exceptions import RuleError
from skseg.rules import Domain, RuleSet
from skseg.rules._proof._domain import as_schema
from tests.examples import few_examples
from tests.rules.sql.sql_data import quoted
from tests.rules.strategies import KINDS, columns_for, names, rule_sets

TIERS = {"VIP": "aov >= 120", "Core": "40 <= aov < 120"}
CONVERTED = [1, 0, 1, 0, 0]


def five() -> pd.DataFrame:
    """Five customers; the fourth is outside of ``days <= 7``."""
    return pd.DataFrame(
        {"aov": [200.0, 50.0, 40.0, 10.0, np.nan], "days": [1.0, 2.0, 3.0, 9.0, 4.0]}
    )


def small(**parameters: Any) -> MECERuleSegmenter:
    """Return a fitted segmenter of three segments: VIP 1, Core 2, New 1 row."""
    settings: dict[str, Any] = {"default": "New", "universe": "days <= 7"}
    segmenter = MECERuleSegmenter(TIERS, **(settings | parameters))
    return segmenter.fit(five(), CONVERTED)


@pytest.fixture(scope="module")
def users() -> pd.DataFrame:
    return make_cart_abandoners(3000, random_state=0)


@pytest.fixture(scope="module")
def campaign(users: pd.DataFrame) -> MECERuleSegmenter:
    """Return segments that were split and merged, with everything that there is."""
    return MECERuleSegmenter(
        {
            "VIP": "aov >= max(q(0.75), 90) and engagement >= 0.3",
            "Idle VIP": "aov >= max(q(0.75), 90) and not engagement >= 0.3",
            "Core": "40 <= aov < max(q(0.75), 90)",
            "Gifts": "aov < 40 and category == 'gift cards'",
            "Small": "aov < 40 and not category == 'gift cards'",
        },
        default="New",
        universe="days_since_abandon <= 14",
        min_size=60,
        max_size=500,
        split_on=["engagement", "aov"],
        schema={"engagement": {"low": 0, "high": 1, "missing": False}},
        score_weights={"outcome": 2, "cart_value": 1, "size": -0.5},
        playbook={"VIP": "Call", "Core": "Mail", "Gifts": "Mail", "New": "Greet"},
    ).fit(users, users["converted"])


def read(content: str | Mapping[str, Any]) -> MECERuleSegmenter:
    text = content if isinstance(content, str) else json.dumps(content)
    return MECERuleSegmenter.from_strategy(text)


def content_of(segmenter: MECERuleSegmenter) -> dict[str, Any]:
    text = segmenter.to_json(dialect=None)
    assert text is not None
    content: dict[str, Any] = json.loads(text)
    return content


def entry(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the part of the content, to be edited, that is about a segment."""
    segment: dict[str, Any]
    (segment,) = (e for e in content["segments"] if e["name"] == name)
    return segment


# The table


def test_the_columns_to_act_on_come_first_and_the_best_segment() -> None:
    frame = small(playbook={"VIP": "Call"}).to_strategy()
    assert list(frame) == [
        "rank",
        "name",
        "description",
        "n",
        "share",
        "score",
        "action",
        "audience",
        "code",
        "rule",
        "sql",
        "outcome",
        "score_outcome",
        "score_size",
        "merged_from",
        "split_from",
        "oversize",
    ]
    assert frame["rank"].tolist() == [1, 2, 3]
    assert frame["name"].tolist() == ["Core", "VIP", "New"]
    assert frame["n"].tolist() == [2, 1, 1]
    assert frame["score"].tolist() == [0.75, 0.5, 0]
    assert frame["code"].tolist() == [1, 0, 2]
    assert frame.index.tolist() == [0, 1, 2]


def test_rules_and_audience_are_in_english() -> None:
    frame = small().to_strategy().set_index("name")
    assert frame["description"].to_dict() == {
        "Core": "aov is at least 40 and below 120",
        "VIP": "aov is at least 120",
        "New": "aov is below 40 (or is missing)",
    }
    assert frame["audience"].unique().tolist() == ["days is at most 7"]
    assert frame.loc["New", "rule"] == "everyone else"


def test_without_universe_playbook_and_dialect_these_columns_are_absent() -> None:
    frame = small(universe=None).to_strategy(dialect=None)
    assert not {"audience", "action", "sql"} & set(frame)


def test_segments_without_a_rank_come_last_and_equal_ranks_by_code() -> None:
    segmenter = MECERuleSegmenter(
        {"None": "aov > 999", "A": "100 < aov <= 999", "B": "aov <= 20", "C": "True"},
        on_overlap="first",
    ).fit(five())
    frame = segmenter.to_strategy(dialect=None)
    assert frame["name"].tolist() == ["C", "A", "B", "None"]
    assert frame["rank"].tolist() == [1, 2, 2, pd.NA]


def test_the_fitted_table_is_left_as_it_is() -> None:
    segmenter = small(playbook={"VIP": "Call"})
    before = segmenter.segments_.copy()
    segmenter.to_strategy()
    segmenter.to_json()
    pd.testing.assert_frame_equal(segmenter.segments_, before)


def test_an_action_belongs_to_a_segment() -> None:
    frame = small(playbook={"VIP": "Call", "New": "Greet"}).to_strategy()
    assert frame.set_index("name")["action"].to_dict() == {
        "Core": "",
        "VIP": "Call",
        "New": "Greet",
    }


def test_segments_inherit_the_actions_of_the_rules_that_they_come_from() -> None:
    X = pd.DataFrame({"aov": [*range(100)], "days": 1})
    rules = {
        "A": "aov < 3",
        "B": "3 <= aov < 6",
        "C": "6 <= aov < 20",
        "D": "aov >= 20",
    }
    playbook = {"A": "Mail", "B": "Call", "C": "Call", "D": "Visit"}
    segmenter = MECERuleSegmenter(
        rules, default="New", min_size=6, max_size=50, playbook=playbook
    ).fit(X)
    frame = segmenter.to_strategy().set_index("name")
    split = frame[frame["split_from"] == "D"]
    assert len(split) == 2
    assert split["action"].tolist() == ["Visit", "Visit"]
    merged = frame[frame["merged_from"] != ""]
    assert merged["merged_from"].tolist() == ["A; B"]
    assert merged["action"].tolist() == ["Mail; Call"]
    # An action that several rules share is said once, and a segment's own name wins.
    segmenter.set_params(playbook={"A": "Call", "B": "Call"}).fit(X)
    frame = segmenter.to_strategy().set_index("name")
    assert frame.loc["A + B", "action"] == "Call"
    segmenter.set_params(playbook={"A": "Call", "A + B": "Write"}).fit(X)
    frame = segmenter.to_strategy().set_index("name")
    assert frame.loc["A + B", "action"] == "Write"


def test_an_unknown_name_in_the_playbook_is_refused_with_the_likely_one() -> None:
    with pytest.raises(ValueError, match="neither a segment nor a rule") as caught:
        small(playbook={"Cor": "Mail"})
    assert str(caught.value) == (
        "The playbook names 'Cor', which is neither a segment nor a rule. Did you mean "
        "'Core'?"
    )


def test_an_unknown_dialect_is_refused() -> None:
    for write in (small().to_strategy, small().to_csv, small().to_json):
        with pytest.raises(RuleError, match="duckdb"):
            write(dialect="oracle")


# SQL

# In memory, so that every call has tables of its own.
ENGINES = {"duckdb": duckdb.connect, "sqlite": partial(sqlite3.connect, ":memory:")}


def selected(dialect: str, X: pd.DataFrame, conditions: list[str]) -> list[set[int]]:
    """Return the positions of the rows that each WHERE condition selects."""
    numbers = [pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes]
    declared = ", ".join(
        f"{quoted(name)} {'DOUBLE' if number else 'TEXT'}"
        for name, number in zip(X, numbers, strict=True)
    )
    # NaN is stored as NULL: sqlite has nothing else for it.
    rows = [
        (i, *(None if value != value else value for value in row))
        for i, row in enumerate(X.astype(object).itertuples(index=False))
    ]
    with closing(ENGINES[dialect]()) as connection:
        connection.execute(f"CREATE TABLE t (i INTEGER, {declared})")
        marks = ", ".join("?" * (len(X.columns) + 1))
        connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        return [
            {
                i
                for (i,) in connection.execute(
                    f"SELECT i FROM t WHERE {sql}"
                ).fetchall()
            }
            for sql in conditions
        ]


def check_sql(segmenter: MECERuleSegmenter, X: pd.DataFrame, dialect: str) -> None:
    frame = segmenter.to_strategy(dialect=dialect)
    selections = selected(dialect, X, frame["sql"].tolist())
    codes = segmenter.predict(X)
    for code, rows in zip(frame["code"], selections, strict=True):
        assert rows == set(np.flatnonzero(codes == code).tolist())


@pytest.mark.parametrize("dialect", ENGINES)
def test_sql_selects_the_rows_of_each_segment_and_no_row_twice(
    campaign: MECERuleSegmenter, users: pd.DataFrame, dialect: str
) -> None:
    X = users[list(campaign.rules_.columns)]
    frame = campaign.to_strategy(dialect=dialect)
    selections = selected(dialect, X, frame["sql"].tolist())
    assert list(map(len, selections)) == frame["n"].tolist()
    assert sum(map(len, selections)) == len(set().union(*selections))
    assert sum(map(len, selections)) == len(users) - campaign.n_outside_
    for code, rows in zip(frame["code"], selections, strict=True):
        assert rows == set(np.flatnonzero(campaign.labels_ == code).tolist())


@pytest.mark.parametrize("dialect", ENGINES)
def test_sql_minds_missing_values_in_universe_rules_and_default(dialect: str) -> None:
    aov, days = [200.0, 50.0, 10.0, np.nan, 120.0], [1.0, 9.0, np.nan, 7.0]
    X = pd.DataFrame([(a, d) for a in aov for d in days], columns=["aov", "days"])
    check_sql(
        MECERuleSegmenter(TIERS, default="New", universe="days <= 7").fit(X), X, dialect
    )
    check_sql(MECERuleSegmenter(TIERS, default="New").fit(X), X, dialect)


@pytest.mark.parametrize("dialect", ENGINES)
def test_sql_reads_odd_names_and_texts(dialect: str) -> None:
    X = pd.DataFrame(
        {"it's": ["a'b", None, "", 'q"', "a'b"], 'x "y"': [1.0, 2, 3, 4, 5]}
    )
    rules = {
        "A": """col("it's") == "a'b" and col('x "y"') > 1""",
        "B": """col("it's") in ['', 'q"']""",
    }
    check_sql(MECERuleSegmenter(rules, default="Rest").fit(X), X, dialect)


# Random segmenters

BOUNDS = (-1e3, 1e300)


@st.composite
def fitted_segmenters(
    draw: st.DrawFn,
) -> tuple[MECERuleSegmenter, pd.DataFrame, pd.DataFrame, Any]:
    """Segmenters of random rules, their rows, unseen rows, and an outcome of these."""
    drawn = draw(rule_sets(min_size=1, max_size=3))
    if "outside" in drawn.names or "Rest" in drawn.names:
        reject()
    some_rows = columns_for(drawn).map(frame_of).filter(len)
    X, unseen = draw(some_rows), draw(some_rows)
    schema = draw(st.sampled_from([None, {"a": {"low": BOUNDS[0], "high": BOUNDS[1]}}]))
    if not keep_to_schema(X, unseen):
        schema = None
    numbers = st.lists(st.integers(0, 3), min_size=len(X), max_size=len(X))
    y = draw(st.none() | numbers.map(np.array))
    weight = draw(
        st.none()
        | st.lists(
            st.sampled_from([0.0, 0.1, 1.0, 2.5]), min_size=len(X), max_size=len(X)
        )
    )
    universe = draw(st.sampled_from([None, drawn.universe]))
    segmenter = MECERuleSegmenter(
        dict(drawn.rules),
        default=drawn.default or "Rest",
        universe=universe,
        on_overlap="first",
        schema=schema,
        playbook=draw(st.none() | actions_for(drawn)),
    )
    try:
        segmenter.fit(X, y, sample_weight=weight)
    except ValueError as error:
        if "lies in the universe" in str(error) or "not be zero" in str(error):
            reject()
        raise
    return segmenter, X, unseen, y


def frame_of(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series(
                values, dtype=np.float64 if KINDS[name] == "number" else object
            )
            for name, values in columns.items()
        }
    )


def keep_to_schema(*frames: pd.DataFrame) -> bool:
    return all(
        frame["a"].dropna().between(*BOUNDS).all() for frame in frames if "a" in frame
    )


def actions_for(rules: RuleSet) -> st.SearchStrategy[dict[str, str]]:
    actions = st.sampled_from(["Call", "Mail; or call", "Ünïcode\n'\""])
    return st.dictionaries(st.sampled_from(list(rules.rules)), actions, min_size=1)


def assert_same(
    first: MECERuleSegmenter, second: MECERuleSegmenter, dialect: str | None
) -> None:
    assert second.rules_ == first.rules_
    assert second.segment_names_.tolist() == first.segment_names_.tolist()
    pd.testing.assert_frame_equal(second.segments_, first.segments_)
    pd.testing.assert_frame_equal(second.lineage_, first.lineage_)
    pd.testing.assert_frame_equal(
        second.to_strategy(dialect=dialect), first.to_strategy(dialect=dialect)
    )
    for name in ("n_outside_", "min_size_", "max_size_", "n_features_in_"):
        assert getattr(second, name) == getattr(first, name)
    assert second.to_json(dialect=dialect) == first.to_json(dialect=dialect)


@pytest.mark.filterwarnings("ignore:No row of column")
@few_examples(5)
@given(fitted_segmenters())
def test_json_gives_back_the_same_segmenter(drawn: Any) -> None:
    segmenter, X, unseen, y = drawn
    copy = read(segmenter.to_json(dialect=None))
    assert_same(segmenter, copy, None)
    assert copy.mece_report_.is_mece
    for rows in (X, unseen):
        assert copy.predict(rows).tolist() == segmenter.predict(rows).tolist()
    if y is not None and (segmenter.labels_ >= 0).sum() > 1:
        assert copy.score(X, y) == segmenter.score(X, y)


@pytest.mark.filterwarnings("ignore:No row of column")
@few_examples(5)
@given(fitted_segmenters(), st.sampled_from(sorted(ENGINES)))
def test_the_sql_of_random_segments_selects_their_rows(
    drawn: Any, dialect: str
) -> None:
    segmenter, X, _, _ = drawn
    check_sql(segmenter, X, dialect)


def test_json_keeps_split_and_merged_segments(
    campaign: MECERuleSegmenter, users: pd.DataFrame
) -> None:
    table = campaign.segments_
    assert any(table["split_from"])
    assert any(table["merged_from"])
    copy = read(campaign.to_json())
    assert_same(campaign, copy, "duckdb")
    unseen = make_cart_abandoners(3000, random_state=1)
    for rows in (users, unseen):
        assert copy.predict(rows).tolist() == campaign.predict(rows).tolist()
        y = rows["converted"]
        assert copy.score(rows, y) == campaign.score(rows, y)
    assert copy.schema == {"engagement": {"low": 0, "high": 1, "missing": False}}
    assert copy.feature_names_in_.tolist() == list(users)
    assert not hasattr(copy, "labels_")


def test_what_was_read_can_be_fitted_again(users: pd.DataFrame) -> None:
    copy = read(small().to_json()).fit(five(), CONVERTED)
    assert copy.rules_ == small().rules_
    assert copy.labels_.tolist() == small().labels_.tolist()


def test_weights_and_sizes_are_kept_as_fractions() -> None:
    segmenter = MECERuleSegmenter(
        TIERS, default="New", universe="days <= 7", min_size=0.1, oversize="allow"
    ).fit(five(), sample_weight=[0.5, 0.25, 0.25, 4.0, 1.0])
    copy = read(segmenter.to_json())
    assert copy.min_size_ == pytest.approx(0.2)
    assert copy.max_size_ is None
    assert copy.n_outside_ == 4.0
    assert_same(segmenter, copy, "duckdb")


@pytest.mark.parametrize(
    "domain",
    [
        {"values": ["it's", "ß"]},
        {"values": [1, 2.5]},
        {"integer": True, "low": -5},
        {"missing": False},
    ],
    ids=str,
)
def test_json_keeps_every_kind_of_schema(domain: dict[str, Any]) -> None:
    segmenter = small(schema={"more": domain})
    copy = read(segmenter.to_json())
    assert copy.schema == {"more": domain}
    assert_same(segmenter, copy, "duckdb")


@pytest.mark.parametrize("domain", [{"low": np.inf}, {"values": [1.0, np.inf]}])
def test_an_infinity_in_the_schema_is_kept(domain: dict[str, Any]) -> None:
    # JSON has no infinity; the language of rules has.
    text = str(small(schema={"more": domain}).to_json())
    assert '"threshold": "inf"' in text
    copy = read(text)
    assert as_schema(copy.schema) == {"more": Domain(**domain)}
    assert copy.to_json() == text


@pytest.mark.parametrize("playbook", [{}, {"VIP": ""}])
def test_json_keeps_a_playbook_without_actions(playbook: dict[str, str]) -> None:
    segmenter = small(playbook=playbook)
    assert_same(segmenter, read(segmenter.to_json()), "duckdb")


def test_columns_are_kept_by_name_or_by_number() -> None:
    rules = {"High": "x0 > 30"}
    array = MECERuleSegmenter(rules, default="Low").fit(five().to_numpy())
    content = content_of(array)
    assert content["columns"] == 2
    copy = read(content)
    assert copy.n_features_in_ == 2
    assert not hasattr(copy, "feature_names_in_")
    assert copy.predict(five().to_numpy()).tolist() == [0, 0, 0, 1, 1]
    with pytest.raises(ValueError, match="X has 1 features"):
        copy.predict(five()[["aov"]].to_numpy())
    named = read(small().to_json())
    assert content_of(named)["columns"] == ["aov", "days"]
    reordered = five()[["days", "aov"]]
    assert named.predict(reordered).tolist() == small().predict(five()).tolist()


def test_json_is_plain_to_read() -> None:
    content = content_of(small(playbook={"VIP": "Grüße"}))
    assert list(content) == [
        "format",
        "version",
        "columns",
        "universe",
        "schema",
        "segments",
        "parameters",
        "fitted",
    ]
    assert content["universe"] == "days <= 7"
    vip = entry(content, "VIP")
    assert vip["rule"] == "aov >= 120"
    assert vip["description"] == "aov is at least 120"
    assert vip["action"] == "Grüße"
    assert vip["figures"]["n"] == 1
    assert entry(content, "New")["rule"] is None
    assert "Grüße" in str(small(playbook={"VIP": "Grüße"}).to_json())


# Files


@pytest.mark.parametrize("kind", [str, Path])
def test_a_strategy_is_written_to_a_file_and_read_from_it(
    tmp_path: Path, kind: Callable[[Path], Any]
) -> None:
    path = kind(tmp_path / "strategy.json")
    segmenter = small(playbook={"VIP": "Grüße"})
    assert segmenter.to_json(path) is None
    assert Path(path).read_text(encoding="utf-8") == f"{segmenter.to_json()}\n"
    assert_same(segmenter, MECERuleSegmenter.from_strategy(Path(path)), "duckdb")


def test_the_name_of_a_file_is_no_strategy_and_its_path_is(tmp_path: Path) -> None:
    path = tmp_path / "strategy.json"
    small().to_json(path)
    with pytest.raises(RuleError, match="is the name of a file") as caught:
        MECERuleSegmenter.from_strategy(str(path))
    advised = str(caught.value.advice).partition(": ")[2]
    assert advised == f"pathlib.Path({str(path)!r})."
    assert_same(small(), MECERuleSegmenter.from_strategy(Path(str(path))), None)


def test_text_may_begin_with_white_space() -> None:
    segmenter = small()
    assert_same(segmenter, read(f"\n  {segmenter.to_json()}"), "duckdb")


def test_csv_parses_back(tmp_path: Path, campaign: MECERuleSegmenter) -> None:
    frame = campaign.to_strategy()
    text = campaign.to_csv()
    assert text is not None
    path = tmp_path / "strategy.csv"
    assert campaign.to_csv(path) is None
    assert path.read_text(encoding="utf-8") == text
    for source in (StringIO(text), path):
        parsed = pd.read_csv(source, keep_default_na=False, dtype={"rank": "Int64"})
        pd.testing.assert_frame_equal(parsed, frame, check_dtype=False)
    assert "sql" not in pd.read_csv(StringIO(campaign.to_csv(dialect=None)))


def test_csv_quotes_names_and_actions() -> None:
    rules = {'A, "B"': "aov >= 120", "C\nD": "aov < 120"}
    segmenter = MECERuleSegmenter(
        rules, default="E", playbook={"C\nD": 'Say "hi", twice'}
    ).fit(five())
    parsed = pd.read_csv(StringIO(segmenter.to_csv()), keep_default_na=False)
    assert set(parsed["name"]) == {'A, "B"', "C\nD", "E"}
    assert 'Say "hi", twice' in parsed["action"].tolist()


# Editing

FIGURES = ["n", "share", "outcome", "score_outcome", "score_size", "score"]


def test_a_threshold_moved_in_two_rules_takes_their_figures_and_no_others() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "aov >= 100"
    entry(content, "Core")["rule"] = "40 <= aov < 100"
    segmenter = read(content)
    assert segmenter.predict(five().assign(aov=110.0)).tolist() == [0, 0, 0, -1, 0]
    table = segmenter.segments_.set_index("name")
    assert table.loc[["VIP", "Core"], FIGURES].isna().all(axis=None)
    assert table.loc[["VIP", "Core"], "rank"].isna().all()
    assert table.loc["New", ["n", "share", "outcome"]].tolist() == [1, 0.25, 0]
    # What New is among the others is not known without theirs.
    assert table.loc["New", ["score_outcome", "score_size", "score"]].isna().all()
    assert table["rank"].isna().all()
    assert table.loc["VIP", "description"] == "aov is at least 100"
    assert segmenter.to_strategy()["name"].tolist() == ["VIP", "Core", "New"]
    again = read(segmenter.to_json())
    assert_same(segmenter, again, "duckdb")


def test_an_edited_strategy_is_fitted_for_new_figures() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "aov >= 45"
    entry(content, "Core")["rule"] = "40 <= aov < 45"
    segmenter = read(content).fit(five(), CONVERTED)
    assert segmenter.segments_["n"].tolist() == [2, 1, 1]


def test_a_rule_in_other_words_keeps_its_figures() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "(120 <= aov)"
    pd.testing.assert_frame_equal(read(content).segments_, small().segments_)


def test_a_default_that_is_given_a_rule_loses_its_figures() -> None:
    content = content_of(small())
    entry(content, "New")["rule"] = "aov < 40 or missing(aov)"
    table = read(content).segments_.set_index("name")
    assert table.loc["New", FIGURES].isna().all()
    assert table.loc["VIP", "n"] == 1


def test_texts_that_are_shown_may_be_edited_without_effect() -> None:
    content = content_of(small())
    entry(content, "VIP").update(description="anything", sql="1 = 1")
    with pytest.warns(UserWarning, match=r"The (description|sql) of segment 'VIP'"):
        segmenter = read(content)
    assert_same(small(), segmenter, "duckdb")


def test_an_action_may_be_edited_and_added() -> None:
    content = content_of(small())
    entry(content, "VIP")["action"] = "Call"
    frame = read(content).to_strategy().set_index("name")
    assert frame["action"].to_dict() == {"Core": "", "VIP": "Call", "New": ""}


def test_score_takes_the_overall_mean_for_an_edited_segment() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "aov >= 100"
    entry(content, "Core")["rule"] = "40 <= aov < 100"
    segmenter = read(content)
    # New alone has a mean, 0, so 0 is expected of everybody.
    y = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    assert segmenter.score(five(), y) == 1 - 2 / 1.0


def edit_all() -> MECERuleSegmenter:
    """Return segments of which not one has figures any more."""
    rules = {"High": "aov >= 80", "Low": "not aov >= 80"}
    content = content_of(MECERuleSegmenter(rules).fit(five(), CONVERTED))
    entry(content, "High")["rule"] = "aov >= 45"
    entry(content, "Low")["rule"] = "not aov >= 45"
    return read(content)


def test_a_strategy_whose_rules_were_all_edited_is_shown_and_written() -> None:
    segmenter = edit_all()
    assert segmenter.predict(five()).tolist() == [0, 0, 1, 1, 1]
    frame = segmenter.to_strategy()
    assert frame["name"].tolist() == ["High", "Low"]
    assert frame[["rank", "n", "share", "score"]].isna().all(axis=None)
    assert_same(segmenter, read(segmenter.to_json()), "duckdb")


def test_a_strategy_whose_rules_were_all_edited_cannot_score() -> None:
    with pytest.raises(ValueError, match="score of MECERuleSegmenter"):
        edit_all().score(five(), CONVERTED)


def test_an_edit_that_overlaps_is_refused_with_the_report() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "aov >= 100"
    with pytest.raises(ValueError, match="no partition") as caught:
        read(content)
    message = str(caught.value)
    assert "'VIP' and 'Core' overlap where" in message
    assert "aov: [100, 120)" in message


def test_an_edit_that_leaves_a_gap_is_refused_with_the_report() -> None:
    rules = {"High": "aov >= 80", "Low": "not aov >= 80"}
    content = content_of(MECERuleSegmenter(rules).fit(five()))
    entry(content, "High")["rule"] = "aov >= 90"
    with pytest.raises(ValueError, match="no partition") as caught:
        read(content)
    assert "no rule holds where aov: [80, 90); for example aov=80" in str(caught.value)


def test_an_edit_is_proved_within_universe_and_schema() -> None:
    rules = {"High": "aov >= 80", "Low": "0 <= aov < 80"}
    schema = {"aov": {"low": 0, "missing": False}}
    content = content_of(MECERuleSegmenter(rules, schema=schema).fit(five()[:4]))
    assert read(content).predict(five()[:4]).tolist() == [0, 1, 1, 1]
    del content["schema"]["aov"]
    with pytest.raises(ValueError, match="no rule holds where aov"):
        read(content)
    content["universe"] = "aov >= 0"
    assert read(content).predict(five()).tolist() == [0, 1, 1, 1, -1]


def test_a_segment_may_be_renamed_and_keeps_its_figures() -> None:
    content = content_of(small())
    entry(content, "VIP")["name"] = "Best"
    segmenter = read(content)
    assert segmenter.segment_names_.tolist() == ["Best", "Core", "New", "outside"]
    expected = small().segments_.replace({"name": {"VIP": "Best"}})
    pd.testing.assert_frame_equal(segmenter.segments_, expected)


def test_a_segment_may_be_deleted_where_the_default_takes_its_rows() -> None:
    content = content_of(small())
    content["segments"].remove(entry(content, "VIP"))
    segmenter = read(content)
    assert segmenter.segment_names_.tolist() == ["Core", "New", "outside"]
    assert segmenter.predict(five()).tolist() == [1, 0, 0, -1, 1]


def test_a_segment_that_the_others_need_cannot_be_deleted() -> None:
    content = content_of(small())
    content["segments"].remove(entry(content, "New"))
    with pytest.raises(ValueError, match=r"no rule holds where .*aov"):
        read(content)


def test_segments_may_change_places() -> None:
    content = content_of(small())
    content["segments"].reverse()
    segmenter = read(content)
    # The default comes last, wherever it stands.
    assert segmenter.segment_names_.tolist() == ["Core", "VIP", "New", "outside"]
    assert segmenter.segments_["n"].tolist() == [2, 1, 1]


def test_a_segment_may_be_added() -> None:
    content = content_of(small())
    content["segments"].append({"name": "Tiny", "rule": "aov < 5"})
    segmenter = read(content)
    assert segmenter.segment_names_.tolist() == [
        "VIP",
        "Core",
        "Tiny",
        "New",
        "outside",
    ]
    tiny = segmenter.segments_.set_index("name").loc["Tiny"]
    assert np.isnan(tiny["n"])
    assert tiny["merged_from"] == ()
    assert not tiny["oversize"]
    assert len(segmenter.to_strategy()) == 4


def test_two_segments_of_one_name_are_refused() -> None:
    content = content_of(small())
    entry(content, "VIP")["name"] = "Core"
    with pytest.raises(RuleError, match="two segments have the same name"):
        read(content)


def test_two_segments_without_a_rule_are_refused_by_name() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = None
    with pytest.raises(RuleError, match=r"only one segment may .* \['VIP', 'New'\]"):
        read(content)


def test_a_rule_that_is_none_is_named() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "aov >> 120"
    with pytest.raises(RuleError, match="'VIP'") as caught:
        read(content)
    assert "aov >> 120" in str(caught.value)


def test_a_rule_with_a_quantile_is_refused() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "aov >= max(q(0.9), 120)"
    with pytest.raises(ValueError, match=r"q\("):
        read(content)


def test_a_rule_about_a_column_that_fit_had_not_is_refused() -> None:
    content = content_of(small())
    entry(content, "VIP")["rule"] = "avo >= 120"
    entry(content, "Core")["rule"] = "40 <= avo < 120"
    with pytest.raises(ValueError, match="'avo'"):
        read(content)


# What is no strategy


def test_a_file_that_is_not_there_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MECERuleSegmenter.from_strategy(tmp_path / "none.json")


@pytest.mark.parametrize("text", ["", "hello", "{", '{"a": }', "[1, 2]", "null", "3"])
def test_a_file_that_is_no_strategy_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "strategy.json"
    path.write_text(text)
    with pytest.raises(RuleError, match=r"Not JSON|Not a strategy"):
        MECERuleSegmenter.from_strategy(path)


@pytest.mark.parametrize("text", ["{", '{"a": }', "{}", "{" * 100_000, '{"a": NaN}'])
def test_a_text_that_is_no_strategy_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match=r"Not JSON|Not a strategy"):
        read(text)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "strategy.json"
    path.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ValueError, match=r"."):
        MECERuleSegmenter.from_strategy(path)


def test_rules_as_json_are_no_strategy() -> None:
    with pytest.raises(RuleError, match=r"'format' must be 'skseg\.strategy'"):
        read(RuleSet(TIERS).to_json())


@pytest.mark.parametrize("version", [None, 0, 2, "1", "two", [1]])
def test_another_version_is_refused(version: Any) -> None:
    with pytest.raises(RuleError, match=r"reads version 1 of skseg\.strategy\. Got"):
        read(content_of(small()) | {"version": version})


@pytest.mark.parametrize("key", ["format", "version", "columns", "segments"])
def test_a_key_that_is_needed_is_missed_by_name(key: str) -> None:
    content = content_of(small())
    del content[key]
    with pytest.raises(RuleError, match=key):
        read(content)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to everything in JSON, one element of every list."""
    paths = [path] if path else []
    items: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        items = list(content.items())
    elif isinstance(content, list):
        items = list(enumerate(content))
        # The segment with a rule, and the default.
        items = [*items[:1], *items[-1:]] if len(items) > 1 else items
    for key, value in items:
        paths += places(value, (*path, key))
    return paths


def everything() -> MECERuleSegmenter:
    """Return a segmenter in whose JSON every key has a value."""
    X = pd.DataFrame({"aov": [*range(100)], "days": [1] * 99 + [9]})
    rules = {"A": "aov < 3", "B": "3 <= aov < 40", "C": "aov >= 40"}
    segmenter = MECERuleSegmenter(
        rules,
        default="New",
        universe="days <= 7",
        min_size=5,
        max_size=50,
        schema={"days": {"low": 0, "missing": False}, "plan": {"values": ["a", "b"]}},
        score_weights={"outcome": 1, "size": 1, "aov": 0.5},
        playbook={"A": "Call"},
    )
    return segmenter.fit(X, X["aov"] % 2)


EVERYTHING = content_of(everything())
PLACES = places(EVERYTHING)
WRONG = [None, -1, 2.5, True, "x", [], [[3]], {"x": 1}]


def altered(path: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
    """Return a copy of the content, and the part of it that holds a place."""
    content: dict[str, Any] = json.loads(json.dumps(EVERYTHING))
    inner: Any = content
    for key in path[:-1]:
        inner = inner[key]
    return content, inner


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_read(content: Any) -> None:
    """Check that JSON is refused with a readable message, or works."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* was edited by hand|.* were edited by")
            segmenter = read(content)
    except RuleError:
        return
    except ValueError as error:
        # What numpy says of a wrong figure does not say where it stands.
        if "no partition" not in str(error):
            raise
        return
    assert segmenter.segments_["name"].tolist() == list(segmenter.rules_.names)
    columns = list(getattr(segmenter, "feature_names_in_", []))
    assert all(isinstance(name, str) for name in columns)
    assert is_number(segmenter.n_features_in_)
    assert segmenter.n_features_in_ > 0
    for bound in (segmenter.min_size_, segmenter.max_size_):
        assert bound is None or is_number(bound)
    X = {name: [1.0, 50.0] for name in columns or ["x0"] * segmenter.n_features_in_}
    assert set(segmenter.rules_.columns) <= set(X)
    assert len(segmenter.predict(pd.DataFrame(X))) == 2
    # It is not known where the universe was edited.
    assert np.isfinite(segmenter.n_outside_) or segmenter.lineage_.empty
    frame = segmenter.to_strategy(dialect=None)
    assert len(frame) == len(segmenter.rules_)
    check_round_trip(str(segmenter.to_json(dialect=None)))


@cache
def check_round_trip(text: str) -> None:
    """Check that JSON is written as it was read, once for equal texts."""
    assert read(text).to_json(dialect=None) == text


def spelled(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))


@pytest.mark.parametrize("path", PLACES, ids=spelled)
def test_a_key_that_is_deleted_is_missed_or_not_needed(path: tuple[Any, ...]) -> None:
    content, inner = altered(path)
    del inner[path[-1]]
    check_read(content)


@pytest.mark.parametrize("path", PLACES, ids=spelled)
def test_a_value_that_is_wrong_is_refused_or_of_no_consequence(
    path: tuple[Any, ...],
) -> None:
    failed = {}
    for value in WRONG:
        content, inner = altered(path)
        inner[path[-1]] = value
        try:
            check_read(content)
        except Exception as error:
            failed[repr(value)] = f"{type(error).__name__}: {str(error)[:80]}"
    assert not failed


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
@pytest.mark.parametrize("key", ["min_size", "n", "score", "low"])
def test_a_number_that_is_none_is_refused_or_of_no_consequence(
    key: str, number: str
) -> None:
    text = re.sub(rf'"{key}": [\d.]+', f'"{key}": {number}', json.dumps(EVERYTHING))
    assert number in text
    check_read(text)


@few_examples(5)
@given(st.data())
def test_segments_of_any_name_are_written_and_read(data: Any) -> None:
    first, second = data.draw(st.lists(names, min_size=2, max_size=2, unique=True))
    rules = {first: "aov >= 80", second: "not aov >= 80"}
    playbook = {first: data.draw(st.text(st.characters(codec="utf-8"), max_size=5))}
    segmenter = MECERuleSegmenter(rules, playbook=playbook).fit(five(), CONVERTED)
    copy = read(segmenter.to_json(dialect=None))
    assert copy.segment_names_.tolist() == [first, second]
    if playbook[first]:
        assert_same(segmenter, copy, None)
