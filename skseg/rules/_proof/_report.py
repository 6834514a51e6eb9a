"""What a proof shows: the verdict, and the overlaps and gaps among rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from skseg._html import html_table
from skseg.rules._language._dates import is_date_value, moment_text
from skseg.rules._language._thresholds import Quantile, format_number


@dataclass(frozen=True)
class Overlap:
    """Two rules that hold for the same rows.

    Attributes
    ----------
    names : tuple of str
        The two rules, in the order of the rule set.
    box : dict of str to str
        Column -> values of a maximal box of shared rows, for the columns that the box
        restricts.
    witness : dict of str to float, str, datetime or None
        One shared row; None is missing.
    quantiles : dict of str to dict of float to float
        Column -> level -> value: an example of quantiles, left open in the rules,
        for which the rows exist. Empty for resolved rules.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> rules = RuleSet({"VIP": "aov >= 120", "Free": "plan == 'free'"})
    >>> rules.verify().overlaps[0].witness
    {'aov': 120.0, 'plan': 'free'}
    """

    names: tuple[str, str]
    box: dict[str, str]
    witness: dict[str, Any]
    quantiles: dict[str, dict[float, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        first, second = self.names
        return f"{first!r} and {second!r} overlap {_where(self, 'everywhere')}"


@dataclass(frozen=True)
class Gap:
    """Rows for which no rule holds.

    Attributes
    ----------
    box : dict of str to str
        Column -> values of a maximal box of uncovered rows, for the columns that the
        box restricts.
    witness : dict of str to float, str, datetime or None
        One uncovered row; None is missing.
    quantiles : dict of str to dict of float to float
        Column -> level -> value: an example of quantiles, left open in the rules,
        for which the rows exist. Empty for resolved rules.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> RuleSet({"Old": "age > 40", "Young": "age <= 40"}).verify().gaps[0].witness
    {'age': None}
    """

    box: dict[str, str]
    witness: dict[str, Any]
    quantiles: dict[str, dict[float, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"no rule holds {_where(self, 'anywhere')}"


@dataclass(frozen=True)
class MECEReport:
    """The verdict of `RuleSet.verify`, with the overlaps and gaps that show it.

    Parameters
    ----------
    is_exclusive : bool
        No row satisfies two rules.
    is_exhaustive : bool or None
        Every row satisfies a rule, or the rule set has a default. None where the rules
        overlap in so entangled a way that the search for gaps ran out of steps.
    overlaps : tuple of Overlap
        The first `max_findings` overlapping pairs of rules.
    n_overlaps : int
        Number of overlapping pairs.
    gaps : tuple of Gap
        The first `max_findings` disjoint regions that no rule covers. With a default
        they are the rows that the default takes.
    unreachable : tuple of str or None
        Rules that no row reaches when the first rule that holds wins, the default
        included; None if that was not decided.
    default : str, default=None
        Name of the segment of the rows for which no rule holds.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> report = RuleSet({"Old": "age > 40", "Young": "age <= 40"}).verify()
    >>> report.is_exclusive, report.is_exhaustive
    (True, False)
    >>> print(report)
    Not collectively exhaustive.
      no rule holds where age: missing; for example age=missing
    """

    is_exclusive: bool
    is_exhaustive: bool | None
    overlaps: tuple[Overlap, ...]
    n_overlaps: int
    gaps: tuple[Gap, ...]
    unreachable: tuple[str, ...] | None
    default: str | None = field(default=None, repr=False)

    @property
    def is_mece(self) -> bool:
        """Mutually exclusive and collectively exhaustive."""
        return self.is_exclusive and self.is_exhaustive is True

    def _verdicts(self) -> list[tuple[str, tuple[Overlap | Gap, ...]]]:
        """Return the sentences of the verdict, each with the findings that show it."""
        verdicts: list[tuple[str, tuple[Overlap | Gap, ...]]] = []
        if self.is_mece:
            verdicts.append(("Mutually exclusive and collectively exhaustive.", ()))
        if self.n_overlaps:
            pairs = "pair overlaps" if self.n_overlaps == 1 else "pairs overlap"
            sentence = f"Not mutually exclusive: {self.n_overlaps} {pairs}."
            verdicts.append((sentence, self.overlaps))
        if self.is_exhaustive is None:
            sentence = "Collectively exhaustive: undecided; resolve the overlaps first."
            verdicts.append((sentence, ()))
        if self.gaps:
            rest = f"The default {self.default!r} takes the rest:"
            sentence = rest if self.default else "Not collectively exhaustive."
            verdicts.append((sentence, self.gaps))
        if self.unreachable:
            names = ", ".join(map(repr, self.unreachable))
            verdicts.append((f"No row reaches {names}.", ()))
        return verdicts

    def __str__(self) -> str:
        return "\n".join(
            line
            for sentence, findings in self._verdicts()
            for line in (sentence, *(f"  {finding}" for finding in findings))
        )

    def _repr_html_(self) -> str:
        caption = "\n".join(sentence for sentence, _ in self._verdicts())
        rows = [("overlap", ", ".join(o.names), *_texts(o)) for o in self.overlaps]
        rows += [("gap", "", *_texts(gap)) for gap in self.gaps]
        head = ("finding", "segments", "where", "for example", "with quantiles")
        return html_table(head, rows, caption)


def _where(finding: Overlap | Gap, everywhere: str) -> str:
    """Say where a box lies, show a row of it, and name the quantiles it depends on."""
    text = everywhere
    if finding.box:
        text = f"where {_box_text(finding)}; for example {_witness_text(finding)}"
    quantiles = _quantiles_text(finding)
    return f"{text} with {quantiles}" if quantiles else text


def _texts(finding: Overlap | Gap) -> tuple[str, str, str]:
    """Return the box, the witness and the quantiles of a finding, in words."""
    box = _box_text(finding) or "everywhere"
    return box, _witness_text(finding), _quantiles_text(finding)


def _box_text(finding: Overlap | Gap) -> str:
    return " and ".join(f"{name}: {values}" for name, values in finding.box.items())


def _witness_text(finding: Overlap | Gap) -> str:
    witness = finding.witness
    return ", ".join(f"{n}={_value(witness[n])}" for n in witness if n in finding.box)


def _quantiles_text(finding: Overlap | Gap) -> str:
    return ", ".join(
        f"{' and '.join(f'{Quantile(p)}={_value(v)}' for p, v in levels.items())} of "
        f"{name}"
        for name, levels in finding.quantiles.items()
        # Whether a value is missing does not depend on quantiles.
        if finding.box.get(name, "missing") != "missing"
    )


def _value(value: Any) -> str:
    if value is None:
        return "missing"
    if is_date_value(value):
        return moment_text(value)
    return format_number(value) if isinstance(value, float) else repr(value)
