"""What to do about a finding."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal, Self

from skseg._core._validation import is_number
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean

Decision = Literal["Implement", "Pilot", "Hold", "Skip"]
DECISIONS: list[str] = ["Implement", "Pilot", "Hold", "Skip"]


@dataclass
class DecisionThresholds:
    """What a finding has to reach for each decision.

    Effects and gaps are in points: percentage points of a 0 / 1 outcome, per cent of
    the overall mean of any other. A gap is the difference between the effect in the
    rows that were searched and the one in the rows of the test.

    Parameters
    ----------
    implement_effect : float, default=10.0
        Least effect of an Implement, in points.
    pilot_effect : float, default=5.0
        Least effect of a Pilot, in points; what has less is a Skip.
    implement_share : float, default=0.05
        Least share of the rows for an Implement, in [0, 1].
    pilot_share : float, default=0.01
        Least share of the rows for a Pilot, in [0, 1]; what has less is a Skip.
    implement_gap : float, default=10.0
        Largest gap of an Implement, in points.
    pilot_gap : float, default=20.0
        Largest gap of a Pilot, in points; what has more is a Hold.
    alpha : float, default=0.05
        Largest adjusted p-value of an Implement, and of the findings that ``predict``
        of a finder follows.

    See Also
    --------
    BoxSegmentFinder : Takes them as its parameter ``thresholds``; ``fit`` checks them.

    Notes
    -----
    The first that applies:

    - Skip: fewer rows than a pilot takes, an effect below that of a pilot, or the
      opposite effect in the rows of the test;
    - Hold: not verified, since there are no rows of the test, or the gap is larger than
      a pilot allows. Gather data first;
    - Implement: effect, share and gap are those of an Implement, and the adjusted
      p-value is at most `alpha`;
    - Pilot: all else. A pilot is there to become certain, so it asks for no p-value.

    A search sets one threshold of a finder by its nested name, ``thresholds__alpha``,
    also where the finder has the defaults.

    Examples
    --------
    >>> from skseg import BoxSegmentFinder, DecisionThresholds
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads[["channel", "basket_value", "device"]]
    >>> strict = DecisionThresholds(implement_effect=20.0)
    >>> finder = BoxSegmentFinder(thresholds=strict, random_state=0)
    >>> finder = finder.fit(X, leads["converted"], group=leads["seller"])
    >>> finder.segments_.loc[0, "decision"]
    'Pilot'
    """

    implement_effect: float = 10.0
    pilot_effect: float = 5.0
    implement_share: float = 0.05
    pilot_share: float = 0.01
    implement_gap: float = 10.0
    pilot_gap: float = 20.0
    alpha: float = 0.05

    def get_params(self, deep: bool = True) -> dict[str, float]:
        """Return the thresholds by name.

        Parameters
        ----------
        deep : Ignored
            Present for the API of scikit-learn: no threshold has parameters.

        Returns
        -------
        dict of str to float
            Name -> threshold.
        """
        # Not the copies that asdict makes: clones hold the values that they were given.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set_params(self, **params: float) -> Self:
        """Set thresholds by name, as ``thresholds__alpha=0.01`` of a finder does.

        Parameters
        ----------
        **params : float
            Name -> threshold.

        Returns
        -------
        DecisionThresholds
            Itself.

        Raises
        ------
        InvalidDataError
            If there is no such threshold; none is changed then.
        """
        known = [*self.get_params()]
        for name in params:
            if name not in known:
                raise InvalidDataError(
                    f"DecisionThresholds has no threshold {name!r}: there are "
                    f"{', '.join(known)}.{did_you_mean(name, known)}",
                    owner="DecisionThresholds",
                    name=name,
                    rule="the name of a threshold",
                    value=name,
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self


def check_thresholds(owner: str, thresholds: DecisionThresholds) -> None:
    """Raise if a threshold is out of its range."""
    for name, value in vars(thresholds).items():
        is_in_points = name.endswith(("_effect", "_gap"))
        if not is_number(value) or not 0 <= value <= (math.inf if is_in_points else 1):
            rule = "a number in [0, inf]" if is_in_points else "a number in [0, 1]"
            raise InvalidParameterError(owner, f"thresholds.{name}", rule, value)


def decision(
    effect_pp: float,
    p_adj: float,
    share: float,
    train_effect: float,
    test_effect: float,
    thresholds: DecisionThresholds | None = None,
) -> Decision:
    """Return what to do about a segment, as `DecisionThresholds` says.

    Effects are in points, `share` is the part of all rows that lies in the segment,
    and `p_adj` is the adjusted p-value in the rows of the test; NaN where there is
    none. Train and test effects may also be success rates of the segment, in points.
    """
    limits = DecisionThresholds() if thresholds is None else thresholds
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
