"""Names of segments after bootstrap refits: how many segments keep theirs.

A segmenter is fitted to customers, and again to each bootstrap sample of them. Both
models predict the customers, `match_segments` says which new segment is which old one,
and `name_segments` names both. A segment keeps its name if that of its match is equal.
A match is the same segment if it shares more than half of all customers of both; a
refit that divides the customers otherwise has other segments, and is counted apart.
The refit is named twice: without, and with, the earlier names as `previous`.

Usage: python benchmarks/names.py [--runs N] [--samples N]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _measure import write_results
from scipy.stats import beta
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from skseg import MECERuleSegmenter, RFMSegmenter, RuleSurrogate, rfm_table
from skseg.datasets import make_customers, make_orders
from skseg.monitor import match_segments
from skseg.playbook import name_segments
from skseg.profile import SegmentProfile, profile_segments

RESULTS = Path(__file__).parent / "results" / "names.csv"
N_CUSTOMERS = 3000


def customers(seed: int) -> pd.DataFrame:
    """Return customers from five known segments."""
    frame = make_customers(N_CUSTOMERS, missing=0.0, outliers=0.01, random_state=seed)
    return frame.select_dtypes("number").drop(columns="customer_id")


def recency_frequency_monetary(seed: int) -> pd.DataFrame:
    """Return the RFM table of generated orders."""
    orders = make_orders(N_CUSTOMERS, random_state=seed)
    return rfm_table(
        orders,
        customer_id="customer_id",
        date="date",
        amount="amount",
        as_of=orders["date"].max(),
    )[["recency", "frequency", "monetary"]].reset_index(drop=True)


def k_means(n_segments: int) -> Callable[[], Any]:
    """Return a maker of K-Means on ranks, with rules on the columns themselves."""

    def make() -> Any:
        clusterer = KMeans(n_segments, n_init=10, random_state=0)
        ranks = QuantileTransformer(n_quantiles=200, random_state=0)
        return RuleSurrogate(make_pipeline(ranks, clusterer), random_state=0)

    return make


def quantile_rules() -> Any:
    """Return a MECE segmenter whose thresholds are quantiles."""
    rules = {
        "A": "monetary >= q(0.8)",
        "B": "monetary < q(0.8) and recency >= q(0.6)",
        "C": "monetary < q(0.8) and recency < q(0.6) and frequency >= q(0.5)",
        "D": "monetary < q(0.8) and recency < q(0.6) and frequency < q(0.5)",
    }
    return MECERuleSegmenter(rules, default="E")


CASES = {
    "K-Means of 5 + surrogate, customers": (k_means(5), customers),
    "K-Means of 4 + surrogate, RFM": (k_means(4), recency_frequency_monetary),
    "K-Means of 6 + surrogate, RFM": (k_means(6), recency_frequency_monetary),
    "RFMSegmenter, ten segments": (RFMSegmenter, recency_frequency_monetary),
    "MECE by quantiles": (quantile_rules, recency_frequency_monetary),
}


def profiled(make: Callable[[], Any], X: pd.DataFrame) -> tuple[Any, SegmentProfile]:
    """Return a segmenter of customers, and the profile of its segments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        segmenter = make().fit(X)
        return segmenter, profile_segments(segmenter, X)


def names_of(
    profile: SegmentProfile, previous: dict[int, str] | None = None
) -> dict[int, str]:
    """Return the names of segments that have traits, by code."""
    names = name_segments(profile, previous=previous)
    names = names[names["n_traits"] > 0]
    return dict(zip(names["code"].tolist(), names["name"], strict=True))


def kept_names(case: str, seed: int, n_samples: int) -> list[tuple[bool, ...]]:
    """Return whether matches are the same segment, and have its name without and with.

    That is, without and with the earlier names as `previous`.
    """
    make, generate = CASES[case]
    X = generate(seed)
    segmenter, profile = profiled(make, X)
    names = names_of(profile)
    before = segmenter.predict(X)
    rng = np.random.default_rng(seed)
    results = []
    for _ in range(n_samples):
        sample = X.iloc[rng.integers(len(X), size=len(X))].reset_index(drop=True)
        refit, new_profile = profiled(make, sample)
        matching = match_segments(before, refit.predict(X))
        new_code = {old: new for new, old in matching.mapping.items()}
        previous = {new_code[old]: names[old] for old in names if old in new_code}
        without = names_of(new_profile)
        with_previous = names_of(new_profile, previous)
        for row in matching.table.itertuples():
            if row.code not in names or row.n_reference == 0:
                continue
            new, name = new_code.get(row.code, -9), names[row.code]
            is_kept = (without.get(new) == name, with_previous.get(new) == name)
            results.append((row.jaccard > 0.5, *is_kept))
    return results


def clopper_pearson(k: int, n: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a proportion."""
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return float(low), float(high)


def main() -> None:
    """Measure all cases, print a table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="data sets a case")
    parser.add_argument("--samples", type=int, default=20, help="refits a data set")
    options = parser.parse_args()
    rows = []
    for case in CASES:
        results = [
            result
            for seed in range(options.runs)
            for result in kept_names(case, seed, options.samples)
        ]
        same = [keeps for is_same, keeps, _ in results if is_same]
        low, high = clopper_pearson(sum(same), len(same))
        by_previous = [keeps for is_same, _, keeps in results if is_same]
        least, most = clopper_pearson(sum(by_previous), len(by_previous))
        rows.append(
            {
                "case": case,
                "data sets": options.runs,
                "refits": options.samples,
                "segments": len(results),
                "same": round(len(same) / len(results), 4),
                "same, name kept": round(sum(same) / len(same), 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "all, name kept": round(np.mean([k for _, k, _ in results]), 4),
                "same, name kept with previous": round(
                    sum(by_previous) / len(by_previous), 4
                ),
                "low with previous": round(least, 4),
                "high with previous": round(most, 4),
            }
        )
        print(rows[-1])
    write_results(rows, RESULTS)


if __name__ == "__main__":
    main()
