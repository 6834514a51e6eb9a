"""Loaders under documents that were changed at random.

A loader ends in its own error, or what it has read can be written and read again. Of
the profile "thorough", each loader sees more than 20,000 documents.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg._documents._errors import DocumentError
from skseg._documents._json import dump_json, load_json
from skseg._documents._yaml import load_yaml
from skseg.cli._rules_file import read_rules_file
from skseg.exceptions import SksegError
from skseg.rules import RuleSet
from tests.documents.mutations import changed, changed_text
from tests.documents.written import (
    DEFINITION,
    noisy_rules,
    plain_definition,
    rule_sets,
    segmenters,
    strategy_text,
)

RULE_SETS = ["RFMSegmenter", "OptimalRevenueBinner", "L1SegmentFinder", "noise"]
STRATEGIES = ["sizes", "quantiles", "arrays"]
# How often each test of a kind is tried in the profile "thorough".
_TIMES = {"rules": 5000, "strategies": 7000, "files": 4000, "texts": 10000}


def many(kind: str) -> Any:
    """Return settings with as many examples as the profile asks for this kind."""
    thorough = settings.get_current_profile_name() == "thorough"
    number = _TIMES[kind] if thorough else settings().max_examples
    return settings(
        max_examples=number,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.mark.parametrize("name", RULE_SETS)
@many("rules")
@given(data=st.data())
def test_a_changed_rule_set_is_refused_or_read_and_written(
    name: str, data: st.DataObject
) -> None:
    text = data.draw(changed(rule_sets()[name].to_json()))
    try:
        rules = RuleSet.from_json(text)
    except SksegError:
        return
    again = rules.to_json()
    assert RuleSet.from_json(again) == rules
    assert RuleSet.from_json(again).to_json() == again


def read(text: str) -> MECERuleSegmenter:
    """Return the segmenter of a strategy, whatever was edited."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* edited by hand")
        return MECERuleSegmenter.from_strategy(text)


@pytest.mark.parametrize("name", STRATEGIES)
@many("strategies")
@given(data=st.data())
def test_a_changed_strategy_is_refused_or_read_and_written(
    name: str, data: st.DataObject
) -> None:
    text = data.draw(changed(strategy_text(segmenters()[name])))
    try:
        segmenter = read(text)
    except SksegError:
        return
    table = segmenter.segments_
    assert table["name"].tolist() == list(segmenter.rules_.names)
    assert table["code"].tolist() == list(range(len(table)))
    assert table["rule"].tolist() == list(segmenter.rules_.texts().values())
    assert not table.columns.duplicated().any()
    again = strategy_text(segmenter)
    with warnings.catch_warnings():
        # What was written just now was not edited.
        warnings.simplefilter("error")
        copy = MECERuleSegmenter.from_strategy(again)
    assert strategy_text(copy) == again
    assert copy.rules_ == segmenter.rules_


FILES = {
    "definition.yaml": lambda: DEFINITION,
    "definition.json": lambda: json.dumps(plain_definition()),
    "rules.yaml": lambda: noisy_rules().to_json(indent=None),
    "rules.json": lambda: noisy_rules().to_json(indent=4),
    "strategy.json": lambda: strategy_text(segmenters()["sizes"]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for one file that is written anew for every example."""
    return tmp_path_factory.mktemp("documents")


@pytest.mark.parametrize("name", FILES)
@many("files")
@given(data=st.data())
def test_a_changed_file_is_refused_or_read_by_the_command_line(
    folder: Path, name: str, data: st.DataObject
) -> None:
    written = FILES[name]()
    is_json = written.startswith("{")
    text = data.draw(changed(written) if is_json else changed_text(written))
    content = text.encode("utf-8", "surrogatepass")
    content += data.draw(st.sampled_from([b"", b"", b"", b"\xff", b"\0", b"\x85"]))
    path = folder / name
    path.write_bytes(content)
    try:
        read_rules_file(path, refit=data.draw(st.booleans()))
    except SksegError as error:
        message = str(error)
    else:
        message = name
    assert message.startswith(name)


@pytest.mark.parametrize("load", [load_json, load_yaml])
@many("texts")
@given(data=st.data())
def test_a_text_is_no_document_or_plain_data_that_is_written_again(
    load: Any, data: st.DataObject
) -> None:
    written = data.draw(st.sampled_from([json.dumps(plain_definition()), DEFINITION]))
    text = data.draw(changed_text(written) | st.text(max_size=30))
    try:
        content = load(text)
    except DocumentError:
        return
    if ".inf" not in text.lower():
        assert load_json(dump_json(content)) == content
