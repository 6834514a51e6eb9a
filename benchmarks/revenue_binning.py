"""Revenue tiers: the exact optimum against the bins of other tools.

Customers have a propensity score; tiers in order of score have a revenue per conversion
and a cost per customer. What a method makes is revenue minus cost on the rows that it
cut, recounted from its labels by one function for all.

Part "simulated" is the setting that smart-segment publishes: scores are gamma(2, 2),
clipped at 20 and divided by it, outcomes are drawn from them, ten bins, revenue 30,
cost 2(i + 1); and a menu of which all ten tiers pay somewhere. CPU seconds are medians
of several runs, each in a process of its own, and peak memory is what a run adds to its
process. Parts "bank" and "promised" are about fresh customers, see
revenue_binning_bank.py.

    python benchmarks/revenue_binning.py                  # up to ten million rows
    python benchmarks/revenue_binning.py --rows 10000     # a quick look
    python benchmarks/revenue_binning.py --part bank
"""

from __future__ import annotations

import argparse
import functools
import os
import pickle
import resource
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import revenue_binning_bank
import revenue_binning_methods as methods
from _measure import RUNS, cpu, write_results
from revenue_binning_methods import Bins, FloatArray, Menu, Method

from skseg import OptimalRevenueBinner

RESULTS = Path(__file__).parent / "results"
SIZES = [10_000, 100_000, 1_000_000, 10_000_000]
# CPU seconds: what takes less is repeated, what takes longer is run once, or stopped.
AT_LEAST, ONCE_FROM, STOP_AT = 0.3, 3, 900
MOST_ROWS_SMART_SEGMENT = 1_000_000
MOST_ROWS_FOR_SEEDS = 100_000

TIER = np.arange(10)
MENUS = [
    Menu("published: revenue 30, cost 2(i + 1)", np.full(10, 30.0), 2.0 * (TIER + 1)),
    Menu(
        "interior: revenue 30 x 1..1.84, cost 12(i / 9)^2",
        30 * np.linspace(1, 1.84, 10),
        12 * (TIER / 9) ** 2,
    ),
]


def customers(n: int) -> tuple[FloatArray, Any]:
    rng = np.random.default_rng(0)
    scores = np.minimum(rng.gamma(2, 2, n), 20) / 20
    return scores, (rng.random(n) < scores).astype(np.int8)


def in_a_process(run: Callable[[], Any]) -> tuple[float, float, Any] | None:
    """Return CPU seconds, added peak memory in MB and the result; None if stopped."""
    read, write = os.pipe()
    if os.fork() == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (STOP_AT, STOP_AT))
        before = resident_mb()
        start, n_runs, seconds = time.process_time(), 0, 0.0
        # The clock of a process may tick in hundredths of a second.
        while seconds < AT_LEAST:
            result, n_runs = run(), n_runs + 1
            seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        os.write(
            write, pickle.dumps((seconds / n_runs, max(peak - before, 0.0), result))
        )
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.wait()
    return pickle.loads(answer) if answer else None  # noqa: S301 - our own process


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def measured(run: Callable[[], Any]) -> tuple[float, float, Any] | None:
    """Return median CPU seconds, largest memory and the last result."""
    runs = []
    for _ in range(RUNS):
        measurement = in_a_process(run)
        if measurement is None:
            return None
        runs.append(measurement)
        if measurement[0] > ONCE_FROM:
            break
    seconds = statistics.median(measurement[0] for measurement in runs)
    return seconds, max(measurement[1] for measurement in runs), runs[-1][2]


class Contestant(NamedTuple):
    """A method, and whether it chooses the tiers of its bins itself."""

    name: str
    constraints: str
    method: Method
    chooses: bool = False
    seed: int | str = ""


def contestants(n: int) -> Iterator[Contestant]:
    yield Contestant("optimal_cuts, the algorithm", "none", methods.algorithm, True)
    for constraints, options in (
        ("none", {"min_size": None}),
        ("1 % a tier", {"min_size": 0.01}),
        ("1 % a tier, all tiers used", {"min_size": 0.01, "mode": "exact"}),
    ):
        method = methods.binner(**options)
        yield Contestant("OptimalRevenueBinner", constraints, method, True)
    method = methods.binner(min_size=0.01, compute_path=True)
    yield Contestant("the same, with value_path_", "1 % a tier", method, True)
    yield Contestant("find_optimal_bins", "10 rows a bin", methods.drop_in, True)
    yield Contestant("break-even on the score", "none", methods.break_even, True)
    yield Contestant("uniform", "all tiers used", methods.uniform)
    yield Contestant("percentile", "all tiers used", methods.percentiles())
    yield Contestant("100 percentiles", "all tiers used", methods.percentiles(100))
    yield Contestant("k-means", "all tiers used", methods.k_means)
    if methods.optbinning:
        yield Contestant("optbinning", "5 % a prebin", methods.opt_binning)
    if methods.smart_segment and n <= MOST_ROWS_SMART_SEGMENT:
        for seed in range(5 if n <= MOST_ROWS_FOR_SEEDS else 1):
            method = methods.smart_segments(seed)
            yield Contestant("smart-segment", "10 rows a bin", method, seed=seed)


