"""The page of the guide about pipelines shows what its examples print."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.pipelines.segmenters import ENCODINGS

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "pipelines.rst"


@pytest.mark.parametrize("page", [PAGE], ids=["pipelines"])
def test_the_examples_print_what_the_page_shows(page: Path) -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert results.attempted > 20
    assert results.failed == 0


def test_the_table_of_encodings_is_complete() -> None:
    _, _, table = PAGE.read_text(encoding="utf-8").partition(":name: encodings\n")
    table, _, _ = table.partition("\n\n\n")
    rows = re.split(r"\n   \* - ", table)[1:]
    listed = {}
    for row in rows:
        head, _, rest = row.partition("\n     - ")
        for name in re.findall(r"~skseg\.(\w+)`", head):
            listed[name] = set(
                re.findall(r'``"(\w+)"``', rest.partition("\n     - ")[0])
            )
    assert listed == {
        name: {encode for encode in encodings if encode}
        for name, encodings in ENCODINGS.items()
    }
