"""YAML as plain data, without the surprises of YAML 1.1. It needs the extra ``cli``."""

from __future__ import annotations

import re
from typing import Any

import yaml

from skseg.exceptions import InvalidDataError

_PREFIX = "tag:yaml.org,2002:"
_AMBIGUOUS = "!yes-or-no"
_QUOTE = (
    "Put a rule in quotes if it holds ': ' or ' #', or begins with a quote, a bracket "
    "or another sign; or write it as a block, behind |"
)


class _Loader(yaml.SafeLoader):
    """Names are text as written; only plain numbers, true and null are not text.

    Other YAML readers take 010 for eight, 1:30 for ninety and no for false.
    """

    # A dict of this class: that of its base says what YAML 1.1 takes for a number.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(
                None,
                None,
                "Aliases are not read; write the value out",
                event.start_mark,
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        content = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _problem("A name must be text", key)
            line = key.start_mark.line + 1
            if key.value in lines:
                raise _problem(
                    f"The key {key.value!r} stands twice, first in line "
                    f"{lines[key.value]}",
                    key,
                )
            lines[key.value] = line
            content[key.value] = self.construct_object(value, deep=True)
        return content

    def construct_ambiguous(self, node: Any) -> Any:
        raise _problem(
            f"The word {node.value} may be text, or true or false; put text in quotes, "
            f'"{node.value}", or write true or false',
            node,
        )


def _problem(text: str, node: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, text, node.start_mark)


_FLOAT = (
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
for _tag, _pattern, _first in (
    (f"{_PREFIX}null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (f"{_PREFIX}bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (f"{_PREFIX}int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    (f"{_PREFIX}float", _FLOAT, list("-+.0123456789")),
    (_AMBIGUOUS, r"(?i:yes|no|on|off)", list("yYnNoO")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)
_Loader.add_constructor(_AMBIGUOUS, _Loader.construct_ambiguous)


def load_yaml(text: str, name: str) -> Any:
    """Return the only document of `text` as plain data, with text as keys.

    Raises ValueError, with a message that begins with the `name` of the file, if this
    is no YAML, a key stands twice, or there are several documents.
    """
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise InvalidDataError(f"{name}{_message(error)}") from None
    except yaml.reader.ReaderError as error:
        raise InvalidDataError(
            f"{name} holds the character #x{error.character:04x}, which YAML has not."
        ) from None


def _message(error: yaml.MarkedYAMLError) -> str:
    """Return the line, what is wrong in it, and the line itself with a caret."""
    mark, problem = error.problem_mark, error.problem or "It is no YAML"
    if problem.startswith("but found another document"):
        problem = "A second document begins here; a rules file is a single one"
    elif r"'\t'" in problem:
        problem = "A tab stands where YAML needs spaces"
    elif not isinstance(error, yaml.constructor.ConstructorError) or "tag" in problem:
        problem = f"Not YAML, {problem}. {_QUOTE}"
    if mark is None:
        return f": {problem}."
    shown = mark.get_snippet(indent=2) if mark.buffer is not None else None
    place = f", line {mark.line + 1}: {problem}."
    return place if shown is None else f"{place}\n{shown}"
