"""What `rfm_table` and its kin report about the transactions that they have read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from skseg._html import html_table


@dataclass(frozen=True)
class RFMTableReport:
    """Counts of what `rfm_table` or `customer_features` has read and excluded.

    Attributes
    ----------
    as_of : datetime.date
        The day from which recency and tenure are counted.
    n_rows, n_used : int
        Transactions read, and transactions used.
    n_customers : int
        Customers with at least one usable transaction: the rows of the table.
    n_orders, n_purchases, n_cancelled_orders : int
        Orders, of which purchases and cancelled.
    n_customers_without_purchase : int
        Customers all of whose orders are cancelled.
    decimals : int
        Decimals with which the amounts are summed.
    n_rounded : int
        Number of amounts that were rounded to these decimals; of `customer_features`,
        of discounts and quantities as well.
    excluded : dict of str to int
        Number of transactions left out, by kind of defect. Each counts once, under
        its first defect, so the counts add up to ``n_rows - n_used``.
    placeholder_customers, placeholder_orders : dict of str to int
        Texts that usually stand for a missing value, such as "NULL", but were used as
        customer or order ids, with the number of transactions that have them.
    unlabelled : dict of str to int
        Of `customer_features`: number of the transactions used that have no product,
        category, channel or payment, where there are any.
    typical_gap : float or None
        Of `customer_features`: days between purchases by which the lifecycle stage of
        customers with few purchases is judged; NaN if nobody has bought twice.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import rfm_table
    >>> lines = pd.DataFrame(
    ...     {"who": ["Ann", None], "when": ["2024-03-01", "2024-03-05"], "paid": [5, 7]}
    ... )
    >>> table, report = rfm_table(
    ...     lines,
    ...     customer_id="who",
    ...     date="when",
    ...     amount="paid",
    ...     as_of="2024-03-31",
    ...     invalid="exclude",
    ...     return_report=True,
    ... )
    >>> report.excluded
    {'missing customer': 1}
    """

    as_of: dt.date
    n_rows: int
    n_used: int
    n_customers: int
    n_orders: int
    n_purchases: int
    n_cancelled_orders: int
    n_customers_without_purchase: int
    decimals: int
    n_rounded: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    placeholder_customers: dict[str, int] = field(default_factory=dict)
    placeholder_orders: dict[str, int] = field(default_factory=dict)
    unlabelled: dict[str, int] = field(default_factory=dict)
    typical_gap: float | None = None

    @property
    def _title(self) -> str:
        is_of_features = self.typical_gap is not None
        noun = "Customer features" if is_of_features else "RFM table"
        return f"{noun} as of {self.as_of}"

    def __str__(self) -> str:
        """Show the counts in a few lines."""
        kinds = [f"{count:,} {kind}" for kind, count in self.excluded.items()]
        orders = (
            f"{self.n_orders:,}: {self.n_purchases:,} purchases, "
            f"{self.n_cancelled_orders:,} cancelled"
        )
        without = f"{self.n_customers_without_purchase:,} without a purchase"
        lines = [
            self._title,
            f"  transactions  {self.n_rows:,} read, {self.n_used:,} used",
            f"  excluded      {'; '.join(kinds) or 'none'}",
            f"  amounts       {self._decimals_text()}",
            f"  orders        {orders}",
            f"  customers     {self.n_customers:,}, of whom {without}",
        ]
        lines += [
            f"  placeholders  {count:,} with the {column} id {text!r}"
            for column, texts in self._placeholders()
            for text, count in texts.items()
        ]
        lines += [
            f"  unlabelled    {count:,} without a {name}"
            for name, count in self.unlabelled.items()
        ]
        if self.typical_gap is not None:
            lines.append(f"  typical gap   {self.typical_gap:g} days between purchases")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show the counts as a table in notebooks."""
        counts = [
            ("transactions read", self.n_rows),
            ("transactions used", self.n_used),
            *((f"excluded: {kind}", count) for kind, count in self.excluded.items()),
            ("decimals of the amounts", self.decimals),
            ("amounts rounded", self.n_rounded),
            ("orders", self.n_orders),
            ("purchases", self.n_purchases),
            ("cancelled orders", self.n_cancelled_orders),
            ("customers", self.n_customers),
            ("customers without a purchase", self.n_customers_without_purchase),
            *(
                (f"with the {column} id {text!r}", count)
                for column, texts in self._placeholders()
                for text, count in texts.items()
            ),
            *((f"without a {name}", count) for name, count in self.unlabelled.items()),
        ]
        rows = [(name, f"{count:,}") for name, count in counts]
        return html_table(["", "n"], rows, self._title)

    def _decimals_text(self) -> str:
        noun = "decimal" if self.decimals == 1 else "decimals"
        rounded = f", {self.n_rounded:,} rounded" if self.n_rounded else ""
        return f"summed exactly in {self.decimals} {noun}{rounded}"

    def _placeholders(self) -> list[tuple[str, dict[str, int]]]:
        return [
            ("customer", self.placeholder_customers),
            ("order", self.placeholder_orders),
        ]
