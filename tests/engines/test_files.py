"""scan_files: which files are a table, and of which types its columns are."""

from __future__ import annotations

import datetime
import gzip
import math
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from skseg.engines import open_table, scan_files
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError
from skseg.rules import RuleSet


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    columns = table.fetch(f"SELECT * FROM {table.source}")
    return list(zip(*(values.tolist() for values in columns.values()), strict=True))


def csv(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def parquet(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(columns).write_parquet(path)
    return path


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-20", "0"], "BIGINT"),
        (["123456789012345678"], "BIGINT"),
        # A digit more might not be kept.
        (["1234567890123456789"], "VARCHAR"),
        (["007", "10"], "VARCHAR"),
        (["-0"], "DOUBLE"),
        (["1", "2.50"], "DOUBLE"),
        (["1e5", "-2.5E-300"], "DOUBLE"),
        (["1.5", "NaN", "-inf"], "DOUBLE"),
        (["1234567890123456.5"], "VARCHAR"),
        ([".5"], "VARCHAR"),
        (["+1"], "VARCHAR"),
        (["1,5"], "VARCHAR"),
        ([" 1"], "VARCHAR"),
        (["1_000"], "VARCHAR"),
        (["true", "FALSE"], "BOOLEAN"),
        (["true", "1"], "VARCHAR"),
        (["2024-02-29"], "DATE"),
        (["2023-02-29"], "VARCHAR"),
        (["2024-02-29", "2024-02-29 10:30"], "TIMESTAMP"),
        (["2024-02-29T10:30:00.123456"], "TIMESTAMP"),
        (["29.02.2024"], "VARCHAR"),
        (["NA", "1"], "VARCHAR"),
        ([""], "VARCHAR"),
        (["", "3"], "BIGINT"),
        ([], "VARCHAR"),
    ],
)
def test_a_column_of_csv_has_the_type_of_all_its_values(
    values: list[str], kind: str, tmp_path: Path
) -> None:
    body = "".join(f'{i},"{value}"\n' for i, value in enumerate(values))
    table = scan_files(csv(tmp_path, "i,x\n" + body))
    assert table.types["x"] == kind
    assert len(rows_of(table)) == len(values)


def test_fields_are_read_as_they_are_written(tmp_path: Path) -> None:
    text = '\ufeffid;"a ""b""";d\r\n007;"x;\r\ny";2024-02-29\r\n10;;\r\n'
    table = scan_files(csv(tmp_path, text))
    assert table.types == {"id": "VARCHAR", 'a "b"': "VARCHAR", "d": "DATE"}
    day = datetime.date(2024, 2, 29)
    assert rows_of(table) == [("007", "x;\r\ny", day), ("10", None, None)]


def test_what_columns_hold_may_be_said(tmp_path: Path) -> None:
    path = csv(tmp_path, "a,b,c,d,e\n1,01,2,2024-01-01,true\n2,1,3,2024-01-02,false\n")
    kinds = {"a": "number", "b": "id", "c": "text", "d": "date", "e": "boolean"}
    types = {"a": "DOUBLE", "b": "VARCHAR", "c": "VARCHAR", "d": "TIMESTAMP"}
    assert scan_files(path, columns=kinds).types == {**types, "e": "BOOLEAN"}
    assert scan_files(path, columns={"a": "id", "c": None}).types["a"] == "BIGINT"
    with pytest.raises(MissingColumnError, match="'z'"):
        scan_files(path, columns={"z": "text"})
    with pytest.raises(InvalidParameterError, match="'columns' parameter"):
        scan_files(path, columns={"a": "integer"})
    # Rules tell what is text, whatever the values look like.
    rules = RuleSet({"One": "b == '1'"}, default="Rest")
    assert [row[-1] for row in rules.label(path).fetchall()] == ["Rest", "One"]
    rules = RuleSet({"Two": "c == '2' and a >= 1"}, default="Rest")
    assert [row[-1] for row in rules.label(path).fetchall()] == ["Two", "Rest"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has no header"),
        ("a,A\n1,2\n", "several columns called 'a'"),
        ("a,\n1,2\n", "a nameless column"),
        ("a,b;c\n1,2\n", r"in several ways: 'a,b;c'\. Say which one .* sep=','"),
        ('"a\nb",c\n1,2\n', "goes on in line 2"),
        ("a,b\n1,2\n3\n", "Line: 3"),
        ("a,b\n1,2,3\n", "Line: 2"),
    ],
)
def test_csv_that_is_not_sound_is_refused(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidDataError, match=message) as error:
        scan_files(csv(tmp_path, text))
    assert error.value.owner == "scan_files"


def test_what_the_error_of_a_header_advises_works(tmp_path: Path) -> None:
    path = csv(tmp_path, "a,b;c\n1,2\n")
    assert list(scan_files(path, sep=",").types) == ["a", "b;c"]
    for sep in ("", ",,", "\n", '"', 3):
        with pytest.raises(InvalidParameterError, match="'sep' parameter"):
            scan_files(path, sep=sep)  # type: ignore[arg-type]


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    for text in ("é,b\n1,2\n", "a,b\né,2\n"):
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(InvalidDataError, match=r"t\.csv"):
            scan_files(path)


def test_files_of_a_folder_or_pattern_are_one_table(tmp_path: Path) -> None:
    parquet(tmp_path / "2024/a.parquet", x=[1.0, math.nan], n=[1, 2])
    # Columns are found by name, and of two types the wider one is taken.
    parquet(tmp_path / "2025/b.parquet", n=[2**40], x=[3.0])
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".a.parquet.crc").touch()
    (tmp_path / "2024/notes.txt").touch()
    for path in (tmp_path, tmp_path / "**/*.parquet", f"{tmp_path}/*/?.parquet"):
        table = scan_files(path)
        assert table.types == {"x": "DOUBLE", "n": "BIGINT"}
        assert sorted(table.fetch(f"SELECT n FROM {table.source}")["n"]) == [
            1,
            2,
            2**40,
        ]
        nan = table.fetch(f"SELECT count(*) AS n FROM {table.source} WHERE isnan(x)")
        assert nan["n"].tolist() == [1]


def test_folders_of_partitions_have_their_columns_as_text(tmp_path: Path) -> None:
    parquet(tmp_path / "month=01/a.parquet", x=[1.0])
    assert scan_files(tmp_path).types == {"x": "DOUBLE", "month": "VARCHAR"}


def test_several_csv_files_have_the_types_of_all(tmp_path: Path) -> None:
    csv(tmp_path, "id,x\n1,2\n", "a.csv")
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write("id,x\n02,2.5\n")
    table = scan_files(tmp_path)
    assert table.types == {"id": "VARCHAR", "x": "DOUBLE"}
    assert sorted(rows_of(table)) == [("02", 2.5), ("1", 2.0)]
    csv(tmp_path, "x,id\n1,2\n", "c.csv")
    with pytest.raises(InvalidDataError, match=r"same header.*c\.csv"):
        scan_files(tmp_path)
    assert scan_files(tmp_path / "[ab].*").types == table.types


def test_files_that_differ_in_columns_are_no_table(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", x=[1.0])
    parquet(tmp_path / "b.parquet", y=[1.0])
    with pytest.raises(InvalidDataError, match=r"a\.parquet and .*b\.parquet differ"):
        scan_files(tmp_path)
    assert scan_files(tmp_path / "a.*").types == {"x": "DOUBLE"}


def test_files_of_two_kinds_are_no_table(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", x=[1.0])
    csv(tmp_path, "x\n1\n")
    with pytest.raises(InvalidParameterError, match="pass a pattern"):
        scan_files(tmp_path)
    assert scan_files(tmp_path / "*.parquet").types == {"x": "DOUBLE"}


@pytest.mark.parametrize(
    "path", ["none.parquet", "*.csv", "a.txt", "", None, 3, "s3://b"]
)
def test_paths_without_files_are_refused(
    path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").touch()
    with pytest.raises(InvalidParameterError, match="'path' parameter of scan_files"):
        scan_files(path)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    path = csv(tmp_path, "x\n1\n", "t.parquet")
    with pytest.raises(InvalidDataError, match=r"t\.parquet cannot be read"):
        scan_files(path)


def test_marks_of_patterns_in_the_name_of_a_file_are_its_own(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a[1]*'s.parquet", x=[1.0])
    parquet(tmp_path / "a1.parquet", x=[2.0])
    assert rows_of(scan_files(path)) == [(1.0,)]


def test_the_resources_of_duckdb_are_set(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", x=[1.0])
    table = scan_files(
        path, memory_limit="200MB", temp_directory=tmp_path, threads=1, verbose=True
    )
    names = ["memory_limit", "temp_directory", "threads", "enable_progress_bar"]
    shown = ", ".join(f"current_setting('{name}') AS {name}" for name in names)
    settings = table.fetch(f"SELECT {shown}")
    assert settings["threads"].tolist() == [1]
    assert settings["temp_directory"].tolist() == [str(tmp_path)]
    assert settings["enable_progress_bar"].tolist() == [True]
    assert settings["memory_limit"][0].startswith("190.")
    # The limits of one table are not those of another.
    other = scan_files(path).fetch("SELECT current_setting('memory_limit') AS m")
    assert other["m"][0] != settings["memory_limit"][0]


def test_the_folder_of_the_user_stays_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path / "t.parquet", x=[1.0])
    monkeypatch.chdir(tmp_path)
    folders = set()
    for table in (open_table(path), open_table(pl.scan_parquet(path))):
        assert table is not None
        settings = table.fetch("SELECT current_setting('temp_directory') AS folder")
        folders.add(Path(settings["folder"][0]))
    assert len(folders) == 2
    assert {folder.parent for folder in folders} == {Path(tempfile.gettempdir())}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_limit", "lots"),
        ("memory_limit", 0.5),
        ("temp_directory", 5.5),
        ("threads", 0),
        ("threads", "many"),
    ],
)
def test_resources_that_there_are_not_are_refused(
    name: str, value: Any, tmp_path: Path
) -> None:
    path = parquet(tmp_path / "t.parquet", x=[1.0])
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter") as error:
        scan_files(path, **{name: value})
    assert error.value.value == value


def test_parquet_has_types_of_its_own(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", x=[1.0])
    for settings in ({"columns": {"x": "text"}}, {"sep": ","}):
        with pytest.raises(InvalidParameterError, match="types of their own"):
            scan_files(path, **settings)  # type: ignore[arg-type]
    table = open_table(path, {"x": "text"})
    assert table is not None
    assert table.types == {"x": "DOUBLE"}


def test_a_relation_outlives_the_table_that_made_it(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", x=[1.0])
    labelled = RuleSet({"A": "x > 0"}).label(path)
    assert isinstance(labelled, duckdb.DuckDBPyRelation)
    assert labelled.filter("segment = 'A'").fetchall() == [(1.0, "A")]
