"""The rows of a file as the profile of their segments, and the report of it."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from skseg.exceptions import InvalidDataError, MissingColumnError
from skseg.playbook import Playbook
from skseg.profile import SegmentProfile, profile_segments
from skseg.tables._data_file import DataFile, read_data_file
from skseg.tables._table_header import WantedColumns

from ._data_source import DataSource
from ._file_format import FileFormat
from ._rules_apply import apply_rules
from ._rules_file import RulesFile
from ._wording import key_terms, option_terms, worded

if TYPE_CHECKING:
    from ._stored_rows import StoredRows

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


def stored_customers(
    source: DataSource, file_format: FileFormat, memory_limit: str | None
) -> AbstractContextManager[StoredRows]:
    """Return what gives all columns of customers that are not in memory."""
    from ._stored_rows import stored_rows

    wanted = WantedColumns(None)
    return stored_rows(source, wanted, file_format, memory_limit=memory_limit)


def profile_file(
    file: RulesFile, data: DataFile | StoredRows, **options: Any
) -> SegmentProfile:
    """Return the profile of rows, in the segments of a file of rules.

    `options` are those of the command. Raises ValueError if an option names no column,
    or rules and data do not go together.
    """
    columns = list(map(str, data.frame)) if isinstance(data, DataFile) else data.names
    named = [options[name] for name in ("value", "outcome")]
    named += [*options["protected"], *options["ignored"]]
    if absent := [n for n in named if n is not None and n not in columns]:
        raise MissingColumnError(data.name, absent, columns)
    kinds = dict(file.columns)
    model: Any
    X: Any
    if isinstance(data, DataFile):
        run = apply_rules(file, data)
        model = run.rules if run.segmenter is None else run.segmenter
        X = pd.DataFrame({name: _read(data, name, kinds.get(name)) for name in columns})
    else:
        from ._rules_stored import model_of

        X = data.typed({name: kinds.get(name) or "measure" for name in columns})
        try:
            # The model sees the columns of its rules alone, as from rows in memory.
            model, _, _ = model_of(file, data.typed(kinds), None, None)
        except ValueError as error:
            terms = key_terms(file.path.name)
            raise InvalidDataError(worded(error, terms)) from error
    left_out = {*options.pop("ignored"), *options["protected"]}
    features = [name for name in columns if name not in left_out]
    options["protected"] = list(options["protected"])
    try:
        return profile_segments(model, X, features=features, **options)
    except ValueError as error:
        raise InvalidDataError(worded(error, option_terms(data))) from error


def _read(data: DataFile, name: str, kind: str | None) -> Any:
    """Return a column by its kind, or as numbers if none has a leading zero."""
    if kind is not None:
        return data.read(name, kind)
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
