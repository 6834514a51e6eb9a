"""Heat map of ranks: where the medians of segments lie among all customers."""

from __future__ import annotations

import numpy as np

from skseg.report._numbers import UNKNOWN

from ._source import Source
from ._tables import Cell, Table, name_cell

# Distances from the middle at which a cell takes a stronger shade.
_SHADES = (0.1, 0.2, 0.3)


def ranks_of(source: Source) -> dict[str, dict[int, float]]:
    """Return feature -> code -> rank of the median, the largest effect first."""
    numbers = source.profile.numbers_
    order = [str(name) for name in source.profile.features_["feature"]]
    ranks: dict[str, dict[int, float]] = {}
    columns = (numbers["feature"], numbers["code"], numbers["median_rank"])
    for feature, code, rank in zip(*columns, strict=True):
        ranks.setdefault(str(feature), {})[int(code)] = float(rank)
    return {feature: ranks[feature] for feature in order if feature in ranks}


def heat_map(source: Source) -> Table:
    """Return ranks of medians as a table whose cells are shaded by them."""
    return Table(
        "Where each segment's median lies: share of all customers below it",
        [
            Cell("Feature"),
            *(
                Cell(s.name, css=f"num name key segment-{s.code}")
                for s in source.segments
            ),
        ],
        [
            [
                name_cell(feature),
                *(_heat_cell(row.get(s.code, np.nan)) for s in source.segments),
            ]
            for feature, row in ranks_of(source).items()
        ],
    )


def _heat_cell(rank: float) -> Cell:
    if not np.isfinite(rank):
        return Cell(UNKNOWN, None, "num")
    shade = sum(abs(rank - 0.5) >= limit for limit in _SHADES)
    side = "high" if rank > 0.5 else "low"
    css = f"num {side}-{shade}" if shade else "num"
    return Cell(f"{rank:.0%}", rank, css)
