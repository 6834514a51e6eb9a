"""BoxSegmentFinder: of all boxes, those of the largest effect."""

from __future__ import annotations

from typing import ClassVar

from skseg._search.effects.boxes import ScoredBox, cover

from ._base import SegmentFinder
from ._search import Search

# Less than the best of all boxes of pure noise has, which is about 5: a test on other
# rows follows, and in few rows no true effect has more.
_LEAST_Z = 4.0


class BoxSegmentFinder(SegmentFinder):
    """Find the boxes in which one group does better than the other, exhaustively.

    Every box over every single column and pair of columns is compared: intervals of
    numbers, sets of levels, missing values in or out. The best ones are refined with a
    third column, and what they explain is taken out before the next one is searched, so
    that patterns of several pieces are found.

    Parameters
    ----------
    max_features : int, default=3
        Most conditions of a finding, in [1, 3].
    max_findings : int, default=10
        Most findings.
    min_size : int or float, default=0.01
        Least size of a finding in the rows that are searched: an int is a number of
        rows (sum of weights), a float a share in (0, 1). None: one row.
    max_cells : int, default=32
        Most cells that a column is coded to before the search, in [2, 64]. Conditions
        are sets of neighbouring cells; missing values are a cell of their own. For
        ``inference="maxt"`` at most 16.
    assignment : {"randomized", "observational"}, default="randomized"
        How groups came about. ``"randomized"``: by chance, as in a trial.
        ``"observational"``: depending on the columns; effects are then doubly robust
        (AIPW), by models of group and outcome that are fitted out of fold.
    inference : {"honest", "maxt", "none"}, default="honest"
        How findings are tested. ``"honest"``: on rows that the search has not seen,
        with Holm's adjustment. ``"maxt"``: all rows are searched and tested, against
        the largest effect of any box under random signs; for up to two conditions.
        ``"none"``: not at all, so that nothing can be implemented.
    test_size : float, default=0.5
        Share of the rows that honest inference keeps for the test.
    n_replicates : int, default=199
        Number of random signs of ``"maxt"``.
    compare : label or tuple of two labels, default=None
        The groups A and B, or the group A to be compared with all others. None: the two
        that there are, in sorted order.
    thresholds : DecisionThresholds, default=None
        What decisions ask for. None: the historical ones.
    random_state : int, RandomState instance or None, default=None
        Seed of the division of the rows, and of all else that is random.
    n_jobs : int, default=None
        Number of models to fit at once for ``assignment="observational"``.

    Attributes
    ----------
    segments_ : DataFrame
        One row per finding, the best first. Feature_1, Range_1 to Feature_3, Range_3:
        its conditions. Pct_Train_% and Pct_Test_%: share of the rows. Success_Train_%,
        Success_Test_% and their difference Success_Diff_%: success rate of Best_Group
        there (of a numeric outcome: its mean, in per cent of the overall one). Method.
        Effect_pp, CI_low, CI_high: effect of A over B in points, with its 95 %
        interval, on the rows of the test. P_adj: adjusted p-value. N_A, N_B: rows of
        the groups. Decision: "Implement", "Pilot", "Hold" or "Skip".
    rules_ : RuleSet
        The findings as rules. They may overlap, and leave rows out.
    groups_ : tuple or None
        The labels of A and B; None without groups.
    balance_ : DataFrame
        How much the groups differ in every column, if there are groups.
    overlap_ : Balance
        How well groups can be told apart, for ``assignment="observational"``.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    TLearnerSegmentFinder : By a tree per group.
    IVSegmentFinder : By information values.
    L1SegmentFinder : By a sparse logistic regression.
    with_group : Carries the group inside y.

    Notes
    -----
    Every row has a score whose mean over a segment estimates the effect there: the
    outcome less a constant, by the inverse of the probability of its group. The box
    with the largest sum of scores by the root of its size is the one that maximises the
    likelihood of "a shift inside, none outside", as in scan statistics [1]_. Sums over
    joint histograms of coded columns make all boxes of a pair cheap.

    The search sees all boxes, so its best effect is too good: differences between the
    rows that were searched and others are what honest inference [2]_ keeps apart.

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

    _method: ClassVar[str] = "Box"

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
            min_z=_LEAST_Z,
        )
