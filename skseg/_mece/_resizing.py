"""A proved partition brought to size, and proved again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skseg.exceptions import InvalidParameterError, MissingColumnError
from skseg.rules import MECEReport, RuleSet
from skseg.rules._language._conditions import column_kinds, disjunction

from ._rules import OWNER, with_explicit_default
from ._sizing import SizedSegment, Sizing
from ._training_rows import TrainingRows


def columns_to_cut(split_on: Any, base: RuleSet, names: Sequence[str]) -> list[str]:
    """Return the columns that may be cut: those named, or the numbers of the rules."""
    if split_on is None:
        kinds = column_kinds(base.rules.values())
        return [name for name, kind in kinds.items() if kind == "number"]
    is_list = isinstance(split_on, Sequence) and not isinstance(split_on, str)
    if not is_list or not all(isinstance(name, str) for name in split_on):
        rule = "None or a list of columns"
        raise InvalidParameterError(OWNER, "split_on", rule, split_on)
    missing = [name for name in split_on if name not in names]
    if missing:
        advice = "The parameter split_on names them."
        raise MissingColumnError(OWNER, missing, names, advice=advice)
    return list(split_on)


def sized_segments(
    base: RuleSet,
    rows: TrainingRows,
    cut_columns: list[str],
    *,
    min_size: float,
    max_size: float,
    allow_oversize: bool,
    schema: Mapping[str, Any] | None,
) -> list[SizedSegment]:
    """Return the segments of `base` split and merged to legal sizes, or raise."""
    rules, used = with_explicit_default(base, schema), rows.inside
    is_default = rows.codes == len(base) - 1
    # A default without training rows cannot be brought to size, and is left as it is.
    empty_default = None if rows.counts[is_default].any() else base.default
    if empty_default is not None:
        del rules[empty_default]
        used = used & ~is_default
    values = np.empty((int(used.sum()), len(cut_columns)))
    for i, name in enumerate(cut_columns):
        values[:, i] = rows.numbers(name, "split_on")[used]
    sizing = Sizing(
        rules,
        rows.codes[used],
        rows.counts[used],
        cut_columns,
        values,
        values if rows.outcome is None else rows.outcome[used, np.newaxis],
        min_size,
        max_size,
        allow_oversize=allow_oversize,
        schema=schema,
        taken_names=base.names,
        default=base.default,
        has_outcome=rows.outcome is not None,
    )
    segments = sizing.segments()
    if empty_default is not None:
        rule = ~disjunction(base.rules.values())
        segments.append(SizedSegment(empty_default, rule, (empty_default,)))
    return segments


def proved_again(
    base: RuleSet,
    segments: Sequence[SizedSegment],
    schema: Mapping[str, Any] | None,
) -> tuple[RuleSet, MECEReport]:
    """Return the segments as a rule set that is a partition, with its proof."""
    changed = {s.name: s.rule for s in segments if s.is_changed}
    simplified = RuleSet(changed).simplify(schema).rules
    unchanged = [s.name for s in segments if not s.is_changed]
    default = base.default if base.default in unchanged else None
    rules = RuleSet(
        {
            s.name: simplified[s.name] if s.is_changed else base[s.name]
            for s in segments
            if s.name != default
        },
        default=default,
        universe=base.universe,
    )
    report = rules.verify(schema)
    assert report.is_mece, report
    return rules, report
