"""Tiers on fresh customers: real telephone marketing, realised and promised profit.

The data are 45,211 calls by a Portuguese bank (UCI bank marketing; S. Moro, P. Cortez
and P. Rita, 2014, Decision Support Systems 62, 22-31), of which 11.7 % ended in a
deposit. The duration of the call is left out: nobody knows it before. There is no
money in the data: the menus are assumptions, in which the call of the data has response
1. SKSEG_DATA names the folder with bank_marketing/bank-full.csv.gz.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import revenue_binning_methods as methods
from revenue_binning_methods import FloatArray, Menu, Method
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import PropensityBinner

N_ROWS = 45_211
SIZES = [4000, N_ROWS]
N_SPLITS, N_SPLITS_PROMISED = 50, 10

MENUS = [
    Menu(
        "letter, call, visit",
        80 * np.array([0.3, 1.0, 1.3]),
        np.array([0.5, 5.0, 15.0]),
    ),
    Menu(
        "five levels of effort",
        60 * np.array([1.0, 1.25, 1.45, 1.6, 1.7]),
        np.array([0.5, 1.5, 3.5, 7.0, 12.0]),
    ),
]


def models() -> dict[str, BaseEstimator]:
    plain = LogisticRegression(max_iter=1000)
    balanced = LogisticRegression(max_iter=1000, class_weight="balanced")
    return {
        "logistic regression": make_pipeline(StandardScaler(), plain),
        # As is common for rare outcomes; its scores are no probabilities.
        "balanced logistic": make_pipeline(StandardScaler(), balanced),
        "random forest": RandomForestClassifier(100, random_state=0),
    }


def calls(most_rows: int) -> tuple[FloatArray, Any] | None:
    folder = os.environ.get("SKSEG_DATA")
    if folder is None:
        print("\nSKSEG_DATA is not set: no bank marketing data.")
        return None
    path = Path(folder) / "bank_marketing" / "bank-full.csv.gz"
    table = pd.read_csv(path, sep=";").drop(columns="duration")
    assert len(table) == N_ROWS
    if most_rows < N_ROWS:
        table = table.sample(most_rows, random_state=0)
    X = pd.get_dummies(table.drop(columns="y"), dtype=float)
    return X.to_numpy(), (table["y"] == "yes").to_numpy().astype(np.int8)


def out_of_fold(model: BaseEstimator, X: FloatArray, y: Any) -> FloatArray:
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_predict(model, X, y, cv=folds, method="predict_proba")[:, 1]


def contestants() -> dict[str, Method]:
    fits: dict[str, Method] = {
        "OptimalRevenueBinner": methods.binner(),
        "the same, logistic response": methods.binner(response_model="logistic"),
        "uniform": methods.uniform,
        "percentile": methods.percentiles(),
        "k-means": methods.k_means,
        "uniform, best tier per bin": methods.with_best_tiers(methods.uniform),
        "percentile, best tier per bin": methods.with_best_tiers(methods.percentiles()),
        "k-means, best tier per bin": methods.with_best_tiers(methods.k_means),
        "20 percentiles, best tier per bin": methods.with_best_tiers(
            methods.percentiles(20)
        ),
        "break-even rates on the score": methods.break_even,
        "one tier for all, the best": methods.one_tier,
    }
    if methods.optbinning:
        fits["optbinning"] = methods.opt_binning
        fits["optbinning, best tier per bin"] = methods.with_best_tiers(
            methods.opt_binning
        )
    return fits


def held_out(most_rows: int) -> list[dict[str, Any]]:
    """Compare realised profits per customer: cuts from one half, profit on the other.

    Scores are out of fold: no model has seen the outcome of the row that it scores.
    """
    rows = []
    for n in sorted({min(most_rows, size) for size in SIZES}):
        data = calls(n)
        if data is None:
            return []
        X, y = data
        for name, model in models().items():
            scores = out_of_fold(model, X, y)
            for menu in MENUS:
                setting = {"rows": n, "model": name, "menu": menu.name}
                table = [setting | row for row in one_model(scores, y, menu, N_SPLITS)]
                show_held_out(table)
                rows += table
    return rows


def one_model(
    scores: FloatArray, y: Any, menu: Menu, n_splits: int
) -> list[dict[str, Any]]:
    fits = contestants()
    best = "best possible on the held-out half"
    realised: dict[str, list[float]] = {name: [] for name in [*fits, best]}
    tiers: dict[str, list[int]] = {name: [] for name in realised}
    for split in range(n_splits):
        order = np.random.default_rng(split).permutation(len(y))
        train, test = np.array_split(order, 2)
        for name, profits in realised.items():
            rows = test if name == best else train
            fit = fits.get(name, methods.algorithm)
            bins = fit(scores[rows], y[rows], menu)
            profit = methods.profit_of(bins, scores[test], y[test], menu)
            profits.append(profit / len(test))
            tiers[name].append(methods.n_tiers(bins, scores[test]))
    skseg_profits = np.array(realised["OptimalRevenueBinner"])
    table = []
    for name, each in realised.items():
        profits = np.array(each)
        low, high = np.quantile(profits, [0.025, 0.975])
        ahead_low, ahead_high = np.quantile(skseg_profits - profits, [0.025, 0.975])
        table.append(
            {
                "method": name,
                "splits": n_splits,
                "profit": round(profits.mean(), 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "of_best": round(profits.mean() / np.mean(realised[best]), 4),
                "ours_ahead": round((skseg_profits - profits).mean(), 4),
                "ahead_low": round(ahead_low, 4),
                "ahead_high": round(ahead_high, 4),
                "ours_better_in": round(float((skseg_profits > profits).mean()), 2),
                "tiers": round(float(np.mean(tiers[name])), 1),
            }
        )
    return table


def show_held_out(rows: list[dict[str, Any]]) -> None:
    first = rows[0]
    print(
        f"\nHeld-out profit per customer, {first['rows']:,} calls, {first['model']}, "
        f"{first['menu']}, {first['splits']} splits, 2.5 % to 97.5 % of them"
    )
    for row in rows:
        print(
            f"  {row['method']:40s}{row['profit']:8.3f}{row['of_best']:9.1%}"
            f"   skseg ahead by {row['ours_ahead']:7.3f} "
            f"({row['ahead_low']:7.3f} to {row['ahead_high']:7.3f}), in "
            f"{row['ours_better_in']:4.0%} of splits{row['tiers']:6.1f} tiers"
        )


def promised(most_rows: int) -> list[dict[str, Any]]:
    """Compare profit per customer promised at fit with that realised on fresh rows.

    `OptimalRevenueBinner` twice: on scores of rows that the model was fitted on, and on
    those of `PropensityBinner`, out of fold. Fresh rows, the other half, are scored by
    the model that was fitted on the whole half.
    """
    data = calls(most_rows)
    if data is None:
        return []
    X, y = data
    rows = []
    for name, model in models().items():
        figures: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for split in range(N_SPLITS_PROMISED):
            order = np.random.default_rng(split).permutation(len(y))
            train, test = np.array_split(order, 2)
            binner = PropensityBinner(model).fit(X[train], y[train])
            fitted = binner.estimator_
            fresh = fitted.predict_proba(X[test])[:, 1]
            for kind, scores in {
                "in-sample": fitted.predict_proba(X[train])[:, 1],
                "out-of-fold": binner.propensities_,
            }.items():
                for menu in MENUS:
                    bins = methods.binner()(scores, y[train], menu)
                    profit = methods.profit_of(bins, fresh, y[test], menu) / len(test)
                    pair = (bins.claimed / len(train), profit)
                    figures.setdefault((menu.name, kind), []).append(pair)
        for (menu_name, kind), pairs in sorted(figures.items()):
            promises, profits = np.array(pairs).T
            rows.append(
                {
                    "model": name,
                    "menu": menu_name,
                    "scores": kind,
                    "splits": N_SPLITS_PROMISED,
                    "promised": round(promises.mean(), 4),
                    "realised": round(profits.mean(), 4),
                    "ratio": round(promises.mean() / profits.mean(), 3),
                    "ratio_low": round((promises / profits).min(), 3),
                    "ratio_high": round((promises / profits).max(), 3),
                }
            )
    print("\nPromised at fit and realised on fresh rows, profit per customer")
    for row in rows:
        print(
            f"  {row['model']:22s}{row['menu']:24s}{row['scores']:14s}"
            f"{row['promised']:8.3f}{row['realised']:8.3f}{row['ratio']:8.2f} x"
        )
    return rows
