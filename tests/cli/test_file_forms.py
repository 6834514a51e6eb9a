"""The same orders and customers in every form of file give the same segments."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skseg.datasets import make_orders
from tests.cli.cli_tools import DAY, FAST, skseg_command, write

openpyxl = pytest.importorskip("openpyxl")

ORDER_OPTIONS = ["--customer", "Kunde", "--order", "Auftrag", "--date", "Tag"]
ORDER_OPTIONS += ["--amount", "Betrag", "--as-of", DAY]
RULES = """\
rules:
  Late and rich: Betrag >= 60.5 and Tag >= date('2024-07-01')
  Rich: Betrag >= 60.5 and Tag < date('2024-07-01')
  Premium: Betrag < 60.5 and Premium == True
default: Rest
"""


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Return orders as a program has them: typed, with odd names and missing cells."""
    orders = make_orders(60, as_of=DAY, random_state=3)
    generator = np.random.default_rng(0)
    amounts = orders["amount"].round(2)
    amounts.iloc[:4] = [1234.5, 1_234_567.89, -12.0, 0.05]
    return pd.DataFrame(
        {
            "Kunde": [f"M\xfcller {id_ % 47}" for id_ in orders["customer_id"]],
            "Auftrag": orders["order_id"],
            "Tag": pd.to_datetime(orders["date"]).dt.normalize(),
            "Betrag": amounts,
            "Premium": generator.random(len(orders)) < 0.3,
        }
    )


def german_number(amount: float) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def as_text(
    lines: pd.DataFrame,
    date: str = "%Y-%m-%d",
    amount: Callable[[float], str] = "{:.2f}".format,
    truth: Callable[[bool], str] = str,
) -> pd.DataFrame:
    return lines.assign(
        Tag=lines["Tag"].dt.strftime(date),
        Betrag=lines["Betrag"].map(amount),
        Premium=lines["Premium"].map(truth),
    )


def csv_bytes(table: pd.DataFrame, encoding: str = "utf-8", **options: Any) -> bytes:
    return table.to_csv(index=False, **options).encode(encoding)


def german(lines: pd.DataFrame) -> pd.DataFrame:
    return as_text(lines, "%d.%m.%Y", german_number, lambda v: str(v).upper())


def american(lines: pd.DataFrame) -> pd.DataFrame:
    def dollars(amount: float) -> str:
        return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"

    return as_text(lines, "%m/%d/%Y", dollars, lambda v: str(v).lower())


def parquet_bytes(lines: pd.DataFrame, **types: Any) -> bytes:
    table = pa.Table.from_pandas(lines, preserve_index=False)
    for name, kind in types.items():
        column = table[name].cast(kind)
        table = table.set_column(table.column_names.index(name), name, column)
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def excel_bytes(*sheets: pd.DataFrame, start: int = 0) -> bytes:
    stream = io.BytesIO()
    with pd.ExcelWriter(stream, engine="openpyxl") as writer:
        for number, sheet in enumerate(sheets):
            sheet.to_excel(writer, sheet_name=f"S{number}", index=False, startrow=start)
    return stream.getvalue()


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("orders.csv", content)
        archive.writestr("__MACOSX/._orders.csv", b"\0")
    return stream.getvalue()


