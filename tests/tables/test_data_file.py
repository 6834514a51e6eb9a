"""One reader for all commands: kinds of file, headers, sheets, numbers and booleans."""

from __future__ import annotations

import datetime as dt
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skseg.tables import read_table
from skseg.tables._data_file import read_data_file
from tests.cli.cli_tools import FAST, LOW, TINY, refused, skseg_command, write

openpyxl = pytest.importorskip("openpyxl")

Cells = list[list[Any]]


def write_excel(path: Path, *sheets: Cells) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"S{number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def write_parquet(path: Path, rows: Cells) -> Path:
    header, *records = rows
    columns = [pa.array(list(column)) for column in zip(*records, strict=True)]
    pq.write_table(pa.Table.from_arrays(columns, names=header), path)
    return path


def write_text(path: Path, rows: Cells) -> Path:
    lines = [",".join("" if v is None else str(v) for v in row) for row in rows]
    return write(path, "\n".join(lines) + "\n")


WRITERS = {"d.csv": write_text, "d.xlsx": write_excel, "d.parquet": write_parquet}
TWICE: Cells = [["id", "when", "paid", "aov", "paid"], ["1", "2024-12-01", 5, 7, 6]]
COMMANDS = {
    "rfm": ["rfm", "DATA", *TINY, "--out", "OUT"],
    "apply": ["rules", "apply", "RULES", "DATA", "--outcome", "paid"],
}


@pytest.mark.parametrize("name", list(WRITERS))
@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_header_that_stands_twice_is_refused_by_every_reader(
    name: str, command: str, tmp_path: Path
) -> None:
    places = {
        "DATA": WRITERS[name](tmp_path / name, TWICE),
        "RULES": write(tmp_path / "r.yaml", LOW),
        "OUT": tmp_path / "out",
    }
    arguments = [places.get(word, word) for word in COMMANDS[command]]
    result = skseg_command(*arguments)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {name} has several columns 'paid'. Rename all but one.\n"
    )
    # Columns that nobody asks for may be called alike.
    result = skseg_command(*["rules", "apply", places["RULES"], places["DATA"]])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_missing_column_is_named_with_one_piece_of_advice(
    name: str, tmp_path: Path
) -> None:
    path = WRITERS[name](tmp_path / name, [["Aov", "b"], [1, 2]])
    rules = write(tmp_path / "r.yaml", LOW)
    assert refused(path, "apply", rules) == (
        f"{name} needs the column 'aov'. Available: 'Aov', 'b'. Did you mean 'Aov'?"
    )


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        ("Aov;b", "Available: 'Aov', 'b'. Did you mean 'Aov'?"),
        ("Aov/b", "Available: 'Aov/b'. Did you mean 'Aov/b'?"),
        (
            "a/b/c/d/e/f",
            "Available: 'a/b/c/d/e/f'. Is the separator another one? Give it as --sep.",
        ),
    ],
)
def test_a_separator_is_asked_for_only_where_no_name_is_like_the_missing_one(
    header: str, advice: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "d.csv", f"{header}\n1\n")
    rules = write(tmp_path / "r.yaml", LOW)
    assert refused(path, "apply", rules) == f"d.csv needs the column 'aov'. {advice}"


@pytest.mark.parametrize("name", ["d.csv", "d.xlsx"])
def test_an_empty_line_of_one_column_is_a_row_without_a_value(
    name: str, tmp_path: Path
) -> None:
    rows: Cells = [["aov"], [1], [None], [200], [None], [3]]
    path = WRITERS[name](tmp_path / name, rows)
    rules, out = write(tmp_path / "r.yaml", LOW), tmp_path / "out"
    arguments = ["rules", "apply", rules, path, "--out", out, *FAST]
    assert skseg_command(*arguments).exit_code == 0
    names = pd.read_csv(out / "rows.csv")["segment"]
    assert names.to_list() == ["Low", "Rest", "Rest", "Rest", "Low"]


