"""What policies bring: one group for all, the findings, and a model of effects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._economics import Economics

from ._value import (
    ANY_NUMBER,
    Interval,
    PolicyValue,
    policy_value,
    value_interval,
)
from ._valued_rows import ValuedRows

_LEVEL = 0.95
_NUMBERS = (
    "value",
    "ci_low",
    "ci_high",
    "gain",
    "gain_low",
    "gain_high",
    "share_a",
    "share_b",
)
# What pandas makes of a list of texts, which depends on its version.
_TEXT = pd.Series(["text"]).dtype


def policy_table(
    valued: ValuedRows | None, groups: tuple[Any, Any] | None
) -> pd.DataFrame:
    """Return value, gain and shares of each policy, with intervals.

    A gain is the difference to the better one of the policies that send everybody to
    the same group. `valued` is None where there are no rows to value policies on.
    """
    for_all = ["everyone"] if groups is None else [f"all {label}" for label in groups]
    labels = [*for_all, "findings", "model"]
    numbers = np.full((len(labels), len(_NUMBERS)), math.nan)
    if valued is not None:
        numbers = np.array(_numbers(valued, len(for_all)))
    table = pd.DataFrame(numbers, columns=[*_NUMBERS])
    table.insert(0, "policy", pd.Series(labels, dtype=_TEXT))
    return table


def _numbers(valued: ValuedRows, n_for_all: int) -> list[list[float]]:
    """Return the numbers of each policy; the first ones send everybody to one group."""
    rows = valued.rows
    everyone = np.ones(len(rows.y), dtype=bool)
    for_all = [everyone, ~everyone][:n_for_all]
    policies = [*for_all, valued.by_findings, valued.by_model]
    values = [policy_value(rows, to_a) for to_a in policies]
    best = int(np.nanargmax([-math.inf, *(v.value for v in values[:n_for_all])])) - 1
    numbers = []
    for to_a, value in zip(policies, values, strict=True):
        share = float(np.average(to_a, weights=rows.weight))
        gain, gain_interval = math.nan, ANY_NUMBER
        if best >= 0:
            difference = value.minus(values[best])
            gain, gain_interval = difference.value, _interval(rows, difference)
            if np.array_equal(to_a, policies[best]):
                gain_interval = Interval(0.0, 0.0)
        interval = _interval(rows, value, _possible(rows, share))
        numbers.append([value.value, *interval, gain, *gain_interval, share, 1 - share])
    return numbers


def _interval(
    rows: ComparedRows, value: PolicyValue, possible: Interval = ANY_NUMBER
) -> Interval:
    return value_interval(
        value, rows.weight, rows.cluster, level=_LEVEL, possible=possible
    )


def _possible(rows: ComparedRows, share: float) -> Interval:
    """Return the least and the largest value that a mean of 0 / 1 outcomes can have."""
    if not rows.is_binary:
        return ANY_NUMBER
    economics = rows.economics or Economics()
    cost = economics.cost * share
    least = -1.0 if rows.in_a is None else 0.0
    return Interval(*sorted([economics.value * least - cost, economics.value - cost]))
