"""CPU seconds and CSV files of results, for all benchmarks."""

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
    """Return the median CPU seconds of `RUNS` runs, and the last result."""
    runs = [cpu(run) for _ in range(RUNS)]
    return statistics.median(seconds for seconds, _ in runs), runs[-1][1]


def write_results(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write one line per row, with the columns in the order of first appearance."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        fields = list(dict.fromkeys(key for row in rows for key in row))
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)
