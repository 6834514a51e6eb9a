"""Planted segments, and how exactly they are found again, on fresh rows.

Every method names the rows that A serves better, and those that B does; precision and
recall are about the planted ones on rows of another seed. A finder names its Implement
findings. Methods that only predict effects name the rows with half the planted effect
or more, which is the best that such a cut can do. Subgroup discovery, which has no
decisions, names its best subgroup.
"""

from __future__ import annotations

import math
import os
import pickle
import resource
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from finders_runs import (
    HISTORICAL,
    NOT_COLUMNS,
    BoolArray,
    Findings,
    Row,
    Runs,
    finders,
    fitted,
    historical,
    progress,
)

from skseg.datasets import make_seller_groups

FloatArray = npt.NDArray[np.float64]
# Rows that A serves better, and rows that B does.
Named = tuple[BoolArray, BoolArray]
Method = Callable[[pd.DataFrame, pd.DataFrame], Named]

PATTERNS = ["conjunction", "bands", "triple", "xor"]
EFFECT = 0.15
STOP_AT = 300  # CPU seconds


def recovery(runs: Runs) -> list[Row]:
    """How much of the planted segments do the finders find, and how much else?"""

    def methods(seed: int) -> Iterator[tuple[str, Method]]:
        for name, inference, finder in finders(seed):
            yield f"{name}, {inference}", _by_finder(finder)
        yield HISTORICAL, lambda data, new: _named(historical(data, seed), new)

    return _compare("recovery", runs, methods)


def others(runs: Runs) -> list[Row]:
    """The same for libraries that are installed, each in its plain documented way."""
    methods = [
        ("pysubgroup", "pysubgroup, best subgroup", _pysubgroup),
        ("imodels", "imodels FIGS on the transformed outcome", _figs),
        ("causalml", "causalml uplift tree", _uplift_tree),
        ("econml", "econml causal forest", _causal_forest),
    ]
    known = []
    for library, name, method in methods:
        try:
            import_module(library)
        except ImportError:
            print(f"{library} is not installed: its rows are left out.")
        else:
            known.append((name, method))
    return _compare("others", runs, lambda seed: iter(known)) if known else []


def _compare(
    part: str, runs: Runs, methods: Callable[[int], Iterator[tuple[str, Method]]]
) -> list[Row]:
    rows, too_slow = [], set()
    for n, numbers in runs.items():
        for run in numbers:
            for pattern in PATTERNS:
                options = {"pattern": pattern, "effect": EFFECT}
                data = make_seller_groups(n, random_state=4000 + run, **options)
                new, truth = make_seller_groups(
                    100_000, random_state=5000 + run, return_truth=True, **options
                )
                effect = truth["effect"].to_numpy()
                for name, method in methods(run):
                    if name in too_slow:
                        continue
                    what = {"rows": n, "pattern": pattern, "method": name, "seed": run}
                    found = in_a_process(lambda m=method, d=data, x=new: m(d, x))
                    if found is None:
                        too_slow.add(name)
                        note = f"no answer within {STOP_AT} s, or an error"
                        rows.append({**what, "note": note})
                        continue
                    seconds, (for_a, for_b) = found
                    figures = _figures(for_a, effect > 0, "a")
                    if (effect < 0).any():
                        figures |= _figures(for_b, effect < 0, "b")
                    rows.append({**what, **figures, "cpu_s": round(seconds, 2)})
                    print(rows[-1], flush=True)
            progress(part, n, run, numbers)
    return rows


def _figures(named: BoolArray, planted: BoolArray, group: str) -> Row:
    both = int((named & planted).sum())
    precision = both / int(named.sum()) if named.any() else math.nan
    return {
        f"precision_{group}": round(float(precision), 4),
        f"recall_{group}": round(both / int(planted.sum()), 4),
    }


def in_a_process(run: Callable[[], Any]) -> tuple[float, Any] | None:
    """Return CPU seconds and the result; None if it took too long, or failed."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_CPU, (STOP_AT, STOP_AT))
        try:
            with warnings.catch_warnings(), os.fdopen(write, "wb") as pipe:
                warnings.simplefilter("ignore")
                start = time.process_time()
                result = run()
                pipe.write(pickle.dumps((time.process_time() - start, result)))
        except Exception as error:
            print(f"{type(error).__name__}: {error}", flush=True)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.wait()
    return pickle.loads(answer) if answer else None  # noqa: S301 - our own process


def _by_finder(finder: Any) -> Method:
    return lambda data, new: _named(fitted(finder, data), new)


def _named(found: Findings, new: pd.DataFrame) -> Named:
    chosen = found.table["decision"].to_numpy() == "Implement"
    best = found.table["best_group"].to_numpy()
    members = found.members(new)
    a, b = (members[:, chosen & (best == group)].any(axis=1) for group in "AB")
    return a, b


def _transformed(data: pd.DataFrame) -> FloatArray:
    """Return an outcome whose mean is the effect of A, as A was drawn by a coin."""
    sign = np.where(data["seller"] == "A", 2.0, -2.0)
    return sign * data["converted"].to_numpy()


def _matrices(data: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, Any]:
    """Return numbers for libraries that take nothing else, without missing values."""
    X, Z = (
        pd.get_dummies(one.drop(columns=NOT_COLUMNS)).astype(float)
        for one in (data, new)
    )
    middle = X.median()
    return X.fillna(middle), Z.reindex(columns=X.columns, fill_value=0.0).fillna(middle)


def _by_effect(effect: FloatArray) -> Named:
    return effect >= EFFECT / 2, effect <= -EFFECT / 2


def _pysubgroup(data: pd.DataFrame, new: pd.DataFrame) -> Named:
    ps = import_module("pysubgroup")
    named = []
    for sign in (1, -1):
        table = data.drop(columns=NOT_COLUMNS).assign(z=sign * _transformed(data))
        target = ps.NumericTarget("z")
        task = ps.SubgroupDiscoveryTask(
            table,
            target,
            ps.create_selectors(table, ignore=["z"]),
            result_set_size=1,
            depth=3,
            qf=ps.StandardQFNumeric(0.5),
        )
        [(_, subgroup, _)] = ps.BeamSearch().execute(task).results
        named.append(np.asarray(subgroup.covers(new), dtype=bool))
    return named[0], named[1]


def _figs(data: pd.DataFrame, new: pd.DataFrame) -> Named:
    X, Z = _matrices(data, new)
    model = import_module("imodels").FIGSRegressor(max_rules=12)
    model.fit(X.to_numpy(), _transformed(data), feature_names=list(X.columns))
    return _by_effect(model.predict(Z.to_numpy()))


def _uplift_tree(data: pd.DataFrame, new: pd.DataFrame) -> Named:
    X, Z = _matrices(data, new)
    tree = import_module("causalml.inference.tree").UpliftTreeClassifier(
        control_name="B", random_state=0
    )
    tree.fit(X.to_numpy(), data["seller"].to_numpy(str), data["converted"].to_numpy())
    rates = np.asarray(tree.predict(Z.to_numpy()))
    # Rates of control and treatment.
    return _by_effect(rates[:, 1] - rates[:, 0])


def _causal_forest(data: pd.DataFrame, new: pd.DataFrame) -> Named:
    X, Z = _matrices(data, new)
    forest = import_module("econml.dml").CausalForestDML(
        discrete_treatment=True, discrete_outcome=True, random_state=0, n_jobs=1
    )
    treated = (data["seller"] == "A").to_numpy(int)
    forest.fit(data["converted"].to_numpy(), treated, X=X.to_numpy())
    return _by_effect(np.ravel(forest.effect(Z.to_numpy())))
