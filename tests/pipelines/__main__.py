"""Print the contract as a table: python -m tests.pipelines [SEGMENTER ...]."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.pipelines.contract import Cell, all_cells, check, excuse
from tests.pipelines.hosts import HOSTS
from tests.pipelines.segmenters import SEGMENTERS


@dataclass
class Results:
    """The cells of the contract by their state, with the reasons of those not green."""

    green: list[Cell] = field(default_factory=list)
    excused: dict[Cell, str] = field(default_factory=dict)
    red: dict[Cell, str] = field(default_factory=dict)

    def add(self, cell: Cell) -> None:
        """Check a cell."""
        try:
            if reason := excuse(cell.host, cell.container):
                self.excused[cell] = reason
                return
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                check(cell)
        except Exception as error:
            self.red[cell] = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            self.green.append(cell)

    def lines(self) -> Iterator[str]:
        """Yield the lines of a table of the states, and of all cells not green."""
        hosts, kinds = list(HOSTS), ("green", "excused", "red")
        counts = {
            kind: Counter((cell.segmenter, cell.host) for cell in getattr(self, kind))
            for kind in kinds
        }
        yield _row("cells", *hosts)
        yield _row("---", *["---:"] * len(hosts))
        for name in dict.fromkeys(name for kind in kinds for name, _ in counts[kind]):
            states = (
                ", ".join(
                    f"{n} {kind}" for kind in kinds if (n := counts[kind][name, host])
                )
                for host in hosts
            )
            yield _row(name, *states)
        yield ""
        yield _row("host", "container", "cells excused", "reason")
        yield _row("---", "---", "---:", "---")
        excuses = Counter((c.host, c.container, why) for c, why in self.excused.items())
        for (host, container, why), n in excuses.items():
            yield _row(host, container, str(n), why)
        yield ""
        yield ", ".join(f"{len(getattr(self, kind))} {kind}" for kind in kinds)
        yield from (f"- {cell}: {why}" for cell, why in self.red.items())


def _row(*texts: str) -> str:
    return f"| {' | '.join(texts)} |"


def main(names: list[str]) -> int:
    """Check every cell of these segmenters, and return 1 if one is red."""
    results = Results()
    for cell in all_cells():
        if cell.segmenter in names:
            results.add(cell)
    sys.stdout.writelines(f"{line}\n" for line in results.lines())
    return int(bool(results.red))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(SEGMENTERS)))
