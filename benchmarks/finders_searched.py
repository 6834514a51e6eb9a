"""Effects of findings that are tested on the rows that were searched, by max-T.

In these rows the effect of a finding is the largest of many, and too large. Reported
are cross-fitted effects, with intervals that hold for all boxes at once. Errors are
counted in the direction of the search: a positive bias promises too much.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from finders_runs import Row, Runs

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)

FINDERS = {
    "Box": BoxSegmentFinder,
    "IV": IVSegmentFinder,
    "L1": L1SegmentFinder,
    "T-Learner": TLearnerSegmentFinder,
}
EFFECTS = (0.0, 0.1, 0.2)  # of A over B in the planted segment


def searched_effects(runs: Runs) -> list[Row]:
    """Return the bias of effects as searched and as reported, and their coverage."""
    rows = []
    for n_rows, seeds in runs.items():
        for planted in EFFECTS:
            for name, finder_class in FINDERS.items():
                tables = [
                    findings(finder_class, n_rows, planted, seed) for seed in seeds
                ]
                rows.append(
                    {
                        "rows": n_rows,
                        "planted points": 100 * planted,
                        "finder": name,
                        **summary(tables),
                    }
                )
    return rows


def findings(finder_class: Any, n_rows: int, planted: float, seed: int) -> pd.DataFrame:
    """Return the table of the findings, and the true effect in each."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.normal(size=n_rows),
            "spend": rng.exponential(size=n_rows).round(2),
            "channel": rng.choice([*"uvwxyz"], n_rows),
        }
    )
    group = rng.choice(["A", "B"], n_rows)
    inside = ((X["age"] > 0.3) & X["channel"].isin([*"uvw"])).to_numpy()
    chance = 0.3 + planted * (inside & (group == "A"))
    y = (rng.random(n_rows) < chance).astype(int)
    finder = finder_class(
        random_state=seed, inference="maxt", max_features=2, max_cells=12
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        finder.fit(X, y, group=group)
    members = finder.transform(X) == 1
    if not len(finder.segments_):
        return finder.segments_.assign(truth=0.0)
    truth = [100 * planted * inside[rows].mean() for rows in members.T]
    return finder.segments_.assign(truth=truth)


def summary(tables: list[pd.DataFrame]) -> Row:
    """Return means over all findings of all runs."""
    table = pd.concat(tables, ignore_index=True)
    recommended = [{"Implement", "Pilot"} & {*t["decision"]} for t in tables]
    searched = table["effect"] + table["gap"]
    direction = np.sign(searched)
    is_covered = table["truth"].between(table["ci_low"], table["ci_high"])
    return {
        "runs": len(tables),
        "findings": len(table),
        "searched: bias": mean(direction * (searched - table["truth"])),
        "searched: error": root_mean_square(searched - table["truth"]),
        "reported: bias": mean(direction * (table["effect"] - table["truth"])),
        "reported: error": root_mean_square(table["effect"] - table["truth"]),
        "coverage": round(float(is_covered.mean()), 3) if len(table) else "",
        "runs with a recommendation": sum(map(bool, recommended)),
    }


def mean(errors: Any) -> Any:
    return round(float(np.mean(errors)), 2) if len(errors) else ""


def root_mean_square(errors: npt.ArrayLike) -> Any:
    squares = np.square(np.asarray(errors, dtype=np.float64))
    return round(float(np.sqrt(squares.mean())), 2) if len(squares) else ""
