"""CPU time of the searches and of information values; medians of several runs.

Others are asked for the information values of the same columns, in the way that their
documentation begins with: optbinning's optimal bins, scorecardpy's `woebin` and toad's
`IV`. These choose bins by a search, where `information_value` takes quantiles, so
it is not the same work.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from _measure import cpu, median_cpu
from finders_recovery import STOP_AT, in_a_process
from finders_runs import NOT_COLUMNS, Row, Runs

from skseg import BoxSegmentFinder, information_value
from skseg._finders._coding import learn_coding
from skseg._search.effects.boxes import CodedAxis, max_t
from skseg._search.effects.boxes._best import TopBoxes
from skseg._search.effects.boxes._search import search
from skseg._search.effects.boxes._sets import cell_sets
from skseg._search.effects.boxes._tables import sample
from skseg.datasets import make_seller_groups
from skseg.rules import Columns

N_COLUMNS, N_IV = 20, 50
WIDTHS, WIDE_ROWS = (10, 20, 40, 100, 200), (2_000, 20_000)
SORTED = 10_000_000
FloatArray = npt.NDArray[np.float64]


def speed(runs: Runs) -> list[Row]:
    """Targets are in CPU seconds; ratios are to a sort of 10 million numbers."""
    rng = np.random.default_rng(0)
    numbers = rng.random(SORTED)
    one_sort, _ = median_cpu(lambda: np.sort(numbers))
    rows = [{"what": f"np.sort of {SORTED:,} float64", "cpu_s": round(one_sort, 3)}]
    for n in runs:
        rows += _scans(n, rng)
    for n_columns in WIDTHS:
        rows += [_wide(n, n_columns) for n in WIDE_ROWS]
    rows += _replicates(min(runs), rng)
    slow: dict[str, float] = {}
    for n in runs:
        rows += _ivs(n, rng, slow)
    for row in rows:
        if "cpu_s" in row:
            row["sorts"] = round(row["cpu_s"] / one_sort, 2)
    return rows


def _scans(n: int, rng: np.random.Generator) -> list[Row]:
    numbers = pd.DataFrame(rng.standard_normal((n, N_COLUMNS))).add_prefix("x")
    customers = make_seller_groups(n, pattern="none", random_state=0)
    mixed = customers.drop(columns=NOT_COLUMNS)
    score = rng.standard_normal(n)
    rows = []
    for name, X in ((f"{N_COLUMNS} of numbers", numbers), ("mixed", mixed)):

        def code(X: pd.DataFrame = X) -> Any:
            columns = Columns(X, "benchmark")
            coding = learn_coding(
                columns, columns.names, max_cells=32, score=score, weight=None
            )
            return coding.codes(columns), coding.axes

        def scan(code: Callable[[], Any] = code) -> None:
            rows = sample(*code(), score, None)
            search(rows, n / 100, [TopBoxes(10)] * 2)

        coding_s, (_, axes) = median_cpu(code)
        seconds, _ = median_cpu(scan)
        rows.append(
            {
                "what": "coding and scan of all pairs, 32 cells",
                "columns": name,
                "rows": n,
                "cpu_s": round(seconds, 3),
                "of_it_coding_s": round(coding_s, 3),
                "boxes": _n_boxes(axes, 2),
            }
        )
    finder = BoxSegmentFinder(random_state=0)
    y, group = customers["converted"], customers["seller"]
    seconds, _ = cpu(lambda: finder.fit(mixed, y, group=group))
    what = "BoxSegmentFinder.fit, nothing planted"
    rows.append({"what": what, "columns": "mixed", "rows": n, "cpu_s": seconds})
    return rows


def _wide(n: int, n_columns: int) -> Row:
    """Fit many columns, two of which make up the segment with an effect."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((n, n_columns))).add_prefix("x")
    pair = "x1", f"x{n_columns - 2}"
    group = rng.integers(0, 2, n)
    inside = (X[pair[0]] > 0.2) & (X[pair[1]] < 0.5)
    y = (rng.random(n) < 0.3 + 0.2 * inside * (group - 0.5)).astype(np.int64)
    seconds, finder = cpu(
        lambda: BoxSegmentFinder(random_state=0).fit(X, y, group=group)
    )
    rules = finder.segments_["rule"]
    is_found = rules.map(lambda rule: all(f"{name} " in rule for name in pair)).any()
    return {
        "what": "BoxSegmentFinder.fit, a planted pair",
        "columns": f"{n_columns} of numbers",
        "rows": n,
        "cpu_s": round(seconds, 3),
        "note": "found" if is_found else "not found",
    }


