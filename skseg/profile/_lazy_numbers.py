"""Statistics of a numeric column of too many values to fetch, by an engine's queries.

Ranks come from a window, for which an engine sorts what does not fit into its memory.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skseg._core._aggregates._order_statistics import order_statistics
from skseg._typing import FloatArray

from ._association import Scores
from ._histograms import Histogram, bin_edges, inner_positions
from ._lazy_sums import LazySums
from ._number_summary import QUANTILES, NumberSummary, number_summary
from ._ranks import Ranks, sorted_quantiles

# A sorted column by its distinct values and their weights, both of shape (n_values,).
Sorted = tuple[FloatArray, FloatArray]


class LazyNumbers(LazySums):
    """A numeric column, summarised by the engine of its table; see `LazySums`."""

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


def _of_quantiles(n: int) -> set[int]:
    """Return the positions between which the quantiles of `n` sorted rows are."""
    below = np.floor(np.array(QUANTILES) * (n - 1))
    return _whole(np.minimum([below, below + 1], n - 1))


def _whole(positions: FloatArray) -> set[int]:
    return set(positions.ravel().astype(np.int64).tolist())
