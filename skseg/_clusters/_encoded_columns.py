"""Columns of encoders as functions of the categories of one column.

Instead of repeating what encoders do with rare, dropped, missing and new categories,
the fitted encoder is asked: each category, a missing value and a new one go through it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Rule
from skseg.rules._language._conditions import (
    Leaf,
    Missing,
    conjunction,
    disjunction,
    membership,
)

Category = str | float | bool


@dataclass(frozen=True)
class EncodedColumn:
    """A column that an encoder returns, by the category in the column that it takes.

    `images` has one number per category, then that of a missing value and that of a new
    category; NaN where the encoder refuses it.
    """

    source: str
    categories: tuple[Category, ...]
    images: FloatArray

    def __call__(self, leaf: Leaf) -> Rule:
        """Return the condition on the column that the encoder takes."""
        holds = leaf.evaluate({leaf.column: self.images}).tolist()
        *of_categories, of_missing, of_new = holds
        listed = [
            category
            for category, is_true in zip(self.categories, of_categories, strict=True)
            if is_true != of_new
        ]
        is_missing = Missing(self.source)
        rule: Rule = membership(self.source, listed) if listed else disjunction([])
        if not of_new:
            return rule | is_missing if of_missing else rule
        # A missing value is not in any list.
        rule = ~rule if listed else conjunction([])
        return rule if of_missing else rule & ~is_missing


def encoded_columns(encoder: Any) -> list[EncodedColumn]:
    """Return the columns that a fitted encoder returns, in their order."""
    columns = []
    is_one_hot = isinstance(encoder, OneHotEncoder)
    widths = encoder._n_features_outs if is_one_hot else [1] * encoder.n_features_in_
    stops = np.cumsum(widths)
    for place, values in enumerate(encoder.categories_):
        categories = _categories(encoder, values)
        block = slice(int(stops[place]) - widths[place], int(stops[place]))
        images = _images(encoder, place, categories)[:, block]
        columns += [
            EncodedColumn(f"x{place}", categories, column) for column in images.T
        ]
    return columns


def _categories(encoder: Any, values: Any) -> tuple[Category, ...]:
    """Return the categories of a column, missing ones left out, or raise."""
    # numpy itself makes whole numbers of dates in nanoseconds.
    is_time = values.dtype.kind in "mM"
    listed = pd.Series(values).tolist() if is_time else values.tolist()
    present = tuple(value for value in listed if not pd.isna(value))
    kinds = {_kind(value) for value in present}
    if len(kinds) > 1 or None in kinds:
        raise InvalidDataError(
            "raw_rules walks back through encoders of columns that hold text, numbers "
            f"or booleans. {encoder!r} has the categories {list(present)}.",
            owner="raw_rules",
            name="pipeline",
            rule="categories of one kind: text, numbers or booleans",
            value=list(present),
        )
    return present


def _kind(value: object) -> type | None:
    for kind in (bool, str):
        if isinstance(value, kind):
            return kind
    return float if isinstance(value, int | float) else None


def _images(encoder: Any, place: int, categories: Sequence[Category]) -> FloatArray:
    """Return what the encoder makes of each category, a missing and a new value."""
    values = encoder.categories_[place]
    missing = next((value for value in values.tolist() if pd.isna(value)), np.nan)
    known = [_transformed(encoder, place, [category]) for category in categories]
    others = [
        _transformed(encoder, place, [value]) for value in (missing, _new(categories))
    ]
    return np.vstack([*known, *others])


def _new(categories: Sequence[Category]) -> Category:
    """Return a value that is no category."""
    if not categories:
        return "new"
    if isinstance(categories[0], str):
        return "new" + max(map(str, categories), key=len)
    return float(np.nextafter(max(map(float, categories)), np.inf))


def _transformed(encoder: Any, place: int, values: list[Any]) -> FloatArray:
    """Return the rows for values of a column, NaN if the encoder refuses them."""
    names = getattr(encoder, "feature_names_in_", range(encoder.n_features_in_))
    columns = {
        name: values if i == place else [categories[0]] * len(values)
        for i, (name, categories) in enumerate(
            zip(names, encoder.categories_, strict=True)
        )
    }
    frame = pd.DataFrame(columns).astype(
        {
            name: object
            for name, categories in zip(names, encoder.categories_, strict=True)
            if categories.dtype == object
        }
    )
    try:
        with warnings.catch_warnings():
            # Of new categories, which is the question here.
            warnings.simplefilter("ignore")
            images = encoder.transform(frame)
    except ValueError:
        return np.full((len(values), len(encoder.get_feature_names_out())), np.nan)
    dense = images.toarray() if hasattr(images, "toarray") else images
    return np.asarray(dense, dtype=np.float64)
