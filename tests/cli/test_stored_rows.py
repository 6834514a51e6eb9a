"""Commands on files that stay on disk, and on tables of databases."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.cli import _data_source
from skseg.cli._options import DIALECTS
from skseg.rules import RuleSet
from skseg.rules._sql._dialects import DIALECTS as OF_THE_LIBRARY
from tests.cli.cli_tools import (
    FAST,
    OPTIONS,
    TINY,
    names_in,
    skseg_command,
    write,
    write_csv,
)
from tests.engines.connections import new_name, variable

EXCLUDE = ["--invalid", "exclude"]
RESULTS = ("customers.csv", "segments.csv", "rules.json", "segments.sql")


def texts(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in RESULTS}


@pytest.fixture(scope="module")
def expected(
    orders_csv: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Return the files of a run in memory."""
    out = tmp_path_factory.mktemp("memory")
    result = skseg_command("rfm", orders_csv, *OPTIONS, *EXCLUDE, "--out", out, *FAST)
    assert result.exit_code == 0, result.output
    return texts(out)


@pytest.fixture(scope="module")
def stored(orders_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of the orders in parts, and of databases with the orders."""
    folder = tmp_path_factory.mktemp("stored")
    lines = orders_csv.read_text(encoding="utf-8").splitlines()
    middle = len(lines) // 2
    write_csv(folder / "part-1.csv", lines[:middle])
    write_csv(folder / "part-2.csv", [lines[0], *lines[middle:]])
    (folder / "orders.csv.gz").write_bytes(gzip.compress(orders_csv.read_bytes()))
    frame = pd.read_csv(
        orders_csv, dtype={"customer_id": "Int64"}, parse_dates=["date"]
    )
    for number, part in enumerate((frame[: middle - 1], frame[middle - 1 :])):
        part.to_parquet(folder / f"part-{number}.parquet")
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE orders AS FROM frame")
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        frame.assign(date=frame["date"].astype(str)).to_sql(
            "orders", connection, index=False
        )
    return folder


SOURCES = {
    "CSV in pieces": ["{orders}", "--engine", "duckdb"],
    "packed CSV": ["{stored}/orders.csv.gz", "--engine", "duckdb"],
    "CSV files": ["{stored}/part-*.csv"],
    "Parquet files": ["{stored}/*.parquet"],
    "Parquet files with little memory": [
        *("{stored}/**/*.parquet", "--memory-limit", "200MB")
    ],
    "DuckDB": ["--database", "duckdb:///{stored}/shop.duckdb", "--table", "orders"],
    "SQLite": ["--database", "sqlite:///{stored}/shop.db", "--table", "orders"],
}


@pytest.mark.parametrize("source", SOURCES)
def test_rfm_gives_the_files_of_a_run_in_memory(
    orders_csv: Path,
    stored: Path,
    tmp_path: Path,
    expected: dict[str, str],
    source: str,
) -> None:
    where = [part.format(orders=orders_csv, stored=stored) for part in SOURCES[source]]
    arguments = [*where, *OPTIONS, *EXCLUDE, "--out", tmp_path]
    result = skseg_command("rfm", *arguments, *FAST)
    assert result.exit_code == 0, result.output
    assert texts(tmp_path) == expected


def url_of(server: str) -> str:
    """Return the URL with which SQLAlchemy opens a server's database, or skip."""
    pytest.importorskip("sqlalchemy")
    if server == "PostgreSQL":
        address = variable("SKSEG_POSTGRES")
        if "://" in address:
            return address.replace(address.split("://")[0], "postgresql+psycopg", 1)
        return f"postgresql+psycopg://?{'&'.join(address.split())}"
    address = variable("SKSEG_MARIADB")
    return address.replace(address.split("://")[0], "mysql+pymysql", 1)


@pytest.fixture
def server_tables(orders_csv: Path, server: str) -> Iterator[tuple[str, str, str]]:
    """Yield a URL, a table of the orders, and the name of a table to write."""
    url = url_of(server)
    import sqlalchemy

    frame = pd.read_csv(
        orders_csv, dtype={"customer_id": "Int64"}, parse_dates=["date"]
    )
    source, target = new_name(), new_name()
    engine = sqlalchemy.create_engine(url)
    frame.to_sql(source, engine, index=False)
    yield url, source, target
    with engine.begin() as connection:
        for name in (source, target):
            connection.execute(sqlalchemy.text(f"DROP TABLE IF EXISTS {name}"))
    engine.dispose()


@pytest.mark.parametrize("server", ["PostgreSQL", "MariaDB"])
def test_rfm_reads_and_writes_tables_of_servers(
    server_tables: tuple[str, str, str], tmp_path: Path, expected: dict[str, str]
) -> None:
    url, source, target = server_tables
    where = ["--table", source, "--to-table", target, "--out", tmp_path]
    # The URL may hold a password, so the environment has it.
    result = skseg_command("rfm", *OPTIONS, *EXCLUDE, *where, *FAST, SKSEG_DATABASE=url)
    assert result.exit_code == 0, result.output
    assert texts(tmp_path) == expected
    import sqlalchemy

    engine = sqlalchemy.create_engine(url)
    written = pd.read_sql(f"SELECT * FROM {target} ORDER BY customer_id", engine)
    engine.dispose()
    customers = pd.read_csv(tmp_path / "customers.csv")
    for column in written:
        values = customers[column].rename(None)
        pd.testing.assert_series_equal(
            written[column].rename(None), values, check_dtype=False
        )


def table_of(path: Path, name: str) -> pd.DataFrame:
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            table: pd.DataFrame = connection.sql(
                f"FROM {name} ORDER BY customer_id"
            ).df()
            return table
    with closing(sqlite3.connect(path)) as connection:
        return pd.read_sql(f"SELECT * FROM {name} ORDER BY customer_id", connection)


@pytest.fixture(params=["duckdb:///{}/shop.duckdb", "sqlite:///{}/shop.db"])
def database(stored: Path, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Return the URL of a copy of a database."""
    url = request.param.format(tmp_path)
    name = Path(url).name
    shutil.copy(stored / name, tmp_path / name)
    return str(url)


def test_segments_are_written_to_a_table_of_the_database(
    database: str, tmp_path: Path
) -> None:
    where = ["--database", database, "--table", "orders", *OPTIONS, *EXCLUDE]
    out = ["--out", tmp_path / "out", "--to-table", "segments", *FAST]
    assert skseg_command("rfm", *where, *out).exit_code == 0
    written = table_of(tmp_path / Path(database).name, "segments")
    customers = pd.read_csv(tmp_path / "out" / "customers.csv")
    assert list(written)[-2:] == ["segment_code", "segment"]
    pd.testing.assert_frame_equal(
        written.drop(columns="segment"),
        customers[list(written)].drop(columns="segment"),
        check_dtype=False,
    )
    assert written["segment"].tolist() == customers["segment"].tolist()
    again = skseg_command("rfm", *where, *out)
    assert again.exit_code == 2
    assert "--to-table must be" in again.stderr
    assert "Give --overwrite to replace it." in again.stderr
    assert skseg_command("rfm", *where, *out, "--overwrite").exit_code == 0


LARGE = ["--engine", "duckdb"]
BAD_LINES = {
    "no amount": ["id,when,paid", "1,2024-12-01,10", "2,2024-12-02,"],
    "no date": ["id,when,paid", "1,2024-12-01,10", "2,,5"],
    "no number": ["id,when,paid", "1,2024-12-01,10", "2,2024-12-02,ten"],
    "dotted date": ["id,when,paid", "1,01.12.2024,10", "2,31.12.2024,11"],
    "date after the day": ["id,when,paid", "1,2025-12-01,10", "2,2024-12-02,1"],
    "short row": ["id,when,paid", "1,2024-12-01,10", "2,2024-12-02"],
    "open quote": ["id,when,paid", '1,2024-12-01,"10', "2,2024-12-02,1"],
    "no column": ["id,when,amount", "1,2024-12-01,10"],
    "no rows": ["id,when,paid"],
    "too fine": ["id,when,paid", "1,2024-12-01,0.1234567890123"],
}


@pytest.mark.parametrize("lines", BAD_LINES)
def test_what_cannot_be_used_in_memory_cannot_be_used_in_pieces(
    tmp_path: Path, lines: str
) -> None:
    path = write_csv(tmp_path / "o.csv", BAD_LINES[lines])
    arguments = [path, *TINY, "--out", tmp_path / "out", *FAST]
    in_memory = skseg_command("rfm", *arguments)
    in_pieces = skseg_command("rfm", *arguments, *LARGE)
    assert in_pieces.exit_code == in_memory.exit_code == 2
    assert not (tmp_path / "out").exists()
    # Rows have no order in pieces, so that the first one of a defect is not known.
    if lines in ("short row", "open quote", "no column"):
        assert in_pieces.stderr == in_memory.stderr
    assert "exclude" in in_pieces.stderr or "exclude" not in in_memory.stderr


GOOD_LINES = {
    "leading zeros": ["id,when,paid", "007,2024-12-01,10.00", "7,2024-12-31,5.50"],
    "placeholder": ["id,when,paid", "NA,2024-12-01,10.00", "7,2024-12-31,5.50"],
    "times": ["id,when,paid", "1,2024-12-01 23:59:59.5,1.10", "1,2024-12-02T00:00,2"],
    "noise": ["id,when,paid", "1,2024-12-01,0.1", "1,2024-12-01,-.3", "2,20241201,+5."],
    "long digits": ["id,when,paid", "1,2024-12-01,1234567.8900", "2,2024-12-01,0e0"],
    "quoted": [
        '"id","when","paid"',
        '"A ""1""",2024-12-01,"10"',
        "\u00e4,2024-12-02,1",
    ],
    "currency": ["id,when,paid", "1,2024-12-01,$5", "2,2024-12-01,6.20 USD"],
    "large ids": ["id,when,paid", f"{2**70},2024-12-01,1", "2,2024-12-01,1"],
}


