"""Folds of rows in groups: each with the same shares of groups and outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples

from skseg._core._folds import folds_of_customers
from skseg._core._outcome import kind_of_labels
from skseg._core._validation import check_outcome
from skseg._core._vector import read_vector
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError

from ._customer_ids import read_customers
from ._with_group import split_outcome

_OWNER = "GroupStratifiedKFold"


class GroupStratifiedKFold(StratifiedKFold):
    """K folds with the same shares of groups, and of outcomes within each group.

    Where customers have several rows, all rows of a customer are in the same fold: a
    model that has seen a customer in training would look too good on the others.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether to shuffle the rows first.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.

    See Also
    --------
    with_group : Puts the group into y, where this splitter finds it.

    Notes
    -----
    With metadata routing, ``fit(X, y, group=group, cluster=cluster)`` of a search
    passes group and customer to `split` too, and `y` is the outcome alone.

    Customers are dealt to the folds by size, each to the fold that has least of its
    groups and outcomes, as ``StratifiedGroupKFold`` of scikit-learn does.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg import GroupStratifiedKFold, with_group
    >>> y = with_group([0, 0, 1, 1, 0, 0, 1, 1], list("ABABABAB"))
    >>> for _, test in GroupStratifiedKFold(2).split(np.zeros((8, 1)), y):
    ...     print(y[test].tolist())
    [(0.0, 'A'), (0.0, 'B'), (1.0, 'A'), (1.0, 'B')]
    [(0.0, 'A'), (0.0, 'B'), (1.0, 'A'), (1.0, 'B')]

    Two rows of each of four customers:

    >>> customers = [1, 1, 2, 2, 3, 3, 4, 4]
    >>> y = with_group([0, 0, 1, 1, 0, 0, 1, 1], list("AABBAABB"), cluster=customers)
    >>> for _, test in GroupStratifiedKFold(2).split(np.zeros((8, 1)), y):
    ...     print(y[test]["cluster"].tolist())
    [1, 1, 2, 2]
    [3, 3, 4, 4]
    """

    # With routing, a search passes group and customer on to the splitter.
    __metadata_request__split: ClassVar[dict[str, bool]] = {
        "group": True,
        "cluster": True,
    }

    def __init__(
        self, n_splits: int = 5, *, shuffle: bool = False, random_state: Any = None
    ) -> None:
        super().__init__(n_splits, shuffle=shuffle, random_state=random_state)

    def get_n_splits(
        self,
        X: Any = None,
        y: Any = None,
        groups: Any = None,
        group: Any = None,
        cluster: Any = None,
    ) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups, group, cluster : Ignored
            Present for the API of scikit-learn, which passes what `split` gets.

        Returns
        -------
        int
            The number of folds.
        """
        return int(self.n_splits)

    def split(
        self,
        X: Any,
        y: Any = None,
        groups: Any = None,
        group: Any = None,
        cluster: Any = None,
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the rows to train and to test on.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Only its length matters.
        y : array-like of shape (n_rows,), or what `with_group` gives
            Outcome: numbers or labels. Numbers of more than two values are split at
            their median within the group.
        groups : Ignored
            Present for the API of scikit-learn.
        group : array-like of shape (n_rows,), default=None
            Labels of the group that each row belongs to, unless `y` carries them.
        cluster : array-like of shape (n_rows,), default=None
            Ids of the customer whom each row is about, unless `y` carries them. None:
            every row is another customer.

        Yields
        ------
        train, test : ndarray of int
            Positions of rows.

        Raises
        ------
        ValueError
            If there is no group, or it is both in `y` and beside it; if there are fewer
            customers than folds.
        """
        outcome, labels, customers = split_outcome(y, group, cluster)
        if labels is None and customers is None:
            raise InvalidDataError(
                "GroupStratifiedKFold needs the group of the rows.",
                owner=_OWNER,
                name="group",
                advice="Pass with_group(y, group) as y, or group=group with metadata "
                "routing.",
            )
        n_rows = _num_samples(X)
        cells = strata(outcome, np.zeros(n_rows) if labels is None else labels)
        if customers is None:
            yield from super().split(X, cells)
            return
        fold = self._folds_of_customers(cells, customers)
        for k in range(self.n_splits):
            yield np.flatnonzero(fold != k), np.flatnonzero(fold == k)

    def _folds_of_customers(self, cells: IntArray, customers: Any) -> IntArray:
        """Return the fold of each row, the same for all rows of a customer."""
        codes = read_customers(_OWNER, customers, len(cells))
        n_customers = len(np.unique(codes))
        if n_customers < self.n_splits:
            raise InvalidDataError(
                f"{_OWNER} deals customers to folds. Got n_splits={self.n_splits} and "
                f"{n_customers} customers.",
                owner=_OWNER,
                name="cluster",
                rule="at least as many customers as folds",
                value=n_customers,
                advice="Choose fewer folds.",
            )
        random = check_random_state(self.random_state) if self.shuffle else None
        return folds_of_customers(cells, codes, self.n_splits, random)


def strata(outcome: Any, group: Any) -> IntArray:
    """Return a number for every pair of a group and an outcome.

    Outcomes that are numbers are low or high in their group; labels are as they are.
    """
    place = _places(group)
    if kind_of_labels(_OWNER, outcome) is not None:
        classes = _places(read_vector(_OWNER, "y", outcome).labels())
        return np.asarray(place * (classes.max(initial=0) + 1) + classes)
    values = check_outcome(_OWNER, outcome, len(place))
    is_high = np.zeros(len(values), dtype=np.intp)
    for k in range(place.max(initial=0) + 1):
        rows = place == k
        median = np.median(values[rows])
        # At least one value is high, unless all are equal.
        is_largest = median == values[rows].max()
        is_high[rows] = values[rows] > (values[rows].min() if is_largest else median)
    return np.asarray(2 * place + is_high)


def _places(labels: Any) -> IntArray:
    """Return labels as whole numbers from 0 on."""
    texts = np.asarray(read_vector(_OWNER, "group", labels).labels(), dtype=str)
    places: IntArray = np.unique(texts, return_inverse=True)[1]
    return places
