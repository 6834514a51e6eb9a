"""Clusters of real customers: from columns to a verdict, segments and rules.

Set SKSEG_DATA to a folder with the data sets and reference_results.json. Mall customers
have published inertias, sizes and a silhouette for k = 1 to 5; the RFM values of Online
Retail and the mixed columns of telco churn go through the whole path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _measure import cpu
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skseg import RuleSurrogate, rfm_table
from skseg.metrics import silhouette_score
from skseg.model_selection import compare_segmenters, select_n_segments

Row = dict[str, Any]

RULES_A_SEGMENT = (1, 2, 3)
SHOWN = ["silhouette", "stability", "largest_share", "smallest_share"]


def real() -> list[Row]:
    """Reproduce published figures, and take three data sets from columns to rules."""
    folder = Path(os.environ.get("SKSEG_DATA", ""))
    if not (folder / "mall_customers").is_dir():
        print("mall_customers is not in SKSEG_DATA: real customers are left out.")
        return []
    text = (folder / "reference_results.json").read_text(encoding="utf-8")
    published = json.loads(text)["mall_kmeans"]
    mall = _read(folder, "mall_customers/mall_customers")[published["features"]]
    rows = [*_published(mall, published)]
    for name, (X, space) in {
        "mall": (mall, StandardScaler()),
        "online retail": _online_retail(folder),
        "telco": _telco(folder),
    }.items():
        rows += _path(name, X, space)
    return rows


def _published(mall: pd.DataFrame, published: Any) -> Iterator[Row]:
    for k, inertia in enumerate(published["inertia_k1_to_k5"], start=1):
        model = KMeans(k, n_init=10, random_state=0).fit(mall)
        yield _compared(f"inertia, k = {k}", model.inertia_, inertia)
    sizes = np.sort(np.bincount(model.labels_))[::-1]
    for size, theirs in zip(sizes, published["k5_sizes"], strict=True):
        yield _compared("size, k = 5", int(size), theirs)
    ours = silhouette_score(mall, model.labels_)
    yield _compared("silhouette, k = 5", ours, published["silhouette_k5"])


def _compared(figure: str, ours: float, theirs: float) -> Row:
    return {
        "data": "mall",
        "what": "published",
        "figure": figure,
        "value": round(ours, 6),
        "published": round(theirs, 6),
        "difference": f"{abs(ours - theirs) / theirs:.1e}",
    }


def _path(name: str, X: pd.DataFrame, space: Any) -> Iterator[Row]:
    """Yield the verdict, the segments, and rules of several lengths."""
    points = space.fit_transform(X)
    seconds, found = cpu(lambda: select_n_segments(points, random_state=0))
    yield {
        "data": name,
        "what": "verdict",
        "rows": len(X),
        "columns": X.shape[1],
        "dimensions": points.shape[1],
        "has_structure": found.has_structure,
        "n_segments": found.n_segments,
        "p_value": round(found.p_value, 3),
        "choices": " ".join(f"{by}={best}" for by, best in found.choices.items()),
        "cpu_s": round(seconds, 2),
    }
    # Without structure: what one would have taken for it, and a more useful number.
    ks = [found.n_segments] if found.has_structure else [found.choices["silhouette"], 5]
    for k in ks:
        yield from _segments(name, X, space, k)


def _segments(name: str, X: pd.DataFrame, space: Any, k: int) -> Iterator[Row]:
    """Yield the figures of K-Means with `k` clusters, and rules for it."""
    segmenter = make_pipeline(space, KMeans(k, n_init=10, random_state=0))
    seconds, table = cpu(
        lambda: compare_segmenters({"": segmenter}, X, space=space, random_state=0)
    )
    yield {
        "data": name,
        "what": "segments",
        "n_segments": k,
        **{figure: round(float(table.loc["", figure]), 4) for figure in SHOWN},
        "cpu_s": round(seconds, 2),
    }
    for n_rules in RULES_A_SEGMENT:
        yield {"data": name, "what": "rules"} | _rules(X, segmenter, k, n_rules * k)


def _rules(X: pd.DataFrame, segmenter: Pipeline, k: int, max_rules: int) -> Row:
    surrogate = RuleSurrogate(segmenter, max_rules=max_rules, random_state=0)
    seconds, _ = cpu(lambda: surrogate.fit(X))
    return {
        "n_segments": k,
        "max_rules": max_rules,
        "n_rules": surrogate.n_rules_,
        "fidelity": round(surrogate.fidelity_, 4),
        "balanced_fidelity": round(surrogate.balanced_fidelity_, 4),
        "cost_ratio": round(surrogate.cost_ratio_, 4),
        "is_mece": surrogate.rules_.verify().is_mece,
        "cpu_s": round(seconds, 2),
    }


def _online_retail(folder: Path) -> tuple[pd.DataFrame, Any]:
    lines = _read(folder, "online_retail/online_retail")
    is_sale = (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)
    lines = lines[is_sale & lines["CustomerID"].notna()]
    amount = (lines["Quantity"] * lines["UnitPrice"]).round(3)
    table = rfm_table(
        lines.assign(amount=amount),
        customer_id="CustomerID",
        order_id="InvoiceNo",
        date="InvoiceDate",
        amount="amount",
        as_of="2011-12-10",
        decimals=3,
    )
    logs = FunctionTransformer(np.log1p, np.expm1, feature_names_out="one-to-one")
    space = make_pipeline(logs, StandardScaler())
    return table[["recency", "frequency", "monetary"]], space


def _telco(folder: Path) -> tuple[pd.DataFrame, Any]:
    data = _read(folder, "telco_churn/telco_churn")
    X = data.drop(columns=["customerID", "Churn"])
    # Blank for the 11 customers who have not paid yet.
    X["TotalCharges"] = pd.to_numeric(X["TotalCharges"], errors="coerce").fillna(0)
    numbers = ["tenure", "MonthlyCharges", "TotalCharges"]
    texts = [name for name in X if name not in {*numbers, "SeniorCitizen"}]
    space = make_column_transformer(
        (StandardScaler(), numbers),
        (OneHotEncoder(sparse_output=False), texts),
        remainder="passthrough",
    )
    return X, space


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv.gz")
