"""A revenue for every customer, by which conversions are multiplied."""

from __future__ import annotations

from typing import Any

import numpy as np

from skseg._core._vector import read_vector
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError


def read_row_revenue(owner: str, revenue: Any, n_rows: int) -> FloatArray | None:
    """Return the revenue per conversion of every row, None for none; or raise."""
    if revenue is None:
        return None
    vector = read_vector(owner, "revenue", revenue)
    if len(vector) != n_rows:
        rule = f"of shape ({n_rows},), one revenue a row"
        raise InvalidDataError(
            f"The revenue of the rows of {owner} must be {rule}. Got shape "
            f"({len(vector)},).",
            owner=owner,
            name="revenue",
            rule=rule,
            value=(len(vector),),
        )
    amounts = vector.numbers().copy()
    known = np.isfinite(amounts)
    if not known.all():
        row = int(np.argmin(known))
        raise InvalidDataError(
            f"The revenue of the rows of {owner} must be finite. Got {amounts[row]} at "
            f"row {row}.",
            owner=owner,
            name="revenue",
            rule="finite",
            value=float(amounts[row]),
            row=row,
            advice="For customers who did not convert, give what a conversion would "
            "bring, such as the value of the basket.",
        )
    return amounts


def check_revenue_as_in_fit(
    owner: str, revenue: FloatArray | None, *, has_revenue: bool
) -> None:
    """Raise unless rows have a revenue if and only if those of `fit` had one."""
    if (revenue is not None) == has_revenue:
        return
    rule = "given, as in fit" if has_revenue else "None, as in fit"
    raise InvalidDataError(
        f"The revenue of the rows of {owner} must be {rule}: without it, profits are "
        "of another scale.",
        owner=owner,
        name="revenue",
        rule=rule,
        advice="Pass one revenue a row, revenue=..., to evaluate and score."
        if has_revenue
        else "Pass it to fit as well.",
    )
