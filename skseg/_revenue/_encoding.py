"""What `transform` writes for a customer of a segment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

from ._menu import Menu

ENCODINGS = ("ordinal", "onehot", "rate", "woe", "value")


def encoded_segments(encode: str, segments: pd.DataFrame, menu: Menu) -> FloatArray:
    """Return what stands for every segment, of shape (n_segments, n_columns)."""
    if encode == "onehot":
        return np.eye(len(segments))
    if encode == "ordinal":
        return np.arange(float(len(segments)))[:, np.newaxis]
    n, conversions = segments["n"].to_numpy(), segments["conversions"].to_numpy()
    if encode == "woe":
        return weight_of_evidence(n, conversions)[:, np.newaxis]
    # Where no training row is, the overall rate is the best guess.
    rate = np.where(n > 0, segments["rate"], conversions.sum() / n.sum())
    if encode == "rate":
        return rate[:, np.newaxis]
    tiers = segments["tier"].to_numpy()
    value = menu.gain[tiers] * rate - menu.cost[tiers]
    return np.asarray(value[:, np.newaxis])


def weight_of_evidence(n: FloatArray, conversions: FloatArray) -> FloatArray:
    """Return the log of the share of conversions over that of all others.

    Where one of both is 0, half a customer is added to each, as is usual; 0 where
    nobody is.
    """
    # Sums of fractions may exceed their number by rounding.
    others = np.maximum(n - conversions, 0.0)
    is_bare = (conversions <= 0) | (others <= 0)
    odds = (conversions + 0.5 * is_bare) / (others + 0.5 * is_bare)
    total, rest = conversions.sum(), others.sum()
    half = 0.5 * (total <= 0 or rest <= 0)
    overall = (total + half) / (rest + half)
    return np.where(n > 0, np.log(odds / overall), 0.0)


def decoded(
    encoded: FloatArray, codebook: FloatArray, middles: FloatArray
) -> FloatArray:
    """Return the middle of the segments that every row stands for, or raise.

    Where several segments are written alike, it is the mean of their middles.
    """
    if encoded.ndim != 2 or encoded.shape[1] != codebook.shape[1]:
        raise InvalidDataError(
            f"inverse_transform takes what transform gives, {codebook.shape[1]} "
            f"column(s). Got shape {encoded.shape}."
        )
    distinct, place = np.unique(codebook, axis=0, return_inverse=True)
    place = place.reshape(-1)
    known = ~np.isnan(middles)
    n = np.bincount(place[known], minlength=len(distinct))
    sums = np.bincount(place[known], middles[known], minlength=len(distinct))
    means = np.divide(sums, n, out=np.full(len(distinct), np.nan), where=n > 0)
    same = (encoded[:, np.newaxis, :] == distinct).all(axis=2)
    hits = same.any(axis=1)
    if not hits.all():
        row = int(np.argmin(hits))
        raise InvalidDataError(
            f"inverse_transform takes what transform gives. Row {row}, "
            f"{encoded[row].tolist()}, stands for no segment."
        )
    return np.asarray(means[same.argmax(axis=1)], dtype=np.float64)
