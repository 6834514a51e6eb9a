"""One fitted model of every kind, and all that can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy.sparse import issparse
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skseg
from skseg import DecisionThresholds, OptimalRevenueBinner, displays

N_ROWS = 90
NAMES = ["recency", "frequency", "monetary"]
ARRAY_OF_COSTS: Any = np.array([0.0, 4.0, 9.0])


@dataclass(frozen=True)
class Case:
    """How to make an estimator, what its fit takes besides X, and its displays."""

    make: Callable[[], Any]
    takes: tuple[str, ...] = ("y", "sample_weight")
    pictures: Mapping[str, Callable[[Any, Any, dict[str, Any]], Any]] = field(
        default_factory=dict
    )

    def fit(self, model: Any, X: Any, facts: Mapping[str, Any]) -> Any:
        """Fit the model to rows, and to those facts about them that it takes."""
        return model.fit(X, **{name: facts[name] for name in self.takes})


def rows(seed: int, n_rows: int = N_ROWS) -> Any:
    """Return customers in three clusters, which differ in conversion."""
    rng = np.random.default_rng(seed)
    center = np.array([[20.0, 20, 200], [200, 4, 40], [120, 9, 900]])
    spread = np.array([8.0, 1.5, 12.0])
    cluster = np.arange(n_rows) % 3
    return center[cluster] + rng.normal(size=(n_rows, 3)) * spread


def facts_of(X: Any, seed: int = 0) -> dict[str, Any]:
    """Return outcome, group and weight of the rows."""
    rng = np.random.default_rng(seed)
    in_a = np.arange(len(X)) // 3 % 2 == 0
    chance = np.where((X[:, 0] > 100) & in_a, 0.8, 0.25)
    return {
        "y": (rng.random(len(X)) < chance).astype(np.float64),
        "group": np.where(in_a, "A", "B").astype(object),
        "sample_weight": 1.0 + np.arange(len(X)) % 2,
    }


def _finder(name: str, **settings: Any) -> Case:
    settings = {"random_state": 0, "max_findings": 3, "min_size": 0.1, **settings}
    return Case(
        lambda: getattr(skseg, name)(
            treatment="A",
            thresholds=DecisionThresholds(value=2.0),
            **deepcopy(settings),
        ),
        ("y", "group", "sample_weight"),
        {
            "findings": lambda model, X, facts: displays.FindingsDisplay.from_estimator(
                model
            ),
            "effects": lambda model, X, facts: displays.EffectMapDisplay.from_estimator(
                model, X, facts["y"], group=facts["group"]
            ),
        },
    )


def _sizes(model: Any, X: Any, facts: Any) -> Any:
    return displays.SegmentSizesDisplay.from_estimator(model, X)


def _means(model: Any, X: Any, facts: Any) -> Any:
    return displays.FeatureHeatmapDisplay.from_estimator(model, X)


def _silhouettes(model: Any, X: Any, facts: Any) -> Any:
    return displays.SilhouetteDisplay.from_estimator(model, X)


def _heatmap(model: Any, X: Any, facts: Any) -> Any:
    return displays.RFMHeatmapDisplay.from_estimator(model, X)


def _flow(model: Any, X: Any, facts: Any) -> Any:
    return displays.SegmentFlowDisplay.from_estimator(model)


def _tiers(model: Any, X: Any, facts: Any) -> Any:
    return displays.RevenueTiersDisplay.from_estimator(model, X, facts["y"])


def _curve(model: Any, X: Any, facts: Any) -> Any:
    return displays.RevenueCurveDisplay.from_estimator(model, X, facts["y"])


def _values(model: Any, X: Any, facts: Any) -> Any:
    return displays.InformationValueDisplay.from_estimator(model)


CLUSTERS = {"sizes": _sizes, "means": _means, "silhouettes": _silhouettes}

CASES = {
    "RFMSegmenter": Case(
        lambda: skseg.RFMSegmenter(
            {"Good": "R >= 2 and F >= 2", "Rich": "M >= 3 and R < 2"},
            {"frequency": 3, "monetary": 4},
            cut_points={"recency": np.array([50.0, 150.0])},
            default="Rest",
        ),
        pictures={"heatmap": _heatmap, "sizes": _sizes},
    ),
    "MECERuleSegmenter": Case(
        lambda: skseg.MECERuleSegmenter(
            {"VIP": "monetary >= {high}", "Regular": "monetary < {high}"},
            params={"high": 300.0},
            universe="recency <= 500",
            schema={"monetary": {"missing": False}, "recency": {"low": 0.0}},
            split_on=["frequency"],
            max_size=0.6,
            min_size=0.1,
            score_weights={"size": 1.0, "outcome": 2.0},
            playbook={"VIP": "Call", "Regular": "Write"},
        ),
        pictures={"flow": _flow, "sizes": _sizes},
    ),
    "OptimalRevenueBinner": Case(
        lambda: OptimalRevenueBinner(
            3,
            revenue=[30.0, 30.0, 45.0],
            cost=ARRAY_OF_COSTS.copy(),
            response=[1.0, 1.5, 1.8],
            segment_names=["None", "Mail", "Call"],
            score_column=0,
            encode="value",
            missing_tier=1,
        ),
        pictures={"tiers": _tiers, "curve": _curve},
    ),
    "PropensityBinner": Case(
        lambda: skseg.PropensityBinner(
            KNeighborsClassifier(5),
            OptimalRevenueBinner(2, revenue=[30.0, 45.0], cost=[0.0, 4.0]),
            cv=3,
        ),
        takes=("y",),
        pictures={"tiers": _tiers},
    ),
    "BoxSegmentFinder": _finder("BoxSegmentFinder"),
    "BoxSegmentFinder-observational": _finder(
        "BoxSegmentFinder",
        assignment="observational",
        # The default models take seconds for each of the many fits.
        propensity_estimator=LogisticRegression(),
        outcome_estimator=LogisticRegression(),
        inference="none",
        random_state=np.random.RandomState(0),
    ),
    "IVSegmentFinder": _finder("IVSegmentFinder", encode="onehot"),
    "L1SegmentFinder": _finder("L1SegmentFinder", encode="ordinal"),
    "TLearnerSegmentFinder": _finder(
        "TLearnerSegmentFinder", estimator=DecisionTreeClassifier(max_depth=2)
    ),
    "InductiveSegmenter": Case(
        lambda: skseg.InductiveSegmenter(
            KMeans(3, init=rows(5)[:3], n_init=1), segment_names=["a", "b", "c"]
        ),
        takes=("y", "sample_weight"),
        pictures=CLUSTERS,
    ),
    "InductiveSegmenter-core": Case(
        lambda: skseg.InductiveSegmenter(DBSCAN(eps=30.0, min_samples=3)),
        takes=("y", "sample_weight"),
        pictures=CLUSTERS,
    ),
    "InductiveSegmenter-nearest": Case(
        lambda: skseg.InductiveSegmenter(HDBSCAN(min_cluster_size=10, copy=True)),
        takes=("y",),
        pictures=CLUSTERS,
    ),
    "InductiveSegmenter-centroid": Case(
        lambda: skseg.InductiveSegmenter(AgglomerativeClustering(3)),
        takes=("y",),
        pictures=CLUSTERS,
    ),
    "InductiveSegmenter-pipeline": Case(
        lambda: skseg.InductiveSegmenter(
            make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0))
        ),
        takes=("y",),
        pictures=CLUSTERS,
    ),
    "RuleSurrogate": Case(
        lambda: skseg.RuleSurrogate(
            skseg.InductiveSegmenter(DBSCAN(eps=30.0, min_samples=3)),
            max_rules=12,
            random_state=0,
        ),
        takes=(),
        pictures={"sizes": _sizes},
    ),
}

# What every method takes besides the model itself.
METHODS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "predict": lambda method, X, facts: method(X),
    "predict_propensity": lambda method, X, facts: method(X),
    "predict_proba": lambda method, X, facts: method(X),
    "decision_function": lambda method, X, facts: method(X),
    "transform": lambda method, X, facts: method(X),
    "apply": lambda method, X, facts: method(X),
    "scores": lambda method, X, facts: method(X),
    "get_feature_names_out": lambda method, X, facts: method(),
    "to_json": lambda method, X, facts: method(dialect=None),
    "to_strategy": lambda method, X, facts: method(dialect=None),
    "to_frame": lambda method, X, facts: method(),
    "to_sql": lambda method, X, facts: method(),
    "to_python": lambda method, X, facts: method(),
    "to_csv": lambda method, X, facts: method(),
    "label": lambda method, X, facts: method(_lazy(method, X)).collect().to_numpy(),
    "evaluate": lambda method, X, facts: method(X, facts["y"]),
    "agreement": lambda method, X, facts: method(X),
    "spend": lambda method, X, facts: method(X),
    "bootstrap": lambda method, X, facts: method(20, random_state=0).frame(),
}


def _lazy(method: Any, X: Any) -> pl.LazyFrame:
    """Return rows as a LazyFrame with the columns of the rules of a method's model."""
    columns = np.asarray(X, dtype=np.float64).T
    known = {f"x{i}": column for i, column in enumerate(columns)}
    known |= dict(zip(NAMES, columns, strict=False))
    rules = getattr(method.__self__, "rules_", None)
    # A rule may be about a score that is no column of the rows.
    names = NAMES if rules is None else rules.columns
    return pl.LazyFrame({name: known.get(name, columns[0]) for name in names})


