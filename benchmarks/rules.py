"""How long a proof takes, and how long the z3 solver takes for the same one.

CPU seconds of the process, medians over several rule sets; one run, taken in turns. z3
answers the same two questions about the same rules, over IEEE doubles: does some row
satisfy two rules, does some row satisfy none. A question that takes it longer than the
time limit ends its part, and that size is not tried again with more columns.

    python benchmarks/rules.py
    python benchmarks/rules.py --sizes 5 20     # a quick look
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[1]
# The rule sets and the translation for z3 are those of the tests.
sys.path.insert(0, str(ROOT))

from skseg.rules import RuleSet  # noqa: E402
from tests.rules.generators import flip_one, partition, random_rules  # noqa: E402
from tests.rules.z3_oracle import Z3Oracle  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "rules.csv"
RUNS = 5


def near_partition(rng: Random, n_rules: int, n_columns: int) -> Any:
    while True:
        try:
            return flip_one(rng, partition(rng, n_rules, n_columns))
        except IndexError:
            # A small partition may cut by text and missing values alone.
            continue


FAMILIES: dict[str, Callable[[Random, int, int], Any]] = {
    "partition": partition,
    "one < flipped": near_partition,
    "random": random_rules,
}


def cpu(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def prove_by_z3(rules: RuleSet, limit: float) -> tuple[bool | None, bool | None]:
    oracle = Z3Oracle(rules.rules)
    return oracle.is_exclusive(limit), oracle.is_exhaustive(limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[5, 20, 100, 500])
    parser.add_argument("--columns", type=int, nargs="+", default=[3, 5, 10, 20])
    parser.add_argument("--z3-limit", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(
        f"{'rules':>22s}{'n':>5s}{'columns':>8s}{'skseg':>10s}{'slowest':>10s}"
        f"{'z3':>10s}{'ratio':>8s}  verdict"
    )
    for family, draw in FAMILIES.items():
        z3_ends = True
        for n_rules in arguments.sizes:
            for n_columns in arguments.columns:
                row = measure(family, draw, n_rules, n_columns)
                if z3_ends:
                    z3_ends = add_z3(row, draw, arguments.z3_limit)
                rows.append(row)
                show(row)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(k for r in rows for k in r)))
        writer.writeheader()
        writer.writerows(rows)


def drawn(draw: Any, n_rules: int, n_columns: int, run: int) -> RuleSet:
    return RuleSet(
        draw(Random(1000 * n_rules + 10 * n_columns + run), n_rules, n_columns)
    )


def measure(family: str, draw: Any, n_rules: int, n_columns: int) -> dict[str, Any]:
    seconds, verdicts = [], []
    for run in range(RUNS):
        rules = drawn(draw, n_rules, n_columns, run)
        taken, report = cpu(rules.verify)
        seconds.append(taken)
        verdicts.append((report.is_exclusive, report.is_exhaustive))
    return {
        "family": family,
        "n_rules": n_rules,
        "n_columns": n_columns,
        "skseg_cpu_s": round(statistics.median(seconds), 4),
        "skseg_slowest_cpu_s": round(max(seconds), 4),
        "proved": sum(v == (True, True) for v in verdicts),
        "refuted": sum(False in v for v in verdicts),
        "gaps_undecided": sum(v[1] is None for v in verdicts),
    }


def add_z3(row: dict[str, Any], draw: Any, limit: float) -> bool:
    """Add z3's time on the first rule set; return whether it ended in time."""
    rules = drawn(draw, row["n_rules"], row["n_columns"], 0)
    report = rules.verify()
    seconds, verdict = cpu(lambda: prove_by_z3(rules, limit))
    if None in verdict:
        row["z3_cpu_s"] = f"> {limit:g}"
        return False
    for ours, theirs in zip(
        (report.is_exclusive, report.is_exhaustive), verdict, strict=True
    ):
        assert ours in (None, theirs)
    row["z3_cpu_s"] = round(seconds, 4)
    row["ratio"] = round(seconds / max(row["skseg_cpu_s"], 1e-4))
    return True


def show(row: dict[str, Any]) -> None:
    z3_seconds = row.get("z3_cpu_s", "-")
    print(
        f"{row['family']:>22s}{row['n_rules']:5d}{row['n_columns']:8d}"
        f"{row['skseg_cpu_s']:10.4f}{row['skseg_slowest_cpu_s']:10.4f}"
        f"{z3_seconds!s:>10s}{row.get('ratio', '-')!s:>8s}  {row['proved']} proved, "
        f"{row['refuted']} refuted, {row['gaps_undecided']} gaps undecided",
        flush=True,
    )


if __name__ == "__main__":
    main()
