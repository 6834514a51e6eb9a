"""Sizes: feasible splits that are found, outcome that merging keeps, and CPU seconds.

A split is feasible if some sequence of guillotine cuts at value boundaries leaves every
segment within the bounds, which an exhaustive search decides. Merging is compared with
the best of all set partitions of up to 8 segments, by the outcome that is explained.
The random instances have ties, skew and tight bounds. CPU seconds are medians of
several runs; those of the instances are sums.

    python benchmarks/sizes.py                # a million rows
    python benchmarks/sizes.py --scale 0.05   # a quick look
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
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
from skseg.exceptions import InfeasibleError

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


def set_partitions(n: int) -> list[Rows]:
    """Return the labels of all ways to group n segments."""
    labels = [np.zeros(1, dtype=np.intp)]
    for _ in range(n - 1):
        labels = [np.append(p, i) for p in labels for i in range(p.max() + 2)]
    return labels


def explained(labels: Rows, sizes: Values, means: Values) -> float:
    """Return the squares that groups of segments explain, up to a constant."""
    sums, totals = np.bincount(labels, sizes * means), np.bincount(labels, sizes)
    return float((sums**2 / totals).sum())


def are_legal(labels: Rows, sizes: Values, low: float, high: float) -> bool:
    totals = np.bincount(labels, sizes)
    return bool(totals.min() >= low and totals.max() <= high)


def best_partition(sizes: Values, means: Values, low: float, high: float) -> Any:
    """Compare all set partitions."""
    legal = [p for p in set_partitions(len(sizes)) if are_legal(p, sizes, low, high)]
    return max(legal, key=lambda p: explained(p, sizes, means), default=None)


def least_loss(sizes: Values, means: Values, low: float, high: float) -> Any:
    profiles = means[:, np.newaxis]
    merge = merge_segments(sizes, low, high, profiles=profiles)
    if not merge.groups:
        return None
    labels = np.empty(len(sizes), dtype=np.intp)
    for i, group in enumerate(merge.groups):
        labels[list(group)] = i
    return labels


def merged_rules(sizes: Values, means: Values, low: float, high: float) -> Any:
    """Fit rules with one weighted row each."""
    rules = {f"S{i}": f"x0 == {i}" for i in range(len(sizes))}
    segmenter = MECERuleSegmenter(
        rules, default="Others", min_size=int(low), max_size=int(high), split_on=[]
    )
    X = np.arange(len(sizes))[:, np.newaxis]
    try:
        # A loss may be large even if it is the least there is.
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            segmenter.fit(X, means, sizes)
    except InfeasibleError:
        return None
    return segmenter.labels_


def smallest_to_nearest(sizes: Values, means: Values, low: float, high: float) -> Any:
    """Merge the smallest segment with that of the nearest mean, until none is small."""
    labels = np.arange(len(sizes))
    while True:
        totals = np.bincount(labels, sizes)
        if totals.min() >= low:
            return labels if totals.max() <= high else None
        small = int(totals.argmin())
        centres = np.bincount(labels, sizes * means) / totals
        distance = np.abs(centres - centres[small])
        distance[small] = np.inf
        labels = np.where(labels == small, int(distance.argmin()), labels)
        labels = np.unique(labels, return_inverse=True)[1]


def segments_to_merge(rng: np.random.Generator) -> tuple[Values, Values, int, int]:
    n = int(rng.integers(2, 9))
    sizes = np.ceil(rng.lognormal(5, rng.uniform(0.2, 1.5), n))
    outcomes = [rng.beta(1, 9, n), rng.normal(size=n), rng.integers(0, 3, n)]
    means = outcomes[rng.integers(len(outcomes))].astype(float)
    means -= np.average(means, weights=sizes)
    low = int(rng.uniform(0.3, 2) * sizes.mean()) + 1
    high = max(sizes.max(), low * rng.uniform(1.2, 4))
    return sizes, means, low, int(high if rng.random() < 0.7 else sizes.sum())


def share_kept(n_instances: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    methods = {
        "all set partitions": best_partition,
        "merge_segments": least_loss,
        "MECERuleSegmenter": merged_rules,
        "smallest to nearest": smallest_to_nearest,
    }
    kept: dict[str, list[float]] = {name: [] for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    n_drawn = 0
    while len(kept["all set partitions"]) < n_instances:
        merge = segments_to_merge(rng)
        sizes, means, low, _ = merge
        if sizes.min() >= low:
            continue
        n_drawn += 1
        labels = {}
        for name, method in methods.items():
            start = time.process_time()
            labels[name] = method(*merge)
            seconds[name] += time.process_time() - start
        best = labels["all set partitions"]
        if best is None:
            assert all(other is None for other in labels.values())
            continue
        most = explained(best, sizes, means)
        for name, groups in labels.items():
            # Where a single segment is legal and no more, there is nothing to explain.
            share = 1.0 if most < 1e-9 * sizes.sum() else np.nan
            if groups is not None and np.isnan(share):
                share = explained(groups, sizes, means) / most
            kept[name].append(0.0 if groups is None else share)
    what = f"outcome kept by merging, {n_instances:,} feasible of {n_drawn:,} drawn"
    return [
        {
            "what": what,
            "method": name,
            "solved": int(np.count_nonzero(shares)),
            "share": round(float(np.mean(shares)), 4),
            "smallest": round(min(shares), 6),
            "cpu_s": round(seconds[name], 2),
        }
        for name, shares in kept.items()
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
        rows.append(_merged(f"{n} segments", seconds, merge.status, merge.sizes))
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
            figures = f"{row['solved']:,} solved, {row['share']:.2%}"
            if "smallest" in row:
                figures += f", at least {row['smallest']:.4%}"
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
        share_kept(max(int(2000 * arguments.scale), 1)),
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
