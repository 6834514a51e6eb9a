"""What to do about a finding."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, Self

from skseg._core._validation import is_number
from skseg._finders._rows._economics import Economics
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean

Decision = Literal["Implement", "Pilot", "Hold", "Skip"]
DECISIONS: list[str] = ["Implement", "Pilot", "Hold", "Skip"]

_SHARES = ("implement_share", "pilot_share", "alpha", "pilot_alpha", "rest_alpha")


@dataclass
class DecisionThresholds:
    """What a finding has to reach for each decision.

    Effects and gaps are in points: percentage points of a rate, which is the mean of a
    0 / 1 outcome; per cent of the mean without signs of any other. A gap is by how much
    the effect in the rows that were searched exceeds the one that is reported; amounts
    scatter more, so of theirs only what is larger than the effect itself counts.

    Parameters
    ----------
    implement_effect : float, default=10.0
        Least effect of an Implement, in points; less for a rare outcome.
    pilot_effect : float, default=5.0
        Least effect of a Pilot, in points; less for a rare outcome. What has less than
        that is a Skip.
    rare_below : float, default=20.0
        Mean below which an outcome is rare, in points. Least effects shrink with it in
        proportion, so that they are lifts: 50 and 25 % of the mean, see Notes. With 0
        they are always in points, with 100 they are lifts in per cent.
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
    pilot_alpha : float, default=0.1
        Largest adjusted p-value of a Pilot, unless `alpha` is larger; what has a larger
        one is a Hold.
    rest_alpha : float, default=0.5
        Largest p-value at which customers in no sure finding go to the group that does
        better among them; above it they go to the group that costs less, or to the
        reference. The default asks for two thirds of a standard error, as a default
        group breaks ties: at 0.05 a group that is better by 1.5 standard errors would
        be passed over two times in three. At 1 the better mean decides.
    min_group : float, default=20
        Least number of rows of either group for a Pilot or an Implement.
    min_events : float, default=5
        Least number of events for a Pilot or an Implement that the smaller group would
        have if the groups did not differ. Events are the rarer outcome of a rate, and
        amounts other than 0.
    value : float, default=None
        What a unit of the outcome is worth: a conversion for a 0 / 1 outcome, 1 for
        amounts of money; below 0 for an outcome that costs, such as a complaint. With
        it, effects are profits per customer in the currency of the value, and p-values
        are about the profit: whether the effect differs from the break-even. None:
        profits play no part.
    cost : float, default=0.0
        What each customer of the treatment, group A, costs more than one of B, in the
        same currency.
    implement_profit : float, default=0.0
        Least profit of an Implement, instead of its effect, where there is a `value`.
    pilot_profit : float, default=0.0
        Least profit of a Pilot, instead of its effect, where there is a `value`.

    See Also
    --------
    BoxSegmentFinder : Takes them as its parameter ``thresholds``; ``fit`` checks them.

    Notes
    -----
    The first that applies:

    - Skip: fewer rows than a pilot takes, an effect below that of a pilot, or the
      opposite effect in the rows that were searched. It is not worth more data;
    - Hold: large enough, and not proven. The adjusted p-value is larger than a pilot
      allows, or there is none, or no interval; a group has too few rows or events; or
      the gap is larger than a pilot allows. Gather data first;
    - Implement: effect, share and gap are those of an Implement, and the adjusted
      p-value is at most `alpha`;
    - Pilot: all else. It is proven at `pilot_alpha`, so that at most one search in ten
      recommends anything where the groups do not differ at all.

    What is rare is decided by the smallest mean in the finding: that of the rarer
    outcome, such as sales, in the group in which it is rarer. Where it is from 20 to
    80 %, an Implement takes 10 points. Where sales are 1 %, it takes a lift of 50 %,
    which is half a point, and a segment that doubles them is one. Of amounts it is the
    mean without signs in the group in which that is smaller.

    With a `value`, decisions and ``best_group`` are about profits: `value` times the
    effect, less `cost`. Findings in which the treatment pays have positive ones.
    Profits take the place of effects; gaps are still those of the outcome.

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

    For whom does seller A pay, who costs 3 more a lead, if a sale brings 60?

    >>> profit = DecisionThresholds(value=60.0, cost=3.0)
    >>> finder = finder.set_params(thresholds=profit)
    >>> table = finder.fit(X, leads["converted"], group=leads["seller"]).segments_
    >>> print(table[["best_group", "effect", "unit", "break_even"]].round(1))
      best_group  effect    unit  break_even
    0          A     7.9  profit         5.0
    """

    implement_effect: float = 10.0
    pilot_effect: float = 5.0
    rare_below: float = 20.0
    implement_share: float = 0.05
    pilot_share: float = 0.01
    implement_gap: float = 10.0
    pilot_gap: float = 20.0
    alpha: float = 0.05
    pilot_alpha: float = 0.1
    rest_alpha: float = 0.5
    min_group: float = 20
    min_events: float = 5
    value: float | None = None
    cost: float = 0.0
    implement_profit: float = 0.0
    pilot_profit: float = 0.0

    @classmethod
    def historical(cls) -> Self:
        """Return the thresholds of older reports, whose pilots ask for no evidence.

        An effect of 5 points that goes the same way in searched and tested rows is a
        Pilot, whatever its p-value and however rare the outcome. Where the groups do
        not differ at all, most searches then recommend one.

        Returns
        -------
        DecisionThresholds
            New thresholds.

        Examples
        --------
        >>> from skseg import DecisionThresholds
        >>> DecisionThresholds.historical().pilot_alpha
        1.0
        """
        return cls(
            rare_below=0.0,
            pilot_alpha=1.0,
            min_group=0,
            min_events=0,
        )

    @property
    def economics(self) -> Economics | None:
        """What outcomes are worth and the treatment costs; None without a value."""
        return None if self.value is None else Economics(self.value, self.cost)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
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

    def set_params(self, **params: Any) -> Self:
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
    for name, value in thresholds.get_params().items():
        if name == "value":
            is_valid = value is None or (_is_finite(value) and value != 0)
            rule = "None or a finite number other than 0"
        elif name == "cost":
            is_valid, rule = _is_finite(value), "a finite number"
        elif name in _SHARES:
            is_valid = is_number(value) and 0 <= value <= 1
            rule = "a number in [0, 1]"
        else:
            is_valid = is_number(value) and 0 <= value <= math.inf
            rule = "a number in [0, inf]"
        if not is_valid:
            raise InvalidParameterError(owner, f"thresholds.{name}", rule, value)
    if thresholds.value is None and thresholds.cost != 0:
        raise InvalidParameterError(
            owner,
            "thresholds.cost",
            "0 where thresholds.value is None, since nothing is compared with it",
            thresholds.cost,
            advice="Say what a unit of the outcome is worth, such as value=10.0 for a "
            "conversion, or value=1.0 for amounts in the currency of the cost.",
        )


def check_treatment_of_cost(
    owner: str, economics: Economics | None, groups: tuple[Any, Any] | None
) -> None:
    """Raise if a treatment costs something and nobody is treated."""
    if groups is None and economics is not None and economics.cost != 0:
        raise InvalidParameterError(
            owner,
            "thresholds.cost",
            "0 without a group, since it is the cost of those who are treated",
            economics.cost,
            advice="Pass the group of each row to fit, or leave out the cost.",
        )


def _is_finite(value: Any) -> bool:
    return is_number(value) and math.isfinite(value)


class FindingFacts(NamedTuple):
    """What a decision about a finding rests on.

    Effects of A over B, gap and means are in points of the outcome; NaN where they are
    not known.
    """

    effect: float
    gap: float  # from this effect to the one in the rows that were searched
    smallest_mean: float  # of the rarer outcome in the group in which it is rarer
    gain: float  # the effect as it is shown: as profit, if outcomes have a value
    searched_gain: float  # the same in the rows that were searched
    p_adj: float
    share: float  # of all rows
    n_group: float  # rows of the smaller group
    n_events: float  # events of the smaller group if the groups did not differ
    has_interval: bool


def decision(
    facts: FindingFacts, thresholds: DecisionThresholds | None = None
) -> Decision:
    """Return what to do about a finding, as `DecisionThresholds` says."""
    limits = DecisionThresholds() if thresholds is None else thresholds
    if (
        _is_below(facts.share, limits.pilot_share)
        or not _is_large(facts, limits, "pilot")
        or facts.gain * facts.searched_gain < 0
    ):
        return "Skip"
    if (
        any(map(math.isnan, facts))
        or not facts.has_interval
        or facts.p_adj > max(limits.pilot_alpha, limits.alpha)
        or _is_below(facts.n_group, limits.min_group)
        or _is_below(facts.n_events, limits.min_events)
        or _is_below(limits.pilot_gap, facts.gap)
    ):
        return "Hold"
    is_pilot = (
        _is_below(facts.share, limits.implement_share)
        or not _is_large(facts, limits, "implement")
        or _is_below(limits.implement_gap, facts.gap)
        or facts.p_adj > limits.alpha
    )
    return "Pilot" if is_pilot else "Implement"


def _is_large(facts: FindingFacts, limits: DecisionThresholds, verb: str) -> bool:
    """Tell whether the effect is that of a decision; an unknown one may be."""
    if limits.value is not None:
        return not _is_below(abs(facts.gain), getattr(limits, f"{verb}_profit"))
    least = getattr(limits, f"{verb}_effect")
    if facts.smallest_mean < limits.rare_below:
        least *= facts.smallest_mean / limits.rare_below
    return not _is_below(abs(facts.effect), least)


def _is_below(value: float, least: float) -> bool:
    # 100 * (0.3 - 0.2) is not below 10 points, and NaN is below nothing.
    return value < least and not math.isclose(value, least, rel_tol=1e-9)
