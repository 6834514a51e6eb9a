"""SegmentReport: one HTML file for people who do not program."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._validation import check_choice
from skseg._files import write_text
from skseg.exceptions import InvalidParameterError, did_you_mean
from skseg.profile import SegmentProfile
from skseg.profile._profile import check_profile
from skseg.rules._dialect_names import DIALECT_NAMES

from ._pages._plan import read_plan
from ._pages._source import Source
from ._render import render

_OWNER = "SegmentReport"


class SegmentReport:
    """A report of segments as one HTML file, which needs neither network nor scripts.

    It has five tabs: an overview, a card for each segment, what differs between them, a
    comparison of any of them, and the business impact. Printed, all of them follow one
    another, each card on a page of its own. It needs the extra ``report``.

    Parameters
    ----------
    profile : SegmentProfile
        The numbers, from `skseg.profile.profile_segments`.
    plan : DataFrame, default=None
        What to do with each segment, as ``Playbook.recommend`` returns: one row per
        segment, found by its column code, name or segment. Every other column is
        shown where it is not empty.
    previous : SegmentProfile, default=None
        The profile of an earlier time. Segments are matched by their names, and their
        growth is shown.
    title : str, default=None
        The title. None: "Customer segments".
    clv : mapping of str to float, default=None
        Name of a segment -> customer lifetime value per customer, in `unit`.
    unit : str, default=""
        Unit of the value and of `clv`, such as "EUR".
    date : str or datetime.date, default=None
        When the data are of. There is no clock: without it, no date is shown.
    dialect : str, default="duckdb"
        The dialect of the rules in SQL, one of those of `RuleSet.to_sql`, which are
        shown if sqlglot is installed.

    Raises
    ------
    InvalidParameterError
        If a parameter breaks its rule, or names a segment that there is not.

    See Also
    --------
    skseg.profile.profile_segments : Returns the numbers that are shown.

    Notes
    -----
    The same input gives the same bytes. All text is escaped, and a content security
    policy lets the browser load nothing and run only the script of the report itself,
    which sorts and copies tables; all else is HTML and CSS.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import MECERuleSegmenter
    >>> from skseg.profile import profile_segments
    >>> from skseg.report import SegmentReport
    >>> X = pd.DataFrame({"aov": [20, 30, 40, 200, 300, 400]})
    >>> segmenter = MECERuleSegmenter({"VIP": "aov > 100"}, default="Rest").fit(X)
    >>> profile = profile_segments(segmenter, X, value="aov", min_count=1)
    >>> report = SegmentReport(profile, title="Shop", unit="EUR")
    >>> "“VIP” brings most aov" in report.html()
    True
    """

    def __init__(
        self,
        profile: SegmentProfile,
        *,
        plan: pd.DataFrame | None = None,
        previous: SegmentProfile | None = None,
        title: str | None = None,
        clv: Mapping[str, float] | None = None,
        unit: str = "",
        date: str | datetime.date | None = None,
        dialect: str = "duckdb",
    ) -> None:
        check_profile(_OWNER, profile)
        if previous is not None and not isinstance(previous, SegmentProfile):
            rule = "a SegmentProfile or None"
            raise InvalidParameterError(_OWNER, "previous", rule, previous)
        for name, text in (("title", title), ("unit", unit), ("dialect", dialect)):
            if text is not None and not isinstance(text, str):
                raise InvalidParameterError(_OWNER, name, "text", text)
        if date is not None and not isinstance(date, str | datetime.date):
            raise InvalidParameterError(_OWNER, "date", "text or a date", date)
        check_choice(_OWNER, "dialect", dialect, DIALECT_NAMES)
        self._title = title or "Customer segments"
        self._date = "" if date is None else str(date)
        self._source = Source(
            profile,
            read_plan(plan, profile, _OWNER),
            plan is not None,
            previous,
            _read_clv(clv, profile),
            unit,
            dialect,
        )

    def html(self) -> str:
        """Return the report as one HTML document.

        Returns
        -------
        str
            The document.

        Raises
        ------
        MissingExtraError
            If jinja2 is not installed.
        """
        return render(self._source, self._title, self._date)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the report to a file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            The file, such as "report.html".

        Raises
        ------
        MissingExtraError
            If jinja2 is not installed.
        OSError
            If the file cannot be written; it is then as it was.
        """
        write_text(path, self.html(), owner=f"{_OWNER}.to_html")

    def _repr_html_(self) -> str:
        # A frame keeps the styles of notebook and report apart, and runs no script.
        page = render(self._source, self._title, self._date, with_script=False)
        return (
            f'<iframe title="{escape(self._title, quote=True)}" sandbox="" '
            'width="100%" height="720" style="border: 0" '
            f'srcdoc="{escape(page, quote=True)}"></iframe>'
        )


def _read_clv(
    clv: Mapping[str, float] | None, profile: SegmentProfile
) -> dict[int, float]:
    """Return code -> customer lifetime value."""
    if clv is None:
        return {}
    rule = "a mapping of names of segments to numbers"
    codes = dict(zip(profile.segments_["name"], profile.segments_["code"], strict=True))
    if isinstance(clv, pd.Series):
        clv = clv.to_dict()
    if not isinstance(clv, Mapping):
        raise InvalidParameterError(_OWNER, "clv", rule, clv)
    values: dict[int, float] = {}
    for name, amount in clv.items():
        if name not in codes:
            advice = f"The segments are {list(codes)}.{did_you_mean(str(name), codes)}"
            raise InvalidParameterError(_OWNER, "clv", rule, name, advice=advice)
        values[int(codes[name])] = _finite(amount, rule)
    return values


def _finite(amount: Any, rule: str) -> float:
    is_number = isinstance(amount, int | float | np.number)
    if not is_number or isinstance(amount, bool) or not np.isfinite(amount):
        raise InvalidParameterError(_OWNER, "clv", rule, amount)
    return float(amount)
