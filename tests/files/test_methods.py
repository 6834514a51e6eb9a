"""Every public method that takes a path writes a whole file, or leaves the old one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import skseg
from skseg.datasets import make_seller_groups
from skseg.exceptions import InvalidParameterError
from tests.files.file_tools import edit, failing_call, names_in

METHODS = sorted(
    f"{name}.{method}"
    for name in skseg.__all__
    if inspect.isclass(public := getattr(skseg, name))
    for method, function in inspect.getmembers(public, inspect.isfunction)
    if not method.startswith("_") and "path" in inspect.signature(function).parameters
)
# Classes whose methods are inherited from the same mixin, so that one stands for all.
SAME = {
    "BoxSegmentFinder": "IVSegmentFinder",
    "L1SegmentFinder": "IVSegmentFinder",
    "OptimalRevenueBinner": "RFMSegmenter",
    "PropensityBinner": "RFMSegmenter",
    "RuleSurrogate": "RFMSegmenter",
    "SegmentFinder": "IVSegmentFinder",
    "TLearnerSegmentFinder": "IVSegmentFinder",
}
DISTINCT = [method for method in METHODS if method.partition(".")[0] not in SAME]


@cache
def fitted(name: str) -> Any:
    """Return a fitted object of a public class."""
    data = make_seller_groups(600, random_state=0)
    X, y, group = data[["basket_value"]], data["converted"], data["seller"]
    if name == "MECERuleSegmenter":
        rules = {"High": "basket_value >= 60"}
        return skseg.MECERuleSegmenter(rules, default="Rest").fit(X, y)
    if name == "RFMSegmenter":
        table = data[["days_since_contact", "past_orders", "basket_value"]]
        table.columns = ["recency", "frequency", "monetary"]
        return skseg.RFMSegmenter(n_scores=3).fit(table)
    finder = skseg.IVSegmentFinder().fit(X, y, group=group)
    return {
        "IVSegmentFinder": finder,
        "CombinedFindings": skseg.combine_findings([finder]),
    }[name]


def method(name: str) -> Callable[..., Any]:
    owner, _, attribute = name.partition(".")
    return getattr(fitted(owner), attribute)  # type: ignore[no-any-return]


def test_the_methods_are_known() -> None:
    assert {"MECERuleSegmenter.to_json", "CombinedFindings.to_python"} <= set(DISTINCT)
    for name, other in SAME.items():
        attributes = [m.partition(".")[2] for m in METHODS if m.startswith(f"{name}.")]
        assert attributes
        for attribute in attributes:
            function = getattr(getattr(skseg, name), attribute)
            assert function is getattr(getattr(skseg, other), attribute)


@pytest.mark.parametrize("name", DISTINCT)
def test_the_file_is_the_text(tmp_path: Path, name: str) -> None:
    write = method(name)
    for path in (tmp_path / "a.txt", str(tmp_path / "b.txt")):
        assert write(path) is None
        assert Path(path).read_bytes().decode().rstrip("\n") == write().rstrip("\n")
    assert names_in(tmp_path) == {"a.txt", "b.txt"}


@pytest.mark.parametrize("name", DISTINCT)
@pytest.mark.parametrize("call", ["fsync", "replace", "open", "mkdir"])
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, name: str, call: str
) -> None:
    path = tmp_path / "a.txt"
    edit(path, "old\n")
    with failing_call(0, call), pytest.raises(OSError, match="No space left"):
        method(name)(path)
    assert path.read_text() == "old\n"
    assert names_in(tmp_path) == {"a.txt"}


@pytest.mark.parametrize("name", DISTINCT)
@pytest.mark.parametrize("path", ["", b"a.txt", 7])
def test_what_is_no_path_is_refused(name: str, path: object) -> None:
    with pytest.raises(InvalidParameterError) as info:
        method(name)(path)
    assert (info.value.owner, info.value.name) == (name, "path")
    # As it is advised.
    assert isinstance(method(name)(), str)


@pytest.mark.parametrize("name", [name for name in DISTINCT if "to_csv" in name])
@pytest.mark.parametrize("ending", [".gz", ".ZIP", ".bz2", ".xz", ".zst", ".tar"])
def test_an_ending_says_what_the_file_is(
    tmp_path: Path, name: str, ending: str
) -> None:
    with pytest.raises(InvalidParameterError, match="a file that is not compressed"):
        method(name)(tmp_path / f"findings.csv{ending}")
    method(name)(tmp_path / "findings.csv")
    assert len(pd.read_csv(tmp_path / "findings.csv").columns) > 3
    assert names_in(tmp_path) == {"findings.csv"}
