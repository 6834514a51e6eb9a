"""Which columns of raw rows a fitted model has seen, and which of them decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from ._base import SegmenterMixin
from ._foreign import is_classifier, tags_of
from ._seen_outcome import SeenOutcome, seen_outcome
from ._validation import positional_names
from ._wrapped import unwrapped

_NOTHING = (None, "passthrough", "drop")
# Columns of ``segments_`` that a fit makes of an outcome.
_OUTCOME_FIGURES = frozenset({"outcome", "conversions", "conversion_rate"})


@dataclass(frozen=True)
class SeenColumns:
    """What has had a part in making the segments of a fitted model.

    `deciding` are the raw columns of which ``predict`` makes the codes: segments differ
    in them by construction, on fresh rows too. `seen` are all that ``fit`` has seen,
    these included. None is for any column, where it cannot be told. `outcomes` are
    those that a fit has seen, and `has_outcome` tells whether there was any.
    """

    deciding: frozenset[str] | None
    seen: frozenset[str] | None
    outcomes: tuple[SeenOutcome, ...] = ()
    has_outcome: bool = False


def seen_columns(model: Any, names: Sequence[str]) -> SeenColumns:
    """Return what a fitted model has seen of rows whose columns have these `names`.

    It looks through pipelines, searches and wrappers, and traces the columns at their
    end back to raw ones: columns that a `ColumnTransformer` drops at the beginning were
    not seen, and a transformer that mixes columns, such as `PCA`, passes all of them.
    """
    seen = _seen(model)
    deciding = _deciding(model)
    outcomes = tuple(
        outcome for layer in _parts(model) if (outcome := seen_outcome(layer))
    )
    return SeenColumns(
        _named(seen if deciding is None else deciding, names),
        _named(seen, names),
        outcomes,
        bool(outcomes) or any(map(_learns_from_outcome, _parts(model))),
    )


def _named(
    columns: frozenset[str] | None, names: Sequence[str]
) -> frozenset[str] | None:
    """Return the columns under the names that the rows have for them.

    A model that was fitted to an array knows places alone, whatever its rows are.
    """
    if columns is None or columns <= {*names} or not _are_places(columns):
        return columns
    places = [int(name[1:]) for name in columns]
    return frozenset(names[place] for place in places if place < len(names))


def _are_places(columns: Iterable[str]) -> bool:
    return all(name[:1] == "x" and name[1:].isdecimal() for name in columns)


def _seen(model: Any) -> frozenset[str] | None:
    """Return the raw columns that a fit may have used; None if it cannot be told."""
    model = _innermost_first(model)
    names = _input_names(model)
    if isinstance(model, ColumnTransformer) and names is not None:
        places = _places_by_transformer(model)
        if places is not None:
            used = {
                place
                for name, transformer, _ in model.transformers_
                if not (isinstance(transformer, str) and transformer == "drop")
                for place in places.get(name, range(len(names)))
            }
            return frozenset(names[place] for place in used)
    return None if names is None else frozenset(names)


def _innermost_first(model: Any) -> Any:
    """Return the first estimator of a model that sees its rows."""
    while True:
        if isinstance(model, Pipeline):
            steps = [s for _, s in model.steps if not _is_nothing(s)]
            if not steps:
                return None
            model = steps[0]
        elif isinstance(model, FrozenEstimator):
            model = model.estimator
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return model


def _is_nothing(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step in _NOTHING)


def _input_names(model: Any) -> list[str] | None:
    """Return the names of the columns that a fit has got; x0, x1, ... of an array."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return [str(name) for name in names]
    count = getattr(model, "n_features_in_", None)
    return None if count is None else positional_names(count)


