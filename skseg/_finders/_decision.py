"""What to do about a finding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Decision = Literal["Implement", "Pilot", "Hold", "Skip"]


@dataclass(frozen=True)
class Thresholds:
    """What a finding has to reach: effects and gaps in points, sizes as shares.

    For an outcome in currency give the effects and gaps in currency.
    """

    implement_effect: float = 10.0
    pilot_effect: float = 5.0
    implement_share: float = 0.05
    pilot_share: float = 0.01
    implement_gap: float = 10.0
    pilot_gap: float = 20.0
    alpha: float = 0.05


def decision(
    effect_pp: float,
    p_adj: float,
    share: float,
    train_effect: float,
    test_effect: float,
    thresholds: Thresholds | None = None,
) -> Decision:
    """Return what to do about a segment.

    Effects are in points, `share` is the part of all rows that lies in the segment,
    and `p_adj` the adjusted p-value on unseen rows; NaN says that there is none. Train
    and test effects may also be success rates of the segment, in points.

    Notes
    -----
    The first that applies:

    - Skip: fewer rows than a pilot takes, an effect below that of a pilot, or the
      opposite effect on unseen rows;
    - Hold: not verified, as p, the effect or one of train and test is NaN, or they
      differ by more than a pilot allows. Gather data first;
    - Implement: effect, share and gap are those of Implement, and p is at most alpha;
    - Pilot: all else. A pilot is there to become certain, so it asks for no p.
    """
    limits = Thresholds() if thresholds is None else thresholds
    effect, gap = abs(effect_pp), abs(train_effect - test_effect)

    def is_below(value: float, least: float) -> bool:
        # 100 * (0.3 - 0.2) is not below 10 points, and NaN is below nothing.
        return value < least and not math.isclose(value, least, rel_tol=1e-9)

    is_small = is_below(share, limits.pilot_share)
    if is_small or is_below(effect, limits.pilot_effect):
        return "Skip"
    if train_effect * test_effect < 0:
        return "Skip"
    if math.isnan(effect + p_adj + gap + share) or is_below(limits.pilot_gap, gap):
        return "Hold"
    is_pilot = (
        is_below(share, limits.implement_share)
        or is_below(effect, limits.implement_effect)
        or is_below(limits.implement_gap, gap)
        or p_adj > limits.alpha
    )
    return "Pilot" if is_pilot else "Implement"
