"""Fixtures of the tests of files."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the wait for the disk, which the kill of a process does not touch."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