def compare(n: int, menu: Menu) -> list[dict[str, Any]]:
    scores, outcome = customers(n)
    sorting, _, _ = measured(lambda: float(np.sort(scores)[0]))
    best = methods.algorithm(scores, outcome, menu)
    optimum = methods.profit_of(best, scores, outcome, menu)
    rows: list[dict[str, Any]] = []
    for contestant in contestants(n):
        setting = {
            "rows": n,
            "menu": menu.name,
            "method": contestant.name,
            "constraints": contestant.constraints,
            "seed": contestant.seed,
        }
        answer = measured(functools.partial(contestant.method, scores, outcome, menu))
        if answer is None:
            rows.append({**setting, "note": f"stopped after {STOP_AT} s"})
            continue
        seconds, megabytes, bins = answer
        effort = {
            "cpu_s": round(seconds, 4),
            "sorts": round(seconds / sorting, 2),
            "memory_mb": round(megabytes),
        }
        if len(bins.edges) < len(menu):
            rows.append(
                setting | figures(bins, scores, outcome, menu, optimum) | effort
            )
        if not contestant.chooses:
            setting["method"] += ", best tier per bin"
            setting["constraints"] = contestant.constraints.replace(
                "all tiers used", "none"
            )
            bins = methods.best_tiers(bins, scores, outcome, menu)
            rows.append(
                setting | figures(bins, scores, outcome, menu, optimum) | effort
            )
    return rows


def figures(
    bins: Bins, scores: FloatArray, outcome: Any, menu: Menu, optimum: float
) -> dict[str, Any]:
    profit = methods.profit_of(bins, scores, outcome, menu)
    assert profit <= optimum * (1 + 1e-9)
    return {
        "profit": round(profit, 2),
        "claimed": "" if bins.claimed is None else round(bins.claimed, 2),
        "of_optimum": round(profit / optimum, 5),
        "tiers": methods.n_tiers(bins, scores),
    }


def show(rows: list[dict[str, Any]]) -> None:
    print(f"\n{rows[0]['rows']:,} rows, {rows[0]['menu']}")
    print(
        f"  {'method':40s}{'constraints':28s}{'seed':>4s}{'profit':>15s}"
        f"{'claimed':>15s}{'optimum':>9s}{'tiers':>6s}{'CPU s':>9s}{'sorts':>8s}"
        f"{'MB':>7s}"
    )
    for row in rows:
        print(f"  {row['method']:40s}{row['constraints']:28s}{row['seed']:>4}", end="")
        if "note" in row:
            print(f"   {row['note']}")
            continue
        claimed = f"{row['claimed']:,.0f}" if row["claimed"] != "" else ""
        print(
            f"{row['profit']:>15,.0f}{claimed:>15}{row['of_optimum']:9.2%}"
            f"{row['tiers']:6d}{row['cpu_s']:9.3f}{row['sorts']:8.1f}"
            f"{row['memory_mb']:7,d}"
        )


def simulated(sizes: list[int]) -> list[dict[str, Any]]:
    for name in ("optbinning", "smart_segment"):
        if getattr(methods, name) is None:
            print(f"{name} is not installed: its rows are left out.")
    rows = []
    for n in sizes:
        for menu in MENUS:
            table = compare(n, menu)
            show(table)
            rows += table
        if methods.smart_segment and n > MOST_ROWS_SMART_SEGMENT:
            print("\nsmart-segment is left out: ten times what a million rows take.")
    return rows


def bootstrapped(sizes: list[int]) -> list[dict[str, Any]]:
    """Return what a thousand replicates take, all of them solved anew."""
    rows = []
    for n in sizes:
        scores, outcome = customers(n)
        for menu in MENUS:
            binner = OptimalRevenueBinner(
                10, revenue=menu.gain, cost=menu.cost, compute_path=False
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                binner.fit(scores[:, np.newaxis], outcome)
            seconds, result = cpu(functools.partial(binner.bootstrap, random_state=0))
            total = result.frame().iloc[-1]
            rows.append(
                {
                    "rows": n,
                    "menu": menu.name,
                    "replicates": len(result.profits),
                    "candidate_cuts": result.n_candidates,
                    "cpu_s": round(seconds, 3),
                    "estimate": round(total["estimate"], 2),
                    "low": round(total["ci_low"], 2),
                    "high": round(total["ci_high"], 2),
                    "optimism": round(result.optimism, 2),
                }
            )
            print(rows[-1])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ["simulated", "bootstrap", "bank", "promised"]
    parser.add_argument("--part", choices=parts, nargs="*", default=parts)
    parser.add_argument("--rows", type=int, nargs="*", default=SIZES)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    most = max(arguments.rows)
    # Processes are forked before anything has started threads.
    runs = {
        "simulated": ("", lambda: simulated(arguments.rows)),
        "bootstrap": ("_bootstrap", lambda: bootstrapped(arguments.rows)),
        "bank": ("_bank", lambda: revenue_binning_bank.held_out(most)),
        "promised": ("_promised", lambda: revenue_binning_bank.promised(most)),
    }
    for part in parts:
        if part in arguments.part:
            suffix, run = runs[part]
            if rows := run():
                write_results(rows, arguments.out / f"revenue_binning{suffix}.csv")


if __name__ == "__main__":
    main()
