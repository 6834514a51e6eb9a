"""Segments as a strategy: a table to act on, as a frame, CSV or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._files import write_text
from skseg.exceptions import InvalidDataError
from skseg.rules import Domain, RuleSet
from skseg.rules._proof._domain import wording

from ._csv_files import to_csv
from ._fitted_state import reads_state
from ._outside_noise import noise_as_outside
from ._segment_words import describe, full_rules
from ._strategy_json import rule_texts, write_strategy
from ._strategy_table import actions_and_fields, strategy_frame
from ._validation import positional_names

# The figures of a strategy file, which mean the same for every segmenter.
_FIGURES = ["n", "share", "outcome"]


class StrategyMixin:
    """Mixin for segmenters with a partition in ``rules_``: segments to act on.

    The files are read back by `MECERuleSegmenter.from_strategy`, whichever segmenter
    has written them.
    """

    rules_: RuleSet
    segments_: Any
    n_features_in_: int

    @reads_state
    def to_strategy(
        self,
        playbook: Any = None,
        *,
        dialect: str | None = "duckdb",
        empty_is_missing: bool = False,
    ) -> pd.DataFrame:
        """Return the segments as a table to act on, the best first.

        Parameters
        ----------
        playbook : mapping of str to str, or DataFrame, default=None
            Segment -> action, or what `Playbook.recommend` returns: its plays are the
            actions, and their fields further columns. Its row about customers outside
            of a universe is left out, as they are in no segment. None: the playbook
            that the segmenter was fitted with, if it has one.
        dialect : str or None, default="duckdb"
            SQL dialect of the column ``sql``, a condition for WHERE that holds for the
            rows of the segment alone, as `RuleSet.to_sql` takes it; needs the extra
            ``sql``. None: no such column.
        empty_is_missing : bool, default=False
            Whether empty text is a missing value in the column ``sql``, as in a table
            that SQLite has imported from a csv file. Only for "sqlite".

        Returns
        -------
        DataFrame
            One row per segment: rank and score (of segmenters that score segments),
            name, description (English), n, share, action (with a playbook), audience
            (with a universe), and whatever else ``segments_`` holds, lists as text;
            with quantiles in the rules, thresholds: what decided each, such as the
            least allowed. Segments without ranks stand in the order of their codes.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        InvalidDataError
            If the playbook names what is no segment, or a segment twice.
        InvalidParameterError
            If the playbook is neither a mapping to text nor a frame.
        MissingColumnError
            If the playbook is a frame without name or play.
        RuleError
            If empty text is to be missing in a dialect other than "sqlite".
        MissingExtraError
            If sqlglot is not installed.

        Examples
        --------
        >>> from skseg import OptimalRevenueBinner
        >>> binner = OptimalRevenueBinner(
        ...     2, revenue=[10.0, 10.0], segment_names=["Mail", "Call"]
        ... )
        >>> binner = binner.fit([[0.1], [0.2], [0.8], [0.9]], [0, 0, 1, 1])
        >>> table = binner.to_strategy({"Call": "Offer a visit"}, dialect=None)
        >>> list(table["name"].head(2)), list(table["action"].head(2))
        (['Mail', 'Call'], ['', 'Offer a visit'])
        """
        rules = self.rules_
        actions, fields = self._actions(playbook)
        segments = self._strategy_segments()
        words = wording(self._strategy_schema())
        if dialect is not None:
            conditions = [
                rule.to_sql(dialect, empty_is_missing=empty_is_missing)
                for rule in full_rules(rules)
            ]
            by_name = dict(zip(rules.names, conditions, strict=True))
            sql = [by_name[name] for name in segments["name"]]
            segments.insert(list(segments).index("rule") + 1, "sql", sql)
        return strategy_frame(rules, segments, actions, fields, words)

    @reads_state
    def to_csv(
        self,
        path: Any = None,
        *,
        playbook: Any = None,
        dialect: str | None = "duckdb",
        empty_is_missing: bool = False,
        spreadsheet_safe: bool = False,
    ) -> str | None:
        """Write the strategy as CSV.

        Parameters
        ----------
        path : str or path-like, default=None
            The file. None: return the text.
        playbook : mapping of str to str, or DataFrame, default=None
            As in `to_strategy`.
        dialect : str or None, default="duckdb"
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
        owner = f"{type(self).__name__}.to_csv"
        frame = self.to_strategy(
            playbook, dialect=dialect, empty_is_missing=empty_is_missing
        )
        return to_csv(frame, path, owner=owner, spreadsheet_safe=spreadsheet_safe)

    @reads_state
    def to_json(
        self,
        path: Any = None,
        *,
        playbook: Any = None,
        dialect: str | None = "duckdb",
        empty_is_missing: bool = False,
    ) -> str | None:
        """Write the strategy as JSON that `MECERuleSegmenter.from_strategy` reads.

        Rules, names and actions are text, fit for editing by hand. What cannot be read
        from them are figures: the size, share and mean outcome of each segment, and for
        `MECERuleSegmenter` its scores and parameters. The fields of plays are in
        `to_strategy` alone.

        Parameters
        ----------
        path : str or path-like, default=None
            The file. None: return the text.
        playbook : mapping of str to str, or DataFrame, default=None
            As in `to_strategy`. The play of noise in a DataFrame is left out, as noise
            is outside of the universe in the file.
        dialect : str or None, default="duckdb"
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
        InvalidDataError
            If the playbook is a mapping with an action for noise, and as in
            `to_strategy`.
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
        owner = type(self).__name__
        frame = self.to_strategy(
            playbook, dialect=dialect, empty_is_missing=empty_is_missing
        )
        rules, noise = noise_as_outside(self.rules_), self.rules_.noise
        is_noise = frame["name"] == noise
        has_action = "action" in frame and frame["action"][is_noise].any()
        if has_action and not isinstance(playbook, pd.DataFrame):
            raise InvalidDataError(
                f"The noise {noise!r} is outside of the universe in a strategy file, "
                "so it has no action.",
                owner=f"{owner}.to_json",
                name="playbook",
                value=noise,
                advice=f"Leave {noise!r} out of the playbook.",
            )
        parameters, facts = self._strategy_facts(rules)
        text = write_strategy(
            owner,
            self._strategy_figures(noise),
            frame[~is_noise],
            rules=rules,
            columns=self._strategy_columns(),
            parameters=parameters,
            fitted=facts,
        )
        if path is None:
            return text
        write_text(path, text + "\n", owner=f"{owner}.to_json")
        return None

    def _actions(
        self, playbook: Any
    ) -> tuple[Mapping[str, str] | None, pd.DataFrame | None]:
        """Return segment -> action and further fields of plays; None without any."""
        names = self.rules_.names
        return actions_and_fields(type(self).__name__, playbook, names)

    def _strategy_schema(self) -> Mapping[str, Domain]:
        """Return what is known of the columns."""
        return {}

    def _strategy_segments(self) -> pd.DataFrame:
        """Return the segments with their descriptions, and what else the table has."""
        rules = self.rules_
        texts = dict(zip(rules.names, describe(rules, {}), strict=True))
        table: pd.DataFrame = self.segments_
        return table.assign(description=[texts[name] for name in table["name"]])

    def _strategy_figures(self, noise: str | None) -> pd.DataFrame:
        """Return the segments with the figures of a strategy file, without `noise`."""
        table: pd.DataFrame = self.segments_
        table = table[table["name"] != noise].reset_index(drop=True)
        if noise is not None:
            table["share"] = table["n"] / table["n"].sum()
        columns = [name for name in _FIGURES if name in table]
        return table[["code", "name", "rule", *columns]]

    def _strategy_columns(self) -> int | Sequence[str]:
        """Return the columns of rows to predict, or the number of those of arrays."""
        names = getattr(self, "feature_names_in_", None)
        known = positional_names(self.n_features_in_) if names is None else list(names)
        if not set(self.rules_.columns) <= set(known):
            # Such as the propensity that a classifier derives from the columns.
            return self.rules_.columns
        return self.n_features_in_ if names is None else known

    def _strategy_facts(self, rules: RuleSet) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return further parts of a strategy file, and what else the fit has found."""
        table = self.segments_
        n_outside = table["n"][table["name"] == self.rules_.noise].sum()
        facts = {
            "rules": rule_texts(rules),
            "default": rules.default,
            "min_size": None,
            "max_size": None,
            "n_outside": np.asarray(n_outside).item(),
            "cut_points": [],
            "lineage": [],
            "merge_report": None,
            "rule_names": list(rules.rules),
            "score_weights": None,
        }
        return {}, facts
