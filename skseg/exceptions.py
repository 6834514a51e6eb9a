"""The errors that skseg raises: one family, with their facts as attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

__all__ = [
    "InfeasibleError",
    "InvalidDataError",
    "InvalidParameterError",
    "MissingColumnError",
    "MissingExtraError",
    "RuleError",
    "SksegError",
]


SksegErrorT = TypeVar("SksegErrorT", bound="SksegError")


class SksegError(Exception):
    """Base of all errors that skseg raises on purpose.

    The text of an error says which parameter or column it is about, the rule, what was
    given, and what to do. The same facts are attributes, so that a program can word a
    sentence of its own. A fact that does not apply is None.

    Parameters
    ----------
    message : str
        The text.
    owner : str, default=None
        Class or function that was called.
    name : str, default=None
        Parameter or argument that is at fault.
    rule : str, default=None
        What holds for valid input, as the end of a sentence: "an int in [1, inf)".
    value : object, default=None
        What was given.
    column : str, default=None
        Column that is at fault.
    row : int, default=None
        First row that is at fault, counted from 0.
    advice : str, default=None
        What to do about it, in whole sentences; they are added to the text.
    remedy : mapping of str to object, default=None
        Parameters with values that would have been accepted, such as
        ``{"on_overlap": "first"}``, where the advice names some.

    Attributes
    ----------
    message : str
        The text without the advice.

    Examples
    --------
    >>> from skseg import OptimalRevenueBinner
    >>> from skseg.exceptions import SksegError
    >>> try:
    ...     OptimalRevenueBinner(n_bins=0).fit([[0.1], [0.2]], [0, 1])
    ... except SksegError as error:
    ...     print(error.owner, error.name, error.value)
    OptimalRevenueBinner n_bins 0
    """

    def __init__(
        self,
        message: str,
        *,
        owner: str | None = None,
        name: str | None = None,
        rule: str | None = None,
        value: object = None,
        column: str | None = None,
        row: int | None = None,
        advice: str | None = None,
        remedy: Mapping[str, object] | None = None,
    ) -> None:
        # Advice after a list of findings begins a line of its own.
        gap = "\n" if "\n" in message else " "
        super().__init__(f"{message}{gap}{advice}" if advice else message)
        self.message = message
        self.owner = owner
        self.name = name
        self.rule = rule
        self.value = value
        self.column = column
        self.row = row
        self.advice = advice
        self.remedy = dict(remedy or {})

    def __reduce__(self) -> Any:
        # An error that joblib carries between processes is rebuilt from its text and
        # facts: the constructors of the subclasses take other arguments.
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(
    kind: type[SksegErrorT], args: tuple[Any, ...], facts: dict[str, Any]
) -> SksegErrorT:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class InvalidParameterError(SksegError, ValueError):
    """A parameter breaks its rule.

    Parameters
    ----------
    owner : str
        Class or function that was called.
    name : str
        The parameter.
    rule : str
        What holds for valid values, as the end of "must be ...".
    value : object
        What was given.
    advice : str, default=None
        What to do about it, in whole sentences.

    Examples
    --------
    >>> from skseg.exceptions import InvalidParameterError
    >>> raise InvalidParameterError("RFMSegmenter", "n_scores", "an int in [2, 10]", 1)
    Traceback (most recent call last):
        ...
    skseg.exceptions.InvalidParameterError: The 'n_scores' parameter of RFMSegmenter
    must be an int in [2, 10]. Got 1 instead.
    """

    def __init__(
        self,
        owner: str,
        name: str,
        rule: str,
        value: object,
        *,
        advice: str | None = None,
    ) -> None:
        super().__init__(
            f"The {name!r} parameter of {owner} must be {rule}. Got "
            f"{representation(value)} instead.",
            owner=owner,
            name=name,
            rule=rule,
            value=value,
            advice=advice,
        )


class InvalidDataError(SksegError, ValueError):
    """Rows, an outcome, weights or groups cannot be used as they are.

    Parameters
    ----------
    message : str
        The text.
    owner, name, rule, value, column, row, advice, remedy : object, default=None
        The facts, as in `SksegError`.

    Examples
    --------
    >>> from skseg import RFMSegmenter
    >>> from skseg.exceptions import InvalidDataError
    >>> X = {"recency": [3, 40], "frequency": [5, 1], "monetary": [80.0, 15.0]}
    >>> import pandas as pd
    >>> try:
    ...     RFMSegmenter().fit(pd.DataFrame(X), sample_weight=[1, -1])
    ... except InvalidDataError as error:
    ...     print(error.name, error.row, error.value)
    sample_weight 1 -1.0
    """


class RuleError(SksegError, ValueError):
    """A rule, or the data given to it, breaks a law of the rule language.

    It is a `ValueError`, so code that guards a ``fit`` catches it as well.

    Parameters
    ----------
    message : str
        The text.
    text : str, default=None
        The rule that cannot be read, as it is written.
    span : tuple of int, default=None
        Start and end of the offending piece in `text`.
    **facts : object
        The facts, as in `SksegError`.

    Examples
    --------
    >>> from skseg.exceptions import RuleError
    >>> from skseg.rules import parse
    >>> try:
    ...     parse("aov >= 120 and plan == free")
    ... except RuleError as error:
    ...     start, end = error.span
    ...     print(error.text[start:end])
    free
    """

    def __init__(
        self,
        message: str,
        *,
        text: str | None = None,
        span: tuple[int, int] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.text = text
        self.span = span


class MissingColumnError(RuleError, InvalidDataError):
    """Rows lack columns that rules or an estimator need.

    Parameters
    ----------
    owner : str
        Who needs the columns, as the subject of a sentence.
    missing : sequence of str
        The columns that are not there.
    available : sequence of str
        The columns that are.
    advice : str, default=None
        What to do about it, in whole sentences.

    Examples
    --------
    >>> from skseg.exceptions import MissingColumnError
    >>> from skseg.rules import parse
    >>> try:
    ...     parse("monetary > 100").evaluate({"Monetary": [80.0]})
    ... except MissingColumnError as error:
    ...     print(error)
    The rule set needs the column 'monetary'. Available: 'Monetary'. Did you mean
    'Monetary'?
    """

    def __init__(
        self,
        owner: str,
        missing: Sequence[str],
        available: Sequence[str],
        *,
        advice: str | None = None,
    ) -> None:
        wanted = ", ".join(repr(name) for name in missing)
        shown = ", ".join(repr(name) for name in available[:20]) or "none"
        more = f", ... ({len(available)} in all)" if len(available) > 20 else ""
        noun = "column" if len(missing) == 1 else "columns"
        hints = "".join(did_you_mean(name, available) for name in missing)
        super().__init__(
            f"{owner} needs the {noun} {wanted}. Available: {shown}{more}.{hints}",
            owner=owner,
            value=tuple(available),
            column=missing[0],
            advice=advice,
        )
        self.missing = tuple(missing)


class InfeasibleError(SksegError, ValueError):
    """No result meets all the bounds that were asked for.

    Parameters
    ----------
    message : str
        The text.
    owner, name, rule, value, column, row, advice, remedy : object, default=None
        The facts, as in `SksegError`.

    Examples
    --------
    >>> from skseg import OptimalRevenueBinner
    >>> from skseg.exceptions import InfeasibleError
    >>> binner = OptimalRevenueBinner(2, mode="exact", min_size=3)
    >>> try:
    ...     binner.fit([[0.1], [0.2], [0.3], [0.4]], [0, 0, 1, 1])
    ... except InfeasibleError as error:
    ...     print(error.advice)
    The smallest change that makes it possible: min_size=2.
    """


class MissingExtraError(SksegError, ImportError):
    """A capability needs an optional dependency that is not installed.

    Parameters
    ----------
    capability : str
        What was asked for, as the subject of a sentence.
    extra : str
        The extra of skseg that brings the dependency.

    Examples
    --------
    >>> from skseg.exceptions import MissingExtraError
    >>> raise MissingExtraError("Writing rules as SQL", "sql")
    Traceback (most recent call last):
        ...
    skseg.exceptions.MissingExtraError: Writing rules as SQL needs an optional
    dependency that is not installed. Install it with: pip install "skseg[sql]"
    """

    def __init__(self, capability: str, extra: str) -> None:
        super().__init__(
            f"{capability} needs an optional dependency that is not installed.",
            owner=capability,
            value=extra,
            advice=f'Install it with: pip install "skseg[{extra}]"',
        )
        self.extra = extra


def reworded(error: SksegErrorT, text: str) -> SksegErrorT:
    """Return an error of the same class and with the same facts, but another text."""
    copy = _rebuilt(type(error), (text,), error.__dict__)
    copy.message = text.removesuffix(error.advice or "").rstrip()
    return copy


def representation(value: object) -> str:
    """Return the ``repr`` of a value, or what stands for a frame in a sentence.

    Python refuses the ``repr`` of an int of 5000 digits.
    """
    try:
        text = repr(value)
        if "\n" in text and hasattr(value, "shape"):
            return f"a {type(value).__name__} of the shape {value.shape}"
        return text
    except ValueError:
        return f"a value of the type {type(value).__name__} that Python does not print"


def did_you_mean(name: str, available: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the closest available name, or nothing."""
    import difflib

    names = [str(candidate) for candidate in available]
    by_folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[close[0]]!r}?" if close else ""
