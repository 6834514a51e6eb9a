"""P-values, intervals, power and speed of segment profiles.

`noise` draws customers whose columns have nothing to do with each other, so that every
p-value that a profile shows rejects at its level; `coverage` counts how often 95 %
intervals are shown, and how often those that are shown hold the truth; `power` plants
effects; `speed` compares a profile with a group-by of pandas.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Threads of BLAS that wait for work count as CPU seconds.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
import pandas as pd
from _measure import cpu, write_results
from scipy.stats import binomtest
from sklearn.cluster import KMeans

from skseg import MECERuleSegmenter, OptimalRevenueBinner, RFMSegmenter, RuleSurrogate
from skseg.profile import profile_segments
from skseg.profile._level_summary import level_counts, summarise_levels
from skseg.profile._number_summary import summarise_number
from skseg.profile._segment_rows import SegmentRows

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]
Row = dict[str, Any]
RESULTS = Path(__file__).parent / "results"
N_ROWS = 800
LEVEL = 0.05

FREE_COLUMNS: dict[str, Callable[[Rng, int], Any]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "lognormal": lambda rng, n: rng.lognormal(0, 2, n),
    "overdispersed counts": lambda rng, n: rng.negative_binomial(0.3, 0.05, n),
    "mostly zero": lambda rng, n: rng.lognormal(0, 1, n) * (rng.random(n) < 0.05),
    "heavy tails": lambda rng, n: rng.standard_t(2, n),
    "rare levels": lambda rng, n: rng.choice(
        list("abcdef"), n, p=[0.6, 0.25, 0.1, 0.03, 0.015, 0.005]
    ),
    "rare boolean": lambda rng, n: rng.random(n) < 0.03,
}


def with_free_columns(rng: Rng, columns: dict[str, Any]) -> pd.DataFrame:
    free = {name: draw(rng, N_ROWS) for name, draw in FREE_COLUMNS.items()}
    return pd.DataFrame(columns | free)


def clusters(rng: Rng) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Clusters of 5 columns, most of which the rules leave out."""
    frames = [
        with_free_columns(rng, {f"x{i}": rng.normal(size=N_ROWS) for i in range(5)})
        for _ in range(2)
    ]
    columns = [f"x{i}" for i in range(5)]
    seed = int(rng.integers(2**31))
    surrogate = RuleSurrogate(
        KMeans(4, n_init=1, random_state=seed), max_rules=4, random_state=seed
    )
    return surrogate.fit(frames[0][columns]), *frames


def rfm(rng: Rng) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """The ten segments of recency and frequency; monetary is seen, not used."""
    frames = [
        with_free_columns(
            rng,
            {
                "recency": rng.exponential(60, N_ROWS).round(),
                "frequency": rng.geometric(0.2, N_ROWS),
                "monetary": rng.lognormal(3, 1.5, N_ROWS),
            },
        )
        for _ in range(2)
    ]
    columns = ["recency", "frequency", "monetary"]
    return RFMSegmenter().fit(frames[0][columns]), *frames


def rules_with_outcome(rng: Rng) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Rules of two columns, merged and split by an outcome of chance."""
    frames = [
        with_free_columns(
            rng,
            {
                "spend": rng.lognormal(3, 1, N_ROWS),
                "visits": rng.poisson(4, N_ROWS).astype(float),
                "age": rng.normal(45, 12, N_ROWS),
                "bought": rng.integers(0, 2, N_ROWS),
            },
        )
        for _ in range(2)
    ]
    rules = {
        "big": "spend > 50",
        "regular": "spend <= 50 and visits > 5",
        "rest": "spend <= 50 and visits <= 5",
    }
    segmenter = MECERuleSegmenter(
        rules,
        default="Unknown",
        min_size=0.1,
        max_size=0.4,
        split_on=["spend", "visits"],
        oversize="allow",
    )
    columns = ["spend", "visits", "age"]
    return segmenter.fit(frames[0][columns], frames[0]["bought"]), *frames


def tiers(rng: Rng) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Revenue tiers of a score that knows nothing of the outcome."""
    frames = [
        with_free_columns(
            rng,
            {"score": rng.random(N_ROWS), "bought": rng.integers(0, 2, N_ROWS)},
        )
        for _ in range(2)
    ]
    binner = OptimalRevenueBinner(
        4, revenue=[1.0, 2.0, 3.0, 4.0], cost=[0.0, 0.3, 0.7, 1.2], min_size=0.1
    )
    return binner.fit(frames[0][["score"]], frames[0]["bought"]), *frames


