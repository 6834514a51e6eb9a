"""What a segmenter of any kind says about the rows that it was fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from skseg._core._base import SegmenterMixin
from skseg._core._wrapped import first_attribute
from skseg._typing import BoolArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import disjunction
from skseg.rules._reserved_names import NOISE, OUTSIDE

from ._monotone import keeps_order

OWNER = "RuleSurrogate"


def takes_missing(segmenter: Any) -> bool:
    """Tell whether rows with missing values may be shown to a segmenter.

    Pipelines and searches have no honest tag. They are shown all rows, unless nothing
    in them could fill the gaps.
    """
    if isinstance(segmenter, Pipeline):
        steps = [step for _, step in segmenter.steps]
        return not all(map(keeps_order, steps[:-1])) or takes_missing(steps[-1])
    inner = getattr(segmenter, "estimator", None)
    if isinstance(inner, Pipeline) and not isinstance(segmenter, SegmenterMixin):
        return takes_missing(inner)
    return bool(get_tags(segmenter).input_tags.allow_nan)


def is_complete(columns: Columns) -> BoolArray:
    """Return which rows have a finite value, or a text, in every column."""
    complete = np.ones(columns.n_rows, dtype=bool)
    for name in columns.names:
        if columns.is_text(name):
            complete &= ~columns.missing(name)
        else:
            complete &= np.isfinite(columns.numbers(name))
    return complete


def fitted_codes(segmenter: Any, X: Any, y: Any, fit_params: Mapping[str, Any]) -> Any:
    """Fit a segmenter, and return its codes of the rows.

    By its ``predict``, which speaks of new rows too; of those without one by their
    labels.
    """
    if hasattr(segmenter, "predict"):
        return segmenter.fit(X, y, **fit_params).predict(X)
    if hasattr(segmenter, "fit_predict"):
        return segmenter.fit_predict(X, y, **fit_params)
    segmenter.fit(X, y, **fit_params)
    labels = first_attribute(segmenter, "labels_")
    if labels is None:
        rule = "a segmenter with predict, fit_predict or labels_"
        raise InvalidParameterError(OWNER, "estimator", rule, segmenter)
    return labels


def check_codes(segmenter: Any, codes: Any, n_rows: int) -> IntArray:
    """Return codes from 0 on, and -1 for noise; raise if they are no such codes."""
    found = np.asarray(codes)
    if found.shape != (n_rows,):
        raise InvalidDataError(
            f"The segmenter of {OWNER} must give one code a row. {segmenter!r} gave "
            f"shape {found.shape} for {n_rows} rows."
        )
    if found.dtype.kind not in "iu":
        raise InvalidDataError(
            f"The segmenter of {OWNER} must give integer codes: 0, 1, ..., and -1 for "
            f"noise. {segmenter!r} gave {found.dtype} values such as {found[0]!r}."
        )
    # HDBSCAN tells rows with infinite and missing values (-2, -3) from other noise.
    return np.asarray(np.maximum(found, -1), dtype=np.intp)


@dataclass(frozen=True)
class Segments:
    """The segments of a segmenter, and that of the rows it says nothing about.

    Attributes
    ----------
    names : tuple of str
        Of the segments, by code, without `unknown` and `noise`.
    unknown : str
        The segment of the rows that no rule takes. Its code follows the others.
    noise : str or None
        The segment with the code -1, if there is one.
    """

    names: tuple[str, ...]
    unknown: str
    noise: str | None

    @classmethod
    def of(cls, segmenter: Any, codes: IntArray, unknown: Any) -> Segments:
        """Return the segments of a fitted segmenter, under its own names if any."""
        has_noise = bool((codes < 0).any())
        n_segments = int(codes.max()) + 1
        known = first_attribute(segmenter, "segment_names_")
        if known is None:
            names = [f"Segment {code}" for code in range(n_segments)]
            noise = NOISE if has_noise else None
        else:
            names = [str(name) for name in known]
            is_last = has_noise or (
                len(names) > n_segments and names[-1] in (NOISE, OUTSIDE)
            )
            last = names.pop() if is_last else None
            noise = last if has_noise else None
            if n_segments > len(names):
                raise InvalidDataError(
                    f"{segmenter!r} gave the code {n_segments - 1} and has "
                    f"{len(names)} segments in segment_names_, noise left out."
                )
        if names and names[-1] == unknown:
            # It has such a segment itself, as RFMSegmenter does.
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
