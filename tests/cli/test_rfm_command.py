"""``skseg rfm`` on real files: what it accepts, refuses, writes and shows."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from skseg import RFMSegmenter
from skseg.cli._options import MAP_NAMES
from skseg.cli._outputs import RFM_FILES, check_folder, write_files
from skseg.cli._rfm_run import RFMRun, run_rfm
from skseg.cli._screens import rfm_verdict
from skseg.cli._writers import rfm_writers
from tests.cli.cli_tools import (
    COLUMNS,
    DAY,
    FAST,
    OPTIONS,
    TINY,
    names_in,
    skseg_command,
    without_extras,
    write_csv,
)


def test_rfm_gives_what_the_library_gives(orders_csv: Path, tmp_path: Path) -> None:
    arguments = [
        "rfm",
        orders_csv,
        *OPTIONS,
        "--invalid",
        "exclude",
        "--segments",
        "seed",
    ]
    result = skseg_command(*arguments, "--out", tmp_path, "--no-plots")
    assert result.exit_code == 0, result.output
    orders = pd.read_csv(orders_csv, dtype={"customer_id": "Int64"})
    seed = RFMSegmenter("seed")
    run = run_rfm(orders, seed, **COLUMNS, as_of=DAY, invalid="exclude")
    written = pd.read_csv(tmp_path / "customers.csv")
    pd.testing.assert_frame_equal(written, run.customers, check_dtype=False)
    assert "Top customers" in result.stdout
    assert "1 pair overlaps; the first segment that fits counts." in result.stdout


@pytest.mark.parametrize("segments", MAP_NAMES)
def test_query_gives_the_segments_of_the_file_on_duckdb(
    orders_csv: Path, tmp_path: Path, segments: str
) -> None:
    arguments = [orders_csv, *OPTIONS, "--invalid", "exclude", "--segments", segments]
    skseg_command("rfm", *arguments, "--out", tmp_path, *FAST)
    expected = pd.read_csv(tmp_path / "customers.csv")
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE customers AS "
            "SELECT customer_id, recency, frequency, monetary "
            f"FROM read_csv('{tmp_path / 'customers.csv'}')"
        )
        query = (tmp_path / "segments.sql").read_text(encoding="utf-8")
        rows = database.execute(query).fetchall()
    assert {row[0]: row[-1] for row in rows} == dict(
        zip(expected["customer_id"], expected["segment"], strict=True)
    )


def test_customers_without_a_purchase_have_no_scores_and_a_segment(
    tmp_path: Path,
) -> None:
    lines = ["id,when,paid", "1,2024-12-01,10", "2,2024-12-01,-10"]
    path = write_csv(tmp_path / "o.csv", lines)
    assert skseg_command("rfm", path, *TINY, "--out", tmp_path, *FAST).exit_code == 0
    rows = (tmp_path / "customers.csv").read_text(encoding="utf-8").splitlines()
    assert rows[2] == "2,,0,-10.0,,,,,1,1,10,Unknown"
    with duckdb.connect() as database:
        database.execute(
            f"CREATE TABLE customers AS FROM read_csv('{tmp_path / 'customers.csv'}')"
        )
        query = (tmp_path / "segments.sql").read_text(encoding="utf-8")
        rows_of_query = database.execute(query).fetchall()
    assert [row[-1] for row in rows_of_query] == [row[-2] for row in rows_of_query]


def test_ids_keep_their_zeros_and_na_is_a_name(tiny: Path, tmp_path: Path) -> None:
    result = skseg_command("rfm", tiny, *TINY, "--out", tmp_path, "--no-plots")
    assert result.exit_code == 0, result.output
    customers = pd.read_csv(
        tmp_path / "customers.csv", dtype={"id": str}, keep_default_na=False
    )
    assert customers["id"].to_list() == ["007", "7", "NA"]
    assert customers["frequency"].to_list() == [2, 1, 1]
    assert customers["monetary"].to_list() == [14.0, 5.5, 1.25]
    assert customers["recency"].to_list() == [2, 1, 214]


def test_options_about_the_format(tmp_path: Path) -> None:
    lines = [
        "Kundin\tTag\tBetrag",
        "Zo\xeb\t2024-12-31T23:30:00+00:00\t1.005",
        "Zo\xeb\t2024-12-30T12:00:00+00:00\t2",
    ]
    path = tmp_path / "o.tsv"
    path.write_text("\n".join(lines), encoding="latin-1")
    result = skseg_command(
        *("rfm", path, "--customer", "Kundin", "--date", "Tag", "--amount", "Betrag"),
        *(
            "--as-of",
            "latest",
            "--sep",
            "tab",
            "--encoding",
            "latin-1",
            "--decimals",
            3,
        ),
        *("--time-zone", "Europe/Berlin", "--out", tmp_path, "--dialect", "sqlite"),
        "--no-plots",
    )
    assert result.exit_code == 0, result.output
    assert "as of 2025-01-01" in result.stdout
    text = (tmp_path / "customers.csv").read_text(encoding="utf-8")
    assert text.splitlines()[1].startswith("Zo\xeb,0,2,3.005,")
    assert "for sqlite" in (tmp_path / "segments.sql").read_text(encoding="utf-8")


def test_date_column_as_order_makes_one_order_a_day(tiny: Path, tmp_path: Path) -> None:
    with tiny.open("a", encoding="utf-8") as file:
        file.write("7,2024-12-31,1\n")
    arguments = ["rfm", tiny, *TINY, "--order", "when", "--out", tmp_path, *FAST]
    assert skseg_command(*arguments).exit_code == 0
    assert pd.read_csv(tmp_path / "customers.csv")["frequency"].to_list() == [2, 1, 1]


def test_quiet_says_nothing(tiny: Path, tmp_path: Path) -> None:
    result = skseg_command("rfm", tiny, *TINY, "--out", tmp_path / "out", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    written = names_in(tmp_path / "out")
    assert written == RFM_FILES.keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "bad.csv is empty: it has no header."),
        ("id,when,paid\n", "bad.csv holds no rows."),
        ("Id,when,paid\n1,2024-01-01,1\n", "needs the column 'id'"),
        ("Id,when,paid\n1,2024-01-01,1\n", "Did you mean 'Id'?"),
        ("id/when/paid\n1/2024-01-01/1\n", "Is the separator another one?"),
        ("id,when,paid\n1,31/12/2024,1\n", "unparsable date: 1 row"),
        ("id,when,paid\n1,31/12/2024,1\n", "first in line 2: '31/12/2024'."),
        ("id,when,paid\n1,31/12/2024,1\n", "--invalid exclude leaves such rows out"),
        ("id,when,paid\n,2024-01-01,1\n", "missing customer: 1 row"),
        ("id,when,paid\n1,2025-01-02,1\n", "date after --as-of: 1 row"),
        ("id,when,paid\n1,2024-01-01,\n", "missing amount: 1 row"),
        ("id,when,paid\n1,2024-01-01,1e15\n2,2024-01-01,.01\n", "--rounding half_even"),
        (
            "id,when,paid\n1,2024-01-01,1,234.50\n",
            "line 2: The row has 4 fields, the header 3.",
        ),
        (
            "id,when,paid\n1,2024-01-01,1\n1,2024-01-01,1,2\n",
            "line 3: The row has 4 fields",
        ),
        ('id,when,paid\n"1,2024-01-01,1\n', "line 2: This cannot be read as CSV: the"),
    ],
)
def test_bad_files_end_in_a_message_and_status_2(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    result = skseg_command("rfm", path, *TINY, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr[:7] == "Error: "
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


# Without a time of its own, so that the test has the same name in every process.
TRUNCATED = gzip.compress(b"id,when,paid\n" * 9, mtime=0)[:20]


@pytest.mark.parametrize(
    ("name", "content", "start", "message"),
    [
        (
            "o.csv",
            b"id,when,paid\n\xe9,2024-01-01,1\n",
            "o.csv, line 2: This cannot be read as CSV: ",
            "another encoding",
        ),
        (
            "o.csv.gz",
            TRUNCATED,
            "o.csv.gz cannot be read as CSV: ",
            "end-of-stream marker",
        ),
    ],
)
def test_files_that_are_no_text(
    tmp_path: Path, name: str, content: bytes, start: str, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = skseg_command("rfm", path, *TINY, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert f"Error: {start}" in result.stderr
    assert message in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("o.csv.gz", "is not a gzip file, as its name says, but CSV."),
        ("o.csv.zip", "is not a zip file, as its name says, but CSV."),
        ("o.xlsx", "is not an Excel file, as its name says, but CSV."),
        ("o.parquet", "is not a Parquet file, as its name says, but CSV."),
    ],
)
def test_a_name_that_the_content_contradicts_is_refused_until_it_is_renamed(
    tiny: Path, tmp_path: Path, name: str, message: str
) -> None:
    path = tiny.rename(tmp_path / name)
    arguments = ["rfm", path, *TINY, "--out", tmp_path / "out", *FAST]
    result = skseg_command(*arguments)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {name} {message} Rename it, for instance to o.csv.\n"
    )
    arguments[1] = path.rename(tmp_path / "o.csv")
    assert skseg_command(*arguments).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--as-of", "31.12.2024"], "neither an ISO date"),
        (["--time-zone", "Mars"], "'Mars' is no time zone"),
        (["--time-zone", "Europe/Berlin"], "Leaving out --time-zone takes the days"),
        (["--sep", "ab"], "a single character"),
        (
            ["--encoding", "klingon"],
            "of text, such as 'cp1252'. Got 'klingon' instead.",
        ),
        (["--segments", "gridd"], "'gridd' is not one of"),
        (["--decimals", "13"], "13 is not in the range"),
    ],
)
def test_bad_options_end_in_a_message_and_status_2(
    tiny: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = skseg_command("rfm", tiny, *TINY, *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.stderr


def test_missing_file_and_missing_option_are_usage_errors(tmp_path: Path) -> None:
    result = skseg_command("rfm", tmp_path / "no.csv", *TINY, "--out", tmp_path)
    assert result.exit_code == 2
    assert "no.csv' does not exist" in result.stderr
    result = skseg_command("rfm", __file__, *TINY[:-2], "--out", tmp_path)
    assert result.exit_code == 2
    assert "Missing option '--as-of'" in result.stderr


def test_customer_column_must_not_be_one_of_the_result(tmp_path: Path) -> None:
    lines = ["segment,when,paid", "1,2024-12-01,10"]
    path = write_csv(tmp_path / "o.csv", lines)
    arguments = ["--customer", "segment", *TINY[2:], "--out", tmp_path]
    result = skseg_command("rfm", path, *arguments)
    assert result.exit_code == 2
    assert "must not be called 'segment'" in result.stderr


def test_files_of_others_are_left_alone(tiny: Path, tmp_path: Path) -> None:
    mine = write_csv(tmp_path / "customers.csv", ["mine"])
    result = skseg_command("rfm", tiny, *TINY, "--out", tmp_path)
    assert result.exit_code == 2
    assert "holds customers.csv, which skseg has not written" in result.stderr
    assert mine.read_text(encoding="utf-8") == "mine\n"
    orders = write_csv(tmp_path / "orders.csv", ["mine"])
    mine.unlink()
    assert skseg_command("demo", "--out", tmp_path).exit_code == 2
    # The command rfm writes no orders.csv.
    assert skseg_command("rfm", tiny, *TINY, "--out", tmp_path, *FAST).exit_code == 0
    assert orders.read_text(encoding="utf-8") == "mine\n"


def test_the_orders_themselves_are_never_replaced(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert skseg_command("rfm", tiny, *TINY, *FAST, "--out", out).exit_code == 0
    source = out / "customers.csv"
    result = skseg_command("rfm", source, *TINY, "--out", out)
    assert result.exit_code == 2
    assert f"{source} would be replaced" in result.stderr
    check_folder(out, tmp_path / "other.csv", contents=RFM_FILES)


def test_what_cannot_be_written_is_status_1(tiny: Path, tmp_path: Path) -> None:
    blocked = write_csv(tmp_path / "file", ["no folder"]) / "out"
    result = skseg_command("rfm", tiny, *TINY, "--out", blocked)
    assert result.exit_code == 1
    assert f"Cannot write to {blocked}" in result.stderr


@pytest.mark.parametrize("quiet", [False, True])
def test_files_of_missing_extras_are_skipped_with_a_word(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    without_extras(monkeypatch)
    out = tmp_path / "out"
    result = skseg_command("rfm", tiny, *TINY, "--out", out, *(["-q"] if quiet else []))
    assert result.exit_code == 0, result.output
    text = " ".join((result.stderr if quiet else result.stdout).split())
    assert "Not written: segments.sql. " in text
    assert "Not written: sizes.png, heatmap.png. " in text
    assert 'pip install "skseg[sql]"' in text
    assert 'pip install "skseg[plot]"' in text
    assert (result.stdout if quiet else result.stderr) == ""
    written = names_in(out)
    assert written == {"customers.csv", "segments.csv", "rules.json"}


def test_pictures_are_drawn_and_do_not_outlive_their_run(
    run: RFMRun, tmp_path: Path
) -> None:
    outputs = write_files(rfm_writers(run), tmp_path, contents=RFM_FILES)
    assert [path.name for path in outputs.written] == list(RFM_FILES)
    for name in ("sizes.png", "heatmap.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert not sys.modules["matplotlib.pyplot"].get_fignums()
    write_files(rfm_writers(run, plots=False), tmp_path, contents=RFM_FILES)
    names = names_in(tmp_path)
    assert names == RFM_FILES.keys() - {"sizes.png", "heatmap.png"}


def test_the_rules_are_json_with_a_format(run: RFMRun, tmp_path: Path) -> None:
    write_files(rfm_writers(run, plots=False), tmp_path, contents=RFM_FILES)
    content = json.loads((tmp_path / "rules.json").read_text(encoding="utf-8"))
    assert content["format"] == "skseg.rules"


def test_verdict_by_map(run: RFMRun, orders: pd.DataFrame) -> None:
    assert rfm_verdict(run.segmenter)[0].startswith(
        "The 11 segments are mutually exclusive"
    )
    putler = RFMSegmenter("putler")
    run_rfm(orders, putler, **COLUMNS, as_of=DAY, invalid="exclude")
    sentences = rfm_verdict(putler)
    assert f"{putler.mece_report_.n_overlaps} pairs overlap" in sentences[1]
    unreachable = ", ".join(putler.unreachable_segments_)
    assert (f"No customer can be in: {unreachable}." in sentences) == bool(unreachable)


def test_verdict_names_scores_lost_to_ties() -> None:
    X = pd.DataFrame(
        {"recency": np.arange(10.0), "frequency": [1.0] * 9 + [2.0], "monetary": 1.0}
    )
    sentences = rfm_verdict(RFMSegmenter().fit(X))
    assert "Ties in frequency leave nobody with the score 2, 3, 4." in sentences
    assert "Ties in monetary leave nobody with the score 2, 3, 4." in sentences
