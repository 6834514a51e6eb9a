"""Conversion rates of segments: learned in training, or of other held-out rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from skseg._core._outcome import OutcomeCoding
from skseg._core._wrapped import unwrapped
from skseg._typing import FloatArray, IntArray


def conversion_rates(
    estimator: Any, codes: IntArray, outcome: FloatArray, coding: OutcomeCoding
) -> FloatArray:
    """Return the rate at which the segment of every row is expected to convert.

    It is the mean outcome of the training rows of the segment, or of all segments if it
    had none. Segments of which the estimator has learned no outcome, such as what is
    outside of a universe, get that of the other held-out rows.
    """
    rates = _rates_of_the_others(codes, outcome)
    segmenter = next((s for s in unwrapped(estimator) if hasattr(s, "segments_")), None)
    table = None if segmenter is None else segmenter.segments_
    if table is None or "outcome" not in table or table["outcome"].isna().all():
        return rates
    learned = getattr(segmenter, "_outcome_coding", OutcomeCoding())
    scale = _numbers_of_labels(learned, coding)
    if scale is None:
        return rates
    means, known = table["outcome"].to_numpy(np.float64), table["outcome"].notna()
    overall = float(np.average(means[known], weights=table["n"][known]))
    means = (np.where(known, means, overall) - scale[0]) / (scale[1] - scale[0])
    rate_of = dict(zip(table["code"].tolist(), means.tolist(), strict=True))
    different, places = np.unique(codes, return_inverse=True)
    learned_rates = np.array([rate_of.get(code, np.nan) for code in different.tolist()])
    return np.where(np.isnan(learned_rates)[places], rates, learned_rates[places])


def _numbers_of_labels(
    learned: OutcomeCoding, coding: OutcomeCoding
) -> tuple[float, float] | None:
    """Return what an estimator took for 0 and 1 of the scorer; None if it cannot tell.

    Where both have numbers, or True and False as 1 and 0, these are 0 and 1 themselves.
    """
    if coding.classes is None or coding.positive is True:
        is_number = learned.classes is None or learned.positive is True
        return (0.0, 1.0) if is_number else None
    classes = coding.classes if learned.classes is None else learned.classes
    numbers = {label: _number_of(learned, label) for label in classes}
    others = [number for label, number in numbers.items() if label != coding.positive]
    positive = numbers.get(coding.positive)
    if positive is None or len(others) != 1 or others[0] is None:
        return None
    return others[0], positive


def _number_of(coding: OutcomeCoding, label: Any) -> float | None:
    """Return the number that a coding gives a label, None if it knows none."""
    if coding.classes is not None:
        return float(label == coding.positive)
    is_number = isinstance(label, int | float | np.number)
    return float(label) if is_number else None


def _rates_of_the_others(codes: IntArray, outcome: FloatArray) -> FloatArray:
    """Return the mean outcome of the other rows in the segment of every row.

    A row that is alone in its segment gets that of all other rows.
    """
    _, segments, n = np.unique(codes, return_inverse=True, return_counts=True)
    total, n_others = np.bincount(segments, outcome)[segments], n[segments] - 1
    is_alone = n_others == 0
    total[is_alone], n_others[is_alone] = outcome.sum(), max(len(codes) - 1, 1)
    return np.asarray((total - outcome) / n_others)
