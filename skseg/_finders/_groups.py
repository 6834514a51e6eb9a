"""Two groups of customers: read beside the outcome, or carried inside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.validation import column_or_1d

from skseg._core._validation import check_outcome
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import is_missing_value

_FIELDS = ("outcome", "group")


def with_group(y: npt.ArrayLike, group: npt.ArrayLike) -> npt.NDArray[np.void]:
    """Put outcome and group together, to pass both as ``y``.

    Without metadata routing, scikit-learn passes ``group`` to ``fit`` alone and not to
    ``score``, so cross-validation cannot know it. What is in ``y`` is split along with
    the rows and reaches both.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Outcome: numbers, or True and False.
    group : array-like of shape (n_rows,)
        Labels of the group that each row belongs to.

    Returns
    -------
    structured ndarray of shape (n_rows,)
        With the fields "outcome" and "group", for any segment finder.

    Raises
    ------
    ValueError
        If lengths differ, or the outcome is not numeric.

    See Also
    --------
    GroupStratifiedKFold : Folds with the same shares of groups and outcomes.

    Examples
    --------
    >>> from skseg import with_group
    >>> with_group([1, 0, 0], ["A", "B", "A"])["group"].tolist()
    ['A', 'B', 'A']
    """
    labels = np.asarray(column_or_1d(group), dtype=object)
    outcome = check_outcome("with_group", y, len(labels))
    both = np.empty(len(labels), dtype=[(_FIELDS[0], "f8"), (_FIELDS[1], "O")])
    both["outcome"], both["group"] = outcome, labels
    return both


def has_group(y: Any) -> bool:
    """Tell whether `y` carries a group."""
    return isinstance(y, np.ndarray) and y.dtype.names == _FIELDS


def parted(y: Any, group: Any) -> tuple[Any, Any]:
    """Return outcome and group, wherever the latter came from."""
    if not has_group(y):
        return y, group
    if group is not None:
        raise InvalidDataError(
            "The group is given twice: by with_group inside y, and as group. Leave one "
            "of them out."
        )
    return y["outcome"], y["group"]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Which rows belong to which of two groups.

    Attributes
    ----------
    labels : tuple
        The labels of A and B.
    in_a, in_b : ndarray of bool of shape (n_rows,)
        Rows in neither do not count.
    """

    labels: tuple[Any, Any]
    in_a: BoolArray
    in_b: BoolArray


def read_groups(owner: str, group: Any, compared: Any, n_rows: int) -> Groups:
    """Return the two groups to compare, or raise.

    Parameters
    ----------
    owner : str
        The estimator, for messages.
    group : array-like of shape (n_rows,)
        Labels.
    compared : tuple of two labels, label or None
        The pair to compare, one label against all others, or None for the only two.
    n_rows : int
        Number of rows.
    """
    labels = np.asarray(column_or_1d(group), dtype=object)
    if len(labels) != n_rows:
        raise InvalidDataError(
            f"group must have one label a row of X. Got {len(labels)} labels and "
            f"{n_rows} rows."
        )
    is_absent = np.array([is_missing_value(label) for label in labels], dtype=bool)
    if is_absent.any():
        raise InvalidDataError(
            f"group of {owner} must be known. Got a missing label at row "
            f"{int(is_absent.argmax())}. Leave such rows out, or give them a label."
        )
    there = sorted(set(labels), key=lambda label: (str(type(label)), label))
    pair = _pair(owner, compared, there)
    in_a = labels == pair[0]
    in_b = ~in_a if pair[1] is None else labels == pair[1]
    named = (pair[0], f"not {pair[0]}") if pair[1] is None else pair
    return Groups(named, np.asarray(in_a, bool), np.asarray(in_b, bool))


def _pair(owner: str, compared: Any, there: list[Any]) -> tuple[Any, Any]:
    """Return two labels; the second is None for all others."""
    known = f"The labels are {there!r}."
    if compared is None:
        if len(there) != 2:
            raise InvalidDataError(
                f"{owner} compares two groups. Got {len(there)}: {there!r}. Name two "
                "of them, or one to compare with all others, in the parameter "
                "'compare'."
            )
        return there[0], there[1]
    pair = compared if isinstance(compared, tuple | list) else (compared,)
    if len(pair) not in {1, 2} or len({*pair}) != len(pair):
        raise InvalidDataError(
            f"The 'compare' parameter of {owner} must be None, a label or two "
            f"different ones. Got {compared!r} instead. {known}"
        )
    absent = [label for label in pair if label not in there]
    if absent or (len(pair) == 1 and len(there) < 2):
        raise InvalidDataError(
            f"The 'compare' parameter of {owner} names {pair!r}, and not all of the "
            f"groups have rows. {known}"
        )
    return pair[0], pair[1] if len(pair) == 2 else None


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

    def __init__(
        self, n_splits: int = 5, *, shuffle: bool = False, random_state: Any = None
    ) -> None:
        super().__init__(n_splits, shuffle=shuffle, random_state=random_state)

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the rows to train and to test on.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Only its length matters.
        y : structured ndarray of shape (n_rows,)
            What `with_group` gives. Outcomes of more than two values are split at their
            median within the group.
        groups : Ignored
            Present for the API of scikit-learn.

        Yields
        ------
        train, test : ndarray of int
            Positions of rows.

        Raises
        ------
        ValueError
            If `y` does not carry a group.
        """
        if not has_group(y):
            raise InvalidDataError(
                "GroupStratifiedKFold needs y to carry the group. Pass "
                "with_group(y, group)."
            )
        yield from super().split(X, strata(y["outcome"], y["group"]))


def strata(outcome: FloatArray, group: Any) -> IntArray:
    """Return a number for every pair of a group and an outcome, low or high."""
    _, place = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    is_high = np.zeros(len(outcome), dtype=np.intp)
    for one in range(place.max(initial=0) + 1):
        here = place == one
        values = outcome[here]
        middle = np.median(values)
        low = values.min() if middle == values.max() else middle
        is_high[here] = values > low
    return np.asarray(2 * place + is_high)
