"""Whether the columns tell which group a row is in, as they must not in a trial."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

from skseg._search.effects._inference import holm

from ._search import Search

# Rarer than this in trials: what looks like it is no accident.
_ALARM = 1e-3


def group_balance(search: Search) -> pd.DataFrame:
    """Return for every column how much the groups differ in it.

    Pearson's chi-squared of cells and groups: column, chi2, dof, p and p_adj (Holm),
    the most different column first; ``v``, Cramer's V, is 0 for none and 1 for total
    dependence.
    """
    assert search.rows.in_a is not None
    weight = search.rows.weight
    table = []
    for column, codes, axis in zip(
        search.coding.columns, search.codes, search.axes, strict=True
    ):
        place = 2 * codes.astype(np.intp) + search.rows.in_a
        counts = np.bincount(place, weight, 2 * axis.n_cells)
        by_cell = counts.reshape(-1, 2)
        by_cell = by_cell[by_cell.sum(axis=1) > 0]
        test = chi2_contingency(by_cell, correction=False)
        v = np.sqrt(test.statistic / by_cell.sum())
        table.append((column.name, test.statistic, test.dof, v, test.pvalue))
    found = pd.DataFrame(table, columns=["column", "chi2", "dof", "v", "p"])
    found["p_adj"] = holm(found["p"].to_numpy())
    return found.sort_values(["p", "column"]).reset_index(drop=True)


def warn_of_imbalance(owner: str, balance: pd.DataFrame) -> None:
    """Warn if groups that are taken for random are not."""
    alarming = balance[balance["p_adj"] < _ALARM]
    if len(alarming):
        columns: Sequence[str] = alarming["column"].tolist()
        warnings.warn(
            f"The group can be predicted from {len(columns)} column(s), first of all "
            f"{columns[0]!r}: it was not drawn at random, and differences between the "
            "groups may be differences between their customers. Choose "
            f"assignment='observational' of {owner}, which allows for that as far as "
            "the columns know. See balance_.",
            UserWarning,
            stacklevel=4,
        )
