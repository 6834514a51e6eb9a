"""Doubly robust scores, for groups that were not drawn at random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skseg._search.effects._inference import aipw_score
from skseg._typing import BoolArray, FloatArray
from skseg.rules import Columns

from ._compared_rows import ComparedRows
from ._group_overlap import GroupOverlap, group_overlap
from ._nuisance import cross_fitted_nuisance


def doubly_robust(
    rows: ComparedRows, columns: Columns, random: Any, n_jobs: int | None
) -> tuple[ComparedRows, GroupOverlap]:
    """Return the rows with scores that allow for who is in which group.

    Rows of weight 0 have the score 0.
    """
    assert rows.in_a is not None
    used = np.flatnonzero(rows.weight)
    matrix, is_text = numeric_matrix(columns.take(used))
    y, in_a, weight = rows.y[used], rows.in_a[used], rows.weight[used]
    nuisance = cross_fitted_nuisance(
        matrix,
        y,
        in_a,
        weight,
        is_categorical=is_text,
        random_state=random,
        n_jobs=n_jobs,
    )
    propensity, mean_a, mean_b = nuisance.propensity, nuisance.mean_a, nuisance.mean_b
    score, score_of_b = np.zeros((2, len(rows.y)))
    score[used] = aipw_score(y, in_a, propensity, mean_a, mean_b)
    residual = np.where(in_a, 0.0, (y - mean_b) / (1 - propensity))
    score_of_b[used] = mean_b + residual
    overlap = group_overlap(
        matrix, in_a, nuisance, weight, columns=columns.names, is_categorical=is_text
    )
    return replace(rows, score=score, score_of_b=score_of_b), overlap


def numeric_matrix(columns: Columns) -> tuple[FloatArray, BoolArray]:
    """Return all columns as numbers, and which of them are codes of texts."""
    values, is_text = [], []
    for name in columns.names:
        is_text.append(columns.is_text(name))
        if not is_text[-1]:
            values.append(columns.numbers(name))
            continue
        levels = columns.levels(name)
        codes = columns.text_codes(name, levels).astype(np.float64)
        values.append(np.where(codes > len(levels), np.nan, codes))
    return np.column_stack(values), np.array(is_text)
