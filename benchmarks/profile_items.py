"""P-values, intervals and speed of `profile_items` and `customer_features`.

`noise` draws items that do not depend on the segment. Beside it stand the p-values of
segments that were formed of the same orders, with the role "free" that they have not:
they show why such segments have none. `coverage` counts how often 95 % intervals hold
the truth. `speed` takes a million orders.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Threads of BLAS that wait for work count as CPU seconds.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
import pandas as pd
from _measure import cpu, write_results
from scipy.stats import binomtest

from skseg import customer_features, rfm_table
from skseg.datasets import make_orders
from skseg.profile import profile_items

Row = dict[str, Any]
RESULTS = Path(__file__).parent / "results"
N_CUSTOMERS, N_SEGMENTS, LEVEL = 600, 4, 0.05
ITEMS = list("abcdef")
CHANCES = [0.45, 0.25, 0.15, 0.1, 0.04, 0.01]


def rate(name: str, count: int, n: int) -> Row:
    interval = binomtest(count, n).proportion_ci(0.95, method="exact")
    low, high = interval.low, interval.high
    return {"what": name, "n": n, "rate": count / n, "low": low, "high": high}


def lines_of(rng: np.random.Generator) -> tuple[pd.DataFrame, npt.NDArray[np.intp]]:
    """Return lines of customers of one taste, and how many each has."""
    n_lines = rng.geometric(0.3, N_CUSTOMERS)
    customer = np.repeat(np.arange(N_CUSTOMERS), n_lines)
    item = rng.choice(ITEMS, len(customer), p=CHANCES)
    return pd.DataFrame({"customer_id": customer, "category": item}), n_lines


def noise(n_runs: int) -> Iterator[Row]:
    rng = np.random.default_rng(0)
    codes_of = {
        "any segments": lambda n_lines: rng.integers(0, N_SEGMENTS, N_CUSTOMERS),
        "segments of frequency": lambda n_lines: np.searchsorted(
            np.quantile(n_lines, [0.25, 0.5, 0.75]), n_lines
        ),
    }
    for name, draw in codes_of.items():
        n_tests = n_rejected = n_families = 0
        for _ in range(n_runs):
            lines, n_lines = lines_of(rng)
            table = profile_items(lines, pd.Series(draw(n_lines)), min_count=1)
            n_tests += len(table)
            n_rejected += int((table["p_value"] <= LEVEL).sum())
            n_families += bool((table["p_adj"] <= LEVEL).any())
        # Tests of one data set depend on each other: the limits are too narrow.
        yield rate(f"p <= .05, {name}", n_rejected, n_tests)
        yield rate(f"any p_adj <= .05, {name}", n_families, n_runs)


def coverage(n_runs: int) -> Iterator[Row]:
    rng = np.random.default_rng(1)
    share, others = 0.3, 0.2
    truth = {"share": share, "difference": share - others, "lift": share / others}
    held = dict.fromkeys(truth, 0)
    code = np.repeat([0, 1], [80, 400])
    for _ in range(n_runs):
        bought = rng.random(len(code)) < np.where(code == 0, share, others)
        bought[:2] |= not bought.any()
        lines = pd.DataFrame(
            {"customer_id": np.flatnonzero(bought), "category": "planted"}
        )
        row = profile_items(lines, pd.Series(code), min_count=1).iloc[0]
        for name, value in truth.items():
            held[name] += bool(row[f"{name}_low"] <= value <= row[f"{name}_high"])
    for name, count in held.items():
        yield rate(f"95 % interval of the {name} holds the truth", count, n_runs)


def speed() -> Iterator[Row]:
    orders, types = make_orders(145_000, random_state=0, return_truth=True)
    names = {name: name for name in ("customer_id", "order_id", "date", "amount")}
    labels = {name: name for name in ("category", "channel", "payment", "discount")}
    options = {**names, "as_of": "2025-01-01"}
    n_orders = orders["order_id"].nunique()
    runs = {
        "rfm_table": lambda: rfm_table(orders, **options),
        "customer_features": lambda: customer_features(orders, **options, **labels),
        "profile_items": lambda: profile_items(orders, types[["customer_id", "type"]]),
    }
    for name, run in runs.items():
        seconds, _ = cpu(run)
        yield {"what": f"CPU seconds of {name}", "n": n_orders, "rate": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    n_runs = parser.parse_args().runs
    rows = [*noise(n_runs), *coverage(n_runs), *speed()]
    write_results(rows, RESULTS / "profile_items.csv")
    for row in rows:
        print({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})


if __name__ == "__main__":
    main()
