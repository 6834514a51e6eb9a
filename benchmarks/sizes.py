"""Sizes: share of feasible splits that are found, and CPU seconds.

A split is feasible if some sequence of guillotine cuts at value boundaries leaves every
segment within the bounds, which an exhaustive search decides. The random instances have
ties, skew and tight bounds. CPU seconds are medians of several runs; those of the
instances are sums.

    python benchmarks/sizes.py                # 1,500 instances, a million rows
    python benchmarks/sizes.py --scale 0.05   # a quick look
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from _measure import median_cpu, write_results

from skseg import MECERuleSegmenter
from skseg._search.sizes._merge import merge_segments
from skseg._search.sizes._merge_grid import merge_grid
from skseg._search.sizes._split import split_to_sizes
from skseg.datasets import make_cart_abandoners

RESULTS = Path(__file__).parent / "results" / "sizes.csv"
MIN_SIZE, MAX_SIZE = 500, 20_000

Values = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


def adds_up(n: int, low: int, high: int) -> bool:
    return math.ceil(n / high) * low <= n


def cuts(values: Values, rows: Rows) -> list[tuple[Rows, Rows]]:
    return [
        (rows[below], rows[~below])
        for column in values[rows].T
        for edge in np.unique(column)[1:]
        for below in [column < edge]
    ]


def exhaustive(values: Values, low: int, high: int) -> bool:
    """Try all cuts of every reachable set of rows, with memoization."""
    known: dict[bytes, bool] = {}

    def solve(rows: Rows) -> bool:
        if low <= len(rows) <= high:
            return True
        if not adds_up(len(rows), low, high):
            return False
        key = rows.tobytes()
        if key not in known:
            known[key] = any(solve(a) and solve(b) for a, b in cuts(values, rows))
        return known[key]

    return solve(np.arange(len(values)))


def greedy(values: Values, low: int, high: int) -> bool:
    """Take the most balanced cut whose sides both add up, without backtracking."""

    def solve(rows: Rows) -> bool:
        if len(rows) <= high:
            return len(rows) >= low
        legal = [
            (a, b)
            for a, b in cuts(values, rows)
            if adds_up(len(a), low, high) and adds_up(len(b), low, high)
        ]
        if not legal:
            return False
        a, b = min(legal, key=lambda sides: abs(len(sides[0]) - len(sides[1])))
        return solve(a) and solve(b)

    return solve(np.arange(len(values)))


def medians(values: Values, low: int, high: int) -> bool:
    """Split at the median of the first column that leaves no side undersized."""

    def solve(rows: Rows) -> bool:
        if len(rows) <= high:
            return len(rows) >= low
        for column in values[rows].T:
            below = column <= np.median(column)
            if below.sum() < len(rows):
                a, b = rows[below], rows[~below]
                if min(len(a), len(b)) >= low:
                    return solve(a) and solve(b)
        return False

    return solve(np.arange(len(values)))


def guillotine_search(values: Values, low: int, high: int) -> bool:
    return split_to_sizes(values, low, high).status == "solved"


def fitted_segmenter(values: Values, low: int, high: int) -> bool:
    columns = [f"x{i}" for i in range(values.shape[1])]
    segmenter = MECERuleSegmenter(
        {"Everyone": "True"}, min_size=low, max_size=high, split_on=columns
    )
    try:
        table = segmenter.fit(values).segments_
    except ValueError:
        return False
    return bool(table["n"].between(low, high).all())


def instance(rng: np.random.Generator) -> tuple[Values, int, int]:
    n, d = int(rng.integers(10, 120)), int(rng.integers(1, 4))
    values = np.empty((n, d))
    for i in range(d):
        m = int(rng.integers(3, 20))
        kinds = [
            rng.integers(0, m, n),
            np.floor(rng.exponential(m / 4, n)),
            np.where(rng.random(n) < 0.5, 0, rng.integers(0, 50, n)),
            rng.lognormal(size=n),
        ]
        values[:, i] = kinds[rng.integers(len(kinds))]
    low = int(rng.integers(2, n // 3))
    return values, low, int(low * rng.uniform(1, 1.7))


def share_solved(n_instances: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    methods = {
        "split_to_sizes": guillotine_search,
        "MECERuleSegmenter": fitted_segmenter,
        "greedy balanced cut": greedy,
        "median split": medians,
        "exhaustive search": exhaustive,
    }
    solved, seconds = dict.fromkeys(methods, 0), dict.fromkeys(methods, 0.0)
    n_drawn = n_feasible = 0
    while n_feasible < n_instances:
        values, low, high = instance(rng)
        if len(values) <= high:
            continue
        n_drawn += 1
        verdicts = {}
        for name, method in methods.items():
            start = time.process_time()
            verdicts[name] = method(values, low, high)
            seconds[name] += time.process_time() - start
        feasible = verdicts["exhaustive search"]
        assert feasible or not any(verdicts.values())
        n_feasible += feasible
        for name, verdict in verdicts.items():
            solved[name] += verdict
    what = f"feasible instances solved, {n_feasible:,} of {n_drawn:,} drawn"
    return [
        {
            "what": what,
            "method": name,
            "solved": solved[name],
            "share": round(solved[name] / n_feasible, 4),
            "cpu_s": round(seconds[name], 2),
        }
        for name in methods
    ]


def customers(n: int) -> dict[str, Values]:
    rng = np.random.default_rng(0)
    lognormal = rng.lognormal(4, 0.8, (n, 5))
    counts = [
        np.minimum(rng.geometric(0.3, n), 12),
        rng.poisson(3, n),
        rng.integers(0, 10, n),
        rng.integers(0, 5, n),
        rng.integers(0, 20, n),
    ]
    return {
        "5 continuous columns": lognormal,
        "3 of counts, 2 of money": np.column_stack(
            [*counts[:3], lognormal[:, :2].round(2)]
        ),
        "5 of counts": np.column_stack(counts).astype(float),
        "30 % missing in each": np.where(rng.random((n, 5)) < 0.3, np.nan, lognormal),
        "45 % zero in each": np.where(rng.random((n, 5)) < 0.45, 0, lognormal),
        # 8 % of the rows are zero in all columns, which is proved to be infeasible.
        "60 % zero in each": np.where(rng.random((n, 5)) < 0.6, 0, lognormal),
    }


def splitting(n: int) -> list[dict[str, Any]]:
    rows = []
    for name, values in customers(n).items():
        seconds, split = median_cpu(
            lambda values=values: split_to_sizes(values, MIN_SIZE, MAX_SIZE)
        )
        rows.append(
            {
                "what": f"split {n:,} rows x 5 columns to {MIN_SIZE}..{MAX_SIZE}",
                "method": name,
                "cpu_s": round(seconds, 3),
                "status": split.status,
                "segments": len(split.boxes),
                "smallest": int(min((box.size for box in split.boxes), default=0)),
                "largest": int(max((box.size for box in split.boxes), default=0)),
            }
        )
    return rows


def merging() -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    rows = []
    for shape in [(5, 5, 5), (10, 10, 10), (30, 30)]:
        sizes = rng.poisson(rng.lognormal(5, 1, shape))
        sums = rng.normal(sizes * rng.normal(size=shape), np.sqrt(sizes))
        seconds, merge = median_cpu(
            lambda sizes=sizes, sums=sums: merge_grid(
                sizes, MIN_SIZE, MAX_SIZE, sums=sums
            )
        )
        rows.append(_merged(f"grid {shape}", seconds, merge.status, merge.sizes))
    for n in (12, 27, 300):
        sizes = rng.lognormal(6, 1, n).astype(int)
        profiles = rng.normal(size=(n, 3))
        seconds, merge = median_cpu(
            lambda sizes=sizes, profiles=profiles: merge_segments(
                sizes, MIN_SIZE, MAX_SIZE, profiles=profiles
            )
        )
        rows.append(_merged(f"nearest of {n}", seconds, merge.status, merge.sizes))
    return rows


def _merged(name: str, seconds: float, status: str, sizes: Any) -> dict[str, Any]:
    return {
        "what": f"merge to {MIN_SIZE}..{MAX_SIZE}",
        "method": name,
        "cpu_s": round(seconds, 4),
        "status": status,
        "segments": len(sizes),
        "smallest": int(min(sizes)),
        "largest": int(max(sizes)),
    }


ABANDONERS = {
    "Hot": "aov >= max(q(0.6), 80) and engagement >= max(q(0.6), 0.5)",
    "Big spenders": "aov >= max(q(0.6), 80) and engagement < max(q(0.6), 0.5)",
    "Engaged": "40 <= aov < max(q(0.6), 80) and engagement >= max(q(0.6), 0.5)",
    "Rest": "40 <= aov < max(q(0.6), 80) and engagement < max(q(0.6), 0.5)",
    "Small": "aov < 40",
}


def fitting(n: int) -> list[dict[str, Any]]:
    X = make_cart_abandoners(n, random_state=0)
    bounds = {"min_size": MIN_SIZE, "max_size": MAX_SIZE}
    split_on = ["aov", "engagement", "profitability", "cart_value", "sessions_last_30d"]
    settings: dict[str, dict[str, Any]] = {
        "no bounds": {},
        "bounds": {**bounds, "split_on": split_on},
        "bounds and a universe": {
            **bounds,
            "split_on": split_on,
            "universe": "days_since_abandon <= 7",
        },
    }
    rows = []
    for name, setting in settings.items():
        segmenter = MECERuleSegmenter(ABANDONERS, default="New", **setting)
        seconds, fitted = median_cpu(
            lambda segmenter=segmenter: segmenter.fit(X, X["converted"])
        )
        sizes = fitted.segments_["n"]
        rows.append(
            {
                "what": f"MECERuleSegmenter.fit, {n:,} rows, 5 rules + default",
                "method": name,
                "cpu_s": round(seconds, 3),
                "status": "proved" if fitted.rules_.verify().is_mece else "refuted",
                "segments": len(sizes),
                "smallest": int(sizes.min()),
                "largest": int(sizes.max()),
            }
        )
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    print(f"\n{rows[0]['what']}")
    for row in rows:
        figures = row.get("status", "")
        if "share" in row:
            figures = f"{row['solved']:,} solved, {row['share']:.1%}"
        elif row["segments"]:
            figures += (
                f", {row['segments']} segments of {row['smallest']:,} to "
                f"{row['largest']:,} rows"
            )
        print(f"  {row['method']:28s}{row['cpu_s']:9.3f} s CPU   {figures}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    tables = [
        share_solved(max(int(1500 * arguments.scale), 1)),
        splitting(max(int(1_000_000 * arguments.scale), 10_000)),
        merging(),
        fitting(max(int(1_000_000 * arguments.scale), 50_000)),
    ]
    for table in tables:
        show(table)
    rows = [row for table in tables for row in table]
    write_results(rows, arguments.out)


if __name__ == "__main__":
    main()