ATTRIBUTES = ("labels_", "segments_", "segment_names_", "cut_points_", "centers_")


def answers(case: Case, model: Any, X: Any, facts: Any) -> dict[str, Any]:
    """Return what the methods, tables, rules and displays of a fitted model say."""
    results = {
        name: call(getattr(model, name), X, facts)
        for name, call in METHODS.items()
        if hasattr(model, name)
    }
    if hasattr(model, "score"):
        also = {"group": facts["group"]} if "group" in case.takes else {}
        results["score"] = model.score(X, facts["y"], **also)
    if hasattr(model, "inverse_transform"):
        results["inverse_transform"] = model.inverse_transform(results["transform"])
    if hasattr(model, "rules_"):
        results["rules_"] = model.rules_.to_json()
    for name in ATTRIBUTES:
        if hasattr(model, name):
            results[name] = getattr(model, name)
    for name, draw in case.pictures.items():
        results[f"display {name}"] = draw(model, X, facts).frame()
    return {name: frozen(value) for name, value in results.items()}


def frozen(value: Any) -> Any:
    """Return a value as something that equals another one only bit for bit."""
    if isinstance(value, pd.DataFrame):
        return [(name, frozen(value[name].to_numpy())) for name in value]
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return [frozen(item) for item in value.ravel().tolist()]
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {name: frozen(item) for name, item in value.items()}
    return repr(value)


