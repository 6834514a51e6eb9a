"""The strategy of business rules: with scores, edits, and parameters to fit again."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

import numpy as np
import pandas as pd

from skseg._core._encoding import SegmentEncoding
from skseg._core._fitted_state import sets_state
from skseg._core._outcome import OutcomeCoding
from skseg._core._strategy import StrategyMixin
from skseg._core._strategy_json import plain, records, rule_texts
from skseg._core._strategy_table import actions_and_fields
from skseg.exceptions import InvalidDataError, RuleError
from skseg.rules import Domain, MECEReport, RuleSet

from ._cut_points import CutPoint, cut_point_table, write_cut_points
from ._merge_report import MergeReport
from ._parameters_json import snapshot, write_parameters, write_schema
from ._rules import OWNER, overlaps_of
from ._strategy_json import Strategy
from ._strategy_shape import FURTHER_PARAMETERS, PARAMETERS
from ._table import check_score_weights
from ._validity import encoding_of
from ._words import threshold_notes


class RuleStrategyMixin(StrategyMixin):
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

    def _actions(
        self, playbook: Any
    ) -> tuple[Mapping[str, str] | None, pd.DataFrame | None]:
        if playbook is None:
            return self._playbook, None
        names = list(dict.fromkeys([*self.rules_.names, *self._business_rules.names]))
        return actions_and_fields(OWNER, playbook, names)

    def _strategy_schema(self) -> Mapping[str, Domain]:
        return self._schema

    def _strategy_segments(self) -> pd.DataFrame:
        table: pd.DataFrame = self.segments_
        if self._cut_points:
            table["thresholds"] = threshold_notes(self.rules_, self._cut_points)
        return table

    def _strategy_figures(self, noise: str | None) -> pd.DataFrame:
        table: pd.DataFrame = self.segments_
        return table

    def _strategy_columns(self) -> int | Sequence[str]:
        columns: int | Sequence[str]
        columns = getattr(self, "feature_names_in_", self.n_features_in_)
        return columns

    def _strategy_facts(self, rules: RuleSet) -> tuple[dict[str, Any], dict[str, Any]]:
        parameters = dict(self._parameters)
        schema = write_schema(parameters.pop("schema"))
        texts, merges = write_parameters(parameters), self.merge_report_
        rule_names = texts["rules"]
        base = self._business_rules
        kept = {key: texts[key] for key in (*PARAMETERS, *FURTHER_PARAMETERS)}
        return {"schema": schema, "parameters": kept}, {
            "rules": rule_texts(base),
            "default": base.default,
            "min_size": plain(self.min_size_),
            "max_size": plain(self.max_size_),
            "n_outside": plain(self.n_outside_),
            "cut_points": write_cut_points(self._cut_points),
            "lineage": records(self.lineage_),
            "merge_report": None if merges is None else asdict(merges),
            "rule_names": None if rule_names is None else list(rule_names),
            "score_weights": texts["score_weights"],
        }

    @classmethod
    def from_strategy(cls, source: Any) -> Self:
        """Read a fitted segmenter from the JSON of `to_json`, and prove it again.

        That of any segmenter: a strategy is rules, names and actions.

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
