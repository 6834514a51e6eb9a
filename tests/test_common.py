"""scikit-learn's own checks, on every public estimator."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from email.message import Message
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import (
    DBSCAN,
    HDBSCAN,
    OPTICS,
    AffinityPropagation,
    AgglomerativeClustering,
    Birch,
    BisectingKMeans,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
    SpectralClustering,
)
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

import skseg
from skseg._core import _base

# Estimator name -> {check name: reason}. A check that fails here must fail: one that
# passes is an error (xfail_strict in setup.cfg).
EXPECTED_FAILURES: dict[str, dict[str, str]] = {}

# Estimator name -> the settings to check, where the default alone does not do.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "BoxSegmentFinder": [
        {},
        {"inference": "maxt", "max_features": 2, "n_replicates": 19},
        {"inference": "none", "max_cells": 4, "min_size": None},
    ],
    "InductiveSegmenter": [
        {},
        {"clusterer": KMeans(2, random_state=0)},
        {"clusterer": MiniBatchKMeans(2, n_init=1, max_iter=5, random_state=0)},
        {"clusterer": BisectingKMeans(2, random_state=0)},
        # Its default start by k-means raises with scikit-learn's array API dispatch.
        {
            "clusterer": GaussianMixture(
                2, init_params="random_from_data", random_state=0
            )
        },
        {"clusterer": Birch(threshold=0.1, n_clusters=2)},
        {"clusterer": MeanShift(bandwidth=1.5)},
        {"clusterer": AffinityPropagation(damping=0.9, random_state=0)},
        {"clusterer": DBSCAN()},
        {"clusterer": HDBSCAN(copy=True)},
        {"clusterer": OPTICS()},
        {"clusterer": AgglomerativeClustering(3)},
        {"clusterer": SpectralClustering(3, random_state=0)},
    ],
    "OptimalRevenueBinner": [
        {},
        {"encode": "onehot", "mode": "prefix"},
        {"encode": "value", "missing_tier": 1, "fixed_cost": 0.1},
        {"response_model": "isotonic", "encode": "rate", "compute_path": False},
        {"budget": 1.0, "monotonic": "ascending", "min_rate_diff": 0.01},
    ],
    "RFMSegmenter": [
        {},
        {"segments": None, "n_scores": 2, "encode": "onehot"},
        {"recency": -1, "frequency": 0, "monetary": None, "encode": "ordinal"},
    ],
    "RuleSurrogate": [
        {},
        {"estimator": KMeans(3)},
        {"estimator": DBSCAN(), "max_rules": 50},
        {"estimator": GaussianMixture(2, init_params="random_from_data")},
        {"estimator": AgglomerativeClustering(3)},
        {"estimator": HDBSCAN(min_cluster_size=3, copy=True)},
        {"estimator": skseg.InductiveSegmenter(DBSCAN())},
    ],
}


def is_estimator(thing: object) -> bool:
    is_base = inspect.isabstract(thing)
    return inspect.isclass(thing) and issubclass(thing, BaseEstimator) and not is_base


ESTIMATORS = {
    name: thing for name in skseg.__all__ if is_estimator(thing := getattr(skseg, name))
}


def instances() -> list[BaseEstimator]:
    return [
        estimator(**settings)
        for name, estimator in ESTIMATORS.items()
        for settings in SETTINGS.get(name, [{}])
    ]


# The checks fit random numbers without names, which count no purchases.
@pytest.mark.filterwarnings("ignore:RFMSegmenter takes columns by position")
@parametrize_with_checks(
    instances(),
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES.get(
        type(estimator).__name__, {}
    ),
)
def test_scikit_learn_check(estimator: BaseEstimator, check: Any) -> None:
    check(estimator)


def test_no_estimator_escapes_the_checks() -> None:
    modules = pkgutil.walk_packages(skseg.__path__, "skseg.")
    defined = {
        name
        for module in modules
        if not module.name.endswith("__main__")
        for name, thing in vars(import_module(module.name)).items()
        if is_estimator(thing)
        and thing.__module__.startswith("skseg")
        and not name.startswith("_")
    }
    assert defined == set(ESTIMATORS)


@pytest.mark.parametrize("table", [EXPECTED_FAILURES, SETTINGS])
def test_tables_name_estimators_that_exist(table: dict[str, Any]) -> None:
    assert set(table) <= set(ESTIMATORS)


@pytest.fixture
def set_metadata(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Message | None], None]]:
    """Return a function that replaces the metadata of the package, None for none."""

    def replace(metadata: Message | None) -> None:
        def read(package: str) -> Message:
            if metadata is None:
                raise PackageNotFoundError(package)
            return metadata

        monkeypatch.setattr(_base, "metadata", read)
        _base.documentation_url.cache_clear()

    yield replace
    _base.documentation_url.cache_clear()


def links_of_html(estimator: BaseEstimator) -> set[str]:
    html: str = estimator._repr_html_()
    return set(re.findall(r'href="(https?:[^"#]*)', html))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_html_links_to_the_page_of_the_estimator(
    name: str, set_metadata: Callable[[Message | None], None]
) -> None:
    metadata = Message()
    metadata["Project-URL"] = "Source, https://source.example"
    metadata["Project-URL"] = "Documentation, https://docs.example/skseg/"
    set_metadata(metadata)
    page = f"https://docs.example/skseg/api/generated/skseg.{name}.html"
    assert links_of_html(ESTIMATORS[name]()) == {page}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("metadata", [Message(), None], ids=["no site", "no metadata"])
def test_html_links_nowhere_while_no_documentation_is_known(
    name: str,
    metadata: Message | None,
    set_metadata: Callable[[Message | None], None],
) -> None:
    set_metadata(metadata)
    assert links_of_html(ESTIMATORS[name]()) == set()