@pytest.mark.parametrize("lines", GOOD_LINES)
def test_texts_are_read_in_pieces_as_in_memory(tmp_path: Path, lines: str) -> None:
    path = write_csv(tmp_path / "o.csv", GOOD_LINES[lines])
    results = []
    for name, options in {"memory": [], "pieces": LARGE}.items():
        out = tmp_path / name
        run = skseg_command("rfm", path, *TINY, "--out", out, *FAST, *options)
        results.append((run.exit_code, run.exit_code or texts(out)))
    assert results[0] == results[1]


def test_formats_of_texts_are_those_of_the_options(tmp_path: Path) -> None:
    lines = ["id;when;paid", "1;31.12.2024;1.234,50", "2;01.11.2024;3,00"]
    path = write_csv(tmp_path / "o.csv", lines)
    form = ["--decimal", ",", "--thousands", ".", "--date-format", "%d.%m.%Y"]
    for name, options in {"memory": [], "pieces": LARGE}.items():
        arguments = [path, *TINY, *form, "--out", tmp_path / name, *FAST, *options]
        assert skseg_command("rfm", *arguments).exit_code == 0
    assert texts(tmp_path / "memory") == texts(tmp_path / "pieces")


def test_whole_floats_of_parquet_are_whole_ids(tmp_path: Path) -> None:
    dates = pd.to_datetime(["2024-12-01", "2024-12-02"])
    frame = pd.DataFrame({"id": [17850.0, 5.0], "when": dates, "paid": [1.0, 2.0]})
    frame.to_parquet(tmp_path / "o.parquet")
    for name, options in {"memory": [], "pieces": LARGE}.items():
        path = tmp_path / "o.parquet"
        run = skseg_command(
            "rfm", path, *TINY, "--out", tmp_path / name, *FAST, *options
        )
        assert run.exit_code == 0, run.output
    assert texts(tmp_path / "memory") == texts(tmp_path / "pieces")
    assert (tmp_path / "pieces" / "customers.csv").read_text().count("17850,") == 1


