"""Playbook: what to do with each segment, as rules over the rows of a profile."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._csv_files import to_csv
from skseg._documents._json import dump_json, load_json
from skseg._documents._source import read_json
from skseg.exceptions import (
    InvalidParameterError,
    MissingColumnError,
    RuleError,
    did_you_mean,
    reworded,
)
from skseg.profile import SegmentProfile
from skseg.rules import MECEReport, RuleSet

from ._decision_matrix import decision_table
from ._playbook_conditions import Differences
from ._playbook_documents import (
    FORMAT,
    OWNER,
    VERSION,
    checked_document,
    read_yaml,
    yaml_text,
)
from ._playbook_rows import SCHEMA, playbook_rows
from ._plays import Play, play_cells, read_play

SHIPPED = {"rfm": "_rfm_playbook.json", "traits": "_traits_playbook.json"}
_REST = "Others"


class Playbook:
    """What to do with each segment: plays, and a proof that each segment has one.

    A play says for which segments it is, by a rule of skseg's own language over the
    numbers of a profile, and what to do with them. The rules are proved like any other
    rule set: no segment gets two plays, and none is left without one.

    Parameters
    ----------
    plays : sequence of Play or mapping
        Plays in order; a mapping has the fields of `Play` as keys.
    default : str, default=None
        Name of the play, among `plays` and without a condition, of all segments for
        which no condition holds.
    on_overlap : {"raise", "first"}, default="raise"
        What to do where conditions overlap. ``"first"``: the first one that holds
        counts.
    on_gap : {"raise", "default"}, default="raise"
        What to do where conditions leave a gap and no `default` is named.
        ``"default"``: these segments get the play "Others", which has no fields.

    Attributes
    ----------
    plays : tuple of Play
        The plays in order.
    rules : RuleSet
        The conditions as rules, at most one of which holds for a row. A comparison of
        two columns is one of their difference with 0, as in ``value_share minus
        share``.
    report : MECEReport
        The proof about the conditions as written.
    budget_share : float
        Sum of the budget shares of all plays.

    Raises
    ------
    RuleError
        If a field is unknown or has a wrong value, a name stands twice, a condition is
        no rule, conditions overlap or leave a gap, or budget shares sum to more than 1.

    See Also
    --------
    what_if : What an uplift that you assume would bring and cost.

    Notes
    -----
    These are the columns of the conditions, one row per segment:

    - ``name``, ``code``, ``n``, ``share`` (of all customers, from 0 to 1);
    - ``value``, ``value_share``, ``value_mean``, and ``value_index``, which is
      value_share / share: 2 means twice the average customer's value;
    - ``outcome``, ``outcome_low``, ``outcome_high``;
    - ``median_<feature>``, ``mean_<feature>``, ``rank_<feature>`` (share of all
      customers below the segment's median) and ``missing_<feature>`` (share of missing
      values), for each numeric feature;
    - ``share_<feature>_<level>``, for each level of the others.

    Names that are no plain words are written ``col('median_order value')``. Two columns
    can be compared: ``value_share > share``. Numbers that a profile lacks, or
    does not show as too few customers share them, are missing: no comparison holds for
    them, and ``missing(value_index)`` does. Such a segment goes where the rules say,
    else to the default.

    The proof takes the columns as independent of each other, so that a counter-example
    may be one that no profile has, such as a share above 1 of the value.

    Examples
    --------
    >>> from skseg.playbook import Playbook
    >>> playbook = Playbook(
    ...     [
    ...         {
    ...             "name": "Win back",
    ...             "when": "median_recency > 90 and value_share > share",
    ...             "channel": ["e-mail", "phone"],
    ...             "budget_share": 0.4,
    ...         },
    ...         {"name": "Inform"},
    ...     ],
    ...     default="Inform",
    ... )
    >>> playbook.report.is_exclusive
    True
    >>> Playbook(
    ...     [
    ...         {"name": "Call", "when": "value_index >= 2"},
    ...         {"name": "Mail", "when": "value_index <= 2"},
    ...     ]
    ... )
    Traceback (most recent call last):
        ...
    skseg.exceptions.RuleError: Segments can get two plays.
    Not mutually exclusive: 1 pair overlaps.
      'Call' and 'Mail' overlap where value_index: {2}; for example value_index=2
    Not collectively exhaustive.
      no rule holds where value_index: missing; for example value_index=missing
    Change a condition, or let the first play that holds count with on_overlap='first'.
    """

    def __init__(
        self,
        plays: Sequence[Play | Mapping[str, Any]],
        *,
        default: str | None = None,
        on_overlap: str = "raise",
        on_gap: str = "raise",
    ) -> None:
        is_list = isinstance(plays, Sequence) and not isinstance(plays, str)
        if not is_list or not all(isinstance(p, Play | Mapping) for p in plays):
            rule = "a sequence of plays or mappings"
            raise InvalidParameterError(OWNER, "plays", rule, plays)
        content = checked_document(
            {
                "format": FORMAT,
                "version": VERSION,
                "default": default,
                "on_overlap": on_overlap,
                "on_gap": on_gap,
                "plays": [
                    p.to_dict() if isinstance(p, Play) else _plain(p) for p in plays
                ],
            },
            OWNER,
        )
        self.plays: tuple[Play, ...] = tuple(map(read_play, content["plays"]))
        self.default = default
        self.on_overlap = on_overlap
        self.on_gap = on_gap
        self._differences = Differences()
        # What the condition of each play compares, both columns of a difference.
        self._columns: dict[str, tuple[str, ...]] = {}
        self._check_default()
        self.budget_share: float = _checked_budget(self.plays)
        self.rules: RuleSet
        self.report: MECEReport
        self.rules, self.report = self._proved()

    def _check_default(self) -> None:
        names = [play.name for play in self.plays]
        if self.default is not None and self.default not in names:
            raise RuleError(
                f"The default play must be one of {names}. Got {self.default!r} "
                f"instead.{did_you_mean(self.default, names)}",
                owner=OWNER,
                name="default",
                value=self.default,
            )
        for play in self.plays:
            if (play.when is None) != (play.name == self.default):
                is_default = play.name == self.default
                problem = (
                    "is the default, so it must have no condition"
                    if is_default
                    else "needs a condition, 'when', as it is not the default"
                )
                raise RuleError(
                    f"The play {play.name!r} {problem}.",
                    owner=OWNER,
                    name="when",
                    value=play.when,
                )

    def _proved(self) -> tuple[RuleSet, MECEReport]:
        """Return disjoint rules without a gap, and the proof about those as written."""
        rules = {}
        for play in self.plays:
            if play.when is not None:
                try:
                    rules[play.name] = self._differences.parse(play.when)
                except RuleError as error:
                    text = f"The play {play.name!r}: {error}"
                    raise reworded(error, text) from None
        written = RuleSet(rules, default=self.default)
        pairs = self._differences.pairs
        for name, rule in rules.items():
            columns = RuleSet({name: rule}).columns
            operands = [c for column in columns for c in pairs.get(column, (column,))]
            self._columns[name] = tuple(dict.fromkeys(operands))
        if not written.is_resolved:
            raise RuleError(
                "The conditions of plays hold numbers, not quantiles such as q(0.75), "
                "as they are about few segments. Compare a rank, as in "
                "rank_recency > 0.75.",
                owner=OWNER,
                name="when",
            )
        schema = self._schema(written)
        report = written.verify(schema)
        if report.n_overlaps and self.on_overlap == "raise":
            raise RuleError(
                f"Segments can get two plays.\n{report}",
                owner=OWNER,
                name="on_overlap",
                value=self.on_overlap,
                advice="Change a condition, or let the first play that holds count "
                "with on_overlap='first'.",
                remedy={"on_overlap": "first"},
            )
        default = self.default
        if not report.is_exhaustive:
            if self.on_gap == "raise":
                raise RuleError(
                    f"Segments can be left without a play.\n{report}",
                    owner=OWNER,
                    name="on_gap",
                    value=self.on_gap,
                    advice="Change a condition, name a play without one as the "
                    f"default, or give these segments the play {_REST!r} with "
                    "on_gap='default'.",
                    remedy={"on_gap": "default"},
                )
            if _REST in rules:
                raise RuleError(
                    f"Segments without a play get the play {_REST!r}, whose name is "
                    "taken.",
                    owner=OWNER,
                    name="on_gap",
                    value=self.on_gap,
                    advice=f"Rename the play {_REST!r}.",
                )
            default = _REST
        complete = RuleSet(rules, default=default)
        return (complete.disjoint(schema) if report.n_overlaps else complete), report

    def _schema(self, rules: RuleSet) -> dict[str, Any]:
        """Return what is known of the columns of rules, apart from their numbers."""
        schema = {**SCHEMA, **self._differences.schema}
        return {name: schema[name] for name in schema if name in rules.columns}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Playbook):
            return NotImplemented
        return self._document() == other._document()

    def __hash__(self) -> int:
        return hash((self.plays, self.default, self.on_overlap, self.on_gap))

    def __repr__(self) -> str:
        return f"<Playbook: {', '.join(play.name for play in self.plays)}>"

    def _document(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "default": self.default,
            "on_overlap": self.on_overlap,
            "on_gap": self.on_gap,
            "plays": [play.to_dict() for play in self.plays],
        }

    @classmethod
    def load(cls, name: str) -> Playbook:
        """Return a playbook that skseg ships.

        Parameters
        ----------
        name : {"rfm", "traits"}
            ``"rfm"``: one play for each of the ten segments of ``RFMSegmenter()``, by
            name. ``"traits"``: for any profile, by value_index and share.

        Returns
        -------
        Playbook
            To use, or to edit as YAML.

        Raises
        ------
        InvalidParameterError
            If there is no such playbook.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> Playbook.load("rfm").plays[0].name
        'Thank the champions'
        """
        if not isinstance(name, str) or name not in SHIPPED:
            rule = " or ".join(repr(known) for known in SHIPPED)
            raise InvalidParameterError("Playbook.load", "name", rule, name)
        text = files("skseg.playbook").joinpath(SHIPPED[name]).read_text("utf-8")
        return cls._from_document(load_json(text), "Playbook.load")

    @classmethod
    def _from_document(cls, content: Any, owner: str) -> Playbook:
        content = checked_document(content, owner)
        return cls(
            **{k: v for k, v in content.items() if k not in ("format", "version")}
        )

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the playbook as JSON, without loss.

        Parameters
        ----------
        indent : int or None, default=2
            Spaces for each level; None writes one line.

        Returns
        -------
        str
            A JSON object.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> playbook = Playbook.load("rfm")
        >>> Playbook.from_json(playbook.to_json()) == playbook
        True
        """
        return dump_json(self._document(), indent=indent)

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Playbook:
        """Read a playbook from JSON.

        Parameters
        ----------
        source : str or pathlib.Path
            The JSON as text, or the path of a file with it. A str is never a path.

        Returns
        -------
        Playbook
            Equal to the one that was written.

        Raises
        ------
        RuleError
            If this is no JSON, or no playbook.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> text = '''{"format": "skseg.playbook", "version": 1, "default": "Wait",
        ... "plays": [{"name": "Wait"}]}'''
        >>> Playbook.from_json(text)
        <Playbook: Wait>
        """
        owner = "Playbook.from_json"
        return cls._from_document(read_json(source, owner, "a playbook"), owner)

    def to_yaml(self) -> str:
        """Return the playbook as YAML to edit, without loss.

        Returns
        -------
        str
            A YAML document; writing it takes no extra.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> print(Playbook([{"name": "Wait"}], default="Wait").to_yaml(), end="")
        format: "skseg.playbook"
        version: 1
        default: "Wait"
        on_overlap: "raise"
        on_gap: "raise"
        plays:
          - name: "Wait"
        """
        return yaml_text(self._document())

    @classmethod
    def from_yaml(cls, source: str | os.PathLike[str]) -> Playbook:
        """Read a playbook from YAML. It needs the extra ``cli``.

        Parameters
        ----------
        source : str or pathlib.Path
            The YAML as text, or the path of a file with it. A str is never a path.

        Returns
        -------
        Playbook
            Equal to the one that was written.

        Raises
        ------
        RuleError or InvalidDataError
            If this is no YAML, with the line, or no playbook, with the place.
        MissingExtraError
            If PyYAML is not installed.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> playbook = Playbook.load("traits")
        >>> Playbook.from_yaml(playbook.to_yaml()) == playbook
        True
        """
        owner = "Playbook.from_yaml"
        return cls._from_document(read_yaml(source, owner), owner)

    def recommend(self, profile: SegmentProfile) -> pd.DataFrame:
        """Return the play of each segment, and why.

        Parameters
        ----------
        profile : SegmentProfile
            The segments, with the columns that the conditions use.

        Returns
        -------
        DataFrame
            One row per segment: code, name, n, share, play, why (the condition that
            held, with its numbers), segment_budget_share (the play's share of the
            budget, divided among its segments by their sizes), and the fields of the
            play, lists as text.

        Raises
        ------
        InvalidParameterError
            If `profile` is none.
        MissingColumnError
            If a condition uses a number that the profile does not have.

        Examples
        --------
        >>> import pandas as pd
        >>> from skseg.playbook import Playbook
        >>> from skseg.profile import profile_segments
        >>> X = pd.DataFrame({"spend": range(40)})
        >>> profile = profile_segments([0] * 20 + [1] * 20, X, value="spend")
        >>> playbook = Playbook(
        ...     [{"name": "Call", "when": "value_share > share"}, {"name": "Mail"}],
        ...     default="Mail",
        ... )
        >>> playbook.recommend(profile)[["name", "play"]]
                name  play
        0  Segment 0  Mail
        1  Segment 1  Call
        >>> playbook.recommend(profile)["why"][1]
        'value_share > share (value_share = 0.75641, share = 0.5)'
        """
        rows, plays = self._assigned(profile)
        table = rows[["code", "name", "n", "share"]].copy()
        table["play"] = [play.name for play in plays]
        table["why"] = [
            self._reason(play, row)
            for play, (_, row) in zip(plays, rows.iterrows(), strict=True)
        ]
        table["segment_budget_share"] = _divided_budget(table, plays)
        cells = pd.DataFrame([play_cells(play) for play in plays], index=table.index)
        cells["budget_share"] = cells["budget_share"].astype(float)
        return pd.concat([table, cells], axis=1)

    def decision_matrix(self, profile: SegmentProfile) -> pd.DataFrame:
        """Return the decisions as sentences: IF a segment, THEN what to do.

        Parameters
        ----------
        profile : SegmentProfile
            The segments, as in `recommend`.

        Returns
        -------
        DataFrame
            One row per segment: code, name, play, ``if`` (the segment and the condition
            of the play in English) and ``then`` (the play with its fields).

        Raises
        ------
        InvalidParameterError, MissingColumnError
            As in `recommend`.

        Examples
        --------
        >>> import pandas as pd
        >>> from skseg.playbook import Playbook
        >>> from skseg.profile import profile_segments
        >>> X = pd.DataFrame({"spend": range(40)})
        >>> profile = profile_segments([0] * 20 + [1] * 20, X, value="spend")
        >>> playbook = Playbook(
        ...     [
        ...         {"name": "Call", "when": "median_spend >= 20", "channel": "phone"},
        ...         {"name": "Mail"},
        ...     ],
        ...     default="Mail",
        ... )
        >>> matrix = playbook.decision_matrix(profile)
        >>> print(matrix["if"][1])
        IF Segment 1 (median_spend is at least 20)
        >>> print(matrix["then"][1])
        THEN Call; channel: phone
        """
        rows, plays = self._assigned(profile)
        clauses = self.rules.describe(self._schema(self.rules))
        return decision_table(rows, plays, clauses)

    def to_csv(
        self,
        profile: SegmentProfile,
        path: str | os.PathLike[str] | None = None,
        *,
        spreadsheet_safe: bool = True,
    ) -> str | None:
        """Write the recommendations as CSV.

        Parameters
        ----------
        profile : SegmentProfile
            The segments, as in `recommend`.
        path : str or path, default=None
            Where to write; None returns the text.
        spreadsheet_safe : bool, default=True
            Whether an apostrophe goes before what a spreadsheet would run.

        Returns
        -------
        str or None
            The text if `path` is None.

        Raises
        ------
        InvalidParameterError, MissingColumnError
            As in `recommend`, or if the path cannot be written.

        Examples
        --------
        >>> import pandas as pd
        >>> from skseg.playbook import Playbook
        >>> from skseg.profile import profile_segments
        >>> profile = profile_segments([0] * 20, pd.DataFrame({"spend": range(20)}))
        >>> text = Playbook([{"name": "Wait"}], default="Wait").to_csv(profile)
        >>> text.splitlines()[0].split(",")[:5]
        ['code', 'name', 'n', 'share', 'play']
        """
        frame = self.recommend(profile)
        owner = "Playbook.to_csv"
        return to_csv(frame, path, owner=owner, spreadsheet_safe=spreadsheet_safe)

    def _assigned(self, profile: SegmentProfile) -> tuple[pd.DataFrame, list[Play]]:
        """Return the rows of a profile, and the play of each."""
        if not isinstance(profile, SegmentProfile):
            raise InvalidParameterError(OWNER, "profile", "a SegmentProfile", profile)
        rows, ambiguous = playbook_rows(profile)
        needed = [name for names in self._columns.values() for name in names]
        missing = [name for name in dict.fromkeys(needed) if name not in rows]
        if missing:
            advice = "Profile the feature, or change the condition of the play."
            if missing[0] in ambiguous:
                advice = (
                    f"Two numbers are called {missing[0]!r}: rename one of the "
                    "features."
                )
            raise MissingColumnError(
                "The playbook", missing, [*map(str, rows)], advice=advice
            )
        rows = self._differences.computed(rows)
        by_name = {play.name: play for play in self.plays}
        names = [self.rules.names[code] for code in self.rules.assign(rows)]
        return rows, [by_name.get(name) or Play(name) for name in names]

    def _reason(self, play: Play, row: pd.Series[Any]) -> str:
        """Return the condition of a play with the numbers of a segment."""
        if play.when is None:
            return "no other play's condition holds"
        # The name of the segment stands beside the reason.
        numbers = ", ".join(
            f"{name} = {_shown(row[name])}"
            for name in self._columns[play.name]
            if name != "name"
        )
        return f"{play.when} ({numbers})" if numbers else play.when


