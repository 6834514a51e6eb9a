"""False findings where groups were not drawn at random, and hardly overlap.

Nothing is planted: outcomes depend on the columns alone. Six shapes decide both who is
in A and who converts, so that a difference of 38 points between the groups is that of
their customers; three more leave one of the groups without anyone in a part of the
rows, in all of them, or nearly so.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from finders_runs import Row, Runs, Tally, progress

from skseg import BoxSegmentFinder, IVSegmentFinder

FloatArray = npt.NDArray[np.float64]

SHAPES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "linear": lambda X: np.clip(X["x1"] / 1.5, -1, 1),
    "xor": lambda X: np.sign(X["x1"] * X["x2"]),
    "u-shape": lambda X: np.clip(X["x1"] ** 2 - 1, -1, 1),
    "threshold": lambda X: np.where(X["x1"] > 0.5, 1.0, -1.0),
    "product": lambda X: np.clip(X["x1"] * X["x2"], -1, 1),
    "categories": lambda X: np.where(
        X["c1"].isin(["a", "b"]) ^ (X["c2"] == "x"), 1.0, -1.0
    ),
}
# The logit of group A at a score of 1, and what the score adds to the rate of 40 %.
_LOGIT, _RATE = 1.6, 0.25

OVERLAPS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "no overlap in a half": lambda X: np.where(X["x1"] > 0, 1.0, 0.5),
    "no overlap": lambda X: np.where(X["x1"] > 0, 1.0, 0.0),
    "weak overlap": lambda X: 1 / (1 + np.exp(-3 * X["x1"])),
}


def customers(n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x1": rng.normal(size=n),
            "x2": rng.normal(size=n),
            "x3": rng.exponential(size=n),
            "x4": rng.integers(0, 6, n).astype(float),
            "c1": np.array(list("abcd"))[rng.integers(0, 4, n)],
            "c2": np.array(list("xyz"))[rng.integers(0, 3, n)],
        }
    )


def _draws(name: str, n: int, seed: int) -> tuple[pd.DataFrame, Any, Any]:
    """Return columns, outcome and group."""
    rng = np.random.default_rng(seed)
    X = customers(n, rng)
    if name in SHAPES:
        score = np.asarray(SHAPES[name](X))
        chance, rate = 1 / (1 + np.exp(-_LOGIT * score)), 0.4 + _RATE * score
    else:
        chance = np.asarray(OVERLAPS[name](X))
        rate = np.where(X["x1"] > 0, 0.6, 0.3)
    group = np.where(rng.random(n) < chance, "A", "B")
    return X, (rng.random(n) < rate).astype(int), group


def confounded(runs: Runs) -> list[Row]:
    """How often is something false implemented, or certain at 5 %?"""
    tally = Tally()
    finders = {"Box": BoxSegmentFinder, "IV": IVSegmentFinder}
    for n, numbers in runs.items():
        for run in numbers:
            for name in [*SHAPES, *OVERLAPS]:
                X, y, group = _draws(name, n, 2000 + run)
                for method, kind in finders.items():
                    finder = kind(assignment="observational", random_state=run)
                    start = time.process_time()
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        table = finder.fit(X, y, group=group).segments_
                    seconds = time.process_time() - start
                    sure = bool((table["p_adj"] <= 0.05).any())
                    does = bool((table["decision"] == "Implement").any())
                    tally.add((name, n, method, "Implement"), does, seconds)
                    tally.add((name, n, method, "p <= 0.05"), sure, seconds)
            progress("confounded", n, run, numbers)
    return tally.rows(("confounding", "rows", "method", "counted"))
