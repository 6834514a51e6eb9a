"""The page of the guide about clusters: its recipe for mixed columns runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "clusters.rst"


def test_the_recipe_for_mixed_columns_runs(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, section = PAGE.read_text(encoding="utf-8").partition("For mixed columns:")
    block = re.search(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", section)
    assert block is not None
    code = re.sub(r"^    ", "", block[1], flags=re.MULTILINE)
    exec(compile(code, str(PAGE), "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out
    assert "cluster structure" in printed
    assert "Segment 2: " in printed
    assert "Unknown: everyone else" in printed
