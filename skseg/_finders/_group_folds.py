"""Folds of rows in groups: each with the same shares of groups and outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import StratifiedKFold

from skseg._core._outcome import kind_of_labels
from skseg._core._validation import check_outcome
from skseg._core._vector import read_vector
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError

from ._with_group import split_outcome

_OWNER = "GroupStratifiedKFold"


class GroupStratifiedKFold(StratifiedKFold):
    """K folds with the same shares of groups, and of outcomes within each group.

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
    With metadata routing, ``fit(X, y, group=group)`` of a search passes the group to
    `split` too, and `y` is the outcome alone.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg import GroupStratifiedKFold, with_group
    >>> y = with_group([0, 0, 1, 1, 0, 0, 1, 1], list("ABABABAB"))
    >>> for _, test in GroupStratifiedKFold(2).split(np.zeros((8, 1)), y):
    ...     print(y[test].tolist())
    [(0.0, 'A'), (0.0, 'B'), (1.0, 'A'), (1.0, 'B')]
    [(0.0, 'A'), (0.0, 'B'), (1.0, 'A'), (1.0, 'B')]
    """

    # With routing, a search passes the group on to the splitter.
    __metadata_request__split: ClassVar[dict[str, bool]] = {"group": True}

    def __init__(
        self, n_splits: int = 5, *, shuffle: bool = False, random_state: Any = None
    ) -> None:
        super().__init__(n_splits, shuffle=shuffle, random_state=random_state)

    def get_n_splits(
        self, X: Any = None, y: Any = None, groups: Any = None, group: Any = None
    ) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups, group : Ignored
            Present for the API of scikit-learn, which passes what `split` gets.

        Returns
        -------
        int
            The number of folds.
        """
        return int(self.n_splits)

    def split(
        self, X: Any, y: Any = None, groups: Any = None, group: Any = None
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

        Yields
        ------
        train, test : ndarray of int
            Positions of rows.

        Raises
        ------
        ValueError
            If there is no group, or it is both in `y` and beside it.
        """
        outcome, labels = split_outcome(y, group)
        if labels is None:
            raise InvalidDataError(
                "GroupStratifiedKFold needs the group of the rows.",
                owner=_OWNER,
                name="group",
                advice="Pass with_group(y, group) as y, or group=group with metadata "
                "routing.",
            )
        yield from super().split(X, strata(outcome, labels))


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
