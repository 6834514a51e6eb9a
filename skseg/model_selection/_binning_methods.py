"""Ways to cut a score into bins, each fitted to training rows and applied to others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.preprocessing import KBinsDiscretizer

from skseg._revenue import OptimalRevenueBinner
from skseg._revenue._menu import Menu
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError, did_you_mean
from skseg.metrics._profit_scorer import FittedTiers, best_tiers

from ._binning_estimators import OWNER, FittedBins, bins_between, bins_of_estimator

NAMES = ("optimal", "uniform", "quantile", "kmeans", "one_tier")
OWN_BINS = "own bins"

Method = Callable[[FloatArray, FloatArray], FittedBins]


def read_methods(
    methods: Any, bins: Any, menu: Menu, n_bins: int, seed: int
) -> dict[str, Method]:
    """Return name -> function that fits bins to scores and outcomes, or raise."""
    named: dict[str, Method] = {}
    for name, method in [*_named(methods), *_named_bins(bins)]:
        if name in named:
            raise InvalidParameterError(
                OWNER,
                "methods",
                "of different names",
                name,
                advice="Pass pairs of a name and a method.",
            )
        named[name] = _method(name, method, menu, n_bins, seed)
    if not named:
        rule = "at least one method, unless there are 'bins'"
        raise InvalidParameterError(OWNER, "methods", rule, methods)
    return named


def _named(methods: Any) -> Iterable[tuple[str, Any]]:
    items: list[Any] = [methods]
    if isinstance(methods, Mapping):
        items = [*methods.items()]
    elif isinstance(methods, Iterable) and not isinstance(methods, str):
        items = [*methods]
    for item in items:
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            yield item
        elif isinstance(item, str):
            yield item, item
        else:
            yield getattr(item, "__name__", type(item).__name__), item


def _named_bins(bins: Any) -> Iterable[tuple[str, FloatArray]]:
    if bins is None:
        return
    for name, cut_points in (
        bins.items() if isinstance(bins, Mapping) else [(OWN_BINS, bins)]
    ):
        yield str(name), _cut_points(cut_points, "bins")


def _cut_points(values: Any, name: str) -> FloatArray:
    """Return cut points as ascending float64, or raise."""
    rule = "ascending cut points, all finite, without the outer limits of the bins"
    try:
        cut_points = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidParameterError(OWNER, name, rule, values) from None
    is_valid = cut_points.ndim == 1 and np.isfinite(cut_points).all()
    if not is_valid or (np.diff(cut_points) <= 0).any():
        raise InvalidParameterError(OWNER, name, rule, values)
    return cut_points


def _method(name: str, method: Any, menu: Menu, n_bins: int, seed: int) -> Method:
    """Return how to fit one method, or raise."""
    if isinstance(method, np.ndarray):
        return lambda scores, y: bins_between(method)
    if isinstance(method, str):
        if method not in NAMES:
            names = ", ".join(map(repr, NAMES))
            rule = f"names ({names}), estimators, or functions of cut points"
            advice = did_you_mean(method, NAMES).strip() or None
            raise InvalidParameterError(OWNER, "methods", rule, method, advice=advice)
        return _by_name(method, menu, n_bins, seed)
    if hasattr(method, "fit") and not isinstance(method, type):
        return lambda scores, y: bins_of_estimator(name, method, scores, y)
    if callable(method) and not isinstance(method, type):
        return lambda scores, y: bins_between(_cut_points(method(scores, y), "methods"))
    rule = "names, estimators, or functions of cut points"
    raise InvalidParameterError(OWNER, "methods", rule, method)


def _by_name(name: str, menu: Menu, n_bins: int, seed: int) -> Method:
    if name == "one_tier":
        return lambda scores, y: _one_tier(y, menu)
    if name == "optimal":
        binner = OptimalRevenueBinner(
            len(menu.cost),
            revenue=menu.revenue.tolist(),
            response=menu.response.tolist(),
            cost=menu.cost.tolist(),
            compute_path=False,
        )
        return lambda scores, y: bins_of_estimator(name, binner, scores, y)

    def fit(scores: FloatArray, y: FloatArray) -> FittedBins:
        low, high = scores.min(), scores.max()
        levels = np.linspace(0, 1, n_bins + 1)[1:-1]
        if name == "kmeans":
            cut_points = _k_means_cut_points(scores, n_bins, seed)
        elif name == "uniform":
            cut_points = low + (high - low) * levels
        else:
            cut_points = np.quantile(scores, levels)
        # Ties of scores make fewer bins.
        cut_points = np.unique(cut_points)
        return bins_between(cut_points[(cut_points >= low) & (cut_points < high)])

    return fit


def _one_tier(y: FloatArray, menu: Menu) -> FittedBins:
    best = best_tiers(y.mean(keepdims=True), menu)
    return FittedBins(
        lambda scores: np.zeros(len(scores), dtype=np.intp), 1, FittedTiers(None, best)
    )


def _k_means_cut_points(scores: FloatArray, n_bins: int, seed: int) -> FloatArray:
    n_bins = min(n_bins, len(np.unique(scores)))
    if n_bins == 1:
        return np.empty(0)
    discretizer = KBinsDiscretizer(
        n_bins, encode="ordinal", strategy="kmeans", random_state=seed
    )
    with warnings.catch_warnings():
        # Bins that are too narrow to hold any score are merged, as those of ties are.
        warnings.simplefilter("ignore", UserWarning)
        edges: FloatArray = discretizer.fit(scores[:, np.newaxis]).bin_edges_[0]
    return edges[1:-1]
