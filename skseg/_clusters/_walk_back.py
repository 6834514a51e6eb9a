"""Conditions on what fitted steps return as conditions on what they take.

Columns are called ``x0``, ``x1``, ... by position, before each step and after it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder

from skseg._core._validation import positional_names
from skseg.exceptions import InvalidDataError
from skseg.rules import Rule, col
from skseg.rules._language._conditions import (
    Leaf,
    Missing,
    conjunction,
    disjunction,
    leaves,
    map_leaves,
)

from ._encoded_columns import encoded_columns
from ._inverse import Inverse, position
from ._monotone import changes_nothing, keeps_order

# Condition on a column that a step returns -> condition on the columns that it takes.
Translation = Mapping[Leaf, Rule]


def steps_of(estimator: Any) -> Iterator[Any]:
    """Yield the steps of nested pipelines, except those that change no new row."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from steps_of(step)
    elif isinstance(estimator, FrozenEstimator):
        yield from steps_of(estimator.estimator)
    elif hasattr(estimator, "best_estimator_"):
        yield from steps_of(estimator.best_estimator_)
    elif not (changes_nothing(estimator) or hasattr(estimator, "fit_resample")):
        yield estimator


def walked_back(steps: Sequence[Any], conditions: Iterable[Leaf]) -> Translation:
    """Return each condition on the columns after all steps as one on those before."""
    rules: dict[Leaf, Rule] = {leaf: leaf for leaf in conditions}
    _check_missing_texts(steps)
    for step in reversed(steps):
        needed = {leaf: None for rule in rules.values() for leaf in leaves(rule)}
        translation = _before(step, list(needed))
        rules = {
            leaf: map_leaves(rule, translation.__getitem__)
            for leaf, rule in rules.items()
        }
    return rules


def _before(step: Any, conditions: Sequence[Leaf]) -> Translation:
    """Return conditions on what a fitted step returns as conditions on its input."""
    if isinstance(step, ColumnTransformer):
        return _before_columns(step, conditions)
    if isinstance(step, SimpleImputer):
        return _before_imputer(step, conditions)
    if isinstance(step, OneHotEncoder | OrdinalEncoder):
        columns = encoded_columns(step)
        return {leaf: columns[position(leaf.column)](leaf) for leaf in conditions}
    if isinstance(step, KBinsDiscretizer):
        return _before_bins(step, conditions)
    if keeps_order(step):
        inverse = Inverse(step, conditions)
        return {leaf: inverse(leaf) for leaf in conditions}
    raise InvalidDataError(
        "raw_rules walks back through transformers that map each column by a rising "
        "function of its own, such as StandardScaler, through SimpleImputer, "
        "OneHotEncoder, OrdinalEncoder and KBinsDiscretizer, through a "
        f"ColumnTransformer of these, and past samplers. {step!r} is none that it "
        "knows.",
        owner="raw_rules",
        name="pipeline",
        rule="steps of which every column depends on one column, in a known way",
        value=step,
        advice="Put it inside the surrogate, as in RuleSurrogate(make_pipeline("
        "PCA(2), KMeans(5))): then rules are about the columns before it.",
    )


def _before_columns(step: ColumnTransformer, conditions: Sequence[Leaf]) -> Translation:
    translation: dict[Leaf, Rule] = {}
    for name, transformer, _ in step.transformers_:
        block = step.output_indices_[name]
        within = {
            leaf: replace(leaf, column=f"x{position(leaf.column) - block.start}")
            for leaf in conditions
            if block.start <= position(leaf.column) < block.stop
        }
        if not within:
            continue
        translated = walked_back(list(steps_of(transformer)), within.values())
        taken = step._transformer_to_input_indices[name]
        for leaf, local in within.items():
            translation[leaf] = _moved(translated[local], taken)
    return translation


def _moved(rule: Rule, places: Sequence[int]) -> Rule:
    """Return a rule on some columns as a rule on these places among all columns."""
    return map_leaves(
        rule,
        lambda leaf: replace(leaf, column=f"x{places[position(leaf.column)]}"),
    )


