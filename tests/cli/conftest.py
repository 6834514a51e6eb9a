"""Files that several commands are tested on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from skseg.cli._rfm_run import RFMRun, run_rfm
from skseg.datasets import make_cart_abandoners, make_orders
from tests.cli.cli_tools import COLUMNS, DAY, write, write_csv

GOOD = """\
rules:
  VIP: aov >= max(q(0.75), {aov_min})
  Core: 40 <= aov < max(q(0.75), {aov_min})
  Small: |
    aov < 40
    and not missing(aov)  # a rule may run over lines
params:
  aov_min: 90
default: New
universe: days_since_abandon <= 7
min_size: 100
max_size: 300
playbook:
  VIP: call them
"""


@pytest.fixture(scope="session")
def orders() -> pd.DataFrame:
    return make_orders(150, as_of=DAY, messy=True, random_state=1)


@pytest.fixture(scope="session")
def orders_csv(orders: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    orders.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def run(orders: pd.DataFrame) -> RFMRun:
    return run_rfm(orders, **COLUMNS, as_of=DAY, invalid="exclude")


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


@pytest.fixture(scope="session")
def carts() -> pd.DataFrame:
    X = make_cart_abandoners(2500, random_state=0)
    return X[["user_id", "aov", "days_since_abandon", "converted"]]


@pytest.fixture(scope="session")
def carts_csv(carts: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("carts") / "carts.csv"
    carts.to_csv(path, index=False)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good.yaml", GOOD)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write_csv(
        tmp_path / "odd.csv",
        [
            "id,aov,plan,note,paid,w",
            "007,10,01,a,0,1",
            "",
            '7,200,1,"two',
            'lines",1,2',
            "NA,,01,b,1,1",
            "x,12.5,,c,0,1",
        ],
    )