def _deciding(model: Any) -> frozenset[str] | None:
    """Return the raw columns of which codes are made; None for all that were seen."""
    if isinstance(model, FrozenEstimator):
        return _deciding(model.estimator)
    if hasattr(model, "best_estimator_"):
        return _deciding(model.best_estimator_)
    if not isinstance(model, Pipeline):
        if not isinstance(model, SegmenterMixin):
            return None
        columns = model._space_columns()
        return None if columns is None else frozenset(columns)
    steps = [step for _, step in model.steps if not _is_nothing(step)]
    deciding, names = _deciding(steps[-1]), _input_names(steps[-1])
    first_names = _input_names(steps[0])
    if deciding is None or names is None or first_names is None:
        return None
    places: frozenset[int] | None = frozenset(names.index(name) for name in deciding)
    for step in reversed(steps[:-1]):
        places = _sources(step, places)
    return None if places is None else frozenset(first_names[i] for i in places)


def _sources(step: Any, places: frozenset[int] | None) -> frozenset[int] | None:
    """Return the inputs of which a fitted transformer makes its outputs at `places`.

    None is for all inputs, or all outputs.
    """
    if places is None or _is_nothing(step) or isinstance(step, OneToOneFeatureMixin):
        return places
    if isinstance(step, Pipeline):
        for _, inner in reversed(step.steps):
            places = _sources(inner, places)
        return places
    if isinstance(step, ColumnTransformer):
        return _sources_of_columns(step, places)
    if isinstance(step, FeatureUnion) or not type(step).__module__.startswith(
        "sklearn."
    ):
        return None
    return _sources_by_name(step, places)


def _places_by_transformer(step: ColumnTransformer) -> dict[str, list[int]] | None:
    # Columns were given as names, places, masks, slices or a function; scikit-learn
    # keeps the places that they came to.
    return getattr(step, "_transformer_to_input_indices", None)


def _sources_of_columns(
    step: ColumnTransformer, places: frozenset[int]
) -> frozenset[int] | None:
    inputs = _places_by_transformer(step)
    if inputs is None:
        return None
    sources: set[int] = set()
    for name, transformer, _ in step.transformers_:
        block = step.output_indices_.get(name, slice(0, 0))
        inside = frozenset(
            place - block.start for place in places if block.start <= place < block.stop
        )
        if not inside:
            continue
        local = _sources(transformer, inside)
        taken = inputs[name]
        sources |= {*taken} if local is None else {taken[place] for place in local}
    return frozenset(sources)


def _sources_by_name(step: Any, places: frozenset[int]) -> frozenset[int] | None:
    """Trace outputs by their names: that of the input, or one that begins with it.

    ``OneHotEncoder`` makes ``plan_pro`` of ``plan``; of ``plan_x`` it may be as well,
    so both count where both exist.
    """
    names = _input_names(step)
    try:
        outputs = [str(name) for name in step.get_feature_names_out()]
    except (AttributeError, NotFittedError, ValueError):
        return None
    if names is None:
        return None
    sources: set[int] = set()
    for place in places:
        output = outputs[place].removeprefix("missingindicator_")
        matches = {
            i
            for i, name in enumerate(names)
            if output == name or output.startswith(f"{name}_")
        }
        if not matches:
            return None
        sources |= matches
    return frozenset(sources)


def _parts(model: Any) -> Iterator[Any]:
    """Yield a model, what it stands around, and the transformers before these."""
    for layer in unwrapped(model):
        yield layer
        if isinstance(layer, Pipeline):
            for _, step in layer.steps[:-1]:
                yield from _parts(step)
        elif isinstance(layer, ColumnTransformer):
            for _, transformer, _ in layer.transformers_:
                yield from _parts(transformer)


def _learns_from_outcome(layer: Any) -> bool:
    """Tell whether a fitted part has had an outcome, though it does not say which."""
    if _is_nothing(layer) or isinstance(layer, Pipeline):
        return False
    table = getattr(layer, "segments_", None)
    figures = [] if table is None else sorted(_OUTCOME_FIGURES & {*table.columns})
    if table is not None and figures:
        # A model that was loaded from a file.
        return bool(table[figures].notna().to_numpy().any())
    if isinstance(layer, SegmenterMixin):
        return False
    return bool(tags_of(layer).target_tags.required) or is_classifier(layer)
