"""`RuleSet.from_json` and `from_strategy` under the same bad inputs."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg._core._strategy_json import with_fingerprint
from skseg.exceptions import InvalidParameterError, RuleError
from skseg.rules import Rule, RuleSet, col
from tests.documents.mutations import part, places, sign
from tests.documents.written import rule_sets, segmenters, strategy_text

LOADERS = {
    "RuleSet.from_json": RuleSet.from_json,
    "MECERuleSegmenter.from_strategy": MECERuleSegmenter.from_strategy,
}
LONG = "9" * 400


@pytest.fixture(params=LOADERS)
def owner(request: pytest.FixtureRequest) -> str:
    """Return the name of a loader."""
    name: str = request.param
    return name


@pytest.fixture
def load(owner: str) -> Callable[[Any], Any]:
    """Return the loader."""
    return LOADERS[owner]


@pytest.fixture
def written(owner: str) -> str:
    """Return what the loader reads."""
    if owner == "RuleSet.from_json":
        return RuleSet({"A": "x0 > 1"}, default="B").to_json()
    return strategy_text(segmenters()["arrays"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "Not JSON: it is empty. {} reads JSON as a str, or a file by its"),
        (" \n", "Not JSON: it is empty. {} reads JSON as a str, or a file by its"),
        ("null", r"it must be an object, .* Got null instead"),
        ("[]", r"it must be an object, .* Got \[\] instead"),
        ("3", r"it must be an object, .* Got 3 instead"),
        ("rules", "Not JSON: expecting value .* {} reads JSON as a str, or a file"),
        ("x" * 1_000_000, "Not JSON: expecting value .* {} reads JSON as a str"),
        ("out/r.json", r"is the name of a file. .*pathlib.Path\('out/r.json'\)"),
        ("R.JSON", r"is the name of a file. .*pathlib.Path\('R.JSON'\)"),
        (None, "{} reads JSON as a str, or a file by its pathlib.Path. Got None"),
        (3, "{} reads JSON as a str.* Got the type int instead"),
        (b"{}", r"Got the type bytes .* bytes\(source\).decode\('utf-8-sig'\)"),
        (bytearray(b"{}"), r"Got the type bytearray .* bytes\(source\).decode"),
        ({"format": "x"}, r"Got the type dict .* json.dumps\(source\)"),
        ([], r"Got the type list .* json.dumps\(source\)"),
        (io.StringIO("{}"), r"Got the type StringIO .* source.read\(\)"),
        (Path("a\0b"), "reads a file by its path"),
        ("{}", "the key 'format' must be"),
        ("\ufeff{}", "the key 'format' must be"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, str) else type(value),
)
def test_what_is_no_document_is_refused_with_what_to_do(
    load: Any, owner: str, source: Any, message: str
) -> None:
    with pytest.raises(RuleError, match=message.format(owner)) as caught:
        load(source)
    assert caught.value.owner == owner
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("kind", "way_out"),
    [
        (lambda text: text.encode(), lambda s: bytes(s).decode("utf-8-sig")),
        (lambda text: bytearray(b"\xef\xbb\xbf" + text.encode()), None),
        (io.StringIO, lambda s: s.read()),
        (json.loads, json.dumps),
    ],
    ids=["bytes", "bytearray", "file", "dict"],
)
def test_the_advice_about_a_source_works(
    load: Any, written: str, kind: Any, way_out: Any
) -> None:
    way_out = way_out or (lambda s: bytes(s).decode("utf-8-sig"))
    source = kind(written)
    with pytest.raises(RuleError):
        load(source)
    load(way_out(source))


def test_a_text_may_begin_with_a_byte_order_mark(load: Any, written: str) -> None:
    load(f"\ufeff{written}")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_files_of_other_encodings_are_refused(
    load: Any, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "r.json"
    path.write_bytes('{"é": 1}'.encode(encoding))
    with pytest.raises(RuleError, match=r"not UTF-8 text. Save it as UTF-8\.$"):
        load(path)


def test_what_the_system_cannot_open_is_its_own_error(
    load: Any, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.json")
    with pytest.raises(IsADirectoryError):
        load(tmp_path)


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("2", "Got version 2; a newer skseg wrote it."),
        (LONG[:300], "; a newer skseg wrote it."),
        *(
            (version, f"Got version {version}; the key 'version' must be the whole")
            for version in ["true", "false", "1.0", "null", '"1"', "0", "-1", "[1]"]
        ),
    ],
    ids=lambda value: value[:20],
)
def test_only_a_larger_whole_number_is_a_newer_version(
    load: Any, written: str, version: str, reason: str
) -> None:
    text = re.sub('"version": 1', f'"version": {version}', written)
    with pytest.raises(RuleError) as caught:
        load(text)
    assert reason in str(caught.value)
    assert caught.value.name == "version"


@pytest.mark.parametrize("piece", ["NaN", "1e400", LONG, '"\\ud800"', "[" * 60])
def test_values_that_nothing_could_mean_are_refused(
    load: Any, written: str, piece: str
) -> None:
    with pytest.raises(RuleError, match="Not "):
        load(written.replace("{", f'{{"a": {piece + "]" * piece.count("[")},', 1))


def mappings(content: Any) -> list[tuple[Any, ...]]:
    """Return the paths to the mappings in a document whose keys skseg chooses."""
    named = {"rules", "params", "score_weights", "playbook", "schema", "segments"}
    named |= {"actions", "losses", "quantiles"}
    return [
        path
        for path in [(), *places(content)]
        if isinstance(part(content, path), dict) and (not path or path[-1] not in named)
    ]


def test_an_unknown_key_is_refused_at_every_depth(load: Any, owner: str) -> None:
    text = rule_sets()["noise"].to_json()
    if owner != "RuleSet.from_json":
        text = strategy_text(segmenters()["quantiles"])
    paths = mappings(json.loads(text))
    assert len(paths) > 3
    for path in paths:
        content = json.loads(text)
        holder = part(content, path)
        key = next(iter(holder), "low")
        holder[f"{key}s"] = holder.get(key)
        with pytest.raises(RuleError, match=f"{key}s") as caught:
            load(json.dumps(content))
        assert f"Did you mean {key!r}?" in str(caught.value), path


def test_a_key_that_stands_twice_is_refused_at_every_depth(
    load: Any, written: str
) -> None:
    keys = re.findall(r'(?m)^ *("\w+": )', written)
    assert len(keys) > 4
    for key in dict.fromkeys(keys):
        twice = written.replace(key, f"{key}1, {key}", 1)
        with pytest.raises(RuleError, match=f"the key '{key[1:-3]}' stands twice"):
            load(twice)


# Figures and records of a fit whose fingerprints were forged.


def forged(change: Callable[[dict[str, Any]], None]) -> str:
    """Return a strategy that was changed, with the fingerprints of the change."""
    content = json.loads(strategy_text(segmenters()["quantiles"]))
    change(content)
    sign(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    "figures",
    [
        {"name": 7},
        {"code": 1},
        {"rule": "x > 1"},
        {"description": "all"},
        {"action": "Call"},
        {"sql": "1"},
        {"audience": "all"},
        {"thresholds": "x"},
        {"mean_": 1},
        {"score_": 1},
        {"mean_plan": 1},
        {"n": "7"},
        {"n": True},
        {"n": -1},
        {"n": [7]},
        {"rank": 1.5},
        {"rank": 0},
        {"rank": 2**63},
        {"n": 2**63},
        {"share": -(10**300)},
        {"share": "x"},
        {"oversize": 1},
        {"merged_from": "Low"},
        {"split_from": [1]},
        {"segment": 3},
        {"segment": None},
    ],
    ids=repr,
)
def test_figures_are_those_that_skseg_writes(figures: dict[str, Any]) -> None:
    def change(content: dict[str, Any]) -> None:
        content["segments"][0]["figures"].update(figures)

    (name,) = figures
    with pytest.raises(RuleError, match=rf"segments\[0\]\.figures.*{name}"):
        MECERuleSegmenter.from_strategy(forged(change))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("segments",), {"A": None, "B": None}),
        (("rules", "Low"), "monetary >"),
        (("rules", "Low"), 3),
        (("default",), "Low"),
        (("cut_points", 0, "threshold"), "q(0.5) and y > 2"),
        (("cut_points", 0, "threshold"), "3"),
        (("cut_points", 0, "threshold"), "q(0.1)"),
        (("cut_points", 0, "value"), "nan"),
        (("cut_points", 0, "value"), 3),
        (("cut_points", 0, "quantiles"), {"a": "1"}),
        (("cut_points", 0, "quantiles"), {}),
        (("lineage", 0, "rule"), "Nobody"),
        (("lineage", 0, "segment"), "Nobody"),
        (("lineage", 0, "n"), "7"),
        (("merge_report",), {"score_before": 1, "score_after": 1}),
        (
            ("merge_report",),
            {"score_before": 1, "score_after": 1, "losses": {"Nobody": 1}},
        ),
        (("actions",), {"Nobody": "Call"}),
        (("rule_names",), "Low"),
        (("n_outside",), -1),
        (("min_size",), True),
    ],
    ids=repr,
)
def test_a_forged_record_of_a_fit_is_refused(path: tuple[Any, ...], value: Any) -> None:
    def change(content: dict[str, Any]) -> None:
        part(content["fitted"], path[:-1])[path[-1]] = value

    with pytest.raises(RuleError, match=r"Not a strategy: .*fitted"):
        MECERuleSegmenter.from_strategy(forged(change))


def test_a_record_of_a_fit_is_signed_as_it_is_written() -> None:
    content = json.loads(strategy_text(segmenters()["quantiles"]))
    facts = {k: v for k, v in content["fitted"].items() if k != "fingerprint"}
    assert with_fingerprint(facts) == content["fitted"]


# Reading what skseg wrote is the identity.


def test_the_rules_of_every_estimator_come_back() -> None:
    all_rules = rule_sets()
    assert len(all_rules) >= 9
    for rules in all_rules.values():
        for indent in (None, 2):
            text = rules.to_json(indent=indent)
            copy = RuleSet.from_json(text)
            assert copy == rules
            assert (copy.names, copy.codes) == (rules.names, rules.codes)
            assert copy.to_json(indent=indent) == text


@pytest.mark.parametrize("name", ["sizes", "quantiles", "arrays"])
def test_every_strategy_comes_back_without_a_warning(name: str) -> None:
    segmenter = segmenters()[name]
    text = strategy_text(segmenter)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copy = MECERuleSegmenter.from_strategy(text)
    assert strategy_text(copy) == text
    pd.testing.assert_frame_equal(copy.segments_, segmenter.segments_)
    pd.testing.assert_frame_equal(copy.lineage_, segmenter.lineage_)


# What cannot be read is not written.


@pytest.mark.parametrize(
    "params",
    [{"t": float("nan")}, {"t": 10**400}, {"t": "\ud800"}, {"\ud800": 1}, {3: 1}],
    ids=["nan", "400 digits", "surrogate", "name", "number as name"],
)
def test_a_parameter_that_json_cannot_hold_is_refused(params: dict[Any, Any]) -> None:
    X = pd.DataFrame({"x": [1.0, 2.0]})
    segmenter = MECERuleSegmenter({"A": "x > 1"}, default="B", params=params).fit(X)
    with pytest.raises(RuleError):
        segmenter.to_json()


def test_an_action_that_no_file_can_hold_is_refused_by_fit() -> None:
    segmenter = MECERuleSegmenter({"A": "x > 1"}, default="B", playbook={"A": "\ud800"})
    with pytest.raises(InvalidParameterError, match="lone surrogates"):
        segmenter.fit(pd.DataFrame({"x": [1.0, 2.0]}))


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize(
    "name", ["min_size", "max_size", "score_weights", "default", "universe", "split_on"]
)
def test_numbers_beyond_float64_are_no_parameters(name: str, digits: int) -> None:
    value: Any = 10**digits
    if name == "score_weights":
        value = {"size": value}
    segmenter = MECERuleSegmenter({"A": "x > 1"}, default="B").set_params(
        **{name: value}
    )
    with pytest.raises((InvalidParameterError, RuleError)):
        segmenter.fit(pd.DataFrame({"x": [1.0, 2.0]}))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (col("x").isin(list(range(10**5, 10**5 + 20_000))), "may have 100,000 char"),
        (
            reduce(
                lambda rule, i: (
                    rule & (col("y") < i) if i % 2 else rule | (col("z") > i)
                ),
                range(90),
                col("x") > 0,
            ),
            "may be nested 50 levels deep at most",
        ),
    ],
    ids=["long", "deep"],
)
def test_a_rule_whose_text_cannot_be_read_is_not_written(
    rule: Rule, reason: str
) -> None:
    with pytest.raises(RuleError, match=rf"Segment 'A' cannot be .*{reason}"):
        RuleSet({"A": rule}).to_json()
    with pytest.raises(RuleError, match=rf"The universe cannot be .*{reason}"):
        RuleSet({}, universe=rule).to_json()