FAMILIES = {
    "K-Means + surrogate": clusters,
    "RFM": rfm,
    "MECE with outcome": rules_with_outcome,
    "revenue tiers": tiers,
}


def noise(n_runs: int) -> Iterator[Row]:
    """Count how often the p-values that are shown reject, for each kind of column."""
    for family, draw in FAMILIES.items():
        shown: Counter[tuple[str, str, str]] = Counter()
        rejected: Counter[tuple[str, str, str]] = Counter()
        n_columns: Counter[tuple[str, str, str]] = Counter()
        for seed in range(n_runs):
            segmenter, training, fresh = draw(
                np.random.default_rng([seed, len(family)])
            )
            for rows, frame in (("training", training), ("fresh", fresh)):
                features = profile_segments(segmenter, frame, rows=rows).features_
                for feature in features.itertuples():
                    is_drawn = feature.feature in FREE_COLUMNS
                    name = feature.feature if is_drawn else "segmented columns"
                    for column in {name, "all"}:
                        key = (rows, feature.role, column)
                        n_columns[key] += 1
                        shown[key] += not np.isnan(feature.p_value)
                        rejected[key] += feature.p_value <= LEVEL
        for key in sorted(n_columns):
            rows, role, column = key
            yield {
                "family": family,
                "runs": n_runs,
                "rows": rows,
                "role": role,
                "column": column,
                "columns": n_columns[key],
                "shown": shown[key],
                **rate("rejected", rejected[key], shown[key]),
            }


def rate(name: str, count: int, n: int) -> Row:
    """Return a rate with its exact interval; nothing of no cases."""
    if not n:
        return {name: "", "low": "", "high": ""}
    low, high = binomtest(int(count), int(n)).proportion_ci()
    return {name: round(count / n, 4), "low": round(low, 4), "high": round(high, 4)}


AMOUNTS: dict[str, tuple[Callable[[Rng, int], Floats], float]] = {
    "normal": (lambda rng, n: rng.normal(1, 1, n), 1.0),
    "exponential": (lambda rng, n: rng.exponential(1, n), 1.0),
    "lognormal 1": (lambda rng, n: rng.lognormal(0, 1, n), float(np.exp(0.5))),
    "lognormal 2": (lambda rng, n: rng.lognormal(0, 2, n), float(np.exp(2))),
    "mostly zero": (
        lambda rng, n: rng.lognormal(0, 1, n) * (rng.random(n) < 0.1),
        0.1 * float(np.exp(0.5)),
    ),
}


def coverage(n_runs: int) -> Iterator[Row]:
    """Count how often intervals of differences to all others hold the true one."""
    for sizes in ((20, 100, 400), (50, 150, 800), (300, 300, 600), (2000, 2000, 4000)):
        rows = SegmentRows(np.repeat(np.arange(3), sizes), 3)
        others = np.sum(sizes[1:])
        for name, (draw, mean) in AMOUNTS.items():
            rng = np.random.default_rng([sizes[0], len(name)])
            shown = covered = 0
            for _ in range(n_runs):
                # The first segment has half as much again.
                values = draw(rng, int(np.sum(sizes)))
                values[: sizes[0]] *= 1.5
                summary = summarise_number(values, rows)
                low, high = summary.difference_low[0], summary.difference_high[0]
                shown += not np.isnan(low)
                covered += bool(low <= mean / 2 <= high)
            yield {
                "interval": "difference of means",
                "column": name,
                "segment": sizes[0],
                "others": others,
                "runs": n_runs,
                "shown": shown,
                **rate("covered", covered, shown),
            }
        for share in (0.02, 0.1, 0.4):
            rng = np.random.default_rng([sizes[0], int(100 * share)])
            covered = 0
            for _ in range(n_runs):
                chances = np.repeat([1.5 * share, share, share], sizes)
                levels = (rng.random(len(chances)) < chances).astype(np.intp)
                summary = summarise_levels(level_counts(levels, 2, rows))
                low, high = summary.difference_low[0, 1], summary.difference_high[0, 1]
                covered += bool(low <= share / 2 <= high)
            yield {
                "interval": "difference of shares",
                "column": f"share {share:g}",
                "segment": sizes[0],
                "others": others,
                "runs": n_runs,
                "shown": n_runs,
                **rate("covered", covered, n_runs),
            }


