"""Segments as a strategy: a table to act on, as a frame, CSV or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._csv_files import to_csv
from skseg._core._fitted_state import reads_state, sets_state
from skseg._files import write_text
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean
from skseg.rules import Domain, MECEReport, RuleSet
from skseg.rules._language._english import Wording
from skseg.rules._language._json import readable_text
from skseg.rules._proof._domain import wording

from ._cut_points import CutPoint, cut_point_table, write_cut_points
from ._merge_report import MergeReport
from ._parameters_json import write_parameters
from ._rules import OWNER
from ._strategy_json import (
    Strategy,
    plain,
    records,
    whole_numbers,
    write_strategy,
)
from ._words import full_rules, threshold_notes


class StrategyMixin:
    """Mixin for segmenters whose segments have scores, ranks and actions."""

    rules_: RuleSet
    mece_report_: MECEReport
    segments_: pd.DataFrame
    lineage_: pd.DataFrame
    merge_report_: MergeReport | None
    min_size_: float | None
    max_size_: float | None
    n_outside_: float
    n_features_in_: int
    cut_points_: pd.DataFrame
    # The parameters as `fit` has read them, and what they came to.
    _parameters: Mapping[str, Any]
    _schema: Mapping[str, Domain]
    _playbook: Mapping[str, str] | None
    _business_rules: RuleSet
    _segments: pd.DataFrame
    _lineage: pd.DataFrame
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
        frame = self._segments.copy()
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
            self._segments,
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
                "lineage": records(self._lineage),
                "merge_report": None if merges is None else asdict(merges),
                "rule_names": None if rule_names is None else list(rule_names),
                "score_weights": texts["score_weights"],
            },
        )
        if path is None:
            return text
        write_text(path, text + "\n", owner=f"{OWNER}.to_json")
        return None

    def _set_tables(self, segments: pd.DataFrame, lineage: pd.DataFrame) -> None:
        """Set the public tables, and those that methods read, which nobody changes."""
        self._segments, self._lineage = segments, lineage
        self.segments_, self.lineage_ = segments.copy(), lineage.copy()

    @sets_state
    def _restore(
        self, strategy: Strategy, report: MECEReport, parameters: Mapping[str, Any]
    ) -> None:
        """Set what `fit` has learned, from a strategy."""
        self._parameters = parameters
        self.rules_, self.mece_report_ = strategy.rules, report
        self._schema, self._playbook = strategy.schema, strategy.actions
        self._business_rules, self._cut_points = strategy.base, strategy.cut_points
        self._set_tables(strategy.segments, strategy.lineage)
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


def check_playbook(playbook: Any, names: Sequence[str]) -> None:
    """Raise if a playbook is no mapping of `names` to actions."""
    if playbook is None:
        return
    if not isinstance(playbook, Mapping):
        rule = "a mapping of segments to actions"
        raise InvalidParameterError(OWNER, "playbook", rule, playbook)
    if not all(isinstance(action, str) for action in playbook.values()):
        rule = "a mapping of segments to actions, which are text"
        raise InvalidParameterError(OWNER, "playbook", rule, playbook)
    for name, action in playbook.items():
        try:
            action.encode()
        except UnicodeEncodeError:
            rule = "a mapping of segments to actions without lone surrogates"
            raise InvalidParameterError(OWNER, "playbook", rule, playbook) from None
        if name not in names:
            raise InvalidDataError(
                f"The playbook names {name!r}, which is neither a segment nor a "
                f"rule.{did_you_mean(str(name), names)}",
                owner=OWNER,
                name="playbook",
                rule="a mapping of segments or rules to actions",
                value=name,
            )


def strategy_frame(
    rules: RuleSet,
    segments: pd.DataFrame,
    playbook: Mapping[str, str] | None,
    words: Wording,
) -> pd.DataFrame:
    """Return the segments as a table to act on, the best first."""
    table = segments.assign(n=whole_numbers(segments["n"]))
    for column in ["merged_from", "split_from"]:
        table[column] = ["; ".join(rule_names) for rule_names in table[column]]
    if rules.universe is not None:
        table.insert(1, "audience", words.english(rules.universe))
    if playbook is not None:
        table["action"] = _actions(segments, playbook)
    first = ["rank", "name", "description", "n", "share", "score"]
    first += [name for name in ["action", "audience"] if name in table]
    table = table[[*first, *(name for name in table if name not in first)]]
    return table.sort_values(["rank", "code"]).reset_index(drop=True)


def _actions(segments: pd.DataFrame, playbook: Mapping[str, str]) -> list[str]:
    """Return the action of every segment, by its name or else those of its rules."""
    actions = []
    for name, merged, split in zip(
        segments["name"], segments["merged_from"], segments["split_from"], strict=True
    ):
        if name in playbook:
            actions.append(playbook[name])
            continue
        of_rules = [playbook[rule] for rule in merged or split if rule in playbook]
        actions.append("; ".join(dict.fromkeys(of_rules)))
    return actions
