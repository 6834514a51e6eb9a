"""Errors of the library, worded for people who write options and files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import click

from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError

from ._options import option_of_kind

if TYPE_CHECKING:
    from skseg._rfm._defects import Remedy
    from skseg.tables._advice import Advice


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
    "to": "--to-table",
    # Those of sql_table.
    "connection": "--database",
    "name": "--table",
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
        message = error.message
        if terms.data is not None:
            # The file needs what the library needs of the frame that it was read into.
            message = message.replace(
                f"{error.owner} needs", f"{terms.data.name} needs"
            )
        statement = f"{place}{message}"
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
    n_bad = sum(defect.n_rows for defect in defects if not defect.is_second)
    lines = [f"{n_bad:,} of {data.n_rows:,} rows of {data.name} cannot be used:"]
    for defect in defects:
        rows = "row" if defect.n_rows == 1 else "rows"
        also = "also in " if defect.is_second else ""
        shown = "" if defect.value is None else f": {defect.value!r}"
        name = defect.kind.replace("as_of", "--as-of")
        hint = options_advice(defect.remedies) or _DEFECT_HINTS.get(defect.kind, "")
        lines.append(
            f"- {name}: {also}{defect.n_rows:,} {rows}, first in "
            f"{data.place(defect.row)}"
            f"{shown}.{' ' if hint else ''}{hint}"
        )
    if not (error.remedy or error.advice):
        lines.append("No row is left.")
    return "\n".join(lines)


# Kind of defect -> what to do about it, where no option helps.
_DEFECT_HINTS = {
    "unparsable date": (
        "Write dates in ISO 8601 (2024-03-31, 2024-03-31 10:15:00), or give their "
        "--date-format."
    ),
    "unparsable amount": "Write plain numbers (1234.50).",
    "date after as_of": "Choose a later --as-of to keep them.",
}


def options_advice(remedies: Iterable[Remedy]) -> str:
    """Return the options that remedies of `rfm_table` are, and what they read."""
    ways = [_option_remedy(remedy) for remedy in remedies]
    return f"Give {', or '.join(ways)}." if ways else ""


def _settings_text(values: Mapping[str, object]) -> str:
    return " ".join(_option_text(name, value) for name, value in values.items())


def _option_remedy(remedy: Remedy) -> str:
    options = _settings_text(remedy.parameters)
    left = f" (all but {remedy.n_left:,} of the texts)" if remedy.n_left else ""
    return f"{options}, which {remedy.effect}{left}"


_APOSTROPHE = '"\'"'


def _option_text(name: str, value: object) -> str:
    """Return an option with its value as people write it in a shell."""
    if value is None:
        return f"no {_option(name)}"
    text = "space" if value == " " else str(value)
    quoted = f"'{text}'" if text in ".,_\u2019" else shlex.quote(text)
    return f"{_option(name)} {_APOSTROPHE if text == _APOSTROPHE[1] else quoted}"


def _fine_amount(error: SksegError, data: Data) -> str:
    purpose = ", so that sums are exact" if "exact" not in (error.rule or "") else ""
    return (
        f"{place_of(data, error.row or 0)}: The amount {error.value} in the column "
        f"{error.column!r} must have {error.rule}{purpose}."
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
    "rounding": "rounds the amounts, and counts them",
    "default": "makes a segment of all other rows",
    "invalid": "leaves such rows out, and counts them",
    "on_overlap": "lets the first rule that holds count",
    "edited": "keeps what was edited under another name, and --edited discard drops it",
    "time_zone": "takes the days of dates as they are written",
}


def _advice(error: SksegError, terms: Terms) -> str:
    if (advice := _ADVICE.get((error.owner or "", error.name or ""))) is not None:
        return advice
    if error.owner == "rfm_table" and error.name == "date_format":
        return _date_format_advice(error)
    if hasattr(error.advice, "worded"):
        # The reader of data files, which takes pandas to import, says what it names.
        return cast("Advice", error.advice).worded(_option, _settings_text)
    if not error.remedy:
        return _in_options(error)
    return advice_to_declare(error.remedy, terms)


def _in_options(error: SksegError) -> str:
    """Return the advice; parameters that only options set are called by these."""
    advice = error.advice or ""
    if error.owner == "RFMSegmenter":
        for name in ("n_scores", "cut_points"):
            advice = advice.replace(name, _option(name))
    advice = advice.replace("Pass overwrite=True", "Give --overwrite")
    advice = advice.replace("on_invalid='outside'", "'on_invalid: outside'")
    return advice.replace("invalid='exclude'", "--invalid exclude")


def _date_format_advice(error: SksegError) -> str:
    """Return the option for a column of numbers, where there is one."""
    formats = re.findall(r"date_format='([^']*)'", error.advice or "")
    if len(formats) != 1:
        return "Write dates in ISO 8601 (2024-03-31, 2024-03-31 10:15:00)."
    return f"Give {_option_text('date_format', formats[0])}."


def advice_to_declare(remedy: Mapping[str, object], terms: Terms) -> str:
    """Return what each setting of a remedy would do, as a sentence."""
    if "rounding" in remedy:
        # Amounts are rounded to decimals: only both together are a remedy.
        settings = " ".join(terms.setting(n, value) for n, value in remedy.items())
        return f"{settings} {_EFFECTS['rounding']}."
    ways = [f"{terms.setting(n, value)} {_EFFECTS[n]}" for n, value in remedy.items()]
    start = "Mend the rules, or declare what is meant: " if terms.source else ""
    return f"{start}{', '.join(ways)}."
