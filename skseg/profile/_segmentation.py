"""The segment of every row, whatever says it: a model, a rule set, codes or names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from skseg._core._base import SegmenterMixin
from skseg._core._column_errors import column_errors_as_data_errors
from skseg._core._fitted_state import as_fitted
from skseg._core._foreign import codes_or_none
from skseg._core._names_of_segments import codes_of_names, texts_or_none
from skseg._core._seen_columns import SeenColumns, seen_columns
from skseg._core._validation import read_rows
from skseg._core._vector import Vector, read_vector
from skseg._core._wrapped import first_attribute, unwrapped
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, RuleSet
from skseg.rules._reserved_names import NOISE, OUTSIDE

OWNER = "profile_segments"
_NAME = "segmenter_or_codes"
_TITLE = f"The {_NAME!r}"


@dataclass(frozen=True)
class Segmentation:
    """Segments in the order of their codes, noise last, and the segment of each row.

    `places` are positions in `codes` and `names`. `rules` and `seen` are None where
    they are not known: bare codes do not say what they were made of.
    """

    places: IntArray
    codes: list[int]
    names: list[str]
    rules: RuleSet | None = None
    seen: SeenColumns | None = None


def read_segmentation(
    source: Any, X: Any, columns: Columns, segment_names: Any
) -> Segmentation:
    """Return the segments of the rows of `X`, or raise."""
    names = names_by_code(segment_names, OWNER)
    if isinstance(source, RuleSet):
        _refuse_names(names, "a rule set")
        with column_errors_as_data_errors():
            codes = source.assign(columns)
        return segmentation_of_rules(codes, source)
    if hasattr(source, "fit") or hasattr(source, "predict"):
        return _of_model(source, X, columns, names)
    vector = read_vector(OWNER, _NAME, source, columns.n_rows, title=_TITLE)
    return segmentation_of_labels(vector, names, source)


def segmentation_of_rules(codes: IntArray, rules: RuleSet) -> Segmentation:
    """Return the segments of rows that have codes by rules of an unknown author."""
    names = _names_of_rules(rules)
    if (codes < 0).any():
        # No rule holds for them, and there is no default.
        names.setdefault(-1, OUTSIDE)
    # Nobody knows what the author has looked at.
    return _segmentation(
        codes, names, rules, SeenColumns(frozenset(rules.columns), None)
    )


def segmentation_of_labels(
    vector: Vector, names: list[str] | None, source: Any
) -> Segmentation:
    """Return the segments of rows that have codes or names, read from `source`."""
    return _segmentation(*_read_labels(vector, names, _categories(source)))


def _segmentation(
    codes: IntArray,
    names: dict[int, str],
    rules: RuleSet | None = None,
    seen: SeenColumns | None = None,
) -> Segmentation:
    listed = [code for code in sorted(names) if code >= 0]
    if -1 in names:
        listed.append(-1)
    _check_distinct([names[code] for code in listed])
    places = np.searchsorted(listed[: len(listed) - (-1 in names)], codes)
    places = np.where(codes < 0, len(listed) - 1, places)
    return Segmentation(places, listed, [names[code] for code in listed], rules, seen)


def _check_distinct(names: list[str]) -> None:
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        rule = "different names"
        raise InvalidParameterError(OWNER, "segment_names", rule, twice[0])


def _names_of_rules(rules: RuleSet) -> dict[int, str]:
    names = dict(zip(rules.codes, rules.names, strict=True))
    return names if rules.universe is None else {**names, -1: OUTSIDE}


def _of_model(
    model: Any, X: Any, columns: Columns, names: list[str] | None
) -> Segmentation:
    model = as_fitted(model)
    rules = first_attribute(model, "rules_")
    known = _known_names(model, rules)
    if rules is not None and known is None:
        raise _finder_error(model)
    if known is not None:
        _refuse_names(names, f"a {type(model).__name__}, which has names")
    labels = first_attribute(model, "labels_")
    vector = _labels_of_rows(model, X, columns.n_rows, labels)
    seen = seen_columns(model, columns.names)
    if known is None:
        n_clusters = _number_of_clusters(model, labels)
        codes, known = _read_labels(vector, names, n_clusters=n_clusters)
        return _segmentation(codes, known, rules, seen)
    texts = texts_or_none(vector)
    codes = vector.codes() if texts is None else codes_of_names(vector, texts, known)
    return _named_segmentation(model, codes, known, rules, seen)


def _named_segmentation(
    model: Any,
    codes: IntArray,
    known: dict[int, str],
    rules: RuleSet | None,
    seen: SeenColumns,
) -> Segmentation:
    """Return the segments of rows that have codes by a model that names them."""
    if (codes < 0).any() and -1 not in known:
        last = first_attribute(model, "segment_names_")[-1]
        known = {**known, -1: str(last) if last in (NOISE, OUTSIDE) else NOISE}
    return _segmentation(codes, known, rules, seen)


def _known_names(model: Any, rules: RuleSet | None) -> dict[int, str] | None:
    """Return the names of the segments by code, None for a model that has none."""
    names = first_attribute(model, "segment_names_")
    table = first_attribute(model, "segments_")
    if names is None or table is None:
        return None
    known = dict(zip(map(int, table["code"]), map(str, table["name"]), strict=True))
    if rules is not None and rules.universe is not None:
        known[-1] = OUTSIDE
    return known


def _labels_of_rows(model: Any, X: Any, n_rows: int, labels: Any) -> Vector:
    """Return what a model says of the rows: its predictions, or its training labels."""
    if hasattr(model, "predict"):
        predicted = model.predict(_rows_for(model, X))
        return read_vector(OWNER, _NAME, predicted, n_rows, title=_TITLE)
    if labels is None or len(labels) != n_rows:
        name = type(model).__name__
        rule = "a segmenter that assigns new rows"
        raise InvalidParameterError(
            OWNER,
            _NAME,
            rule,
            model,
            advice=f"A {name} labels its training rows alone, all of them: pass these, "
            "or put it into an InductiveSegmenter before it is fitted.",
        )
    return read_vector(OWNER, _NAME, labels, n_rows, title=_TITLE)


def _rows_for(model: Any, X: Any) -> Any:
    """Return the rows as `predict` takes them, which may need fewer columns than fit.

    A segmenter by rules finds the columns of its rules by name, also inside of wrappers
    that pass rows on as they are. Any other model takes those of its fit, in order.
    """
    if isinstance(X, Mapping):
        X = pd.DataFrame(dict(X))
    for layer in unwrapped(model):
        if isinstance(layer, SegmenterMixin):
            return X
        if isinstance(layer, Pipeline) and len(layer) > 1:
            break
    return read_rows(model, X, reset=False)


def rules_of(source: Any, segment_names: Any) -> RuleSet:
    """Return the rules over raw columns that give a table's rows their segments."""
    names = names_by_code(segment_names, OWNER)
    if isinstance(source, RuleSet):
        _refuse_names(names, "a rule set")
        return source
    rule = "a rule set or a fitted segmenter with rules, as X is not in memory"
    if not (hasattr(source, "fit") or hasattr(source, "predict")):
        raise InvalidParameterError(OWNER, _NAME, rule, source)
    model = as_fitted(source)
    rules = first_attribute(model, "rules_")
    if rules is not None and _known_names(model, rules) is None:
        raise _finder_error(model)
    if not isinstance(rules, RuleSet):
        advice: str | None = (
            "Fit a RuleSurrogate around it to rows in memory, as of "
            "skseg.sample_rows, and pass that."
        )
    elif (advice := _indirection(model)) is None:
        _refuse_names(names, f"a {type(model).__name__}, which has names")
        return rules
    raise InvalidParameterError(OWNER, _NAME, rule, source, advice=advice)


