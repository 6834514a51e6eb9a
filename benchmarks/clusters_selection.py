"""Which number of segments each criterion chooses, with clusters and without."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from _measure import cpu
from clusters_populations import POPULATIONS, FloatArray, blobs
from scipy.stats import binomtest
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from skseg.model_selection import NSegmentsSelection, select_n_segments
from skseg.model_selection._n_segments._valleys import find_valleys

Row = dict[str, Any]

# Enough rows that the silhouette is estimated.
N_ESTIMATED = 6_000
# The default of select_n_segments.
MAX_ROWS = 1_000
KS = range(2, 11)


def verdicts(n_runs: int = 20) -> list[Row]:
    """Count the numbers that each criterion chooses, per population."""
    rows = []
    for name, (truth, draw) in POPULATIONS.items():
        selections = [
            select_n_segments(draw(seed), n_segments=KS, random_state=seed)
            for seed in range(n_runs)
        ]
        n_structured = sum(selection.has_structure for selection in selections)
        row: Row = {
            "population": name,
            "true": truth,
            "runs": n_runs,
            "structure": n_structured,
            **_exact_interval(n_structured, n_runs),
            "valleys": sum(len(selection.valleys) > 0 for selection in selections),
            "verdict": _counts(selection.n_segments for selection in selections),
        }
        row |= {
            criterion: _counts(selection.choices[criterion] for selection in selections)
            for criterion in selections[0].choices
        }
        print(row, flush=True)
        rows.append(row)
    return rows


def valleys(n_runs: int = 200) -> list[Row]:
    """Count the data sets with a valley, per population: a part of the verdict."""
    rows = []
    for name, (truth, draw) in POPULATIONS.items():
        n_valleys, seconds = 0, []
        for seed in range(n_runs):
            X, rng = draw(seed), np.random.default_rng(10_000 + seed)
            drawn = rng.choice(len(X), MAX_ROWS, replace=False)
            names = [f"x{number}" for number in range(X.shape[1])]
            duration, search = cpu(partial(find_valleys, X, drawn, names, rng))
            n_valleys += len(search.table) > 0
            seconds.append(duration)
        row: Row = {
            "population": name,
            "true": truth,
            "runs": n_runs,
            "valleys": n_valleys,
            **_exact_interval(n_valleys, n_runs),
            "cpu_s": round(float(np.median(seconds)), 4),
        }
        print(row, flush=True)
        rows.append(row)
    return rows


def _exact_interval(n: int, n_runs: int) -> Row:
    """Return the bounds of the 95 % interval of a share, by Clopper and Pearson."""
    interval = binomtest(n, n_runs).proportion_ci(method="exact")
    return {"low": round(interval.low, 3), "high": round(interval.high, 3)}


def _counts(numbers: Any) -> str:
    """Return counts of the numbers as text, the most frequent first: "4 x18, 3 x2"."""
    return ", ".join(f"{k} x{n}" for k, n in Counter(numbers).most_common())


def agreement(n_sets: int = 40) -> list[Row]:
    """Compare the choice with that by ten starts for each k and exact silhouettes."""
    rows = []
    for seed in range(n_sets):
        k = 3 + seed % 6
        n_columns = (2, 5, 10)[seed % 3]
        X = blobs(N_ESTIMATED, seed, n_columns, k, 1.0 + 0.25 * (seed % 4))
        found: NSegmentsSelection = select_n_segments(
            X, n_segments=KS, criteria=("silhouette",), max_rows=100, random_state=seed
        )
        exact = {k: silhouette_score(X, _naive(X, k)) for k in KS}
        rows.append(
            {
                "blobs": k,
                "columns": n_columns,
                "rows": N_ESTIMATED,
                "ours": found.choices["silhouette"],
                "exact": max(exact, key=exact.__getitem__),
            }
        )
    same = sum(row["ours"] == row["exact"] for row in rows)
    return [{"sets": n_sets, "same_k": same}, *rows]


def _naive(X: FloatArray, k: int) -> npt.NDArray[np.int32]:
    return np.asarray(KMeans(k, n_init=10, random_state=0).fit_predict(X))
