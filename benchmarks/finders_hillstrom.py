"""Hillstrom's e-mails: a randomised trial of three arms, 64,000 customers, 2008.

Set SKSEG_DATA to a folder with hillstrom/hillstrom.csv.gz and reference_results.json.
Published analyses find no column by which the effect on spend differs (no interaction
passes Holm's 5 %), so on spend nothing may come out as Implement.
"""

from __future__ import annotations

import json
import os
import time
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from finders_runs import Row, Runs

from skseg import BoxSegmentFinder, IVSegmentFinder

OUTCOMES = ["visit", "conversion", "spend"]
ARMS = {"mens": "Mens E-Mail", "womens": "Womens E-Mail", "none": "No E-Mail"}
SHOWN = ["decision", "best_group", "effect", "ci_low", "ci_high", "p_adj"]


def hillstrom(runs: Runs) -> list[Row]:
    """Effects of the arms as published, and what the finders say of the customers."""
    folder = Path(os.environ.get("SKSEG_DATA", ""))
    path = folder / "hillstrom" / "hillstrom.csv.gz"
    if not path.is_file():
        print("hillstrom/hillstrom.csv.gz is not in SKSEG_DATA: left out.")
        return []
    data = pd.read_csv(path)
    published = json.loads((folder / "reference_results.json").read_text())
    rows = list(_arms(data, published["hillstrom"]["ate"]))
    data = data[data["segment"] != ARMS["none"]].reset_index(drop=True)
    for n, seeds in runs.items():
        some = data.head(n)
        for seed, outcome in product(seeds, ("visit", "spend")):
            for inference in ("honest", "maxt"):
                options: dict[str, Any] = {"inference": inference, "random_state": seed}
                if inference == "maxt":
                    options["max_features"] = 2
                for finder in (BoxSegmentFinder(**options), IVSegmentFinder(**options)):
                    what = {"outcome": outcome, "inference": inference, "seed": seed}
                    rows += _findings(some, finder, what)
    return rows


def _arms(data: pd.DataFrame, published: Any) -> Any:
    means = data.groupby("segment")[OUTCOMES].mean()
    for arms in ("mens-none", "womens-none", "mens-womens"):
        effects = published[arms]
        first, second = (ARMS[arm] for arm in arms.split("-"))
        for outcome in OUTCOMES:
            effect = float(means.loc[first, outcome] - means.loc[second, outcome])
            theirs = effects[outcome][0]
            yield {
                "what": "difference of arms",
                "arms": arms,
                "outcome": outcome,
                "ours": round(effect, 6),
                "published": round(theirs, 6),
                "difference": f"{abs(effect - theirs):.1e}",
            }


def _findings(data: pd.DataFrame, finder: Any, what: Row) -> list[Row]:
    X = data.drop(columns=["segment", *OUTCOMES])
    start = time.process_time()
    finder.fit(X, data[what["outcome"]], group=data["segment"])
    seconds = time.process_time() - start
    table = finder.segments_
    what = {
        "what": "findings",
        "arms": "mens-womens",
        "method": type(finder).__name__.removesuffix("SegmentFinder"),
        **what,
        "findings": len(table),
        "implement": int((table["decision"] == "Implement").sum()),
        "cpu_s": round(seconds, 2),
    }
    rules = [str(rule) for rule in finder.rules_.rules.values()]
    sizes = ["share_test", "share_train"]
    rows: list[Row] = [
        what
        | {"rule": rule}
        | {name: _short(table.loc[i, name]) for name in [*SHOWN, *sizes]}
        for i, rule in enumerate(rules)
    ]
    return rows or [what]


def _short(value: Any) -> Any:
    return round(float(value), 4) if isinstance(value, float) else value
