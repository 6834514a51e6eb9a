"""The tests that ``make quick`` chooses for a changed file."""

from __future__ import annotations

from pathlib import Path

import pytest

# Under its own name pytest would take it for a test.
from tests.changed import tests_of as chosen_for

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("file", "chosen"),
    [
        ("skseg/_rfm/_money.py", ["skseg/_rfm/_money.py", "tests/rfm"]),
        (
            "skseg/_search/effects/boxes/_cover.py",
            ["skseg/_search/effects/boxes/_cover.py", "tests/search/effects"],
        ),
        ("skseg/exceptions.py", ["skseg/exceptions.py", "tests/test_api.py"]),
        ("tests/rfm/test_rfm.py", ["tests/rfm/test_rfm.py"]),
        ("tests/conftest.py", []),
        ("benchmarks/rfm.py", []),
    ],
)
def test_a_file_is_tested_by_the_closest_folder_of_tests(
    file: str, chosen: list[str]
) -> None:
    assert [path.as_posix() for path in chosen_for(Path(file))] == chosen
