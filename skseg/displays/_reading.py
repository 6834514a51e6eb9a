"""Reading of segments, of rows as numbers, and of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from skseg._core._base import SegmenterMixin
from skseg._core._fitted_state import as_fitted
from skseg._core._names_of_segments import codes_of_names, texts_or_none
from skseg._core._numeric_rows import numeric_rows
from skseg._core._validation import positional_names
from skseg._core._vector import Vector, read_vector
from skseg._core._wrapped import first_attribute, unwrapped
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
)
from skseg.rules import is_missing_value
from skseg.rules._frames import read_frame
from skseg.rules._reserved_names import NOISE, OUTSIDE


def read_table(
    owner: str, name: str, table: Any, columns: Sequence[str]
) -> nw.DataFrame[Any]:
    """Return the table that a parameter holds, or raise if it lacks a column."""
    frame = read_frame(table, owner, name)
    if frame is None:
        rule = f"a frame with the columns {', '.join(map(repr, columns))}"
        raise InvalidParameterError(owner, name, rule, table)
    if absent := [column for column in columns if column not in frame.columns]:
        raise MissingColumnError(owner, absent, frame.columns)
    return frame


def numbers_of(table: nw.DataFrame[Any], column: str) -> FloatArray:
    """Return the numbers in a column, NaN for what is missing."""
    values = table.get_column(column).to_list()
    return np.array([np.nan if is_missing_value(v) else float(v) for v in values])


class Segments(NamedTuple):
    """The segment of every row, and the names of the segments."""

    codes: IntArray  # of shape (n_rows,), -1 for noise
    names: list[str]  # of the codes from 0 on
    noise: str = NOISE

    @property
    def sizes(self) -> IntArray:
        """Number of rows of every segment, and of noise as the last one."""
        places = np.where(self.codes < 0, len(self.names), self.codes)
        return np.bincount(places, minlength=len(self.names) + 1)

    @property
    def shown(self) -> IntArray:
        """Codes in the order of pictures: noise is the last, if there is any."""
        codes = np.arange(len(self.names))
        return np.append(codes, -1) if self.sizes[-1] else codes

    def names_of(self, codes: IntArray) -> list[str]:
        """Return the names of codes, -1 included."""
        return [(*self.names, self.noise)[code] for code in codes]


def read_segments(
    owner: str,
    labels: npt.ArrayLike,
    segment_names: Sequence[str] | None = None,
    *,
    ends_in_noise: bool = False,
) -> Segments:
    """Return the segments of rows with the codes, or names, `labels`; or raise.

    A code is a position in `segment_names`. As -1 is a position, too, the last name may
    be that of noise: it is so if it says so, or if the names are known to end in it.
    """
    vector = read_vector(owner, "labels", labels)
    texts = None if segment_names is None else texts_or_none(vector)
    if texts is not None and segment_names is not None:
        return _named_segments(vector, texts, segment_names)
    if segment_names is None and texts_or_none(vector) is not None:
        rule = "whole numbers, unless segment_names are given"
        raise InvalidDataError(
            f"{vector.subject} must be {rule}. Got names, such as "
            f"{vector.labels()[0]!r}.",
            owner=owner,
            name="labels",
            rule=rule,
            value=labels,
            advice="Pass the names in the order of their codes as segment_names.",
        )
    codes = vector.codes()
    if (codes < -1).any():
        raise InvalidParameterError(
            owner, "labels", "1-D, of int codes from -1 on", labels
        )
    n_used = int(codes.max(initial=-1)) + 1
    if segment_names is None:
        return Segments(codes, [str(code) for code in range(n_used)])
    names = [str(name) for name in segment_names]
    if len(names) < n_used:
        rule = f"a name for every code up to {n_used - 1}"
        raise InvalidParameterError(owner, "segment_names", rule, names)
    if ends_in_noise or (len(names) > n_used and names[-1] in (NOISE, OUTSIDE)):
        return Segments(codes, names[:-1], names[-1])
    return Segments(codes, names)


def _named_segments(
    vector: Vector, texts: list[str], segment_names: Sequence[str]
) -> Segments:
    """Return the segments of rows that are given by their names."""
    listed = [str(name) for name in segment_names]
    named = {-1 if n in (NOISE, OUTSIDE) else c: n for c, n in enumerate(listed)}
    codes = codes_of_names(vector, texts, named)
    noise = named.pop(-1, NOISE)
    return Segments(codes, list(named.values()), noise)


def read_fitted(owner: str, segmenter: Any, X: Any = None) -> Segments:
    """Return the segments that a fitted estimator gives the rows, or raise.

    An estimator without ``predict`` has those of its training rows alone, and so do all
    if `X` is None.
    """
    segmenter = as_fitted(segmenter)
    if X is not None and hasattr(segmenter, "predict"):
        labels = segmenter.predict(X)
    else:
        labels = first_attribute(segmenter, "labels_")
    if labels is None:
        rule = "an estimator with predict, or with labels_ of its training rows"
        raise InvalidParameterError(owner, "segmenter", rule, segmenter)
    rules = first_attribute(segmenter, "rules_")
    return read_segments(
        owner,
        labels,
        first_attribute(segmenter, "segment_names_"),
        ends_in_noise=getattr(rules, "noise", None) is not None,
    )


def rows_of_fit(owner: str, segmenter: Any, X: Any) -> Any:
    """Return rows with the columns that a fitted estimator has seen, by their names.

    A frame may have more columns, in any order, whoever made the estimator. Columns
    that are absent are left to it, since it may do without them, unless all are.
    """
    names = list(getattr(segmenter, "feature_names_in_", ()))
    frame = read_frame(X, owner) if names and X is not None else None
    if frame is None or frame.columns == names:
        return X
    present = [name for name in names if name in frame.columns]
    if not present:
        raise MissingColumnError(owner, names, frame.columns)
    return frame.select(present).to_native()


def read_features(owner: str, X: Any, n_rows: int) -> FloatArray:
    """Return rows as finite numbers, one for every code, or raise."""
    rows = numeric_rows(owner, X)
    check_rows(owner, len(rows), n_rows)
    return rows


def check_rows(owner: str, n_rows: int, n_codes: int) -> None:
    """Raise unless every row has a code."""
    if n_rows != n_codes:
        raise InvalidDataError(
            f"{owner} needs one segment a row. Got {n_codes} segments and {n_rows} "
            "rows.",
            owner=owner,
            name="X",
            rule="rows with one segment each",
            value=n_rows,
            advice="An estimator without predict has segments for its training rows "
            "alone; InductiveSegmenter adds predict.",
        )


def column_names(X: Any, n_columns: int) -> list[str]:
    """Return the names of the columns of a frame, or x0, x1, ..."""
    frame = read_frame(X, "A display")
    return positional_names(n_columns) if frame is None else frame.columns


def space_names(segmenter: Any, X: Any, n_columns: int) -> list[str]:
    """Return the names of the columns that a fitted clusterer sees.

    They are known where the last step before it can name its output. Nothing is
    guessed: else they are x0, x1, ...
    """
    rows = X
    for estimator in unwrapped(segmenter):
        if isinstance(estimator, Pipeline) and len(estimator) > 1:
            rows = None
            for named in (estimator[:-1], estimator[-2]):
                # Which errors a transformer raises is up to it.
                try:
                    names = [str(name) for name in named.get_feature_names_out()]
                except (AttributeError, ValueError, TypeError):
                    continue
                if len(names) == n_columns:
                    return names
    if isinstance(estimator, SegmenterMixin):
        columns = estimator._space_columns()
        if columns is not None:
            return columns
    if rows is None:
        return positional_names(n_columns)
    return column_names(rows, n_columns)


def evenly_spaced(n: int, max_points: int) -> IntArray:
    """Return at most `max_points` of the positions 0, ..., n - 1, with both ends."""
    if n <= max_points:
        return np.arange(n)
    return np.round(np.linspace(0, n - 1, max_points)).astype(np.intp)