def test_the_empty_lines_of_one_column_are_the_rows_that_duckdb_reads(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "d.csv", "aov\n1\n\n200\n\n")
    with duckdb.connect() as database:
        rows = database.execute(f"SELECT aov FROM read_csv('{path}')").fetchall()
    numbers = read_data_file(path, ["aov"]).read("aov", "number")
    expected = [np.nan if row[0] is None else row[0] for row in rows]
    np.testing.assert_array_equal(numbers, expected)


TRUTHS = ["TRUE,FALSE", "True,False", "true,false"]


@pytest.mark.parametrize("words", TRUTHS)
def test_booleans_of_csv_files_work_in_rules_outcomes_and_sql(
    words: str, tmp_path: Path
) -> None:
    true, false = words.split(",")
    generator = np.random.default_rng(0)
    premium = generator.choice([true, false, ""], 200)
    bought = generator.choice([true, false], 200)
    lines = [
        f"{p},{b},{i}" for i, (p, b) in enumerate(zip(premium, bought, strict=True))
    ]
    path = write(tmp_path / "d.csv", "\n".join(["premium,bought,n", *lines]) + "\n")
    rules = write(
        tmp_path / "r.yaml",
        "rules:\n  Yes: premium == True\n  No: premium == False\ndefault: Unknown\n",
    )
    out = tmp_path / "out"
    arguments = ["rules", "apply", rules, path, "--out", out, "--outcome", "bought"]
    result = skseg_command(*arguments, *FAST)
    assert result.exit_code == 0, result.output
    rows = pd.read_csv(out / "rows.csv")
    expected = np.select([premium == true, premium == false], ["Yes", "No"], "Unknown")
    assert (rows["segment"] == expected).all()
    table = pd.read_csv(out / "strategy.csv").set_index("name")
    rate = (bought == true)[premium == true].mean()
    assert table.loc["Yes", "outcome"] == pytest.approx(rate)
    query = (out / "rules.sql").read_text(encoding="utf-8")
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE customers AS FROM read_csv('{path}')")
        names = [row[-1] for row in database.execute(query).fetchall()]
    assert names == expected.tolist()


@pytest.mark.parametrize(
    "words",
    ["yes,no", "Yes,No", "NO,YES", "t,f", "F,T", "y,n", "TRUE,FALSE", "on,off", "m,f"],
)
def test_words_that_a_database_reads_as_booleans_stop_a_query_of_text(
    words: str, tmp_path: Path
) -> None:
    word, other = words.split(",")
    path = write(tmp_path / "d.csv", f"answer,n\n{word},1\n{other},2\n,3\n")
    text = f"rules:\n  A: answer in ['{word}', 'x']\ndefault: B\n"
    rules, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    result = skseg_command("rules", "apply", rules, path, "--out", out, *FAST)
    assert result.exit_code == 0, result.output
    assert pd.read_csv(out / "rows.csv")["segment"].to_list() == ["A", "B", "B"]
    query = (out / "rules.sql").read_text(encoding="utf-8")
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE customers AS FROM read_csv('{path}')")
        types = database.execute("SELECT typeof(answer) FROM customers").fetchone()
        if types == ("BOOLEAN",):
            with pytest.raises(duckdb.Error, match="a boolean, compared with text"):
                database.execute(query).fetchall()
        else:
            names = [row[-1] for row in database.execute(query).fetchall()]
            assert names == ["A", "B", "B"]


@pytest.mark.parametrize("name", list(WRITERS))
def test_booleans_of_every_kind_of_file_mean_the_same(
    name: str, tmp_path: Path
) -> None:
    rows: Cells = [["id", "vip"], [1, True], [2, None], [3, False]]
    path = WRITERS[name](tmp_path / name, rows)
    text = "rules: {Yes: vip == True, No: vip == False}\ndefault: Unknown\n"
    rules, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    arguments = ["rules", "apply", rules, path, "--out", out, *FAST]
    assert skseg_command(*arguments).exit_code == 0
    names = pd.read_csv(out / "rows.csv")["segment"]
    assert names.to_list() == ["Yes", "Unknown", "No"]
    if name != "d.parquet":
        path = WRITERS[name](tmp_path / name, [*rows, [4, "yes"]])
        place = "line 5" if name == "d.csv" else "row 5"
        advice = " It is a column of text: in a rule, write vip == 'yes'."
        assert refused(path, "apply", rules) == (
            f"{name}, {place}: The column 'vip' must hold true or false, or 1 or 0, or "
            "nothing where it is missing. Got 'yes'."
            f"{advice if name == 'd.csv' else ''}"
        )


