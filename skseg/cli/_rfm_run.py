"""From orders to named segments."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skseg._documents._plain_file import read_plain
from skseg._rfm import RFMSegmenter, RFMTableReport, rfm_table
from skseg.datasets import CUSTOMER_TYPES
from skseg.engines import Table, open_table
from skseg.exceptions import InvalidDataError, RuleError
from skseg.tables._data_file import DataFile, read_data_file
from skseg.tables._table_header import WantedColumns

from ._definition import kind_of, read_definition
from ._file_format import FileFormat
from ._options import option_of_kind
from ._wording import key_terms, worded

if TYPE_CHECKING:
    from ._stored_rows import StoredRows

SCORES = ["R", "F", "M"]


@dataclass(frozen=True)
class RFMRun:
    """The customers of a file of orders, with scores and segments.

    `customers` has the columns of `rfm_table`, R, F, M, segment_code and segment; the
    segmenter is fitted on the columns `features`, all of `rfm_table` but the id. The
    notes are warnings about the data, in sentences. `stored` is the table of customers
    without segments where the orders are, if these are not in memory.
    """

    customers: pd.DataFrame
    report: RFMTableReport
    segmenter: RFMSegmenter
    features: list[str]
    notes: list[str]
    stored: Any = None

    @property
    def X(self) -> pd.DataFrame:
        """The customers as the segmenter saw them."""
        return self.customers[self.features]


def read_orders(
    path: Path,
    columns: Mapping[str, str],
    file_format: FileFormat,
    *,
    file: IO[bytes] | None = None,
) -> tuple[DataFile, pd.DataFrame]:
    """Read the columns that are given by their roles, ids as they are written.

    `file` is the same file, opened. Amounts and dates are left to `rfm_table`.
    """
    kinds = _kinds(columns)
    data = read_data_file(path, list(kinds), file=file, **asdict(file_format))
    return data, data.columns({n: k if k == "id" else None for n, k in kinds.items()})


def stored_orders(rows: StoredRows, columns: Mapping[str, str]) -> Table:
    """Return orders that stay where they are, with the columns given by their roles."""
    return rows.typed(_kinds(columns), may_be_text=True)


def wanted_columns(columns: Mapping[str, str]) -> WantedColumns:
    """Return the columns to read, given by their roles."""
    return WantedColumns(list(_kinds(columns)))


def _kinds(columns: Mapping[str, str]) -> dict[str, str]:
    """Return column -> what it holds; those with two roles are no ids."""
    ids = {name for role, name in columns.items() if role.endswith("_id")}
    values = {name for role, name in columns.items() if not role.endswith("_id")}
    date = columns["date"]
    return {
        name: "id" if name in ids - values else "date" if name == date else "number"
        for name in columns.values()
    }


def segmenter_of(
    segments: str | Path, n_scores: int, cut_points: Mapping[str, Sequence[float]]
) -> RFMSegmenter:
    """Return the segmenter of a shipped map, or of a file with a map of one's own.

    Such a file has the key ``rules``, and ``params``, ``on_overlap`` or ``default`` if
    need be.
    Raises ValueError if it holds anything else.
    """
    parameters: dict[str, Any] = {"segments": segments}
    if isinstance(segments, Path):
        content = read_plain(segments)
        try:
            if not isinstance(content, dict):
                kind = kind_of(content)
                raise RuleError(f"It must hold keys with values. It is {kind}.")
            keys = ["rules", "params", "on_overlap", "default"]
            parameters = read_definition(content, keys)
        except ValueError as error:
            raise InvalidDataError(f"{segments.name}: {error}") from None
        parameters["segments"] = parameters.pop("rules")
    return RFMSegmenter(
        n_scores=n_scores, cut_points=dict(cut_points) or "quantile", **parameters
    )


def run_rfm(
    orders: pd.DataFrame | Table,
    segmenter: RFMSegmenter | None = None,
    *,
    customer_id: str,
    map_file: Path | None = None,
    **options: Any,
) -> RFMRun:
    """Make the customer table, fit the segments, and put both together.

    Orders that are not in memory stay where they are, and their customers come here.
    `map_file` is where the map of the segmenter comes from, if it is none that ships;
    `options` are further parameters of `rfm_table`. Raises ValueError if the orders
    cannot be used, or the customer column has the name of a column of the result.
    """
    if customer_id in [*SCORES, "segment_code", "segment"]:
        raise InvalidDataError(
            f"The customer column must not be called {customer_id!r}, like a column "
            "of the result. Rename it."
        )
    with warnings.catch_warnings():
        # The notes say it in the words of the command line.
        warnings.simplefilter("ignore", UserWarning)
        result: Any = rfm_table(
            orders, customer_id=customer_id, return_report=True, **options
        )
    table, report = result
    stored = None if isinstance(orders, pd.DataFrame) else table
    if stored is not None:
        table = _in_memory(stored, customer_id)
    features = [str(name) for name in table if name != customer_id]
    X = table[features]
    segmenter = RFMSegmenter() if segmenter is None else segmenter
    try:
        segmenter.fit(X)
    except (RuleError, InvalidDataError) as error:
        if map_file is None:
            raise
        raise InvalidDataError(worded(error, key_terms(map_file.name))) from error
    notes = _placeholder_notes(report, options.get("invalid", "raise"))
    codes = segmenter.labels_
    membership = pd.DataFrame(
        {"segment_code": codes, "segment": segmenter.segment_names_[codes]}, X.index
    )
    customers = pd.concat([table, segmenter.scores(X), membership], axis=1)
    return RFMRun(customers, report, segmenter, features, notes, stored)


def _in_memory(stored: Any, customer_id: str) -> pd.DataFrame:
    """Return a table of customers, which is far smaller than that of their orders."""
    table = open_table(stored)
    assert table is not None
    customers = pd.DataFrame(table.fetch(f"SELECT * FROM {table.source}"))
    return customers.sort_values(customer_id, ignore_index=True)


def write_table(run: RFMRun, name: str, *, overwrite: bool) -> None:
    """Write the customers with their segments to a table beside the orders."""
    code, segment = "segment_code", "segment"
    coded = run.segmenter.label(run.stored, code, output="code")
    run.segmenter.label(coded, segment, to=name, overwrite=overwrite)


def _placeholder_notes(
    report: RFMTableReport, invalid: str | Mapping[str, str]
) -> list[str]:
    """Return a sentence for each text that usually stands for a missing id."""
    notes = []
    for noun, texts in (
        ("customer", report.placeholder_customers),
        ("order id", report.placeholder_orders),
    ):
        kind = f"placeholder {noun}"
        action = "warn" if isinstance(invalid, str) else invalid.get(kind, "warn")
        if not texts or action != "warn":
            continue
        words = ", ".join(map(repr, texts))
        option = f"--invalid {option_of_kind(kind)}"
        notes.append(
            f"Used as {noun}, though it usually stands for a missing one: {words}. "
            f"{option}=exclude leaves such rows out, and counts them; {option}=keep "
            "uses them without this warning."
        )
    return notes


def shares_by_type(run: RFMRun, types: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each known type's customers that are in each segment.

    There is a row per segment that has customers, and a column per type, which adds up
    to 1. `types` has the columns customer_id and type, as `make_orders` returns them.
    """
    known = types.set_index("customer_id")["type"]
    known = known.reindex(run.customers["customer_id"].astype(np.int64))
    segments = pd.Categorical(run.customers["segment"], run.segmenter.segment_names_)
    order = [name for name in CUSTOMER_TYPES if name in set(known)]
    shares = pd.crosstab(segments, known.to_numpy(), normalize="columns")
    return shares[order]