def _indirection(model: Any) -> str | None:
    """Return what to do where the rules are not about raw columns, else None."""
    for layer in unwrapped(model):
        if isinstance(layer, Pipeline) and len(layer) > 1:
            return "Pass skseg.raw_rules(pipeline), which are about its raw columns."
        if isinstance(layer, SegmenterMixin):
            if layer._space_columns() is not None:
                return None
            return (
                "Its rules are about scores that the table lacks. Write these into a "
                "column, and pass its rules_."
            )
    return None


def segmentation_by_rules(
    source: Any, rules: RuleSet, codes: IntArray, names: Sequence[str]
) -> Segmentation:
    """Return the segments of rows that have codes by the rules of `rules_of`.

    `names` are those of the columns of the rows.
    """
    if isinstance(source, RuleSet):
        return segmentation_of_rules(codes, source)
    model = as_fitted(source)
    known = _known_names(model, rules)
    assert known is not None
    return _named_segmentation(model, codes, known, rules, seen_columns(model, names))


def _number_of_clusters(model: Any, labels: Any) -> int:
    centers = first_attribute(model, "cluster_centers_")
    counts = [0 if centers is None else len(centers)]
    codes = codes_or_none(labels)
    if codes is not None:
        counts.append(int(codes.max(initial=-1)) + 1)
    count = first_attribute(model, "n_components")
    return max([*counts, count if isinstance(count, int) else 0])


