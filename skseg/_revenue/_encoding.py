"""What `transform` gives for a customer of a segment, and its inverse."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skseg._core._validation import check_choice
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

from ._menu import OWNER, Menu
from ._settings import ENCODINGS


def check_encoding(encode: str, are_shares: bool) -> None:
    """Raise if there is no such encoding, or not for outcomes like these."""
    check_choice(OWNER, "encode", encode, ENCODINGS)
    if encode == "woe" and not are_shares:
        raise InvalidDataError(
            "encode='woe' needs outcomes in [0, 1]: it compares customers who convert "
            "with those who do not.",
            owner=OWNER,
            name="y",
            rule="in [0, 1] for encode='woe'",
            advice="Choose another encoding.",
        )


def encoded_segments(encode: str, segments: pd.DataFrame, menu: Menu) -> FloatArray:
    """Return the codes of all segments, of shape (n_segments, n_columns)."""
    if encode == "onehot":
        return np.eye(len(segments))
    if encode == "ordinal":
        return np.arange(float(len(segments)))[:, np.newaxis]
    n, conversions = segments["n"].to_numpy(), segments["conversions"].to_numpy()
    if encode == "woe":
        return weight_of_evidence(n, conversions)[:, np.newaxis]
    # A segment without training rows gets the overall rate.
    rate = np.where(n > 0, segments["rate"], conversions.sum() / n.sum())
    if encode == "rate":
        return rate[:, np.newaxis]
    tiers = segments["tier"].to_numpy()
    value = menu.effective_revenue[tiers] * rate - menu.cost[tiers]
    return np.asarray(value[:, np.newaxis])


def weight_of_evidence(n: FloatArray, conversions: FloatArray) -> FloatArray:
    """Return the logarithm of each segment's odds of conversion over the overall odds.

    Where conversions or non-conversions are 0, half a customer is added to both, as is
    usual. A segment without customers gets 0.
    """
    # Sums of fractions may exceed their number by rounding.
    n_others = np.maximum(n - conversions, 0.0)
    is_pure = (conversions <= 0) | (n_others <= 0)
    odds = (conversions + 0.5 * is_pure) / (n_others + 0.5 * is_pure)
    total, total_others = conversions.sum(), n_others.sum()
    half = 0.5 * (total <= 0 or total_others <= 0)
    overall = (total + half) / (total_others + half)
    return np.where(n > 0, np.log(odds / overall), 0.0)


def decoded(
    encoded: FloatArray, codebook: FloatArray, middles: FloatArray
) -> FloatArray:
    """Return the middle of the segment that every row encodes, or raise.

    Where several segments have the same code, it is the mean of their middles.
    """
    if encoded.ndim != 2 or encoded.shape[1] != codebook.shape[1]:
        raise InvalidDataError(
            f"inverse_transform takes what transform gives, {codebook.shape[1]} "
            f"column(s). Got shape {encoded.shape}.",
            owner=OWNER,
            name="X",
            rule=f"of shape (n_rows, {codebook.shape[1]})",
            value=encoded.shape,
        )
    codes, inverse = np.unique(codebook, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    has_middle = ~np.isnan(middles)
    n = np.bincount(inverse[has_middle], minlength=len(codes))
    sums = np.bincount(inverse[has_middle], middles[has_middle], minlength=len(codes))
    means = np.divide(sums, n, out=np.full(len(codes), np.nan), where=n > 0)
    matches = (encoded[:, np.newaxis, :] == codes).all(axis=2)
    is_code = matches.any(axis=1)
    if not is_code.all():
        row = int(np.argmin(is_code))
        raise InvalidDataError(
            f"inverse_transform takes what transform gives. Row {row}, "
            f"{encoded[row].tolist()}, stands for no segment.",
            owner=OWNER,
            name="X",
            rule="what transform gives",
            value=encoded[row].tolist(),
            row=row,
        )
    return np.asarray(means[matches.argmax(axis=1)], dtype=np.float64)
