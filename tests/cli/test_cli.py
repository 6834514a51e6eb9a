"""The command line, on real files: what it writes is what the library computes."""

from __future__ import annotations

import gzip
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import skseg
from skseg import RFMSegmenter, rfm_table
from skseg.cli import main
from skseg.cli._app import app, in_terms_of_options
from skseg.cli._files import FILES, check_folder, write_outputs
from skseg.cli._orders_file import as_integers_if_lossless, read_orders
from skseg.cli._run import MAP_NAMES, RFMRun, run_rfm, shares_by_type, verdict
from skseg.cli._screen import bar
from skseg.datasets import make_orders
from skseg.rules import RuleSet

DAY = "2025-01-01"
COLUMNS = {
    "customer_id": "customer_id",
    "order_id": "order_id",
    "date": "date",
    "amount": "amount",
}
OPTIONS = ["--customer", "customer_id", "--order", "order_id", "--date", "date"]
OPTIONS += ["--amount", "amount", "--as-of", DAY]
TEXTS = [name for name in FILES if not name.endswith(".png")]


def skseg_command(*arguments: object, columns: int = 80, **env: str) -> Result:
    # Before click 8.2 both streams went into one unless told otherwise.
    both = "mix_stderr" in inspect.signature(CliRunner).parameters
    how: dict[str, Any] = {"mix_stderr": False} if both else {}
    runner = CliRunner(env={"COLUMNS": str(columns), **env}, **how)
    return runner.invoke(app, list(map(str, arguments)))


def write_csv(path: Path, lines: Sequence[str], **how: Any) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", **how)
    return path


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return make_orders(150, as_of=DAY, messy=True, random_state=1)


@pytest.fixture(scope="module")
def orders_csv(orders: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    orders.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(orders: pd.DataFrame) -> RFMRun:
    return run_rfm(orders, **COLUMNS, as_of=DAY, invalid="exclude")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("demo") / "out"
    return folder, skseg_command(
        "demo", "--out", folder, "--customers", 150, "--seed", 1
    )


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_csv(
        tmp_path / "tiny.csv",
        [
            "id,when,paid",
            "007,2024-12-01,10.00",
            "7,2024-12-31,5.50",
            "NA,2024-06-01,1.25",
            "007,2024-12-30,4.00",
        ],
    )


FAST = ["--no-plots", "--quiet"]
TINY = ["--customer", "id", "--date", "when", "--amount", "paid", "--as-of", DAY]


# demo


def test_demo_writes_every_file_and_says_so(demo: tuple[Path, Result]) -> None:
    folder, result = demo
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert all(f"{name}" in result.stdout for name in FILES)
    assert result.stderr == ""


def test_demo_files_hold_what_the_library_computes(
    demo: tuple[Path, Result], orders: pd.DataFrame
) -> None:
    folder, _ = demo
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "orders.csv", parse_dates=["date"]),
        orders,
        check_dtype=False,
    )
    table, _ = rfm_table(
        orders, **COLUMNS, as_of=DAY, invalid="exclude", return_report=True
    )
    segmenter = RFMSegmenter().fit(table[["recency", "frequency", "monetary"]])
    written = pd.read_csv(folder / "customers.csv")
    columns = ["customer_id", "recency", "frequency", "monetary"]
    pd.testing.assert_frame_equal(written[columns], table[columns], check_dtype=False)
    assert (written["segment_code"] == segmenter.labels_).all()
    assert (written["segment"] == segmenter.segment_names_[segmenter.labels_]).all()
    scores = segmenter.transform(table[["recency", "frequency", "monetary"]])
    assert (written[["R", "F", "M"]].to_numpy() == scores).all()
    rules = RuleSet.from_json((folder / "rules.json").read_text(encoding="utf-8"))
    assert rules == segmenter.rules_
    segments = pd.read_csv(folder / "segments.csv")
    assert segments["name"].to_list() == list(segmenter.segment_names_)
    assert segments["n"].sum() == len(table)
    assert segments["description"].to_list() == list(rules.describe().values())


def test_demo_shows_report_proof_and_types(demo: tuple[Path, Result]) -> None:
    text = " ".join(demo[1].stdout.split())
    assert "missing customer" in text
    assert "mutually exclusive and collectively exhaustive" in text
    assert "customers 150, of whom" in text
    types = "champion loyal spender new occasional risk lost"
    assert f"Segment {types}" in text


