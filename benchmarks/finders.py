"""Segment finders: false findings, planted segments found again, and speed.

    python benchmarks/finders.py                             # all parts: hours
    python benchmarks/finders.py --part false --runs 2       # a quick look
    python benchmarks/finders.py --part recovery --rows 20000 --runs 1

`--rows` and `--runs` replace the sizes and the numbers of runs of each part, and
`--first` the number of the first run, which is its seed, to do some now and some later.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import finders_confounded
import finders_coverage
import finders_customers
import finders_hillstrom
import finders_null
import finders_optimism
import finders_policy
import finders_recovery
import finders_runs
import finders_searched
import finders_speed
from _measure import write_results
from finders_runs import Row, Runs
from threadpoolctl import threadpool_limits

RESULTS = Path(__file__).parent / "results"

# Sizes, and how many runs of each.
PARTS: dict[str, tuple[Callable[[Runs], list[Row]], Runs]] = {
    "false": (
        finders_runs.false_findings,
        {2_000: 200, 5_000: 200, 20_000: 200, 100_000: 200},
    ),
    "customers": (finders_customers.customers, {60: 2_000, 300: 2_000}),
    "levels": (finders_coverage.levels, {1: 1_000}),
    "coverage": (finders_coverage.coverage, {2_000: 50, 10_000: 50}),
    "null": (finders_null.null_gallery, {2_000: 200}),
    "searched": (finders_searched.searched_effects, {1_000: 40, 4_000: 40}),
    "recovery": (finders_recovery.recovery, {100_000: 5}),
    "power": (finders_runs.power, {5_000: 50, 10_000: 50, 20_000: 50}),
    "others": (finders_recovery.others, {100_000: 5}),
    "confounded": (finders_runs.confounded, {5_000: 40, 20_000: 40}),
    "confounding shapes": (
        finders_confounded.confounded,
        {1_500: 200, 5_000: 200, 20_000: 40},
    ),
    "policy": (finders_policy.policy, {20_000: 20, 60_000: 20}),
    "optimism": (finders_optimism.optimism, {1_000: 24}),
    "hillstrom": (finders_hillstrom.hillstrom, {64_000: 1}),
    "speed": (finders_speed.speed, {100_000: 3, 1_000_000: 3}),
}


def show(part: str, rows: list[Row]) -> None:
    print(f"\n{part}")
    for row in rows:
        print("  " + "  ".join(f"{name}={value}" for name, value in row.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, nargs="*", default=list(PARTS))
    parser.add_argument("--rows", type=int, nargs="*", default=None)
    parser.add_argument("--runs", type=int, default=None)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with threadpool_limits(1):
        for part in arguments.part:
            measure, runs = PARTS[part]
            sizes = arguments.rows or list(runs)
            usual = max(runs.values())
            first = arguments.first
            chosen = {
                n: range(first, first + (arguments.runs or runs.get(n, usual)))
                for n in sizes
            }
            if rows := measure(chosen):
                show(part, rows)
                write_results(rows, arguments.out / f"finders_{part}.csv")


if __name__ == "__main__":
    main()