def _finder_error(model: Any) -> InvalidParameterError:
    return InvalidParameterError(
        OWNER,
        _NAME,
        "a partition: every customer in exactly one segment",
        model,
        advice=f"The findings of a {type(model).__name__} may overlap and leave "
        "customers out. Profile one finding against everyone else by codes: "
        "model.rules_.membership(X)[:, 0].astype(int), with segment_names=['others', "
        "'finding'].",
    )


def names_by_code(names: Any, owner: str) -> list[str] | None:
    """Return the names of segments as texts, or raise."""
    if names is None:
        return None
    rule = "None, or different texts in the order of the codes"
    is_list = isinstance(names, Sequence | np.ndarray | pd.Index | pd.Series)
    if isinstance(names, str) or not is_list:
        raise InvalidParameterError(owner, "segment_names", rule, names)
    texts = [str(name) if isinstance(name, str) else name for name in names]
    if not all(isinstance(t, str) for t in texts) or len({*texts}) < len(texts):
        raise InvalidParameterError(owner, "segment_names", rule, names)
    return texts


def _refuse_names(names: list[str] | None, source: str) -> None:
    if names is not None:
        raise InvalidParameterError(
            OWNER,
            "segment_names",
            f"None for {source}",
            names,
            advice="Segment names are for codes, and for clusterers without names.",
        )


def _categories(source: Any) -> list[str] | None:
    """Return the categories of names in pandas, which may be in the order of codes."""
    categories = getattr(getattr(source, "dtype", None), "categories", None)
    if categories is None:
        return None
    texts = list(categories)
    return texts if all(isinstance(text, str) for text in texts) else None


def _read_labels(
    vector: Vector,
    names: list[str] | None,
    categories: list[str] | None = None,
    n_clusters: int = 0,
) -> tuple[IntArray, dict[int, str]]:
    """Return codes and names by code of labels that are either."""
    texts = texts_or_none(vector)
    if texts is None:
        return _read_codes(vector, names, n_clusters)
    noise = [name for name in (NOISE, OUTSIDE) if name in texts]
    listed = names or categories or sorted({*texts})
    by_code = dict(enumerate(name for name in listed if name not in noise))
    if noise:
        by_code[-1] = noise[0]
    return codes_of_names(vector, texts, by_code), by_code


def _read_codes(
    vector: Vector, names: list[str] | None, n_clusters: int
) -> tuple[IntArray, dict[int, str]]:
    codes = vector.codes()
    largest = int(codes.max(initial=-1))
    n_named = (
        None if names is None else len(names) - (names[-1:] in ([NOISE], [OUTSIDE]))
    )
    rule = "codes of segments: whole numbers from 0 on, and -1 for noise"
    if n_named is not None and largest >= n_named:
        rule = f"codes below {n_named}, the number of segment_names"
    wrong = codes < -1
    wrong |= codes >= (_MOST_SEGMENTS if n_named is None else n_named)
    if wrong.any():
        row = int(wrong.argmax())
        raise InvalidDataError(
            f"{vector.subject} must be {rule}. Got {codes[row]} at row {row}.",
            owner=vector.owner,
            name=vector.name,
            rule=rule,
            value=int(codes[row]),
            row=row,
        )
    if names is None:
        named = {i: f"Segment {i}" for i in range(max(largest + 1, n_clusters))}
    else:
        named = dict(enumerate(names[:n_named]))
    if (codes < 0).any() or (names is not None and len(names) != n_named):
        named[-1] = NOISE if names is None or len(names) == n_named else names[-1]
    return codes, named


# More are identifiers of customers, or numbers, by mistake.
_MOST_SEGMENTS = 10_000