def excel_days(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.assign(Tag=(lines["Tag"] - pd.Timestamp("1899-12-30")).dt.days)


GERMAN = ["--decimal", ",", "--thousands", ".", "--date-format", "%d.%m.%Y"]
AMERICAN = ["--thousands", ",", "--date-format", "%m/%d/%Y"]
SERIAL = ["--date-format", "excel"]
NOTES = pd.DataFrame({"Notiz": ["Auftr\xe4ge", None]})

# Name of a form -> name of the file, what makes its content, and the options.
Form = tuple[str, Callable[[pd.DataFrame], bytes], list[str]]
FORMS: dict[str, Form] = {
    "csv": ("o.csv", lambda t: csv_bytes(as_text(t)), []),
    "csv with a byte order mark": (
        "o.csv",
        lambda t: csv_bytes(as_text(t), "utf-8-sig"),
        [],
    ),
    "csv.gz": ("o.csv.gz", lambda t: gzip.compress(csv_bytes(as_text(t))), []),
    "csv.bz2": ("o.csv.bz2", lambda t: bz2.compress(csv_bytes(as_text(t))), []),
    "csv.xz": ("o.csv.xz", lambda t: lzma.compress(csv_bytes(as_text(t))), []),
    "csv.zip": ("o.csv.zip", lambda t: zipped(csv_bytes(as_text(t))), []),
    "gzip without a name": ("o", lambda t: gzip.compress(csv_bytes(as_text(t))), []),
    "tsv": ("o.tsv", lambda t: csv_bytes(as_text(t), sep="\t"), []),
    "bars": ("o.txt", lambda t: csv_bytes(as_text(t), sep="|"), []),
    "carets": ("o.csv", lambda t: csv_bytes(as_text(t), sep="^"), ["--sep", "^"]),
    "sep line": (
        "o.csv",
        lambda t: b"sep=^\r\n" + csv_bytes(as_text(t), sep="^"),
        [],
    ),
    "utf-16": ("o.txt", lambda t: csv_bytes(as_text(t), "utf-16", sep="\t"), []),
    "German": (
        "o.csv",
        lambda t: csv_bytes(german(t), "cp1252", sep=";", lineterminator="\r\n"),
        ["--encoding", "cp1252", *GERMAN],
    ),
    "German with euros": (
        "o.csv",
        lambda t: csv_bytes(german(t).assign(Betrag=german(t)["Betrag"] + " \u20ac")),
        GERMAN,
    ),
    "Swiss": (
        "o.csv",
        lambda t: csv_bytes(
            as_text(t, "%d.%m.%y", lambda a: f"CHF {a:,.2f}".replace(",", "'"))
        ),
        ["--thousands", "'", "--date-format", "%d.%m.%y"],
    ),
    "French": (
        "o.csv",
        lambda t: csv_bytes(
            as_text(
                t,
                "%d/%m/%Y",
                lambda a: f"{a:,.2f}".replace(",", "\u202f").replace(".", ","),
            )
        ),
        ["--decimal", ",", "--thousands", "space", "--date-format", "%d/%m/%Y"],
    ),
    "SAP": (
        "o.csv",
        lambda t: csv_bytes(
            as_text(
                t,
                "%Y%m%d",
                lambda a: german_number(abs(a)) + ("-" if a < 0 else ""),
            )
        ),
        ["--decimal", ",", "--thousands", ".", "--date-format", "%Y%m%d"],
    ),
    "American": ("o.csv", lambda t: csv_bytes(american(t)), AMERICAN),
    "serial dates": (
        "o.csv",
        lambda t: csv_bytes(as_text(t).assign(Tag=excel_days(t)["Tag"])),
        SERIAL,
    ),
    "parquet": ("o.parquet", parquet_bytes, []),
    "parquet without a name": ("o", parquet_bytes, []),
    "parquet of decimals, days and dictionaries": (
        "o.parquet",
        lambda t: parquet_bytes(
            t,
            Betrag=pa.decimal128(20, 2),
            Tag=pa.timestamp("ms"),
            Kunde=pa.dictionary(pa.int32(), pa.string()),
        ),
        [],
    ),
    "parquet of days": (
        "o.parquet",
        lambda t: parquet_bytes(t, Tag=pa.date32(), Kunde=pa.large_string()),
        [],
    ),
    "parquet of German texts": (
        "o.parquet",
        lambda t: parquet_bytes(german(t)),
        GERMAN,
    ),
    "xlsx": ("o.xlsx", excel_bytes, []),
    "xlsx without a name": ("o", excel_bytes, []),
    "xlsx among other sheets": ("o.xlsx", lambda t: excel_bytes(NOTES, t), []),
    "xlsx, sheet named": (
        "o.xlsx",
        lambda t: excel_bytes(t, t.head(3)),
        ["--sheet", "S0"],
    ),
    "xlsx below empty rows": ("o.xlsx", lambda t: excel_bytes(t, start=3), []),
    "xlsx of German texts": ("o.xlsx", lambda t: excel_bytes(german(t)), GERMAN),
    "xlsx with serial dates": ("o.xlsx", lambda t: excel_bytes(excel_days(t)), SERIAL),
}


@pytest.fixture(scope="module")
def expected(
    lines: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """Return the files that the plainest form of the orders gives."""
    folder = tmp_path_factory.mktemp("expected")
    return segments_of(folder, lines, FORMS["csv"])


def segments_of(folder: Path, lines: pd.DataFrame, form: Form) -> dict[str, bytes]:
    """Return the segments that both commands write, by name of the file."""
    name, content, options = form
    path = folder / name
    path.write_bytes(content(lines))
    rules = write(folder / "rules.yaml", RULES)
    commands = {
        "customers.csv": ["rfm", path, *ORDER_OPTIONS],
        "rows.csv": ["rules", "apply", rules, path, "--id", "Auftrag"],
    }
    written = {}
    for target, command in commands.items():
        out = folder / target.partition(".")[0]
        result = skseg_command(*command, *options, "--out", out, *FAST)
        assert result.exit_code == 0, result.output
        written[target] = (out / target).read_bytes()
    return written


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_of_the_same_orders_gives_the_same_segments(
    form: str, lines: pd.DataFrame, expected: dict[str, bytes], tmp_path: Path
) -> None:
    assert segments_of(tmp_path, lines, FORMS[form]) == expected


def test_the_segments_of_all_forms_are_those_of_pandas(
    lines: pd.DataFrame, expected: dict[str, bytes]
) -> None:
    customers = pd.read_csv(io.BytesIO(expected["customers.csv"])).set_index("Kunde")
    totals = lines.groupby("Kunde")["Betrag"].sum().round(2)
    pd.testing.assert_series_equal(customers["monetary"], totals, check_names=False)
    rows = pd.read_csv(io.BytesIO(expected["rows.csv"]))
    is_late = lines["Tag"] >= "2024-07-01"
    is_rich = lines["Betrag"] >= 60.5
    codes = np.select([is_rich & is_late, is_rich, lines["Premium"]], [0, 1, 2], 3)
    assert (rows["segment_code"].to_numpy() == codes).all()
    assert set(codes) == {0, 1, 2, 3}
