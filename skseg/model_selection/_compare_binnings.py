"""compare_binnings: ways to cut a score into the tiers of a menu, out of sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from skseg._core._cross_fitting import shuffled_splits
from skseg._core._folds import check_folds
from skseg._core._magnitudes import check_finite_squares
from skseg._core._outcome import read_outcome
from skseg._core._validation import check_int, is_number
from skseg._core._vector import read_vector
from skseg._revenue._menu import Menu
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.metrics._profit_scorer import PerTier, best_tiers
from skseg.metrics._tier_profit import check_money, menu_of
from skseg.rules._frames import read_frame

from ._binning_comparison import BinningComparison, Candidate, comparison_of
from ._binning_estimators import OWNER, FittedBins
from ._binning_methods import OWN_BINS, Method, read_methods

_MOST_BINS = 1000
# Ways to give the bins of a method their tiers.
OWN, IN_ORDER, BEST = WAYS = ("own", "in order", "best per bin")


def compare_binnings(
    score: Any,
    y: Any,
    *,
    revenue: PerTier,
    response: PerTier = 1.0,
    cost: PerTier = 0.0,
    methods: Iterable[Any] | Mapping[str, Any] = (
        "optimal",
        "uniform",
        "quantile",
        "kmeans",
        "one_tier",
    ),
    bins: Any = None,
    n_bins: int | None = None,
    cv: Any = 5,
    confidence_level: float = 0.95,
    random_state: Any = None,
    pos_label: Any = None,
) -> BinningComparison:
    """Compare ways to cut a score into tiers by the profit of one menu, out of sample.

    Each method cuts the scores of the training rows of a fold into bins, which give the
    held-out rows a tier. All are valued by the same menu and on the same customers,
    each of whom is held out once.

    Parameters
    ----------
    score : array-like of shape (n_rows,), (n_rows, 1) or (n_rows, 2)
        Any finite numbers, higher for better customers, of rows that the model has not
        seen; NaN for customers without one. Of two columns that sum to 1, as
        ``predict_proba`` gives, the second is the score.
    y : array-like of shape (n_rows,)
        Conversions: 0 / 1, any finite number, or labels of two classes.
    revenue : float, array-like of shape (n_tiers,) or callable
        Revenue per conversion, in currency. A function is called with the index of
        every tier, 0 for the lowest. At least one of the three lists the tiers.
    response : float, array-like of shape (n_tiers,) or callable, default=1.0
        Factor by which a tier multiplies the conversions that the outcome shows.
    cost : float, array-like of shape (n_tiers,) or callable, default=0.0
        Cost per customer, in currency.
    methods : iterable or mapping from str
        Names, estimators, pairs of a name and an estimator, or a mapping from names:

        - ``"optimal"``: `OptimalRevenueBinner` with this menu;
        - ``"uniform"``, ``"quantile"``, ``"kmeans"``: bins of equal width, of equal
          size, or around one-dimensional K-Means centres;
        - ``"one_tier"``: the same tier for everyone, the best one;
        - an estimator that gives each score a bin by ``predict`` or ``transform``, such
          as a discretizer, a tree, a clusterer, or a segmenter by rules about the
          column "score". It is fitted to this column and the outcome;
        - a function ``method(score, y)`` that returns ascending cut points.
    bins : array-like or mapping from str to array-like, default=None
        Cut points of bins of your own, ascending, without outer limits, as one more
        method; a mapping has several sets of them by name.
    n_bins : int, default=None
        Number of bins of "uniform", "quantile" and "kmeans", in [1, 1000]. None: the
        number of tiers.
    cv : int, splitter or iterable of (train, test), default=5
        The folds; test folds have to be a partition of the rows. An int is the number
        of folds, which are shuffled and have about the same share of each class.
    confidence_level : float, default=0.95
        Confidence level of the intervals, in (0, 1).
    random_state : int, RandomState or None, default=None
        Seed of the folds and of K-Means.
    pos_label : object, default=None
        Label that counts as 1, where outcomes are labels. None: the second one in
        sorted order.

    Returns
    -------
    BinningComparison
        The table, with one row for each way to give the bins of a method their tiers:

        - "own": the tiers that a binner has found for its bins, its ``tiers_``;
        - "in order": the lowest bin gets the first tier of the menu, and so on; only if
          there are no more bins than tiers;
        - "best per bin": every bin gets the tier that makes most of its training rows.

    Raises
    ------
    ValueError
        If a parameter is wrong, an outcome is unknown, a bin of `bins` has no customer,
        or a method fails; the message names it.

    See Also
    --------
    OptimalRevenueBinner : The exact optimum of a menu.
    skseg.metrics.tier_profit : The profit of given tiers.
    skseg.metrics.make_profit_scorer : The same yardstick for segmenters of any kind.
    skseg.displays.BinningComparisonDisplay : The picture of the result.

    Notes
    -----
    Intervals are normal ones of the mean over customers, who are taken as independent,
    and so are those of differences, which pair the profits of the same customer. They
    show how far other customers would move the result. That tiers are fitted anew to
    other customers too is seen only in so far as folds differ: models of five folds
    share most of their rows, so small differences may still be luck of one sample. The
    first row is the best of several, and its profit a little flattered by the choice.

    Customers without a score are one more bin of each method, of the first tier "in
    order"; estimators with ``tiers_`` treat them as they say themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg.model_selection import compare_binnings
    >>> rng = np.random.default_rng(0)
    >>> score = rng.beta(2, 5, 4000)
    >>> converted = rng.random(4000) < score
    >>> comparison = compare_binnings(
    ...     score, converted, revenue=30, response=[1, 1.5, 1.8], cost=[0, 4, 9],
    ...     methods=["optimal", "uniform", "quantile"], bins={"ours": [0.3, 0.5]},
    ...     random_state=0,
    ... )
    >>> comparison.table[["method", "tiers", "profit", "behind"]].round(2)
         method         tiers  profit  behind
    0   optimal           own    9.04    0.00
    1   uniform      in order    9.03    0.01
    2   uniform  best per bin    9.03    0.01
    3      ours  best per bin    8.98    0.07
    4      ours      in order    8.97    0.08
    5  quantile  best per bin    8.88    0.17
    6  quantile      in order    8.51    0.53
    """
    scores = _read_scores(score)
    outcome, _ = read_outcome(OWNER, y, len(scores), pos_label)
    check_finite_squares(OWNER, "y", outcome)
    menu = menu_of(OWNER, revenue=revenue, response=response, cost=cost)
    if n_bins is None:
        n_bins = len(menu.cost)
    check_int(OWNER, "n_bins", n_bins, 1, _MOST_BINS)
    if not is_number(confidence_level) or not 0 < confidence_level < 1:
        rule = "a number in (0, 1)"
        raise InvalidParameterError(OWNER, "confidence_level", rule, confidence_level)
    seed = int(check_random_state(random_state).randint(2**31))
    named = read_methods(methods, bins, menu, n_bins, seed)
    _check_own_bins(named, bins, scores)
    splits = shuffled_splits(
        OWNER, cv, scores, outcome, most_classes=2, random_state=seed
    )
    candidates = [
        candidate
        for name, method in named.items()
        for candidate in _candidates(name, method, scores, outcome, menu, splits)
    ]
    parts = {name: getattr(menu, name) for name in ("revenue", "response", "cost")}
    return comparison_of(
        candidates,
        [np.asarray(test) for _, test in splits],
        pd.DataFrame(parts),
        float(confidence_level),
    )


def _read_scores(score: Any) -> FloatArray:
    """Return one finite score a row, NaN for none; or raise."""
    frame = read_frame(score, OWNER, "score")
    if frame is not None and frame.shape[1] in (1, 2):
        columns = [frame[:, place] for place in range(frame.shape[1])]
    elif frame is None and np.ndim(score) == 2 and np.shape(score)[1] in (1, 2):
        columns = [*np.transpose(np.asarray(score))]
    else:
        columns = [score]
    vectors = [
        read_vector(OWNER, "score", column, title="The score") for column in columns
    ]
    *others, scores = (vector.numbers() for vector in vectors)
    if others and not np.allclose(others[0] + scores, 1, equal_nan=True):
        rule = "one score a row, or two columns that sum to 1"
        raise InvalidDataError(
            f"The score of {OWNER} must be {rule}. Got two columns that do not.",
            owner=OWNER,
            name="score",
            rule=rule,
            advice="Pass the column that holds the score.",
        )
    check_folds(OWNER, 2, len(scores))
    if np.isinf(scores).any() or np.isnan(scores).all():
        rule = "finite numbers, or NaN for some customers"
        row = int(np.isinf(scores).argmax())
        raise InvalidDataError(
            f"The score of {OWNER} must be {rule}. Got {scores[row]} at row {row}.",
            owner=OWNER,
            name="score",
            rule=rule,
            value=float(scores[row]),
            row=row,
        )
    return scores


def _check_own_bins(named: Mapping[str, Method], bins: Any, scores: FloatArray) -> None:
    """Raise if a bin of the user's own has no customer at all."""
    if bins is None:
        return
    known = scores[~np.isnan(scores)]
    for name in bins if isinstance(bins, Mapping) else [OWN_BINS]:
        fitted = named[str(name)](known, known)
        n = np.bincount(fitted.code(known), minlength=fitted.n_bins)
        if (n == 0).any():
            place = int(np.argmin(n))
            rule = "cut points with customers between them, below and above"
            raise InvalidDataError(
                f"{name!r} of {OWNER} must be {rule}. Got none in bin {place}; scores "
                f"are from {known.min():g} to {known.max():g}.",
                owner=OWNER,
                name="bins",
                rule=rule,
                value=place,
                advice="Leave out the outer limits of the bins.",
            )