@pytest.mark.parametrize(("n_bytes", "in_memory"), [(40, False), (10**6, True)])
def test_large_files_stay_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_bytes: int, in_memory: bool
) -> None:
    path = write_csv(tmp_path / "o.csv", GOOD_LINES["leading zeros"])
    monkeypatch.setattr(_data_source, "MOST_BYTES_IN_MEMORY", n_bytes)
    monkeypatch.setitem(sys.modules, "skseg.cli._stored_rows", None)
    run = skseg_command("rfm", path, *TINY, "--out", tmp_path / "out", *FAST)
    assert (run.exit_code == 0) == in_memory


WRONG_SOURCES = {
    "nothing": ([], "Give ORDERS, a file of rows, or both --database and --table."),
    "no table": (["--database", "sqlite:///x.db"], "both --database and --table"),
    "no file of a pattern": (["x/*.parquet"], "No file matches 'x/*.parquet'."),
    "no file": (["x.parquet"], "does not exist"),
    "no database": (
        ["--database", "sqlite:///x.db", "--table", "t"],
        "names the file x.db, which is none",
    ),
    "no URL": (["--database", "x.db", "--table", "t"], "must be a URL"),
    "driver": (
        ["--database", "postgresql://u:secret@h/d", "--table", "t"],
        "must name the driver: postgresql+psycopg://",
    ),
    "engine": (
        ["--database", "sqlite:///x.db", "--table", "t", "--engine", "duckdb"],
        "--engine is about files",
    ),
    "table twice": (["{o}", "--table", "t"], "Give ORDERS or --table, not both."),
    "target": (["{o}", "--to-table", "t"], "--to-table is a table of --database"),
    "overwrite": (["{o}", "--overwrite"], "--overwrite is about --to-table"),
    "excel": (["{folder}/*.xlsx"], "A pattern is of .csv or .parquet files."),
    "kinds": (["{folder}/o*"], "matches both CSV and Parquet files"),
    "memory": (["{o}", *LARGE, "--memory-limit", "much"], "--memory-limit must be"),
}


