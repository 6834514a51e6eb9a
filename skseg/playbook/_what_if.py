"""What an assumed uplift would bring and cost, and the uplift that breaks even."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from skseg._core._validation import check_choice, is_number
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean
from skseg.profile import SegmentProfile
from skseg.profile._intervals import is_share
from skseg.profile._profile import check_profile

from ._playbook import Playbook

OWNER = "what_if"


def what_if(
    profile: SegmentProfile,
    uplift: float | Mapping[str, float],
    *,
    unit: str,
    cost: float | Mapping[str, float],
    margin: float,
    baseline: str = "value",
    value_per_outcome: float | None = None,
    reach: float | Mapping[str, float] = 1.0,
    playbook: Playbook | None = None,
) -> pd.DataFrame:
    """Return what an uplift that you assume would bring and cost, for each segment.

    The profile says what customers are worth today; no uplift is known from it, so
    there is no default. The break-even uplift is what an action must at least achieve
    to pay; an experiment tells whether it does.

    Parameters
    ----------
    profile : SegmentProfile
        The segments, with a value or an outcome.
    uplift : float or mapping of str to float
        The assumed uplift: of all segments, or by name of segment; with a `playbook`,
        by name of play. Those left out have no assumption, and no net.
    unit : {"relative", "absolute"}
        ``"relative"``: 0.05 is 5 % of the baseline, from -1 to 1. ``"absolute"``: in
        the unit of the baseline, such as money per customer, or 0.02 for two percentage
        points of a rate.
    cost : float or mapping of str to float
        Cost of the action per customer who is reached, in the unit of the value, from
        0; names as those of `uplift`.
    margin : float
        Share of the value that is left as profit, in (0, 1].
    baseline : {"value", "outcome"}, default="value"
        What the uplift is about: the value per customer, or the outcome.
    value_per_outcome : float, default=None
        What one outcome is worth, above 0. For ``baseline="outcome"`` alone.
    reach : float or mapping of str to float, default=1.0
        Share of a segment's customers who are reached, in (0, 1]; in a mapping, those
        left out are all reached.
    playbook : Playbook, default=None
        Gives segments their plays; the names in mappings are then those of plays.

    Returns
    -------
    DataFrame
        One row per segment: code, name, play (with a `playbook`), n, n_reached,
        baseline with baseline_low and baseline_high (95 % interval; missing for a value
        that is no numeric feature of the profile, and where a segment has too few rows
        for the interval of a skewed mean), uplift, incremental_value, cost,
        net, with the ``_low`` and ``_high`` that follow from the baseline's interval,
        and break_even, break_even_low, break_even_high. Break-even is inf where no
        uplift would pay. Missing numbers are NaN.

    Raises
    ------
    InvalidParameterError
        If a parameter breaks its rule, a name is unknown, a segment with an uplift has
        no cost, or a rate would leave [0, 1].
    InvalidDataError
        If the profile lacks the value or the outcome.
    MissingColumnError
        As in `Playbook.recommend`.

    Notes
    -----
    incremental_value = n_reached * uplift * baseline * value_per_outcome * margin; an
    absolute uplift takes no baseline, and a value no `value_per_outcome`. The intervals
    carry the uncertainty of the baseline alone, not that of the assumption, which is
    the larger one. Values are those of the period that the profile is about. An outcome
    whose means and limits all lie in [0, 1] is taken for a rate.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg.playbook import what_if
    >>> from skseg.profile import profile_segments
    >>> X = pd.DataFrame({"spend": range(40)})
    >>> profile = profile_segments([0] * 20 + [1] * 20, X, value="spend")
    >>> table = what_if(profile, 0.1, unit="relative", cost=0.5, margin=0.4)
    >>> table[["name", "incremental_value", "cost", "net", "break_even"]].round(3)
            name  incremental_value  cost   net  break_even
    0  Segment 0                7.6  10.0  -2.4       0.132
    1  Segment 1               23.6  10.0  13.6       0.042
    """
    _check(profile, unit, margin, baseline, value_per_outcome, playbook)
    segments = profile.segments_
    table = segments[["code", "name"]].copy()
    kind, names = "segment", list(segments["name"])
    if playbook is not None:
        table["play"] = playbook.recommend(profile)["play"].to_numpy()
        kind, names = "play", list(table["play"])
    bounds = (-1.0, 1.0) if unit == "relative" else (-np.inf, np.inf)
    uplifts = _by_name("uplift", uplift, names, kind, *bounds)
    costs = _by_name("cost", cost, names, kind, 0.0, np.inf)
    reached = _by_name("reach", reach, names, kind, 0.0, 1.0)
    if (reached == 0).any():
        raise InvalidParameterError(OWNER, "reach", "in (0, 1]", reach)
    reached[np.isnan(reached)] = 1.0
    lacking = np.flatnonzero(~np.isnan(uplifts) & np.isnan(costs))
    if len(lacking):
        rule = f"a number, or hold the {kind} {names[lacking[0]]!r} of 'uplift'"
        raise InvalidParameterError(OWNER, "cost", rule, cost)
    levels = _baselines(profile, baseline)
    is_rate = baseline == "outcome" and is_share(*levels)
    if is_rate:
        _check_rates(uplifts, levels[0], unit, uplift, list(segments["name"]))
    worth = margin * (1.0 if value_per_outcome is None else value_per_outcome)
    table["n"] = segments["n"]
    table["n_reached"] = segments["n"] * reached
    for suffix, level in zip(("", "_low", "_high"), levels, strict=True):
        table[f"baseline{suffix}"] = level
    table["uplift"] = uplifts
    return _with_results(table, levels, costs, worth, unit, is_rate=is_rate)


def _check(
    profile: Any,
    unit: Any,
    margin: Any,
    baseline: Any,
    value_per_outcome: Any,
    playbook: Any,
) -> None:
    check_profile(OWNER, profile)
    check_choice(OWNER, "unit", unit, ["relative", "absolute"])
    check_choice(OWNER, "baseline", baseline, ["value", "outcome"])
    if not (is_number(margin) and 0 < margin <= 1):
        raise InvalidParameterError(OWNER, "margin", "a number in (0, 1]", margin)
    if not (playbook is None or isinstance(playbook, Playbook)):
        raise InvalidParameterError(OWNER, "playbook", "a Playbook or None", playbook)
    if baseline == "value" and value_per_outcome is not None:
        rule = "None unless baseline='outcome'"
        raise InvalidParameterError(OWNER, "value_per_outcome", rule, value_per_outcome)
    is_positive = is_number(value_per_outcome) and 0 < value_per_outcome < np.inf
    if baseline == "outcome" and not is_positive:
        rule = "a number above 0 for baseline='outcome'"
        raise InvalidParameterError(OWNER, "value_per_outcome", rule, value_per_outcome)


def _by_name(
    parameter: str, given: Any, names: list[str], kind: str, low: float, high: float
) -> FloatArray:
    """Return a number for each row, NaN where a mapping has none for its name."""
    numbers = given if isinstance(given, Mapping) else dict.fromkeys(names, given)
    for name, number in numbers.items():
        if name not in names:
            known = list(dict.fromkeys(names))
            raise InvalidParameterError(
                OWNER,
                parameter,
                f"a number, or a mapping whose keys are {kind}s of {known}",
                name,
                advice=did_you_mean(str(name), known).strip() or None,
            )
        if not (is_number(number) and np.isfinite(number) and low <= number <= high):
            rule = "a finite number" + (
                f" in [{low:g}, {high:g}]" if np.isfinite(low) else ""
            )
            raise InvalidParameterError(
                OWNER,
                parameter,
                rule,
                number,
                advice="5 % is written 0.05." if high == 1 else None,
            )
    return np.array([float(numbers.get(name, np.nan)) for name in names])


def _baselines(
    profile: SegmentProfile, baseline: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean and 95 % limits of the baseline of each segment."""
    segments = profile.segments_
    column = "value_mean" if baseline == "value" else "outcome"
    if column not in segments:
        raise InvalidDataError(
            f"The profile has no {baseline}.",
            owner=OWNER,
            name="baseline",
            value=baseline,
            advice=f"Give it one: profile_segments(..., {baseline}=...).",
        )
    mean = segments[column].to_numpy(dtype=np.float64)
    if baseline == "outcome":
        low, high = (
            segments[f"outcome_{side}"].to_numpy(dtype=np.float64)
            for side in ("low", "high")
        )
        return mean, low, high
    numbers = profile.numbers_
    rows = numbers[numbers["feature"] == profile.value].set_index("code")
    rows = rows.reindex(segments["code"])
    n = rows["n"].to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = rows["std"].to_numpy(dtype=np.float64) / np.sqrt(n)
        half = np.where(n > 1, student.ppf(0.975, n - 1) * error, np.nan)
    # Where differences have no limits, there are too few rows for Student's as well.
    half[rows["difference_low"].isna().to_numpy()] = np.nan
    return mean, mean - half, mean + half


