"""Names of columns as rules write them."""

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
