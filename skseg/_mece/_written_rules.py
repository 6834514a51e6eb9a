"""Business rules as they are written, before any data is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skseg._core._validation import check_choice, check_size
from skseg.exceptions import InvalidDataError
from skseg.rules import MECEReport, Rule, RuleSet

from ._parameters_json import snapshot
from ._rules import OWNER, read_rules, taken_apart, tiers

# Name of the default where gaps are declared without naming it.
_OTHERS = "Others"


class WrittenRulesMixin:
    """Mixin for segmenters whose rules are parameters."""

    rules: Mapping[str, str | Rule] | RuleSet | None
    params: Mapping[str, Any] | None
    default: str | None
    on_overlap: str
    on_gap: str
    universe: str | Rule | None
    min_size: float | None
    max_size: float | None
    oversize: str
    schema: Mapping[str, Any] | None
    on_invalid: str

    def verify(self) -> MECEReport:
        """Prove or refute the rules before any data is seen.

        Quantiles may be any values that rise with their levels, so rules that pass are
        a partition whatever the data. Needs no ``fit``.

        Returns
        -------
        MECEReport
            About the rules as written, before `on_overlap`. A named `default` and
            ``on_gap="default"`` count.

        Raises
        ------
        ValueError
            If a rule is wrong, there are none, or the proof does not end; see
            `RuleSet.verify`.

        Examples
        --------
        >>> from skseg import MECERuleSegmenter
        >>> print(MECERuleSegmenter({"VIP": "aov >= q(0.75)", "Small": "aov < 40"},
        ...                         default="Others").verify().overlaps[0])
        'VIP' and 'Small' overlap where aov: [37, 40);
        for example aov=37 with q(0.75)=37 of aov
        """
        return self.parse_rules().verify(self.schema)

    def parse_rules(self) -> RuleSet:
        """Return the rules as written, before any data is seen.

        Returns
        -------
        RuleSet
            The rules with the values of their parameters, the universe, and the default
            that `default` or `on_gap` declares. Quantiles are not resolved, and rules
            may overlap. Needs no ``fit``.

        Raises
        ------
        ValueError
            If a rule or a parameter is wrong, or there are no rules.

        Examples
        --------
        >>> from skseg import MECERuleSegmenter
        >>> segmenter = MECERuleSegmenter({"VIP": "aov >= q(0.75)"}, default="Others")
        >>> print(segmenter.parse_rules())
        VIP: aov >= q(0.75)
        Others: everyone else
        """
        self._check_parameters()
        if self.rules is None:
            raise InvalidDataError(
                "The rules must be given where there is no data: the tiers that stand "
                "in for None are those of a column.",
                owner=OWNER,
                name="rules",
            )
        conditions, default, universe = self._written()
        rules = read_rules(conditions, universe, self.params, None)
        return RuleSet(rules.rules, default=default, universe=rules.universe)

    def _check_parameters(self) -> None:
        """Check what takes neither rules nor data."""
        check_choice(OWNER, "on_overlap", self.on_overlap, ["raise", "first"])
        check_choice(OWNER, "on_gap", self.on_gap, ["raise", "default"])
        check_choice(OWNER, "oversize", self.oversize, ["raise", "allow"])
        check_choice(OWNER, "on_invalid", self.on_invalid, ["raise", "outside"])
        check_size(OWNER, "min_size", self.min_size, 1.0)
        check_size(OWNER, "max_size", self.max_size, 1.0)

    def _written(self) -> tuple[Any, str | None, str | Rule | None]:
        """Return rules, default and universe, whichever parameter they come from."""
        rules, default, universe = self.rules, self.default, self.universe
        if isinstance(rules, RuleSet):
            rules, default, universe = taken_apart(rules, default, universe)
        if default is None and self.on_gap == "default":
            default = _OTHERS
        return rules, default, universe

    def _parameters_of_fit(self) -> dict[str, Any]:
        """Return a copy of the parameters, a rule set as a mapping of rules."""
        parameters = snapshot(self.get_params(deep=False))  # type: ignore[attr-defined]
        if isinstance(self.rules, RuleSet):
            conditions, default, universe = taken_apart(
                self.rules, self.default, self.universe
            )
            parameters |= {
                "rules": dict(conditions),
                "default": default,
                "universe": universe,
            }
        return parameters

    def _template(self, columns: Sequence[str]) -> tuple[RuleSet, str | None]:
        """Return the rules before their quantiles are resolved, and the default."""
        rules, default, universe = self._written()
        if rules is None:
            rules = tiers(columns[0])
        return read_rules(rules, universe, self.params, columns), default
