"""Files of rules: hand-written definitions, rule sets and strategies."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skseg._documents._errors import DocumentError
from skseg._documents._json import dump_json
from skseg._documents._plain_file import read_plain
from skseg.exceptions import InvalidDataError, RuleError, did_you_mean
from skseg.rules import Domain, MECEReport, RuleSet
from skseg.rules._language._conditions import PLURAL, Kind
from skseg.rules._language._json import rule_set_arguments
from skseg.rules._proof._domain import as_schema, domain_of_kind

from ._definition import kind_of, read_definition
from ._wording import key_terms, worded

if TYPE_CHECKING:
    from skseg._mece import MECERuleSegmenter

DEFINITION, RULE_SET, STRATEGY = "definition", "rules", "strategy"
FORMATS = {"skseg.rules": RULE_SET, "skseg.strategy": STRATEGY}


# Parameters of `MECERuleSegmenter` that have no effect on what commands write.
_OF_PIPELINES = ("encode", "pos_label", "cv")


@dataclass(frozen=True)
class RulesFile:
    """A file of rules: a definition, a rule set ("rules") or a strategy.

    A definition holds the parameters of `MECERuleSegmenter`, a strategy the JSON of a
    fitted one, and the `business_rules` that its segments come from. Quantiles in
    `rules` are open. The text is the JSON of a strategy, else empty. `notes` are
    sentences about edits of a strategy that have no effect, `had_outcome` tells whether
    it was fitted with an outcome.
    """

    path: Path
    form: str
    rules: RuleSet
    schema: dict[str, Domain]
    text: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    had_outcome: bool = False
    business_rules: RuleSet = field(default_factory=lambda: RuleSet({}))

    @property
    def first_counts(self) -> bool:
        """Whether rules are declared to overlap, so that the first one counts."""
        is_definition = self.form == DEFINITION
        return is_definition and self.parameters.get("on_overlap") == "first"

    @property
    def columns(self) -> dict[str, Kind | None]:
        """The columns to read -> the kind of their values, or None for any."""
        kinds: dict[str, Kind | None] = dict(self.rules.kinds)
        if self.form == DEFINITION:
            split_on = self.parameters.get("split_on") or []
            kinds |= dict.fromkeys([*split_on, *self.score_columns], "number")
        for name in kinds:
            of_schema = self.schema[name].kind if name in self.schema else None
            of_rules = self.business_rules.kinds.get(name)
            kinds[name] = kinds[name] or of_rules or of_schema
        return kinds

    @property
    def optional_columns(self) -> dict[str, Kind | None]:
        """The columns that are read where they are there -> their kind.

        Only figures of a strategy need them, or the schema by which rows are outside.
        """
        if self.form != STRATEGY:
            is_enforced = self.parameters.get("on_invalid") == "outside"
            domains = self.schema if is_enforced else {}
            return {n: d.kind for n, d in domains.items() if n not in self.columns}
        scored: dict[str, Kind | None] = dict.fromkeys(self.score_columns, "number")
        kinds = scored | dict(self.business_rules.kinds)
        return {name: k for name, k in kinds.items() if name not in self.columns}

    @property
    def score_columns(self) -> list[str]:
        """The columns whose means are part of the score."""
        weights = self.parameters.get("score_weights") or {}
        return [name for name in weights if name not in ("outcome", "size")]

    def strategy(self) -> MECERuleSegmenter:
        """Return the segmenter that a strategy stores."""
        from skseg._mece import MECERuleSegmenter

        with warnings.catch_warnings():
            # The command shows the notes on edits without effect.
            warnings.filterwarnings("ignore", ".* edited by hand")
            return MECERuleSegmenter.from_strategy(self.text)

    def verify(self, *, max_findings: int = 20) -> MECEReport:
        """Return the proof; see `RuleSet.verify`."""
        return self.rules.verify(self.schema, max_findings=max_findings)


def read_rules_file(path: Path, *, refit: bool = False) -> RulesFile:
    """Read a file of rules in any of its forms, and check what needs no data.

    With `refit` a strategy is read as the definition that it was fitted from, with the
    edits since. Raises ValueError, with a message that names the file, if something is
    wrong with it.
    """
    content = read_plain(path)
    try:
        if not isinstance(content, dict):
            raise RuleError(f"It must hold keys with values. It is {kind_of(content)}.")
        if "format" in content:
            file = _read_written(path, content, refit=refit)
        else:
            file = _read_definition(path, content)
        _check_schema(file)
    except ValueError as error:
        message = worded(error, key_terms(path.name))
        if "unterminated string" in message and path.suffix.lower() != ".json":
            message += "\nTo YAML, ' #' begins a comment: put such a rule in quotes."
        raise InvalidDataError(message) from None
    return file


def _read_written(path: Path, content: dict[str, Any], *, refit: bool) -> RulesFile:
    """Read what skseg has written; the reader of each form checks its keys."""
    name = content["format"]
    if name not in list(FORMATS):
        hint = did_you_mean(str(name), FORMATS)
        formats = " or ".join(map(repr, FORMATS))
        raise RuleError(
            f"The key 'format' must be {formats}. It is {kind_of(name)}.{hint}"
        )
    if FORMATS[name] == RULE_SET:
        if refit:
            raise RuleError(
                "A rule set has no parameters to fit again.",
                advice="Leave out --refit: quantiles in it are those of the data "
                "anyway.",
            )
        return RulesFile(path, RULE_SET, RuleSet(**rule_set_arguments(content)), {})
    try:
        text = dump_json(content)
    except DocumentError as error:
        # YAML has infinities.
        raise RuleError(f"A strategy is JSON: {error.problem}.") from None
    return _read_strategy(path, text, refit=refit)


def _read_strategy(path: Path, text: str, *, refit: bool) -> RulesFile:
    from skseg._mece import MECERuleSegmenter, Strategy

    strategy = Strategy(text)
    schema, parameters = strategy.schema, strategy.parameters_to_fit()
    notes = list(strategy.notes)
    if not refit:
        rules = strategy.rules
        return RulesFile(
            path,
            STRATEGY,
            rules,
            schema,
            text,
            parameters,
            tuple(notes),
            business_rules=strategy.base,
        )
    if strategy.is_own_definition:
        notes.append(
            "The segments of the strategy were edited, so they are the rules that are "
            "fitted: their thresholds are the numbers that stand there."
        )
    rules = MECERuleSegmenter(**parameters).parse_rules()
    return RulesFile(
        path,
        DEFINITION,
        rules,
        schema,
        parameters=parameters,
        notes=tuple(notes),
        had_outcome="outcome" in strategy.segments,
    )


def _read_definition(path: Path, content: dict[str, Any]) -> RulesFile:
    from skseg._mece import MECERuleSegmenter

    keys = [
        key
        for key in inspect.signature(MECERuleSegmenter).parameters
        if key not in _OF_PIPELINES
    ]
    parameters = read_definition(content, keys)
    segmenter = MECERuleSegmenter(**parameters)
    rules = segmenter.parse_rules()
    schema = as_schema(segmenter.schema)
    file = RulesFile(path, DEFINITION, rules, schema, parameters=parameters)
    for column in schema:
        if column not in file.columns:
            raise RuleError(
                f"The schema names the column {column!r}, which nothing else in the "
                f"file names.{did_you_mean(column, file.columns)}",
                name="schema",
                column=column,
                advice="A schema is about columns that rules, 'universe', 'split_on' "
                "or 'score_weights' name.",
            )
    return file


def _check_schema(file: RulesFile) -> None:
    """Raise where schema and rules speak of different kinds of values."""
    kinds = file.columns
    for name, domain in file.schema.items():
        kind = kinds.get(name)
        # Booleans are also the numbers 1 and 0.
        if domain.kind and kind and domain_of_kind(domain, kind).kind != kind:
            raise RuleError(
                f"The schema says that the column {name!r} holds "
                f"{PLURAL[domain.kind]}; the rules compare it with {PLURAL[kind]}."
            )
