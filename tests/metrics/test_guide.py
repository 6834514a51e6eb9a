"""The page of the guide about scores shows what its examples print."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "scoring.rst"


def test_the_examples_print_what_the_page_shows() -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.testfile(str(PAGE), module_relative=False, optionflags=flags)
    assert results.attempted > 20
    assert results.failed == 0