def _n_boxes(axes: list[CodedAxis], width: int) -> int:
    sets = [len(cell_sets(axis)) for axis in axes]
    return sum(
        int(np.prod(some, dtype=np.int64))
        for size in range(1, width + 1)
        for some in combinations(sets, size)
    )


def _coded(n: int, n_cells: int, rng: np.random.Generator) -> Any:
    codes = rng.integers(0, n_cells, (N_COLUMNS, n), dtype=np.uint8)
    return codes, [CodedAxis(n_cells)] * N_COLUMNS, rng.standard_normal(n)


def _replicates(n: int, rng: np.random.Generator) -> list[Row]:
    coded = _coded(n, 16, rng)
    seconds, _ = median_cpu(
        lambda: max_t(
            *coded, n_replicates=96, rng=np.random.default_rng(1), min_size=n / 100
        )
    )
    what = f"max_t, 96 replicates, {N_COLUMNS} columns of 16 cells"
    boxes = 97 * _n_boxes(coded[1], 2)
    return [{"what": what, "rows": n, "cpu_s": round(seconds, 3), "boxes": boxes}]


def _ivs(n: int, rng: np.random.Generator, slow: dict[str, float]) -> list[Row]:
    """Measure them; `slow` has the seconds a row that each library took so far."""
    X = pd.DataFrame(rng.standard_normal((n, N_IV))).add_prefix("x")
    logit = 0.5 * X.iloc[:, :5].sum(axis=1).to_numpy() - 1
    y = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    seconds, _ = median_cpu(lambda: information_value(X, y))
    what = f"information values of {N_IV} columns"
    rows: list[Row] = [
        {
            "what": what,
            "method": "information_value",
            "rows": n,
            "cpu_s": round(seconds, 3),
        }
    ]
    ours = rows[0]["cpu_s"]
    for library, method in OTHERS.items():
        try:
            import_module(library)
        except ImportError:
            print(f"{library} is not installed: its rows are left out.")
            continue
        row: Row = {"what": what, "method": library, "rows": n}
        if slow.get(library, 0) * n > STOP_AT:
            rows.append({**row, "note": "left out: too slow"})
            continue
        answer = in_a_process(lambda method=method: method(X, y))
        if answer is None:
            row["note"] = f"no answer within {STOP_AT} s, or an error"
            slow[library] = STOP_AT
        else:
            row |= {"cpu_s": round(answer[0], 3), "times": round(answer[0] / ours, 1)}
            slow[library] = answer[0] / n
        rows.append(row)
        print(row, flush=True)
    return rows


def _optbinning(X: pd.DataFrame, y: Any) -> Any:
    one = import_module("optbinning").OptimalBinning
    ivs = []
    for name in X:
        fitted = one(name=name, dtype="numerical").fit(X[name].to_numpy(), y)
        fitted.binning_table.build()
        ivs.append(fitted.binning_table.iv)
    return ivs


def _scorecardpy(X: pd.DataFrame, y: Any) -> Any:
    table = X.assign(y=y)
    bins = import_module("scorecardpy").woebin(table, y="y", no_cores=1)
    return [one["total_iv"].iloc[0] for one in bins.values()]


def _toad(X: pd.DataFrame, y: Any) -> Any:
    return [import_module("toad").IV(X[name], y) for name in X]


OTHERS = {"optbinning": _optbinning, "scorecardpy": _scorecardpy, "toad": _toad}