def _check_rates(
    uplifts: FloatArray, mean: FloatArray, unit: str, given: Any, names: list[str]
) -> None:
    after = mean * (1 + uplifts) if unit == "relative" else mean + uplifts
    wrong = np.flatnonzero((after < 0) | (after > 1 + 1e-12))
    if len(wrong):
        row = wrong[0]
        raise InvalidParameterError(
            OWNER,
            "uplift",
            f"small enough that the outcome of {names[row]!r}, {mean[row]:.4g}, stays "
            "in [0, 1]",
            given,
        )


def _with_results(
    table: pd.DataFrame,
    levels: tuple[FloatArray, FloatArray, FloatArray],
    costs: FloatArray,
    worth: float,
    unit: str,
    *,
    is_rate: bool,
) -> pd.DataFrame:
    """Return the table with value, cost, net and break-even, each with its limits."""
    n, uplifts = table["n_reached"].to_numpy(), table["uplift"].to_numpy()
    is_relative = unit == "relative"
    scales = [level if is_relative else np.ones(len(n)) for level in levels]
    values = _with_limits([n * uplifts * scale * worth for scale in scales])
    total = n * costs
    break_evens = [
        _break_even(costs / worth, scale, level, is_rate=is_rate)
        for scale, level in zip(scales, levels, strict=True)
    ]
    for suffix, value in zip(("", "_low", "_high"), values, strict=True):
        table[f"incremental_value{suffix}"] = value
    table["cost"] = total
    for suffix, value in zip(("", "_low", "_high"), values, strict=True):
        table[f"net{suffix}"] = value - total
    for suffix, value in zip(
        ("", "_low", "_high"), _with_limits(break_evens), strict=True
    ):
        table[f"break_even{suffix}"] = value
    return table


def _with_limits(results: list[FloatArray]) -> list[FloatArray]:
    """Return results of mean, low and high with the limits in ascending order."""
    mean, *limits = results
    return [mean, np.minimum(*limits), np.maximum(*limits)]


def _break_even(
    needed: FloatArray, scale: FloatArray, level: FloatArray, *, is_rate: bool
) -> FloatArray:
    """Return the uplift whose value per customer equals the cost, inf if none does."""
    with np.errstate(divide="ignore", invalid="ignore"):
        uplift = np.where(needed == 0, 0.0, needed / scale)
    uplift[(needed > 0) & (scale <= 0)] = np.inf
    uplift[np.isnan(scale) | np.isnan(needed)] = np.nan
    if is_rate:
        uplift[level + needed > 1] = np.inf
    return uplift
