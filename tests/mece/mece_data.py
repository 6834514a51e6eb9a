"""Business rules and customers for `MECERuleSegmenter`, and exhaustive answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import assume
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from tests.search.sizes.oracles import grid_divisions, set_partitions

FloatArray = npt.NDArray[np.float64]
NAN, INF = np.nan, np.inf
NUMBERS = ("a", "b", "c")

# Few distinct values, so that rows tie; dyadic ones, so that sums are exact.
_known = st.integers(0, 5).map(float)
_seen = _known | _known | _known | st.sampled_from([NAN, INF, -INF])
_unseen = _seen | st.integers(-3, 9).map(lambda i: i + 0.5) | st.floats()
_thresholds = st.sampled_from(["1", "2", "3", "4.5"])
_quantiles = st.sampled_from(["q(0.25)", "q(0.5)", "q(0.75)"])
_hybrids = st.builds(
    "{}({}, {})".format, st.sampled_from(["max", "min"]), _quantiles, _thresholds
)


@dataclass(frozen=True)
class Problem:
    """What `fit` is called with, and rows that it has not seen."""

    rules: Mapping[str, str]
    X: pd.DataFrame
    y: Sequence[float] | None = None
    weight: Sequence[int] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    unseen: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def size(self) -> FloatArray:
        """What every row counts."""
        return (
            np.ones(len(self.X))
            if self.weight is None
            else np.array(self.weight, float)
        )

    def fit(self) -> MECERuleSegmenter:
        """Return the fitted segmenter, or raise."""
        segmenter = MECERuleSegmenter(self.rules, **self.params)
        return segmenter.fit(self.X, self.y, self.weight)

    def fit_or_why(self) -> MECERuleSegmenter | str:
        """Return the fitted segmenter, or why there are no legal sizes."""
        try:
            return self.fit()
        except ValueError as error:
            # Questions that have no answer, whatever the sizes.
            assume("has no value" not in str(error))
            assume("No row lies in the universe" not in str(error))
            return str(error)

    def reordered(self, rows: Sequence[int], columns: Sequence[str]) -> Problem:
        """Return the same problem, its rows and columns in another order."""
        return replace(
            self,
            X=self.X.iloc[list(rows)][list(columns)],
            y=None if self.y is None else [self.y[i] for i in rows],
            weight=None if self.weight is None else [self.weight[i] for i in rows],
        )

    def repeated(self) -> Problem:
        """Return the problem with every row as often as its weight says."""
        assert self.weight is not None
        rows = np.repeat(np.arange(len(self.X)), self.weight)
        return replace(self.reordered(rows.tolist(), list(self.X)), weight=None)


@st.composite
def frames(
    draw: st.DrawFn, values: st.SearchStrategy[float], min_rows: int, max_rows: int
) -> pd.DataFrame:
    """Three columns of numbers and a column of text."""
    n_rows = draw(st.integers(min_rows, max_rows))

    def column(elements: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(elements, min_size=n_rows, max_size=n_rows))

    frame = pd.DataFrame({name: column(values) for name in NUMBERS}, dtype=float)
    texts = column(st.sampled_from(["x", "y", "z", None]))
    return frame.assign(s=pd.Series(texts, dtype=object))


@st.composite
def tiers(draw: st.DrawFn, column: str) -> list[str]:
    """Conditions on one column, from low to high, perhaps with one for missing."""
    if column == "s":
        return ["s == 'x'", "s == 'y'"]
    any_kind = _thresholds | _quantiles | _hybrids
    bounds = draw(st.lists(any_kind, min_size=1, max_size=2, unique=True).map(sorted))
    between = [f"{low} <= {column} < {high}" for low, high in pairwise(bounds)]
    absent = [f"missing({column})"] if draw(st.booleans()) else []
    return [f"{column} < {bounds[0]}", *between, f"{column} >= {bounds[-1]}", *absent]


@st.composite
def tier_rules(draw: st.DrawFn) -> dict[str, str]:
    """The cells of a grid of tiers, some of which may be left to the default."""
    columns = st.sampled_from([*NUMBERS, "s"])
    used = draw(st.lists(columns, min_size=1, max_size=3, unique=True))
    cells = [" and ".join(cell) for cell in product(*[draw(tiers(c)) for c in used])]
    left_out = draw(st.sets(st.sampled_from(cells), max_size=len(cells) - 1))
    kept = [cell for cell in cells if cell not in left_out]
    return {f"R{i}": cell for i, cell in enumerate(kept)}


@st.composite
def size_bounds(draw: st.DrawFn, n_rows: int) -> dict[str, Any]:
    """Bounds as counts or shares, one, both or none of them."""
    if draw(st.booleans()):
        low = draw(st.integers(1, max(1, n_rows // 2)))
        high: float = draw(st.integers(low, max(low, n_rows)))
    else:
        low = draw(st.sampled_from([0.1, 0.25, 1 / 3]))
        high = draw(st.sampled_from([0.4, 0.5, 0.75]))
    kept = draw(
        st.sampled_from([("min_size",), ("max_size",), ("min_size", "max_size")])
    )
    both = {"min_size": low, "max_size": high}
    return {name: both[name] for name in kept}


@st.composite
def problems(
    draw: st.DrawFn, *, weighted: bool | None = None, max_rows: int = 20
) -> Problem:
    """Ties, missing values, infinities, text; bounds, audiences, weights."""
    X = draw(frames(_seen, 1, max_rows))
    n_rows = len(X)
    params: dict[str, Any] = {"default": "Others", "on_overlap": "first"}
    params |= draw(size_bounds(n_rows))
    params["oversize"] = draw(st.sampled_from(["raise", "allow"]))
    params["universe"] = draw(
        st.sampled_from([None, None, "b <= 3", "s != 'z' or a > 2"])
    )
    cut = st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True)
    params["split_on"] = draw(st.none() | cut)
    outcomes = st.lists(st.integers(0, 1).map(float), min_size=n_rows, max_size=n_rows)
    weights = st.lists(st.integers(0, 3), min_size=n_rows, max_size=n_rows)
    if draw(st.booleans()) if weighted is None else weighted:
        weight = draw(weights.filter(any))
    else:
        weight = None
    return Problem(
        draw(tier_rules()),
        X,
        draw(st.none() | outcomes),
        weight,
        params,
        draw(frames(_unseen, 1, 10)),
    )


@st.composite
def small_problems(draw: st.DrawFn) -> Problem:
    """Few rows, so that every sequence of cuts by the columns to split on is tried."""
    X = draw(frames(st.integers(0, 3).map(float) | st.just(NAN), 2, 9))
    n_rows = len(X)
    low = draw(st.integers(1, 4))
    params: dict[str, Any] = {
        "min_size": low,
        "max_size": draw(st.integers(low, 2 * low)),
    }
    params["split_on"] = draw(st.sampled_from([["a"], ["a", "b"], ["c", "a"]]))
    params |= {"default": "Others", "on_overlap": "first"}
    weights = st.lists(st.integers(1, 2), min_size=n_rows, max_size=n_rows)
    return Problem(
        draw(tier_rules()), X, weight=draw(st.none() | weights), params=params
    )


def squared_error(y: FloatArray, labels: npt.NDArray[np.intp]) -> float:
    """Return the squared error of the outcome within segments."""
    return sum(
        float(((y[labels == i] - y[labels == i].mean()) ** 2).sum())
        for i in np.unique(labels)
    )


def grid_labels(
    shape: tuple[int, ...], cells: Sequence[npt.NDArray[np.intp]]
) -> Iterator[npt.NDArray[np.intp]]:
    """Yield which box every row is in, for all divisions of a grid by cuts.

    `cells`: for each axis the cell that every row is in.
    """
    for division in grid_divisions(shape):
        labels = np.empty(shape, dtype=np.intp)
        for i, box in enumerate(division):
            labels[tuple(slice(*ends) for ends in box)] = i
        yield labels[tuple(cells)]


def groupings(codes: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    """Yield which group every row is in, for all ways of grouping its codes."""
    n = int(codes.max()) + 1
    for groups in set_partitions(n):
        label = np.empty(n, dtype=np.intp)
        for i, group in enumerate(groups):
            label[group] = i
        yield label[codes]