def power(n_runs: int) -> Iterator[Row]:
    """Count how often effects planted in two of four RFM segments are found."""
    planted: dict[str, Callable[[Rng, npt.NDArray[np.bool_]], Any]] = {
        "normal, half a standard deviation": lambda rng, m: rng.normal(0.5 * m),
        "lognormal, twice as much": lambda rng, m: (
            rng.lognormal(0, 2, len(m)) * (1 + m)
        ),
        "counts, twice as many": lambda rng, m: rng.negative_binomial(
            0.5, 1 / (1 + 4 * (1 + m))
        ),
        "mostly zero, 5 % against 12 %": lambda rng, m: (
            rng.lognormal(0, 1, len(m)) * (rng.random(len(m)) < np.where(m, 0.12, 0.05))
        ),
        "level, 20 % against 30 %": lambda rng, m: np.where(
            rng.random(len(m)) < np.where(m, 0.3, 0.2), "a", "b"
        ),
        "nothing": lambda rng, m: rng.normal(size=len(m)),
    }
    found: Counter[str] = Counter()
    for seed in range(n_runs):
        rng = np.random.default_rng([seed, 5])
        codes = rng.choice(4, N_ROWS, p=[0.1, 0.2, 0.3, 0.4])
        x = codes + rng.random(N_ROWS)
        frame = pd.DataFrame({"x": x})
        for name, draw in planted.items():
            frame[name] = draw(rng, codes < 2)
        rules = {
            "a": "x < 1",
            "b": "x >= 1 and x < 2",
            "c": "x >= 2 and x < 3",
            "d": "x >= 3",
        }
        features = profile_segments(
            MECERuleSegmenter(rules, default="Unknown").fit(frame[["x"]]), frame
        ).features_.set_index("feature")
        for name in planted:
            found[name] += bool(features.loc[name, "p_adj"] <= LEVEL)
    for name in planted:
        yield {"effect": name, "runs": n_runs, **rate("found", found[name], n_runs)}


def speed(n_runs: int) -> Iterator[Row]:
    """Compare the CPU of a profile with that of a group-by, in turns."""
    n_rows, n_features, n_segments = 1_000_000, 20, 8
    rng = np.random.default_rng(0)
    kinds: dict[str, Callable[[], Floats]] = {
        "normal": lambda: rng.normal(size=n_rows),
        "lognormal": lambda: rng.lognormal(0, 1, n_rows).round(2),
        "counts": lambda: rng.poisson(4, n_rows).astype(np.float64),
        "10 % missing": lambda: np.where(
            rng.random(n_rows) < 0.1, np.nan, rng.normal(size=n_rows)
        ),
    }
    draws = list(kinds.values())
    frame = pd.DataFrame(
        {f"x{i}": draws[i % len(draws)]() for i in range(n_features)}, copy=False
    )
    codes = rng.integers(0, n_segments, n_rows)
    jobs: dict[str, Callable[[], Any]] = {
        "pandas group-by: mean, median, std": lambda: frame.groupby(codes).agg(
            ["mean", "median", "std"]
        ),
        "profile_segments": lambda: profile_segments(codes, frame),
        "summaries alone": lambda: summaries(frame, codes, n_segments),
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(n_runs):
        for name, job in jobs.items():
            seconds[name].append(cpu(job)[0])
    base = float(np.median(seconds["pandas group-by: mean, median, std"]))
    for name, runs in seconds.items():
        median = float(np.median(runs))
        yield {
            "job": name,
            "rows": n_rows,
            "features": n_features,
            "segments": n_segments,
            "runs": n_runs,
            "cpu": round(median, 3),
            "ratio": round(median / base, 2),
        }


def summaries(frame: pd.DataFrame, codes: npt.NDArray[np.intp], k: int) -> None:
    rows = SegmentRows(codes, k)
    for name in frame:
        summarise_number(frame[name].to_numpy(), rows)


PARTS: dict[str, tuple[Callable[[int], Iterator[Row]], int]] = {
    "noise": (noise, 250),
    "coverage": (coverage, 2000),
    "power": (power, 100),
    "speed": (speed, 3),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--runs", type=int, help="runs of each case")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    for part in arguments.part or PARTS:
        run, n_runs = PARTS[part]
        start = time.process_time()
        rows = list(run(arguments.runs or n_runs))
        print(f"\n{part}, {time.process_time() - start:.0f} s CPU")
        print(pd.DataFrame(rows).to_string(index=False))
        write_results(rows, arguments.results / f"profile_{part}.csv")


if __name__ == "__main__":
    main()