def _plain(play: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as plain data, without tuples and numbers of numpy."""
    return {
        key: list(value)
        if isinstance(value, tuple)
        else value.item()
        if isinstance(value, np.generic)
        else value
        for key, value in play.items()
    }


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value)
    return "missing" if math.isnan(value) else f"{value:.6g}"


def _checked_budget(plays: Sequence[Play]) -> float:
    shares = {p.name: p.budget_share for p in plays if p.budget_share is not None}
    total = math.fsum(shares.values())
    # Decimals such as 0.1 have no exact float, so that ten of them miss 1 by little.
    if total > 1 + 1e-9:
        raise RuleError(
            f"The budget shares must sum to at most 1. Got {total:.6g}: {shares}.",
            owner=OWNER,
            name="budget_share",
            rule="at most 1 in sum",
            value=total,
        )
    return total


def _divided_budget(table: pd.DataFrame, plays: Sequence[Play]) -> pd.Series[Any]:
    """Return each segment's part of the budget of its play, by size."""
    budget = pd.Series(
        [play.budget_share for play in plays], index=table.index, dtype=float
    )
    groups = table.groupby("play")["n"]
    n_customers = groups.transform("sum")
    parts = (table["n"] / n_customers).where(
        n_customers > 0, 1 / groups.transform("size")
    )
    return budget * parts
