"""The segment maps that ship with `RFMSegmenter`: rules over the scores R, F and M."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from skseg._core._validation import check_choice
from skseg.exceptions import InvalidParameterError
from skseg.rules import Rule

from ._dimensions import OWNER

# Number of scores of every dimension on which the maps that ship are written.
N_SCORES = 5

# Number of scores -> the score out of five that each of them stands for: the fifth of
# the customers in which the middle of its share lies. For four scores, whose middles
# lie in the first, second, fourth and fifth fifth, each map has scores of its own.
_SCORES_OUT_OF_FIVE = {
    3: (1, 3, 5),
    5: (1, 2, 3, 4, 5),
    6: (1, 2, 3, 3, 4, 5),
    7: (1, 2, 2, 3, 4, 4, 5),
    8: (1, 1, 2, 3, 3, 4, 5, 5),
    9: (1, 1, 2, 2, 3, 4, 4, 5, 5),
    10: (1, 1, 2, 2, 3, 3, 4, 4, 5, 5),
}
LEAST_SCORES, MOST_SCORES = min(_SCORES_OUT_OF_FIVE), max(_SCORES_OUT_OF_FIVE)

_Range = tuple[int, int]


@dataclass(frozen=True)
class SegmentMap:
    """Named rules over R, F and M, and what to do where they overlap or leave gaps.

    The largest score is best. Rules may use further columns of the customer table.
    Where `on_overlap` is ``"first"``, the first of several rules that hold counts.
    Without a `default` the rules must leave no gap. Only maps that ship with skseg have
    a name. They are written on five scores; `four_scores` are those out of five that
    four scores stand for, chosen so that the fewest segments lose all of their scores.
    `params` are the values of the parameters that rules name in braces.
    """

    rules: Mapping[str, str | Rule]
    on_overlap: str = "raise"
    default: str | None = None
    name: str | None = None
    four_scores: tuple[int, ...] = (1, 2, 4, 5)
    params: Mapping[str, Any] | None = None

    def scores_out_of_five(self, n_scores: int) -> tuple[int, ...]:
        """Return the score out of five that each of `n_scores`, 3 to 10, stands for."""
        return self.four_scores if n_scores == 4 else _SCORES_OUT_OF_FIVE[n_scores]


def _map_of_ranges(
    table: Sequence[tuple[str, _Range, _Range, _Range]], four_scores: tuple[int, ...]
) -> SegmentMap:
    """Return the map of a table of segments with their ranges of R, F and M."""
    rules = {
        name: " and ".join(
            f"{low} <= {score} <= {high}"
            for score, (low, high) in zip("RFM", ranges, strict=True)
        )
        for name, *ranges in table
    }
    return SegmentMap(
        rules, on_overlap="first", default="Others", four_scores=four_scores
    )


_SEED = {
    "Top customers": "(R >= 3 and F >= 4) or (R >= 3 and M >= 4)",
    "At risk": "(R <= 2 and F >= 3) or (R <= 2 and M >= 3)",
    "New customers": "R == 5 and F <= 2 and M >= 2",
    "Dormant": "R == 1 and F <= 2 and M <= 2",
}

SEGMENT_MAPS: dict[str, SegmentMap] = {
    # The usual picture of ten rectangles in the plane of R and F. M describes the
    # segments and does not decide.
    "grid": SegmentMap(
        {
            "Champions": "R == 5 and F >= 4",
            "Loyal customers": "3 <= R <= 4 and F >= 4",
            "Potential loyalists": "R >= 4 and 2 <= F <= 3",
            "New customers": "R == 5 and F == 1",
            "Promising": "R == 4 and F == 1",
            "Need attention": "R == 3 and F == 3",
            "About to sleep": "R == 3 and F <= 2",
            "Can't lose them": "R <= 2 and F == 5",
            "At risk": "R <= 2 and 3 <= F <= 4",
            "Hibernating": "R <= 2 and F <= 2",
        },
        four_scores=(1, 3, 4, 5),
    ),
    "seed": SegmentMap(_SEED, on_overlap="first", default="Others"),
    "seed-premium": SegmentMap(
        {**_SEED, "Premium": "premium == 1"}, on_overlap="first", default="Others"
    ),
    # The ranges that Putler's guide gives for R, and for F and M together; here F and M
    # each have to lie in the latter, as in the documentation of the R package rfm 0.2.
    "putler": _map_of_ranges(
        [
            ("Champions", (4, 5), (4, 5), (4, 5)),
            ("Loyal customers", (2, 5), (3, 5), (3, 5)),
            ("Potential loyalists", (3, 5), (1, 3), (1, 3)),
            ("New customers", (4, 5), (1, 1), (1, 1)),
            ("Promising", (3, 4), (1, 1), (1, 1)),
            ("Need attention", (2, 3), (2, 3), (2, 3)),
            ("About to sleep", (2, 3), (1, 2), (1, 2)),
            ("At risk", (1, 2), (2, 5), (2, 5)),
            ("Can't lose them", (1, 1), (4, 5), (4, 5)),
            ("Lost", (1, 2), (1, 2), (1, 2)),
        ],
        four_scores=(1, 2, 4, 5),
    ),
    # The table of the R package rfm 0.3, help page of rfm_segment.
    "r-rfm": _map_of_ranges(
        [
            ("Champions", (5, 5), (5, 5), (5, 5)),
            ("Potential Loyalist", (3, 5), (3, 5), (2, 5)),
            ("Loyal Customers", (2, 4), (2, 4), (2, 4)),
            ("Promising", (3, 4), (1, 3), (3, 5)),
            ("New Customers", (4, 5), (1, 3), (1, 5)),
            ("Can't Lose Them", (1, 2), (3, 4), (4, 5)),
            ("At Risk", (1, 2), (2, 5), (4, 5)),
            ("Need Attention", (1, 3), (3, 5), (3, 5)),
            ("About To Sleep", (2, 3), (1, 3), (1, 4)),
            ("Lost", (1, 1), (1, 5), (1, 5)),
        ],
        four_scores=(1, 2, 3, 5),
    ),
}


def read_segment_map(
    segments: Any, on_overlap: Any, default: str | None, params: Any
) -> SegmentMap | None:
    """Return the map that the parameters of these names describe, None for none."""
    if on_overlap is not None:
        check_choice(OWNER, "on_overlap", on_overlap, ["raise", "first"])
    if params is not None and not isinstance(params, Mapping):
        rule = "a mapping of names to values"
        raise InvalidParameterError(OWNER, "params", rule, params)
    if segments is None:
        return None
    if isinstance(segments, Mapping) and segments:
        return SegmentMap(segments, on_overlap or "raise", default, params=params)
    name = segments if isinstance(segments, str) else None
    if name not in SEGMENT_MAPS:
        rule = f"one of {sorted(SEGMENT_MAPS)}, a mapping of names to rules, or None"
        raise InvalidParameterError(OWNER, "segments", rule, segments)
    shipped = SEGMENT_MAPS[name]
    return replace(
        shipped,
        on_overlap=on_overlap or shipped.on_overlap,
        default=shipped.default if default is None else default,
        name=name,
    )