@pytest.mark.parametrize("source", WRONG_SOURCES)
def test_wrong_sources_are_said(tmp_path: Path, source: str) -> None:
    path = write_csv(tmp_path / "o.csv", GOOD_LINES["leading zeros"])
    for name in ("x.xlsx", "o.parquet"):
        (tmp_path / name).touch()
    where, message = WRONG_SOURCES[source]
    arguments = [part.format(o=path, folder=tmp_path) for part in where]
    run = skseg_command("rfm", *arguments, *TINY, "--out", tmp_path / "out", *FAST)
    assert run.exit_code == 2
    assert message in " ".join(run.stderr.split())
    assert "secret" not in run.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["sqlite:///{}/shop.db", "duckdb:///{}/shop.duckdb"])
def test_missing_tables_and_columns_are_said(
    stored: Path, tmp_path: Path, name: str
) -> None:
    database = name.format(stored)
    out = ["--out", tmp_path, *FAST]
    where = ["--database", database, "--table"]
    absent = skseg_command("rfm", *where, "order", *OPTIONS, *out)
    assert absent.exit_code == 2
    assert absent.stderr.startswith("Error: --table must be the name of a table")
    assert "'orders'" in absent.stderr
    column = skseg_command("rfm", *where, "orders", *TINY, *out)
    assert column.exit_code == 2
    assert "'paid'" in column.stderr
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize("package", ["sqlalchemy", "psycopg"])
def test_what_opens_a_database_is_named_where_it_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    pytest.importorskip("sqlalchemy")
    monkeypatch.setitem(sys.modules, package, None)
    where = ["--database", "postgresql+psycopg://user@localhost/x", "--table", "t"]
    run = skseg_command("rfm", *where, *TINY, "--out", tmp_path, *FAST)
    assert run.exit_code == 2
    assert "Install it: pip install" in run.stderr


