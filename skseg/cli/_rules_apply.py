"""Rules of a file applied to the rows of a file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from skseg._mece import MECERuleSegmenter, require_covered
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, MECEReport, RuleSet
from skseg.rules._reserved_names import OUTSIDE
from skseg.rules._unseen import unseen_sentences
from skseg.tables._data_file import DataFile, read_data_file

from ._file_format import FileFormat
from ._rules_file import DEFINITION, STRATEGY, RulesFile
from ._wording import key_terms, worded

ROW = "row"
RESULT_COLUMNS = ["segment_code", "segment"]
NO_SEGMENT = "(no segment)"


@dataclass(frozen=True)
class RulesRun:
    """The segments of the rows of a file.

    `rules` and `report` have numbers for quantiles. `row_blocks` gives the rows, block
    by block: the id or the number of each row from 1, segment_code and segment, which
    is missing for rows that no rule takes. `outside` holds the size of what is in no
    segment: outside of the universe, or for lack of a rule. The segmenter is fitted, or
    restored from a strategy, and its figures are those of the rows; a rule set has
    none, nor has a strategy on rows that are not in memory. `unseen` names texts of the
    rules that no row holds, in sentences.
    """

    file: RulesFile
    rules: RuleSet
    report: MECEReport
    row_blocks: Callable[[], Iterable[pd.DataFrame]]
    n_rows: int
    table: pd.DataFrame
    outside: dict[str, float]
    segmenter: MECERuleSegmenter | None
    unseen: list[str]


def needed_columns(
    file: RulesFile, *, outcome: str | None, weight: str | None, id_column: str | None
) -> list[str]:
    """Return the columns to read from the data.

    Raises ValueError if the id column has the name of a column of the result, or none
    is needed.
    """
    if id_column in RESULT_COLUMNS:
        raise InvalidDataError(
            f"The id column must not be called {id_column!r}, like a column of the "
            "result. Rename it."
        )
    if not file.columns:
        raise InvalidDataError(f"The rules of {file.path.name} mention no column.")
    roles = [name for name in (outcome, weight, id_column) if name is not None]
    return [*file.columns, *roles]


def read_rows(
    file: RulesFile,
    path: Path,
    file_format: FileFormat | None = None,
    *,
    opened: IO[bytes] | None = None,
    **roles: str | None,
) -> DataFile:
    """Read the columns that `needed_columns` names.

    A strategy is applied to rows without the columns of its scores and flows too.
    """
    return read_data_file(
        path,
        needed_columns(file, **roles),
        optional=file.optional_columns,
        file=opened,
        **asdict(file_format or FileFormat()),
    )


def apply_rules(
    file: RulesFile,
    data: DataFile,
    *,
    outcome: str | None = None,
    weight: str | None = None,
    id_column: str | None = None,
) -> RulesRun:
    """Fit or apply the rules of a file.

    A definition is fitted; quantiles of a rule set are taken from the data; the rules
    of a strategy are applied as they are, and its figures counted anew. Raises
    ValueError if rules and data do not go together, or the rules of a definition or
    strategy are no partition.
    """
    kinds = file.columns | {
        n: kind for n, kind in file.optional_columns.items() if n in data.frame
    }
    X = data.columns(kinds)
    y = None if outcome is None else data.finite_numbers(outcome)
    counts = None if weight is None else data.weights(weight)
    try:
        segmenter, rules, report = _fitted(file, X, y, counts)
        columns = Columns(X)
        codes = rules.assign(columns)
        if segmenter is not None:
            require_covered(codes, rules, columns, file.schema)
        # The universe of fitted rules may list what the schema does.
        as_written = file.rules if file.form == DEFINITION else rules
        unseen = unseen_sentences(as_written.unseen_values(columns), columns)
    except ValueError as error:
        terms = key_terms(file.path.name, data)
        raise InvalidDataError(worded(error, terms)) from error
    inside = rules.inside(columns)
    positions = _positions(rules, codes, columns)
    table, outside = _table(rules, positions, inside, y, counts)
    if segmenter is not None:
        table["n"] = segmenter.segments_["n"]
        table.insert(list(table).index("rule"), "score", segmenter.segments_["score"])
    # The position -1 finds the last name.
    names = np.array([*rules.names, None], dtype=object)[positions]
    names[~inside] = OUTSIDE
    ids: Any = np.arange(1, len(X) + 1)
    if id_column is not None:
        ids = data.read(id_column, "id")
    code_column, name_column = RESULT_COLUMNS
    rows = pd.DataFrame({id_column or ROW: ids, code_column: codes, name_column: names})
    return RulesRun(
        file,
        rules,
        report,
        lambda: [rows],
        len(rows),
        table,
        outside,
        segmenter,
        unseen,
    )


def _fitted(
    file: RulesFile, X: pd.DataFrame, y: FloatArray | None, weight: FloatArray | None
) -> tuple[MECERuleSegmenter | None, RuleSet, MECEReport]:
    """Return the segmenter, if the form has one, its rules and their proof."""
    if file.form == DEFINITION:
        segmenter = MECERuleSegmenter(**file.parameters)
        with warnings.catch_warnings():
            # The screen shows these sentences for every form of file.
            warnings.filterwarnings("ignore", "No row of column")
            segmenter.fit(X, y, sample_weight=weight)
    elif file.form == STRATEGY:
        segmenter = file.strategy()
        segmenter.recount(Columns(X), y, sample_weight=weight)
    else:
        rules = file.rules
        rules = rules if rules.is_resolved else rules.resolve(X, weight)
        return None, rules, rules.verify()
    return segmenter, segmenter.rules_, segmenter.mece_report_


def _positions(rules: RuleSet, codes: IntArray, columns: Columns) -> IntArray:
    """Return the position of each row's segment among the names, -1 for none.

    The code -1 is that of noise, and of rows that no rule takes.
    """
    if rules.noise is None:
        return codes
    is_noise = codes < 0
    if rules.default is None:
        is_noise &= rules.membership(columns)[:, -1]
    return np.where(is_noise, len(rules) - 1, codes)


def _table(
    rules: RuleSet,
    positions: IntArray,
    inside: BoolArray,
    y: FloatArray | None,
    weight: FloatArray | None,
) -> tuple[pd.DataFrame, dict[str, float]]:
    counts = np.ones(len(positions)) if weight is None else weight
    taken, total = positions >= 0, counts[inside].sum()
    n = np.bincount(positions[taken], counts[taken], minlength=len(rules))
    table = pd.DataFrame(
        {
            "code": list(rules.codes),
            "name": list(rules.names),
            "n": n,
            "share": n / total if total else np.nan,
        }
    )
    if y is not None:
        sums = np.bincount(positions[taken], (y * counts)[taken], minlength=len(rules))
        table["outcome"] = np.divide(sums, n, where=n > 0, out=np.full(len(n), np.nan))
    table["rule"] = list(rules.texts().values())
    outside = {}
    if rules.universe is not None:
        outside[OUTSIDE] = float(counts[~inside].sum())
    if (inside & ~taken).any():
        outside[NO_SEGMENT] = float(counts[inside & ~taken].sum())
    return table, outside
