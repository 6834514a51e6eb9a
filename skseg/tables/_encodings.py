"""Encodings of text: which there are, and which a file has."""

from __future__ import annotations

import codecs
from encodings.aliases import aliases
from typing import Any

from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean

from ._advice import Advice, Parameter, Settings

OWNER = "read_table"
_MARKS = {
    # Before UTF-16, whose mark is the beginning of that of UTF-32.
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# Codecs that Python counts among those of text, but no file is written in: escapes of
# source code, names of hosts, what is never decoded, and what depends on the machine.
_NO_TEXT = {
    *("idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined"),
    *("unicode-escape", "unicode-internal"),
}
_STRUCTURE = ",;\t|\r\n"
_USUAL = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1")


def check_encoding(encoding: Any) -> str | None:
    """Return the name of the codec of an encoding of text, None for None, or raise."""
    if encoding is None:
        return None
    codec = _codec(encoding) if isinstance(encoding, str) else None
    if codec is None:
        raise InvalidParameterError(
            OWNER,
            "encoding",
            "None or the name of an encoding of text, such as 'cp1252'",
            encoding,
            advice=_similar_encoding(encoding) or None,
        )
    return codec


def _codec(encoding: str) -> str | None:
    try:
        name = codecs.lookup(encoding).name
        # Python also has codecs between texts, and between bytes, which this refuses.
        "a".encode(name)
    except (LookupError, ValueError, TypeError, OSError):
        return None
    return None if name.replace("_", "-") in _NO_TEXT else name


def _similar_encoding(encoding: Any) -> str:
    if not isinstance(encoding, str):
        return ""
    names = {alias.replace("_", "-") for alias in (*aliases, *aliases.values())}
    names = {*_USUAL, *filter(_codec, names)}
    return did_you_mean(encoding.replace("_", "-"), sorted(names)).strip()


def encoding_of(first: bytes, codec: str | None, file_name: str) -> str:
    """Return the codec of a file by its first bytes, and by the one that was given.

    The byte order is always determined. Raises ValueError if a byte order mark
    contradicts the codec, or the byte order cannot be told.
    """
    marked = next((name for m, name in _MARKS.items() if first.startswith(m)), None)
    if marked is None:
        if codec in ("utf-16", "utf-32"):
            return _with_byte_order(first, codec, file_name)
        return {None: "utf-8", "utf-8-sig": "utf-8"}.get(codec, codec or "")
    compatible = {marked, "utf-8-sig" if marked == "utf-8" else marked[:6]}
    if codec is not None and codec not in compatible:
        raise InvalidDataError(
            f"{file_name} begins with the byte order mark of {marked}, and so is no "
            f"text in {codec}.",
            owner=OWNER,
            name="encoding",
            value=codec,
            advice=Advice("Leave out ", Parameter("encoding"), "."),
        )
    return marked


def _with_byte_order(first: bytes, codec: str, file_name: str) -> str:
    order = _byte_order(first, codec)
    if order is None:
        raise InvalidDataError(
            f"{file_name} has no byte order mark, and its byte order cannot be told.",
            owner=OWNER,
            name="encoding",
            value=codec,
            advice=Advice(
                "Give ",
                Settings({"encoding": f"{codec}-le"}),
                " or ",
                Settings({"encoding": f"{codec}-be"}),
                ".",
            ),
        )
    return f"{codec}-{order}"


def _byte_order(data: bytes, codec: str) -> str | None:
    """Return the byte order in which text has the more separators and line ends."""
    n_little, n_big = (
        sum(map(data.decode(f"{codec}-{order}", "replace").count, _STRUCTURE))
        for order in ("le", "be")
    )
    if n_big == n_little:
        return None
    return "be" if n_big > n_little else "le"


def advice_on_zeros(data: bytes, codec: str) -> Advice:
    """Return which encoding text with bytes of zero may have, by their positions."""
    if codec.startswith(("utf-16", "utf-32")) or data.count(0) < len(data) / 4:
        return Advice("Remove them.")
    is_wide = data.count(0) > len(data) * 5 / 8
    width = "utf-32" if is_wide else "utf-16"
    encoding = f"{width}-{_byte_order(data, width) or 'le'}"
    return Advice("It seems to be: give ", Settings({"encoding": encoding}), ".")


def advice_on_bytes(error: UnicodeDecodeError) -> Advice:
    """Return which encoding may be meant, with the character that it would give."""
    if error.object.count(0) >= len(error.object) / 4:
        return advice_on_zeros(error.object, error.encoding)
    byte = error.object[error.start : error.start + 1]
    encoding = "cp1252"
    try:
        character = byte.decode(encoding)
    except UnicodeDecodeError:
        encoding, character = "latin-1", ""
    shown = f", in which the byte 0x{byte.hex()} is {character!r}" if character else ""
    return Advice(
        f"It seems to have another encoding, such as {encoding}{shown}: give ",
        Settings({"encoding": encoding}),
        ".",
    )