RULES = """\
rules:
  VIP: aov >= 90
  Small: aov < 40 and plan == 'b'
default: Rest
"""
RULE_SET = RuleSet(
    {
        "VIP": "aov >= 90",
        "Small": "aov < 40 and plan == 'b'",
        "Late": "day > date('2024-06-01')",
    }
)

QUANTILES = RuleSet(
    {"VIP": "aov >= max(q(0.75), 60)", "Typo": "plan == 'bb'"},
    default="Rest",
    universe="aov > q(0.1)",
)


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of customers in files and databases, and of files of rules."""
    folder = tmp_path_factory.mktemp("customers")
    n = 200
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": [f"{number:04}" for number in range(n)],
            "aov": rng.gamma(2.0, 30.0, n).round(2),
            "plan": rng.choice(["a", "b", "007"], n),
            "day": pd.date_range("2024-01-01", periods=n, freq="D"),
            "bought": rng.integers(0, 2, n),
            "weight": rng.integers(0, 4, n),
        }
    )
    frame.loc[3, "aov"] = None
    frame.loc[5, "plan"] = None
    frame.to_csv(folder / "customers.csv", index=False)
    frame.to_parquet(folder / "customers.parquet", index=False)
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE customers AS FROM frame")
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        frame.assign(day=frame["day"].astype(str)).to_sql(
            "customers", connection, index=False
        )
    write(folder / "definition.yaml", RULES)
    write(folder / "rules.json", RULE_SET.to_json())
    write(folder / "quantiles.json", QUANTILES.to_json())
    segmenter = MECERuleSegmenter(
        {"VIP": "aov >= q(0.75)", "Small": "aov < 40 and plan == 'b'"},
        default="Rest",
        on_overlap="first",
    )
    segmenter.fit(frame).to_json(folder / "strategy.json")
    return folder


MODELS = ["rules.json", "quantiles.json", "definition.yaml", "strategy.json"]
CUSTOMER_SOURCES = {
    "CSV": ["{}/customers.csv", "--engine", "duckdb"],
    "Parquet": ["{}/*.parquet"],
    "DuckDB": ["--database", "duckdb:///{}/shop.duckdb", "--table", "customers"],
    "SQLite": ["--database", "sqlite:///{}/shop.db", "--table", "customers"],
}


def screen(text: str) -> str:
    """Return what a run shows but the list of files."""
    return text.partition("\nFiles\n")[0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("source", CUSTOMER_SOURCES)
def test_rules_are_applied_as_in_memory(
    customers: Path, tmp_path: Path, source: str, model: str
) -> None:
    options = ["--id", "id", "--outcome", "bought", "--weight", "weight", "--no-plots"]
    if model == "strategy.json":
        options = ["--id", "id", "--no-plots"]
    where = [part.format(customers) for part in CUSTOMER_SOURCES[source]]
    command = ["rules", "apply", customers / model]
    memory, stored = tmp_path / "memory", tmp_path / "stored"
    path = customers / "customers.csv"
    wanted = skseg_command(*command, path, *options, "--out", memory)
    run = skseg_command(*command, *where, *options, "--out", stored)
    assert (wanted.exit_code, run.exit_code) == (0, 0), run.output
    rows = (stored / "rows.csv").read_text(encoding="utf-8").splitlines()
    expected = (memory / "rows.csv").read_text(encoding="utf-8").splitlines()
    assert sorted(rows) == sorted(expected)
    if model != "strategy.json":
        assert screen(run.stdout) == screen(wanted.stdout)
        names = ["rules.sql"]
        names += ["strategy.json" if model == "definition.yaml" else "rules.json"]
        for name in names:
            assert (stored / name).read_text() == (memory / name).read_text()


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_rows_are_numbered_and_written_as_parquet(
    customers: Path, tmp_path: Path, engine: str
) -> None:
    command = ["rules", "apply", customers / "rules.json", customers / "customers.csv"]
    options = ["--engine", engine, "--rows-as", "parquet", "--out", tmp_path, *FAST]
    assert skseg_command(*command, *options).exit_code == 0
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    assert rows["row"].tolist() == list(range(1, 201))
    frame = pd.read_parquet(customers / "customers.parquet")
    assert rows["segment_code"].tolist() == RULE_SET.assign(frame).tolist()


def test_rows_with_segments_go_to_a_table(customers: Path, tmp_path: Path) -> None:
    shutil.copy(customers / "shop.duckdb", tmp_path)
    database = f"duckdb:///{tmp_path}/shop.duckdb"
    where = ["--database", database, "--table", "customers", "--to-table", "labelled"]
    run = skseg_command("rules", "apply", customers / "rules.json", *where, "--quiet")
    assert run.exit_code == 0, run.output
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        written = connection.sql("FROM labelled").df()
        tables = connection.sql("SHOW TABLES").fetchall()
    frame = pd.read_parquet(customers / "customers.parquet")
    assert written["segment_code"].tolist() == RULE_SET.assign(frame).tolist()
    # Nothing else is left in the database.
    assert tables == [("customers",), ("labelled",)]


REFUSED_ROWS = {
    "definition": ("definition.yaml", ["--weight", "loss"], "1 other weights"),
    "outcome": ("rules.json", ["--outcome", "aov"], "must hold a finite number"),
    "weight": ("rules.json", ["--weight", "loss"], "is negative in 1 rows"),
    "column": ("rules.json", ["--weight", "none"], "'none'"),
    "text": ("rules.json", ["--outcome", "plan"], "must hold"),
}


@pytest.mark.parametrize("reason", REFUSED_ROWS)
def test_rows_that_cannot_be_used_are_refused(
    customers: Path, tmp_path: Path, reason: str
) -> None:
    model, options, message = REFUSED_ROWS[reason]
    frame = pd.read_csv(customers / "customers.csv", dtype=str)
    path = tmp_path / "rows.csv"
    frame.assign(loss=["-1", *["2"] * 199]).to_csv(path, index=False)
    command = ["rules", "apply", customers / model, path, *LARGE, *options]
    run = skseg_command(*command, "--out", tmp_path / "out")
    assert run.exit_code == 2
    assert message in " ".join(run.stderr.split())
    assert not (tmp_path / "out").exists()


def leaves(content: Any) -> Iterator[Any]:
    """Yield the keys and values of JSON; means are added up in another order."""
    if isinstance(content, dict):
        content = [item for pair in content.items() for item in pair]
    if not isinstance(content, list):
        yield round(content, 9) if isinstance(content, float) else content
        return
    for item in content:
        yield from leaves(item)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("source", CUSTOMER_SOURCES)
def test_reports_are_those_of_rows_in_memory(
    customers: Path, tmp_path: Path, source: str, model: str
) -> None:
    options = ["--value", "weight", "--outcome", "bought", "--ignore", "id"]
    options += ["--ignore", "day", "--title", "Shop"]
    if source == "Parquet":
        source_in_memory = customers / "customers.parquet"
        where: list[Any] = [customers / "customers.parquet", *LARGE]
    else:
        source_in_memory = customers / "customers.csv"
        where = [part.format(customers) for part in CUSTOMER_SOURCES[source]]
    profiles = []
    for name, data in {"memory": [source_in_memory], "stored": where}.items():
        out = ["--out", tmp_path / f"{name}.html"]
        out += ["--profile-out", tmp_path / f"{name}.json"]
        run = skseg_command("report", customers / model, *data, *out, *options)
        assert run.exit_code == 0, run.output
        text = (tmp_path / f"{name}.json").read_text(encoding="utf-8")
        profiles.append(list(leaves(json.loads(text))))
        assert (tmp_path / f"{name}.html").exists()
    assert profiles[1] == profiles[0]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_queries_are_of_every_dialect(
    customers: Path, tmp_path: Path, dialect: str
) -> None:
    path = customers / "customers.csv"
    command = ["rules", "apply", customers / "rules.json", path, "--dialect", dialect]
    assert skseg_command(*command, "--out", tmp_path, *FAST).exit_code == 0
    text = (tmp_path / "rules.sql").read_text(encoding="utf-8")
    assert f" for {dialect}." in text
    assert list(DIALECTS) == list(OF_THE_LIBRARY)


def test_files_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    dates = pd.to_datetime(["2024-12-01", "2024-12-02"])
    frame = pd.DataFrame({"id": [1, 2], "when": dates, "paid": [1.0, 2.0]})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.drop(columns="paid").to_parquet(tmp_path / "b.parquet")
    write_csv(tmp_path / "a.csv", ["id,when,paid", "1,2024-12-01,2"])
    write_csv(tmp_path / "b.csv", ["id,when", "1,2024-12-01"])
    for pattern in ("*.parquet", "*.csv"):
        arguments = [f"{tmp_path}/{pattern}", *TINY, "--out", tmp_path / "out", *FAST]
        run = skseg_command("rfm", *arguments)
        assert run.exit_code == 2, run.output
        assert "paid" in run.stderr


def test_columns_of_files_are_told_by_name(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ["id,when,paid", "1,2024-12-01,2"])
    write_csv(tmp_path / "b.csv", ["paid;id;note;when", "3,5;1;x;2024-12-02"])
    arguments = [f"{tmp_path}/*.csv", *TINY, "--decimal", ",", *FAST]
    run = skseg_command("rfm", *arguments, "--out", tmp_path / "out")
    assert run.exit_code == 0, run.output
    customers = pd.read_csv(tmp_path / "out" / "customers.csv")
    assert customers["monetary"].tolist() == [5.5]


@pytest.mark.parametrize("name", ["o.parquet", "shop.db", "shop.duckdb"])
def test_broken_files_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PAR1 and nothing that belongs to it PAR1")
    scheme = "sqlite" if name == "shop.db" else "duckdb"
    where: list[Any] = ["--database", f"{scheme}:///{path}", "--table", "orders"]
    if name == "o.parquet":
        where = [path, *LARGE]
    run = skseg_command("rfm", *where, *TINY, "--out", tmp_path / "out", *FAST)
    assert run.exit_code == 2, run.output
    assert name in run.stderr


@pytest.mark.parametrize("server", ["PostgreSQL", "MariaDB"])
def test_rules_are_applied_on_servers(
    server: str, customers: Path, tmp_path: Path
) -> None:
    url = url_of(server)
    import sqlalchemy

    engine = sqlalchemy.create_engine(url)
    source, target = new_name(), new_name()
    frame = pd.read_parquet(customers / "customers.parquet")
    frame.to_sql(source, engine, index=False)
    where = ["--table", source, "--id", "id", "--to-table", target, "--out", tmp_path]
    try:
        run = skseg_command(
            "rules", "apply", customers / "rules.json", *where, SKSEG_DATABASE=url
        )
        assert run.exit_code == 0, run.output
        query = f"SELECT segment_code FROM {target} ORDER BY id"
        written = pd.read_sql(query, engine)["segment_code"]
    finally:
        with engine.begin() as connection:
            for name in (source, target):
                connection.execute(sqlalchemy.text(f"DROP TABLE IF EXISTS {name}"))
        engine.dispose()
    assert written.tolist() == RULE_SET.assign(frame).tolist()
    rows = pd.read_csv(tmp_path / "rows.csv").sort_values("id")
    assert rows["segment_code"].tolist() == written.tolist()
