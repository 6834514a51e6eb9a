"""``skseg demo``: what it writes is what the library computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from skseg import RFMSegmenter, rfm_table
from skseg.cli._outputs import DEMO_FILES
from skseg.cli._rfm_run import run_rfm, shares_by_type
from skseg.datasets import make_orders
from skseg.rules import RuleSet
from tests.cli.cli_tools import COLUMNS, DAY, names_in, skseg_command

TEXTS = [name for name in DEMO_FILES if not name.endswith(".png")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("demo") / "out"
    return folder, skseg_command(
        "demo", "--out", folder, "--customers", 150, "--seed", 1
    )


def test_demo_writes_every_file_and_says_so(demo: tuple[Path, Result]) -> None:
    folder, result = demo
    assert result.exit_code == 0, result.output
    assert names_in(folder) == DEMO_FILES.keys()
    assert all(f"{name}" in result.stdout for name in DEMO_FILES)
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


def test_shares_by_type_add_up_to_one_and_keep_the_order_of_segments() -> None:
    orders, types = make_orders(200, as_of=DAY, random_state=0, return_truth=True)
    run = run_rfm(orders, **COLUMNS, as_of=DAY)
    shares = shares_by_type(run, types)
    assert shares.sum().to_numpy() == pytest.approx(np.ones(types["type"].nunique()))
    order = list(run.segmenter.segment_names_)
    assert list(shares.index) == sorted(shares.index, key=order.index)
    champions = types.loc[types["type"] == "champion", "customer_id"]
    segments = run.customers.set_index("customer_id")["segment"][champions]
    share = (segments == "Champions").mean()
    assert shares.loc["Champions", "champion"] == share
