"""The tables of a profile: their columns, and the type of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

TEXT, NUMBER, WHOLE, FLAG = "text", "number", "whole number", "true or false"

_STATISTICS = dict.fromkeys(
    ("n", "missing", "mean", "std", "q05", "q25", "median", "q75", "q95"), NUMBER
)
_DIFFERENCE = dict.fromkeys(("difference", "difference_low", "difference_high"), NUMBER)

# Columns of each table; those of `OPTIONAL` may be absent.
TABLES: Mapping[str, Mapping[str, str]] = {
    "segments_": {
        "code": WHOLE,
        "name": TEXT,
        "rule": TEXT,
        "n": NUMBER,
        "share": NUMBER,
    },
    "features_": {
        "feature": TEXT,
        "kind": TEXT,
        "role": TEXT,
        "copy_of": TEXT,
        "n": NUMBER,
        "missing": NUMBER,
        "infinite": NUMBER,
        "n_levels": WHOLE,
        "effect": NUMBER,
        "effect_name": TEXT,
        "test": TEXT,
        "p_valid": FLAG,
        "statistic": NUMBER,
        "p_value": NUMBER,
        "p_adj": NUMBER,
    },
    "numbers_": {
        "feature": TEXT,
        "code": WHOLE,
        **_STATISTICS,
        "median_rank": NUMBER,
        **_DIFFERENCE,
        "rank_effect": NUMBER,
    },
    "levels_": {
        "feature": TEXT,
        "level": TEXT,
        "n_levels": WHOLE,
        "code": WHOLE,
        "n": NUMBER,
        "count": NUMBER,
        "share": NUMBER,
        **_DIFFERENCE,
    },
    "everyone_": {"feature": TEXT, **_STATISTICS},
    "histograms_": {
        "feature": TEXT,
        "low": NUMBER,
        "high": NUMBER,
        "code": WHOLE,
        "share": NUMBER,
        "share_everyone": NUMBER,
    },
    "concentration_": {"customers": NUMBER, "value": NUMBER},
    "protected_": {
        "column": TEXT,
        "group": TEXT,
        "code": WHOLE,
        "n": NUMBER,
        "share": NUMBER,
        "ratio": NUMBER,
        "ratio_low": NUMBER,
        "ratio_high": NUMBER,
    },
}
OPTIONAL: Mapping[str, Mapping[str, str]] = {
    "segments_": dict.fromkeys(
        (
            "value",
            "value_share",
            "value_mean",
            "outcome",
            "outcome_low",
            "outcome_high",
        ),
        NUMBER,
    )
}


def make_table(name: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of a profile from its columns, with the type that each has."""
    kinds = {**TABLES[name], **OPTIONAL.get(name, {})}
    return pd.DataFrame(
        {key: _series(values, kinds[key]) for key, values in columns.items()}
    )


def concatenated(
    name: str, parts: Sequence[Mapping[str, Iterable[Any]]]
) -> pd.DataFrame:
    """Return a table of several parts, each with the columns of the table."""
    return make_table(
        name,
        {key: [value for part in parts for value in part[key]] for key in TABLES[name]},
    )


def _series(values: Any, kind: str) -> pd.Series[Any]:
    if kind == TEXT:
        # pandas 3 has a type for text, pandas 2 has objects.
        return pd.Series(list(values), dtype=pd.Series(["text"]).dtype)
    dtype = {NUMBER: np.float64, WHOLE: np.int64, FLAG: np.bool_}[kind]
    return pd.Series(np.asarray(values, dtype=dtype))