def test_demo_suggests_a_command_that_gives_the_same_customers(
    demo: tuple[Path, Result], tmp_path: Path
) -> None:
    folder, result = demo
    suggestion = result.stdout.partition("\nNext\n")[2].replace("\\\n", " ").split()
    assert suggestion[0] == "skseg"
    assert suggestion[-4:] == ["--segments", "seed", "--out", "skseg-rfm"]
    second = skseg_command(*suggestion[1:-4], "--out", tmp_path / "again", "--no-plots")
    assert second.exit_code == 0, second.output
    first, again = (
        (path / "customers.csv").read_bytes() for path in (folder, tmp_path / "again")
    )
    assert first == again


def test_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in "ab":
        arguments = ["demo", "--out", tmp_path / name, "--customers", 20, "--no-plots"]
        assert skseg_command(*arguments).exit_code == 0
    for name in TEXTS:
        assert (tmp_path / "a" / name).read_bytes() == (
            tmp_path / "b" / name
        ).read_bytes()


# rfm


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
    run = run_rfm(orders, **COLUMNS, as_of=DAY, invalid="exclude", segments="seed")
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
    assert rows[2] == "2,,0,-10.0,,1,1,10,Unknown"
    with duckdb.connect() as database:
        database.execute(
            f"CREATE TABLE customers AS FROM read_csv('{tmp_path / 'customers.csv'}')"
        )
        query = (tmp_path / "segments.sql").read_text(encoding="utf-8")
        found = database.execute(query).fetchall()
    assert [row[-1] for row in found] == [row[-2] for row in found]


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


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zip"])
def test_compressed_files_are_read(
    orders_csv: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"orders.csv{suffix}"
    pd.read_csv(orders_csv, dtype=str).to_csv(path, index=False)
    columns = {"customer": "customer_id", "date": "date", "amount": "amount"}
    expected = read_orders(orders_csv, **columns)
    with path.open("rb") as file:
        pd.testing.assert_frame_equal(read_orders(path, **columns, file=file), expected)


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
        *("--as-of", "latest", "--sep", "tab", "--encoding", "latin-1", "--digits", 3),
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
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == FILES.keys() - {"orders.csv"}


# Bad input


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as CSV: No columns to parse"),
        ("id,when,paid\n", "at least one transaction"),
        ("Id,when,paid\n1,2024-01-01,1\n", "needs the column 'id'"),
        ("Id,when,paid\n1,2024-01-01,1\n", "Did you mean 'Id'?"),
        ("id;when;paid\n1;2024-01-01;1\n", "Is the separator another one?"),
        ("id,when,paid\n1,31/12/2024,1\n", "unparsable date: 1 row"),
        ("id,when,paid\n1,31/12/2024,1\n", "pass --invalid exclude"),
        ("id,when,paid\n,2024-01-01,1\n", "missing customer: 1 row"),
        ("id,when,paid\n1,2025-01-02,1\n", "date after --as-of: 1 row"),
        ("id,when,paid\n1,2024-01-01,\n", "missing amount: 1 row"),
        ("id,when,paid\n1,2024-01-01,1.005\n", "--digits 3 keeps all amounts"),
        ("id,when,paid\n1,2024-01-01,1,234.50\n", "more fields than its header"),
        ("id,when,paid\n1,2024-01-01,1\n1,2024-01-01,1,2\n", "saw 4"),
        ('id,when,paid\n"1,2024-01-01,1\n', "EOF inside string"),
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


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("o.csv", b"id,when,paid\n\xe9,2024-01-01,1\n", "another encoding"),
        ("o.csv.gz", b"id,when,paid\n", "Not a gzipped file"),
        ("o.csv.gz", gzip.compress(b"id,when,paid\n" * 9)[:20], "end-of-stream marker"),
        ("o.csv.zip", b"id,when,paid\n", "not a zip file"),
    ],
)
def test_files_that_are_no_text(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = skseg_command("rfm", path, *TINY, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert f"Error: {name} cannot be read as CSV: " in result.stderr
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--as-of", "31.12.2024"], "neither an ISO date"),
        (["--time-zone", "Mars"], "'Mars' is no time zone"),
        (["--time-zone", "Europe/Berlin"], "--time-zone converts dates that have"),
        (["--sep", "ab"], "a single character"),
        (["--encoding", "klingon"], "'klingon' is no encoding"),
        (["--segments", "gridd"], "'gridd' is not one of"),
        (["--digits", "7"], "7 is not in the range"),
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
    own_orders = write_csv(tmp_path / "orders.csv", ["mine"])
    mine.unlink()
    assert skseg_command("demo", "--out", tmp_path).exit_code == 2
    # The command rfm writes no orders.csv.
    assert skseg_command("rfm", tiny, *TINY, "--out", tmp_path, *FAST).exit_code == 0
    assert own_orders.read_text(encoding="utf-8") == "mine\n"


def test_the_orders_themselves_are_never_replaced(tiny: Path, tmp_path: Path) -> None:
    source = tiny.rename(tmp_path / "customers.csv")
    write_csv(tmp_path / "rules.json", ['{"format": "skseg.rules"}'])
    result = skseg_command("rfm", source, *TINY, "--out", tmp_path)
    assert result.exit_code == 2
    assert "would be replaced" in result.stderr
    check_folder(tmp_path, tmp_path / "other.csv")


def test_what_cannot_be_written_is_status_1(tiny: Path, tmp_path: Path) -> None:
    blocked = write_csv(tmp_path / "file", ["no folder"]) / "out"
    result = skseg_command("rfm", tiny, *TINY, "--out", blocked)
    assert result.exit_code == 1
    assert f"Cannot write to {blocked}" in result.stderr


def test_messages_name_options_and_leave_columns_alone() -> None:
    said = in_terms_of_options(
        "The 'as_of' parameter of rfm_table must be so. The 'customer_id' parameter of "
        "rfm_table too. Available: 'as_of', 'time_zone'. Choose a later as_of."
    )
    assert said == (
        "--as-of must be so. --customer too. Available: 'as_of', 'time_zone'. Choose a "
        "later --as-of."
    )


# Terminal and environment


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_output_is_plain_and_fits_the_width(tmp_path: Path, columns: int) -> None:
    arguments = ["demo", "--out", "out", "--customers", 60, "--no-plots"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        text = skseg_command(*arguments, columns=columns).stdout
    assert "\x1b" not in text
    tables = text.partition("\nNext\n")[0]
    assert max(map(len, tables.splitlines())) <= columns
    # Numbers are never cut off; names of segments stay on one line where they can.
    assert " Orders " in text
    assert " Revenue" in text
    assert "\nPotential loyalists " in text or columns < 80
    assert ("\nRules\n" in text) == (columns <= 80)
    assert "frequency is above" in text


def test_terminals_get_colour_and_progress(tiny: Path, tmp_path: Path) -> None:
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm"}
    arguments = ["rfm", tiny, *TINY, "--out", tmp_path, "--no-plots"]
    result = skseg_command(*arguments, **terminal)
    assert "\x1b[" in result.stdout
    assert "Reading tiny.csv" in result.stderr
    assert "Segmenting the customers" in result.stderr
    assert skseg_command(*arguments, "-q", **terminal).output == ""


def test_pipes_have_80_columns_without_further_notice(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    environment["PYTHONIOENCODING"] = "ascii"
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from skseg.cli import main; main()"),
            *("demo", "--out", str(tmp_path), "--customers", "20", "--no-plots"),
        ],
        env=environment,
        cwd=Path(skseg.__file__).parents[1],
        capture_output=True,
        check=True,
    )
    text = done.stdout.decode("ascii")
    body = text.partition("\nFiles\n")[0]
    assert max(map(len, body.splitlines())) == 80
    assert "##" in text


def test_version() -> None:
    assert skseg_command("--version").stdout == f"skseg, version {skseg.__version__}\n"


@pytest.mark.parametrize("name", ["click", "rich.console"])
def test_without_the_extra_the_command_says_how_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("skseg.cli._app", "skseg.cli._screen"):
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit, match=r'pip install "skseg\[cli\]"'):
        main()


@pytest.mark.parametrize("quiet", [False, True])
def test_files_of_missing_extras_are_skipped_with_a_word(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    for module in ("_sql", "_dialects"):
        monkeypatch.delitem(sys.modules, f"skseg.rules.{module}", raising=False)
    out = tmp_path / "out"
    result = skseg_command("rfm", tiny, *TINY, "--out", out, *(["-q"] if quiet else []))
    assert result.exit_code == 0, result.output
    said = " ".join((result.stderr if quiet else result.stdout).split())
    assert "Not written: segments.sql. " in said
    assert "Not written: sizes.png, heatmap.png. " in said
    assert 'pip install "skseg[sql]"' in said
    assert 'pip install "skseg[plot]"' in said
    assert (result.stdout if quiet else result.stderr) == ""
    written = {path.name for path in out.iterdir()}
    assert written == {"customers.csv", "segments.csv", "rules.json"}


# What the commands are made of


def test_pictures_are_drawn_and_do_not_outlive_their_run(
    run: RFMRun, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").touch()
    assert [path.name for path in write_outputs(run, tmp_path).written] == [
        name for name in FILES if name != "orders.csv"
    ]
    for name in ("sizes.png", "heatmap.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert not sys.modules["matplotlib.pyplot"].get_fignums()
    write_outputs(run, tmp_path, plots=False)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == FILES.keys() - {"sizes.png", "heatmap.png"}


def test_rules_are_json_of_their_own(run: RFMRun, tmp_path: Path) -> None:
    write_outputs(run, tmp_path, plots=False)
    content = json.loads((tmp_path / "rules.json").read_text(encoding="utf-8"))
    assert content["format"] == "skseg.rules"


def test_verdict_by_map(run: RFMRun, orders: pd.DataFrame) -> None:
    assert verdict(run.segmenter)[0].startswith(
        "The 11 segments are mutually exclusive"
    )
    putler = run_rfm(
        orders, **COLUMNS, as_of=DAY, invalid="exclude", segments="putler"
    ).segmenter
    said = verdict(putler)
    assert f"{putler.mece_report_.n_overlaps} pairs overlap" in said[1]
    unreachable = ", ".join(putler.unreachable_segments_)
    assert (f"No customer can be in: {unreachable}." in said) == bool(unreachable)


def test_verdict_names_scores_lost_to_ties() -> None:
    X = pd.DataFrame(
        {"recency": np.arange(10.0), "frequency": [1.0] * 9 + [2.0], "monetary": 1.0}
    )
    said = verdict(RFMSegmenter().fit(X))
    assert "Ties in frequency leave nobody with the score 2, 3, 4." in said
    assert "Ties in monetary leave nobody with the score 2, 3, 4." in said


def test_shares_by_type_add_up_to_one_and_keep_the_order_of_segments() -> None:
    orders, types = make_orders(200, as_of=DAY, random_state=0, return_types=True)
    run = run_rfm(orders, **COLUMNS, as_of=DAY)
    shares = shares_by_type(run, types)
    assert shares.sum().to_numpy() == pytest.approx(np.ones(types["type"].nunique()))
    order = list(run.segmenter.segment_names_)
    assert list(shares.index) == sorted(shares.index, key=order.index)
    champions = types.loc[types["type"] == "champion", "customer_id"]
    found = run.customers.set_index("customer_id")["segment"][champions]
    assert shares.loc["Champions", "champion"] == (found == "Champions").mean()


@pytest.mark.parametrize(
    ("texts", "expected", "dtype"),
    [
        (["1", "23", "1"], [1, 23, 1], "int64"),
        (["-5", "0"], [-5, 0], "int64"),
        (["1", None], [1, pd.NA], "Int64"),
        (["01", "1"], ["01", "1"], None),
        (["+1"], ["+1"], None),
        (["-0"], ["-0"], None),
        (["1_0"], ["1_0"], None),
        ([" 1"], [" 1"], None),
        (["1.0"], ["1.0"], None),
        (["١"], ["١"], None),
        (["9223372036854775807"], [2**63 - 1], "int64"),
        (["9223372036854775808"], ["9223372036854775808"], None),
        ([None, None], [None, None], None),
    ],
)
def test_ids_become_integers_only_without_loss(
    texts: list[str | None], expected: list[Any], dtype: str | None
) -> None:
    ids = pd.Series(texts, dtype=str, name="id")
    found = as_integers_if_lossless(ids)
    if dtype is None:
        pd.testing.assert_series_equal(found, ids)
    else:
        assert found.dtype == dtype
        assert found.to_list() == expected


def test_long_files_are_read_in_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skseg.cli._orders_file.CHUNK", 2)
    lines = ["id,when,paid", "1,a,b", "2,c,", "03,,d", "4,e,f", "5,g,h"]
    path = write_csv(tmp_path / "o.csv", lines)
    orders = read_orders(path, customer="id", date="when", amount="paid")
    assert orders["id"].to_list() == ["1", "2", "03", "4", "5"]
    assert list(orders.index) == [0, 1, 2, 3, 4]
    assert orders.isna().to_numpy().sum() == 2


def test_bars_are_as_long_as_the_share() -> None:
    assert [bar(s, 8, ascii_only=False) for s in (0, 0.5, 1)] == [
        "",
        "████",
        "████████",
    ]
    assert bar(1 / 16, 8, ascii_only=False) == "▌"
    assert bar(0.5, 8, ascii_only=True) == "####"
