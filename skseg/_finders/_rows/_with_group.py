"""Outcomes that carry their group: for scikit-learn without metadata routing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from skseg._core._outcome import kind_of_labels
from skseg._core._validation import check_outcome
from skseg._core._vector import read_vector
from skseg.exceptions import InvalidDataError

_OWNER = "with_group"


class OutcomeAndLabels(NamedTuple):
    """Outcome of rows, their groups and their customers; None where there are none."""

    outcome: Any
    group: Any
    cluster: Any


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OutcomeWithGroup:
    """Outcome, group and customer of rows, for finders alone; see `with_group`.

    Rows are taken as from an array, and ``["outcome"]``, ``["group"]`` and
    ``["cluster"]`` are the arrays, or None. It is no array itself: an estimator that
    read it as one would lose the group, or take pairs for outcomes.
    """

    outcome: npt.NDArray[Any]
    group: npt.NDArray[Any] | None
    cluster: npt.NDArray[Any] | None = None

    @property
    def shape(self) -> tuple[int]:
        """Number of rows, as of an array."""
        return (len(self.outcome),)

    def __len__(self) -> int:
        return len(self.outcome)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            names = ("outcome", "group", "cluster")
            return dict(zip(names, self._arrays(), strict=True))[key]
        rows = [None if array is None else array[key] for array in self._arrays()]
        if isinstance(rows[0], np.ndarray):
            return OutcomeWithGroup(rows[0], rows[1], rows[2])
        return tuple(
            value
            for value, array in zip(rows, self._arrays(), strict=True)
            if array is not None
        )

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        names = [
            name
            for name, array in (("group", self.group), ("customer", self.cluster))
            if array is not None
        ]
        what = ", ".join(["outcome", *names[:-1]]) + f" and {names[-1]}"
        return f"<{what} of {len(self)} rows>"

    def _arrays(self) -> tuple[Any, Any, Any]:
        return self.outcome, self.group, self.cluster

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

    def tolist(self) -> list[tuple[Any, ...]]:
        """Return a list of pairs of outcome and group, or triples with the customer."""
        optional = [a for a in (self.group, self.cluster) if a is not None]
        columns = [array.tolist() for array in (self.outcome, *optional)]
        return list(zip(*columns, strict=True))


def with_group(
    y: npt.ArrayLike,
    group: npt.ArrayLike | None,
    cluster: npt.ArrayLike | None = None,
) -> OutcomeWithGroup:
    """Put outcome, group and customer together, to pass them as ``y``.

    Without metadata routing, scikit-learn passes ``group`` to ``fit`` alone and not to
    ``score``, so cross-validation cannot know it. What is in ``y`` is split along with
    the rows and reaches both. It is for segment finders alone: where a classifier
    follows a finder in a pipeline, use metadata routing, as in the second example.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Outcome: numbers, or labels such as "yes" and "no", categories, True and False.
    group : array-like of shape (n_rows,) or None
        Labels of the group that each row belongs to. None where segments are compared
        with the rest; then there is `cluster`.
    cluster : array-like of shape (n_rows,), default=None
        Ids of the customer whom each row is about, where customers have several rows.

    Returns
    -------
    OutcomeWithGroup
        A sequence of the rows, for any segment finder; ``["outcome"]``, ``["group"]``
        and ``["cluster"]`` are arrays, or None.

    Raises
    ------
    ValueError
        If lengths differ, outcomes are neither numbers nor labels, or there is neither
        a group nor a customer.

    See Also
    --------
    GroupStratifiedKFold : Folds with the same shares of groups and outcomes, which
        keep the rows of a customer together.

    Examples
    --------
    >>> from skseg import with_group
    >>> with_group([1, 0, 0], ["A", "B", "A"])["group"].tolist()
    ['A', 'B', 'A']
    >>> with_group([1, 0, 0], ["A", "B", "A"], cluster=[7, 8, 7])["cluster"].tolist()
    [7, 8, 7]

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
    vector = read_vector(_OWNER, "y", y)
    if group is None and cluster is None:
        raise InvalidDataError(
            "with_group takes a group, a customer or both for every outcome. Got "
            "neither.",
            owner=_OWNER,
            name="group",
            rule="given, unless cluster is",
            advice="Pass the outcome itself as y.",
        )
    is_number = kind_of_labels(_OWNER, y) is None
    outcome = check_outcome(_OWNER, y, len(vector)) if is_number else vector.labels()
    return OutcomeWithGroup(
        outcome,
        _labels("group", group, len(vector)),
        _labels("cluster", cluster, len(vector)),
    )


def _labels(name: str, values: Any, n_rows: int) -> npt.NDArray[Any] | None:
    """Return labels of all rows, None for none, or raise."""
    if values is None:
        return None
    labels = read_vector(_OWNER, name, values).labels()
    if len(labels) != n_rows:
        raise InvalidDataError(
            f"with_group takes one {name} for every outcome. Got {len(labels)} {name}s "
            f"and {n_rows} outcomes.",
            owner=_OWNER,
            name=name,
            rule=f"one {name} for every outcome",
            value=len(labels),
        )
    return labels.astype(object)


def split_outcome(y: Any, group: Any, cluster: Any = None) -> OutcomeAndLabels:
    """Return outcome, group and customer, whether these are beside `y` or inside."""
    if not isinstance(y, OutcomeWithGroup):
        return OutcomeAndLabels(y, group, cluster)
    beside = {"group": group, "cluster": cluster}
    for name, labels in beside.items():
        if labels is not None and y[name] is not None:
            raise InvalidDataError(
                f"The {name} is given twice: by with_group inside y, and as {name}.",
                name=name,
                advice="Leave one of them out.",
            )
        beside[name] = y[name] if labels is None else labels
    return OutcomeAndLabels(y.outcome, beside["group"], beside["cluster"])
