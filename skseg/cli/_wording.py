"""Errors of the library, worded for people who write options and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import click

from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError

from ._date_advice import date_advice
from ._options import option_of_kind
from ._plain_number import NumberReader


class InputError(click.ClickException):
    """What the user gave cannot be used."""

    exit_code = 2


class RefutedError(InputError):
    """Rules are no partition, which a proof has shown."""

    exit_code = 1


class Data(Protocol):
    """A file of rows, as far as sentences about a row need it."""

    @property
    def name(self) -> str:
        """Name of the file."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    def place(self, row: int) -> str:
        """Return where a row, counted from 0, is in the file, such as "line 3"."""


@dataclass(frozen=True)
class Terms:
    """What a command calls the parameters and the rows of a call to the library.

    `parameter` turns the name of a parameter into the option or key that sets it;
    `setting` turns name and value into what the user writes, as the subject of a
    sentence. `source` is the file that the parameters come from, `data` the one that
    the rows come from.
    """

    parameter: Callable[[str], str]
    setting: Callable[[str, object], str]
    source: str = ""
    data: Data | None = None


_OPTIONS = {
    "customer_id": "--customer",
    "order_id": "--order",
    "n_customers": "--customers",
    "random_state": "--seed",
}


def _option(name: str) -> str:
    return _OPTIONS.get(name, f"--{name.replace('_', '-')}")


def _option_setting(name: str, value: object) -> str:
    if value is None:
        return f"Leaving out {_option(name)}"
    if isinstance(value, Mapping):
        items = value.items()
        return " ".join(f"{_option(name)} {option_of_kind(k)}={v}" for k, v in items)
    return f"{_option(name)} {value}"


def option_terms(data: Data | None = None) -> Terms:
    """Return the terms of a command whose options are the parameters."""
    return Terms(_option, _option_setting, data=data)


def key_terms(source: str, data: Data | None = None) -> Terms:
    """Return the terms of a file whose keys are the parameters."""
    return Terms(lambda name: f"The key {name!r}", _key_setting, source, data)


def _key_setting(name: str, value: object) -> str:
    return f"'{name}: {value}'"


@contextmanager
def input_errors(terms: Terms | None = None) -> Iterator[None]:
    """Turn what the library objects to into a message for the user, and status 2."""
    try:
        yield
    except (SksegError, ValueError, OSError) as error:
        is_refuted = any(map(_is_refutation, (error, error.__cause__)))
        kind = RefutedError if is_refuted else InputError
        raise kind(worded(error, terms or option_terms())) from error


def _is_refutation(error: BaseException | None) -> bool:
    return (
        isinstance(error, InvalidDataError)
        and error.owner == "MECERuleSegmenter"
        and error.name in ("on_overlap", "default", "source")
    )


def worded(error: Exception, terms: Terms) -> str:
    """Return an error as sentences in the terms of a command, the place in front."""
    place = f"{terms.source}: " if terms.source else ""
    if not isinstance(error, SksegError):
        return f"{place}{error}"
    about_row = _ABOUT_ROWS.get(error.name or "")
    if isinstance(error, InvalidParameterError):
        statement = f"{place}{_broken_rule(error, terms)}"
    elif about_row is not None and error.row is not None and terms.data is not None:
        statement = about_row(error, terms.data)
    else:
        statement = f"{place}{error.message}"
    advice = _advice(error, terms)
    gap = "\n" if "\n" in statement else " "
    return f"{statement}{gap}{advice}" if advice else statement


def _broken_rule(error: SksegError, terms: Terms) -> str:
    # None is what a parameter is where its option or key is left out.
    rule = (error.rule or "").removeprefix("None, ").removeprefix("None or ")
    parameter = terms.parameter(error.name or "")
    return f"{parameter} must be {rule}. Got {error.value!r} instead."


def _defects(error: SksegError, data: Data) -> str:
    defects: Any = error.value
    n_bad = sum(defect.n_rows for defect in defects)
    lines = [f"{n_bad:,} of {data.n_rows:,} rows of {data.name} cannot be used:"]
    for kind, n_rows, row, value, *_ in defects:
        rows = "row" if n_rows == 1 else "rows"
        shown = "" if value is None else f": {value!r}"
        name = kind.replace("as_of", "--as-of")
        hint = _DEFECT_HINTS[kind](value) if kind in _DEFECT_HINTS else ""
        place = data.place(row)
        lines.append(f"- {name}: {n_rows:,} {rows}, first in {place}{shown}.{hint}")
    if not error.remedy:
        lines.append("No row is left.")
    return "\n".join(lines)


def _date_hint(text: str) -> str:
    usual = " Write dates in ISO 8601 (2024-03-31, 2024-03-31 10:15:00)."
    return date_advice(text) or usual


def _amount_hint(text: str) -> str:
    return NumberReader().advice(text) or " Write plain numbers (1234.50)."


# Kind of defect -> what to do about it, given the first of the values.
_DEFECT_HINTS: dict[str, Callable[[str], str]] = {
    "unparsable date": _date_hint,
    "unparsable amount": _amount_hint,
    "date after as_of": lambda text: " Choose a later --as-of to keep them.",
}


def _fine_amount(error: SksegError, data: Data) -> str:
    return (
        f"{place_of(data, error.row or 0)}: The amount {error.value} in the column "
        f"{error.column!r} must have {error.rule}, so that sums are exact."
    )


def _contradiction(error: SksegError, data: Data) -> str:
    domains: Any = error.value
    known = " and ".join(f"{n!r} ({_flow_text(d)})" for n, d in domains.items())
    return (
        f"{place_of(data, error.row or 0)}: The row belongs to no segment: it "
        f"contradicts the schema, on which the proof relies, in column {known}."
    )


def _flow_text(domain: Any) -> str:
    """Return a domain as the schema of a file writes it."""
    standard = asdict(type(domain)())
    facts = {k: v for k, v in asdict(domain).items() if v != standard[k]}
    return ", ".join(f"{k}: {json.dumps(v)}" for k, v in facts.items())


def place_of(data: Data, row: int) -> str:
    """Return file and place of a row, counted from 0."""
    return f"{data.name}, {data.place(row)}"


# Parameter that an error about a row names -> the statement about its line.
_ABOUT_ROWS: dict[str, Callable[[SksegError, Data], str]] = {
    "transactions": _defects,
    "amount": _fine_amount,
    "schema": _contradiction,
}

# Advice for which a file or command has other means than Python.
_ADVICE = {
    ("MECERuleSegmenter", "y"): "Give --outcome.",
    ("RuleSet.verify", "universe"): "Use a number in the universe.",
    ("RuleSet.verify", "rules"): "Use fewer of them.",
}

# Parameter -> what setting it as the remedy says brings about.
_EFFECTS = {
    "decimals": "keeps all amounts",
    "default": "makes a segment of all other rows",
    "invalid": "leaves such rows out, and counts them",
    "on_overlap": "lets the first rule that holds count",
    "time_zone": "takes the days of dates as they are written",
}


def _advice(error: SksegError, terms: Terms) -> str:
    if (advice := _ADVICE.get((error.owner or "", error.name or ""))) is not None:
        return advice
    if not error.remedy:
        return error.advice or ""
    return advice_to_declare(error.remedy, terms)


def advice_to_declare(remedy: Mapping[str, object], terms: Terms) -> str:
    """Return what each setting of a remedy would do, as a sentence."""
    ways = [f"{terms.setting(n, value)} {_EFFECTS[n]}" for n, value in remedy.items()]
    start = "Mend the rules, or declare what is meant: " if terms.source else ""
    return f"{start}{', '.join(ways)}."
