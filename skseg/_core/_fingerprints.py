"""Whether a piece of JSON is as it was written."""

from __future__ import annotations

import hashlib
import json
from typing import Any

# Enough to notice an edit; nobody is kept from forging one.
_DIGITS = 12


def fingerprint(content: Any) -> str:
    """Return a short digest of JSON, whatever its layout and the order of its keys."""
    text = json.dumps(_canonical(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _canonical(content: Any) -> Any:
    """Return `content` with every number as editors may write it: 3 for 3.0."""
    if isinstance(content, dict):
        return {key: _canonical(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_canonical(value) for value in content]
    if isinstance(content, float) and content.is_integer():
        return int(content)
    return content
