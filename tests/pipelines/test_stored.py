"""Models without pickle: skops, mlflow, and the types that they ask to trust."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import (
    DBSCAN,
    HDBSCAN,
    OPTICS,
    AgglomerativeClustering,
    BisectingKMeans,
    KMeans,
    SpectralClustering,
)
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skseg
from skseg import (
    InductiveSegmenter,
    IVSegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
    with_group,
)
from skseg.metrics import (
    largest_share,
    make_findings_scorer,
    make_profit_scorer,
    make_segment_scorer,
    n_segments,
    noise_share,
    smallest_share,
)
from skseg.rules import Domain, RuleSet, col, missing, parse, q
from tests.core.fitted_models import CASES, NAMES, answers, facts_of, frozen, rows
from tests.pipelines.customers import customers
from tests.pipelines.hosts import HOSTS
from tests.pipelines.segmenters import SEGMENTERS, encodings, segmenter

skops = pytest.importorskip("skops.io", reason="skops is not installed")

pytestmark = pytest.mark.filterwarnings(
    "ignore:The group can be predicted:UserWarning",
    "ignore:Merging to min_size:UserWarning",
)

X = pd.DataFrame(rows(1), columns=NAMES)
FACTS = facts_of(rows(1))
# Of more kinds than the estimators of other tests hold: a date, a flag and a text.
MIXED = X.assign(
    since=pd.date_range("2024-01-01", periods=len(X)),
    member=np.arange(len(X)) % 2 == 0,
    channel=np.where(np.arange(len(X)) % 3 == 0, "web", "shop"),
)


def stored(model: Any) -> bytes:
    data: bytes = skops.dumps(model)
    return data


def loaded(model: Any) -> Any:
    return skops.loads(stored(model), trusted=skseg.trusted_types())


def _of_rules() -> Any:
    return MECERuleSegmenter(
        {
            "New": parse("since >= date('2024-03-01')"),
            "Member": "member == true and monetary >= max(q(0.25), 10)",
            "Web": parse("channel in ['web', 'shop'] and not (recency > q(0.9))"),
            "Idle": (col("recency") > q(0.5)) | missing("frequency"),
        },
        on_overlap="first",
        default="Others",
        schema={"monetary": Domain(low=-1e9), "recency": {"missing": False}},
    ).fit(MIXED, FACTS["y"])


def _of_search() -> Any:
    search = GridSearchCV(
        make_pipeline(StandardScaler(), InductiveSegmenter(KMeans(random_state=0))),
        {"inductivesegmenter__clusterer__n_clusters": [2, 3]},
        scoring={
            "silhouette": make_segment_scorer(),
            "profit": make_profit_scorer([30.0, 45.0], cost=[0.0, 4.0]),
            "n_segments": n_segments,
            "smallest": smallest_share,
            "largest": largest_share,
            "noise": noise_share,
        },
        refit="silhouette",
        cv=2,
    )
    return search.fit(X, FACTS["y"])


def _of_search_over_finders() -> Any:
    search = GridSearchCV(
        IVSegmentFinder(random_state=0, max_features=1),
        {"min_size": [0.1, 0.2]},
        scoring=make_findings_scorer(),
        cv=2,
    )
    with warnings.catch_warnings():
        # Candidates without any finding tie.
        warnings.simplefilter("ignore")
        return search.fit(X, with_group(FACTS["y"], np.resize(["A", "B"], len(X))))


CLUSTERERS = {
    "DBSCAN that finds nothing": DBSCAN(eps=1e-6),
    "HDBSCAN that finds nothing": HDBSCAN(min_cluster_size=len(X), copy=True),
    "BisectingKMeans": BisectingKMeans(3, random_state=0),
    "SpectralClustering": SpectralClustering(
        3, affinity="nearest_neighbors", random_state=0
    ),
    "GaussianMixture": GaussianMixture(3, random_state=0),
    "HDBSCAN, manhattan": HDBSCAN(min_cluster_size=5, metric="manhattan", copy=True),
    "OPTICS, chebyshev": OPTICS(metric="chebyshev"),
    "DBSCAN, minkowski": DBSCAN(eps=30, min_samples=3, metric="minkowski", p=3),
    **{
        f"DBSCAN, {metric}": DBSCAN(
            eps=0.3, min_samples=3, metric=metric, metric_params=params
        )
        for metric, params in {
            "braycurtis": None,
            "canberra": None,
            "mahalanobis": {"VI": np.linalg.inv(np.cov(X.T))},
            "seuclidean": {"V": X.to_numpy().var(axis=0)},
        }.items()
    },
}
CLASSIFIERS = {
    "calibrated": CalibratedClassifierCV(LogisticRegression()),
    "calibrated, isotonic": CalibratedClassifierCV(
        LogisticRegression(), method="isotonic", cv=3
    ),
    "boosted": HistGradientBoostingClassifier(max_iter=3, random_state=0),
    "forest": RandomForestClassifier(3, random_state=0),
    "stacked": StackingClassifier([("logistic", LogisticRegression())], cv=2),
    "searched": GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2),
}


def _of_clusterer(clusterer: Any, **settings: Any) -> Any:
    with warnings.catch_warnings():
        # A clusterer that finds nothing useful is stored all the same.
        warnings.simplefilter("ignore")
        return InductiveSegmenter(clone(clusterer), **settings).fit(X, FACTS["y"])


def _of_classifier(classifier: Any, cv: Any = 3) -> Any:
    tiers = OptimalRevenueBinner(2, revenue=[30.0, 45.0], cost=[0.0, 4.0])
    return PropensityBinner(clone(classifier), tiers, cv=cv).fit(X, FACTS["y"])


# Models of more settings than those of `CASES`.
OTHERS: dict[str, Callable[[], Any]] = {
    "rules of every kind": _of_rules,
    "search": _of_search,
    "search over finders": _of_search_over_finders,
    "RFM, own rules": lambda: RFMSegmenter(
        {"Top": parse("R >= 4"), "Few": col("R") < 4}
    ).fit(X, FACTS["y"]),
    "rules, merged": lambda: MECERuleSegmenter(
        {f"{k}": f"{20 * k} <= recency < {20 * k + 20}" for k in range(12)},
        default="Others",
        min_size=0.2,
    ).fit(X, FACTS["y"]),
    "tiers of a budget": lambda: OptimalRevenueBinner(
        2,
        revenue=[30.0, 45.0],
        cost=[0.0, 4.0],
        score_column=2,
        budget=1000.0,
        monotonic="ascending",
    ).fit(X, FACTS["y"]),
    "surrogate of rows": lambda: RuleSurrogate(
        AgglomerativeClustering(3), random_state=0
    ).fit(X),
    "OPTICS": lambda: InductiveSegmenter(OPTICS()).fit(X),
    "DBSCAN, ball tree": lambda: InductiveSegmenter(
        DBSCAN(eps=30, min_samples=3, algorithm="ball_tree")
    ).fit(X),
    "rule set": lambda: _of_rules().rules_,
    "rules of a rule set": lambda: MECERuleSegmenter(
        RuleSurrogate(KMeans(3, random_state=0), random_state=0).fit(X).rules_
    ).fit(X),
    "rules of a rule set with noise": lambda: MECERuleSegmenter(
        RuleSurrogate(DBSCAN(eps=30, min_samples=20), random_state=0).fit(X).rules_
    ).fit(X),
    "nearest mean": lambda: _of_clusterer(KMeans(3, n_init=1), assign="centroid"),
    "folds": lambda: _of_classifier(LogisticRegression(), StratifiedKFold(3)),
    **{
        name: partial(_of_clusterer, clusterer)
        for name, clusterer in CLUSTERERS.items()
    },
    **{
        name: partial(_of_classifier, classifier)
        for name, classifier in CLASSIFIERS.items()
    },
}


@cache
def model(name: str) -> Any:
    """Return a fitted model that has answered, so that it holds what it keeps then."""
    if name in OTHERS:
        return OTHERS[name]()
    case = replace(CASES[name], pictures={})
    result = case.fit(case.make(), X, FACTS)
    answers(case, result, X, FACTS)
    return result


@pytest.mark.parametrize("name", CASES)
def test_a_stored_model_answers_as_before(name: str) -> None:
    case = replace(CASES[name], pictures={})
    before, after = model(name), loaded(model(name))
    assert answers(case, after, X, FACTS) == answers(case, before, X, FACTS)
    # A random state prints its address.
    address = re.compile(" at 0x[0-9A-F]+")
    assert address.sub("", repr(after)) == address.sub("", repr(before))
    assert set(vars(after)) == set(vars(before))


@pytest.mark.parametrize("name", OTHERS)
def test_models_of_every_setting_are_stored(name: str) -> None:
    before, after = model(name), loaded(model(name))
    if isinstance(before, RuleSet):
        assert after == before
        assert after.to_json() == before.to_json()
        return
    data = MIXED if name == "rules of every kind" else X
    assert np.array_equal(after.predict(data), before.predict(data))
    table = getattr(before, "segments_", None)
    if table is not None:
        assert frozen(after.segments_) == frozen(table)


@pytest.mark.parametrize("name", CASES)
def test_a_stored_model_is_fitted_again(name: str) -> None:
    case = replace(CASES[name], pictures={})
    again = case.fit(loaded(case.make()), X, FACTS)
    if isinstance(again.get_params().get("random_state"), np.random.RandomState):
        pytest.skip("its random state has moved on")
    assert answers(case, again, X, FACTS) == answers(case, model(name), X, FACTS)


def untrusted() -> Iterator[str]:
    """Yield the types that stored models of all kinds ask to trust."""
    for name in [*CASES, *OTHERS]:
        yield from skops.get_untrusted_types(data=stored(model(name)))
    data = customers("pandas")
    for name in SEGMENTERS:
        for encode in encodings(name):
            step = segmenter(name, encode, data.columns).fit(data.X, data.y)
            yield from skops.get_untrusted_types(data=stored(step))


# scikit-learn 1.6 keeps requests of metadata in searches; later versions keep folds.
OF_SOME_VERSIONS = {
    "sklearn.model_selection._split.KFold",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
}


def test_trusted_types_are_those_that_models_hold() -> None:
    names, needed = skseg.trusted_types(), {*untrusted()}
    assert names == sorted(names)
    assert needed <= {*names}
    assert {*names} - needed <= OF_SOME_VERSIONS


def test_the_list_of_trusted_types_belongs_to_the_caller() -> None:
    skseg.trusted_types().clear()
    assert skseg.trusted_types()


def test_mlflow_stores_and_loads_every_segmenter_in_its_default_format() -> None:
    # One test, as mlflow takes seconds to be imported in every process.
    data = customers("pandas")
    steps = {
        name: segmenter(name, encodings(name)[0], data.columns) for name in SEGMENTERS
    }
    rules = clone(steps["MECERuleSegmenter"]).fit(data.X, data.y).rules_
    steps["rules of a rule set"] = MECERuleSegmenter(rules, cv=2)
    for name, step in steps.items():
        np.testing.assert_array_equal(
            HOSTS["mlflow"](step, data), HOSTS["Pipeline"](step, data), err_msg=name
        )
