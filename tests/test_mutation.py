"""The changes of which ``make mutants`` asks whether the tests notice them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.changed import ROOT
from tests.mutation.__main__ import EQUIVALENT
from tests.mutation.changes import changes_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("a < b <= c", ["a <= b <= c", "a < b < c"]),
        ("a is not None", ["a is None"]),
        ("a not in b", ["a in b"]),
        ("(a) and\tb", ["(a) or\tb"]),
        ("not a or -b", ["a or -b", "not a and -b", "not a or b"]),
        ("a - 1", ["a + 1", "a - 2"]),
        ("ü = x * 0.5", ["ü = x / 0.5", "ü = x * 1.5"]),
        ("f(True, strict=True)", ["f(False, strict=True)"]),
        ("n: Literal[1] = 2", ["n: Literal[1] = 3"]),
        ("MOST = 1 << 16", []),
        ("ROWS = 2 * MOST", ["ROWS = 3 * MOST", "ROWS = 2 / MOST"]),
        ('"a" + b', []),
        ('f"{a + 1}"', []),
    ],
)
def test_a_line_is_changed_in_every_place_once(
    line: str, changed: list[str], tmp_path: Path
) -> None:
    (tmp_path / "module.py").write_text(f"'''Words.'''\n{line}\n", encoding="utf-8")
    changes = list(changes_of(Path("module.py"), tmp_path))
    source = (tmp_path / "module.py").read_bytes()
    lines = [change.apply(source).decode().splitlines()[1] for change in changes]
    assert lines == changed
    assert [change.after for change in changes] == changed
    assert {change.line for change in changes} <= {2}


def test_what_no_test_can_notice_is_a_change_of_today_and_has_a_reason() -> None:
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = {
        file: {key for change in changes_of(Path(file), ROOT) for key in change.keys}
        for file in {row["file"] for row in rows}
    }
    for row in rows:
        assert tuple(row.values())[:4] in keys[row["file"]], row
        assert row["reason"]
