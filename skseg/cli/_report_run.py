"""The rows of a file as the profile of their segments, and the report of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import pandas as pd

from skseg.exceptions import InvalidDataError, MissingColumnError
from skseg.playbook import Playbook
from skseg.profile import SegmentProfile, profile_segments
from skseg.tables._data_file import DataFile, read_data_file

from ._file_format import FileFormat
from ._rules_apply import apply_rules
from ._rules_file import RulesFile
from ._wording import key_terms, option_terms, worded

# A number that begins so is a code, such as a postal code.
_LEADING_ZERO = re.compile(r"[+-]?0\d")


def read_customers(
    path: Path,
    file_format: FileFormat | None = None,
    *,
    opened: IO[bytes] | None = None,
) -> DataFile:
    """Read all columns of a file of customers."""
    return read_data_file(
        path, None, file=opened, **asdict(file_format or FileFormat())
    )


def profile_file(
    file: RulesFile,
    data: DataFile,
    *,
    value: str | None,
    outcome: str | None,
    protected: Sequence[str],
    ignored: Collection[str],
    rows: str,
    min_count: int,
) -> SegmentProfile:
    """Return the profile of the rows of a file, in the segments of a file of rules.

    Raises ValueError if an option names no column, or rules and data do not go
    together.
    """
    named = [name for name in (value, outcome) if name is not None]
    named += [*protected, *ignored]
    if absent := [name for name in named if name not in data.frame]:
        raise MissingColumnError(data.name, absent, list(map(str, data.frame)))
    run = apply_rules(file, data)
    kinds = dict(file.columns)
    names = [str(name) for name in data.frame]
    X = pd.DataFrame(
        {
            name: data.read(name, kinds[name]) if kinds.get(name) else _read(data, name)
            for name in names
        }
    )
    model: Any = run.rules if run.segmenter is None else run.segmenter
    features = [name for name in names if name not in {*ignored, *protected}]
    try:
        return profile_segments(
            model,
            X,
            features=features,
            value=value,
            outcome=outcome,
            protected=list(protected),
            rows=rows,
            min_count=min_count,
        )
    except ValueError as error:
        raise InvalidDataError(worded(error, option_terms(data))) from error


def _read(data: DataFile, name: str) -> Any:
    """Return a column, as numbers if its text is numbers without leading zeros."""
    column = data.frame[name]
    is_text = pd.api.types.is_string_dtype(column)
    if is_text and not column.dropna().astype(str).str.match(_LEADING_ZERO).any():
        with suppress(ValueError):
            return data.read(name, "number")
    return data.read(name, None)


def read_playbook(playbook: str | Path) -> Playbook:
    """Return a playbook that ships, or that of a file."""
    if isinstance(playbook, str):
        return Playbook.load(playbook)
    read: Any = (
        Playbook.from_json if playbook.suffix.lower() == ".json" else Playbook.from_yaml
    )
    try:
        book: Playbook = read(playbook)
    except ValueError as error:
        raise InvalidDataError(worded(error, key_terms(playbook.name))) from error
    return book


def read_profile(path: Path) -> SegmentProfile:
    """Return the profile that a file holds."""
    try:
        return SegmentProfile.from_json(path)
    except ValueError as error:
        raise InvalidDataError(worded(error, key_terms(path.name))) from error
