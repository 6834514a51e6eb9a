"""Outcomes that carry their group: for scikit-learn without metadata routing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from skseg._core._outcome import kind_of_labels
from skseg._core._validation import check_outcome
from skseg._core._vector import read_vector
from skseg.exceptions import InvalidDataError

_OWNER = "with_group"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OutcomeWithGroup:
    """Outcome and group of rows, for segment finders alone; see `with_group`.

    Rows are taken as from an array, and ``["outcome"]`` and ``["group"]`` are the
    arrays. It is no array itself: an estimator that read it as one would lose the
    group, or take pairs for outcomes.
    """

    outcome: npt.NDArray[Any]
    group: npt.NDArray[Any]

    @property
    def shape(self) -> tuple[int]:
        """Number of rows, as of an array."""
        return (len(self.outcome),)

    def __len__(self) -> int:
        return len(self.outcome)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return {"outcome": self.outcome, "group": self.group}[key]
        outcome, group = self.outcome[key], self.group[key]
        is_row = not isinstance(outcome, np.ndarray)
        return (outcome, group) if is_row else OutcomeWithGroup(outcome, group)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        return f"<outcome and group of {len(self)} rows>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise InvalidDataError(
            "Only segment finders can read a y that carries a group.",
            owner=_OWNER,
            name="y",
            rule="an outcome without a group",
            advice="Where other estimators need the outcome too, use metadata routing: "
            "sklearn.set_config(enable_metadata_routing=True), then "
            "fit(X, y, group=group) with the outcome alone as y. Folds of rows with "
            "groups are those of GroupStratifiedKFold.",
        )

    def tolist(self) -> list[tuple[Any, Any]]:
        """Return a list of pairs of outcome and group."""
        return list(zip(self.outcome.tolist(), self.group.tolist(), strict=True))


def with_group(y: npt.ArrayLike, group: npt.ArrayLike) -> OutcomeWithGroup:
    """Put outcome and group together, to pass both as ``y``.

    Without metadata routing, scikit-learn passes ``group`` to ``fit`` alone and not to
    ``score``, so cross-validation cannot know it. What is in ``y`` is split along with
    the rows and reaches both. It is for segment finders alone: where a classifier
    follows a finder in a pipeline, use metadata routing, as in the second example.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Outcome: numbers, or labels such as "yes" and "no", categories, True and False.
    group : array-like of shape (n_rows,)
        Labels of the group that each row belongs to.

    Returns
    -------
    OutcomeWithGroup
        A sequence of the rows, for any segment finder; ``["outcome"]`` and
        ``["group"]`` are arrays.

    Raises
    ------
    ValueError
        If lengths differ, or outcomes are neither numbers nor labels.

    See Also
    --------
    GroupStratifiedKFold : Folds with the same shares of groups and outcomes.

    Examples
    --------
    >>> from skseg import with_group
    >>> with_group([1, 0, 0], ["A", "B", "A"])["group"].tolist()
    ['A', 'B', 'A']

    A finder whose findings are the features of a classifier, by metadata routing:

    >>> from sklearn import config_context
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skseg import BoxSegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(2000, random_state=0)
    >>> X, y = leads[["channel", "basket_value"]], leads["converted"]
    >>> pipeline = make_pipeline(BoxSegmentFinder(random_state=0), LogisticRegression())
    >>> with config_context(enable_metadata_routing=True):
    ...     pipeline = pipeline.fit(X, y, group=leads["seller"])
    >>> pipeline.predict(X).shape
    (2000,)
    """
    labels = read_vector(_OWNER, "group", group).labels()
    vector = read_vector(_OWNER, "y", y)
    if len(labels) != len(vector):
        raise InvalidDataError(
            f"with_group takes one group for every outcome. Got {len(labels)} groups "
            f"and {len(vector)} outcomes.",
            owner=_OWNER,
            name="group",
            rule="one group for every outcome",
            value=len(labels),
        )
    is_number = kind_of_labels(_OWNER, y) is None
    outcome = check_outcome(_OWNER, y, len(vector)) if is_number else vector.labels()
    return OutcomeWithGroup(outcome, labels.astype(object))


def has_group(y: Any) -> bool:
    """Tell whether `y` carries a group."""
    return isinstance(y, OutcomeWithGroup)


def split_outcome(y: Any, group: Any) -> tuple[Any, Any]:
    """Return outcome and group, whether the group is beside `y` or inside."""
    if not has_group(y):
        return y, group
    if group is not None:
        raise InvalidDataError(
            "The group is given twice: by with_group inside y, and as group.",
            name="group",
            advice="Leave one of them out.",
        )
    return y["outcome"], y["group"]
