"""BoxSegmentFinder: the boxes of the largest effects, by exhaustive search."""

from __future__ import annotations

from skseg._search.effects.boxes import ScoredBox, cover

from ._base import SegmentFinder, with_shared_sections
from ._search import Search

# The best of all boxes of pure noise reaches about 5. Less is asked for, since in few
# rows true effects do not reach more, and a test on other rows follows.
_MIN_Z = 4.0


@with_shared_sections
class BoxSegmentFinder(SegmentFinder):
    """Find the boxes in which one group does better than the other, exhaustively.

    Every box over every single column and pair of columns is compared: intervals of
    numbers, sets of levels, missing values in or out. The best ones are refined with a
    third column, and what they explain is taken out before the next one is searched, so
    that patterns of several pieces are found.

    Parameters
    ----------
    {shared parameters}

    Attributes
    ----------
    {shared attributes}

    See Also
    --------
    TLearnerSegmentFinder : By a tree per group.
    IVSegmentFinder : By information values.
    L1SegmentFinder : By a sparse logistic regression.
    with_group : Carries the group inside y.

    Notes
    -----
    Every row has a score whose mean over a segment estimates the effect there: the
    outcome less a constant, weighted by the inverse probability of its group. The box
    with the largest sum of scores over the root of its size maximises the likelihood of
    "a shift inside, none outside", as in scan statistics [1]_. Sums over joint
    histograms of coded columns make all boxes of a pair cheap.

    A finding leaves out at least `min_size` rows, too. Where the groups differ by about
    as much everywhere, findings are the segments in which they differ by more, or the
    other way round; there may be none.

    Pairs are compared in a time that grows with their number. Where an upper bound
    tells that no box of a pair can be among the best, none of them is looked at: the
    result is that of comparing all.

    The best effect of all boxes is too large in the rows that were searched, so honest
    inference [2]_ estimates it again in others.

    References
    ----------
    .. [1] M. Kulldorff (1997), A spatial scan statistic. Communications in Statistics
       26 (6), 1481-1496.
    .. [2] S. Athey, G. Imbens (2016), Recursive partitioning for heterogeneous causal
       effects. Proceedings of the National Academy of Sciences 113 (27), 7353-7360.

    Examples
    --------
    >>> from skseg import BoxSegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads.drop(columns=["seller", "converted", "revenue"])
    >>> finder = BoxSegmentFinder(random_state=0)
    >>> finder = finder.fit(X, leads["converted"], group=leads["seller"])
    >>> print(finder.rules_["Segment 1"])
    basket_value > ... and channel in ['email', 'partner']
    >>> finder.segments_.loc[0, ["best_group", "decision"]].to_list()
    ['A', 'Implement']
    """

    _method = "Box"

    def _boxes(self, search: Search) -> list[ScoredBox]:
        if not search.axes:
            return []
        return cover(
            search.codes,
            search.axes,
            search.score,
            search.weight,
            max_columns=search.max_features,
            min_size=search.min_size,
            max_boxes=search.max_findings,
            min_z=_MIN_Z,
            max_size=search.max_size,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )
