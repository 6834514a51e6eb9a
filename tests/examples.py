"""How many examples hypothesis draws where each of them takes long."""

from __future__ import annotations

from hypothesis import settings

# Profiles with more examples than this one are meant to be thorough.
_FAST = 25


def few_examples(n: int, *, thorough: int | None = None) -> settings:
    """Return settings with at most `n` examples, or `thorough` in such a profile.

    None: as many as the profile has.
    """
    default = settings.default.max_examples  # type: ignore[union-attr]
    most = n if default <= _FAST else thorough or default
    return settings(max_examples=min(default, most))
