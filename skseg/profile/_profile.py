"""SegmentProfile: numbers about segments, as data."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from skseg.rules import RuleSet


@dataclass(frozen=True)
class SegmentProfile:
    """Numbers about segments: what names, playbooks and reports read.

    Attributes
    ----------
    segments_ : DataFrame
        One row per segment, in the order of codes, noise or outside last: code, name,
        rule (text, empty if unknown), n (weight), share; with a value: value (sum),
        value_share and value_mean; with an outcome: outcome (mean), outcome_low and
        outcome_high (95 % interval).
    features_ : DataFrame
        One row per feature, the largest effect first: feature, kind (``"number"`` or
        ``"level"``), role (``"rule"``, ``"seen"``, ``"free"`` or ``"unknown"``), n,
        missing, effect (omega squared, or bias-corrected Cramer's V), effect_name,
        statistic, p_value and p_adj, both NaN where no p-value is valid.
    numbers_ : DataFrame
        One row per numeric feature and segment: feature, code, n, missing, mean, std,
        q05, q25, median, q75, q95, median_rank (share of all customers below the
        segment's median, ties by half), difference (of the mean to that of all others),
        difference_low, difference_high, rank_effect (2 AUC - 1 against all others).
    levels_ : DataFrame
        One row per level of a feature and segment: feature, level, code, n, count,
        share, difference (of the share to that of all others), difference_low,
        difference_high.
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

    def top_features(self, segment: str | int, n: int = 5) -> pd.DataFrame:
        """Return the features in which a segment differs most (a draft)."""
        code = self.code_of(segment)
        table = self.numbers_[self.numbers_["code"] == code]
        order = table["rank_effect"].abs().sort_values(ascending=False).index
        return table.loc[order].head(n).reset_index(drop=True)

    def code_of(self, segment: str | int) -> int:
        """Return the code of a segment that is given by name or code (a draft)."""
        if not isinstance(segment, str):
            return segment
        (code,) = self.segments_.loc[self.segments_["name"] == segment, "code"]
        return int(code)

    def description(self, segment: str | int) -> str:
        """Return two or three sentences about a segment (a draft)."""
        top = self.top_features(segment, 2)
        return f"Customers of {segment} stand out in {' and '.join(top['feature'])}."
