"""Files of rules: hand-written definitions, rule sets and strategies."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skseg._core._validation import check_size
from skseg._mece import MECERuleSegmenter
from skseg._mece._rules import OWNER, read_rules
from skseg._mece._strategy_json import Strategy
from skseg.exceptions import InvalidDataError, RuleError, did_you_mean
from skseg.rules import Domain, MECEReport, RuleSet, parse
from skseg.rules._language._conditions import Comparison
from skseg.rules._proof._domain import as_schema

from ._plain_data import read_plain
from ._rules_shapes import check_keys, check_shapes, kind_of

DEFINITION, RULE_SET, STRATEGY = "definition", "rules", "strategy"

# What may stand in files that skseg has written, besides "format" and "version".
_FORMATS = {
    "skseg.rules": (RULE_SET, ["universe", "rules", "default"]),
    "skseg.strategy": (
        STRATEGY,
        [
            *("columns", "universe", "min_size", "max_size", "schema", "segments"),
            "lineage",
        ],
    ),
}
_REQUIRED = {RULE_SET: ["rules"], STRATEGY: ["columns", "segments", "lineage"]}
_THRESHOLD = re.compile(r"\s*(?:q|max|min)\s*\(.*\)\s*", re.DOTALL)


@dataclass(frozen=True)
class RulesFile:
    """A file of rules, read.

    Attributes
    ----------
    path : Path
        Where it is.
    form : {"definition", "rules", "strategy"}
        What it is: parameters of `MECERuleSegmenter`, or the JSON of a `RuleSet` or of
        a fitted `MECERuleSegmenter`.
    rules : RuleSet
        The rules with the values of their parameters; quantiles are open.
    schema : dict of str to Domain
        What is known of the columns.
    text : str
        The content as JSON.
    parameters : dict
        Of `MECERuleSegmenter`; empty for other forms.
    """

    path: Path
    form: str
    rules: RuleSet
    schema: dict[str, Domain]
    text: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def first_counts(self) -> bool:
        """Whether it is declared that rules may overlap, and the first one counts."""
        return self.parameters.get("on_overlap") == "first"

    @property
    def columns(self) -> dict[str, str | None]:
        """The columns to read -> "number", "text", or None for whatever it is."""
        kinds: dict[str, str | None] = dict(self.rules.kinds)
        for name in self.parameters.get("split_on") or []:
            kinds[name] = "number"
        for name in self.parameters.get("score_weights") or {}:
            if name not in ("outcome", "size"):
                kinds[name] = "number"
        for name in kinds.keys() & self.schema.keys():
            kinds[name] = kinds[name] or self.schema[name].kind
        return kinds

    def verify(self, *, max_findings: int = 20) -> MECEReport:
        """Return the proof; see `RuleSet.verify`."""
        return self.rules.verify(self.schema, max_findings=max_findings)


def read_rules_file(path: Path) -> RulesFile:
    """Read a file of rules in any of its forms.

    Parameters
    ----------
    path : Path
        YAML or JSON.

    Returns
    -------
    RulesFile
        What it says, checked as far as that goes without data.

    Raises
    ------
    ValueError
        If something is wrong with it; the message names the file.
    MissingExtraError
        If it is YAML, and PyYAML is not installed.
    """
    content = read_plain(path)
    try:
        if not isinstance(content, dict):
            raise RuleError(f"it must hold keys with values. It is {kind_of(content)}.")
        read = _written if "format" in content else _definition
        file = read(path, content)
        _check_schema(file)
    except ValueError as error:
        message = in_terms_of_keys(str(error))
        if "unterminated string" in message and path.suffix.lower() != ".json":
            message += "\nTo YAML, ' #' begins a comment: put such a rule in quotes."
        raise InvalidDataError(f"{path.name}: {message}") from None
    return file


def in_terms_of_keys(message: str) -> str:
    """Return a message of the library with its parameters as keys of a file."""
    message = re.sub(rf"The '(\w+)' parameter of {OWNER}", r"the key '\1'", message)
    message = message.replace("must be None, ", "must be ")
    message = message.replace("on_overlap='first'", "on_overlap: first")
    message = message.replace("default='Others'", "default: Others")
    message = re.sub(rf"^The (rule|universe)\b(.*?) of {OWNER}:", r"the \1\2:", message)
    return message.replace(f" of {OWNER}", "")


def _written(path: Path, content: dict[str, Any]) -> RulesFile:
    if content["format"] not in list(_FORMATS):
        hint = did_you_mean(str(content["format"]), _FORMATS)
        known = " or ".join(map(repr, _FORMATS))
        raise RuleError(
            f"the key 'format' must be {known}. It is {kind_of(content['format'])}."
            f"{hint}"
        )
    form, known_keys = _FORMATS[content["format"]]
    check_keys(content, ["format", "version", *known_keys])
    for key in _REQUIRED[form]:
        if key not in content:
            raise RuleError(f"the key {key!r} is missing.")
    try:
        text = json.dumps(content, ensure_ascii=False)
    except TypeError:
        raise RuleError("a value in it is neither text nor a number.") from None
    if form == RULE_SET:
        return RulesFile(path, form, RuleSet.from_json(text), {}, text)
    strategy = Strategy(text)
    return RulesFile(path, form, strategy.rules, strategy.schema, text)


def _definition(path: Path, content: dict[str, Any]) -> RulesFile:
    check_keys(content, list(inspect.signature(MECERuleSegmenter).parameters))
    if "rules" not in content:
        raise RuleError("the key 'rules' is missing, a mapping of names to rules.")
    check_shapes(content)
    if content.get("params") is not None:
        content["params"] = {n: _value(n, v) for n, v in content["params"].items()}
    segmenter = MECERuleSegmenter(**content)
    segmenter._check_choices()
    for bound in ("min_size", "max_size"):
        check_size(OWNER, bound, getattr(segmenter, bound), 1.0)
    rules = read_rules(content["rules"], segmenter.universe, segmenter.params, None)
    complete = RuleSet(
        rules.rules, default=segmenter._default_name(), universe=rules.universe
    )
    schema = as_schema(segmenter.schema)
    return RulesFile(path, DEFINITION, complete, schema, "", content)


def _value(name: str, value: Any) -> Any:
    """Return the value of a named parameter; text such as q(0.75) is a threshold."""
    if not isinstance(value, str) or not _THRESHOLD.fullmatch(value):
        return value
    try:
        rule = parse(f"x >= {value}")
    except RuleError as error:
        raise RuleError(f"the parameter {name!r}: {error}") from None
    return rule.threshold if isinstance(rule, Comparison) else value


def _check_schema(file: RulesFile) -> None:
    kinds = file.columns
    for name, domain in file.schema.items():
        if domain.kind and kinds.get(name) and domain.kind != kinds[name]:
            raise RuleError(
                f"the schema says that the column {name!r} holds {domain.kind}s; the "
                f"rules compare it with {kinds[name]}s.".replace("texts", "text")
            )
