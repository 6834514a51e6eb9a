"""From a file of rules and a file of data to segments: what the commands compute."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skseg._mece import MECERuleSegmenter
from skseg._mece._rules import OWNER, require_covered
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, MECEReport, RuleSet
from skseg.rules._reserved_names import OUTSIDE

from ._data_file import DataFile
from ._rules_file import DEFINITION, STRATEGY, RulesFile, in_terms_of_keys

ROW = "row"
FOUND = ["segment_code", "segment"]


@dataclass(frozen=True)
class RulesRun:
    """The segments of the rows of a file.

    Attributes
    ----------
    file : RulesFile
        The rules as given.
    rules : RuleSet
        The rules as applied, with numbers for quantiles.
    report : MECEReport
        The proof about the rules as written, quantiles replaced.
    rows : DataFrame
        One row per row of the data: id, or number of the row from 1; segment_code and
        segment, which is "outside" outside of the universe and missing for rows that
        no rule takes.
    table : DataFrame
        One row per segment: code, name, n, share, outcome (if given), score (if known)
        and rule.
    outside : dict of str to float
        Size of what is in no segment: outside of the universe, or for lack of a rule.
    segmenter : MECERuleSegmenter or None
        Fitted, or restored from a strategy; None for a rule set.
    """

    file: RulesFile
    rules: RuleSet
    report: MECEReport
    rows: pd.DataFrame
    table: pd.DataFrame
    outside: dict[str, float]
    segmenter: MECERuleSegmenter | None

    @property
    def is_fitted_here(self) -> bool:
        """Whether the segments were fitted on these rows."""
        return self.file.form == DEFINITION


def needed_columns(
    file: RulesFile, *, outcome: str | None, weight: str | None, id_column: str | None
) -> list[str]:
    """Return the columns to read from the data.

    Raises
    ------
    ValueError
        If the id column has the name of a column of the result, or none is needed.
    """
    if id_column in FOUND:
        raise InvalidDataError(
            f"The id column must not be called {id_column!r}, like a column of the "
            "result. Rename it."
        )
    others = [name for name in (outcome, weight, id_column) if name is not None]
    columns = [*file.columns, *others]
    if not file.columns:
        raise InvalidDataError(f"The rules of {file.path.name} mention no column.")
    return columns


def apply_rules(
    file: RulesFile,
    data: DataFile,
    *,
    outcome: str | None = None,
    weight: str | None = None,
    id_column: str | None = None,
) -> RulesRun:
    """Fit or apply the rules of a file.

    Parameters
    ----------
    file : RulesFile
        A definition is fitted; quantiles of a rule set are taken from the data;
        a strategy is applied as it is.
    data : DataFile
        The rows.
    outcome, weight, id_column : str, default=None
        Columns of the data.

    Returns
    -------
    RulesRun
        What came of it.

    Raises
    ------
    ValueError
        If rules and data do not go together, or the rules of a definition or strategy
        are no partition.
    """
    X = data.frame(file.columns)
    y = None if outcome is None else data.numbers(outcome, known=True)
    counts = None if weight is None else data.numbers(weight, known=True)
    if counts is not None and (counts < 0).any():
        place = data.place(int(np.argmax(counts < 0)))
        raise InvalidDataError(f"{place}: the weight in column {weight!r} is negative.")
    try:
        return _applied(file, data, X, y, counts, id_column)
    except ValueError as error:
        raise InvalidDataError(_in_terms_of_data(str(error), file, data)) from error


def _applied(
    file: RulesFile,
    data: DataFile,
    X: pd.DataFrame,
    y: FloatArray | None,
    weight: FloatArray | None,
    id_column: str | None,
) -> RulesRun:
    segmenter = None
    if file.form == DEFINITION:
        segmenter = MECERuleSegmenter(**file.parameters)
        segmenter.fit(X, y, sample_weight=weight)
    elif file.form == STRATEGY:
        segmenter = MECERuleSegmenter.from_strategy(file.text)
    if segmenter is None:
        rules = file.rules
        rules = rules if rules.is_resolved else rules.resolve(X, weight)
        report = rules.verify()
    else:
        rules, report = segmenter.rules_, segmenter.mece_report_
    columns = Columns(X)
    codes = rules.assign(columns)
    if segmenter is not None:
        require_covered(codes, rules, columns, file.schema)
    inside = rules.inside(columns)
    table, outside = _table(rules, codes, inside, y, weight)
    if segmenter is not None:
        table.insert(list(table).index("rule"), "score", segmenter.segments_["score"])
    names = np.array([*rules.names, None], dtype=object)[codes]
    names[~inside] = OUTSIDE
    ids: Any = np.arange(1, len(X) + 1) if id_column is None else data.texts[id_column]
    rows = pd.DataFrame({id_column or ROW: ids, FOUND[0]: codes, FOUND[1]: names})
    return RulesRun(file, rules, report, rows, table, outside, segmenter)


def _table(
    rules: RuleSet,
    codes: IntArray,
    inside: BoolArray,
    y: FloatArray | None,
    weight: FloatArray | None,
) -> tuple[pd.DataFrame, dict[str, float]]:
    counts = np.ones(len(codes)) if weight is None else weight
    taken, total = codes >= 0, counts[inside].sum()
    n = np.bincount(codes[taken], counts[taken], minlength=len(rules))
    table = pd.DataFrame(
        {
            "code": np.arange(len(rules)),
            "name": list(rules.names),
            "n": n,
            "share": n / total if total else np.nan,
        }
    )
    if y is not None:
        sums = np.bincount(codes[taken], (y * counts)[taken], minlength=len(rules))
        table["outcome"] = np.divide(sums, n, where=n > 0, out=np.full(len(n), np.nan))
    table["rule"] = list(rules.texts().values())
    outside = {}
    if rules.universe is not None:
        outside[OUTSIDE] = float(counts[~inside].sum())
    if (inside & ~taken).any():
        outside["(no segment)"] = float(counts[inside & ~taken].sum())
    return table, outside


def _in_terms_of_data(message: str, file: RulesFile, data: DataFile) -> str:
    """Return a message about `X` as one about the file."""
    name = data.path.name
    message = re.sub(
        r"^Row (\d+) of X", lambda found: f"{data.place(int(found[1]))}: it", message
    )
    message = message.replace("rows of X", f"rows of {name}")
    message = message.replace("row of X", f"row of {name}")
    message = message.replace("a column of X", "a column that rules compare with")
    message = message.replace("Pass y to fit.", "Give --outcome.")
    message = in_terms_of_keys(message).removeprefix(f"{OWNER} ")
    return f"{file.path.name}: {message}"


def verdict(run: RulesRun) -> list[str]:
    """Say what the proof has found, in sentences."""
    report, n_segments = run.report, len(run.rules)
    if run.segmenter is None and not report.is_mece:
        order = "The first rule that holds counts; rows without one have no segment."
        return [str(report), order]
    within = "" if run.rules.universe is None else " of the universe"
    partition = (
        f"The {n_segments} segments are mutually exclusive and collectively "
        f"exhaustive: every possible row{within}, missing values included, is in "
        "exactly one."
    )
    said = [partition]
    if n_pairs := report.n_overlaps:
        pairs = "pair of rules overlaps" if n_pairs == 1 else "pairs of rules overlap"
        said.append(
            f"As written {n_pairs} {pairs}; the first rule that holds counts, as "
            "declared."
        )
    if run.rules.default is not None:
        said.append(f"{run.rules.default!r} takes the rows that no rule takes.")
    return said
