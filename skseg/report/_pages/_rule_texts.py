"""The rule of each segment: in English, as written, and as SQL."""

from __future__ import annotations

from dataclasses import dataclass

from skseg._core._segment_words import full_rules
from skseg.exceptions import MissingExtraError, RuleError
from skseg.rules import RuleSet

from ._source import Source

_NO_RULES = (
    "The rule is not known: the profile was made from codes, which do not say how "
    "customers were put into segments."
)


@dataclass(frozen=True)
class RuleText:
    """A rule in words, as it is written, and as SQL; or why that is missing."""

    english: str
    written: str = ""
    sql: str = ""
    note: str = ""


def rule_texts(source: Source) -> dict[int, RuleText]:
    """Return code -> the texts of the segment's rule."""
    rules = source.profile.rules
    if rules is None:
        return {
            s.code: RuleText(_NO_RULES if not s.rule else "", s.rule)
            for s in source.segments
        }
    names = dict(zip(rules.names, rules.codes, strict=True))
    sql, note = _sql(rules, source.dialect)
    english, written = rules.describe(), rules.texts()
    texts = {
        code: RuleText(_sentence(name, english[name], rules), written[name], sql[name])
        if sql
        else RuleText(_sentence(name, english[name], rules), written[name], note=note)
        for name, code in names.items()
    }
    universe = rules.universe
    outside = "" if universe is None else f"everyone but those for whom {universe}"
    missing = RuleText("Customers to whom no rule applies.", outside)
    return {s.code: texts.get(s.code, missing) for s in source.segments}


def _sentence(name: str, clause: str, rules: RuleSet) -> str:
    within = "" if rules.universe is None else " of the audience"
    if name == rules.default:
        return f"Everyone{within} who is in none of the other segments."
    if within:
        return f"Customers of the audience ({rules.universe}) whose {clause}."
    return f"Customers whose {clause}."


def _sql(rules: RuleSet, dialect: str) -> tuple[dict[str, str], str]:
    """Return name -> condition, or nothing and the reason."""
    try:
        # Where rules overlap, the first one decides; the condition stands alone.
        complete = full_rules(rules.disjoint())
        names = [*rules.rules, *([] if rules.default is None else [rules.default])]
        conditions = [rule.to_sql(dialect) for rule in complete]
    except MissingExtraError as error:
        return {}, f"There is no SQL here: {error}"
    except RuleError:
        return {}, "There is no SQL here, since this rule cannot be written as one."
    return dict(zip(names, conditions, strict=True)), ""