@pytest.mark.parametrize("condition", ["vip == True", "vip == 1"])
def test_words_for_yes_and_no_are_compared_as_the_error_says(
    condition: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "d.csv", "vip,n\nyes,1\nno,2\n,3\n")
    rules, out = tmp_path / "r.yaml", tmp_path / "out"
    text = "rules: {{Yes: {}}}\ndefault: Rest\n"
    error = refused(path, "apply", write(rules, text.format(condition)))
    assert "line 2: The column 'vip' must hold" in error
    advised = error.partition("in a rule, write ")[2].removesuffix(".")
    assert advised == "vip == 'yes'"
    write(rules, text.format(f'"{advised}"'))
    result = skseg_command("rules", "apply", rules, path, "--out", out, *FAST)
    assert result.exit_code == 0, result.output
    assert pd.read_csv(out / "rows.csv")["segment"].to_list() == ["Yes", "Rest", "Rest"]


def test_booleans_among_numbers_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "aov,b\n1,2\nTRUE,3\n")
    rules = write(tmp_path / "r.yaml", LOW)
    assert refused(path, "apply", rules) == (
        "d.csv, line 3: The column 'aov' must hold numbers, or nothing where the value "
        "is missing. Got 'TRUE'."
    )


def test_cells_of_excel_are_read_as_csv_has_them(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 12, 31, 10, 15)
    path = write_excel(
        tmp_path / "d.xlsx",
        [
            ["id", "aov", "plan", "flag", "when"],
            [7, 12.5, 1, True, moment],
            ["007", "1.234,5", "01", False, None],
            [None, None, None, None, "31.12.2024"],
            [None, None, None, None, None],
            [8.0, 3, 2.5, True, moment],
        ],
    )
    form: Any = {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}
    data = read_data_file(path, ["id", "aov", "plan", "flag", "when"], **form)
    assert data.read("id", "id").to_list() == ["7", "007", None, "8"]
    np.testing.assert_array_equal(data.read("aov", "number"), [12.5, 1234.5, np.nan, 3])
    assert data.read("plan", "text").to_list() == ["1", "01", None, "2.5"]
    np.testing.assert_array_equal(data.read("flag", "number"), [1, 0, np.nan, 1])
    days = [dt.datetime(2024, 12, 31), moment]
    dates = data.read("when", "date")
    assert dates.dtype == "datetime64[us]"
    assert dates.astype(object).where(dates.notna(), None).to_list() == [
        *(moment, None),
        *days,
    ]
    assert [data.place(row) for row in range(4)] == ["row 2", "row 3", "row 4", "row 6"]


