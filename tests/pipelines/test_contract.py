"""Every segmenter as a step: hosts, containers and encodings."""

from __future__ import annotations

import re

import pytest

from skseg.exceptions import InvalidParameterError
from tests.pipelines.contract import Cell, cells, check, excuse
from tests.pipelines.customers import customers
from tests.pipelines.segmenters import ENCODINGS, SEGMENTERS, encodings, segmenter
from tests.test_common import ESTIMATORS


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_a_segmenter_is_a_step_like_any_other(cell: Cell) -> None:
    if reason := excuse(cell.host, cell.container):
        pytest.skip(reason)
    check(cell)


def test_the_contract_covers_every_estimator() -> None:
    assert set(ENCODINGS) == set(ESTIMATORS)
    assert {name.partition("-")[0] for name in SEGMENTERS} == set(ESTIMATORS)


@pytest.mark.parametrize("name", SEGMENTERS)
def test_every_encoding_is_in_the_contract(name: str) -> None:
    data = customers("pandas")
    with pytest.raises(InvalidParameterError) as raised:
        segmenter(name, "nonsense", data.columns).fit(data.X, data.y)
    assert raised.value.name == "encode"
    choices = set(re.findall(r"'(\w+)'", str(raised.value.rule)))
    assert choices == {encode for encode in encodings(name) if encode}


@pytest.mark.parametrize("name", SEGMENTERS)
def test_the_first_encoding_is_the_default(name: str) -> None:
    assert SEGMENTERS[name](customers("pandas").columns).encode == encodings(name)[0]
