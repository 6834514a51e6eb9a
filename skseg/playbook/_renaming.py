"""rename_segments: the same segments under other names, everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skseg._core._encoding import SegmentEncoding
from skseg._core._fitted_state import as_fitted
from skseg._core._fitted_tables import StoredTable
from skseg._core._new_names import new_names
from skseg._core._wrapped import first_attribute
from skseg._mece._merge_report import MergeReport
from skseg.exceptions import InvalidParameterError
from skseg.rules import RuleSet

OWNER = "rename_segments"
# Columns of fitted tables that hold names of segments.
_COLUMNS = {"name", "segment"}


def rename_segments(segmenter: Any, names: Any) -> Any:
    """Return a copy of a fitted segmenter whose segments have other names.

    Parameters
    ----------
    segmenter : estimator or RuleSet
        Any fitted segmenter of skseg, a pipeline that ends in one, or a rule set.
    names : mapping, sequence of str, or DataFrame
        Name or code -> new name; new names by code; or what `name_segments` returns.
        Segments that a mapping lacks keep their names.

    Returns
    -------
    estimator or RuleSet
        The copy, with the same codes: rules, tables, SQL and columns of ``transform``
        have the new names. Parameters are as before: a new fit gives the old names.

    Raises
    ------
    InvalidParameterError
        If a name is unknown, empty or used twice, or is one of noise or outside.
    NotFittedError
        If the segmenter is not fitted.

    See Also
    --------
    name_segments : Names from a profile.

    Examples
    --------
    >>> from skseg import MECERuleSegmenter
    >>> from skseg.playbook import rename_segments
    >>> segmenter = MECERuleSegmenter({"A": "x0 >= 80"}, default="B")
    >>> segmenter = segmenter.fit([[20.0], [90.0]])
    >>> renamed = rename_segments(segmenter, {"A": "High spend"})
    >>> print(renamed.rules_)
    High spend: x0 >= 80
    B: everyone else
    """
    if isinstance(segmenter, RuleSet):
        codes = dict(zip(segmenter.names, segmenter.codes, strict=True))
        return segmenter.renamed(new_names(OWNER, names, codes))
    segmenter = as_fitted(segmenter)
    known = first_attribute(segmenter, "segment_names_")
    rules = first_attribute(segmenter, "rules_")
    if known is None and rules is not None:
        known = rules.names
    if known is None:
        rule = "a fitted segmenter of skseg, or a RuleSet"
        raise InvalidParameterError(OWNER, "segmenter", rule, segmenter)
    codes = {str(name): code for code, name in enumerate(known)}
    new = new_names(OWNER, names, codes)
    copy = deepcopy(segmenter)
    _rename_state(copy, new)
    return copy


def _rename_state(estimator: Any, new: Mapping[str, str]) -> None:
    """Rename the segments in what an estimator, and those inside it, has learned."""
    if not isinstance(estimator, BaseEstimator):
        return
    is_ours = type(estimator).__module__.startswith("skseg.")
    parameters = estimator.get_params(deep=False)
    for attribute, value in list(vars(estimator).items()):
        if attribute == "steps":
            # A pipeline keeps its fitted steps in the parameter itself.
            _rename_state(value[-1][1], new)
        elif isinstance(value, BaseEstimator):
            if attribute not in parameters or not is_ours:
                _rename_state(value, new)
        elif is_ours and attribute not in parameters:
            vars(estimator)[attribute] = _renamed(attribute, value, new)


def _renamed(attribute: str, value: Any, new: Mapping[str, str]) -> Any:
    """Return a part of the fitted state with new names."""
    if attribute == "_business_rules":
        # Lineage, origins and stored strategies refer to rules by the names in `rules`.
        return value
    if isinstance(value, RuleSet):
        return value.renamed({k: v for k, v in new.items() if k in value.names})
    if isinstance(value, StoredTable):
        return replace(
            value,
            columns=tuple(
                replace(column, values=_cells(column.values, new))
                if column.name in _COLUMNS
                else column
                for column in value.columns
            ),
        )
    if isinstance(value, SegmentEncoding):
        return replace(value, names=_cells(value.names, new))
    if isinstance(value, MergeReport):
        losses = {new.get(name, name): loss for name, loss in value.losses.items()}
        return replace(value, losses=losses)
    if attribute == "segment_names_":
        cells = _cells(np.asarray(value, dtype=object), new)
        return cells.tolist() if isinstance(value, list) else cells
    if attribute == "_playbook" and isinstance(value, dict):
        return {new.get(name, name): action for name, action in value.items()}
    return value


def _cells(values: Any, new: Mapping[str, str]) -> Any:
    if values.dtype != object:
        return values
    renamed = values.copy()
    renamed[:] = [new.get(v, v) if isinstance(v, str) else v for v in values.tolist()]
    return renamed
