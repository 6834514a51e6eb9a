"""SegmentProfile: numbers about segments, as data."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from skseg._core._new_names import new_names
from skseg._core._validation import check_choice, check_int
from skseg._files import write_text
from skseg._html import html_frame
from skseg.exceptions import InvalidParameterError, did_you_mean
from skseg.rules import RuleSet

from ._description import describe, number, strongest_features
from ._pairs import Pairs, games_howell, share_pairs, tukey_kramer, without_limits
from ._profile_json import read_document, to_document

OWNER = "SegmentProfile"
_PAIR_COLUMNS = [
    "first",
    "second",
    "level",
    "difference",
    "difference_low",
    "difference_high",
    "p_adj",
]
_METHODS = {"games_howell": games_howell, "tukey": tukey_kramer}


@dataclass(frozen=True, eq=False, repr=False)
class SegmentProfile:
    """Numbers about segments: what names, playbooks and reports read.

    Attributes
    ----------
    segments_ : DataFrame
        One row per segment, in the order of codes, noise or outside last: code, name,
        rule (text, empty if unknown), n (weight), share; with a value: value (sum),
        value_share and value_mean; with an outcome: outcome (mean), outcome_low and
        outcome_high (95 % interval: Wilson's of a rate; Student's of other means, NaN
        where a segment has fewer than max(20, 25 skewness^2) rows, by the skewness of
        all rows, since it would cover too rarely).
    features_ : DataFrame
        One row per feature, the largest effect first: feature, kind (``"number"`` or
        ``"level"``), role (``"rule"``, ``"seen"``, ``"free"`` or ``"unknown"``),
        copy_of (the column, or "y", whose role it has as a copy), n, missing, infinite
        (how many of the missing are infinite), n_levels, effect (omega squared, or
        bias-corrected Cramer's V), effect_name, test, p_valid (whether a p-value is
        valid), statistic, p_value and p_adj (Holm), these NaN where none is valid.
    numbers_ : DataFrame
        One row per numeric feature and segment: feature, code, n, missing, mean, std,
        q05, q25, median, q75, q95, median_rank (share of all customers below the
        segment's median, ties by half), difference (of the mean to that of all others),
        difference_low, difference_high (Welch's 95 % interval, NaN where the segment or
        all others have too few rows for it, as in ``segments_``), rank_effect (2 AUC -
        1 against all others).
    levels_ : DataFrame
        One row per level of a feature and segment: feature, level, n_levels (how many
        are pooled in it, 1 for a single level), code, n, count, share, difference (of
        the share to that of all others), difference_low, difference_high.
    everyone_ : DataFrame
        One row per numeric feature, of all customers: feature, n, missing, mean, std,
        q05, q25, median, q75, q95.
    histograms_ : DataFrame
        One row per numeric feature, bin and segment: feature, low, high, code, share of
        the segment's customers, and share_everyone.
    concentration_ : DataFrame
        customers (share, the most valuable first) and value (share of it that they
        bring); empty without a value.
    protected_ : DataFrame
        One row per protected column, group and segment: column, group, code, n, share
        (of the segment), ratio (to the group's share of all customers), ratio_low,
        ratio_high; empty without protected columns.
    rows : {"training", "fresh"}
        Which rows the numbers are of.
    min_count : int
        Values that fewer customers share are not shown.
    value, outcome : str or None
        Names of the value and of the outcome.
    rules : RuleSet or None
        The rules of the segments, where they are known.

    Examples
    --------
    >>> from skseg.profile import profile_segments
    >>> from skseg.rules import RuleSet
    >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
    >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
    >>> profile = profile_segments(rules, X)
    >>> profile
    <SegmentProfile of 2 segments, 2 features and 60 customers on training rows>
    >>> profile.segments_[["code", "name", "rule", "n"]]
       code   name         rule     n
    0     0  Loyal   visits > 3  30.0
    1     1   Rest  visits <= 3  30.0
    >>> profile.features_[["feature", "kind", "role", "p_valid"]]
      feature    kind     role  p_valid
    0  visits  number     rule    False
    1    plan   level  unknown    False
    """

    segments_: pd.DataFrame
    features_: pd.DataFrame
    numbers_: pd.DataFrame
    levels_: pd.DataFrame
    everyone_: pd.DataFrame
    histograms_: pd.DataFrame
    concentration_: pd.DataFrame
    protected_: pd.DataFrame
    rows: str
    min_count: int
    value: str | None
    outcome: str | None
    rules: RuleSet | None

    def frame(self) -> pd.DataFrame:
        """Return one long table, segment by feature.

        Returns
        -------
        DataFrame
            One row per segment and number, and per segment and level: code, segment,
            feature, kind, role, level (empty for numbers), then the columns of
            ``numbers_`` and ``levels_``; those of the other kind are NaN.

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> from skseg.rules import RuleSet
        >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
        >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
        >>> profile = profile_segments(rules, X)
        >>> profile.frame()[["segment", "feature", "level", "median", "share"]].round(2)
          segment feature level  median  share
        0   Loyal  visits           5.0    NaN
        1   Loyal    plan  free     NaN   0.33
        2   Loyal    plan   pro     NaN   0.67
        3    Rest  visits           2.0    NaN
        4    Rest    plan  free     NaN   0.67
        5    Rest    plan   pro     NaN   0.33
        """
        names = self.segments_.set_index("code")["name"]
        roles = self.features_.set_index("feature")[["kind", "role"]]
        long = pd.concat(
            [self.numbers_.assign(level=""), self.levels_], ignore_index=True
        )
        long.insert(1, "segment", long["code"].map(names))
        for place, column in enumerate(("kind", "role"), start=3):
            long.insert(place, column, long["feature"].map(roles[column]))
        places = {code: place for place, code in enumerate(self.segments_["code"])}
        order = pd.DataFrame(
            {
                "segment": long["code"].map(places),
                "feature": long["feature"].map(
                    {name: i for i, name in enumerate(self.features_["feature"])}
                ),
            }
        )
        order = order.sort_values(["segment", "feature"], kind="stable")
        first = ["code", "segment", "feature", "kind", "role", "level"]
        rest = [name for name in long.columns if name not in first]
        return long.loc[order.index, first + rest].reset_index(drop=True)

    def pairs(self, feature: str, method: str = "games_howell") -> pd.DataFrame:
        """Return the differences between every two segments in a feature.

        Parameters
        ----------
        feature : str
            A feature. For one of levels every level is compared, by differences of
            shares and Holm's method, whatever the `method`.
        method : {"games_howell", "tukey"}, default="games_howell"
            For numbers: Games-Howell, which lets variances differ, or Tukey-Kramer,
            which takes them for equal.

        Returns
        -------
        DataFrame
            One row per pair, and level: first, second (names of segments), level (empty
            for numbers), difference (first less second), difference_low,
            difference_high (limits that hold for all pairs together) and p_adj, NaN
            where ``features_`` shows no p-value either. Segments whose numbers are not
            shown have no pairs; where ``numbers_`` has no limits of a segment, its
            pairs have neither limits nor p.

        Raises
        ------
        InvalidParameterError
            If there is no such feature, or `method` is none of these.

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> from skseg.rules import RuleSet
        >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
        >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
        >>> profile = profile_segments(rules, X)
        >>> pairs = profile.pairs("visits")
        >>> pairs[["first", "second", "difference", "difference_low"]].round(2)
           first second  difference  difference_low
        0  Loyal   Rest         4.0            3.13
        """
        check_choice(f"{OWNER}.pairs", "method", method, tuple(_METHODS))
        row = self._row_of(feature)
        names = self.segments_.set_index("code")["name"]
        if row["kind"] == "number":
            table = self.numbers_[self.numbers_["feature"] == feature]
            table = table[table["mean"].notna()]
            n, mean, std = (table[key].to_numpy() for key in ("n", "mean", "std"))
            pairs = _METHODS[method](n, mean, std)
            parts = [("", table, without_limits(pairs, table["difference_low"].isna()))]
        else:
            levels = self.levels_[self.levels_["feature"] == feature]
            parts = []
            for level, table in levels.groupby("level", sort=False):
                table = table[table["count"].notna() & (table["n"] > 0)]
                count, n = table["count"].to_numpy(), table["n"].to_numpy()
                parts.append((str(level), table, share_pairs(count, n)))
        tables = [_pair_table(level, t["code"].map(names), p) for level, t, p in parts]
        result = pd.concat(tables or [pd.DataFrame(columns=_PAIR_COLUMNS)])
        result = result.reset_index(drop=True)
        if not row["p_valid"]:
            result["p_adj"] = np.nan
        return result

    def top_features(self, segment: str | int, n: int = 5) -> pd.DataFrame:
        """Return the features in which a segment differs most from all others.

        Parameters
        ----------
        segment : str or int
            Name or code of the segment.
        n : int, default=5
            Most features that are returned.

        Returns
        -------
        DataFrame
            One row per feature, the strongest effect first: feature, level (that which
            differs most; empty for numbers), effect (the rank effect of a number, the
            difference of the share of a level, both in [-1, 1] and comparable), segment
            (its median, or share), compared (the median of everyone, or the share of
            all others) and kind.

        Raises
        ------
        InvalidParameterError
            If there is no such segment, or `n` is no int of at least 1.

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> from skseg.rules import RuleSet
        >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
        >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
        >>> profile = profile_segments(rules, X)
        >>> profile.top_features("Loyal", n=1)
          feature level  effect  segment  compared    kind
        0  visits           1.0      5.0       3.5  number
        """
        n = check_int(f"{OWNER}.top_features", "n", n, 1, 2**31)
        return strongest_features(self, self.code_of(segment)).head(n)

    def code_of(self, segment: str | int) -> int:
        """Return the code of a segment that is given by its name or code.

        Parameters
        ----------
        segment : str or int
            Name or code of the segment.

        Returns
        -------
        int
            The code; -1 for noise and outside.

        Raises
        ------
        InvalidParameterError
            If there is no such segment.

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> from skseg.rules import RuleSet
        >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
        >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
        >>> profile = profile_segments(rules, X)
        >>> profile.code_of("Rest")
        1
        """
        names, codes = list(self.segments_["name"]), list(self.segments_["code"])
        if isinstance(segment, str) and segment in names:
            return int(codes[names.index(segment)])
        is_code = isinstance(segment, int | np.integer) and not isinstance(
            segment, bool
        )
        if is_code and segment in codes:
            return int(segment)
        hint = did_you_mean(segment, names) if isinstance(segment, str) else ""
        rule = "a segment of the profile, by name or code"
        advice = f"Segments are {', '.join(map(repr, names))}.{hint}"
        raise InvalidParameterError(OWNER, "segment", rule, segment, advice=advice)

    def description(self, segment: str | int) -> str:
        """Return two or three sentences about a segment.

        Parameters
        ----------
        segment : str or int
            Name or code of the segment.

        Returns
        -------
        str
            Its size and value, the two features in which it differs most, and its
            outcome, in plain text. "In 80 % of pairs" compares one of its customers
            with one of all others, ties by half.

        Raises
        ------
        InvalidParameterError
            If there is no such segment.

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> from skseg.rules import RuleSet
        >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
        >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
        >>> profile = profile_segments(rules, X)
        >>> import textwrap
        >>> print(textwrap.fill(profile.description("Loyal")))
        30 customers (50 %). Compared with all others they have higher visits
        (median 5 against 3.5 of everyone) and less often 'free' as plan (33 %
        against 67 %).
        """
        return describe(self, self.code_of(segment))

    def renamed(self, names: Any) -> Self:
        """Return the same profile with other names of segments.

        Parameters
        ----------
        names : mapping, sequence of str, or DataFrame
            Name or code -> new name; new names by code; or what `name_segments`
            returns. Segments that a mapping lacks keep their names.

        Returns
        -------
        SegmentProfile
            The profile, whose tables and rules have the new names. The customers are
            not read again, and this profile stays as it is.

        Raises
        ------
        InvalidParameterError
            If a name is unknown, empty or used twice, or is one of noise or outside.

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> profile = profile_segments([0, 0, 1, 1], {"age": [20, 30, 60, 70]})
        >>> profile.renamed({0: "Young", 1: "Old"}).segments_["name"].tolist()
        ['Young', 'Old']
        """
        table = self.segments_
        pairs = zip(table["name"], table["code"].tolist(), strict=True)
        new = new_names(f"{OWNER}.renamed", names, dict(pairs))
        segments = table.assign(
            name=table["name"].map(lambda name: new.get(name, name))
        )
        rules = self.rules
        if rules is not None:
            known = {old: name for old, name in new.items() if old in rules.names}
            rules = rules.renamed(known)
        return replace(self, segments_=segments, rules=rules)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Return the profile as JSON, or write it to a file.

        Parameters
        ----------
        path : path-like, default=None
            The file, which is replaced as a whole. None: the text is returned.

        Returns
        -------
        str or None
            The JSON. `from_json` reads it, and nothing is lost: a missing number is
            null, an infinite one "Infinity" or "-Infinity".

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> from skseg.rules import RuleSet
        >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
        >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
        >>> profile = profile_segments(rules, X)
        >>> profile.to_json()[:35]
        '{"format": "skseg.SegmentProfile", '
        """
        text = to_document(self)
        if path is None:
            return text
        write_text(path, text + "\n", owner=f"{OWNER}.to_json")
        return None

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Self:
        """Return the profile that `to_json` has written.

        Parameters
        ----------
        source : str or path-like
            The JSON itself as a str, or the path of its file as a `pathlib.Path`.

        Returns
        -------
        SegmentProfile
            The same tables, of the same types.

        Raises
        ------
        RuleError
            If it is no JSON, or no profile; the text names the place.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> from skseg.profile import profile_segments
        >>> from skseg.rules import RuleSet
        >>> X = {"visits": [1, 2, 3, 4, 5, 9] * 10, "plan": ["free", "pro"] * 30}
        >>> rules = RuleSet({"Loyal": "visits > 3", "Rest": "visits <= 3"})
        >>> profile = profile_segments(rules, X)
        >>> from skseg.profile import SegmentProfile
        >>> SegmentProfile.from_json(profile.to_json())
        <SegmentProfile of 2 segments, 2 features and 60 customers on training rows>
        """
        return cls(**read_document(source, f"{OWNER}.from_json"))

    def __repr__(self) -> str:
        n = number(float(self.segments_["n"].sum()))
        return (
            f"<{OWNER} of {len(self.segments_)} segments, {len(self.features_)} "
            f"features and {n} customers on {self.rows} rows>"
        )

    def _repr_html_(self) -> str:
        return html_frame(self.segments_.drop(columns="rule"), repr(self)[1:-1], number)

    def _row_of(self, feature: Any) -> pd.Series[Any]:
        names = list(self.features_["feature"])
        if feature not in names:
            hint = did_you_mean(feature, names) if isinstance(feature, str) else ""
            raise InvalidParameterError(
                f"{OWNER}.pairs",
                "feature",
                "a feature of the profile",
                feature,
                advice=f"Features are {', '.join(map(repr, names))}.{hint}",
            )
        return self.features_.iloc[names.index(feature)]


def check_profile(owner: str, profile: Any) -> None:
    """Raise unless `profile` is a SegmentProfile."""
    if not isinstance(profile, SegmentProfile):
        raise InvalidParameterError(
            owner,
            "profile",
            "a SegmentProfile",
            profile,
            advice="Make one with skseg.profile.profile_segments.",
        )


def _pair_table(level: str, names: pd.Series[Any], pairs: Pairs) -> pd.DataFrame:
    labels = names.to_numpy()
    values = (
        labels[pairs.first],
        labels[pairs.second],
        level,
        pairs.difference,
        pairs.low,
        pairs.high,
        pairs.p_adj,
    )
    return pd.DataFrame(dict(zip(_PAIR_COLUMNS, values, strict=True)))
