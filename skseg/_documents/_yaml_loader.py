"""YAML as plain data, without the surprises of YAML 1.1. It needs the extra ``cli``.

Of YAML this is what people write by hand: block and flow style, every kind of text in
quotes. Tags, anchors, aliases, merge keys and directives change what a document says
from afar; they are refused, as StrictYAML does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import yaml

from ._errors import DocumentError
from ._numbers import read_float, read_int
from ._plain import check_plain, shown_text

NumericT = TypeVar("NumericT", int, float)

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

    def process_directives(self) -> Any:
        if self.check_token(yaml.DirectiveToken):
            mark = self.peek_token().start_mark  # type: ignore[no-untyped-call]
            raise _problem("Directives, which begin with %, are not read", mark)
        return super().process_directives()  # type: ignore[no-untyped-call]

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise _problem(
                "Anchors and aliases are not read; write the value out, and put text "
                "that begins with & or * in quotes",
                event.start_mark,
            )
        if getattr(event, "tag", None) is not None:
            raise _problem(
                "Tags are not read; leave it out, and put text that begins with ! in "
                "quotes",
                event.start_mark,
            )
        return super().compose_node(parent, index)

    def compose_scalar_node(self, anchor: Any) -> Any:
        node = super().compose_scalar_node(anchor)
        # JSON writes a character beyond 16 bits as two escapes, its surrogates.
        units = node.value.encode("utf-16-le", "surrogatepass")
        node.value = units.decode("utf-16-le", "surrogatepass")
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        content = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _problem("A name must be text", key.start_mark)
            if key.value == "<<" and key.style is None:
                raise _problem(
                    "Merge keys are not read; write the values out", key.start_mark
                )
            line = key.start_mark.line + 1
            if key.value in lines:
                raise _problem(
                    f"The key {shown_text(key.value)} stands twice, first in line "
                    f"{lines[key.value]}",
                    key.start_mark,
                )
            lines[key.value] = line
            content[key.value] = self.construct_object(value, deep=True)
        return content

    def construct_ambiguous(self, node: Any) -> Any:
        raise _problem(
            f"The word {node.value} may be text, or true or false; put text in quotes, "
            f'"{node.value}", or write true or false',
            node.start_mark,
        )

    def construct_int(self, node: Any) -> int:
        return _number(read_int, node)

    def construct_float(self, node: Any) -> float:
        sign, is_infinite, _ = node.value.lower().partition(".inf")
        if is_infinite:
            return float(f"{sign}inf")
        if node.value.lower() == ".nan":
            raise _problem(
                "No value is written by leaving the key out, not .nan", node.start_mark
            )
        return _number(read_float, node)


def _number(read: Callable[[str], NumericT], node: Any) -> NumericT:
    try:
        return read(node.value)
    except DocumentError as error:
        problem = error.problem[:1].upper() + error.problem[1:]
        raise _problem(problem, node.start_mark) from None


def _problem(text: str, mark: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, text, mark)


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
for _tag, _construct in (
    (_AMBIGUOUS, _Loader.construct_ambiguous),
    (f"{_PREFIX}int", _Loader.construct_int),
    (f"{_PREFIX}float", _Loader.construct_float),
):
    _Loader.add_constructor(_tag, _construct)


def load_yaml(text: str) -> Any:
    """Return the only document of a text as plain data, with text as keys.

    Raises DocumentError for what is no YAML, or several documents; for a key that
    stands twice; for tags, anchors, aliases, merge keys and directives; and for values
    that `load_json` does not read either, but for infinities, which YAML has.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DocumentError("it is empty", language="YAML")
    try:
        loader = _Loader(text)
        try:
            content = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _document_error(error) from None
    except yaml.reader.ReaderError as error:
        raise DocumentError(
            f"it holds the character #x{error.character:04x}, which YAML has not"
        ) from None
    except RecursionError:
        raise DocumentError("it is nested too deeply", language="YAML") from None
    except (ValueError, OverflowError):
        # PyYAML takes \UFFFFFFFF for a character, for which Python has none.
        raise DocumentError(
            "it holds the code of a character that does not exist", language="YAML"
        ) from None
    check_plain(content)
    return content


def _document_error(error: yaml.MarkedYAMLError) -> DocumentError:
    """Return an error with the line, what is wrong in it, and the line itself."""
    mark, problem = error.problem_mark, error.problem or "It is no YAML"
    language = ""
    if problem.startswith("but found another document"):
        problem = "A second document begins here; a rules file is a single one"
    elif r"'\t'" in problem:
        problem = "A tab stands where YAML needs spaces"
    elif not isinstance(error, yaml.constructor.ConstructorError):
        problem, language = f"{problem}. {_QUOTE}", "YAML"
    if mark is None:
        return DocumentError(problem, language=language)
    snippet = mark.get_snippet(indent=2) if mark.buffer is not None else None
    place = mark.line + 1, mark.column + 1
    return DocumentError(problem, language=language, mark=place, snippet=snippet or "")
