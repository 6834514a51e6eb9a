"""The balance of the groups: in a trial, no column may depend on the group."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

from skseg._core._caller import caller_level
from skseg._finders._search import Search
from skseg._search.effects._inference import holm

# Fewer than one trial in a thousand has a smaller adjusted p-value.
_ALARM = 1e-3


def group_balance(search: Search) -> pd.DataFrame:
    """Return one row per column: how much the groups differ in it, most first.

    By Pearson's chi-squared test of the contingency table of cells and groups: column,
    chi2, dof, v (Cramer's V: 0 for no dependence, 1 for a total one), p and p_adj
    (Holm). The rows of a customer count as one together: several rows with the same
    values in the same group are no sign of how customers came to their groups.
    """
    assert search.rows.in_a is not None
    weight, cluster = search.rows.weight, search.rows.cluster
    if cluster is not None:
        weight = weight / np.bincount(cluster, weight)[cluster]
    tests = []
    for column, codes, axis in zip(
        search.coding.columns, search.codes, search.axes, strict=True
    ):
        place = 2 * codes.astype(np.intp) + search.rows.in_a
        counts = np.bincount(place, weight, 2 * axis.n_cells)
        contingency = counts.reshape(axis.n_cells, 2)
        contingency = contingency[contingency.sum(axis=1) > 0]
        test = chi2_contingency(contingency, correction=False)
        v = np.sqrt(test.statistic / contingency.sum())
        tests.append((column.name, test.statistic, test.dof, v, test.pvalue))
    balance = pd.DataFrame(tests, columns=["column", "chi2", "dof", "v", "p"])
    balance["p_adj"] = holm(balance["p"].to_numpy())
    return balance.sort_values(["p", "column"]).reset_index(drop=True)


def warn_of_imbalance(owner: str, balance: pd.DataFrame) -> None:
    """Warn if groups that are taken as randomized depend on the columns."""
    columns = balance.loc[balance["p_adj"] < _ALARM, "column"].tolist()
    if columns:
        warnings.warn(
            f"The group can be predicted from {len(columns)} column(s), first of all "
            f"{columns[0]!r}: it was not drawn at random, and differences between the "
            "groups may be differences between their customers. Choose "
            f"assignment='observational' of {owner}, which allows for that as far as "
            "the columns know. If customers have several rows, pass their ids as "
            "cluster first: each then counts once. See balance_.",
            UserWarning,
            stacklevel=caller_level(),
        )
