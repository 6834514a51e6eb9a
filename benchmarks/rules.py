"""How long a proof takes, and how long the z3 solver takes for the same one.

CPU seconds of the process, medians over several rule sets; one run, taken in turns. z3
answers the same two questions about the same rules, over IEEE doubles: does some row
satisfy two rules, does some row satisfy none. A question that takes it longer than the
time limit ends its part, and that size is not tried again with more columns.

Then the same for rules whose quantiles are open. z3 answers twice: over IEEE doubles,
the question that skseg answers, and over real numbers, an easier one that knows neither
infinities nor neighbours. "Enumerated" is the proof of the tests that tries every order
of quantiles and numbers, as skseg did before it told cells by ranks.

    python benchmarks/rules.py
    python benchmarks/rules.py --sizes 5 20     # a quick look
    python benchmarks/rules.py --sizes          # open quantiles alone
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[1]
# The rule sets and the translation for z3 are those of the tests.
sys.path.insert(0, str(ROOT))

from _measure import cpu, write_results  # noqa: E402

from skseg.rules import RuleSet  # noqa: E402
from skseg.rules._proof._proof import Proof  # noqa: E402
from skseg.rules._proof._symbolic import SymbolicAxis  # noqa: E402
from tests.rules.generators import flip_one, partition, random_rules  # noqa: E402
from tests.rules.proof.enumerated import (  # noqa: E402
    MAX_ORDERS,
    verify_by_enumeration,
)
from tests.rules.proof.z3_oracle import Z3Oracle  # noqa: E402
from tests.rules.proof.z3_quantiles import QuantileOracle, RealOracle  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "rules.csv"
OPEN_RESULTS = RESULTS.with_name("rules_open.csv")
RUNS = 5
# A proof that takes longer than this is timed once.
SLOW = 3.0
# Enumeration that takes longer than this is not tried with more thresholds.
ENUMERATED_LIMIT = 2.0


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


def prove_by_z3(rules: RuleSet, limit: float) -> tuple[bool | None, bool | None]:
    oracle = Z3Oracle(rules.rules)
    return oracle.is_exclusive(limit), oracle.is_exhaustive(limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[5, 20, 100, 500])
    parser.add_argument("--columns", type=int, nargs="+", default=[3, 5, 10, 20])
    parser.add_argument("--z3-limit", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--open-out", type=Path, default=OPEN_RESULTS)
    arguments = parser.parse_args()
    if arguments.sizes:
        write_results(resolved_rows(arguments), arguments.out)
    write_results(open_rows(arguments.z3_limit), arguments.open_out)


def resolved_rows(arguments: argparse.Namespace) -> list[dict[str, Any]]:
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
    return rows


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


def tiers(column: str, cuts: Sequence[object]) -> list[str]:
    """Return rules, the lowest first, that divide a column up at `cuts`."""
    inner = (f"{low} <= {column} < {high}" for low, high in itertools.pairwise(cuts))
    return [f"{column} < {cuts[0]}", *inner, f"{column} >= {cuts[-1]}"]


def named(rules: Sequence[str], **more: str) -> dict[str, str]:
    return {f"s{i}": rule for i, rule in enumerate(rules)} | more


def five_tiers() -> RuleSet:
    cuts = ["max(q(0.33), 40)", "max(q(0.67), 120)", "max(q(0.9), 500)"]
    return RuleSet(named(tiers("aov", cuts), unknown="missing(aov)"))


GRID = {"aov": (40, 120), "engagement": (5, 20), "profitability": (0, 30)}


def grid(**more: str) -> dict[str, str]:
    """Return 27 rules: low, middle and high in three columns."""
    columns = [
        tiers(column, [f"max(q(0.33), {low})", f"max(q(0.67), {high})"])
        for column, (low, high) in GRID.items()
    ]
    return named([" and ".join(parts) for parts in itertools.product(*columns)], **more)


def grid_with_a_rule() -> RuleSet:
    return RuleSet(grid(unknown=" or ".join(f"missing({column})" for column in GRID)))


def grid_with_a_default() -> RuleSet:
    return RuleSet(grid(), default="unknown")


def grid_half_mixed() -> RuleSet:
    rules = dict(grid_with_a_rule().rules)
    best = str(rules["s26"]).replace("max(q(0.67), 120)", "q(0.67)")
    return RuleSet({**rules, "s26": best})


def _cuts(count: int) -> tuple[list[str], list[int]]:
    levels = [f"q({i / (count + 1):.2f})" for i in range(1, count + 1)]
    return levels, [40 * i for i in range(1, count + 1)]


def mixed_tiers(count: int) -> RuleSet:
    pairs = zip(*_cuts(count), strict=True)
    cuts = [f"max({level}, {number})" for level, number in pairs]
    return RuleSet(named(tiers("aov", cuts), unknown="missing(aov)"))


def crossed(column: str, count: int) -> list[str]:
    """Return tiers by quantile times tiers by number, for which every order matters."""
    both = itertools.product(*(tiers(column, cuts) for cuts in _cuts(count)))
    return [" and ".join(pair) for pair in both]


def crossed_tiers(count: int) -> RuleSet:
    return RuleSet(named(crossed("aov", count), unknown="missing(aov)"))


def crossed_in_three_columns(count: int) -> RuleSet:
    """Return crossed tiers, the highest divided by those of the next column."""
    rules: list[str] = []
    best: list[str] = []
    for column in GRID:
        within = [" and ".join([*best, rule]) for rule in crossed(column, count)]
        *lower, highest = within
        rules += lower
        best = [highest]
    absent = " or ".join(f"missing({column})" for column in GRID)
    known = " and ".join(f"not missing({column})" for column in GRID)
    return RuleSet(
        named([f"{rule} and {known}" for rule in (*rules, *best)], unknown=absent)
    )


def loose_rules(count: int) -> RuleSet:
    """Return rules of which nearly any two overlap in some order."""
    levels, numbers = _cuts(count)
    rules = [f"aov >= {q}" for q in levels] + [f"aov < {n}" for n in numbers]
    return RuleSet(named(rules))


def loose_in_three_columns(count: int) -> RuleSet:
    """Return rules of two columns each, which overlap and leave gaps."""
    columns = [*GRID, *GRID]
    rules = [
        f"{column} >= {level} and {after} < {number}"
        for column, after in itertools.pairwise(columns[: len(GRID) + 1])
        for level, number in zip(*_cuts(count), strict=True)
    ]
    return RuleSet(named(rules))


SIZES = (1, 2, 3, 4, 5, 6, 10, 25)


def open_cases() -> Iterator[tuple[str, int, int, RuleSet]]:
    """Yield name, quantiles and numbers a column, rules."""
    yield "five tiers", 3, 3, five_tiers()
    yield "3 x 3 x 3, rule for missing", 2, 2, grid_with_a_rule()
    yield "3 x 3 x 3, default", 2, 2, grid_with_a_default()
    yield "3 x 3 x 3, half mixed", 2, 2, grid_half_mixed()
    for draw in (
        mixed_tiers,
        crossed_tiers,
        crossed_in_three_columns,
        loose_rules,
        loose_in_three_columns,
    ):
        for count in SIZES:
            yield draw.__name__.replace("_", " "), count, count, draw(count)


JUDGES = {"z3_cpu_s": QuantileOracle, "z3_reals_cpu_s": RealOracle}


def open_rows(z3_limit: float) -> list[dict[str, Any]]:
    rows = []
    ended: set[tuple[str, str]] = set()
    print(
        f"{'open quantiles':>28s}{'n':>5s}{'q + n':>8s}{'orders':>10s}{'cells':>7s}"
        f"{'skseg':>10s}{'enumerated':>12s}{'z3':>10s}{'z3 reals':>10s}  verdict"
    )
    for name, n_quantiles, n_numbers, rules in open_cases():
        row = {
            "family": name,
            "n_rules": len(rules.rules),
            "n_columns": len(rules.columns),
            "n_quantiles": n_quantiles,
            "n_numbers": n_numbers,
            "n_orders": count_orders(n_quantiles, n_numbers),
        }
        judges = {k: j for k, j in JUDGES.items() if (name, k) not in ended}
        rows.append(row | measure_open(rules, judges, z3_limit))
        if (name, "enumerated_cpu_s") not in ended:
            add_enumerated(rows[-1], rules)
        if rows[-1].get("enumerated_cpu_s", 0) > ENUMERATED_LIMIT:
            ended.add((name, "enumerated_cpu_s"))
        ended |= {(name, k) for k in judges if str(rows[-1].get(k)).startswith(">")}
        show_open(rows[-1])
    return rows


def count_orders(n_quantiles: int, n_numbers: int) -> int:
    """Count the orders of rising quantiles, numbers and both infinities."""
    at_a_number = [1] * (n_quantiles + 1)
    # Between two numbers, each quantile equals the one before it or lies above it.
    between = [1, *(2**i for i in range(n_quantiles))]
    ways = at_a_number
    for choices in [between, at_a_number] * (n_numbers + 1):
        ways = [
            sum(ways[i] * choices[n - i] for i in range(n + 1))
            for n in range(n_quantiles + 1)
        ]
    return ways[n_quantiles]


def measure_open(
    rules: RuleSet, judges: dict[str, type[QuantileOracle]], z3_limit: float
) -> dict[str, Any]:
    first, report = cpu(rules.verify)
    verdict = report.is_exclusive, report.is_exhaustive
    seconds: dict[str, list[float]] = {"skseg_cpu_s": [first]}
    timed_out = set()
    for _ in range(RUNS if first < SLOW else 1):
        if first < SLOW:
            seconds["skseg_cpu_s"].append(cpu(rules.verify)[0])
        for key, judge in judges.items():
            if key in timed_out:
                continue
            taken, theirs = cpu(lambda judge=judge: ask(judge, rules, z3_limit))
            if None in theirs:
                timed_out.add(key)
            else:
                assert theirs == verdict, (rules, theirs, verdict)
            seconds.setdefault(key, []).append(taken)
    axes = Proof(rules.rules, None).axes.values()
    row: dict[str, Any] = {
        "n_cells": max(
            a.full.bit_length() for a in axes if isinstance(a, SymbolicAxis)
        ),
        "is_exclusive": verdict[0],
        "is_exhaustive": verdict[1],
        "n_overlaps": report.n_overlaps,
    }
    row |= {key: round(statistics.median(taken), 4) for key, taken in seconds.items()}
    row |= dict.fromkeys(timed_out, f"> {z3_limit:g}")
    for key, ratio in (("z3_cpu_s", "ratio"), ("z3_reals_cpu_s", "ratio_reals")):
        if key in seconds and key not in timed_out:
            row[ratio] = round(row[key] / max(row["skseg_cpu_s"], 1e-4), 3)
    return row


def add_enumerated(row: dict[str, Any], rules: RuleSet) -> None:
    """Add the time of a proof that tries every order, where there are not too many."""
    if row["n_orders"] > MAX_ORDERS:
        return
    seconds, report = cpu(lambda: verify_by_enumeration(rules))
    same = ("is_exclusive", "is_exhaustive", "n_overlaps")
    assert {key: row[key] for key in same} == {
        key: getattr(report, key) for key in same
    }
    row["enumerated_cpu_s"] = round(seconds, 4)


def ask(judge: type[QuantileOracle], rules: RuleSet, limit: float) -> Any:
    asked = judge(rules.rules)
    exclusive = asked.is_exclusive(limit)
    if exclusive is None:
        return None, None
    # A default takes whatever the rules leave.
    exhaustive = rules.default is not None or asked.is_exhaustive(limit)
    return exclusive, exhaustive


def show_open(row: dict[str, Any]) -> None:
    verdict = f"exclusive {row.get('is_exclusive')}, no gap {row.get('is_exhaustive')}"
    keys = ("n_cells", "skseg_cpu_s", "enumerated_cpu_s", "z3_cpu_s", "z3_reals_cpu_s")
    cells = zip(keys, (7, 10, 12, 10, 10), strict=True)
    print(
        f"{row['family']:>28s}{row['n_rules']:5d}"
        f"{row['n_quantiles']:4d} +{row['n_numbers']:2d}{row['n_orders']:10.3g}"
        + "".join(f"{row.get(key, '-')!s:>{width}s}" for key, width in cells)
        + f"  {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    main()
