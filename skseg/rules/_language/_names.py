"""Names of columns as rules write them, and names of segments beside rules."""

from __future__ import annotations

import keyword
import unicodedata

from ._booleans import is_truth_word

RESERVED = frozenset({"col", "q", "max", "min", "missing", "inf", "nan"})


def column_text(name: str) -> str:
    """Return a bare column name where that reads back unchanged, else ``col(...)``."""
    bare = (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in RESERVED
        and not is_truth_word(name)
        # Python normalises identifiers, so a bare name must be normal already.
        and unicodedata.normalize("NFKC", name) == name
    )
    return name if bare else f"col({name!r})"


# Letters and symbols that look like nothing.
_BLANK = dict.fromkeys(map(ord, "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"))


def segment_text(name: str) -> str:
    """Return the name of a segment as it stands before its rule, quoted if need be.

    A bare name takes one line, shows all its characters and holds no colon, so that
    one segment never looks like two.
    """
    hidden = name.translate(_BLANK) != name or not name.isprintable()
    marks = unicodedata.category(name[:1] or " ").startswith(("M", "Z"))
    edges = {name[:1], name[-1:]}
    if not (hidden or marks or ":" in name or edges & {"'", '"', " ", ""}):
        return name
    # repr escapes what is not printable.
    return "".join(
        f"\\u{ord(char):04x}" if ord(char) in _BLANK else char for char in repr(name)
    )
