"""The README keeps its promises: its example runs, and CI runs its test command."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


PROMISED = [
    ["Mutually exclusive and collectively exhaustive.", "THEN 'Champions'"],
    [
        "'VIP' and 'Core' overlap",
        "aov: missing; for example",
        "Core / aov 60-90",
        "aov is at least 90",
    ],
    ["Nothing: propensity <=", "profit", "Nothing | E-mail", "Total"],
    ["The rows have cluster structure", "days_since_visit <=", "precision"],
    ["Implement", "channel in ['email', 'partner']"],
    ["% of monetary. Compared with all", "recency  rule", "Thank the champions"],
    ["Can't lose them", "% of monetary. ", 'CASE\n  WHEN CAST("recency" AS DOUBLE'],
]


@pytest.mark.parametrize(
    ("example", "promised"), list(zip(blocks("python"), PROMISED, strict=True))
)
def test_the_examples_run_and_show_what_they_promise(
    example: str,
    promised: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # for the examples that write a file
    runpy.run_path(str(script))
    printed = capsys.readouterr().out
    assert [text for text in promised if text not in printed] == []


@pytest.mark.parametrize("example", blocks("python"))
def test_the_examples_have_about_twenty_lines(example: str) -> None:
    assert len([line for line in example.splitlines() if line.strip()]) <= 20


def test_ci_runs_the_tests_by_the_command_of_the_readme() -> None:
    command = next(block for block in blocks("sh") if "pytest" in block)
    test = command.strip().split("&& ")[-1].removeprefix(".venv/bin/")
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert test in steps


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
