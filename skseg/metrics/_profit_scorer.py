"""make_profit_scorer: segments by the profit that one menu makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skseg._core._outcome import OutcomeCoding
from skseg._core._wrapped import first_attribute, unwrapped
from skseg._revenue._menu import Menu
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean

from ._conversion_rates import conversion_rates
from ._predictions import names_by_code, predicted_codes
from ._tier_profit import menu_of, read_conversions, total_profit

OWNER = "make_profit_scorer"
PerTier = float | Sequence[float] | Callable[[int], float]


@dataclass(frozen=True, repr=False)
class ProfitScorer:
    """A scorer of segments by their profit; see `make_profit_scorer`."""

    revenue: tuple[float, ...]
    response: tuple[float, ...]
    cost: tuple[float, ...]
    tiers: Any
    pos_label: Any

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return the profit per row that a fitted estimator makes on held-out rows."""
        codes = predicted_codes(OWNER, estimator, X)
        outcome, coding = read_conversions(
            OWNER,
            y,
            len(codes),
            self.pos_label,
            learned=first_attribute(estimator, "classes_"),
        )
        menu = self._menu
        tiers = self._tiers(estimator, codes, outcome, coding, menu)
        return total_profit(OWNER, tiers, outcome, menu) / len(codes)

    def spend(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return what the tiers of held-out rows cost per row, in currency.

        It is a scorer itself, to be seen beside the profit, and has the same arguments.
        """
        codes = predicted_codes(OWNER, estimator, X)
        menu, binner = self._menu, tiers_of(estimator)
        if self.tiers is not None or binner is not None:
            no_rates = np.zeros(len(codes)), OutcomeCoding()
            tiers = self._tiers(estimator, codes, *no_rates, menu)
        else:
            learned = first_attribute(estimator, "classes_")
            outcome, coding = read_conversions(
                OWNER, y, len(codes), self.pos_label, learned=learned
            )
            tiers = self._tiers(estimator, codes, outcome, coding, menu)
        return float(menu.cost[tiers].mean())

    @property
    def _menu(self) -> Menu:
        return menu_of(
            OWNER, revenue=self.revenue, response=self.response, cost=self.cost
        )

    def _tiers(
        self,
        estimator: Any,
        codes: IntArray,
        outcome: FloatArray,
        coding: OutcomeCoding,
        menu: Menu,
    ) -> IntArray:
        """Return the tier of every row."""
        if self.tiers is not None:
            return _assigned_tiers(self.tiers, codes, names_by_code(estimator))
        binner = tiers_of(estimator)
        if binner is not None:
            return binner.of_codes(OWNER, codes, len(menu.cost))
        return best_tiers(conversion_rates(estimator, codes, outcome, coding), menu)

    def __repr__(self) -> str:
        parts = [
            f"{name}={_short(getattr(self, name))}"
            for name in ("revenue", "response", "cost")
        ]
        parts += [
            f"{name}={value!r}"
            for name in ("tiers", "pos_label")
            if (value := getattr(self, name)) is not None
        ]
        return f"{OWNER}({', '.join(parts)})"

    def _accept_sample_weight(self) -> bool:
        # scikit-learn asks each scorer of a dict when fit gets weights.
        return False


def make_profit_scorer(
    revenue: PerTier,
    response: PerTier = 1.0,
    cost: PerTier = 0.0,
    *,
    tiers: Mapping[Any, int] | None = None,
    pos_label: Any = None,
) -> ProfitScorer:
    """Make a scorer of the profit per customer that one menu makes of any segments.

    The menu is a yardstick: what treatments really bring in and cost. All candidates of
    a search are valued by it, whatever menus they assume themselves. Their own
    ``score`` is the profit under their own assumptions, and a search over these picks
    the most optimistic one.

    Parameters
    ----------
    revenue : float, array-like of shape (n_tiers,) or callable
        Revenue per conversion, in currency. A function is called with the index of
        every tier, 0 for the first. At least one of the three lists the tiers.
    response : float, array-like of shape (n_tiers,) or callable, default=1.0
        Factor by which a tier multiplies the conversions that the outcome shows.
    cost : float, array-like of shape (n_tiers,) or callable, default=0.0
        Cost per customer, in currency.
    tiers : mapping of str or int to int, default=None
        Tier of every segment, as its position on the menu, by the name or the code of
        the segment. None: see Notes.
    pos_label : object, default=None
        Label that counts as 1, where outcomes are labels. None: the second one in
        sorted order, also in folds that lack one of the labels, if the estimator has
        ``classes_``; say it for others, such as `KMeans`.

    Returns
    -------
    callable
        ``scorer(estimator, X, y) -> float``, for `scoring` of scikit-learn's searches
        and `cross_validate`, alone or in a dict: the profit per held-out row, in
        currency. It takes no weights and no revenue of rows. Its method ``spend`` is a
        scorer of the cost per held-out row, to compare with a budget per customer:
        ``scoring={"profit": scorer, "spend": scorer.spend}``.

    Raises
    ------
    ValueError
        If a parameter is wrong. When scoring: if there are no rows or no outcome, or
        the estimator has no `predict` or uses a tier that is not on the menu.

    See Also
    --------
    tier_profit : The same for tiers from anywhere.
    OptimalRevenueBinner : Finds the most profitable tiers of its own menu.
    skseg.model_selection.compare_binnings : Ways to cut one score into tiers.

    Notes
    -----
    The tier of a row follows from its segment code alone:

    - With `tiers`, from the name or code of its segment.
    - If the fitted estimator has ``tiers_``, as `OptimalRevenueBinner` has, alone, in a
      pipeline or in a `PropensityBinner`, it is ``tiers_[code]``: position i on the
      menu of a candidate stands for tier i of the yardstick.
    - If it has learned mean outcomes by segment, in column ``outcome`` of
      ``segments_``, each segment gets the tier that makes most at the rate of its
      training rows.
    - For any other estimator, such as `KMeans`, and for rows outside of a universe,
      this rate is that of the other held-out rows in the segment of a row: the row
      itself is left out, so that tiers are not fitted to the outcome by which they are
      valued. This takes segments of more than a few held-out rows.

    Fixed costs of tiers are left out, since a fold is smaller than all customers and
    would bear them in full.

    The outcome shows conversions without treatment, or under the one that customers
    had; `response` is an assumption until an experiment has measured it [1]_.

    References
    ----------
    .. [1] C. Elkan (2001), The foundations of cost-sensitive learning. Proceedings of
       the 17th International Joint Conference on Artificial Intelligence, 973-978.

    Examples
    --------
    Candidates that believe in a stronger response promise more. By one menu they make
    less.

    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skseg import OptimalRevenueBinner
    >>> from skseg.metrics import make_profit_scorer
    >>> rng = np.random.default_rng(0)
    >>> score = rng.beta(2, 5, 3000)
    >>> converted = rng.random(3000) < score
    >>> binner = OptimalRevenueBinner(3, revenue=30, cost=[0, 4, 9])
    >>> responses = {"response": [[1, 1.3, 1.4], [1, 1.5, 1.8], [1, 5, 9]]}
    >>> yardstick = make_profit_scorer(30, [1, 1.5, 1.8], [0, 4, 9])
    >>> for scoring in (None, yardstick):
    ...     search = GridSearchCV(binner, responses, scoring=scoring)
    ...     print(search.fit(score[:, None], converted).best_params_)
    {'response': [1, 5, 9]}
    {'response': [1, 1.5, 1.8]}
    """
    menu = menu_of(OWNER, revenue=revenue, response=response, cost=cost)
    _check_assignment(tiers, len(menu.cost))
    return ProfitScorer(
        revenue=tuple(menu.revenue.tolist()),
        response=tuple(menu.response.tolist()),
        cost=tuple(menu.cost.tolist()),
        tiers=None if tiers is None else dict(tiers),
        pos_label=pos_label,
    )


def best_tiers(rates: FloatArray, menu: Menu) -> IntArray:
    """Return the tier that makes most at each conversion rate; the first of equals."""
    different, places = np.unique(rates, return_inverse=True)
    profits = np.outer(different, menu.effective_revenue) - menu.cost
    tiers: IntArray = profits.argmax(axis=1)[places]
    return tiers


class FittedTiers(NamedTuple):
    """A fitted binner, and the position on its menu of every code."""

    model: Any
    tiers: IntArray

    def of_codes(self, owner: str, codes: IntArray, n_tiers: int) -> IntArray:
        """Return the tier of every row on a menu of so many tiers, or raise."""
        if self.tiers.max() >= n_tiers:
            rule = f"of at most {n_tiers} tiers, as that of {owner}"
            raise InvalidDataError(
                f"The menu of {type(self.model).__name__} must be {rule}. Got tier "
                f"{self.tiers.max()}, counted from 0.",
                owner=owner,
                name="estimator",
                rule=rule,
                value=int(self.tiers.max()),
                advice=f"Give both the same tiers, such as n_bins={n_tiers}; those "
                "that do not pay stay unused.",
            )
        return self.tiers[codes]


def tiers_of(estimator: Any) -> FittedTiers | None:
    """Return the outermost fitted binner with tiers, None if there is none."""
    for layer in unwrapped(estimator):
        for model in (layer, getattr(layer, "binner_", None)):
            tiers = getattr(model, "tiers_", None)
            if tiers is not None:
                return FittedTiers(model, np.asarray(tiers, dtype=np.intp))
    return None


def _check_assignment(tiers: Any, n_tiers: int) -> None:
    if tiers is None:
        return
    is_valid = isinstance(tiers, Mapping) and all(
        isinstance(tier, int | np.integer)
        and not isinstance(tier, bool)
        and 0 <= tier < n_tiers
        for tier in tiers.values()
    )
    if not is_valid:
        rule = f"a mapping from segments to positions on the menu, 0 to {n_tiers - 1}"
        raise InvalidParameterError(OWNER, "tiers", rule, tiers)


def _assigned_tiers(
    tiers: Mapping[Any, int], codes: IntArray, names: Mapping[int, str]
) -> IntArray:
    """Return the tier of every row by the name, or else the code, of its segment."""
    different, places = np.unique(codes, return_inverse=True)
    assigned = []
    for code in different.tolist():
        name = names.get(code, code)
        if name not in tiers and code not in tiers:
            raise InvalidDataError(
                f"The 'tiers' parameter of {OWNER} must have a tier for every segment. "
                f"Got none for {name!r}.",
                owner=OWNER,
                name="tiers",
                rule="with a tier for every segment",
                value=name,
                advice=did_you_mean(str(name), map(str, tiers)).strip() or None,
            )
        assigned.append(tiers[name] if name in tiers else tiers[code])
    return np.array(assigned, dtype=np.intp)[places]


def _short(part: tuple[float, ...]) -> str:
    """Return numbers as they were written, one for all if they are equal."""
    numbers = [int(x) if x.is_integer() else x for x in part]
    return repr(numbers[0] if len({*numbers}) == 1 else numbers)
