"""profile_segments: who the customers of each segment are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from skseg._core._column_errors import column_errors_as_data_errors
from skseg._core._validation import (
    check_choice,
    check_int,
    check_sample_weight,
)
from skseg.engines import open_table
from skseg.rules import Columns

from ._arguments import (
    as_groups,
    column_names,
    name_of,
    named_column,
    no_rows_error,
    read_features,
    read_outcomes,
    read_value,
)
from ._feature_tables import feature_tables, protected_part
from ._features import Feature
from ._intervals import mean_intervals
from ._lazy_profile import lazy_profile
from ._parts import ProfileParts
from ._profile import SegmentProfile
from ._roles import roles_of
from ._segment_rows import SegmentRows
from ._segment_table import value_curve, value_sums
from ._segmentation import OWNER, read_segmentation


def profile_segments(
    segmenter_or_codes: Any,
    X: Any,
    *,
    features: Sequence[str] | None = None,
    value: Any = None,
    outcome: Any = None,
    rows: str = "training",
    segment_names: Sequence[str] | None = None,
    protected: Sequence[str] = (),
    min_count: int = 10,
    sample_weight: Any = None,
) -> SegmentProfile:
    """Return numbers about segments: sizes, features, differences and their tests.

    Parameters
    ----------
    segmenter_or_codes : fitted segmenter, RuleSet, or array-like of shape (n_rows,)
        What says the segment of each row: a segmenter or a clusterer, also at the end
        of a pipeline or a search; a rule set; or codes or names of segments.
    X : frame, mapping of columns, or array of shape (n_rows, n_columns)
        One row per customer: pandas, polars, pyarrow or whatever narwhals reads. It may
        have columns that the segmenter has never seen, and those of the segmenter in
        any order; where there are rules, their columns are enough. Columns are numbers,
        or levels: booleans, text and categories. Dates are refused, with what to make
        of them; infinite numbers count as missing.
    features : sequence of str, default=None
        Columns to profile. None: all of them but those of `protected`, and the `value`
        and `outcome` if these are arrays.
    value : str or array-like of shape (n_rows,), default=None
        What each customer is worth, such as revenue: a column of `X`, or numbers, which
        are called "value". Finite, may be negative.
    outcome : str or array-like of shape (n_rows,), default=None
        An outcome such as conversion: a column of `X`, or values, which are called
        "outcome". Numbers, or labels of two classes, of which the second in sorted
        order counts as 1.
    rows : {"training", "fresh"}, default="training"
        Whether the segmenter may have seen these customers when it was fitted. For a
        column that it has seen, a p-value is valid on fresh rows alone. It cannot be
        checked: customers that are called fresh must not be those of the fit.
    segment_names : sequence of str, default=None
        Names in the order of the codes, for codes and for clusterers without names.
        None: "Segment 0", "Segment 1", ...
    protected : sequence of str, default=()
        Columns of groups, such as gender, of which ``protected_`` says how each group
        is represented in each segment.
    min_count : int, default=10
        Values that fewer customers share are not shown.
    sample_weight : array-like of shape (n_rows,), default=None
        How many customers a row stands for: weight 3 is the row three times.

    Returns
    -------
    SegmentProfile
        The tables of numbers.

    Raises
    ------
    InvalidParameterError
        If a parameter breaks its rule, or the first argument gives no partition, as a
        finder's overlapping findings do not.
    InvalidDataError
        If a column holds neither numbers nor levels, there is no row, or lengths
        differ.
    MissingColumnError
        If `X` lacks a column.
    NotFittedError
        If the segmenter is not fitted.

    See Also
    --------
    SegmentProfile : What its tables hold.

    Notes
    -----
    A p-value is shown where it is valid, which depends on the role of the column:

    - ``"rule"``: the segments are computed from it, so that it differs by construction.
      Never. This includes every column that a clusterer without rules has seen, and
      order-preserving functions of such a column, as the same amount in another unit or
      an age band; ``copy_of`` names it.
    - ``"seen"``: ``fit`` has seen it, or it is the outcome that ``fit`` has seen; no
      rule uses it. On fresh rows.
    - ``"free"``: ``fit`` has never seen it. Always.
    - ``"unknown"``: it cannot be told. On fresh rows if rules or a model give the
      segments. For bare codes never, as they do not say what they were made of.

    Columns are traced through pipelines and wrappers: a column that a
    `ColumnTransformer` drops before the clusterer sees it is free. An outcome is known
    again by its name, or by its values if these are all rows of ``fit``.

    Numbers have omega squared and Welch's analysis of variance, where every segment has
    max(20, 25 skewness^2) rows, else the Kruskal-Wallis test; levels have Cramer's V,
    corrected for bias, and a chi-square test. Holm's method adjusts for the number of
    features. Intervals of means that need more rows by the same rule are NaN.

    Levels that fewer than `min_count` customers have are pooled into one, as are all
    but the 29 most frequent of a column with more than 30. Where exactly one segment,
    or level, would be left out, the next smallest one is left out with it, as it could
    be found by subtraction otherwise.

    The customers of a table that is not in memory stay there. Segments need rules over
    its columns: those of a `RuleSet`, or of a segmenter with ``rules_``; `value`,
    `outcome` and `sample_weight`, of whole numbers, are names of columns. Each column
    is grouped by segment and value; up to 2 million groups are fetched, and the engine
    sorts and adds up what has more. Counts, shares, quantiles and levels are those of
    the same rows in memory, to the last bit. Sums of floats are added up in another
    order: means and standard deviations agree to about 1e-12 of the standard deviation,
    rank effects to 1e-10. Where a column of more values has as many rows as an outcome
    that ``fit`` has seen, its role is ``"unknown"``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import MECERuleSegmenter
    >>> from skseg.profile import profile_segments
    >>> X = pd.DataFrame({"aov": [20, 30, 40, 200, 300, 400], "visits": [1, 2, 3] * 2})
    >>> segmenter = MECERuleSegmenter({"VIP": "aov > 100"}, default="Rest")
    >>> profile = profile_segments(segmenter.fit(X), X, value="aov", min_count=1)
    >>> profile.segments_[["name", "n", "value_share"]].round(2)
       name    n  value_share
    0   VIP  3.0         0.91
    1  Rest  3.0         0.09
    >>> profile.features_[["feature", "role", "p_valid"]]
      feature  role  p_valid
    0     aov  rule    False
    1  visits  seen    False
    """
    check_choice(OWNER, "rows", rows, ("training", "fresh"))
    min_count = check_int(OWNER, "min_count", min_count, 1, sys.maxsize)
    table = open_table(X)
    if table is not None:
        return lazy_profile(
            table,
            segmenter_or_codes,
            features=features,
            value=value,
            outcome=outcome,
            rows=rows,
            segment_names=segment_names,
            protected=protected,
            min_count=min_count,
            sample_weight=sample_weight,
        )
    with column_errors_as_data_errors():
        columns = Columns(X, OWNER)
    if not columns.n_rows:
        raise no_rows_error()
    weight = check_sample_weight(sample_weight, columns.n_rows, OWNER)
    segmentation = read_segmentation(segmenter_or_codes, X, columns, segment_names)
    grouped = column_names("protected", protected)
    names = {"value": name_of("value", value), "outcome": name_of("outcome", outcome)}
    groups = [as_groups(named_column(columns, "protected", name)) for name in grouped]
    listed = read_features(columns, features, value, outcome, [g.name for g in groups])
    amounts = read_value(columns, value)
    outcomes = read_outcomes(columns, outcome)
    is_counted = np.ones(columns.n_rows, dtype=bool) if weight is None else weight > 0
    kept = [_taken(feature, is_counted) for feature in listed]
    roles = roles_of(kept, segmentation.seen, names["outcome"])
    segment_rows = SegmentRows(segmentation.places, len(segmentation.codes), weight)
    codes = np.array(segmentation.codes, dtype=np.int64)
    return ProfileParts(
        segmentation,
        segment_rows.n,
        None if amounts is None else value_sums(amounts, segment_rows),
        None if amounts is None else value_curve(amounts, segment_rows),
        None if outcomes is None else mean_intervals(outcomes, segment_rows),
        {f.name: feature_tables(f, segment_rows, codes, min_count) for f in listed},
        roles,
        [protected_part(g, segment_rows, codes, min_count) for g in groups],
        names["value"],
        names["outcome"],
    ).profile(rows, min_count)


def _taken(feature: Feature, is_counted: Any) -> Feature:
    """Return the rows of a feature that count."""
    if is_counted.all():
        return feature
    if feature.values is not None:
        return Feature(feature.name, feature.values[is_counted])
    assert feature.places is not None
    places = feature.places[is_counted]
    return Feature(feature.name, None, places, feature.levels)
