"""The format and the version with which documents of skseg begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skseg.exceptions import RuleError, did_you_mean

from ._shapes import Shape, Value, shown

_CHECKED_BEFORE = Value("as `check_version` says", lambda _: True)
# The keys of every document that `check_version` has looked at.
VERSION_KEYS: Mapping[str, Shape] = {
    "format": _CHECKED_BEFORE,
    "version": _CHECKED_BEFORE,
}


def check_version(
    content: Any, format_name: str, version: int, *, title: str, owner: str
) -> None:
    """Raise RuleError where a document is none of a format, or of another version."""
    if not isinstance(content, dict):
        raise RuleError(
            f"Not {title}: it must be an object, whose key 'format' is "
            f"{format_name!r}. Got {shown(content)} instead.",
            owner=owner,
            rule="an object",
            value=content,
        )
    name = content.get("format")
    if name != format_name:
        hint = did_you_mean(name, [format_name]) if isinstance(name, str) else ""
        got = f" Got {shown(name)} instead.{hint}" if "format" in content else ""
        raise RuleError(
            f"Not {title}: the key 'format' must be {format_name!r}.{got}",
            owner=owner,
            name="format",
            rule=repr(format_name),
            value=name,
        )
    if "version" not in content:
        raise RuleError(
            f"Not {title}: the key 'version' is missing.", owner=owner, name="version"
        )
    number = content["version"]
    is_int = isinstance(number, int) and not isinstance(number, bool)
    if is_int and number == version:
        return
    reason = f"; the key 'version' must be the whole number {version}."
    if is_int and number > version:
        reason = "; a newer skseg wrote it."
    raise RuleError(
        f"This skseg reads version {version} of {format_name}. Got version "
        f"{shown(number)}{reason}",
        owner=owner,
        name="version",
        rule=str(version),
        value=number,
    )