@pytest.mark.parametrize(
    ("kind", "values", "ids"),
    [
        (pa.float64(), [7.0, None, 2.0**53], [7, None, 2**53]),
        (pa.float64(), [7.0, float("nan"), 8.0], [7, None, 8]),
        (pa.float32(), [7.0, None, 8.0], [7, None, 8]),
        (pa.float16(), [np.float16(7), None, np.float16(8)], [7, None, 8]),
        (pa.decimal128(38, 10), [Decimal(7), None, Decimal(-8)], [7, None, -8]),
        (pa.decimal256(60, 2), [Decimal(7), None, Decimal(8)], [7, None, 8]),
        (pa.binary(), [b"007", None, "Ä".encode()], ["007", None, "Ä"]),
        (pa.large_binary(), [b"7", None, b"8"], [7, None, 8]),
        # What is no integer, or may have come from several, is left as it is.
        (pa.float64(), [7.5, None, 8.0], [7.5, None, 8.0]),
        (pa.float64(), [2.0**54, None, 8.0], [2.0**54, None, 8.0]),
        (pa.float64(), [float("inf"), None, 8.0], [float("inf"), None, 8.0]),
        (pa.decimal128(38, 2), [Decimal("7.5"), None], [Decimal("7.50"), None]),
        (pa.decimal128(38, 0), [Decimal(2**120), None], [Decimal(2**120), None]),
    ],
    ids=repr,
)
def test_ids_of_parquet_files_are_those_that_were_meant(
    kind: pa.DataType, values: list[Any], ids: list[Any], tmp_path: Path
) -> None:
    cells = pa.array(values, kind)
    path = tmp_path / "d.parquet"
    pq.write_table(pa.table({"id": cells}), path)
    column = read_data_file(path, ["id"]).read("id", "id")
    assert [None if pd.isna(id_) else id_ for id_ in column] == ids
    assert not column[0:1].isna().any()


def test_customers_who_were_floats_are_written_as_integers(tmp_path: Path) -> None:
    rows = [["id", "when", "paid"], [17850.0, "2024-12-01", 5], [None, "2024-12-01", 5]]
    path, out = write_parquet(tmp_path / "d.parquet", rows), tmp_path / "out"
    result = skseg_command("rfm", path, *TINY, "--invalid", "exclude", "--out", out)
    assert result.exit_code == 0, result.output
    assert (out / "customers.csv").read_text().splitlines()[1].startswith("17850,")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    rows = [["id", "when", "paid"], [b"\xff", "2024-12-01", 5]]
    path, out = write_parquet(tmp_path / "d.parquet", rows), tmp_path / "out"
    result = skseg_command("rfm", path, *TINY, "--out", out)
    assert result.exit_code == 2
    assert "The column 'id' holds bytes that are no text in UTF-8." in result.stderr


def test_a_workbook_with_several_fitting_sheets_asks_for_one(tmp_path: Path) -> None:
    low, high = [["aov"], [1]], [["aov"], [200]]
    path = write_excel(tmp_path / "d.xlsx", low, high, [["note"], ["x"]])
    rules, out = write(tmp_path / "r.yaml", LOW), tmp_path / "out"
    assert refused(path, "apply", rules) == (
        "d.xlsx has 2 sheets with these columns. Give --sheet S0 or --sheet S1."
    )
    arguments = ["rules", "apply", rules, path, "--out", out, *FAST]
    for sheet, segment in (("S0", "Low"), ("S1", "Rest"), ("1", "Low"), ("2", "Rest")):
        assert skseg_command(*arguments, "--sheet", sheet).exit_code == 0
        assert pd.read_csv(out / "rows.csv")["segment"].to_list() == [segment]
    for sheet in ("T", "0", "4"):
        error = skseg_command(*arguments, "--sheet", sheet).stderr
        assert error == (
            f"Error: d.xlsx has no sheet {sheet!r}. Its sheets: 'S0', 'S1', 'S2'.\n"
        )
    error = skseg_command(*arguments, "--sheet", "S2").stderr
    assert error == "Error: d.xlsx needs the column 'aov'. Available: 'note'.\n"
    csv = write(tmp_path / "d.csv", "aov\n1\n")
    error = skseg_command("rules", "apply", rules, csv, "--sheet", "S0").stderr
    assert error == "Error: d.csv is CSV, which has no sheets. Leave out --sheet.\n"


