"""What the benchmarks share: CPU seconds, and results as CSV."""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

RUNS = 3


def cpu(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds that `run` takes, and its result."""
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def median_cpu(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the median of several runs, and the last result."""
    taken = [cpu(run) for _ in range(RUNS)]
    return statistics.median(seconds for seconds, _ in taken), taken[-1][1]


def write_results(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write one line per row; the columns in order of first appearance."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        fields = list(dict.fromkeys(key for row in rows for key in row))
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)
