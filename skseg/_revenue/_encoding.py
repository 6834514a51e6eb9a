"""What `transform` gives for a customer of a segment, and its inverse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from skseg._core._encoding import SegmentEncoding
from skseg._core._vector import read_vector
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules._frames import read_frame

from ._menu import OWNER, Menu

# Encodings that are functions of the outcomes of the segments.
OF_OUTCOMES = ("rate", "woe", "value")


def check_encoding(encode: str, are_shares: bool) -> None:
    """Raise if outcomes like these have no such encoding."""
    if encode == "woe" and not are_shares:
        raise InvalidDataError(
            "encode='woe' needs outcomes in [0, 1]: it compares customers who convert "
            "with those who do not.",
            owner=OWNER,
            name="y",
            rule="in [0, 1] for encode='woe'",
            advice="Choose another encoding.",
        )


def segment_values(
    encode: str, segments: pd.DataFrame, menu: Menu, amounts: FloatArray
) -> FloatArray | None:
    """Return the value of every segment; None for no function of the outcomes.

    Amounts are sums of conversions times the revenue of the customer.
    """
    if encode not in OF_OUTCOMES:
        return None
    n, conversions = segments["n"].to_numpy(), segments["conversions"].to_numpy()
    if encode == "woe":
        return weight_of_evidence(n, conversions)
    if encode == "rate":
        return _rates(n, conversions)
    tiers = segments["tier"].to_numpy()
    revenue = menu.effective_revenue[tiers] * _rates(n, amounts)
    return np.asarray(revenue - menu.cost[tiers])


def _rates(n: FloatArray, sums: FloatArray) -> FloatArray:
    """Return sums per customer, the overall one for segments without customers."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 0, sums / n, sums.sum() / n.sum())


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


def codebook(encoding: SegmentEncoding, values: FloatArray | None) -> FloatArray:
    """Return the columns of every segment, of shape (n_segments, n_columns).

    `values` has one number a segment, None for the columns of codes.
    """
    if values is not None:
        return values[:, np.newaxis]
    codes = np.sort(encoding.codes)
    if encoding.encode == "ordinal":
        return codes.astype(np.float64)[:, np.newaxis]
    return np.asarray(codes[:, np.newaxis] == encoding.codes, dtype=np.float64)


def read_encoded(X: Any, encoding: SegmentEncoding) -> FloatArray:
    """Return what `transform` gave as an array, names of segments as their codes."""
    frame = read_frame(X, OWNER)
    if frame is None or encoding.encode != "ordinal" or frame.shape[1] != 1:
        rows = check_array(
            X,
            dtype=np.float64,
            ensure_all_finite=encoding.encode != "scores",
            ensure_min_samples=0,
        )
        return np.asarray(rows)
    labels = read_vector(OWNER, "X", frame[:, 0])
    if not labels.column.is_text():
        return np.asarray(labels.numbers()[:, np.newaxis])
    code_of = dict(zip(encoding.names, encoding.codes, strict=True))
    codes = [code_of.get(name, np.nan) for name in labels.labels()]
    return np.array(codes, dtype=np.float64)[:, np.newaxis]


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