@pytest.mark.parametrize("name", ["d.xlsx", "d.parquet"])
@pytest.mark.parametrize(
    ("option", "value", "noun"),
    [("sep", ";", "separator"), ("encoding", "cp1252", "encoding")],
)
def test_options_of_csv_are_refused_where_they_have_no_meaning(
    name: str, option: str, value: str, noun: str, tmp_path: Path
) -> None:
    path = WRITERS[name](tmp_path / name, [["aov"], [1]])
    rules = write(tmp_path / "r.yaml", LOW)
    kind = "Excel" if name == "d.xlsx" else "Parquet"
    arguments = ["rules", "apply", rules, path]
    assert skseg_command(*arguments, f"--{option}", value).stderr == (
        f"Error: {name} is {kind}, which has no {noun}. Leave out --{option}.\n"
    )
    assert skseg_command(*arguments).exit_code == 0


def test_excel_is_read_as_a_whole(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 12, 31)
    cells = [["id", "when", None], ["007", moment, None], [8, None, None]]
    path = write_excel(tmp_path / "d.xlsx", cells, [])
    table = read_table(path)
    assert list(table) == ["id", "when"]
    assert table["id"].to_list() == ["007", 8]
    write_excel(path, [*cells, [9, None, "alone"]])
    with pytest.raises(ValueError, match=r"row 4: A cell is in no column"):
        read_table(path)
    assert len(read_table(path, columns=["id"])) == 3
    write_excel(path, [["Orders of 2024"], [], ["id", "aov"], [1, 2]])
    with pytest.raises(ValueError, match="The header seems to be row 3: delete"):
        read_table(path, columns=["aov"])
    write_excel(path, [])
    with pytest.raises(ValueError, match="is empty: it has no header"):
        read_table(path)


def test_parquet_is_read_as_a_whole(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "d.parquet", [["id", "n"], ["007", 1], [None, 2]])
    table = read_table(path)
    assert list(table) == ["id", "n"]
    assert table["n"].to_list() == [1, 2]
    numbers = read_table(path, columns={"n": "number"})
    assert numbers["n"].dtype == np.float64


def test_formulas_without_a_stored_value_are_no_empty_cells(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "d.xlsx", [["aov", "b"], [1, 2], ["=A2*3", 4]])
    rules = write(tmp_path / "r.yaml", LOW)
    assert refused(path, "apply", rules) == (
        "d.xlsx, row 3: The column 'aov' has a formula whose value is not stored in "
        "the file. Open the file in Excel and save it, or save it as CSV."
    )


@pytest.mark.parametrize(
    ("module", "name"), [("openpyxl", "d.xlsx"), ("pyarrow.parquet", "d.parquet")]
)
def test_what_reads_a_file_and_is_not_installed_is_named(
    module: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = WRITERS[name](tmp_path / name, [["aov"], [1]])
    rules = write(tmp_path / "r.yaml", LOW)
    monkeypatch.setitem(sys.modules, module, None)
    assert refused(path, "apply", rules).endswith(
        'not installed. Install it with: pip install "skseg[cli]"'
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an Excel file of before 2007"),
        (b"ARROW1\0\0", "is an Arrow file"),
        (b"\x28\xb5\x2f\xfd", "is compressed by Zstandard"),
        (b"SQLite format 3\0", "is an SQLite database"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"\n<HTML><table>", "is an HTML page"),
        (b"PAR1 and no more", "cannot be read as Parquet"),
        (b"PK\x03\x04 and no more", "File is not a zip file"),
        (b"id\0aov\n", "it holds bytes of zero, and so is no text in utf-8"),
    ],
)
def test_files_of_other_kinds_are_called_what_they_are(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    error = refused(path, "apply", write(tmp_path / "r.yaml", LOW))
    assert error.startswith("data.csv ")
    assert message in error


def test_text_in_another_encoding_is_shown_in_that_which_is_advised(
    tmp_path: Path,
) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes("aov,Stra\xdfe\n1,x\n".encode("cp1252"))
    rules = write(tmp_path / "r.yaml", LOW)
    error = refused(path, "apply", rules)
    advice = "in which the byte 0xdf is '\xdf': give --encoding cp1252."
    assert advice in error
    arguments = ["rules", "apply", rules, path, "--encoding", "cp1252"]
    assert skseg_command(*arguments).exit_code == 0
    for encoding in ("hex", "rot13", "klingon"):
        result = skseg_command(*arguments[:-1], encoding)
        assert result.exit_code == 2
        assert result.stderr == (
            "Error: --encoding must be the name of an encoding of text, such as "
            f"'cp1252'. Got '{encoding}' instead.\n"
        )


def test_amounts_in_two_currencies_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "aov,b\n$5,1\n5 EUR,1\n")
    rules = write(tmp_path / "r.yaml", LOW)
    assert "several currencies, '$' and 'EUR'" in refused(path, "apply", rules)


