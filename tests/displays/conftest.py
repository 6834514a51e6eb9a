"""Pictures on demand: most tests of displays are about numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import pytest

from skseg.displays._display import Display


@pytest.fixture(autouse=True)
def draws_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw on new axes only when a test looks at them, since drawing takes most time.

    What is drawn on given axes is drawn at once.
    """
    draw = Display._plot

    def postpone(self: Any, ax: Any, title: str | None, **options: Any) -> Any:
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        if ax is not None:
            return draw(self, ax, title, **options)
        self.postponed_ = lambda: draw(self, None, title, **options)
        return self

    def draw_postponed(self: Any, name: str) -> Any:
        if name.endswith("__") or not name.endswith("_"):
            raise AttributeError(name)
        if "postponed_" not in vars(self):
            raise AttributeError(name)
        vars(self).pop("postponed_")()
        return getattr(self, name)

    monkeypatch.setattr(Display, "_plot", postpone)
    monkeypatch.setattr(Display, "__getattr__", draw_postponed, raising=False)


@pytest.fixture(autouse=True)
def without_open_figures() -> Iterator[None]:
    yield
    plt.close("all")
