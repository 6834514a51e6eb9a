"""What following a finder is worth, and effects where groups were not drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skseg._search.effects._inference import aipw_score
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns

from ._comparison import Comparison
from ._nuisance import cross_fitted_nuisance
from ._overlap import Balance, check_balance


def policy_value(rows: Comparison, to_a: BoolArray) -> float:
    """Return the mean outcome if rows were sent to A or not as `to_a` says.

    Rows in the group that they would be sent to stand for the others: each counts by
    the inverse of the probability of its group. With an additive score the gain of A
    over B is added to the mean outcome of B.
    """
    if rows.in_a is None:
        inside = rows.weight * to_a
        if not inside.any():
            return 0.0
        mean = np.average(rows.y, weights=rows.weight)
        return float(np.average(rows.y, weights=inside) - mean)
    if rows.score is not None and rows.score_of_b is not None:
        value = rows.score_of_b + np.where(to_a, rows.score, 0.0)
        return float(np.average(value, weights=rows.weight))
    of_a = np.average(rows.in_a, weights=rows.weight)
    probability = np.where(rows.in_a, of_a, 1 - of_a)
    follows = rows.weight * (rows.in_a == to_a) / probability
    if not follows.any():
        raise InvalidDataError(
            "No row is in the group that predict sends it to, so nothing is known of "
            "what that would bring. Score rows of both groups."
        )
    return float(np.average(rows.y, weights=follows))


def doubly_robust(
    rows: Comparison, columns: Columns, random: Any, n_jobs: int | None
) -> tuple[Comparison, Balance]:
    """Return the rows with scores that allow for how groups came about.

    Rows that count for nothing have the score 0.
    """
    assert rows.in_a is not None
    used = np.flatnonzero(rows.weight)
    matrix, is_text = numeric_matrix(columns.take(used))
    y, in_a, weight = rows.y[used], rows.in_a[used], rows.weight[used]
    found = cross_fitted_nuisance(
        matrix,
        y,
        in_a,
        weight,
        is_categorical=is_text,
        random_state=random,
        n_jobs=n_jobs,
    )
    score, score_of_b = np.zeros((2, len(rows.y)))
    score[used] = aipw_score(y, in_a, found.propensity, found.mean_a, found.mean_b)
    residual = np.where(in_a, 0.0, (y - found.mean_b) / (1 - found.propensity))
    score_of_b[used] = found.mean_b + residual
    report = check_balance(matrix, in_a, found, weight, is_categorical=is_text)
    return replace(rows, score=score, score_of_b=score_of_b), report


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
