"""Revenue tiers: the exact optimum against uniform and percentile bins.

Customers have a propensity score; tiers in order of score have a revenue per conversion
and a cost per customer. Every method cuts the scores into as many tiers as the menu
has, the lowest scores into the first; what it makes is revenue minus cost on the same
rows. Scores are gamma(2, 2), clipped at their 99.9 % quantile and scaled to [0, 1],
outcomes are drawn from them. CPU seconds of the process, medians of several runs.

    python benchmarks/revenue_binning.py                  # up to ten million rows
    python benchmarks/revenue_binning.py --rows 10000     # a quick look
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from _measure import median_cpu, write_results
from sklearn.preprocessing import KBinsDiscretizer

from skseg._search._cuts import optimal_cuts

RESULTS = Path(__file__).parent / "results" / "revenue_binning.csv"
N_TIERS = 10
TIER = np.arange(N_TIERS)

FloatArray = npt.NDArray[np.float64]
Codes = npt.NDArray[Any]

# Revenue per conversion and cost per customer of every tier.
MENUS = {
    "revenue 30, cost 2(i + 1)": (np.full(N_TIERS, 30.0), 2.0 * (TIER + 1)),
    "revenue 30 x 1..1.84, cost 0.5(i + 1)": (
        30 * np.linspace(1, 1.84, N_TIERS),
        0.5 * (TIER + 1),
    ),
    "revenue 30 x 1..1.84, convex cost": (
        30 * np.linspace(1, 1.84, N_TIERS),
        12 * (TIER / (N_TIERS - 1)) ** 2,
    ),
}


def customers(n: int) -> tuple[FloatArray, Codes]:
    rng = np.random.default_rng(0)
    scores = rng.gamma(2, 2, n)
    scores = np.minimum(scores, np.quantile(scores, 0.999))
    scores /= scores.max()
    return scores, (rng.random(n) < scores).astype(np.int8)


def uniform(scores: FloatArray) -> Codes:
    return pd.cut(scores, N_TIERS, labels=False)


def percentile(scores: FloatArray) -> Codes:
    return pd.qcut(scores, N_TIERS, labels=False)


def k_means_bins(scores: FloatArray) -> Codes:
    binner = KBinsDiscretizer(N_TIERS, encode="ordinal", strategy="kmeans")
    return binner.fit_transform(scores[:, np.newaxis])[:, 0].astype(np.intp)


def made(codes: Codes, outcome: Codes, gain: FloatArray, cost: FloatArray) -> float:
    n = np.bincount(codes, minlength=N_TIERS)
    y = np.bincount(codes, outcome, minlength=N_TIERS)
    return float(gain @ y - cost @ n)


def compare(n: int) -> list[dict[str, Any]]:
    scores, outcome = customers(n)
    sorting, _ = median_cpu(lambda: np.sort(scores))
    rows: list[dict[str, Any]] = []
    for menu, (gain, cost) in MENUS.items():
        optimum = 0.0
        for method, options in {
            "optimal_cuts": {},
            "optimal_cuts, every tier 1 % at least": {"min_size": 0.01 * n},
        }.items():
            seconds, cuts = median_cpu(
                lambda options=options, gain=gain, cost=cost: optimal_cuts(
                    scores, outcome, gain=gain, cost=cost, **options
                )
            )
            optimum = max(optimum, cuts.value)
            rows.append(
                {
                    "rows": n,
                    "menu": menu,
                    "method": method,
                    "profit": round(cuts.value, 2),
                    "tiers": len(cuts.tiers),
                    "cpu_s": round(seconds, 4),
                    "sorts": round(seconds / sorting, 2),
                }
            )
        methods = {"uniform bins": uniform, "percentile bins": percentile}
        if n <= 1_000_000:
            methods["KBinsDiscretizer, k-means"] = k_means_bins
        for name, method in methods.items():
            seconds, codes = median_cpu(lambda method=method: method(scores))
            profit = made(codes, outcome, gain, cost)
            assert profit <= optimum
            rows.append(
                {
                    "rows": n,
                    "menu": menu,
                    "method": name,
                    "profit": round(profit, 2),
                    "tiers": len(np.unique(codes)),
                    "cpu_s": round(seconds, 4),
                    "sorts": round(seconds / sorting, 2),
                }
            )
        for row in rows:
            if row["menu"] == menu:
                row["of_optimum"] = round(row["profit"] / optimum, 4)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [10_000, 100_000, 1_000_000, 10_000_000]
    parser.add_argument("--rows", type=int, nargs="*", default=sizes)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows = [row for n in arguments.rows for row in compare(n)]
    for row in rows:
        print(
            f"{row['rows']:>11,}  {row['menu']:38s}{row['method']:40s}"
            f"{row['profit']:>16,.0f}{row['of_optimum']:9.2%}{row['tiers']:4d} tiers"
            f"{row['cpu_s']:9.3f} s{row['sorts']:8.2f} sorts"
        )
    write_results(rows, arguments.out)


if __name__ == "__main__":
    main()
