"""The one family of errors of the rule language, and how it names columns."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class RuleError(ValueError):
    """A rule, or the data given to it, breaks a law of the rule language.

    It is a `ValueError`, so code that guards a ``fit`` catches it as well.

    Examples
    --------
    >>> from skseg.rules import RuleError, parse
    >>> try:
    ...     parse("aov = 120")
    ... except RuleError as error:
    ...     print(str(error).splitlines()[-2:])
    ['  aov = 120', '  ^']
    """


class MissingExtraError(ImportError):
    """A capability needs an optional dependency that is not installed.

    Parameters
    ----------
    capability : str
        What was asked for, as the subject of a sentence.
    extra : str
        The extra of skseg that brings the dependency.

    Examples
    --------
    >>> from skseg.rules import MissingExtraError
    >>> raise MissingExtraError("Writing rules as SQL", "sql")
    Traceback (most recent call last):
        ...
    skseg.exceptions.MissingExtraError: Writing rules as SQL needs an optional
    dependency that is not installed. Install it with: pip install "skseg[sql]"
    """

    def __init__(self, capability: str, extra: str) -> None:
        super().__init__(
            f"{capability} needs an optional dependency that is not installed. "
            f'Install it with: pip install "skseg[{extra}]"'
        )


def did_you_mean(name: str, available: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the closest available name, or nothing."""
    names = [str(candidate) for candidate in available]
    by_folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[close[0]]!r}?" if close else ""


def missing_columns_message(
    missing: Sequence[str], available: Sequence[str], owner: str
) -> str:
    """Say which columns `owner` lacks, which there are, and which was likely meant."""
    wanted = ", ".join(repr(name) for name in missing)
    shown = ", ".join(repr(name) for name in available[:20])
    more = f", ... ({len(available)} in all)" if len(available) > 20 else ""
    hints = "".join(did_you_mean(name, available) for name in missing)
    noun = "column" if len(missing) == 1 else "columns"
    return f"{owner} needs the {noun} {wanted}. Available: {shown}{more}.{hints}"
