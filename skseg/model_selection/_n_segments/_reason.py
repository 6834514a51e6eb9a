"""The grounds of the verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from skseg.rules._language._thresholds import format_number

from ._structure import LEVEL, Structure
from ._valleys import ValleySearch

# Names of columns in a sentence.
_MOST_NAMES = 8


def verdict_in_words(
    test: Structure,
    search: ValleySearch,
    choices: Mapping[str, int],
    decide_by: str,
    n_references: int,
) -> str:
    """Return why there is structure or none, and where it was looked for."""
    name = decide_by.replace("_", " ")
    number = choices[decide_by]
    has_clusters, valleys = test.p_value <= LEVEL, search.table
    silhouettes = _silhouettes(test, n_references)
    if not has_clusters and valleys.empty:
        return (
            f"No cluster structure: {silhouettes}. {_no_valley(search)} The {name} "
            f"alone would choose {number}. DBSCAN may separate dense groups of other "
            "shapes all the same: select_eps tries it, without a test against chance."
        )
    verdict = (
        f"{number} segments by the {name}"
        if number > 1
        else f"One segment, as the {name} does not divide the rows"
    )
    if valleys.empty:
        return f"{verdict}. The rows have cluster structure: {silhouettes}."
    where = _valley(valleys)
    if has_clusters:
        return f"{verdict}. The rows have cluster structure: {silhouettes}. {where}"
    return (
        f"{verdict}. The rows have cluster structure in few directions. {where} In all "
        f"columns together, {silhouettes}: the other columns blur it. Divide the rows "
        "there, or cluster these columns alone."
    )


def _silhouettes(test: Structure, n_references: int) -> str:
    compared = f"(p = {test.p_value:.3g}, {n_references} data sets of each kind)"
    if test.p_value > LEVEL:
        return (
            "the best silhouette is not above that of data sets drawn from a "
            f"population without clusters: {test.closest} {compared}"
        )
    return (
        "their best silhouette is above that of data sets from all populations "
        f"without clusters {compared}"
    )


def _no_valley(search: ValleySearch) -> str:
    """Return the sentences on where no valley was found."""
    places = [f"in {_listed(search.columns)}"] if search.columns else []
    places += [f"along {search.n_axes} principal axes"] if search.n_axes else []
    sentence = (
        f"No valley with hardly any rows divides them {' or '.join(places)} either."
        if places
        else "No valley was looked for."
    )
    if search.coarse:
        sentence += (
            f" Fewer than 10 different values are too few for a valley: "
            f"{_listed(search.coarse)}."
        )
    return sentence


def _valley(valleys: pd.DataFrame) -> str:
    """Return a sentence on the first valley, and the number of the others."""
    first = valleys.iloc[0]
    is_axis = str(first["direction"]).startswith("principal axis ")
    place = f"along {first['direction']}" if is_axis else f"in {first['direction']!r}"
    more = len(valleys) - 1
    others = f", and {more} more in `valleys`" if more else ""
    return (
        f"A valley {place} between {_number(first['lower'])} and "
        f"{_number(first['upper'])} holds {first['share_between']:.1%} of the rows, "
        f"with {first['share_below']:.1%} below and {first['share_above']:.1%} above "
        f"(p = {first['p_value']:.1g}){others}."
    )


def _listed(names: Sequence[str]) -> str:
    noun = "column" if len(names) == 1 else "columns"
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{noun} {shown}" + (f" and {more} more" if more > 0 else "")


def _number(value: float) -> str:
    return format_number(float(f"{value:.5g}"))
