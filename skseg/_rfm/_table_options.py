"""The parameters of `rfm_table` and its kin that say how transactions are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from skseg._core._validation import check_choice, check_int
from skseg.exceptions import InvalidParameterError, did_you_mean

from ._calendar import check_date_format, check_time_zone
from ._defects import ACTIONS
from ._float_decimals import MAX_DECIMALS

ROUNDINGS = ("half_even", "half_up")
DECIMAL_MARKS = (".", ",")
THOUSANDS_MARKS = (".", ",", " ", "'", "_")
RESULT_COLUMNS = (
    "recency",
    "frequency",
    "monetary",
    "tenure",
    "average_order_value",
    "mean_gap",
)


class Options(NamedTuple):
    """Column names, and how their values are read."""

    customer_id: str
    date: str
    amount: str | None
    quantity: str | None
    price: str | None
    order_id: str | None
    as_of: Any
    time_zone: str | None
    date_format: str | None
    decimal: str
    thousands: str | None
    decimals: int | str
    rounding: str | None
    invalid: str | Mapping[str, str]
    owner: str = "rfm_table"
    result_columns: Sequence[str] = RESULT_COLUMNS
    # What `customer_features` reads besides.
    items: str | None = None
    discount: str | None = None
    labels: tuple[tuple[str, str], ...] = ()  # what they are of, and their column
    with_times: bool = False

    @property
    def amount_columns(self) -> list[str]:
        """The column of the amounts, or those of their factors."""
        names = [self.amount, self.quantity, self.price]
        return [name for name in names if name is not None]

    @property
    def column_names(self) -> list[str]:
        """The columns to read, each once."""
        names = [self.customer_id, self.date, *self.amount_columns, self.order_id]
        names += [self.items, self.discount, *(column for _, column in self.labels)]
        return list(dict.fromkeys(name for name in names if name is not None))

    def action(self, kind: str) -> str:
        """Return what to do with the rows of a kind of defect."""
        usual, *others = ACTIONS[kind]
        if isinstance(self.invalid, Mapping):
            return self.invalid.get(kind, usual)
        # "exclude" is about rows that cannot be used, and these can.
        return usual if "keep" in others else self.invalid

    def check(self) -> None:
        """Raise where a parameter breaks its rule."""
        self._check_columns()
        check_time_zone(self.time_zone, self.owner)
        check_date_format(self.date_format, self.owner)
        self._check_numbers()
        self._check_invalid()

    def _check_columns(self) -> None:
        for name in ("customer_id", "date", "amount", "quantity", "price", "order_id"):
            column = getattr(self, name)
            is_optional = name not in ("customer_id", "date")
            if not (isinstance(column, str) or (is_optional and column is None)):
                raise InvalidParameterError(
                    self.owner, name, "the name of a column", column
                )
        if self.customer_id in self.result_columns:
            results = ", ".join(self.result_columns)
            rule = f"a name that no column of the result has ({results})"
            raise InvalidParameterError(
                self.owner, "customer_id", rule, self.customer_id
            )
        factors = [self.quantity, self.price]
        has_factors = None not in factors
        is_complete = has_factors if self.amount is None else factors == [None, None]
        if not is_complete:
            raise InvalidParameterError(
                self.owner,
                "amount",
                "the name of a column, or None with both quantity and price, whose "
                "product is the amount",
                self.amount,
            )

    def _check_numbers(self) -> None:
        check_choice(self.owner, "decimal", self.decimal, DECIMAL_MARKS)
        if self.thousands is not None:
            marks = [mark for mark in THOUSANDS_MARKS if mark != self.decimal]
            if self.thousands not in marks:
                rule = f"None or one of {', '.join(map(repr, marks))}"
                raise InvalidParameterError(
                    self.owner, "thousands", rule, self.thousands
                )
        if self.decimals != "auto":
            if isinstance(self.decimals, str):
                rule = f"'auto' or an int in [0, {MAX_DECIMALS}]"
                raise InvalidParameterError(self.owner, "decimals", rule, self.decimals)
            check_int(self.owner, "decimals", self.decimals, 0, MAX_DECIMALS)
        if self.rounding is None:
            return
        check_choice(self.owner, "rounding", self.rounding, ROUNDINGS)
        if self.decimals == "auto":
            raise InvalidParameterError(
                self.owner,
                "rounding",
                "None with decimals='auto', which keeps every amount as it is",
                self.rounding,
                advice="Pass the decimals to round to as well, such as decimals=2.",
            )

    def _check_invalid(self) -> None:
        if not isinstance(self.invalid, Mapping):
            check_choice(self.owner, "invalid", self.invalid, ["raise", "exclude"])
            return
        for kind, action in self.invalid.items():
            if kind not in ACTIONS:
                raise InvalidParameterError(
                    self.owner,
                    "invalid",
                    f"a mapping with keys among {', '.join(map(repr, ACTIONS))}",
                    kind,
                    advice=did_you_mean(str(kind), ACTIONS).strip() or None,
                )
            if action not in ACTIONS[kind]:
                choices = " or ".join(map(repr, ACTIONS[kind]))
                raise InvalidParameterError(
                    self.owner, "invalid", f"{choices} for {kind!r}", action
                )