def test_dates_of_rules_are_read_in_their_format(tmp_path: Path) -> None:
    text = "rules: {Late: \"when >= date('2024-07-01')\"}\ndefault: Rest\n"
    rules, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    path = write(tmp_path / "d.csv", "when,n\n01.08.2024,1\n01.06.2024,2\n,3\n")
    arguments = ["rules", "apply", rules, path, "--out", out, *FAST]
    formatted = [*arguments, "--date-format", "%d.%m.%Y"]
    assert skseg_command(*formatted).exit_code == 0
    names = pd.read_csv(out / "rows.csv")["segment"].to_list()
    assert names == ["Late", "Rest", "Rest"]
    write(path, "when,n\n01.08.2024,1\n\nsoon,2\n")
    error = skseg_command(*formatted).stderr
    assert error.startswith("Error: d.csv, line 4: The column 'when' must hold dates")
    write(path, "when,n\n2024-08-01 10:00,1\n2024-06-01,2\n")
    assert skseg_command(*arguments).exit_code == 0
    names = pd.read_csv(out / "rows.csv")["segment"].to_list()
    assert names == ["Late", "Rest"]
    write(path, "when,n\n01.08.2024,1\n")
    assert skseg_command(*arguments).stderr == (
        "Error: d.csv, line 2: The column 'when' must hold dates, or nothing where the "
        "date is missing. Got '01.08.2024'. Give --date-format %d.%m.%Y, which reads "
        "'01.08.2024' as 2024-08-01, or --date-format %m.%d.%Y, which reads "
        "'01.08.2024' as 2024-01-08.\n"
    )
    write(path, "when,n\n2024-08-01T10:00:00Z,1\n")
    assert "without a time zone" in skseg_command(*arguments).stderr
    result = skseg_command(*arguments, "--date-format", "%d.%m")
    assert result.exit_code == 2
    assert "--date-format must be a format of" in result.stderr


@pytest.mark.parametrize(
    ("days", "advice"),
    [
        ([45627, 45628], "Give --date-format excel."),
        ([20241201, 20241202], "Give --date-format %Y%m%d."),
        (
            [1733011200] * 2,
            "Write dates in ISO 8601 (2024-03-31, 2024-03-31 10:15:00).",
        ),
    ],
)
def test_numbers_for_dates_are_refused_with_the_format_that_reads_them(
    days: list[int], advice: str, tmp_path: Path
) -> None:
    rows: Cells = [
        ["id", "when", "paid"],
        *([i, day, 1.5] for i, day in enumerate(days)),
    ]
    path = write_parquet(tmp_path / "d.parquet", rows)
    arguments = ["rfm", path, *TINY, "--out", tmp_path / "out", *FAST]
    error = skseg_command(*arguments).stderr
    assert error.startswith("Error: d.parquet needs dates in the column 'when', which ")
    assert error.endswith(f" {advice}\n")
    if "--date-format" in advice:
        option = advice.removeprefix("Give ").removesuffix(".").split()
        assert skseg_command(*arguments, *option).exit_code == 0


def test_a_name_of_the_temporary_pipe_is_no_promise(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"aov,b\n1,2\n200,3\n")
    os.close(writer)
    data = read_data_file(Path(f"/dev/fd/{reader}"), ["aov"], optional=["b", "c"])
    os.close(reader)
    assert list(data.frame) == ["aov", "b"]
    assert data.read("aov", "number").tolist() == [1, 200]
    assert data.place(1) == "line 3"
