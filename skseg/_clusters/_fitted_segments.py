"""The segments of a fitted estimator of any kind: the codes of rows, and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg._core._foreign import codes_or_none, predict_params
from skseg._core._mixed_columns import MixedColumns
from skseg._core._wrapped import first_attribute
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import disjunction
from skseg.rules._reserved_names import NOISE, OUTSIDE

OWNER = "RuleSurrogate"


def fitted_codes(
    estimator: Any, X: Any, y: Any, fit_params: Mapping[str, Any], n_rows: int
) -> Any:
    """Fit an estimator, and return its codes of the rows.

    Uses ``predict`` where there is one, since it also covers new rows; else the labels.
    """
    if hasattr(estimator, "predict"):
        estimator.fit(X, y, **fit_params)
        return estimator.predict(X, **predict_params(estimator, fit_params, n_rows))
    if hasattr(estimator, "fit_predict"):
        return estimator.fit_predict(X, y, **fit_params)
    estimator.fit(X, y, **fit_params)
    labels = first_attribute(estimator, "labels_")
    if labels is None:
        rule = "a segmenter with predict, fit_predict or labels_"
        raise InvalidParameterError(OWNER, "estimator", rule, estimator)
    return labels


@contextmanager
def columns_of_text_named(
    estimator: Any, columns: Columns, *, is_array: bool
) -> Iterator[None]:
    """Name the columns of text, those of all rows, where an estimator takes no text."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if isinstance(error, SksegError) or "string" not in str(error):
            raise
        mixed = MixedColumns.of_columns(columns, is_array=is_array)
        if not mixed.texts:
            raise
        raise InvalidDataError(
            f"{estimator!r} in {OWNER} takes no text: {error}. {mixed.faults()}",
            owner=OWNER,
            name="X",
            rule="columns that the estimator takes",
            column=mixed.texts[0],
            advice="Encode in a pipeline before the estimator, or use one that takes "
            f"text, such as KModes. For these columns: {mixed.recipe()}.",
        ) from error


def check_codes(estimator: Any, values: Any, n_rows: int) -> IntArray:
    """Return codes from 0 on, and -1 for noise; raise if the values are no codes."""
    if np.shape(values) != (n_rows,):
        raise InvalidDataError(
            f"The estimator of {OWNER} must give one code a row. {estimator!r} gave "
            f"shape {np.shape(values)} for {n_rows} rows.",
            owner=OWNER,
            name="estimator",
            rule="an estimator that gives one code a row",
            value=estimator,
        )
    codes = codes_or_none(values)
    if codes is None:
        codes = np.asarray(values)
        raise InvalidDataError(
            f"The estimator of {OWNER} must give integer codes: 0, 1, ..., and -1 for "
            f"noise. {estimator!r} gave {codes.dtype} values such as {codes[0]!r}.",
            owner=OWNER,
            name="estimator",
            rule="an estimator that gives integer codes",
            value=estimator,
        )
    # HDBSCAN marks rows with infinite and missing values by -2 and -3.
    return np.maximum(codes, -1)


@dataclass(frozen=True)
class FittedSegments:
    """The segments of a fitted estimator, and the segment of rows beyond its rules."""

    names: tuple[str, ...]  # by code, without `unknown` and `noise`
    unknown: str  # segment of the rows that no rule takes; its code follows the others
    noise: str | None  # segment with the code -1, if there is one

    @classmethod
    def of(cls, estimator: Any, codes: IntArray, unknown: Any) -> FittedSegments:
        """Return the segments of a fitted estimator, under its names if it has any."""
        names, noise = _segment_names(estimator, codes)
        if names and names[-1] == unknown:
            # The estimator has such a segment itself, as RFMSegmenter does.
            names.pop()
        is_name = isinstance(unknown, str) and unknown
        if not is_name or unknown in (*names, noise):
            rule = "a str that is no name of another segment"
            raise InvalidParameterError(OWNER, "unknown", rule, unknown)
        return cls(tuple(names), unknown, noise)

    def rule_set(self, boxes: Mapping[int, list[Rule]]) -> RuleSet:
        """Return the rules, given the boxes of each code, simplified and proved."""
        codes = dict(zip(self.names, range(len(self.names)), strict=True))
        if self.noise is not None:
            codes[self.noise] = -1
        rules = RuleSet(
            {name: disjunction(boxes.get(code, [])) for name, code in codes.items()},
            default=self.unknown,
            noise=self.noise,
        ).simplify()
        report = rules.verify()
        assert report.is_mece, report
        return rules


def _segment_names(estimator: Any, codes: IntArray) -> tuple[list[str], str | None]:
    """Return the names by code, and that of noise if there is any."""
    has_noise = bool((codes < 0).any())
    n_segments = int(codes.max()) + 1
    segment_names = first_attribute(estimator, "segment_names_")
    if segment_names is None:
        names = [f"Segment {code}" for code in range(n_segments)]
        return names, NOISE if has_noise else None
    names = [str(name) for name in segment_names]
    is_spare = len(names) > n_segments and names[-1] in (NOISE, OUTSIDE)
    noise = names.pop() if has_noise or is_spare else None
    if n_segments > len(names):
        raise InvalidDataError(
            f"{estimator!r} gave the code {n_segments - 1} and has {len(names)} "
            "segments in segment_names_, noise left out.",
            owner=OWNER,
            name="estimator",
            rule="an estimator with a name for every code",
            value=estimator,
        )
    return names, noise if has_noise else None
