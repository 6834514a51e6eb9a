"""Statistics of a numeric column of too many values to fetch, by an engine's queries.

An engine sorts what does not fit into its memory, so that ranks and quantiles are
exact. Sums are added up in its order: means agree with those in memory to about 1e-12
of the standard deviation, and rank effects to 1e-10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from skseg._core._aggregates import literal_sql
from skseg._core._aggregates._order_statistics import order_statistics
from skseg._typing import FloatArray

from ._association import Scores
from ._histograms import Histogram, bin_edges, inner_positions
from ._lazy_rows import LazyRows
from ._moments import Moments
from ._number_summary import QUANTILES, NumberSummary, number_summary
from ._ranks import Ranks, sorted_quantiles
from ._segment_table import STEPS, Curve

# Squares of smaller deviations, which some engines refuse to underflow, add nothing.
_NEGLIGIBLE = 1e-100
# A sorted column by its distinct values and their weights, both of shape (n_values,).
Sorted = tuple[FloatArray, FloatArray]


class LazyNumbers:
    """A numeric column, summarised by the engine of its table.

    Parameters
    ----------
    rows : LazyRows
        The customers.
    codes : sequence of int
        Codes of the segments, in order.
    name : str
        Name of the column.
    """

    def __init__(self, rows: LazyRows, codes: Sequence[int], name: str) -> None:
        self.rows = rows
        self.codes = codes
        self.name = name
        self._known = (
            "(SELECT code, v, w FROM "
            + rows.select(
                {
                    "code": rows.code_sql,
                    "v": rows.finite_sql(name),
                    "w": rows.weight_sql,
                }
            )
            + " AS customers WHERE v IS NOT NULL) AS known"
        )
        self._infinite = rows.select(
            {
                "v": rows.value_sql(name),
                "finite": rows.finite_sql(name),
                "w": rows.weight_sql,
            }
        )

    @cached_property
    def n(self) -> FloatArray:
        """Weight of the known values of each segment."""
        return np.asarray(self._bounds[0])

    @cached_property
    def _bounds(self) -> FloatArray:
        """Weight, smallest and largest value of each segment, NaN without any."""
        return self._by_segment(
            {"n": "SUM(w)", "low": "MIN(v)", "high": "MAX(v)"}, f"FROM {self._known}"
        )

    def infinite(self) -> float:
        """Return the weight of the customers with an infinite value."""
        answer = self.rows.table.fetch(
            f"SELECT {self.rows.whole('SUM(w)')} AS n FROM {self._infinite} AS "
            "customers WHERE v IS NOT NULL AND finite IS NULL"
        )
        value = answer["n"].tolist()[0]
        return 0.0 if value is None else float(value)

    def summary(self, n_rows: FloatArray) -> NumberSummary:
        """Return the summary of the column, as `summarise_number` does in memory."""
        blocks = self._quantile_blocks()
        quantiles = np.array([sorted_quantiles(*b, QUANTILES) for b in blocks])
        everyone, overall = self._everyone()
        quartiles = (float(overall[1]), float(overall[3]))
        edges = bin_edges(*everyone, quartiles)
        return number_summary(
            n_rows,
            self.moments(quantiles[:, 2]),
            quantiles,
            overall,
            self._shares_below(quantiles[:, 2]),
            self._ranks(),
            self._histogram(edges),
        )

    def moments(self, centres: FloatArray | None = None) -> Moments:
        """Return the moments of each segment, from deviations from values inside of it.

        Sums of squares would cancel out, if they were not about the values.
        """
        n, low, high = self._bounds
        if centres is None:
            centres = low / 2 + high / 2
        unit = _unit(np.nanmax(np.abs([low, high]), initial=0.0))
        centre = _case(self._numbers(centres / unit))
        scaled = f"v / {self._literal(unit)} - {centre}"
        tiny = f"ABS(d) < {self._literal(_NEGLIGIBLE)}"
        sums = self._by_segment(
            {
                "s1": "SUM(w * d)",
                "s2": f"SUM(CASE WHEN {tiny} THEN 0 ELSE w * d * d END)",
                "s3": f"SUM(CASE WHEN {tiny} THEN 0 ELSE w * d * d * d END)",
            },
            f"FROM (SELECT code, w, {scaled} AS d FROM {self._known}) AS deviations",
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            first, second, third = sums
            shift = first / n
            squares = np.maximum(second - n * shift**2, 0.0)
            cubes = third - 3 * shift * second + 2 * n * shift**3
            is_constant = low == high
            root = np.where(is_constant, 0.0, np.sqrt(squares))
            skew = np.where(is_constant | (root == 0), 0.0, cubes / root**3)
            mean = np.where(is_constant, low, (centres / unit + shift) * unit)
        is_empty = ~(n > 0)
        root, skew = (np.where(is_empty, np.nan, x) for x in (root * unit, skew))
        return Moments(np.nan_to_num(n), mean, root, skew)

    def sums(self) -> FloatArray:
        """Return the sum of the values of each segment."""
        n, mean, *_ = self.moments()
        return np.where(n > 0, n * mean, 0.0)

    def curve(self) -> Curve:
        """Return the curve of the values at the shares of customers that are shown."""
        total = float(self.n.sum())
        steps = [self._literal(step * total) for step in STEPS[1:-1]]
        crossed = " + ".join(
            f"CASE WHEN n_up_to > {s} AND n_up_to - n <= {s} THEN 1 ELSE 0 END"
            for s in steps
        )
        ranked = (
            "SELECT v, n, SUM(n) OVER (ORDER BY v DESC) AS n_up_to, SUM(n * v) OVER "
            f"(ORDER BY v DESC) AS amount FROM {self._counts()}"
        )
        columns = {name: self.rows.whole(name) for name in ("n", "n_up_to")}
        columns["amount"] = self.rows.double("amount")
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        answer = self.rows.table.fetch(
            f"SELECT v, {listed} FROM ({ranked}) AS ranked WHERE {crossed} > 0"
        )
        order = np.argsort(answer["n_up_to"].astype(np.float64))
        v, n, up_to, amount = (
            answer[key].astype(np.float64)[order]
            for key in ("v", "n", "n_up_to", "amount")
        )
        # Where a value begins and ends; between, the curve is straight.
        points = np.concatenate([up_to - n, up_to, [total]])
        amounts = np.concatenate([amount - n * v, amount, [self.sums().sum()]])
        points, first = np.unique(points, return_index=True)
        is_inside = points > 0
        return Curve(points[is_inside], amounts[first][is_inside])

    def _quantile_blocks(self) -> list[Sorted]:
        blocks = self._sorted(_of_quantiles, self.rows.code_sql)
        nothing = (np.empty(0), np.empty(0))
        return [blocks.get(code, nothing) for code in self.codes]

    def _everyone(self) -> tuple[Sorted, FloatArray]:
        """Return values that stand for the column where bins are made, and quantiles.

        Each stands for all values since the one before, which moves no quantile.
        """
        total = float(self.n.sum())
        if not total:
            nothing = np.empty(0)
            return (nothing, nothing), np.full(len(QUANTILES), np.nan)
        inner = inner_positions(total)
        values, weight = self._sorted(lambda n: _of_quantiles(n) | _whole(inner))[0]
        overall = sorted_quantiles(values, weight, QUANTILES)
        low, high = (
            values[np.searchsorted(np.cumsum(weight), p, "right")] for p in inner
        )
        if low == high:
            values, weight = self._around(float(low))
        fraction = self.rows.table.fetch(
            f"SELECT MIN(v) AS v FROM {self._known} WHERE v <> FLOOR(v)"
        )["v"].tolist()[0]
        if fraction is not None and fraction == fraction and fraction not in values:
            # It tells that not all are whole numbers, and weighs nothing.
            place = np.searchsorted(values, fraction)
            values, weight = (
                np.insert(values, place, fraction),
                np.insert(weight, place, 0),
            )
        return (values, weight), overall

    def _around(self, value: float) -> Sorted:
        """Return the column by values that tell the range of all but one value."""
        total = int(self.n.sum())
        literal = self._literal(value)
        answer = self.rows.table.fetch(
            f"SELECT {self._total(f'v < {literal}')} AS below, "
            f"{self._total(f'v = {literal}')} AS equal FROM {self._known}"
        )
        below, equal = (int(answer[key].tolist()[0]) for key in ("below", "equal"))
        # The last row before the value, the first behind it, and its own ones.
        wanted = {below - 1, below, below + equal - 1, below + equal}
        if total > equal:
            moved = _whole(inner_positions(total - equal))
            wanted |= {p if p < below else p + equal for p in moved}
        return self._sorted(lambda n: {p for p in wanted if 0 <= p < n})[0]

    def _sorted(
        self, positions: Callable[[int], set[int]], group: str = "0"
    ) -> dict[int, Sorted]:
        """Return the values at positions of the sorted rows of each group.

        The positions are those of so many rows, to which the first and the last are
        added. Each value has the weight of all rows since the value before.
        """

        def ranks(n: int) -> list[int]:
            return sorted({p + 1 for p in positions(n)} | {1, n})

        answer = order_statistics(
            self.rows.table,
            {self.name: ranks},
            group=group,
            where=f"({self.rows.finite_sql(self.name)}) IS NOT NULL",
            sample_weight=self.rows.sample_weight,
        )
        n = dict(zip(self.codes, self.n, strict=True))
        if group == "0":
            n = {0: self.n.sum()}
        return {
            place: (values, np.diff(ranks(int(n[place])), prepend=0).astype(np.float64))
            for (_, place), values in answer.items()
        }

    def _counts(self, part: str = "0") -> str:
        """Return a subquery of the distinct values of each part, and their weights."""
        return (
            f"(SELECT {part} AS part, v, SUM(w) AS n FROM {self._known} GROUP BY 1, 2)"
            " AS counts"
        )

    def _shares_below(self, points: FloatArray) -> FloatArray:
        known = [i for i, point in enumerate(points) if not np.isnan(point)]
        if not known:
            return np.full(len(points), np.nan)
        columns = [
            f"{self._total(f'v {sign} {self._literal(points[i])}')} AS n_{name}_{i}"
            for i in known
            for name, sign in (("below", "<"), ("up_to", "<="))
        ]
        answer = self.rows.table.fetch(
            f"SELECT {', '.join(columns)} FROM {self._known}"
        )
        shares, total = np.full(len(points), np.nan), float(self.n.sum())
        for i in known:
            below, up_to = (
                float(answer[f"n_{name}_{i}"][0]) for name in ("below", "up_to")
            )
            shares[i] = (below + up_to) / 2 / total
        return shares

    def _ranks(self) -> Ranks:
        """Return what `ranks_of_segments` returns, from windows over all values."""
        n, total = self.n, float(self.n.sum())
        deviation = "0"
        if total:
            # Whole numbers would be divided without a rest.
            twice = self.rows.double("2 * up_to - ties")
            deviation = (
                f"({twice} - {self._literal(total)}) / {self._literal(2 * total)}"
            )
        ranked = (
            "SELECT part, n, SUM(n) OVER (ORDER BY v) AS up_to, SUM(n) OVER (PARTITION "
            f"BY v) AS ties FROM {self._counts('code')}"
        )
        sums, squares, fourth = self._by_segment(
            {
                "s1": "SUM(n * d)",
                "s2": "SUM(n * d * d)",
                "s4": "SUM(n * d * d * d * d)",
            },
            f"FROM (SELECT part AS code, n, {deviation} AS d FROM ({ranked}) AS ranked"
            ") AS deviations",
        )
        all_squares, all_fourth = np.nansum(squares), np.nansum(fourth)
        with np.errstate(invalid="ignore", divide="ignore"):
            effect = 2 * np.nan_to_num(sums) / n * (total / (total - n))
            trace = float(np.nansum(sums**2 / n) / all_squares)
            diagonal = float(all_fourth / all_squares**2)
        return Ranks(effect, trace, Scores(1.0, diagonal))

    def _histogram(self, edges: FloatArray) -> Histogram:
        k, n_bins = len(self.codes), max(len(edges) - 1, 0)
        if not n_bins:
            return Histogram(edges, np.empty((k, 0)), np.empty(0))
        branches = " ".join(
            f"WHEN v < {self._literal(edge)} THEN {i}"
            for i, edge in enumerate(edges[1:-1].tolist())
        )
        bins = f"CASE {branches} ELSE {n_bins - 1} END" if branches else "0"
        answer = self.rows.table.fetch(
            f"SELECT code, {bins} AS bin, {self.rows.whole('SUM(w)')} AS n FROM "
            f"{self._known} GROUP BY 1, 2"
        )
        counts = np.zeros((k, n_bins))
        for code, place, n in zip(
            *(answer[c] for c in ("code", "bin", "n")), strict=True
        ):
            counts[self.codes.index(int(code)), int(place)] = n
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
            total = counts.sum(axis=0)
            return Histogram(edges, shares, total / total.sum())

    def _by_segment(self, columns: Mapping[str, str], source: str) -> FloatArray:
        """Return aggregates as one row each, NaN for segments without rows."""
        listed = ", ".join(
            f"{self.rows.double(sql)} AS {name}" for name, sql in columns.items()
        )
        answer = self.rows.table.fetch(f"SELECT code, {listed} {source} GROUP BY code")
        result = np.full((len(columns), len(self.codes)), np.nan)
        for row, name in enumerate(columns):
            for code, value in zip(answer["code"], answer[name], strict=True):
                result[row, self.codes.index(int(code))] = value
        if "n" in columns:
            result[0] = np.nan_to_num(result[0])
        return result

    def _numbers(self, values: FloatArray) -> list[tuple[int, str]]:
        return [
            (code, self._literal(value))
            for code, value in zip(self.codes, values, strict=True)
            if not np.isnan(value)
        ]

    def _total(self, condition: str) -> str:
        return self.rows.whole(f"SUM(CASE WHEN {condition} THEN w ELSE 0 END)")

    def _literal(self, value: float) -> str:
        return f"({literal_sql(self.rows.table, float(value))})"


def _case(values: Sequence[tuple[int, str]]) -> str:
    branches = " ".join(f"WHEN {code} THEN {literal}" for code, literal in values)
    return f"CASE code {branches} END" if branches else "v"


def _of_quantiles(n: int) -> set[int]:
    """Return the positions between which the quantiles of `n` sorted rows are."""
    below = np.floor(np.array(QUANTILES) * (n - 1))
    return _whole(np.minimum([below, below + 1], n - 1))


def _whole(positions: FloatArray) -> set[int]:
    return set(positions.ravel().astype(np.int64).tolist())


def _unit(largest: float) -> float:
    """Return a power of two that brings the largest value near 1."""
    if not 0 < largest < np.inf:
        return 1.0
    return float(np.ldexp(1.0, int(np.clip(np.frexp(largest)[1], -1000, 1000))))
