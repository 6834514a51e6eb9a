"""profile_segments: who the customers of each segment are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._core._wrapped import first_attribute

from ._profile import SegmentProfile

QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


def profile_segments(
    segmenter_or_codes: Any,
    X: Any,
    *,
    features: Sequence[str] | None = None,
    value: Any = None,
    outcome: Any = None,
    rows: str = "training",
    segment_names: Sequence[str] | None = None,
    protected: Sequence[str] = (),
    min_count: int = 10,
    sample_weight: Any = None,
) -> SegmentProfile:
    """Return numbers about segments (a draft, to be replaced)."""
    frame = pd.DataFrame(X).reset_index(drop=True)
    rules = None
    if hasattr(segmenter_or_codes, "predict"):
        segmenter = as_fitted(segmenter_or_codes)
        rules = first_attribute(segmenter, "rules_")
        codes = np.asarray(segmenter.predict(X))
        names = list(first_attribute(segmenter, "segment_names_"))
    else:
        codes = np.asarray(segmenter_or_codes)
        names = list(segment_names or map(str, range(codes.max() + 1)))
    shown = [*range(len(names))] if codes.min() >= 0 else [*range(len(names)), -1]
    if codes.min() < 0 and names[-1] in {"noise", "outside"}:
        shown = [*range(len(names) - 1), -1]
    elif codes.min() < 0:
        names.append("outside")
    texts = dict(rules.texts()) if rules is not None else {}
    segments = pd.DataFrame({"code": shown, "name": [names[c] for c in shown]})
    segments["rule"] = [texts.get(name) or "" for name in segments["name"]]
    segments["n"] = [float((codes == c).sum()) for c in shown]
    segments["share"] = segments["n"] / segments["n"].sum()
    concentration = pd.DataFrame({"customers": [], "value": []})
    if value is not None:
        amounts = frame[value].to_numpy(float)
        segments["value"] = [amounts[codes == c].sum() for c in shown]
        segments["value_share"] = segments["value"] / segments["value"].sum()
        segments["value_mean"] = segments["value"] / segments["n"]
        cum = np.cumsum(np.sort(amounts)[::-1]) / amounts.sum()
        at = np.linspace(0, 1, 101)
        concentration = pd.DataFrame(
            {"customers": at, "value": np.interp(at, np.linspace(0, 1, cum.size), cum)}
        )
    if outcome is not None:
        y = frame[outcome].to_numpy(float)
        for name, z in (("outcome", 0), ("outcome_low", -1.96), ("outcome_high", 1.96)):
            segments[name] = [
                y[codes == c].mean() + z * y[codes == c].std() / np.sqrt((codes == c).sum())
                for c in shown
            ]
    rule_columns = set(rules.columns) if rules is not None else set()
    seen = set(getattr(segmenter_or_codes, "feature_names_in_", ()))
    features_, numbers, levels, everyone, bins = [], [], [], [], []
    for feature in features or [c for c in frame if c not in {value, outcome, *protected}]:
        role = (
            "unknown" if rules is None else "rule" if feature in rule_columns
            else "seen" if feature in seen else "free"
        )
        column = frame[feature]
        numeric = pd.api.types.is_numeric_dtype(column) and column.dtype != bool
        groups = [column[codes == c].dropna() for c in shown]
        base = {"feature": feature, "kind": "number" if numeric else "level", "role": role,
                "n": float(column.notna().sum()), "missing": float(column.isna().sum())}
        if numeric:
            known = column.dropna()
            between = sum(g.size * (g.mean() - known.mean()) ** 2 for g in groups if g.size)
            total = ((known - known.mean()) ** 2).sum()
            effect, effect_name = (between / total if total else 0.0), "omega_squared"
            edges = np.unique(np.quantile(known, np.linspace(0.01, 0.99, 21)))
            edges = np.linspace(edges[0], edges[-1], 21)
            all_counts = np.histogram(known.clip(edges[0], edges[-1]), edges)[0]
            everyone.append({"feature": feature, "n": base["n"], "missing": base["missing"],
                "mean": known.mean(), "std": known.std(),
                **{k: known.quantile(q) for k, q in QUANTILES.items()}})
            for c, g in zip(shown, groups, strict=True):
                rest = column[codes != c].dropna()
                d = g.mean() - rest.mean()
                se = np.sqrt(g.var() / max(g.size, 1) + rest.var() / max(rest.size, 1))
                median = g.median()
                rank = ((known < median).mean() + (known <= median).mean()) / 2
                numbers.append({"feature": feature, "code": c, "n": float(g.size),
                    "missing": float(column[codes == c].isna().sum()), "mean": g.mean(),
                    "std": g.std(), **{k: g.quantile(q) for k, q in QUANTILES.items()},
                    "median_rank": rank, "difference": d, "difference_low": d - 1.96 * se,
                    "difference_high": d + 1.96 * se, "rank_effect": 2 * rank - 1})
                counts = np.histogram(g.clip(edges[0], edges[-1]), edges)[0]
                bins += [{"feature": feature, "low": lo, "high": hi, "code": c,
                    "share": n / max(g.size, 1), "share_everyone": a / known.size}
                    for lo, hi, n, a in zip(edges[:-1], edges[1:], counts, all_counts, strict=True)]
        else:
            effect, effect_name = 0.1, "cramers_v"
            text = column.astype(str)
            for level in sorted(text.unique()):
                for c in shown:
                    inside, rest = text[codes == c] == level, text[codes != c] == level
                    d = inside.mean() - rest.mean()
                    se = np.sqrt(inside.var() / inside.size + rest.var() / max(rest.size, 1))
                    levels.append({"feature": feature, "level": level, "code": c,
                        "n": float(inside.size), "count": float(inside.sum()),
                        "share": inside.mean(), "difference": d,
                        "difference_low": d - 1.96 * se, "difference_high": d + 1.96 * se})
        features_.append({**base, "effect": effect, "effect_name": effect_name,
            "statistic": np.nan, "p_value": 0.001 if role == "free" else np.nan,
            "p_adj": 0.01 if role == "free" else np.nan})
    table = pd.DataFrame(features_).sort_values("effect", ascending=False, ignore_index=True)
    return SegmentProfile(
        segments, table, pd.DataFrame(numbers), pd.DataFrame(levels),
        pd.DataFrame(everyone), pd.DataFrame(bins), concentration,
        pd.DataFrame(), rows, min_count, value, outcome, rules,
    )
