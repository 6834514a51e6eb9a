"""Fixtures of the tests of files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the wait for the disk, which the kill of a process does not touch."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def readable() -> Iterator[Path]:
    """Give a folder that everybody may read, and its owner alone may write to."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs users")
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        folder.chmod(0o755)
        (folder / "out").mkdir(mode=0o555)
        yield folder / "out"
