"""Playbook: what to do with each segment, as rules over the rows of a profile."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from skseg._core._csv_files import to_csv
from skseg.exceptions import InvalidParameterError
from skseg.profile import SegmentProfile
from skseg.rules import MECEReport, RuleSet

from ._decision_matrix import decision_table
from ._playbook_budget import checked_budget
from ._playbook_documents import OWNER, checked_document, playbook_document
from ._playbook_formats import PlaybookFormats
from ._playbook_proof import check_default, prove_conditions
from ._plays import Play, read_play
from ._recommendations import assigned_plays, recommendation_table


class Playbook(PlaybookFormats):
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
    - ``outcome``, ``outcome_low``, ``outcome_high``, and ``outcome_level``: "above" or
      "below" if the whole interval is above or below the average of the segments that
      show their outcome, weighted by customers; else "similar", or "unknown" without
      an outcome;
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
        content = playbook_document(
            plays, default=default, on_overlap=on_overlap, on_gap=on_gap
        )
        content = checked_document(content, OWNER)
        self.plays: tuple[Play, ...] = tuple(map(read_play, content["plays"]))
        self.default = default
        self.on_overlap = on_overlap
        self.on_gap = on_gap
        check_default(self.plays, default)
        self.budget_share: float = checked_budget(self.plays)
        self._conditions = prove_conditions(
            self.plays, default=default, on_overlap=on_overlap, on_gap=on_gap
        )
        self.rules: RuleSet = self._conditions.rules
        self.report: MECEReport = self._conditions.report

    def __repr__(self) -> str:
        return f"<Playbook: {', '.join(play.name for play in self.plays)}>"

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
        return recommendation_table(rows, plays, self._conditions.columns)

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
        return decision_table(rows, plays, self._conditions.descriptions())

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
        return assigned_plays(self.plays, self._conditions, profile)