def arrays_in(thing: Any, path: str = "model") -> Iterator[tuple[str, Any]]:
    """Yield path and value of all arrays that can be reached from an object."""
    seen: dict[int, Any] = {}
    stack = [(path, thing)]
    while stack:
        path, thing = stack.pop()
        if id(thing) in seen or isinstance(thing, type | str | bytes):
            continue
        # Kept, so that no other object gets its id.
        seen[id(thing)] = thing
        if isinstance(thing, np.ndarray | memoryview):
            yield path, np.asarray(thing)
        stack += [(f"{path}.{name}", part) for name, part in _parts(thing)]


def _parts(thing: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the objects that an object holds, each with its name or place."""
    if isinstance(thing, pd.DataFrame):
        yield from ((name, thing[name].to_numpy()) for name in thing)
    elif isinstance(thing, pd.Series | pd.Index):
        yield "values", thing.to_numpy()
    elif issparse(thing):
        yield from vars(thing).items()
    elif isinstance(thing, Mapping):
        yield from thing.items()
    elif isinstance(thing, list | tuple | set | frozenset):
        yield from enumerate(thing)
    elif isinstance(thing, np.ndarray):
        if thing.dtype.kind == "O":
            yield from enumerate(thing.ravel().tolist())
    else:
        yield from _attributes(thing)


def _attributes(thing: Any) -> Iterator[tuple[Any, Any]]:
    slots = getattr(type(thing), "__slots__", ())
    for name in [slots] if isinstance(slots, str) else slots:
        if hasattr(thing, name):
            yield name, getattr(thing, name)
    yield from getattr(thing, "__dict__", {}).items()
    for i, cell in enumerate(getattr(thing, "__closure__", None) or ()):
        yield f"cell {i}", cell.cell_contents
    if hasattr(thing, "get_arrays"):  # a tree of neighbours, written in C
        yield from enumerate(thing.get_arrays())
