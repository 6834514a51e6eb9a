"""The segment maps that ship with `RFMSegmenter`: rules over the scores R, F and M."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skseg.rules import Rule


@dataclass(frozen=True)
class SegmentMap:
    """Named rules over R, F and M, and what to do where they overlap or leave gaps.

    Attributes
    ----------
    rules : mapping of str to (str or Rule)
        Segment name -> rule over the scores ``R``, ``F``, ``M`` (5 is best) and perhaps
        further columns of the customer table.
    on_overlap : {"raise", "first"}
        ``"raise"``: the rules must not overlap. ``"first"``: of several rules that
        hold, the first one counts.
    default : str or None
        Segment of the customers for whom no rule holds. None: there must be none.
    """

    rules: Mapping[str, str | Rule]
    on_overlap: str = "raise"
    default: str | None = None


def _bounds_map(
    names: Sequence[str],
    R: Sequence[tuple[int, int]],
    F: Sequence[tuple[int, int]],
    M: Sequence[tuple[int, int]],
) -> SegmentMap:
    """Return the map of a table of score ranges, read from the top."""
    rules = {
        name: " and ".join(
            f"{low} <= {score} <= {high}"
            for score, (low, high) in zip("RFM", bounds, strict=True)
        )
        for name, *bounds in zip(names, R, F, M, strict=True)
    }
    return SegmentMap(rules, on_overlap="first", default="Others")


_SEED = {
    "Top customers": "(R >= 3 and F >= 4) or (R >= 3 and M >= 4)",
    "At risk": "(R <= 2 and F >= 3) or (R <= 2 and M >= 3)",
    "New customers": "R == 5 and F <= 2 and M >= 2",
    "Dormant": "R == 1 and F <= 2 and M <= 2",
}

# The ranges that Putler's guide gives for R, and for F and M together; here F and M
# each have to lie in the latter, as in the documentation of the R package rfm 0.2.
_PUTLER_FM = [
    (4, 5),
    (3, 5),
    (1, 3),
    (1, 1),
    (1, 1),
    (2, 3),
    (1, 2),
    (2, 5),
    (4, 5),
    (1, 2),
]

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
        }
    ),
    "seed": SegmentMap(_SEED, on_overlap="first", default="Others"),
    "seed-premium": SegmentMap(
        {**_SEED, "Premium": "premium == 1"}, on_overlap="first", default="Others"
    ),
    "putler": _bounds_map(
        [
            "Champions",
            "Loyal customers",
            "Potential loyalists",
            "New customers",
            "Promising",
            "Need attention",
            "About to sleep",
            "At risk",
            "Can't lose them",
            "Lost",
        ],
        R=[
            (4, 5),
            (2, 5),
            (3, 5),
            (4, 5),
            (3, 4),
            (2, 3),
            (2, 3),
            (1, 2),
            (1, 1),
            (1, 2),
        ],
        F=_PUTLER_FM,
        M=_PUTLER_FM,
    ),
    # The table of the R package rfm 0.3, help page of rfm_segment.
    "r-rfm": _bounds_map(
        [
            "Champions",
            "Potential Loyalist",
            "Loyal Customers",
            "Promising",
            "New Customers",
            "Can't Lose Them",
            "At Risk",
            "Need Attention",
            "About To Sleep",
            "Lost",
        ],
        R=[
            (5, 5),
            (3, 5),
            (2, 4),
            (3, 4),
            (4, 5),
            (1, 2),
            (1, 2),
            (1, 3),
            (2, 3),
            (1, 1),
        ],
        F=[
            (5, 5),
            (3, 5),
            (2, 4),
            (1, 3),
            (1, 3),
            (3, 4),
            (2, 5),
            (3, 5),
            (1, 3),
            (1, 5),
        ],
        M=[
            (5, 5),
            (2, 5),
            (2, 4),
            (3, 5),
            (1, 5),
            (4, 5),
            (4, 5),
            (3, 5),
            (1, 4),
            (1, 5),
        ],
    ),
}