def _candidates(
    name: str,
    method: Method,
    scores: FloatArray,
    outcome: FloatArray,
    menu: Menu,
    splits: Sequence[tuple[Any, Any]],
) -> Iterator[Candidate]:
    """Yield a method with each of its ways to choose tiers, valued in all folds."""
    folds = []
    for train, test in splits:
        rows = np.asarray(train)[~np.isnan(scores[train])]
        try:
            bins = method(scores[rows], outcome[rows])
            tiers = _tiers(bins, scores, outcome, train, menu)
        except Exception as error:
            raise InvalidDataError(
                f"Method {name!r} of {OWNER} failed: {error}",
                owner=OWNER,
                name="methods",
                value=name,
            ) from error
        folds.append((train, test, bins.n_bins, tiers))
    for way in WAYS:
        if not all(way in tiers for *_, tiers in folds):
            # Too many bins for the menu, if only in one of the folds.
            continue
        profits, promised, n_tiers = np.empty(len(scores)), [], []
        for train, test, _, tiers in folds:
            with np.errstate(over="ignore", invalid="ignore"):
                revenue = menu.effective_revenue[tiers[way]] * outcome
                of_row = revenue - menu.cost[tiers[way]]
                # Intervals square the profits.
                check_money(OWNER, float(of_row @ of_row), len(scores))
            profits[test] = of_row[test]
            promised.append(of_row[train].mean())
            n_tiers.append(len(np.unique(tiers[way][test])))
        yield Candidate(
            name,
            way,
            profits,
            float(np.mean(promised)),
            float(np.mean([n_bins for _, _, n_bins, _ in folds])),
            float(np.mean(n_tiers)),
        )


def _tiers(
    bins: FittedBins, scores: FloatArray, outcome: FloatArray, train: Any, menu: Menu
) -> dict[str, IntArray]:
    """Return the tier of every row, also of held-out ones, by each way to choose."""
    n_tiers = len(menu.cost)
    if bins.own is not None:
        return {OWN: bins.own.of_codes(OWNER, bins.code(scores), n_tiers)}
    # Rows without a score are one more bin.
    codes = np.full(len(scores), bins.n_bins, dtype=np.intp)
    has_score = ~np.isnan(scores)
    codes[has_score] = bins.code(scores[has_score])
    n = np.bincount(codes[train], minlength=bins.n_bins + 1)
    conversions = np.bincount(codes[train], outcome[train], minlength=bins.n_bins + 1)
    rates = np.full(bins.n_bins + 1, outcome[train].mean())
    np.divide(conversions, n, out=rates, where=n > 0)
    ways = {BEST: best_tiers(rates, menu)[codes]}
    if bins.n_bins <= n_tiers:
        ways[IN_ORDER] = np.append(np.arange(bins.n_bins), 0)[codes]
    return ways
