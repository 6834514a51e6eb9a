"""Explained variance of an outcome by segments, adjusted for their number."""

from __future__ import annotations

from typing import Any

import numpy as np

from skseg._core._magnitudes import to_unit_scale
from skseg._core._outcome import kind_of_labels, read_outcome
from skseg._core._sums import group_sums
from skseg._core._vector import read_vector
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, representation
from skseg.rules import is_missing_value


def read_varying_outcome(owner: str, y: Any, n_rows: int) -> FloatArray:
    """Return the outcome as numbers, labels of two classes as 0 and 1; or raise.

    Which label counts as 1 makes no difference, so rows with the same label lack
    another one, and no choice between two.
    """
    if kind_of_labels(owner, y) == "names":
        vector = read_vector(owner, "y", y, title="The outcome y")
        labels = vector.labels().tolist()
        is_constant = len({*labels}) == 1 and not is_missing_value(labels[0])
        if is_constant and len(labels) == n_rows:
            raise _constant_error(owner, labels[0], len(labels))
    return read_outcome(owner, y, n_rows)[0]


def adjusted_explained_variance(
    owner: str, codes: IntArray, outcome: FloatArray
) -> float:
    """Return adjusted R squared of an outcome by segments of the same rows, or raise.

    Its expectation for segments that have nothing to do with the outcome is 0, however
    many they are; that of plain R squared rises with their number. There are fewer
    segments than rows.
    """
    if outcome.min() == outcome.max():
        raise _constant_error(owner, float(outcome[0]), len(outcome))
    # The share is that in any unit, and in this one no square overflows.
    outcome = to_unit_scale(outcome)
    deviations = to_unit_scale(outcome - outcome.mean())
    _, groups, n = np.unique(codes, return_inverse=True, return_counts=True)
    means = group_sums(groups, deviations, len(n)) / n
    within = float(((deviations - means[groups]) ** 2).sum()) / (len(codes) - len(n))
    total = float(((deviations - deviations.mean()) ** 2).sum()) / (len(codes) - 1)
    return 1.0 - within / total


def _constant_error(owner: str, value: Any, n_rows: int) -> InvalidDataError:
    return InvalidDataError(
        f"{owner} explains the variance of an outcome, which must differ between "
        f"the held-out rows. Got {representation(value)} in all {n_rows} of them.",
        owner=owner,
        name="y",
        rule="different between the held-out rows",
        value=value,
        advice="Use folds with some of each outcome: cv=StratifiedKFold(shuffle=True).",
    )
