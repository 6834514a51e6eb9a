"""Segments as a strategy: a table to act on, as a frame, CSV or JSON, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import numpy as np
import pandas as pd

from skseg._core._csv_files import to_csv
from skseg._core._encoding import SegmentEncoding
from skseg._core._fitted_state import reads_state, sets_state
from skseg._core._outcome import OutcomeCoding
from skseg._files import write_text
from skseg.exceptions import InvalidDataError, RuleError
from skseg.rules import Domain, MECEReport, RuleSet
from skseg.rules._language._json import readable_text
from skseg.rules._proof._domain import wording

from ._cut_points import CutPoint, cut_point_table, write_cut_points
from ._merge_report import MergeReport
from ._parameters_json import snapshot, write_parameters
from ._rules import OWNER, overlaps_of
from ._strategy_json import (
    Strategy,
    plain,
    records,
    write_strategy,
)
from ._strategy_table import strategy_frame
from ._table import check_score_weights
from ._validity import encoding_of
from ._words import full_rules, threshold_notes


class StrategyMixin:
    """Mixin for segmenters whose segments have scores, ranks and actions."""

    rules_: RuleSet
    mece_report_: MECEReport
    segments_: Any
    lineage_: Any
    merge_report_: MergeReport | None
    min_size_: float | None
    max_size_: float | None
    n_outside_: float
    n_features_in_: int
    cut_points_: Any
    # The parameters as `fit` has read them, and what they came to.
    _parameters: Mapping[str, Any]
    _schema: Mapping[str, Domain]
    _playbook: Mapping[str, str] | None
    _business_rules: RuleSet
    _outcome_coding: OutcomeCoding
    _encoding: SegmentEncoding
    _cut_points: list[CutPoint]

    @reads_state
    def to_strategy(
        self, *, dialect: str | None = "duckdb", empty_is_missing: bool = False
    ) -> pd.DataFrame:
        """Return the segments as a table to act on, the best first.

        Parameters
        ----------
        dialect : {"duckdb", "sqlite"} or None, default="duckdb"
            SQL dialect of the column ``sql``, a condition for WHERE that holds for the
            rows of the segment alone; needs the extra ``sql``. None: no such column.
        empty_is_missing : bool, default=False
            Whether empty text is a missing value in the column ``sql``, as in a table
            that SQLite has imported from a csv file. Only for "sqlite".

        Returns
        -------
        DataFrame
            One row per segment: rank, name, description (English), n, share,
            score, action (with a playbook), audience (with a universe), and whatever
            else ``segments_`` holds, lists as text; with quantiles in the rules,
            thresholds: what decided each, such as the least allowed.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        RuleError
            If empty text is to be missing in a dialect other than "sqlite".
        MissingExtraError
            If sqlglot is not installed.
        """
        frame = self.segments_
        if self._cut_points:
            frame["thresholds"] = threshold_notes(self.rules_, self._cut_points)
        words = wording(self._schema)
        table = strategy_frame(self.rules_, frame, self._playbook, words)
        if dialect is not None:
            conditions = [
                rule.to_sql(dialect, empty_is_missing=empty_is_missing)
                for rule in full_rules(self.rules_)
            ]
            table.insert(
                list(table).index("rule") + 1,
                "sql",
                [conditions[code] for code in table["code"]],
            )
        return table

    @reads_state
    def to_csv(
        self,
        path: Any = None,
        *,
        dialect: str | None = "duckdb",
        empty_is_missing: bool = False,
        spreadsheet_safe: bool = False,
    ) -> str | None:
        """Write the strategy as CSV.

        Parameters
        ----------
        path : str or path-like, default=None
            The file. None: return the text.
        dialect : {"duckdb", "sqlite"} or None, default="duckdb"
            As in `to_strategy`.
        empty_is_missing : bool, default=False
            As in `to_strategy`.
        spreadsheet_safe : bool, default=False
            Whether to put an apostrophe before text that a spreadsheet would run as a
            formula, since it begins with ``=``, ``+``, ``-``, ``@``, a tab or the end
            of a line. Without it such text is written as it is, with a warning.

        Returns
        -------
        str or None
            The text, without a path.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        RuleError
            If empty text is to be missing in a dialect other than "sqlite".
        MissingExtraError
            If sqlglot is not installed.
        InvalidParameterError
            If the path is no path, or `spreadsheet_safe` is neither True nor False.
        OSError
            If the file cannot be written; it is then as it was.

        Warns
        -----
        UserWarning
            If a spreadsheet would run text of the file as a formula.
        """
        owner = f"{OWNER}.to_csv"
        frame = self.to_strategy(dialect=dialect, empty_is_missing=empty_is_missing)
        return to_csv(frame, path, owner=owner, spreadsheet_safe=spreadsheet_safe)

    @reads_state
    def to_json(
        self,
        path: Any = None,
        *,
        dialect: str | None = "duckdb",
        empty_is_missing: bool = False,
    ) -> str | None:
        """Write the strategy as JSON that `from_strategy` reads.

        Rules, names and actions are text, fit for editing by hand. The parameters of
        `fit` are written too, so that it can be fitted again elsewhere.

        Parameters
        ----------
        path : str or path-like, default=None
            The file. None: return the text.
        dialect : {"duckdb", "sqlite"} or None, default="duckdb"
            As in `to_strategy`.
        empty_is_missing : bool, default=False
            As in `to_strategy`.

        Returns
        -------
        str or None
            The text, without a path.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        RuleError
            If JSON has no word for a parameter, such as an infinity in the schema, or
            empty text is to be missing in a dialect other than "sqlite".
        MissingExtraError
            If sqlglot is not installed.
        InvalidParameterError
            If the path is no path.
        OSError
            If the file cannot be written; it is then as it was.
        """
        base = self._business_rules
        parameters = dict(self._parameters)
        schema = parameters.pop("schema")
        texts, merges = write_parameters(parameters), self.merge_report_
        rule_names = texts["rules"]
        text = write_strategy(
            self.segments_,
            self.to_strategy(dialect=dialect, empty_is_missing=empty_is_missing),
            rules=self.rules_,
            columns=getattr(self, "feature_names_in_", self.n_features_in_),
            schema=schema,
            parameters=texts,
            fitted={
                "rules": {
                    name: readable_text(rule, f"The rule {name!r}")
                    for name, rule in base.rules.items()
                },
                "default": base.default,
                "min_size": plain(self.min_size_),
                "max_size": plain(self.max_size_),
                "n_outside": plain(self.n_outside_),
                "cut_points": write_cut_points(self._cut_points),
                "lineage": records(self.lineage_),
                "merge_report": None if merges is None else asdict(merges),
                "rule_names": None if rule_names is None else list(rule_names),
                "score_weights": texts["score_weights"],
            },
        )
        if path is None:
            return text
        write_text(path, text + "\n", owner=f"{OWNER}.to_json")
        return None

    @classmethod
    def from_strategy(cls, source: Any) -> Self:
        """Read a fitted segmenter from the JSON of `to_json`, and prove it again.

        Parameters
        ----------
        source : str or pathlib.Path
            The JSON as text, or the path of a file with it; a str is never a path. Its
            universe, rules, names and actions may have been edited, and the parameters
            for the next `fit`. An edit of what follows from these, such as a figure,
            warns.

        Returns
        -------
        MECERuleSegmenter
            Fitted: it predicts, and writes the same strategy. It has no ``labels_``,
            and figures only where they are still true: `recount` counts them anew.
            Its parameters are those of the `fit` that was written, rules as text and
            domains as dicts, with the edits in them. Where they cannot tell an edit,
            such as that of a rule, the segments themselves are the rules, with numbers
            for quantiles.

        Raises
        ------
        RuleError
            If this is no such JSON: a key that is unknown, missing or stands twice, or
            a value of another kind, at any depth; the message says where.
        InvalidDataError
            If the edited rules are no longer mutually exclusive and collectively
            exhaustive; the message says where.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> from skseg import MECERuleSegmenter
        >>> X = [[20.0], [50.0], [200.0], [80.0]]
        >>> fitted = MECERuleSegmenter({"VIP": "x0 >= 80"}, default="Rest").fit(X)
        >>> text = fitted.to_json(dialect=None)
        >>> MECERuleSegmenter.from_strategy(text).predict(X)
        array([1, 1, 0, 0])
        >>> edited = text.replace('"rule": "x0 >= 80"', '"rule": "x0 >= 50"', 1)
        >>> MECERuleSegmenter.from_strategy(edited).predict(X)
        array([1, 0, 0, 0])
        """
        strategy = Strategy(source)
        for note in strategy.notes:
            warnings.warn(note, UserWarning, stacklevel=2)
        report = strategy.rules.verify(strategy.schema)
        if not report.is_mece:
            shown = report if report.default is None else overlaps_of(report)
            raise InvalidDataError(
                f"The rules of the strategy are no partition.\n{shown}",
                owner=OWNER,
                name="source",
            )
        segmenter: Any = cls(**strategy.parameters)
        try:
            segmenter._check_parameters()
            segmenter._check_encode()
            check_score_weights(segmenter.score_weights, strategy.column_names)
            if segmenter.rules is not None:
                segmenter.parse_rules()
        except ValueError as error:
            raise RuleError(
                f"Not a strategy: parameters: {error}", name="parameters"
            ) from None
        parameters = snapshot(segmenter.get_params(deep=False))
        segmenter._restore(strategy, report, parameters)
        restored: Self = segmenter
        return restored

    @sets_state
    def _restore(
        self, strategy: Strategy, report: MECEReport, parameters: Mapping[str, Any]
    ) -> None:
        """Set what `fit` has learned, from a strategy."""
        rules, self._parameters = strategy.rules, parameters
        # Rows that break the schema reach what the proof by it rules out.
        proof = rules.verify() if strategy.schema else report
        self._encoding = encoding_of(parameters["encode"], rules, proof)
        self._outcome_coding = OutcomeCoding()
        self.rules_, self.mece_report_ = rules, report
        self._schema, self._playbook = strategy.schema, strategy.actions
        self._business_rules, self._cut_points = strategy.base, strategy.cut_points
        self.segments_, self.lineage_ = strategy.segments, strategy.lineage
        self.cut_points_ = cut_point_table(strategy.cut_points)
        self.min_size_, self.max_size_ = strategy.bounds
        self.merge_report_ = strategy.merge_report
        self.n_outside_ = strategy.n_outside
        columns = strategy.columns
        if isinstance(columns, int):
            self.n_features_in_ = columns
        else:
            self.n_features_in_ = len(columns)
            self.feature_names_in_ = np.array(columns, dtype=object)
