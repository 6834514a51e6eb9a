"""Modules that a test lets be imported anew, as if for the first time."""

from __future__ import annotations

import sys

import pytest


def forget_modules(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    """
    Let the modules whose names begin with `prefix` be imported anew in this test.

    The attributes of their packages are put back after the test as well: a test
    that patches a module by its dotted name would otherwise patch the second copy.
    """
    for name in [name for name in sys.modules if name.startswith(prefix)]:
        package, _, child = name.rpartition(".")
        if package in sys.modules:
            monkeypatch.delattr(sys.modules[package], child, raising=False)
        monkeypatch.delitem(sys.modules, name)
