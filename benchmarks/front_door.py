"""What importing skseg costs, and how long the segment of one row takes.

Each import runs in interpreters of its own: CPU seconds of the process, less those of
an interpreter that imports nothing, and its peak resident memory. numpy alone is the
yardstick. Then the CPU time of one row, as a dict for ``assign_row`` and as a frame of
one row for ``assign``: the least of several runs.

    python benchmarks/front_door.py
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
# The rule sets are those of the tests.
sys.path.insert(0, str(ROOT))

from _measure import RUNS, cpu, write_results  # noqa: E402

from skseg import RFMSegmenter  # noqa: E402
from skseg.rules import RuleSet  # noqa: E402
from tests.rules.generators import partition, random_rules  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "front_door.csv"

COMMAND_LINE = "from skseg.cli import main; main()"
# Name -> statement and the arguments of the process.
IMPORTS = {
    "numpy": ["import numpy"],
    "skseg": ["import skseg"],
    "skseg.rules": ["import skseg.rules"],
    "skseg --version": [COMMAND_LINE, "--version"],
    "skseg --help": [COMMAND_LINE, "--help"],
}
# Runs the statement, then writes what it took to the stream that it leaves alone.
PROGRAM = """
import contextlib, re, sys, time
with contextlib.suppress(SystemExit):
    {}
heavy = ("numpy", "narwhals", "scipy", "pandas", "sklearn")
seconds = time.process_time()
# Unlike ru_maxrss, the high-water mark leaves out the process that started this one.
with open("/proc/self/status") as status:
    kilobytes = re.search("VmHWM: *([0-9]+)", status.read().replace("\\t", ""))[1]
print(seconds, int(kilobytes) / 1024, file=sys.stderr)
print(", ".join(name for name in heavy if name in sys.modules), file=sys.stderr)
"""


def run_alone(statement: str, *arguments: str) -> tuple[float, float, str]:
    """Return CPU seconds, peak MB and heavy modules of a statement in a new process."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(statement), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    numbers, loaded = result.stderr.splitlines()[-2:]
    seconds, megabytes = map(float, numbers.split())
    return seconds, megabytes, loaded


def import_rows(n_runs: int) -> list[dict[str, Any]]:
    # Taken in turns, so that a busy machine is busy for all of them.
    runs: dict[str, list[tuple[float, float, str]]] = {}
    for _ in range(n_runs):
        for name, program in {"nothing": ["pass"], **IMPORTS}.items():
            runs.setdefault(name, []).append(run_alone(*program))
    base = statistics.median(seconds for seconds, _, _ in runs["nothing"])
    print(f"{'import':>32s}{'CPU s':>10s}{'MB':>8s}  loads")
    rows = []
    for name in IMPORTS:
        row = {
            "case": name,
            "cpu_s": round(statistics.median(s for s, _, _ in runs[name]) - base, 3),
            "peak_mb": round(statistics.median(mb for _, mb, _ in runs[name]), 1),
            "loads": runs[name][0][2],
        }
        print(f"{name:>32s}{row['cpu_s']:10.3f}{row['peak_mb']:8.1f}  {row['loads']}")
        rows.append(row)
    return rows


def rfm_map() -> RuleSet:
    """Return the rules of the default RFM map on scores of random customers."""
    rng = np.random.default_rng(0)
    customers = {
        "recency": rng.integers(0, 365, 1000),
        "frequency": rng.integers(1, 30, 1000),
        "monetary": rng.gamma(2.0, 50.0, 1000),
    }
    return RFMSegmenter().fit(pd.DataFrame(customers)).rules_  # type: ignore[no-any-return]


def rule_sets() -> dict[str, RuleSet]:
    rng = Random(0)
    return {
        "RFM map": rfm_map(),
        "partition": RuleSet(partition(rng, 30, 6)),
        "large partition": RuleSet(partition(rng, 300, 12)),
        "random, with or and not": RuleSet(random_rules(rng, 30, 6), default="rest"),
    }


def random_row(rng: Random, rules: RuleSet) -> dict[str, Any]:
    return {
        name: rng.choice(["pro", "free", "unseen", None])
        if kind == "text"
        else rng.choice([round(rng.uniform(-500, 500), 2), rng.randint(0, 400), None])
        for name, kind in rules.kinds.items()
    }


def microseconds(assign: Callable[[Any], Any], rows: Sequence[Any]) -> float:
    """Return the least CPU time of several runs over all rows, for one row."""
    runs = [cpu(lambda: [assign(row) for row in rows])[0] for _ in range(RUNS)]
    return min(runs) / len(rows) * 1e6


def row_rows() -> list[dict[str, Any]]:
    print(
        f"\n{'rules':>32s}{'n':>5s}{'columns':>8s}{'compile ms':>12s}"
        f"{'assign_row us':>15s}{'assign us':>12s}"
    )
    rng = Random(1)
    rows = []
    for name, rules in rule_sets().items():
        customers = [random_row(rng, rules) for _ in range(200)]
        frames = [pd.DataFrame([customer]) for customer in customers]
        codes = [rules.assign(frame)[0] for frame in frames]
        fresh = RuleSet.from_json(rules.to_json())
        compiling, _ = cpu(lambda r=fresh, c=customers[0]: r.assign_row(c))
        assert codes == list(map(rules.assign_row, customers))
        row = {
            "case": name,
            "n_rules": len(rules.rules),
            "n_columns": len(rules.columns),
            "compile_ms": round(compiling * 1e3, 1),
            "assign_row_us": round(microseconds(rules.assign_row, customers), 1),
            "assign_us": round(microseconds(rules.assign, frames[:20])),
        }
        print(
            f"{name:>32s}{row['n_rules']:5d}{row['n_columns']:8d}"
            f"{row['compile_ms']:12.1f}{row['assign_row_us']:15.1f}"
            f"{row['assign_us']:12d}",
            flush=True,
        )
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    write_results([*import_rows(arguments.runs), *row_rows()], arguments.out)


if __name__ == "__main__":
    main()