def _before_imputer(step: SimpleImputer, conditions: Sequence[Leaf]) -> Translation:
    known = getattr(step, "feature_names_in_", None)
    names = positional_names(step.n_features_in_) if known is None else [*known]
    with_missing = step.indicator_.features_ if step.add_indicator else []
    n_kept = len(step.get_feature_names_out()) - len(with_missing)
    # Columns without any value may be left out.
    kept = [names.index(name) for name in step.get_feature_names_out()[:n_kept]]

    def before(leaf: Leaf) -> Rule:
        place = position(leaf.column)
        if place >= n_kept:
            is_imputed = _is_imputed(step, with_missing[place - n_kept])
            return _flag(leaf, is_imputed)
        is_imputed = _is_imputed(step, kept[place])
        same = replace(leaf, column=f"x{kept[place]}")
        holds_for_fill = leaf.evaluate({leaf.column: [step.statistics_[kept[place]]]})
        return same | is_imputed if holds_for_fill[0] else same & ~is_imputed

    return {leaf: before(leaf) for leaf in conditions}


def _is_imputed(step: SimpleImputer, place: int) -> Rule:
    """Return the condition that an imputer replaces the value of a column."""
    if pd.isna(step.missing_values):
        return Missing(f"x{place}")
    rule: Rule = col(f"x{place}") == step.missing_values
    return rule


def _flag(leaf: Leaf, is_one: Rule) -> Rule:
    """Return a condition on a column of 0 and 1, given the condition that it is 1."""
    at_zero, at_one = leaf.evaluate({leaf.column: [0.0, 1.0]})
    parts = [is_one] if at_one else []
    parts += [~is_one] if at_zero else []
    return conjunction([]) if len(parts) == 2 else disjunction(parts)


def _before_bins(step: KBinsDiscretizer, conditions: Sequence[Leaf]) -> Translation:
    """Return conditions on bins, or on their flags, as conditions on numbers."""
    if step.encode != "ordinal":
        on_bins = {leaf: _on_bins(leaf, step.n_bins_) for leaf in conditions}
        step = copy.copy(step)
        step.encode = "ordinal"
    else:
        on_bins = {leaf: leaf for leaf in conditions}
    needed = {leaf: None for rule in on_bins.values() for leaf in leaves(rule)}
    inverse = Inverse(step, needed)
    return {leaf: map_leaves(rule, inverse) for leaf, rule in on_bins.items()}


def _on_bins(leaf: Leaf, n_bins: Sequence[int]) -> Rule:
    """Return a condition on the flag of a bin as one on the number of the bin."""
    starts = np.cumsum([0, *n_bins])
    column = int(np.searchsorted(starts, position(leaf.column), side="right")) - 1
    name, number = f"x{column}", position(leaf.column) - int(starts[column])
    # What the discretizer refuses has no bin.
    at_zero, at_one, at_missing = leaf.evaluate({leaf.column: [0.0, 1.0, np.nan]})
    parts = [col(name) == number] if at_one else []
    parts += [col(name) < number, col(name) > number] if at_zero else []
    parts += [Missing(name)] if at_missing else []
    return disjunction(parts)


def _check_missing_texts(steps: Sequence[Any]) -> None:
    """Raise if an imputer leaves missing values to an encoder after it.

    To scikit-learn, None and NaN are two values, of which the imputer replaces one.
    Rules know one missing value.
    """
    for place, step in enumerate(steps):
        is_encoder = isinstance(step, OneHotEncoder | OrdinalEncoder)
        imputers = [s for s in steps[:place] if isinstance(s, SimpleImputer)]
        if is_encoder and imputers and any(None in c for c in step.categories_):
            raise InvalidDataError(
                f"{step!r} has the category None, which {imputers[-1]!r} before it "
                "does not impute: it takes NaN alone for missing. To rules both are "
                "missing.",
                owner="raw_rules",
                name="pipeline",
                rule="an imputer of all missing values, or none",
                value=imputers[-1],
                advice="Pass missing_values=None to SimpleImputer, and fit again.",
            )
