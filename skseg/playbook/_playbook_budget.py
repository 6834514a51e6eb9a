"""Budget shares of plays: their sum, and their division among segments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from skseg.exceptions import RuleError

from ._playbook_documents import OWNER
from ._plays import Play


def checked_budget(plays: Sequence[Play]) -> float:
    shares = {p.name: p.budget_share for p in plays if p.budget_share is not None}
    total = math.fsum(shares.values())
    # Decimals such as 0.1 have no exact float, so that ten of them miss 1 by little.
    if total > 1 + 1e-9:
        raise RuleError(
            f"The budget shares must sum to at most 1. Got {total:.6g}: {shares}.",
            owner=OWNER,
            name="budget_share",
            rule="at most 1 in sum",
            value=total,
        )
    return total


def divided_budget(table: pd.DataFrame, plays: Sequence[Play]) -> pd.Series[Any]:
    """Return each segment's part of the budget of its play, by size."""
    budget = pd.Series(
        [play.budget_share for play in plays], index=table.index, dtype=float
    )
    groups = table.groupby("play")["n"]
    n_customers = groups.transform("sum")
    parts = (table["n"] / n_customers).where(
        n_customers > 0, 1 / groups.transform("size")
    )
    return budget * parts
